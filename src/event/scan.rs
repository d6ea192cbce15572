//! One object, token by token, to its closing brace: for framing what is no plain line.
//!
//! Checks the order of tokens and not what strings and numbers hold: that is the parser's part.

use memchr::memchr3;

/// How deep a record may nest.
pub const MAX_DEPTH: usize = 1024;

/// What a scan comes to.
pub enum Scan {
    End(usize),
    NeedMore,
    Broken { at: usize, reason: &'static str },
}

/// What the grammar allows next inside an object or an array.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    KeyOrClose,
    Key,
    Colon,
    Value,
    ValueOrClose,
    CommaOrClose,
}

/// Walks the tokens of the object (or array) at `start` to its closing bracket. Checks the order of tokens, not
/// what strings and numbers hold: that is the parser's part.
pub fn object_end(bytes: &[u8], start: usize) -> Scan {
    walk(bytes, start, false, false)
}

/// As [`object_end`], within an object that is written over lines without indentation.
pub fn object_end_over_lines(bytes: &[u8], start: usize) -> Scan {
    walk(bytes, start, false, true)
}

/// As [`object_end`], for an object that has to end on the line where it begins.
pub fn object_end_in_line(bytes: &[u8], start: usize) -> Scan {
    walk(bytes, start, true, false)
}

#[inline(always)]
fn walk(bytes: &[u8], start: usize, in_line: bool, is_flat: bool) -> Scan {
    let mut nesting = Nesting::default();
    let is_array = bytes.get(start) == Some(&b'[');
    nesting.push(!is_array);
    let mut expect = if is_array { Expect::ValueOrClose } else { Expect::KeyOrClose };
    let mut at = start + 1;
    // Written over several lines without indentation: what is nested may stand at the first column.
    let line = bytes.get(at..).map(|rest| rest.strip_prefix(b"\r").unwrap_or(rest));
    let is_flat = is_flat || line.is_some_and(|line| line.starts_with(b"\n\""));
    while let Some(byte) = bytes.get(at) {
        match (byte, expect) {
            (b'\n', _) if in_line => return Scan::Broken { at, reason: "not valid JSON" },
            (b'\n', _)
                if bytes.get(at + 1) == Some(&b'{')
                    && !(is_flat && matches!(expect, Expect::Value | Expect::ValueOrClose)) =>
            {
                return Scan::Broken { at: at + 1, reason: "cut short: the next line begins a record" };
            }
            (b' ' | b'\t' | b'\r' | b'\n', _) => at += 1,
            (b'"', Expect::Key | Expect::KeyOrClose | Expect::Value | Expect::ValueOrClose) => {
                at = match string_end(bytes, at) {
                    Ok(end) => end,
                    Err(broken) => return broken,
                };
                let is_key = matches!(expect, Expect::Key | Expect::KeyOrClose);
                expect = if is_key { Expect::Colon } else { Expect::CommaOrClose };
            }
            (b':', Expect::Colon) => (at, expect) = (at + 1, Expect::Value),
            (b',', Expect::CommaOrClose) => {
                (at, expect) = (at + 1, if nesting.in_object() { Expect::Key } else { Expect::Value });
            }
            (b'{' | b'[', Expect::Value | Expect::ValueOrClose) => {
                if nesting.depth == MAX_DEPTH {
                    return Scan::Broken { at, reason: "nested deeper than 1024 levels" };
                }
                nesting.push(*byte == b'{');
                (at, expect) = (at + 1, if *byte == b'{' { Expect::KeyOrClose } else { Expect::ValueOrClose });
            }
            (b'}' | b']', Expect::CommaOrClose | Expect::KeyOrClose | Expect::ValueOrClose)
                if nesting.in_object() == (*byte == b'}') =>
            {
                (at, expect) = (at + 1, Expect::CommaOrClose);
                nesting.depth -= 1;
                if nesting.depth == 0 {
                    return Scan::End(at);
                }
            }
            (b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z', Expect::Value | Expect::ValueOrClose) => {
                let Some(length) = bytes[at..].iter().position(ends_scalar) else { return Scan::NeedMore };
                (at, expect) = (at + length, Expect::CommaOrClose);
            }
            _ => return Scan::Broken { at, reason: "not valid JSON" },
        }
    }
    Scan::NeedMore
}

/// The end of the string whose quote stands at `start`.
pub fn string_end(bytes: &[u8], start: usize) -> Result<usize, Scan> {
    let mut at = start + 1;
    loop {
        let Some(found) = memchr3(b'"', b'\\', b'\n', bytes.get(at..).unwrap_or_default()) else {
            return Err(Scan::NeedMore);
        };
        at += found;
        match bytes[at] {
            b'"' => return Ok(at + 1),
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => at += 1,
            b'\\' => at += 2,
            // With the rule of lines, `at` is where the next record begins, if one does.
            _ => {
                return Err(Scan::Broken {
                    at: at + usize::from(bytes.get(at + 1) == Some(&b'{')),
                    reason: "a line break inside a string",
                });
            }
        }
    }
}

/// Which of the open brackets are objects, a bit a level.
struct Nesting {
    bits: [u64; MAX_DEPTH / 64],
    depth: usize,
}

impl Default for Nesting {
    fn default() -> Self {
        Self { bits: [0; MAX_DEPTH / 64], depth: 0 }
    }
}

impl Nesting {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.depth / 64, 1 << (self.depth % 64));
        self.bits[word] = if object { self.bits[word] | bit } else { self.bits[word] & !bit };
        self.depth += 1;
    }

    fn in_object(&self) -> bool {
        let top = self.depth - 1;
        self.bits[top / 64] >> (top % 64) & 1 == 1
    }
}

pub fn ends_scalar(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}')
}
