//! Dates and times of day as they are written: RFC 3339 and its kin.
//!
//! What [`quick`] reads, [`careful`] reads as the same; only its speed is its own.

use std::cell::Cell;

/// A date and a time of day, both sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    /// Seconds since midnight.
    pub of_day: i64,
    pub nanos: i64,
}

/// A sound date as it is written, and when it begins: most records are of the same day as the one
/// before.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    text: [u8; 10],
    /// Seconds since the epoch, in UTC.
    begin: i64,
}

impl Default for Day {
    fn default() -> Self {
        Self { text: *b"1970-01-01", begin: 0 }
    }
}

impl Day {
    #[inline(never)]
    fn read(text: &[u8; 10]) -> Option<Self> {
        let [year, month, day] = date(text)?;
        is_date(year, month, day).then(|| Self { text: *text, begin: days_from_civil(year, month, day) * 86_400 })
    }
}

impl Civil {
    /// Nanoseconds since the epoch, for a place so many seconds east of UTC.
    pub fn since_epoch(self, offset: i64) -> Option<i64> {
        let seconds = days_from_civil(self.year, self.month, self.day) * 86_400 + self.of_day - offset;
        seconds.checked_mul(1_000_000_000)?.checked_add(self.nanos)
    }
}

/// `2006-01-02T15:04:05.999999999` and its kin, and what follows: hyphens or slashes in the date, `T`, `t` or
/// a space between, `.` or `,` before the fraction; without seconds too.
pub fn careful(text: &str) -> Option<(Civil, &str)> {
    let bytes = text.as_bytes();
    let [year, month, day] = date(bytes)?;
    if !is_date(year, month, day) || !matches!(bytes.get(10)?, b'T' | b't' | b' ') {
        return None;
    }
    let (of_day, nanos, rest) = time_of_day(&bytes[11..])?;
    // What follows the digits begins a character.
    Some((Civil { year, month, day, of_day, nanos }, &text[text.len() - rest.len()..]))
}

/// `20060102T150405.999`, the basic form of ISO 8601, and what follows.
pub fn basic(text: &str) -> Option<(Civil, &str)> {
    let bytes = text.as_bytes();
    let [year, month, day] = [number(bytes, 0, 4)?, number(bytes, 4, 2)?, number(bytes, 6, 2)?];
    if !is_date(year, month, day) || !matches!(bytes.get(8)?, b'T' | b't') {
        return None;
    }
    let of_day = seconds(number(bytes, 9, 2)?, number(bytes, 11, 2)?, number(bytes, 13, 2)?)?;
    let (nanos, rest) = fraction(&bytes[15..])?;
    Some((Civil { year, month, day, of_day, nanos }, &text[text.len() - rest.len()..]))
}

/// Seconds since midnight and nanoseconds of a leading `15:04:05.999` or `15:04`, and what follows.
pub fn time_of_day(text: &[u8]) -> Option<(i64, i64, &[u8])> {
    let (hour, minute) = (number(text, 0, 2)?, number(text, 3, 2)?);
    if text[2] != b':' {
        return None;
    }
    match text.get(5) {
        Some(b':') => {
            let of_day = seconds(hour, minute, number(text, 6, 2)?)?;
            let (nanos, rest) = fraction(&text[8..])?;
            Some((of_day, nanos, rest))
        }
        Some(b'0'..=b'9') => None,
        _ => Some((seconds(hour, minute, 0)?, 0, &text[5..])),
    }
}

/// Seconds since midnight. A leap second is the last one of its minute.
fn seconds(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second < 61).then_some(hour * 3600 + minute * 60 + second.min(59))
}

/// Year, month and day of a leading `2006-01-02` or `2006/01/02`.
fn date(text: &[u8]) -> Option<[i64; 3]> {
    let between = text.get(4).filter(|byte| matches!(byte, b'-' | b'/'));
    (between.is_some() && between == text.get(7)).then_some([
        number(text, 0, 4)?,
        number(text, 5, 2)?,
        number(text, 8, 2)?,
    ])
}

