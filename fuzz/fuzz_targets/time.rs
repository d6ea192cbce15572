//! Any value is a time, or none, or refused; RFC 3339 reads as jiff reads it.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use streamlab::decode::Clock;
use streamlab::event::Value;
use streamlab::schema::TimeUnit;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Text(&'a str),
    Int(i64),
    Uint(u64),
    Float(f64),
    Rfc3339 { seconds: u32, nanos: u32, offset_minutes: i16, digits: u8, separator: u8 },
}

fuzz_target!(|input: (u8, Input<'_>)| {
    let units = [TimeUnit::Auto, TimeUnit::Seconds, TimeUnit::Millis, TimeUnit::Micros, TimeUnit::Nanos];
    let clock = Clock::new(units[usize::from(input.0) % units.len()], jiff::tz::TimeZone::UTC);
    match input.1 {
        Input::Text(text) => read(&clock, text),
        Input::Int(count) => drop(clock.read(&Value::Int(count))),
        Input::Uint(count) => drop(clock.read(&Value::Uint(count))),
        Input::Float(count) => {
            // A time is what it was written as, however a unit is told: to the microsecond.
            if let Ok(Some(time)) = clock.read(&Value::Float(count))
                && clock.unit == TimeUnit::Seconds
                && count.abs() < 4e9
            {
                assert!((time.nanos() as f64 / 1e9 - count).abs() < 1e-6, "{count} is {time}");
            }
        }
        Input::Rfc3339 { seconds, nanos, offset_minutes, digits, separator } => {
            let instant = jiff::Timestamp::new(i64::from(seconds), (nanos % 1_000_000_000) as i32).unwrap();
            let offset = jiff::tz::Offset::from_seconds(i32::from(offset_minutes % 1440) * 60).unwrap();
            let civil = offset.to_datetime(instant);
            let fraction = match digits % 10 {
                0 => String::new(),
                digits => format!("%.{digits}f"),
            };
            let separator = ['T', 't', ' '][usize::from(separator) % 3];
            let civil = civil.strftime(&format!("%Y-%m-%d{separator}%H:%M:%S{fraction}")).to_string();
            let (sign, minutes) = (if offset_minutes < 0 { '-' } else { '+' }, (offset_minutes % 1440).abs());
            read(&clock, &format!("{civil}{sign}{:02}:{:02}", minutes / 60, minutes % 60));
            read(&clock, &format!("{civil}Z"));
        }
    }
});

/// What we read and jiff reads too is the same instant; and what RFC 3339 allows we do read.
fn read(clock: &Clock, text: &str) {
    let ours = clock.read(&Value::Text(text));
    let theirs = text.trim().parse::<jiff::Timestamp>();
    match (ours, theirs) {
        (Ok(Some(ours)), Ok(theirs)) => {
            assert_eq!(i128::from(ours.nanos()), theirs.as_nanosecond(), "{text:?}");
        }
        (Err(reason), Ok(theirs)) if is_rfc_3339(text.trim()) => {
            let years = jiff::tz::TimeZone::UTC.to_datetime(theirs).year();
            assert!(!(1679..=2260).contains(&years), "{text:?}: {reason}");
        }
        _ => {}
    }
}

/// `date-time` of RFC 3339, without what jiff reads beyond it; no leap seconds.
fn is_rfc_3339(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = ["0000-00-00T00:00:00", "0000-00-00t00:00:00"].iter().find_map(|head| shape.strip_prefix(head))
    else {
        return false;
    };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with('0') => fraction.trim_start_matches('0'),
        Some(_) => return false,
        None => rest,
    };
    // jiff reads an offset of up to 25 hours, which is none in RFC 3339.
    let is_hour = |offset: &str| text[text.len() - offset.len() + 1..][..2] < *"24";
    matches!(rest, "Z" | "z") || matches!(rest, "+00:00" | "-00:00") && is_hour(rest)
}
