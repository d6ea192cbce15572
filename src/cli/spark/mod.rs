//! `spark`: rates, windows, times to recovery and anomalies by Spark Structured Streaming, on this machine or on
//! a cluster.

mod environment;
mod refusals;
mod selected;
mod statistic;

use super::exit;
use super::job::JobArgs;
use super::rows::{OutcomeArgs, RowArgs};
use super::units;
use crate::bridge::spark::{self, Job, Statistic, Submit, toolchain};
use crate::engine::{Outcome, not_begun};
use crate::event::Span;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use selected::Selected;
use statistic::StatisticArgs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Rates, windows, times to recovery or anomalies, on Spark Structured Streaming
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    before_help = "Example: streamlab spark --source data/",
    after_help = "\
`streamlab spark setup` gets a Spark for this machine, `streamlab spark doctor` says what is missing.
Fields, statuses, rows, reports and the ledger are those of the other commands. Without --follow all that is
there is read, and the job ends.

More examples:
  Failures over the last minute, every 10 s, on a cluster, going on where it stopped
    streamlab spark /logs --size 1m --slide 10s --master spark://host:7077 \\
      --checkpoint /shared/checkpoint --follow
  How long services take to recover from a failure
    streamlab spark data/ --statistic recovery --within 30s
  When did a service fail unlike it used to?
    streamlab spark data/ --statistic anomalies --bucket 10s"
)]
pub struct SparkArgs {
    #[command(subcommand)]
    command: Option<SparkCommand>,
    #[command(flatten)]
    statistic: StatisticArgs,
    /// Where Spark runs: local[N], spark://HOST:PORT, yarn, k8s://...
    #[arg(long, value_name = "URL", default_value = "local[*]", help_heading = "Spark")]
    master: String,
    /// Where Spark keeps its state, so that the same command goes on where it stopped; all workers must see it
    #[arg(long, value_name = "DIR", help_heading = "Spark")]
    checkpoint: Option<PathBuf>,
    /// When a batch begins: available-now (all that is there, then the end) or a time (1s) [default:
    /// available-now; with --follow: 1s]
    #[arg(long, value_name = "WHEN", value_parser = trigger, help_heading = "Spark")]
    trigger: Option<Trigger>,
    /// How many new files a batch takes at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Spark")]
    max_files_per_trigger: Option<u32>,
    /// A setting of Spark, repeatable: spark.executor.memory=4g
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting, help_heading = "Spark")]
    conf: Vec<String>,

    #[command(flatten)]
    rows: RowArgs,
    #[command(flatten)]
    outcomes: OutcomeArgs,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

#[derive(Subcommand)]
enum SparkCommand {
    /// Make a Python environment with PySpark in the cache directory
    Setup,
    /// Look for Java, Python, PySpark and the master, and say what is missing
    Doctor(environment::DoctorArgs),
}

impl SparkArgs {
    pub fn run(self) -> Result<u8> {
        match &self.command {
            Some(SparkCommand::Setup) => environment::setup(),
            Some(SparkCommand::Doctor(args)) => args.run(),
            None => self.ask(),
        }
    }

    fn ask(mut self) -> Result<u8> {
        match self.trigger {
            Some(Trigger::AvailableNow) if self.job.input.is_followed() => {
                bail!("--trigger available-now ends when all is read: leave it out, or leave out --follow")
            }
            Some(Trigger::Every(_)) if self.job.input.is_one_pass() => {
                bail!("--trigger: a batch every so often follows the source: leave it out, or leave out --no-follow")
            }
            Some(trigger) => self.job.input.set_follow(matches!(trigger, Trigger::Every(_))),
            None => {}
        }
        refusals::check(&self)?;
        let (question, schema, statistic) = self.statistic.ask(&self.rows, &self.outcomes, &self.job)?;
        let toolchain = match toolchain::find() {
            Ok(toolchain) => toolchain,
            Err(reason) => bail!("no Spark: {reason}"),
        };
        let is_verbose = self.job.output.is_verbose();
        let submit = Submit { toolchain, master: self.master.clone(), conf: self.conf.clone(), is_verbose };
        let kept = self.checkpoint_of_this_run(&submit)?;
        // Spark would try for a minute, and say it in a hundred lines.
        let java = if std::env::var_os("JAVA_HOME").is_some_and(|home| !home.is_empty()) {
            toolchain::java().err()
        } else {
            None
        };
        if let Some(reason) = java.or_else(|| environment::reach(&self.master).err()) {
            say!("streamlab: error: {reason}");
            return Ok(exit::UNREADABLE);
        }
        // The other statistics make columns of their own.
        let about = matches!(statistic, Statistic::Rates).then(|| question.answer(Vec::new(), Span::default()));
        self.job.conduct(schema, None, self.statistic.reporting(), about.as_ref(), |plan, outputs| {
            let place = self.checkpoint.as_deref().or(kept.as_ref().map(|kept| kept.path())).unwrap_or(Path::new("."));
            let selected = Selected::of(&plan.sources);
            if !self.job.output.is_quiet() {
                selected.warn(self.trigger(plan.follow).is_some());
            }
            let unreadable = selected.unreadable.len();
            if selected.is_endless {
                bail!("{}", selected.unreadable.join("; "));
            }
            if selected.sources.is_empty() {
                return Ok(Outcome { unreadable, ..not_begun("there is no source that Spark could read".to_owned()) });
            }
            let job = Job {
                question,
                outcomes: self.outcomes.outcomes(),
                statistic,
                time_zone: self.job.input.time_zone().unwrap_or("UTC").to_owned(),
                max_ahead: self.job.input.ahead(),
                sources: selected.sources,
                delay: self.statistic.watermark_delay,
                trigger: self.trigger(plan.follow),
                max_files_per_trigger: self.max_files_per_trigger,
                checkpoint: std::path::absolute(place).context("--checkpoint")?,
                schema: plan.schema.clone(),
            };
            let outcome = spark::run(&job, &submit, &plan, outputs)?;
            Ok(Outcome { unreadable, ..outcome })
        })
    }

    /// State that goes with the run, where none is to be kept.
    fn checkpoint_of_this_run(&self, submit: &Submit) -> Result<Option<TempDir>> {
        match &self.checkpoint {
            Some(_) => Ok(None),
            None if submit.is_near() => {
                let made = tempfile::Builder::new().prefix("streamlab-checkpoint-").tempdir();
                made.map(Some).context("cannot make a directory for Spark's state")
            }
            None => bail!("--checkpoint DIR is needed with this --master: a directory that all of its workers see"),
        }
    }

    /// How often a batch begins; none if all that is there is read, and no more.
    fn trigger(&self, follow: bool) -> Option<Duration> {
        match self.trigger {
            Some(Trigger::AvailableNow) => None,
            Some(Trigger::Every(period)) => Some(period),
            None => follow.then_some(EVERY),
        }
    }
}

const EVERY: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum Trigger {
    AvailableNow,
    Every(Duration),
}

fn trigger(text: &str) -> Result<Trigger, String> {
    match text {
        "available-now" => Ok(Trigger::AvailableNow),
        period => units::duration(period)
            .map(Trigger::Every)
            .map_err(|_| "write available-now, or how often a batch begins, such as 1s".to_owned()),
    }
}

fn setting(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.is_empty() => Ok(text.to_owned()),
        _ => Err("write a setting as `spark.executor.memory=4g`".to_owned()),
    }
}

/// The exit code of a command that did, or did not, what was asked.
fn code(is_well: bool) -> u8 {
    if is_well { exit::DONE } else { exit::FAILED }
}
