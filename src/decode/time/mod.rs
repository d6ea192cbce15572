//! Event time out of whatever a log writes: epochs, RFC 3339, plain date-times, dates in words, a form that
//! is given, a time in two fields.
//!
//! A time that cannot be told, or lies outside the years 1678 to 2261, is an error and never a
//! wrong instant.

mod apart;
mod calendar;
mod words;
mod zone;

pub use zone::belongs_to_time;

use crate::event::{Role, Timestamp, Value};
use crate::schema::{Schema, TimeUnit};
use apart::Apart;
use calendar::{Civil, Day};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::cell::Cell;
use std::time::{Duration, SystemTime};
use zone::Zone;

pub const OUT_OF_RANGE: &str = "time out of range";
pub const NOT_A_TIME: &str = "time not understood";
pub const NO_YEAR: &str = "time without a year";
pub const NO_ZONE: &str = "time in a zone that is not known";
pub const UNCLEAR_ZONE: &str = "time in a zone whose abbreviation is not unmistakable (see --time-zone)";
pub const HALF_OF_DAY: &str = "time with AM or PM (see --time-format, as in '%Y-%m-%d %I:%M:%S %p')";
pub const FAR_AHEAD: &str = "time too far ahead of the clock (see --max-ahead)";

/// How a log writes its times.
#[derive(Clone, Debug)]
pub struct Clock {
    pub unit: TimeUnit,
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// A later time is a mistake of whoever wrote it: it would leave all others behind.
    pub latest: Timestamp,
    /// The day of the last time that was a text.
    day: Cell<Day>,
    /// Where times are not told by the look of one field.
    apart: Option<Box<Apart>>,
    /// Whether a double is seconds, if it can be.
    is_of_seconds: bool,
}

impl Clock {
    pub fn new(unit: TimeUnit, zone: TimeZone) -> Self {
        let is_of_seconds = matches!(unit, TimeUnit::Auto | TimeUnit::Seconds);
        let latest = Timestamp::from_nanos(i64::MAX);
        Self { unit, zone, latest, day: Cell::default(), apart: None, is_of_seconds }
    }

    /// A clock for the records of a schema.
    pub fn of(schema: &Schema) -> Self {
        let clock = Self::new(schema.time_unit, schema.time_zone.clone());
        let apart = Apart::new(schema).map(Box::new);
        Self { is_of_seconds: clock.is_of_seconds && apart.is_none(), apart, ..clock }
    }

