//! The decoder against serde_json, and against itself on other cuts of the same bytes.

use super::*;
use crate::event::{FileId, Role, Value};
use crate::schema::{Schema, preset};
use proptest::prelude::*;

/// Stretches of a stream, each with its offset.
type Placed = Vec<(u64, Vec<u8>)>;

/// What a run over `pieces` of a stream sees: the records, and the dead letters' bytes.
fn run(text: &[u8], cuts: &[usize], limits: Limits) -> (Placed, Placed, Ledger) {
    let mut decoder = Decoder::new(&Schema::new(preset("lab").unwrap()), limits);
    let mut records = Vec::new();
    let (mut begin, mut skip) = (0, Skip::No);
    let ends = cuts.iter().copied().chain([text.len()]);
    for end in ends {
        let last = end == text.len();
        let chunk = Chunk {
            at: Position { file: FileId(1), offset: begin as u64 },
            bytes: &text[begin..end],
            until: usize::MAX,
            last,
        };
        let progress = decoder.decode(chunk, 0, skip, |event| {
            records.push((event.at.offset, event.raw.to_vec()));
            Verdict::Counted
        });
        begin += progress.end;
        skip = progress.skip;
        if last {
            break;
        }
    }
    let dead = decoder.dead.iter().map(|letter| (letter.at.offset, letter.raw.clone())).collect();
    assert!(decoder.ledger.balances());
    (records, dead, decoder.ledger)
}

fn whole(text: &[u8]) -> (Vec<String>, Vec<String>) {
    let (records, dead, _) = run(text, &[], Limits::default());
    let text = |list: Vec<(u64, Vec<u8>)>| {
        list.into_iter().map(|(_, raw)| String::from_utf8_lossy(&raw).into_owned()).collect()
    };
    (text(records), text(dead))
}

#[test]
fn every_wrapping_gives_the_same_records() {
    for text in [
        "{\"a\":1}\n{\"b\":{\"c\":[1,{}]}}\n",
        "{\"a\":1}\r\n\r\n{\"b\":{\"c\":[1,{}]}}",
        "[{\"a\":1},{\"b\":{\"c\":[1,{}]}}]",
        "\u{feff}[{\"a\":1} , {\"b\":{\"c\":[1,{}]}}]\n",
        "[\n{\"a\":1},\n{\"b\":{\"c\":[1,{}]}}\n]\n",
        "{\"a\":1}{\"b\":{\"c\":[1,{}]}}",
        "[{\"a\":1}][{\"b\":{\"c\":[1,{}]}}]",
        "\u{1e}{\"a\":1}\n\u{1e}{\"b\":{\"c\":[1,{}]}}\n",
        "\0\0\0{\"a\":1}\n\0\0{\"b\":{\"c\":[1,{}]}}\n",
    ] {
        let (records, dead) = whole(text.as_bytes());
        assert_eq!(records, ["{\"a\":1}", "{\"b\":{\"c\":[1,{}]}}"], "{text:?}");
        assert!(dead.is_empty(), "{text:?}: {dead:?}");
    }
    let (records, dead) = whole(b"[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": [\n      {\n      }\n    ]\n  }\n]\n");
    assert_eq!((records.len(), dead.len()), (2, 0));
}

/// Kinds of hostile record; each is one dead letter, in NDJSON and inside an array.
const HOSTILE: &[&str] = &[
    "{\"service\": tru}",
    "{\"a\": 01}",
    "{\"a\": \"\\x\"}",
    "{\"a\": \"\u{1}\"}",
    "{\"a\": \"\0\"}",
    "{\"a\": \"\\ud800\\u0041\"}",
    "{\"a\": \"x}",
    "{\"a\": 1",
    "{\"a\":",
    "{\"a\": [1, 2}",
    "{\"a\": 1,}",
    "{\"a\" 1}",
    "{'a': 1}",
    "{\"a\": 1 \"b\": 2}",
    "{\"a\": +1}",
    "{\"a\": NaN}",
    "{",
    "}",
    "42",
    "\"text\"",
    "ence\", \"timestamp\": 1}",
    "out of memory, giving up",
    "null",
    "true",
    "-",
    "plain words",
    "{\"timestamp\": \"yesterday\"}",
    "{\"timestamp\": 1e300}",
];

