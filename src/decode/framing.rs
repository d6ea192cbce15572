//! Where records begin and end, whatever they are wrapped in.
//!
//! A stream is a sequence of JSON objects. White space, commas, array brackets and NUL bytes (the
//! hole that truncation under a writer leaves) between them separate and mean nothing more, so
//! NDJSON, arrays (of one line or pretty-printed), concatenated objects and any mixture of these are
//! one language. What follows from that and from two rules makes framing independent of how the
//! bytes were split:
//!
//! - **A line that begins with `{` begins a record**, so that a torn one never swallows the next: JSON
//!   strings hold no raw line breaks, and formatters indent what is nested. Only a record whose
//!   own keys stand at the first column may go on with such a line, where a value is due.
//! - **What is not an object is junk**, to the end of its value or line, and reading resumes there;
//!   but text before an object that is alone on the rest of its line is a [prefix](super::prefix).

use super::prefix::{self, Line};
use crate::event::cri;
use crate::event::line::BOM;
pub use crate::event::line::skip_separators;
use crate::event::scan::{Scan, ends_scalar, object_end, object_end_over_lines, string_end};
use memchr::{memchr, memchr2};

/// The next thing in a stream; all places are offsets into the bytes given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Separators only.
    Blank,
    /// A balanced object, which may still be invalid inside.
    Object { start: usize, end: usize },
    /// An object behind a prefix, which begins at `start`; alone on the rest of its line.
    Behind { start: usize, begin: usize, end: usize },
    /// Not a record.
    Junk { start: usize, end: usize, reason: &'static str },
    /// Something begins and its end has not been seen yet.
    Partial,
    /// Something begins that does not end within the limit.
    TooLong { start: usize, leads_line: bool },
}

impl Frame {
    fn length(&self) -> usize {
        match self {
            Frame::Object { start, end } | Frame::Behind { start, end, .. } | Frame::Junk { start, end, .. } => {
                end - start
            }
            Frame::Blank | Frame::Partial | Frame::TooLong { .. } => 0,
        }
    }
}

/// A stretch of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    pub bytes: &'a [u8],
    /// The stream begins with these bytes.
    pub first: bool,
    /// No bytes will follow these, so that nothing can be partial.
    pub last: bool,
}

/// The frame at or after `from`, which is where the frame before ended (or 0). Before it, only white
/// space matters to the answer, and behind its beginning, nothing more than `limit` bytes away.
pub fn frame(stretch: Stretch<'_>, from: usize, limit: usize) -> Frame {
    let Stretch { bytes, last, .. } = stretch;
    let Some(start) = skip_separators(bytes, from, last) else { return Frame::Blank };
    let horizon = start.saturating_add(limit).saturating_add(1);
    let view = &bytes[..horizon.min(bytes.len())];
    let ends = last && view.len() == bytes.len();
    let indent = if bytes[start] == b'{' { indent(stretch, start) } else { None };
    let found = match bytes[start] {
        b'{' => object(view, start, indent, ends),
        _ => match prefix::line(view, start, ends) {
            Line::Record { begin, end } => Ok(Frame::Behind { start, begin, end }),
            Line::Unseen if view.len() < horizon => Err(NeedMore),
            Line::Unseen | Line::Other => other_value(view, start, ends),
        },
    };
    match found {
        Ok(frame) if frame.length() <= limit => frame,
        Err(NeedMore) if view.len() < horizon => {
            if ends {
                Frame::Junk { start, end: trim_end(view, start, view.len()), reason: CUT_SHORT }
            } else {
                Frame::Partial
            }
        }
        Ok(_) | Err(NeedMore) => Frame::TooLong { start, leads_line: indent.is_some() },
    }
}

