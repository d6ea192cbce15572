//! The exact answers to every analysis of what was generated.
//!
//! Named and shaped as the analyses' JSON reports are, so that a test compares rows with rows.

use crate::event::{Ledger, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// The answers, under the names of the analyses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    pub seed: u64,
    pub format: &'static str,
    pub files: u64,
    pub bytes: u64,
    /// The oldest and the newest event.
    pub seen: Option<Window>,
    /// Of every analysis that asks for a status: chatter is filtered. Duplicates are counted.
    pub ledger: Ledger,
    #[serde(rename = "running-avg")]
    pub running_avg: Answer<Successes>,
    /// What `sliding-window` covers: it ends with the newest event.
    pub window: Option<Window>,
    /// Times taken in whole milliseconds, rounded down; both ends of the window belong to it.
    #[serde(rename = "sliding-window")]
    pub sliding_window: Answer<Failures>,
    pub reservoir: Statuses,
    /// Of every sound record: chatter is counted.
    pub bloom: Answer<Matches>,
}

/// Two instants, both included, as RFC 3339.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    pub start: String,
    pub end: String,
}

impl Window {
    pub(super) fn of_micros((start, end): (i64, i64)) -> Self {
        let text = |micros: i64| Timestamp::from_nanos(micros.saturating_mul(1000)).to_string();
        Self { start: text(start), end: text(end) }
    }
}

/// One row per service that has events, sorted by name, and one over all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer<R> {
    pub rows: Vec<R>,
    pub overall: R,
}

impl<R> Answer<R> {
    /// `counts` are the whole and the part by service; `row` makes a row of them.
    pub(super) fn new(
        services: &[String],
        counts: impl Iterator<Item = (u64, u64)>,
        row: fn(Option<String>, u64, u64) -> R,
    ) -> Self {
        let mut counts: Vec<_> = services.iter().zip(counts).filter(|(_, (total, _))| *total > 0).collect();
        counts.sort();
        let (total, part) = counts.iter().fold((0, 0), |sum, (_, count)| (sum.0 + count.0, sum.1 + count.1));
        let rows = counts.into_iter().map(|(service, (total, part))| row(Some(service.clone()), total, part));
        Self { rows: rows.collect(), overall: row(None, total, part) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Successes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    pub total: u64,
    pub success: u64,
    pub success_rate: Option<f64>,
}

impl Successes {
    pub(super) fn new(service: Option<String>, total: u64, success: u64) -> Self {
        Self { service, total, success, success_rate: rate(success, total) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    pub total: u64,
    pub failures: u64,
    pub failure_rate: Option<f64>,
}

impl Failures {
    pub(super) fn new(service: Option<String>, total: u64, failures: u64) -> Self {
        Self { service, total, failures, failure_rate: rate(failures, total) }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matches {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    pub total: u64,
    pub matched: u64,
    pub ratio: Option<f64>,
}

impl Matches {
    pub(super) fn new(service: Option<String>, total: u64, matched: u64) -> Self {
        Self { service, total, matched, ratio: rate(matched, total) }
    }
}

/// How often each status stands in all requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statuses {
    pub seen: u64,
    /// The lower code where two are equally common.
    pub most_common: Option<u16>,
    pub statuses: BTreeMap<u16, u64>,
}

impl Statuses {
    pub(super) fn new(counts: impl Iterator<Item = (u16, u64)>) -> Self {
        let statuses: BTreeMap<u16, u64> = counts.filter(|(_, count)| *count > 0).collect();
        let most_common = statuses.iter().rev().max_by_key(|(_, count)| **count).map(|(code, _)| *code);
        Self { seen: statuses.values().sum(), most_common, statuses }
    }
}

/// `None` where there is no whole.
fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equally_common_statuses_the_lower_one_counts() {
        let common = |counts: &[(u16, u64)]| Statuses::new(counts.iter().copied()).most_common;
        assert_eq!(common(&[(200, 3), (301, 5), (500, 5)]), Some(301));
        assert_eq!(common(&[(200, 5), (301, 5), (500, 6)]), Some(500));
        assert_eq!(common(&[(200, 0)]), None);
    }
}
