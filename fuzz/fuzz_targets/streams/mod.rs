//! Streams that repeat themselves, as logs do, made of a fuzzer's bytes: records of a few templates, as lines, in
//! arrays, behind prefixes, within objects and within texts, some of them damaged.

#![allow(dead_code, reason = "each target is a program of its own")]

mod layout;
pub mod schemas;
pub mod seen;

use arbitrary::{Arbitrary, Unstructured};
use layout::Layout;
use std::borrow::Cow;
use streamlab::schema::Schema;

pub const KEYS: &[&str] = &[
    "service",
    "message",
    "status",
    "timestamp",
    "id",
    "a",
    "b",
    "c",
    "a.b",
    "0",
    "1",
    "b.a",
    "",
    "\\u0061",
    "@timestamp",
    "service.name",
    "http.response.status_code",
    "Attributes",
    "Body",
    "mess\\u0061ge",
    "name",
    "response",
    "http",
    "status_code",
    "a key of more than sixteen bytes",
    "a key of more than sixty-four bytes: as long as what is marked at once",
];
pub const SPACES: &[&str] = &["", " ", "\n  ", "\t", "\r\n ", "  ", "\n", "                    "];
#[rustfmt::skip]
pub const BETWEEN: &[&str] = &[
    "\n", ", ", "", "\n", "\r\n", "]\n[", ",\n", "\0", "\u{feff}", " ", "\nx ", "\n2025-10-15T20:21:26.1Z stdout F ", "\r\n[api-1] | ",
    "\n<34>1 2025-10-15T20:21:26Z host app - - - ", "\nx: {} ", "\nx, ", "\nINFO é ", "\n2025-10-15T20:21:26.1Z stdout P ",
    "\n2025-10-15T20:21:26.1Z stderr F ", "\nOct 15 20:21:26 host app[7]: ", "\n[pod/api-7/app] ", "\n2025-10-15 20:21:26,123 [INFO] app: ",
];
#[rustfmt::skip]
pub const VALUES: &[&str] = &[
    "\"\"", "\"GET /\"", "200", "1760559686.31526", "true", "false", "null", "\"\\n\"", "\"\\u00e9\"", "\"é€\u{1F600}\"",
    "\"\\ud83d\\ude00\"", "\"\\ud800\"", "-0", "0", "00", "-", "1.", ".5", "1e5", "1E+05", "1e309", "1e-400", "-0.0", "0.1",
    "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615", "18446744073709551616",
    "0.1234567890123456", "9007199254740993.0", "123456789012345.67", "1234567890.1234567", "{}", "[]", "[1, \"x\"]", "tru", "[104, 105]", "[255]",
    r#""{\"a\": 1, \"service\": \"in\"}\n""#, r#""x {\"a\": {\"b\": \"\\n\"}}""#, r#""{\"timestamp\": true}""#, r#""{\"a\": tru}""#,
    "{\"a\": 1, \"b\": \"\\t\"}", "nullx", "\"\\x\"", "\"\t\"", "\"\u{7f}\"", "\"2025-10-15T20:21:26Z\"", "+1", "NaN", "",
    "\"a text of more than sixty-four bytes, which is as much as is marked at once\"", "\"unfinished",
];

/// Any bytes, or records that they make.
pub fn stream<'a>(bytes: &'a [u8], is_structured: bool, schema: &Schema) -> Cow<'a, [u8]> {
    if is_structured { Cow::Owned(structured(bytes, schema).unwrap_or_default()) } else { Cow::Borrowed(bytes) }
}

/// A few templates, and records of them where the schema looks for records.
pub fn structured(bytes: &[u8], schema: &Schema) -> Option<Vec<u8>> {
    let mut choices = Unstructured::new(bytes);
    let templates: Vec<Vec<u8>> =
        (0..choices.int_in_range(1..=3).ok()?).map(|_| template(&mut choices)).collect::<Result<_, _>>().ok()?;
    let layout = Layout::new(schema, &mut choices).ok()?;
    let mut stream = Vec::new();
    layout.begin(&mut choices, &mut stream).ok()?;
    let mut record = Vec::new();
    while !choices.is_empty() && stream.len() < 1 << 10 {
        let begin = stream.len();
        record.clear();
        fill(&mut choices, &templates, &mut record).ok()?;
        layout.write(&mut choices, &record, &mut stream).ok()?;
        damage(&mut choices, begin, &mut stream).ok()?;
    }
    layout.end(&mut stream);
    Some(stream)
}

