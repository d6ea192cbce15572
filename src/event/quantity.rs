//! Texts that hold quantities: durations with units, and lists of numbers.
//!
//! Both are worked out in decimals, as they are written, and rounded once at the end: `0.57s` is 570 ms.

use super::Value;

/// A decimal number: `units` times ten to the power of `exponent`.
#[derive(Clone, Copy)]
struct Decimal {
    units: i128,
    exponent: i32,
}

const ZERO: Decimal = Decimal { units: 0, exponent: 0 };

/// A duration in milliseconds: `12ms`, `0.57s`, `1m2.5s`, `1h 30m`, `PT1.5S`, `00:00:01.25`. A number
/// without a unit is taken as it is. `None` where the text is no duration.
pub fn millis(text: &str) -> Option<Value<'static>> {
    let text = text.trim();
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let sum = if let Some(iso) = rest.strip_prefix('P') {
        iso_millis(iso)?
    } else if rest.contains(':') {
        clock_millis(rest)?
    } else {
        unit_millis(rest)?
    };
    sum.times(if is_negative { -1 } else { 1 })?.value()
}

/// Numbers, each with its unit; or one without.
fn unit_millis(mut rest: &str) -> Option<Decimal> {
    let (first, behind) = Decimal::read(rest)?;
    if behind.is_empty() {
        return Some(first);
    }
    let mut sum = ZERO;
    while !rest.is_empty() {
        let (number, behind) = Decimal::read(rest)?;
        let behind = behind.trim_start();
        let end = behind.find(|char: char| !char.is_alphabetic()).unwrap_or(behind.len());
        let (factor, exponent) = unit(&behind[..end])?;
        sum = sum.plus(Decimal { exponent: number.exponent.checked_add(exponent)?, ..number }.times(factor)?)?;
        rest = behind[end..].trim_start();
    }
    Some(sum)
}

/// What one of them is in milliseconds: a factor, and a power of ten.
fn unit(name: &str) -> Option<(i128, i32)> {
    Some(match name {
        "ns" | "nsec" | "nanos" | "nanosecond" | "nanoseconds" => (1, -6),
        // The micro sign and the Greek letter.
        "us" | "usec" | "\u{b5}s" | "\u{3bc}s" | "micros" | "microsecond" | "microseconds" => (1, -3),
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => (1, 0),
        "s" | "sec" | "secs" | "second" | "seconds" => (1, 3),
        "m" | "min" | "mins" | "minute" | "minutes" => (60, 3),
        "h" | "hr" | "hrs" | "hour" | "hours" => (3600, 3),
        "d" | "day" | "days" => (86_400, 3),
        "w" | "week" | "weeks" => (604_800, 3),
        _ => return None,
    })
}

/// ISO 8601 behind its `P`; months and years have no length.
fn iso_millis(text: &str) -> Option<Decimal> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let mut sum = ZERO;
    for (mut rest, units) in
        [(date, [('W', 604_800), ('D', 86_400)].as_slice()), (time, &[('H', 3600), ('M', 60), ('S', 1)])]
    {
        while !rest.is_empty() {
            let (number, behind) = Decimal::read(rest)?;
            let mark = behind.chars().next()?;
            let (_, seconds) = units.iter().find(|(unit, _)| *unit == mark)?;
            sum = sum.plus(Decimal { exponent: number.exponent.checked_add(3)?, ..number }.times(*seconds)?)?;
            rest = &behind[mark.len_utf8()..];
        }
    }
    Some(sum)
}

/// `hh:mm:ss`, with a fraction, and with days before it as .NET writes them: `1.02:03:04.5`.
fn clock_millis(text: &str) -> Option<Decimal> {
    let [hours, minutes, seconds] = text.split(':').collect::<Vec<_>>()[..] else { return None };
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let mut sum = ZERO;
    for (part, length) in [(days, 86_400), (hours, 3600), (minutes, 60), (seconds, 1)] {
        let is_plain = part.bytes().all(|byte| byte.is_ascii_digit() || length == 1 && byte == b'.');
        let (number, "") = Decimal::read(part).filter(|_| is_plain)? else { return None };
        sum = sum.plus(Decimal { exponent: number.exponent + 3, ..number }.times(length)?)?;
    }
    Some(sum)
}

/// The sum of the numbers in a list, between commas, colons or blanks: `0.001, 0.5 : 0.002`. A `-` stands for
/// none, as in nginx's upstream times; a list of none is null. `None` where anything else is in it.
pub fn total(text: &str) -> Option<Value<'static>> {
    let mut sum = None;
    for part in text.split([',', ':', ' ', '\t']).filter(|part| !matches!(*part, "" | "-")) {
        let (is_negative, digits) = match part.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, part),
        };
        let (number, "") = Decimal::read(digits)? else { return None };
        sum = Some(sum.unwrap_or(ZERO).plus(number.times(if is_negative { -1 } else { 1 })?)?);
    }
    sum.map_or(Some(Value::Null), Decimal::value)
}

