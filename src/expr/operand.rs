//! The values that a condition is evaluated on.

use super::whole::Whole;
use crate::event::{Timestamp, Value};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelTimestamp, CelUInt,
};
use cel::common::value::Val;
use std::borrow::Cow;
use std::collections::HashMap;

/// The value of a variable; text may be borrowed.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    /// Beyond 64 bits.
    Whole(i128),
    Float(f64),
    Text(Cow<'a, str>),
    /// Objects and arrays; a whole number in them is an int where it fits, else a uint.
    Json(serde_json::Value),
    Time(Timestamp),
}

impl<'a> Operand<'a> {
    /// A record's field. `None` where the record lacks it, and for a nested one, whose content the
    /// value does not hold.
    pub fn of(value: Value<'a>) -> Option<Self> {
        Some(match value {
            Value::Missing | Value::Nested => return None,
            Value::Null => Operand::Null,
            Value::Bool(value) => Operand::Bool(value),
            Value::Int(value) => Operand::Int(value),
            Value::Uint(value) => Operand::Uint(value),
            Value::Float(value) => Operand::Float(value),
            Value::Big(digits) => return Self::of_digits(digits),
            Value::Text(text) => Operand::Text(Cow::Borrowed(text)),
        })
    }

    /// A whole number of any size: exact within 128 bits, else the next double.
    pub fn of_digits(digits: &str) -> Option<Self> {
        digits.parse().map(Operand::Whole).or_else(|_| digits.parse().map(Operand::Float)).ok()
    }

    /// A value of JSON; what is no object and no array as it is.
    pub fn of_json(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Operand::Null,
            serde_json::Value::Bool(value) => Operand::Bool(value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Operand::Int(value),
                (None, Some(value)) => Operand::Uint(value),
                (None, None) => Operand::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Operand::Text(text.into()),
            nested => Operand::Json(nested),
        }
    }

    pub(super) fn into_val(self) -> Box<dyn Val + 'a> {
        match self {
            Operand::Null => Box::new(CelNull),
            Operand::Bool(value) => Box::new(CelBool::from(value)),
            Operand::Int(value) => Box::new(CelInt::from(value)),
            Operand::Uint(value) => Box::new(CelUInt::from(value)),
            Operand::Whole(value) => Box::new(Whole(value)),
            Operand::Float(value) => Box::new(CelDouble::from(value)),
            Operand::Text(text) => Box::new(CelString::from(text)),
            Operand::Json(json) => json_val(json),
            Operand::Time(time) => {
                let utc = chrono::DateTime::from_timestamp_nanos(time.nanos());
                Box::new(CelTimestamp::from(utc.fixed_offset()))
            }
        }
    }
}

/// Recursion ends where serde_json's parser does, at 128 levels.
fn json_val<'a>(json: serde_json::Value) -> Box<dyn Val + 'a> {
    match json {
        serde_json::Value::Null => Box::new(CelNull),
        serde_json::Value::Bool(value) => Box::new(CelBool::from(value)),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Box::new(CelInt::from(value)),
            (None, Some(value)) => Box::new(CelUInt::from(value)),
            (None, None) => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        serde_json::Value::String(text) => Box::new(CelString::from(text)),
        serde_json::Value::Array(items) => {
            Box::new(CelList::from(items.into_iter().map(json_val).collect::<Vec<Box<dyn Val + 'a>>>()))
        }
        serde_json::Value::Object(fields) => {
            let entries = fields.into_iter().map(|(key, value)| (CelMapKey::from(key), json_val(value)));
            Box::new(CelMap::from(entries.collect::<HashMap<CelMapKey<'a>, Box<dyn Val + 'a>>>()))
        }
    }
}
