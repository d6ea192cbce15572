//! Files that come, go, hide, and cannot be read.

use super::{append, directory, ends, event, lines};
use crate::live::Live;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_source_may_come_late_and_vanish_and_come_back() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("here")).unwrap();
    let live = Live::start("task1 -f here late/logs", directory.path());
    append(&at("here/a.log"), &lines(0, 2));
    live.wait_for_total(2);

    fs::create_dir_all(at("late/logs")).unwrap();
    append(&at("late/logs/b.log"), &lines(2, 1));
    live.wait_for_total(3);
    append(&at("late/logs/b.log"), &lines(3, 1));
    live.wait_for_total(4);

    fs::rename(at("late"), at("away")).unwrap();
    append(&at("here/a.log"), &lines(4, 1));
    live.wait_for_total(5);
    append(&at("away/logs/b.log"), &lines(5, 1));
    fs::rename(at("away"), at("late")).unwrap();
    append(&at("late/logs/b.log"), &lines(6, 1));
    live.wait_for_total(7);

    let (_, said) = ends(live, 7);
    assert!(said.contains("cannot read late/logs: no such file or directory; check the path"), "{said}");
    assert!(said.contains("late/logs can be read again"), "{said}");
}

#[test]
fn what_cannot_be_read_hides_nothing_else() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir_all(at("logs/directory.json")).unwrap();
    symlink("../logs", at("logs/loop")).unwrap();
    symlink("nowhere.data", at("logs/dangling.log")).unwrap();
    symlink("itself.log", at("logs/itself.log")).unwrap();
    append(&at("logs/directory.json/in.log"), &lines(0, 1));
    let live = Live::start("task1 -f logs", directory.path());
    live.wait_for_total(1);
    append(&at("logs/nowhere.data"), &lines(1, 1));
    live.wait_for_total(2);
    fs::remove_file(at("logs/itself.log")).unwrap();
    append(&at("logs/itself.log"), &lines(2, 1));
    live.wait_for_total(3);
    let (_, said) = ends(live, 3);
    assert!(said.contains("cannot read logs/itself.log"), "{said}");
    assert_eq!(said.matches("cannot read").count(), 1, "{said}");
}

/// A run that permissions bind: the superuser, who may read everything, becomes nobody.
fn start_bound(args: &str, directory: &Path) -> Option<Live> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamlab"));
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
        let may_run = Command::new(env!("CARGO_BIN_EXE_streamlab")).arg("--version").uid(65534).gid(65534).output();
        if !may_run.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: nobody may run the binary here");
            return None;
        }
    }
    Some(Live::spawn(command.args(args.split(' ')), directory))
}

#[test]
fn permissions_may_be_taken_and_given_back() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    let permit = |name: &str, mode| fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    permit("", 0o755);
    fs::create_dir_all(at("logs/deep")).unwrap();
    append(&at("logs/a.log"), &lines(0, 1));
    append(&at("logs/deep/b.log"), &lines(0, 1));
    permit("logs/a.log", 0);
    let Some(live) = start_bound("task1 -f logs", directory.path()) else { return };
    live.wait_for_total(1);
    permit("logs/a.log", 0o644);
    live.wait_for_total(2);
    // What is hidden is not gone: it is neither forgotten nor read twice.
    permit("logs/deep", 0);
    append(&at("logs/c.log"), &lines(0, 1));
    live.wait_for_total(3);
    permit("logs/deep", 0o755);
    append(&at("logs/deep/b.log"), &lines(1, 1));
    live.wait_for_total(4);
    let (_, said) = ends(live, 4);
    assert!(said.contains("cannot read logs/a.log: permission denied; check its permissions"), "{said}");
    assert!(said.contains("logs/a.log can be read again"), "{said}");
}

#[test]
fn a_file_that_failed_is_tried_again_when_it_changes() {
    let directory = directory();
    let path = directory.path().join("a.log.gz");
    fs::write(&path, b"\x1F\x8B\x08\x00 no gzip at all").unwrap();
    let live = Live::start("task1 -f .", directory.path());
    append(&directory.path().join("b.log"), &lines(0, 1));
    live.wait_for_total(1);
    fs::write(&path, gzip(&lines(1, 2))).unwrap();
    live.wait_for_total(3);
    let (_, said) = ends(live, 3);
    assert!(
        said.contains("cannot read ./a.log.gz") && said.contains("./a.log.gz was truncated or rewritten"),
        "{said}"
    );
}