    /// Lets no time be more than `ahead` after now.
    pub fn limit(&mut self, ahead: Duration) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.latest = Timestamp::from_nanos(i64::try_from((now + ahead).as_nanos()).unwrap_or(i64::MAX));
    }

    /// The time of a record with these fields; `None` where it has none.
    #[inline(always)]
    pub fn time(&self, fields: &[Value<'_>]) -> Result<Option<Timestamp>, &'static str> {
        match self.seconds(&fields[Role::Time as usize]) {
            Some(time) => self.limited(Some(time)),
            None => self.other(fields),
        }
    }

    #[inline(never)]
    fn other(&self, fields: &[Value<'_>]) -> Result<Option<Timestamp>, &'static str> {
        match &self.apart {
            None => self.read(&fields[Role::Time as usize]),
            Some(apart) => self.limited(apart.read(self, fields)?),
        }
    }

    #[inline(always)]
    fn limited(&self, time: Option<Timestamp>) -> Result<Option<Timestamp>, &'static str> {
        if time.is_some_and(|time| time > self.latest) { Err(FAR_AHEAD) } else { Ok(time) }
    }

    /// Seconds of our days, the commonest time: what `fractional_epoch` comes to.
    #[inline(always)]
    fn seconds(&self, value: &Value<'_>) -> Option<Timestamp> {
        match value {
            Value::Float(count) if self.is_of_seconds && (1.0..4.5e9).contains(count) => {
                Some(Timestamp::from_nanos(nearest(count * 1e6) * 1000))
            }
            _ => None,
        }
    }

    /// The time that a value tells by its look; `None` where there is none.
    #[inline]
    pub fn read(&self, value: &Value<'_>) -> Result<Option<Timestamp>, &'static str> {
        let time = match value {
            Value::Int(count) => self.epoch(*count)?,
            Value::Missing | Value::Null => return Ok(None),
            value => self.convert(value)?,
        };
        if time > self.latest { Err(FAR_AHEAD) } else { Ok(Some(time)) }
    }

    /// What is no double of our days and no integer.
    #[inline(never)]
    fn convert(&self, value: &Value<'_>) -> Result<Timestamp, &'static str> {
        match *value {
            Value::Text(text) => self.any_text(text),
            Value::Uint(count) => i64::try_from(count).map_err(|_| OUT_OF_RANGE).and_then(|count| self.epoch(count)),
            Value::Float(count) => self.fractional_epoch(count),
            Value::Big(_) => Err(OUT_OF_RANGE),
            _ => Err(NOT_A_TIME),
        }
    }

    #[inline]
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

    #[inline]
    fn epoch(&self, count: i64) -> Result<Timestamp, &'static str> {
        let nanos = count.checked_mul(self.nanos_per_unit(count.unsigned_abs()));
        in_range(nanos.ok_or(OUT_OF_RANGE)?)
    }

    fn fractional_epoch(&self, count: f64) -> Result<Timestamp, &'static str> {
        let nanos_per_unit = self.nanos_per_unit(count.abs() as u64);
        // A double has 16 digits: today's times are sound to the microsecond, and rounding there
        // gives back the decimal that was written.
        let step = nanos_per_unit.min(1000);
        let steps = (count * (nanos_per_unit / step) as f64).round_ties_even();
        if steps.is_nan() {
            return Err(NOT_A_TIME);
        }
        if steps.abs() >= i64::MAX as f64 / step as f64 {
            return Err(OUT_OF_RANGE);
        }
        in_range((steps as i64).checked_mul(step).ok_or(OUT_OF_RANGE)?)
    }

    fn any_text(&self, text: &str) -> Result<Timestamp, &'static str> {
        match calendar::quick(text.as_bytes(), &self.day, || self.offset()) {
            Some(nanos) => in_range(nanos),
            None => self.text(text.trim()).map_err(|reason| if tells_half_of_day(text) { HALF_OF_DAY } else { reason }),
        }
    }

    fn text(&self, text: &str) -> Result<Timestamp, &'static str> {
        // Apache and others put a time in brackets.
        let text = text.strip_prefix('[').map_or(text, |text| text.strip_suffix(']').unwrap_or(text));
        let read = |(civil, zone)| Ok((civil, Zone::read(zone).ok_or(NOT_A_TIME)?));
        let (civil, zone) = match text.as_bytes() {
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-' | b'/', ..] => {
                calendar::careful(text).ok_or(NOT_A_TIME).and_then(read)?
            }
            [_, _, _, _, _, _, _, _, b'T' | b't', b'0'..=b'9', ..] => {
                calendar::basic(text).ok_or(NOT_A_TIME).and_then(read)?
            }
            [b'a'..=b'z' | b'A'..=b'Z', ..] | [b'0'..=b'9', b'/' | b'-' | b' ', ..] => words::read(text)?,
            [b'0'..=b'9', b'0'..=b'9', b'/' | b'-' | b' ', ..] => words::read(text)?,
            _ => {
                return match text.parse::<i64>() {
                    Ok(count) => self.epoch(count),
                    Err(_) => self.fractional_epoch(text.parse().map_err(|_| NOT_A_TIME)?),
                };
            }
        };
        self.placed(civil, zone)
    }

    /// The instant of a date and a time of day at a place.
    fn placed(&self, civil: Civil, zone: Zone<'_>) -> Result<Timestamp, &'static str> {
        if let Zone::Offset(offset) = zone {
            return in_range(civil.since_epoch(offset).ok_or(OUT_OF_RANGE)?);
        }
        let Civil { year, month, day, of_day, nanos } = civil;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let local =
            DateTime::new(year as i16, month as i8, day as i8, hour as i8, minute as i8, second as i8, nanos as i32);
        self.local(local.map_err(|_| OUT_OF_RANGE)?, zone)
    }

    fn local(&self, civil: DateTime, zone: Zone<'_>) -> Result<Timestamp, &'static str> {
        let instant = match zone {
            Zone::Local => zone::local(civil, &self.zone),
            Zone::Name(name) => zone::local(civil, &TimeZone::get(name).map_err(|_| NO_ZONE)?),
            Zone::Abbreviation(name) => {
                let offset = zone::abbreviated(name, civil, &self.zone).ok_or(UNCLEAR_ZONE)?;
                zone::local(civil, &fixed(offset).ok_or(OUT_OF_RANGE)?)
            }
            Zone::Offset(offset) => zone::local(civil, &fixed(offset).ok_or(OUT_OF_RANGE)?),
        };
        instant_in_range(instant.ok_or(OUT_OF_RANGE)?)
    }

    /// Seconds east of UTC of times that name no zone, where it is always the same.
    fn offset(&self) -> Option<i64> {
        self.zone.to_fixed_offset().ok().map(|offset| offset.seconds().into())
    }
}

/// Whether a text is a time of twelve hours, such as `1:02:03 PM`.
fn tells_half_of_day(text: &str) -> bool {
    let is_half = |word: &str| ["AM", "PM", "A.M.", "P.M."].into_iter().any(|half| half.eq_ignore_ascii_case(word));
    let letters = |word: &str| word.trim_start_matches(|char: char| char.is_ascii_digit() || char == ':').to_owned();
    text.split_ascii_whitespace().any(|word| is_half(&letters(word)))
}

fn fixed(offset: i64) -> Option<TimeZone> {
    Some(TimeZone::fixed(jiff::tz::Offset::from_seconds(i32::try_from(offset).ok()?).ok()?))
}

fn instant_in_range(instant: jiff::Timestamp) -> Result<Timestamp, &'static str> {
    in_range(i64::try_from(instant.as_nanosecond()).map_err(|_| OUT_OF_RANGE)?)
}

