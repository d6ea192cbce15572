//! Objects that are written as lists: `[{"key": "http.route", "value": {"stringValue": "/"}}]` says what
//! `{"http.route": "/"}` says. OTLP writes all its attributes so, and its values behind a word for their type.
//!
//! A path leads on through such lists as if they were objects. It is read from the text of the record, and so it
//! costs: for what was found nowhere else.

use super::said::Scalar;
use super::written::{self, skip_space, string_end, value_end};
use memchr::memmem;

pub use super::written::reached;

/// Where a path has led.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<'r> {
    pub text: &'r [u8],
    /// Its digits may be in quotes.
    is_integer: bool,
}

/// What a path has come to on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Way<'r> {
    pub found: Option<Found<'r>>,
    /// It came to a list or to a typed value: what is found there hangs on more than the record's keys.
    pub has_list: bool,
}

impl Found<'_> {
    /// The value, if it is a single one.
    pub fn scalar(&self) -> Option<Scalar> {
        match Scalar::of_json(self.text)? {
            Scalar::Text(text) if self.is_integer => Some(Scalar::of_digits(&text).unwrap_or(Scalar::Text(text))),
            value => Some(value),
        }
    }
}

/// Whether there may be a list in this text, or a typed value; what is escaped may be anything.
pub fn may_be_in(raw: &[u8]) -> bool {
    [&br#""key""#[..], br#"Value""#, br"\u"].iter().any(|part| memmem::find(raw, part).is_some())
}

/// The value that a path leads to, through lists where there is none without.
pub fn value<'r>(raw: &'r [u8], keys: &[String]) -> Option<Found<'r>> {
    let plain = if keys.is_empty() { None } else { written::find(raw, keys) };
    match plain.filter(|text| typed(text).is_none()) {
        Some(text) => Some(Found { text, is_integer: false }),
        None => find(raw, keys).found,
    }
}

/// Where a path leads from the value that `raw` is, which was found sound. Of several ways, the last one counts.
pub fn find<'r>(raw: &'r [u8], keys: &[String]) -> Way<'r> {
    let mut way = Way::default();
    walk(raw, keys, false, &mut way);
    way
}

fn walk<'r>(raw: &'r [u8], keys: &[String], is_integer: bool, way: &mut Way<'r>) {
    if let Some((inside, is_integer)) = typed(raw) {
        way.has_list = true;
        return walk(inside, keys, is_integer, way);
    }
    if keys.is_empty() {
        way.found = Some(Found { text: raw, is_integer });
        return;
    }
    match raw.first() {
        Some(b'{') => {
            for (key, value) in members(raw) {
                if let Some(taken) = written::reached(key, keys) {
                    walk(value, &keys[taken..], false, way);
                }
            }
        }
        Some(b'[') => {
            let index = keys[0].parse().ok();
            for (place, item) in items(raw).enumerate() {
                if index == Some(place) {
                    walk(item, &keys[1..], false, way);
                } else if let Some((key, value)) = pair(item) {
                    way.has_list = true;
                    if let Some(taken) = written::reached(key, keys) {
                        walk(value, &keys[taken..], false, way);
                    }
                }
            }
        }
        _ => {}
    }
}

/// The key and the value of an element of a list.
fn pair(item: &[u8]) -> Option<(&[u8], &[u8])> {
    let is = |key, wanted: &[u8]| written::unescaped(key).is_some_and(|key| *key == *wanted);
    let of = |wanted| members(item).filter(|(key, _)| is(key, wanted)).map(|(_, value)| value).last();
    of(b"key").filter(|key| key.starts_with(b"\"")).zip(of(b"value"))
}

/// The value behind a word for its type, and whether that says that it is an integer.
pub fn typed(raw: &[u8]) -> Option<(&[u8], bool)> {
    let mut members = members(raw);
    let ((key, value), None) = (members.next()?, members.next()) else { return None };
    let is_single = !value.starts_with(b"{") && !value.starts_with(b"[");
    match written::unescaped(key)?.as_ref() {
        b"stringValue" | b"doubleValue" | b"boolValue" | b"bytesValue" if is_single => Some((value, false)),
        b"intValue" if is_single => Some((value, true)),
        b"arrayValue" | b"kvlistValue" => {
            let values = self::members(value).find(|(key, _)| written::unescaped(key).as_deref() == Some(b"values"));
            Some((values.map_or(&b"[]"[..], |(_, values)| values), false))
                .filter(|(values, _)| values.starts_with(b"["))
        }
        _ => None,
    }
}

