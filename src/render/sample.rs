//! Reports to test with.

use crate::event::{Ledger, Span, Timestamp};
use crate::report::{Answer, Cell, Pace, Report, Rows};
use proptest::prelude::*;

/// A report as CLI.md shows one.
pub(super) fn report() -> Report {
    let newest = Timestamp::from_nanos(1_760_559_686_315_260_000);
    let window = (newest.before(5 * 3_600_000_000_000), newest);
    let row = |name: &str, total, success| {
        vec![
            Cell::Text(name.into()),
            Cell::Count(total),
            Cell::Count(success),
            Cell::rate(success, total),
            Cell::Interval(0.25, 0.5),
        ]
    };
    let names = ["service", "total", "success", "success_rate", "ci95"];
    let overall = row("", 12_200, 4400).into_iter().skip(1);
    Report {
        analysis: "running-avg",
        seq: 7,
        last: false,
        seen: Span(Some(window)),
        answer: Answer {
            window: Some(window),
            columns: names.map(str::to_owned).to_vec(),
            keys: 1,
            rows: [row("inference", 3000, 1050), row("pay|ment\x1b[2J", 9200, 3350)].into_iter().collect(),
            overall: names[1..].iter().copied().zip(overall).collect(),
            ignored: Vec::new(),
            bounds: Vec::new(),
            notes: Vec::new(),
        },
        ledger: Ledger { read: 12_250, counted: 12_200, dead_letter: 50, ..Ledger::default() },
        pace: Pace { read_bytes: 1_000_000, elapsed_seconds: 2.0, behind_bytes: 0, following: true },
    }
}

/// Any cell, with any text in it.
pub(super) fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Null),
        any::<String>().prop_map(|text| Cell::Text(text.into())),
        "[a|\\\\\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{202e}\u{2066}\u{301}支]{0,9}"
            .prop_map(|text| Cell::Text(text.into())),
        any::<u64>().prop_map(Cell::Count),
        Just(Cell::Others),
        Just(Cell::Nested),
        "-?[1-9][0-9]{20,40}".prop_map(|digits| Cell::Big(digits.into())),
        any::<i64>().prop_map(Cell::Int),
        any::<f64>().prop_map(Cell::Float),
        (0.0..=1.0).prop_map(Cell::Rate),
        (0.0..=1.0, 0.0..=1.0).prop_map(|(low, high)| Cell::Interval(low, high)),
        any::<bool>().prop_map(Cell::Bool),
        any::<i64>().prop_map(|nanos| Cell::Time(Timestamp::from_nanos(nanos))),
        prop::collection::vec((any::<String>().prop_map(|text| Cell::Text(text.into())), any::<u64>()), 0..3)
            .prop_map(|ranks| Cell::Ranks(ranks.into())),
    ]
}

/// Reports of any shape.
pub(super) fn any_report() -> impl Strategy<Value = Report> {
    let shape = (0usize..4, 0usize..6, any::<bool>()).prop_flat_map(|(keys, others, windowed)| {
        let columns = keys + others;
        let rows = prop::collection::vec(prop::collection::vec(any_cell(), columns), 0..5);
        (Just((keys, columns, windowed)), rows, any_cell(), prop::collection::vec(any::<String>(), 0..2))
    });
    shape.prop_map(|((keys, columns, windowed), rows, overall, notes)| {
        let base = report();
        let answer = Answer {
            window: base.answer.window.filter(|_| windowed),
            columns: (0..columns).map(|place| format!("column_{place}")).collect(),
            keys,
            rows: if columns == 0 { Rows::default() } else { rows.into_iter().collect() },
            overall: vec![("column_1", overall.clone()), ("elsewhere", overall)],
            ignored: Vec::new(),
            bounds: Vec::new(),
            notes,
        };
        Report { answer, ..base }
    })
}
