//! The generator against a naive reader: one that parses every record with serde_json.

use super::*;
use crate::event::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

fn plans() -> impl Strategy<Value = Plan> {
    let shape = (any::<u64>(), any::<bool>(), 1u64..4, prop_oneof![0u64..40, 4000u64..9000], 1usize..5);
    let times = (prop_oneof![Just(0), 1u64..2_000_000_000], 0u64..90_000, 0u64..70_000, 0u32..4);
    let share = || prop_oneof![Just(0.0), 0.0..0.25];
    let shares = (0.0..=1.0, share(), share(), share(), share(), any::<bool>(), prop::option::of(1u64..500));
    (shape, times, shares).prop_map(|((seed, lines, files, events, services), times, shares)| Plan {
        seed,
        format: if lines { Format::Ndjson } else { Format::Array },
        files: Some(files),
        events_per_file: events,
        services: ["b \"quoted\" \u{e9}", "a", "d", "c"][..services.min(4)].iter().map(|s| s.to_string()).collect(),
        interval: Duration::from_nanos(times.0),
        jitter: Duration::from_millis(times.1),
        window: Duration::from_millis(times.2),
        bursts: times.3,
        error_rate: shares.0,
        malformed: shares.1,
        duplicates: shares.2,
        chatter: shares.3,
        watch_share: if shares.6.is_some() { shares.4 } else { 0.0 },
        extra_fields: shares.5,
        watchlist_items: shares.6,
        ..Plan::default()
    })
}

/// The records of a text: its lines, or what lies between one `, {"` and the next.
fn records(format: Format, text: &[u8]) -> Vec<&[u8]> {
    match format {
        Format::Ndjson => text.strip_suffix(b"\n").map_or(vec![], |text| text.split(|byte| *byte == b'\n').collect()),
        Format::Array => {
            let inner = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).expect("an array");
            let cuts: Vec<usize> = memchr::memmem::find_iter(inner, b", {\"").collect();
            let starts = [0].into_iter().chain(cuts.iter().map(|cut| cut + 2));
            let ends = cuts.iter().copied().chain([inner.len()]);
            starts.zip(ends).map(|(start, end)| &inner[start..end]).filter(|record| !record.is_empty()).collect()
        }
    }
}

struct Seen {
    service: String,
    millis: i64,
    message: String,
    status: Option<u16>,
}

fn parse(record: &[u8]) -> Option<Seen> {
    let fields: Map<String, Value> = serde_json::from_slice(record).ok()?;
    let message = fields["message"].as_str().unwrap().to_owned();
    let code = message.strip_prefix("HTTP Status Code: ").and_then(|rest| rest.get(..3));
    // From the text, since a float need not hold a decimal exactly.
    let text = std::str::from_utf8(record).unwrap();
    let (seconds, fraction) = text.split_once("\"timestamp\": ").unwrap().1.split_once('.').unwrap();
    let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap();
    let millis: i64 = format!("{:0<3}", &fraction[..digits])[..3].parse().unwrap();
    Some(Seen {
        service: fields["service"].as_str().unwrap().to_owned(),
        millis: seconds.parse::<i64>().unwrap() * 1000 + millis,
        status: code.and_then(|code| code.parse().ok()),
        message,
    })
}

/// Counts by service: the whole, and those of which `part` holds.
fn rates<'a>(seen: impl Iterator<Item = &'a Seen>, part: impl Fn(&Seen) -> bool) -> Vec<(String, u64, u64)> {
    let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for event in seen {
        let count = counts.entry(event.service.clone()).or_default();
        count.0 += 1;
        count.1 += u64::from(part(event));
    }
    counts.into_iter().map(|(service, (total, part))| (service, total, part)).collect()
}

