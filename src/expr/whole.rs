//! Whole numbers beyond 64 bits, which CEL has not: as values, and as they stand in a tree.

use super::number::Number;
use cel::common::ast::{CallExpr, Expr as Node, IdedExpr, LiteralValue};
use cel::common::functions::Function;
use cel::common::types::{CelDouble, CelInt, CelString, CelUInt, STRING_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Env, ExecutionError};
use std::any::Any;
use std::cmp::Ordering;

/// The function that stands for a whole number beyond 64 bits, of which CEL has no literals.
const LITERAL: &str = "@whole";

/// Declares what gives and takes such numbers.
pub fn add_functions(env: &mut Env) {
    let literal = env.add_overload(LITERAL, LITERAL, vec![STRING_TYPE], |parts| {
        let digits = parts[0].downcast_ref::<CelString<'_>>().and_then(|digits| digits.inner().parse().ok());
        digits
            .map(|whole| value_of(Number::Whole(whole)))
            .ok_or_else(|| ExecutionError::function_error(LITERAL, "digits"))
    });
    literal.expect("a name of ours");
    for (name, function) in [("string", string_of as Function), ("double", double_of as Function)] {
        let declared = env.add_overload(name, &format!("{name}_whole"), vec![WHOLE], function);
        declared.expect("no other overload takes a whole number beyond 64 bits");
    }
}

/// The tree of a whole number beyond 64 bits.
pub fn literal(digits: &str) -> Node {
    let digits = IdedExpr { id: 0, expr: Node::Literal(LiteralValue::String(digits.to_owned().into())) };
    Node::Call(CallExpr { func_name: LITERAL.to_owned(), target: None, args: vec![digits] })
}

/// The whole number beyond 64 bits that a call stands for.
pub fn whole(call: &CallExpr) -> Option<i128> {
    match call.args.first().map(|digits| &digits.expr) {
        Some(Node::Literal(LiteralValue::String(digits))) if call.func_name == LITERAL => digits.inner().parse().ok(),
        _ => None,
    }
}

/// A number as CEL holds it.
pub fn value_of<'b, 'v>(number: Number) -> CowVal<'b, 'v> {
    match number {
        Number::Float(value) => CowVal::owned(CelDouble::from(value)),
        Number::Whole(value) => match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => CowVal::owned(CelInt::from(value)),
            (_, Ok(value)) => CowVal::owned(CelUInt::from(value)),
            _ => CowVal::owned(Whole(value)),
        },
    }
}

/// The number that a value is; `None` where it is none. One that is not finite is none that anything holds for.
pub fn number_of(value: &dyn Val) -> Option<Result<Number, String>> {
    if let Some(value) = value.downcast_ref::<CelInt>() {
        return Some(Ok(Number::Whole(i128::from(*value.inner()))));
    }
    if let Some(value) = value.downcast_ref::<CelDouble>() {
        return Some(Number::of_float(*value.inner()).ok_or_else(|| "met a number that is not finite".to_owned()));
    }
    let whole = value.downcast_ref::<CelUInt>().map(|value| i128::from(*value.inner()));
    whole.or_else(|| value.downcast_ref::<Whole>().map(|value| value.0)).map(|whole| Ok(Number::Whole(whole)))
}

fn string_of<'b, 'v>(parts: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let whole = parts[0].downcast_ref::<Whole>().map_or(0, |whole| whole.0);
    Ok(CowVal::owned(CelString::from(whole.to_string())))
}

fn double_of<'b, 'v>(parts: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let whole = parts[0].downcast_ref::<Whole>().map_or(0, |whole| whole.0);
    Ok(CowVal::owned(CelDouble::from(whole as f64)))
}

/// A whole number beyond 64 bits.
#[derive(Clone, Copy, Debug)]
pub struct Whole(pub i128);

const WHOLE: Type = Type::new_unspecified_type("whole number beyond 64 bits");

impl Val for Whole {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        static TYPE: Type = WHOLE;
        &TYPE
    }

    fn equals(&self, other: &dyn Val) -> bool {
        matches!(number_of(other), Some(Ok(other)) if Number::Whole(self.0).order(other) == Ordering::Equal)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Whole {}
