//! How a run ends for the shell: the demands that were not met, and the exit code.

use super::assert::{Assertions, Failure, WatchedRows};
use super::{exit, units};
use crate::engine::{Outcome, Stop};
use crate::schema::Names;

/// The demands that were not met, each with all that is known against it.
pub fn failures(
    outcome: &Outcome,
    assertions: &Assertions,
    watched: Option<&WatchedRows>,
    names: &Names,
) -> Vec<Failure> {
    let Some(report) = &outcome.report else { return Vec::new() };
    let mut failures = assertions.check(report, watched);
    // Another engine does not tell what its records have.
    if outcome.paths.is_some() && report.ledger.read > report.ledger.dead_letter {
        for unfounded in assertions.unfounded(names, &report.answer) {
            match failures.iter_mut().find(|failure| failure.is_of(&unfounded)) {
                Some(failure) => failure.add(unfounded),
                None => failures.push(unfounded),
            }
        }
    }
    failures
}

pub fn code(outcome: &Outcome, follow: bool, asserted: bool) -> u8 {
    match &outcome.stop {
        Some(Stop::ReaderLeft) => return exit::DONE,
        Some(Stop::Output { name, error }) => {
            say!("streamlab: error: cannot write {name}: {error}");
            return exit::UNWRITABLE;
        }
        Some(Stop::Strict(place)) => {
            say!("streamlab: error: stopped at a bad record, as --strict asks: {place}");
            return exit::FAILED;
        }
        Some(Stop::UnknownField(reason)) => {
            say!("streamlab: error: stopped, as --strict-fields asks: {reason}");
            return exit::USAGE;
        }
        Some(Stop::Engine(reason)) => {
            say!("streamlab: error: {reason}");
            return exit::UNREADABLE;
        }
        Some(Stop::NoData(longest)) => {
            say!("streamlab: error: no record came for {}, as --no-data-after asks", units::shown(*longest));
            return exit::FAILED;
        }
        Some(Stop::Failed) => return exit::FAILED,
        Some(Stop::Signal(signal)) if !follow => {
            say!("streamlab: interrupted: the result is incomplete");
            return u8::try_from(128 + signal).unwrap_or(exit::FAILED);
        }
        Some(Stop::Signal(_) | Stop::Cancelled) | None => {}
    }
    let all_bad = outcome
        .report
        .as_ref()
        .is_some_and(|report| report.ledger.read > 0 && report.ledger.dead_letter == report.ledger.read);
    if outcome.unreadable > 0 {
        exit::UNREADABLE
    } else if asserted || all_bad {
        exit::FAILED
    } else {
        exit::DONE
    }
}
