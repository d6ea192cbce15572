//! The arguments of `generate`, and the plan they come to.

use crate::cli::units;
use crate::event::Timestamp;
use crate::generate::{Error, Format, Plan, RotateAt};
use clap::Args;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Write synthetic microservice logs, the same for the same seed
#[derive(Args, Clone, Debug)]
#[command(
    before_help = "Example: streamlab generate --output-dir logs/ --num-files 10 --events-per-file 1000 --truth truth.json",
    after_help = "\
More examples:
  A gigabyte of lines for a benchmark
    streamlab generate --output-dir big/ --format ndjson --num-files 1 --size 1GB
  A live service that rotates its log, until Ctrl-C
    streamlab generate --output-dir live/ --rate 5000/s --rotate 10MiB
  Ten thousand records into a pipe, some of them hostile and out of order
    streamlab generate --stdout --jitter 30s --malformed 1% | streamlab task2 -"
)]
#[command(group = clap::ArgGroup::new("where").required(true).args(["output_dir", "stdout"]))]
pub struct GenerateArgs {
    /// The directory to write to; made if need be. Files of the same names are replaced
    #[arg(short = 'd', long, value_name = "DIR")]
    pub(super) output_dir: Option<PathBuf>,
    /// Write everything as one stream to standard output
    #[arg(long)]
    pub(super) stdout: bool,
    /// How many files [default: 10; with --rate: no end]
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    num_files: Option<u64>,
    /// How many records a file
    #[arg(short = 'e', long, value_name = "N", default_value_t = 1000)]
    events_per_file: u64,
    /// How many bytes in all files together, about (1GB, 10MiB), instead of --events-per-file
    #[arg(long, value_parser = units::size, conflicts_with = "events_per_file")]
    size: Option<u64>,
    /// [default: array for files, ndjson for --stdout and --rotate]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The same seed and flags give the same bytes, on any number of cores
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// No progress on standard error
    #[arg(short, long)]
    pub(super) quiet: bool,

    #[command(flatten)]
    content: ContentArgs,
    #[command(flatten)]
    pub(super) live: LiveArgs,

    /// Write the exact answers to every analysis of these logs, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Truth")]
    pub(super) truth: Option<PathBuf>,
    /// The size of the sliding window whose truth is told
    #[arg(long, default_value = "60s", value_parser = units::duration, value_name = "TIME", help_heading = "Truth")]
    truth_window: Duration,
    /// Write a watchlist, one message a line, and give every message a path of its own
    #[arg(long, value_name = "FILE", help_heading = "Truth")]
    pub(super) watchlist: Option<PathBuf>,
    /// How many messages the watchlist holds
    #[arg(long, default_value_t = 1000, value_name = "N", requires = "watchlist", help_heading = "Truth")]
    watch_items: u64,
    /// The share of records whose message is on the watchlist [default: 0.1]
    #[arg(long, value_parser = units::share, value_name = "SHARE", requires = "watchlist", help_heading = "Truth")]
    watch_share: Option<f64>,
}

/// What the records say.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Content")]
pub(super) struct ContentArgs {
    /// The services, separated by commas
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "inference,training,preprocessing,serving",
        value_name = "NAMES"
    )]
    services: Vec<String>,
    /// So many services instead, called service-0, service-1, ...: logs of many keys
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "N", conflicts_with = "services")]
    num_services: Option<u32>,
    /// The time of the first record: epoch seconds or RFC 3339 [default: 1760559686.31526; with --rate: now]
    #[arg(long, value_parser = instant, value_name = "TIME")]
    start: Option<Timestamp>,
    /// The time from one record to the next [default: 10ms; with --rate: as the rate says]
    #[arg(long, value_parser = units::duration, value_name = "TIME")]
    interval: Option<Duration>,
    /// Out of order: each record is up to this much older than its place says
    #[arg(long, default_value = "0s", value_parser = units::duration, value_name = "TIME")]
    jitter: Duration,
    /// The share of requests that fail (4xx, 5xx)
    #[arg(long, default_value = "0.1", value_parser = units::share, value_name = "SHARE")]
    error_rate: f64,
    /// How many stretches of time in which one service fails mostly
    #[arg(long, default_value_t = 0, value_name = "N")]
    bursts: u32,
    /// The share of hostile records: cut, badly escaped, not UTF-8, NUL bytes, ... Each is one dead letter
    #[arg(long, default_value = "0", value_parser = units::share, value_name = "SHARE")]
    malformed: f64,
    /// The share of records that repeat one shortly before, byte for byte
    #[arg(long, default_value = "0", value_parser = units::share, value_name = "SHARE")]
    duplicates: f64,
    /// The share of records whose message has no status
    #[arg(long, default_value = "0", value_parser = units::share, value_name = "SHARE")]
    chatter: f64,
    /// Add id, level, latency_ms and a nested http.response.status_code
    #[arg(long)]
    extra_fields: bool,
}

