//! Stretches of time in which a key fails unlike it used to.

use super::{Findings, key, time};
use crate::analysis::By;
use crate::event::{Span, Timestamp};
use crate::report::{Answer, Cell};
use crate::sketch::key_cells;
use serde::Deserialize;
use serde_json::Value;

/// The columns beside the key: as of windows, with what the rate was judged by.
pub const COLUMNS: [&str; 10] =
    ["start", "end", "total", "failures", "failure_rate", "median", "mad", "score", "revision", "open"];

pub struct Anomalies {
    by: By,
    /// Those that were not shown, and how many have been.
    new: Vec<Row>,
    shown: u64,
    watermark: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Row {
    key: Vec<Value>,
    /// In microseconds.
    start: i64,
    end: i64,
    total: u64,
    failures: u64,
    /// Of the rates before, and their median absolute deviation from it.
    median: f64,
    mad: f64,
    /// The robust z-score of the rate.
    score: f64,
}

impl Anomalies {
    pub fn new(by: By) -> Self {
        Self { by, new: Vec::new(), shown: 0, watermark: None }
    }
}

impl Row {
    fn cells(&self) -> impl Iterator<Item = Cell> {
        let times = [self.start, self.end].map(|micros| Cell::Time(time(micros)));
        let key: Vec<Cell> = key_cells(&key(&self.key)).collect();
        let verdict = [
            Cell::Count(self.total),
            Cell::Count(self.failures),
            Cell::rate(self.failures, self.total),
            Cell::Rate(self.median),
            Cell::Rate(self.mad),
            Cell::Float(self.score),
            Cell::Count(0),
            Cell::Bool(false),
        ];
        times.into_iter().chain(key).chain(verdict)
    }
}

impl Findings for Anomalies {
    fn take(&mut self, rows: Vec<Value>, watermark: Option<Timestamp>) -> serde_json::Result<()> {
        self.watermark = watermark;
        for row in rows {
            self.new.push(serde_json::from_value(row)?);
        }
        Ok(())
    }

    fn answer(&mut self, seen: Span) -> Answer {
        let new = std::mem::take(&mut self.new);
        self.shown += new.len() as u64;
        let (times, numbers) = COLUMNS.split_at(2);
        let names = times.iter().copied().chain(self.by.names()).chain(numbers.iter().copied());
        Answer {
            window: seen.0,
            columns: names.map(str::to_owned).collect(),
            keys: 2 + self.by.columns().len(),
            rows: new.iter().map(Row::cells).collect(),
            overall: vec![("watermark", Cell::from(self.watermark)), ("anomalies", Cell::Count(self.shown))],
            ignored: Vec::new(),
            bounds: Vec::new(),
            notes: Vec::new(),
        }
    }
}
