//! JSON as RFC 8259 has it, case by case: what must be accepted is shown with its value, what must
//! be refused is a dead letter, in NDJSON and in an array, and its neighbours are shown either way.
//!
//! Each case stands as the value of `{"v": ...}`. The lists are the standard's word, written out by
//! hand; serde_json is held to the same lists, as a second reader of it.

use serde_json::Value as Json;
use streamlab::decode::{Chunk, Decoder, Limits};
use streamlab::event::{FileId, Position, Skip, Value, Verdict};
use streamlab::schema::{Field, Schema, preset};

const BEFORE: &[u8] = br#"{"v": "before"}"#;
const AFTER: &[u8] = br#"{"v": "after"}"#;

/// Values that every reader has to accept (RFC 8259, 2 to 8.1).
#[rustfmt::skip]
const ACCEPTED: &[&[u8]] = &[
    // Literals.
    b"null", b"true", b"false",
    // Integers.
    b"0", b"-0", b"1", b"-1", b"10", b"9007199254740993", b"-9007199254740993",
    b"999999999999999999", b"-999999999999999999", b"9999999999999999999",
    b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"18446744073709551615",
    // Beyond 64 bits: the nearest double.
    b"18446744073709551616", b"-9223372036854775809", b"123456789012345678901234567890",
    b"-123456789012345678901234567890", b"100000000000000000000000000000000000000000000000000",
    // Fractions and exponents.
    b"0.0", b"-0.0", b"0.1", b"1.5", b"-12.375", b"3.141592653589793238462643383279",
    b"0.000000000000000000000000000001", b"1e0", b"1E0", b"1e+2", b"1e-2", b"1E+02", b"1e00", b"0e0", b"0e5",
    b"0E-5", b"-0e1", b"0.0e0", b"1.5e3", b"1e22", b"1e23", b"1.7976931348623157e308", b"-1.7976931348623157e308",
    b"2.2250738585072014e-308", b"5e-324", b"4.9e-324", b"1e-400", b"-1e-400", b"0e400", b"0e99999999999",
    b"0.00000000000000000000000000000000000000000000000000000000000000000000000000000000000123e80",
    b"1.00000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    b"123456789.123456789", b"1760559686.31526",
    // Strings.
    br#""""#, br#""a""#, br#"" ""#, b"\"\x7f\"", br#""/""#, br#""'""#, br#""{}[],:""#, br#""// no comment""#,
    // Escapes.
    br#""\"""#, br#""\\""#, br#""\/""#, br#""\b\f\n\r\t""#, br#""\\\\""#, br#""\\u0041""#, br#""\\\"""#,
    br#""\u0041""#, br#""\u0000""#, br#""\u001f""#, br#""\u0022""#, br#""\u005c""#, br#""\u00e9""#, br#""\u00E9""#,
    br#""\u20ac""#, br#""\uabCD""#, br#""\ud7ff""#, br#""\ue000""#, br#""\ufffe""#, br#""\uffff""#,
    br#""\ufdd0""#, br#""\u2028\u2029""#, br#""a\u0041b""#, br#""\u0041\u0042""#,
    // Surrogate pairs.
    br#""\ud800\udc00""#, br#""\uD83D\uDE00""#, br#""\udbff\udfff""#, br#""x\ud834\udd1ey""#,
    // UTF-8: the first and the last of each length, and around the surrogates.
    b"\"\xc2\x80\"", b"\"\xdf\xbf\"", b"\"\xe0\xa0\x80\"", b"\"\xed\x9f\xbf\"", b"\"\xee\x80\x80\"", b"\"\xef\xbf\xbf\"",
    b"\"\xf0\x90\x80\x80\"", b"\"\xf4\x8f\xbf\xbf\"", b"\"\xe2\x80\xa8\xe2\x80\xa9\"", b"\"\xef\xbb\xbf\"",
    b"\"\xef\xbf\xbe\"", b"\"\xf0\x9f\x98\x80\"", b"\"\xc3\xa9\"",
    // White space: four kinds, in every place.
    b" 1", b"1 ", b"\t1\t", b"\r1\r", b"\n1\n", b" \t\r\n1\n\r\t ", b"[ ]", b"[\t1\r,\n2 ]", b"{ }",
    b"{ \"a\" : 1 , \"b\" : 2 }", b"\n[\n]\n",
    // Structure.
    b"[]", b"{}", b"[[]]", b"[{}]", b"{\"a\":{}}", b"[null]", b"[1,\"\",true,null,{},[]]", b"{\"\":0}",
    b"{\"a\":1,\"a\":2}", b"{\"\\u0061\":1}", b"{\"a\":[{\"b\":[{}]}]}", b"[[[[[[[[[[]]]]]]]]]]", b"{\"\xc3\xa9\":1}",
];

