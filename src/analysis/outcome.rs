//! What became of a request: told by its HTTP status, or by whatever the user says.

use crate::event::Event;
use crate::expr::Condition;
use crate::schema::StatusSet;
use std::sync::Arc;

/// How the note on requests that could not be told begins.
pub const UNDECIDED: &str = "Records for which the outcome could not be decided are filtered";

/// How it is told whether a request is one of those that are counted.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Its status is one of these; a record without a status is no request.
    Status(StatusSet),
    /// A condition holds; a record that has none of the fields that it names is no request.
    If(Arc<Condition>),
    /// It does not hold.
    Unless(Arc<Condition>),
}

impl Outcome {
    /// Whether the request is one of them; `None` where the record is no request.
    #[inline(always)]
    pub fn of(&self, event: &Event<'_>) -> Option<bool> {
        match self {
            Outcome::Status(statuses) => event.status().map(|status| statuses.contains(status)),
            // By value: an event that nothing points to stays in registers.
            Outcome::If(condition) => decide(condition, *event),
            Outcome::Unless(condition) => decide(condition, *event).map(|holds| !holds),
        }
    }

    /// What a person should know of requests that could not be told.
    pub fn note(&self) -> Option<String> {
        let (Outcome::If(condition) | Outcome::Unless(condition)) = self else { return None };
        let reason = condition.first_error()?;
        Some(format!("{UNDECIDED}: {reason}"))
    }
}

#[inline(never)]
fn decide(condition: &Condition, event: Event<'_>) -> Option<bool> {
    condition.decide(&event)
}