#[test]
fn a_hostile_record_costs_no_good_one() {
    for hostile in HOSTILE {
        let good = ["{\"service\": \"a\"}", "{\"service\": \"b\", \"x\": {\"y\": []}}"];
        for (text, wrapping) in [
            (format!("{}\n{hostile}\n{}\n", good[0], good[1]), "lines"),
            (format!("[{}, {hostile}, {}]", good[0], good[1]), "array"),
            (format!("[\n{},\n{hostile},\n{}\n]\n", good[0], good[1]), "array of lines"),
        ] {
            let (records, dead) = whole(text.as_bytes());
            assert_eq!(records, good, "{wrapping}: {hostile}: dead {dead:?}");
            assert_eq!(dead.len(), 1, "{wrapping}: {hostile}: dead {dead:?}");
        }
    }
    let mut invalid = b"{\"a\":1}\n{\"a\": \"\xff\"}\n{\"b\":1}\n".to_vec();
    assert_eq!(run(&invalid, &[], Limits::default()).2.dead_letter, 1);
    invalid.retain(|byte| *byte != 0xff);
    assert_eq!(run(&invalid, &[], Limits::default()).2.dead_letter, 0);
}

#[test]
fn a_broken_pretty_printed_record_ends_where_it_closes() {
    let text = b"[\n  {\n    \"a\": nope nope,\n    \"b\": [\n      {\n        \"x\": 1\n      }\n    ]\n  },\n  {\n    \"c\": 1\n  }\n]\n";
    let (records, dead) = whole(text);
    assert_eq!(records, ["{\n    \"c\": 1\n  }"]);
    assert_eq!(dead.len(), 1, "{dead:?}");
}

#[test]
fn a_torn_pretty_printed_record_costs_no_other() {
    let text = b"[\n  {\n    \"a\": 1,\n  {\n    \"b\": 1\n  },\n  {\n    \"c\": 1\n  }\n]\n";
    let (records, dead) = whole(text);
    assert_eq!(records, ["{\n    \"b\": 1\n  }", "{\n    \"c\": 1\n  }"]);
    assert_eq!(dead, ["{\n    \"a\": 1,"]);
}

#[test]
fn a_record_spread_without_indentation_is_one() {
    let text = b"[\n{\n\"a\": 1,\n\"tags\": [\n{\n\"b\": 1\n},\n{\n\"c\": 1\n}\n]\n},\n{\n\"d\": 1\n}\n]";
    let (records, dead) = whole(text);
    assert_eq!((records.len(), dead.len()), (2, 0), "{records:?} {dead:?}");
    let torn = b"{\n\"a\": 1,\n{\"b\": 1}\n";
    assert_eq!(whole(torn), (vec!["{\"b\": 1}".to_owned()], vec!["{\n\"a\": 1,".to_owned()]));
}

#[test]
fn dead_letters_are_taken_before_they_fill_the_memory() {
    let text = "x\n".repeat(100_000);
    let mut decoder = Decoder::new(&Schema::new(preset("lab").unwrap()), Limits::default());
    let (mut from, mut read, mut rounds) = (0, 0, 0);
    loop {
        let at = Position { file: FileId(1), offset: from as u64 };
        let chunk = Chunk { at, bytes: &text.as_bytes()[from..], until: usize::MAX, last: true };
        from += decoder.decode(chunk, 0, Skip::No, |_| Verdict::Counted).end;
        let is_full = decoder.is_full();
        let (ledger, dead) = decoder.take();
        assert_eq!(ledger.dead_letter, dead.len() as u64);
        assert!(dead.len() < 20_000);
        (read, rounds) = (read + ledger.read, rounds + 1);
        if !is_full {
            break;
        }
    }
    assert_eq!(read, 100_000);
    assert!(rounds > 5);
}

