//! Numbers as exact as they were written, and the least and the largest of them.

use super::{Merge, decimal};
use crate::event::Value;
use crate::report::Cell;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A number that is none but itself: finite, and of all its digits where it is whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number<'a> {
    Int(i64),
    /// Above `i64::MAX`.
    Uint(u64),
    /// Beyond 64 bits, in digits.
    Big(&'a str),
    Float(f64),
}

/// Up to here every integer is a double.
const EXACT: f64 = (1u64 << 53) as f64;

impl<'a> Number<'a> {
    /// That of a field: also one in quotes. `None` where it holds none.
    #[inline]
    pub fn of(value: Value<'a>) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Number::Int(number)),
            Value::Float(number) => number.is_finite().then_some(Number::Float(number)),
            Value::Uint(number) => Some(Number::of_uint(number)),
            Value::Big(digits) => Some(Number::Big(digits)),
            Value::Text(text) => Self::of_text(text),
            Value::Missing | Value::Null | Value::Bool(_) | Value::Nested => None,
        }
    }

    fn of_uint(number: u64) -> Self {
        i64::try_from(number).map_or(Number::Uint(number), Number::Int)
    }

    /// `None` of what is no number, and of what only a float is called (`inf`, `nan`).
    pub fn of_text(text: &'a str) -> Option<Self> {
        if !text.ends_with(|last: char| last.is_ascii_digit()) {
            return None;
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let is_plain = digits.len() == 1 || !digits.starts_with('0');
            let whole = text.parse().map(Number::Int).or_else(|_| text.parse().map(Number::of_uint));
            return whole
                .ok()
                .or(if is_plain { Some(Number::Big(text)) } else { None })
                .or_else(|| Self::of_float(text));
        }
        Self::of_float(text)
    }

    fn of_float(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &f64| number.is_finite()).map(Number::Float)
    }

    pub fn of_cell(cell: &'a Cell) -> Option<Self> {
        Some(match cell {
            Cell::Int(number) => Number::Int(*number),
            Cell::Count(number) => Number::of_uint(*number),
            Cell::Big(digits) => Number::Big(digits),
            Cell::Float(number) => Number::Float(*number),
            _ => return None,
        })
    }

    /// The double next to it; infinite where that is too large for one.
    #[inline]
    pub fn float(&self) -> f64 {
        match self {
            Number::Int(number) => *number as f64,
            Number::Uint(number) => *number as f64,
            Number::Big(digits) => digits.parse().unwrap_or(f64::NAN),
            Number::Float(number) => *number,
        }
    }

    /// As it is shown: whole numbers without a fraction, however they were written, unless they are
    /// doubles too large to be whole for sure.
    pub fn cell(&self) -> Cell {
        match *self {
            Number::Int(number) => Cell::Int(number),
            Number::Uint(number) => Cell::Count(number),
            Number::Big(digits) => Cell::Big(digits.into()),
            Number::Float(number) if number.fract() == 0.0 && number.abs() <= EXACT => Cell::Int(number as i64),
            Number::Float(number) => Cell::Float(number),
        }
    }

    /// By size, exactly.
    #[inline]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(b),
            (Number::Float(a), Number::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            _ => self.compare_mixed(other),
        }
    }

    /// Rounding never swaps two numbers, but it makes some equal.
    #[inline(never)]
    fn compare_mixed(&self, other: &Self) -> Ordering {
        let (a, b) = (self.float(), other.float());
        let is_infinite = |number: &Self| matches!(number, Number::Float(float) if float.is_infinite());
        match a.partial_cmp(&b) {
            None => a.total_cmp(&b),
            Some(Ordering::Equal) if is_infinite(self) || is_infinite(other) => {
                if is_infinite(self) == (a > 0.0) {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            Some(Ordering::Equal) if a.abs() >= EXACT => decimal::compare(&self.digits(), &other.digits()),
            Some(order) => order,
        }
    }

    /// The digits of a whole number.
    fn digits(&self) -> String {
        match self {
            Number::Int(number) => number.to_string(),
            Number::Uint(number) => number.to_string(),
            Number::Big(digits) => (*digits).to_owned(),
            Number::Float(number) => decimal::of_float(*number),
        }
    }
}

/// The least and the largest of some numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Extremes(Option<Box<(Bound, Bound)>>);

/// A number as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Bound {
    Int(i64),
    Uint(u64),
    Big(Box<str>),
    Float(f64),
}

impl Bound {
    fn of(number: Number<'_>) -> Self {
        match number {
            Number::Int(number) => Bound::Int(number),
            Number::Uint(number) => Bound::Uint(number),
            Number::Big(digits) => Bound::Big(digits.into()),
            Number::Float(number) => Bound::Float(number),
        }
    }