#[test]
fn strange_names_are_names() {
    let directory = directory();
    let long = (0..14).fold(directory.path().to_owned(), |path: PathBuf, _| path.join("d".repeat(250)));
    fs::create_dir_all(&long).unwrap();
    let bad = |byte| directory.path().join(OsStr::from_bytes(&[b'a', byte, b'.', b'l', b'o', b'g']));
    let paths = [bad(0xFE), bad(0xFF), directory.path().join("[a]*?\n\u{1B}.log"), long.join("l.log")];
    let live = Live::start("task1 -f .", directory.path());
    for round in 0..2 {
        for (place, path) in paths.iter().enumerate() {
            append(path, &lines(round * 4 + place, 1));
            live.wait_for_total((round * 4 + place + 1) as u64);
        }
    }
    ends(live, 8);
}

#[test]
fn a_link_to_a_file_elsewhere_is_followed_where_it_leads() {
    let directory = directory();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir_all(at("logs")).unwrap();
    fs::create_dir_all(at("pods/0")).unwrap();
    append(&at("pods/0/first"), &lines(0, 1));
    append(&at("pods/second"), &lines(1, 1));
    symlink("../pods/0/first", at("logs/app.log")).unwrap();
    let live = Live::start("task1 -f logs", directory.path());
    live.wait_for_total(1);
    append(&at("pods/0/first"), &lines(2, 1));
    live.wait_for_total(2);
    symlink("../pods/second", at("logs/next")).unwrap();
    fs::rename(at("logs/next"), at("logs/app.log")).unwrap();
    live.wait_for_total(3);
    // The writer of the first has not noticed yet.
    append(&at("pods/0/first"), &lines(3, 1));
    live.wait_for_total(4);
    append(&at("pods/second"), &lines(4, 1));
    live.wait_for_total(5);
    ends(live, 5);
}

#[test]
fn a_file_that_is_deleted_is_read_to_its_end_and_its_torn_rest_is_named() {
    let directory = directory();
    let path = directory.path().join("a.log");
    append(&path, &lines(0, 1));
    let live = Live::start("task1 -f .", directory.path());
    live.wait_for_total(1);
    live.signal("STOP");
    append(&path, &format!("{}{{\"service\": \"torn", lines(1, 2)));
    fs::remove_file(&path).unwrap();
    live.signal("CONT");
    live.wait_for_total(3);
    // Whoever holds it open may still write; so the rest is judged after some seconds.
    let report = live.wait_for(|report| report["ledger"]["dead_letter"] == 1);
    assert_eq!(report["overall"]["total"], 3);
    live.signal("INT");
    let (code, _, said) = live.end();
    assert_eq!(code, Some(0));
    assert!(said.contains("./a.log is gone; its last 18 bytes held no whole record"), "{said}");
}

#[test]
fn what_is_unfinished_at_the_end_is_said() {
    let directory = directory();
    let live = Live::start("task1 -f .", directory.path());
    append(&directory.path().join("a.log"), &format!("{}{{\"service\"", lines(0, 1)));
    live.wait_for_total(1);
    let (_, said) = ends(live, 1);
    assert!(said.contains("11 bytes at the end of 1 file(s) are not counted"), "{said}");
}

#[test]
fn truncation_is_named_with_what_may_be_lost() {
    let directory = directory();
    let path = directory.path().join("a.log");
    append(&path, &format!("{}{{\"service\"", lines(0, 1)));
    let live = Live::start("task1 -f a.log", directory.path());
    live.wait_for_total(1);
    live.signal("STOP");
    fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    append(&path, &lines(1, 3));
    live.signal("CONT");
    live.wait_for_total(4);
    let (_, said) = ends(live, 4);
    assert!(said.contains("a.log was truncated or rewritten: reading it from its start; 11 bytes"), "{said}");
}

#[test]
fn the_tail_alone_may_begin_inside_a_record() {
    let directory = directory();
    let path = directory.path().join("a.log");
    let torn = "{\"service\": \"s\", \"more\": {\"a\": {}}";
    append(&path, &format!("{}{torn}", lines(0, 3)));
    let live = Live::start("task1 --tail-only a.log", directory.path());
    live.wait_for_total(0);
    append(&path, &format!(", \"x\": 1}}\n{}", lines(3, 1)));
    live.wait_for_total(1);
    append(&path, &event(4));
    live.wait_for_total(2);
    ends(live, 2);
}

#[test]
fn a_compressed_file_is_read_while_it_is_written() {
    let directory = directory();
    let live = Live::start("task1 -f .", directory.path());
    let text = lines(0, 40);
    // The first half is written without an end, then with one that cuts a record in two.
    let file = fs::File::create(directory.path().join("a.json.gz")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    encoder.write_all(&text.as_bytes()[..1000]).unwrap();
    encoder.flush().unwrap();
    let first = text[..1000].matches('\n').count() as u64;
    live.wait_for_total(first);
    let mut file = encoder.finish().unwrap();
    // Long enough for the end to be seen.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    file.write_all(&gzip(&text[1000..])).unwrap();
    live.wait_for_total(40);
    ends(live, 40);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}