/// Logs that grow while they are read.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Live")]
pub(super) struct LiveArgs {
    /// Pause between two files, which appear whole
    #[arg(long, default_value = "0s", value_parser = units::duration, value_name = "TIME", conflicts_with = "rate")]
    pub(super) batch_delay: Duration,
    /// Records per second (5000/s, 300/m), each written when it happens
    #[arg(long, value_parser = units::rate)]
    pub(super) rate: Option<f64>,
    /// Append to app.log in the directory and rename it to app.log.1 at this size (10MiB) or
    /// after this many records (5000ev)
    #[arg(long, value_parser = rotate_at, value_name = "SIZE", conflicts_with = "stdout")]
    pub(super) rotate: Option<RotateAt>,
}

impl GenerateArgs {
    /// The plan that these arguments come to, checked.
    pub(super) fn plan(&self) -> Result<Plan, Error> {
        let (content, live) = (&self.content, &self.live);
        let format = match (self.format, live.rotate) {
            (Some(Format::Array), Some(_)) => {
                return Err(Error::Plan("an array cannot be rotated in its middle; use --format ndjson".into()));
            }
            (Some(format), _) => format,
            (None, None) if !self.stdout => Format::Array,
            (None, _) => Format::Ndjson,
        };
        let defaults = Plan::default();
        let endless = live.rate.is_some() && self.size.is_none();
        let paced_interval = live.rate.map(|rate| Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::MAX));
        let mut plan = Plan {
            seed: self.seed,
            format,
            files: self.num_files.or(if endless { None } else { defaults.files }),
            events_per_file: self.events_per_file,
            services: content.num_services.map_or_else(
                || content.services.clone(),
                |count| (0..count).map(|number| format!("service-{number}")).collect(),
            ),
            start: content.start.unwrap_or_else(|| if live.rate.is_some() { now() } else { defaults.start }),
            interval: content.interval.or(paced_interval).unwrap_or(defaults.interval),
            jitter: content.jitter,
            error_rate: content.error_rate,
            bursts: content.bursts,
            malformed: content.malformed,
            duplicates: content.duplicates,
            chatter: content.chatter,
            extra_fields: content.extra_fields,
            watchlist_items: self.watchlist.as_ref().map(|_| self.watch_items),
            watch_share: self.watch_share.unwrap_or(if self.watchlist.is_some() { 0.1 } else { 0.0 }),
            window: self.truth_window,
        };
        if let Some(size_bytes) = self.size {
            plan.aim_for(size_bytes)?;
        }
        plan.check()?;
        Ok(plan)
    }
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("`{text}` is not a time; write it as `1760559686.5` or `2025-10-15T20:21:26Z`");
    let nanos = match units::duration(text) {
        Ok(since_epoch) if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
            i64::try_from(since_epoch.as_nanos()).ok()
        }
        _ => text.parse::<jiff::Timestamp>().ok().and_then(|time| i64::try_from(time.as_nanosecond()).ok()),
    };
    nanos.map(Timestamp::from_nanos).ok_or_else(wrong)
}

fn rotate_at(text: &str) -> Result<RotateAt, String> {
    let at = match text.strip_suffix("ev") {
        Some(events) => RotateAt::Events(events.trim().parse().map_err(|_| format!("`{text}` is not like `5000ev`"))?),
        None => RotateAt::Bytes(units::size(text)?),
    };
    match at {
        RotateAt::Bytes(0) | RotateAt::Events(0) => Err("a log cannot be rotated at nothing".into()),
        at => Ok(at),
    }
}
