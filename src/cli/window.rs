//! `window`: any statistics over windows of event time.

use super::aggregates::aggregates;
use super::emit::{EmitArgs, emit};
use super::job::JobArgs;
use super::output::Reporting;
use super::question::{WINDOW_COLUMNS, question};
use super::rows::{JudgeArgs, OutcomeArgs, RowArgs, field};
use super::units;
use crate::analysis::{Aggregates, Calendar, CalendarUnit, Dedup, Outcome, Window, WindowPlan, WindowShape, Written};
use crate::bridge::{Question, Windows};
use crate::schema::Schema;
use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Counts, rates, sums and quantiles over windows of event time
#[derive(Args)]
#[command(
    before_help = "Example: streamlab window --source data/ --size 1m",
    after_help = "\
A window is half-open, [start, end). Over files at rest, read once, every event counts, in whatever order
they stand: all windows are shown at the end, and are kept until then. With --watermark-delay a window is
shown and forgotten when the watermark passes its end: the newest event of every file is that late, less the
delay. What comes later still is counted while --allowed-lateness says so, and the window is shown again with
a higher revision; after that it is late, and goes to --dead-letter. `streamlab lateness` says how late
events come. What is followed, and runs with --state-dir, have a delay of 30s where none is given. So has a pipe,
but without -f nothing in it is late: its closed windows are kept, and shown again.

Aggregates: count, rate(EXPR), sum, mean, min, max and stddev(FIELD), p50 to p99.99(FIELD), distinct(FIELD),
top(N, FIELD), first and last(FIELD); quantiles are within 1 % of the value, distinct about 1.6 % (standard error). In place of a
field: ms(FIELD) reads durations with units as milliseconds, total(FIELD) adds up a list in a text.

More examples:
  Requests, errors and latency of each route, every 10 s over the last minute
    streamlab window -f app.log --size 1m --slide 10s --by route \\
      --agg 'count, errors=rate(status >= 500), p50(latency_ms), p99(latency_ms)'
  Visits: as long as a user does something every half an hour
    streamlab window access.log --type session --gap 30m --by user --agg 'count, top(3, path)'
  The days of a zone, of which one a year has 23 hours, and one has 25
    streamlab window access.log --calendar day --time-zone Europe/Berlin --agg count
  In CI: fail when any service failed too often in any minute
    streamlab window data/ --size 1m --assert 'failure_rate < 0.05'"
)]
pub struct WindowArgs {
    /// tumbling: one after the other; sliding: one every --slide; session: until --gap passes without an event
    #[arg(long = "type", value_name = "TYPE", value_enum, help_heading = "Window")]
    kind: Option<Kind>,
    /// The length of a window [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Window")]
    size: Option<Duration>,
    /// How long after one window the next begins; makes windows slide [default: a sixth of the size]
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Window")]
    slide: Option<Duration>,
    /// How long a key is silent when its session ends; makes windows sessions [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Window")]
    gap: Option<Duration>,
    /// How long after a multiple of its size since 1970 a window begins; before it with a minus, as -30m
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = units::signed, allow_hyphen_values = true,
        help_heading = "Window")]
    offset: i64,
    /// Days, weeks (from Monday) or months of --time-zone, one after the other
    #[arg(long, value_name = "UNIT", value_enum, help_heading = "Window",
        conflicts_with_all = ["size", "slide", "gap", "offset"])]
    calendar: Option<Unit>,
    /// What to work out, separated by commas, each with a name or without: 'count, bad=rate(status >= 400)'
    /// [default: total, failures and failure rate of requests]
    #[arg(long, value_name = "LIST", help_heading = "Window", conflicts_with_all = ["success_if", "failure_if"])]
    agg: Vec<String>,

    /// How far behind the newest event of a file others of it may be [default: 30s where the input is followed, a
    /// pipe or kept in --state-dir; else any time]
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Event time")]
    watermark_delay: Option<Duration>,
    /// For how long a closed window still takes late events, and is shown again
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = units::duration, help_heading = "Event time")]
    allowed_lateness: Duration,
    /// After so much silence a followed file holds no window open; `off` waits for ever
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = timeout, help_heading = "Event time")]
    idle_timeout: Timeout,
    /// Show open windows too, as often
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Event time")]
    early: Option<Duration>,
    /// Count records with the same value of this field once, as with the ids of messages sent twice
    #[arg(long, value_name = "FIELD", help_heading = "Event time")]
    dedup: Option<String>,
    /// How far apart in event time such records may be [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Event time")]
    dedup_horizon: Option<Duration>,

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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Tumbling,
    Sliding,
    Session,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unit {
    Day,
    Week,
    Month,
}

