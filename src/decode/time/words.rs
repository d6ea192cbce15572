//! Dates with the name of a month: as Apache, HAProxy, Go, mail, HTTP and JavaScript write them.

use super::calendar::{self, Civil};
use super::zone::Zone;
use super::{NO_YEAR, NOT_A_TIME};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Reads `15/Oct/2025:22:21:26.123 +0200`, `Wed, 15 Oct 2025 22:21:26 GMT`, `Wed Oct 15 22:21:26 CEST 2025`
/// and their kin.
pub fn read(text: &str) -> Result<(Civil, Zone<'_>), &'static str> {
    let mut scan = Scan { rest: text };
    let weekday = scan.name(&WEEKDAYS);
    if weekday.is_some() {
        scan.eat(",");
        scan.spaces();
    }
    let (date, time, zone) = match scan.name(&MONTHS) {
        Some(month) => month_first(&mut scan, month + 1)?,
        None => day_first(&mut scan).ok_or(NOT_A_TIME)?,
    };
    let [year, month, day] = date;
    let is_sound = calendar::is_date(year, month, day)
        && weekday.is_none_or(|weekday| calendar::weekday(year, month, day) == weekday as i64);
    let (of_day, nanos) = time;
    if is_sound { Ok((Civil { year, month, day, of_day, nanos }, zone)) } else { Err(NOT_A_TIME) }
}

type Parts<'a> = ([i64; 3], (i64, i64), Zone<'a>);

/// `15 Oct 2025 22:21:26`, with slashes or hyphens in the date, and a colon between it and the time.
fn day_first<'a>(scan: &mut Scan<'a>) -> Option<Parts<'a>> {
    let day = scan.number(1..=2)?;
    let between = ["/", "-", " "].into_iter().find(|between| scan.eat(between))?;
    let month = scan.name(&MONTHS)? as i64 + 1;
    scan.eat(between).then_some(())?;
    let digits = scan.digits();
    let year = scan.number(2..=4)?;
    let year = match digits {
        4 => year,
        // As POSIX and Go have it.
        2 if year < 69 => year + 2000,
        2 => year + 1900,
        _ => return None,
    };
    (scan.eat(":") || scan.eat(" ") || scan.eat(", ")).then_some(())?;
    let time = scan.time_of_day()?;
    Some(([year, month, day], time, Zone::read(scan.rest)?))
}

/// `Oct 15 22:21:26 CEST 2025`, the zone also behind the year or missing; `Oct 15 2025 22:21:26`.
fn month_first<'a>(scan: &mut Scan<'a>, month: usize) -> Result<Parts<'a>, &'static str> {
    let mut day_and_time = || {
        scan.spaces().then_some(())?;
        let day = scan.number(1..=2)?;
        scan.eat(",");
        scan.spaces().then_some(())?;
        let year = (scan.digits() == 4).then(|| scan.number(4..=4)).flatten();
        if year.is_some() {
            scan.eat(",");
            scan.spaces().then_some(())?;
        }
        Some((day, year, scan.time_of_day()?))
    };
    let (day, year, time) = day_and_time().ok_or(NOT_A_TIME)?;
    let rest = scan.rest;
    let (year, zone) = match year {
        Some(year) => (year, rest),
        None => {
            let mut words = Scan { rest: rest.trim_start() };
            match words.number(4..=4) {
                Some(year) => (year, words.rest),
                None => {
                    let (zone, year) = rest.rsplit_once(' ').ok_or(NO_YEAR)?;
                    let mut scan = Scan { rest: year };
                    let year = scan.number(4..=4).filter(|_| scan.rest.is_empty());
                    (year.ok_or(NO_YEAR)?, zone)
                }
            }
        }
    };
    Ok(([year, month as i64, day], time, Zone::read(zone).ok_or(NOT_A_TIME)?))
}

struct Scan<'a> {
    rest: &'a str,
}

