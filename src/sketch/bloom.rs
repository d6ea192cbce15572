//! A Bloom filter of byte strings that can be stored: is an item on a list too large for memory?
//!
//! It never misses an item that was inserted, and answers yes for another one at a rate that its
//! fill tells beforehand. (Bloom, "Space/time trade-offs in hash coding with allowable errors",
//! 1970.)
//!
//! The bits are those of the crate `fastbloom`. `bloomfilter` 3.0 was weighed and left: it derives
//! the number of hashes from an expected number of items and takes it from nobody, it has no
//! union, and it hashes through `std::hash`, which promises nothing across versions. Here an item
//! is hashed by XXH3, whose output is fixed, so that a filter file means the same everywhere; how
//! bits follow from a hash is the library's business, and a probe in the file holds it to that.

use fastbloom::BloomFilter;
use std::io;
use xxhash_rust::xxh3::xxh3_64;

/// Bits of the largest filter: 32 GiB of memory.
pub const MAX_BITS: u64 = 1 << 38;
/// More hashes than this serve no one: a rate of 2^-64 is none.
pub const MAX_HASHES: u32 = 64;

/// A set that may answer yes too often, never no.
#[derive(Clone, Debug)]
pub struct Filter {
    set: BloomFilter,
    items: u64,
}

/// Why there is no filter.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    #[error("a filter has 1 to {MAX_BITS} bits, not {0}")]
    Bits(u64),
    #[error("a filter has 1 to {MAX_HASHES} hashes, not {0}")]
    Hashes(u32),
    #[error("a false-positive rate lies between 0 and 1, both excluded, and above 1e-18; {0} does not")]
    Fpr(f64),
    #[error("there is not enough memory for a filter of {0} bits")]
    Memory(u64),
    #[error("filters of {0} bits and {1} hashes and of {2} bits and {3} hashes cannot be joined")]
    Shapes(u64, u32, u64, u32),
    #[error("this is not a filter file; `streamlab bloom build` writes one")]
    NotAFilter,
    #[error("the filter file is damaged or incomplete; build it again with `streamlab bloom build`")]
    Damaged,
    #[error("the filter file was written by another version of streamlab; build it again with `streamlab bloom build`")]
    OtherVersion,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Filter {
    /// An empty filter of that many bits (rounded up to whole 64-bit words) and hashes an item.
    pub fn with_bits(bits: u64, hashes: u32) -> Result<Self, FilterError> {
        check_shape(bits, hashes)?;
        let words = usize::try_from(bits.div_ceil(64)).map_err(|_| FilterError::Bits(bits))?;
        let mut empty = Vec::new();
        empty.try_reserve_exact(words).map_err(|_| FilterError::Memory(bits))?;
        empty.resize(words, 0);
        Ok(Self::of_words(empty, hashes, 0))
    }

    /// An empty filter that answers yes for an item it does not hold at the rate `fpr` at most (between 0
    /// and 1) once it holds `items`: as small as is safe, for how many bits are set is a matter of luck.
    pub fn with_fpr(items: u64, fpr: f64) -> Result<Self, FilterError> {
        if !(1e-18..1.0).contains(&fpr) {
            return Err(FilterError::Fpr(fpr));
        }
        // Of the hashes that suit the rate, not the bits: a small list is rounded up to whole words,
        // and more hashes would only take time. There is no half of a hash: with the one number next to
        // the best a filter is smaller than with the other.
        let best = -fpr.log2();
        let bits = |hashes: f64| -hashes * items.max(1) as f64 / (-fpr.powf(1.0 / hashes)).ln_1p();
        let counts = [best.floor(), best.ceil()].map(|count| count.clamp(1.0, f64::from(MAX_HASHES)));
        let hashes = if bits(counts[0]) <= bits(counts[1]) { counts[0] } else { counts[1] };
        // About three standard deviations of the share of ones.
        let bits = bits(hashes) + 3.0 * bits(hashes).sqrt();
        Self::with_bits(bits.ceil().max(1.0) as u64, hashes as u32)
    }

    pub fn insert(&mut self, item: &[u8]) {
        let known = self.set.insert_hash(xxh3_64(item));
        self.items += u64::from(!known);
    }

    /// Whether the item may have been inserted; certain where the answer is no.
    pub fn contains(&self, item: &[u8]) -> bool {
        self.set.contains_hash(xxh3_64(item))
    }

    /// Becomes the filter of both sets. `items` becomes the sum: what both hold counts twice.
    pub fn merge(&mut self, other: &Self) -> Result<(), FilterError> {
        if (self.bits(), self.hashes()) != (other.bits(), other.hashes()) {
            return Err(FilterError::Shapes(self.bits(), self.hashes(), other.bits(), other.hashes()));
        }
        self.set.union(&other.set);
        self.items += other.items;
        Ok(())
    }

    /// How many items were inserted that the filter did not answer yes for already.
    pub fn items(&self) -> u64 {
        self.items
    }

    pub fn bits(&self) -> u64 {
        self.set.num_bits() as u64
    }

    pub fn hashes(&self) -> u32 {
        self.set.num_hashes()
    }

    /// The rate of yes for items that are not held, as the fill tells: the share of ones to the
    /// power of the hashes. Looks at every bit.
    pub fn expected_fpr(&self) -> f64 {
        let ones: u64 = self.words().iter().map(|word| u64::from(word.count_ones())).sum();
        (ones as f64 / self.bits() as f64).powf(f64::from(self.hashes()))
    }

    pub(super) fn words(&self) -> &[u64] {
        self.set.as_slice()
    }

    pub(super) fn of_words(words: Vec<u64>, hashes: u32, items: u64) -> Self {
        // The library's own hasher is never asked; a fixed seed keeps equal filters equal.
        Self { set: BloomFilter::from_vec(words).seed(&0).hashes(hashes), items }
    }
}

