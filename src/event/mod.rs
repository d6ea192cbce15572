//! The words that every room shares: what a record is, where it stood, and what became of it.
//!
//! Everything here is plain data. An [`Event`] borrows from the chunk it was decoded from, so that
//! looking at a record allocates nothing.

pub mod cri;
mod frontier;
mod ledger;
pub mod line;
pub mod lists;
pub mod quantity;
mod said;
pub mod scan;
mod timestamp;
pub mod written;

pub use frontier::{Frontier, Leaps};
pub use ledger::{DeadLetter, Ledger, Verdict};
pub use said::{Said, Scalar, Within};
pub use timestamp::Timestamp;

use serde::{Deserialize, Serialize};

/// What a record's file is called for the length of a run: a hash of its path as the user gave it
/// and of how many files have stood there before. Equal for equal input, on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FileId(pub u64);

/// Where a record's first byte stood: unique in a run, ordered within a file.
/// The offset counts decompressed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    pub file: FileId,
    pub offset: u64,
}

/// How far a stream has been consumed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// In decompressed bytes; all before it is done with.
    pub offset: u64,
    pub skip: Skip,
}

/// Whether the bytes that come next still belong to an oversized record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Skip {
    #[default]
    No,
    /// To the end of the line.
    Line,
    /// To the end of the line, or before the next element.
    Element,
    /// They stand within what records are wrapped in.
    Within(Within),
}

/// A field of a record, as the decoder found it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// The record has no such field.
    Missing,
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// An integer beyond those, as it is written: digits without zeros in front, and maybe a minus.
    Big(&'a str),
    Float(f64),
    Text(&'a str),
    /// An object or an array; its text is in [`Event::raw`].
    Nested,
}

impl<'a> Value<'a> {
    pub fn text(self) -> Option<&'a str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The slots of [`Event::fields`] that every schema fills, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Time,
    Service,
    Message,
    Status,
    Id,
}

impl Role {
    pub const ALL: [Role; 5] = [Role::Time, Role::Service, Role::Message, Role::Status, Role::Id];

    /// The role's name on the command line and in expressions.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Time => "time",
            Role::Service => "service",
            Role::Message => "message",
            Role::Status => "status",
            Role::Id => "id",
        }
    }
}

/// A borrowed view of one record: its place, its bytes, and the fields that were asked for.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub at: Position,
    /// The record's own bytes, unchanged.
    pub raw: &'a [u8],
    pub time: Option<Timestamp>,
    /// The roles first (see [`Role`]), then the further fields that the schema projects.
    pub fields: &'a [Value<'a>],
}

impl<'a> Event<'a> {
    pub fn role(&self, role: Role) -> Value<'a> {
        self.fields[role as usize]
    }

    /// The HTTP status: the status field where it holds one (a number or a quoted number), else
    /// the `NNN` of `HTTP Status Code: NNN` in the message.
    #[inline(always)]
    pub fn status(&self) -> Option<u16> {
        const { assert!(Role::Message as usize == 2 && Role::Status as usize == 3) };
        let [_, _, message, stated, ..] = self.fields else { return None };
        match (stated, message) {
            (Value::Missing, Value::Text(message)) => status_in_message(message),
            _ => status_of(stated, message),
        }
    }
}

#[inline(never)]
fn status_of(stated: &Value<'_>, message: &Value<'_>) -> Option<u16> {
    let stated = match stated {
        Value::Missing => None,
        Value::Int(code) => u16::try_from(*code).ok(),
        value => stated_otherwise(value),
    };
    stated.filter(is_status).or_else(|| message.text().and_then(status_in_message))
}

fn is_status(code: &u16) -> bool {
    (100..1000).contains(code)
}

