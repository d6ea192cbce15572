//! The comparison as a page for people.

use super::engines::Run;
use super::verdict::{Difference, Row, Verdict};
use crate::render::Part;
use crate::report::{Answer, Cell, Rows};
use serde_json::Value;

/// More rows than a page should have; the numbers of all are compared.
const MAX_ROWS: usize = 40;
const MAX_DIFFERENCES: usize = 10;
const MIB: f64 = (1 << 20) as f64;

/// `is_void` where the source changed meanwhile, so that differences say nothing.
pub fn parts(verdict: &Verdict, runs: &[Run], bytes: u64, is_void: bool) -> Vec<Part> {
    let mut parts = vec![Part::Title("Rows".to_owned()), Part::Table(rows(verdict, runs))];
    if verdict.rows.len() > MAX_ROWS {
        parts.push(Part::Words(format!("... and {} more rows", verdict.rows.len() - MAX_ROWS)));
    }
    parts.extend([
        Part::Title("Engines".to_owned()),
        Part::Table(engines(runs, bytes)),
        Part::Title(judgement(verdict, is_void)),
    ]);
    parts.extend(verdict.differences.iter().take(MAX_DIFFERENCES).map(|one| Part::Words(words(one, verdict, runs))));
    if verdict.differences.len() > MAX_DIFFERENCES {
        parts.push(Part::Words(format!("... and {} more", verdict.differences.len() - MAX_DIFFERENCES)));
    }
    parts
}

fn judgement(verdict: &Verdict, is_void: bool) -> String {
    match verdict.differences.len() {
        1.. if is_void => "No verdict: the source changed while it was read".to_owned(),
        0 => format!("Equal: rows: {}, and the ledger", verdict.rows.len()),
        1 => "Not equal in one place".to_owned(),
        count => format!("Not equal in {count} places"),
    }
}

/// The counts of each engine, side by side.
fn rows(verdict: &Verdict, runs: &[Run]) -> Answer {
    let counts = ["total", "success", "failures"];
    let has = |name: &str| runs.iter().any(|run| run.answer.rows.first().is_some_and(|row| row.contains_key(name)));
    let counts: Vec<&str> = counts.into_iter().filter(|name| has(name)).collect();
    let column = |count: &&str| runs.iter().map(|run| format!("{} {count}", run.engine.name())).collect::<Vec<_>>();
    let columns = verdict.keys.iter().cloned().chain(counts.iter().flat_map(column)).collect();
    let row = |(key, found): &Row| {
        let count = |name: &&str| {
            found
                .iter()
                .map(|row| row.as_ref().and_then(|row| row.get(*name)).map_or(Cell::Null, cell))
                .collect::<Vec<_>>()
        };
        key.iter().map(cell).chain(counts.iter().flat_map(count)).collect::<Vec<_>>()
    };
    let rows: Rows = verdict.rows.iter().take(MAX_ROWS).map(row).collect();
    Answer { columns, keys: verdict.keys.len(), rows, ..Answer::default() }
}

/// What each engine cost.
fn engines(runs: &[Run], bytes: u64) -> Answer {
    let names = ["engine", "seconds", "MB/s", "peak MiB", "read", "counted", "filtered", "dead letter"];
    let row = |run: &Run| {
        let ledger = run.answer.ledger;
        let peak = run.peak_bytes.map_or(Cell::Null, |peak| Cell::Float((peak as f64 / MIB).round()));
        let counts = [ledger.read, ledger.counted, ledger.filtered, ledger.dead_letter].map(Cell::Count);
        let cost = [Cell::Float(run.seconds), Cell::Float(bytes as f64 / 1e6 / run.seconds), peak];
        [Cell::Text(run.engine.name().into())].into_iter().chain(cost).chain(counts)
    };
    Answer {
        columns: names.map(str::to_owned).to_vec(),
        keys: 1,
        rows: runs.iter().map(row).collect(),
        ..Answer::default()
    }
}

fn words(difference: &Difference, verdict: &Verdict, runs: &[Run]) -> String {
    let said = runs.iter().zip(&difference.values).map(|(run, value)| format!("{} {value}", run.engine.name()));
    let place = match &difference.key {
        None => "the ledger".to_owned(),
        Some(key) => {
            let key = verdict.keys.iter().zip(key).map(|(name, value)| format!("{name}={value}"));
            key.collect::<Vec<_>>().join(" ")
        }
    };
    format!("{place}: {}: {}", difference.field, said.collect::<Vec<_>>().join(", "))
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(yes) => Cell::Bool(*yes),
        Value::String(text) => Cell::Text(text.into()),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(count), _) => Cell::Count(count),
            (_, Some(int)) => Cell::Int(int),
            _ => Cell::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        nested => Cell::Text(nested.to_string().into()),
    }
}