/// The object at `start`, which is an element of an array: as [`frame`], wherever it stands on its line.
pub fn element(bytes: &[u8], start: usize, limit: usize, last: bool) -> Frame {
    let horizon = start.saturating_add(limit).saturating_add(1);
    let view = &bytes[..horizon.min(bytes.len())];
    match object(view, start, None, last) {
        Ok(frame) if frame.length() <= limit => frame,
        Err(NeedMore) if view.len() < horizon && !last => Frame::Partial,
        Err(NeedMore) if view.len() < horizon => {
            Frame::Junk { start, end: trim_end(view, start, view.len()), reason: CUT_SHORT }
        }
        Ok(_) | Err(NeedMore) => Frame::TooLong { start, leads_line: false },
    }
}

/// Where the value at `start` ends; `None` where it is none. In what `is_flat`, its lines may begin with objects.
pub fn value_end(bytes: &[u8], start: usize, is_flat: bool) -> Result<Option<usize>, NeedMore> {
    let scan = match bytes.get(start).ok_or(NeedMore)? {
        b'"' => string_end(bytes, start).map_or_else(|scan| scan, Scan::End),
        b'{' | b'[' if is_flat => object_end_over_lines(bytes, start),
        b'{' | b'[' => object_end(bytes, start),
        byte if ends_scalar(byte) => return Ok(None),
        _ => bytes[start..].iter().position(ends_scalar).map_or(Scan::NeedMore, |length| Scan::End(start + length)),
    };
    match scan {
        Scan::End(end) => Ok(Some(end)),
        Scan::NeedMore => Err(NeedMore),
        Scan::Broken { .. } => Ok(None),
    }
}

pub const CUT_SHORT: &str = "cut short by the end of the input";
const NOT_AN_OBJECT: &str = "not a JSON object";

/// Where a reader may start that is to begin in the middle of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// What stands before the record and says whether it leads its line.
    pub from: usize,
    /// The record itself.
    pub record: usize,
}

/// How far before the edge it is good to see: what tells that an element begins right there.
pub const GUESS_BYTES: usize = ELEMENT_SPACE_BYTES + 1;

/// The likely first record at or after `edge`. After a line break that is certain; inside a line
/// (`in_array`) it is a guess that the caller has to check against where the reader before it stops.
pub fn guess_start(bytes: &[u8], edge: usize, in_array: bool) -> Option<Start> {
    let by_line = line_led(bytes, edge.saturating_sub(1));
    let line = &bytes[..by_line.unwrap_or(bytes.len())];
    let by_element = if in_array { element_led(line, edge) } else { None };
    let record = by_element.or(by_line)?;
    Some(Start { from: separators_done(&bytes[..record], 0), record })
}

/// Where the remains of a frame that is too long end: at the next line, or, within a line, before
/// the next element. `None` where that is not in sight.
pub fn oversized_end(bytes: &[u8], from: usize, line_start: bool) -> Option<usize> {
    if line_start { memchr(b'\n', bytes.get(from..)?).map(|at| from + at) } else { element_break(bytes, from) }
}

pub struct NeedMore;

/// How far `start` is indented, if it is the first thing on its line. Looks back through white space
/// only, so that a reader that begins in the middle of a stream says what the one before it would.
fn indent(stretch: Stretch<'_>, start: usize) -> Option<usize> {
    let before = &stretch.bytes[..start];
    let blank = blank_before(before);
    let leads = match before.len() - blank {
        0 => stretch.first,
        line => before[line - 1] == b'\n',
    };
    (leads && blank <= MAX_INDENT_BYTES).then_some(blank)
}

/// What is indented deeper does not lead its line: bounds what a reader has to remember.
const MAX_INDENT_BYTES: usize = 4096;

