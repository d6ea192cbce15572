//! Integers of any size as the digits they are written with: a minus maybe, no zeros in front.
//!
//! For the few numbers that no machine word holds: what is done here is slow, and exact.

use std::cmp::Ordering;

/// By size.
pub fn compare(a: &str, b: &str) -> Ordering {
    let by_length = |a: &str, b: &str| a.len().cmp(&b.len()).then_with(|| a.cmp(b));
    match (a.strip_prefix('-'), b.strip_prefix('-')) {
        (Some(a), Some(b)) => by_length(b, a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => by_length(a, b),
    }
}

/// The sum of two.
pub fn add(a: &str, b: &str) -> String {
    let parts = |number: &str| match number.strip_prefix('-') {
        Some(digits) => (true, digits.bytes().rev().collect::<Vec<u8>>()),
        None => (false, number.bytes().rev().collect()),
    };
    let ((is_negative, mut more), (is_too, mut less)) = (parts(a), parts(b));
    let mut sign = is_negative;
    if compare(a.trim_start_matches('-'), b.trim_start_matches('-')).is_lt() {
        std::mem::swap(&mut more, &mut less);
        sign = is_too;
    }
    let mut carry = 0i8;
    let mut digits: Vec<u8> = Vec::with_capacity(more.len() + 2);
    for (place, digit) in more.iter().enumerate() {
        let other = less.get(place).map_or(0, |digit| (digit - b'0') as i8);
        let sum = (digit - b'0') as i8 + if is_negative == is_too { other } else { -other } + carry;
        carry = sum.div_euclid(10);
        digits.push(sum.rem_euclid(10) as u8 + b'0');
    }
    if carry > 0 {
        digits.push(b'1');
    }
    while digits.len() > 1 && digits.last() == Some(&b'0') {
        digits.pop();
    }
    if sign && digits != [b'0'] {
        digits.push(b'-');
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

/// The negative of a number.
pub fn negated(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(digits) => digits.to_owned(),
        None if number == "0" => number.to_owned(),
        None => format!("-{number}"),
    }
}

/// A whole double, digit by digit.
pub fn of_float(whole: f64) -> String {
    // Of minus zero, no sign.
    format!("{:.0}", whole + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> impl Strategy<Value = i128> {
        prop_oneof![-20i128..20, any::<i64>().prop_map(i128::from), any::<i128>().prop_map(|number| number / 4)]
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_integers(a in number(), b in number()) {
            let (x, y) = (a.to_string(), b.to_string());
            prop_assert_eq!(add(&x, &y), (a + b).to_string());
            prop_assert_eq!(compare(&x, &y), a.cmp(&b));
            prop_assert_eq!(negated(&x), (-a).to_string());
        }

        #[test]
        fn a_whole_double_has_all_of_its_digits(whole in any::<f64>().prop_map(f64::trunc)) {
            prop_assume!(whole.is_finite());
            let digits = of_float(whole);
            prop_assert_eq!(digits.parse::<f64>().unwrap(), whole);
            prop_assert_eq!(add(&digits, &negated(&digits)), "0");
        }
    }
}
