//! Rates so far, and rates of windows.

use super::{Findings, key, time};
use crate::bridge::{Counted, Question};
use crate::event::{Span, Timestamp};
use crate::report::{Answer, Cell};
use crate::sketch::Rate;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

pub struct Rates {
    question: Question,
    /// Open windows are shown too.
    shows_open: bool,
    /// The whole answer, where each update brings it.
    successes: Vec<Counted>,
    /// Windows that may still change, by their beginning and key.
    open: BTreeMap<(i64, Vec<u8>), Rate>,
    /// Windows that have closed and were not shown, and how many have been.
    closed: Vec<Counted>,
    shown: u64,
    watermark: Option<Timestamp>,
}

/// A row of a key, or of a window and key.
#[derive(Deserialize)]
struct Row {
    key: Vec<Value>,
    /// Of the window, in microseconds.
    start: Option<i64>,
    total: u64,
    /// What the rate is of.
    #[serde(alias = "success", alias = "failures")]
    hits: u64,
}

impl Rates {
    pub fn new(question: Question, shows_open: bool) -> Self {
        Self {
            question,
            shows_open,
            successes: Vec::new(),
            open: BTreeMap::new(),
            closed: Vec::new(),
            shown: 0,
            watermark: None,
        }
    }

    fn close(&mut self, is_over: impl Fn(i64) -> bool) {
        let open = std::mem::take(&mut self.open);
        let (over, open) = open.into_iter().partition(|((start, _), _)| is_over(*start));
        let over: BTreeMap<(i64, Vec<u8>), Rate> = over;
        self.open = open;
        self.closed.extend(over.into_iter().map(|((start, key), rate)| Counted { start, key, rate, is_open: false }));
    }

    /// Those that have closed since the last report, and the open ones where they are shown.
    fn windows(&mut self, seen: Span) -> Answer {
        let mut rows = std::mem::take(&mut self.closed);
        self.shown += rows.len() as u64;
        let open = self.open.iter().filter(|_| self.shows_open).map(|((start, key), rate)| Counted {
            start: *start,
            key: key.clone(),
            rate: *rate,
            is_open: true,
        });
        rows.extend(open);
        let overall = vec![
            ("watermark", Cell::from(self.watermark)),
            ("closed", Cell::Count(self.shown)),
            ("revised", Cell::Count(0)),
        ];
        Answer { overall, ..self.question.answer(rows, seen) }
    }
}

impl Findings for Rates {
    fn take(&mut self, rows: Vec<Value>, watermark: Option<Timestamp>) -> serde_json::Result<()> {
        let counted = |row: Value| {
            let row: Row = serde_json::from_value(row)?;
            let start = time(row.start.unwrap_or_default()).nanos();
            let rate = Rate { total: row.total, hits: row.hits };
            Ok(Counted { start, key: key(&row.key), rate, is_open: true })
        };
        let counted = rows.into_iter().map(counted).collect::<serde_json::Result<Vec<_>>>()?;
        let Some(windows) = self.question.windows else {
            self.successes = counted;
            return Ok(());
        };
        self.open.extend(counted.into_iter().map(|Counted { start, key, rate, .. }| ((start, key), rate)));
        self.watermark = watermark;
        if let Some(watermark) = watermark {
            self.close(|start| start.saturating_add(windows.size_ns) <= watermark.nanos());
        }
        Ok(())
    }

    fn end(&mut self) {
        self.watermark = None;
        self.close(|_| true);
    }

    fn answer(&mut self, seen: Span) -> Answer {
        match self.question.windows {
            Some(_) => self.windows(seen),
            None => self.question.answer(self.successes.clone(), seen),
        }
    }
}
