//! Recomputes answers from single records, one after the other, with nothing of ours but the
//! generator, and holds the binary to them whatever the records are wrapped in.

#[path = "../common/json.rs"]
mod json;
#[path = "../common/live.rs"]
#[allow(dead_code)] // Who starts a run needs not all of it.
mod live;
mod naive;
mod nested;
#[path = "../common/shell.rs"]
mod shell;
mod ways;

use naive::{expected, fact, row};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use streamlab::generate::{Format, Plan};

/// The last line that the command writes.
fn last_line(line: &str, directory: &Path) -> String {
    let ran = shell::run(line, directory, []);
    assert_eq!(ran.code, 0, "{line}\n{}", ran.stderr);
    ran.stdout.lines().last().unwrap_or_default().to_owned()
}

/// Writes the records into a directory for each way to wrap them.
fn wrap(records: &[Vec<u8>], format: Format, directory: &Path) {
    let write = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let lines = [records.join(&b"\n"[..]), b"\n".to_vec()].concat();
    write("lines/a.ndjson", &lines);
    write("crlf/a.log", &records.join(&b"\r\n"[..]));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&lines).unwrap();
    write("gz/a.log.gz", &gz.finish().unwrap());
    write("zst/a.jsonl.zst", &zstd::encode_all(&lines[..], 1).unwrap());
    // A cut record may swallow the end of an array, so a sound one stands there.
    let mut parts = records
        .split_inclusive(|record| fact(record).and_then(|fact| fact.micros).is_some_and(|micros| micros % 1000 < 10));
    let array = |records: &[Vec<u8>]| [b"[", &records.join(&b", "[..])[..], b"]"].concat();
    for (place, part) in parts.by_ref().enumerate() {
        write(&format!("parts/{}/{place}.log", place % 3), &part.join(&b"\n"[..]));
        if format == Format::Array {
            write(&format!("arrays/{place}.json"), &array(part));
        }
    }
    if format == Format::Array {
        write("array/a.json", &array(records));
        gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&array(records)).unwrap();
        write("array-gz/a.json.gz", &gz.finish().unwrap());
    }
    let objects: Result<Vec<Json>, _> = records.iter().map(|record| serde_json::from_slice(record)).collect();
    if let Ok(objects) = objects {
        write("pretty/a.json", &serde_json::to_vec_pretty(&objects).unwrap());
        write("joined/a.json", &records.concat());
    }
}

/// The records of a plan, one by one, as its format wraps them.
fn records(plan: &Plan) -> Vec<Vec<u8>> {
    let (text, _) = plan.to_bytes().unwrap();
    if plan.format == Format::Ndjson {
        return text.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    }
    // No record of the generator, hostile ones included, holds a `, {"` of its own.
    let (inside, mut records, mut from) = (&text[1..text.len() - 1], Vec::new(), 0);
    for at in memchr::memmem::find_iter(inside, b", {\"") {
        records.push(inside[from..at].to_vec());
        from = at + 2;
    }
    records.push(inside[from..].to_vec());
    records
}