/// How long to wait for a silent input.
#[derive(Clone, Copy)]
struct Timeout(Option<Duration>);

fn timeout(text: &str) -> Result<Timeout, String> {
    if text == "off" { Ok(Timeout(None)) } else { units::duration(text).map(|time| Timeout(Some(time))) }
}

/// A sliding window of more panes than this would be put together for ever.
const MAX_PANES: i64 = 10_000;
const DEFAULT_SIZE: Duration = Duration::from_secs(60);
const DEFAULT_DELAY: Duration = Duration::from_secs(30);
const DEFAULT_GAP: Duration = Duration::from_secs(30);
const DEFAULT_HORIZON: Duration = Duration::from_secs(600);

impl WindowArgs {
    pub fn run(mut self) -> Result<u8> {
        if let Some(engine) = self.emit.engine() {
            let (question, schema) = self.question()?;
            return emit(engine, question, schema, &self.job, self.watermark_delay.unwrap_or(DEFAULT_DELAY));
        }
        if self.job.state.is_kept() {
            // Who goes on may say what was taken for granted.
            self.watermark_delay.get_or_insert(DEFAULT_DELAY);
            let delay = || vec![format!("{}s", DEFAULT_DELAY.as_secs())];
            self.job.plan.flags.entry("--watermark-delay".to_owned()).or_insert_with(delay);
        }
        let mut schema = self.job.input.schema();
        let is_live = self.job.output.is_live();
        let (delay_ns, lateness_ns) = self.waits_ns()?;
        let plan = WindowPlan {
            shape: self.shape()?,
            by: self.rows.by(&mut schema, &["start", "end", "revision", "open"])?,
            aggregates: self.aggregates(&mut schema)?,
            delay_ns,
            lateness_ns,
            ahead_ns: self.job.input.ahead().map_or(Ok(i64::MAX), |ahead| nanos(ahead, "--max-ahead"))?,
            max_keys: self.rows.max_keys(),
            dedup: self.dedup(&mut schema)?,
            keeps_late: self.job.output.dead_letter().is_some(),
            shows_open: is_live || self.early.is_some(),
        };
        let columns: Vec<String> = plan.aggregates.columns().map(str::to_owned).collect();
        let taken: Vec<&str> = ["start", "end", "revision", "open"].into_iter().chain(plan.by.names()).collect();
        if let Some((place, name)) = columns
            .iter()
            .enumerate()
            .find(|(place, name)| taken.contains(&name.as_str()) || columns[..*place].contains(name))
        {
            let whose = if columns[..place].contains(name) { "already" } else { "of its own" };
            bail!("--agg: the table has a column `{name}` {whose}; call yours otherwise: --agg '{name}_2=...'");
        }
        let are_sessions = plan.gap().is_some();
        let reporting = Reporting::Changes { early: self.early, idle_timeout: self.idle_timeout.0, are_sessions };
        self.job.report(Window::new(plan), schema, None, reporting)
    }

    /// How far behind the watermark is, and how long a closed window takes late events.
    ///
    /// Where nothing is said, a run that reads once counts every event: files before it closes any window, and a
    /// pipe, which may go on for long, by showing closed windows again.
    fn waits_ns(&self) -> Result<(i64, i64)> {
        let delay_ns = nanos(self.watermark_delay.unwrap_or(DEFAULT_DELAY), "--watermark-delay")?;
        let lateness_ns = nanos(self.allowed_lateness, "--allowed-lateness")?;
        // To look at a state takes no input.
        if self.watermark_delay.is_some() || self.job.view.is_some() {
            return Ok((delay_ns, lateness_ns));
        }
        let sources = self.job.input.sources()?;
        Ok(match (self.job.input.follow(&sources)?, sources.may_be_endless()) {
            (true, _) => (delay_ns, lateness_ns),
            (false, true) => (delay_ns, WindowPlan::FOR_EVER),
            (false, false) => (WindowPlan::NO_WATERMARK, lateness_ns),
        })
    }

