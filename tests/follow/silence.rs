//! What happens where nothing happens: traffic stops, files are not there yet.

use super::{append, directory, ends, event, lines};
use crate::live::Live;
use serde_json::Value as Json;

/// Follows `logs` with windows of 10 s that close as soon as they can.
const WINDOW: &str = "window -f logs --size 10s --watermark-delay 0s --idle-timeout 1ms --agg count";

/// An event a hundredth of a second before an instant, which the clock of the wall soon passes.
fn just_before(second: usize) -> String {
    event(second).replace(&format!(": {second},"), &format!(": {}.99,", second - 1))
}

fn count_of(report: &Json) -> u64 {
    report["rows"].as_array().into_iter().flatten().filter_map(|row| row["count"].as_u64()).sum()
}

/// Whether a report has rows that will not change.
fn has_closed(report: &Json) -> bool {
    report["rows"].as_array().is_some_and(|rows| rows.iter().any(|row| row["open"] == false))
}

#[test]
fn the_last_windows_close_when_traffic_stops_and_what_comes_later_is_late() {
    let directory = directory();
    std::fs::create_dir(directory.path().join("logs")).unwrap();
    let log = directory.path().join("logs/a.log");
    append(&log, &(event(5) + "\n" + &just_before(10) + "\n"));
    let live = Live::start(WINDOW, directory.path());
    let closed = live.wait_for(has_closed);
    assert_eq!(count_of(&closed), 2, "{closed}");
    assert_eq!(closed["rows"][0]["end"], "1970-01-01T00:00:10.000000Z");
    append(&log, &(event(7) + "\n" + &just_before(20) + "\n"));
    let next = live.wait_for(has_closed);
    assert_eq!((&next["rows"][0]["start"], count_of(&next)), (&"1970-01-01T00:00:10.000000Z".into(), 1), "{next}");
    live.signal("INT");
    let (code, last, said) = live.end();
    let last = last.unwrap();
    assert_eq!((code, &last["ledger"]["read"], &last["ledger"]["late"]), (Some(0), &4.into(), &1.into()), "{said}");
    assert!(said.contains("--idle-timeout") && said.contains("wall clock"), "{said}");
}

#[test]
fn windows_stay_open_where_nobody_is_given_up() {
    let directory = directory();
    std::fs::create_dir(directory.path().join("logs")).unwrap();
    append(&directory.path().join("logs/a.log"), &(event(5) + "\n" + &just_before(10) + "\n"));
    let args = WINDOW.replace("--idle-timeout 1ms", "--idle-timeout off --early 10ms");
    let live = Live::start(&args, directory.path());
    live.wait_for(|report| report["ledger"]["read"] == 2);
    std::thread::sleep(std::time::Duration::from_millis(300));
    live.signal("INT");
    let (code, last, said) = live.end();
    let last = last.unwrap();
    assert_eq!((code, &last["rows"][0]["open"], count_of(&last)), (Some(0), &true.into(), 2), "{said}{last}");
}

#[test]
fn a_run_that_goes_on_knows_what_the_clock_has_closed() {
    let directory = directory();
    std::fs::create_dir(directory.path().join("logs")).unwrap();
    let log = directory.path().join("logs/a.log");
    append(&log, &(event(5) + "\n" + &just_before(10) + "\n"));
    let args = format!("{WINDOW} --state-dir state --checkpoint-every 10ms");
    let live = Live::start(&args, directory.path());
    live.wait_for(has_closed);
    live.signal("TERM");
    assert_eq!(live.end().0, Some(0));
    append(&log, &(event(6) + "\n" + &just_before(20) + "\n"));
    let live = Live::start(&args, directory.path());
    let next = live.wait_for(has_closed);
    assert_eq!((&next["ledger"]["late"], count_of(&next)), (&1.into(), 1), "{next}");
    live.signal("INT");
    let (code, last, said) = live.end();
    assert_eq!((code, &last.unwrap()["ledger"]["counted"]), (Some(0), &3.into()), "{said}");
}

#[test]
fn a_file_that_does_not_exist_yet_is_waited_for() {
    let directory = directory();
    let mut live = Live::start("task1 -f later.log not/yet/there.log", directory.path());
    live.wait_for_total(0);
    append(&directory.path().join("later.log"), &lines(0, 2));
    live.wait_for_total(2);
    std::fs::create_dir_all(directory.path().join("not/yet")).unwrap();
    append(&directory.path().join("not/yet/there.log"), &lines(0, 3));
    live.wait_for_total(5);
    drop(live.stdin());
    let (_, said) = ends(live, 5);
    for part in
        ["cannot read later.log: no such file or directory; check the path, or wait", "there.log can be read again"]
    {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_run_goes_on_however_its_source_is_spelled() {
    let directory = directory();
    std::fs::create_dir(directory.path().join("logs")).unwrap();
    append(&directory.path().join("logs/a.log"), &lines(0, 2));
    for (round, source) in ["logs", "logs/", "--source logs", "--source ./logs//", "./logs"].into_iter().enumerate() {
        let live = Live::start(&format!("task1 {source} --state-dir state"), directory.path());
        let (code, last, said) = live.end();
        let total = last.map(|last| last["overall"]["total"].clone());
        assert_eq!((code, total), (Some(0), Some((2 + round).into())), "{source}: {said}");
        append(&directory.path().join("logs/a.log"), &lines(round, 1));
    }
}
