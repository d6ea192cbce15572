//! The instants of `--since` and `--until`.

use crate::event::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Reads RFC 3339 (`2025-10-15T20:21:26Z`), a date, a date and time (`2025-10-15 20:21:26`), or a
/// span before `now` (`-1h30m`). What names no zone stands in `zone`.
pub fn when(text: &str, now: jiff::Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    let instant = match text.strip_prefix('-') {
        Some(span) => before(span.trim_start(), now),
        None => absolute(text, zone),
    };
    let instant = instant.ok_or_else(|| {
        format!(
            "`{}` is not a time; write it as 2025-10-15T20:21:26Z, 2025-10-15, 2025-10-15 20:21:26, \
             or -1h30m for that long ago",
            text.escape_debug()
        )
    })?;
    i64::try_from(instant.as_nanosecond())
        .map(Timestamp::from_nanos)
        .map_err(|_| format!("`{}` lies outside the years 1677 to 2262", text.escape_debug()))
}

fn absolute(text: &str, zone: &TimeZone) -> Option<jiff::Timestamp> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant);
    }
    // A text that names a zone of its own must not be read as one that names none.
    let local = if text.len() > 10 {
        text.parse::<DateTime>().ok().filter(|_| !text.contains(['Z', 'z', '[', '+']))?
    } else {
        text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight())
    };
    zone.to_timestamp(local).ok()
}

/// Hours, days and weeks are stretches of fixed length; months and years are not, and are refused.
fn before(span: &str, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
    // A sign or `ago` of its own would turn the span around.
    if !span.starts_with(|first: char| first.is_ascii_digit()) || span.contains("ago") {
        return None;
    }
    let span: jiff::Span = span.parse().ok()?;
    let length = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    now.checked_sub(length).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> jiff::Timestamp {
        "2025-10-15T20:00:00Z".parse().unwrap()
    }

    fn read(text: &str) -> Result<String, String> {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        when(text, now(), &zone).map(|time| time.to_string())
    }

    #[test]
    fn every_form_is_read() {
        for (text, expected) in [
            ("2025-10-15T20:21:26Z", "2025-10-15T20:21:26.000000Z"),
            ("2025-10-15T20:21:26.5+03:00", "2025-10-15T17:21:26.500000Z"),
            ("2025-10-15 20:21:26Z", "2025-10-15T20:21:26.000000Z"),
            ("2025-10-15 20:21:26", "2025-10-15T18:21:26.000000Z"),
            ("2025-10-15T20:21:26", "2025-10-15T18:21:26.000000Z"),
            ("2025-10-15 20:21", "2025-10-15T18:21:00.000000Z"),
            ("2025-10-15", "2025-10-14T22:00:00.000000Z"),
            ("-1h30m", "2025-10-15T18:30:00.000000Z"),
            ("- 90s", "2025-10-15T19:58:30.000000Z"),
            ("-2d", "2025-10-13T20:00:00.000000Z"),
            ("-1w", "2025-10-08T20:00:00.000000Z"),
            ("-500ms", "2025-10-15T19:59:59.500000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "-",
            "yesterday",
            "1h",
            "--1h",
            "-1h ago",
            "-1mo",
            "-1y",
            "2025-13-01",
            "2025-02-30",
            "2025-10-15T25:00:00Z",
            "1760559686",
            "2025-10-15T20:21:26+99:00",
            "9999-12-31",
            "-99999999999999h",
            "\u{1b}[31m",
        ] {
            let error = read(text).unwrap_err();
            assert!(!error.contains('\u{1b}'), "{error}");
        }
        assert!(read("0001-01-01").unwrap_err().contains("1677"));
    }

    proptest! {
        #[test]
        fn an_instant_reads_back_as_it_prints(nanos: i64) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(when(&time.to_string(), now(), &TimeZone::UTC), Ok(time));
        }

        #[test]
        fn no_text_panics(text in "[-0-9a-zT:. +]{0,24}") {
            _ = when(&text, now(), &TimeZone::UTC);
        }
    }
}