    /// The windows, as far as the flags tell what they do not say.
    fn shape(&self) -> Result<WindowShape> {
        if let Some(unit) = self.calendar {
            if !matches!(self.kind, None | Some(Kind::Tumbling)) {
                bail!("--calendar: days, weeks and months stand one after the other: --type tumbling, or none");
            }
            let unit = match unit {
                Unit::Day => CalendarUnit::Day,
                Unit::Week => CalendarUnit::Week,
                Unit::Month => CalendarUnit::Month,
            };
            return Ok(WindowShape::Calendar(Calendar { unit, zone: self.job.input.zone().clone() }));
        }
        let kind = self.kind.unwrap_or(match (self.slide, self.gap) {
            (_, Some(_)) => Kind::Session,
            (Some(_), None) => Kind::Sliding,
            (None, None) => Kind::Tumbling,
        });
        match kind {
            Kind::Tumbling if self.slide.is_some() => bail!("--slide is for --type sliding"),
            Kind::Session if self.size.is_some() || self.slide.is_some() => {
                bail!(
                    "--type session takes no --size and no --slide: a session lasts until --gap passes without an event"
                )
            }
            Kind::Session if self.offset != 0 => {
                bail!("--type session takes no --offset: a session begins with its first event")
            }
            Kind::Tumbling | Kind::Sliding if self.gap.is_some() => bail!("--gap is for --type session"),
            _ => {}
        }
        let size = positive(self.size.unwrap_or(DEFAULT_SIZE), "--size")?;
        let slide = match (kind, self.slide) {
            (Kind::Sliding, Some(slide)) => positive(slide, "--slide")?,
            (Kind::Sliding, None) => (size / 6).max(1),
            _ => size,
        };
        if kind == Kind::Session {
            return Ok(WindowShape::Session { gap_ns: positive(self.gap.unwrap_or(DEFAULT_GAP), "--gap")? });
        }
        if slide > size {
            bail!(
                "--slide: windows that begin further apart than they are long would leave events out; at most --size"
            );
        }
        let shape = WindowShape::sliding(size, slide, self.offset);
        if shape.panes() > MAX_PANES {
            bail!(
                "--slide: each window would be put together from {} slices; a slide that divides the size needs fewer",
                shape.panes()
            );
        }
        Ok(shape)
    }

    /// The question as other engines take it, which know windows of a fixed size.
    fn question(&self) -> Result<(Question, Schema)> {
        let (size_ns, slide_ns, offset_ns) = match self.shape()? {
            WindowShape::Sliding { size_ns, slide_ns, offset_ns, .. } => (size_ns, slide_ns, offset_ns),
            WindowShape::Session { .. } => {
                bail!("--emit: sessions are not carried over to a program; take --type tumbling or sliding")
            }
            WindowShape::Calendar(_) => {
                bail!("--emit: --calendar is not carried over to a program; take windows of a --size")
            }
        };
        if self.early.is_some() {
            bail!("--emit: --early is not carried over to a program; leave it out");
        }
        let windows = Some(Windows { size_ns, slide_ns, offset_ns });
        let (question, schema) = question(&self.rows, &self.outcomes, &self.job, windows, &WINDOW_COLUMNS)?;
        if let Some(name) = question.by.names().find(|name| ["time", "window"].contains(name)) {
            bail!(
                "--emit: --by: the program has a column `{name}` of its own; to take the field of that name, quote it: --by '\"{name}\"'"
            );
        }
        Ok((question, schema))
    }

    fn aggregates(&self, schema: &mut Schema) -> Result<Aggregates> {
        if self.agg.is_empty() {
            let told = self.judge.failure(schema)?;
            Ok(Aggregates::failures(told.unwrap_or_else(|| Outcome::Status(self.outcomes.outcomes().failure))))
        } else {
            aggregates(&self.agg, schema)
        }
    }

    fn dedup(&self, schema: &mut Schema) -> Result<Option<Dedup>> {
        let Some(name) = &self.dedup else {
            return match self.dedup_horizon {
                Some(_) => bail!("--dedup-horizon: --dedup says which records are the same; name its field"),
                None => Ok(None),
            };
        };
        let field = Written::new(field(schema, name, "--dedup")?, schema);
        let horizon_ns = nanos(self.dedup_horizon.unwrap_or(DEFAULT_HORIZON), "--dedup-horizon")?;
        Ok(Some(Dedup { field, horizon_ns }))
    }
}

fn nanos(length: Duration, flag: &'static str) -> Result<i64> {
    i64::try_from(length.as_nanos()).map_err(|_| anyhow!("{flag}: at most 292 years can be told"))
}

fn positive(length: Duration, flag: &'static str) -> Result<i64> {
    if length.is_zero() {
        bail!("{flag}: a length above zero is needed");
    }
    nanos(length, flag)
}
