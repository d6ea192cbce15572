//! The decoder on any bytes: how they are cut changes nothing, what it shows is JSON, and of NDJSON
//! it shows every sound line once, with the values that serde_json reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value as Json};
use streamlab::decode::{Chunk, Decoder, Limits};
use streamlab::event::{DeadLetter, FileId, Ledger, Position, Role, Skip, Value, Verdict};
use streamlab::schema::{Schema, preset};

/// How deep a record may nest, as the decoder documents it.
const MAX_DEPTH: usize = 1024;

#[derive(Debug, Default, PartialEq)]
struct Seen {
    records: Vec<Record>,
    dead: Vec<DeadLetter>,
    ledger: Ledger,
}

#[derive(Debug, PartialEq)]
struct Record {
    offset: usize,
    raw: Vec<u8>,
    /// Service, message, status, id.
    fields: [Field; 4],
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Missing,
    Nested,
    Scalar(Json),
}

fuzz_target!(|input: (Vec<u16>, bool, &[u8])| {
    let (mut cuts, small, stream) = input;
    let limits = Limits { record_bytes: if small { 32 } else { 1 << 20 }, ..Limits::default() };
    let whole = run(stream, &[], limits);
    cuts.iter_mut().for_each(|cut| *cut %= (stream.len().min(0xFFFE) + 1) as u16);
    cuts.sort_unstable();
    assert_eq!(run(stream, &cuts, limits), whole, "cut at {cuts:?}");

    for record in &whole.records {
        let sound = object(&record.raw).unwrap_or_else(|error| panic!("{record:?}: {error}"));
        let mut expected = ["service", "message", "status", "id"].map(|key| field(&sound, key));
        // What the record lacks, its prefix may lend.
        if let (Field::Missing, Field::Scalar(Json::String(_)), true) =
            (&expected[0], &record.fields[0], !begins_line(stream, record.offset))
        {
            expected[0] = record.fields[0].clone();
        }
        assert_eq!(record.fields, expected);
    }
    sound_lines_are_shown(stream, &whole, limits.record_bytes);
});

/// What the decoder makes of a stream that comes in pieces.
fn run(stream: &[u8], cuts: &[u16], limits: Limits) -> Seen {
    let mut decoder = Decoder::new(&Schema::new(preset("lab").expect("the default")), limits);
    let mut records = Vec::new();
    let (mut begin, mut skip) = (0, Skip::No);
    for end in cuts.iter().map(|cut| usize::from(*cut)).chain([stream.len()]) {
        let at = Position { file: FileId(1), offset: begin as u64 };
        let last = end == stream.len();
        let chunk = Chunk { at, bytes: &stream[begin..end], until: usize::MAX, last };
        let progress = decoder.decode(chunk, 0, skip, |event| {
            let fields = [Role::Service, Role::Message, Role::Status, Role::Id].map(|role| match event.role(role) {
                Value::Missing => Field::Missing,
                Value::Nested => Field::Nested,
                Value::Null => Field::Scalar(Json::Null),
                Value::Bool(value) => Field::Scalar(value.into()),
                Value::Int(value) => Field::Scalar(value.into()),
                Value::Uint(value) => Field::Scalar(value.into()),
                Value::Float(0.0) => Field::Scalar(0.into()),
                Value::Float(value) => Field::Scalar(value.into()),
                Value::Big(digits) => Field::Scalar(digits.parse::<f64>().expect("digits").into()),
                Value::Text(text) => Field::Scalar(text.into()),
            });
            records.push(Record { offset: event.at.offset as usize, raw: event.raw.to_vec(), fields });
            Verdict::Counted
        });
        (begin, skip) = (begin + progress.end, progress.skip);
        if last {
            break;
        }
    }
    let (ledger, dead) = decoder.take();
    assert!(ledger.balances());
    assert_eq!((ledger.counted, ledger.dead_letter), (records.len() as u64, dead.len() as u64));
    Seen { records, dead, ledger }
}

fn begins_line(stream: &[u8], offset: usize) -> bool {
    offset == 0 || stream[offset - 1] == b'\n'
}

fn object(text: &[u8]) -> serde_json::Result<Map<String, Json>> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    deserializer.disable_recursion_limit();
    let object = serde::Deserialize::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(object)
}

fn field(object: &Map<String, Json>, key: &str) -> Field {
    match object.get(key) {
        None => Field::Missing,
        Some(Json::Object(_) | Json::Array(_)) => Field::Nested,
        // `-0` is an integer to us and a double to serde_json.
        Some(Json::Number(number)) if number.as_f64() == Some(0.0) => Field::Scalar(0.into()),
        Some(scalar) => Field::Scalar(scalar.clone()),
    }
}

/// A line that begins with a brace is a record of its own, whatever stands before it.
fn sound_lines_are_shown(stream: &[u8], seen: &Seen, limit: usize) {
    let mut begin = 0;
    for line in stream.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        if text.starts_with(b"{") && text.len() <= limit && depth(text) <= MAX_DEPTH && object(text).is_ok() {
            let shown = seen.records.iter().filter(|record| record.offset == begin).map(|record| &record.raw);
            let dead = seen.dead.iter().filter(|letter| letter.at.offset == begin as u64);
            let dead = dead.inspect(|letter| assert!(letter.reason.starts_with("time "), "{letter:?}"));
            let found: Vec<&Vec<u8>> = shown.chain(dead.map(|letter| &letter.raw)).collect();
            assert_eq!(found, [text], "at {begin}");
        }
        begin += line.len();
    }
}

fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
