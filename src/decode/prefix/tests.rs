use super::*;

/// Text before an object, and what it says: form, time, stream, name, level.
const PREFIXES: &[(&str, Form, [&str; 4])] = &[
    ("2025-10-15T20:21:26.123456789Z stdout F ", Form::Cri, ["2025-10-15T20:21:26.123456789Z", "stdout", "", ""]),
    ("2025-10-15T20:21:26+02:00 stderr F:x ", Form::Cri, ["2025-10-15T20:21:26+02:00", "stderr", "", ""]),
    ("api-1  | ", Form::Compose, ["", "", "api-1", ""]),
    ("\u{1b}[36mapi-1  | \u{1b}[0m", Form::Compose, ["", "", "api-1", ""]),
    ("api-1  | 2025-10-15T20:21:26.1Z ", Form::Compose, ["2025-10-15T20:21:26.1Z", "", "api-1", ""]),
    ("<34>1 2025-10-15T20:21:26.1Z host app 7 ID47 - ", Form::Syslog, ["2025-10-15T20:21:26.1Z", "", "app", ""]),
    ("<34>1 2025-10-15T20:21:26Z host - - - - ", Form::Syslog, ["2025-10-15T20:21:26Z", "", "", ""]),
    ("<34>Oct 15 20:21:26 host app[7]: ", Form::Syslog, ["", "", "app", ""]),
    ("Oct  5 20:21:26 host app: @cee: ", Form::Syslog, ["", "", "app", ""]),
    ("2025-10-15T20:21:26.1+00:00 host app[7]: ", Form::Syslog, ["2025-10-15T20:21:26.1+00:00", "", "app", ""]),
    ("2025-10-15T20:21:26.1+00:00 app[web.1]: ", Form::Syslog, ["2025-10-15T20:21:26.1+00:00", "", "app", ""]),
    ("pod/api-7/app] ", Form::Pod, ["", "", "app", ""]),
    ("api-7d9f app ", Form::Pod, ["", "", "app", ""]),
    ("2025-10-15 20:21:26,123 INFO ", Form::Time, ["2025-10-15 20:21:26,123", "", "", "INFO"]),
    ("2025-10-15 20:21:26.123 +0200 [warn] ", Form::Time, ["2025-10-15 20:21:26.123 +0200", "", "", "warn"]),
    ("2025/10/15 20:21:26 error: ", Form::Time, ["2025/10/15 20:21:26", "", "", "error"]),
    ("2025-10-15T20:21:26] app.INFO: paid by card ", Form::Time, ["2025-10-15T20:21:26", "", "app", "INFO"]),
    ("2025-10-15T20:21:26Z INFO Reply: ", Form::Time, ["2025-10-15T20:21:26Z", "", "", "INFO"]),
    ("15/Oct/2025:20:21:26 +0000] ", Form::Time, ["15/Oct/2025:20:21:26 +0000", "", "", ""]),
    ("1760559686.315 DEBUG sent ", Form::Time, ["1760559686.315", "", "", "DEBUG"]),
    ("INFO request done ", Form::Text, ["", "", "", "INFO"]),
    ("got 1760559686 of ", Form::Text, ["", "", "", ""]),
    ("Request failed ", Form::Text, ["", "", "", ""]),
];

#[test]
fn a_prefix_says_what_its_form_says() {
    for (text, form, parts) in PREFIXES {
        let prefix = Prefix::read(text.as_bytes()).unwrap();
        let read = [prefix.time, prefix.stream, prefix.name, prefix.level].map(Option::unwrap_or_default);
        assert_eq!((prefix.form, read), (*form, *parts), "{text}");
        assert_eq!(prefix.text, text.trim());
        assert_eq!(of_line(format!("{text}{{\"a\": 1}} ").as_bytes()), Some(prefix), "{text}");
    }
    assert_eq!(Prefix::read(b"\xff x"), None);
}

