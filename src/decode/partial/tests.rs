//! Lines cut at random and written between each other, against the lines themselves.

use super::*;
use crate::decode::Limits;
use crate::event::{FileId, Ledger};
use crate::schema::{Path, Schema, preset};
use proptest::prelude::*;
use proptest::sample::Index;

/// What a run sees of a stream: each record's service, where it stands, and what is buried.
#[derive(Debug, PartialEq)]
struct Seen {
    services: Vec<String>,
    offsets: Vec<u64>,
    dead: Vec<(u64, String, String)>,
    ledger: Ledger,
}

fn run(text: &str, cuts: &[usize], limit: usize, is_plain: bool, parse: Option<&str>) -> Seen {
    let mut schema = Schema::new(preset("lab").unwrap());
    schema.parse = parse.map(|name| Path::parse(name).unwrap());
    let limits = Limits { record_bytes: limit, ..Limits::default() };
    let mut decoder = if is_plain { Decoder::plain(&schema, limits) } else { Decoder::new(&schema, limits) };
    let (mut services, mut offsets, mut begin, mut skip) = (Vec::new(), Vec::new(), 0, Skip::No);
    for end in cuts.iter().copied().chain([text.len()]) {
        let at = Position { file: FileId(1), offset: begin as u64 };
        let bytes = &text.as_bytes()[begin..end];
        let chunk = Chunk { at, bytes, until: usize::MAX, last: end == text.len() };
        let progress = decoder.decode(chunk, 0, skip, |event| {
            services.push(event.role(crate::event::Role::Service).text().unwrap_or("-").to_owned());
            offsets.push(event.at.offset);
            Verdict::Counted
        });
        (begin, skip) = (begin + progress.end, progress.skip);
    }
    let (ledger, dead) = decoder.take();
    assert!(ledger.balances() && decoder.parsed() <= ledger.read);
    let letter = |letter: crate::event::DeadLetter| {
        (letter.at.offset, letter.reason, String::from_utf8_lossy(&letter.raw).into_owned())
    };
    Seen { services, offsets, dead: dead.into_iter().map(letter).collect(), ledger }
}

fn cri(text: &str) -> Seen {
    run(text, &[], 1 << 20, false, None)
}

fn docker(text: &str) -> Seen {
    run(text, &[], 1 << 20, false, Some("log"))
}

/// A line of a container: its stream, its text, and where it is cut.
type Written = (bool, String, Vec<Index>);

fn written(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<Written>> {
    prop::collection::vec((any::<bool>(), text, prop::collection::vec(any::<Index>(), 0..3)), 1..8)
}

fn object() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => r#"(INFO )?\{"service": ?"[a-c]x",? ?"x": ?(1|\{"y": \[\{\}, \{"z": "[}{ ]{0,3}"\}\]\})\}"#,
        1 => r#"\{"service":"[a-c]"\}"#,
    ]
    .prop_map(|text| text.replace("\"x\"", ", \"x\"").replace(",, ", ",").replace(", , ", ","))
}

/// The pieces of lines, each stream's in order, between each other as `turns` say: whether the piece is of
/// standard error, its text, and whether its line goes on. In a text only an object can be cut.
fn pieces(lines: &[Written], turns: &[bool], in_text: bool) -> Vec<(bool, String, bool)> {
    let mut streams = [Vec::new(), Vec::new()];
    for (is_error, text, cuts) in lines {
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len())).collect();
        places.sort_unstable();
        places.dedup();
        let (mut begin, least) = (0, if in_text { text.find('"').unwrap() } else { 0 });
        for end in places.into_iter().filter(|end| *end > least) {
            streams[usize::from(*is_error)].push((*is_error, text[begin..end].to_owned(), true));
            begin = end;
        }
        streams[usize::from(*is_error)].push((*is_error, text[begin..].to_owned(), false));
    }
    let (mut streams, mut turns) = (streams.map(Vec::into_iter), turns.iter().cycle());
    let mut all = Vec::new();
    while streams.iter().any(|stream| stream.len() > 0) {
        all.extend(streams[usize::from(*turns.next().unwrap())].next());
    }
    all
}

/// The services of the lines in the order in which they begin.
fn services(lines: &[(bool, String, bool)]) -> Vec<String> {
    let mut begun: Vec<String> = Vec::new();
    let mut open = [None; 2];
    for (is_error, text, goes_on) in lines {
        let place = open[usize::from(*is_error)].take().unwrap_or_else(|| {
            begun.push(String::new());
            begun.len() - 1
        });
        begun[place].push_str(text);
        open[usize::from(*is_error)] = goes_on.then_some(place);
    }
    let service = |line: &String| {
        let object: serde_json::Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
        object["service"].as_str().unwrap().to_owned()
    };
    begun.iter().map(service).collect()
}

