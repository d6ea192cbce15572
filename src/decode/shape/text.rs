//! Strings that are not plain: with escapes, or with more than ASCII.

use super::window::Window;

/// A sound string: what stands between its quotes.
pub enum Text<'a> {
    /// It is what is written.
    Plain(&'a str),
    /// Its escapes stand for something else.
    Escaped(&'a str),
}

impl<'a> Text<'a> {
    /// As it is written.
    pub fn written(&self) -> &'a str {
        match self {
            Text::Plain(text) | Text::Escaped(text) => text,
        }
    }
}

/// The string whose first byte after the quote is at `begin`; else where it stopped being one that
/// can be told here. Half a surrogate pair cannot, nor can a whole one.
#[cold]
pub fn read<'a>(window: &Window<'a>, begin: usize) -> Result<Text<'a>, usize> {
    let bytes = window.view();
    let (mut at, mut is_escaped) = (begin, false);
    loop {
        at = window.stop(at);
        match bytes.get(at) {
            Some(b'"') => break,
            Some(b'\\') => {
                is_escaped = true;
                at = escape_end(bytes, at).ok_or(at)?;
            }
            Some(0x80..) => at += 1,
            _ => return Err(at),
        }
        // What is not marked was not looked at.
        if at > window.marked() {
            return Err(at);
        }
    }
    let text = std::str::from_utf8(&bytes[begin..at]).map_err(|_| begin)?;
    Ok(if is_escaped { Text::Escaped(text) } else { Text::Plain(text) })
}

/// Where the escape ends whose backslash is at `at`.
fn escape_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => code_point(bytes.get(at + 2..at + 6)?).map(|_| at + 6),
        _ => None,
    }
}

/// The character of four hexadecimal digits; none where they are half of a pair.
fn code_point(digits: &[u8]) -> Option<char> {
    let value = digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?));
    char::from_u32(value?)
}

/// Appends what a sound string with escapes stands for.
pub fn unescape(written: &str, into: &mut String) -> Option<()> {
    let mut rest = written;
    while let Some(plain) = memchr::memchr(b'\\', rest.as_bytes()) {
        into.push_str(&rest[..plain]);
        let escape = &rest.as_bytes()[plain..];
        let mut length = 2;
        into.push(match *escape.get(1)? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                length = 6;
                code_point(escape.get(2..6)?)?
            }
            itself => char::from(itself),
        });
        rest = &rest[plain + length..];
    }
    into.push_str(rest);
    Some(())
}
