use super::*;
use crate::event::{Ledger, Span};
use crate::report::{Answer, Pace};
use proptest::prelude::*;

fn report(rows: &[(&str, u64, Cell)]) -> Report {
    let rows = rows.iter().map(|(service, total, rate)| {
        vec![Cell::Text((*service).into()), Cell::Count(*total), rate.clone(), Cell::Interval(0.25, 0.5)]
    });
    let answer = Answer {
        columns: ["service", "total", "failure_rate", "ci95"].map(str::to_owned).to_vec(),
        keys: 1,
        rows: rows.collect(),
        overall: vec![("total", Cell::Count(30)), ("failure_rate", Cell::Rate(0.1)), ("newest", Cell::Null)],
        ..Answer::default()
    };
    let ledger = Ledger { read: 33, counted: 30, filtered: 2, dead_letter: 1, ..Ledger::default() };
    Report { analysis: "test", seq: 1, last: true, seen: Span(None), answer, ledger, pace: Pace::default() }
}

fn sample() -> Report {
    report(&[("cart", 20, Cell::Rate(0.01)), ("pay", 10, Cell::Rate(0.0731))])
}

fn failures(report: &Report, source: &str) -> Vec<String> {
    let assertions = Assertions::new(&[source.to_owned()], None, false).unwrap();
    assertions.check(report, None).iter().map(Failure::to_string).collect()
}

#[test]
fn what_holds_fails_nothing() {
    for source in [
        "failure_rate < 0.08",
        "service != \"pay\" || failure_rate < 1",
        "total - 1 >= 9 && ci95[0] == 0.25",
        "overall.total > 20 && ledger.dead_letter == 1",
        "total <= overall.total && row['failure_rate'] < 1",
        "ledger.read == ledger.counted + 3",
        "overall.newest == null && !has(overall.newest)",
    ] {
        assert_eq!(failures(&sample(), source), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn what_fails_shows_the_rows_that_broke_it() {
    for (source, lines) in [
        ("failure_rate < 0.05", "service=pay failure_rate=0.0731 (total=10 ci95=[0.25, 0.5])"),
        ("overall.total == 31", "overall: total=30 failure_rate=0.1 newest=null"),
        ("ledger.late > 0", "ledger: read=33 counted=30 filtered=2 late=0 duplicate=0 dead_letter=1"),
        (
            "total > overall.total / 2",
            "service=pay total=10 (failure_rate=0.0731 ci95=[0.25, 0.5])\n  overall: total=30 failure_rate=0.1 newest=null",
        ),
        (
            "total != \"20\" || failure_rate < 0",
            "it depends on what is not there: `total` is compared with a text, and is a number in every row that has it; compare it without quotes",
        ),
        (
            "service != 7 && overall.total != \"x\"",
            "it depends on what is not there: `service` is compared with a number, and is a text in every row that has it; compare it with a text, in quotes\n  it depends on what is not there: `overall.total` is compared with a text, and is a number in every row that has it; compare it without quotes",
        ),
        ("failure_rat < 1", "there is no column `failure_rat`; did you mean `failure_rate`?"),
        ("latency < 1", "there is no column `latency`; known are service, total, failure_rate, ci95, overall, ledger"),
    ] {
        assert_eq!(failures(&sample(), source), [format!("assertion failed: {source}\n  {lines}")]);
    }
}

#[test]
fn what_cannot_be_decided_fails_and_says_why() {
    let null = report(&[("pay", 0, Cell::Null)]);
    assert!(failures(&null, "failure_rate < 1")[0].contains("failure_rate=null (total=0"));
    assert!(failures(&null, "failure_rate < 1")[0].ends_with("`<` met null: the field is missing or null"));
    assert!(failures(&sample(), "overall.none == 1")[0].contains("no column `overall.none`"));
    assert!(failures(&sample(), "total")[0].contains("not true or false"));
}

#[test]
fn what_nothing_is_held_to_is_not_met() {
    let nothing = Report { ledger: Ledger::default(), ..report(&[]) };
    for (report, source, reason) in [
        (&report(&[]), "failure_rate < 1", "there is no row"),
        (&nothing, "overall.total >= 0", "no record was counted"),
        (&nothing, "ledger.dead_letter == 0", "no record was read"),
    ] {
        let failed = failures(report, source);
        assert!(failed[0].contains(reason), "{source}: {failed:?}");
        let lenient = Assertions::new(&[source.to_owned()], None, true).unwrap();
        assert_eq!(lenient.check(report, None), [], "{source}");
    }
    assert_eq!(failures(&report(&[]), "ledger.dead_letter == 1"), Vec::<String>::new());
}

#[test]
fn what_no_report_will_have_is_refused_before() {
    let refused = |source: &str| {
        Assertions::new(&[source.to_owned()], None, false)
            .and_then(|all| all.check_names(&sample().answer))
            .unwrap_err()
    };
    for (source, reason) in [
        ("failure_rat < 1", "did you mean `failure_rate`?"),
        ("ledger.bad == 0", "no column `ledger.bad`"),
        ("overall.totl > 0", "did you mean `overall.total`?"),
        ("row.latency > 0", "no column `row.latency`"),
        ("1 == 1", "names no field"),
        ("total + 1", "not true or false"),
        ("'total' > 3", "does not apply to a text and a number"),
    ] {
        assert!(refused(source).contains(reason), "{source}: {}", refused(source));
    }
}

#[test]
fn too_few_events_fail() {
    let check = |least| Assertions::new(&[], Some(least), false).unwrap().check(&sample(), None);
    assert_eq!(check(30), []);
    let failure = check(31).remove(0).to_string();
    assert!(failure.starts_with("assertion failed: at least 31 events\n  ledger: read=33 counted=30"), "{failure}");
}

#[test]
fn many_rows_are_cut() {
    let rows: Vec<_> = (0..25).map(|_| ("pay", 1, Cell::Rate(1.0))).collect();
    let failure = &failures(&report(&rows), "failure_rate < 1")[0];
    assert_eq!(failure.lines().count(), 12);
    assert!(failure.ends_with("... and 15 more rows"));
}

proptest! {
    #[test]
    fn a_row_is_broken_exactly_where_the_rate_is_too_high(rates in prop::collection::vec(0.0..1.0, 1..8), limit in 0.0..1.0) {
        let rows: Vec<_> = rates.iter().map(|rate| ("pay", 1, Cell::Rate(*rate))).collect();
        let broken: usize = failures(&report(&rows), &format!("failure_rate < {limit:?}")).iter().map(|text| text.lines().count() - 1).sum();
        prop_assert_eq!(broken, rates.iter().filter(|rate| **rate >= limit).count());
    }

    #[test]
    fn no_text_reaches_a_terminal_raw(service in "[a\u{1b}\n\u{202e}\u{7} ]{0,6}") {
        let failure = &failures(&report(&[(service.as_str(), 1, Cell::Null)]), "total > 1")[0];
        let raw = failure.contains(['\u{1b}', '\u{202e}', '\u{7}']);
        prop_assert!(!raw, "{:?}", failure);
        prop_assert_eq!(failure.lines().count(), 2);
    }
}