/// How many spaces `bytes` end in.
fn blank_before(bytes: &[u8]) -> usize {
    bytes.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// How much of the separators that `bytes` end in, from `from` on, is done with: all but what says
/// that the next record leads its line, and but half a byte order mark.
pub fn separators_done(bytes: &[u8], from: usize) -> usize {
    let half = (1..BOM.len()).rev().find(|half| bytes[from..].ends_with(&BOM[..*half])).unwrap_or(0);
    let end = bytes.len() - half;
    let blank = blank_before(&bytes[from..end]);
    match end - blank {
        _ if blank > MAX_INDENT_BYTES => end,
        line if line == from => from,
        line if bytes[line - 1] == b'\n' => line - 1,
        line => line,
    }
}

fn object(bytes: &[u8], start: usize, indent: Option<usize>, last: bool) -> Result<Frame, NeedMore> {
    match object_end(bytes, start) {
        Scan::End(end) => Ok(Frame::Object { start, end }),
        Scan::NeedMore => Err(NeedMore),
        Scan::Broken { at, reason } => {
            let end = match indent {
                Some(indent) => broken_lines_end(bytes, at, (start, indent), last),
                None => broken_element_end(bytes, at, start),
            };
            let end = trim_end(bytes, start, end.ok_or(NeedMore)?);
            Ok(Frame::Junk { start, end, reason })
        }
    }
}

/// A broken record that leads its line: it ends with the line, or, where it spans lines, before
/// the next line that is indented no deeper (with that line's brace, if it closes the record).
fn broken_lines_end(bytes: &[u8], at: usize, (start, indent): (usize, usize), last: bool) -> Option<usize> {
    let Some(line) = memchr::memrchr(b'\n', &bytes[start..at]).map(|found| start + found + 1) else {
        return Some(at + memchr(b'\n', &bytes[at..])?);
    };
    // What broke the record is the next one.
    if bytes.get(at) == Some(&b'{') && at - line <= indent && bytes[line..at].iter().all(is_space) {
        return Some(line);
    }
    match torn_before(bytes, line, at, indent, last) {
        Line::Record { .. } => return Some(line),
        Line::Unseen => return None,
        Line::Other => {}
    }
    let mut line_end = if line == at { at - 1 } else { at + memchr(b'\n', &bytes[at..])? };
    loop {
        let line = line_end + 1;
        let text = line + bytes[line..].iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
        if text - line <= indent && !matches!(bytes[text], b'\r' | b'\n') {
            return Some(if bytes[text] == b'}' { text + 1 } else { line });
        }
        line_end = text + memchr(b'\n', &bytes[text..])?;
    }
}

/// What the line at `line` is that a torn record goes on with, as far as `at`: where a value was due, the first
/// word of a prefix is taken for one, and the record behind it must not be lost.
fn torn_before(bytes: &[u8], line: usize, at: usize, indent: usize, last: bool) -> Line {
    let text = line + bytes[line..at].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match skip_separators(&bytes[..at], text, true) {
        Some(start) if text - line <= indent && !matches!(bytes[start], b'{' | b'"') => {
            // A part of a line is no record by itself, and not of the torn one either.
            let is_part = cri::is_cut(&bytes[start..]);
            if is_part { Line::Record { begin: start, end: start } } else { prefix::line(bytes, start, last) }
        }
        _ => Line::Other,
    }
}

/// A broken record inside a line: it ends before the next element, or with the line. Where `at`,
/// the place that broke it, is a brace, that is the next element.
pub fn broken_element_end(bytes: &[u8], at: usize, start: usize) -> Option<usize> {
    let brace = (bytes.get(at) == Some(&b'{')).then_some(at);
    let end = element_break(&bytes[..brace.unwrap_or(bytes.len())], start + 1).or(brace)?;
    // The comma before the next element is a separator, however the end was found.
    let kept = bytes[start..end].iter().rposition(|byte| !is_space(byte) && *byte != b',');
    Some(kept.map_or(end, |place| start + place + 1))
}

/// The comma of the first `, {"` at or after `from`, or the line break before it: one look at
/// every byte, since there may be as many broken elements on a line as fit.
fn element_break(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr2(b',', b'\n', bytes.get(at..)?)?;
        if bytes[at] == b'\n' || element_after(bytes, at, is_space_in_line).is_some() {
            return Some(at);
        }
        at += 1;
    }
}

