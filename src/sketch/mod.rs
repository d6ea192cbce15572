//! Mergeable summaries: what a state is made of. None of them knows what it counts.
//!
//! Every sketch obeys the laws of [`Merge`] and survives serialisation; the tests of each hold it
//! to them through one generic function.

mod bloom;
mod bottom_k;
mod decimal;
mod exact_sum;
mod filter_file;
mod groups;
mod heavy;
mod ids;
mod key;
mod number;
mod panes;
mod quantiles;
mod rate;
mod recent;

pub use bloom::{Filter, FilterError, MAX_BITS, MAX_HASHES};
pub use bottom_k::{BottomK, Sampled, position_hash};
pub use exact_sum::{ExactSum, deviation};
pub use filter_file::FILTER_MAGIC;
pub use groups::Groups;
pub use heavy::{Estimate, HeavyHitters};
pub use ids::RecentIds;
pub use key::{compare as compare_cells, compare_keys, decode_key, encode_value, key_cells};
pub use number::{Extremes, Number};
pub use panes::{Pane, Panes};
pub use quantiles::{ACCURACY as QUANTILE_BOUND, Quantiles};
pub use rate::Rate;
pub use recent::Recent;

/// Two summaries of neighbouring input become one of both.
///
/// Associative, with the empty summary as identity; `later` follows `self` in input order.
pub trait Merge {
    fn merge(&mut self, later: Self);
}

/// A plain count.
impl Merge for u64 {
    fn merge(&mut self, later: Self) {
        *self += later;
    }
}

#[cfg(test)]
mod laws {
    use super::Merge;
    use serde::{Serialize, de::DeserializeOwned};
    use std::fmt::Debug;

    /// Holds a sketch to the laws over three stretches of input: identity, associativity,
    /// fold(a ++ b) = merge(fold a, fold b), and serialisation in the middle.
    pub fn hold<I: Clone, T>(fold: impl Fn(T, &[I]) -> T, parts: [&[I]; 3], empty: impl Fn() -> T)
    where
        T: Merge + PartialEq + Debug + Serialize + DeserializeOwned,
    {
        let merged = |mut first: T, second: T| {
            first.merge(second);
            first
        };
        let (a, b, c) = (|| fold(empty(), parts[0]), || fold(empty(), parts[1]), || fold(empty(), parts[2]));

        assert_eq!(merged(empty(), a()), a(), "the empty sketch is a left identity");
        assert_eq!(merged(a(), empty()), a(), "the empty sketch is a right identity");
        assert_eq!(merged(merged(a(), b()), c()), merged(a(), merged(b(), c())), "merge is associative");
        let whole = fold(empty(), &parts.concat());
        assert_eq!(merged(merged(a(), b()), c()), whole, "folding the parts equals folding the whole");

        let image = serde_json::to_vec(&merged(a(), b())).unwrap();
        let restored: T = serde_json::from_slice(&image).unwrap();
        assert_eq!(fold(restored, parts[2]), whole, "a restored sketch goes on as if never stored");
    }
}
