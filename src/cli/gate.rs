//! What a run demands of its reports while it goes on: a demand that is not met is said when that happens.
//!
//! Each change is said once: a row that breaks a demand, and a demand on the whole that no longer holds.

use super::assert::{Assertions, Failure, WatchedRows};
use crate::engine::CancelToken;
use crate::report::Report;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Holds the reports of a run to its assertions, one after the other.
pub struct Gate {
    assertions: Rc<Assertions>,
    /// The rows that break demands now; of changes, all that ever closed.
    pub watched: WatchedRows,
    /// The demands on the whole that do not hold.
    failing: BTreeSet<String>,
    are_sessions: bool,
    /// Nobody says anything before the end.
    is_silent: bool,
    /// What was said last of each demand.
    said: Vec<Failure>,
    /// Ends the run at the first demand that is not met.
    fail_fast: Option<CancelToken>,
}

impl Gate {
    pub fn new(
        assertions: Rc<Assertions>,
        are_sessions: bool,
        is_silent: bool,
        fail_fast: Option<CancelToken>,
    ) -> Self {
        let (watched, failing) = (WatchedRows::default(), BTreeSet::new());
        Self { assertions, watched, failing, said: Vec::new(), are_sessions, is_silent, fail_fast }
    }

    /// Takes in the next report.
    pub fn see(&mut self, report: &Report) {
        if self.is_silent {
            self.assertions.watch(report, &mut self.watched, self.are_sessions);
            return;
        }
        let mut failures = self.assertions.news(report, &mut self.watched, self.are_sessions);
        // Of nothing, nothing is demanded yet; and the last report is judged by itself.
        if report.last || report.ledger.read == 0 {
            return;
        }
        let failing = self.assertions.check_whole(report);
        let demands: BTreeSet<String> = failing.iter().map(|failure| failure.demand().to_owned()).collect();
        let known = std::mem::replace(&mut self.failing, demands);
        failures.extend(failing.into_iter().filter(|failure| !known.contains(failure.demand())));
        self.say(&failures);
    }

    /// Whether the verdict would only say again what was said of a demand last.
    pub fn has_said(&self, failure: &Failure) -> bool {
        self.said.contains(failure)
    }

    fn say(&mut self, failures: &[Failure]) {
        for failure in failures {
            say!("{failure}");
            self.said.retain(|known| !known.is_of(failure));
            self.said.push(failure.clone());
        }
        if let (Some(cancel), false) = (&self.fail_fast, failures.is_empty()) {
            cancel.fail();
        }
    }
}
