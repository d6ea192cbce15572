//! An instant of event time, and how it prints.

use serde::{Deserialize, Serialize};
use std::fmt;

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_timestamp_prints_as_jiff_prints_it(nanos: i64) {
            let ours = Timestamp::from_nanos(nanos).to_string();
            let theirs = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            prop_assert_eq!(ours.parse::<jiff::Timestamp>().unwrap(), theirs);
        }
    }
}
