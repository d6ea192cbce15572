//! A dotted path into a record: `http.response.status_code`, `tags.0`, `labels."app.kubernetes.io"`.

use std::fmt;

/// The keys to follow from a record's top. A key of digits also takes the element of an array.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    keys: Vec<String>,
}

impl Path {
    /// The path of these keys, of which there is one at least.
    pub fn new(keys: Vec<String>) -> Self {
        Self { keys }
    }

    /// Keys are separated by dots. A key in backticks may hold anything but a backtick, and one in double
    /// quotes anything, with `\"` and `\\`. `tags[0]` is `tags.0`, and `labels["a b"]` a key in quotes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut keys = Vec::new();
        let mut rest = text;
        loop {
            let open = || format!("`{text}` has a quote that never closes");
            let (key, mut after) = match rest.as_bytes().first() {
                Some(b'"') => quoted_key(&rest[1..]).ok_or_else(open)?,
                Some(b'`') => {
                    let (key, after) = rest[1..].split_once('`').ok_or_else(open)?;
                    (key.to_owned(), after)
                }
                _ => {
                    let is_end = |(at, char): (usize, char)| char == '.' || char == '[' && index(&rest[at..]).is_some();
                    let end = rest.char_indices().find(|found| is_end(*found)).map_or(rest.len(), |(at, _)| at);
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            keys.push(key);
            while let Some((key, next)) = index(after) {
                keys.push(key);
                after = next;
            }
            if keys.iter().any(String::is_empty) {
                return Err(format!(
                    "`{text}` has an empty key; write the path as `http.status`, and a key that holds dots in backticks"
                ));
            }
            match after.strip_prefix('.') {
                Some(next) => rest = next,
                None if after.is_empty() => return Ok(Self { keys }),
                None => return Err(format!("`{text}` goes on after a closing quote without a dot")),
            }
        }
    }

    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The path to what keys lead to from here.
    pub fn join(&self, keys: &[String]) -> Self {
        Self { keys: [&self.keys, keys].concat() }
    }

    /// The path of a value that stands below these keys, written with as few quotes as lead there:
    /// keys with dots are found without. `None` where a key is empty, which no path can say.
    pub fn of_keys(keys: &[&str]) -> Option<Self> {
        let joined = keys.join(".");
        let plain = Self::parse(&joined).ok().filter(|path| path.keys.join(".") == joined);
        plain.or_else(|| {
            let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
            (!keys.is_empty() && keys.iter().all(|key| !key.is_empty())).then_some(Self { keys })
        })
    }
}

fn quoted_key(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((key, &text[at + 1..])),
            '\\' => key.push(chars.next()?.1),
            other => key.push(other),
        }
    }
    None
}

/// What stands in the brackets that `text` begins with, and what follows them.
fn index(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('[')?;
    if let Some(quoted) = inside.strip_prefix('"') {
        let (key, after) = quoted_key(quoted)?;
        return Some((key, after.strip_prefix(']')?));
    }
    let (digits, after) = inside.split_once(']')?;
    let is_index = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_index.then(|| (digits.to_owned(), after))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, key) in self.keys.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            if key.contains('`') {
                write!(f, "{dot}\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))?;
            } else if key.contains(['.', '"', '\\', '[']) {
                write!(f, "{dot}`{key}`")?;
            } else {
                write!(f, "{dot}{key}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_path_reads_back_as_it_prints(keys in prop::collection::vec("[a-z0.\"\\\\`\\[\\]]{1,5}", 1..4)) {
            let path = Path { keys };
            prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
        }
    }

    #[test]
    fn keys_are_quoted_only_where_a_path_would_not_lead_there() {
        let shown = |keys: &[&str]| Path::of_keys(keys).map(|path| path.to_string());
        assert_eq!(shown(&["http", "status"]).as_deref(), Some("http.status"));
        assert_eq!(shown(&["labels", "app.kubernetes.io/name"]).as_deref(), Some("labels.app.kubernetes.io/name"));
        assert_eq!(shown(&["a", "..b"]).as_deref(), Some("a.`..b`"));
        assert_eq!(shown(&["say \"hi\""]).as_deref(), Some("`say \"hi\"`"));
        assert_eq!(shown(&["\"x\""]).as_deref(), Some("`\"x\"`"), "its own quotes are part of the key");
        assert_eq!([shown(&["a", ""]), shown(&[])], [None, None]);
    }

    #[test]
    fn a_path_is_written_as_in_an_expression() {
        for (text, keys) in [
            ("tags[0].name", &["tags", "0", "name"][..]),
            ("labels[\"a.b\"][1]", &["labels", "a.b", "1"]),
            ("`sc-status`", &["sc-status"]),
            ("http.`a.b`.c", &["http", "a.b", "c"]),
            ("`[0]`", &["[0]"]),
            ("@l", &["@l"]),
            ("a[b]", &["a[b]"]),
        ] {
            assert_eq!(
                Path::parse(text).map(|path| path.keys),
                Ok(keys.iter().map(|&key| key.to_owned()).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_path_is_refused() {
        for bad in ["", ".", "a.", ".a", "a..b", "\"a", "\"a\"b", "`a", "``", "a.`", "[0]"] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }
}
