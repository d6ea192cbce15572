//! Numbers by the grammar of RFC 8259, at the price of finding where their digits end.

use super::window::Window;
use crate::event::Value;

/// How the number before began, digits and point: those of times seldom change.
pub struct Before {
    /// As it is written, in the low bytes, which the mask is of.
    text: u128,
    mask: u128,
    /// How many digits there are.
    whole: usize,
    value: u64,
}

/// A number of more whole digits may be too large for a double; every other one is not.
const MAX_WHOLE_DIGITS: usize = 300;
/// What is looked at of a plain number.
const PLAIN_BYTES: usize = 32;
/// Integers below it are doubles, whose low bits they are.
const EXACT: u64 = 1 << 52;
/// How many digits a word holds.
const WORD_DIGITS: usize = size_of::<u128>();
/// So many whole digits and 7 more are less than 2^64.
const MAX_BEFORE: usize = 11;
/// All of these are doubles.
const POWERS: [u64; WORD_DIGITS] = {
    let mut powers = [1; WORD_DIGITS];
    let mut count = 1;
    while count < WORD_DIGITS {
        powers[count] = powers[count - 1] * 10;
        count += 1;
    }
    powers
};
/// The same, as such.
const DIVISORS: [f64; WORD_DIGITS] = {
    let mut divisors = [1.0; WORD_DIGITS];
    let mut count = 1;
    while count < WORD_DIGITS {
        divisors[count] = POWERS[count] as f64;
        count += 1;
    }
    divisors
};

/// Where the number at `begin` ends. `None` where there is none, or one too long to tell here whether
/// a double holds it.
#[inline(always)]
pub fn skip(window: &Window<'_>, begin: usize) -> Option<usize> {
    match Plain::read(window, begin) {
        Some(number) => Some(begin + number.length),
        None => unusual(window, begin),
    }
}

/// As [`skip`], and puts its value in a slot as the decoder gives it: an integer where it is written
/// as one. `None` also where that does not fit 64 bits.
#[inline(always)]
pub fn take(window: &Window<'_>, begin: usize, before: &mut Before, slot: &mut Value<'_>) -> Option<usize> {
    if let Some(end) = before.take(window, begin, slot) {
        return Some(end);
    }
    if let Some(number) = Plain::read(window, begin)
        && let Some(value) = number.value(before)
    {
        *slot = value;
        return Some(begin + number.length);
    }
    take_unusual(window, begin, slot)
}

impl Before {
    /// Nothing came before.
    pub fn none() -> Self {
        // No text begins with zeros.
        Self { text: 0, mask: u128::MAX, whole: 0, value: 0 }
    }

    /// As the other [`take`], where the number begins as the one before and has up to 7 more digits:
    /// with what ends them, one word.
    #[inline(always)]
    fn take(&self, window: &Window<'_>, begin: usize, slot: &mut Value<'_>) -> Option<usize> {
        let behind = begin + self.whole + 1;
        let (first, text) = (window.word(begin)?, window.word(behind)? as u64);
        if (first ^ self.text) & self.mask != 0 {
            return None;
        }
        // A digit becomes its value. Of what is none, the top bit is set, or gets it, from the first
        // such byte on.
        let digits = text ^ 0x3030_3030_3030_3030;
        let others = (digits | digits.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080;
        let bits = others.trailing_zeros() & !7;
        if others == 0 || bits == 0 || (text >> bits) as u8 | 0x20 == b'e' {
            return None;
        }
        let places = bits as usize / 8;
        *slot = quotient(self.value, eight_digits(digits << (64 - bits)), places)?;
        Some(behind + places)
    }
}

/// The value of some whole digits and of those behind the point.
#[inline(always)]
fn quotient<'v>(whole: u64, fraction: u64, places: usize) -> Option<Value<'v>> {
    let number = whole * POWERS[places] + fraction;
    // Both are doubles, so that one division rounds once (Clinger 1990).
    (number < EXACT).then(|| Value::Float(exact(number) / DIVISORS[places]))
}

/// Digits, and maybe a point and more of them.
struct Plain<'a> {
    text: &'a [u8; PLAIN_BYTES],
    /// How many digits come first.
    whole: usize,
    length: usize,
}

impl<'a> Plain<'a> {
    #[inline(always)]
    fn read(window: &Window<'a>, begin: usize) -> Option<Self> {
        let text: &[u8; PLAIN_BYTES] = window.view().get(begin..)?.first_chunk()?;
        let others = window.others(begin);
        let behind = others & others.wrapping_sub(1);
        // Where the digits end, and where those behind a point would.
        let (whole, last) = (others.trailing_zeros() as usize, behind.trailing_zeros() as usize);
        if behind == 0 || last >= PLAIN_BYTES || whole == 0 || whole > 1 && text[0] == b'0' {
            return None;
        }
        let length = if text[whole % PLAIN_BYTES] == b'.' { last } else { whole };
        (length != whole + 1 && text[length % PLAIN_BYTES] | 0x20 != b'e').then_some(Self { text, whole, length })
    }

