use super::*;

#[test]
fn a_text_holds_an_object_where_a_line_would() {
    for (text, expected) in [
        ("{\"a\": 1}\n", Some(("", "{\"a\": 1}"))),
        (" [{\"a\": 1", Some(("", "{\"a\": 1"))),
        ("INFO done {} {\"a\": {\"b\": 1}} \r\n", Some(("INFO done {} ", "{\"a\": {\"b\": 1}}"))),
        ("x: {\"a\": 1}]", Some(("x: ", "{\"a\": 1}"))),
        // What is left of a torn object is no object.
        ("x, {\"a\": 1}", None),
        ("x\": {\"a\": 1}", None),
        ("x [{\"a\": 1}", None),
        ("x {\"a\": 1} y", None),
        ("x {\"a\": 1} {\"a\": 2}", None),
        ("x\ny {\"a\": 1}", None),
        ("2025-10-15T20:21:26Z stdout P {\"a\": 1}", None),
        ("x {}", None),
        ("x", None),
        (" ", None),
    ] {
        let found = object_of_text(text.as_bytes());
        let found = found.map(|(start, object)| (&text[start..object.start], &text[object]));
        assert_eq!(found, expected, "{text:?}");
    }
}
