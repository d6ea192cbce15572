//! A number that is worked out from a record: a field, or an expression of several.
//!
//! Arithmetic is that of people: `7 / 2` is 3.5, whole numbers and fractions mix, and a number may stand in
//! quotes. Whatever else an expression holds, such as a function, is CEL's.

use super::condition::Places;
use super::names::Variable;
use super::number::{Number, Operation};
use super::operand::Operand;
use super::quick::{constant, variable};
use super::types::Type;
use super::{Expr, ExprError, Lookup, arithmetic, operators};
use crate::event::{Event, Value};
use crate::schema::{Field, Path, Schema};
use cel::common::ast::{Expr as Node, IdedExpr};
use std::sync::OnceLock;

/// What gives a number for each record.
#[derive(Debug)]
pub enum Formula {
    Field(Field),
    Calculation(Box<Calculation>),
}

/// An expression that is more than a field.
#[derive(Debug)]
pub struct Calculation {
    expr: Expr,
    places: Places,
    arithmetic: Arithmetic,
    /// Why it could not be worked out for the first record that was met.
    first_error: OnceLock<String>,
}

#[derive(Debug)]
enum Arithmetic {
    Number(Number),
    Variable(usize),
    Negative(Box<Arithmetic>),
    Both(Operation, Box<Arithmetic>, Box<Arithmetic>),
    /// What CEL works out.
    Other(IdedExpr),
}

/// Why there is no number.
enum Without {
    /// A field is missing or null.
    Field,
    Reason(String),
}

impl Formula {
    /// Compiles a formula, and projects the fields that it names. A path may be written as for `--by`.
    pub fn new(source: &str, schema: &mut Schema) -> Result<Self, String> {
        let expr = match Self::compile(source) {
            Ok(expr) => expr,
            // `tags.0`, or a key in double quotes.
            Err(error) => match (is_path(source) && !is_constant(source)).then(|| schema.field(source)) {
                Some(Ok(field)) => return Ok(Formula::Field(field)),
                _ => return Err(error.to_string()),
            },
        };
        let places = Places::new(expr.variables(), schema);
        let arithmetic = Arithmetic::of(&expr.program, expr.variables());
        if let (Arithmetic::Variable(_), Some(field)) = (&arithmetic, places.single()) {
            return Ok(Formula::Field(field));
        }
        let first_error = OnceLock::new();
        Ok(Formula::Calculation(Box::new(Calculation { expr, places, arithmetic, first_error })))
    }

    fn compile(source: &str) -> Result<Expr, ExprError> {
        let expr = Expr::compile_as(source, true)?;
        if !matches!(expr.kind, Type::Number | Type::Calculated | Type::Sum | Type::Unknown) {
            return Err(ExprError::not_a_number(source, expr.kind.name()));
        }
        if expr.variables.is_empty() {
            return Err(ExprError::same_number(source));
        }
        Ok(expr)
    }

    /// The value for a record: of a field as it is, of a calculation a number. `Missing` where a field
    /// that it needs is missing or null; `None` where it cannot be worked out.
    pub fn value<'a>(&self, event: &Event<'a>) -> Option<Value<'a>> {
        match self {
            Formula::Field(field) => Some(field.of(event)),
            Formula::Calculation(calculation) => calculation.value(event),
        }
    }

    /// Whether both give the same for every record.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Formula::Field(field), Formula::Field(other)) => field == other,
            (Formula::Calculation(one), Formula::Calculation(other)) => one.expr.source == other.expr.source,
            _ => false,
        }
    }

    /// Why it could not be worked out for the first record that was met.
    pub fn first_error(&self) -> Option<&str> {
        match self {
            Formula::Field(_) => None,
            Formula::Calculation(calculation) => calculation.first_error.get().map(String::as_str),
        }
    }
}

impl Calculation {
    fn value<'a>(&self, event: &Event<'a>) -> Option<Value<'a>> {
        let lookup = |place: usize| self.places.operand(place, event);
        match self.arithmetic.number(&self.expr, &lookup) {
            Ok(number) => Some(value_of(number)),
            Err(Without::Field) => Some(Value::Missing),
            Err(Without::Reason(reason)) => {
                self.first_error.get_or_init(|| format!("`{}`: {reason}", self.expr.source()));
                None
            }
        }
    }
}

impl Arithmetic {
    fn of(tree: &IdedExpr, variables: &[Variable]) -> Self {
        let of = |tree: &IdedExpr| Box::new(Self::of(tree, variables));
        if let Some(place) = variable(tree, variables) {
            return Arithmetic::Variable(place);
        }
        if let Some(number) = constant(tree).and_then(|value| Number::of(&value)) {
            return Arithmetic::Number(number);
        }
        let Node::Call(call) = &tree.expr else { return Arithmetic::Other(tree.clone()) };
        match (operators::operation(call), call.args.as_slice()) {
            (Some(operation), [left, right]) => Arithmetic::Both(operation, of(left), of(right)),
            (None, [inner]) if operators::is_negation(call) => Arithmetic::Negative(of(inner)),
            _ => Arithmetic::Other(tree.clone()),
        }
    }

