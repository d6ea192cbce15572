//! The flags that say what is written, and where.

mod open;
mod screen;

use super::assert::{Assertions, quote_columns};
use super::units;
use crate::engine::{Every, STRETCH_BYTES};
use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
pub use screen::{ScreenArgs, is_dumb};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// What reports are written as; never changes by itself
    #[arg(short, long, value_enum, default_value_t = Form::Table)]
    output: Form,
    /// With -o csv, put an apostrophe before texts that a spreadsheet would run as a formula
    #[arg(long)]
    csv_safe: bool,
    /// Write reports to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// How often to report on what is followed, and on a pipe: after a time (1s, 0 for at once) or after at least
    /// so many records (10000ev) [default: 1s]
    #[arg(long, value_name = "PERIOD", value_parser = every)]
    every: Option<Every>,
    /// Report only once, at the end
    #[arg(long = "final")]
    final_only: bool,
    /// Keep bad records here, one JSON line each: source, offset, reason, raw bytes
    #[arg(long, value_name = "FILE")]
    dead_letter: Option<PathBuf>,
    /// Stop at the first bad record
    #[arg(long)]
    strict: bool,
    /// No progress and no warnings
    #[arg(short, long)]
    quiet: bool,
    /// Say what is read, and how
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    screen: ScreenArgs,

    /// Fail (exit 1) unless this CEL expression is true of every row: 'failure_rate < 0.05'
    #[arg(long = "assert", value_name = "EXPR", help_heading = "Checks")]
    assertions: Vec<String>,
    /// Take a check that nothing was held to for one that is met: no rows, or no records
    #[arg(long, help_heading = "Checks")]
    allow_empty: bool,
    /// Fail (exit 2) as soon as the first records lack a field that the question names
    #[arg(long, help_heading = "Checks")]
    strict_fields: bool,
    /// Fail (exit 1) if fewer records were counted
    #[arg(long, value_name = "N", help_heading = "Checks")]
    min_events: Option<u64>,
    /// Of what is followed, or a pipe: end at the first report that breaks an assertion
    #[arg(long, help_heading = "Checks", requires = "assertions")]
    fail_fast: bool,
    /// Of what is followed, or a pipe: fail (exit 1) when no record comes for so long
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Checks")]
    no_data_after: Option<Duration>,
    /// Take flags from this TOML or JSON file
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    config: Option<PathBuf>,
}

/// What a report of an analysis says.
#[derive(Clone, Copy, Default)]
pub enum Reporting {
    /// The whole answer so far.
    #[default]
    Whole,
    /// What became final since the report before; where asked for, every so often what has not. An
    /// input that is silent for long holds nothing back.
    Changes { early: Option<Duration>, idle_timeout: Option<Duration>, are_sessions: bool },
}

impl Reporting {
    pub fn are_sessions(self) -> bool {
        matches!(self, Reporting::Changes { are_sessions: true, .. })
    }
}

const OUTPUT_FILE: &str = "--output-file";
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Table,
    Json,
    Csv,
    Markdown,
}

impl OutputArgs {
    /// The demands, in which the columns of the report may be named.
    pub fn assertions(&self, columns: &[String]) -> Result<Assertions> {
        let written: Vec<String> = self.assertions.iter().map(|source| quote_columns(source, columns)).collect();
        Assertions::new(&written, self.min_events, self.allow_empty).map_err(|reason| anyhow!(reason))
    }

    /// Whether it was said how often to report.
    pub fn is_paced(&self) -> bool {
        self.every.is_some()
    }

    /// Whether something is written, or looked at, while records come.
    pub fn shows_along(&self) -> bool {
        !self.final_only && matches!(self.output, Form::Json | Form::Csv) || self.fail_fast
    }

    /// How long nothing may come.
    pub fn no_data_after(&self) -> Option<Duration> {
        self.no_data_after
    }

    /// Whether each field that the question names has to be there.
    pub fn is_strict_about_fields(&self) -> bool {
        self.strict_fields
    }

    /// Whether a run ends when an assertion fails.
    pub fn fails_fast(&self) -> bool {
        self.fail_fast
    }

    /// Refuses what only a run that `may_go_on` can be held to.
    pub fn check_live(&self, may_go_on: bool, reporting: Reporting) -> Result<()> {
        match (self.no_data_after, reporting) {
            (Some(_), _) if !may_go_on => {
                bail!("--no-data-after: a run over files ends with them; add --follow to wait for more")
            }
            (Some(longest), _) if longest.is_zero() => bail!("--no-data-after: a length above zero is needed"),
            (_, Reporting::Changes { .. }) if self.fail_fast && self.final_only => {
                bail!("--fail-fast looks at rows as they close, and --final shows none before the end; leave one out")
            }
            _ => Ok(()),
        }
    }

    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The flags by which the answer is held to something.
    pub fn checks(&self) -> [(&'static str, bool); 3] {
        let waits = self.no_data_after.is_some();
        let checks = [("assert", !self.assertions.is_empty()), ("min-events", self.min_events.is_some())];
        [checks[0], checks[1], ("no-data-after", waits)]
    }

    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// How much is read between two chances to report: little, where reports are asked for every few
    /// records.
    pub fn stretch_bytes(&self) -> u64 {
        const RECORD_BYTES: u64 = 64;
        match self.every {
            Some(Every::Records(count)) => (count.saturating_mul(RECORD_BYTES)).clamp(4096, STRETCH_BYTES),
            _ => STRETCH_BYTES,
        }
    }

    /// Whether what is written shows the notes of a report.
    pub fn is_for_people(&self) -> bool {
        matches!(self.output, Form::Table | Form::Markdown)
    }

    /// Whether reports go to standard output.
    pub fn is_to_stdout(&self) -> bool {
        self.output_file.as_deref().is_none_or(|path| path == Path::new("-"))
    }

    /// How many dead letters a shard has to keep.
    pub fn letters(&self) -> usize {
        if self.dead_letter.is_some() { usize::MAX } else { 1 }
    }

    pub fn dead_letter(&self) -> Option<&Path> {
        self.dead_letter.as_deref()
    }

    /// The files that are written to, by flag.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [("--output-file", &self.output_file), ("--dead-letter", &self.dead_letter)];
        files.into_iter().filter_map(|(flag, path)| Some((flag, path.as_deref()?)))
    }

    /// Whether a table is redrawn in place.
    pub fn is_live(&self) -> bool {
        self.output_file.is_none() && self.output == Form::Table && io::stdout().is_terminal() && !is_dumb()
    }
}

/// An output that cannot be opened or written: no mistake in what was typed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}")]
pub struct Unwritable {
    pub path: String,
    pub source: io::Error,
}

impl Unwritable {
    pub fn new(path: &Path, source: io::Error) -> Self {
        Self { path: path.display().to_string(), source }
    }
}

/// Makes the file, or empties the one that is there.
pub fn create(path: &Path) -> Result<File, Unwritable> {
    File::create(path).map_err(|source| Unwritable::new(path, source))
}

fn every(text: &str) -> Result<Every, String> {
    match text.strip_suffix("ev") {
        Some(count) => match count.trim().parse() {
            Ok(count) if count > 0 => Ok(Every::Records(count)),
            _ => Err("write a number of records as `10000ev`".to_owned()),
        },
        None => units::duration(text).map(Every::Time),
    }
}
