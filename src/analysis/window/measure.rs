//! What an aggregate is about: a value of each record, and how it is read.

use crate::event::{Event, Value, quantity};
use crate::expr::Formula;
use crate::schema::Field;
use crate::sketch::Number;
use std::sync::Arc;

/// A value of each record.
#[derive(Clone, Debug)]
pub enum Measure {
    /// A field as it is.
    Field(Field),
    /// A number that is worked out.
    Formula(Arc<Formula>),
    /// A duration in milliseconds, with its unit in the text: `ms(FIELD)`.
    Millis(Field),
    /// The sum of a list of numbers in a text: `total(FIELD)`.
    Total(Field),
}

/// What a record has of it.
pub enum Reading<T> {
    /// Nothing: the field is missing, or null.
    Absent,
    Of(T),
    /// Something that it cannot be.
    Ignored,
}

impl Measure {
    /// The number of a record; also one in quotes.
    #[inline]
    pub fn number<'a>(&self, event: &Event<'a>) -> Reading<Number<'a>> {
        match self.value(event) {
            Reading::Of(value) => Number::of(value).map_or(Reading::Ignored, Reading::Of),
            Reading::Absent => Reading::Absent,
            Reading::Ignored => Reading::Ignored,
        }
    }

    /// The value of a record as it is written. What is in an object or an array, no value says.
    #[inline]
    pub fn value<'a>(&self, event: &Event<'a>) -> Reading<Value<'a>> {
        let value = match self {
            Measure::Field(field) => field.of(event),
            Measure::Formula(formula) => formula.value(event).unwrap_or(Value::Nested),
            Measure::Millis(field) => read(field.of(event), quantity::millis),
            Measure::Total(field) => read(field.of(event), quantity::total),
        };
        match value {
            Value::Missing | Value::Null => Reading::Absent,
            Value::Nested => Reading::Ignored,
            value => Reading::Of(value),
        }
    }
}

/// Whether both are the same for every record.
impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Measure::Field(a), Measure::Field(b))
            | (Measure::Millis(a), Measure::Millis(b))
            | (Measure::Total(a), Measure::Total(b)) => a == b,
            (Measure::Formula(a), Measure::Formula(b)) => a.is(b),
            _ => false,
        }
    }
}

/// A number as it is, or what a text comes to.
fn read<'a>(value: Value<'a>, of: impl Fn(&str) -> Option<Value<'static>>) -> Value<'a> {
    match value {
        Value::Text(text) => of(text).unwrap_or(Value::Nested),
        Value::Bool(_) => Value::Nested,
        value => value,
    }
}
