//! The places of the keys that were asked for lately, found without hashing a whole key: most logs
//! name a few services again and again.
//!
//! What is recalled is only as good as what was noted: whoever moves what stands at a place has to
//! forget, and whoever asks by a hint has to look whether it is the right place.

use crate::event::Value;

/// A small cache, one key a slot.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    print: Print,
    place: usize,
}

/// A text of 1 to 16 bytes, all of it: its ends, which may overlap, and its length. Or, under a
/// length that no text has, a hint at any other key, which more than one may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Print {
    head: u64,
    tail: u64,
    length: usize,
}

const SLOTS: usize = 512;
/// The golden ratio spreads what differs in a few bits (Knuth, TAOCP 6.4).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Print {
    /// `None` for texts that are too long, or empty.
    #[inline(always)]
    pub fn of(text: &[u8]) -> Option<Self> {
        let length = text.len();
        let quarter =
            |at: usize| text.get(at..at + 4)?.first_chunk().map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
        let last = match length.checked_sub(4) {
            Some(last) if last <= 12 => last,
            Some(_) => return None,
            None => return Self::of_few(text),
        };
        // From either end, two quarters that meet or overlap: without a branch, since names of
        // different lengths take turns (Wang Yi, wyhash).
        let step = length / 8 * 4;
        let head = quarter(0)? << 32 | quarter(step)?;
        let tail = quarter(last)? << 32 | quarter(last.checked_sub(step)?)?;
        Some(Self { head, tail, length })
    }

    /// A text of 1 to 3 bytes.
    #[inline(never)]
    fn of_few(text: &[u8]) -> Option<Self> {
        let (first, last, length) = (*text.first()?, *text.last()?, text.len());
        let head = u64::from(first) << 8 | u64::from(text[length / 2]);
        Some(Self { head, tail: last.into(), length })
    }

    /// A hint at a key: a sample of its values.
    #[inline(always)]
    pub fn hint<'k, 'v: 'k>(values: impl Iterator<Item = &'k Value<'v>>) -> Self {
        let mut head = 0u64;
        for value in values {
            head = (head ^ sample(value)).wrapping_mul(SPREAD).rotate_left(32);
        }
        Self { head, tail: 0, length: usize::MAX }
    }

    #[inline(always)]
    fn slot(self) -> usize {
        let mixed = (self.head ^ self.tail.rotate_left(32) ^ self.length as u64).wrapping_mul(SPREAD);
        (mixed >> (64 - SLOTS.ilog2())) as usize
    }
}

/// Of a text, what tells paths and the names of machines apart: its ends, its middle, its length.
#[inline(always)]
fn sample(value: &Value<'_>) -> u64 {
    let text = match value {
        Value::Text(text) | Value::Big(text) => text.as_bytes(),
        Value::Missing | Value::Null => return 0,
        Value::Bool(bool) => return 1 + u64::from(*bool),
        Value::Nested => return 3,
        Value::Int(int) => return *int as u64,
        Value::Uint(uint) => return *uint,
        Value::Float(float) => return float.to_bits(),
    };
    let length = text.len();
    let (head, middle, tail) = match (text.first_chunk(), text.last_chunk()) {
        (Some(head), Some(tail)) => {
            let middle = text[length / 2 - 4..].first_chunk().map_or(0, |middle| u64::from_le_bytes(*middle));
            (u64::from_le_bytes(*head), middle, u64::from_le_bytes(*tail))
        }
        _ => match (text.first_chunk(), text.last_chunk()) {
            (Some(head), Some(tail)) => (u32::from_le_bytes(*head).into(), 0, u32::from_le_bytes(*tail).into()),
            _ => (text.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), 0, 0),
        },
    };
    head ^ middle.rotate_left(41) ^ tail.rotate_left(23) ^ length as u64
}

impl Recall {
    /// Where the key was found the last time.
    #[inline(always)]
    pub fn place(&self, print: Print) -> Option<usize> {
        self.slots.get(print.slot()).filter(|slot| slot.print == print).map(|slot| slot.place)
    }

    #[inline(never)]
    pub fn note(&mut self, print: Print, place: usize) {
        self.slots.resize(SLOTS, Slot::default());
        self.slots[print.slot()] = Slot { print, place };
    }

    pub fn forget(&mut self) {
        self.slots.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_recalled_was_noted(texts in prop::collection::vec("[ab]{0,6}|[ab]{0,18}|\\PC{0,5}", 1..200)) {
            let mut recall = Recall::default();
            for (place, text) in texts.iter().enumerate() {
                let Some(print) = Print::of(text.as_bytes()) else {
                    prop_assert!(text.is_empty() || text.len() > 16);
                    continue;
                };
                if let Some(place) = recall.place(print) {
                    prop_assert_eq!(&texts[place], text);
                }
                recall.note(print, place);
                prop_assert_eq!(recall.place(print), Some(place));
            }
        }
    }
}