/// What no reader may accept as a value.
#[rustfmt::skip]
const REFUSED: &[&[u8]] = &[
    // Nothing, and half of something.
    b"", b" ", b",", b":", b"\"", b"-", b"+", b".", b"e", b"\\",
    // Literals that are none.
    b"nul", b"nulL", b"Null", b"NULL", b"nulll", b"null0", b"tru", b"True", b"TRUE", b"truee", b"fals", b"False",
    b"falsee", b"undefined", b"NaN", b"-NaN", b"nan", b"Infinity", b"-Infinity", b"+Infinity", b"inf", b"None",
    b"true false", b"null null", b"n", b"t", b"f", b"nu ll", b"a", b"\xc3\xa9",
    // Numbers that are none.
    b"+1", b"++1", b"--1", b"- 1", b"-a", b"-.1", b".1", b".", b"-.", b"1.", b"-1.", b"0.", b"1.e1", b"1.a", b"0.e1",
    b".e1", b"01", b"-01", b"00", b"-00", b"007", b"00.1", b"012.5", b"1e", b"1e+", b"1e-", b"1E", b"0e", b"0e+", b"1ea",
    b"1e1.5", b"1e1e1", b"1.1.1", b"1..1", b"1 2", b"1,", b"1 000", b"1_000", b"1a", b"0a", b"0x1", b"0x", b"0b1", b"1f",
    b"1.0f", b"1L", b"1-1", b"1+1", b"0-1", b"1e1-1", b"\xef\xbc\x91", b"1\xc3\xa9", b"0\xc2\xa0", b"1\x0c", b"1\x0b",
    b"12345678901234567890a", b"1.2345678901234567890123a", b"0.12345678a", b"0.1234567890123456a",
    // Strings that are none.
    b"'a'", b"\"a", b"a\"", b"\"a\"b\"", b"\"a\" \"b\"", b"\"a\"b", b"`a`", b"\xe2\x80\x9ca\xe2\x80\x9d", b"\"\\\"",
    b"\"a\"\"b\"", b"\"a\"1", b"1\"a\"",
    // Escapes that are none.
    br#""\a""#, br#""\'""#, br#""\0""#, br#""\x41""#, br#""\v""#, br#""\e""#, br#""\U0041""#, br#""\ ""#, br#""\N""#,
    br#""\u""#, br#""\u0""#, br#""\u00""#, br#""\u004""#, br#""\u004g""#, br#""\ug041""#, br#""\u 041""#, br#""\u+041""#,
    br#""\u-041""#, br#""\u{41}""#, br#""\u00 41""#, b"\"\\\xc3\xa9\"", b"\"\\\x01\"", b"\"\\u00\xc3\xa9\"",
    br#""\ud83d\u""#, br#""\ud83d\ude0""#, br#""\ud83d\udezz""#,
    // Escapes outside a string.
    br"\u0031", br"\n1", br"\1", br"tru\u0065",
    // Control characters.
    b"\"\x00\"", b"\"\x01\"", b"\"\x08\"", b"\"\x09\"", b"\"\x0b\"", b"\"\x0c\"", b"\"\x0d\"", b"\"\x1f\"", b"\"a\nb\"",
    b"\"\\\t\"", b"\"\\\n\"", b"\x00", b"1\x00", b"\x001", b"\x01", b"[1\x00]",
    // Space that is none.
    b"\x0c1", b"\x0b1", b"\xc2\xa01", b"\xe2\x80\xa81", b"\xe3\x80\x801", b"\xef\xbb\xbf1", b"[\x0c]", b"[1,\x0b2]",
    b"\xc2\x851", b"\x1f1", b"\x1e1", b"[\xef\xbb\xbf]",
    // UTF-8 that is none: lone and missing continuations, overlong forms, surrogates, beyond U+10FFFF.
    b"\"\x80\"", b"\"\xbf\"", b"\"\xc3\"", b"\"\xc3x\"", b"\"\xe2\x82\"", b"\"\xe2\x82x\"", b"\"\xe2x\"", b"\"\xf0\x9f\x98\"",
    b"\"\xf0\x9f\"", b"\"\xf0\"", b"\"\xc3\xa9\xa9\"", b"\"\xc0\x80\"", b"\"\xc0\xaf\"", b"\"\xc1\xbf\"",
    b"\"\xe0\x80\x80\"", b"\"\xe0\x80\xaf\"", b"\"\xe0\x9f\xbf\"", b"\"\xf0\x80\x80\xaf\"", b"\"\xf0\x8f\xbf\xbf\"",
    b"\"\xed\xa0\x80\"", b"\"\xed\xbf\xbf\"", b"\"\xed\xa0\xbd\xed\xb8\x80\"", b"\"\xf4\x90\x80\x80\"",
    b"\"\xf5\x80\x80\x80\"", b"\"\xf7\xbf\xbf\xbf\"", b"\"\xf8\x88\x80\x80\x80\"", b"\"\xfc\x84\x80\x80\x80\x80\"",
    b"\"\xfe\"", b"\"\xff\"", b"\"\xff\xfe\"", b"\"\xe9\"", b"\xff", b"[\xff]", b"\"\xc3\\u00a9\"",
    // Arrays that are none.
    b"[1,]", b"[,1]", b"[,]", b"[1,,2]", b"[1 2]", b"[1;2]", b"[1:2]", b"[\"a\":1]", b"[1", b"[", b"[[]", b"[}", b"[1}",
    b"[a]", b"[\"a", b"[1,", b"[-]", b"[*]", b"(1)", b"<1>", b"[1]]", b"1]", b"[\"a\",\n4\n,1,",
    // Objects that are none.
    b"{\"a\":1,}", b"{,\"a\":1}", b"{\"a\"}", b"{\"a\":}", b"{:1}", b"{\"a\" 1}", b"{\"a\",1}", b"{\"a\"::1}",
    b"{\"a\":1 \"b\":2}", b"{\"a\":1,,\"b\":2}", b"{\"a\":1;\"b\":2}", b"{a:1}", b"{'a':1}", b"{1:1}", b"{null:1}",
    b"{[]:1}", b"{\"a\":1]", b"{]", b"{\"a\":[}", b"{\"a\"=1}", b"{\"a\":1 2}", b"{\"a\":\"b\":\"c\"}",
    b"{\"a\":1,\"b\"}", b"{\"\\q\":1}", b"{\"\xff\":1}", b"{\"a\x01\":1}", b"{1}",
    // Comments and other languages.
    b"/* */1", b"1/* */", b"1//", b"#1", b"1#", b"@", b"&a", b"*", b"$1", b"!", b"[1]x", b"{}x", b"=1", b"1;", b"~", b"?",
];