fn stated_otherwise(value: &Value<'_>) -> Option<u16> {
    match value {
        // What knows one type of number writes `200.0`.
        Value::Float(code) if code.fract() == 0.0 => Some(*code as u16),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The status that a text is, such as `"503"`.
pub fn status_of_text(text: &str) -> Option<u16> {
    text.trim().parse().ok().filter(is_status)
}

/// What stands before a status in a message, and the place of its digits.
const PATTERN: [u8; 21] = *b"HTTP Status Code: 000";
const MARK: &[u8] = PATTERN.first_chunk::<18>().expect("it is shorter");

#[inline]
fn status_in_message(message: &str) -> Option<u16> {
    // Nearly every such message begins with the mark; only the others are searched.
    match message.as_bytes().split_first_chunk() {
        Some((head, rest)) if let Some(digits) = behind_mark(head) => status_of_digits(digits, rest),
        _ => search(message.as_bytes()),
    }
}

/// What follows the mark, as three digits in the low bytes of a word: less than ten each, if they
/// are digits. The bytes are compared by words, of which the last takes the digits as well.
#[inline(always)]
fn behind_mark(text: &[u8; 21]) -> Option<u32> {
    let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |chunk| u64::from_le_bytes(*chunk));
    let apart = [0, 8, 13].map(|at| word(&text[at..]) ^ word(&PATTERN[at..]));
    (apart[0] | apart[1] | apart[2] << 24 == 0).then_some((apart[2] >> 40) as u32)
}

/// `rest` is what follows the three digits.
#[inline(always)]
fn status_of_digits(digits: u32, rest: &[u8]) -> Option<u16> {
    // A byte that is no digit has its top bit set, or gets it.
    let are_digits = (digits | digits.wrapping_add(0x0076_7676)) & 0x0080_8080 == 0;
    let is_longer = rest.first().is_some_and(u8::is_ascii_digit);
    let code = (digits & 0xFF) * 100 + (digits >> 8 & 0xFF) * 10 + (digits >> 16);
    (are_digits && code >= 100 && !is_longer).then_some(code as u16)
}

/// The status behind the first mark, wherever it stands.
#[inline(never)]
fn search(text: &[u8]) -> Option<u16> {
    let at = memchr::memmem::find(text, MARK)?;
    let (head, rest) = text[at..].split_first_chunk()?;
    status_of_digits(behind_mark(head)?, rest)
}

/// The event time that a state covers: oldest and newest event, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span(pub Option<(Timestamp, Timestamp)>);

impl Span {
    pub fn include(&mut self, time: Timestamp) {
        self.0 = Some(match self.0 {
            Some((oldest, newest)) => (oldest.min(time), newest.max(time)),
            None => (time, time),
        });
    }

    pub fn join(&mut self, other: Self) {
        if let Some((oldest, newest)) = other.0 {
            self.include(oldest);
            self.include(newest);
        }
    }

    pub fn oldest(self) -> Option<Timestamp> {
        self.0.map(|(oldest, _)| oldest)
    }

    pub fn newest(self) -> Option<Timestamp> {
        self.0.map(|(_, newest)| newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Byte by byte.
    fn plain_status(message: &str) -> Option<u16> {
        let digits: String = message.split_once("HTTP Status Code: ")?.1.chars().take(4).collect();
        let is_longer = digits.as_bytes().get(3).is_some_and(u8::is_ascii_digit);
        let digits = digits.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok().filter(|code| *code >= 100 && !is_longer)
    }

    proptest! {
        #[test]
        fn a_status_is_told_from_a_message_as_byte_by_byte(
            before in "(HTTP Status Code: |[H é]{0,3})?",
            digits in "[0-9]{3,4}|[0-9]{0,3}[ -~é€\\x00\\x7f]{0,2}[0-9]{0,2}",
            after in "([ -~é]{1,3})?",
            change in prop::option::of((0usize..18, any::<char>())),
        ) {
            let mut mark: Vec<char> = "HTTP Status Code: ".chars().collect();
            change.into_iter().for_each(|(place, char)| mark[place] = char);
            let message = format!("{before}{}{digits}{after}", mark.into_iter().collect::<String>());
            prop_assert_eq!(status_in_message(&message), plain_status(&message), "{}", message);
        }
    }

    fn event<'a>(fields: &'a [Value<'a>]) -> Event<'a> {
        Event { at: Position { file: FileId(0), offset: 0 }, raw: b"", time: None, fields }
    }

    #[test]
    fn status_comes_from_the_field_then_from_the_message() {
        let case = |status, message| event(&[Value::Missing, Value::Missing, message, status, Value::Missing]).status();
        assert_eq!(case(Value::Int(204), Value::Text("HTTP Status Code: 500")), Some(204));
        assert_eq!(case(Value::Text("503"), Value::Missing), Some(503));
        assert_eq!(case(Value::Text("ok"), Value::Text("HTTP Status Code: 203")), Some(203));
        assert_eq!(case(Value::Missing, Value::Text("GET / HTTP Status Code: 404, 3 ms")), Some(404));
        assert_eq!(case(Value::Missing, Value::Text("HTTP Status Code: 2034")), None);
        assert_eq!(case(Value::Missing, Value::Text("HTTP Status Code: 20")), None);
        assert_eq!(case(Value::Float(200.0), Value::Missing), Some(200));
        assert_eq!(case(Value::Float(200.5), Value::Missing), None);
        assert_eq!(case(Value::Float(f64::NAN), Value::Missing), None);
        assert_eq!(case(Value::Int(7), Value::Missing), None);
        assert_eq!(case(Value::Missing, Value::Nested), None);
    }
}
