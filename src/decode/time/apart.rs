//! Times that are not told by the look of one field: in a form that is given, or in two fields.

use super::{Clock, NOT_A_TIME, OUT_OF_RANGE, Zone, instant_in_range};
use crate::event::{Role, Timestamp, Value};
use crate::schema::{Schema, TimeFormat, TimeUnit};
use std::borrow::Cow;

pub const HALF_A_TIME: &str = "time in two fields, of which one is missing";
pub const DIGITS: &str =
    "date and time of day in digits that have no one meaning (see --time-format, as in '%Y%m%d %H%M%S')";

/// How to read them.
#[derive(Clone, Debug)]
pub struct Apart {
    format: Option<TimeFormat>,
    /// The slot of the field that goes on with the time.
    rest: Option<usize>,
}

impl Apart {
    /// `None` where times are told by the look of one field.
    pub fn new(schema: &Schema) -> Option<Self> {
        let (format, rest) = (schema.time_format.clone(), schema.time_rest());
        (format.is_some() || rest.is_some()).then_some(Self { format, rest })
    }

    pub fn read(&self, clock: &Clock, fields: &[Value<'_>]) -> Result<Option<Timestamp>, &'static str> {
        let is_known = |value: &Value<'_>| !matches!(value, Value::Missing | Value::Null);
        let first = &fields[Role::Time as usize];
        let Some(rest) = self.rest.map(|slot| &fields[slot]) else {
            return match is_known(first) {
                true => self.text(clock, &written(first)?).map(Some),
                false => Ok(None),
            };
        };
        match (is_known(first), is_known(rest)) {
            (false, false) => return Ok(None),
            (true, true) => {}
            _ => return Err(HALF_A_TIME),
        }
        let (text, more) = (written(first)?, written(rest)?);
        if self.format.is_some() {
            return self.given(clock, &text, &more, rest).map(Some);
        }
        let time = match text.parse::<i64>() {
            Ok(_) if clock.unit == TimeUnit::Auto && date_in_digits(&text).is_some() => {
                in_digits(clock, &text, &more, rest)
            }
            Ok(count) => finer(clock, count, &more),
            Err(_) => self.text(clock, &format!("{text} {more}")),
        };
        time.map(Some)
    }

    /// In the form that is given. A number has lost its zeros in front: 91021 is ten past nine.
    fn given(&self, clock: &Clock, text: &str, more: &str, rest: &Value<'_>) -> Result<Timestamp, &'static str> {
        let lengths = match rest {
            Value::Int(count) if *count >= 0 => vec![more.len().next_multiple_of(2), 4, 6],
            _ => vec![more.len()],
        };
        let lengths = lengths.into_iter().filter(|length| *length >= more.len());
        let mut times = lengths.map(|length| self.text(clock, &format!("{text} {more:0>length$}")));
        let first = times.next().unwrap_or(Err(NOT_A_TIME));
        first.or_else(|reason| times.find_map(Result::ok).ok_or(reason))
    }

    fn text(&self, clock: &Clock, text: &str) -> Result<Timestamp, &'static str> {
        let Some(format) = &self.format else { return clock.any_text(text) };
        let (parts, abbreviation) = format.read(text).ok_or(NOT_A_TIME)?;
        if let Some(instant) = parts.timestamp() {
            // Behind the seconds a form may have their fraction.
            let nanos = parts.subsec_nanosecond().unwrap_or(0).into();
            let instant = instant.checked_add(jiff::SignedDuration::from_nanos(nanos));
            return instant_in_range(instant.map_err(|_| OUT_OF_RANGE)?);
        }
        let civil = parts.to_datetime().map_err(|_| NOT_A_TIME)?;
        let zone = match (parts.offset(), parts.iana_time_zone(), abbreviation) {
            (Some(offset), ..) => Zone::Offset(offset.seconds().into()),
            (_, Some(name), _) => Zone::Name(name),
            (.., Some(name)) => Zone::read(name).ok_or(NOT_A_TIME)?,
            _ => Zone::Local,
        };
        clock.local(civil, zone)
    }
}

/// The date of `20251015`.
fn date_in_digits(text: &str) -> Option<String> {
    let is_date = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let date = is_date.then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))?;
    (text >= "1900" && date.parse::<jiff::civil::Date>().is_ok()).then_some(date)
}

