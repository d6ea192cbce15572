//! `spark`: the questions of `running-avg` and `window`, answered by Spark Structured Streaming, on this machine
//! or on a cluster.

mod environment;

use super::exit;
use super::job::JobArgs;
use super::output::Reporting;
use super::question::question;
use super::rows::{OutcomeArgs, RowArgs};
use super::units;
use crate::bridge::spark::{self, Job, Submit, toolchain};
use crate::engine::Plan;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Success rate per service, or failure rates of windows, on Spark Structured Streaming
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
      --checkpoint /shared/checkpoint --follow"
)]
pub struct SparkArgs {
    #[command(subcommand)]
    command: Option<SparkCommand>,
    /// Count failures in windows of this length, in place of successes over all
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Window")]
    size: Option<Duration>,
    /// How long after one window the next begins [default: its size]
    #[arg(long, value_name = "TIME", value_parser = units::duration, requires = "size", help_heading = "Window")]
    slide: Option<Duration>,
    /// How long after a multiple of its size since 1970 a window begins
    #[arg(long, value_name = "TIME", value_parser = units::duration, requires = "size", help_heading = "Window")]
    offset: Option<Duration>,
    /// How far behind the newest event others may be; what comes later still is late
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = units::duration, help_heading = "Window")]
    watermark_delay: Duration,

    /// Where Spark runs: local[N], spark://HOST:PORT, yarn, k8s://...
    #[arg(long, value_name = "URL", default_value = "local[*]", help_heading = "Spark")]
    master: String,
    /// Where Spark keeps its state, so that the same command goes on where it stopped; all workers must see it
    #[arg(long, value_name = "DIR", help_heading = "Spark")]
    checkpoint: Option<PathBuf>,
    /// When a batch begins: available-now (all that is there, then the end) or a time (1s) [default:
    /// available-now; with --follow: 1s]
    #[arg(long, value_name = "WHEN", help_heading = "Spark")]
    trigger: Option<String>,
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

const AVAILABLE_NOW: &str = "available-now";

impl SparkArgs {
    pub fn run(self) -> Result<u8> {
        match &self.command {
            Some(SparkCommand::Setup) => environment::setup(),
            Some(SparkCommand::Doctor(args)) => args.run(),
            None => self.ask(),
        }
    }

    fn ask(self) -> Result<u8> {
        let (mut question, schema) = question(&self.rows, &self.outcomes, &self.job, self.size, self.offset)?;
        if let (Some(windows), Some(slide)) = (&mut question.windows, self.slide) {
            windows.slide_ns = i64::try_from(slide.as_nanos()).unwrap_or(i64::MAX).max(1);
            if windows.slide_ns > windows.size_ns {
                bail!("--slide: windows that begin further apart than they are long would leave events out");
            }
        }
        let Some(toolchain) = toolchain::find() else {
            bail!(
                "no Spark was found; `streamlab spark setup` gets one, `streamlab spark doctor` says where it is looked for"
            )
        };
        let is_verbose = self.job.output.is_verbose();
        let submit = Submit { toolchain, master: self.master.clone(), conf: self.conf.clone(), is_verbose };
        let reporting = match self.size {
            Some(_) => Reporting::Changes { early: None, idle_timeout: None, are_sessions: false },
            None => Reporting::Whole,
        };
        self.job.conduct(schema, None, reporting, |plan, outputs| {
            self.refuse(&plan)?;
            let kept = match &self.checkpoint {
                Some(_) => None,
                None => Some(tempfile::Builder::new().prefix("streamlab-checkpoint-").tempdir()?),
            };
            let place = self.checkpoint.as_deref().or(kept.as_ref().map(|kept| kept.path())).unwrap_or(Path::new("."));
            let checkpoint = std::path::absolute(place).context("--checkpoint")?;
            let (include, exclude) = self.job.input.globs();
            let sources = self.job.input.places();
            let job = Job {
                question,
                time_zone: self.job.input.time_zone(),
                max_ahead: self.job.input.ahead(),
                sources: sources.map(std::path::absolute).collect::<Result<_, _>>()?,
                include,
                exclude,
                delay: self.watermark_delay,
                trigger: self.trigger(plan.follow),
                max_files_per_trigger: self.max_files_per_trigger,
                checkpoint,
                schema: plan.schema.clone(),
            };
            spark::run(&job, &submit, &plan, outputs)
        })
    }

    fn trigger(&self, follow: bool) -> String {
        self.trigger.clone().unwrap_or_else(|| if follow { "1s" } else { AVAILABLE_NOW }.to_owned())
    }

    /// What Spark cannot do for us is said, not left out.
    fn refuse(&self, plan: &Plan) -> Result<()> {
        let reasons = [
            (plan.sources.has_stdin(), "Spark reads files: write standard input to one first"),
            (
                !plan.filter.keeps_all(),
                "--where, --since and --until are not for Spark: filter before, or with running-avg",
            ),
            (plan.checkpoints.is_some(), "--state-dir is for the native engine; with Spark it is --checkpoint DIR"),
            (plan.tail_only, "--tail-only is for the native engine: Spark begins with the files that are there"),
            (
                self.job.output.dead_letter().is_some(),
                "--dead-letter is for the native engine: Spark only counts bad records",
            ),
            (
                self.job.output.is_strict(),
                "--strict is for the native engine: Spark counts bad records; --assert can demand that there are none",
            ),
        ];
        match reasons.into_iter().find(|(applies, _)| *applies) {
            Some((_, reason)) => bail!("{reason}"),
            None => Ok(()),
        }
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
