//! The cells of a report as an assertion takes them, and as a person reads them.

use crate::event::Timestamp;
use crate::expr::Operand;
use crate::report::{Cell, NESTED, OTHERS};
use serde_json::{Value as Json, json};

pub fn operand(cell: &Cell) -> Operand<'_> {
    match cell {
        Cell::Null => Operand::Null,
        Cell::Text(text) => Operand::Text(text.as_str().into()),
        Cell::Others => Operand::Text(OTHERS.into()),
        Cell::Nested => Operand::Text(NESTED.into()),
        Cell::Big(digits) => Operand::of_digits(digits).unwrap_or(Operand::Null),
        // An int, so that `total - 1` is what it seems to be.
        Cell::Count(count) => i64::try_from(*count).map_or(Operand::Uint(*count), Operand::Int),
        Cell::Int(value) => Operand::Int(*value),
        Cell::Float(value) | Cell::Rate(value) => Operand::Float(*value),
        Cell::Interval(low, high) => Operand::Json(json!([low, high])),
        Cell::Bool(value) => Operand::Bool(*value),
        Cell::Time(time) => Operand::Time(*time),
        Cell::Ranks(_) => Operand::Json(json(cell)),
    }
}

/// A cell inside a map; a time is text there, as in the JSON output.
pub fn json(cell: &Cell) -> Json {
    match cell {
        Cell::Null => Json::Null,
        Cell::Text(text) => json!(text),
        Cell::Others => json!(OTHERS),
        Cell::Nested => json!(NESTED),
        Cell::Big(digits) => json!(digits.parse().unwrap_or(f64::NAN)),
        Cell::Count(count) => json!(count),
        Cell::Int(value) => json!(value),
        Cell::Float(value) | Cell::Rate(value) => json!(value),
        Cell::Interval(low, high) => json!([low, high]),
        Cell::Bool(value) => json!(value),
        Cell::Time(time) => json!(Timestamp::to_string(time)),
        Cell::Ranks(ranks) => {
            ranks.iter().map(|(value, count)| json!({"value": json(value), "count": count})).collect()
        }
    }
}

pub fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.is_empty() || text.contains(char::is_whitespace) => format!("\"{}\"", escaped(text)),
        Cell::Text(text) => escaped(text),
        Cell::Null => "null".to_owned(),
        Cell::Others => OTHERS.to_owned(),
        Cell::Nested => NESTED.to_owned(),
        Cell::Big(digits) => digits.to_string(),
        Cell::Interval(low, high) => format!("[{low}, {high}]"),
        Cell::Float(value) | Cell::Rate(value) => value.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Time(time) => time.to_string(),
        Cell::Ranks(_) => escaped(&json(cell).to_string()),
    }
}

/// Text from the logs, without anything that could steer a terminal.
pub fn escaped(text: &str) -> String {
    text.escape_debug().collect()
}
