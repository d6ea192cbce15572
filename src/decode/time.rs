//! Event time out of whatever a log writes: epochs, RFC 3339, plain date-times, Apache's format.
//!
//! A time that cannot be told, or lies outside the years 1678 to 2261, is an error and never a
//! wrong instant.

use crate::event::{Timestamp, Value};
use crate::schema::TimeUnit;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::time::{Duration, SystemTime};

pub const OUT_OF_RANGE: &str = "time out of range";
pub const NOT_A_TIME: &str = "time not understood";
pub const FAR_AHEAD: &str = "time too far ahead of the clock (see --max-ahead)";

/// How a log writes its times.
#[derive(Clone, Debug)]
pub struct Clock {
    pub unit: TimeUnit,
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// A later time is a mistake of whoever wrote it: it would leave all others behind.
    pub latest: Timestamp,
}

impl Clock {
    pub fn new(unit: TimeUnit, zone: TimeZone) -> Self {
        Self { unit, zone, latest: Timestamp::from_nanos(i64::MAX) }
    }

    /// Lets no time be more than `ahead` after now.
    pub fn limit(&mut self, ahead: Duration) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.latest = Timestamp::from_nanos(i64::try_from((now + ahead).as_nanos()).unwrap_or(i64::MAX));
    }

    /// `None` where the record has no time.
    #[inline]
    pub fn read(&self, value: &Value<'_>) -> Result<Option<Timestamp>, &'static str> {
        let time = match value {
            // Seconds of our days, the commonest: what `fractional_epoch` comes to.
            Value::Float(count)
                if (1.0..9.2e9).contains(count) && matches!(self.unit, TimeUnit::Auto | TimeUnit::Seconds) =>
            {
                Timestamp::from_nanos((count * 1e6 + 0.5) as i64 * 1000)
            }
            Value::Missing | Value::Null => return Ok(None),
            value => self.convert(value)?,
        };
        if time > self.latest { Err(FAR_AHEAD) } else { Ok(Some(time)) }
    }

    #[inline(never)]
    fn convert(&self, value: &Value<'_>) -> Result<Timestamp, &'static str> {
        match *value {
            Value::Int(count) => self.epoch(count),
            Value::Uint(count) => i64::try_from(count).map_err(|_| OUT_OF_RANGE).and_then(|count| self.epoch(count)),
            Value::Float(count) => self.fractional_epoch(count),
            Value::Text(text) => self.text(text.trim()),
            Value::Missing | Value::Null | Value::Bool(_) | Value::Nested => Err(NOT_A_TIME),
        }
    }

    fn nanos_per_unit(&self, magnitude: u64) -> i64 {
        match self.unit {
            TimeUnit::Seconds => 1_000_000_000,
            TimeUnit::Millis => 1_000_000,
            TimeUnit::Micros => 1000,
            TimeUnit::Nanos => 1,
            TimeUnit::Auto => match magnitude {
                0..100_000_000_000 => 1_000_000_000,
                100_000_000_000..100_000_000_000_000 => 1_000_000,
                100_000_000_000_000..100_000_000_000_000_000 => 1000,
                _ => 1,
            },
        }
    }

    fn epoch(&self, count: i64) -> Result<Timestamp, &'static str> {
        let nanos = count.checked_mul(self.nanos_per_unit(count.unsigned_abs()));
        in_range(nanos.ok_or(OUT_OF_RANGE)?)
    }

    fn fractional_epoch(&self, count: f64) -> Result<Timestamp, &'static str> {
        let nanos_per_unit = self.nanos_per_unit(count.abs() as u64);
        // A double has 16 digits: today's times are sound to the microsecond, and rounding there
        // gives back the decimal that was written.
        let step = nanos_per_unit.min(1000);
        // Half away from zero, once the fraction is cut off below.
        let steps = count * (nanos_per_unit / step) as f64;
        let steps = steps + 0.5f64.copysign(steps);
        if steps.is_nan() {
            return Err(NOT_A_TIME);
        }
        if steps.abs() >= i64::MAX as f64 / step as f64 {
            return Err(OUT_OF_RANGE);
        }
        in_range((steps as i64).checked_mul(step).ok_or(OUT_OF_RANGE)?)
    }

    fn text(&self, text: &str) -> Result<Timestamp, &'static str> {
        let bytes = text.as_bytes();
        match bytes {
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..] => self.calendar(bytes),
            [_, b'/', ..] | [_, _, b'/', ..] => self.apache(text.trim_matches(['[', ']'])),
            [b'[', ..] => self.apache(text.trim_matches(['[', ']'])),
            _ => match text.parse::<i64>() {
                Ok(count) => self.epoch(count),
                Err(_) => self.fractional_epoch(text.parse().map_err(|_| NOT_A_TIME)?),
            },
        }
    }

    /// `2006-01-02T15:04:05.999999999Z07:00` and its kin: `T`, `t` or a space between, `.` or `,`
    /// before the fraction, the zone with or without a colon, or none.
    fn calendar(&self, text: &[u8]) -> Result<Timestamp, &'static str> {
        let digits = |from: usize, count: usize| -> Option<i64> {
            let part = text.get(from..from + count)?;
            part.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
        };
        let is = |at: usize, any: &[u8]| text.get(at).is_some_and(|byte| any.contains(byte));
        if !(is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
            return Err(NOT_A_TIME);
        }
        let part = |from, count| digits(from, count).ok_or(NOT_A_TIME);
        let (year, month, day) = (part(0, 4)?, part(5, 2)?, part(8, 2)?);
        let (hour, minute, second) = (part(11, 2)?, part(14, 2)?, part(17, 2)?);
        if !(1..=12).contains(&month)
            || day < 1
            || day > days_in(year, month)
            || hour > 23
            || minute > 59
            || second > 60
        {
            return Err(NOT_A_TIME);
        }
        // A leap second is the last one of its minute.
        let of_day = hour * 3600 + minute * 60 + second.min(59);
        let seconds = days_from_civil(year, month, day) * 86_400 + of_day;
        let (nanos, rest) = fraction(&text[19..])?;
        let utc = match rest {
            b"" => return self.local(year, month, day, of_day, nanos),
            b"Z" | b"z" => seconds,
            _ => seconds - offset_seconds(rest).ok_or(NOT_A_TIME)?,
        };
        in_range(utc.checked_mul(1_000_000_000).and_then(|whole| whole.checked_add(nanos)).ok_or(OUT_OF_RANGE)?)
    }

    fn local(&self, year: i64, month: i64, day: i64, of_day: i64, nanos: i64) -> Result<Timestamp, &'static str> {
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let civil =
            DateTime::new(year as i16, month as i8, day as i8, hour as i8, minute as i8, second as i8, nanos as i32);
        let zoned = civil.and_then(|civil| civil.to_zoned(self.zone.clone())).map_err(|_| OUT_OF_RANGE)?;
        in_range(i64::try_from(zoned.timestamp().as_nanosecond()).map_err(|_| OUT_OF_RANGE)?)
    }

    /// `02/Jan/2006:15:04:05 -0700`, as Apache's common log format has it.
    fn apache(&self, text: &str) -> Result<Timestamp, &'static str> {
        let time = jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", text).and_then(|parts| parts.to_timestamp());
        in_range(i64::try_from(time.map_err(|_| NOT_A_TIME)?.as_nanosecond()).map_err(|_| OUT_OF_RANGE)?)
    }
}