pub(super) fn check_shape(bits: u64, hashes: u32) -> Result<(), FilterError> {
    if !(1..=MAX_BITS).contains(&bits) {
        return Err(FilterError::Bits(bits));
    }
    if !(1..=MAX_HASHES).contains(&hashes) {
        return Err(FilterError::Hashes(hashes));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fold(mut filter: Filter, items: &[Vec<u8>]) -> Filter {
        items.iter().for_each(|item| filter.insert(item));
        filter
    }

    fn small() -> Filter {
        Filter::with_bits(1000, 3).unwrap()
    }

    proptest! {
        #[test]
        fn merge_is_union_and_no_item_is_missed(a: Vec<Vec<u8>>, b: Vec<Vec<u8>>, c: Vec<Vec<u8>>) {
            let mut merged = fold(small(), &a);
            merged.merge(&fold(small(), &b)).unwrap();
            merged.merge(&small()).unwrap();
            let (mut image, items) = (Vec::new(), merged.items());
            merged.write_to(&mut image).unwrap();
            let mut restored = Filter::read_from(image.as_slice()).unwrap();
            prop_assert_eq!(restored.items(), items);
            restored.merge(&fold(small(), &c)).unwrap();
            let all = [a, b, c].concat();
            let whole = fold(small(), &all);
            prop_assert_eq!(restored.words(), whole.words());
            prop_assert!(all.iter().all(|item| restored.contains(item)));
        }

    }

    #[test]
    fn bad_shapes_are_refused() {
        assert!(matches!(Filter::with_bits(0, 1), Err(FilterError::Bits(0))));
        assert!(matches!(Filter::with_bits(u64::MAX, 1), Err(FilterError::Bits(_))));
        assert!(matches!(Filter::with_bits(8, 0), Err(FilterError::Hashes(0))));
        for fpr in [0.0, 1.0, -0.5, f64::NAN, 1e-300] {
            assert!(matches!(Filter::with_fpr(10, fpr), Err(FilterError::Fpr(_))), "{fpr}");
        }
        assert!(small().merge(&Filter::with_bits(1000, 4).unwrap()).is_err());
        assert!(small().merge(&Filter::with_bits(2000, 3).unwrap()).is_err());
    }

    #[test]
    fn the_measured_rate_of_false_positives_is_the_expected_one() {
        for fpr in [0.3, 0.2, 0.1, 0.01, 0.001] {
            let mut filter = Filter::with_fpr(10_000, fpr).unwrap();
            (0..10_000).for_each(|n| filter.insert(format!("on the list {n}").as_bytes()));
            (0..10_000).for_each(|n| filter.insert(format!("on the list {n}").as_bytes()));
            let asked = 200_000;
            let wrong = (0..asked).filter(|n| filter.contains(format!("not on it {n}").as_bytes())).count();
            let (measured, expected) = (wrong as f64 / f64::from(asked), filter.expected_fpr());
            let deviation = (expected * (1.0 - expected) / f64::from(asked)).sqrt();
            assert!((measured - expected).abs() < 6.0 * deviation, "measured {measured}, expected {expected}");
            assert!((0.9..=1.0).contains(&(expected / fpr)), "asked for {fpr}, built {expected}");
            assert!(filter.items().abs_diff(10_000) <= (20_000.0 * fpr) as u64 + 5);
        }
    }
}
