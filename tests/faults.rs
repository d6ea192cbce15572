//! Kills a run at each system call by which it writes, one after the other, and lets each of them fail,
//! and holds what is written in the end to what a run writes that nothing happened to.
//!
//! `strace` does the harm, so that the program is the one that users have. Where it is not installed, or
//! may not trace, this is left out, and said.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Calls that put something into the file system; a question mark allows for machines that lack one.
const CALLS: [&str; 6] = ["write", "pwrite64", "fdatasync", "fsync", "?rename,?renameat,?renameat2", "ftruncate"];
/// More calls of one kind than a run makes in one thread.
const MOST: usize = 200;

fn has_strace() -> bool {
    let probe = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).status();
    let works = probe.is_ok_and(|status| status.success());
    if !works {
        println!("left out: strace is not installed, or may not trace here");
    }
    works
}

/// Logs that are late and bad in places, in several files.
fn make_logs(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for file in 0..6u64 {
        let record = |number: u64| {
            let place = file * 60 + number;
            let late_by = [0, 0, 0, 2, 5][(place % 5) as usize];
            let (time, status) = (1000 + place / 2 - late_by, if place.is_multiple_of(7) { 500 } else { 200 });
            let service = ["a", "b", "c"][(place % 3) as usize];
            match place % 41 {
                0 => "no record\n".to_owned(),
                _ => format!("{{\"service\": \"{service}\", \"timestamp\": {time}, \"status\": {status}}}\n"),
            }
        };
        fs::write(folder.join(format!("{file}.log")), (0..60).map(record).collect::<String>()).unwrap();
    }
}

/// A run in a folder with the logs in it, under strace where a fault is asked for.
fn run(here: &Path, fault: Option<&str>) -> (Option<i32>, String) {
    let streamlab = env!("CARGO_BIN_EXE_streamlab");
    let mut command = match fault {
        Some(fault) => {
            let mut strace = Command::new("strace");
            strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("inject={fault}"), streamlab]);
            strace
        }
        None => Command::new(streamlab),
    };
    command.args(["window", "logs", "--include", "*.log", "--size", "2s", "--watermark-delay", "1s", "-o", "csv"]);
    command.args(["--allowed-lateness", "2s", "--output-file", "rows", "--dead-letter", "dead", "--quiet"]);
    command.args(["--state-dir", "state", "--checkpoint-every", "0s"]);
    let output = command.current_dir(here).stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn written(here: &Path) -> [String; 2] {
    ["rows", "dead"].map(|name| fs::read_to_string(here.join(name)).unwrap())
}

/// Does harm at the first call, at the second, and so on until there are no more; gives how often.
fn hold(call: &str, harm: &str, check: impl Fn(&(Option<i32>, String))) -> usize {
    let (plain, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_logs(&plain.path().join("logs"));
    make_logs(&here.path().join("logs"));
    assert_eq!(run(plain.path(), None), (Some(0), String::new()));
    let expected = written(plain.path());
    assert!(expected[0].lines().count() > 100 && expected[1].lines().count() > 10);
    for when in 1..MOST {
        let outcome = run(here.path(), Some(&format!("{call}:{harm}:when={when}")));
        let is_hurt = outcome.0 != Some(0);
        if is_hurt {
            check(&outcome);
            assert_eq!(run(here.path(), None), (Some(0), String::new()), "after {call} {harm} {when}");
        }
        assert_eq!(written(here.path()), expected, "after {call} {harm} {when}");
        if !is_hurt {
            return when - 1;
        }
        fs::remove_dir_all(here.path().join("state")).unwrap_or_default();
        ["rows", "dead"].iter().for_each(|name| fs::remove_file(here.path().join(name)).unwrap_or_default());
    }
    panic!("it never ran to its end");
}

#[test]
fn killed_at_each_call_that_writes() {
    if !has_strace() {
        return;
    }
    let kills = CALLS.map(|call| hold(call, "signal=SIGKILL", |(code, _)| assert_eq!(*code, None)));
    println!("killed at {kills:?} calls of {CALLS:?}");
    assert!(kills.iter().all(|count| *count > 0), "{kills:?}");
}

#[test]
fn each_call_that_writes_fails() {
    if !has_strace() {
        return;
    }
    let reason = ["ENOSPC", "ENOSPC", "EIO", "EIO", "EIO", "EIO"];
    let fails = CALLS.iter().zip(reason).map(|(call, reason)| {
        hold(call, &format!("error={reason}"), |(code, said)| {
            assert_eq!(*code, Some(4), "{call}: {said}");
            // Also what it has to say may be the write that fails.
            let is_said = said.starts_with("streamlab: error: ") || *call == "write" && said.is_empty();
            assert!(is_said && !said.contains("panicked"), "{call}: {said}");
        })
    });
    let fails: Vec<usize> = fails.collect();
    println!("{fails:?} of {CALLS:?} failed");
    assert!(fails.iter().all(|count| *count > 0), "{fails:?}");
}
