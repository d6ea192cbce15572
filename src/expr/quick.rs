//! A short way through the plainest conditions: comparisons of a variable with a constant, joined by
//! `&&`, `||` and `!`.
//!
//! It answers as CEL does or not at all: where it gives `None`, CEL is asked.

use super::names::Variable;
use super::number::Number;
use super::whole::whole;
use super::{Lookup, Operand};
use cel::common::ast::{CallExpr, Expr as Node, IdedExpr, LiteralValue, operators};
use std::cmp::Ordering;

/// A condition of the plain kind.
pub enum Quick {
    And(Box<Quick>, Box<Quick>),
    Or(Box<Quick>, Box<Quick>),
    Not(Box<Quick>),
    /// A variable, by its place, with a constant.
    Compare(usize, Comparison, Operand<'static>),
    /// A variable is one of the constants.
    In(usize, Vec<Operand<'static>>),
    Text(usize, fn(&str, &str) -> bool, String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Quick {
    /// The condition, where it is of the plain kind as a whole.
    pub fn of(tree: &IdedExpr, variables: &[Variable]) -> Option<Self> {
        let Node::Call(call) = &tree.expr else { return None };
        match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
            (operators::LOGICAL_AND, None, [left, right]) => {
                Some(Quick::And(boxed(left, variables)?, boxed(right, variables)?))
            }
            (operators::LOGICAL_OR, None, [left, right]) => {
                Some(Quick::Or(boxed(left, variables)?, boxed(right, variables)?))
            }
            (operators::LOGICAL_NOT, None, [inner]) => Some(Quick::Not(boxed(inner, variables)?)),
            (operators::IN, None, [left, right]) => match &right.expr {
                Node::List(list) if list.optional_indices.is_empty() => {
                    let constants = list.elements.iter().map(constant).collect::<Option<_>>()?;
                    Some(Quick::In(variable(left, variables)?, constants))
                }
                _ => None,
            },
            (_, Some(target), [argument]) => {
                let test: fn(&str, &str) -> bool = match call.func_name.as_str() {
                    "contains" => |text, part| text.contains(part),
                    "startsWith" => |text, part| text.starts_with(part),
                    "endsWith" => |text, part| text.ends_with(part),
                    _ => return None,
                };
                let Operand::Text(part) = constant(argument)? else { return None };
                Some(Quick::Text(variable(target, variables)?, test, part.into_owned()))
            }
            (_, None, [left, right]) => compare(call, left, right, variables),
            _ => None,
        }
    }

    /// Whether it holds; `None` where only CEL can tell.
    pub fn holds<'a>(&self, lookup: Lookup<'_, 'a>) -> Option<bool> {
        let value = |variable: &usize| lookup(*variable).unwrap_or(Operand::Null);
        Some(match self {
            Quick::And(left, right) => left.holds(lookup)? && right.holds(lookup)?,
            Quick::Or(left, right) => left.holds(lookup)? || right.holds(lookup)?,
            Quick::Not(inner) => !inner.holds(lookup)?,
            Quick::Compare(variable, comparison, constant) => comparison.holds(&value(variable), constant)?,
            Quick::In(variable, constants) => {
                let value = value(variable);
                for constant in constants {
                    if Comparison::Equal.holds(&value, constant)? {
                        return Some(true);
                    }
                }
                false
            }
            Quick::Text(variable, test, part) => match value(variable) {
                Operand::Text(text) => test(&text, part),
                _ => return None,
            },
        })
    }
}

fn boxed(tree: &IdedExpr, variables: &[Variable]) -> Option<Box<Quick>> {
    Quick::of(tree, variables).map(Box::new)
}

fn compare(call: &CallExpr, left: &IdedExpr, right: &IdedExpr, variables: &[Variable]) -> Option<Quick> {
    let comparison = match call.func_name.as_str() {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    };
    Some(Quick::Compare(variable(left, variables)?, comparison, constant(right)?))
}

/// The place of a variable, which may not be a type's name.
pub fn variable(tree: &IdedExpr, variables: &[Variable]) -> Option<usize> {
    match &tree.expr {
        Node::Ident(name) if name.starts_with('@') => variables.iter().position(|variable| variable.ident == *name),
        _ => None,
    }
}

pub fn constant(tree: &IdedExpr) -> Option<Operand<'static>> {
    let literal = match &tree.expr {
        Node::Literal(literal) => literal,
        Node::Call(call) => return whole(call).map(Operand::Whole),
        _ => return None,
    };
    Some(match literal {
        LiteralValue::Null => Operand::Null,
        LiteralValue::Boolean(value) => Operand::Bool(*value.inner()),
        LiteralValue::Int(value) => Operand::Int(*value.inner()),
        LiteralValue::UInt(value) => Operand::Uint(*value.inner()),
        LiteralValue::Double(value) => Operand::Float(*value.inner()),
        LiteralValue::String(text) => Operand::Text(text.inner().to_owned().into()),
        LiteralValue::Bytes(_) => return None,
    })
}

impl Comparison {
    fn holds(self, left: &Operand<'_>, right: &Operand<'_>) -> Option<bool> {
        let order = match (left, right) {
            (Operand::Int(left), Operand::Int(right)) => left.cmp(right),
            (Operand::Text(left), Operand::Text(right)) => left.cmp(right),
            // Null is only equal to null, and has no order.
            (Operand::Null, _) | (_, Operand::Null) => {
                let equal = left == right;
                return match self {
                    Comparison::Equal => Some(equal),
                    Comparison::NotEqual => Some(!equal),
                    _ => None,
                };
            }
            _ => Number::of(left)?.order(Number::of(right)?),
        };
        Some(match self {
            Comparison::Equal => order == Ordering::Equal,
            Comparison::NotEqual => order != Ordering::Equal,
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterOrEqual => order != Ordering::Less,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::expr::Expr;
    use crate::expr::tests::values;
    use proptest::prelude::*;

    const NAMES: &[&str] =
        &["status", "rate", "service", "ok", "big", "nothing", "missing", "res", "time", "int", "3", "odd", "huge"];
    const OPERATORS: &[&str] =
        &[" == ", " != ", " < ", " <= ", " > ", " >= ", " in ", ".contains(", ".startsWith(", ".endsWith("];
    const CONSTANTS: &[&str] = &[
        "503",
        "503.0",
        "0.25",
        "-1",
        "7u",
        "9007199254740992.0",
        "18446744073709551616",
        "'pay'",
        "'a'",
        "null",
        "true",
        "[503, 'pay', null]",
        "[0.25]",
        "[]",
        "status",
    ];

    /// Every name with every operator and every constant, also negated.
    fn conditions() -> Vec<String> {
        let mut conditions = Vec::new();
        for (name, operator) in NAMES.iter().flat_map(|name| OPERATORS.iter().map(move |operator| (name, operator))) {
            for constant in CONSTANTS {
                let close = if operator.ends_with('(') { ")" } else { "" };
                conditions.push(format!("({name}{operator}{constant}{close})"));
                conditions.push(format!("!({name}{operator}{constant}{close})"));
            }
        }
        conditions
    }

    #[test]
    fn the_short_way_answers_as_cel_does() {
        let mut answered = 0;
        for source in conditions() {
            let Ok(expr) = Expr::compile(&source) else { continue };
            if let Some(answer) = expr.quick.as_ref().and_then(|quick| quick.holds(&values(&expr))) {
                assert_eq!(Ok(answer), expr.holds_in_cel(&values(&expr)), "{source}");
                answered += 1;
            }
        }
        assert!(answered > 200, "{answered}");
    }

    #[test]
    fn the_plainest_conditions_take_the_short_way() {
        for source in ["status >= 500 && service == 'pay'", "!(rate < 1)", "status in [1, 2]", "service.contains('a')"]
        {
            let expr = Expr::compile(source).unwrap();
            let quick = expr.quick.as_ref();
            assert!(quick.is_some_and(|quick| quick.holds(&values(&expr)).is_some()), "{source}");
        }
    }

    proptest! {
        #[test]
        fn joined_conditions_answer_as_cel_does(
            terms in prop::collection::vec(prop::sample::select(conditions()), 1..4),
            joins in prop::collection::vec(prop::sample::select(&["&&", "||"][..]), 3),
        ) {
            let joined = terms.iter().zip(&joins).map(|(term, join)| format!("{term} {join} ")).collect::<String>();
            let Ok(expr) = Expr::compile(&(joined + &terms[0])) else { return Ok(()) };
            if let Some(answer) = expr.quick.as_ref().and_then(|quick| quick.holds(&values(&expr))) {
                prop_assert_eq!(Ok(answer), expr.holds_in_cel(&values(&expr)), "{:?}", expr);
            }
        }
    }
}
