//! How many of all: a count and the part of it that hit.
//!
//! `hits` never exceeds `total`.

use super::Merge;
use crate::report::Cell;
use serde::{Deserialize, Serialize};

/// Events, and those of them that were what is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub total: u64,
    pub hits: u64,
}

impl Rate {
    pub fn add(&mut self, hit: bool) {
        self.total += 1;
        self.hits += u64::from(hit);
    }

    /// The part that hit; null where there was nothing.
    pub fn share(self) -> Cell {
        Cell::rate(self.hits, self.total)
    }

    /// The 95 % interval of the share; null where there was nothing.
    pub fn interval(self) -> Cell {
        Cell::wilson(self.hits, self.total)
    }

    /// Total, hits, share and interval: what a row says of a rate.
    pub fn cells(self) -> [Cell; 4] {
        [Cell::Count(self.total), Cell::Count(self.hits), self.share(), self.interval()]
    }
}

impl Merge for Rate {
    fn merge(&mut self, later: Self) {
        self.total += later.total;
        self.hits += later.hits;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::laws;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn laws_hold(hits: [Vec<bool>; 3]) {
            let fold = |mut rate: Rate, hits: &[bool]| {
                hits.iter().for_each(|hit| rate.add(*hit));
                rate
            };
            laws::hold(fold, hits.each_ref().map(|part| part.as_slice()), Rate::default);
            let all = hits.concat();
            let rate = fold(Rate::default(), &all);
            prop_assert_eq!(rate.total, all.len() as u64);
            prop_assert_eq!(rate.hits, all.iter().filter(|hit| **hit).count() as u64);
        }
    }
}
