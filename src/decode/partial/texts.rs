//! The records of Docker's json-file driver, of which `--parse` reads a text: the line that the program wrote.
//! A text without a line break goes on in the next record of its stream and container.
//!
//! Collectors strip the line breaks, and may say in `logtag`, `_p` or `partial_last` what the runtime said. So a
//! text is taken for a part of a line only where an object begins in it that has no end.

use super::{Group, Line, MAX_LINES};
use crate::decode::framing::{Frame, Stretch, frame, skip_separators};
use crate::decode::prefix::{Brace, brace};
use crate::event::scan::{Scan, object_end_in_line};
use crate::event::written;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// How many pieces a line may have of which none says that it is the last.
const MAX_LOOKS: usize = 16;

/// Whether an object begins in a text and has no end there.
pub fn is_cut(text: &str) -> bool {
    // Told by its end, nearly always.
    !text.ends_with('\n') && !text.contains('\n') && matches!(object(text.as_bytes()), Some(Scan::NeedMore))
}

/// How the object ends that begins in a text.
fn object(text: &[u8]) -> Option<Scan> {
    let start = skip_separators(text, 0, true)?;
    let begin = match brace(text, start) {
        _ if text[start] == b'{' => start,
        Brace::At(begin) => begin,
        Brace::Nowhere | Brace::Unseen => return None,
    };
    Some(object_end_in_line(text, begin))
}

/// A record whose text is a line, or a part of one.
struct Piece {
    place: Range<usize>,
    /// Who wrote the line.
    stream: Stream,
    /// Where the text is, without its quotes.
    written: Range<usize>,
    text: String,
    /// What a collector kept of the runtime's own word: whether the line goes on.
    goes_on: Option<bool>,
}

impl Piece {
    fn of(bytes: &[u8], place: Range<usize>, keys: &[String]) -> Option<Self> {
        let raw = &bytes[place.clone()];
        let field = |key: &str| written::find(raw, &[key.to_owned()]);
        let quoted = written::find(raw, keys)?;
        let text: String = serde_json::from_slice(quoted).ok()?;
        let begin = quoted.as_ptr() as usize - raw.as_ptr() as usize;
        let goes_on = match TAGS.iter().find_map(|key| field(key)) {
            Some(b"\"P\"" | b"\"false\"") => Some(true),
            Some(b"\"F\"" | b"\"true\"") => Some(false),
            _ => None,
        };
        let written = place.start + begin + 1..place.start + begin + quoted.len() - 1;
        Some(Self { stream: stream(raw, keys)?, written, text, goes_on, place })
    }

    /// Whether it is the last of its line, as far as it says so itself.
    fn ends(&self) -> bool {
        self.text.ends_with('\n') || self.goes_on == Some(false)
    }
}

/// All that a record says but the text, times, and whether the line goes on. Collectors put the lines of many
/// containers into one stream, and tell by other fields whose they are.
type Stream = BTreeMap<String, Value>;

fn stream(raw: &[u8], keys: &[String]) -> Option<Stream> {
    let mut members: Stream = serde_json::from_slice(raw).ok()?;
    members.retain(|key, _| {
        *key != keys[0] && *key != keys.join(".") && ![&OF_PIECE[..], &TAGS].concat().contains(&key.as_str())
    });
    Some(members)
}

/// What may differ from one part of a line to the next.
const OF_PIECE: [&str; 9] =
    ["time", "@timestamp", "timestamp", "date", "ts", "_time", "offset", "partial_message", "partial_ordinal"];

/// Where Fluentd and Fluent Bit say whether a line ends: `F` and not `P`, the last part.
const TAGS: [&str; 3] = ["logtag", "_p", "partial_last"];

/// A line that goes on.
struct Open {
    line: usize,
    stream: Stream,
    /// What it comes to, up to now.
    text: String,
    pieces: usize,
    /// What is behind the text in the first record.
    tail: Range<usize>,
}

/// The group that begins with the record at `first`, whose text goes on; nothing that is more than `limit` bytes
/// behind its beginning is looked at. `None` where it is none: then that record is by itself, and those behind it
/// may be groups of their own.
pub fn group(stretch: Stretch<'_>, first: Range<usize>, limit: usize, keys: &[String]) -> Option<Group> {
    let horizon = first.start.saturating_add(limit).saturating_add(1);
    let bytes = &stretch.bytes[..horizon.min(stretch.bytes.len())];
    let last = stretch.last && bytes.len() == stretch.bytes.len();
    let (mut records, mut lines, mut open) = (0, Vec::new(), Vec::<Open>::new());
    let mut next = first;
    loop {
        let piece = Piece::of(bytes, next.clone(), keys);
        records += 1;
        if !take(bytes, piece?, &mut lines, &mut open) || records > MAX_LINES {
            return None;
        }
        if open.is_empty() {
            return Some(Group::Lines(lines, next.end));
        }
        next = match frame(Stretch { bytes, last, ..stretch }, next.end, limit) {
            Frame::Object { start, end } => start..end,
            Frame::Blank | Frame::Partial if !last && bytes.len() < horizon => return Some(Group::Unseen),
            _ => return None,
        };
    }
}

/// Takes a piece in; false where it cannot belong to the line that its stream has open.
fn take(bytes: &[u8], piece: Piece, lines: &mut Vec<Line>, open: &mut Vec<Open>) -> bool {
    let Some(found) = open.iter().position(|open| open.stream == piece.stream) else {
        begin(bytes, piece, lines, open);
        return true;
    };
    match go_on(bytes, &piece, lines, &mut open[found]) {
        None => return false,
        Some(false) => {}
        Some(true) => {
            let Open { line, tail, .. } = open.swap_remove(found);
            lines[line].text.extend_from_slice(&bytes[tail]);
        }
    }
    true
}

/// A record whose stream has no line open.
fn begin(bytes: &[u8], piece: Piece, lines: &mut Vec<Line>, open: &mut Vec<Open>) {
    let Piece { place, written, .. } = &piece;
    let mut line = Line::whole(place.start, &bytes[place.clone()]);
    let is_cut = !piece.ends() && is_cut(&piece.text);
    if is_cut {
        line.text.truncate(written.end - place.start);
        line.first = line.text.len();
    }
    lines.push(line);
    if is_cut {
        let tail = written.end..place.end;
        open.push(Open { line: lines.len() - 1, stream: piece.stream, text: piece.text, pieces: 1, tail });
    }
}

/// Goes on with a line that is open; whether it is over. `None` where the piece cannot belong to it, since no
/// object comes of the two, or none that is whole where the line ends.
fn go_on(bytes: &[u8], piece: &Piece, lines: &mut [Line], open: &mut Open) -> Option<bool> {
    open.text.push_str(&piece.text);
    open.pieces += 1;
    let line = &mut lines[open.line];
    line.text.extend_from_slice(&bytes[piece.written.clone()]);
    line.raw.push(b'\n');
    line.raw.extend_from_slice(&bytes[piece.place.clone()]);
    // Each look is at all of it.
    if !piece.ends() && open.pieces > MAX_LOOKS {
        return Some(false);
    }
    match object(open.text.as_bytes())? {
        Scan::End(end) if !open.text.as_bytes()[end..].trim_ascii().is_empty() => None,
        Scan::End(_) => Some(piece.goes_on != Some(true)),
        Scan::NeedMore => (!piece.ends()).then_some(false),
        Scan::Broken { .. } => None,
    }
}
