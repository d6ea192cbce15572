//! The windows of a run: what the root makes of the parts, in input order.

use super::part::{Entry, Latest, Part};
use super::plan::{Plan, Shape};
use super::rows::Maker;
use super::sessions::Sessions;
use super::sliding::Sliding;
use crate::analysis::Settling;
use crate::event::{Frontier, Ledger, Span, Timestamp};
use crate::report::Rows;
use crate::sketch::{Groups, RecentIds};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// All that is remembered of the input.
#[derive(Serialize, Deserialize)]
pub struct Windows {
    pub(super) store: Store,
    /// The event time up to which windows have closed, once there is one.
    pub watermark: Option<i64>,
    /// The newest event of all inputs with which it moves on.
    next: i64,
    pub(super) seen: Span,
    pub(super) ids: RecentIds,
    /// How often a rate could not be decided.
    pub(super) undecided: u64,
    /// How many values of counted records each slot of a row could not use.
    pub(super) ignored: Vec<u64>,
    /// What was closed and not shown.
    pub closed: VecDeque<Closed>,
    /// How many rows have closed, and how many were shown again.
    pub counts: Counts,
    /// Some have closed because no event came any more.
    pub(super) were_by_clock: bool,
}

/// Said where windows have closed because no event came any more.
pub const BY_CLOCK: &str = "No record came for --idle-timeout, so event time went on by the wall clock, and windows \
                            have closed by it: what still comes for them is late.";

/// Said where keys had no place in a window.
pub const FULL: &str = "There are more keys than --max-keys allows: those beyond are summed in the rows (other).";

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    pub closed: u64,
    pub revised: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Store {
    Sliding(Sliding),
    Sessions(Sessions),
}

/// Rows that closed at one step of the watermark, and how all stood then.
#[derive(Serialize, Deserialize)]
pub struct Closed {
    pub rows: Rows,
    pub seen: Span,
    pub ledger: Ledger,
    pub watermark: i64,
    pub counts: Counts,
    pub ignored: Vec<u64>,
    /// No event had come for long: time went on by itself.
    pub by_clock: bool,
}

impl Windows {
    pub fn new(plan: &Plan) -> Self {
        let store = match plan.shape {
            Shape::Sliding { .. } | Shape::Calendar(_) => Store::Sliding(Sliding::default()),
            Shape::Session { .. } => Store::Sessions(Sessions::default()),
        };
        Self {
            store,
            watermark: None,
            next: i64::MIN,
            seen: Span::default(),
            ids: RecentIds::default(),
            undecided: 0,
            ignored: Vec::new(),
            closed: VecDeque::new(),
            counts: Counts::default(),
            were_by_clock: false,
        }
    }

    /// Takes in a part that follows all that was taken in before.
    pub fn take(&mut self, plan: &Plan, mut part: Part, settling: &mut Settling<'_>) {
        part.end();
        self.undecided += part.undecided;
        let mut is_late = vec![false; if part.letters.is_empty() { 0 } else { part.entries.len() }];
        // What is of one pane goes the same way, but for duplicates.
        let is_alike =
            |one: &Entry, next: &Entry| part.ids.is_empty() && plan.gap().is_none() && one.begin == next.begin;
        let mut seams = settling.seams.iter();
        // What was taken for counted, and is not.
        let (mut late, mut duplicate, mut done) = (0, 0, 0);
        let corrected = |ledger: Ledger, late: u64, duplicate: u64| Ledger {
            counted: ledger.counted - late - duplicate,
            late: ledger.late + late,
            duplicate: ledger.duplicate + duplicate,
            ..ledger
        };
        for epoch in part.epochs {
            let floor =
                watermark_of(plan, settling.frontier.newest_of(epoch.input)).max(reached(plan, settling.frontier));
            for run in part.entries[done..epoch.end].chunk_by_mut(is_alike) {
                let count = || run.iter().map(|entry| entry.row.rate.total).sum::<u64>();
                if self.is_late(plan, &part.keys, &run[0], floor) {
                    late += count();
                    is_late.iter_mut().skip(done).take(run.len()).for_each(|is_late| *is_late = true);
                } else if part.ids.get(done).is_some_and(|id| self.is_duplicate(plan, *id)) {
                    duplicate += count();
                } else {
                    run.iter().for_each(|entry| add_up(&mut self.ignored, entry.row.ignored()));
                    self.add(plan, &part.keys, run, floor);
                }
                done += run.len();
            }
            self.seen.join(epoch.span);
            settling.frontier.see(epoch.input, Timestamp::from_nanos(epoch.newest));
            settling.frontier.note_leaps(epoch.input, epoch.leaps);
            if epoch.is_over {
                let at_seam = seams.next().map_or(*settling.ledger, |seam| settling.before + *seam);
                self.advance(plan, settling.frontier, corrected(at_seam, late, duplicate));
            }
        }
        *settling.ledger = corrected(*settling.ledger, late, duplicate);
        settling.late.extend(part.letters.into_iter().filter(|(place, _)| is_late[*place]).map(|(_, letter)| letter));
        self.advance(plan, settling.frontier, *settling.ledger);
    }

    fn is_late(&self, plan: &Plan, keys: &Groups<Latest>, entry: &Entry, watermark: i64) -> bool {
        match &self.store {
            Store::Sliding(_) => Sliding::is_late(plan, entry, watermark),
            Store::Sessions(sessions) => sessions.is_late(plan, keys.key(entry.key), entry, watermark),
        }
    }