#[test]
fn depth_is_bounded_alike_in_lines_and_arrays() {
    for (depth, records) in [(1023, 2), (1024, 0)] {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let line = run(format!("{deep}\n").as_bytes(), &[], Limits::default());
        let array = run(format!("[{deep}]").as_bytes(), &[], Limits::default());
        assert_eq!(line.0.len() + array.0.len(), records, "{depth}");
    }
    let brackets = format!("{{\"a\":{}\n{{\"b\":1}}\n", "[".repeat(100_000));
    let (records, dead) = whole(brackets.as_bytes());
    assert_eq!((records.len(), dead.len()), (1, 1));
}

#[test]
fn an_oversized_record_is_passed_over() {
    let limits = Limits { record_bytes: 100, ..Limits::default() };
    let big = format!("{{\"a\": \"{}\"}}", "x".repeat(500));
    for text in [format!("{{\"b\":1}}\n{big}\n{{\"c\":1}}\n"), format!("[{{\"b\":1}}, {big}, {{\"c\":1}}]")] {
        for step in [7, 64, 150, 10_000] {
            let cuts: Vec<usize> = (1..text.len()).filter(|at| at % step == 0).collect();
            let (records, dead, ledger) = run(text.as_bytes(), &cuts, limits);
            assert_eq!(records.len(), 2, "{step} {text}");
            assert_eq!((dead.len(), dead[0].1.len()), (1, 100));
            assert_eq!(ledger.read, 3);
        }
    }
}

/// What may be written before an object, on a line of its own or not.
const PREFIXES: &[&str] = &[
    "\n2025-10-15T20:21:26.1Z stdout F ",
    "\n[x] ",
    "\napi | ",
    "x ",
    "\nx: {} ",
    "\nx, ",
    "\n\"x\": ",
    "\n{x} ",
    "\n1 ",
];

/// A piece of a stream: sound records, hostile ones, separators, noise.
fn piece() -> impl Strategy<Value = String> {
    let json = r#"\{("[a-c]": ?(1|"x\\"y"|\[\{"d":1\}, \{\}\]|\{"e":null\})(, "f": "[a-z{}, ]{0,5}")?)?\}"#;
    prop_oneof![
        6 => json.prop_map(|text: String| text),
        2 => prop::sample::select(HOSTILE).prop_map(str::to_owned),
        3 => prop::sample::select(vec!["\n", ", ", "\r\n", "[", "]", "\n  ", "\u{feff}", "\n{\n  \"p\": 1\n}\n", "\0"]).prop_map(str::to_owned),
        2 => prop::sample::select(PREFIXES).prop_map(str::to_owned),
        1 => "[ -~\n]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn how_a_stream_is_cut_changes_nothing(pieces in prop::collection::vec(piece(), 0..12), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6), limit in prop::sample::select(vec![20usize, 1000])) {
        let text = pieces.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let limits = Limits { record_bytes: limit, ..Limits::default() };
        prop_assert_eq!(run(text.as_bytes(), &cuts, limits), run(text.as_bytes(), &[], limits), "{:?} cut at {:?}", text, cuts);
    }

    #[test]
    fn ndjson_agrees_with_serde_json(lines in prop::collection::vec(prop_oneof!["\\{\"[a-c]\": ?([0-9]{1,25}|-?[0-9.eE+-]{1,8}|\"([a-z]|\\\\[a-z\"/]|\\\\u[0-9a-fD]{4}){0,4}\"|true|nul?l|\\[[0-9, ]{0,4}\\])\\}"], 1..8)) {
        let text = lines.join("\n");
        let (records, _) = whole(text.as_bytes());
        // Of two objects on a line we read both, as jq does; serde_json refuses the line.
        let theirs: Vec<&String> = lines.iter().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()).collect();
        prop_assert_eq!(records.iter().collect::<Vec<_>>(), theirs);
    }
}