    fn number(&self, expr: &Expr, lookup: Lookup<'_, '_>) -> Result<Number, Without> {
        match self {
            Arithmetic::Number(number) => Ok(*number),
            Arithmetic::Variable(place) => match lookup(*place) {
                None | Some(Operand::Null) => Err(Without::Field),
                Some(value) => number_of(&value).map_err(Without::Reason),
            },
            Arithmetic::Negative(inner) => {
                Operation::Subtract.of(Number::Whole(0), inner.number(expr, lookup)?).map_err(Without::Reason)
            }
            Arithmetic::Both(operation, left, right) => {
                let (left, right) = (left.number(expr, lookup)?, right.number(expr, lookup)?);
                operation.of(left, right).map_err(Without::Reason)
            }
            Arithmetic::Other(tree) => expr
                .evaluate(tree, lookup, |value| match arithmetic::calculable(value) {
                    Some(number) => number.map_err(|reason| format!("it {reason}")),
                    None => Err(format!("it gives a value of type {}, not a number", value.get_type().name())),
                })
                .map_err(|reason| if is_about_null(&reason) { Without::Field } else { Without::Reason(reason) }),
        }
    }
}

/// As an aggregate takes it.
fn value_of<'a>(number: Number) -> Value<'a> {
    match number {
        Number::Whole(number) => match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => Value::Int(number),
            (_, Ok(number)) => Value::Uint(number),
            _ => Value::Float(number as f64),
        },
        Number::Float(number) => Value::Float(number),
    }
}

/// The number of a field.
fn number_of(value: &Operand<'_>) -> Result<Number, String> {
    let number = match value {
        Operand::Text(text) => return Number::of_text(text).ok_or_else(|| format!("it {}", arithmetic::NO_NUMBER)),
        value => Number::of(value),
    };
    number.ok_or_else(|| format!("it met {}, not a number", super::seen::kind(value)))
}

/// Whether CEL met a field that is missing or null.
fn is_about_null(reason: &str) -> bool {
    reason.contains("met null")
}

/// Whether a text is a constant, such as `2` or `true`, which is no path: a field that is called so stands in
/// backticks, or in double quotes.
fn is_constant(source: &str) -> bool {
    Expr::compile(source).is_ok_and(|expr| expr.variables.is_empty() && expr.kind != Type::Text)
}

/// Whether a text that is no expression can be a path: without blanks and brackets.
fn is_path(source: &str) -> bool {
    let is_quoted = source.starts_with('"') && source.ends_with('"');
    is_quoted
        || !source.contains(|char: char| char.is_whitespace() || "()+*/%<>=!&|?,'".contains(char))
            && Path::parse(source).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FileId, Position};
    use crate::schema::preset;

    /// The value of a formula over a record whose fields are `a` and `b`.
    fn value(source: &str, a: Value<'static>, b: Value<'static>) -> Result<Option<Value<'static>>, String> {
        let mut schema = Schema::new(preset("lab").unwrap());
        schema.field("a").unwrap();
        schema.field("b").unwrap();
        let formula = Formula::new(source, &mut schema)?;
        let fields = Vec::leak([[Value::Missing; 5].as_slice(), &[a, b]].concat());
        let at = Position { file: FileId(0), offset: 0 };
        Ok(formula.value(&Event { at, raw: b"{}", time: None, fields }))
    }

    #[test]
    fn a_formula_calculates_as_people_do() {
        for (source, a, b, expected) in [
            ("a", Value::Text("x"), Value::Missing, Some(Value::Text("x"))),
            ("a / 1000000", Value::Int(1_500_000), Value::Missing, Some(Value::Float(1.5))),
            ("a / 1000", Value::Int(5000), Value::Missing, Some(Value::Int(5))),
            ("a + b", Value::Int(1), Value::Float(0.5), Some(Value::Float(1.5))),
            ("a + b", Value::Text("12"), Value::Int(1), Some(Value::Int(13))),
            ("a + b", Value::Int(1), Value::Missing, Some(Value::Missing)),
            ("a + b", Value::Int(1), Value::Null, Some(Value::Missing)),
            ("a - b", Value::Int(i64::MIN), Value::Int(1), Some(Value::Float(-9223372036854775809.0))),
            ("a * b", Value::Int(i64::MAX), Value::Int(2), Some(Value::Uint(18446744073709551614))),
            ("-a % 4", Value::Int(7), Value::Missing, Some(Value::Int(-3))),
            ("a / b", Value::Int(7), Value::Int(0), None),
            ("a * 2", Value::Text("900ms"), Value::Missing, None),
            ("a * 2", Value::Bool(true), Value::Missing, None),
            ("size(a) / 2", Value::Text("abc"), Value::Missing, Some(Value::Float(1.5))),
            ("double(a) * b", Value::Text("1.5"), Value::Int(2), Some(Value::Float(3.0))),
            ("a > 1 ? b + b : 0", Value::Int(2), Value::Text("12"), Some(Value::Int(24))),
            ("a > 1 ? b : 0", Value::Int(2), Value::Text("12"), Some(Value::Int(12))),
            ("a > 1 ? b : 0", Value::Int(2), Value::Int(9), Some(Value::Int(9))),
        ] {
            assert_eq!(value(source, a, b), Ok(expected), "{source} of {a:?} and {b:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (source, advice) in [
            ("a > 1", "rate("),
            ("1 + 1", "names no field"),
            ("2", "`` `2` ``"),
            ("-2.5", "in backticks"),
            ("0x10", "in backticks"),
            ("true", "true or false"),
            ("null", "gives null"),
            ("a + 'x'", "not a number"),
            ("medain(a)", "no function"),
            ("a +", "cannot be read"),
        ] {
            let error = value(source, Value::Missing, Value::Missing).unwrap_err();
            assert!(error.contains(advice), "{source}: {error}");
        }
    }

    #[test]
    fn a_path_may_be_written_as_elsewhere() {
        for source in ["a", "`a`", "\"a\"", "a.0", "`sc-bytes`", "tags[0]", "@l"] {
            let mut schema = Schema::new(preset("lab").unwrap());
            assert!(matches!(Formula::new(source, &mut schema), Ok(Formula::Field(_))), "{source}");
        }
    }
}
