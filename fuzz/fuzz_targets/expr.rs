//! Any text is a condition or is refused, any record is kept or not or cannot be told, and neither
//! ends the program.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::borrow::Cow;
use streamlab::event::Timestamp;
use streamlab::expr::{Expr, Operand};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    values: [Value<'a>; 3],
    condition: &'a str,
}

#[derive(Arbitrary, Debug)]
enum Value<'a> {
    Missing,
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(&'a str),
    Json(&'a str),
    Time(i64),
}

impl<'a> Value<'a> {
    fn operand(&self) -> Option<Operand<'a>> {
        Some(match *self {
            Value::Missing => return None,
            Value::Null => Operand::Null,
            Value::Bool(value) => Operand::Bool(value),
            Value::Int(value) => Operand::Int(value),
            Value::Uint(value) => Operand::Uint(value),
            Value::Float(value) => Operand::Float(value),
            Value::Text(text) => Operand::Text(Cow::Borrowed(text)),
            Value::Json(text) => Operand::Json(serde_json::from_str(text).ok()?),
            Value::Time(nanos) => Operand::Time(Timestamp::from_nanos(nanos)),
        })
    }
}

fuzz_target!(|input: Input<'_>| {
    let expr = match Expr::compile(input.condition) {
        Ok(expr) => expr,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_eq!(expr.source(), input.condition);
    let lookup = |place: usize| {
        assert!(place < expr.variables().len(), "{place} is not among the variables");
        input.values[place % 3].operand()
    };
    assert_eq!(expr.holds(&lookup), expr.holds(&lookup));
});
