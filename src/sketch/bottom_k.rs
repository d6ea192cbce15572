//! A uniform sample of fixed size: the events whose hashed position is among the k smallest.
//!
//! Every position hashes to an evenly spread 64-bit number, so that the k smallest are a uniform
//! sample without replacement. Which they are depends on the set of positions and on the seed
//! alone, not on order, cuts or threads: hence mergeable, resumable and reproducible. (Cohen and
//! Kaplan, "Summarizing data using bottom-k sketches", PODC 2007.)

use super::Merge;
use crate::event::Position;
use serde::{Deserialize, Serialize};
use std::collections::BinaryHeap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The hash that decides whether the event at a position is sampled.
pub fn position_hash(at: Position, seed: u64) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&at.file.0.to_le_bytes());
    bytes[8..].copy_from_slice(&at.offset.to_le_bytes());
    xxh3_64_with_seed(&bytes, seed)
}

/// A sample of at most `k` values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BottomK<V> {
    k: usize,
    /// How many events the sample stands for.
    seen: u64,
    /// The largest is on top: the next to be replaced.
    kept: BinaryHeap<Sampled<V>>,
}

/// A sampled event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sampled<V> {
    pub hash: u64,
    pub at: Position,
    pub value: V,
}

impl<V> BottomK<V> {
    pub fn new(k: usize) -> Self {
        Self { k, seen: 0, kept: BinaryHeap::new() }
    }

    /// Counts one event of the whole, sampled or not.
    pub fn see(&mut self) {
        self.seen += 1;
    }

    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether an event with this hash may enter the sample: ask before looking at its value.
    pub fn would_take(&self, hash: u64) -> bool {
        self.kept.len() < self.k || self.kept.peek().is_some_and(|largest| hash <= largest.hash)
    }

    /// Takes a value into the sample, and drops the largest beyond `k`. `hash` is that of
    /// [`position_hash`]; equal hashes are told apart by position.
    pub fn take(&mut self, hash: u64, at: Position, value: V) {
        self.keep(Sampled { hash, at, value });
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The sample, in no order that matters.
    pub fn iter(&self) -> impl Iterator<Item = &Sampled<V>> {
        self.kept.iter()
    }

    fn keep(&mut self, candidate: Sampled<V>) {
        if self.kept.len() < self.k {
            self.kept.push(candidate);
        } else if let Some(mut largest) = self.kept.peek_mut()
            && candidate < *largest
        {
            *largest = candidate;
        }
    }
}

impl<V> Merge for BottomK<V> {
    fn merge(&mut self, later: Self) {
        self.seen += later.seen;
        later.kept.into_iter().for_each(|candidate| self.keep(candidate));
    }
}

/// By hash, then by position: never by value, which the position names.
impl<V> Ord for Sampled<V> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.hash, self.at).cmp(&(other.hash, other.at))
    }
}

impl<V> PartialOrd for Sampled<V> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<V> PartialEq for Sampled<V> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<V> Eq for Sampled<V> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::FileId;
    use crate::sketch::laws;
    use proptest::prelude::*;

    /// Equal where the same events are kept: a heap has many layouts.
    impl<V: PartialEq> PartialEq for BottomK<V> {
        fn eq(&self, other: &Self) -> bool {
            let sorted = |sample: &Self| {
                let mut kept: Vec<_> = sample.kept.iter().map(|kept| (kept.hash, kept.at)).collect();
                kept.sort();
                kept
            };
            (self.k, self.seen, sorted(self)) == (other.k, other.seen, sorted(other))
        }
    }

    fn at(offset: u64) -> Position {
        Position { file: FileId(3), offset }
    }

    /// Few hashes, so that ties are common.
    fn fold(mut sample: BottomK<u64>, offsets: &[u64]) -> BottomK<u64> {
        for offset in offsets {
            let hash = position_hash(at(*offset), 9) % 16;
            sample.see();
            if sample.would_take(hash) {
                sample.take(hash, at(*offset), *offset);
            }
        }
        sample
    }

    fn offsets() -> impl Strategy<Value = Vec<u64>> {
        prop::sample::subsequence((0..200).collect::<Vec<u64>>(), 0..200).prop_shuffle()
    }

    proptest! {
        #[test]
        fn laws_hold(offsets in offsets(), cuts: [prop::sample::Index; 2], k in 0usize..20) {
            let mut cuts = cuts.map(|cut| cut.index(offsets.len() + 1));
            cuts.sort();
            let parts = [&offsets[..cuts[0]], &offsets[cuts[0]..cuts[1]], &offsets[cuts[1]..]];
            laws::hold(fold, parts, || BottomK::new(k));
        }

        #[test]
        fn the_smallest_are_kept_whatever_the_order(offsets in offsets(), k in 0usize..20) {
            let sample = fold(BottomK::new(k), &offsets);
            let mut all: Vec<_> = offsets.iter().map(|o| (position_hash(at(*o), 9) % 16, at(*o))).collect();
            all.sort();
            all.truncate(k);
            let mut kept: Vec<_> = sample.iter().map(|kept| (kept.hash, kept.at)).collect();
            kept.sort();
            prop_assert_eq!(kept, all);
            prop_assert_eq!(sample.seen(), offsets.len() as u64);
        }
    }

    #[test]
    fn the_seed_changes_the_sample() {
        assert_ne!(position_hash(at(1), 0), position_hash(at(1), 1));
        assert_ne!(position_hash(at(1), 0), position_hash(at(2), 0));
    }
}
