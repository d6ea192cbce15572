//! The words that every room shares: what a record is, where it stood, and what became of it.
//!
//! Everything here is plain data. An [`Event`] borrows from the chunk it was decoded from, so that
//! looking at a record allocates nothing.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::AddAssign;

/// An instant of event time: nanoseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// `None` where the instant lies outside the years 1677 to 2262.
    pub fn from_millis(millis: i64) -> Option<Self> {
        millis.checked_mul(1_000_000).map(Self)
    }

    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The instant `nanos` earlier, at the earliest the first that can be told.
    pub const fn before(self, nanos: i64) -> Self {
        Self(self.0.saturating_sub(nanos))
    }
}

/// RFC 3339 in UTC with microseconds, or nanoseconds where the instant has them.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut seconds, mut nanos) = (self.0.div_euclid(1_000_000_000), self.0.rem_euclid(1_000_000_000));
        let (hours, minutes) = (seconds.rem_euclid(86_400) / 3600, seconds.rem_euclid(3600) / 60);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        seconds = seconds.rem_euclid(60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.")?;
        let digits = if nanos % 1000 == 0 {
            nanos /= 1000;
            6
        } else {
            9
        };
        write!(f, "{nanos:0digits$}Z")
    }
}

/// Days since the epoch to year, month and day of the Gregorian calendar
/// (Hinnant, "chrono-compatible low-level date algorithms").
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

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
    pub fn status(&self) -> Option<u16> {
        let stated = match self.role(Role::Status) {
            Value::Int(code) => u16::try_from(code).ok(),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        stated.filter(|code| (100..1000).contains(code)).or_else(|| status_in_message(self.role(Role::Message).text()?))
    }
}

fn status_in_message(message: &str) -> Option<u16> {
    const MARK: &str = "HTTP Status Code: ";
    // Nearly every such message begins with the mark; only the others are searched.
    let digits = match message.strip_prefix(MARK) {
        Some(rest) => rest.as_bytes(),
        None => &message.as_bytes()[memchr::memmem::find(message.as_bytes(), MARK.as_bytes())? + MARK.len()..],
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

/// What became of an event that was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is part of the answer.
    Counted,
    /// It is a sound record, but the question is not about it.
    Filtered,
    /// The question needs something of it that it lacks; the text says what.
    Dead(&'static str),
}

/// What became of every record that was read: `read` is the sum of the other columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub read: u64,
    pub counted: u64,
    pub filtered: u64,
    pub late: u64,
    pub duplicate: u64,
    pub dead_letter: u64,
}

impl Ledger {
    pub fn tally(&mut self, verdict: Verdict) {
        self.read += 1;
        match verdict {
            Verdict::Counted => self.counted += 1,
            Verdict::Filtered => self.filtered += 1,
            Verdict::Dead(_) => self.dead_letter += 1,
        }
    }

    pub fn balances(&self) -> bool {
        self.read == self.counted + self.filtered + self.late + self.duplicate + self.dead_letter
    }

    /// The columns in the order of every report.
    pub fn columns(&self) -> [(&'static str, u64); 6] {
        [
            ("read", self.read),
            ("counted", self.counted),
            ("filtered", self.filtered),
            ("late", self.late),
            ("duplicate", self.duplicate),
            ("dead_letter", self.dead_letter),
        ]
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.counted += other.counted;
        self.filtered += other.filtered;
        self.late += other.late;
        self.duplicate += other.duplicate;
        self.dead_letter += other.dead_letter;
    }
}

/// A record that could not be counted: where it stood, why, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub at: Position,
    pub reason: String,
    pub raw: Vec<u8>,
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
    use proptest::prelude::*;

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
        assert_eq!(case(Value::Int(7), Value::Missing), None);
        assert_eq!(case(Value::Missing, Value::Nested), None);
    }

    proptest! {
        #[test]
        fn a_timestamp_prints_as_jiff_prints_it(nanos: i64) {
            let ours = Timestamp::from_nanos(nanos).to_string();
            let theirs = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            prop_assert_eq!(ours.parse::<jiff::Timestamp>().unwrap(), theirs);
        }
    }
}
