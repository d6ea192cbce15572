//! Windows of every kind, held to the laws and to the oracle.

use crate::harness::{Outcome, Record, hold_parts, once, promises};
use crate::oracle::{self, Entry, Question, Row, Shape};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;
use streamlab::analysis::{Aggregate, Aggregates, By, Dedup, Measure, Window, WindowPlan, WindowShape};
use streamlab::event::Role;
use streamlab::report::{Answer, Cell};
use streamlab::schema::{Field, Outcomes};

const MS: i64 = 1_000_000;
const MESSAGE: Field = Field::Slot(Role::Message as usize);

/// A delay that nothing is behind: as files at rest are read.
const AT_REST: i64 = 1_000_000_000_000;

pub fn plan(question: &Question, keeps_late: bool) -> WindowPlan {
    WindowPlan {
        shape: match question.shape {
            Shape::Sliding { size, slide, offset } => WindowShape::sliding(size * MS, slide * MS, offset * MS),
            Shape::Session { gap } => WindowShape::Session { gap_ns: gap * MS },
        },
        by: By::default(),
        aggregates: Aggregates::failures(streamlab::analysis::Outcome::Status(Outcomes::default().failure)),
        delay_ns: if question.delay == AT_REST { WindowPlan::NO_WATERMARK } else { question.delay * MS },
        lateness_ns: question.lateness * MS,
        ahead_ns: if question.ahead > 1_000_000 { i64::MAX } else { question.ahead * MS },
        max_keys: 100,
        dedup: question.horizon.map(|horizon| Dedup { field: MESSAGE.into(), horizon_ns: horizon * MS }),
        keeps_late,
        shows_open: false,
    }
}

pub fn question() -> impl Strategy<Value = Question> {
    let length = prop_oneof![Just(10i64), Just(64), Just(100), 1i64..200];
    let sliding = (length.clone(), 1i64..8, 0i64..50).prop_map(|(unit, times, offset)| Shape::Sliding {
        size: unit * times,
        slide: unit,
        offset,
    });
    let tumbling = (length.clone(), 0i64..50).prop_map(|(size, offset)| Shape::Sliding { size, slide: size, offset });
    let odd = (1i64..40, 1i64..40).prop_map(|(a, b)| Shape::Sliding { size: a.max(b), slide: a.min(b), offset: 0 });
    let session = length.clone().prop_map(|gap| Shape::Session { gap });
    let shape = prop_oneof![sliding, tumbling, odd, session];
    let waits = || prop_oneof![Just(0i64), 0i64..20, 0i64..400];
    let ahead = prop_oneof![3 => Just(i64::MAX / 4), 1 => 50i64..500];
    let horizon = prop::option::weighted(0.3, 0i64..200);
    let delay = prop_oneof![5 => waits(), 1 => Just(AT_REST)];
    let all = (shape, delay, waits(), ahead, horizon);
    all.prop_map(|(shape, delay, lateness, ahead, horizon)| Question { shape, delay, lateness, ahead, horizon })
}

/// Records whose times rise with some disorder, over one to three files that are read in turns.
pub fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let entry = (
        0i64..30,
        prop_oneof![4 => 0i64..20, 2 => 0i64..300, 1 => -600i64..0],
        prop::option::weighted(0.9, prop::sample::select(vec!["a", "b", "cc"])),
        any::<bool>(),
        prop::bool::weighted(0.1),
        prop::sample::select(vec!["x", "y", "z"]),
    );
    (1u64..=3, prop::collection::vec(entry, 0..120)).prop_map(|(files, steps)| {
        let (mut now, mut file) = (0, 0);
        let entries = steps.into_iter().map(|(step, behind, key, failed, turns, id)| {
            now += step;
            file = if turns { (file + 1) % files } else { file };
            Entry { file, time: now - behind, key, failed, id }
        });
        entries.collect()
    })
}

pub fn records(entries: &[Entry]) -> Vec<Record> {
    let record = |(place, entry): (usize, &Entry)| Record {
        file: entry.file,
        offset: place as u64 * 100,
        time_ns: Some(entry.time * MS),
        service: entry.key,
        status: Some(if entry.failed { 500 } else { 200 }),
        message: entry.id,
    };
    entries.iter().enumerate().map(record).collect()
}

fn by_file(records: &[Record]) -> Vec<&[Record]> {
    records.chunk_by(|one, next| one.file == next.file).collect()
}