#[test]
fn a_record_behind_a_prefix_is_a_record() {
    for (text, records, dead) in [
        ("x {\"a\":1}\ny {\"b\":1}\n{\"c\":1}", &["{\"a\":1}", "{\"b\":1}", "{\"c\":1}"][..], &[][..]),
        ("[x] {\"a\":[1, {\"b\":2}]} []\r\n", &["{\"a\":[1, {\"b\":2}]}"], &[]),
        ("x {\"a\":\"torn\nx {\"b\":1}\n", &["{\"b\":1}"], &["x {\"a\":\"torn"]),
        ("x {\"a\":1} done\nx {\"b\":1}\n", &["{\"b\":1}"], &["x {\"a\":1} done"]),
        ("x {\"a\":tru}\nx {\"b\":1}\n", &["{\"b\":1}"], &["{\"a\":tru}"]),
        ("x {\"timestamp\":true}\nx {\"b\":1}\n", &["{\"b\":1}"], &["{\"timestamp\":true}"]),
        ("x {\n\"a\":1}\n", &[], &["x {", "\"a\":1}"]),
        ("[1, {\"a\":1}]\n", &["{\"a\":1}"], &["1"]),
        ("{\"a\":1} x {\"b\":1}\n", &["{\"a\":1}", "{\"b\":1}"], &[]),
    ] {
        assert_eq!(whole(text.as_bytes()), (to_owned(records), to_owned(dead)), "{text}");
    }
    // What follows the object on its line decides, so the line is waited for.
    let mut decoder = Decoder::new(&Schema::new(preset("lab").unwrap()), Limits::default());
    let at = Position { file: FileId(1), offset: 0 };
    let chunk = Chunk { at, bytes: b"x {\"a\":1}", until: usize::MAX, last: false };
    assert_eq!(
        decoder.decode(chunk, 0, Skip::No, |_| Verdict::Counted),
        Progress { end: 0, next: None, skip: Skip::No }
    );
}

fn to_owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

#[test]
fn a_prefix_lends_what_the_record_lacks() {
    let mut schema = Schema::new(preset("lab").unwrap());
    ["prefix.stream", "prefix.level", "prefix.text", "prefix.time"].iter().for_each(|name| {
        schema.field(name).unwrap();
    });
    let text = br#"2025-10-15T20:21:26Z stdout F {"status": 200}
2025-10-15T20:21:26Z INFO {"service": "b", "timestamp": 90, "prefix": {"level": "own"}}
api-1 | {"service": null}
2025-13-15T20:21:26Z {"status": 200}
{"status": 200}
"#;
    for mut decoder in [Decoder::new(&schema, Limits::default()), Decoder::plain(&schema, Limits::default())] {
        let mut seen = Vec::new();
        let text = text.repeat(3);
        let chunk = Chunk { at: Position { file: FileId(0), offset: 0 }, bytes: &text, until: usize::MAX, last: true };
        decoder.decode(chunk, 0, Skip::No, |event| {
            let texts = [1, 5, 6, 7, 8].map(|slot| event.fields[slot].text().unwrap_or("-").to_owned());
            seen.push((event.time.map(|time| time.nanos() / 1_000_000_000), texts.join(",")));
            assert_eq!(&text[event.at.offset as usize..][..event.raw.len()], event.raw);
            Verdict::Counted
        });
        let expected = [
            (Some(1760559686), "-,stdout,-,2025-10-15T20:21:26Z stdout F,2025-10-15T20:21:26Z"),
            (Some(90), "b,-,own,2025-10-15T20:21:26Z INFO,2025-10-15T20:21:26Z"),
            (None, "-,-,-,api-1 |,-"),
            (None, "-,-,-,2025-13-15T20:21:26Z,2025-13-15T20:21:26Z"),
            (None, "-,-,-,-,-"),
        ];
        let expected = expected.map(|(time, texts)| (time, texts.to_owned()));
        assert_eq!(seen, [expected.clone(), expected.clone(), expected].concat());
        assert_eq!(decoder.ledger.dead_letter, 0);
    }
}