fn number(text: &[u8], from: usize, count: usize) -> Option<i64> {
    let digits = text.get(from..from + count)?;
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

pub fn is_date(year: i64, month: i64, day: i64) -> bool {
    (1..=12).contains(&month) && day >= 1 && day <= days_in(year, month)
}

/// Nanoseconds since the epoch of the commonest forms, with their digits read eight at a time:
/// `2006-01-02T15:04:05`, a fraction of up to nine digits, then `Z`, `+07:00` or nothing, which
/// stands for `local`. `None` where it is none of these, or too far away.
#[inline(always)]
pub fn quick(text: &[u8], day: &Cell<Day>, local: impl FnOnce() -> Option<i64>) -> Option<i64> {
    const TIME: Form = Form::new(b"00:00:00");
    const OFFSET: Form = Form::new(b"\x00\x00\x0000:00");
    let head: &[u8; 19] = text.first_chunk()?;
    let times = TIME.pairs(word(head, 11) ^ TIME.text)?;
    let (hour, minute, second) = (pair(times, 0), pair(times, 3), pair(times, 6));
    if !matches!(head[10], b'T' | b't' | b' ') || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (offset, end) = match text[19..] {
        [.., b'Z'] => (0, text.len() - 1),
        [.., sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let offsets = OFFSET.pairs((word(text, text.len() - 8) ^ OFFSET.text) >> 24 << 24)?;
            let (hours, minutes) = (pair(offsets, 3), pair(offsets, 6));
            let east = hours * 3600 + minutes * 60;
            (if sign == b'+' { east } else { -east }, (hours < 24 && minutes < 60).then_some(text.len() - 6)?)
        }
        _ => (local()?, text.len()),
    };
    let nanos = match text[19..end] {
        [] => 0,
        [b'.' | b',', ref digits @ ..] => quick_fraction(text, digits.len())?,
        _ => return None,
    };
    let date: &[u8; 10] = head.first_chunk()?;
    if day.get().text != *date {
        day.set(Day::read(date)?);
    }
    let seconds = day.get().begin + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[inline(always)]
fn pair(pairs: u64, at: u32) -> i64 {
    (pairs >> (8 * at) & 0xFF) as i64
}

/// Nanoseconds of the fraction whose digits, so many, stand at 20.
#[inline(always)]
fn quick_fraction(text: &[u8], count: usize) -> Option<i64> {
    const DIGITS: Form = Form::new(b"00000000");
    const UNIT: [i64; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
    let unit = UNIT.get(count).filter(|_| count > 0)?;
    // The last eight bytes before the zone, without those that stand before the fraction.
    let beyond = 64 - 8 * count.min(8) as u32;
    let last = (word(text, 12 + count) ^ DIGITS.text) >> beyond << beyond;
    let pairs = DIGITS.pairs(last)? & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100) + (pairs >> 16);
    let mut sum = (fours & 0xFFFF) * 10_000 + (fours >> 32 & 0xFFFF);
    if count == 9 {
        sum += u64::from(text[20].checked_sub(b'0').filter(|digit| *digit <= 9)?) * 100_000_000;
    }
    Some(sum as i64 * unit)
}

/// Eight bytes as they have to be, with zeros where any digit may stand.
struct Form {
    text: u64,
    /// What lifts a byte to its top bit, once the form is taken off, if it is none of these.
    lift: u64,
}

impl Form {
    const fn new(text: &[u8; 8]) -> Self {
        let (mut lift, mut at) = ([0x7F; 8], 0);
        while at < 8 {
            if text[at] == b'0' {
                lift[at] = 0x76;
            }
            at += 1;
        }
        Self { text: u64::from_le_bytes(*text), lift: u64::from_le_bytes(lift) }
    }

    /// Each byte and the next as one number of two digits, of bytes that the form was taken off;
    /// `None` where they had another.
    #[inline(always)]
    fn pairs(&self, digits: u64) -> Option<u64> {
        // The lowest byte that is wrong gets its top bit, or has it; no byte below it carries.
        let faults = (digits | digits.wrapping_add(self.lift)) & 0x8080_8080_8080_8080;
        (faults == 0).then_some(digits.wrapping_mul(10).wrapping_add(digits >> 8))
    }
}

#[inline(always)]
fn word(text: &[u8], at: usize) -> u64 {
    text.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Nanoseconds of a leading `.123` or `,123` (digits past the ninth are dropped), and what follows.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.' | b',', digits @ ..] = text else { return Some((0, text)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let padded = digits[..count].iter().map(|digit| i64::from(digit - b'0')).chain(std::iter::repeat(0));
    let nanos = padded.take(9).fold(0, |nanos, digit| nanos * 10 + digit);
    Some((nanos, &digits[count..]))
}

/// Days since the epoch (Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    year * 365 + leap_days + day_of_year - 719_468
}

/// The day of the week, Monday being 0.
pub fn weekday(year: i64, month: i64, day: i64) -> i64 {
    (days_from_civil(year, month, day) + 3).rem_euclid(7)
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
    use crate::decode::time::zone::Zone;
    use proptest::prelude::*;

    /// Nearly always a time in one of the forms, and sometimes one byte of it is another.
    fn text() -> impl Strategy<Value = String> {
        let form = "(1[67]|20|22|[0-9]{2})[0-9]{2}-(0[1-9]|1[0-3])-([0-2][0-9]|3[0-2])[T t]([01][0-9]|2[0-4]):[0-6][0-9]:([0-5][0-9]|6[01])([.,][0-9]{0,10})?(Z|[+-][0-3][0-9]:[0-6][0-9])?";
        (form, prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<char>()))).prop_map(|(text, change)| {
            let mut text: Vec<char> = text.chars().collect();
            change.into_iter().for_each(|(place, char)| *place.get_mut(&mut text) = char);
            text.into_iter().collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_read_quickly_is_read_as_carefully(text in text(), local in -80_000i64..80_000) {
            // The last day read is another, or the same.
            let day = Cell::new(Day::default());
            for _ in 0..2 {
                if let Some(nanos) = quick(text.as_bytes(), &day, || Some(local)) {
                    let (civil, zone) = careful(&text).unwrap();
                    let offset = match Zone::read(zone) {
                        Some(Zone::Local) => local,
                        Some(Zone::Offset(offset)) => offset,
                        other => panic!("{text}: {other:?}"),
                    };
                    prop_assert_eq!(civil.since_epoch(offset), Some(nanos), "{}", text);
                }
            }
        }

        #[test]
        fn the_common_forms_are_read_quickly(
            text in "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[T ][01][0-9]:[0-5][0-9]:[0-5][0-9]([.,][0-9]{1,9})?(Z|[+-]0[0-9]:[0-5][0-9])?"
        ) {
            prop_assert!(quick(text.as_bytes(), &Cell::new(Day::default()), || Some(0)).is_some(), "{}", text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut days = days_from_civil(1599, 12, 31);
        for year in 1600..2400 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    days += 1;
                    assert_eq!(days_from_civil(year, month, day), days, "{year}-{month}-{day}");
                }
            }
        }
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(0, 1, 1), -719_528);
        assert_eq!([weekday(1970, 1, 1), weekday(2026, 11, 27), weekday(1969, 12, 28)], [3, 4, 6]);
    }
}
