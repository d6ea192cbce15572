//! What the Spark job is told: the question, where the input lies, and where the answers go.

use crate::bridge::Question;
use crate::event::Role;
use crate::input::Selection;
use crate::schema::{Field, Outcomes, Schema, StatusSet, TimeUnit};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is made of what is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The question's own: rates so far, or of windows.
    Rates,
    /// How long after a failure a success comes, which is no later than `within`.
    Recovery { within: Duration },
    /// Stretches of time whose failure rate is far from those of the `history` before.
    Anomalies { bucket: Duration, threshold: f64, history: u32 },
}

/// All that a job needs.
pub struct Job {
    pub question: Question,
    /// Both, as some statistics take both.
    pub outcomes: Outcomes,
    pub statistic: Statistic,
    pub schema: Schema,
    /// The zone of times that name none.
    pub time_zone: String,
    pub max_ahead: Option<Duration>,
    /// As Spark's workers see them.
    pub sources: Vec<Selection>,
    /// How far behind the newest event others may be.
    pub delay: Duration,
    /// How often a batch begins; with none, all that is there is read, and the job ends.
    pub trigger: Option<Duration>,
    pub max_files_per_trigger: Option<u32>,
    pub checkpoint: PathBuf,
}

impl Job {
    /// As the job reads it. Times are in microseconds, which is as fine as Spark's are.
    pub fn plan(&self, results: &Path) -> Value {
        let path = |path: Option<&crate::schema::Path>| path.map(|path| path.keys().to_vec());
        let roles = Role::ALL.map(|role| (role.name().to_owned(), json!(path(self.schema.role(role)))));
        let by = self.question.by.fields().iter().zip(self.question.by.names()).map(|(field, name)| match field {
            Field::Slot(slot) | Field::Either(slot, _) => {
                json!({"name": name, "path": path(self.schema.paths()[*slot].as_ref())})
            }
            Field::Status | Field::OwnStatus(_) => json!({"name": name, "path": null}),
        });
        let mut plan = json!({
            "statistic": match self.statistic {
                Statistic::Rates if self.question.windows.is_some() => "window",
                Statistic::Rates => "running-avg",
                Statistic::Recovery { .. } => "recovery",
                Statistic::Anomalies { .. } => "anomalies",
            },
            "sources": self.sources,
            "roles": roles.into_iter().collect::<serde_json::Map<_, _>>(),
            "time_unit": match self.schema.time_unit {
                TimeUnit::Auto => "auto",
                TimeUnit::Seconds => "s",
                TimeUnit::Millis => "ms",
                TimeUnit::Micros => "us",
                TimeUnit::Nanos => "ns",
            },
            "time_zone": self.time_zone,
            "max_ahead_us": self.max_ahead.map(micros),
            "by": by.collect::<Vec<_>>(),
            "success": ranges(&self.outcomes.success),
            "failure": ranges(&self.outcomes.failure),
            "trigger": self.trigger.map(|period| format!("{} milliseconds", period.as_millis())),
            "max_files_per_trigger": self.max_files_per_trigger,
            "checkpoint": self.checkpoint,
            "results": results,
        });
        if let Some((name, measures)) = self.measures() {
            plan[name] = measures;
        }
        plan
    }

    /// What a statistic takes beside the question.
    fn measures(&self) -> Option<(&'static str, Value)> {
        let delay = micros(self.delay);
        Some(match (self.statistic, self.question.windows) {
            (Statistic::Rates, None) => return None,
            (Statistic::Rates, Some(windows)) => {
                let [size, slide, offset] = [windows.size_ns, windows.slide_ns, windows.offset_ns].map(|ns| ns / 1000);
                ("window", json!({"size": size, "slide": slide, "offset": offset, "delay": delay}))
            }
            (Statistic::Recovery { within }, _) => ("recovery", json!({"within": micros(within), "delay": delay})),
            (Statistic::Anomalies { bucket, threshold, history }, _) => {
                let bucket = micros(bucket);
                ("anomalies", json!({"bucket": bucket, "threshold": threshold, "history": history, "delay": delay}))
            }
        })
    }
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

fn ranges(set: &StatusSet) -> Value {
    json!(set.ranges().into_iter().map(|(low, high)| [low, high]).collect::<Vec<_>>())
}
