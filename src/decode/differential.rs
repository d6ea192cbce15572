//! Predicted shapes are held to their twin, the parser alone: whatever the bytes, however they are
//! cut, both decoders show the same events, bury the same letters and come equally far.

use super::*;
use crate::event::FileId;
use crate::schema::preset;
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
/// predicted: their texts are the stream's own bytes, while those of a parsed record are copies.
fn run(mut decoder: Decoder, stream: &[u8], cuts: &Cuts) -> (Seen, [usize; 2]) {
    let (mut seen, mut counts) = (Seen::default(), [0, 0]);
    let (mut begin, mut skip) = (0, Skip::No);
    for end in cuts.places.iter().copied().chain([stream.len()]) {
        for until in [cuts.until, usize::MAX] {
            let at = Position { file: FileId(1), offset: begin as u64 };
            let chunk = Chunk { at, bytes: &stream[begin..end], until, last: end == stream.len() };
            let progress = decoder.decode(chunk, 0, skip, |event| {
                let mut texts = event.fields.iter().filter_map(|field| field.text()).peekable();
                counts[0] += usize::from(texts.peek().is_some());
                counts[1] += usize::from(texts.any(|text| stream.as_ptr_range().contains(&text.as_ptr())));
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
            (begin, skip) = (begin + progress.end, progress.skip);
            seen.progress.push(progress);
        }
    }
    (seen.ledger, seen.dead) = decoder.take();
    (seen, counts)
}

/// Both decoders on a stream; answers how many events had texts, and how many of these were predicted.
fn compare(schema: &Schema, limits: Limits, stream: &[u8], cuts: &Cuts) -> Result<[usize; 2], TestCaseError> {
    let (seen, counts) = run(Decoder::new(schema, limits), stream, cuts);
    let (parsed, [_, none]) = run(Decoder::plain(schema, limits), stream, cuts);
    prop_assert_eq!(none, 0);
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
        of("lab", &["a", "b", "a.b", "a.0", "a.0.b"]),
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
const BETWEEN: &[&str] = &["\n", "\n", ", ", ", ", "", "\r\n", "]\n[", ",\n", "\0", "\u{feff}", "\n\n  "];
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
        if let Some((place, kind, byte)) = damage {
            let place = begin + place.index(stream.len() - begin);
            match kind % 4 {
                0 => stream[place] = *byte,
                1 => stream.insert(place, *byte),
                2 => drop(stream.remove(place)),
                _ => stream.truncate(place),
            }
        }
        stream.extend(between);
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
    println!("{predicted} of {texts}");
    assert!(predicted * 2 > texts, "{predicted} of {texts} events were predicted");
}

/// Values at the edges of the grammar, on either side.
#[rustfmt::skip]
const EDGES: &[&str] = &[
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
