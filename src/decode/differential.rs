//! Predicted shapes are held to their twin, the parser alone: whatever the bytes, however they are
//! cut, both decoders show the same events, bury the same letters and come equally far.

mod edges;

use super::*;
use crate::event::FileId;
use crate::schema::preset;
use edges::EDGES;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use std::cell::Cell;

/// What a decoder says of a stream.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<Shown>,
    dead: Vec<DeadLetter>,
    ledger: Ledger,
    progress: Vec<Progress>,
}

#[derive(Debug, PartialEq)]
struct Shown {
    offset: u64,
    raw: String,
    /// Written out: a float as the shortest text that reads back to its bits.
    time_and_fields: String,
}

/// How a stream comes: in pieces, each of them left and taken up again at `until`.
#[derive(Clone, Debug)]
struct Cuts {
    places: Vec<usize>,
    until: usize,
}

const WHOLE: Cuts = Cuts { places: Vec::new(), until: usize::MAX };

/// What the decoder makes of a stream, how many events have texts, and how many of these it
/// predicted: their texts are the record's own bytes, while those of a parsed record are copies.
fn run(mut decoder: Decoder, stream: &[u8], cuts: &Cuts) -> (Seen, [usize; 2], Decoder) {
    let (mut seen, mut counts) = (Seen::default(), [0, 0]);
    let (mut begin, mut skip) = (0, Skip::No);
    for end in cuts.places.iter().copied().chain([stream.len()]) {
        for until in [cuts.until, usize::MAX] {
            let at = Position { file: FileId(1), offset: begin as u64 };
            let chunk = Chunk { at, bytes: &stream[begin..end], until, last: end == stream.len() };
            let progress = decoder.decode(chunk, 0, skip, |event| {
                let holds = |bytes: &[u8], text: &str| bytes.as_ptr_range().contains(&text.as_ptr());
                let texts = event.fields.iter().filter_map(|field| field.text());
                // What a prefix lends is no text of the record.
                let mut texts = texts.filter(|text| holds(event.raw, text) || !holds(stream, text)).peekable();
                counts[0] += usize::from(texts.peek().is_some());
                counts[1] += usize::from(texts.any(|text| holds(event.raw, text)));
                seen.events.push(Shown {
                    offset: event.at.offset,
                    raw: event.raw.escape_ascii().to_string(),
                    time_and_fields: format!("{:?} {:?}", event.time, event.fields),
                });
                match event.at.offset % 16 {
                    0 => Verdict::Filtered,
                    1 => Verdict::Dead("no reason"),
                    _ => Verdict::Counted,
                }
            });
            (begin, skip) = (begin + progress.end, progress.skip.clone());
            seen.progress.push(progress);
        }
    }
    (seen.ledger, seen.dead) = decoder.take();
    (seen, counts, decoder)
}

/// Both decoders on a stream; answers how many events had texts, and how many of these were predicted.
fn compare(schema: &Schema, limits: Limits, stream: &[u8], cuts: &Cuts) -> Result<[usize; 2], TestCaseError> {
    let (seen, counts, quick) = run(Decoder::new(schema, limits), stream, cuts);
    let (parsed, [_, none], plain) = run(Decoder::plain(schema, limits), stream, cuts);
    prop_assert_eq!(none, 0);
    prop_assert!(seen.ledger.read - quick.parsed() >= counts[1] as u64, "{} of {:?}", quick.parsed(), counts);
    prop_assert_eq!((plain.parsed(), plain.shapes()), (parsed.ledger.read, 0));
    if seen != parsed {
        let pairs = seen.events.iter().zip(&parsed.events).find(|(ours, theirs)| ours != theirs);
        prop_assert!(false, "{:?}\n{}", pairs, stream.escape_ascii());
    }
    Ok(counts)
}

/// Paths that meet: a role that is a field too, one path in front of another, places in arrays, and
/// keys that hold their dots.
fn schemas() -> Vec<Schema> {
    let of = |name: &str, fields: &[&str]| {
        let mut schema = Schema::new(preset(name).unwrap());
        fields.iter().for_each(|field| assert!(schema.field(field).is_ok()));
        schema
    };
    let many: Vec<String> = (0..70).map(|place| format!("a.{place}")).collect();
    vec![
        of("lab", &[]),
        of("lab", &["a", "b", "a.b", "a.0", "a.0.b", "prefix.name", "prefix.stream"]),
        of("lab", &["\"message\"", "\"status\"", "timestamp", "a.b.c", "b.a"]),
        of("ecs", &["a.b", "a", "service"]),
        of("otel", &["Attributes", "Body.a"]),
        of("lab", &many.iter().map(String::as_str).collect::<Vec<_>>()),
    ]
}

#[rustfmt::skip]
const KEYS: &[&str] = &[
    "service", "service", "service", "message", "message", "message", "a", "a", "a", "b", "b", "status", "timestamp", "id", "a.b",
    "b.a", "0", "1", "c", "", "\\u0061", "mess\\u0061ge", "x \\\" y",
    "@timestamp", "service.name", "name", "http.response.status_code", "http", "response", "status_code", "Attributes", "Body",
    "a key of more than sixteen bytes", "a key of more than sixty-four bytes: as many as are looked at in a single step",
    "é", ":", "}, {",
];
/// What a text may stand in.
const SPACES: &[&str] = &["", "", " ", " ", "\n  ", "\t", "\r\n ", "\n", "                        "];
/// What may stand between records.
#[rustfmt::skip]
const BETWEEN: &[&str] = &[
    "\n", "\n", ", ", ", ", "", "\r\n", "]\n[", ",\n", "\0", "\u{feff}", "\n\n  ", "\n2025-10-15T20:21:26.12Z stdout F ", "\nx ",
    "\r\n[api-1] | ", "\n[", "\n\0x \u{1b}[36m", "\n<34>1 2025-10-15T20:21:26Z host app - - - ", "\n\n é: ", "x", "\nx }",
];
/// What a value is written as in a template: nothing else holds it.
const HOLE: char = '\0';

