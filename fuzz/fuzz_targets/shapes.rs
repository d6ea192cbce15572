//! Predicted shapes against the parser alone, over streams that repeat themselves: whatever a record
//! holds, wherever the stream is cut, both decoders say the same.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use streamlab::decode::{Chunk, Decoder, Limits, Progress};
use streamlab::event::{DeadLetter, Event, FileId, Ledger, Position, Skip, Value, Verdict};
use streamlab::schema::{Path, Schema, Wrapper, preset};

/// Bytes, and how they come.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    schema: u8,
    limit: u8,
    /// How often the text comes before its last time.
    repeats: u8,
    cuts: [u16; 2],
    until: u16,
    is_structured: bool,
    text: &'a [u8],
}

/// What a decoder says of a stream; the events one after the other, written to be compared.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<u8>,
    dead: Vec<DeadLetter>,
    ledger: Ledger,
    progress: Vec<Progress>,
}

fuzz_target!(|input: Input<'_>| {
    let stream = if input.is_structured { structured(input.text).unwrap_or_default() } else { repeated(&input) };
    let schema = &SCHEMAS[usize::from(input.schema) % SCHEMAS.len()];
    let stream = match schema.records.as_ref().map(|wrapper| wrapper.levels().len()) {
        None => stream,
        Some(2) => [b"{\"a\":[", stream.as_slice(), b"],\"b\":[1]}\n"].concat(),
        Some(_) => [b"{\"a\":[{\"b\":[", stream.as_slice(), b"]},{\"b\":[{\"a\":1}]}]}\n"].concat(),
    };
    let mut cuts = input.cuts.map(|cut| usize::from(cut) % (stream.len() + 1));
    cuts.sort_unstable();
    let record_bytes = if input.limit == 0 { 1 << 20 } else { usize::from(input.limit) * 4 };
    let limits = Limits { record_bytes, ..Limits::default() };
    let until = usize::from(input.until);
    let untils: &[usize] = if until == 0 { &[usize::MAX] } else { &[until, usize::MAX] };
    let predicted = run(Decoder::new(schema, limits), &stream, &cuts, untils);
    let parsed = run(Decoder::plain(schema, limits), &stream, &cuts, untils);
    assert_eq!(predicted, parsed, "{} cut at {cuts:?}", stream.escape_ascii());
});

/// Paths that meet: a role that is a field too, one path in front of another, a key that holds its dots.
static SCHEMAS: LazyLock<Vec<Schema>> = LazyLock::new(|| {
    let of = |name: &str, fields: &[&str]| {
        let mut schema = Schema::new(preset(name).expect("a known one"));
        fields.iter().for_each(|field| assert!(schema.field(field).is_ok()));
        schema
    };
    vec![
        of("lab", &[]),
        of("lab", &["a", "b", "a.b", "a.0", "a.0.b"]),
        of("lab", &["\"message\"", "\"status\"", "timestamp", "a.b.c", "b.a"]),
        of("ecs", &["a.b", "a", "service"]),
        of("otel", &["Attributes", "Body.a"]),
        of("lab", &["a", "prefix.time", "prefix.name", "prefix.level"]),
        with(|schema| schema.parse = Path::parse("message").ok()),
        with(|schema| schema.byte_texts = true),
        with(|schema| schema.records = Wrapper::parse("a").ok().map(Arc::new)),
        with(|schema| schema.records = Wrapper::parse("a[].b").ok().map(Arc::new)),
    ]
});

fn with(change: impl FnOnce(&mut Schema)) -> Schema {
    let mut schema = Schema::new(preset("lab").expect("the default"));
    ["a", "b", "a.b"].iter().for_each(|field| assert!(schema.field(field).is_ok()));
    change(&mut schema);
    schema
}

/// The text so often that its shapes are known, and once more with the last byte of the input in it.
fn repeated(input: &Input<'_>) -> Vec<u8> {
    let mut stream = input.text.repeat(usize::from(input.repeats % 8) + 1);
    if let Some((last, rest)) = input.text.split_last() {
        let place = stream.len() + usize::from(input.until) % input.text.len();
        stream.extend_from_slice(rest);
        stream.insert(place.min(stream.len()), *last);
        stream.extend_from_slice(input.text);
    }
    stream
}