    #[inline]
    fn number(&self) -> Number<'_> {
        match self {
            Bound::Int(number) => Number::Int(*number),
            Bound::Uint(number) => Number::Uint(*number),
            Bound::Big(digits) => Number::Big(digits),
            Bound::Float(number) => Number::Float(*number),
        }
    }

    /// Of equal numbers, a whole one is as good as a fraction: the order of input must not show.
    #[inline]
    fn is_replaced(&self, number: &Number<'_>, wanted: Ordering) -> bool {
        let order = number.compare(&self.number());
        order == wanted
            || order.is_eq()
                && matches!((self, number), (Bound::Float(_), Number::Int(_) | Number::Uint(_) | Number::Big(_)))
    }
}

impl Extremes {
    #[inline]
    pub fn add(&mut self, number: Number<'_>) {
        let Some(bounds) = &mut self.0 else {
            self.0 = Some(Box::new((Bound::of(number), Bound::of(number))));
            return;
        };
        if bounds.0.is_replaced(&number, Ordering::Less) {
            bounds.0 = Bound::of(number);
        }
        if bounds.1.is_replaced(&number, Ordering::Greater) {
            bounds.1 = Bound::of(number);
        }
    }

    /// The least and the largest; `None` of none.
    pub fn bounds(&self) -> Option<(Number<'_>, Number<'_>)> {
        self.0.as_ref().map(|bounds| (bounds.0.number(), bounds.1.number()))
    }
}

impl Merge for Extremes {
    fn merge(&mut self, later: Self) {
        if let Some((least, most)) = later.bounds() {
            self.add(least);
            self.add(most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::laws;
    use proptest::prelude::*;

    /// Numbers that doubles confuse, as texts.
    fn text() -> impl Strategy<Value = String> {
        let near = prop_oneof![Just(1i128 << 53), Just(1i128 << 63), Just(1i128 << 64), Just(i128::MAX - 9), Just(0)];
        let whole = (near, -3i128..4, any::<bool>());
        let whole = whole.prop_map(|(near, by, is_negative)| if is_negative { -(near + by) } else { near + by });
        prop_oneof![
            whole.clone().prop_map(|number| number.to_string()),
            whole.prop_map(|number| format!("{:e}", number as f64)),
            any::<i16>().prop_map(|number| (f64::from(number) / 8.0).to_string()),
            (0usize..320).prop_map(|zeros| format!("1{}", "0".repeat(zeros))),
            any::<u64>().prop_map(|number| number.to_string()),
        ]
    }

    /// A number in eighths, digit by digit.
    fn eighths(number: Number<'_>) -> String {
        match number {
            Number::Float(float) if float.abs() < 1e6 => decimal::of_float(float * 8.0),
            other => {
                let twice = |digits: String| decimal::add(&digits, &digits);
                twice(twice(twice(other.digits())))
            }
        }
    }

    proptest! {
        #[test]
        fn numbers_compare_exactly(a in text(), b in text()) {
            let (x, y) = (Number::of_text(&a).unwrap(), Number::of_text(&b).unwrap());
            prop_assert_eq!(x.compare(&y), decimal::compare(&eighths(x), &eighths(y)), "{} and {}", a, b);
            prop_assert_eq!(x.compare(&y), y.compare(&x).reverse());
        }

        #[test]
        fn extremes_obey_the_laws(texts: [Vec<u16>; 3], pool in prop::collection::vec(text(), 1..20)) {
            let fold = |mut extremes: Extremes, places: &[u16]| {
                places.iter().for_each(|place| extremes.add(Number::of_text(&pool[usize::from(*place) % pool.len()]).unwrap()));
                extremes
            };
            laws::hold(fold, texts.each_ref().map(|part| part.as_slice()), Extremes::default);
        }
    }

    #[test]
    fn a_text_is_a_number_or_not() {
        let cell = |text| Number::of_text(text).map(|number| number.cell());
        assert_eq!(cell("-12"), Some(Cell::Int(-12)));
        assert_eq!(cell("1e3"), Some(Cell::Int(1000)));
        assert_eq!(cell("18446744073709551615"), Some(Cell::Count(u64::MAX)));
        assert_eq!(cell("-18446744073709551616"), Some(Cell::Big("-18446744073709551616".into())));
        assert_eq!(cell("0007"), Some(Cell::Int(7)));
        assert_eq!(
            cell("000000000000000000000000000000000000000018446744073709551616"),
            Some(Cell::Float(18446744073709551616.0))
        );
        for text in ["", "-", "inf", "nan", "12ms", "0x1F ", "1_0", "1e999", "0x1F"] {
            assert_eq!(cell(text), None, "{text}");
        }
    }
}