impl Scan<'_> {
    fn eat(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).map(|rest| self.rest = rest).is_some()
    }

    /// Whether there is one at least.
    fn spaces(&mut self) -> bool {
        let rest = self.rest.trim_start_matches(' ');
        let has_some = rest.len() < self.rest.len();
        self.rest = rest;
        has_some
    }

    fn digits(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// All digits that stand there, if they are so many.
    fn number(&mut self, digits: std::ops::RangeInclusive<usize>) -> Option<i64> {
        let count = self.digits();
        digits.contains(&count).then_some(())?;
        let (number, rest) = self.rest.split_at(count);
        self.rest = rest;
        number.parse().ok()
    }

    /// Which of these names stands there, whole or its first three letters.
    fn name(&mut self, names: &[&str]) -> Option<usize> {
        let end = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = self.rest.split_at(end);
        let is_it = |name: &&str| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]);
        let place = names.iter().position(is_it)?;
        self.rest = rest;
        Some(place)
    }

    /// Seconds since midnight and nanoseconds of `22:21:26.123`, `22:21`.
    fn time_of_day(&mut self) -> Option<(i64, i64)> {
        let (of_day, nanos, rest) = calendar::time_of_day(self.rest.as_bytes())?;
        // What follows the digits begins a character.
        self.rest = &self.rest[self.rest.len() - rest.len()..];
        Some((of_day, nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Result<String, &'static str> {
        read(text).map(|(civil, zone)| {
            let Civil { year, month, day, of_day, nanos } = civil;
            format!("{year}-{month:02}-{day:02} {of_day}.{nanos} {zone:?}")
        })
    }

    #[test]
    fn one_day_in_every_spelling() {
        for text in [
            "15/Oct/2025:22:21:26 +0200",
            "15/Oct/2025 22:21:26 +0200",
            "15-Oct-2025 22:21:26 +0200",
            "Wed, 15 Oct 2025 22:21:26 +0200",
            "15 Oct 25 22:21:26 +0200",
            "Wednesday, 15-Oct-25 22:21:26 +0200",
            "Wed Oct 15 22:21:26 +0200 2025",
            "Wed Oct 15 22:21:26 2025 +0200",
            "Wed Oct 15 2025 22:21:26 GMT+0200 (Central European Summer Time)",
            "October 15, 2025 22:21:26 +0200",
            "wed oct 15 22:21:26 +0200 2025",
        ] {
            assert_eq!(shown(text).as_deref(), Ok("2025-10-15 80486.0 Offset(7200)"), "{text}");
        }
        assert_eq!(shown("15/Oct/2025:22:21:26.123").as_deref(), Ok("2025-10-15 80486.123000000 Local"));
        assert_eq!(shown("02 Jan 06 15:04 MST").as_deref(), Ok("2006-01-02 54240.0 Abbreviation(\"MST\")"));
        assert_eq!(shown("Mon Jan  2 15:04:05 2006").as_deref(), Ok("2006-01-02 54245.0 Local"));
        assert_eq!(
            shown("Mon Jan  2 15:04:05.25 MST 2006").as_deref(),
            Ok("2006-01-02 54245.250000000 Abbreviation(\"MST\")")
        );
        assert_eq!(shown("01 Jan 69 00:00 UTC").as_deref(), Ok("1969-01-01 0.0 Offset(0)"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "Oct",
            "Wed",
            "15",
            "15/Oct",
            "15/10/2025 22:21:26",
            "32/Oct/2025:22:21:26 +0200",
            "30 Feb 2025 00:00:00",
            "15/Oct/2025:24:21:26",
            "15/Oct-2025:22:21:26",
            "15/Oct/025:22:21:26",
            "Thu, 15 Oct 2025 22:21:26 GMT",
            "15/Okt/2025:22:21:26",
            "15/Oct/2025:22:21:26 ?",
            "15/Oct/2025:22:21:26é",
            "Oct 15",
            "Oct 15 2025",
            "Mai 1 00:00:00 2025",
        ] {
            assert_eq!(shown(text), Err(NOT_A_TIME), "{text}");
        }
        for text in [
            "Oct 15 22:21:26",
            "Oct  5 22:21:26.123",
            "Wed Oct 15 22:21:26",
            "Oct 15 22:21:26 CEST",
            "Oct 15 22:21:26 host",
        ] {
            assert_eq!(shown(text), Err(NO_YEAR), "{text}");
        }
    }
}
