//! Runs that are stopped by a signal, and runs that follow what others write.

#[path = "common/live.rs"]
mod live;

use live::Live;
use std::fs;
use std::io::Write;

fn event(seconds: u32, status: u16) -> String {
    format!("{{\"service\": \"s\", \"timestamp\": {seconds}, \"message\": \"HTTP Status Code: {status}\"}}")
}

#[test]
fn a_signal_ends_one_pass_with_its_own_code() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let directory = tempfile::tempdir().unwrap();
        let mut live = Live::start("running-avg -", directory.path());
        let mut stdin = live.stdin();
        writeln!(stdin, "{}", event(1, 200)).unwrap();
        live.wait_for_total(1);
        live.signal(signal);
        let (ended, last, said) = live.end();
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains("interrupted: the result is incomplete"), "{said}");
        let last = last.expect("a last report");
        assert!(last["final"] == true && last["overall"]["total"] == 1, "{last}");
    }
}

#[test]
fn an_empty_directory_is_waited_on_until_a_signal() {
    for signal in ["INT", "TERM"] {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("logs")).unwrap();
        let live = Live::start("task1 --source logs --follow", directory.path());
        let first = live.wait_for(|_| true);
        assert!(first["overall"]["total"] == 0 && first["final"] == false, "{first}");

        let batch = format!("[{}, {}]", event(1000, 200), event(1001, 500));
        fs::write(directory.path().join("logs/1.json"), batch).unwrap();
        let report = live.wait_for_total(2);
        assert_eq!(report["overall"]["success_rate"], 0.5);
        assert_eq!(report["window"]["end"], "1970-01-01T00:16:41.000000Z");

        fs::create_dir_all(directory.path().join("logs/later")).unwrap();
        fs::write(directory.path().join("logs/later/2.json"), format!("[{}]", event(1005, 200))).unwrap();
        let report = live.wait_for_total(3);
        assert_eq!(report["overall"]["success_rate"], 2.0 / 3.0);
        assert_eq!(report["window"]["end"], "1970-01-01T00:16:45.000000Z");

        live.signal(signal);
        let (ended, last, said) = live.end();
        let last = last.expect("a last report");
        assert!(last["final"] == true && last["overall"]["total"] == 3, "{last}");
        assert_eq!((ended, said.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_window_slides_while_a_log_grows() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = fs::File::create(directory.path().join("app.log")).unwrap();
    let live = Live::start("task2 -f app.log", directory.path());
    for (seconds, failures) in [(90, 1), (100, 2), (155, 2)] {
        writeln!(log, "{}", event(seconds, 500)).unwrap();
        let end = format!("1970-01-01T00:{:02}:{:02}.000000Z", seconds / 60, seconds % 60);
        let report = live.wait_for(|report| report["as_of"] == end.as_str());
        assert_eq!((&report["overall"]["failures"], &report["window"]["end"]), (&failures.into(), &end.into()));
    }
}

#[test]
fn an_array_half_written_is_neither_bad_nor_done() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = fs::File::create(directory.path().join("a.json")).unwrap();
    let live = Live::start("task1 -f .", directory.path());
    let text = format!("[{}, {}]", event(1, 200), event(2, 200));
    let (one, two) = text.split_at(text.len() - 20);
    log.write_all(one.as_bytes()).unwrap();
    let report = live.wait_for_total(1);
    assert_eq!(report["ledger"]["dead_letter"], 0);
    log.write_all(two.as_bytes()).unwrap();
    let report = live.wait_for_total(2);
    assert_eq!(report["ledger"]["dead_letter"], 0);
}

#[test]
fn only_the_tail_where_it_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    fs::write(&path, format!("{}\n", event(1, 500)).repeat(3)).unwrap();
    let live = Live::start("task1 --tail-only app.log", directory.path());
    live.wait_for_total(0);
    let mut log = fs::OpenOptions::new().append(true).open(&path).unwrap();
    writeln!(log, "{}", event(2, 200)).unwrap();
    assert_eq!(live.wait_for_total(1)["overall"]["success_rate"], 1.0);
}
