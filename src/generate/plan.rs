//! What to generate: every choice of a run, and the library's ways to run it.

use super::output::{Files, Output, Stream};
use super::recipe::Recipe;
use super::run::{Pace, Progress, run};
use super::{BLOCK_RECORDS, Error, Truth};
use crate::event::Timestamp;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// How records are put together in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON array a file, without a trailing newline, as the lab's producer writes it.
    #[default]
    Array,
    /// One record a line.
    Ndjson,
}

impl Format {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Array => "array",
            Self::Ndjson => "ndjson",
        }
    }

    /// The extension of a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Array => "json",
            Self::Ndjson => "ndjson",
        }
    }
}

/// Everything that decides which bytes are written. Shares are between 0 and 1 and of all records;
/// `malformed`, `duplicates` and `chatter` exclude each other, `watch_share` is within the rest.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub format: Format,
    /// `None` goes on for ever.
    pub files: Option<u64>,
    pub events_per_file: u64,
    pub services: Vec<String>,
    /// The time of the first event. Record i happens within the i-th interval after it.
    pub start: Timestamp,
    pub interval: Duration,
    /// Each event happens up to this much earlier than its place says.
    pub jitter: Duration,
    /// The share of requests that fail, outside of bursts.
    pub error_rate: f64,
    /// Stretches of event time in which one service fails mostly.
    pub bursts: u32,
    /// Hostile records: each is one dead letter.
    pub malformed: f64,
    /// Records repeated byte for byte soon after.
    pub duplicates: f64,
    /// Records whose message has no status.
    pub chatter: f64,
    /// Adds `id`, `level`, `latency_ms` and a nested `http` to the records.
    pub extra_fields: bool,
    /// Gives each message a path of its own, of which this many are on the watchlist.
    pub watchlist_items: Option<u64>,
    /// The share of records whose message is on the watchlist.
    pub watch_share: f64,
    /// The size of the sliding window whose truth is told.
    pub window: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            format: Format::Array,
            files: Some(10),
            events_per_file: 1000,
            services: ["inference", "training", "preprocessing", "serving"].map(str::to_owned).to_vec(),
            start: Timestamp::from_nanos(1_760_559_686_315_260_000),
            interval: Duration::from_millis(10),
            jitter: Duration::ZERO,
            error_rate: 0.1,
            bursts: 0,
            malformed: 0.0,
            duplicates: 0.0,
            chatter: 0.0,
            extra_fields: false,
            watchlist_items: None,
            watch_share: 0.0,
            window: Duration::from_secs(60),
        }
    }
}

impl Plan {
    /// All records of the run, hostile ones included; `None` where it never ends.
    pub fn events(&self) -> Option<u64> {
        self.files.map(|files| files.saturating_mul(self.events_per_file))
    }

    /// Sets the events of each file so that all files together come near `size_bytes`: the mean
    /// size of a record is taken from a sample.
    pub fn aim_for(&mut self, size_bytes: u64) -> Result<(), Error> {
        let files = self.files.ok_or_else(|| Error::Plan("a size to aim for needs a number of files".into()))?;
        let sample = Self { files: Some(1), events_per_file: 16 * BLOCK_RECORDS, ..self.clone() };
        let sample_bytes = sample.to_bytes()?.0.len() as u128;
        let events = u128::from(size_bytes) * u128::from(sample.events_per_file) / sample_bytes.max(1);
        self.events_per_file = u64::try_from(events / u128::from(files.max(1))).unwrap_or(u64::MAX).max(1);
        Ok(())
    }

    /// Refuses a plan that cannot be carried out; the error says which part and what to do.
    pub fn check(&self) -> Result<(), Error> {
        Recipe::new(self).map(|_| ())
    }

    /// Writes the files `logs_000000.json`, ... into a directory, which is made if need be.
    pub fn run(&self, directory: &Path) -> Result<Truth, Error> {
        self.run_to(&mut Files::new(directory, self.format), &Pace::default(), &|_| ())
    }

    /// Writes all files as one stream: one array, or the lines of all.
    pub fn write_to(&self, out: impl Write + Send) -> Result<Truth, Error> {
        self.run_to(&mut Stream::new(out), &Pace::default(), &|_| ())
    }

    /// The whole text of [`Self::write_to`] in memory.
    pub fn to_bytes(&self) -> Result<(Vec<u8>, Truth), Error> {
        let mut text = Vec::new();
        let truth = self.write_to(&mut text)?;
        Ok((text, truth))
    }

    /// Writes to any output at any pace; `progress` hears of each piece that was written.
    pub fn run_to(
        &self,
        output: &mut dyn Output,
        pace: &Pace,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Truth, Error> {
        let recipe = Recipe::new(self)?;
        run(&recipe, output, pace, progress)
    }

    /// Writes the watchlist, one message a line.
    pub fn write_watchlist(&self, mut out: impl Write) -> Result<(), Error> {
        let recipe = Recipe::new(self)?;
        let mut text = Vec::new();
        for item in 0..recipe.watchlist_items {
            recipe.watched_message(item, &mut text);
            text.push(b'\n');
            if text.len() > 1 << 16 || item + 1 == recipe.watchlist_items {
                out.write_all(&text).map_err(|source| Error::Write { path: "the watchlist".into(), source })?;
                text.clear();
            }
        }
        Ok(())
    }
}
