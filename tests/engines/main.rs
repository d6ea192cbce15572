//! Other engines give the native answers: the same question, the same rows, the same books.
//!
//! Where an engine is not there, its tests say so and pass: `scripts/test` has all of them.

mod cluster;
mod compare;
mod decoder;
mod emit;
mod polars;
#[path = "../common/shell.rs"]
mod shell;
mod spark;
mod statistics;
mod times;

use serde_json::Value as Json;
use shell::{Ran, run};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// Sets of logs: clean lines, the lab's arrays, and lines and arrays with all that goes wrong.
const LOGS: [(&str, &str); 5] = [
    ("lines", "-d lines -n 2 -e 3000 --format ndjson --seed 1"),
    ("arrays", "-d arrays -n 12 -e 100 --seed 2"),
    ("hostile", "-d hostile -n 3 -e 1000 --format ndjson --malformed 3% --chatter 5% --jitter 20s --bursts 2 --seed 3"),
    ("broken", "-d broken -n 12 -e 100 --malformed 3% --chatter 5% --jitter 20s --seed 4"),
    ("rich", "-d rich -n 2 -e 1000 --format ndjson --extra-fields --seed 5"),
];

/// The same questions for `running-avg` and for `window` with the flags that follow.
const QUESTIONS: [&str; 3] = ["", "--success 2xx,304 --failure 5xx", "--by status,service"];

/// A directory with all sets of logs.
fn logs() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (_, flags) in LOGS {
        said(&format!("streamlab generate -q {flags}"), directory.path());
    }
    directory
}

/// What a command line writes; it must go well.
fn said(line: &str, directory: &Path) -> Ran {
    said_with(line, directory, &BTreeMap::new())
}

fn said_with(line: &str, directory: &Path, env: &BTreeMap<String, String>) -> Ran {
    let ran = run(line, directory, env);
    assert_eq!(ran.code, 0, "{line}\n{}", ran.stderr);
    ran
}

/// The last report that a command line writes.
fn report(line: &str, directory: &Path) -> Json {
    report_of(&said(line, directory))
}

fn report_of(ran: &Ran) -> Json {
    serde_json::from_str(ran.stdout.lines().last().expect("a report")).expect("JSON")
}

/// Holds two reports to the same rows, books and times.
fn assert_equal(got: &Json, expected: &Json, what: &str) {
    for part in ["rows", "ledger", "as_of", "window"] {
        assert_eq!(got[part], expected[part], "{what}: {part}");
    }
}
