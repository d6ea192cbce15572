use super::*;
use crate::analysis::fixtures::{overall, run};

fn analysis(now_s: i64) -> Lateness {
    let second = 1_000_000_000;
    let now = Timestamp::from_nanos(now_s * second);
    Lateness::new(vec![second, 5 * second], 3600 * second, now)
}

#[test]
fn an_event_is_as_late_as_it_is_behind_the_newest_before_it() {
    let times = [10.0, 9.5, 20.0, 16.0, 20.0, 5.0, 21.0, 30.0];
    let (_, answer, _) = run(&analysis(1000), &times.map(|time| (time, "")));
    let row = &answer.rows[0];
    assert_eq!(row[..3], [Cell::Text("".into()), Cell::Count(8), Cell::Rate(3.0 / 8.0)]);
    assert_eq!((row[5].clone(), row[6].clone()), (Cell::Float(15.0), Cell::Count(0)));
    assert_eq!(row[7..], [Cell::Rate(6.0 / 8.0), Cell::Rate(7.0 / 8.0)]);
    assert!(
        answer.notes[0].contains("--watermark-delay 15s") && answer.notes[0].contains("15 s"),
        "{:?}",
        answer.notes
    );
}

#[test]
fn clocks_from_the_future_are_flagged_and_move_nothing() {
    let (_, answer, _) = run(&analysis(100), &[10.0, 90_000.0, 11.0, 101.0].map(|time| (time, "")));
    assert_eq!(overall(&answer, "future"), Cell::Count(2));
    assert_eq!(overall(&answer, "max_s"), Cell::Float(0.0));
    assert!(answer.notes[1].contains("2 events"), "{:?}", answer.notes);
}

#[test]
fn a_clock_that_is_ahead_is_told_from_events_that_are_late() {
    let second = 1_000_000_000;
    let patient = Lateness::new(vec![second], 86_400 * second, Timestamp::from_nanos(1_000_000 * second));
    // Every fifth event is of a clock that is two hours ahead; the others are up to 3 s out of order.
    let time = |place: i64| (place - place % 4) as f64 + if place % 5 == 4 { 7200.0 } else { 0.0 };
    let times: Vec<(f64, &str)> = (0..180).map(|place| (time(place), "")).collect();
    let (_, answer, _) = run(&patient, &times);
    let note = &answer.notes[0];
    for part in ["36 events", "about 72", "--max-ahead 5m --watermark-delay ", "72"] {
        assert!(note.contains(part), "{note}");
    }
    assert!(!note.contains("--watermark-delay 7"), "{note}");
    // A pause is none, and neither are events that are truly late.
    let pause: Vec<(f64, &str)> =
        (0..100).map(|place| (place as f64 + if place > 50 { 7200.0 } else { 0.0 }, "")).collect();
    let late: Vec<(f64, &str)> =
        (0..100).map(|place| (if place % 10 == 9 { 0.0 } else { 40.0 * place as f64 }, "")).collect();
    for times in [pause, late] {
        let (_, answer, _) = run(&patient, &times);
        assert!(!answer.notes[0].contains("ahead"), "{:?}", answer.notes);
    }
}

#[test]
fn nothing_seen_is_nothing_known() {
    let (_, answer, _) = run(&analysis(0), &[]);
    assert_eq!(overall(&answer, "max_s"), Cell::Null);
    assert!(answer.rows.is_empty() && answer.notes.is_empty());
}
