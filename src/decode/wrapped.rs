//! Records inside of objects: the elements of an array that a path leads to, one after the other,
//! however large the object is.
//!
//! Between two records the reader stands at a **place**: how many of the objects and arrays of the path
//! are open, whether a comma has come since the last value, and what the open objects have said of the fields
//! that a question names. That is all that it has to remember ([`Within`](crate::event::Within)), so a stream may be
//! cut anywhere. What is on the way and not on the path is passed over. Where an object comes without a comma before
//! it, the one around it was torn, and a new one begins.

mod place;
mod walk;

pub use place::Wrapping;

use super::framing::{CUT_SHORT, Frame, element, element_led};
use super::shape::Rows;
use super::{Chunk, Decoder, Each, Progress, Visit, Window};
use crate::event::{Event, FileId, Position, Skip, Verdict};
use memchr::memrchr_iter;
use place::Place;
use std::sync::Arc;
use walk::{Next, next};

/// How far before an edge it is good to see: most objects that reach over one begin there.
pub const LOOK_BACK_BYTES: usize = 256 << 10;

impl Decoder {
    /// The likely first record at or after `edge`, and how the reader stands before it.
    pub fn guess_element(&mut self, bytes: &[u8], edge: usize) -> Option<(usize, Skip)> {
        let wrapping = self.wrapping.clone()?;
        if let Some(begin) = outermost(bytes, edge) {
            let at = Position { file: FileId(0), offset: 0 };
            let chunk = Chunk { at, bytes, until: edge, last: false };
            let progress =
                self.visit_wrapped(&wrapping, chunk, begin, Skip::No, &mut Each(|_: &Event<'_>| Verdict::Filtered));
            self.take();
            if let Some(next) = progress.next.filter(|next| (edge..bytes.len()).contains(next)) {
                return Some((next, progress.skip));
            }
        }
        let stood = Place::among_records(wrapping.wrapper.levels().len());
        element_led(bytes, edge).map(|record| (record, stood))
    }

    /// As [`Self::visit`], where records stand inside of objects.
    pub(super) fn visit_wrapped(
        &mut self,
        wrapping: &Arc<Wrapping>,
        chunk: Chunk<'_>,
        from: usize,
        skip: Skip,
        each: &mut dyn Visit,
    ) -> Progress {
        let full = wrapping.wrapper.levels().len();
        let is_line = skip == Skip::Line;
        let (mut end, mut place) = (from, Place::of(skip, full));
        if is_line || place.is_passing() {
            let skip = if is_line { Skip::Line } else { Skip::Element };
            match self.pass_over(chunk, from, skip) {
                Ok(past) => end = past,
                Err(progress) if is_line => return progress,
                Err(progress) => return Progress { skip: place.skip(), ..progress },
            }
            place.pass(false);
        }
        let (mut window, (mut fields, mut rows)) = (Window::new(chunk.bytes), self.parser.room());
        let limit = self.limits.record_bytes;
        // Behind a record, with nothing passed since.
        let mut is_behind = false;
        loop {
            if self.is_full() {
                return left(end, Some(end), &place);
            }
            if is_behind {
                let is_over = self.run_of_elements(chunk, &mut window, &mut end, &mut rows, each);
                if is_over || rows.is_full() {
                    continue;
                }
            }
            let (before, stood) = (end, place.open());
            let start = match next(wrapping, chunk, limit, &mut end, &mut place) {
                Next::Record(start) => start,
                other => match self.between(chunk, other, end, &mut place) {
                    Ok(past) => {
                        (end, is_behind) = (past, false);
                        continue;
                    }
                    Err(progress) => return progress,
                },
            };
            if let Some(inherited) = place.news() {
                self.parser.inherit(inherited);
            }
            let at = Position { file: chunk.at.file, offset: chunk.at.offset + start as u64 };
            let is_next = is_behind && stood == full && !chunk.bytes[before..start].contains(&b']');
            let places = (if is_next { before } else { start }, start, start);
            if let Some((past, verdict)) = self.parser.predict(&mut window, &mut fields, at, places, limit, each) {
                self.settle(chunk, start, past, verdict, each);
                (end, is_behind) = (past, true);
            } else {
                (end, is_behind) = match self.one_element(chunk, start, &mut place, each) {
                    Ok(past) => past,
                    Err(progress) => return progress,
                };
            }
            place.set_comma(false);
        }
    }

    /// Shows a run of elements of one shape. True where dead letters have to be taken before it goes on.
    fn run_of_elements<'a>(
        &mut self,
        chunk: Chunk<'_>,
        window: &mut Window<'a>,
        end: &mut usize,
        rows: &mut Rows<'a>,
        each: &mut dyn Visit,
    ) -> bool {
        self.parser.run(window, *end, chunk.until, self.limits.record_bytes, rows);
        let (view, begin) = (window.view(), window.begin());
        for (start, past, values) in rows.iter() {
            let at = Position { file: chunk.at.file, offset: chunk.at.offset + (begin + start) as u64 };
            let verdict = self.parser.show_behind(at, b"", &view[start..past], values, each);
            if !self.settle(chunk, begin + start, begin + past, verdict, each) {
                *end = begin + past;
                return true;
            }
        }
        *end = rows.end().map_or(*end, |past| begin + past);
        false
    }

    /// Buries what is no record; else how to go on with the next chunk. The reader has come to `end`.
    fn between(&mut self, chunk: Chunk<'_>, next: Next, end: usize, place: &mut Place) -> Result<usize, Progress> {
        let Chunk { bytes, last, .. } = chunk;
        let mut cut_short = |at: usize| {
            self.bury(chunk, at, bytes.len(), CUT_SHORT.to_owned());
            Err(Progress { end: bytes.len(), next: Some(bytes.len()), skip: Skip::No })
        };
        match next {
            Next::Record(at) => Ok(at),
            Next::Past(at) => Err(left(at, Some(at), place)),
            Next::Bad { start, end, reason } => {
                self.bury(chunk, start, end, reason);
                Ok(end)
            }
            Next::Blank if last && place.open() > 0 => cut_short(end),
            Next::Blank => Err(left(end, Some(end), place)),
            Next::Partial(at) if last => cut_short(at),
            Next::Partial(at) => Err(left(at, None, place)),
            Next::TooLong(at) => {
                place.leave();
                self.too_long(chunk, at, true)
            }
        }
    }

    /// Shows or buries the element at `start`, of no known shape. Answers where it ends, and whether it was an object.
    fn one_element(
        &mut self,
        chunk: Chunk<'_>,
        start: usize,
        place: &mut Place,
        each: &mut dyn Visit,
    ) -> Result<(usize, bool), Progress> {
        let Chunk { bytes, last, .. } = chunk;
        let frame = element(bytes, start, self.limits.record_bytes, last);
        // What is unfinished comes again.
        self.parsed += u64::from(!matches!(frame, Frame::Blank | Frame::Partial));
        match frame {
            Frame::Object { end, .. } => {
                self.object(chunk, start, start, end, each);
                Ok((end, true))
            }
            Frame::Junk { end, reason, .. } => {
                self.bury(chunk, start, end, reason.to_owned());
                if reason == CUT_SHORT {
                    // What it stands in is not over either.
                    return Err(Progress { end: bytes.len(), next: Some(bytes.len()), skip: Skip::No });
                }
                Ok((end, false))
            }
            Frame::TooLong { .. } => {
                place.set_comma(false);
                place.pass(true);
                let past = self.too_long(chunk, start, false);
                let past = past.map_err(|progress| Progress { skip: place.skip(), ..progress })?;
                place.pass(false);
                Ok((past, false))
            }
            _ => Err(left(start, None, place)),
        }
    }
}

/// How to go on from `end`.
fn left(end: usize, next: Option<usize>, place: &Place) -> Progress {
    Progress { end, next, skip: place.skip() }
}

/// The last object before `edge` that leads its line, and is no element of an array.
fn outermost(bytes: &[u8], edge: usize) -> Option<usize> {
    let mut breaks = memrchr_iter(b'\n', &bytes[..edge.min(bytes.len())]);
    breaks.find_map(|at| {
        let before = bytes[..at].iter().rev().find(|byte| !byte.is_ascii_whitespace());
        (bytes.get(at + 1) == Some(&b'{') && !matches!(before, Some(b',' | b'[' | b':'))).then_some(at + 1)
    })
}

#[cfg(test)]
mod tests;
