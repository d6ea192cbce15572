//! Synthetic microservice logs whose answers are known.
//!
//! Equal plans give equal bytes, whatever the number of threads: records come in blocks of
//! [`BLOCK_RECORDS`], and each block has its own random numbers, drawn from the seed, the number of
//! its file and its number in the file. The truth is counted while records are made, never by
//! reading them back.

mod block;
mod digits;
pub mod hostile;
mod output;
mod plan;
mod recipe;
mod run;
mod tally;
#[cfg(test)]
mod tests;
mod truth;

pub use output::{Files, Output, RotateAt, Rotating, Stream};
pub use plan::{Format, Plan};
pub use run::{Pace, Progress};
pub use truth::{Answer, Failures, Matches, Statuses, Successes, Truth, Window};

use std::io;
use std::path::PathBuf;

/// The records of a block; the last block of a file may hold fewer.
pub const BLOCK_RECORDS: u64 = 4096;

/// Why nothing, or not everything, was generated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan contradicts itself; nothing was written.
    #[error("{0}")]
    Plan(String),
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
}

impl Error {
    /// Whether the reader of our pipe went away, which is no fault of anybody's.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
