//! Rows to be counted, as columns that Polars takes and gives back.

use crate::bridge::Counted;
use crate::sketch::{Merge, Rate};
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Counts by window and key: one row a record, or what was counted of many. Plain data, so that a
/// checkpoint can hold it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    starts: Vec<i64>,
    /// The keys in their byte form, one after the other, and where each ends.
    keys: Vec<u8>,
    ends: Vec<usize>,
    totals: Vec<u64>,
    hits: Vec<u64>,
}

impl Columns {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a row, whose key is what `encode` appends.
    pub fn push(&mut self, start: i64, encode: impl FnOnce(&mut Vec<u8>), rate: Rate) {
        self.starts.push(start);
        encode(&mut self.keys);
        self.ends.push(self.keys.len());
        self.totals.push(rate.total);
        self.hits.push(rate.hits);
    }

    pub fn rows(&self) -> impl Iterator<Item = Counted> {
        (0..self.len()).map(|place| Counted {
            start: self.starts[place],
            key: self.key(place).to_vec(),
            rate: Rate { total: self.totals[place], hits: self.hits[place] },
            is_open: false,
        })
    }

    fn key(&self, place: usize) -> &[u8] {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.keys[begin..self.ends[place]]
    }

    /// Has Polars count the rows of each window and key, in the order in which these came first. Of a window's
    /// keys the first `max_keys` have rows of their own; the others are counted together, under an empty key.
    pub fn counted(self, max_keys: usize) -> PolarsResult<Self> {
        let sums = [col("total").sum(), col("hits").sum(), col("first").min()];
        let groups = self.frame()?.lazy().group_by([col("start"), col("key")]).agg(sums);
        let frame = groups.sort(["first"], SortMultipleOptions::new()).collect_with_engine(Engine::Streaming)?;
        Ok(Self::of(&frame.unwrap_single())?.capped(max_keys))
    }

    fn frame(&self) -> PolarsResult<DataFrame> {
        let keys: Vec<&[u8]> = (0..self.len()).map(|place| self.key(place)).collect();
        let first: Vec<u64> = (0..self.len() as u64).collect();
        DataFrame::new(
            self.len(),
            vec![
                Column::new("start".into(), &self.starts),
                Column::new("key".into(), keys),
                Column::new("total".into(), &self.totals),
                Column::new("hits".into(), &self.hits),
                Column::new("first".into(), first),
            ],
        )
    }

    fn of(frame: &DataFrame) -> PolarsResult<Self> {
        let (starts, keys) = (frame.column("start")?.i64()?, frame.column("key")?.binary()?);
        let (totals, hits) = (frame.column("total")?.u64()?, frame.column("hits")?.u64()?);
        let mut columns = Self::default();
        for (((start, key), total), hits) in starts.iter().zip(keys.iter()).zip(totals.iter()).zip(hits.iter()) {
            let rate = Rate { total: total.unwrap_or_default(), hits: hits.unwrap_or_default() };
            columns.push(start.unwrap_or_default(), |to| to.extend(key.unwrap_or_default()), rate);
        }
        Ok(columns)
    }

    fn capped(self, max_keys: usize) -> Self {
        let (mut kept, mut capped, mut others) = (HashMap::new(), Self::default(), HashMap::<i64, Rate>::new());
        for place in 0..self.len() {
            let (start, key) = (self.starts[place], self.key(place));
            let rate = Rate { total: self.totals[place], hits: self.hits[place] };
            let kept = kept.entry(start).or_insert(0);
            if key.is_empty() || *kept == max_keys {
                others.entry(start).or_default().merge(rate);
            } else {
                *kept += 1;
                capped.push(start, |to| to.extend_from_slice(key), rate);
            }
        }
        let mut others: Vec<(i64, Rate)> = others.into_iter().collect();
        others.sort_by_key(|(start, _)| *start);
        others.into_iter().for_each(|(start, rate)| capped.push(start, |_| {}, rate));
        capped
    }
}

/// One after the other.
impl Merge for Columns {
    fn merge(&mut self, mut later: Self) {
        let before = self.keys.len();
        self.starts.append(&mut later.starts);
        self.keys.append(&mut later.keys);
        self.ends.extend(later.ends.into_iter().map(|end| before + end));
        self.totals.append(&mut later.totals);
        self.hits.append(&mut later.hits);
    }
}
