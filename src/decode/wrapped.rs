//! Records inside of objects: the elements of an array that a path leads to, one after the other,
//! however large the object is.
//!
//! Between two records the reader stands at a **depth**: how many of the objects and arrays of the path
//! are open. That and whether a comma has come since the last value is all that it has to remember
//! ([`Skip::Within`]), so a stream may be cut anywhere. What is on the way and not on the path is passed
//! over. Where an object comes without a comma before it, the one around it was torn, and a new one begins.

use super::framing::{CUT_SHORT, Frame, NeedMore, broken_element_end, element, element_led, other_value, value_end};
use super::scan::string_end;
use super::{Chunk, Decoder, Progress, Visit, Window};
use crate::event::{Position, Skip};
use crate::schema::{Level, Wrapper};
use std::sync::Arc;

/// Where the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Depth {
    open: usize,
    /// A value may come.
    comma: bool,
}

const OUTSIDE: Depth = Depth { open: 0, comma: true };

impl Depth {
    fn skip(self) -> Skip {
        match self.open {
            0 => Skip::No,
            open => Skip::Within(open as u8 * 2 + u8::from(self.comma)),
        }
    }
}

/// What comes next.
enum Next {
    /// A record begins.
    Record(usize),
    /// Not what the path says; behind it, the reader stands at that depth.
    Bad { start: usize, end: usize, depth: Depth, reason: String },
    /// Nothing but what is passed over.
    Blank,
    /// Something begins here whose end is not in sight.
    Partial(usize),
    /// Something begins here that does not end within the limit.
    TooLong(usize),
    /// It begins where others are to read on.
    Past(usize),
}

/// The likely first record at or after `edge`, and how the reader stands before it.
pub fn guess_element(bytes: &[u8], edge: usize, wrapper: &Wrapper) -> Option<(usize, Skip)> {
    let depth = Depth { open: wrapper.levels().len(), comma: true };
    element_led(bytes, edge).map(|record| (record, depth.skip()))
}

impl Decoder {
    /// As [`Self::visit`], where records stand inside of objects.
    pub(super) fn visit_wrapped(
        &mut self,
        wrapper: &Arc<Wrapper>,
        chunk: Chunk<'_>,
        from: usize,
        skip: Skip,
        each: &mut dyn Visit,
    ) -> Progress {
        let Chunk { bytes, until, last, .. } = chunk;
        let full = wrapper.levels().len();
        let mut end = from;
        let mut depth = match skip {
            Skip::No | Skip::Line => OUTSIDE,
            Skip::Element => Depth { open: full, comma: false },
            Skip::Within(state) => Depth { open: usize::from(state / 2).min(full), comma: state % 2 == 1 },
        };
        if matches!(skip, Skip::Line | Skip::Element) {
            match self.pass_over(chunk, from, skip) {
                Ok(past) => end = past,
                Err(progress) => return progress,
            }
        }
        let (mut window, (mut fields, mut rows)) = (Window::new(bytes), self.parser.room());
        // Behind a record, with nothing passed since.
        let mut is_behind = false;
        let limit = self.limits.record_bytes;
        loop {
            if self.is_full() {
                return Progress { end, next: Some(end), skip: depth.skip() };
            }
            if is_behind {
                self.parser.run(&mut window, end, until, limit, &mut rows);
                let (view, begin) = (window.view(), window.begin());
                for (start, past, values) in rows.iter() {
                    let at = Position { file: chunk.at.file, offset: chunk.at.offset + (begin + start) as u64 };
                    let verdict = self.parser.show(at, &view[start..past], values, each);
                    if !self.settle(chunk, begin + start, begin + past, verdict, each) {
                        return Progress { end: begin + past, next: Some(begin + past), skip: depth.skip() };
                    }
                }
                end = rows.end().map_or(end, |past| begin + past);
                if rows.is_full() {
                    continue;
                }
            }
            let (before, stood) = (end, depth.open);
            let start = match next(wrapper, chunk, limit, &mut end, &mut depth) {
                Next::Record(start) => start,
                Next::Past(at) => return Progress { end: at, next: Some(at), skip: depth.skip() },
                Next::Bad { start, end: past, depth: behind, reason } => {
                    self.bury(chunk, start, past, reason);
                    (end, depth, is_behind) = (past, behind, false);
                    continue;
                }
                Next::Blank if last && depth.open > 0 => {
                    self.bury(chunk, end, end, CUT_SHORT.to_owned());
                    return Progress { end, next: Some(end), skip: Skip::No };
                }
                Next::Blank => return Progress { end, next: Some(end), skip: depth.skip() },
                Next::Partial(at) if last => {
                    self.bury(chunk, at, bytes.len(), CUT_SHORT.to_owned());
                    return Progress { end: bytes.len(), next: Some(bytes.len()), skip: Skip::No };
                }
                Next::Partial(at) => return Progress { end: at, next: None, skip: depth.skip() },
                Next::TooLong(at) => match self.too_long(chunk, at, true) {
                    Ok(past) => {
                        (end, depth, is_behind) = (past, OUTSIDE, false);
                        continue;
                    }
                    Err(progress) => return progress,
                },
            };
            let behind = Depth { open: full, comma: false };
            let at = Position { file: chunk.at.file, offset: chunk.at.offset + start as u64 };
            let gap = if is_behind && stood == full && !bytes[before..start].contains(&b']') { before } else { start };
            let places = (gap, start, start);
            if let Some((past, verdict)) = self.parser.predict(&mut window, &mut fields, at, places, limit, each) {
                self.settle(chunk, start, past, verdict, each);
                (end, depth, is_behind) = (past, behind, true);
                continue;
            }
            match element(bytes, start, limit, last) {
                Frame::Object { end: past, .. } => {
                    self.parsed += 1;
                    self.object(chunk, start, start, past, each);
                    (end, depth, is_behind) = (past, behind, true);
                }
                Frame::Junk { end: past, reason, .. } => {
                    self.parsed += 1;
                    self.bury(chunk, start, past, reason.to_owned());
                    if reason == CUT_SHORT {
                        // What it stands in is not over either.
                        return Progress { end: bytes.len(), next: Some(bytes.len()), skip: Skip::No };
                    }
                    (end, depth, is_behind) = (past, behind, false);
                }
                Frame::TooLong { .. } => {
                    self.parsed += 1;
                    match self.too_long(chunk, start, false) {
                        Ok(past) => (end, depth, is_behind) = (past, behind, false),
                        Err(progress) => return progress,
                    }
                }
                _ => return Progress { end: start, next: None, skip: depth.skip() },
            }
        }
    }
}

