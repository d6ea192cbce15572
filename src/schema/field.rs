//! How one value is taken from an event.

use crate::event::{Event, Role, Value, status_of_text};

/// How to take one value from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Slot(usize),
    /// The HTTP status as [`Event::status`] finds it.
    Status,
    /// The record's own field in one slot; where it has none, or an object, the value in another.
    Either(usize, usize),
    /// The record's own field in a slot; where it has none, the HTTP status.
    OwnStatus(usize),
}

impl Field {
    /// The value as rows and aggregates take it: a status that is one is a number.
    #[inline(always)]
    pub fn of<'a>(self, event: &Event<'a>) -> Value<'a> {
        match self {
            Field::Slot(slot) => event.fields[slot],
            Field::Status => status(event),
            Field::Either(own, other) => *either(event, own, other),
            // Where it is the field of the role, what the role makes of it comes first.
            Field::OwnStatus(own) if own == Role::Status as usize => {
                event.status().map_or_else(|| event.fields[own], |code| Value::Int(i64::from(code)))
            }
            // By value: an event that nothing points to stays in registers.
            Field::OwnStatus(_) => self.of_own_status(*event),
        }
    }

    #[inline(never)]
    fn of_own_status(self, event: Event<'_>) -> Value<'_> {
        self.own(&event)
    }

    /// The record's own value where it has one, as it stands there; else what the role has.
    #[inline]
    pub fn own<'a>(self, event: &Event<'a>) -> Value<'a> {
        match self {
            // By reference: to copy a value that was just stored stalls.
            Field::OwnStatus(own) => match &event.fields[own] {
                Value::Missing => status(event),
                Value::Nested if event.status().is_some() => status(event),
                value => *value,
            },
            other => other.of(event),
        }
    }

    /// The same to be compared with a number: a status may stand in quotes.
    #[inline]
    pub fn number<'a>(self, event: &Event<'a>) -> Value<'a> {
        match self {
            Field::OwnStatus(own) => match &event.fields[own] {
                Value::Missing => status(event),
                Value::Text(text) => status_of_text(text).map_or(Value::Text(text), |code| Value::Int(i64::from(code))),
                _ => self.own(event),
            },
            other => other.of(event),
        }
    }

    /// Whether a record has it, be it null.
    pub fn is_there(self, event: &Event<'_>) -> bool {
        let has = |slot: usize| !matches!(event.fields[slot], Value::Missing);
        match self {
            Field::Slot(slot) => has(slot),
            Field::Status => event.status().is_some(),
            Field::Either(own, other) => has(own) || has(other),
            Field::OwnStatus(own) => has(own) || event.status().is_some(),
        }
    }

    /// Whether a record has it as its own field; where not, a role stands for it.
    pub fn is_own(self, event: &Event<'_>) -> bool {
        match self {
            Field::Slot(own) | Field::Either(own, _) | Field::OwnStatus(own) => {
                !matches!(event.fields[own], Value::Missing)
            }
            Field::Status => false,
        }
    }

    /// Whether its value is the role's.
    pub fn is_of_role(self, role: Role, event: &Event<'_>) -> bool {
        match self {
            Field::Slot(slot) => slot == role as usize,
            Field::Either(own, other) => {
                other == role as usize && std::ptr::eq(either(event, own, other), &event.fields[other])
            }
            Field::Status | Field::OwnStatus(_) => role == Role::Status,
        }
    }
}

#[inline(always)]
fn status<'a>(event: &Event<'a>) -> Value<'a> {
    event.status().map_or(Value::Missing, |code| Value::Int(i64::from(code)))
}

/// By reference: to copy a value that was just stored stalls.
#[inline(always)]
pub fn either<'e, 'a>(event: &'e Event<'a>, own: usize, other: usize) -> &'e Value<'a> {
    match (&event.fields[own], &event.fields[other]) {
        (Value::Missing, other) => other,
        (Value::Nested, other) if !matches!(other, Value::Missing) => other,
        (own, _) => own,
    }
}