    /// `None` where it has too many digits to be told by words.
    #[inline(always)]
    fn value<'v>(&self, before: &mut Before) -> Option<Value<'v>> {
        let Self { text, whole, length } = *self;
        if whole > WORD_DIGITS {
            return None;
        }
        let first = word(text, 0);
        let value = number_of(first, whole);
        let Some(places) = (length - whole).checked_sub(1) else { return Some(Value::Int(value as i64)) };
        if whole + places > WORD_DIGITS {
            return None;
        }
        if whole <= MAX_BEFORE {
            let mask = (1 << (8 * whole + 8)) - 1;
            *before = Before { text: first & mask, mask, whole, value };
        }
        quotient(value, number_of(word(text, whole + 1), places), places)
    }
}

/// As [`skip`], of any length, with or without a sign and an exponent.
#[inline(never)]
fn unusual(window: &Window<'_>, begin: usize) -> Option<usize> {
    let view = window.view();
    let digits = begin + usize::from(*view.get(begin)? == b'-');
    let first = *view.get(digits)?;
    let point = window.other(digits);
    if point == digits || point > digits + 1 && (first == b'0' || point > digits + MAX_WHOLE_DIGITS) {
        return None;
    }
    let mut end = point;
    if *view.get(point)? == b'.' {
        end = window.other(point + 1);
        if end == point + 1 {
            return None;
        }
    }
    if *view.get(end)? | 0x20 == b'e' {
        let first = end + 1 + usize::from(matches!(view.get(end + 1), Some(b'+' | b'-')));
        end = window.other(first);
        let is_finite = matches!(parse(view.get(begin..end)?), Some(Value::Float(value)) if value.is_finite());
        return (end > first && is_finite).then_some(end);
    }
    Some(end)
}

#[inline(never)]
fn take_unusual(window: &Window<'_>, begin: usize, slot: &mut Value<'_>) -> Option<usize> {
    let end = unusual(window, begin)?;
    *slot = parse(&window.view()[begin..end])?;
    Some(end)
}

/// The 16 bytes at `at`, the first one lowest.
#[inline(always)]
fn word(text: &[u8; PLAIN_BYTES], at: usize) -> u128 {
    text[at..].first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes))
}

/// As the standard library reads it.
fn parse<'v>(text: &[u8]) -> Option<Value<'v>> {
    let is_whole = !text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    let text = std::str::from_utf8(text).ok()?;
    if is_whole {
        text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Uint)).ok()
    } else {
        text.parse().ok().map(Value::Float)
    }
}

/// An integer below [`EXACT`] as a double. A conversion would wait for the division before it, whose
/// register it takes.
#[inline(always)]
fn exact(number: u64) -> f64 {
    const ONE: f64 = EXACT as f64;
    f64::from_bits(ONE.to_bits() | number) - ONE
}

/// The number that the first `count` bytes of a word spell, one at least.
#[inline(always)]
fn number_of(word: u128, count: usize) -> u64 {
    // What is shifted in are zeros in front.
    let word = word << (8 * (WORD_DIGITS - count));
    eight_digits(word as u64) * 100_000_000 + eight_digits((word >> 64) as u64)
}

/// Eight digits, the first in the lowest byte (Lemire, "Quickly parsing eight digits", 2018).
#[inline(always)]
fn eight_digits(word: u64) -> u64 {
    let ones = word & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = ones.wrapping_mul(10).wrapping_add(ones >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where the number ends that a text begins with, and its value.
    fn read<'v>(text: &str, before: &mut Before) -> Option<(usize, Value<'v>)> {
        let mut window = Window::new(text.as_bytes());
        window.mark(0);
        let mut value = Value::Missing;
        let end = take(&window, 0, before, &mut value)?;
        assert_eq!(skip(&window, 0), Some(end), "{text:?}");
        Some((end, value))
    }

    proptest! {
        #[test]
        fn a_number_is_what_it_is_whatever_came_before_it(
            numbers in prop::collection::vec((
                "-?(0|7|176055968[67]|17605596860|176055968612)(\\.[0-9]{0,9})?([eE][+-]?[0-9]{1,2})?",
                "[,}eE. x0-9/:-]{0,2}",
                0..40usize,
            ), 1..30)
        ) {
            let mut before = Before::none();
            for (number, behind, space) in numbers {
                let text = number + &behind + &" ".repeat(space);
                let found = read(&text, &mut before);
                prop_assert_eq!(found, read(&text, &mut Before::none()), "{:?}", text);
                let Some((end, value)) = found else { continue };
                prop_assert!(!text[end..].starts_with(|next: char| next.is_ascii_digit()), "{:?} to {}", text, end);
                let text = &text[..end];
                prop_assert!(serde_json::from_str::<serde_json::Number>(text).is_ok(), "{:?}", text);
                let whole = text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Uint));
                let expected = whole.unwrap_or_else(|_| Value::Float(text.parse().unwrap()));
                prop_assert_eq!(value, expected, "{:?}", text);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_declined_whatever_came_before_it() {
        for text in ["1760559686.", "1760559686.e1", "1760559686.5e", "01760559686.5", "1760559686.5.", "-", "", "x"] {
            let text = format!("{text}{}", " ".repeat(40));
            let mut before = Before::none();
            assert!(read(&format!("1760559686.25{}", " ".repeat(40)), &mut before).is_some());
            let expected = text.starts_with("1760559686.5.").then_some((12, Value::Float(1760559686.5)));
            assert_eq!(read(&text, &mut before), expected, "{text:?}");
        }
    }
}
