//! How a run is asked to end from outside: by a signal, a reader that left, a server or a test.

use super::outputs::Stop;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Asks a run to end; all clones ask the same one. The run heeds it between two stretches (between two
/// waves where it looks ahead), and while it waits several times a second.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    /// Nothing, a signal's number, or one of the constants below.
    reason: Arc<AtomicUsize>,
}

const GO_ON: usize = 0;
const CANCELLED: usize = usize::MAX;
const READER_LEFT: usize = usize::MAX - 1;
const FAILED: usize = usize::MAX - 2;

impl CancelToken {
    /// The input ends here: the run reports what it has.
    pub fn cancel(&self) {
        self.reason.store(CANCELLED, Ordering::Relaxed);
    }

    /// Nobody reads the output any more.
    pub fn reader_left(&self) {
        self.reason.store(READER_LEFT, Ordering::Relaxed);
    }

    /// The answer so far is known to be refused: the run reports what it has.
    pub fn fail(&self) {
        self.reason.store(FAILED, Ordering::Relaxed);
    }

    /// Where a signal handler may put its signal's number.
    pub(super) fn signal_slot(&self) -> Arc<AtomicUsize> {
        self.reason.clone()
    }

    /// The signal that asks for the end, if one does.
    pub fn signal(&self) -> Option<i32> {
        match self.reason()? {
            Stop::Signal(signal) => Some(signal),
            _ => None,
        }
    }

    /// Why the run has to end, if it has to.
    pub(super) fn reason(&self) -> Option<Stop> {
        match self.reason.load(Ordering::Relaxed) {
            GO_ON => None,
            READER_LEFT => Some(Stop::ReaderLeft),
            CANCELLED => Some(Stop::Cancelled),
            FAILED => Some(Stop::Failed),
            signal => Some(Stop::Signal(i32::try_from(signal).unwrap_or_default())),
        }
    }
}
