//! Any statistics over windows of event time: tumbling, sliding, or sessions.
//!
//! A window is shown once, when the watermark passes its end: event time is complete up to there, as
//! far as anyone can tell. Events that come later are taken for as long as `--allowed-lateness` says,
//! and the window is shown again. An event is late by the clock of its own input: neither how files
//! are read beside each other nor where they are cut decides what is counted.

mod aggregates;
mod calendar;
mod clock;
mod join;
mod measure;
mod part;
mod plan;
mod row;
mod rows;
mod sessions;
mod sliding;
#[cfg(test)]
mod tests;
mod windows;

pub use aggregates::{Aggregate, Aggregates};
pub use calendar::{Calendar, CalendarUnit};
pub use measure::Measure;
pub use plan::{Dedup, Plan, Shape};
pub use windows::FULL;

use super::{Analysis, Closing, Settling};
use crate::event::{Event, FileId, Frontier, Span, Timestamp, Verdict};
use crate::report::{Answer, Cell, Change, Rows};
use crate::sketch::{Merge, Rate, compare_cells, compare_keys};
use part::Part;
use row::Row;
use rows::Maker;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use windows::{Counts, Windows};

pub struct Window {
    plan: Plan,
}

/// What was folded, and the windows that the root makes of it.
#[derive(Serialize, Deserialize)]
pub struct State {
    /// Empty once the root has settled.
    #[serde(skip)]
    part: Part,
    /// Only the root has any.
    windows: Option<Windows>,
}

impl From<Part> for State {
    fn from(part: Part) -> Self {
        Self { part, windows: None }
    }
}

impl Merge for State {
    fn merge(&mut self, later: Self) {
        self.part.merge(later.part);
        debug_assert!(self.windows.is_none() || later.windows.is_none(), "there is one root");
        self.windows = self.windows.take().or(later.windows);
    }
}

impl Window {
    pub fn new(plan: Plan) -> Self {
        Self { plan }
    }

    /// The answer where something else has counted: the rates of windows by their beginning and key (in its
    /// byte form; an empty one stands for all others), and whether they may still change.
    pub fn tabulate(&self, mut counted: Vec<(i64, Vec<u8>, Rate, bool)>) -> Answer {
        counted.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| compare_keys(&a.1, &b.1)));
        let mut rows = Maker::new(&self.plan);
        for (start, key, rate, is_open) in counted {
            rows.are_open = is_open;
            rows.push(start, self.plan.last_end(start), &key, &Row { rate, ..Row::default() });
        }
        let counts = Counts { closed: rows.closed, revised: 0 };
        self.answer(rows.rows, None, counts, &[])
    }

    fn answer(&self, rows: Rows, watermark: Option<i64>, counts: Counts, ignored: &[u64]) -> Answer {
        let start = rows.iter().filter_map(|row| Change(row).span()[0]).min();
        let end = rows.iter().filter_map(|row| Change(row).span()[1]).max();
        let by = self.plan.by.columns();
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let columns = [named(&["start", "end"]), by.to_vec()].concat();
        let aggregates = self.plan.aggregates.columns().map(str::to_owned);
        Answer {
            window: start.zip(end),
            keys: columns.len(),
            columns: columns.into_iter().chain(aggregates).chain(named(&["revision", "open"])).collect(),
            rows,
            overall: vec![
                // Once all is over, there is none.
                ("watermark", watermark.filter(|at| *at != i64::MAX).map(Timestamp::from_nanos).into()),
                ("closed", Cell::Count(counts.closed)),
                ("revised", Cell::Count(counts.revised)),
            ],
            ignored: self.plan.aggregates.ignored(ignored),
            bounds: self.plan.aggregates.bounds(),
            notes: Vec::new(),
        }
    }
}

impl Analysis for Window {
    type State = State;

