//! Our decoder feeds Polars: records become columns, which it counts a batch at a time.

use super::columns::Columns;
use crate::analysis::{Analysis, Settling};
use crate::bridge::Question;
use crate::event::{Event, Span, Verdict};
use crate::report::Answer;
use crate::sketch::{Merge, Rate};
use serde::{Deserialize, Serialize};

/// So many records are held before they are counted: enough that a batch is worth its cost, and some
/// tens of megabytes.
const BATCH_ROWS: usize = 500_000;

pub struct Feed {
    question: Question,
}

/// What was counted, and behind it the records that wait to be.
#[derive(Default, Serialize, Deserialize)]
pub struct State {
    columns: Columns,
    /// How many rows of the columns were counted.
    counted: usize,
}

impl Merge for State {
    fn merge(&mut self, later: Self) {
        debug_assert!(later.counted == 0, "only the root counts");
        self.columns.merge(later.columns);
    }
}

impl Feed {
    pub fn new(question: Question) -> Self {
        Self { question }
    }

    fn count(&self, state: &mut State) {
        let columns = std::mem::take(&mut state.columns);
        state.columns =
            columns.counted(self.question.max_keys).expect("columns of one length and of known types can be counted");
        state.counted = state.columns.len();
    }
}

impl Analysis for Feed {
    type State = State;

    fn name(&self) -> &'static str {
        "polars"
    }

    fn empty(&self) -> State {
        State::default()
    }

    fn observe(&self, state: &mut State, event: &Event<'_>) -> Verdict {
        match self.question.sift(event) {
            Ok((start, is_hit)) => {
                let rate = Rate { total: 1, hits: u64::from(is_hit) };
                state.columns.push(start, |key| self.question.by.encode(event, key), rate);
                Verdict::Counted
            }
            Err(verdict) => verdict,
        }
    }

    fn settle(&self, state: &mut State, _settling: &mut Settling<'_>) {
        // What was counted is counted again with the next batch: it has to be as large.
        if state.columns.len() - state.counted >= BATCH_ROWS.max(state.counted) {
            self.count(state);
        }
    }

    fn report(&self, state: &mut State, seen: Span, _last: bool) -> Answer {
        if state.columns.len() > state.counted {
            self.count(state);
        }
        self.question.answer(state.columns.rows().collect(), seen)
    }
}
