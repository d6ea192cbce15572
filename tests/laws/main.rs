//! The laws that every analysis obeys, over random events: however the input is cut, merged,
//! stored and restored, the answer, the verdicts and the forwarded records are the same.

mod harness;
mod machines;
mod oracle;
mod samples;
mod windows;

use harness::{Record, hold};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Write;
use streamlab::analysis::{Analysis, Bloom, By, Reservoir, RunningAvg, SlidingWindow, Watchlist};
use streamlab::event::{Event, FileId, Position, Role, Span, Value};
use streamlab::report::{Answer, Cell};
use streamlab::schema::{Field, Outcomes};
use streamlab::sketch::Filter;

const SERVICE: Field = Field::Slot(Role::Service as usize);
const MESSAGE: Field = Field::Slot(Role::Message as usize);

prop_compose! {
    /// Times spread over some windows of a second, out of order; now and then far away or absent.
    fn record()(
        time_ms in prop_oneof![12 => 0i64..4000, 1 => -100_000i64..100_000],
        sub_ms in 0i64..1_000_000,
        has_time in prop::bool::weighted(0.95),
        service in prop::option::weighted(0.9, prop::sample::select(vec!["a", "b", "c", "d"])),
        status in prop::option::weighted(0.8, prop::sample::select(vec![200u16, 204, 302, 404, 500])),
        message in prop::sample::select(vec!["started", "stopped", "HTTP Status Code: 503", "on the list"]),
    ) -> Record {
        let time_ns = has_time.then_some(time_ms * 1_000_000 + sub_ms);
        Record { file: 0, offset: 0, time_ns, service, status, message }
    }
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    prop::collection::vec(record(), 0..80).prop_map(|mut records| {
        for (place, record) in records.iter_mut().enumerate() {
            (record.offset, record.file) = (place as u64 * 100, place as u64 % 3);
        }
        records
    })
}

fn bloom(max_keys: usize) -> Bloom {
    let mut filter = Filter::with_bits(64, 2).unwrap();
    filter.insert(b"on the list");
    Bloom::new(Watchlist::fixed(filter), MESSAGE, By::default(), max_keys)
}

fn by_two() -> By {
    By::new(vec![("service".to_owned(), SERVICE), ("status".to_owned(), Field::Status)])
}

/// The rows of a table by key, as (total, hits).
fn rows(answer: &Answer) -> Vec<(Cell, u64, u64)> {
    let count = |cell: &Cell| match cell {
        Cell::Count(count) => *count,
        other => panic!("{other:?} is no count"),
    };
    answer.rows.iter().map(|row| (row[0].clone(), count(&row[1]), count(&row[2]))).collect()
}

/// The same table from what the definition says.
fn expected(records: &[Record], counts: impl Fn(&Record) -> bool, hits: fn(u16) -> bool) -> Vec<(Cell, u64, u64)> {
    let mut table = BTreeMap::<Option<&str>, (u64, u64)>::new();
    for record in records.iter().filter(|record| counts(record)) {
        if let Some(status) = record.show(|event| event.status()) {
            let row = table.entry(record.service).or_default();
            *row = (row.0 + 1, row.1 + u64::from(hits(status)));
        }
    }
    let cell = |service: Option<&str>| service.map_or(Cell::Null, |name| Cell::Text(name.into()));
    table.into_iter().map(|(service, (total, hit))| (cell(service), total, hit)).collect()
}

