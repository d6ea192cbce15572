//! The places of the texts that were asked for lately, found without hashing or comparing a whole
//! text: most logs name a few services again and again.
//!
//! What is recalled is only as good as what was noted: whoever moves what stands at a place has to
//! forget.

/// A small cache, one text a slot.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    print: Print,
    place: usize,
}

/// A text of 1 to 16 bytes, all of it: its ends, which may overlap, and its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Print {
    head: u64,
    tail: u64,
    length: usize,
}

const SLOTS: usize = 64;

impl Print {
    /// `None` for texts that are too long, or empty.
    #[inline(always)]
    pub fn of(text: &str) -> Option<Self> {
        let (text, length) = (text.as_bytes(), text.len());
        let quarter = |at: usize| text.get(at..)?.first_chunk().map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
        if length.wrapping_sub(4) > 12 {
            let few = (1..4).contains(&length);
            let head = || u64::from(text[0]) << 8 | u64::from(text[length / 2]);
            return few.then(|| Self { head: head(), tail: text[length - 1].into(), length });
        }
        // From either end, two quarters that meet or overlap: without a branch, since names of
        // different lengths take turns (Wang Yi, wyhash).
        let step = length / 8 * 4;
        let head = quarter(0)? << 32 | quarter(step)?;
        let tail = quarter(length - 4)? << 32 | quarter(length - 4 - step)?;
        Some(Self { head, tail, length })
    }

    #[inline(always)]
    fn slot(self) -> usize {
        // The golden ratio spreads what differs in a few bits (Knuth, TAOCP 6.4).
        let mixed = (self.head ^ self.tail.rotate_left(32) ^ self.length as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> (64 - SLOTS.ilog2())) as usize
    }
}

impl Recall {
    /// Where the text was found the last time.
    #[inline(always)]
    pub fn place(&self, print: Print) -> Option<usize> {
        self.slots.get(print.slot()).filter(|slot| slot.print == print).map(|slot| slot.place)
    }

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
                let Some(print) = Print::of(text) else {
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