/// What RFC 8259 lets a reader decide: we refuse it, as serde_json does. A number too large for a
/// double, and half a surrogate pair.
#[rustfmt::skip]
const REFUSED_BY_CHOICE: &[&[u8]] = &[
    b"1e309", b"-1e309", b"1e400", b"1.8e308", b"-1.8e308", b"123123e100000", b"1e99999999999999999999",
    br#""\ud800""#, br#""\udbff""#, br#""\udc00""#, br#""\udfff""#, br#""a\ud800b""#, br#""\ud800\ud800""#,
    br#""\ud800\u0041""#, br#""\udc00\ud800""#, br#""\ud83d\\ude00""#, br#""\ud83d \ude00""#, br#""\ud83d\n""#,
];

/// A stream with the case in it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrapping {
    Lines,
    Array,
    ArrayOfLines,
}

const WRAPPINGS: [Wrapping; 3] = [Wrapping::Lines, Wrapping::Array, Wrapping::ArrayOfLines];

impl Wrapping {
    fn stream(self, record: &[u8]) -> Vec<u8> {
        let (open, between, close): (&[u8], &[u8], &[u8]) = match self {
            Wrapping::Lines => (b"", b"\n", b"\n"),
            Wrapping::Array => (b"[", b", ", b"]"),
            Wrapping::ArrayOfLines => (b"[\n", b",\n", b"\n]\n"),
        };
        [open, BEFORE, between, record, between, AFTER, close].concat()
    }
}