proptest! {
    #[test]
    fn running_avg(records in records(), cuts: [prop::sample::Index; 2]) {
        let outcome = hold(&RunningAvg::new(By::default(), Outcomes::default(), 100), &records, cuts);
        prop_assert_eq!(rows(&outcome.answer), expected(&records, |_| true, |status| status / 100 == 2));
        let capped = hold(&RunningAvg::new(by_two(), Outcomes::default(), 3), &records, cuts);
        prop_assert!(capped.answer.rows.len() <= 4, "three keys and the others");
    }

    #[test]
    fn sliding_window(records in records(), cuts: [prop::sample::Index; 2], size_ms in 0u64..3000) {
        let outcome = hold(&SlidingWindow::new(size_ms, By::default(), Outcomes::default(), 100), &records, cuts);
        let time_ms = |record: &Record| record.time_ns.map(|ns| ns.div_euclid(1_000_000));
        let newest_ms = records.iter().filter_map(time_ms).max();
        let in_window = |record: &Record| {
            time_ms(record).is_some_and(|ms| ms >= newest_ms.unwrap() - size_ms as i64)
        };
        prop_assert_eq!(rows(&outcome.answer), expected(&records, in_window, |status| status >= 400));
        let newest_ns = records.iter().filter_map(|record| record.time_ns).max();
        let window = outcome.answer.window.map(|(start, end)| (start.nanos(), end.nanos()));
        prop_assert_eq!(window, newest_ns.map(|ns| (ns - size_ms as i64 * 1_000_000, ns)));
        hold(&SlidingWindow::new(size_ms, by_two(), Outcomes::default(), 100), &records, cuts);
    }

    #[test]
    fn sliding_window_with_few_keys(records in records(), cuts: [prop::sample::Index; 2], size_ms in 0u64..3000, max_keys in 1usize..=3) {
        let capped = hold(&SlidingWindow::new(size_ms, By::default(), Outcomes::default(), max_keys), &records, cuts);
        let whole = hold(&SlidingWindow::new(size_ms, By::default(), Outcomes::default(), 100), &records, cuts);
        let mut first = Vec::new();
        for record in records.iter().filter(|record| record.time_ns.is_some() && record.show(|event| event.status()).is_some()) {
            let key = record.service.map_or(Cell::Null, |name| Cell::Text(name.into()));
            if !first.contains(&key) {
                first.push(key);
            }
        }
        first.truncate(max_keys);
        let (kept, others): (Vec<_>, Vec<_>) = rows(&whole.answer).into_iter().partition(|row| first.contains(&row.0));
        let others = others.into_iter().reduce(|sum, row| (sum.0, sum.1 + row.1, sum.2 + row.2));
        let others = others.map(|(_, total, hits)| (Cell::Others, total, hits));
        prop_assert_eq!(rows(&capped.answer), kept.into_iter().chain(others).collect::<Vec<_>>());
        prop_assert_eq!(capped.answer.overall, whole.answer.overall);
    }

    #[test]
    fn reservoir(records in records(), cuts: [prop::sample::Index; 2], size in 1usize..30) {
        let sample = |seed| Reservoir::new(size, seed, "status".to_owned(), Field::Status);
        hold(&sample(1), &records, cuts);
        hold(&sample(2).verifying(3), &records, cuts);
        hold(&Reservoir::new(size, 0, "service".to_owned(), SERVICE).verifying(100), &records, cuts);
    }

    #[test]
    fn bloom_filter(records in records(), cuts: [prop::sample::Index; 2]) {
        let mut patterns = tempfile::NamedTempFile::new().unwrap();
        patterns.write_all(b"on the list\n").unwrap();
        let all = bloom(100).forwarding().verifying(patterns.path().to_owned());
        let outcome = hold(&all, &records, cuts);
        let listed = records.iter().filter(|record| record.message == "on the list").count();
        let lines = outcome.forwarded.iter().filter(|byte| **byte == b'\n').count();
        prop_assert!(lines >= listed, "what is on the list is always found");
        let capped = hold(&bloom(2).forwarding(), &records, cuts);
        prop_assert!(capped.answer.rows.len() <= 3, "two keys and the others");
    }
}

/// Samples 10 of 100 events under 5,000 seeds and tests how often each is taken (Pearson 1900).
/// The statistic has 99 degrees of freedom: mean 99, standard deviation 14.
#[test]
fn every_event_is_sampled_as_often_as_any_other() {
    let (events, size, seeds) = (100, 10, 5000u64);
    let mut taken = vec![0u64; events];
    for seed in 0..seeds {
        let analysis = Reservoir::new(size, seed, "at".to_owned(), Field::Slot(5));
        let mut state = analysis.empty();
        for at in 0..events as u64 {
            let mut fields = [Value::Missing; 6];
            fields[5] = Value::Uint(at);
            let at = Position { file: FileId(at / 50), offset: at * 117 };
            analysis.observe(&mut state, &Event { at, raw: b"", time: None, fields: &fields });
        }
        for row in &analysis.report(&mut state, Span::default(), true).rows {
            let Cell::Int(at) = row[0] else { panic!("an event's number") };
            taken[at as usize] += 1;
        }
    }
    assert_eq!(taken.iter().sum::<u64>(), seeds * size as u64);
    let share = size as f64 / events as f64;
    let expected = seeds as f64 * share;
    // A sample without replacement: the counts vary by 1 - share less than independent ones.
    let statistic: f64 = taken.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum::<f64>()
        / (1.0 - share)
        * (events as f64 - 1.0)
        / events as f64;
    assert!((30.0..180.0).contains(&statistic), "chi-square {statistic} of 99 degrees of freedom");
}
