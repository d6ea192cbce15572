//! Standard input and pipes: bytes that come when they come.

use super::{append, directory, ends, event, lines};
use crate::live::Live;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::File;
use std::io::Write;
use std::path::Path;

fn make_pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
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
    std::thread::sleep(std::time::Duration::from_millis(500));
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
        let mut writer = File::options().write(true).open(at("pipe")).unwrap();
        writer.write_all(lines(round, 1).as_bytes()).unwrap();
        live.wait_for_total(2 + 2 * round as u64);
        append(&at("logs/a.log"), &lines(round, 1));
        live.wait_for_total(3 + 2 * round as u64);
        drop(writer);
        // Long enough for a reader to take this for the end.
        std::thread::sleep(std::time::Duration::from_millis(50));
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
