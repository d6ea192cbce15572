//! The record that has no known shape: framed, parsed, shown, or buried.

use super::framing::{ELEMENT_BREAK_BYTES, Frame, Stretch, frame, oversized_end};
use super::partial::cri;
use super::record::{self, Bad};
use super::{Chunk, Decoder, Progress, Visit};
use crate::event::cri::is_cut;
use crate::event::{Position, Skip};
use memchr::memchr;

/// Where to try for the end of a record before looking for it; a failure costs what was tried.
pub(super) enum Guess {
    /// With its line: NDJSON.
    Line,
    /// At the first closing brace: records without objects in them, however they are wrapped.
    Brace,
    None,
}

/// What became of an object.
pub(super) enum Shown {
    /// It was shown, and ends there.
    At(usize),
    /// It ends there, and has to be joined with what follows; nothing is done.
    Cut(usize),
}

/// How much of an oversized record its dead letter keeps.
const OVERSIZED_KEPT_BYTES: usize = 64 << 10;

impl Decoder {
    /// Shows the record at `start`, of no known shape, or buries what stands there instead; `from`
    /// is where the one before ended. Answers where it ends; else how to go on with the next chunk.
    #[inline(never)]
    pub(super) fn parse(
        &mut self,
        chunk: Chunk<'_>,
        from: usize,
        start: usize,
        line: &mut NextLine<'_>,
        each: &mut dyn Visit,
    ) -> Result<usize, Progress> {
        let Chunk { bytes, last, .. } = chunk;
        let limit = self.limits.record_bytes;
        // Looked for no further than a record may go, or the answer would depend on how much has come.
        if bytes[start] != b'{' && is_cut(&bytes[start..bytes.len().min(start.saturating_add(limit))]) {
            let group = cri::group(bytes, start, limit, last);
            return self.show_group(chunk, (from, start), group, each);
        }
        let guess = match self.guess {
            _ if bytes[start] != b'{' => None,
            Guess::Line => line.after(start, last),
            Guess::Brace => memchr(b'}', &bytes[start..]).map(|length| start + length + 1),
            Guess::None => None,
        };
        match guess.and_then(|guess| self.guessed(chunk, start, guess, each)) {
            Some(Shown::At(past)) => {
                self.parsed += 1;
                return Ok(past);
            }
            Some(Shown::Cut(end)) => return self.join_texts(chunk, from, start..end, each),
            None => {}
        }
        let stretch = Stretch { bytes, first: chunk.at.offset == 0, last };
        let frame = frame(stretch, from, self.limits.record_bytes);
        // What is unfinished comes again.
        self.parsed += u64::from(!matches!(frame, Frame::Blank | Frame::Partial));
        let end = match frame {
            Frame::Object { start, end } => match self.object(chunk, start, start, end, each) {
                Shown::At(end) => end,
                Shown::Cut(end) => {
                    // It counts with those that it is joined with.
                    self.parsed -= 1;
                    return self.join_texts(chunk, from, start..end, each);
                }
            },
            Frame::Behind { start, begin, end } => {
                self.object(chunk, start, begin, end, each);
                end
            }
            Frame::Junk { start, end, reason } => {
                self.bury(chunk, start, end, reason.to_owned());
                end
            }
            Frame::TooLong { start, leads_line } => self.too_long(chunk, start, leads_line)?,
            Frame::Blank | Frame::Partial => return Err(Progress { end: from, next: None, skip: Skip::No }),
        };
        let ends_line = |at: usize| at >= end && bytes[end..at].trim_ascii().is_empty();
        self.guess = if line.after(start, last).is_some_and(ends_line) {
            Guess::Line
        } else if memchr(b'}', &bytes[start..end]).is_some_and(|length| start + length + 1 == end) {
            Guess::Brace
        } else {
            Guess::None
        };
        Ok(end)
    }

    /// Takes what lies before `guess` as one record; `None` where it is not one. The commonest way of
    /// a record, and never a wrong one: bytes that begin with a whole object begin with no other.
    fn guessed(&mut self, chunk: Chunk<'_>, start: usize, guess: usize, each: &mut dyn Visit) -> Option<Shown> {
        let record = chunk.bytes[start..guess].trim_ascii_end();
        if record.len() > self.limits.record_bytes {
            return None;
        }
        self.show(chunk, start, start, start + record.len(), each)
    }

    /// Shows or buries the object at `begin`; its prefix, if it has one, is at `start`.
    pub(super) fn object(
        &mut self,
        chunk: Chunk<'_>,
        start: usize,
        begin: usize,
        end: usize,
        each: &mut dyn Visit,
    ) -> Shown {
        self.show(chunk, start, begin, end, each).unwrap_or_else(|| {
            self.bury(chunk, begin, end, record::why(&chunk.bytes[begin..end]));
            Shown::At(end)
        })
    }

    /// Parses and shows what stands there; `None` where it is not one object, and nothing is done.
    fn show(
        &mut self,
        chunk: Chunk<'_>,
        start: usize,
        begin: usize,
        end: usize,
        each: &mut dyn Visit,
    ) -> Option<Shown> {
        let at = Position { file: chunk.at.file, offset: chunk.at.offset + begin as u64 };
        let (prefix, raw) = (&chunk.bytes[start..begin], &chunk.bytes[begin..end]);
        let verdict = match self.parser.visit(at, prefix, raw, each) {
            Err(Bad::Syntax) => return None,
            Err(Bad::Cut) => return Some(Shown::Cut(end)),
            Err(Bad::Time(reason)) => Err(reason),
            Ok(verdict) => Ok(verdict),
        };
        self.settle(chunk, begin, end, verdict, each);
        Some(Shown::At(end))
    }

    /// Buries a record that is too long and finds where to go on.
    pub(super) fn too_long(&mut self, chunk: Chunk<'_>, start: usize, leads_line: bool) -> Result<usize, Progress> {
        let limit = self.limits.record_bytes;
        let kept = limit.min(OVERSIZED_KEPT_BYTES);
        self.bury(chunk, start, start + kept, format!("longer than {limit} bytes; the first {kept} are kept"));
        self.pass_over(chunk, start + limit, if leads_line { Skip::Line } else { Skip::Element })
    }

    /// Where the remains of an oversized record end; else how to go on with the next chunk.
    pub(super) fn pass_over(&self, chunk: Chunk<'_>, from: usize, skip: Skip) -> Result<usize, Progress> {
        match oversized_end(chunk.bytes, from, skip == Skip::Line) {
            Some(end) => Ok(end),
            None if chunk.last => Ok(chunk.bytes.len()),
            // What begins the next element may be cut by the end of the chunk.
            None => {
                let seam = chunk.bytes.len().saturating_sub(ELEMENT_BREAK_BYTES);
                Err(Progress { end: seam.max(from), next: None, skip })
            }
        }
    }
}

/// The end of the line a place is on, looked for once a line.
pub(super) struct NextLine<'a> {
    pub(super) bytes: &'a [u8],
    /// The line break last found, or the length where there is none.
    pub(super) at: usize,
}

impl NextLine<'_> {
    /// The line break at or after `place`; at the end of the last chunk, its end.
    fn after(&mut self, place: usize, last: bool) -> Option<usize> {
        if self.at < place || self.bytes.get(self.at) != Some(&b'\n') {
            if self.at == self.bytes.len() && place > 0 {
                return last.then_some(self.at);
            }
            self.at = memchr(b'\n', &self.bytes[place..]).map_or(self.bytes.len(), |found| place + found);
        }
        (self.at < self.bytes.len() || last).then_some(self.at)
    }
}