    fn name(&self) -> &'static str {
        "window"
    }

    fn empty(&self) -> State {
        Part::default().into()
    }

    fn empty_behind(&self, frontier: &Frontier, input: FileId) -> State {
        Part::behind(&self.plan, frontier, windows::reached(&self.plan, frontier), input).into()
    }

    /// Which sessions a late event belongs to depends on when those of other files are given up.
    fn waits_for_all(&self) -> bool {
        self.plan.gap().is_none() && self.plan.has_watermark()
    }

    fn is_sound(&self, state: &State, frontier: &Frontier) -> bool {
        state.part.is_sound(&self.plan, frontier, windows::reached(&self.plan, frontier))
    }

    #[inline(always)]
    fn observe(&self, state: &mut State, event: &Event<'_>) -> Verdict {
        let Some(time) = event.time else { return Verdict::Dead("no time") };
        let Some(is_failure) = self.plan.aggregates.is_failure(event) else {
            state.part.see(&self.plan, event.at.file, time.nanos());
            return Verdict::Filtered;
        };
        state.part.add(&self.plan, event, time.nanos(), is_failure);
        Verdict::Counted
    }

    fn pass(&self, state: &mut State, event: &Event<'_>) {
        if let Some(time) = event.time {
            state.part.pass(&self.plan, event.at.file, time.nanos());
        }
    }

    #[inline(always)]
    fn take_seam(&self, state: &mut State) -> bool {
        state.part.take_seam()
    }

    fn settle(&self, state: &mut State, settling: &mut Settling<'_>) {
        let windows = state.windows.get_or_insert_with(|| Windows::new(&self.plan));
        windows.take(&self.plan, std::mem::take(&mut state.part), settling);
    }

    fn has_closed(&self, state: &State) -> bool {
        state.windows.as_ref().is_some_and(|windows| !windows.closed.is_empty())
    }

    fn take_closing(&self, state: &mut State) -> Option<Closing> {
        let closed = state.windows.as_mut()?.closed.pop_front()?;
        let mut answer = self.answer(closed.rows, Some(closed.watermark), closed.counts, &closed.ignored);
        answer.notes.extend(closed.by_clock.then(|| windows::BY_CLOCK.to_owned()));
        Some(Closing { seen: closed.seen, ledger: closed.ledger, answer })
    }

    fn conclude(&self, state: &mut State, settling: &mut Settling<'_>, is_over: bool) {
        if is_over {
            self.settle(state, settling);
            state.windows.iter_mut().for_each(|windows| windows.close_all(&self.plan, *settling.ledger));
        }
    }

    fn join(&self, state: &mut State, other: State) -> Result<Option<String>, String> {
        let windows = |windows: Option<Windows>| windows.unwrap_or_else(|| Windows::new(&self.plan));
        let mut joined = windows(state.windows.take());
        let note = joined.join(&self.plan, windows(other.windows))?;
        state.windows = Some(joined);
        Ok(note)
    }

    fn report(&self, state: &mut State, _seen: Span, last: bool) -> Answer {
        let Some(windows) = &mut state.windows else {
            return self.answer(Rows::default(), None, Counts::default(), &[]);
        };
        let mut rows = Rows::default();
        std::mem::take(&mut windows.closed).into_iter().for_each(|closed| rows.append(closed.rows));
        let keys = 2 + self.plan.by.columns().len();
        drop_superseded(&mut rows, keys, self.plan.gap().is_some());
        // Once all have closed, none is open.
        if self.plan.shows_open || last {
            rows.append(windows.open(&self.plan));
        }
        let mut answer = self.answer(rows, windows.watermark, windows.counts, &windows.ignored);
        answer.notes = windows.notes(&self.plan).collect();
        answer
    }
}

/// Of the rows of one window and key, only the last revision is left; a session that was shown again
/// takes the place of all that it overlaps.
fn drop_superseded(rows: &mut Rows, keys: usize, are_sessions: bool) {
    if !rows.iter().any(|row| Change(row).is_revised()) {
        return;
    }
    // Only what is said again takes the place of anything.
    let mut later: HashMap<String, Vec<&[Cell]>> = HashMap::new();
    let mut is_last: Vec<bool> = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        let key = if are_sessions { &row[2..keys] } else { &row[..keys] };
        let same = later.entry(format!("{key:?}")).or_default();
        is_last.push(!same.iter().any(|other| Change(row).overlaps(Change(other))));
        if Change(row).is_revised() {
            same.push(row);
        }
    }
    rows.retain(|_| is_last.pop().unwrap_or(true));
    // What came last stands where it belongs.
    rows.sort_by(|a, b| {
        let is_others = |row: &[Cell]| row[2..keys].iter().all(|cell| *cell == Cell::Others);
        let (others, others_too) = (is_others(a), is_others(b));
        let ([start, end], [start_too, end_too]) = (Change(a).span(), Change(b).span());
        let order = (end, start, others).cmp(&(end_too, start_too, others_too));
        order.then_with(|| compare_cells(&a[2..keys], &b[2..keys]))
    });
}
