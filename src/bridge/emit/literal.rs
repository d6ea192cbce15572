//! What users typed, as it stands in a Python program.

use crate::schema::StatusSet;

/// The text as a string literal of Python.
pub fn string(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// The text as it stands within quotes. What could be taken for something else on a screen is escaped.
pub fn escaped(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' | '\\' => literal.extend(['\\', char]),
            '\n' => literal.push_str("\\n"),
            ' '..='~' => literal.push(char),
            _ if char.is_alphanumeric() => literal.push(char),
            _ => match u32::from(char) {
                code @ 0..=0xFF => literal.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xFFFF => literal.push_str(&format!("\\u{code:04x}")),
                code => literal.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    literal
}

/// The texts as a list of Python, on one line if it is short.
pub fn list(texts: &[String]) -> String {
    let items: Vec<String> = texts.iter().map(|text| string(text)).collect();
    let line = format!("[{}]", items.join(", "));
    if line.chars().count() <= 90 { line } else { format!("[\n    {},\n]", items.join(",\n    ")) }
}

/// A length of time in the largest unit that counts it: `(90, "seconds")`. `None` where it is no whole
/// number of microseconds: neither engine knows a finer time.
pub fn length(nanos: i64) -> Option<(i64, &'static str)> {
    const UNITS: [(i64, &str); 6] = [
        (86_400_000_000, "days"),
        (3_600_000_000, "hours"),
        (60_000_000, "minutes"),
        (1_000_000, "seconds"),
        (1000, "milliseconds"),
        (1, "microseconds"),
    ];
    let micros = (nanos % 1000 == 0).then_some(nanos / 1000)?;
    let (of_unit, unit) = UNITS.into_iter().find(|(of_unit, _)| micros % of_unit == 0)?;
    Some((micros / of_unit, unit))
}

/// Whether `status` is one of a set; `between` is what the engine calls that it lies in a range.
pub fn is_in(set: &StatusSet, between: &str) -> String {
    let ranges: Vec<(u16, u16)> = set.ranges();
    let tests = ranges.iter().map(|(low, high)| match (low == high, ranges.len()) {
        (true, 1) => format!("status == {low}"),
        (true, _) => format!("(status == {low})"),
        (false, _) => format!("status.{between}({low}, {high})"),
    });
    tests.collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_as_python_reads_it() {
        for (text, literal) in [
            ("data/*.json", r#""data/*.json""#),
            ("it's \"it\"", r#""it's \"it\"""#),
            ("C:\\logs\n", r#""C:\\logs\n""#),
            ("é日本", r#""é日本""#),
            ("\u{0}\t\u{7f}\u{202e}\u{2028}\u{1f600}", r#""\x00\x09\x7f\u202e\u2028\U0001f600""#),
            ("\"\"\"\nimport os", r#""\"\"\"\nimport os""#),
        ] {
            assert_eq!(string(text), literal);
        }
    }

    #[test]
    fn a_length_is_told_in_its_largest_unit() {
        let lengths = [0, 1, 7_000_000_000, 90_000_000_000, 3_600_000_000_000, 1_500_000, 2000].map(length);
        let expected = [
            Some((0, "days")),
            None,
            Some((7, "seconds")),
            Some((90, "seconds")),
            Some((1, "hours")),
            Some((1500, "microseconds")),
            Some((2, "microseconds")),
        ];
        assert_eq!(lengths, expected);
    }

    #[test]
    fn statuses_are_ranges_and_single_ones() {
        assert_eq!(is_in(&"2xx,304".parse().unwrap(), "between"), "status.between(200, 299) | (status == 304)");
        assert_eq!(is_in(&"503".parse().unwrap(), "between"), "status == 503");
    }
}