/// Goes on from `at` to what comes next. `at` and `depth` are where the reader stands before that.
fn next(wrapper: &Wrapper, chunk: Chunk<'_>, limit: usize, at: &mut usize, depth: &mut Depth) -> Next {
    let Chunk { bytes, until, last, .. } = chunk;
    let levels = wrapper.levels();
    loop {
        let Some(&byte) = bytes.get(*at) else { return Next::Blank };
        let horizon = at.saturating_add(limit).saturating_add(1);
        let view = &bytes[..horizon.min(bytes.len())];
        let last = last && view.len() == bytes.len();
        let unfinished = |at: usize| if view.len() < horizon { Next::Partial(at) } else { Next::TooLong(at) };
        let around = depth.open.checked_sub(1).map(|open| &levels[open]);
        let is_outside = around.is_none();
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0 | 0x1E => *at += 1,
            b',' => (*at, depth.comma) = (*at + 1, true),
            b'[' | b']' if is_outside => *at += 1,
            0xEF if is_outside && bytes[*at..].starts_with(b"\xEF\xBB\xBF") => *at += 3,
            0xEF if is_outside && !last && b"\xEF\xBB\xBF".starts_with(&bytes[*at..]) => return Next::Partial(*at),
            _ if *at >= until => return Next::Past(*at),
            b'{' if is_outside => match enter(wrapper, view, *at, last) {
                Ok(Entered::Array(behind, open)) => (*at, *depth) = (behind, Depth { open, comma: true }),
                Ok(Entered::Bad(end, reason)) => return Next::Bad { start: *at, end, depth: OUTSIDE, reason },
                Err(NeedMore) => return unfinished(*at),
            },
            b'{' if around == Some(&Level::Array) && depth.comma => {
                if depth.open == levels.len() {
                    return Next::Record(*at);
                }
                (*at, *depth) = (*at + 1, Depth { open: depth.open + 1, comma: true });
            }
            b'{' => {
                let reason = "cut short: an object begins where none may".to_owned();
                return Next::Bad { start: *at, end: *at, depth: OUTSIDE, reason };
            }
            b'}' if matches!(around, Some(Level::Object(_))) => close(at, depth),
            b']' if around == Some(&Level::Array) => close(at, depth),
            b'"' if let Some(Level::Object(wanted)) = around => match member(view, *at, wanted, levels.get(depth.open))
            {
                Ok(Member::Entered(behind)) => (*at, *depth) = (behind, Depth { open: depth.open + 1, comma: true }),
                Ok(Member::Passed(end)) => (*at, depth.comma) = (end, false),
                Ok(Member::Broken) => return junk(view, *at, *depth, last).unwrap_or_else(|| unfinished(*at)),
                Err(NeedMore) => return unfinished(*at),
            },
            _ => return junk(view, *at, *depth, last).unwrap_or_else(|| unfinished(*at)),
        }
    }
}