/// The first brace of a `, {"` that stands at or after `edge`, on one line or on several.
pub fn element_led(bytes: &[u8], edge: usize) -> Option<usize> {
    let from = edge.saturating_sub(GUESS_BYTES);
    let mut commas = memchr::memchr_iter(b',', bytes.get(from..)?);
    commas.find_map(|comma| element_after(bytes, from + comma, is_space).filter(|brace| *brace >= edge))
}

/// How much space there may be at either place of `, {"`.
const ELEMENT_SPACE_BYTES: usize = 64;
/// What may begin an element is no longer than this.
pub const ELEMENT_BREAK_BYTES: usize = 2 * ELEMENT_SPACE_BYTES + 3;

/// The brace that follows the comma at `comma`, where an object begins there, with nothing but
/// `space` between.
fn element_after(bytes: &[u8], comma: usize, space: fn(&u8) -> bool) -> Option<usize> {
    let next = |from: usize| {
        let near = &bytes[from..bytes.len().min(from + ELEMENT_SPACE_BYTES)];
        near.iter().position(|byte| !space(byte)).map(|place| from + place)
    };
    let brace = next(comma + 1)?;
    if bytes[brace] != b'{' {
        return None;
    }
    let key = next(brace + 1)?;
    matches!(bytes[key], b'"' | b'}').then_some(brace)
}

/// In how many lines a guess looks for a prefix: where there is one, most lines have it.
const PREFIX_LINES: usize = 64;

/// The first record that leads its line, the line break standing at or after `from`: its brace, or
/// its prefix.
fn line_led(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut lines) = (from, 0);
    while let Some(found) = memchr(b'\n', bytes.get(at..)?) {
        at += found + 1;
        if bytes.get(at) == Some(&b'{') {
            return Some(at);
        }
        lines += 1;
        if lines <= PREFIX_LINES
            && let Some(start) = skip_separators(bytes, at, true)
            && bytes[start] != b'{'
            && !bytes[at..start].contains(&b'\n')
            && matches!(prefix::line(bytes, start, false), Line::Record { .. })
        {
            return Some(start);
        }
    }
    None
}

/// A value that is no object ends where it ends, if a separator follows; any other text ends with
/// its line or before the next element.
pub fn other_value(bytes: &[u8], start: usize, last: bool) -> Result<Frame, NeedMore> {
    let junk = |end| Frame::Junk { start, end, reason: NOT_AN_OBJECT };
    let end = match bytes[start] {
        b'"' => match string_end(bytes, start) {
            Ok(end) => Some(end),
            Err(Scan::NeedMore) if !last => return Err(NeedMore),
            Err(_) => None,
        },
        b'-' | b'0'..=b'9' | b'a'..=b'z' => {
            let end = start + bytes[start..].iter().position(ends_scalar).unwrap_or(bytes.len() - start);
            // More may come of what ends with the bytes; else a word with a comma is a torn line.
            (is_scalar(&bytes[start..end]) || end == bytes.len() && !last).then_some(end)
        }
        _ => None,
    };
    if let Some(end) = end {
        let next = bytes[end..].iter().position(|byte| !matches!(byte, b' ' | b'\t'));
        match next.map(|blank| bytes[end + blank]) {
            Some(b',' | b']' | b'\n' | b'\r') => return Ok(junk(end)),
            None if last => return Ok(junk(end)),
            None => return Err(NeedMore),
            Some(_) => {}
        }
    }
    broken_element_end(bytes, start, start).map(|end| junk(trim_end(bytes, start, end))).ok_or(NeedMore)
}

fn trim_end(bytes: &[u8], start: usize, end: usize) -> usize {
    let kept = bytes[start..end].iter().rposition(|byte| !is_space(byte));
    kept.map_or(start + 1, |place| start + place + 1)
}

/// White space as JSON has it: a form feed is none.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_space_in_line(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r')
}

fn is_scalar(text: &[u8]) -> bool {
    let of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    matches!(text, b"true" | b"false" | b"null") || text.iter().all(of_number)
}
