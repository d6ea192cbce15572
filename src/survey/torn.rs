//! The beginning of an object whose end is not in sight, as a whole one.

use serde_json::Value;

/// The object that `bytes` begin with, without what is unfinished at their end. `None` where they begin with none.
pub fn closed(bytes: &[u8]) -> Option<Value> {
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace() && !b"\xEF\xBB\xBF".contains(byte))?;
    let bytes = bytes[start..].strip_prefix(b"{").map(|_| &bytes[start..])?;
    let mut cut = 0;
    walk(bytes, |at, byte| match byte {
        // What is before a comma is whole, and an empty container is.
        b',' => cut = at,
        b'{' | b'[' => cut = at + 1,
        _ => {}
    });
    let mut open = Vec::new();
    walk(&bytes[..cut], |_, byte| match byte {
        b'{' => open.push(b'}'),
        b'[' => open.push(b']'),
        b'}' | b']' => _ = open.pop(),
        _ => {}
    });
    let ends = open.into_iter().rev();
    serde_json::from_slice(&bytes[..cut].iter().copied().chain(ends).collect::<Vec<u8>>()).ok()
}

/// Shows the bytes that stand in no string.
fn walk(bytes: &[u8], mut see: impl FnMut(usize, u8)) {
    let (mut in_string, mut is_escaped) = (false, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if !in_string => see(at, *byte),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_whole_is_kept() {
        for (text, expected) in [
            (r#" {"a": 1, "b": [{"c": "x,{"}, {"d": 2, "e"#, Some(json!({"a": 1, "b": [{"c": "x,{"}, {"d": 2}]}))),
            (r#"{"a": {"b": "\",""#, Some(json!({"a": {}}))),
            (r#"{"a": [1, 2], "b": 3"#, Some(json!({"a": [1, 2]}))),
            ("[1, 2", None),
            ("", None),
            (r#"{"a" 1, "b""#, None),
        ] {
            assert_eq!(closed(text.as_bytes()), expected, "{text}");
        }
        for cut in 0..40 {
            closed(&br#"{"a": {"b": "\",", "c": [1, {"d": []}], "e": 5}, "f": 6}"#[..cut]);
        }
    }
}
