//! The lines of containerd and CRI-O: `TIME STREAM TAG TEXT`. The tag begins with `P` where the line goes
//! on in the next one of its stream, else with `F`.

use super::{Group, Line, MAX_LINES};
use crate::decode::framing::CUT_SHORT;
use memchr::memchr;

const UNENDED: &str = "a part of a line (P) whose end (F) does not follow";

/// What stands before the text of a line.
struct Head {
    is_error: bool,
    /// Where the letter is that says whether the line goes on.
    tag: usize,
    text: usize,
}

/// Whether what begins `line` says that it is a part of a longer one. Asked of each prefix.
#[inline(always)]
pub fn is_cut(line: &[u8]) -> bool {
    !is_whole(line) && head(line).is_some_and(|head| line[head.tag] == b'P')
}

/// Whether a line is whole, where that is told at a glance: its time has nanoseconds. Where `F` stands there, and
/// behind a time, `P` cannot be the tag.
#[inline(always)]
fn is_whole(line: &[u8]) -> bool {
    let Some([last, rest @ ..]) = line.get(29..39).and_then(|part| part.first_chunk::<10>()) else { return false };
    (*last == b'Z' || last.is_ascii_digit()) && matches!(rest, b" stdout F" | b" stderr F")
}

#[inline(never)]
fn head(line: &[u8]) -> Option<Head> {
    // No time is shorter than its seconds with a zone, or longer than its nanoseconds with one.
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] = line else { return None };
    let space = 10 + memchr(b' ', &line[10..line.len().min(40)]).filter(|length| *length >= 10)?;
    let tag = space + b" stdout ".len();
    let is_error = match line.get(space..tag)? {
        b" stdout " => false,
        b" stderr " => true,
        _ => return None,
    };
    if !matches!(line.get(tag)?, b'P' | b'F') {
        return None;
    }
    let text = match line.get(tag + 1) {
        None | Some(b' ') => tag + 2,
        // Further tags, which nobody has defined.
        Some(b':') => tag + 2 + memchr(b' ', &line[tag + 1..])?,
        Some(_) => return None,
    };
    let text = text.min(line.len());
    // Bytes were given that go on behind the line, which was torn.
    memchr(b'\n', &line[..text]).is_none().then_some(Head { is_error, tag, text })
}

/// The group that begins with the part of a line at `start`. Nothing behind `limit` bytes is looked at;
/// `last` says that no bytes will follow.
pub fn group(bytes: &[u8], start: usize, limit: usize, last: bool) -> Group {
    let horizon = start.saturating_add(limit).saturating_add(1);
    let view = &bytes[..horizon.min(bytes.len())];
    let ends = last && view.len() == bytes.len();
    let mut lines = Lines { lines: Vec::new(), open: [None; 2] };
    let (mut at, mut end) = (start, start);
    let reason = loop {
        let line_end = match memchr(b'\n', &view[at..]) {
            Some(length) => at + length,
            None if ends && at < view.len() => view.len(),
            None if ends => break CUT_SHORT,
            None if view.len() < horizon => return Group::Unseen,
            None if at == start => return Group::TooLong,
            None => break UNENDED,
        };
        let line = view[at..line_end].strip_suffix(b"\r").unwrap_or(&view[at..line_end]);
        match head(line) {
            _ if lines.lines.len() == MAX_LINES => break UNENDED,
            Some(head) => lines.add(at, line, &head),
            None if line.is_empty() => {}
            None => break UNENDED,
        }
        end = line_end;
        at = view.len().min(line_end + 1);
        if lines.open == [None; 2] {
            return Group::Lines(lines.lines, end);
        }
    };
    for open in lines.open.into_iter().flatten() {
        lines.lines[open].bad = Some(reason);
    }
    Group::Lines(lines.lines, end)
}

struct Lines {
    lines: Vec<Line>,
    /// The line of standard output that is not over, and that of standard error.
    open: [Option<usize>; 2],
}

impl Lines {
    fn add(&mut self, start: usize, line: &[u8], head: &Head) {
        let open = &mut self.open[usize::from(head.is_error)];
        let is_over = line[head.tag] == b'F';
        match open {
            Some(place) => {
                let whole = &mut self.lines[*place];
                whole.text.extend_from_slice(&line[head.text..]);
                whole.raw.push(b'\n');
                whole.raw.extend_from_slice(line);
            }
            None => {
                let (mut text, raw) = (line.to_vec(), line.to_vec());
                // As it would be written had it not been cut.
                text[head.tag] = b'F';
                self.lines.push(Line { start, first: text.len(), text, raw, bad: None });
                *open = Some(self.lines.len() - 1);
            }
        }
        if is_over {
            *open = None;
        }
    }
}
