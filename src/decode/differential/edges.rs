//! What is hardest to read, in records whose shape is known: each edge of the grammar in turn.

use super::{Cuts, WHOLE, compare, schemas};
use crate::decode::Limits;

/// Values at the edges of the grammar, on either side.
#[rustfmt::skip]
pub const EDGES: &[&str] = &[
    // Integers
    "0", "-0", "00", "-00", "01", "-01", "-", "--1", "+1", "1-", "1 2", "0x1", "1_000", "9", "123456789012345", "1234567890123456",
    "12345678901234567", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "18446744073709551616", "99999999999999999999999999",
    // Fractions
    "1.", ".5", "-.5", "1.5", "-1.5", "0.0", "-0.0", "0.1", "1..5", "1.5.", "1.-5", "0.30000000000000004", "123456789.1234567",
    "1234567890.123456", "9007199254740.993", "900719925474099.3", "0.9007199254740993", "9.007199254740993", "99999999999999.99",
    "1760559686.31526", "0.1234567890123456", "0.12345678901234567890123456789", "123456789012345678901234567890.5",
    "0.000000000000000000000000000000000000000000001", "179769313486231580793728971405303415079934132710037826936173.5",
    // Exponents
    "1e5", "1E5", "1e+5", "1E-05", "1e0000000000000000000005", "1e", "1e+", "1.e5", "1.5e5", "-0e5", "0e5", "0e999999999999", "1e5.5",
    "1e308", "1e309", "-1e309", "1e-400", "1.7976931348623157e308", "1.7976931348623159e308", "5e-324", "2.4703282292062327e-324",
    "2.4703282292062328e-324", "0.000001e310", "100000e-400", "1e99999999999999999999", "1e-99999999999999999999", "1f5", "e5",
    // Words
    "true", "false", "null", "tru", "trux", "truE", "falsx", "nulx", "truex", "True", "nul", "nulll", "falsy", "NaN", "Infinity", "-Infinity", "undefined", "truefalse",
    // Texts
    r#""""#, r#"" ""#, r#""\"""#, r#""\\""#, r#""\/""#, r#""\b\f\n\r\t""#, r#""\a""#, r#""\x41""#, r#""\""#, r#""\\\""#, r#""x\"#,
    r#""\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\""#, r#""\u0041""#, r#""\u00e9""#, r#""\u00E9\u20ac""#,
    r#""\u0000""#, r#""\u001f""#, r#""\u005c""#, r#""\u0022""#, r#""\u""#, r#""\u1""#, r#""\u12""#, r#""\u123""#, r#""\u123g""#, r#""\u+123""#,
    r#""\U0041""#, r#""\ud83d\ude00""#, r#""\uD83D\uDE00""#, r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\ud83d\n""#, r#""\ud83d\u0041""#,
    r#""\ud83d\ud83d\ude00""#, r#""\ude00\ud83d""#, r#""\udbff\udfff""#, r#""\ufffe\uffff""#, r#""\ud7ff\ue000""#, r#""\u2028""#,
    "\"é€\u{1f600}\"", "\"é\\n€\"", "\"\u{7f}\"", "\"\u{80}\"", "\"\u{feff}\"", "\"\0\"", "\"\t\"", "\"\n\"", "\"\r\"", "\"\u{1f}\"", "\"x", "x\"", "'x'",
    "\"a text of sixty-four bytes, which is just as much as marks tell...\"", "\"}\"", "\"\n{\"", "\"{\\\"a\\\": 1}\"", "\", \\\"b\\\": \"",
    // What is no scalar, or none at all
    "{}", "[]", "{\"b\": 1}", "[1]", "[\"x\"]", "{\"b\": {\"c\": \"\\n\"}}", "[", "{", "]", "}", "", " ", ",", ":", "1,", "\"x\" \"y\"", "1, \"b\": 2", "[1, 2",
    "{\"b\": 1, \"b\": {}}", "/* */ 1", "\u{c}1", "\u{a0}1", "\u{b}1", "1\u{c}", "\n1\n", " \t\r\n\"x\" \t\r\n",
];

/// All edges: those above, and numbers too long to be written here.
fn edges() -> Vec<String> {
    let long = [
        "9".repeat(300),
        "1".repeat(309),
        "9".repeat(309),
        "1".repeat(400),
        format!("1.{}", "3".repeat(900)),
        format!("0.{}1", "0".repeat(900)),
        format!("{}.{}", "1".repeat(300), "7".repeat(300)),
        format!("{}e-400", "1".repeat(400)),
        format!("1e{}", "0".repeat(400)),
        format!("\"{}\"", "x".repeat(64)),
        format!("\"{}\\n\"", "é".repeat(100)),
    ];
    EDGES.iter().map(|edge| edge.to_string()).chain(long).collect()
}

/// Places for an edge, and what they held before.
const PLACES: &[&str] = &[
    "{\"service\": \"a\", \"message\": @, \"status\": 200}",
    "{\"service\": \"a\", \"a\": {\"b\" : [@ ,1]}}",
    "{\"service\":\"a\",\n \"a\":@\n}",
    "{\"service\": \"a\", \"status\":@}",
    "{\"a\": @, \"service\": \"a\", \"a\": {\"b\": @}}",
];
const KNOWN: &[&[&str]] = &[&["\"x\""], &["1"], &["1", "\"x\"", "null"]];

