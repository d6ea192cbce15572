//! Sums of numbers that do not depend on the order of their terms.
//!
//! A sum is held exactly, as floats that do not overlap (Shewchuk 1997, "Adaptive Precision
//! Floating-Point Arithmetic"), and rounded once, when it is asked for: equal terms give equal
//! answers, to the last bit, however the input was cut and merged. An integer that no float holds is
//! added as several.

use super::{Merge, Number, decimal};
use crate::report::Cell;
use serde::{Deserialize, Serialize};

/// Terms beyond this are not taken: their sums, or those of their squares, would overflow.
const LARGEST: f64 = 1e150;

/// Up to here every integer is a double.
const EXACT: u64 = 1 << 53;
/// From here on, products of sums could overflow; what they are made smaller by.
const LARGE: f64 = 1e140;
const SCALE: f64 = 1.0 / (1u128 << 127) as f64;

/// The exact sum of any numbers up to 1e150.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExactSum {
    /// Of growing size, none zero, no two of them overlapping.
    parts: Vec<f64>,
    /// A term was a double that stands for all numbers about it.
    is_rounded: bool,
}

impl ExactSum {
    /// Whether a number can be summed, and squared.
    #[inline]
    pub fn takes(number: &Number<'_>) -> bool {
        match number {
            Number::Int(_) | Number::Uint(_) => true,
            Number::Float(_) | Number::Big(_) => number.float().abs() <= LARGEST,
        }
    }

    /// Adds a number that [`Self::takes`] allows.
    #[inline]
    pub fn add_number(&mut self, number: &Number<'_>) {
        match *number {
            Number::Int(int) if int.unsigned_abs() <= EXACT => self.add(int as f64),
            Number::Float(float) => {
                self.is_rounded |= float.abs() > EXACT as f64;
                self.add(float);
            }
            _ => self.add_parts(number, |sum, part| sum.add(part)),
        }
    }

    /// Adds its square. Exact unless that is below 1e-290.
    #[inline]
    pub fn add_square(&mut self, number: &Number<'_>) {
        match *number {
            Number::Int(int) if int.unsigned_abs() <= EXACT => self.add_product(int as f64, int as f64),
            Number::Float(float) => self.add_product(float, float),
            _ => {
                let mut parts = Self::default();
                parts.add_number(number);
                *self = std::mem::take(self).plus(&parts.times(&parts));
            }
        }
    }

    /// Shows the doubles that make a whole number.
    #[inline(never)]
    fn add_parts(&mut self, number: &Number<'_>, mut each: impl FnMut(&mut Self, f64)) {
        let wide = match *number {
            Number::Int(int) => i128::from(int),
            Number::Uint(uint) => i128::from(uint),
            Number::Float(float) => return each(self, float),
            Number::Big(digits) => match digits.parse() {
                Ok(wide) => wide,
                Err(_) => {
                    let mut rest = digits.to_owned();
                    while rest != "0" {
                        let part: f64 = rest.parse().unwrap_or_default();
                        each(self, part);
                        rest = decimal::add(&rest, &decimal::negated(&decimal::of_float(part)));
                    }
                    return;
                }
            },
        };
        let mut rest = wide;
        while rest != 0 {
            let part = rest as f64;
            each(self, part);
            // Rounded up, it may be 2^127, which is one more than the type holds.
            rest = if part < i128::MAX as f64 { rest - part as i128 } else { rest.wrapping_sub(i128::MIN) };
        }
    }

    fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.add(product);
        self.add(a.mul_add(b, -product));
    }

    fn plus(mut self, other: &Self) -> Self {
        other.parts.iter().for_each(|part| self.add(*part));
        self
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self::default();
        for (a, b) in self.parts.iter().flat_map(|a| other.parts.iter().map(move |b| (*a, *b))) {
            product.add_product(a, b);
        }
        product
    }

    fn scaled(&self, by: f64) -> Self {
        let mut scaled = Self::default();
        self.parts.iter().for_each(|part| scaled.add(part * by));
        scaled
    }

    fn of_count(count: u64) -> Self {
        let mut sum = Self::default();
        sum.add_number(&i64::try_from(count).map_or(Number::Uint(count), Number::Int));
        sum
    }

    /// Adds a finite value.
    pub fn add(&mut self, value: f64) {
        let (mut sum, mut kept) = (value, 0);
        for place in 0..self.parts.len() {
            let (high, low) = two_sum(sum, self.parts[place]);
            if low != 0.0 {
                self.parts[kept] = low;
                kept += 1;
            }
            sum = high;
        }
        self.parts.truncate(kept);
        if sum != 0.0 {
            self.parts.push(sum);
        }
    }

    /// The float next to the sum.
    pub fn value(&self) -> f64 {
        self.double().0
    }

    /// The sum as it is shown: a whole one has all of its digits, unless terms of it had not.
    pub fn cell(&self) -> Cell {
        let float = self.value();
        let is_whole = self.parts.iter().all(|part| part.fract() == 0.0);
        if !is_whole || self.is_rounded && float.abs() > EXACT as f64 {
            return Cell::Float(float);
        }
        let digits = self.parts.iter().fold("0".to_owned(), |sum, part| decimal::add(&sum, &decimal::of_float(*part)));
        Number::of_text(&digits).map_or(Cell::Float(float), |number| number.cell())
    }

    /// The double next to the mean of so many numbers.
    pub fn mean(&self, count: u64) -> f64 {
        quotient(self, &Self::of_count(count)).0
    }

    /// The float next to the sum, and the float next to what it lacks.
    pub fn double(&self) -> (f64, f64) {
        let high = nearest(&self.parts);
        let mut rest = self.clone();
        rest.add(-high);
        (high, nearest(&rest.parts))
    }
}

impl Merge for ExactSum {
    fn merge(&mut self, later: Self) {
        let is_rounded = self.is_rounded || later.is_rounded;
        if self.parts.is_empty() {
            *self = later;
        } else {
            later.parts.into_iter().for_each(|part| self.add(part));
        }
        self.is_rounded = is_rounded;
    }
}

/// A sum and its rounding error (Knuth, TAOCP 4.2.2).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let rounded = sum - a;
    (sum, (a - (sum - rounded)) + (b - rounded))
}

/// The float next to the sum of parts that grow and do not overlap, ties to even.
fn nearest(parts: &[f64]) -> f64 {
    let mut parts = parts.iter().rev().copied();
    let mut high = parts.next().unwrap_or(0.0);
    while let Some(part) = parts.next() {
        let low;
        (high, low) = two_sum(high, part);
        if low != 0.0 {
            // Half of the last place, and more of the same sign behind it: the tie was none.
            if parts.next().is_some_and(|more| (more > 0.0) == (low > 0.0)) {
                let doubled = low * 2.0;
                let away = high + doubled;
                if away - high == doubled {
                    high = away;
                }
            }
            break;
        }
    }
    high
}

/// The double next to the quotient of two sums (Dekker 1971), and about what it lacks.
fn quotient(dividend: &ExactSum, divisor: &ExactSum) -> (f64, f64) {
    let ((high, low), (by, by_low)) = (dividend.double(), divisor.double());
    let quotient = high / by;
    let rest = (-quotient).mul_add(by, high) + (-quotient).mul_add(by_low, low);
    two_sum(quotient, rest / by)
}