fn stream(is_error: bool) -> &'static str {
    if is_error { "stderr" } else { "stdout" }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn lines_are_put_together_however_they_were_cut(lines in written(object()), turns in prop::collection::vec(any::<bool>(), 8), form in 0..4, cuts in prop::collection::vec(any::<Index>(), 0..6), is_plain: bool) {
        let mut turns = turns;
        turns.extend([true, false]);
        let pieces = pieces(&lines, &turns, form > 1);
        let write = |(is_error, text, goes_on): &(bool, String, bool)| {
            let (name, quoted) = (stream(*is_error), serde_json::to_string(text).unwrap());
            let broken = serde_json::to_string(&format!("{text}{}", if *goes_on { "" } else { "\n" })).unwrap();
            let tag = if *goes_on { "P" } else { "F" };
            match form {
                0 => format!("2026-11-27T12:00:00.5Z {name} {tag} {text}\n"),
                1 => format!("2026-11-27T12:00:00.123456789+01:00 {name} {tag}:x {text}\r\n"),
                2 => format!("{{\"log\":{broken},\"stream\":\"{name}\",\"time\":\"2026-11-27T12:00:00.5Z\"}}\n"),
                _ => format!("{{\"stream\":\"{name}\",\"logtag\":\"{tag}\", \"log\":{quoted}}}\n"),
            }
        };
        let text: String = pieces.iter().map(write).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let parse = (form > 1).then_some("log");
        let seen = run(&text, &cuts, 1 << 20, is_plain, parse);
        prop_assert_eq!(&seen.services, &services(&pieces), "{}", text);
        prop_assert_eq!(seen.ledger.dead_letter, 0);
        prop_assert!(seen.offsets.is_sorted_by(|a, b| a < b), "{:?}", seen.offsets);
    }

    #[test]
    fn how_a_stream_is_cut_changes_nothing(lines in prop::collection::vec((any::<bool>(), prop::sample::select(vec!["{\"service\":\"a\"}", "{\"service\":", "\"b\"}", "x", "", "{", "}\n"]), any::<bool>()), 0..12), is_cri: bool, cuts in prop::collection::vec(any::<Index>(), 0..6), limit in prop::sample::select(vec![40usize, 150, 5000])) {
        let write = |(is_error, text, goes_on): &(bool, &str, bool)| match is_cri {
            true => format!("2026-11-27T12:00:00Z {} {} {text}\n", stream(*is_error), if *goes_on { "P" } else { "F" }),
            false => {
                let text = serde_json::to_string(&format!("{text}{}", if *goes_on { "" } else { "\n" })).unwrap();
                format!("{{\"log\":{text},\"stream\":\"{}\"}}\n", stream(*is_error))
            }
        };
        let text: String = lines.iter().map(write).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let parse = (!is_cri).then_some("log");
        let whole = run(&text, &[], limit, true, parse);
        prop_assert_eq!(&run(&text, &cuts, limit, false, parse), &whole, "{} cut at {:?}", text, cuts);
    }
}

proptest! {
    #[test]
    fn a_part_is_told_at_a_glance(time in "2026-11-27T12:00:00(\\.[0-9]{1,9})?(Z|\\+02:00)?", words in "( (stdout|stderr|[FP]|x|:))( (stdout|stderr|[FP]|F:)){0,4} ?") {
        let line = format!("{time}{words}");
        let mut parts = line.splitn(4, ' ');
        let (time, stream, tag) = (parts.next().unwrap(), parts.next(), parts.next().unwrap_or_default());
        let is_cut = time.len() >= 20 && matches!(stream, Some("stdout" | "stderr")) && tag == "P";
        prop_assert_eq!(crate::event::cri::is_cut(line.as_bytes()), is_cut, "{}", line);
    }
}

const HEAD: &str = "2026-11-27T12:00:00Z stdout";

#[test]
fn a_line_without_its_end_is_one_dead_letter() {
    let whole = format!("{HEAD} F {{\"service\":\"b\"}}\n");
    let seen = cri(&format!("{whole}{HEAD} P {{\"service\":\n{HEAD} P \"a\"\n"));
    assert_eq!(seen.services, ["b"]);
    assert_eq!(seen.dead.len(), 1);
    let (offset, reason, raw) = &seen.dead[0];
    assert_eq!((*offset as usize, reason.as_str()), (whole.len(), "cut short by the end of the input"));
    assert_eq!(raw, &format!("{HEAD} P {{\"service\":\n{HEAD} P \"a\""));
    // What is no line of a container ends it, and so does the limit.
    let other = cri(&format!("{HEAD} P {{\"service\":\n{{\"service\":\"c\"}}\n{whole}"));
    assert_eq!((other.services, other.dead.len()), (vec!["c".to_owned(), "b".to_owned()], 1));
    let errors = "2026-11-27T12:00:00Z stderr F {\"service\":\"e\"}\n".repeat(3000);
    let seen = cri(&format!("{HEAD} P {{\"service\":\n{errors}{HEAD} F \"a\"}}\n{whole}"));
    assert_eq!((seen.services.len(), seen.dead.len()), (3001, 2));
}