prop_compose! {
    fn plan()(
        seed: u64,
        format in prop::sample::select(vec![Format::Array, Format::Ndjson]),
        events in 300u64..5000,
        jitter_ms in prop_oneof![Just(0), 1u64..20_000],
        malformed in prop_oneof![Just(0.0), 0.0..0.2],
        duplicates in 0.0..0.1,
        chatter in 0.0..0.2,
        bursts in 0u32..3,
        extra_fields: bool,
    ) -> Plan {
        let jitter = Duration::from_millis(jitter_ms);
        Plan {
            seed, format, files: Some(1), events_per_file: events, jitter, malformed, duplicates, chatter, bursts,
            extra_fields, ..Plan::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_wrapping_gives_the_naive_answer(plan in plan()) {
        let records = records(&plan);
        prop_assert_eq!(records.len() as u64, plan.events_per_file);
        let directory = tempfile::tempdir().unwrap();
        wrap(&records, plan.format, directory.path());
        let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut sources: Vec<String> = names.collect();
        let single = sources.clone().into_iter().filter(|name| !["parts", "arrays"].contains(&name.as_str()));
        sources.extend(single.map(|name| format!("< $(echo {name}/a.*)")));
        for (command, expected) in expected(&records.iter().map(|record| row(record)).collect::<Vec<_>>()) {
            for (place, source) in sources.iter().enumerate() {
                let threads = if place % 2 == 0 { 1 } else { 4 };
                let line = format!("streamlab {command} -q -o json --threads {threads} {source}");
                let got: Json = serde_json::from_str(&last_line(&line, directory.path())).unwrap();
                prop_assert_eq!(json::difference(&got, &expected), None, "{}", line);
            }
        }
    }
}

#[test]
fn the_truth_of_the_generator_is_what_the_analyses_answer() {
    for format in ["array", "ndjson"] {
        let directory = tempfile::tempdir().unwrap();
        let last = |line: &str| -> Json {
            let line = last_line(line, directory.path());
            serde_json::from_str(&line).unwrap_or_default()
        };
        last(&format!(
            "streamlab generate -d logs -n 3 -e 4000 --seed 7 --format {format} --jitter 20s --malformed 3% \
             --duplicates 3% --chatter 5% --bursts 3 --watchlist list.txt --watch-share 0.2 --truth truth.json"
        ));
        let truth: Json = serde_json::from_slice(&fs::read(directory.path().join("truth.json")).unwrap()).unwrap();
        let hold = |command: &str, expected: Json| {
            let got = last(&format!("streamlab {command} logs -q -o json"));
            assert_eq!(json::difference(&got, &expected), None, "{format}: {command}");
        };
        let of = |name: &str| json!({"rows": truth[name]["rows"], "overall": truth[name]["overall"]});
        let mut running = of("running-avg");
        (running["ledger"], running["window"]) = (truth["ledger"].clone(), truth["seen"].clone());
        hold("running-avg", running);
        let mut sliding = of("sliding-window");
        (sliding["ledger"], sliding["window"]) = (truth["ledger"].clone(), truth["window"].clone());
        hold("sliding-window", sliding);
        let statuses = truth["reservoir"]["statuses"].as_object().unwrap();
        let rows: Vec<Json> = statuses.iter().map(|(_, count)| json!({"sampled": count, "exact": count})).collect();
        let (common, seen) = (&truth["reservoir"]["most_common"], &truth["reservoir"]["seen"]);
        let overall = json!({"most_common": common, "seen": seen, "sample_size": seen});
        hold("reservoir --size 1000000 --verify", json!({"rows": rows, "overall": overall, "ledger": truth["ledger"]}));
        hold("bloom --patterns list.txt --fpr 0.000000001", of("bloom"));
    }
}

/// Files of several stretches, so that threads share each of them.
#[test]
fn the_number_of_threads_does_not_show() {
    let directory = tempfile::tempdir().unwrap();
    for format in ["array", "ndjson"] {
        let line = format!(
            "streamlab generate -d {format} -n 2 -e 40000 --format {format} --jitter 30s --malformed 2% --duplicates 2% \
             --chatter 5% --watchlist list.txt --watch-share 0.1"
        );
        last_line(&line, directory.path());
        for command in [
            "running-avg --by service,status",
            "sliding-window",
            "reservoir --size 500 --seed 3 --of message",
            "bloom --patterns list.txt --bits 8192 --hashes 2 --forward hits",
        ] {
            let run = |threads: u8| {
                let line =
                    format!("streamlab {command} {format} -q -o json --final --dead-letter dead --threads {threads}");
                let report = last_line(&line, directory.path());
                (report, ["hits", "dead"].map(|name| fs::read(directory.path().join(name)).unwrap_or_default()))
            };
            let (one, many) = (run(1), run(4));
            assert_eq!(one.0, many.0, "{format}: {command}");
            assert!(one.1 == many.1, "{format}: {command}: dead letters or forwarded records differ");
        }
    }
}
