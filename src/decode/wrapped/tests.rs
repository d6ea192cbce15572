mod said;

use super::*;
use crate::decode::Limits;
use crate::event::{DeadLetter, FileId, Ledger, Verdict};
use crate::schema::{Schema, Wrapper, preset};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value as Json, json};

fn schema(path: &str) -> Schema {
    let mut schema = Schema::new(preset("lab").unwrap());
    schema.records = Some(Arc::new(Wrapper::parse(path).unwrap()));
    schema
}

#[derive(Debug, PartialEq)]
struct Seen {
    /// Offset, text, and service.
    records: Vec<(u64, String, String)>,
    dead: Vec<DeadLetter>,
    ledger: Ledger,
}

/// What a decoder makes of a stream that comes in pieces, each left and taken up again at `until`.
fn run(mut decoder: Decoder, text: &[u8], cuts: &[usize], until: usize) -> Seen {
    let mut records = Vec::new();
    let (mut begin, mut skip) = (0, Skip::No);
    for end in cuts.iter().copied().chain([text.len()]) {
        for until in [until, usize::MAX] {
            let at = Position { file: FileId(1), offset: begin as u64 };
            let chunk = Chunk { at, bytes: &text[begin..end], until, last: end == text.len() };
            let progress = decoder.decode(chunk, 0, skip, |event| {
                assert_eq!(&text[event.at.offset as usize..][..event.raw.len()], event.raw);
                let service = format!("{:?}", event.fields[1]);
                records.push((event.at.offset, String::from_utf8_lossy(event.raw).into_owned(), service));
                Verdict::Counted
            });
            (begin, skip) = (begin + progress.end, progress.skip);
        }
    }
    let (ledger, dead) = decoder.take();
    assert!(ledger.balances());
    Seen { records, dead, ledger }
}

fn whole(path: &str, text: &str) -> (Vec<String>, Vec<(String, String)>) {
    let seen = run(Decoder::new(&schema(path), Limits::default()), text.as_bytes(), &[], usize::MAX);
    let dead = seen.dead.into_iter().map(|letter| (String::from_utf8(letter.raw).unwrap(), letter.reason));
    (seen.records.into_iter().map(|(_, text, _)| text).collect(), dead.collect())
}

