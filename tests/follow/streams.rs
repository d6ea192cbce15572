//! Standard input and pipes: bytes that come when they come.

use super::{append, directory, ends, event, lines};
use crate::live::Live;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
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
