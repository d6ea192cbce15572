//! Which statistic Spark is asked for, and what it takes.

use crate::bridge::spark::{ANOMALY_COLUMNS, RECOVERY_COLUMNS, Statistic};
use crate::bridge::{Question, Windows};
use crate::cli::job::JobArgs;
use crate::cli::output::Reporting;
use crate::cli::question::{RATE_COLUMNS, WINDOW_COLUMNS, question, windows};
use crate::cli::rows::{OutcomeArgs, RowArgs};
use crate::cli::units;
use crate::schema::Schema;
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use std::time::Duration;

/// What is asked.
#[derive(Args)]
#[command(next_help_heading = "Statistic")]
pub struct StatisticArgs {
    /// What is asked for [default: running-avg; with --size: window]
    #[arg(long, value_enum, value_name = "NAME")]
    statistic: Option<Name>,
    /// window: how long each is
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    size: Option<Duration>,
    /// window: how long after one the next begins [default: its size]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    slide: Option<Duration>,
    /// window: how long after a multiple of the slide since 1970 one begins
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    offset: Option<Duration>,
    /// recovery: how long after a failure a success still is its recovery [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    within: Option<Duration>,
    /// anomalies: how long a stretch is whose failure rate is judged [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    bucket: Option<Duration>,
    /// anomalies: the least robust z-score that is one, up or down [default: 3.5]
    #[arg(long, value_name = "SCORE", value_parser = score)]
    threshold: Option<f64>,
    /// anomalies: how many stretches before it a stretch is judged by [default: 60]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(10..))]
    history: Option<u32>,
    /// How far behind the newest event others may be; what comes later still is late
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = units::duration)]
    pub watermark_delay: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Success rate per service, over all that was read
    RunningAvg,
    /// Failure rate per service, in windows of event time
    Window,
    /// From each failure to the next success of its service: the time to recovery
    Recovery,
    /// Stretches of time in which a service fails unlike it used to
    Anomalies,
}

impl StatisticArgs {
    /// The question, the fields that it is about, and what is made of the counts.
    pub fn ask(&self, rows: &RowArgs, outcomes: &OutcomeArgs, job: &JobArgs) -> Result<(Question, Schema, Statistic)> {
        let name = self.name()?;
        self.refuse_others(name)?;
        let columns: &[&str] = match name {
            Name::RunningAvg => &RATE_COLUMNS,
            Name::Window => &WINDOW_COLUMNS,
            Name::Recovery => &RECOVERY_COLUMNS,
            Name::Anomalies => &ANOMALY_COLUMNS,
        };
        let windows = match (name, self.size) {
            (Name::Window, Some(size)) => Some(whole_micros(windows(size, self.slide, self.offset)?)?),
            _ => None,
        };
        let (question, schema) = question(rows, outcomes, job, windows, columns)?;
        let statistic = match name {
            Name::RunningAvg | Name::Window => Statistic::Rates,
            Name::Recovery => Statistic::Recovery { within: some_length(self.within.unwrap_or(WITHIN), "--within")? },
            Name::Anomalies => Statistic::Anomalies {
                bucket: some_length(self.bucket.unwrap_or(BUCKET), "--bucket")?,
                threshold: self.threshold.unwrap_or(THRESHOLD),
                history: self.history.unwrap_or(HISTORY),
            },
        };
        Ok((question, schema, statistic))
    }

    /// Whether an update tells all, or what has become final.
    pub fn reporting(&self) -> Reporting {
        match self.name() {
            Ok(Name::Window | Name::Anomalies) => {
                Reporting::Changes { early: None, idle_timeout: None, are_sessions: false }
            }
            _ => Reporting::Whole,
        }
    }

    fn name(&self) -> Result<Name> {
        match (self.statistic, self.size) {
            (Some(Name::Window), None) => bail!("--statistic window: say how long a window is: --size 1m"),
            (Some(name), _) => Ok(name),
            (None, Some(_)) => Ok(Name::Window),
            (None, None) => Ok(Name::RunningAvg),
        }
    }

    /// A flag that would do nothing is refused.
    fn refuse_others(&self, name: Name) -> Result<()> {
        let flags = [
            ("--size", self.size.is_some(), Name::Window),
            ("--slide", self.slide.is_some(), Name::Window),
            ("--offset", self.offset.is_some(), Name::Window),
            ("--within", self.within.is_some(), Name::Recovery),
            ("--bucket", self.bucket.is_some(), Name::Anomalies),
            ("--threshold", self.threshold.is_some(), Name::Anomalies),
            ("--history", self.history.is_some(), Name::Anomalies),
        ];
        for (flag, is_set, owner) in flags {
            if is_set && owner != name {
                let value = |name: Name| name.to_possible_value().map(|value| value.get_name().to_owned());
                let [asked, owner] = [name, owner].map(|name| value(name).unwrap_or_default());
                bail!("{flag} is of --statistic {owner}, and {asked} is asked for: leave out one of the two");
            }
        }
        Ok(())
    }
}

const WITHIN: Duration = Duration::from_secs(30);
const BUCKET: Duration = Duration::from_secs(10);
/// As Iglewicz and Hoaglin recommend (How to Detect and Handle Outliers, 1993).
const THRESHOLD: f64 = 3.5;
const HISTORY: u32 = 60;

/// Spark's times are in microseconds.
fn whole_micros(windows: Windows) -> Result<Windows> {
    let lengths = [(windows.size_ns, "--size"), (windows.slide_ns, "--slide"), (windows.offset_ns, "--offset")];
    match lengths.into_iter().find(|(nanos, _)| nanos % 1000 != 0) {
        Some((_, flag)) => bail!("{flag}: Spark knows no time below a microsecond: give a whole number of them"),
        None => Ok(windows),
    }
}

fn some_length(length: Duration, flag: &str) -> Result<Duration> {
    if length.is_zero() || !length.subsec_nanos().is_multiple_of(1000) {
        bail!("{flag}: Spark knows no time below a microsecond: give a whole number of them, above zero");
    }
    Ok(length)
}

fn score(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(score) if score > 0.0 && f64::is_finite(score) => Ok(score),
        _ => Err("a number above zero is needed, such as 3.5".to_owned()),
    }
}
