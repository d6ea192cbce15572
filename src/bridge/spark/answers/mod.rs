//! What a Spark job tells, and the reports that become of it.

mod anomalies;
mod rates;
mod recoveries;

pub use anomalies::COLUMNS as ANOMALY_COLUMNS;
pub use recoveries::COLUMNS as RECOVERY_COLUMNS;

use super::plan::{Job, Statistic};
use crate::event::{Ledger, Span, Timestamp};
use crate::report::{Answer, Pace, Report};
use crate::sketch::encode_value;
use serde::Deserialize;
use serde_json::Value;
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
    /// As the statistic has them.
    rows: Vec<Value>,
    pub ledger: Ledger,
    /// The oldest and the newest event in microseconds.
    seen: Option<(i64, i64)>,
    /// In microseconds.
    watermark: Option<i64>,
}

/// What a statistic makes of the rows that a job tells.
trait Findings {
    /// Takes the rows of an update.
    fn take(&mut self, rows: Vec<Value>, watermark: Option<Timestamp>) -> serde_json::Result<()>;

    /// Nothing follows: what waits for the watermark is over.
    fn end(&mut self) {}

    /// The answer, or what became of it since it was last asked for.
    fn answer(&mut self, seen: Span) -> Answer;
}

/// All that was told so far.
pub struct Answers {
    findings: Box<dyn Findings>,
    pub ledger: Ledger,
    seen: Span,
    started: Instant,
    follows: bool,
}

impl Answers {
    pub fn new(job: &Job, shows_open: bool) -> Self {
        let by = || job.question.by.clone();
        let findings: Box<dyn Findings> = match job.statistic {
            Statistic::Rates => Box::new(rates::Rates::new(job.question.clone(), shows_open)),
            Statistic::Recovery { .. } => Box::new(recoveries::Recoveries::new(by())),
            Statistic::Anomalies { .. } => Box::new(anomalies::Anomalies::new(by())),
        };
        let follows = job.trigger.is_some();
        Self { findings, ledger: Ledger::default(), seen: Span::default(), started: Instant::now(), follows }
    }

    pub fn take(&mut self, update: Update) -> Result<(), String> {
        let Update { rows, ledger, seen, watermark } = update;
        self.ledger = ledger;
        self.seen = Span(seen.map(|(oldest, newest)| (time(oldest), time(newest))));
        self.findings.take(rows, watermark.map(time)).map_err(|error| unknown(&error))
    }

    /// Nothing follows.
    pub fn end(&mut self) {
        self.findings.end();
    }

    pub fn report(&mut self, last: bool) -> Report {
        let answer = self.findings.answer(self.seen);
        let elapsed_seconds = self.started.elapsed().as_secs_f64();
        let pace = Pace { elapsed_seconds, following: self.follows && !last, ..Pace::default() };
        Report { analysis: "spark", seq: 0, last, seen: self.seen, answer, ledger: self.ledger, pace }
    }
}

/// What a job said and we cannot read.
pub fn unknown(error: &serde_json::Error) -> String {
    format!("the Spark job said what we do not know: {error}")
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