#[test]
fn an_edge_in_prefixed_lines_is_guessed_right() {
    let line = "2025-10-15T20:21:26.1Z stdout F {\"a\": {\"b\": [1]}}\n";
    let text = line.repeat(3);
    for edge in 1..=2 * line.len() {
        let guessed = guess_start(text.as_bytes(), edge, false).map(|start| start.record);
        assert_eq!(guessed, Some(edge.div_ceil(line.len()) * line.len()), "{edge}");
    }
}

#[test]
fn fields_come_by_path_and_the_last_of_a_key_counts() {
    let mut schema = Schema::new(preset("ecs").unwrap());
    schema.field("tags.1").unwrap();
    let mut decoder = Decoder::new(&schema, Limits::default());
    let mut seen = Vec::new();
    let text = br#"{"@timestamp":"2025-10-15T20:21:26Z","service":{"name":"a"},"http.response":{"status_code":200},"tags":["x","y"]}
{"service.name":"b","http":{"response":{"status_code":"404"}},"tags":{"1":"z"}}
{"service":{"name":"c"},"service":{"name2":"d"},"message":"x","message":"HTTP Status Code: 500"}
"#;
    let chunk = Chunk { at: Position { file: FileId(0), offset: 0 }, bytes: text, until: usize::MAX, last: true };
    decoder.decode(chunk, 0, Skip::No, |event| {
        seen.push((
            event.role(Role::Service).text().map(str::to_owned),
            event.status(),
            event.fields[5].text().map(str::to_owned),
        ));
        Verdict::Counted
    });
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seen, [(text("a"), Some(200), text("y")), (text("b"), Some(404), text("z")), (None, Some(500), None)]);
    assert_eq!(decoder.ledger.dead_letter, 0);
}

/// The text of a value, in which keys meet in every way that a path can take.
fn value_text() -> impl Strategy<Value = String> {
    let numbers = ["0", "-7", "1.50", "1E3", "9223372036854775808", "18446744073709551616", "-9223372036854775809"];
    let wide = [
        "123456789012345678901234567890",
        "1e30",
        "1.0e400",
        "100000000000000000000.0",
        "-340282366920938463463374607431768211456",
    ];
    let others = [r#""""#, r#""x, \"a\": 1}""#, r#""\\""#, "true", "null"];
    let leaf = prop::sample::select([numbers.as_slice(), &wide, &others].concat()).prop_map(str::to_owned);
    leaf.prop_recursive(4, 20, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "0", "1", "a.b", "b.0", "\\u0061", "x"]);
        let space = prop::sample::select(vec!["", " ", "\t "]);
        let pair = (key, inner.clone(), space)
            .prop_map(|(key, value, space)| format!("{space}\"{key}\"{space}:{space}{value}{space}"));
        let object = prop::collection::vec(pair, 0..4).prop_map(|pairs| format!("{{{}}}", pairs.join(",")));
        let array = prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{} ]", items.join(", ")));
        prop_oneof![3 => object, 1 => array]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_value_stands_in_the_text_where_the_decoder_finds_it(
        values in prop::collection::vec(value_text(), 1..4), keys in prop::collection::vec(prop::sample::select(vec!["a", "b", "0", "1", "a.b"]), 1..4),
    ) {
        let record = values.iter().map(|value| format!("\"a\" : {value}")).collect::<Vec<_>>().join(",\n  ");
        let record = format!("{{{record}, \"b\": {}}}\n", values[0]);
        prop_assume!(!record.contains("e400"));
        let path = crate::schema::Path::of_keys(&keys).unwrap();
        let mut schema = Schema::new(preset("lab").unwrap());
        let crate::schema::Field::Slot(slot) = schema.field(&path.to_string()).unwrap() else { panic!("a field") };
        let mut decoder = Decoder::new(&schema, Limits::default());
        let text = record.repeat(4);
        let chunk = Chunk { at: Position { file: FileId(0), offset: 0 }, bytes: text.as_bytes(), until: usize::MAX, last: true };
        let mut wrong = Vec::new();
        decoder.decode(chunk, 0, Skip::No, |event| {
            let found = crate::event::written::find(event.raw, path.keys()).map(|text| std::str::from_utf8(text).unwrap());
            let is_same = match (event.fields[slot], found) {
                (Value::Missing, None) | (Value::Null, Some("null")) | (Value::Bool(true), Some("true")) => true,
                (Value::Nested, Some(text)) => serde_json::from_str::<serde_json::Value>(text).is_ok_and(|json| json.is_object() || json.is_array()),
                (Value::Text(value), Some(text)) => serde_json::from_str::<String>(text).is_ok_and(|text| text == value),
                (Value::Int(value), Some(text)) => text.parse() == Ok(value),
                (Value::Uint(value), Some(text)) => text.parse() == Ok(value),
                (Value::Big(digits), Some(text)) => text == digits && text.parse::<u64>().is_err() && text.parse::<i64>().is_err(),
                (Value::Float(value), Some(text)) => text.contains(['.', 'e', 'E']) && text.parse() == Ok(value),
                _ => false,
            };
            if !is_same {
                wrong.push(format!("{:?} is not {found:?}", event.fields[slot]));
            }
            Verdict::Counted
        });
        prop_assert!(wrong.is_empty(), "{} in {}: {:?}", path, record, wrong);
        prop_assert_eq!((decoder.ledger.counted, decoder.ledger.dead_letter), (4, 0));
    }
}

