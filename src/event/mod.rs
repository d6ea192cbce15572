//! The words that every room shares: what a record is, where it stood, and what became of it.
//!
//! Everything here is plain data. An [`Event`] borrows from the chunk it was decoded from, so that
//! looking at a record allocates nothing.

mod ledger;
mod timestamp;

pub use ledger::{DeadLetter, Ledger, Verdict};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// In decompressed bytes; all before it is done with.
    pub offset: u64,
    pub skip: Skip,
}

/// Whether the bytes that come next still belong to an oversized record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Skip {
    #[default]
    No,
    /// To the end of the line.
    Line,
    /// To the end of the line, or before the next element.
    Element,
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
    #[inline]
    pub fn status(&self) -> Option<u16> {
        let stated = match &self.fields[Role::Status as usize] {
            Value::Missing => None,
            Value::Int(code) => u16::try_from(*code).ok().filter(is_status),
            value => stated_otherwise(value).filter(is_status),
        };
        stated.or_else(|| match &self.fields[Role::Message as usize] {
            Value::Text(message) => status_in_message(message),
            _ => None,
        })
    }
}

fn is_status(code: &u16) -> bool {
    (100..1000).contains(code)
}

#[inline(never)]
fn stated_otherwise(value: &Value<'_>) -> Option<u16> {
    match value {
        // What knows one type of number writes `200.0`.
        Value::Float(code) if code.fract() == 0.0 => Some(*code as u16),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[inline]
fn status_in_message(message: &str) -> Option<u16> {
    const MARK: &str = "HTTP Status Code: ";
    // Nearly every such message begins with the mark; only the others are searched.
    let digits = match message.strip_prefix(MARK) {
        Some(rest) => rest.as_bytes(),
        None => behind(message.as_bytes(), MARK.as_bytes())?,
    };
    match digits {
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..]
            if !rest.first().is_some_and(u8::is_ascii_digit) =>
        {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

#[inline(never)]
fn behind<'t>(text: &'t [u8], mark: &[u8]) -> Option<&'t [u8]> {
    memchr::memmem::find(text, mark).map(|at| &text[at + mark.len()..])
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

    pub fn newest(self) -> Option<Timestamp> {
        self.0.map(|(_, newest)| newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