fn hold(plan: WindowPlan, records: &[Record], cuts: [Index; 2]) -> Outcome {
    let mut cuts = cuts.map(|cut| cut.index(records.len() + 1));
    cuts.sort();
    let parts = [&records[..cuts[0]], &records[cuts[0]..cuts[1]], &records[cuts[1]..]];
    hold_parts(&Window::new(plan), &by_file(records), &parts.map(by_file))
}

fn rows(answer: &Answer) -> Vec<Row> {
    let time = |cell: &Cell| if let Cell::Time(time) = cell { time.millis() } else { panic!("{cell:?} is no time") };
    let count = |cell: &Cell| if let Cell::Count(count) = cell { *count } else { panic!("{cell:?} is no count") };
    let key = |cell: &Cell| match cell {
        Cell::Text(text) => Some(["a", "b", "cc"].into_iter().find(|name| name == text).unwrap()),
        _ => None,
    };
    let row =
        |row: &[Cell]| (time(&row[0]), time(&row[1]), key(&row[2]), count(&row[3]), count(&row[4]), count(&row[7]));
    answer.rows.iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn windows_are_what_their_definition_says(question in question(), entries in entries(), cuts: [Index; 2], keeps_late: bool) {
        let outcome = hold(plan(&question, keeps_late), &records(&entries), cuts);
        let promises = promises(records(&entries).iter()).into_iter().map(|(file, oldest_ns)| (file, oldest_ns / MS));
        let expected = oracle::answer(&question, &entries, &promises.collect());
        let steps: Vec<_> =
            outcome.closings.iter().map(|(answer, _, ledger)| (rows(answer), ledger.read, ledger.late)).collect();
        prop_assert_eq!(steps, expected.steps);
        let late: Vec<usize> = outcome.late.iter().map(|letter| letter.at.offset as usize / 100).collect();
        // Files are read in turns, and letters are in order within a part.
        prop_assert_eq!(outcome.ledger.late, expected.late.len() as u64);
        prop_assert_eq!(outcome.ledger.duplicate, expected.duplicates);
        if keeps_late {
            prop_assert_eq!(late, expected.late);
        }
        let mut last = expected.last;
        // Where some are shown again, all stand in order.
        last.sort_by_key(|row| (row.1, row.0, row.2));
        prop_assert_eq!(rows(&outcome.answer), last);
    }

    #[test]
    fn what_an_aggregate_ignored_is_told_of_each_record_that_counts(question in question(), entries in entries(), cuts: [Index; 2]) {
        let (text, number) = (Measure::Field(MESSAGE), Measure::Field(Field::Status));
        let named = [
            ("most", Aggregate::Max(text.clone())),
            ("sum", Aggregate::Sum(number.clone())),
            ("p50", Aggregate::Quantile(text.clone(), 0.5)),
            ("spread", Aggregate::Stddev(text)),
            ("p99", Aggregate::Quantile(number, 0.99)),
        ];
        let aggregates = Aggregates::new(named.map(|(name, aggregate)| (name.to_owned(), aggregate)).into());
        let outcome = hold(WindowPlan { aggregates, ..plan(&question, false) }, &records(&entries), cuts);
        let counted = outcome.ledger.counted;
        let expected = ["most", "p50", "spread"].map(|name| (name.to_owned(), counted));
        let expected: Vec<_> = expected.into_iter().filter(|_| counted > 0).collect();
        prop_assert_eq!(outcome.answer.ignored, expected);
    }

    #[test]
    fn what_else_is_read_changes_no_count(question in question(), entries in entries(), cuts: [Index; 2]) {
        // Sessions of a key that is in several files are made of all of them.
        let Shape::Sliding { .. } = question.shape else { return Ok(()) };
        let question = Question { horizon: None, ..question };
        let together = totals(&hold(plan(&question, false), &records(&entries), cuts));
        let mut apart = BTreeMap::<_, BTreeMap<String, u64>>::new();
        for file in 0..3 {
            let own: Vec<Entry> = entries.iter().filter(|entry| entry.file == file).copied().collect();
            for (window, rows) in totals(&hold(plan(&question, false), &records(&own), cuts)) {
                let sums = apart.entry(window).or_default();
                rows.into_iter().for_each(|(key, total)| *sums.entry(key).or_default() += total);
            }
        }
        let together: BTreeMap<_, BTreeMap<_, _>> =
            together.into_iter().map(|(window, rows)| (window, rows.into_iter().collect())).collect();
        prop_assert_eq!(together, apart);
    }

    #[test]
    fn what_has_no_row_is_among_the_others(question in question(), entries in entries(), cuts: [Index; 2], max_keys in 1usize..3) {
        // A session that is shown again stands for others, which is counted elsewhere.
        let lateness = if let Shape::Session { .. } = question.shape { 0 } else { question.lateness };
        let question = Question { lateness, ..question };
        let records = records(&entries);
        let all = hold(plan(&question, false), &records, cuts);
        let capped = hold(WindowPlan { max_keys, ..plan(&question, false) }, &records, cuts);
        prop_assert_eq!(&capped.ledger.read, &all.ledger.read);
        if let Shape::Session { .. } = question.shape {
            let sum = |outcome: &Outcome| totals(outcome).values().flatten().map(|(_, total)| total).sum::<u64>();
            prop_assert_eq!(sum(&capped), capped.ledger.counted);
            prop_assert_eq!(sum(&all), all.ledger.counted);
            return Ok(());
        }
        let (whole, capped) = (totals(&all), totals(&capped));
        prop_assert_eq!(whole.len(), capped.len());
        for (window, rows) in &capped {
            let sum = |rows: &[(String, u64)]| rows.iter().map(|(_, total)| total).sum::<u64>();
            prop_assert_eq!(sum(rows), sum(&whole[window]), "none is lost");
            // A key that has lost its place is shown with nothing.
            let own: Vec<_> = rows.iter().filter(|(key, total)| key != "(other)" && *total > 0).collect();
            prop_assert!(own.len() <= max_keys);
            prop_assert!(own.iter().all(|row| whole[window].contains(row)), "each row is complete");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn events_in_any_order_that_is_waited_for_give_the_answer_of_the_sorted_ones(
        question in question(), mut entries in entries(), jitter in prop::collection::vec(0.0f64..1.0, 120),
    ) {
        let question = Question { ahead: i64::MAX / 4, horizon: None, ..question };
        entries.iter_mut().for_each(|entry| entry.file = 0);
        entries.sort_by_key(|entry| entry.time);
        let sorted = standing(&once(&Window::new(plan(&question, false)), &records(&entries)), &question);
        // No event comes after one that is further ahead of it than is waited for.
        let most = (question.delay + question.lateness) as f64;
        let mut order: Vec<(i64, Entry)> =
            entries.iter().zip(&jitter).map(|(entry, part)| (entry.time + (part * most) as i64, *entry)).collect();
        order.sort_by_key(|(instant, _)| *instant);
        let permuted: Vec<Entry> = order.into_iter().map(|(_, entry)| entry).collect();
        let outcome = once(&Window::new(plan(&question, false)), &records(&permuted));
        prop_assert_eq!(outcome.ledger.late, 0);
        prop_assert_eq!(standing(&outcome, &question), sorted);
    }
}

/// The rows that stand in the end: what is said again takes the place of what it overlaps.
fn standing(outcome: &Outcome, question: &Question) -> Vec<Row> {
    let are_sessions = matches!(question.shape, Shape::Session { .. });
    let mut standing: Vec<Row> = Vec::new();
    for row in outcome.closings.iter().map(|(answer, ..)| answer).chain([&outcome.answer]).flat_map(rows) {
        let is_same = |other: &Row| row.5 > 0 && other.2 == row.2 && (other.0, other.1) == (row.0, row.1);
        let is_joined = |other: &Row| row.5 > 0 && other.2 == row.2 && other.0 < row.1 && row.0 < other.1;
        standing.retain(|other| !(is_same(other) || are_sessions && is_joined(other)));
        standing.push((row.0, row.1, row.2, row.3, row.4, 0));
    }
    standing.sort();
    standing
}

/// The totals of the rows of each window.
fn totals(outcome: &Outcome) -> BTreeMap<(i64, i64), Vec<(String, u64)>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for answer in outcome.closings.iter().map(|(answer, ..)| answer).chain([&outcome.answer]) {
        for row in &answer.rows {
            let [Cell::Time(start), Cell::Time(end), key, Cell::Count(total), ..] = row else { panic!("{row:?}") };
            let key = match key {
                Cell::Text(key) => key.to_string(),
                Cell::Others => "(other)".to_owned(),
                _ => "null".to_owned(),
            };
            let rows = all.entry((start.nanos(), end.nanos())).or_default();
            // What is said again stands for what was said before.
            rows.retain(|(known, _)| *known != key);
            rows.push((key, *total));
        }
    }
    all
}
