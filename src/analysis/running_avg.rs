//! The success rate of each service over all that was seen.
//!
//! The state is two counts a key: history is never read again.

use super::{Analysis, By, Outcome, Settling};
use crate::event::{Event, Span, Verdict};
use crate::report::{Answer, Fields};
use crate::schema::Outcomes;
use crate::sketch::{Groups, Merge, Rate};

pub struct RunningAvg {
    by: By,
    success: Outcome,
    max_keys: usize,
}

impl RunningAvg {
    pub fn new(by: By, outcomes: Outcomes, max_keys: usize) -> Self {
        Self { by, success: Outcome::Status(outcomes.success), max_keys }
    }

    /// The same where a success is told otherwise.
    pub fn with_success(self, success: Outcome) -> Self {
        Self { success, ..self }
    }

    /// The columns after the key.
    pub const COLUMNS: [&str; 4] = ["total", "success", "success_rate", "ci95"];
}

impl Analysis for RunningAvg {
    /// Requests by key; a hit is a success.
    type State = Groups<Rate>;

    fn name(&self) -> &'static str {
        "running-avg"
    }

    fn empty(&self) -> Self::State {
        Groups::default()
    }

    #[inline(always)]
    fn observe(&self, state: &mut Self::State, event: &Event<'_>) -> Verdict {
        let Some(is_success) = self.success.of(event) else { return Verdict::Filtered };
        self.by.entry(state, event).add(is_success);
        Verdict::Counted
    }

    fn settle(&self, state: &mut Self::State, _settling: &mut Settling<'_>) {
        state.cap(self.max_keys);
    }

    fn join(&self, state: &mut Self::State, other: Self::State) -> Result<Option<String>, String> {
        state.join(other);
        state.cap(self.max_keys);
        Ok(None)
    }

    fn report(&self, state: &mut Self::State, seen: Span, _last: bool) -> Answer {
        let mut all = Rate::default();
        state.values().for_each(|rate| all.merge(*rate));
        let overall: Fields = Self::COLUMNS.into_iter().zip(all.cells()).collect();
        let mut table = self.by.table(state, &Self::COLUMNS, |rate| Some(rate.cells().into()));
        table.notes.extend(self.success.note());
        Answer { window: seen.0, overall, ..table }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixtures::{overall, run};
    use crate::report::Cell;

    fn analysis() -> RunningAvg {
        RunningAvg::new(By::default(), Outcomes::default(), 10)
    }

    #[test]
    fn the_rate_and_the_covered_time_grow_with_the_input() {
        let events =
            [(10.0, "HTTP Status Code: 200"), (12.5, "HTTP Status Code: 500"), (11.0, "HTTP Status Code: 204")];
        let (_, first, _) = run(&analysis(), &events[..2]);
        assert_eq!(overall(&first, "success_rate"), Cell::Rate(0.5));
        let (_, then, _) = run(&analysis(), &[events.as_slice(), &[(99.0, "HTTP Status Code: 404")]].concat());
        assert_eq!(overall(&then, "success_rate"), Cell::Rate(0.5));
        let (_, then, _) = run(&analysis(), &events);
        assert_eq!(overall(&then, "success_rate"), Cell::Rate(2.0 / 3.0));
        assert_eq!(then.rows[0][..3], [Cell::Text("inference".into()), Cell::Count(3), Cell::Count(2)]);
        let (oldest, newest) = then.window.unwrap();
        assert_eq!((oldest.millis(), newest.millis()), (10_000, 12_500));
    }

    #[test]
    fn a_record_without_a_status_is_no_request() {
        let (_, answer, verdicts) = run(&analysis(), &[(1.0, "started"), (2.0, "HTTP Status Code: 302")]);
        assert_eq!(verdicts, [Verdict::Filtered, Verdict::Counted]);
        assert_eq!(overall(&answer, "total"), Cell::Count(1));
        assert_eq!(overall(&answer, "success_rate"), Cell::Rate(0.0), "a redirect is a request, not a success");
    }

    #[test]
    fn nothing_seen_is_no_rate() {
        let (_, answer, _) = run(&analysis(), &[]);
        assert_eq!(overall(&answer, "success_rate"), Cell::Null);
        assert!(answer.rows.is_empty() && answer.window.is_none());
    }
}