/// A record's bytes, and what it holds as `v`.
type Shown = (Vec<u8>, Option<Json>);

/// The records of a stream, and how many dead letters it has.
fn decode(stream: &[u8]) -> (Vec<Shown>, usize) {
    let mut schema = Schema::new(preset("lab").unwrap());
    let Ok(Field::Slot(slot)) = schema.field("v") else { panic!("v is a field") };
    let mut decoder = Decoder::new(&schema, Limits::default());
    let mut records = Vec::new();
    let at = Position { file: FileId(0), offset: 0 };
    decoder.decode(Chunk { at, bytes: stream, until: usize::MAX, last: true }, 0, Skip::No, |event| {
        let value = match event.fields[slot] {
            Value::Missing | Value::Nested => None,
            Value::Null => Some(Json::Null),
            Value::Bool(value) => Some(value.into()),
            Value::Int(value) => Some(value.into()),
            Value::Uint(value) => Some(value.into()),
            Value::Float(value) => Some(value.into()),
            Value::Big(digits) => Some(digits.parse::<f64>().unwrap().into()),
            Value::Text(text) => Some(text.into()),
        };
        records.push((event.raw.to_vec(), value));
        Verdict::Counted
    });
    let (ledger, dead) = decoder.take();
    assert!(ledger.balances());
    (records, dead.len())
}

fn record(case: &[u8]) -> Vec<u8> {
    [b"{\"v\": ", case, b"}"].concat()
}

/// The value of a scalar as serde_json reads it; -0 is an integer to us, and 0.
fn expected(case: &[u8]) -> Option<Json> {
    match serde_json::from_slice(case).unwrap_or_else(|error| panic!("{}: {error}", case.escape_ascii())) {
        Json::Array(_) | Json::Object(_) => None,
        Json::Number(number) if case == b"-0" && number.as_f64() == Some(0.0) => Some(0.into()),
        scalar => Some(scalar),
    }
}

#[test]
fn what_must_be_accepted_is_shown_with_its_value() {
    let mut wrong = Vec::new();
    for case in ACCEPTED {
        let sound = [
            (BEFORE.to_vec(), Some("before".into())),
            (record(case), expected(case)),
            (AFTER.to_vec(), Some("after".into())),
        ];
        for wrapping in WRAPPINGS {
            let (records, dead) = decode(&wrapping.stream(&record(case)));
            if records != sound || dead != 0 {
                wrong.push(format!("{} in {wrapping:?}: {dead} dead, {:?}", case.escape_ascii(), records.get(1)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_must_be_refused_is_a_dead_letter_and_costs_no_neighbour() {
    let mut wrong = Vec::new();
    for case in REFUSED.iter().chain(REFUSED_BY_CHOICE) {
        assert!(serde_json::from_slice::<Json>(&record(case)).is_err(), "{}", case.escape_ascii());
        for wrapping in WRAPPINGS {
            let (records, dead) = decode(&wrapping.stream(&record(case)));
            let raw: Vec<&[u8]> = records.iter().map(|(raw, _)| raw.as_slice()).collect();
            // What is broken ends with its line; the rest of it is broken again.
            let one = if case.contains(&b'\n') { dead > 0 } else { dead == 1 };
            if raw != [BEFORE, AFTER] || !one {
                let raw: Vec<String> = raw.iter().map(|raw| raw.escape_ascii().to_string()).collect();
                wrong.push(format!("{} in {wrapping:?}: {dead} dead, {raw:?}", case.escape_ascii()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn where_a_brace_cannot_stand_another_record_begins() {
    // Torn records lie against their successors like this; a reader of one document refuses it all.
    for (stream, shown) in [
        (&br#"{"v": "a"} {"v": ,{"v": 2}"#[..], &["{\"v\": \"a\"}", "{\"v\": 2}"][..]),
        (br#"[{"v": {{}:1}}]"#, &["{}"]),
        (b"{\"v\":\n{\"v\": 2}\n", &["{\"v\": 2}"]),
    ] {
        let (records, dead) = decode(stream);
        let raw: Vec<&[u8]> = records.iter().map(|(raw, _)| raw.as_slice()).collect();
        assert_eq!(raw, shown.iter().map(|text| text.as_bytes()).collect::<Vec<_>>(), "{}", stream.escape_ascii());
        assert!(dead > 0);
    }
}