/// A date in digits, and a time of day: as a rule in digits as well. A number of fewer than five may be hours and
/// minutes, or minutes and seconds after midnight.
fn in_digits(clock: &Clock, date: &str, more: &str, rest: &Value<'_>) -> Result<Timestamp, &'static str> {
    let date = date_in_digits(date).ok_or(NOT_A_TIME)?;
    let is_digits = more.bytes().all(|byte| byte.is_ascii_digit());
    let of_day = match (is_digits, more.len(), rest) {
        (false, ..) => return clock.any_text(&format!("{date} {more}")),
        (true, 6, _) | (true, 5, Value::Int(_)) => format!("{more:0>6}"),
        _ => return Err(DIGITS),
    };
    clock.any_text(&format!("{date} {}:{}:{}", &of_day[..2], &of_day[2..4], &of_day[4..]))
}

/// A value as a text, without space around it.
fn written<'a>(value: &Value<'a>) -> Result<Cow<'a, str>, &'static str> {
    match *value {
        Value::Text(text) => Ok(text.trim().into()),
        Value::Int(count) => Ok(count.to_string().into()),
        Value::Uint(count) => Ok(count.to_string().into()),
        Value::Float(count) => Ok(count.to_string().into()),
        _ => Err(NOT_A_TIME),
    }
}

