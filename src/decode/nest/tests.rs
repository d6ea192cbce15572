use crate::decode::{Chunk, Decoder, Limits};
use crate::event::{FileId, Position, Skip, Verdict};
use crate::schema::{Path, Schema, preset};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

/// What is shown of records: time in seconds, service, and field `a`.
fn shown(mut decoder: Decoder, text: &[u8]) -> (Vec<(Option<i64>, String, String)>, u64) {
    let mut seen = Vec::new();
    let chunk = Chunk { at: Position { file: FileId(0), offset: 0 }, bytes: text, until: usize::MAX, last: true };
    decoder.decode(chunk, 0, Skip::No, |event| {
        let field = |slot: usize| format!("{:?}", event.fields[slot]);
        seen.push((event.time.map(|time| time.nanos() / 1_000_000_000), field(1), field(5)));
        Verdict::Counted
    });
    (seen, decoder.unread())
}

fn schema(preset_name: &str, parse: Option<&str>) -> Schema {
    let mut schema = Schema::new(preset(preset_name).unwrap());
    schema.field("a").unwrap();
    schema.parse = parse.map(|path| Path::parse(path).unwrap());
    schema
}

#[test]
fn the_fields_of_a_text_come_before_those_of_its_record() {
    let text = br#"{"log": "{\"service\": \"in\", \"timestamp\": 90, \"a\": [1]}\n", "service": "out", "a": 1}
{"log": "{\"a\": \"\\u00e9\"}", "service": "out", "timestamp": 80}
{"log": "{\"service\": null}", "service": "out"}
{"log": "2025-10-15T20:21:26Z INFO {\"service\": \"behind\"}\n"}
{"log": "no json", "service": "out"}
{"log": "{\"a\": 1} {\"a\": 2}", "a": 0}
{"log": "{\"a\": tru}", "a": 0}
{"log": "[{\"a\": 1}]", "a": 0}
{"log": {"a": 1}, "a": 0}
{"a": 0}
"#;
    let expected = [
        (Some(90), "Text(\"in\")", "Nested"),
        (Some(80), "Text(\"out\")", "Text(\"é\")"),
        (None, "Null", "Missing"),
        (Some(1_760_559_686), "Text(\"behind\")", "Missing"),
        (None, "Text(\"out\")", "Missing"),
        (None, "Missing", "Int(0)"),
        (None, "Missing", "Int(0)"),
        (None, "Missing", "Int(0)"),
        (None, "Missing", "Int(0)"),
        (None, "Missing", "Int(0)"),
    ];
    let expected = expected.map(|(time, service, a)| (time, service.to_owned(), a.to_owned()));
    let schema = schema("lab", Some("log"));
    for decoder in [Decoder::new(&schema, Limits::default()), Decoder::plain(&schema, Limits::default())] {
        assert_eq!(shown(decoder, &text.repeat(3)), ([expected.as_slice(); 3].concat(), 18));
    }
}

#[test]
fn arrays_of_bytes_are_texts_where_journald_writes_them() {
    let text = br#"{"_SYSTEMD_UNIT": [97, 0, 195, 169], "a": [1, 2, 256]}
{"_SYSTEMD_UNIT": "x", "a": []}
{"_SYSTEMD_UNIT": [255], "a": {"b": [104, 105]}}
"#;
    let expected = [("Text(\"a\\0é\")", "Nested"), ("Text(\"x\")", "Nested"), ("Text(\"\u{fffd}\")", "Nested")];
    let expected = expected.map(|(service, a)| (None, service.to_owned(), a.to_owned()));
    let journald = schema("journald", None);
    for decoder in [Decoder::new(&journald, Limits::default()), Decoder::plain(&journald, Limits::default())] {
        assert_eq!(shown(decoder, &text.repeat(3)).0, [expected.as_slice(); 3].concat());
    }
    let message = br#"{"MESSAGE": [123, 34, 97, 34, 58, 49, 125], "a": 0}"#;
    let (seen, unread) = shown(Decoder::new(&schema("journald", Some("MESSAGE")), Limits::default()), message);
    assert_eq!((seen[0].2.as_str(), unread), ("Int(1)", 0));
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![any::<i32>().prop_map(Json::from), "[ -~é\\n\\t]{0,6}".prop_map(Json::from), Just(Json::Null)]
}

proptest! {
    #[test]
    fn a_text_is_read_as_if_its_fields_stood_there(
        records in prop::collection::vec((
            prop::collection::btree_map("[as]|service|b", scalar(), 0..4),
            prop::collection::btree_map("[as]|service|b", scalar(), 0..4),
        ), 1..20),
    ) {
        let (mut nested, mut flat) = (String::new(), String::new());
        for (outer, inner) in records {
            let mut both: Map<String, Json> = outer.clone().into_iter().collect();
            let mut record = both.clone();
            record.insert("log".to_owned(), Json::String(json!(inner).to_string() + "\n"));
            both.extend(inner);
            nested += &format!("{}\n", Json::Object(record));
            flat += &format!("{}\n", Json::Object(both));
        }
        let (schema, plain) = (schema("lab", Some("log")), schema("lab", None));
        let expected = shown(Decoder::plain(&plain, Limits::default()), flat.as_bytes());
        prop_assert_eq!(&shown(Decoder::new(&schema, Limits::default()), nested.as_bytes()), &expected);
        prop_assert_eq!(shown(Decoder::plain(&schema, Limits::default()), nested.as_bytes()), expected);
    }
}
