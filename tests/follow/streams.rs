//! Standard input and pipes: bytes that come when they come.

use super::{append, directory, ends, event, lines};
use crate::live::Live;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Opens a pipe that has a reader, or soon will.
fn open_writer(path: &Path) -> File {
    let open = || File::options().write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
    let tries = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(5));
        open()
    });
    tries.take(2000).find_map(Result::ok).expect("somebody reads the pipe")
}

#[test]
fn standard_input_may_trickle() {
    let directory = directory();
    let mut live = Live::start("task1 -", directory.path());
    let mut stdin = live.stdin();
    let text = format!("[{},\n {}]\n{}", event(1), event(2), event(3));
    for (place, byte) in text.bytes().enumerate() {
        stdin.write_all(&[byte]).unwrap();
        if place + 1 == text.find('}').unwrap() + 1 {
            live.wait_for_total(1);
        }
    }
    live.wait_for_total(3);
    drop(stdin);
    let (code, last, said) = live.end();
    let last = last.unwrap();
    assert_eq!(
        (code, &last["ledger"]["read"], &last["ledger"]["dead_letter"]),
        (Some(0), &3.into(), &0.into()),
        "{said}"
    );
}

#[test]
fn standard_input_that_says_nothing_can_be_interrupted() {
    let directory = directory();
    let mut live = Live::start("task1 -", directory.path());
    let mut stdin = live.stdin();
    stdin.write_all(b"{").unwrap();
    // Whether it listens yet cannot be seen; that it ends must be.
    std::thread::sleep(Duration::from_millis(500));
    live.signal("INT");
    let (code, _, said) = live.end();
    assert_eq!(code, Some(130), "{said}");
}

#[test]
fn standard_input_is_followed_to_its_end_or_to_an_interrupt() {
    let directory = directory();
    for ends_by_itself in [true, false] {
        let mut live = Live::start("task1 -f", directory.path());
        let mut stdin = live.stdin();
        stdin.write_all(lines(0, 1).as_bytes()).unwrap();
        live.wait_for_total(1);
        stdin.write_all(lines(1, 2).as_bytes()).unwrap();
        live.wait_for_total(3);
        if ends_by_itself {
            stdin.write_all(event(3).as_bytes()).unwrap();
            drop(stdin);
            let (code, last, said) = live.end();
            assert_eq!((code, &last.unwrap()["overall"]["total"]), (Some(0), &4.into()), "{said}");
        } else {
            ends(live, 3);
        }
    }
}

#[test]
fn much_that_comes_at_once_is_followed_whole() {
    let directory = directory();
    let mut live = Live::start("task1 -f -", directory.path());
    let mut stdin = live.stdin();
    let text = lines(0, 200_000);
    let writer = std::thread::spawn(move || {
        stdin.write_all(text.as_bytes()).unwrap();
        stdin
    });
    live.wait_for_total(200_000);
    drop(writer.join().unwrap());
    assert_eq!(live.end().0, Some(0));
}

/// What a run has written, as soon as a line holds `part`, while its input stays open.
fn says_meanwhile(args: &str, input: &str, part: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_streamlab"))
        .args(args.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    let (send, written) = channel();
    let output = BufReader::new(child.stdout.take().unwrap()).lines();
    std::thread::spawn(move || output.map_while(Result::ok).for_each(|line| drop(send.send(line))));
    let mut seen = Vec::new();
    loop {
        match written.recv_timeout(Duration::from_secs(20)) {
            Ok(line) if line.contains(part) => break,
            Ok(line) => seen.push(line),
            Err(error) => {
                _ = child.kill();
                panic!("{args}: {error}; it wrote {seen:?}");
            }
        }
    }
    drop(stdin);
    assert!(child.wait().unwrap().success(), "{args}");
}

#[test]
fn a_pipe_that_stays_open_is_reported_on_in_every_form() {
    for form in ["table", "csv", "markdown", "json"] {
        for flags in ["--every 0", "--every 1ev", "-f --every 0", "-f"] {
            says_meanwhile(
                &format!("task1 {flags} -o {form}"),
                &lines(0, 1),
                if form == "json" { "\"s\"" } else { "s" },
            );
        }
    }
}

#[test]
fn windows_of_a_pipe_are_shown_as_they_close() {
    let input = event(0) + "\n" + &event(100) + "\n";
    for flags in ["-o csv", "-o json", "-f -o csv", "-f", "--every 0", "--every 0 -o markdown"] {
        says_meanwhile(&format!("window --size 10s {flags}"), &input, "1970-01-01");
    }
}

#[test]
fn a_pipe_is_followed_from_writer_to_writer_beside_files() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    make_pipe(&at("pipe"));
    std::fs::create_dir(at("logs")).unwrap();
    let live = Live::start("task1 -f pipe logs", directory.path());
    live.wait_for_total(0);
    append(&at("logs/a.log"), &lines(0, 1));
    live.wait_for_total(1);
    for round in 0..3 {
        let mut writer = open_writer(&at("pipe"));
        writer.write_all(lines(round, 1).as_bytes()).unwrap();
        live.wait_for_total(2 + 2 * round as u64);
        append(&at("logs/a.log"), &lines(round, 1));
        live.wait_for_total(3 + 2 * round as u64);
        drop(writer);
        // Long enough for a reader to take this for the end.
        std::thread::sleep(Duration::from_millis(50));
    }
    ends(live, 7);
}

#[test]
fn a_pipe_is_read_to_its_end_in_one_pass() {
    let directory = directory();
    make_pipe(&directory.path().join("pipe"));
    let live = Live::start("task1 pipe", directory.path());
    let mut writer = File::options().write(true).open(directory.path().join("pipe")).unwrap();
    writer.write_all(lines(0, 2).as_bytes()).unwrap();
    live.wait_for_total(2);
    writer.write_all(event(2).as_bytes()).unwrap();
    drop(writer);
    let (code, last, said) = live.end();
    assert_eq!((code, &last.unwrap()["overall"]["total"]), (Some(0), &3.into()), "{said}");
}

#[test]
fn a_pipe_without_a_writer_keeps_nobody_from_leaving() {
    let directory = directory();
    make_pipe(&directory.path().join("pipe"));
    let live = Live::start("task1 -f pipe", directory.path());
    live.wait_for_total(0);
    ends(live, 0);
}
