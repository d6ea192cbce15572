//! Numbers by the grammar of RFC 8259, at the price of finding where their digits end.

use super::window::Window;
use crate::event::Value;

/// A number that was found sound: where it begins, where its whole digits end ([`NO_POINT`] where it
/// has a sign or an exponent), where it ends.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    begin: usize,
    point: usize,
    pub end: usize,
}

const NO_POINT: usize = usize::MAX;
/// A number of more whole digits may be too large for a double; every other one is not.
const MAX_WHOLE_DIGITS: usize = 300;
/// Up to it, every integer is a double.
const MAX_EXACT: u64 = 1 << 53;
/// How many digits a word holds.
const WORD_DIGITS: usize = size_of::<u128>();
/// All of these are doubles.
const POWERS: [f64; WORD_DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16];
/// All bytes of a word but the first so many.
const BEHIND: [u128; WORD_DIGITS + 1] = {
    let mut masks = [0; WORD_DIGITS + 1];
    let mut count = 0;
    while count < WORD_DIGITS {
        masks[count] = u128::MAX << (8 * count);
        count += 1;
    }
    masks
};

impl Number {
    /// The number at `begin`. `None` where there is none, or one too long to tell here whether a
    /// double holds it.
    #[inline(always)]
    pub fn read(window: &Window<'_>, begin: usize) -> Option<Self> {
        let view = window.view();
        let first = *view.get(begin)?;
        let point = window.other(begin + 1);
        if !first.is_ascii_digit() || point > begin + 1 && (first == b'0' || point > begin + MAX_WHOLE_DIGITS) {
            return Self::signed(window, begin);
        }
        let (mut end, mut after) = (point, *view.get(point)?);
        if after == b'.' {
            end = window.other(point + 1);
            after = *view.get(end)?;
            if end == point + 1 {
                return None;
            }
        }
        if after | 0x20 == b'e' {
            return Self::with_exponent(window, begin, end);
        }
        Some(Self { begin, point, end })
    }

    /// The number at `begin` if a minus stands there.
    #[inline(never)]
    fn signed(window: &Window<'_>, begin: usize) -> Option<Self> {
        let is_signed = window.view()[begin] == b'-' && window.view().get(begin + 1)?.is_ascii_digit();
        let number = if is_signed { Self::read(window, begin + 1)? } else { return None };
        Some(Self { begin, point: NO_POINT, end: number.end })
    }

    /// The number at `begin` whose exponent begins at `letter`.
    #[inline(never)]
    fn with_exponent(window: &Window<'_>, begin: usize, letter: usize) -> Option<Self> {
        let first = letter + 1 + usize::from(matches!(window.view().get(letter + 1), Some(b'+' | b'-')));
        let end = window.other(first);
        let value = parse(window.view().get(begin..end)?);
        let is_finite = matches!(value, Some(Value::Float(value)) if value.is_finite());
        (end > first && is_finite).then_some(Self { begin, point: NO_POINT, end })
    }

    /// Puts its value in a slot as the decoder gives it: an integer where it is written as one.
    /// False where that does not fit an `i64`.
    #[inline(always)]
    pub fn put(self, window: &Window<'_>, slot: &mut Value<'_>) -> bool {
        let Self { begin, point, end } = self;
        if let (Some(with), Some(without)) = (window.word(begin), window.word(begin + 1))
            && let Some(behind) = BEHIND.get(point.wrapping_sub(begin))
            && end - begin <= WORD_DIGITS + 1
        {
            if point == end {
                *slot = Value::Int(number_of(with, end - begin) as i64);
                return true;
            }
            // What is behind the point moves up by one.
            let number = number_of(with & !behind | without & behind, end - begin - 1);
            if number <= MAX_EXACT {
                // Both are doubles, so that one division rounds once (Clinger 1990).
                *slot = Value::Float(number as i64 as f64 / POWERS[end - point - 1]);
                return true;
            }
        }
        self.put_long(window, slot)
    }

    #[inline(never)]
    fn put_long(self, window: &Window<'_>, slot: &mut Value<'_>) -> bool {
        let value = parse(&window.view()[self.begin..self.end]);
        *slot = value.unwrap_or(Value::Missing);
        value.is_some()
    }
}

/// As the standard library reads it.
fn parse<'v>(text: &[u8]) -> Option<Value<'v>> {
    let is_whole = !text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    let text = std::str::from_utf8(text).ok()?;
    if is_whole { text.parse().ok().map(Value::Int) } else { text.parse().ok().map(Value::Float) }
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