/// The standard deviation of a sample of `count` numbers whose sum and sum of squares are known: from
/// `count * squares - sum * sum`, which is exact, however near to each other the two are. `None` of fewer
/// than two.
pub fn deviation(count: u64, sum: &ExactSum, squares: &ExactSum) -> Option<f64> {
    if count < 2 {
        return None;
    }
    let is_large = squares.value() > LARGE * LARGE;
    let by = if is_large { SCALE } else { 1.0 };
    let (sum, squares) = (sum.scaled(by), squares.scaled(by * by));
    let n = ExactSum::of_count(count);
    let spread = n.times(&squares).plus(&sum.times(&sum).scaled(-1.0));
    let (variance, low) = quotient(&spread, &n.times(&ExactSum::of_count(count - 1)));
    if variance <= 0.0 {
        return Some(0.0);
    }
    let root = variance.sqrt();
    Some((root + ((-root).mul_add(root, variance) + low) / (2.0 * root)) / by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(values: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        values.iter().for_each(|value| sum.add(*value));
        sum
    }

    /// Whole numbers times a power of two: their sum is known.
    fn scaled() -> impl Strategy<Value = Vec<(i64, u32)>> {
        prop::collection::vec((-1000i64..1000, 0u32..100), 0..40)
    }

    fn float(&(whole, power): &(i64, u32)) -> f64 {
        whole as f64 * 2f64.powi(power as i32)
    }

    proptest! {
        #[test]
        fn a_sum_is_the_float_next_to_the_true_one(values in scaled()) {
            // What is above two to the 100th times 40,000 fits no i128 by far less than it could.
            let exact: i128 = values.iter().map(|(whole, power)| i128::from(*whole) << power).sum();
            let floats: Vec<f64> = values.iter().map(float).collect();
            prop_assert_eq!(sum(&floats).value(), exact as f64);
        }

        #[test]
        fn order_and_cuts_do_not_matter(
            mut values in prop::collection::vec(prop_oneof![-1e150f64..1e150, -1.0f64..1.0, -1e-150f64..1e-150], 0..40),
            cut: prop::sample::Index,
        ) {
            let whole = sum(&values).double();
            let cut = cut.index(values.len() + 1);
            let mut merged = sum(&values[..cut]);
            merged.merge(sum(&values[cut..]));
            prop_assert_eq!(merged.double(), whole);
            values.sort_by(f64::total_cmp);
            prop_assert_eq!(sum(&values).double(), whole);
        }

        #[test]
        fn integers_are_summed_to_the_last_digit(
            values in prop::collection::vec(prop_oneof![any::<i128>(), any::<i64>().prop_map(i128::from), -9i128..9], 0..30),
            zeros in 0usize..100,
        ) {
            // Beyond 128 bits too.
            let texts: Vec<String> = values.iter().map(|value| match value {
                0 => "0".to_owned(),
                value => format!("{value}{}", "0".repeat(zeros)),
            }).collect();
            let exact = texts.iter().fold("0".to_owned(), |sum, text| decimal::add(&sum, text));
            let mut sum = ExactSum::default();
            texts.iter().for_each(|text| sum.add_number(&Number::of_text(text).unwrap()));
            prop_assert_eq!(sum.cell(), Number::of_text(&exact).unwrap().cell());
        }

        #[test]
        fn a_deviation_is_that_of_whole_numbers(
            values in prop::collection::vec(-1000i64..1000, 2..40),
            far in prop_oneof![Just(0), 0i64..1 << 62],
            eighths: bool,
        ) {
            let (mut all, mut squares) = (ExactSum::default(), ExactSum::default());
            for value in &values {
                let number = match eighths {
                    true => Number::Float((value + far % (1 << 50)) as f64 / 8.0),
                    false => Number::Int(value + far),
                };
                all.add_number(&number);
                squares.add_square(&number);
            }
            let count = values.len() as i64;
            let (first, second) = values.iter().fold((0, 0), |(sum, squares), value| (sum + value, squares + value * value));
            let exact = ((count * second - first * first) as f64 / (count * (count - 1)) as f64).sqrt();
            let found = deviation(count as u64, &all, &squares).unwrap() * if eighths { 8.0 } else { 1.0 };
            prop_assert!((found - exact).abs() <= 4e-16 * exact, "{} is not {}", found, exact);
        }
    }

    #[test]
    fn nothing_is_lost_beside_a_large_term() {
        assert_eq!(sum(&[1e100, 1.0, -1e100]).value(), 1.0);
        assert_eq!(sum(&[0.1; 10]).value(), 1.0);
        assert_eq!(sum(&[]).value(), 0.0);
        assert_eq!(deviation(1, &sum(&[1.0]), &sum(&[1.0])), None);
    }

    #[test]
    fn a_deviation_is_right_where_squares_nearly_cancel_and_where_they_are_huge() {
        let of = |values: &[f64]| {
            let (mut all, mut squares) = (ExactSum::default(), ExactSum::default());
            for number in values.iter().map(|value| Number::Float(*value)) {
                all.add_number(&number);
                squares.add_square(&number);
            }
            deviation(values.len() as u64, &all, &squares).unwrap()
        };
        assert_eq!(of(&[1e15, 1e15 + 0.125, 1e15 + 0.25]), 0.125);
        assert!((of(&[1e150, -1e150]) / 1e150 - 2f64.sqrt()).abs() < 1e-15);
        assert_eq!(of(&[0.1; 7]), 0.0);
        assert!((of(&[1e-100, 3e-100]) / 1e-100 - 2f64.sqrt()).abs() < 1e-15);
    }
}