fn close(at: &mut usize, depth: &mut Depth) {
    (*at, *depth) = (*at + 1, Depth { open: depth.open - 1, comma: false });
    depth.comma |= depth.open == 0;
}

/// What is no object of an array, or no member of an object.
fn junk(bytes: &[u8], start: usize, depth: Depth, last: bool) -> Option<Next> {
    let depth = Depth { comma: depth.open == 0, ..depth };
    match other_value(bytes, start, last) {
        Ok(Frame::Junk { start, end, reason }) => Some(Next::Bad { start, end, depth, reason: reason.to_owned() }),
        _ => None,
    }
}

enum Entered {
    /// The first array of the path is open: what is behind its bracket, and the depth there.
    Array(usize, usize),
    Bad(usize, String),
}

/// Enters the object at `start` up to the first array of the path.
fn enter(wrapper: &Wrapper, bytes: &[u8], start: usize, last: bool) -> Result<Entered, NeedMore> {
    let levels = wrapper.levels();
    let (mut at, mut open) = (start + 1, 1);
    let broken = |at: usize| {
        let end = broken_element_end(bytes, at, start);
        let end = if last { end.or(Some(bytes.len())) } else { end };
        end.map(|end| Entered::Bad(end.max(start + 1), "not valid JSON".to_owned())).ok_or(NeedMore)
    };
    loop {
        let Some(Level::Object(wanted)) = levels.get(open - 1) else { return Ok(Entered::Array(at, open)) };
        match bytes.get(at).ok_or(NeedMore)? {
            // A torn object never swallows the next one.
            b'\n' if bytes.get(at + 1) == Some(&b'{') => return broken(at + 1),
            b' ' | b'\t' | b'\r' | b'\n' | b',' => at += 1,
            b'}' if open == 1 => {
                let reason = format!("no array `{wrapper}` in it; see --records");
                return Ok(Entered::Bad(at + 1, reason));
            }
            b'}' => (at, open) = (at + 1, open - 1),
            b'"' => match member(bytes, at, wanted, levels.get(open))? {
                Member::Entered(behind) => (at, open) = (behind, open + 1),
                Member::Passed(end) => at = end,
                Member::Broken => return broken(at),
            },
            _ => return broken(at),
        }
    }
}

enum Member {
    /// It is on the path: what is behind its bracket.
    Entered(usize),
    /// It is not.
    Passed(usize),
    Broken,
}

/// The member of an object whose key begins at `start`; `inside` is what the wanted one holds.
fn member(bytes: &[u8], start: usize, wanted: &str, inside: Option<&Level>) -> Result<Member, NeedMore> {
    let space = |from: usize| {
        let next = bytes[from..].iter().position(|byte| !byte.is_ascii_whitespace());
        next.map(|next| from + next).ok_or(NeedMore)
    };
    let key_end = match string_end(bytes, start) {
        Ok(end) => end,
        Err(super::scan::Scan::NeedMore) => return Err(NeedMore),
        Err(_) => return Ok(Member::Broken),
    };
    let colon = space(key_end)?;
    if bytes[colon] != b':' {
        return Ok(Member::Broken);
    }
    let value = space(colon + 1)?;
    let bracket = match inside {
        Some(Level::Array) => b'[',
        _ => b'{',
    };
    if bytes[value] == bracket && &bytes[start + 1..key_end - 1] == wanted.as_bytes() {
        return Ok(Member::Entered(value + 1));
    }
    Ok(value_end(bytes, value)?.map_or(Member::Broken, Member::Passed))
}

#[cfg(test)]
mod tests;
