//! Objects on the path that are not as it says, and values around records that are no JSON.

use super::*;

#[test]
fn an_object_on_the_path_that_does_not_lead_on_is_said() {
    const NO_B: &str = "no array `b` in the object that ends here; see --records";
    const NO_D: &str = "no array `d` in the object that ends here; see --records";
    const NO_C: &str = "no object `c` in the object that ends here; see --records";
    const NONE: &str = "no array `c.d` in it; see --records";
    // Dead letters by the place of each.
    for (path, text, records, dead) in [
        ("a[].b[].d", r#"{"a":[{"x":[{"d":[{}]}]}]}"#, 0, vec![(23, NO_B)]),
        (
            "a[].b[].d",
            r#"{"a":[{"b":{}},{"b":[{"D":[{}]},{"d":5},{"d":[{}]}]},{}]}"#,
            1,
            vec![(13, NO_B), (30, NO_D), (38, NO_D), (54, NO_B)],
        ),
        ("a[].b[].d", r#"{"a":[{"b":null},{"b":[]},{"b":[{"d":null},{"d":[]}]}]} {"a":[]} {"a":null}"#, 0, vec![]),
        // What was found in one is not found in the next, nor in the one around it.
        ("a[].b", r#"{"a":[{"b":[{}]},{"c":[{}]},{"b":[],"c":1}]} {"a":[{}]}"#, 1, vec![(26, NO_B), (52, NO_B)]),
        (
            "a[].c.d",
            r#"{"a":[{"c":{"d":[{}]}},{"c":{}},{"c":null},{"d":[]}]}"#,
            1,
            vec![(29, NO_D), (41, NO_C), (50, NO_C)],
        ),
        (
            "c.d",
            r#"{"c":{"e":[{}]}} {"c":{"d":null}} {"c":null} {"c":{"d":[{}]},"x":1}"#,
            1,
            vec![(0, NONE), (34, NONE)],
        ),
        // Once one array was there, it is told object by object.
        ("c.d", r#"{"c":{"d":[]},"c":{}}"#, 0, vec![(19, NO_D)]),
    ] {
        for step in 1..=text.len() {
            let cuts: Vec<usize> = (1..text.len()).filter(|at| at % step == 0).collect();
            let seen = run(Decoder::new(&schema(path), Limits::default()), text.as_bytes(), &cuts, usize::MAX);
            let found: Vec<_> = seen.dead.iter().map(|letter| (letter.at.offset, letter.reason.as_str())).collect();
            assert_eq!((seen.records.len(), found), (records, dead.clone()), "{text} cut at each {step}");
        }
    }
}

#[test]
fn a_value_around_records_that_is_no_json_is_said() {
    for (path, text, dead) in [
        ("Records", &br#"{"service":"a\ud800","Records":[{}],"x":1}"#[..], &[br#""service":"a\ud800""#.as_slice()][..]),
        ("Records", b"{\"service\":\"\xff\",\"Records\":[{}]}", &[b"\"service\":\"\xff\""]),
        (
            "Records",
            br#"{"x":tru,"service":01,"Records":[{}],"service":tru}"#,
            &[br#""service":01"#, br#""service":tru"#],
        ),
        ("a[].b", br#"{"a":[{"service":{"stringValue":x},"b":[{}]}]}"#, &[br#""service":{"stringValue":x}"#]),
        // JSON, though of no use.
        ("Records", br#"{"service":1e999,"Records":[{}],"service":[]}"#, &[]),
    ] {
        for step in 1..=text.len() {
            let cuts: Vec<usize> = (1..text.len()).filter(|at| at % step == 0).collect();
            let seen = run(Decoder::new(&schema(path), Limits::default()), text, &cuts, usize::MAX);
            let letters: Vec<&[u8]> = seen.dead.iter().map(|letter| letter.raw.as_slice()).collect();
            assert_eq!(letters, dead, "cut at each {step}");
            assert!(seen.dead.iter().all(|letter| letter.reason == "not valid JSON"));
            assert_eq!((seen.records.len(), seen.records[0].2.as_str()), (1, "Missing"), "cut at each {step}");
        }
    }
}