/// A record whose values are holes.
fn template() -> impl Strategy<Value = String> {
    prop::collection::vec(select(SPACES), 4).prop_flat_map(|spaces| {
        let [open, colon, value, close] = [spaces[0], spaces[1], spaces[2], spaces[3]];
        let object = move |pairs: Vec<(&str, String)>| {
            let pairs: Vec<_> =
                pairs.iter().map(|(key, hole)| format!("{open}\"{key}\"{colon}:{value}{hole}")).collect();
            format!("{{{}{close}}}", pairs.join(","))
        };
        let hole = || Just(HOLE.to_string());
        let nested = hole().prop_recursive(3, 12, 4, move |inner| {
            let pairs = prop::collection::vec((select(KEYS), inner.clone()), 0..4).prop_map(object);
            let items = prop::collection::vec(inner, 0..4)
                .prop_map(move |items| format!("[{open}{}{close}]", items.join(&format!(",{value}"))));
            prop_oneof![2 => pairs, 1 => items]
        });
        prop::collection::vec((select(KEYS), prop_oneof![3 => hole(), 1 => nested]), 0..8).prop_map(object)
    })
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let written = |pattern: &'static str| pattern.prop_map(String::into_bytes);
    let text =
        |length: std::ops::Range<usize>| length.prop_map(|length| format!("\"{}\"", "x".repeat(length)).into_bytes());
    prop_oneof![
        200 => written("\"[ !#-\\[\\]-~]{0,20}\""),
        100 => written("-?(0|[1-9][0-9]{0,12})(\\.[0-9]{1,8})?"),
        20 => select(EDGES).prop_map(|text| text.as_bytes().to_vec()),
        20 => written("-?[0-9]{1,25}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?"),
        20 => written("\"([a-z\u{80}-\u{ffff}\u{1f600}]|\\\\[bfnrt\"/\\\\]|\\\\u[0-9a-cA-C][0-9a-fA-F]{3}){0,30}\""),
        3 => written("\"(\\\\u[dD][89a-fA-F][0-9a-f]{2}){1,2}\""),
        5 => text(50..200),
        1 => text(16_000..17_000),
        1 => prop::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| [b"\"", &bytes[..], b"\""].concat()),
        1 => any::<f64>().prop_map(|float| format!("{float:e}").into_bytes()),
    ]
}

/// A template by its place, values for its holes, and what becomes of the bytes.
type Record = (Index, Vec<Vec<u8>>, Option<(Index, u8, u8)>);

fn record() -> impl Strategy<Value = Record> {
    (any::<Index>(), prop::collection::vec(value(), 1..8), prop::option::weighted(0.05, any::<(Index, u8, u8)>()))
}

fn stream(templates: &[String], records: &[Record], between: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (template, values, damage) in records {
        let begin = stream.len();
        let mut values = values.iter().cycle();
        for (place, part) in template.get(templates).split(HOLE).enumerate() {
            if place > 0 {
                stream.extend(values.next().unwrap());
            }
            stream.extend(part.as_bytes());
        }
        stream.extend(between);
        if let Some((place, kind, byte)) = damage {
            let place = begin + place.index(stream.len() - begin);
            match kind % 4 {
                0 => stream[place] = *byte,
                1 => stream.insert(place, *byte),
                2 => drop(stream.remove(place)),
                _ => stream.truncate(place),
            }
        }
    }
    stream
}

#[test]
fn predicted_records_are_what_the_parser_says() {
    let schemas = schemas();
    let input = (
        (prop::collection::vec(template(), 1..4), prop::collection::vec(record(), 1..120), select(BETWEEN)),
        (prop::collection::vec(any::<Index>(), 0..4), prop::option::of(any::<Index>())),
        (0..schemas.len(), select(vec![60, 1000, 1 << 20, 1 << 20])),
    );
    let total = Cell::new([0, 0]);
    let result = TestRunner::new(ProptestConfig { cases: 2000, ..ProptestConfig::with_source_file(file!()) }).run(
        &input,
        |((templates, records, between), (cuts, until), (schema, record_bytes))| {
            let stream = stream(&templates, &records, between.as_bytes());
            let place = |index: Index| index.index(stream.len() + 1);
            let mut cuts =
                Cuts { places: cuts.into_iter().map(place).collect(), until: until.map_or(usize::MAX, place) };
            cuts.places.sort_unstable();
            let limits = Limits { record_bytes, ..Limits::default() };
            let [texts, predicted] = compare(&schemas[schema], limits, &stream, &cuts)?;
            total.set([total.get()[0] + texts, total.get()[1] + predicted]);
            Ok(())
        },
    );
    if let Err(error) = result {
        panic!("{error}");
    }
    let [texts, predicted] = total.get();
    assert!(predicted * 2 > texts, "{predicted} of {texts} events were predicted");
}
