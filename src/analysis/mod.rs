//! The statistics: how a state is made, updated, merged and reported. One small file each.
//!
//! Every analysis obeys the laws of `tests/laws.rs`: folding two inputs and merging equals folding
//! their concatenation, and the answer depends on nothing but the input.

use crate::event::{Event, Span, Verdict};
use crate::report::Answer;
use crate::sketch::Merge;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Write};

/// One statistic.
pub trait Analysis: Sync {
    type State: Merge + Serialize + DeserializeOwned + Send;

    /// The subcommand's name, and the report's.
    fn name(&self) -> &'static str;

    /// The state of no input: the identity of merge.
    fn empty(&self) -> Self::State;

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

    /// The answer so far. `seen` is the event time of all that passed the filters.
    fn report(&self, state: &Self::State, seen: Span) -> Answer;
}
