//! Hostile records: what a broken service, disk or network leaves in a log.
//!
//! Each is exactly one dead letter, and the record after it can be found again. So none holds a
//! newline or a nested `, {"`, none begins with what could continue the record before it (`[`, `,`),
//! none is empty, and none begins with a whole JSON object.

/// Where a kind may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Anywhere: begins with `{"`, and its brackets and quotes are closed.
    Anywhere,
    /// Not at the end of an array, whose closing bracket it would swallow.
    NotLast,
    /// On a line of its own only, after a sound record: it might complete a cut one.
    Line,
}

/// Place, name and bytes of each kind, in order of [`Place`]: those that may stand somewhere are a
/// prefix.
#[rustfmt::skip]
pub const KINDS: &[(Place, &str, &[u8])] = &[
    (Place::Anywhere, "a bare word as value", br#"{"service": tru, "timestamp": 1760559686.31526}"#),
    (Place::Anywhere, "a leading zero", br#"{"service": "training", "timestamp": 01760559686}"#),
    (Place::Anywhere, "a number without fraction", br#"{"service": "training", "timestamp": 1760559686.}"#),
    (Place::Anywhere, "a hexadecimal number", br#"{"service": "training", "timestamp": 0x68F00046}"#),
    (Place::Anywhere, "not a number", br#"{"service": "training", "timestamp": NaN, "message": "HTTP Status Code: 200"}"#),
    (Place::Anywhere, "a bad escape", br#"{"service": "infer\qence", "timestamp": 1760559686.31526}"#),
    (Place::Anywhere, "a bad unicode escape", br#"{"service": "serving", "message": "caf\u00g9"}"#),
    (Place::Anywhere, "a control character in a string", b"{\"service\": \"serving\", \"message\": \"tab\there, bell\x07\"}"),
    (Place::Anywhere, "invalid UTF-8", b"{\"service\": \"serving\", \"message\": \"caf\xe9 \xff\xfe\"}"),
    (Place::Anywhere, "an overlong UTF-8 sequence", b"{\"service\": \"serving\", \"message\": \"\xc0\xaf\"}"),
    (Place::Anywhere, "NUL bytes", b"{\"service\": \0\0\0\0\0\0\0\0}"),
    (Place::Anywhere, "a trailing comma", br#"{"service": "training", "timestamp": 1760559686.31526,}"#),
    (Place::Anywhere, "a missing comma", br#"{"service": "training" "timestamp": 1760559686.31526}"#),
    (Place::Anywhere, "a missing colon", br#"{"service" "training"}"#),
    (Place::Anywhere, "a missing value", br#"{"service": , "timestamp": 1760559686.31526}"#),
    (Place::Anywhere, "a single-quoted string", br#"{"service": 'training'}"#),
    (Place::Anywhere, "a comment", br#"{"service": "training" /* sic */}"#),
    (Place::Anywhere, "wrong nesting", br#"{"service": ["training"}]"#),
    (Place::Anywhere, "a key that is no string", br#"{"service": "training", 7: true}"#),
    (Place::Anywhere, "deep nesting", DEEP),
    (Place::NotLast, "cut in a string", br#"{"service": "inference", "timestamp": 1760559686.31526, "message": "HTTP Sta"#),
    (Place::NotLast, "cut in a key", br#"{"service": "inference", "time"#),
    (Place::NotLast, "cut before a value", br#"{"service": "inference", "timestamp":"#),
    (Place::NotLast, "cut after a value", br#"{"service": "inference""#),
    (Place::NotLast, "cut in an escape", br#"{"service": "inference", "message": "caf\u00"#),
    (Place::NotLast, "cut in deep nesting", CUT_DEEP),
    (Place::Line, "a number", b"42"),
    (Place::Line, "a string", br#""HTTP Status Code: 200""#),
    (Place::Line, "null", b"null"),
    (Place::Line, "plain text", b"panic: connection reset by peer"),
    (Place::Line, "a closing brace", b"}"),
    (Place::Line, "an opening brace", b"{"),
    (Place::Line, "the end of a record", br#"ence", "timestamp": 1760559686.31526}"#),
    (Place::Line, "NUL bytes in plain text", b"core\0\0\0\0\0\0dumped"),
    (Place::Line, "bytes that are no text", b"\xf8\x88\x80\x80\x80\x1f\x8b\x08"),
];

const DEPTH: usize = 1500;

/// Closed brackets around a number that no JSON has: refused at whatever depth a reader gives up.
const DEEP: &[u8] = &{
    let mut text = [b'['; 9 + 2 * DEPTH + 3];
    put(&mut text, 0, b"{\"deep\": ");
    put(&mut text, 9 + DEPTH, b"01");
    let mut at = 9 + DEPTH + 2;
    while at < text.len() {
        text[at] = b']';
        at += 1;
    }
    text[9 + 2 * DEPTH + 2] = b'}';
    text
};

const CUT_DEEP: &[u8] = &{
    let mut text = [b'['; 9 + DEPTH];
    put(&mut text, 0, b"{\"deep\": ");
    text
};

const fn put(text: &mut [u8], at: usize, part: &[u8]) {
    let mut next = 0;
    while next < part.len() {
        text[at + next] = part[next];
        next += 1;
    }
}

const IN_ARRAY: usize = count_before(Place::Line);
const LAST_IN_ARRAY: usize = count_before(Place::NotLast);

const fn count_before(place: Place) -> usize {
    let mut kind = 0;
    while (KINDS[kind].0 as u8) < place as u8 {
        kind += 1;
    }
    kind
}

/// The bytes of a hostile record. `begins` asks for one that can be seen to begin, as every element
/// of an array must, and `last` for one that may end an array.
pub(super) fn record(begins: bool, last: bool, draw: u64) -> &'static [u8] {
    let kinds = match (begins, last) {
        (_, true) => LAST_IN_ARRAY,
        (true, false) => IN_ARRAY,
        (false, false) => KINDS.len(),
    };
    KINDS[super::recipe::below(draw, kinds as u64) as usize].2
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value};

    type Object = Map<String, Value>;

    #[test]
    fn every_kind_is_refused_as_a_record() {
        for (_, name, text) in KINDS {
            assert!(serde_json::from_slice::<Object>(text).is_err(), "{name}");
            let first = serde_json::Deserializer::from_slice(text).into_iter::<Object>().next();
            assert!(matches!(first, Some(Err(_))), "{name} begins with a whole object");
        }
        assert!(LAST_IN_ARRAY >= 10 && IN_ARRAY > LAST_IN_ARRAY && KINDS.len() > IN_ARRAY);
    }

    #[test]
    fn the_record_after_any_kind_can_be_found() {
        for (place, name, text) in KINDS {
            assert!(!text.is_empty() && !text.contains(&b'\n') && !text.contains(&b'\r'), "{name}");
            assert!(!matches!(text[0], b'[' | b','), "{name}");
            assert!(memchr::memmem::find(text, b", {\"").is_none(), "{name}");
            if *place != Place::Line {
                assert!(text.starts_with(b"{\""), "{name}");
            }
            if *place == Place::Anywhere {
                let count = |byte| text.iter().filter(|b| **b == byte).count();
                assert_eq!((count(b'['), count(b'{')), (count(b']'), count(b'}')), "{name}");
                assert_eq!(count(b'"') % 2, 0, "{name}");
            }
        }
    }

    #[test]
    fn kinds_stand_in_order_of_place() {
        assert!(KINDS.windows(2).all(|pair| pair[0].0 as u8 <= pair[1].0 as u8));
    }
}