#[test]
fn a_string_that_is_not_over_is_waited_for() {
    let text = b"\"a, {}, b\"\n{\"c\":1}\n";
    let whole = run(text, &[], Limits::default());
    assert_eq!((whole.0.len(), whole.1.len()), (1, 1));
    for cut in 0..text.len() {
        assert_eq!(run(text, &[cut], Limits::default()), whole, "cut at {cut}");
    }
}

#[test]
fn separators_are_done_with_as_they_come() {
    let mut decoder = Decoder::new(&Schema::new(preset("lab").unwrap()), Limits::default());
    let mut end_of = |bytes: &[u8]| {
        let at = Position { file: FileId(1), offset: 9 };
        decoder.decode(Chunk { at, bytes, until: usize::MAX, last: false }, 0, Skip::No, |_| Verdict::Counted).end
    };
    for separator in [&b"\n"[..], b"\0", b",", b" ", b"\n ", b"\t\0", b"\xEF\xBB\xBF"] {
        let many = [b"{}\n", separator.repeat(100_000).as_slice()].concat();
        assert!(many.len() - end_of(&many) <= 4097, "{}", separator.escape_ascii());
    }
    // What says that a record leads its line is kept, and half a byte order mark is waited for.
    assert_eq!(
        ["{}\n", "{}\n  ", "{}\0\n", "{}\n\0", "{}, ", "{} "].map(|text| end_of(text.as_bytes())),
        [2, 2, 3, 4, 3, 2]
    );
    assert_eq!((end_of(b"{}\n\xEF"), end_of(b"{}\0\xEF\xBB"), end_of(b"{}\xEF\xBB\xBF")), (2, 3, 5));
}

#[test]
fn an_element_is_guessed_from_any_edge_before_it() {
    let records = ["{\"a\": 1}", "{\"a\": [2, 3]}", "{}", "{\"a\": 4}"];
    for between in [", ", ",", ",\n    "] {
        let text = format!("[{}]", records.join(between));
        let begins: Vec<usize> = text.match_indices('{').map(|(place, _)| place).skip(1).collect();
        for edge in 2..text.len() {
            let guessed = guess_start(text.as_bytes(), edge, true).map(|start| start.record);
            assert_eq!(guessed, begins.iter().copied().find(|begin| *begin >= edge), "{edge} of {text}");
        }
    }
}
