//! The statistics: how a state is made, updated, merged and reported. One small file each.
//!
//! Every analysis obeys the laws of `tests/laws/`: folding two inputs and merging equals folding
//! their concatenation, and the answer depends on nothing but the input.

mod bloom;
mod by;
#[cfg(test)]
mod fixtures;
mod lateness;
mod outcome;
mod reservoir;
mod running_avg;
mod sliding_window;
mod watchlist;
mod window;
mod written;

pub use bloom::Bloom;
pub use by::By;
pub use lateness::Lateness;
pub use outcome::{Outcome, UNDECIDED};
pub use reservoir::Reservoir;
pub use running_avg::RunningAvg;
pub use sliding_window::SlidingWindow;
pub use watchlist::{Shape, Watchlist, filter_of_patterns};
pub use window::{
    Aggregate, Aggregates, Calendar, CalendarUnit, Dedup, FULL, Measure, Plan as WindowPlan, Shape as WindowShape,
    Window,
};
pub use written::Written;

use crate::event::{DeadLetter, Event, FileId, Frontier, Ledger, Span, Timestamp, Verdict};
use crate::report::Answer;
use crate::sketch::Merge;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Write};

/// How many keys an answer has rows for where nothing else is said; see `--max-keys`.
pub const MAX_KEYS: usize = 100_000;

/// How the run stands where the root settles.
pub struct Settling<'a> {
    /// How far event time has come.
    pub frontier: &'a mut Frontier,
    /// The books, with all that was just merged.
    pub ledger: &'a mut Ledger,
    /// The books before that, and what of it had been tallied at each seam.
    pub before: Ledger,
    pub seams: &'a [Ledger],
    /// Takes the events that came too late to be counted.
    pub late: &'a mut Vec<DeadLetter>,
}

impl<'a> Settling<'a> {
    /// Where nothing was merged since the books were made.
    pub fn between(frontier: &'a mut Frontier, ledger: &'a mut Ledger, late: &'a mut Vec<DeadLetter>) -> Self {
        let before = *ledger;
        Self { frontier, ledger, before, seams: &[], late }
    }
}

/// What became final at one instant of event time, and how the run stood there.
pub struct Closing {
    pub seen: Span,
    pub ledger: Ledger,
    pub answer: Answer,
}

/// One statistic.
pub trait Analysis: Send + Sync {
    type State: Merge + Serialize + DeserializeOwned + Send;

    /// The subcommand's name, and the report's.
    fn name(&self) -> &'static str;

    /// The state of no input: the identity of merge.
    fn empty(&self) -> Self::State;

    /// The same for an input that is known to hold an event at `newest`, and that nobody asks about
    /// before it is over; `None` where it makes no difference.
    fn empty_before(&self, _newest: Timestamp) -> Option<Self::State> {
        None
    }

    /// The same for a stretch of `input` that begins where all that the frontier knows of it ends.
    fn empty_behind(&self, _frontier: &Frontier, _input: FileId) -> Self::State {
        self.empty()
    }

    /// Whether inputs that wait to be read hold it up: it pays to look where they begin.
    fn waits_for_all(&self) -> bool {
        false
    }

    /// Whether a state that was begun without that knowledge is as good as one with it. If not, its
    /// stretch is folded again.
    fn is_sound(&self, _state: &Self::State, _frontier: &Frontier) -> bool {
        true
    }

    /// Folds one event in. Called in input order within a shard.
    fn observe(&self, state: &mut Self::State, event: &Event<'_>) -> Verdict;

    /// Lets an event pass that a filter dropped: it still tells how far time has come.
    fn pass(&self, _state: &mut Self::State, _event: &Event<'_>) {}

    /// Whether the last event ended a piece of the state for which the books are to be noted.
    #[inline(always)]
    fn take_seam(&self, _state: &mut Self::State) -> bool {
        false
    }

    /// Closes what is complete, and drops what no later input can bring back. The root calls it
    /// after each merge, and when an input is over; never a shard.
    fn settle(&self, _state: &mut Self::State, _settling: &mut Settling<'_>) {}

    /// Whether anything became final and was not reported.
    fn has_closed(&self, _state: &Self::State) -> bool {
        false
    }

    /// What became final and was not reported, one instant of event time after the other.
    fn take_closing(&self, _state: &mut Self::State) -> Option<Closing> {
        None
    }

    /// Writes out the records that the state holds for forwarding, in input order, and forgets
    /// them.
    fn forward(&self, _state: &mut Self::State, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Takes up what changed outside the input, such as a filter file. A followed run calls it
    /// between updates. Answers a sentence for the user where something happened, good or bad; the
    /// run goes on either way.
    fn refresh(&mut self) -> Option<String> {
        None
    }

    /// Puts beside a root's state that of another machine, which was asked the same. Answers a sentence
    /// where not all of both is in it, an error where they cannot be put together.
    fn join(&self, state: &mut Self::State, other: Self::State) -> Result<Option<String>, String> {
        state.merge(other);
        Ok(None)
    }

    /// Tells what people call an input, before anything of it is merged.
    fn introduce(&self, _state: &mut Self::State, _input: FileId, _name: &str) {}

    /// Works out what is too costly for every update, and closes all where the input `is_over` and
    /// the run was not just stopped. Called once, before the last report. What fails is told by a
    /// note in that report.
    fn conclude(&self, _state: &mut Self::State, _settling: &mut Settling<'_>, _is_over: bool) {}

    /// The answer so far. `seen` is the event time of all that passed the filters; `last` says that
    /// no other report follows.
    fn report(&self, state: &mut Self::State, seen: Span, last: bool) -> Answer;
}
