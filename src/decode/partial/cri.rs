//! The lines of containerd and CRI-O: `TIME STREAM TAG TEXT`. The tag begins with `P` where the line goes
//! on in the next one of its stream, else with `F`.

use super::{Group, Line, MAX_LINES};
use crate::decode::framing::CUT_SHORT;
use crate::event::cri::{Head, head};
use memchr::memchr;

const UNENDED: &str = "a part of a line (P) whose end (F) does not follow";

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
