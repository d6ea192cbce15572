//! The live tail against a model: whatever happens to the files, each record is counted as often
//! as it was written, and nothing else is.
//!
//! `TAIL_CASES` sets the number of random histories.

mod history;
mod probe;
mod world;

use history::{History, Op, op};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use std::time::Duration;
use world::Form;

/// Histories under way at once: they mostly wait.
const THREADS: u32 = 12;
const DEFAULT_CASES: u32 = 960;

fn holds(ops: &[Op]) -> Result<(), TestCaseError> {
    let directory = tempfile::tempdir().unwrap();
    let mut history = History::begin(directory.path());
    for op in ops {
        history.apply(op)?;
    }
    history.settle()?;
    let History { world, tail } = history;
    let notes = tail.notes();
    let (ledger, counts) = tail.end();
    let faults = world.faults(&counts);
    let story = format!("the tail said, after:\n{:#?}", (notes, &world.journal));
    prop_assert!(faults.is_empty(), "{}\n{story}", faults.join("\n"));
    prop_assert_eq!(ledger.counted, counts.values().map(|count| u64::from(*count)).sum::<u64>());
    prop_assert_eq!(ledger.read, ledger.counted + ledger.dead_letter);
    prop_assert!(ledger.dead_letter <= world.max_dead, "{} dead letters\n{story}", ledger.dead_letter);
    Ok(())
}

#[test]
fn every_record_is_counted_as_often_as_it_was_written() {
    let cases = std::env::var("TAIL_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_CASES);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let config = Config {
                    cases: cases / THREADS,
                    failure_persistence: None,
                    max_shrink_iters: 200,
                    max_shrink_time: 60_000,
                    ..Config::default()
                };
                let histories = prop::collection::vec(op(), 1..24);
                match TestRunner::new(config).run(&histories, |ops| holds(&ops)) {
                    Ok(()) => {}
                    Err(TestError::Fail(reason, ops)) => {
                        let ops: Vec<String> = ops.iter().map(|op| format!("{op:?}")).collect();
                        panic!("{reason}\nafter\n{}", ops.join("\n"))
                    }
                    Err(abort) => panic!("{abort}"),
                }
            });
        }
    });
}

#[test]
fn one_write_split_at_every_byte_loses_nothing_and_buries_nothing() {
    for form in [Form::Lines, Form::Array] {
        let directory = tempfile::tempdir().unwrap();
        let mut history = History::begin(directory.path());
        let log = history.world.create(&directory.path().join("a.log"), form);
        history.world.append(log, 1, 0);
        history.world.compose(log, 0);
        let length = history.world.queued(log);
        history.world.write(log, usize::MAX);
        for cut in 1..length {
            history.world.compose(log, 0);
            history.world.write(log, cut);
            // Half of the cuts are seen by the tail for certain, the others as it comes.
            if cut % 2 == 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
            history.world.write(log, usize::MAX);
            history.settle().unwrap();
        }
        let (ledger, _) = history.tail.end();
        assert_eq!((ledger.dead_letter, ledger.counted), (0, length as u64 + 1));
    }
}
