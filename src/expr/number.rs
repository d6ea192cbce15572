//! Numbers: what arithmetic and comparison mean, in aggregates and in conditions alike.
//!
//! Arithmetic is that of people: `7 / 2` is 3.5, and whole numbers and fractions mix. Whole numbers are exact
//! within 128 bits; all else is the nearest double. There is no number that is not finite.

use super::Operand;
use cel::common::ast::operators;
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Whole(i128),
    /// A finite one.
    Float(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Number {
    /// The number that a value is; `None` where it is none, or not finite.
    pub fn of(value: &Operand<'_>) -> Option<Self> {
        match value {
            Operand::Int(value) => Some(Number::Whole(i128::from(*value))),
            Operand::Uint(value) => Some(Number::Whole(i128::from(*value))),
            Operand::Whole(value) => Some(Number::Whole(*value)),
            Operand::Float(value) => Self::of_float(*value),
            _ => None,
        }
    }

    pub fn of_float(value: f64) -> Option<Self> {
        value.is_finite().then_some(Number::Float(value))
    }

    /// The number that a text is, for one may stand in quotes where it is calculated with.
    pub fn of_text(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.ends_with(|last: char| last.is_ascii_digit()) {
            return None;
        }
        let whole = text.parse().ok().map(Number::Whole);
        whole.or_else(|| text.parse().ok().and_then(Self::of_float))
    }

    /// Exact, also of a whole number and a double.
    pub fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Number::Whole(left), Number::Whole(right)) => left.cmp(&right),
            // Both are finite.
            (Number::Float(left), Number::Float(right)) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
            (Number::Whole(left), Number::Float(right)) => order_of_mixed(left, right),
            (Number::Float(left), Number::Whole(right)) => order_of_mixed(right, left).reverse(),
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Whole(number) => number as f64,
            Number::Float(number) => number,
        }
    }
}

fn order_of_mixed(whole: i128, float: f64) -> Ordering {
    /// The first double that no `i128` holds.
    const END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if float >= END {
        return Ordering::Less;
    }
    if float < -END {
        return Ordering::Greater;
    }
    // Exact: a double of this size without its fraction is an integer.
    whole.cmp(&(float.trunc() as i128)).then_with(|| 0.0_f64.total_cmp(&(float.fract() + 0.0)))
}

impl Operation {
    /// The operation of a binary operator.
    pub fn of_operator(operator: &str) -> Option<Self> {
        Some(match operator {
            operators::ADD => Operation::Add,
            operators::SUBSTRACT => Operation::Subtract,
            operators::MULTIPLY => Operation::Multiply,
            operators::DIVIDE => Operation::Divide,
            operators::MODULO => Operation::Remainder,
            _ => return None,
        })
    }

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Operation::Add => "+",
            Operation::Subtract => "-",
            Operation::Multiply => "*",
            Operation::Divide => "/",
            Operation::Remainder => "%",
        }
    }

    /// Whole where both are, and the result is; what has no finite result has none.
    pub fn of(self, left: Number, right: Number) -> Result<Number, String> {
        let divides = matches!(self, Operation::Divide | Operation::Remainder);
        if divides && right.float() == 0.0 {
            return Err(format!("`{}` divides by zero", self.sign()));
        }
        if let (Number::Whole(left), Number::Whole(right)) = (left, right) {
            if let Some(whole) = self.of_whole(left, right) {
                return Ok(Number::Whole(whole));
            }
            if let (Operation::Divide, Some(whole), Some(rest)) =
                (self, left.checked_div(right), left.checked_rem(right))
            {
                return Ok(Number::Float(quotient(left, right, whole, rest)));
            }
        }
        let (left, right) = (left.float(), right.float());
        Number::of_float(match self {
            Operation::Add => left + right,
            Operation::Subtract => left - right,
            Operation::Multiply => left * right,
            Operation::Divide => left / right,
            Operation::Remainder => left % right,
        })
        .ok_or_else(|| format!("the result of `{}` is too large", self.sign()))
    }

    fn of_whole(self, left: i128, right: i128) -> Option<i128> {
        match self {
            Operation::Add => left.checked_add(right),
            Operation::Subtract => left.checked_sub(right),
            Operation::Multiply => left.checked_mul(right),
            Operation::Divide => {
                left.checked_rem(right).filter(|rest| *rest == 0).and_then(|_| left.checked_div(right))
            }
            Operation::Remainder => left.checked_rem(right),
        }
    }
}

/// A quotient that is not whole: rounded once, unless its parts are no doubles.
fn quotient(left: i128, right: i128, whole: i128, rest: i128) -> f64 {
    const EXACT: u128 = 1 << 53;
    match left.unsigned_abs() <= EXACT && right.unsigned_abs() <= EXACT {
        true => left as f64 / right as f64,
        false => whole as f64 + rest as f64 / right as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_whole_number_and_a_double_compare_exactly() {
        let two_to_53 = 9_007_199_254_740_992.0;
        for (whole, float, expected) in [
            (9_007_199_254_740_993, two_to_53, Ordering::Greater),
            (9_007_199_254_740_992, two_to_53, Ordering::Equal),
            (9_007_199_254_740_991, two_to_53, Ordering::Less),
            (7, 7.5, Ordering::Less),
            (-7, -7.5, Ordering::Greater),
            (0, -0.0, Ordering::Equal),
            (0, -0.5, Ordering::Greater),
            (i128::MAX, 1.8e38, Ordering::Less),
            (i128::MIN, -1.8e38, Ordering::Greater),
            (i128::MIN, f64::MIN, Ordering::Greater),
            (i128::MAX, f64::MAX, Ordering::Less),
        ] {
            let (whole, float) = (Number::Whole(whole), Number::Float(float));
            assert_eq!(whole.order(float), expected, "{whole:?} {float:?}");
            assert_eq!(float.order(whole), expected.reverse(), "{float:?} {whole:?}");
        }
    }

    #[test]
    fn there_is_no_number_that_is_not_finite() {
        let (zero, most) = (Number::Whole(0), Number::Float(f64::MAX));
        for (operation, left, right) in [
            (Operation::Divide, Number::Whole(1), zero),
            (Operation::Divide, zero, Number::Float(-0.0)),
            (Operation::Remainder, Number::Float(1.5), zero),
            (Operation::Multiply, most, most),
            (Operation::Add, most, most),
        ] {
            assert!(operation.of(left, right).is_err(), "{operation:?} {left:?} {right:?}");
        }
        for text in ["1e400", "inf", "NaN", "nan1", "", " ", "0x10", "1_000"] {
            assert_eq!(Number::of_text(text), None, "{text}");
        }
        assert_eq!(Number::of_text(" 12 "), Some(Number::Whole(12)));
    }

    proptest! {
        #[test]
        fn what_is_whole_stays_exact(left: i64, right: i64) {
            let (one, other) = (i128::from(left), i128::from(right));
            let of = |operation: Operation| operation.of(Number::Whole(one), Number::Whole(other));
            prop_assert_eq!(of(Operation::Add), Ok(Number::Whole(one + other)));
            prop_assert_eq!(of(Operation::Multiply), Ok(Number::Whole(one * other)));
        }
    }
}
