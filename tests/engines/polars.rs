//! `streamlab polars` against `running-avg` and `window`.

use crate::shell::{Ran, run};
use crate::{LOGS, QUESTIONS, assert_equal, logs, report, report_of, said};
use std::collections::BTreeMap;
use std::path::Path;

/// Whether the binary has Polars; else says that a test is left out.
pub fn is_there() -> bool {
    let is_there = cfg!(feature = "polars");
    if !is_there {
        println!("left out: built without --features polars");
    }
    is_there
}

#[test]
fn a_build_without_it_says_how_to_get_it() {
    if cfg!(feature = "polars") {
        return;
    }
    let ran = run("streamlab polars data/", Path::new("."), &BTreeMap::new());
    assert!(ran.code == 2 && ran.stderr.contains("cargo install --path . --features polars"), "{}", ran.stderr);
}

#[test]
fn all_logs_have_the_native_answer_whoever_reads_them() {
    if !is_there() {
        return;
    }
    let directory = logs();
    for (name, _) in LOGS {
        for flags in QUESTIONS {
            let native = report(&format!("streamlab running-avg {name} {flags} -q -o json --final"), directory.path());
            let windows = format!("{name} {flags} --size 7s --offset 2s -q -o json --final");
            let native_windows =
                report(&format!("streamlab window --watermark-delay 3650d {windows}"), directory.path());
            for reader in ["auto", "decoder"] {
                let line = format!("streamlab polars {name} {flags} -q -o json --reader {reader}");
                let got = report(&line, directory.path());
                assert_equal(&got, &native, &line);
                assert_eq!(got["overall"], native["overall"], "{line}");
                let line = format!("streamlab polars {windows} --reader {reader}");
                assert_equal(&report(&line, directory.path()), &native_windows, &line);
            }
        }
    }
}

/// Of what most have, some lack, and some have in another type.
const LEVELS: &str = r#"{"timestamp":1795860000,"service":"a","level":"INFO","ok":true,"status":200}
{"timestamp":1795860001,"service":"a","level":"ERROR","ok":false,"status":200}
{"timestamp":1795860002,"service":"b","level":30,"ok":"maybe","status":500}
{"timestamp":1795860003,"service":"b","text":"neither","status":500}
{"service":"b","level":"ERROR","ok":true,"status":200}
{"timestamp":1795860009,"service":"c","level":null,"error":{"kind":"timeout"}}
"#;

#[test]
fn an_outcome_that_an_expression_tells_is_the_native_one() {
    if !is_there() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("levels.log"), LEVELS).unwrap();
    let conditions = [
        "--failure-if 'level == \"ERROR\"'",
        "--success-if 'level != \"ERROR\"' --by level",
        "--success-if ok",
        "--failure-if 'error != null'",
        "--failure-if 'error.kind == \"timeout\"' --success-if 'status == 200'",
        "--success-if 'status < 500 && level == \"INFO\"' --max-keys 1",
        "--failure-if 'levl == \"ERROR\"'",
    ];
    // That keys are summed is said of windows alone: they may be shown before there are too many.
    let said_of = |ran: &Ran| {
        let said = ran.stderr.lines().filter(|line| !line.contains("--max-keys"));
        said.map(str::to_owned).collect::<Vec<_>>()
    };
    for flags in conditions {
        for (native, windows) in [("running-avg", ""), ("window", "--size 3s --offset 1s")] {
            let line = format!("levels.log {flags} {windows} -o json --final");
            let expected = said(&format!("streamlab {native} {line}"), directory.path());
            let got = said(&format!("streamlab polars {line} -v"), directory.path());
            let reason = "read by our decoder: the outcome is told by an expression";
            assert!(got.stderr.contains(reason), "{line}: {}", got.stderr);
            assert_equal(&report_of(&got), &report_of(&expected), &line);
            let got = said(&format!("streamlab polars {line}"), directory.path());
            assert_eq!(said_of(&got), said_of(&expected), "{line}");
            let line = format!("streamlab compare levels.log {flags} {windows} --engines native,polars");
            let compared = run(&line, directory.path(), &BTreeMap::new());
            let is_nothing = report_of(&expected)["ledger"]["counted"] == 0;
            let (code, word) = if is_nothing { (2, "nothing that could be equal") } else { (0, "Equal: rows: ") };
            let page = format!("{}{}", compared.stdout, compared.stderr);
            assert!(compared.code == code && page.contains(word), "{line}: {page}");
        }
    }
}