/// Records of a known shape, then some with an edge, then known ones, between separators; and where
/// the first edge begins.
fn around(place: &str, known: &[&str], edge: &str, between: &str) -> (String, usize) {
    let record = |value: &str| place.replace('@', value) + between;
    let known: String = known.iter().map(|value| record(value)).collect();
    let begin = known.len() * 2;
    (format!("{known}{known}{}{known}{}{known}{{}}{between}{{\"end\": null}}", record(edge), record(edge)), begin)
}

#[test]
fn every_edge_of_the_grammar_is_read_as_the_parser_reads_it() {
    let (schemas, edges) = (schemas(), edges());
    for (place, known) in PLACES.iter().flat_map(|place| KNOWN.iter().map(move |known| (place, known))) {
        for (edge, between) in edges.iter().flat_map(|edge| ["\n", ", ", ""].map(|between| (edge, between))) {
            let (text, begin) = around(place, known, edge, between);
            for schema in &schemas[..3] {
                let [_, predicted] = compare(schema, Limits::default(), text.as_bytes(), &WHOLE).unwrap();
                assert!(predicted >= known.len(), "{predicted} in {text}");
            }
            let cut = |at| Cuts { places: vec![at], ..WHOLE };
            for at in begin..begin + place.len() + edge.len().min(80) {
                compare(&schemas[1], Limits::default(), text.as_bytes(), &cut(at)).unwrap();
            }
        }
    }
}

#[test]
fn what_stands_between_records_is_looked_at_before_a_run_too() {
    let schema = &schemas()[1];
    let record = |value: &str| format!("{{\"service\": \"a\", \"message\": {value}}}");
    // The run goes on behind the second value, where the tree or the parser came in between.
    for (value, between) in
        ["\"x\"", "\"\\n\"", "{}", "x"].iter().flat_map(|value| ["\n", ", "].map(|gap| (value, gap)))
    {
        let known = (record("\"x\"") + between).repeat(12);
        for gap in ["x", "\"", ":", "\\", "{", "}", "1", "xx", "\"\"", ",x", "x\n", "\n", ", ", ",,", "\0", "é", ""] {
            let text = format!("{known}{}{gap}{known}", record(value));
            compare(schema, Limits::default(), text.as_bytes(), &WHOLE).unwrap();
        }
    }
}

#[test]
fn what_is_no_prefix_is_looked_at_in_a_run_too() {
    let schema = &schemas()[1];
    let record = r#"{"service": "a", "message": "x"}"#;
    #[rustfmt::skip]
    let prefixes = [
        "x ", "xy | ", "", " ", "[", "[x] ", "x, ", "x [", "\"x\": ", "x: ", "{x} ", "x {} ", "x {y", "x}", "x {\"a\": 1} ", "x {\"a\"", "\n",
        "x\n", "\0x ", "\u{feff}x ", "1 ", "1, ", "null ", "\"x\" ", "é ", "\u{1b}[0m", "2025-10-15T20:21:26Z stderr F ",
    ];
    for (prefix, between) in prefixes.iter().flat_map(|prefix| ["\n", "\r\n", "\n\n"].map(|between| (prefix, between)))
    {
        for (odd, behind) in
            prefixes.iter().flat_map(|odd| ["", " ", ",", " x", "\n", "{}"].map(|behind| (odd, behind)))
        {
            let known = format!("{prefix}{record}{between}").repeat(12);
            let text = format!("{known}{odd}{record}{behind}{between}{known}");
            compare(schema, Limits::default(), text.as_bytes(), &WHOLE).unwrap();
            compare(schema, Limits { record_bytes: 38, ..Limits::default() }, text.as_bytes(), &WHOLE).unwrap();
        }
    }
    let line = format!("2025-10-15T20:21:26Z stdout F {record}\n").repeat(100);
    let [texts, predicted] = compare(schema, Limits::default(), line.as_bytes(), &WHOLE).unwrap();
    assert_eq!((texts, predicted), (100, 98), "all but the first, and the last, which too few bytes follow");
}

/// Marks are made for so many bytes at once.
const MARKED_BYTES: usize = 16 << 10;

#[test]
fn an_edge_may_lie_across_the_end_of_the_marks() {
    let schema = &schemas()[1];
    let long = format!("{{\"message\": \"{}\", \"a\": @}}", "x".repeat(2000));
    for (edge, known) in edges().iter().flat_map(|edge| KNOWN.iter().map(move |known| (edge, known))) {
        let (text, begin) = around(&long, known, edge, "\n");
        let begin = begin + long.len() - "@}".len();
        for before in 0..edge.len().min(80) + 4 {
            let text = " ".repeat((MARKED_BYTES + 1).saturating_sub(begin + before)) + &text;
            compare(schema, Limits::default(), text.as_bytes(), &WHOLE).unwrap();
        }
    }
}
