//! Sums of floats that do not depend on the order of their terms.
//!
//! A sum is held exactly, as floats that do not overlap (Shewchuk 1997, "Adaptive Precision
//! Floating-Point Arithmetic"), and rounded once, when it is asked for: equal terms give equal
//! answers, to the last bit, however the input was cut and merged.

use super::Merge;
use serde::{Deserialize, Serialize};

/// Terms beyond this are not taken: their sums, or those of their squares, would overflow.
const LARGEST: f64 = 1e150;

/// The exact sum of any floats up to 1e150.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExactSum {
    /// Of growing size, none zero, no two of them overlapping.
    parts: Vec<f64>,
}

impl ExactSum {
    /// Whether a value can be summed, and squared.
    pub fn takes(value: f64) -> bool {
        value.abs() <= LARGEST
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

    /// Adds the square of a value that [`Self::takes`] allows. Exact unless it is below 1e-290.
    pub fn add_square(&mut self, value: f64) {
        let square = value * value;
        self.add(square);
        self.add(value.mul_add(value, -square));
    }

    /// The float next to the sum.
    pub fn value(&self) -> f64 {
        self.double().0
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
        if self.parts.is_empty() {
            *self = later;
        } else {
            later.parts.into_iter().for_each(|part| self.add(part));
        }
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

/// The sample variance of `count` values whose sum and sum of squares are known, by arithmetic in pairs
/// of floats (Dekker 1971), for two sums that may nearly cancel out. `None` of fewer than two.
pub fn variance(count: u64, sum: &ExactSum, squares: &ExactSum) -> Option<f64> {
    if count < 2 {
        return None;
    }
    let n = count as f64;
    let (high, low) = sum.double();
    // (sum / n) * sum, with the error of the quotient and of the product.
    let mean = high / n;
    let mean_low = ((-mean).mul_add(n, high) + low) / n;
    let product = mean * high;
    let product_low = mean.mul_add(high, -product) + (mean * low + mean_low * high);
    let mut spread = squares.clone();
    spread.add(-product);
    spread.add(-product_low);
    Some((spread.value() / (n - 1.0)).max(0.0))
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
        fn a_variance_is_that_of_whole_numbers(values in prop::collection::vec(-1000i64..1000, 2..40), far in 0i64..1_000_000_000_000) {
            let (mut all, mut squares) = (ExactSum::default(), ExactSum::default());
            for value in &values {
                all.add((value + far) as f64);
                squares.add_square((value + far) as f64);
            }
            let count = values.len() as i64;
            let (first, second) = values.iter().fold((0, 0), |(sum, squares), value| (sum + value, squares + value * value));
            let exact = (count * second - first * first) as f64 / (count * (count - 1)) as f64;
            let found = variance(count as u64, &all, &squares).unwrap();
            prop_assert!((found - exact).abs() <= 1e-9 * exact.max(1e-3), "{} is not {}", found, exact);
        }
    }

    #[test]
    fn nothing_is_lost_beside_a_large_term() {
        assert_eq!(sum(&[1e100, 1.0, -1e100]).value(), 1.0);
        assert_eq!(sum(&[0.1; 10]).value(), 1.0);
        assert_eq!(sum(&[]).value(), 0.0);
        assert_eq!(variance(1, &sum(&[1.0]), &sum(&[1.0])), None);
    }
}
