//! What a Spark job tells, and the reports that become of it.

use super::plan::Job;
use crate::bridge::{Counted, Question};
use crate::event::{Ledger, Span, Timestamp};
use crate::report::{Answer, Cell, Pace, Report};
use crate::sketch::{Rate, encode_value};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Instant;

/// A line of a job.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Message {
    Ready { spark: String, app: String, master: String },
    Update(Update),
    Done,
    Failed { message: String },
}

/// How the answer stands after a batch.
#[derive(Debug, Deserialize)]
pub struct Update {
    rows: Vec<Row>,
    pub ledger: Ledger,
    /// The oldest and the newest event in microseconds.
    seen: Option<(i64, i64)>,
    /// In microseconds.
    watermark: Option<i64>,
}

/// A row of a key, or of a window and key.
#[derive(Clone, Debug, Deserialize)]
struct Row {
    key: Vec<Value>,
    /// Of the window, in microseconds.
    start: Option<i64>,
    total: u64,
    #[serde(default)]
    success: u64,
    #[serde(default)]
    failures: u64,
}

/// All that was told so far.
pub struct Answers {
    question: Question,
    /// Open windows are shown too.
    shows_open: bool,
    /// The whole answer, where each update brings it.
    rows: Vec<Row>,
    /// Windows that may still change, by their beginning and key.
    open: BTreeMap<(i64, Vec<u8>), Rate>,
    /// Windows that have closed and were not shown, and how many have been.
    closed: Vec<Counted>,
    shown: u64,
    watermark: Option<Timestamp>,
    pub ledger: Ledger,
    seen: Span,
    started: Instant,
    pub follows: bool,
}

impl Answers {
    pub fn new(job: &Job, shows_open: bool, follows: bool) -> Self {
        Self {
            question: job.question.clone(),
            shows_open,
            rows: Vec::new(),
            open: BTreeMap::new(),
            closed: Vec::new(),
            shown: 0,
            watermark: None,
            ledger: Ledger::default(),
            seen: Span::default(),
            started: Instant::now(),
            follows,
        }
    }

    pub fn take(&mut self, update: Update) {
        let Update { rows, ledger, seen, watermark } = update;
        self.ledger = ledger;
        self.seen = Span(seen.map(|(oldest, newest)| (time(oldest), time(newest))));
        if self.question.windows.is_none() {
            self.rows = rows;
            return;
        }
        for row in rows {
            let rate = Rate { total: row.total, hits: row.failures };
            self.open.insert((row.start.unwrap_or_default().saturating_mul(1000), key(&row.key)), rate);
        }
        self.watermark = watermark.map(time);
        if let (Some(watermark), Some(windows)) = (self.watermark, self.question.windows) {
            self.close(|start| start.saturating_add(windows.size_ns) <= watermark.nanos());
        }
    }

    /// Nothing follows: all windows are over.
    pub fn end(&mut self) {
        self.watermark = None;
        self.close(|_| true);
    }

    fn close(&mut self, is_over: impl Fn(i64) -> bool) {
        let open = std::mem::take(&mut self.open);
        let (over, open) = open.into_iter().partition(|((start, _), _)| is_over(*start));
        let over: BTreeMap<(i64, Vec<u8>), Rate> = over;
        self.open = open;
        self.closed.extend(over.into_iter().map(|((start, key), rate)| Counted { start, key, rate, is_open: false }));
    }

    pub fn report(&mut self, last: bool) -> Report {
        let answer = if self.question.windows.is_some() {
            self.windows()
        } else {
            self.question.answer(self.successes(), self.seen)
        };
        let elapsed_seconds = self.started.elapsed().as_secs_f64();
        let pace = Pace { elapsed_seconds, following: self.follows && !last, ..Pace::default() };
        Report { analysis: "spark", seq: 0, last, seen: self.seen, answer, ledger: self.ledger, pace }
    }

    fn successes(&self) -> Vec<Counted> {
        let counted = |row: &Row| Counted {
            start: 0,
            key: key(&row.key),
            rate: Rate { total: row.total, hits: row.success },
            is_open: false,
        };
        self.rows.iter().map(counted).collect()
    }

    /// Those that have closed since the last report, and the open ones where they are shown.
    fn windows(&mut self) -> Answer {
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
        Answer { overall, ..self.question.answer(rows, self.seen) }
    }
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_nanos(micros.saturating_mul(1000))
}

/// A key in its byte form.
fn key(values: &[Value]) -> Vec<u8> {
    use crate::event::Value as Field;
    let mut key = Vec::new();
    for value in values {
        let field = match value {
            Value::Null => Field::Null,
            Value::Bool(yes) => Field::Bool(*yes),
            Value::String(text) => Field::Text(text),
            Value::Array(_) | Value::Object(_) => Field::Nested,
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Field::Int(number),
                (None, Some(number)) => Field::Uint(number),
                (None, None) => Field::Float(number.as_f64().unwrap_or_default()),
            },
        };
        encode_value(field, &mut key);
    }
    key
}