#[test]
fn elements_are_the_records() {
    for (path, text, records) in [
        ("Records", r#"{"Records":[{"a":1},{"b":2}]}"#, "12"),
        (
            "Records",
            "{\n  \"x\": {\"Records\": [{\"n\": 9}]},\n  \"Records\": [\n    {\n      \"a\": 1\n    },\n    {\"b\": 2}\n  ],\n  \"y\": [{\"z\": 3}]\n}\n",
            "12",
        ),
        (
            "Records",
            "{\"Records\":[{\"a\":1}]}\n{\"Records\":[]}\n[{\"Records\":[{\"b\":2}]}, {\"Records\":[{\"c\":3}],\"t\":{}}]",
            "123",
        ),
        ("Records", "{\"Records\":[\n{\"a\":1},\n{\"b\":2}\n]}\n{\"Records\":[\n{\"c\":3}\n]}\n", "123"),
        ("a.b", r#"{"b":[{"x":0}],"a":{"c":[],"b":[{"x":1}],"d":{}},"e":1}{"a":{"b":[{"x":2}]}}"#, "12"),
        (
            "a[].b[]",
            r#"{"a":[{"r":{"s":[{}]},"b":[{"x":1},{"x":2}],"t":1},{"b":[]},{"b":[{"x":3}]}]} {"a":[]} {"a":[{"q":1,"b":null}]} {"a":null}"#,
            "123",
        ),
        ("Records", r#"{"Records":[{"Records":[{"x":1}]}]}"#, "1"),
        ("Records", "[]", ""),
    ] {
        let (found, dead) = whole(path, text);
        let digits: String = found.concat().chars().filter(char::is_ascii_digit).collect();
        assert_eq!((digits.as_str(), dead), (records, vec![]), "{text}");
    }
}

#[test]
fn what_the_path_does_not_lead_to_is_said() {
    for (text, records, dead) in [
        ("{\"a\":1}\n{\"Records\":[{\"b\":2}]}\n", 1, &["{\"a\":1}"][..]),
        ("{\"Records\":{\"a\":1}}\n{\"Records\":[{\"b\":2}]}\n", 1, &["{\"Records\":{\"a\":1}}"]),
        ("{\"Records\":null}", 0, &[]),
        ("{\"Records\":nul}", 0, &["{\"Records\":nul}"]),
        ("{\"Records\":[1,\"x\",{\"b\":2}]}", 1, &["1", "\"x\""]),
        ("{\"Records\":[{\"b\":2}", 1, &[""]),
        ("{\"Records\":[{\"b\":2},{\"c\":", 1, &["{\"c\":"]),
        ("{\"Rec", 0, &["{\"Rec"]),
        // Torn: the next object is no element.
        ("{\"Records\":[{\"b\":2}\n{\"Records\":[{\"b\":3}]}\n", 2, &[""]),
        ("{\"x\":[1,\n{\"Records\":[{\"b\":3}]}\n", 1, &["{\"x\":[1"]),
        ("{\"Records\":[{\"b\":\"2},{\"c\":1},{\"d\":1}]}", 2, &["{\"b\":\"2}"]),
        ("text\n{\"Records\":[{\"b\":3}]}\n", 1, &["text"]),
        ("{\"Records\":[{\"b\":2}],\"x\":\n{\"Records\":[{\"b\":3}]}\n", 2, &["\"x\":", ""]),
        ("{\"x\":\n{\"Records\":[{\"b\":3}]}\n", 1, &["{\"x\":"]),
    ] {
        let (found, letters) = whole("Records", text);
        let letters: Vec<&str> = letters.iter().map(|(raw, _)| raw.as_str()).collect();
        assert_eq!((found.len(), letters.as_slice()), (records, dead), "{text}");
    }
    assert!(whole("Records", "{\"a\":1}").1[0].1.contains("no array `Records`"));
}

#[test]
fn an_element_that_is_too_long_costs_no_other() {
    let long = "x".repeat(400);
    let text = format!(
        "{{\"Records\":[{{\"a\":1}},{{\"b\":\"{long}\"}},{{\"c\":1}}],\"y\":1}}\n{{\"Records\":[{{\"d\":1}}]}}"
    );
    let limits = Limits { record_bytes: 100, ..Limits::default() };
    for step in [1, 7, 64, 150, 10_000] {
        let cuts: Vec<usize> = (1..text.len()).filter(|at| at % step == 0).collect();
        let seen = run(Decoder::new(&schema("Records"), limits), text.as_bytes(), &cuts, usize::MAX);
        assert_eq!((seen.records.len(), seen.dead.len(), seen.dead[0].raw.len()), (3, 1, 100), "{step}");
    }
}

#[test]
fn records_inherit_what_stands_before_their_array() {
    for (path, text, services) in [
        (
            "Records",
            r#"{"service":"w","Records":[{"service":"a"},{},{"service":null}]} {"Records":[{}]}"#,
            "a w null -",
        ),
        ("Records", r#"{"Records":[{}],"service":"w"} {"Records":[{}]}"#, "- -"),
        ("Records", r#"{"Records":[{}],"service":"w","Records":[{}]}"#, "- w"),
        (
            "a[].b",
            r#"{"service":"o","a":[{"service":"i","b":[{}]},{"b":[{},{}]},{"b":[{}],"service":"late"},{"b":[{}]}]}"#,
            "i o o o o",
        ),
        ("a.b", r#"{"service":"o","a":{"service":"i","b":[{}]}} {"service":"o","a":{"x":1,"b":[{}]}}"#, "i o"),
        ("a[].b", r#"{"service":"o","a":[{"service":{"x":1},"b":[{}]},{"service":null,"b":[{}]}]}"#, "- null"),
        ("Records", "{\"service\":\"w\",\"Records\":[{}\n{\"Records\":[{}]}", "w -"),
        ("Records", r#"{"service":{"stringValue":"w"},"Records":[{}]}"#, "w"),
        ("Records", r#"{"service":"x","service":"y","Records":[{},{},{},{},{},{},{},{}]}"#, "y y y y y y y y"),
        ("Records", r#"{"s\u0065rvice":"w\u00e9","Records":[{}]}"#, "w\u{e9}"),
    ] {
        for step in 1..=text.len() {
            let cuts: Vec<usize> = (1..text.len()).filter(|at| at % step == 0).collect();
            let seen = run(Decoder::new(&schema(path), Limits::default()), text.as_bytes(), &cuts, usize::MAX);
            let found: Vec<&str> = seen
                .records
                .iter()
                .map(|(.., service)| match service.as_str() {
                    "Missing" => "-",
                    "Null" => "null",
                    text => text.trim_start_matches("Text(\"").trim_end_matches("\")"),
                })
                .collect();
            assert_eq!(found.join(" "), services, "{text} cut at each {step}");
        }
    }
}

#[test]
fn what_a_cursor_carries_is_bounded() {
    let text = format!(r#"{{"service":"o","a":[{{"service":"{}","b":[{{}}]}}]}}"#, "x".repeat(5000));
    let seen = run(Decoder::new(&schema("a[].b"), Limits::default()), text.as_bytes(), &[], usize::MAX);
    assert_eq!(seen.records[0].2, "Missing", "not the outer one either");
}

#[test]
fn an_element_that_is_too_long_takes_no_context_with_it() {
    let long = "x".repeat(400);
    let text = format!(r#"{{"service":"w","Records":[{{"b":"{long}"}},{{"c":1}}]}}"#);
    let limits = Limits { record_bytes: 100, ..Limits::default() };
    for step in [1, 7, 64, 150, 10_000] {
        let cuts: Vec<usize> = (1..text.len()).filter(|at| at % step == 0).collect();
        let seen = run(Decoder::new(&schema("Records"), limits), text.as_bytes(), &cuts, usize::MAX);
        assert_eq!((seen.records.len(), seen.records[0].2.as_str()), (1, "Text(\"w\")"), "{step}");
    }
}

#[test]
fn lists_of_keys_and_values_are_objects() {
    let mut schema = schema("logs");
    let slots = ["a.b", "body", "a.list", "n.0.key"].map(|name| schema.field(name).unwrap());
    let record = |a: &str, key: &str| {
        format!(
            r#"{{"a":[{{"key":"x","value":1}},{{"key":"{key}","value":{{"intValue":"{a}"}}}}],"body":{{"stringValue":"t{a}"}}}}"#
        )
    };
    // All of one form: a shape must not be learned.
    let records: Vec<String> = (0..40).map(|n| record(&n.to_string(), if n % 3 == 0 { "c" } else { "b" })).collect();
    let text = format!(r#"{{"logs":[{}]}}"#, records.join(","));
    let mut decoder = Decoder::new(&schema, Limits::default());
    let chunk =
        Chunk { at: Position { file: FileId(1), offset: 0 }, bytes: text.as_bytes(), until: usize::MAX, last: true };
    let mut seen = Vec::new();
    decoder.decode(chunk, 0, Skip::No, |event| {
        seen.push(format!("{:?}", slots.map(|slot| slot.of(event))));
        Verdict::Counted
    });
    for (n, seen) in seen.iter().enumerate() {
        let b = if n % 3 == 0 { "Missing".to_owned() } else { format!("Int({n})") };
        assert_eq!(*seen, format!("[{b}, Text(\"t{n}\"), Missing, Missing]"));
    }
    assert_eq!(seen.len(), 40);
}

#[test]
fn what_is_written_otherwise_is_read_all_the_same() {
    for (text, records) in [
        (r#"{"Rec\u006frds":[{"a":1}]}"#, "1"),
        ("2026-11-27T12:00:00Z stdout F {\"Records\":[{\"a\":1},{\"a\":2}]}\n{\"Records\":[{\"a\":3}]}\n", "123"),
        (
            "{\n\"x\": [\n{\n\"y\": [\n{\n\"z\": \"q\"\n}\n]\n},\n{\n}\n],\n\"Records\": [\n{\n\"a\": 1\n},\n{\n\"a\": 2\n}\n],\n\"t\": [\n{\n}\n]\n}\n",
            "12",
        ),
    ] {
        for step in 1..=text.len() {
            let cuts: Vec<usize> = (1..text.len()).filter(|at| at % step == 0).collect();
            let seen = run(Decoder::new(&schema("Records"), Limits::default()), text.as_bytes(), &cuts, usize::MAX);
            let found: String = seen.records.iter().map(|(_, text, _)| text.as_str()).collect();
            let digits: String = found.chars().filter(char::is_ascii_digit).collect();
            assert_eq!((digits.as_str(), seen.dead), (records, vec![]), "{text} cut at each {step}");
        }
    }
}

/// A value as a run shows it.
fn shown(value: Option<Json>) -> String {
    match value {
        None => "Missing".to_owned(),
        Some(Json::Null) => "Null".to_owned(),
        Some(Json::Number(number)) => format!("Int({number})"),
        Some(Json::String(text)) => format!("Text({text:?})"),
        Some(_) => "Nested".to_owned(),
    }
}

/// A text, and its records with their services.
fn document() -> impl Strategy<Value = (String, Vec<(Json, Option<Json>)>)> {
    let record = prop_oneof![
        (0..99u32, "[a-z{},\"\\[\\]]{0,5}").prop_map(|(n, service)| json!({"service": service, "n": n})),
        Just(json!({})),
        Just(json!({"deep": {"Records": [{"x": 1}]}, "service": null})),
    ];
    let other = select(vec![json!(1), json!("}],"), json!({"Records": [{}]}), json!([{"a": []}]), json!(null)]);
    let members = (prop::collection::vec((select(vec!["a", "service", "é"]), other), 0..3), any::<bool>());
    let document = (prop::collection::vec(record, 0..6), members, any::<bool>());
    prop::collection::vec(document, 1..4).prop_map(|documents| {
        let (mut text, mut records) = (String::new(), Vec::new());
        for (elements, (others, is_first), is_pretty) in documents {
            let inherited = others.iter().rev().find(|(key, _)| *key == "service").map(|(_, value)| value.clone());
            let mut members: Vec<(String, Json)> =
                others.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            members.insert(if is_first { 0 } else { members.len() }, ("Records".to_owned(), json!(elements)));
            let write = |value: &Json| if is_pretty { format!("{value:#}") } else { value.to_string() };
            let members: Vec<String> =
                members.iter().map(|(key, value)| format!("{:?}: {}", key, write(value))).collect();
            text += &format!("{{{}}}\n", members.join(if is_pretty { ",\n " } else { "," }));
            let inherits = inherited.filter(|value| !is_first && !value.is_array() && !value.is_object());
            records.extend(elements.into_iter().map(|record| {
                let service = record.get("service").cloned().or_else(|| inherits.clone());
                (record, service)
            }));
        }
        (text, records)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn sound_objects_give_their_elements((text, records) in document(), cuts in prop::collection::vec(any::<Index>(), 0..4)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let seen = run(Decoder::new(&schema("Records"), Limits::default()), text.as_bytes(), &cuts, usize::MAX);
        let found = seen.records.iter().map(|(_, text, service)| (serde_json::from_str(text).unwrap(), service.clone()));
        let records: Vec<(Json, String)> = records.into_iter().map(|(record, service)| (record, shown(service))).collect();
        prop_assert_eq!(found.collect::<Vec<_>>(), records);
        prop_assert_eq!(seen.dead, vec![]);
    }

    #[test]
    fn how_objects_are_cut_and_read_changes_nothing(
        pieces in prop::collection::vec(select(vec![
            "{\"Records\":[", "]}", "]", "}", ",", ",\n", "\n", "{\"service\":\"a\"}", "{\"service\":\"a\"},{\"service\":\"b\"}",
            "{\"service\":\"a\",\"x\":{}},\n", "\"k\":", "{\"k\":[1]},", "{\"k\":", "\"Records\":[", "\"Records\":null,", "\"service\":tru,", "\"a\":{},", "{\"a\":{\"b\":[", "1", "\"x", "\\", "x", "\0", "é",
            "\"service\":\"w\",", "{\"service\":\"v\",\"Records\":[", "{\"service\":[],\"k\":[", "{},{},{},{}", "{\"service\":{\"stringValue\":\"t\"}},{\"service\":{\"stringValue\":1}},", "{\n\"x\":[\n{\n}\n],\n",
            "\"Rec\\u006frds\":[", "at 5 {\"Records\":[{}]}\n",
            "{\"service\":\"a\"},{\"service\":\"b\"},{\"service\":\"c\"},{\"service\":\"d\"},{\"service\":\"e\"},{\"service\":\"f\"},",
        ]), 0..24),
        path in select(vec!["Records", "a.b", "Records[].k"]),
        cuts in prop::collection::vec(any::<Index>(), 0..5),
        until in prop::option::of(any::<Index>()),
        record_bytes in select(vec![20usize, 1000]),
    ) {
        let text = pieces.concat();
        let place = |index: &Index| index.index(text.len() + 1);
        let mut cuts: Vec<usize> = cuts.iter().map(place).collect();
        cuts.sort_unstable();
        let limits = Limits { record_bytes, ..Limits::default() };
        let until = until.as_ref().map_or(usize::MAX, place);
        let whole = run(Decoder::plain(&schema(path), limits), text.as_bytes(), &[], usize::MAX);
        let cut = run(Decoder::new(&schema(path), limits), text.as_bytes(), &cuts, until);
        prop_assert_eq!(cut, whole, "{:?} cut at {:?}, {}", text, cuts, until);
    }
}
