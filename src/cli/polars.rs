//! `polars`: the questions of `running-avg` and `window`, answered by Polars.

use super::job::JobArgs;
use super::rows::{JudgeArgs, OutcomeArgs, RowArgs};
use super::units;
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Success rate per service, or failure rates of windows, on the Polars streaming engine
#[derive(Args)]
#[command(
    before_help = "Example: streamlab polars --source data/",
    after_help = "\
The answer and the ledger are those of running-avg and, with --size, of window over complete input: no
event is late. Polars reads clean NDJSON by itself, which the source is looked through for first; all
else reaches it through our decoder. -v says which it was.

More examples:
  Failures in each minute
    streamlab polars data/ --size 1m
  Logs with a level and no status
    streamlab polars app.log --failure-if 'level == \"ERROR\"'
  Does it agree with the native engine, and which is faster?
    streamlab compare data/ --engines native,polars"
)]
pub struct PolarsArgs {
    /// Count failures in windows of this length, one after the other, in place of successes over all
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Window")]
    pub(super) size: Option<Duration>,
    /// How long after a multiple of its size since 1970 a window begins
    #[arg(long, value_name = "TIME", value_parser = units::duration, requires = "size", help_heading = "Window")]
    pub(super) offset: Option<Duration>,
    /// What reads the source: Polars where it is clean, or always our decoder
    #[arg(long, value_enum, default_value_t = Reader::Auto, value_name = "READER", help_heading = "Input")]
    reader: Reader,
    #[command(flatten)]
    pub(super) rows: RowArgs,
    #[command(flatten)]
    pub(super) outcomes: OutcomeArgs,
    #[command(flatten)]
    pub(super) judge: JudgeArgs,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reader {
    Auto,
    Decoder,
}

#[cfg(not(feature = "polars"))]
impl PolarsArgs {
    pub fn run(self) -> Result<u8> {
        _ = self.reader;
        anyhow::bail!(
            "this streamlab was built without Polars; get it with `cargo install --path . --features polars`, or use \
             the release image, which has it"
        )
    }
}

#[cfg(feature = "polars")]
impl PolarsArgs {
    pub fn run(self) -> Result<u8> {
        use super::output::Reporting;
        use super::question::{RATE_COLUMNS, WINDOW_COLUMNS, question, windows};
        use crate::bridge;
        let windows = self.size.map(|size| windows(size, None, self.offset)).transpose()?;
        let columns: &[&str] = if windows.is_some() { &WINDOW_COLUMNS } else { &RATE_COLUMNS };
        let (mut question, mut schema) = question(&self.rows, &self.outcomes, &self.job, windows, columns)?;
        let told = if windows.is_some() { self.judge.failure(&mut schema) } else { self.judge.success(&mut schema) };
        if let Some(outcome) = told? {
            question.outcome = outcome;
        }
        let reader = match self.reader {
            Reader::Auto => bridge::Reader::Auto,
            Reader::Decoder => bridge::Reader::Decoder,
        };
        if let Some(view) = &self.job.view {
            return view.look(&bridge::Feed::new(question));
        }
        let about = question.answer(Vec::new(), crate::event::Span::default());
        self.job.conduct(schema, None, Reporting::Whole, Some(&about), |plan, outputs| {
            let (outcome, by) = bridge::run_polars(question, reader, plan, outputs);
            if self.job.output.is_verbose() {
                say!("streamlab: read by {by}");
            }
            Ok(outcome)
        })
    }
}