#[test]
fn a_line_beyond_the_limit_costs_what_it_is_long() {
    let pieces = format!("{HEAD} P {}\n", "x".repeat(100)).repeat(5000);
    let text = format!("{HEAD} P {{\"service\":\"a\n{pieces}{HEAD} F \"}}\n{HEAD} F {{\"service\":\"b\"}}\n");
    let seen = run(&text, &[], 20_000, false, None);
    assert_eq!(seen.services, ["b"]);
    let kept: usize = seen.dead.iter().map(|(_, _, raw)| raw.len() + 1).sum();
    assert_eq!(kept, text.len() - text.lines().last().unwrap().len() - 1, "each byte once");
}

#[test]
fn a_text_without_a_line_break_is_a_line_where_none_has_one() {
    let record = |text: &str| format!("{{\"log\":{},\"stream\":\"stdout\"}}\n", serde_json::to_string(text).unwrap());
    // A collector took the line breaks away: torn objects and plain words cost no other record.
    let text = [r#"{"service":"a"}"#, "starting", r#"{"service":"#, r#"{"service":"b"}"#, "{", r#"x {"service":"c"}"#];
    let seen = docker(&text.map(record).concat());
    assert_eq!(seen.services, ["a", "-", "-", "b", "-", "c"]);
    // What containers write at the same time is told apart by whatever tells containers apart.
    let of = |pod: &str, tag: &str, text: &str| {
        let text = serde_json::to_string(text).unwrap();
        format!(
            "{{\"time\":\"{tag}{pod}\",\"stream\":\"stdout\",\"_p\":\"{tag}\",\"log\":{text},\"kubernetes\":{{\"pod_name\":\"{pod}\"}}}}\n"
        )
    };
    let head = |service: &str| format!("{{\"service\":\"{service}\",");
    let text = [of("c", "P", &head("c")), of("p", "P", &head("p")), of("c", "F", "\"x\":1}"), of("p", "F", "\"x\":2}")];
    assert_eq!(docker(&text.concat()).services, ["c", "p"]);
    let of = |last: &str, text: &str| {
        let text = serde_json::to_string(text).unwrap();
        format!(
            "{{\"log\":{text},\"partial_message\":\"true\",\"partial_id\":\"7\",\"partial_ordinal\":\"{last}1\",\"partial_last\":\"{last}\"}}\n"
        )
    };
    assert_eq!(docker(&[of("false", &head("a")), of("true", "\"x\":1}")].concat()).services, ["a"]);
    // An end is an end.
    let seen = docker(&[record("{\"service\":"), record("\n"), record("{\"service\":\"b\"}\n")].concat());
    assert_eq!(seen.services, ["-", "-", "b"]);
    let seen = docker(&[record("{\"service\":"), "x\n".to_owned(), record("\"b\"}\n")].concat());
    assert_eq!((seen.services.len(), seen.ledger.dead_letter), (2, 1));
}

#[test]
fn a_line_that_is_torn_in_its_head_takes_nothing_along() {
    for torn in [
        "2025-10-15T20",
        "2025-10-15T20:21:26.1Z stdout",
        "2025-10-15T20:21:26.1Z stdout P:x",
        "2025-10-15T20:21:26.1Z stdout P",
    ] {
        let text = format!("{torn}\n{HEAD} P {{\"service\":\n{HEAD} F \"a\"}}\n{HEAD} F {{\"service\":\"b\"}}\n");
        let seen = cri(&text);
        assert_eq!((seen.services.len(), seen.dead.len()), (2, 1), "{text}: {seen:?}");
    }
}

#[test]
fn a_part_whose_line_is_lost_costs_no_line_of_another_stream() {
    let write = |text: &str, of: &str| format!("{}\n", serde_json::json!({"log": text, "stream": of}));
    let whole = |service: &str| write("{\"service\":", "stdout") + &write(&format!("\"{service}\"}}\n"), "stdout");
    for lost in ["xtdout", "stderr"] {
        let text =
            write("{\"service\":\"lo", lost) + &whole("a") + &whole("b") + &write("{\"service\":\"c\"}\n", "stderr");
        let seen = docker(&text);
        assert_eq!(seen.services, ["-", "a", "b", "c"], "{text}");
    }
}

#[test]
fn a_part_is_told_within_the_limit_of_a_record() {
    let text = format!("{HEAD} P {{}}, {{}}\n{HEAD} F {{}}, {{}}\n");
    for cut in 1..text.len() {
        assert_eq!(run(&text, &[cut], 4, false, None), run(&text, &[], 4, false, None), "{cut}");
    }
}
