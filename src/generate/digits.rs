//! Numbers as text, appended to bytes: a record has several, so that formatting them is most of
//! the work.

/// Epoch seconds as Python prints a float: at least one digit after the point, no zeros at the end.
pub(super) fn push_seconds(out: &mut Vec<u8>, micros: i64) {
    let micros = micros.max(0) as u64;
    push_number(out, micros / 1_000_000);
    let mut digits = [b'.'; 7];
    let mut rest = micros % 1_000_000;
    for digit in digits[1..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let len = 7 - digits[2..].iter().rev().take_while(|digit| **digit == b'0').count();
    out.extend_from_slice(&digits[..len]);
}

pub(super) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

pub(super) fn push_hex(out: &mut Vec<u8>, number: u64) {
    let digits: [u8; 16] = std::array::from_fn(|place| b"0123456789abcdef"[(number >> (60 - 4 * place) & 15) as usize]);
    out.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn numbers_print_as_rust_prints_them(number: u64) {
            prop_assert_eq!(text(|out| push_number(out, number)), number.to_string());
            prop_assert_eq!(text(|out| push_hex(out, number)), format!("{number:016x}"));
        }

        #[test]
        fn seconds_print_as_a_float_does(micros in 1_000_000i64..4_000_000_000_000_000, zeros in 0u32..7) {
            let micros = micros / 10i64.pow(zeros) * 10i64.pow(zeros);
            prop_assert_eq!(text(|out| push_seconds(out, micros)), format!("{:?}", micros as f64 / 1e6));
        }
    }
}
