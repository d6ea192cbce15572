//! Text before an object on its line: what container runtimes, collectors and loggers put there. Where that object is, is told by
//! [the line](crate::event::line).

mod parts;

pub use crate::event::line::{Brace, Line, MAX_BYTES, brace, checked, line, line_end, starts};
pub use parts::{Form, Part, Prefix};

/// The prefix of a line that is a record behind one; `line` is without its line break.
pub fn of_line(line: &[u8]) -> Option<Prefix<'_>> {
    let start = super::framing::skip_separators(line, 0, true).filter(|start| line[*start] != b'{')?;
    match self::line(line, start, true) {
        Line::Record { begin, .. } => Prefix::read(&line[..begin]),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
