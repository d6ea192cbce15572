//! How long keys take to recover from failures.

use super::{Findings, key};
use crate::analysis::By;
use crate::event::{Span, Timestamp};
use crate::report::{Answer, Cell, Fields};
use crate::sketch::{compare_keys, key_cells};
use serde::Deserialize;
use serde_json::Value;

/// The columns after the key. MTTR is the mean time to recovery.
pub const COLUMNS: [&str; 6] = ["failures", "recovered", "recovery_rate", "mttr_seconds", "p50_seconds", "max_seconds"];

pub struct Recoveries {
    by: By,
    /// The whole answer, by key.
    rows: Vec<(Vec<u8>, Row)>,
}

/// A row of a key; times are in seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Row {
    failures: u64,
    recovered: u64,
    mean: Option<f64>,
    p50: Option<f64>,
    max: Option<f64>,
}

#[derive(Deserialize)]
struct Keyed {
    key: Vec<Value>,
    #[serde(flatten)]
    row: Row,
}

impl Recoveries {
    pub fn new(by: By) -> Self {
        Self { by, rows: Vec::new() }
    }
}

impl Row {
    fn cells(&self) -> [Cell; 6] {
        let seconds = |length: Option<f64>| length.map_or(Cell::Null, Cell::Float);
        [
            Cell::Count(self.failures),
            Cell::Count(self.recovered),
            Cell::rate(self.recovered, self.failures),
            seconds(self.mean),
            seconds(self.p50),
            seconds(self.max),
        ]
    }
}

impl Findings for Recoveries {
    fn take(&mut self, rows: Vec<Value>, _: Option<Timestamp>) -> serde_json::Result<()> {
        let keyed = |row| serde_json::from_value(row).map(|Keyed { key: values, row }| (key(&values), row));
        self.rows = rows.into_iter().map(keyed).collect::<Result<_, _>>()?;
        self.rows.sort_by(|(a, _), (b, _)| compare_keys(a, b));
        Ok(())
    }

    fn answer(&mut self, seen: Span) -> Answer {
        let (mut all, mut seconds) = (Row::default(), 0.0);
        for (_, row) in &self.rows {
            all.failures += row.failures;
            all.recovered += row.recovered;
            seconds += row.mean.unwrap_or_default() * row.recovered as f64;
            all.max = row.max.into_iter().chain(all.max).reduce(f64::max);
        }
        all.mean = (all.recovered > 0).then(|| seconds / all.recovered as f64);
        // The median of all cannot be told by those of the keys.
        let overall: Fields = COLUMNS.into_iter().zip(all.cells()).filter(|(name, _)| *name != "p50_seconds").collect();
        Answer {
            window: seen.0,
            columns: self.by.names().chain(COLUMNS).map(str::to_owned).collect(),
            keys: self.by.columns().len(),
            rows: self.rows.iter().map(|(key, row)| key_cells(key).chain(row.cells())).collect(),
            overall,
            ignored: Vec::new(),
            bounds: Vec::new(),
            notes: Vec::new(),
        }
    }
}