const KEYS: &[&str] = &[
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
const SPACES: &[&str] = &["", " ", "\n  ", "\t", "\r\n ", "  ", "\n", "                    "];
#[rustfmt::skip]
const BETWEEN: &[&str] = &[
    "\n", ", ", "", "\n", "\r\n", "]\n[", ",\n", "\0", "\u{feff}", " ", "\nx ", "\n2025-10-15T20:21:26.1Z stdout F ", "\r\n[api-1] | ",
    "\n<34>1 2025-10-15T20:21:26Z host app - - - ", "\nx: {} ", "\nx, ", "\nINFO é ", "]},{\"b\":[", "]}\n{\"a\":[",
];
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "\"\"", "\"GET /\"", "200", "1760559686.31526", "true", "false", "null", "\"\\n\"", "\"\\u00e9\"", "\"é€\u{1F600}\"",
    "\"\\ud83d\\ude00\"", "\"\\ud800\"", "-0", "0", "00", "-", "1.", ".5", "1e5", "1E+05", "1e309", "1e-400", "-0.0", "0.1",
    "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615", "18446744073709551616",
    "0.1234567890123456", "9007199254740993.0", "123456789012345.67", "1234567890.1234567", "{}", "[]", "[1, \"x\"]", "tru", "[104, 105]", "[255]",
    r#""{\"a\": 1, \"service\": \"in\"}\n""#, r#""x {\"a\": {\"b\": \"\\n\"}}""#, r#""{\"timestamp\": true}""#, r#""{\"a\": tru}""#,
    "{\"a\": 1, \"b\": \"\\t\"}", "nullx", "\"\\x\"", "\"\t\"", "\"\u{7f}\"", "\"2025-10-15T20:21:26Z\"", "+1", "NaN", "",
    "\"a text of more than sixty-four bytes, which is as much as is marked at once\"", "\"unfinished",
];

/// A few templates, and records of them.
fn structured(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut choices = Unstructured::new(bytes);
    let templates: Vec<Vec<u8>> =
        (0..choices.int_in_range(1..=3).ok()?).map(|_| template(&mut choices)).collect::<Result<_, _>>().ok()?;
    let mut stream = Vec::new();
    let between = *choices.choose(BETWEEN).ok()?;
    while !choices.is_empty() && stream.len() < 1 << 12 {
        let begin = stream.len();
        record(&mut choices, &templates, &mut stream).ok()?;
        stream.extend_from_slice(between.as_bytes());
        // Records of one shape in a row are read in another way.
        let copies = choices.int_in_range(0..=7).ok()?;
        let record = stream[begin..].to_vec();
        if record.len() < 200 {
            stream.extend(record.repeat(copies));
        }
        damage(&mut choices, begin, &mut stream).ok()?;
    }
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
fn record(choices: &mut Unstructured<'_>, templates: &[Vec<u8>], stream: &mut Vec<u8>) -> arbitrary::Result<()> {
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

/// What a decoder makes of a stream that comes in pieces, each left and taken up again at `untils`.
fn run(mut decoder: Decoder, stream: &[u8], cuts: &[usize], untils: &[usize]) -> Seen {
    let mut seen = Seen::default();
    let (mut begin, mut skip) = (0, Skip::No);
    for end in cuts.iter().copied().chain([stream.len()]) {
        for until in untils.iter().copied() {
            let at = Position { file: FileId(1), offset: begin as u64 };
            let chunk = Chunk { at, bytes: &stream[begin..end], until, last: end == stream.len() };
            let progress = decoder.decode(chunk, 0, skip, |event| seen.show(event));
            (begin, skip) = (begin + progress.end, progress.skip);
            seen.progress.push(progress);
        }
    }
    (seen.ledger, seen.dead) = decoder.take();
    seen
}

impl Seen {
    fn show(&mut self, event: &Event<'_>) -> Verdict {
        let log = &mut self.events;
        let mut part = |tag: u8, bytes: &[u8]| {
            log.push(tag);
            log.extend_from_slice(&bytes.len().to_le_bytes());
            log.extend_from_slice(bytes);
        };
        part(b'@', &event.at.offset.to_le_bytes());
        part(b'r', event.raw);
        part(b't', &event.time.map_or(i64::MIN, |time| time.nanos()).to_le_bytes());
        for value in event.fields {
            match value {
                Value::Missing => part(b'm', b""),
                Value::Null => part(b'0', b""),
                Value::Nested => part(b'n', b""),
                Value::Bool(value) => part(b'b', &[u8::from(*value)]),
                Value::Int(value) => part(b'i', &value.to_le_bytes()),
                Value::Uint(value) => part(b'u', &value.to_le_bytes()),
                Value::Float(value) => part(b'f', &value.to_bits().to_le_bytes()),
                Value::Text(text) => part(b'"', text.as_bytes()),
                Value::Big(digits) => part(b'd', digits.as_bytes()),
            }
        }
        match event.at.offset % 16 {
            0 => Verdict::Filtered,
            1 => Verdict::Dead("no reason"),
            _ => Verdict::Counted,
        }
    }
}