/// The integer nearest to a count of at least 0 and below 2^52, the even one of two: there the low
/// bits of a double are one, which is quicker than to convert and to check.
#[inline(always)]
fn nearest(count: f64) -> i64 {
    const ONE: f64 = (1u64 << 52) as f64;
    ((count + ONE).to_bits() - ONE.to_bits()) as i64
}

/// The first and the last instant that is taken for a time: whole years that fit the nanoseconds.
const RANGE: std::ops::Range<i64> = -9_214_560_000_000_000_000..9_214_646_400_000_000_000;

fn in_range(nanos: i64) -> Result<Timestamp, &'static str> {
    if RANGE.contains(&nanos) { Ok(Timestamp::from_nanos(nanos)) } else { Err(OUT_OF_RANGE) }
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
        /// One clock reads them all: what it knows of the last one must not show.
        #[test]
        fn rfc_3339_reads_as_jiff_reads_it(
            times in prop::collection::vec((
                prop_oneof![-9_000_000_000i64..9_000_000_000, 0i64..200_000],
                0i32..1_000_000_000,
                prop_oneof![Just(0), -86_000i32..86_000],
                0usize..=9,
                any::<bool>(),
            ), 1..8)
        ) {
            let clock = Clock::new(TimeUnit::Auto, TimeZone::UTC);
            for (seconds, nanos, offset, digits, is_zulu) in times {
                let zone = TimeZone::fixed(jiff::tz::Offset::from_seconds(offset / 60 * 60).unwrap());
                let instant = jiff::Timestamp::new(seconds, nanos).unwrap().to_zoned(zone);
                let dot = if digits > 0 { "." } else { "" };
                let fraction = &format!("{:09}", instant.subsec_nanosecond())[..digits];
                let written_zone = if is_zulu { "Z".to_owned() } else { instant.strftime("%:z").to_string() };
                let text = format!("{}{dot}{fraction}{written_zone}", instant.strftime("%Y-%m-%dT%H:%M:%S"));
                let read = clock.read(&Value::Text(&text)).unwrap().unwrap();
                let expected: jiff::Timestamp = text.parse().unwrap();
                prop_assert_eq!(i128::from(read.nanos()), expected.as_nanosecond(), "{}", text);
            }
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = read(Value::Text(&text));
        }

        #[test]
        fn seconds_are_rounded_as_every_other_unit_is(count in prop_oneof![0.0..1e3, 0.0..4.6e9, 1.7e9..1.8e9]) {
            let clock = Clock::new(TimeUnit::Seconds, TimeZone::UTC);
            prop_assert_eq!(clock.time(&[Value::Float(count)]), clock.fractional_epoch(count).map(Some));
        }

        #[test]
        fn microseconds_survive_a_double(micros in 0i64..4_000_000_000_000_000) {
            let read = Clock::new(TimeUnit::Auto, TimeZone::UTC).time(&[Value::Float(micros as f64 / 1e6)]).unwrap().unwrap();
            prop_assert_eq!(read.nanos(), micros * 1000);
        }
    }
}