/// A count of whole units, and the nanoseconds of the one that goes on: log4j2's `epochSecond` and `nanoOfSecond`.
fn finer(clock: &Clock, count: i64, nanos: &str) -> Result<Timestamp, &'static str> {
    let unit = clock.nanos_per_unit(count.unsigned_abs());
    let nanos: i64 = nanos.parse().map_err(|_| NOT_A_TIME)?;
    if !(0..unit).contains(&nanos) {
        return Err(NOT_A_TIME);
    }
    let sum = count.checked_mul(unit).and_then(|begin| begin.checked_add(nanos));
    super::in_range(sum.ok_or(OUT_OF_RANGE)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::time::{FAR_AHEAD, UNCLEAR_ZONE};
    use crate::schema::{Path, TimeUnit, preset};
    use jiff::tz::TimeZone;

    fn clock(format: Option<&str>, is_in_two: bool, unit: TimeUnit, zone: &str) -> Clock {
        let mut schema = Schema::new(preset("lab").unwrap());
        schema.time_format = format.map(|format| format.parse().unwrap());
        (schema.time_unit, schema.time_zone) = (unit, TimeZone::get(zone).unwrap());
        if is_in_two {
            schema.set_time_rest(&Path::parse("rest").unwrap());
        }
        Clock::of(&schema)
    }

    fn read(clock: &Clock, first: Value<'_>, rest: Value<'_>) -> Result<String, &'static str> {
        let missing = Value::Missing;
        let time = clock.time(&[first, missing, missing, missing, missing, rest]);
        time.map(|time| time.map_or("none".to_owned(), |time| time.to_string()))
    }

    #[test]
    fn a_form_that_is_given_is_the_only_one() {
        for (format, value, time) in [
            ("%d.%m.%Y %H:%M:%S%.f", Value::Text("27.11.2026 12:00:00.125"), Ok("2026-11-27T11:00:00.125000Z")),
            ("%m/%d/%Y %I:%M:%S %p", Value::Text(" 7/27/2026 1:02:03 PM "), Ok("2026-07-27T11:02:03.000000Z")),
            ("%Y%m%d%H%M%S", Value::Int(20_261_127_120_000), Ok("2026-11-27T11:00:00.000000Z")),
            ("%Y-%m-%d", Value::Text("2026-11-27"), Ok("2026-11-26T23:00:00.000000Z")),
            ("%s%.f", Value::Text("1760559686.25"), Ok("2025-10-15T20:21:26.250000Z")),
            ("%d %b %Y %T %z", Value::Text("27 Nov 2026 12:00:00 -0500"), Ok("2026-11-27T17:00:00.000000Z")),
            ("%F %T %Q", Value::Text("2026-11-27 12:00:00 America/New_York"), Ok("2026-11-27T17:00:00.000000Z")),
            ("%Z|%F %T", Value::Text("EST|2026-11-27 12:00:00"), Ok("2026-11-27T17:00:00.000000Z")),
            ("%F %T %Z", Value::Text("2026-11-27 12:00:00 CST"), Err(UNCLEAR_ZONE)),
            ("%F %T %Z", Value::Text("2026-11-27 12:00:00 UTC"), Ok("2026-11-27T12:00:00.000000Z")),
            ("%F %T", Value::Text("2026-11-27T12:00:00"), Err(NOT_A_TIME)),
            ("%F %T", Value::Text("2026-11-27 12:00:00 "), Ok("2026-11-27T11:00:00.000000Z")),
            ("%F %T", Value::Text("2026-11-27 12:00:00 x"), Err(NOT_A_TIME)),
            ("%F %T", Value::Int(1_760_559_686), Err(NOT_A_TIME)),
            ("%F %T", Value::Null, Ok("none")),
            ("%F", Value::Text("9999-01-01"), Err(OUT_OF_RANGE)),
        ] {
            let clock = clock(Some(format), false, TimeUnit::Auto, "Europe/Berlin");
            assert_eq!(read(&clock, value, Value::Missing), time.map(str::to_owned), "{format} {value:?}");
        }
    }

    #[test]
    fn a_time_in_two_fields_is_one() {
        let seconds = Value::Int(1_760_559_686);
        for (first, rest, time) in [
            (Value::Text("2026-11-27"), Value::Text("12:00:00"), Ok("2026-11-27T11:00:00.000000Z")),
            (Value::Text("2026-11-27"), Value::Text("12:00:00.5Z"), Ok("2026-11-27T12:00:00.500000Z")),
            (Value::Text("2026/11/27"), Value::Text("12:00:00 EST"), Ok("2026-11-27T17:00:00.000000Z")),
            (Value::Text("27/Nov/2026"), Value::Text("12:00"), Ok("2026-11-27T11:00:00.000000Z")),
            (seconds, Value::Int(315_260_000), Ok("2025-10-15T20:21:26.315260Z")),
            (Value::Text("1760559686"), Value::Text("315260000"), Ok("2025-10-15T20:21:26.315260Z")),
            (Value::Int(1_760_559_686_315), Value::Int(260_000), Ok("2025-10-15T20:21:26.315260Z")),
            (seconds, Value::Int(0), Ok("2025-10-15T20:21:26.000000Z")),
            (seconds, Value::Int(1_000_000_000), Err(NOT_A_TIME)),
            (seconds, Value::Int(-1), Err(NOT_A_TIME)),
            (seconds, Value::Text("12:00:00"), Err(NOT_A_TIME)),
            (Value::Int(i64::MAX), Value::Int(0), Err(OUT_OF_RANGE)),
            (Value::Float(1.5), Value::Int(0), Err(NOT_A_TIME)),
            (Value::Text("2026-11-27T12:00:00Z"), Value::Text("12:00:00"), Err(NOT_A_TIME)),
            (seconds, Value::Null, Err(HALF_A_TIME)),
            (Value::Missing, Value::Text("12:00:00"), Err(HALF_A_TIME)),
            (Value::Int(20_251_015), Value::Int(202_126), Ok("2025-10-15T18:21:26.000000Z")),
            (Value::Text("20251015"), Value::Text("091021"), Ok("2025-10-15T07:10:21.000000Z")),
            (Value::Int(20_251_015), Value::Int(91_021), Ok("2025-10-15T07:10:21.000000Z")),
            (Value::Int(20_251_015), Value::Text("20:21:26.5Z"), Ok("2025-10-15T20:21:26.500000Z")),
            (Value::Int(20_251_015), Value::Int(2021), Err(DIGITS)),
            (Value::Int(20_251_015), Value::Text("91021"), Err(DIGITS)),
            (Value::Int(20_251_015), Value::Int(202_126_315), Err(DIGITS)),
            (Value::Int(20_251_015), Value::Int(246_060), Err(NOT_A_TIME)),
            (Value::Int(20_251_315), Value::Int(202_126), Ok("1970-08-23T09:21:55.000202126Z")),
            (Value::Null, Value::Missing, Ok("none")),
            (Value::Bool(true), Value::Int(0), Err(NOT_A_TIME)),
        ] {
            let clock = clock(None, true, TimeUnit::Auto, "Europe/Berlin");
            assert_eq!(read(&clock, first, rest), time.map(str::to_owned), "{first:?} {rest:?}");
        }
        for (rest, time) in
            [(5, "00:00:05"), (121, "00:01:21"), (1021, "00:10:21"), (11_021, "01:10:21"), (91_021, "09:10:21")]
        {
            let clock = clock(Some("%Y%m%d %H%M%S"), true, TimeUnit::Auto, "UTC");
            let time = format!("2026-11-27T{time}.000000Z");
            assert_eq!(read(&clock, Value::Int(20_261_127), Value::Int(rest)), Ok(time), "{rest}");
        }
        let seconds = clock(None, true, TimeUnit::Seconds, "UTC");
        let early = read(&seconds, Value::Int(20_251_015), Value::Int(202_126));
        assert_eq!(early.as_deref(), Ok("1970-08-23T09:16:55.000202126Z"));
        let both = clock(Some("%Y%m%d %H%M%S"), true, TimeUnit::Auto, "UTC");
        assert_eq!(
            read(&both, Value::Int(20_261_127), Value::Text("120000")).as_deref(),
            Ok("2026-11-27T12:00:00.000000Z")
        );
    }

    #[test]
    fn what_is_read_so_may_be_too_far_ahead_as_well() {
        let mut clock = clock(Some("%F"), false, TimeUnit::Auto, "UTC");
        clock.limit(std::time::Duration::ZERO);
        assert_eq!(read(&clock, Value::Text("2200-01-01"), Value::Missing), Err(FAR_AHEAD));
    }
}
