//! The failure rate of each service in the last stretch of event time.
//!
//! The window is the closed interval [newest - size, newest], where newest is the newest event of
//! all, to the millisecond (times are rounded down). Newest only ever rises, so what lies before
//! the window of a part of the input lies before the final window too: a part may drop it, and
//! memory follows the length of the window, not of the input. A key keeps its place once it was
//! seen, though it fell silent: which keys have rows depends on the order of the input alone.

use super::{Analysis, By, Outcome, Settling};
use crate::event::{Event, Span, Timestamp, Verdict};
use crate::report::{Answer, Fields};
use crate::schema::Outcomes;
use crate::sketch::{Groups, Merge, Rate, Recent};
use serde::{Deserialize, Serialize};

pub struct SlidingWindow {
    size_ms: u64,
    by: By,
    failure: Outcome,
    max_keys: usize,
}

impl SlidingWindow {
    pub fn new(size_ms: u64, by: By, outcomes: Outcomes, max_keys: usize) -> Self {
        Self { size_ms, by, failure: Outcome::Status(outcomes.failure), max_keys }
    }

    /// The same where a failure is told otherwise.
    pub fn with_failure(self, failure: Outcome) -> Self {
        Self { failure, ..self }
    }

    /// The columns after the key.
    pub const COLUMNS: [&str; 4] = ["total", "failures", "failure_rate", "ci95"];

    fn bounds(&self, newest: Timestamp) -> Bounds {
        Bounds { newest, start_ms: newest.millis().saturating_sub_unsigned(self.size_ms) }
    }

    /// How far the window moves before what it left behind is dropped: to look at every key costs
    /// more than to keep a sixteenth too much.
    fn eviction_step_ms(&self) -> u64 {
        (self.size_ms / 16).max(1000)
    }
}

/// The recent requests by key; a hit is a failure.
#[derive(Default, Serialize, Deserialize)]
pub struct Window {
    groups: Groups<Recent>,
    bounds: Option<Bounds>,
    /// Where the window began when the keys were last rid of what lies before it.
    evicted_ms: Option<i64>,
}

/// Where the window lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Bounds {
    /// Of all events, requests or not.
    newest: Timestamp,
    /// The first millisecond of the window that ends at `newest`.
    start_ms: i64,
}

impl Merge for Window {
    fn merge(&mut self, mut later: Self) {
        self.bounds = self.bounds.max(later.bounds);
        // Old files may come after newer ones: what they bring would pile up until the next
        // eviction, which waits for the window to move.
        if let Some(Bounds { start_ms, .. }) = self.bounds {
            later.groups.values_mut().for_each(|recent| recent.evict_before(start_ms));
        }
        self.groups.merge(later.groups);
    }
}

impl Analysis for SlidingWindow {
    type State = Window;

