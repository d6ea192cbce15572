//! The flags that say what is written, and where.

use super::assert::{Assertions, quote_columns};
use super::files::OutputFiles;
use super::units;
use crate::engine::{Every, Outputs, STRETCH_BYTES, Sink};
use crate::render::{Behind, Changes, Format, Live, Render, Style, renderer};
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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
/// How often to report where nothing is said.
const EVERY: Every = Every::Time(Duration::from_secs(1));

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Table,
    Json,
    Csv,
    Markdown,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// How text for people looks.
#[derive(Args)]
#[command(next_help_heading = "Output")]
pub struct ScreenArgs {
    /// Whether tables are in colour
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
}

impl ScreenArgs {
    /// What to use where the text goes to a terminal, and where it does not.
    pub fn style(&self, terminal: bool) -> Style {
        Style { color: self.has_color(terminal), unicode: !terminal || speaks_utf8() }
    }

    fn has_color(&self, terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                terminal && !unwanted && !is_dumb()
            }
        }
    }
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

    /// Whether it was said how often to report.
    pub fn has_period(&self) -> bool {
        self.every.is_some()
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

    /// When to report. A one-pass run prints one table, unless its input `goes_on`; JSON is one line an update
    /// everywhere, and what became final is said at once.
    fn every(&self, goes_on: bool, is_live: bool, reporting: Reporting) -> Every {
        let is_streamed = match reporting {
            Reporting::Whole => self.output == Form::Json,
            Reporting::Changes { .. } => matches!(self.output, Form::Json | Form::Csv),
        };
        match (self.every, reporting) {
            _ if self.final_only || !(goes_on || is_live || is_streamed) => Every::End,
            (Some(every), _) => every,
            (None, Reporting::Changes { early, .. }) if is_streamed => Every::Closing(early),
            (None, Reporting::Changes { early: Some(early), .. }) => Every::Time(early),
            (None, _) => EVERY,
        }
    }

    /// Opens all outputs. An input that `goes_on` is reported on while it does. `forward` is where matching records go; with `-` they have standard
    /// output to themselves, and reports go to standard error.
    pub fn outputs(
        &self,
        goes_on: bool,
        forward: Option<&Path>,
        reporting: Reporting,
        files: &mut OutputFiles,
    ) -> Result<Outputs> {
        let forwards_to_stdout = forward == Some(Path::new("-"));
        let forward = forward.map(|path| sink(path, "--forward", files)).transpose()?;
        let dead_letters = self.dead_letter.as_deref().map(|path| sink(path, "--dead-letter", files)).transpose()?;
        let terminal = self.output_file.is_none() && !forwards_to_stdout && io::stdout().is_terminal();
        let is_live = terminal && self.is_live();
        let every = self.every(goes_on, is_live, reporting);
        let (is_whole, idle_timeout, are_sessions) = match reporting {
            Reporting::Whole => (true, None, false),
            Reporting::Changes { idle_timeout, are_sessions, .. } => (false, idle_timeout, are_sessions),
        };
        let (mut render, render_name) = self.render(is_live, forwards_to_stdout, every, is_whole, files)?;
        if !is_whole && is_live {
            render = Box::new(Changes::new(render, are_sessions));
        }
        let progress =
            (!self.quiet && !goes_on && !terminal && io::stderr().is_terminal() && !is_dumb()).then(progress_bar);
        let quiet = self.quiet;
        let say = move |sentence: &str| {
            if !quiet {
                say!("streamlab: warning: {sentence}");
            }
        };
        Ok(Outputs {
            render,
            render_name,
            every,
            dead_letters,
            forward,
            strict: self.strict,
            idle_timeout,
            only_changes: !is_whole && !is_live,
            watch: None,
            inspect: None,
            inspect_every: None,
            no_data_after: self.no_data_after,
            say: Box::new(say),
            progress,
        })
    }

    fn render(
        &self,
        is_live: bool,
        to_stderr: bool,
        every: Every,
        is_whole: bool,
        files: &mut OutputFiles,
    ) -> Result<(Box<dyn Render>, String)> {
        let goes_on = files.goes_on(OUTPUT_FILE);
        let (out, name, terminal): (Box<dyn Write + Send>, _, _) = match &self.output_file {
            Some(path) if path != Path::new("-") => {
                (Box::new(files.open(OUTPUT_FILE, path)?), path.display().to_string(), false)
            }
            _ if to_stderr => (Box::new(io::stderr()), "standard error".to_owned(), io::stderr().is_terminal()),
            _ => (Box::new(unbuffered_stdout()?), "standard output".to_owned(), io::stdout().is_terminal()),
        };
        let style = self.screen.style(terminal);
        let format = match self.output {
            Form::Table if is_live => return Ok((Box::new(Live::at_terminal(out, style)), name)),
            Form::Table => Format::Table,
            Form::Json => Format::Json,
            Form::Csv if goes_on => Format::CsvRows { is_safe: self.csv_safe },
            Form::Csv => Format::Csv { is_safe: self.csv_safe },
            Form::Markdown => Format::Markdown,
        };
        // What became final says itself when that was.
        let render = renderer(format, style, is_whole && every != Every::End, out);
        // Rows that close all along are worth a thread; one report at the end is not.
        match matches!(every, Every::Closing(_)) && rayon::current_num_threads() > 1 {
            true => Ok((Box::new(Behind::new(render).context("cannot start a thread")?), name)),
            false => Ok((render, name)),
        }
    }
}

/// Standard output without the buffer by lines that Rust puts there: an update is one write.
fn unbuffered_stdout() -> Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned().context("cannot use standard output")?))
}

/// Whether the terminal takes no escape sequences.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// The first of the locale's variables that is set decides, as in every C program.
fn speaks_utf8() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    locale.is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
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

fn sink(path: &Path, flag: &'static str, files: &mut OutputFiles) -> Result<Sink> {
    let is_stdout = path == Path::new("-");
    let writer: Box<dyn Write> = if is_stdout { Box::new(io::stdout()) } else { Box::new(files.open(flag, path)?) };
    let name = if is_stdout { "standard output".to_owned() } else { path.display().to_string() };
    Ok(Sink { name, writer: Box::new(BufWriter::with_capacity(1 << 16, writer)) })
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

/// Bytes, rate and time to go, on standard error.
fn progress_bar() -> Box<dyn FnMut(&crate::report::Pace)> {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template(
        "{bar:30} {decimal_bytes} of {decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} to go",
    );
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut drawn = Instant::now();
    Box::new(move |pace| {
        if drawn.elapsed() >= Duration::from_millis(100) {
            drawn = Instant::now();
            bar.set_length(pace.read_bytes + pace.behind_bytes);
            bar.set_position(pace.read_bytes);
        }
    })
}