/// The first and the last instant that is taken for a time: whole years that fit the nanoseconds.
const RANGE: std::ops::Range<i64> = -9_214_560_000_000_000_000..9_214_646_400_000_000_000;

fn in_range(nanos: i64) -> Result<Timestamp, &'static str> {
    if RANGE.contains(&nanos) { Ok(Timestamp::from_nanos(nanos)) } else { Err(OUT_OF_RANGE) }
}

/// Nanoseconds of a leading `.123` or `,123` (digits past the ninth are dropped), and what follows.
fn fraction(text: &[u8]) -> Result<(i64, &[u8]), &'static str> {
    let [b'.' | b',', digits @ ..] = text else { return Ok((0, text)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return Err(NOT_A_TIME);
    }
    let padded = digits[..count].iter().map(|digit| i64::from(digit - b'0')).chain(std::iter::repeat(0));
    let nanos = padded.take(9).fold(0, |nanos, digit| nanos * 10 + digit);
    Ok((nanos, &digits[count..]))
}

/// Seconds east of UTC of `+07:00`, `+0700` or `+07`, after an optional space.
fn offset_seconds(text: &[u8]) -> Option<i64> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, digits) = match text {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        b"UTC" | b"Z" => return Some(0),
        _ => return None,
    };
    let two = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let (hours, minutes) = match *digits {
        [a, b] => (two(a, b)?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (two(a, b)?, two(c, d)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days since the epoch (Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(value: Value<'_>) -> Result<String, &'static str> {
        let clock = Clock::new(TimeUnit::Auto, TimeZone::UTC);
        clock.read(&value).map(|time| time.map_or("none".to_owned(), |time| time.to_string()))
    }

    #[test]
    fn one_instant_in_every_spelling() {
        let same = "2025-10-15T20:21:26.315260Z";
        for value in [
            Value::Float(1_760_559_686.315_26),
            Value::Int(1_760_559_686_315_260),
            Value::Int(1_760_559_686_315_260_000),
            Value::Float(1_760_559_686_315.26),
            Value::Text("1760559686315260"),
            Value::Text("1760559686.31526"),
            Value::Text("2025-10-15T20:21:26.31526Z"),
            Value::Text("2025-10-15 20:21:26,315260"),
            Value::Text("2025-10-15T22:21:26.31526+02:00"),
            Value::Text("2025-10-15T14:51:26.31526-0530"),
        ] {
            assert_eq!(read(value).as_deref(), Ok(same), "{value:?}");
        }
        assert_eq!(read(Value::Text("15/Oct/2025:22:21:26 +0200")).as_deref(), Ok("2025-10-15T20:21:26.000000Z"));
        assert_eq!(read(Value::Text("[15/Oct/2025:22:21:26 +0200]")).as_deref(), Ok("2025-10-15T20:21:26.000000Z"));
        assert_eq!(read(Value::Int(90)).as_deref(), Ok("1970-01-01T00:01:30.000000Z"));
        assert_eq!(read(Value::Null).as_deref(), Ok("none"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            "",
            "yesterday",
            "2025-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-01-01",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:00:00.Z",
            "2025-01-01T00:00:00+25:00",
            "20/xyz",
            "2025-01-01T00:00:00é",
            "NaN",
            "-nan",
        ] {
            assert_eq!(read(Value::Text(bad)), Err(NOT_A_TIME), "{bad}");
        }
        for value in [
            Value::Text("9999-01-01T00:00:00Z"),
            Value::Float(1e300),
            Value::Float(f64::NEG_INFINITY),
            Value::Int(i64::MAX),
            Value::Int(i64::MIN),
            Value::Uint(u64::MAX),
        ] {
            assert_eq!(read(value), Err(OUT_OF_RANGE), "{value:?}");
        }
        assert_eq!(read(Value::Bool(true)), Err(NOT_A_TIME));
    }

    #[test]
    fn a_time_far_ahead_of_the_clock_is_refused() {
        let mut clock = Clock::new(TimeUnit::Auto, TimeZone::UTC);
        assert!(clock.read(&Value::Int(9_000_000_000)).is_ok());
        clock.limit(Duration::from_secs(3600));
        assert_eq!(clock.read(&Value::Int(9_000_000_000)), Err(FAR_AHEAD));
        let soon = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64 + 1800;
        assert!(clock.read(&Value::Int(soon)).is_ok());
    }

    #[test]
    fn a_time_without_zone_is_in_the_zone_given() {
        let clock = Clock::new(TimeUnit::Auto, TimeZone::get("Europe/Berlin").unwrap());
        let time = clock.read(&Value::Text("2025-07-01 12:00:00")).unwrap().unwrap();
        assert_eq!(time.to_string(), "2025-07-01T10:00:00.000000Z");
    }

    proptest! {
        #[test]
        fn rfc_3339_reads_as_jiff_reads_it(seconds in -9_000_000_000i64..9_000_000_000, nanos in 0i32..1_000_000_000, offset in -86_000i32..86_000) {
            let instant = jiff::Timestamp::new(seconds, nanos).unwrap();
            let zone = TimeZone::fixed(jiff::tz::Offset::from_seconds(offset / 60 * 60).unwrap());
            let text = instant.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S.%9f%:z").to_string();
            let clock = Clock::new(TimeUnit::Auto, TimeZone::UTC);
            let read = clock.read(&Value::Text(&text)).unwrap().unwrap();
            prop_assert_eq!(i128::from(read.nanos()), instant.as_nanosecond());
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = read(Value::Text(&text));
        }

        #[test]
        fn microseconds_survive_a_double(micros in 0i64..4_000_000_000_000_000) {
            let read = Clock::new(TimeUnit::Auto, TimeZone::UTC).read(&Value::Float(micros as f64 / 1e6)).unwrap().unwrap();
            prop_assert_eq!(read.nanos(), micros * 1000);
        }
    }
}
