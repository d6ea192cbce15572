//! Lines that a container runtime cut in pieces, put together again.
//!
//! Containerd and CRI-O write a long line as several, all but the last marked with `P` ([`cri`]). Docker
//! writes it as several records, all but the last with a text that has no line break ([`texts`]). The lines
//! of standard output and standard error may come between the pieces of each other. So what is read at once
//! is a **group**: from the line that is the first piece of another to where no stream has a line open.
//!
//! A group is told by its own bytes, like a frame, and by no more of them than a record may have. Where
//! it finds no end within these, what is open is bad, and reading goes on behind it.

pub mod cri;
pub mod texts;

use super::framing::{Stretch, skip_separators};
use super::prefix::{self, Line as Prefixed};
use super::record::{self, Bad};
use super::{Chunk, Decoder, Progress, Visit};
use crate::event::{Position, Skip, Verdict};
use std::ops::Range;

/// So many lines may come between the pieces of one.
const MAX_LINES: usize = 1024;

/// What begins with a piece of a line.
pub enum Group {
    /// All lines, in the order in which they begin, and where the last one ends.
    Lines(Vec<Line>, usize),
    /// More bytes have to come before its end can be told.
    Unseen,
    /// Its first piece alone is longer than the limit.
    TooLong,
}

/// A line as it was before it was cut.
pub struct Line {
    /// Where its first piece begins.
    start: usize,
    /// Up to here, what stands in its text stands in the first piece too.
    first: usize,
    text: Vec<u8>,
    /// Its pieces as they are written.
    raw: Vec<u8>,
    /// Why it is none.
    bad: Option<&'static str>,
}

impl Line {
    /// One that was never cut.
    fn whole(start: usize, bytes: &[u8]) -> Self {
        Self { start, first: bytes.len(), text: bytes.to_vec(), raw: bytes.to_vec(), bad: None }
    }
}

impl Decoder {
    /// Shows the lines of a group that begins at `start`; answers where it ends. The record before it
    /// ended at `from`.
    pub(super) fn show_group(
        &mut self,
        chunk: Chunk<'_>,
        (from, start): (usize, usize),
        group: Group,
        each: &mut dyn Visit,
    ) -> Result<usize, Progress> {
        match group {
            Group::Unseen => Err(Progress { end: from, next: None, skip: Skip::No }),
            Group::TooLong => self.too_long(chunk, start, true),
            Group::Lines(lines, end) => {
                self.parsed += lines.len() as u64;
                lines.into_iter().for_each(|line| self.show_line(chunk.at, line, each));
                Ok(end)
            }
        }
    }

    /// Shows the records of the group that begins with `first`, of which the text is a part of a line; answers
    /// where it ends. The record before it ended at `from`.
    pub(super) fn join_texts(
        &mut self,
        chunk: Chunk<'_>,
        from: usize,
        first: Range<usize>,
        each: &mut dyn Visit,
    ) -> Result<usize, Progress> {
        let stretch = Stretch { bytes: chunk.bytes, first: chunk.at.offset == 0, last: chunk.last };
        let (start, end) = (first.start, first.end);
        let keys = self.text.clone().unwrap_or_default();
        let alone = || Group::Lines(vec![Line::whole(start, &chunk.bytes[first.clone()])], end);
        let group = texts::group(stretch, first.clone(), self.limits.record_bytes, &keys).unwrap_or_else(alone);
        self.show_group(chunk, (from, start), group, each)
    }

    fn show_line(&mut self, begin: Position, line: Line, each: &mut dyn Visit) {
        let text = line.text.as_slice();
        let start = skip_separators(text, 0, true).unwrap_or(text.len());
        let (start, object, end) = match prefix::line(text, start, true) {
            _ if text.get(start) == Some(&b'{') => (start, start, text.trim_ascii_end().len()),
            Prefixed::Record { begin, end } => (start, begin, end),
            Prefixed::Other | Prefixed::Unseen => (start, text.len(), text.len()),
        };
        let offset = begin.offset + (line.start + object.min(line.first)) as u64;
        let at = Position { offset, ..begin };
        let shown = match line.bad {
            Some(reason) => Err(reason.to_owned()),
            None if object == text.len() => Err("not a JSON object".to_owned()),
            None => match self.parser.visit_whole(at, &text[start..object], &text[object..end], each) {
                Ok(Verdict::Dead(reason)) | Err(Bad::Time(reason)) => Err(reason.to_owned()),
                Ok(verdict) => Ok(verdict),
                Err(Bad::Syntax | Bad::Cut) => Err(record::why(&text[object..end])),
            },
        };
        match shown {
            Ok(verdict) => self.tally(verdict, each),
            Err(reason) => {
                let at = Position { offset: begin.offset + line.start as u64, ..begin };
                self.bury_bytes(at, &line.raw, reason);
            }
        }
    }
}

#[cfg(test)]
mod tests;
