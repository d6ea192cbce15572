//! `running-avg`, `sliding-window` and `reservoir`: their own flags are few.

use super::emit::{EmitArgs, emit};
use super::job::JobArgs;
use super::question::question;
use super::rows::{JudgeArgs, OutcomeArgs, RowArgs, check_columns, column, field};
use super::units;
use crate::analysis::{Reservoir, RunningAvg, SlidingWindow};
use crate::checkpoint::fresh_id;
use anyhow::{Result, bail};
use clap::Args;
use std::time::Duration;

/// Success rate per service, over all that was read
#[derive(Args)]
#[command(
    before_help = "Example: streamlab running-avg --source data/",
    after_help = "\
More examples:
  In CI: fail when a service succeeds too rarely, or when nothing was read
    streamlab running-avg data/ --assert 'success_rate > 0.99' --min-events 1000
  Logs with a level and no status: what is an error is no success
    streamlab running-avg app.log --failure-if 'level == \"ERROR\"'
  Another log format, and the worst route first
    streamlab running-avg access.log --schema nginx --by request -o json | jq '.rows | sort_by(.success_rate)'
  The same question as a program for PySpark
    streamlab running-avg data/ --emit pyspark > program.py"
)]
pub struct RunningAvgArgs {
    #[command(flatten)]
    rows: RowArgs,
    #[command(flatten)]
    outcomes: OutcomeArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    emit: EmitArgs,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

impl RunningAvgArgs {
    pub fn run(self) -> Result<u8> {
        if let Some(engine) = self.emit.engine() {
            let (question, schema) = question(&self.rows, &self.outcomes, &self.job, None, &RunningAvg::COLUMNS)?;
            return emit(engine, question, schema, &self.job, Duration::ZERO);
        }
        let mut schema = self.job.input.schema();
        let by = self.rows.by(&mut schema, &RunningAvg::COLUMNS)?;
        let mut analysis = RunningAvg::new(by, self.outcomes.outcomes(), self.rows.max_keys());
        if let Some(success) = self.judge.success(&mut schema)? {
            analysis = analysis.with_success(success);
        }
        self.job.run(analysis, schema, None)
    }
}

/// Failure rate per service in the last minute of event time
#[derive(Args)]
#[command(
    before_help = "Example: streamlab sliding-window --source data/",
    after_help = "\
The window is closed: [newest - size, newest], in whole milliseconds of event time. Late and
out-of-order records count where they belong.

More examples:
  The last five minutes of a growing log, one JSON line a second
    streamlab sliding-window -f app.log --size 5m -o json
  In CI: fail when any service fails too often
    streamlab sliding-window data/ --assert 'failure_rate < 0.05'"
)]
pub struct SlidingWindowArgs {
    /// The length of the window
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = units::duration, help_heading = "Window")]
    size: Duration,
    #[command(flatten)]
    rows: RowArgs,
    #[command(flatten)]
    outcomes: OutcomeArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

impl SlidingWindowArgs {
    pub fn run(self) -> Result<u8> {
        let Ok(size_ms) = u64::try_from(self.size.as_millis()) else { bail!("--size: the window is too long") };
        if size_ms == 0 {
            bail!("--size: a window has at least one millisecond");
        }
        let mut schema = self.job.input.schema();
        let by = self.rows.by(&mut schema, &SlidingWindow::COLUMNS)?;
        let mut analysis = SlidingWindow::new(size_ms, by, self.outcomes.outcomes(), self.rows.max_keys());
        if let Some(failure) = self.judge.failure(&mut schema)? {
            analysis = analysis.with_failure(failure);
        }
        self.job.run(analysis, schema, None)
    }
}

/// The most common status code, from a uniform sample of fixed size
#[derive(Args)]
#[command(
    before_help = "Example: streamlab reservoir --source data/ --size 100",
    after_help = "\
Every record has the same probability to be in the sample. The same seed and the same data give
the same sample, on any number of threads.

More examples:
  The most common service, and how far the sample is off
    streamlab reservoir data/ --of service --size 1000 --verify"
)]
pub struct ReservoirArgs {
    /// How many records the sample holds
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..), help_heading = "Sample")]
    size: u64,
    /// Another seed, another sample
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Sample")]
    seed: u64,
    /// The field whose values are sampled
    #[arg(long, value_name = "FIELD", default_value = "status", help_heading = "Sample")]
    of: String,
    /// Count exactly beside the sample, and show the difference
    #[arg(long, help_heading = "Sample")]
    verify: bool,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

impl ReservoirArgs {
    pub fn run(self) -> Result<u8> {
        let mut schema = self.job.input.schema();
        let of = field(&mut schema, &self.of, "--of")?;
        check_columns(std::slice::from_ref(&self.of), &Reservoir::COLUMNS, "--of")?;
        let Ok(size) = usize::try_from(self.size) else { bail!("--size: the sample is too large") };
        let column = column(&self.of, &[], &Reservoir::COLUMNS);
        let sample = Reservoir::new(size, self.seed, column, of);
        let sample = if self.verify { sample.verifying(crate::analysis::MAX_KEYS) } else { sample };
        let sample = if self.job.state.is_kept() { sample.joinable(fresh_id()) } else { sample };
        self.job.run(sample, schema, None)
    }
}
