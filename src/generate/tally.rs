//! Counts of records while they are made, for the truth.
//!
//! Tallies of blocks merge into one; what the sliding window cannot see any more is dropped, so
//! that memory is bounded by the window's milliseconds and the number of services.

use super::recipe::Recipe;
use super::truth::{Answer, Failures, Matches, Statuses, Successes, Truth, Window};
use crate::event::Ledger;

/// What there is to know of a sound record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub service: usize,
    pub micros: i64,
    /// Its index in [`Recipe::statuses`]; chatter has none.
    pub status: Option<usize>,
    pub watched: bool,
}

/// The requests of one service in one millisecond, or in a run of records within it.
#[derive(Clone, Copy, Debug)]
struct Moment {
    millis: i64,
    service: usize,
    total: u64,
    failures: u64,
}

/// Counts of a block, or of all blocks so far.
#[derive(Debug)]
pub(super) struct Tally {
    /// By status, true for a failure.
    fails: Vec<bool>,
    window_millis: i64,
    /// Requests by service, then by status.
    requests: Vec<u64>,
    chatter: Vec<u64>,
    matched: Vec<u64>,
    hostile: u64,
    /// Oldest and newest event in microseconds.
    seen: Option<(i64, i64)>,
    /// Every moment that the window ending at the newest event sees, and some that it does not.
    window: Vec<Moment>,
    compact_at: usize,
}

/// Below this many moments it is not worth looking for those that the window has left.
const COMPACT_AT_LEAST: usize = 1 << 16;

impl Tally {
    pub(super) fn new(recipe: &Recipe) -> Self {
        Self {
            fails: recipe.statuses.iter().map(|status| status.2).collect(),
            window_millis: recipe.window_millis,
            requests: vec![0; recipe.services.len() * recipe.statuses.len()],
            chatter: vec![0; recipe.services.len()],
            matched: vec![0; recipe.services.len()],
            hostile: 0,
            seen: None,
            window: Vec::new(),
            compact_at: COMPACT_AT_LEAST,
        }
    }

    pub(super) fn count_hostile(&mut self) {
        self.hostile += 1;
    }

    pub(super) fn count(&mut self, fact: &Fact) {
        let (oldest, newest) = self.seen.unwrap_or((fact.micros, fact.micros));
        self.seen = Some((oldest.min(fact.micros), newest.max(fact.micros)));
        let Some(status) = fact.status else {
            self.chatter[fact.service] += 1;
            return;
        };
        self.requests[fact.service * self.fails.len() + status] += 1;
        self.matched[fact.service] += u64::from(fact.watched);
        let failures = u64::from(self.fails[status]);
        self.window.push(Moment { millis: fact.micros.div_euclid(1000), service: fact.service, total: 1, failures });
    }

    /// Takes the counts of a block, which is empty afterwards.
    pub(super) fn absorb(&mut self, block: &mut Tally) {
        let add = |to: &mut Vec<u64>, from: &mut Vec<u64>| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += std::mem::take(from));
        };
        add(&mut self.requests, &mut block.requests);
        add(&mut self.chatter, &mut block.chatter);
        add(&mut self.matched, &mut block.matched);
        self.hostile += std::mem::take(&mut block.hostile);
        if let Some((oldest, newest)) = block.seen.take() {
            let (first, last) = self.seen.unwrap_or((oldest, newest));
            self.seen = Some((first.min(oldest), last.max(newest)));
        }
        let horizon = self.horizon();
        self.window.extend(block.window.drain(..).filter(|moment| moment.millis >= horizon));
        if self.window.len() >= self.compact_at {
            self.compact();
            self.compact_at = COMPACT_AT_LEAST.max(2 * self.window.len());
        }
    }

    /// The first millisecond that the window ending at the newest event sees.
    fn horizon(&self) -> i64 {
        self.seen.map_or(i64::MIN, |(_, newest)| newest.div_euclid(1000).saturating_sub(self.window_millis))
    }

    /// Drops the moments that the window has left, and makes one of those that agree.
    fn compact(&mut self) {
        let horizon = self.horizon();
        self.window.retain(|moment| moment.millis >= horizon);
        self.window.sort_unstable_by_key(|moment| (moment.millis, moment.service));
        self.window.dedup_by(|later, kept| {
            let same = (later.millis, later.service) == (kept.millis, kept.service);
            if same {
                kept.total += later.total;
                kept.failures += later.failures;
            }
            same
        });
    }

    pub(super) fn into_truth(mut self, recipe: &Recipe, files: u64, bytes: u64) -> Truth {
        self.compact();
        let per_service: Vec<&[u64]> = self.requests.chunks(recipe.statuses.len()).collect();
        let totals: Vec<u64> = per_service.iter().map(|counts| counts.iter().sum()).collect();
        let counted: u64 = totals.iter().sum();
        let filtered: u64 = self.chatter.iter().sum();
        let read = counted + filtered + self.hostile;
        let covered = self.seen.map(|(_, newest)| (newest - recipe.window_millis.saturating_mul(1000), newest));

        let success = |counts: &[u64]| sum_where(counts, |status| recipe.statuses[status].1);
        let successes = per_service.iter().map(|counts| success(counts));
        let messages = totals.iter().zip(&self.chatter).map(|(total, chatter)| total + chatter);
        let mut recent = vec![(0, 0); recipe.services.len()];
        for moment in &self.window {
            recent[moment.service].0 += moment.total;
            recent[moment.service].1 += moment.failures;
        }
        let codes = recipe.statuses.iter().map(|status| status.0);
        let of_code = |status: usize| per_service.iter().map(|counts| counts[status]).sum();
        let statuses = codes.enumerate().map(|(status, code)| (code, of_code(status)));
        let services = &recipe.services;
        Truth {
            seed: recipe.seed,
            format: recipe.format.name(),
            files,
            bytes,
            seen: self.seen.map(Window::of_micros),
            ledger: Ledger { read, counted, filtered, late: 0, duplicate: 0, dead_letter: self.hostile },
            running_avg: Answer::new(services, totals.iter().copied().zip(successes), Successes::new),
            window: covered.map(Window::of_micros),
            sliding_window: Answer::new(services, recent.into_iter(), Failures::new),
            reservoir: Statuses::new(statuses),
            bloom: Answer::new(services, messages.zip(self.matched.iter().copied()), Matches::new),
        }
    }
}

fn sum_where(counts: &[u64], keep: impl Fn(usize) -> bool) -> u64 {
    counts.iter().enumerate().filter(|(status, _)| keep(*status)).map(|(_, count)| count).sum()
}
