//! Quantiles within 1 % of the value, in memory that follows the logarithm of the range.
//!
//! DDSketch (Masson, Rim, Lee 2019): values are counted in bins, each of which ends 2 % above where it
//! begins. A bin knows the least and the largest value in it besides, and a quantile never lies outside of
//! those: where the values of a bin are equal, it is exact. No bin is ever given up, so the bound holds for
//! all of the doubles, of which the bins are some 72,000 a sign.

use super::{Extremes, Merge, Number};
use crate::report::Cell;
use serde::{Deserialize, Serialize, Serializer};

/// How far a quantile may be from the value, relative to it.
pub const ACCURACY: f64 = 0.01;
/// A bin ends so much above where it begins.
const GROWTH: f64 = (1.0 + ACCURACY) / (1.0 - ACCURACY);
/// How many bins are allocated at once: the values of a log are of a few magnitudes.
const PAGE_BINS: i32 = 32;
/// Up to here a double is every integer.
const EXACT: u64 = 1 << 53;

/// Counts of numbers by magnitude.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    positive: Bins,
    negative: Bins,
    zeros: u64,
    extremes: Extremes,
}

/// The bins of one sign, in pages that are sorted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "Vec<(i32, Bin)>")]
struct Bins {
    pages: Vec<(i32, Box<[Bin; PAGE_BINS as usize]>)>,
    count: u64,
}

/// How many values, and between which two they lie; magnitudes both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Bin {
    count: u64,
    least: f64,
    most: f64,
}

impl Quantiles {
    #[inline]
    pub fn add(&mut self, number: Number<'_>) {
        // What no double holds is counted as the largest.
        let value = number.float().clamp(f64::MIN, f64::MAX);
        if value > 0.0 {
            self.positive.add(key(value), Bin { count: 1, least: value, most: value });
        } else if value < 0.0 {
            self.negative.add(key(-value), Bin { count: 1, least: -value, most: -value });
        } else {
            self.zeros += 1;
        }
        self.extremes.add(number);
    }

    fn count(&self) -> u64 {
        self.positive.count + self.negative.count + self.zeros
    }

    /// The rank of the value below which a share of the others lie.
    fn rank(&self, quantile: f64) -> Option<u64> {
        self.count().checked_sub(1).map(|last| ((quantile * last as f64) as u64).min(last))
    }

    /// That value; `None` of none.
    pub fn value(&self, quantile: f64) -> Option<f64> {
        let rank = self.rank(quantile)?;
        Some(match rank.checked_sub(self.negative.count) {
            Some(rank) => rank.checked_sub(self.zeros).map_or(0.0, |rank| self.positive.at(rank)),
            None => -self.negative.at(self.negative.count - 1 - rank),
        })
    }

    /// The same as it is shown: the least and the largest may be integers that no double is.
    pub fn cell(&self, quantile: f64) -> Cell {
        let (Some(value), Some(rank), Some((least, most))) =
            (self.value(quantile), self.rank(quantile), self.extremes.bounds())
        else {
            return Cell::Null;
        };
        let are_equal = least.compare(&most).is_eq();
        let ends = [(rank == 0 || are_equal, least), (rank + 1 == self.count() || are_equal, most)];
        let end = ends.into_iter().find(|(is_there, end)| *is_there && end.float() == value).map(|(_, end)| end);
        match end {
            Some(Number::Int(int)) if int.unsigned_abs() > EXACT => Cell::Int(int),
            Some(wide @ (Number::Uint(_) | Number::Big(_))) => wide.cell(),
            _ => Cell::Float(value),
        }
    }
}

/// The bin of a positive number.
#[inline]
fn key(value: f64) -> i32 {
    (value.ln() / GROWTH.ln()).ceil() as i32
}

impl Bins {
    #[inline]
    fn add(&mut self, key: i32, bin: Bin) {
        self.count += bin.count;
        let (page, place) = (key.div_euclid(PAGE_BINS), key.rem_euclid(PAGE_BINS) as usize);
        let after = self.pages.partition_point(|(number, _)| *number < page);
        match self.pages.get_mut(after) {
            Some((number, bins)) if *number == page => bins[place].take(bin),
            _ => {
                let mut bins = Box::new([Bin::default(); PAGE_BINS as usize]);
                bins[place] = bin;
                self.pages.insert(after, (page, bins));
            }
        }
    }

