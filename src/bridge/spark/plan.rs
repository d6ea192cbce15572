//! What the Spark job is told: the question, where the input lies, and where the answers go.

use crate::bridge::Question;
use crate::event::Role;
use crate::schema::{Field, Schema, StatusSet, TimeUnit};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of what is written here; the job refuses another.
const VERSION: u32 = 1;

/// All that a job needs.
pub struct Job {
    pub question: Question,
    pub schema: Schema,
    /// The zone of times that name none.
    pub time_zone: String,
    pub max_ahead: Option<Duration>,
    /// Absolute, as Spark's workers see them.
    pub sources: Vec<PathBuf>,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// How far behind the newest event others may be.
    pub delay: Duration,
    /// `available-now`, or how often a batch begins.
    pub trigger: String,
    pub max_files_per_trigger: Option<u32>,
    pub checkpoint: PathBuf,
}

impl Job {
    /// As the job reads it. Times are in microseconds, which is as fine as Spark's are.
    pub fn plan(&self, results: &Path) -> Value {
        let path = |path: Option<&crate::schema::Path>| path.map(|path| path.keys().to_vec());
        let roles = Role::ALL.map(|role| (role.name().to_owned(), json!(path(self.schema.role(role)))));
        let by = self.question.by.fields().iter().zip(self.question.by.names()).map(|(field, name)| match field {
            Field::Slot(slot) => json!({"name": name, "path": path(self.schema.paths()[*slot].as_ref())}),
            Field::Status => json!({"name": name, "path": null}),
        });
        let mut plan = json!({
            "version": VERSION,
            "statistic": if self.question.windows.is_some() { "window" } else { "running-avg" },
            "sources": self.sources,
            "include": self.include,
            "exclude": self.exclude,
            "roles": roles.into_iter().collect::<serde_json::Map<_, _>>(),
            "time_unit": match self.schema.time_unit {
                TimeUnit::Auto => "auto",
                TimeUnit::Seconds => "s",
                TimeUnit::Millis => "ms",
                TimeUnit::Micros => "us",
                TimeUnit::Nanos => "ns",
            },
            "time_zone": self.time_zone,
            "now_us": jiff::Timestamp::now().as_microsecond(),
            "max_ahead_us": self.max_ahead.map(micros),
            "by": by.collect::<Vec<_>>(),
            "success": ranges(&self.question.outcomes.success),
            "failure": ranges(&self.question.outcomes.failure),
            "trigger": self.trigger,
            "max_files_per_trigger": self.max_files_per_trigger,
            "checkpoint": self.checkpoint,
            "results": results,
        });
        if let Some(windows) = self.question.windows {
            plan["window"] = json!({
                "size": windows.size_ns / 1000,
                "slide": windows.slide_ns / 1000,
                "offset": windows.offset_ns / 1000,
                "delay": micros(self.delay),
            });
        }
        plan
    }
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

fn ranges(set: &StatusSet) -> Value {
    json!(set.ranges().into_iter().map(|(low, high)| [low, high]).collect::<Vec<_>>())
}
