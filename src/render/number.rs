//! Numbers and times as people read them.

use crate::event::Timestamp;

/// `1234567` as `1,234,567`.
pub(super) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// `-1234` as `-1,234`.
pub(super) fn int(number: i64) -> String {
    if number < 0 { format!("-{}", count(number.unsigned_abs())) } else { count(number.unsigned_abs()) }
}

/// Any integer in digits, grouped.
pub(super) fn digits(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(digits) => format!("-{}", grouped(digits)),
        None => grouped(number),
    }
}

fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// About six significant digits, grouped; far from 1 in scientific notation. `None` where there is
/// no such number.
pub(super) fn float(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    if number == 0.0 {
        return Some("0".to_owned());
    }
    let magnitude = number.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return Some(format!("{number:.3e}"));
    }
    let decimals = (5.0 - magnitude).max(0.0) as usize;
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if number < 0.0 { "-" } else { "" };
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{}{dot}{fraction}", grouped(whole)))
}

/// A share in percent: two decimals, and up to six where fewer would call it none or all and it is
/// not.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    for decimals in 2..=6 {
        let text = format!("{percent:.decimals$}");
        let rounded: f64 = text.parse().unwrap_or(percent);
        if rounded == percent || (rounded != 0.0 && rounded != 100.0) {
            return format!("{text} %");
        }
    }
    if percent < 50.0 { "< 0.000001 %".to_owned() } else { "> 99.999999 %".to_owned() }
}

/// Bytes in powers of 1000: `1.2 GB`.
pub(super) fn bytes(number: f64) -> String {
    scaled(number, &["B", "kB", "MB", "GB", "TB"])
}

/// A number of things in powers of 1000: `1.2 M`.
pub(super) fn scaled_count(number: f64) -> String {
    scaled(number, &["", "k", "M", "G", "T"]).trim_end().to_owned()
}

fn scaled(mut number: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while number >= 999.5 && unit + 1 < units.len() {
        number /= 1000.0;
        unit += 1;
    }
    let decimals = if unit == 0 || number >= 99.95 { 0 } else { 1 };
    format!("{number:.decimals$} {}", units[unit])
}

/// `2025-10-15 20:21:26.315`: UTC, without the fraction where there is none, cut to milliseconds.
pub(super) fn time(time: Timestamp) -> String {
    let text = time.to_string().replacen('T', " ", 1);
    let (second, _) = text.split_once('.').unwrap_or((&text, ""));
    match time.millis().rem_euclid(1000) {
        0 => second.to_owned(),
        millis => format!("{second}.{millis:03}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_read_easily() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([int(-12), int(-1234), int(i64::MIN)], ["-12", "-1,234", "-9,223,372,036,854,775,808"]);
        let floats = [0.0, 0.1 + 0.2, 12.5, -1234.5678, 999_999.96, 1e20, 1e-9];
        let texts = ["0", "0.3", "12.5", "-1,234.57", "1,000,000", "1.000e20", "1.000e-9"];
        assert_eq!(floats.map(|number| float(number).unwrap()), texts);
        assert_eq!([float(f64::NAN), float(f64::INFINITY)], [None, None]);
    }

    #[test]
    fn a_share_is_none_or_all_only_where_it_is() {
        let shares = [0.0, 0.360656, 1.0, 0.00001234, 0.999_999, 1e-30, 1.0 - 1e-16];
        let texts = ["0.00 %", "36.07 %", "100.00 %", "0.001 %", "99.9999 %", "< 0.000001 %", "> 99.999999 %"];
        assert_eq!(shares.map(percent), texts);
    }

    #[test]
    fn bytes_keep_about_three_digits() {
        let numbers = [0.0, 999.0, 1000.0, 12_345.0, 123_456_789.0, 999_999.0, 5e15];
        assert_eq!(numbers.map(bytes), ["0 B", "999 B", "1.0 kB", "12.3 kB", "123 MB", "1.0 MB", "5000 TB"]);
        assert_eq!([scaled_count(12.0), scaled_count(2_100_000.0)], ["12", "2.1 M"]);
    }

    #[test]
    fn a_time_is_short() {
        let at = |nanos| time(Timestamp::from_nanos(nanos));
        assert_eq!(at(1_760_559_686_315_260_000), "2025-10-15 20:21:26.315");
        assert_eq!(at(1_760_559_686_000_000_000), "2025-10-15 20:21:26");
        assert_eq!(at(-1), "1969-12-31 23:59:59.999");
    }

    proptest! {
        #[test]
        fn grouping_loses_no_digit(number: u64) {
            prop_assert_eq!(count(number).replace(',', ""), number.to_string());
        }
    }
}
