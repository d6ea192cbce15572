//! `lateness`: how late events come, and what a watermark delay would keep.

use super::job::JobArgs;
use super::units;
use crate::analysis::Lateness;
use crate::event::Timestamp;
use anyhow::{Result, bail};
use clap::Args;
use std::time::Duration;

/// How late events come, and which watermark delay would keep them
#[derive(Args)]
#[command(
    before_help = "Example: streamlab lateness --source data/",
    after_help = "\
An event is as late as it is behind the newest event that its file had shown before. The share of events
that are no later than a delay is what `window --watermark-delay` keeps, at least.

More examples:
  In CI: fail when a delay of 5 s would lose more than one event in a thousand
    streamlab lateness data/ --assert 'row[\"kept_5s\"] > 0.999'"
)]
pub struct LatenessArgs {
    /// The delays to judge
    #[arg(long, value_name = "TIME", value_delimiter = ',', default_value = "1s,5s,60s", value_parser = units::duration, help_heading = "Lateness")]
    delays: Vec<Duration>,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

impl LatenessArgs {
    pub fn run(self) -> Result<u8> {
        let mut delays_ns = Vec::new();
        for delay in &self.delays {
            let Ok(delay_ns) = i64::try_from(delay.as_nanos()) else {
                bail!("--delays: at most 292 years can be told")
            };
            delays_ns.push(delay_ns);
        }
        delays_ns.sort_unstable();
        delays_ns.dedup();
        let ahead = self.job.input.ahead().map(|ahead| i64::try_from(ahead.as_nanos()).unwrap_or(i64::MAX));
        let now = i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX);
        let lateness = Lateness::new(delays_ns, ahead.unwrap_or(i64::MAX), Timestamp::from_nanos(now));
        self.job.run(lateness, self.job.input.schema(), None)
    }
}
