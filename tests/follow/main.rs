//! The failures that a followed run has to survive, through the real binary. What random histories
//! of files do to it is in `tests/tail_model`.

#[path = "../common/live.rs"]
mod live;

mod files;
mod gates;
mod limits;
mod silence;
mod streams;
mod unknown;

use live::Live;
use serde_json::Value as Json;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn event(number: usize) -> String {
    format!("{{\"service\": \"s\", \"timestamp\": {number}, \"message\": \"HTTP Status Code: 200\"}}")
}

/// Lines from `begin` on.
fn lines(begin: usize, count: usize) -> String {
    (begin..begin + count).map(|number| event(number) + "\n").collect()
}

fn append(path: &Path, text: &str) {
    let mut file = File::options().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Asks a run to end; gives its last report and what it said. It must have counted so much, found
/// nothing bad and exit with 0.
fn ends(live: Live, total: u64) -> (Json, String) {
    live.signal("INT");
    let (code, last, said) = live.end();
    let last = last.expect("a last report");
    assert_eq!(last["final"], true, "{last}");
    assert_eq!((&last["overall"]["total"], &last["ledger"]["dead_letter"]), (&total.into(), &0.into()), "{said}");
    assert_eq!(code, Some(0), "{said}");
    (last, said)
}

/// A figure of the kernel's about a process, in KiB: `VmRSS`, `VmHWM`.
fn status_kib(live: &Live, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", live.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel knows it");
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}
