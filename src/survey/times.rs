//! Which values are times, and in which form.
//!
//! It is asked of the decoder's own clock, so that what is called a time here is read as one.

use crate::decode::Clock;
use crate::event::{Span, Timestamp, Value};
use crate::schema::TimeUnit;
use jiff::tz::{TimeZone, offset};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// A number is called a time where it lies in this century: 2000-01-01 to 2099-12-31.
const LIKELY_SECONDS: RangeInclusive<i64> = 946_684_800..=4_102_444_799;

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Seconds,
    Millis,
    Micros,
    Nanos,
    Rfc3339,
    NoZone,
    Apache,
    ApacheNoZone,
    Words,
    WordsNoZone,
    Basic,
}

impl Form {
    pub const fn name(self) -> &'static str {
        match self {
            Form::Seconds => "epoch s",
            Form::Millis => "epoch ms",
            Form::Micros => "epoch us",
            Form::Nanos => "epoch ns",
            Form::Rfc3339 => "RFC 3339",
            Form::NoZone => "date and time, no zone",
            Form::Apache => "Apache",
            Form::ApacheNoZone => "Apache, no zone",
            Form::Words => "date in words",
            Form::WordsNoZone => "date in words, no zone",
            Form::Basic => "ISO 8601, basic",
        }
    }

    /// Whether it is a time at no place.
    pub const fn has_no_zone(self) -> bool {
        matches!(self, Form::NoZone | Form::ApacheNoZone | Form::WordsNoZone)
    }

    /// Whether it is a number, which may be one of something else.
    pub const fn is_epoch(self) -> bool {
        matches!(self, Form::Seconds | Form::Millis | Form::Micros | Form::Nanos)
    }
}

/// The values of a field, read as times.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// How many can be read.
    pub read: u64,
    /// How many cannot, null aside: such records would be bad if this were the time.
    pub unread: u64,
    /// How many of those read are of this century.
    pub likely: u64,
    /// From the oldest to the newest that was read.
    pub span: Span,
    pub forms: BTreeSet<Form>,
}

impl Times {
    /// Whether nearly all values are times of this century.
    pub fn look_like_time(&self) -> bool {
        self.likely > 0 && self.likely * 10 >= (self.read + self.unread) * 9
    }

    /// Whether nearly all values can be read as times.
    pub fn can_be_read(&self) -> bool {
        self.read > 0 && self.read * 10 >= (self.read + self.unread) * 9
    }
}

/// Reads values as the decoder does.
pub struct TimeReader {
    clock: Clock,
    /// In another zone, which tells a time that names none.
    elsewhere: Clock,
    units: [(Form, Clock); 4],
}

impl Default for TimeReader {
    fn default() -> Self {
        let clock = |unit| Clock::new(unit, TimeZone::UTC);
        Self {
            clock: clock(TimeUnit::Auto),
            elsewhere: Clock::new(TimeUnit::Auto, TimeZone::fixed(offset(1))),
            units: [
                (Form::Seconds, clock(TimeUnit::Seconds)),
                (Form::Millis, clock(TimeUnit::Millis)),
                (Form::Micros, clock(TimeUnit::Micros)),
                (Form::Nanos, clock(TimeUnit::Nanos)),
            ],
        }
    }
}

impl TimeReader {
    pub(super) fn observe(&self, value: Value<'_>, times: &mut Times) {
        let time = match self.clock.read(&value) {
            Ok(None) => return,
            Err(_) => {
                times.unread += 1;
                return;
            }
            Ok(Some(time)) => time,
        };
        times.read += 1;
        times.span.include(time);
        if LIKELY_SECONDS.contains(&time.nanos().div_euclid(1_000_000_000)) {
            times.likely += 1;
            times.forms.insert(self.form(value, time));
        }
    }

    fn form(&self, value: Value<'_>, time: Timestamp) -> Form {
        if let Value::Text(text) = value
            && text.trim().parse::<f64>().is_err()
        {
            let has_no_zone = self.elsewhere.read(&value) != Ok(Some(time));
            let text = text.trim().trim_start_matches('[').as_bytes();
            return match (text, has_no_zone) {
                ([_, b'/', ..] | [_, _, b'/', ..], false) => Form::Apache,
                ([_, b'/', ..] | [_, _, b'/', ..], true) => Form::ApacheNoZone,
                ([_, _, _, _, b'-' | b'/', ..], true) => Form::NoZone,
                ([_, _, _, _, b'-' | b'/', ..], false) => Form::Rfc3339,
                ([_, _, _, _, _, _, _, _, b'T' | b't', ..], false) => Form::Basic,
                ([_, _, _, _, _, _, _, _, b'T' | b't', ..], true) => Form::NoZone,
                (_, false) => Form::Words,
                (_, true) => Form::WordsNoZone,
            };
        }
        let unit = self.units.iter().find(|(_, clock)| clock.read(&value) == Ok(Some(time)));
        unit.map_or(Form::Nanos, |(form, _)| *form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_apart() {
        let reader = TimeReader::default();
        for (value, form) in [
            (Value::Float(1_760_559_686.315_26), Form::Seconds),
            (Value::Int(1_760_559_686), Form::Seconds),
            (Value::Int(1_760_559_686_315), Form::Millis),
            (Value::Text("1760559686315260"), Form::Micros),
            (Value::Int(1_760_559_686_315_260_000), Form::Nanos),
            (Value::Text("2025-10-15T20:21:26.31526Z"), Form::Rfc3339),
            (Value::Text("2025-10-15T22:21:26+02:00"), Form::Rfc3339),
            (Value::Text("2025-10-15 20:21:26,315"), Form::NoZone),
            (Value::Text("15/Oct/2025:22:21:26 +0200"), Form::Apache),
            (Value::Text("15/Oct/2025:22:21:26.123"), Form::ApacheNoZone),
            (Value::Text("2026/11/27 12:00:00.123"), Form::NoZone),
            (Value::Text("Wed, 15 Oct 2025 22:21:26 GMT"), Form::Words),
            (Value::Text("Wed Oct 15 22:21:26 2025"), Form::WordsNoZone),
            (Value::Text("20251015T222126Z"), Form::Basic),
        ] {
            let mut times = Times::default();
            reader.observe(value, &mut times);
            assert!(times.look_like_time(), "{value:?}");
            assert_eq!(times.forms.into_iter().collect::<Vec<_>>(), [form], "{value:?}");
        }
    }

    #[test]
    fn a_number_of_something_else_looks_like_no_time() {
        let mut times = Times::default();
        for value in [Value::Int(200), Value::Text("17"), Value::Text("GET /"), Value::Bool(true), Value::Null] {
            TimeReader::default().observe(value, &mut times);
        }
        assert_eq!((times.read, times.unread, times.likely), (2, 2, 0));
        assert!(!times.look_like_time() && !times.can_be_read());
    }
}
