//! Notices that do not come, too many files, readers that are slow or leave.

use super::{append, directory, ends, lines, status_kib};
use crate::live::Live;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// Starts a run for which the kernel grants only so much of `limit`; `None` where this user may
/// not make such a world.
fn start_limited(limit: &str, value: u32, args: &str, directory: &Path) -> Option<Live> {
    let script = format!("echo {value} > /proc/sys/user/{limit} && exec \"$0\" \"$@\"");
    let is_possible = Command::new("unshare").args(["-Ur", "sh", "-c", &script, "true"]).stderr(Stdio::null()).status();
    if !is_possible.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this needs unshare and user namespaces");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-Ur", "sh", "-c", &script, env!("CARGO_BIN_EXE_streamlab")]).args(args.split(' '));
    Some(Live::spawn(&mut command, directory))
}

#[test]
fn without_notices_the_clock_finds_everything() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    let Some(live) = start_limited("max_inotify_instances", 0, "task1 -f .", directory.path()) else { return };
    append(&at("a.log"), &lines(0, 1));
    live.wait_for_total(1);
    append(&at("a.log"), &lines(1, 1));
    live.wait_for_total(2);
    fs::create_dir(at("new")).unwrap();
    append(&at("new/b.log"), &lines(2, 1));
    live.wait_for_total(3);
    fs::rename(at("a.log"), at("a.log.1")).unwrap();
    append(&at("a.log.1"), &lines(3, 1));
    append(&at("a.log"), &lines(4, 1));
    live.wait_for_total(5);
    let (_, said) = ends(live, 5);
    assert_eq!(said.matches("looking every 100 ms instead").count(), 1, "{said}");
}

#[test]
fn where_watches_run_out_the_clock_finds_the_rest() {
    for made_before in [true, false] {
        let directory = directory();
        let at = |name: &str| directory.path().join(name);
        let make = || (0..6).for_each(|number| fs::create_dir(at(&number.to_string())).unwrap());
        if made_before {
            make();
        }
        let Some(live) = start_limited("max_inotify_watches", 3, "task1 -f .", directory.path()) else { return };
        live.wait_for_total(0);
        if !made_before {
            make();
        }
        for number in 0..6 {
            append(&at(&format!("{number}/a.log")), &lines(number, 1));
        }
        live.wait_for_total(6);
        for number in 0..6 {
            append(&at(&format!("{number}/a.log")), &lines(number, 1));
            live.wait_for_total(7 + number as u64);
        }
        let (_, said) = ends(live, 12);
        assert_eq!(said.matches("looking every 100 ms instead").count(), 1, "{said}");
    }
}

#[test]
fn a_queue_of_notices_that_overflows_loses_nothing() {
    let most: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    append(&at("a.log"), &lines(0, 1));
    append(&at("b.log"), &lines(0, 1));
    let live = Live::start("task1 -f .", directory.path());
    live.wait_for_total(2);
    live.signal("STOP");
    // Equal notices in a row are one; so two files take turns.
    let mut logs = ["a.log", "b.log"].map(|name| fs::File::options().append(true).open(at(name)).unwrap());
    for number in 0..most {
        std::io::Write::write_all(&mut logs[number % 2], lines(number, 1).as_bytes()).unwrap();
    }
    // No notice tells of this one.
    append(&at("c.log"), &lines(0, 3));
    live.signal("CONT");
    live.wait_for_total(most as u64 + 5);
    ends(live, most as u64 + 5);
}

#[test]
fn thousands_of_files_share_few_handles_and_are_still_read_when_they_move() {
    const FILES: usize = 2000;
    let directory = directory();
    let live = Live::start("task1 -f .", directory.path());
    live.wait_for_total(0);
    let path = |number: usize| directory.path().join(format!("{number}.log"));
    for number in 0..FILES {
        append(&path(number), &lines(number, 1));
    }
    live.wait_for_total(FILES as u64);
    let handles = || fs::read_dir(format!("/proc/{}/fd", live.child.id())).unwrap().count();
    assert!(handles() < 400, "{} open files", handles());

    // The first and the last: at least one is closed by now.
    live.signal("STOP");
    for number in [0, FILES - 1] {
        append(&path(number), &lines(number, 1));
        fs::rename(path(number), path(number).with_extension("log.1")).unwrap();
        append(&path(number), &lines(number, 1));
    }
    live.signal("CONT");
    live.wait_for_total(FILES as u64 + 4);
    assert!(handles() < 400, "{} open files", handles());
    ends(live, FILES as u64 + 4);
}

#[test]
fn a_reader_that_does_not_read_costs_no_memory_and_a_second_signal_ends_it() {
    let directory = directory();
    let path = directory.path().join("a.log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_streamlab"))
        .args(["task1", "-f", ".", "-o", "json", "--every", "0"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 1];
    stdout.read_exact(&mut first).unwrap();
    // Each line wakes it, until the pipe is full of reports.
    let is_blocked = || fs::read_to_string(format!("/proc/{}/wchan", child.id())).is_ok_and(|at| at.contains("pipe"));
    let mut number = 0;
    while !is_blocked() {
        append(&path, &lines(number, 1));
        number += 1;
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let block = lines(number, 20_000);
    for _ in 0..20 {
        append(&path, &block);
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident_kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(resident_kib < 64 << 10, "{resident_kib} KiB");
    for _ in 0..2 {
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_long_run_over_growing_files_stays_small() {
    let directory = directory();
    let live = Live::start("task1 -f .", directory.path());
    let block = lines(0, 20_000);
    for round in 1..=20 {
        append(&directory.path().join("a.log"), &block);
        live.wait_for_total(round * 20_000);
    }
    let most = status_kib(&live, "VmHWM:");
    assert!(most < 64 << 10, "{most} KiB");
    ends(live, 400_000);
}

#[test]
fn a_reader_that_leaves_ends_the_run_in_silence() {
    for has_news in [false, true] {
        let directory = directory();
        let mut child = Command::new(env!("CARGO_BIN_EXE_streamlab"))
            .args(["task1", "-f", ".", "-o", "json", "--every", "0"])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 1];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        if has_news {
            append(&directory.path().join("a.log"), &lines(0, 1));
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    }
}
