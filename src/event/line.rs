//! Where an object stands on a line, and in a text: the one rule for what is read and for what is looked up again.
//!
//! What stands from a place that begins no object to the end of its line is a **prefix and a record**
//! where
//! - the first brace of it that a quote follows is not more than 4096 bytes away,
//! - the prefix does not say that the line [is a part](super::cri) of a longer one,
//! - that brace does not stand where JSON has its own objects: behind a comma, a bracket, or a key and
//!   its colon. So what is left of a torn record is never taken for a whole one,
//! - and from there to the end of the line stands one balanced object, and separators behind it.
//!
//! Whatever else stands there is junk. The bytes of the line alone decide.

use super::cri;
use super::scan::{Scan, object_end_in_line};
use memchr::memchr2;
use std::ops::Range;

/// A longer one is junk.
pub const MAX_BYTES: usize = 4096;
/// How much space there may be between the brace and its first key.
const KEY_SPACE_BYTES: usize = 64;

/// Where the object behind a prefix begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brace {
    At(usize),
    Nowhere,
    /// More bytes have to come before that can be told.
    Unseen,
}

/// What stands from a place on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A prefix, and an object that is alone behind it.
    Record {
        begin: usize,
        end: usize,
    },
    Other,
    Unseen,
}

/// The brace behind the prefix that begins at `start`, if there may be one.
#[inline]
pub fn brace(bytes: &[u8], start: usize) -> Brace {
    let until = bytes.len().min(start + MAX_BYTES);
    let mut from = start;
    while let Some(found) = memchr2(b'{', b'\n', &bytes[from..until]) {
        let at = from + found;
        if bytes[at] == b'\n' {
            return Brace::Nowhere;
        }
        let space = &bytes[at + 1..bytes.len().min(at + 1 + KEY_SPACE_BYTES)];
        match space.iter().find(|byte| !matches!(byte, b' ' | b'\t')) {
            Some(b'"') => return checked(&bytes[start..at], at),
            None if space.len() < KEY_SPACE_BYTES => return Brace::Unseen,
            _ => from = at + 1,
        }
    }
    if until < bytes.len() { Brace::Nowhere } else { Brace::Unseen }
}

/// The brace at `at`, which a quote follows and none before it, if it may stand behind such a prefix.
#[inline]
pub fn checked(prefix: &[u8], at: usize) -> Brace {
    if is_inside(prefix) || cri::is_cut(prefix) { Brace::Nowhere } else { Brace::At(at) }
}

/// What begins at `start`; `last` says that no bytes will follow.
pub fn line(bytes: &[u8], start: usize, last: bool) -> Line {
    let unseen = if last { Line::Other } else { Line::Unseen };
    let begin = match brace(bytes, start) {
        Brace::At(begin) => begin,
        Brace::Nowhere => return Line::Other,
        Brace::Unseen => return unseen,
    };
    match object_end_in_line(bytes, begin) {
        Scan::End(end) => match line_end(bytes, end) {
            Some(_) => Line::Record { begin, end },
            None if bytes[end..].iter().all(separates) && last => Line::Record { begin, end },
            None if bytes[end..].iter().all(separates) => Line::Unseen,
            None => Line::Other,
        },
        Scan::NeedMore => unseen,
        Scan::Broken { .. } => Line::Other,
    }
}

/// Where the line ends, if nothing but separators stands before that.
#[inline]
pub fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let end = from + bytes.get(from..)?.iter().position(|byte| !separates(byte))?;
    (bytes[end] == b'\n').then_some(end)
}

/// Whether a prefix may begin with that byte: it begins no object, and separates nothing.
#[inline]
pub fn starts(byte: u8) -> bool {
    !separates(&byte) && !matches!(byte, b'{' | b'\n' | 0xEF)
}

/// Separators, but for those that end a line.
fn separates(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b',' | b'[' | b']' | 0 | 0x1E)
}

/// Whether an object that follows `text` is part of another value.
fn is_inside(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    match text {
        [.., b',' | b'['] => true,
        [before @ .., b':'] => before.trim_ascii_end().ends_with(b"\""),
        _ => false,
    }
}

/// Where the object of a text is, and where its prefix begins: what follows the separators that it begins with is
/// the object, or a prefix and an object that is alone behind it.
pub fn object_of_text(text: &[u8]) -> Option<(usize, Range<usize>)> {
    let end = text.trim_ascii_end().len();
    let start = skip_separators(&text[..end], 0, true)?;
    match text[start] {
        b'{' => Some((start, start..end)),
        _ => match line(&text[..end], start, true) {
            Line::Record { begin, end } => Some((start, begin..end)),
            _ => None,
        },
    }
}

/// The first byte at or after `from` that is no separator.
pub fn skip_separators(bytes: &[u8], from: usize, last: bool) -> Option<usize> {
    let mut at = from;
    loop {
        match *bytes.get(at)? {
            b'\n' | b'\r' | b' ' | b'\t' | b',' | b'[' | b']' | RECORD_SEPARATOR | 0 => at += 1,
            0xEF if bytes[at..].starts_with(BOM) => at += BOM.len(),
            0xEF if !last && BOM.starts_with(&bytes[at..]) => return None,
            _ => return Some(at),
        }
    }
}

pub const BOM: &[u8] = b"\xEF\xBB\xBF";
/// Begins each text of RFC 7464 (`application/json-seq`).
const RECORD_SEPARATOR: u8 = 0x1E;

/// The object of a text.
pub fn object_in(text: &str) -> Option<&str> {
    object_of_text(text.as_bytes()).map(|(_, object)| &text[object])
}

#[cfg(test)]
mod tests;