/// The members of an object, each by its key in quotes; none of what is no object.
fn members(raw: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = if raw.first() == Some(&b'{') { skip_space(raw, 1) } else { raw.len() };
    std::iter::from_fn(move || {
        if raw.get(at) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(raw, at);
        let begin = skip_space(raw, skip_space(raw, key_end) + 1);
        let end = value_end(raw, begin);
        let member = (raw.get(at..key_end)?, raw.get(begin..end)?);
        at = skip_space(raw, skip_space(raw, end) + 1);
        Some(member)
    })
}

/// The elements of an array.
fn items(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = skip_space(raw, 1);
    std::iter::from_fn(move || {
        if matches!(raw.get(at), None | Some(b']')) {
            return None;
        }
        let (begin, end) = (at, value_end(raw, at));
        at = skip_space(raw, skip_space(raw, end) + 1);
        raw.get(begin..end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Value;

    const RECORD: &str = r#"{
        "attributes": [
            {"key": "http.response.status_code", "value": {"intValue": "200"}}, {"value": {"intValue": 7}, "key": "n"},
            {"key": "user", "value": {"kvlistValue": {"values": [{"key": "id.hash", "value": {"stringValue": "ab\"c"}}]}}},
            {"key": "tags", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {"boolValue": true}]}}},
            {"key": "size", "value": {"doubleValue": 1.5}}, {"key": "twice", "value": {"stringValue": "1"}},
            {"key": "twice", "value": {"stringValue": "2"}}, {"key": "none", "value": {}}, {"key": 5, "value": 6},
            {"k\u0065y": "escaped", "\u0076alue": {"int\u0056alue": "8"}}],
        "tags": [{"key": "http.status_code", "type": "int64", "value": 500}], "body": {"stringValue": "served"},
        "nested": {"labels": [{"key": "a", "value": "b"}]}, "plain": {"key": "a", "value": 1}
    }"#;

    fn keys(path: &str) -> Vec<String> {
        path.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn a_path_leads_through_lists() {
        for (path, expected) in [
            ("attributes/http/response/status_code", Some(Value::Int(200))),
            ("attributes/http.response/status_code", Some(Value::Int(200))),
            ("attributes/n", Some(Value::Int(7))),
            ("attributes/escaped", Some(Value::Int(8))),
            ("attributes/user/id/hash", Some(Value::Text("ab\"c"))),
            ("attributes/tags/1", Some(Value::Bool(true))),
            ("attributes/size", Some(Value::Float(1.5))),
            ("attributes/twice", Some(Value::Text("2"))),
            ("attributes/1/value", Some(Value::Int(7))),
            ("tags/http/status_code", Some(Value::Int(500))),
            ("body", Some(Value::Text("served"))),
            ("nested/labels/a", Some(Value::Text("b"))),
            ("plain/a", None),
            ("attributes/http", None),
            ("attributes/5", None),
            ("attributes/tags", None),
            ("attributes/none", None),
        ] {
            let found = find(RECORD.as_bytes(), &keys(path)).found.and_then(|found| found.scalar());
            assert_eq!(found.as_ref().map(Scalar::value), expected, "{path}");
        }
        let text =
            |path: &str| value(RECORD.as_bytes(), &keys(path)).map(|found| std::str::from_utf8(found.text).unwrap());
        assert_eq!(text("attributes/tags"), Some(r#"[{"stringValue": "x"}, {"boolValue": true}]"#));
        assert_eq!(text("plain/value"), Some("1"));
    }

    #[test]
    fn what_a_path_meets_is_told_by_the_form_of_the_record() {
        let has_list = |path: &str| find(RECORD.as_bytes(), &keys(path)).has_list;
        assert!(has_list("attributes/gone") && has_list("body/x") && has_list("nested/labels/x"));
        assert!(!has_list("gone") && !has_list("plain/a") && !has_list("nested/x"));
    }

    #[test]
    fn whatever_is_no_record_is_no_panic() {
        for cut in 0..RECORD.len() {
            find(&RECORD.as_bytes()[..cut], &keys("attributes/twice"));
            find(&RECORD.as_bytes()[cut..], &keys("0/a"));
        }
    }
}
