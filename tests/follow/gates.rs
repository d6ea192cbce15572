//! Assertions of a run that goes on: said when they fail, and once.

use super::{append, directory, event};
use crate::live::Live;
use std::io::{BufRead, BufReader};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

fn failed(number: usize, service: &str) -> String {
    event(number).replace("200", "500").replace("\"s\"", &format!("\"{service}\"")) + "\n"
}

/// What a run says on standard error, line by line.
fn said(live: &mut Live) -> Receiver<String> {
    let (send, lines) = channel();
    let stderr = BufReader::new(live.child.stderr.take().unwrap()).lines();
    std::thread::spawn(move || stderr.map_while(Result::ok).for_each(|line| drop(send.send(line))));
    lines
}

fn wait_for(lines: &Receiver<String>, part: &str) {
    loop {
        let line = lines.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|error| panic!("{part}: {error}"));
        if line.contains(part) {
            return;
        }
    }
}

#[test]
fn a_failed_assertion_is_said_when_it_happens_and_once() {
    let directory = directory();
    let log = directory.path().join("a.log");
    append(&log, &(event(0) + "\n"));
    let mut live = Live::start("task1 -f a.log --assert success_rate>0.5", directory.path());
    let lines = said(&mut live);
    live.wait_for_total(1);
    append(&log, &failed(1, "bad"));
    wait_for(&lines, "assertion failed: success_rate>0.5");
    wait_for(&lines, "service=bad");
    for total in 3..6 {
        append(&log, &failed(total, "bad"));
        live.wait_for_total(total as u64);
    }
    append(&log, &failed(6, "worse"));
    wait_for(&lines, "assertion failed");
    wait_for(&lines, "service=worse");
    live.signal("INT");
    let status = live.child.wait().unwrap();
    // At the end all are said, in one verdict.
    let rest: Vec<String> = lines.iter().collect();
    assert_eq!(rest.iter().filter(|line| line.contains("assertion failed")).count(), 1, "{rest:?}");
    assert_eq!(status.code(), Some(1), "{rest:?}");
}

#[test]
fn a_run_that_fails_fast_ends_at_the_first_row_that_breaks() {
    for (args, last) in [
        ("task1 -f a.log --fail-fast --assert success_rate>0.5", 1),
        ("task1 -f a.log --fail-fast --assert success_rate>0.5 --final", 1),
        ("task1 -f a.log --fail-fast --assert ledger.dead_letter==0", 1),
        ("window -f a.log --fail-fast --size 1s --watermark-delay 0s --assert failure_rate<0.5", 100),
        ("window -f a.log --fail-fast --size 1s --watermark-delay 0s --idle-timeout 1ms --assert failure_rate<0.5", 1),
    ] {
        let directory = directory();
        let log = directory.path().join("a.log");
        append(&log, &(event(0) + "\n"));
        let mut live = Live::start(args, directory.path());
        drop(live.stdin());
        append(&log, &(failed(1, "bad") + "no record\n" + &event(last) + "\n"));
        let (code, report, said) = live.end();
        assert_eq!(code, Some(1), "{args}: {said}");
        assert!(said.contains("assertion failed") && report.unwrap()["final"] == true, "{args}: {said}");
        // What was said of the row that ended the run is not said again.
        assert_eq!(said.matches("assertion failed").count(), 1, "{args}: {said}");
    }
}

#[test]
fn a_run_to_which_no_record_comes_fails_where_that_is_asked_for() {
    let directory = directory();
    append(&directory.path().join("a.log"), &(event(0) + "\n"));
    for args in
        ["task1 -f a.log --no-data-after 100ms", "task1 --no-data-after 100ms", "task1 -f - --no-data-after 100ms"]
    {
        let mut live = Live::start(args, directory.path());
        let stdin = live.stdin();
        let (code, last, said) = live.end();
        drop(stdin);
        assert_eq!((code, &last.unwrap()["final"]), (Some(1), &true.into()), "{args}: {said}");
        assert!(said.contains("no record came for 100ms, as --no-data-after asks"), "{args}: {said}");
    }
}

#[test]
fn a_hangup_ends_a_run_as_a_request_to_end_does() {
    let directory = directory();
    append(&directory.path().join("a.log"), &(event(0) + "\n"));
    let live = Live::start("task1 -f a.log", directory.path());
    live.wait_for_total(1);
    live.signal("HUP");
    let (code, last, said) = live.end();
    assert_eq!((code, &last.unwrap()["final"]), (Some(0), &true.into()), "{said}");
}