    fn is_duplicate(&mut self, plan: &Plan, (id, nanos): (u128, i64)) -> bool {
        plan.dedup.as_ref().is_some_and(|dedup| id != 0 && self.ids.has_seen(id, nanos, dedup.horizon_ns))
    }

    fn add(&mut self, plan: &Plan, keys: &Groups<Latest>, run: &mut [Entry], floor: i64) {
        match &mut self.store {
            Store::Sliding(sliding) => sliding.add(plan, keys, run, floor, self.watermark.unwrap_or(i64::MIN)),
            Store::Sessions(sessions) => {
                run.iter_mut().for_each(|entry| sessions.add(plan, keys.key(entry.key), entry));
            }
        }
    }

    /// Closes what the inputs have come past; `ledger` is how the books stand there.
    fn advance(&mut self, plan: &Plan, frontier: &Frontier, ledger: Ledger) {
        let Some(reached) = frontier.reached().map(Timestamp::nanos) else { return };
        if reached < self.next || !plan.has_watermark() {
            return;
        }
        self.next = plan.next_step(reached);
        let watermark = plan.watermark(reached);
        self.close(plan, watermark, ledger, frontier.is_by_clock());
        if let Some(dedup) = &plan.dedup {
            // The oldest event that may still be counted, and as far before it as others are the same.
            let oldest = match &self.store {
                Store::Sliding(_) => watermark.saturating_sub(plan.longest()).saturating_sub(plan.lateness_ns),
                Store::Sessions(sessions) => sessions.oldest(plan, watermark),
            };
            self.ids.forget_before(oldest.saturating_sub(dedup.horizon_ns));
        }
    }

    /// Closes all windows: nothing more comes.
    pub fn close_all(&mut self, plan: &Plan, ledger: Ledger) {
        self.close(plan, i64::MAX, ledger, false);
    }

    fn close(&mut self, plan: &Plan, watermark: i64, ledger: Ledger, by_clock: bool) {
        let mut rows = Maker::new(plan);
        match &mut self.store {
            Store::Sliding(sliding) => {
                sliding.close(plan, self.watermark.unwrap_or(i64::MIN), watermark, &mut rows);
            }
            Store::Sessions(sessions) => sessions.close(plan, watermark, &mut rows),
        }
        self.watermark = Some(watermark);
        if rows.rows.is_empty() {
            return;
        }
        self.counts.closed += rows.closed;
        self.counts.revised += rows.rows.len() as u64 - rows.closed;
        let (seen, counts, ignored) = (self.seen, self.counts, self.ignored.clone());
        self.were_by_clock |= by_clock;
        self.closed.push_back(Closed { rows: rows.rows, seen, ledger, watermark, counts, ignored, by_clock });
    }

    /// The rows of the windows that have not closed.
    pub fn open(&self, plan: &Plan) -> Rows {
        let mut rows = Maker::new(plan);
        rows.are_open = true;
        let watermark = self.watermark.unwrap_or(i64::MIN);
        match &self.store {
            Store::Sliding(sliding) => sliding.show_open(plan, watermark, &mut rows),
            Store::Sessions(sessions) => sessions.show_open(plan, &mut rows),
        }
        rows.rows
    }

    /// Bounds that have acted, in words.
    pub fn notes(&self, plan: &Plan) -> impl Iterator<Item = String> {
        let is_full = match &self.store {
            Store::Sliding(sliding) => sliding.is_full,
            Store::Sessions(sessions) => sessions.is_full,
        };
        let cut = "There were more ids within the horizon of --dedup than are kept: some duplicates may be counted.";
        let bounds = [(is_full, FULL), (self.ids.is_cut, cut), (self.were_by_clock, BY_CLOCK)]
            .into_iter()
            .filter(|(acts, _)| *acts);
        let undecided = plan.aggregates.first_error().filter(|_| self.undecided > 0).map(|reason| {
            format!("Rates that could not be decided count as no: {} times. The first: {reason}", self.undecided)
        });
        let ignored = plan.aggregates.ignored(&self.ignored);
        let ignored = (!ignored.is_empty()).then(|| {
            let counts: Vec<String> = ignored.iter().map(|(column, count)| format!("{column} {count}")).collect();
            let first = plan
                .aggregates
                .first_failure()
                .map(|reason| format!(" The first that could not be worked out: {reason}"));
            format!(
                "Values that an aggregate could not use, such as texts that are no numbers, were ignored: {}.{}",
                counts.join(", "),
                first.unwrap_or_default()
            )
        });
        bounds.map(|(_, note)| note.to_owned()).chain(ignored).chain(undecided).chain(plan.aggregates.note())
    }
}

/// Adds counts by place.
pub fn add_up(sums: &mut Vec<u64>, counts: impl Iterator<Item = u64>) {
    for (place, count) in counts.enumerate() {
        if place == sums.len() {
            sums.push(0);
        }
        sums[place] += count;
    }
}

/// The watermark where an input's newest event is known.
pub fn watermark_of(plan: &Plan, newest: Option<Timestamp>) -> i64 {
    newest.map_or(i64::MIN, |newest| plan.watermark(newest.nanos()))
}

/// The watermark of all inputs.
pub fn reached(plan: &Plan, frontier: &Frontier) -> i64 {
    watermark_of(plan, frontier.reached())
}
