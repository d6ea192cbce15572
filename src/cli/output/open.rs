//! Opens what a run writes to.

use super::screen::is_dumb;
use super::{Form, OUTPUT_FILE, OutputArgs, Reporting};
use crate::cli::files::OutputFiles;
use crate::engine::{Every, Outputs, Sink};
use crate::render::{Behind, Changes, Format, Live, Render, renderer};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often to report where nothing is said.
const EVERY: Every = Every::Time(Duration::from_secs(1));

impl OutputArgs {
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

fn sink(path: &Path, flag: &'static str, files: &mut OutputFiles) -> Result<Sink> {
    let is_stdout = path == Path::new("-");
    let writer: Box<dyn Write> = if is_stdout { Box::new(io::stdout()) } else { Box::new(files.open(flag, path)?) };
    let name = if is_stdout { "standard output".to_owned() } else { path.display().to_string() };
    Ok(Sink { name, writer: Box::new(BufWriter::with_capacity(1 << 16, writer)) })
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
