//! Machines that are asked the same, each of its own logs: their states make the answer of all.

use crate::harness::{Record, root_of};
use crate::oracle::{Question, Shape};
use crate::windows::{self, entries, plan, question};
use crate::{SERVICE, bloom, by_two, records};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use streamlab::analysis::{Analysis, By, Reservoir, RunningAvg, SlidingWindow, Window};
use streamlab::event::Span;
use streamlab::report::{Answer, Cell};
use streamlab::schema::Outcomes;

/// The answer of two machines' states, put together after each was stored.
fn joined<A: Analysis>(analysis: &A, machines: [&[Record]; 2]) -> (Answer, Option<String>) {
    let [mut one, other] = machines.map(|records| {
        let image = serde_json::to_vec(&root_of(analysis, records).0).unwrap();
        serde_json::from_slice::<A::State>(&image).unwrap()
    });
    let note = analysis.join(&mut one, other).unwrap();
    (analysis.report(&mut one, Span::default(), true), note)
}

fn of_all<A: Analysis>(analysis: &A, machines: [&[Record]; 2]) -> Answer {
    analysis.report(&mut root_of(analysis, &machines.concat()).0, Span::default(), true)
}

proptest! {
    #[test]
    fn an_answer_is_that_of_all_logs(records in records(), cut: prop::sample::Index, size_ms in 0u64..3000) {
        let (one, other) = records.split_at(cut.index(records.len() + 1));
        let machines = [one, other];
        macro_rules! hold {
            ($analysis:expr) => {{
                let analysis = $analysis;
                let (answer, note) = joined(&analysis, machines);
                prop_assert_eq!(note, None);
                prop_assert_eq!(answer, of_all(&analysis, machines));
            }};
        }
        hold!(RunningAvg::new(By::default(), Outcomes::default(), 100));
        hold!(RunningAvg::new(by_two(), Outcomes::default(), 100));
        hold!(SlidingWindow::new(size_ms, By::default(), Outcomes::default(), 100));
        // All are in the sample; of smaller ones: samples.rs.
        hold!(Reservoir::new(100, 1, "service".to_owned(), SERVICE).verifying(100).joinable(7));
        hold!(bloom(100));
    }

    #[test]
    fn windows_that_wait_are_those_of_all_logs(question in question(), entries in entries(), cut: prop::sample::Index) {
        let question = Question { delay: 1 << 40, horizon: None, ..question };
        let records = windows::records(&entries);
        let (one, other) = records.split_at(cut.index(records.len() + 1));
        let window = Window::new(plan(&question, false));
        let (answer, note) = joined(&window, [one, other]);
        prop_assert_eq!(note, None);
        prop_assert_eq!(answer.rows, of_all(&window, [one, other]).rows);
    }

    #[test]
    fn sessions_that_no_machine_has_closed_are_whole(gap in 1i64..200, delay in 0i64..200, entries in entries(), on_one: [bool; 8]) {
        // In order, so that none is late; on one machine or the other.
        let mut entries = entries;
        entries.sort_by_key(|entry| entry.time);
        entries.iter_mut().for_each(|entry| entry.file = 0);
        let (mut machines, mut place) = ([Vec::new(), Vec::new()], 0);
        for entry in &entries {
            place = (place + entry.time.unsigned_abs() as usize) % on_one.len();
            machines[usize::from(on_one[place])].push(*entry);
        }
        let asked = |delay| Question { shape: Shape::Session { gap }, delay, lateness: 0, ahead: i64::MAX / 4, horizon: None };
        let machines = machines.map(|entries| windows::records(&entries));
        let (answer, _) = joined(&Window::new(plan(&asked(delay), false)), [&machines[0], &machines[1]]);
        let all = of_all(&Window::new(plan(&asked(1 << 40), false)), [&windows::records(&entries), &[]]);
        let all: Vec<_> = all.rows.iter().map(|row| format!("{:?}", &row[..5])).collect();
        for row in &answer.rows {
            prop_assert!(all.contains(&format!("{:?}", &row[..5])), "{:?} is not of {:?}", row, all);
        }
    }

    #[test]
    fn windows_that_no_machine_has_closed_are_whole(question in question(), entries in entries(), cut: prop::sample::Index) {
        let Shape::Sliding { .. } = question.shape else { return Ok(()) };
        let question = Question { horizon: None, ..question };
        let records = windows::records(&entries);
        let (one, other) = records.split_at(cut.index(records.len() + 1));
        let window = Window::new(plan(&question, false));
        let (answer, note) = joined(&window, [one, other]);
        let (mut open, mut closed) = (BTreeMap::new(), BTreeSet::new());
        for records in [one, other] {
            let (mut state, closings) = root_of(&window, records);
            closed.extend(closings.iter().flat_map(|answer| answer.rows.iter().map(|row| times(row)[1])));
            for row in &window.report(&mut state, Span::default(), true).rows {
                let Cell::Count(total) = row[3] else { panic!("{row:?}") };
                *open.entry((times(row), format!("{:?}", row[2]))).or_insert(0) += total;
            }
        }
        prop_assert_eq!(note.is_some(), !closed.is_empty());
        let mut shown = BTreeMap::new();
        for row in &answer.rows {
            let Cell::Count(total) = row[3] else { panic!("{row:?}") };
            shown.insert((times(row), format!("{:?}", row[2])), total);
        }
        for (row, total) in &shown {
            prop_assert_eq!(open.get(row), Some(total), "it is all that both have");
            prop_assert!(closed.last().is_none_or(|last| row.0[1] > *last), "none has closed");
        }
        if closed.is_empty() {
            prop_assert_eq!(shown, open);
        }
    }
}

/// The start and the end of a row's window.
fn times(row: &[Cell]) -> [i64; 2] {
    [0, 1].map(|place| if let Cell::Time(time) = row[place] { time.nanos() } else { panic!("{row:?}") })
}