#[test]
fn clean_lines_are_read_by_polars_and_nothing_else_is() {
    if !is_there() {
        return;
    }
    let directory = logs();
    let pipe = "mkfifo pipe && (cat lines/*.ndjson > pipe &) && streamlab polars pipe -q -o json";
    let native = report("streamlab running-avg lines -q -o json --final", directory.path());
    assert_equal(&report(pipe, directory.path()), &native, pipe);
    let reader = |line: &str| {
        let ran = said(line, directory.path());
        ran.stderr.lines().find(|line| line.contains("read by")).expect("it is said").to_owned()
    };
    assert!(reader("streamlab polars lines -v").ends_with("Polars' own reader"));
    assert!(reader("streamlab polars lines --size 10s -v").ends_with("Polars' own reader"));
    assert!(reader("streamlab polars rich --by level,status -v").ends_with("Polars' own reader"));
    for (line, reason) in [
        ("streamlab polars arrays -v", "not each line is an object"),
        ("streamlab polars hostile -v", "not each line is an object"),
        ("streamlab polars lines --where 'status == 200' -v", "records are filtered"),
        ("cat lines/*.ndjson | streamlab polars -v", "standard input and pipes are read once"),
        ("streamlab polars rich --by latency_ms -v", "a field holds fractions"),
        ("streamlab polars lines --by service --max-keys 2 -v", "more keys than --max-keys"),
    ] {
        let said = reader(line);
        assert!(said.contains("our decoder") && said.contains(reason), "{line}: {said}");
    }
}

#[test]
fn what_polars_might_read_otherwise_is_not_left_to_it() {
    if !is_there() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let records = [
        r#"{"service": "a", "service": "b", "status": 200, "timestamp": 1}"#,
        r#"{"service": 5, "status": 200, "timestamp": 1}"#,
        r#"{"service": "5", "status": "200", "timestamp": 1.0000001}"#,
        r#"{"service": null, "status": 200.0, "timestamp": "2025-10-15T20:21:26Z"}"#,
        r#"{"service": "é\u00e9\n", "status": 7, "message": "HTTP Status Code: 2000 HTTP Status Code: 500", "timestamp": 9}"#,
        r#"{"service": {"name": "x"}, "message": "HTTP Status Code: 204", "timestamp": 20}"#,
        r#"{"service": true, "status": 500}"#,
        r#"{"service": "a", "message": "HTTP Status Code: 099", "timestamp": 20}"#,
        r#"{"service": "a", "message": "x HTTP Status Code: 503é", "timestamp": 1760559686.315260}"#,
        r#"{"service": "", "message": null, "status": null, "timestamp": 20}"#,
    ];
    // Each by itself, each beside a plain one, and all.
    let plain = r#"{"service": "a", "status": 200, "timestamp": 1}"#;
    let mut files: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
    files.extend(records.iter().map(|record| format!("{plain}\n{record}\n")));
    files.extend(records.iter().map(|record| format!("{plain}{record}")));
    files.push(records.join("\n"));
    for text in files {
        std::fs::write(directory.path().join("log.json"), &text).unwrap();
        let report = |line: &str| report_of(&run(line, directory.path(), &BTreeMap::new()));
        let native = report("streamlab running-avg log.json -q -o json --final");
        assert_equal(&report("streamlab polars log.json -q -o json"), &native, &text);
        let native = report("streamlab window log.json --size 3s --watermark-delay 3650d -q -o json --final");
        assert_equal(&report("streamlab polars log.json --size 3s -q -o json"), &native, &text);
    }
}

#[test]
fn keys_beyond_the_cap_are_summed_as_natively() {
    if !is_there() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    said("streamlab generate -q -d many -n 3 -e 20000 --num-services 500 --format ndjson", directory.path());
    for cap in [1, 7, 499] {
        let flags = format!("many --max-keys {cap} -q -o json --final");
        let native = report(&format!("streamlab running-avg {flags}"), directory.path());
        assert_equal(&report(&format!("streamlab polars {flags}"), directory.path()), &native, &flags);
        let native = report(&format!("streamlab window --size 1m --watermark-delay 3650d {flags}"), directory.path());
        assert_equal(&report(&format!("streamlab polars --size 1m {flags}"), directory.path()), &native, &flags);
    }
}

#[test]
fn a_checkpoint_is_gone_on_from() {
    if !is_there() {
        return;
    }
    let directory = logs();
    let line = "streamlab polars lines --state-dir state -q -o json";
    std::fs::rename(directory.path().join("lines/logs_000001.ndjson"), directory.path().join("later.json")).unwrap();
    let first = report(line, directory.path());
    std::fs::rename(directory.path().join("later.json"), directory.path().join("lines/logs_000001.ndjson")).unwrap();
    let second = report(line, directory.path());
    assert!(first["ledger"]["read"] != second["ledger"]["read"]);
    assert_equal(&second, &report("streamlab running-avg lines -q -o json --final", directory.path()), line);
    let shown = said("streamlab state show state", directory.path());
    assert!(shown.stdout.contains("inference"), "{}", shown.stdout);
}
