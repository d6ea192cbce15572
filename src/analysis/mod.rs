//! The statistics: how a state is made, updated, merged and reported. One small file each.
//!
//! Every analysis obeys the laws of `tests/laws.rs`: folding two inputs and merging equals folding
//! their concatenation, and the answer depends on nothing but the input.

mod bloom;
mod by;
#[cfg(test)]
mod fixtures;
mod reservoir;
mod running_avg;
mod sliding_window;
mod watchlist;

pub use bloom::Bloom;
pub use by::By;
pub use reservoir::Reservoir;
pub use running_avg::RunningAvg;
pub use sliding_window::SlidingWindow;
pub use watchlist::{Shape, Watchlist, filter_of_patterns};

use crate::event::{Event, Span, Timestamp, Verdict};
use crate::report::Answer;
use crate::sketch::Merge;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Write};

/// How many keys an answer has rows for where nothing else is said; see `--max-keys`.
pub const MAX_KEYS: usize = 100_000;

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

    /// Folds one event in. Called in input order within a shard.
    fn observe(&self, state: &mut Self::State, event: &Event<'_>) -> Verdict;

    /// Drops from the merged state what no later input can bring back. The root calls it after
    /// each merge, never a shard.
    fn settle(&self, _state: &mut Self::State) {}

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

    /// Works out what is too costly for every update. Called once, before the last report.
    /// What fails is told by a note in that report.
    fn conclude(&self, _state: &mut Self::State) {}

    /// The answer so far. `seen` is the event time of all that passed the filters.
    fn report(&self, state: &Self::State, seen: Span) -> Answer;
}