impl Decimal {
    /// The number without a sign that a text begins with, and what follows it.
    fn read(text: &str) -> Option<(Self, &str)> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(text);
        let mut end = whole;
        let mut places = 0;
        if text[whole..].starts_with('.') {
            places = digits(&text[whole + 1..]);
            end = whole + 1 + places;
        }
        if whole + places == 0 {
            return None;
        }
        let mut units = 0i128;
        for digit in text[..end].bytes().filter(|byte| *byte != b'.') {
            units = units.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let mut exponent = -i32::try_from(places).ok()?;
        let behind = &text[end..];
        if let Some(power) = behind.strip_prefix(['e', 'E']) {
            let sign = usize::from(power.starts_with(['-', '+']));
            let length = digits(&power[sign..]);
            if length > 0 {
                exponent = exponent.checked_add(power[..sign + length].parse().ok()?)?;
                return Some((Self { units, exponent }, &power[sign + length..]));
            }
        }
        Some((Self { units, exponent }, behind))
    }

    fn plus(self, other: Self) -> Option<Self> {
        let exponent = self.exponent.min(other.exponent);
        let at = |number: Self| {
            let apart = u32::try_from(i64::from(number.exponent) - i64::from(exponent)).ok()?;
            if number.units == 0 { Some(0) } else { 10i128.checked_pow(apart)?.checked_mul(number.units) }
        };
        Some(Self { units: at(self)?.checked_add(at(other)?)?, exponent })
    }

    fn times(self, factor: i128) -> Option<Self> {
        Some(Self { units: self.units.checked_mul(factor)?, ..self })
    }

    /// A whole number where it is one that fits, else the double next to it.
    fn value(mut self) -> Option<Value<'static>> {
        while self.exponent < 0 && self.units % 10 == 0 && self.units != 0 {
            (self.units, self.exponent) = (self.units / 10, self.exponent + 1);
        }
        let power = u32::try_from(self.exponent).ok().and_then(|power| 10i128.checked_pow(power));
        let whole = power.and_then(|power| self.units.checked_mul(power)).and_then(|whole| i64::try_from(whole).ok());
        match whole {
            _ if self.units == 0 => Some(Value::Int(0)),
            Some(whole) => Some(Value::Int(whole)),
            None => {
                let float: f64 = format!("{}e{}", self.units, self.exponent).parse().ok()?;
                float.is_finite().then_some(Value::Float(float))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, expected) in [
            ("12ms", Value::Int(12)),
            ("0.57s", Value::Int(570)),
            ("1m2.5s", Value::Int(62_500)),
            ("PT1.5S", Value::Int(1500)),
            ("P1DT2H3M4.005S", Value::Int(93_784_005)),
            ("P2W", Value::Int(1_209_600_000)),
            ("-5ms", Value::Int(-5)),
            ("1h", Value::Int(3_600_000)),
            ("1 h 30 min", Value::Int(5_400_000)),
            ("2d", Value::Int(172_800_000)),
            ("1.5\u{b5}s", Value::Float(0.0015)),
            ("1.5\u{3bc}s", Value::Float(0.0015)),
            ("250us", Value::Float(0.25)),
            ("17ns", Value::Float(0.000_017)),
            ("1.5e-3s", Value::Float(1.5)),
            ("2e0 s", Value::Int(2000)),
            ("900", Value::Int(900)),
            ("0.25", Value::Float(0.25)),
            (" 3ms ", Value::Int(3)),
            (".5s", Value::Int(500)),
            ("0s", Value::Int(0)),
            ("00:00:01.25", Value::Int(1250)),
            ("1.02:03:04", Value::Int(93_784_000)),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "ms",
            "s",
            "12x",
            "12 ms x",
            "1m2",
            "P",
            "PT",
            "P1M",
            "P1Y",
            "PT1D",
            "1:2",
            "1:2:3:4",
            "-",
            "--5ms",
            "5ms-",
            "12MS",
            "1e999s",
            "99999999999999999999999999999999999999999s",
            "0.1.2s",
            ".s",
            "1,5s",
            "1:-2:3",
            "\u{b5}s",
            "n/a",
            "PT1.5S ms",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn a_list_is_added_up() {
        for (text, expected) in [
            ("0.001, 0.5", Value::Float(0.501)),
            ("0.1, 0.2 : 0.3", Value::Float(0.6)),
            ("0.5", Value::Float(0.5)),
            ("-, 0.25", Value::Float(0.25)),
            ("-", Value::Null),
            ("", Value::Null),
            ("1,2,-3", Value::Int(0)),
            ("7:8", Value::Int(15)),
            ("1e3,1", Value::Int(1001)),
        ] {
            assert_eq!(total(text), Some(expected), "{text}");
        }
        for text in ["0.1, x", "12ms", "1;2", "--1", "0.1.2", "1 - 2x", "unix:/tmp/a"] {
            assert_eq!(total(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-PT0-9.:e \u{b5}smhdMSDH,]{0,12}|\\PC{0,9}") {
            millis(&text);
            total(&text);
        }

        #[test]
        fn a_list_is_the_sum_of_whole_thousandths(parts in prop::collection::vec(-100_000i64..100_000, 1..8)) {
            let list: Vec<String> = parts.iter().map(|part| format!("{}", *part as f64 / 1000.0)).collect();
            let sum = parts.iter().sum::<i64>() as f64 / 1000.0;
            let found = match total(&list.join(", ")) {
                Some(Value::Int(sum)) => sum as f64,
                Some(Value::Float(sum)) => sum,
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(found, sum);
        }
    }
}
