//! Days, weeks and months of a time zone: windows that are not all equally long.
//!
//! A day begins where the zone's date does; it may have 23 hours, or 25. Weeks begin on Monday.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Windows that begin with a day, a week or a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub unit: CalendarUnit,
    pub zone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarUnit {
    Day,
    Week,
    Month,
}

impl Calendar {
    /// Longer than any of its windows.
    pub const LONGEST_NS: i64 = 33 * 86_400 * 1_000_000_000;

    /// The beginning of the window that an instant is in.
    pub fn begin(&self, nanos: i64) -> i64 {
        let date = Timestamp::from_nanosecond(nanos.into()).map(|time| self.zone.to_datetime(time).date());
        // Where time begins, there is no date before.
        date.ok().and_then(|date| self.instant(self.first_day(date)?)).map_or(i64::MIN, |begin| begin.min(nanos))
    }

    /// The end of the window that an instant is in, where the next begins.
    pub fn end(&self, nanos: i64) -> i64 {
        let next = || {
            let time = Timestamp::from_nanosecond(nanos.into()).ok()?;
            let first = self.first_day(self.zone.to_datetime(time).date())?;
            let length = match self.unit {
                CalendarUnit::Day => Span::new().days(1),
                CalendarUnit::Week => Span::new().weeks(1),
                CalendarUnit::Month => Span::new().months(1),
            };
            self.instant(first.checked_add(length).ok()?)
        };
        next().filter(|end| *end > nanos).unwrap_or(i64::MAX)
    }

    fn first_day(&self, date: Date) -> Option<Date> {
        match self.unit {
            CalendarUnit::Day => Some(date),
            CalendarUnit::Week => {
                let since_monday = i32::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(Span::new().days(since_monday)).ok()
            }
            CalendarUnit::Month => Some(date.first_of_month()),
        }
    }

    /// When a date begins. A midnight that the zone leaves out is the instant after the gap.
    fn instant(&self, date: Date) -> Option<i64> {
        let instant = date.to_zoned(self.zone.clone()).ok()?.start_of_day().ok()?.timestamp().as_nanosecond();
        Some(i64::try_from(instant).unwrap_or(if instant < 0 { i64::MIN } else { i64::MAX }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendar(unit: CalendarUnit, zone: &str) -> Calendar {
        Calendar { unit, zone: TimeZone::get(zone).unwrap() }
    }

    fn at(text: &str) -> i64 {
        i64::try_from(text.parse::<Timestamp>().unwrap().as_nanosecond()).unwrap()
    }

    #[test]
    fn days_are_as_long_as_the_zone_makes_them() {
        let berlin = calendar(CalendarUnit::Day, "Europe/Berlin");
        for (inside, begin, end) in [
            ("2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ("2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            ("2026-06-01T21:59:59Z", "2026-05-31T22:00:00Z", "2026-06-01T22:00:00Z"),
        ] {
            assert_eq!((berlin.begin(at(inside)), berlin.end(at(inside))), (at(begin), at(end)), "{inside}");
        }
        // In Beirut the clock goes from midnight to one.
        let beirut = calendar(CalendarUnit::Day, "Asia/Beirut");
        let inside = at("2022-03-27T12:00:00Z");
        assert_eq!(
            (beirut.begin(inside), beirut.end(inside)),
            (at("2022-03-26T22:00:00Z"), at("2022-03-27T21:00:00Z"))
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_months_with_their_first_day() {
        let week = calendar(CalendarUnit::Week, "UTC");
        let sunday = at("2026-11-29T23:59:59Z");
        assert_eq!((week.begin(sunday), week.end(sunday)), (at("2026-11-23T00:00:00Z"), at("2026-11-30T00:00:00Z")));
        let month = calendar(CalendarUnit::Month, "America/New_York");
        let leap = at("2024-02-29T12:00:00Z");
        assert_eq!((month.begin(leap), month.end(leap)), (at("2024-02-01T05:00:00Z"), at("2024-03-01T05:00:00Z")));
    }

    proptest! {
        #[test]
        fn each_instant_is_in_one_window_and_windows_follow_each_other(
            nanos: i64,
            unit in prop::sample::select(vec![CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month]),
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Beirut"]),
        ) {
            let calendar = calendar(unit, zone);
            let (begin, end) = (calendar.begin(nanos), calendar.end(nanos));
            prop_assert!(begin <= nanos && nanos < end);
            if begin > i64::MIN {
                prop_assert_eq!((calendar.begin(begin), calendar.end(begin)), (begin, end));
                prop_assert_eq!(calendar.end(begin - 1), begin);
            }
            if end < i64::MAX {
                prop_assert_eq!((calendar.begin(end), calendar.begin(end - 1)), (end, begin));
                prop_assert!(end.saturating_sub(begin) <= Calendar::LONGEST_NS);
            }
        }
    }
}
