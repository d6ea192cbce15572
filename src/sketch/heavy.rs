//! The most frequent values of a stream, in bounded memory.
//!
//! Space-saving (Metwally, Agrawal, El Abbadi 2005) in the form that merges (Agarwal et al. 2012):
//! whoever is not counted may have come as often as `floor` says, and whoever comes anew begins there.
//! A count is never too low, and too high by its error at most, which never exceeds the number of
//! values divided by [`CAPACITY`]. While no more than twice as many values are different, all is exact.

use super::{Merge, decode_key};
use crate::report::Cell;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;

/// How many values keep their counts when there are too many.
const CAPACITY: usize = 1000;

/// Counts by value, the rarest of which may have been given up.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "Stored")]
pub struct HeavyHitters {
    counts: BTreeMap<Box<[u8]>, Estimate>,
    /// The most that a value which is not counted may have come to.
    floor: u64,
}

/// How often a value came: not more than `count`, nor less than `count - error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    pub count: u64,
    pub error: u64,
}

/// As stored: the counts, and the floor. Not every format has maps of bytes.
#[derive(Deserialize)]
struct Stored(Vec<(Box<[u8]>, Estimate)>, u64);

impl From<Stored> for HeavyHitters {
    fn from(Stored(counts, floor): Stored) -> Self {
        Self { counts: counts.into_iter().collect(), floor }
    }
}

impl Serialize for HeavyHitters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts: Vec<(&[u8], Estimate)> = self.counts.iter().map(|(value, count)| (&**value, *count)).collect();
        (counts, self.floor).serialize(serializer)
    }
}

impl HeavyHitters {
    pub fn add(&mut self, value: &[u8]) {
        if let Some(known) = self.counts.get_mut(value) {
            known.count += 1;
            return;
        }
        self.counts.insert(value.into(), Estimate { count: self.floor + 1, error: self.floor });
        self.bound();
    }

    /// The `most` most frequent values, in the order of their counts, then of their bytes.
    pub fn top(&self, most: usize) -> Vec<(&[u8], Estimate)> {
        let mut all: Vec<_> = self.counts.iter().map(|(value, estimate)| (&**value, *estimate)).collect();
        all.sort_by(|(a, x), (b, y)| y.count.cmp(&x.count).then(a.cmp(b)));
        all.truncate(most);
        all
    }

    /// The same as cells; the values are keys in their byte form.
    pub fn ranks(&self, most: usize) -> Vec<(Cell, u64)> {
        let cell = |value: &[u8]| decode_key(value).and_then(|cells| cells.into_iter().next()).unwrap_or(Cell::Null);
        self.top(most).into_iter().map(|(value, estimate)| (cell(value), estimate.count)).collect()
    }

    fn bound(&mut self) {
        if self.counts.len() <= 2 * CAPACITY {
            return;
        }
        let mut counts: Vec<u64> = self.counts.values().map(|estimate| estimate.count).collect();
        let (_, floor, _) = counts.select_nth_unstable_by(CAPACITY, |a, b| b.cmp(a));
        self.floor = self.floor.max(*floor);
        self.counts.retain(|_, estimate| estimate.count > self.floor);
    }
}

impl Merge for HeavyHitters {
    fn merge(&mut self, later: Self) {
        if self.counts.is_empty() && self.floor == 0 {
            *self = later;
            return;
        }
        let floor = self.floor;
        for (value, estimate) in &mut self.counts {
            if !later.counts.contains_key(value) {
                *estimate = Estimate { count: estimate.count + later.floor, error: estimate.error + later.floor };
            }
        }
        for (value, Estimate { count, error }) in later.counts {
            let known = self.counts.entry(value).or_insert(Estimate { count: floor, error: floor });
            *known = Estimate { count: known.count + count, error: known.error + error };
        }
        self.floor += later.floor;
        self.bound();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::laws;
    use proptest::prelude::*;

    fn fold(mut hitters: HeavyHitters, values: &[u16]) -> HeavyHitters {
        values.iter().for_each(|value| hitters.add(&value.to_be_bytes()));
        hitters
    }

    /// Small numbers are frequent.
    fn values(length: usize) -> impl Strategy<Value = Vec<u16>> {
        let value = prop_oneof![2 => 0u16..5, 1 => any::<u16>()];
        prop::collection::vec(value, 0..length)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn laws_hold_while_all_is_exact(a in values(300), b in values(300), c in values(300)) {
            laws::hold(fold, [&a, &b, &c], HeavyHitters::default);
        }

        #[test]
        fn counts_keep_their_bounds(a in values(20_000), b in values(20_000)) {
            let mut merged = fold(HeavyHitters::default(), &a);
            merged.merge(fold(HeavyHitters::default(), &b));
            let all = [a, b].concat();
            let mut true_counts = BTreeMap::<u16, u64>::new();
            all.iter().for_each(|value| *true_counts.entry(*value).or_default() += 1);
            prop_assert!(merged.counts.len() <= 2 * CAPACITY);
            prop_assert!(merged.floor <= (all.len() / CAPACITY) as u64);
            for (value, count) in true_counts {
                match merged.counts.get(&value.to_be_bytes()[..]) {
                    Some(estimate) => {
                        prop_assert!(estimate.count >= count && estimate.count - estimate.error <= count);
                        prop_assert!(estimate.error <= merged.floor);
                    }
                    None => prop_assert!(count <= merged.floor),
                }
            }
        }
    }

    #[test]
    fn the_top_is_sorted_by_count_then_by_value() {
        let hitters = fold(HeavyHitters::default(), &[3, 1, 2, 3, 2, 9]);
        let top: Vec<_> = hitters.top(3).into_iter().map(|(value, estimate)| (value[1], estimate.count)).collect();
        assert_eq!(top, [(2, 2), (3, 2), (1, 1)]);
    }
}
