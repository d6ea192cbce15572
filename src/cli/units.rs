//! Durations, sizes, rates and shares as people type them.
//!
//! Every function is a value parser for clap: its error is a sentence that ends the one clap prints.

use std::time::Duration;

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// A length of time: `90`, `1.5s`, `250ms`, `1h30m`. A plain number counts seconds; units are ns,
/// us, ms, s, m, h and d.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a length of time; write it as `500ms`, `30s`, `1h30m` or plain seconds");
    let mut nanos: u128 = 0;
    let mut rest = text.trim();
    let mut plain = true;
    while plain || !rest.is_empty() {
        let (number, after) = split_number(rest);
        let unit_len = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_len);
        let unit_nanos = match unit.trim() {
            "" if plain && next.is_empty() => NANOS_PER_SECOND,
            "ns" => 1,
            "us" | "µs" => 1000,
            "ms" => 1_000_000,
            "s" => NANOS_PER_SECOND,
            "m" => 60 * NANOS_PER_SECOND,
            "h" => 3600 * NANOS_PER_SECOND,
            "d" => 86_400 * NANOS_PER_SECOND,
            _ => return Err(wrong()),
        };
        nanos = scaled(number, unit_nanos).and_then(|part| nanos.checked_add(part)).ok_or_else(wrong)?;
        rest = next;
        plain = false;
    }
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).map_err(|_| format!("`{text}` is too long a time"))?;
    Ok(Duration::new(seconds, (nanos % NANOS_PER_SECOND) as u32))
}

/// A length of time in nanoseconds, backwards with a minus: `-30m`.
pub fn signed(text: &str) -> Result<i64, String> {
    let (sign, length) = text.trim().strip_prefix('-').map_or((1, text), |length| (-1, length));
    let nanos = i64::try_from(duration(length)?.as_nanos());
    nanos.map(|nanos| sign * nanos).map_err(|_| format!("`{text}` is too long a time: at most 292 years can be told"))
}

/// A length of time as it is typed: `1h30m`, `250ms`.
pub fn shown(length: Duration) -> String {
    let units = [("d", 86_400_000_000_000u128), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000)];
    let finer = [("ms", 1_000_000u128), ("us", 1000), ("ns", 1)];
    let mut rest = length.as_nanos();
    let mut text = String::new();
    for (unit, nanos) in units.into_iter().chain(finer) {
        if rest >= nanos {
            text += &format!("{}{unit}", rest / nanos);
            rest %= nanos;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// A number of bytes: `4096`, `1.5GB`, `10MiB`. As elsewhere, kB, MB, GB and TB are powers of 1000;
/// KiB, MiB, GiB and TiB, and the single letters K, M, G and T, powers of 1024.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size; write it as `64KiB`, `10MiB`, `1GB` or plain bytes");
    let (number, unit) = split_number(text.trim());
    let unit_bytes: u128 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    let size_bytes = scaled(number, unit_bytes).ok_or_else(wrong)?;
    u64::try_from(size_bytes).map_err(|_| format!("`{text}` is too large a size"))
}

/// Events per second: `5000/s`, `300/m`, or a plain number a second. Above zero.
pub fn rate(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is not a rate; write it as `5000/s` or `300/m`");
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let count: f64 = number.trim().parse().map_err(|_| wrong())?;
    let per_second = count / seconds;
    if per_second.is_finite() && per_second > 0.0 { Ok(per_second) } else { Err(wrong()) }
}

/// A share between 0 and 1: `0.05` or `5%`.
pub fn share(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is not a share; write it as `0.05` or `5%`, between 0 and 1");
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
    let share = match text.trim().strip_suffix('%') {
        Some(percent) => number(percent)? / 100.0,
        None => number(text)?,
    };
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(wrong()) }
}

/// The decimal number that `text` begins with, and what follows it.
fn split_number(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()))
}

/// `number` times `unit`, rounded down; exact, where a float would not be.
fn scaled(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    // Digits past the 18th weigh less than a millionth of a nanosecond, or of a byte.
    let fraction = &fraction[..fraction.len().min(18)];
    let parse = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u128>().ok() };
    let part = parse(fraction)?.checked_mul(unit)? / 10u128.pow(fraction.len() as u32);
    parse(whole)?.checked_mul(unit)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let millis = |text| duration(text).map(|d| d.as_millis());
        assert_eq!(millis("90"), Ok(90_000));
        assert_eq!(millis("0"), Ok(0));
        assert_eq!(millis(".5"), Ok(500));
        assert_eq!(millis("250ms"), Ok(250));
        assert_eq!(millis("1.1s"), Ok(1100));
        assert_eq!(millis("1h30m"), Ok(5_400_000));
        assert_eq!(millis("1d 2h"), Ok(93_600_000));
        assert_eq!(duration("3ns"), Ok(Duration::from_nanos(3)));
        assert_eq!(duration("0.1us"), Ok(Duration::from_nanos(100)));
        for bad in ["", " ", "s", "-1s", "1x", "1h30", "1.2.3s", ".", "1e3", "30s,", "99999999999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_length_with_a_minus_goes_back() {
        assert_eq!((signed("-30m"), signed("30m")), (Ok(-1_800_000_000_000), Ok(1_800_000_000_000)));
        assert_eq!(signed(" - 1.5s"), Ok(-1_500_000_000));
        for bad in ["-", "--1s", "30m-", "-1x", "300000d", "-300000d"] {
            assert!(signed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("10MiB"), Ok(10 << 20));
        assert_eq!(size("1GB"), Ok(1_000_000_000));
        assert_eq!(size("1.5 kB"), Ok(1500));
        assert_eq!(size("2K"), Ok(2048));
        for bad in ["", "B", "-1", "1XB", "1 2", "99999999999TiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_and_shares_read_as_people_write_them() {
        assert_eq!(rate("5000/s"), Ok(5000.0));
        assert_eq!(rate("30/m"), Ok(0.5));
        assert_eq!(rate("7"), Ok(7.0));
        assert_eq!(share("0.05"), Ok(0.05));
        assert_eq!(share("5%"), Ok(0.05));
        for bad in ["", "0/s", "-1/s", "5/x", "inf/s", "NaN"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
        for bad in ["", "1.01", "-0.1", "101%", "NaN", "half"] {
            assert!(share(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_sum_of_units_is_the_sum_of_its_parts(h in 0u64..1000, m in 0u64..1000, ms in 0u64..100_000) {
            let text = format!("{h}h{m}m{ms}ms");
            prop_assert_eq!(duration(&shown(duration(&text).unwrap())), duration(&text));
            prop_assert_eq!(duration(&text), Ok(Duration::from_millis((h * 3600 + m * 60) * 1000 + ms)));
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in "[0-9.hmsdkKiB /%-]{0,30}") {
            let _ = (duration(&text), size(&text), rate(&text), share(&text));
        }
    }
}
