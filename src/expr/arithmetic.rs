//! The operators of a condition, as CEL calls them: on numbers they are ours (see [`super::number`]), on times,
//! durations, texts and lists CEL's.
//!
//! CEL's own never mix whole numbers with fractions, cut `7 / 2` to 3, and compare by way of a double. So each
//! operator of the tree becomes a function of this file, which is called as the operator with `@` before it.

use super::number::{Number, Operation};
use super::whole::{number_of, value_of};
use cel::common::ast::operators;
use cel::common::functions::Function;
use cel::common::types::{CelBool, CelList, CelNull, CelString, DYN_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::{Env, ExecutionError};
use std::cmp::Ordering;

/// A number, or why what should be one is none.
pub type Calculable = Result<Number, String>;
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// The operators of two parts.
pub const BINARY: &[(&str, Function)] = &[
    (operators::ADD, |parts| calculate(Operation::Add, &parts)),
    (operators::SUBSTRACT, |parts| calculate(Operation::Subtract, &parts)),
    (operators::MULTIPLY, |parts| calculate(Operation::Multiply, &parts)),
    (operators::DIVIDE, |parts| calculate(Operation::Divide, &parts)),
    (operators::MODULO, |parts| calculate(Operation::Remainder, &parts)),
    (operators::EQUALS, |parts| Ok(truth(equal(&*parts[0], &*parts[1])?))),
    (operators::NOT_EQUALS, |parts| Ok(truth(!equal(&*parts[0], &*parts[1])?))),
    (operators::LESS, |parts| compare("<", &parts, |order| order == Ordering::Less)),
    (operators::LESS_EQUALS, |parts| compare("<=", &parts, |order| order != Ordering::Greater)),
    (operators::GREATER, |parts| compare(">", &parts, |order| order == Ordering::Greater)),
    (operators::GREATER_EQUALS, |parts| compare(">=", &parts, |order| order != Ordering::Less)),
    (operators::IN, |parts| is_in(&*parts[0], &*parts[1])),
];

/// `+` where only numbers can be meant: two texts are added as numbers there, and joined elsewhere.
pub const SUM: &str = "@sum";

/// What CEL calls our function for an operator.
pub fn ours(operator: &str) -> String {
    format!("@{operator}")
}

/// Declares the functions.
pub fn add_functions(env: &mut Env) {
    let mut add = |name: &str, types: Vec<Type>, function: Function| {
        env.add_overload(name, &format!("{name}:{}", types.len()), types, function).expect("a name of ours");
    };
    for (operator, function) in BINARY {
        add(&ours(operator), vec![DYN_TYPE, DYN_TYPE], *function);
    }
    add(SUM, vec![DYN_TYPE, DYN_TYPE], |parts| sum(&parts));
    add(&ours(operators::NEGATE), vec![DYN_TYPE], |parts| negate(&*parts[0]));
}

fn sum<'b, 'v>(parts: &[CowVal<'b, 'v>]) -> Answer<'b, 'v> {
    match (calculable(&*parts[0]), calculable(&*parts[1])) {
        (Some(left), Some(right)) => of_numbers(Operation::Add, left, right),
        _ => calculate(Operation::Add, parts),
    }
}

fn of_numbers<'b, 'v>(operation: Operation, left: Calculable, right: Calculable) -> Answer<'b, 'v> {
    let sign = operation.sign();
    let numbers = left.and_then(|left| Ok((left, right?))).map_err(|reason| format!("`{sign}` {reason}"));
    let number = numbers.and_then(|(left, right)| operation.of(left, right));
    number.map(value_of).map_err(failed)
}

fn calculate<'b, 'v>(operation: Operation, parts: &[CowVal<'b, 'v>]) -> Answer<'b, 'v> {
    let (left, right) = (&*parts[0], &*parts[1]);
    let sign = operation.sign();
    let are_texts = left.downcast_ref::<CelString<'_>>().is_some() && right.downcast_ref::<CelString<'_>>().is_some();
    if !(are_texts && operation == Operation::Add) {
        match (calculable(left), calculable(right)) {
            (Some(left), Some(right)) => return of_numbers(operation, left, right),
            (Some(_), None) | (None, Some(_)) => return Err(inapplicable(sign, left, right)),
            (None, None) => {}
        }
    }
    let answer = match operation {
        Operation::Add => left.as_adder().map(|adder| adder.add(right)),
        Operation::Subtract => left.as_subtractor().map(|subtractor| subtractor.sub(right)),
        Operation::Multiply => left.as_multiplier().map(|multiplier| multiplier.mul(right)),
        Operation::Divide => left.as_divider().map(|divider| divider.div(right)),
        Operation::Remainder => left.as_modder().map(|modder| modder.modulo(right)),
    };
    match answer {
        Some(Ok(value)) => Ok(CowVal::Owned(value.into_owned())),
        Some(Err(ExecutionError::UnsupportedBinaryOperator(..))) | None => Err(inapplicable(sign, left, right)),
        Some(Err(error)) => Err(error),
    }
}

/// A number, or a text that is calculated with; `None` where it is neither.
pub fn calculable(value: &dyn Val) -> Option<Calculable> {
    let of_text = |text: &CelString<'_>| Number::of_text(text.inner()).ok_or_else(|| NO_NUMBER.to_owned());
    number_of(value).or_else(|| value.downcast_ref::<CelString<'_>>().map(of_text))
}

/// What is said of a text that is calculated with.
pub const NO_NUMBER: &str = "met a text that is no number";

fn negate<'b, 'v>(value: &(dyn Val + 'v)) -> Answer<'b, 'v> {
    match calculable(value) {
        Some(number) => {
            let number = number.map_err(|reason| format!("`-` {reason}"));
            let number = number.and_then(|number| Operation::Subtract.of(Number::Whole(0), number));
            number.map(value_of).map_err(failed)
        }
        None => match value.as_negator() {
            Some(negator) => Ok(CowVal::Owned(negator.negate()?)),
            None => Err(failed(match value.downcast_ref::<CelNull>() {
                Some(_) => met_null("-"),
                None => format!("`-` does not apply to {}", kind(value)),
            })),
        },
    }
}

fn compare<'b, 'v>(sign: &str, parts: &[CowVal<'b, 'v>], holds: fn(Ordering) -> bool) -> Answer<'b, 'v> {
    let (left, right) = (&*parts[0], &*parts[1]);
    if let (Some(left), Some(right)) = (number_of(left), number_of(right)) {
        let order = left.and_then(|left| Ok(left.order(right?)));
        return order.map(|order| truth(holds(order))).map_err(|reason| failed(format!("`{sign}` {reason}")));
    }
    let order = left.as_comparer().and_then(|comparer| comparer.compare(right).ok());
    order.map(|order| truth(holds(order))).ok_or_else(|| inapplicable(sign, left, right))
}

fn equal(left: &dyn Val, right: &dyn Val) -> Result<bool, ExecutionError> {
    if let (Some(left), Some(right)) = (number_of(left), number_of(right)) {
        let order = left.and_then(|left| Ok(left.order(right?)));
        return order.map(|order| order == Ordering::Equal).map_err(|reason| failed(format!("`==` {reason}")));
    }
    let (Some(one), Some(other)) = (left.downcast_ref::<CelList<'_>>(), right.downcast_ref::<CelList<'_>>()) else {
        return Ok(left.equals(right));
    };
    if one.inner().len() != other.inner().len() {
        return Ok(false);
    }
    for (one, other) in one.inner().iter().zip(other.inner()) {
        if !equal(&**one, &**other)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_in<'b, 'v>(value: &dyn Val, container: &dyn Val) -> Answer<'b, 'v> {
    let Some(list) = container.downcast_ref::<CelList<'_>>() else {
        let found = container.as_container().and_then(|container| container.contains(value).ok());
        return found.map(truth).ok_or_else(|| inapplicable("in", value, container));
    };
    for item in list.inner() {
        if equal(value, &**item)? {
            return Ok(truth(true));
        }
    }
    Ok(truth(false))
}

fn truth<'b, 'v>(holds: bool) -> CowVal<'b, 'v> {
    CowVal::owned(CelBool::from(holds))
}

/// An error in our words, as [`super::reason`] takes it over.
fn failed(reason: String) -> ExecutionError {
    ExecutionError::function_error("@", reason)
}

fn inapplicable(sign: &str, left: &dyn Val, right: &dyn Val) -> ExecutionError {
    let is_null = |value: &dyn Val| value.downcast_ref::<CelNull>().is_some();
    failed(match is_null(left) || is_null(right) {
        true => met_null(sign),
        false => format!("`{sign}` does not apply to {} and {}", kind(left), kind(right)),
    })
}

/// The name of a value's type, without CEL's package.
fn kind(value: &dyn Val) -> String {
    let name = value.get_type().name();
    match name.rsplit_once('.') {
        Some((_, short)) => short.to_lowercase(),
        None => name.to_owned(),
    }
}

fn met_null(sign: &str) -> String {
    format!("`{sign}` met null: the field is missing or null")
}