/// The text of a record with a zero for each value.
fn template(choices: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let spaces = [(); 4].map(|()| choices.choose(SPACES).copied().unwrap_or(""));
    let mut text = Vec::new();
    container(choices, &spaces, true, 3, &mut text)?;
    Ok(text)
}

fn container(
    choices: &mut Unstructured<'_>,
    spaces: &[&str; 4],
    is_object: bool,
    depth: usize,
    text: &mut Vec<u8>,
) -> arbitrary::Result<()> {
    text.push(if is_object { b'{' } else { b'[' });
    for place in 0..choices.int_in_range(0..=5)? {
        if place > 0 {
            text.push(b',');
        }
        text.extend_from_slice(spaces[0].as_bytes());
        if is_object {
            text.extend([b"\"", choices.choose(KEYS)?.as_bytes(), b"\"", spaces[1].as_bytes(), b":"].concat());
            text.extend_from_slice(spaces[2].as_bytes());
        }
        match choices.int_in_range(0..=9)? {
            0 | 1 if depth > 0 => container(choices, spaces, true, depth - 1, text)?,
            2 if depth > 0 => container(choices, spaces, false, depth - 1, text)?,
            _ => text.push(0),
        }
    }
    text.extend_from_slice(spaces[3].as_bytes());
    text.push(if is_object { b'}' } else { b']' });
    Ok(())
}

/// A template with values in it.
fn fill(choices: &mut Unstructured<'_>, templates: &[Vec<u8>], stream: &mut Vec<u8>) -> arbitrary::Result<()> {
    for byte in choices.choose(templates)? {
        match byte {
            0 => value(choices, stream)?,
            byte => stream.push(*byte),
        }
    }
    Ok(())
}

/// Damages, now and then, what lies behind `begin`: records, or what stands between them.
fn damage(choices: &mut Unstructured<'_>, begin: usize, stream: &mut Vec<u8>) -> arbitrary::Result<()> {
    let damage = u8::arbitrary(choices)?;
    if damage > 0xE0 && begin < stream.len() {
        let place = begin + choices.choose_index(stream.len() - begin)?;
        match damage % 4 {
            0 => stream[place] = u8::arbitrary(choices)?,
            1 => stream.insert(place, u8::arbitrary(choices)?),
            2 => drop(stream.remove(place)),
            _ => stream.truncate(place),
        }
    }
    Ok(())
}

fn value(choices: &mut Unstructured<'_>, stream: &mut Vec<u8>) -> arbitrary::Result<()> {
    match choices.int_in_range(0..=15)? {
        0..10 => stream.extend_from_slice(choices.choose(VALUES)?.as_bytes()),
        10..12 => {
            let text = <&[u8]>::arbitrary(choices)?;
            stream.extend([b"\"", text, b"\""].concat());
        }
        12 => {
            // Seldom longer than what is marked at once: such a stream takes its time.
            let [length, is_long] = <[u8; 2]>::arbitrary(choices)?;
            let filler = usize::from(length) * if is_long > 0xF0 { 80 } else { 1 };
            stream.push(b'"');
            stream.resize(stream.len() + filler, b'x');
            stream.push(b'"');
        }
        13 => stream.extend_from_slice(u64::arbitrary(choices)?.to_string().as_bytes()),
        14 => {
            let (whole, fraction) = (i32::arbitrary(choices)?, u64::arbitrary(choices)?);
            stream.extend_from_slice(format!("{whole}.{fraction}").as_bytes());
        }
        _ => stream.extend_from_slice(format!("{:e}", f64::arbitrary(choices)?).as_bytes()),
    }
    Ok(())
}
