//! Where a value stands in the text of a record that was found sound: its text tells what a decoded
//! value does not, the digits of a wide number and what is in an object.
//!
//! A path leads to the value that the decoder takes for it, found here by reading the text once more.
//! That costs, and is for what comes seldom.

use std::borrow::Cow;

/// The text of the value that a path of keys leads to.
pub fn find<'r>(raw: &'r [u8], keys: &[String]) -> Option<&'r [u8]> {
    let mut search = Search { raw, keys, seen: Vec::new(), found: None };
    search.walk(skip_space(raw, 0), 0, 0);
    search.found.and_then(|(begin, end)| raw.get(begin..end))
}

struct Search<'r, 'k> {
    raw: &'r [u8],
    keys: &'k [String],
    /// The containers that were entered, each by the places at which the path was cut to come there.
    seen: Vec<u64>,
    found: Option<(usize, usize)>,
}

impl Search<'_, '_> {
    /// Looks through the container at `at`, below the first `taken` keys of the path.
    fn walk(&mut self, mut at: usize, taken: usize, cuts: u64) {
        let raw = self.raw;
        let is_object = match raw.get(at) {
            Some(b'{') => true,
            Some(b'[') => false,
            _ => return,
        };
        at = skip_space(raw, at + 1);
        for place in 0usize.. {
            let begun = at;
            let reached = match raw.get(at) {
                Some(b'"') if is_object => {
                    let end = value_end(raw, at);
                    let reached = raw.get(at..end).and_then(|key| reached(key, &self.keys[taken..]));
                    let reached = reached.map(|more| taken + more);
                    at = skip_space(raw, skip_space(raw, end) + 1);
                    reached
                }
                None | Some(b'}' | b']') => return,
                Some(_) => (self.keys[taken].parse() == Ok(place)).then_some(taken + 1),
            };
            let end = value_end(raw, at);
            if let Some(reached) = reached {
                self.follow(at, end, reached, cuts);
            }
            at = skip_space(raw, end);
            if raw.get(at) == Some(&b',') {
                at = skip_space(raw, at + 1);
            }
            if at <= begun {
                return;
            }
        }
    }

    /// Goes on with the value behind a key that is the path's up to `reached`.
    fn follow(&mut self, begin: usize, end: usize, reached: usize, cuts: u64) {
        if reached == self.keys.len() {
            self.found = Some((begin, end));
            return;
        }
        // A key that comes a second time: what its first value held is gone.
        let cuts = cuts | 1u64.checked_shl(reached as u32).unwrap_or(0);
        if self.seen.contains(&cuts) {
            self.found = None;
        }
        self.seen.push(cuts);
        self.walk(begin, reached, cuts);
    }
}

/// How many of the keys of a path this one is, which may hold its dots itself.
pub fn reached(quoted: &[u8], keys: &[String]) -> Option<usize> {
    let key = unescaped(quoted)?;
    let mut rest = key.as_ref();
    for (place, part) in keys.iter().enumerate() {
        rest = rest.strip_prefix(part.as_bytes())?;
        if rest.is_empty() {
            return Some(place + 1);
        }
        rest = rest.strip_prefix(b".")?;
    }
    None
}

/// What a text in quotes stands for; `None` where it is none.
pub fn unescaped(quoted: &[u8]) -> Option<Cow<'_, [u8]>> {
    let plain = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if !plain.contains(&b'\\') {
        return Some(Cow::Borrowed(plain));
    }
    let text: String = serde_json::from_slice(quoted).ok()?;
    Some(Cow::Owned(text.into_bytes()))
}

pub(super) fn skip_space(raw: &[u8], at: usize) -> usize {
    let rest = raw.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// Where the value at `at` ends.
pub(super) fn value_end(raw: &[u8], at: usize) -> usize {
    let (mut depth, mut place) = (0usize, at);
    while let Some(byte) = raw.get(place) {
        match byte {
            b'"' => place = string_end(raw, place) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return place,
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\r' | b'\n' | b':' if depth == 0 => return place,
            _ => {
                place += 1;
                continue;
            }
        }
        place += 1;
        if depth == 0 {
            return place;
        }
    }
    raw.len().max(at)
}

/// Where the string at `at` ends.
pub(super) fn string_end(raw: &[u8], at: usize) -> usize {
    let mut place = at + 1;
    while let Some(found) = raw.get(place..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        if raw[place + found] == b'"' {
            return place + found + 1;
        }
        place += found + 2;
    }
    raw.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(raw: &str, path: &[&str]) -> Option<String> {
        let keys: Vec<String> = path.iter().map(|&key| key.to_owned()).collect();
        find(raw.as_bytes(), &keys).map(|text| String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn a_value_is_found_as_it_is_written() {
        let raw = r#" { "x" : "}, \"id\": 1 \\", "id" : {"$oid" : [1, "]" ]} , "n":-1.50e3,"t":true,"z":null}"#;
        assert_eq!(found(raw, &["id"]).as_deref(), Some(r#"{"$oid" : [1, "]" ]}"#));
        assert_eq!(found(raw, &["id", "$oid"]).as_deref(), Some(r#"[1, "]" ]"#));
        assert_eq!(found(raw, &["id", "$oid", "1"]).as_deref(), Some(r#""]""#));
        assert_eq!(found(raw, &["n"]).as_deref(), Some("-1.50e3"));
        assert_eq!([found(raw, &["t"]), found(raw, &["z"])].map(Option::unwrap), ["true", "null"]);
        assert_eq!([found(raw, &["y"]), found(raw, &["n", "y"]), found(raw, &["id", "$oid", "2"])], [None, None, None]);
        assert_eq!(found(r#"{"\u0061": 5}"#, &["a"]).as_deref(), Some("5"));
    }

    #[test]
    fn whatever_is_no_record_is_no_panic() {
        for raw in [
            "",
            "{",
            "[",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\\",
            "}",
            "{]",
            "[1",
            "{\"a\": {",
            "{,",
            "{:}",
            "\"",
            "{1:2}",
        ] {
            found(raw, &["a"]);
            found(raw, &["0", "a"]);
        }
    }
}