    /// The bins that hold any values, by size.
    fn iter(&self) -> impl Iterator<Item = (i32, Bin)> {
        let bins = self.pages.iter().flat_map(|(page, bins)| (page * PAGE_BINS..).zip(bins.iter().copied()));
        bins.filter(|(_, bin)| bin.count > 0)
    }

    /// About the value of a rank, counted from the least.
    fn at(&self, mut rank: u64) -> f64 {
        for (key, bin) in self.iter() {
            match rank.checked_sub(bin.count) {
                Some(rest) => rank = rest,
                // As far from either end of the bin, relative to them.
                None => {
                    return (2.0 / (1.0 + GROWTH) * (f64::from(key) * GROWTH.ln()).exp()).clamp(bin.least, bin.most);
                }
            }
        }
        0.0
    }
}

impl Bin {
    #[inline]
    fn take(&mut self, other: Self) {
        if self.count == 0 {
            *self = other;
        } else {
            self.count += other.count;
            (self.least, self.most) = (self.least.min(other.least), self.most.max(other.most));
        }
    }
}

impl From<Vec<(i32, Bin)>> for Bins {
    fn from(stored: Vec<(i32, Bin)>) -> Self {
        let mut bins = Self::default();
        stored.into_iter().for_each(|(key, bin)| bins.add(key, bin));
        bins
    }
}

impl Serialize for Bins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().collect::<Vec<_>>())
    }
}

impl Merge for Quantiles {
    fn merge(&mut self, later: Self) {
        later.positive.iter().for_each(|(key, bin)| self.positive.add(key, bin));
        later.negative.iter().for_each(|(key, bin)| self.negative.add(key, bin));
        self.zeros += later.zeros;
        self.extremes.merge(later.extremes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::laws;
    use proptest::prelude::*;

    fn fold(mut quantiles: Quantiles, values: &[f64]) -> Quantiles {
        values.iter().for_each(|value| quantiles.add(Number::Float(*value)));
        quantiles
    }

    fn float(cell: Cell) -> f64 {
        Number::of_cell(&cell).unwrap().float()
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![any::<f64>(), -1e3f64..1e3, (0u8..4).prop_map(f64::from)];
        prop::collection::vec(value.prop_filter("finite", |value| value.is_finite()), 0..60)
    }

    proptest! {
        #[test]
        fn laws_hold(a in values(), b in values(), c in values()) {
            laws::hold(fold, [&a, &b, &c], Quantiles::default);
        }

        #[test]
        fn a_quantile_is_within_one_percent_and_within_what_was_seen(values in values(), quantile in 0.0001f64..0.9999) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else { return Ok(()) };
            let found = float(fold(Quantiles::default(), &values).cell(quantile));
            let exact = sorted[(quantile * (values.len() - 1) as f64) as usize];
            // The smallest doubles have few digits.
            prop_assert!((found - exact).abs() <= 0.010001 * exact.abs() + 1e-322, "{} is not {}", found, exact);
            prop_assert!((least..=most).contains(&&found));
        }

        #[test]
        fn a_quantile_of_equal_values_is_that_value(value: i64, times in 1usize..50, others in 0usize..50, quantile in 0.5f64..0.9999) {
            let mut quantiles = Quantiles::default();
            (0..times).for_each(|_| quantiles.add(Number::Int(value)));
            prop_assert_eq!(Number::of_cell(&quantiles.cell(quantile)).unwrap().compare(&Number::Int(value)), std::cmp::Ordering::Equal);
            // Also beside others, where a double holds it.
            let small = value >> 20;
            let mut quantiles = Quantiles::default();
            (0..=others).for_each(|_| quantiles.add(Number::Int(small)));
            (0..others).for_each(|_| quantiles.add(Number::Float(small.unsigned_abs() as f64 * 1.1 + 1.0)));
            prop_assert_eq!(float(quantiles.cell(0.5)), small as f64);
        }
    }
}