fn watchlist(plan: &Plan) -> HashSet<String> {
    let mut text = Vec::new();
    plan.write_watchlist(&mut text).unwrap();
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_truth_is_what_a_naive_reader_counts(plan in plans()) {
        let (text, truth) = plan.to_bytes().unwrap();
        prop_assert_eq!(truth.bytes, text.len() as u64);
        let records = records(plan.format, &text);
        prop_assert_eq!(records.len() as u64, plan.events().unwrap());
        let seen: Vec<Seen> = records.iter().filter_map(|record| parse(record)).collect();
        let requests = || seen.iter().filter(|event| event.status.is_some());

        prop_assert!(truth.ledger.balances());
        prop_assert_eq!(truth.ledger.read, records.len() as u64);
        prop_assert_eq!(truth.ledger.counted, requests().count() as u64);
        prop_assert_eq!(truth.ledger.filtered, (seen.len() - requests().count()) as u64);
        prop_assert_eq!(truth.ledger.dead_letter, (records.len() - seen.len()) as u64);

        let is = |event: &Seen, classes: &[u16]| event.status.is_some_and(|code| classes.contains(&(code / 100)));
        let expected = rates(requests(), |event| is(event, &[2]));
        let rows = truth.running_avg.rows.iter();
        prop_assert_eq!(rows.map(|r| (r.service.clone().unwrap(), r.total, r.success)).collect::<Vec<_>>(), expected);

        let newest = seen.iter().map(|event| event.millis).max().unwrap_or(0);
        let horizon = newest - plan.window.as_millis() as i64;
        let expected = rates(requests().filter(|event| event.millis >= horizon), |event| is(event, &[4, 5]));
        let rows = truth.sliding_window.rows.iter();
        prop_assert_eq!(rows.map(|r| (r.service.clone().unwrap(), r.total, r.failures)).collect::<Vec<_>>(), expected);

        let mut statuses = BTreeMap::new();
        requests().for_each(|event| *statuses.entry(event.status.unwrap()).or_insert(0) += 1);
        prop_assert_eq!(truth.reservoir.statuses, statuses);

        let watchlist = watchlist(&plan);
        prop_assert_eq!(watchlist.len() as u64, plan.watchlist_items.unwrap_or(0));
        let expected = rates(seen.iter(), |event| watchlist.contains(&event.message));
        let rows = truth.bloom.rows.iter();
        prop_assert_eq!(rows.map(|r| (r.service.clone().unwrap(), r.total, r.matched)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_newest_event_is_a_request(plan in plans()) {
        let (text, _) = plan.to_bytes().unwrap();
        let seen: Vec<Seen> = records(plan.format, &text).into_iter().filter_map(parse).collect();
        let newest = seen.iter().map(|event| event.millis).max();
        prop_assert_eq!(newest, seen.iter().filter(|event| event.status.is_some()).map(|event| event.millis).max());
    }

    #[test]
    fn threads_and_files_do_not_change_the_records(plan in plans()) {
        let (text, truth) = plan.to_bytes().unwrap();
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            prop_assert_eq!(&pool.install(|| plan.to_bytes()).unwrap(), &(text.clone(), truth.clone()));
        }
        let directory = tempfile::tempdir().unwrap();
        let of_files = plan.run(directory.path()).unwrap();
        prop_assert_eq!((&of_files.running_avg, &of_files.ledger), (&truth.running_avg, &truth.ledger));
        let files: Vec<Vec<u8>> = (0..plan.files.unwrap())
            .map(|file| std::fs::read(directory.path().join(format!("logs_{file:06}.{}", plan.format.extension()))).unwrap())
            .collect();
        prop_assert_eq!(files.iter().map(|text| text.len() as u64).sum::<u64>(), of_files.bytes);
        let of_files: Vec<&[u8]> = files.iter().flat_map(|text| records(plan.format, text)).collect();
        prop_assert_eq!(of_files, records(plan.format, &text));
    }

    #[test]
    fn pace_does_not_change_the_bytes(plan in plans()) {
        let (text, truth) = plan.to_bytes().unwrap();
        let pace = Pace { events_per_second: Some(1e9), ..Pace::default() };
        let mut paced = Vec::new();
        let of_paced = plan.run_to(&mut Stream::new(&mut paced), &pace, &|_| ()).unwrap();
        prop_assert_eq!((paced, of_paced), (text, truth));
    }
}

#[test]
fn an_array_of_hostile_records_still_shows_its_end() {
    for seed in 0..200 {
        let plan = Plan { seed, malformed: 1.0, files: Some(2), events_per_file: 3, ..Plan::default() };
        let (text, truth) = plan.to_bytes().unwrap();
        assert!(matches!(text[..], [.., b'}' | b']', b']']), "{}", String::from_utf8_lossy(&text));
        assert_eq!((truth.ledger.dead_letter, truth.seen), (6, None));
    }
}

#[test]
fn records_are_spelled_as_the_lab_spells_them() {
    let plan = Plan { services: vec!["inference".into()], interval: Duration::ZERO, files: Some(1), ..Plan::default() };
    let (text, _) = Plan { events_per_file: 2, ..plan.clone() }.to_bytes().unwrap();
    let text = String::from_utf8(text).unwrap();
    let record =
        "{\"service\": \"inference\", \"timestamp\": 1760559686.31526, \"message\": \"HTTP Status Code: ###\"}";
    assert_eq!(mask_status(&text), format!("[{record}, {record}]"));
    let whole = Plan { start: Timestamp::from_nanos(5_000_000_000), events_per_file: 1, ..plan.clone() };
    assert!(String::from_utf8(whole.to_bytes().unwrap().0).unwrap().contains("\"timestamp\": 5.0,"));
    let none = Plan { events_per_file: 0, ..plan };
    assert_eq!(none.to_bytes().unwrap().0, b"[]");
}

fn mask_status(text: &str) -> String {
    let mut parts = text.split("Code: ");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + "Code: ###" + &part[3..])
}

#[test]
fn shares_come_out_as_asked() {
    let plan = Plan {
        events_per_file: 20_000,
        malformed: 0.1,
        duplicates: 0.05,
        chatter: 0.2,
        error_rate: 0.3,
        watchlist_items: Some(50),
        watch_share: 0.15,
        ..Plan::default()
    };
    let (text, truth) = plan.to_bytes().unwrap();
    let near = |count: u64, share: f64| {
        let of_all = count as f64 / truth.ledger.read as f64;
        assert!((of_all - share).abs() < 0.01, "{of_all} is not {share}");
    };
    near(truth.ledger.dead_letter, 0.1);
    near(truth.ledger.filtered, 0.2 * 0.9 / 0.85);
    near(truth.bloom.overall.matched, 0.15 * 0.9 / 0.85);
    let failures: u64 = truth.reservoir.statuses.range(400..).map(|(_, count)| count).sum();
    near(failures, 0.3 * truth.ledger.counted as f64 / truth.ledger.read as f64);
    let lines = records(Format::Array, &text);
    // Paths are nearly all different, so that whatever stands twice and is not watched is a copy.
    let watched = watchlist(&plan);
    let ordinary: Vec<_> = lines
        .iter()
        .filter(|l| parse(l).is_some_and(|e| e.status.is_some() && !watched.contains(&e.message)))
        .collect();
    let copies = ordinary.len() - ordinary.iter().collect::<HashSet<_>>().len();
    let ordinary_share = ordinary.len() as f64 / (truth.ledger.read - truth.ledger.dead_letter) as f64;
    near(copies as u64, 0.05 * ordinary_share);
}

#[test]
fn a_burst_is_a_stretch_of_failures() {
    let plan = Plan { bursts: 1, error_rate: 0.02, events_per_file: 10_000, format: Format::Ndjson, ..Plan::default() };
    let (text, _) = plan.to_bytes().unwrap();
    let events: Vec<Seen> = records(plan.format, &text).into_iter().filter_map(parse).collect();
    let failing = |events: &[Seen]| {
        rates(events.iter(), |event| event.status.unwrap() >= 400)
            .iter()
            .filter(|(_, total, bad)| bad * 2 > *total)
            .count()
    };
    let stretches: Vec<usize> = events.chunks(500).map(failing).collect();
    let hit = stretches.iter().filter(|services| **services == 1).count();
    assert!((2..=13).contains(&hit) && stretches.iter().all(|services| *services <= 1), "{stretches:?}");
}

#[test]
fn a_size_is_met_within_a_percent() {
    for format in [Format::Array, Format::Ndjson] {
        let mut plan = Plan { format, files: Some(3), malformed: 0.05, extra_fields: true, ..Plan::default() };
        plan.aim_for(5_000_000).unwrap();
        let bytes = plan.to_bytes().unwrap().0.len() as f64;
        assert!((bytes / 5e6 - 1.0).abs() < 0.01, "{bytes}");
    }
}

#[test]
fn a_plan_that_cannot_be_carried_out_is_refused() {
    let plan = Plan::default;
    let bad = [
        Plan { malformed: 1.5, ..plan() },
        Plan { chatter: f64::NAN, ..plan() },
        Plan { malformed: 0.6, duplicates: 0.6, ..plan() },
        Plan { watch_share: 0.1, ..plan() },
        Plan { files: Some(0), ..plan() },
        Plan { services: vec![], ..plan() },
        Plan { services: vec!["a".into(), "a".into()], ..plan() },
        Plan { files: None, bursts: 1, ..plan() },
        Plan { jitter: Duration::from_secs(2_000_000_000), ..plan() },
        Plan { interval: Duration::from_secs(1_000_000_000), ..plan() },
    ];
    for (number, plan) in bad.iter().enumerate() {
        assert!(matches!(plan.check(), Err(Error::Plan(_))), "plan {number}");
    }
    assert!(plan().check().is_ok());
}