    fn name(&self) -> &'static str {
        "sliding-window"
    }

    fn empty(&self) -> Self::State {
        Window::default()
    }

    fn empty_before(&self, newest: Timestamp) -> Option<Self::State> {
        Some(Window { bounds: Some(self.bounds(newest)), ..Window::default() })
    }

    #[inline(always)]
    fn observe(&self, state: &mut Self::State, event: &Event<'_>) -> Verdict {
        let Some(time) = event.time else { return Verdict::Dead("no time") };
        let time_ms = time.millis();
        let start_ms = match state.bounds {
            Some(bounds) if time <= bounds.newest => bounds.start_ms,
            _ => {
                let bounds = self.bounds(time);
                state.bounds = Some(bounds);
                bounds.start_ms
            }
        };
        let Some(is_failure) = self.failure.of(event) else { return Verdict::Filtered };
        // An event before the window is counted like any other: which part of the input it came
        // in, and so whether its window had passed by then, must not show in the ledger, nor in
        // which keys came first.
        let recent = self.by.entry(&mut state.groups, event);
        if time_ms >= start_ms && recent.add(time_ms, is_failure) {
            recent.evict_before(start_ms);
        }
        Verdict::Counted
    }

    fn settle(&self, state: &mut Self::State, _settling: &mut Settling<'_>) {
        state.groups.cap(self.max_keys);
        let Some(Bounds { start_ms, .. }) = state.bounds else { return };
        let is_due = |evicted_ms| start_ms.abs_diff(evicted_ms) >= self.eviction_step_ms();
        if state.evicted_ms.is_none_or(is_due) {
            state.groups.values_mut().for_each(|recent| recent.evict_before(start_ms));
            state.evicted_ms = Some(start_ms);
        }
    }

    fn join(&self, state: &mut Self::State, other: Self::State) -> Result<Option<String>, String> {
        state.bounds = state.bounds.max(other.bounds);
        state.groups.join(other.groups);
        state.groups.cap(self.max_keys);
        if let Some(Bounds { start_ms, .. }) = state.bounds {
            state.groups.values_mut().for_each(|recent| recent.evict_before(start_ms));
        }
        Ok(None)
    }

    fn report(&self, state: &mut Self::State, _seen: Span, _last: bool) -> Answer {
        let start_ms = state.bounds.map_or(i64::MIN, |bounds| bounds.start_ms);
        let mut all = Rate::default();
        let mut table = self.by.table(&state.groups, &Self::COLUMNS, |recent| {
            let rate = recent.since(start_ms);
            all.merge(rate);
            (rate.total > 0).then(|| rate.cells().into())
        });
        let size_ns = i64::try_from(self.size_ms).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        let window = state.bounds.map(|Bounds { newest, .. }| (newest.before(size_ns), newest));
        let overall: Fields = Self::COLUMNS.into_iter().zip(all.cells()).collect();
        table.notes.extend(self.failure.note());
        Answer { window, overall, ..table }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixtures::{overall, request, run, settle};
    use crate::report::Cell;

    fn analysis(max_keys: usize) -> SlidingWindow {
        SlidingWindow::new(60_000, By::default(), Outcomes::default(), max_keys)
    }

    #[test]
    fn windows_that_end_at_90_100_and_155_hold_1_2_and_2_failures() {
        let failures =
            [(90.0, "HTTP Status Code: 500"), (100.0, "HTTP Status Code: 404"), (155.0, "HTTP Status Code: 503")];
        let in_window = |events: &[(f64, &str)]| overall(&run(&analysis(10), events).1, "failures");
        assert_eq!(in_window(&failures[..1]), Cell::Count(1));
        assert_eq!(in_window(&failures[..2]), Cell::Count(2));
        assert_eq!(in_window(&failures), Cell::Count(2));
    }

    #[test]
    fn the_window_is_closed_and_ends_at_the_newest_event_of_any_kind() {
        let requests =
            [(40.0, "HTTP Status Code: 500"), (39.999, "HTTP Status Code: 500"), (70.0, "HTTP Status Code: 200")];
        let (_, answer, verdicts) = run(&analysis(10), &[requests.as_slice(), &[(100.0, "stopped")]].concat());
        assert_eq!(answer.rows[0][1..3], [Cell::Count(2), Cell::Count(1)]);
        assert_eq!(verdicts.last(), Some(&Verdict::Filtered));
        let (start, end) = answer.window.unwrap();
        assert_eq!((start.millis(), end.millis()), (40_000, 100_000));
        let (_, answer, _) = run(&analysis(10), &[requests.as_slice(), &[(200.0, "stopped")]].concat());
        assert!(answer.rows.is_empty(), "a service that fell silent has no row");
        assert_eq!(overall(&answer, "failure_rate"), Cell::Null);
    }

    #[test]
    fn an_event_without_time_is_dead() {
        let mut state = Window::default();
        request(0, "a", None, "HTTP Status Code: 500", |event| {
            assert_eq!(analysis(10).observe(&mut state, event), Verdict::Dead("no time"));
        });
    }

    #[test]
    fn a_key_keeps_its_place_though_it_fell_silent() {
        let analysis = analysis(1);
        let mut state = analysis.empty();
        let mut rows = Vec::new();
        for (at, (time_s, service)) in [(0.0, "a"), (50.0, "b"), (80.0, "b"), (200.0, "b")].into_iter().enumerate() {
            request(at as u64, service, Some(time_s), "HTTP Status Code: 500", |event| {
                analysis.observe(&mut state, event);
            });
            settle(&analysis, &mut state);
            let answer = analysis.report(&mut state, Span::default(), true);
            rows.push(answer.rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect::<Vec<_>>());
        }
        let row = |key: &str, total| (Cell::Text(key.into()), Cell::Count(total));
        assert_eq!(rows[1], [row("a", 1), (Cell::Others, Cell::Count(1))]);
        assert_eq!(rows[2], [(Cell::Others, Cell::Count(2))], "b gets no row that lacks its event at 50 s");
        assert_eq!(rows[3], [(Cell::Others, Cell::Count(1))], "a has no row, and still its place");
        assert_eq!(state.groups.len(), 1);
    }

    #[test]
    fn a_part_holds_no_more_than_the_window() {
        let analysis = analysis(10);
        let mut part = analysis.empty();
        for time_s in 0..1000 {
            request(0, "a", Some(f64::from(time_s)), "HTTP Status Code: 500", |event| {
                analysis.observe(&mut part, event);
            });
        }
        assert_eq!(part.groups.values().map(|recent| recent.since(i64::MIN).total).sum::<u64>(), 61);
    }

    #[test]
    fn what_left_the_window_is_dropped_once_the_window_has_moved_far_enough() {
        let analysis = analysis(10);
        let mut state = analysis.empty();
        let mut held = |time_s| {
            let mut part = analysis.empty();
            request(0, "a", Some(time_s), "HTTP Status Code: 500", |event| {
                analysis.observe(&mut part, event);
            });
            state.merge(part);
            settle(&analysis, &mut state);
            state.groups.values().map(|recent| recent.since(i64::MIN).total).sum::<u64>()
        };
        // The step of a window of 60 s is 3.75 s.
        assert_eq!([0.0, 60.0, 62.0, 63.0].map(&mut held), [1, 2, 3, 4]);
        assert_eq!(held(64.0), 4, "the event at 0 s is gone");
        assert_eq!(held(1.0), 4, "what comes too late is not even kept");
    }
}