#[test]
fn only_an_object_that_is_alone_behind_its_prefix_is_a_record() {
    let is_record = |text: &str| of_line(text.as_bytes()).is_some();
    for text in [
        "x {\"a\":1}",
        "x{ \"a\":1} \t\r",
        "x: {\"a\":[1, {\"b\": 2}]} []",
        "x {} {pid} {\"a\":1}",
        "\"GET /\" 200 {\"a\":1}",
        "[x] {\"a\":1}",
        "} {\"a\":1}",
        "1 {\"a\":1}",
        "é {\"a\":1},",
    ] {
        assert!(is_record(text), "{text}");
    }
    for text in [
        "{\"a\":1}",
        " [{\"a\":1}",
        "x {}",
        "x {a:1}",
        "x {\"a\":1} y",
        "x {\"a\":1} {\"b\":1}",
        "x {\"a\":1",
        "x {\"a\":1]",
        "x {\"a\" {\"b\":1}",
        "x, {\"a\":1}",
        "x [{\"a\":1}",
        "2025-10-15T20:21:26Z stdout P {\"a\":1}",
        "lo\", \"x\" : {\"a\":1}",
        "lo\", \"x\":[ {\"a\":1}",
        "x",
        "",
    ] {
        assert!(!is_record(text), "{text}");
    }
    let long = |length: usize| format!("{}{{\"a\":1}}", "x".repeat(length));
    assert!(is_record(&long(MAX_BYTES - 1)) && !is_record(&long(MAX_BYTES)));
}

proptest::proptest! {
    #[test]
    fn a_containers_line_is_read_at_a_glance_as_by_its_words(text in "(2025-10-15|2025-1-15|\\[2025-10-15)[T ]20:21:26(\\.[0-9]{1,9})?(Z|\\+02:00|\\]|:)? (stdout|stderr|stdin)( [FP](:x)?)?( INFO| \\||  )?") {
        let text = text.trim();
        if let Some(prefix) = Prefix::cri(text) {
            proptest::prop_assert_eq!(Some(prefix), Prefix::of_words(text));
        }
    }
}

#[test]
fn a_torn_record_does_not_take_along_the_one_behind_a_prefix() {
    use crate::decode::framing::{Frame, Stretch, frame};
    let first = |text: &[u8], last: bool| frame(Stretch { bytes: text, first: true, last }, 0, 1000);
    for torn in ["{\"b\":", "{\"b\": [[", "{\"b\": {\"c\": [1,", "{\n  \"b\":"] {
        for prefix in ["x ", "2025-10-15T20:21:26.1Z stdout F ", "[pod/api-7/app] ", "1 ", "é: "] {
            for end in ["", "\n", "\r\n{\"c\":1}\n"] {
                let text = format!("{torn}\n{prefix}{{\"a\":1}}{end}");
                let Frame::Junk { start: 0, end, .. } = first(text.as_bytes(), true) else { panic!("{text}") };
                assert_eq!(end, torn.len(), "{text}");
                for cut in 1..text.len() {
                    let found = first(&text.as_bytes()[..cut], false);
                    let is_alike = matches!(found, Frame::Junk { end, .. } if end == torn.len());
                    assert!(found == Frame::Partial || is_alike, "{text} cut at {cut}: {found:?}");
                }
            }
        }
    }
    let part = "{\"b\":\n2025-10-15T20:21:26.1Z stdout P {\"a\"\n2025-10-15T20:21:26.1Z stdout F :1}\n";
    assert!(matches!(first(part.as_bytes(), true), Frame::Junk { end: 5, .. }));
    // Indented, it is part of the torn one.
    let text = "{\n  \"b\": x {\"a\":1}\n}\n";
    assert!(matches!(first(text.as_bytes(), true), Frame::Junk { end: 20, .. }));
}

#[test]
fn a_brace_in_a_text_leads_nowhere() {
    use crate::decode::{Chunk, Decoder, Limits};
    use crate::event::{FileId, Position, Skip, Verdict};
    let schema = crate::schema::Schema::new(crate::schema::preset("lab").unwrap());
    for gap in ["\n", "\n\n\n", "\n\n\n\n\n\n"] {
        for count in 1..40 {
            let text = vec!["x {\"a\":\"}\"}"; count].join(gap) + "\n";
            let at = Position { file: FileId(0), offset: 0 };
            let chunk = Chunk { at, bytes: text.as_bytes(), until: usize::MAX, last: true };
            let mut decoder = Decoder::new(&schema, Limits::default());
            decoder.decode(chunk, 0, Skip::No, |_| Verdict::Counted);
            assert_eq!(decoder.take().0.counted, count as u64, "{text}");
        }
    }
}
