//! `state show`: what a checkpoint holds, in words or as JSON, also while a run goes on.

use crate::analysis::Analysis;
use crate::checkpoint::{Directory, Loaded, Store, StoreError};
use crate::cli::output::{ScreenArgs, Unwritable};
use crate::cli::{Command, exit};
use crate::engine::checkpoint::Standing;
use crate::render::{Format, json_line, renderer};
use crate::report::{Answer, Cell, Pace, Report};
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Look into a state directory
#[derive(Args)]
#[command(before_help = "Example: streamlab state show state/")]
pub struct StateCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Show(ShowArgs),
}

/// What the last checkpoint in a state directory holds
#[derive(Args)]
#[command(before_help = "Example: streamlab state show state/ --prefix pay")]
struct ShowArgs {
    /// The directory that was given as --state-dir
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Only rows with a key that begins so
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// What it is written as
    #[arg(short, long, value_enum, default_value_t = Form::Table)]
    output: Form,
    #[command(flatten)]
    screen: ScreenArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Table,
    Json,
}

/// An image to be shown in place of a run.
pub struct View {
    name: String,
    loaded: Loaded,
    prefix: Option<String>,
    form: Form,
    screen: ScreenArgs,
}

impl StateCommand {
    pub fn run(self) -> Result<u8> {
        let Action::Show(ShowArgs { directory, prefix, output: form, screen }) = self.action;
        let name = directory.display().to_string();
        if !directory.is_dir() {
            bail!("{name} is no directory; name the one that was given as --state-dir");
        }
        let loaded = match Store::open(Directory::beside(directory)) {
            Ok((_, Some(loaded))) => loaded,
            Ok((_, None)) => bail!("{name} holds no checkpoint; name the directory that was given as --state-dir"),
            Err(StoreError::Io(error)) => return Err(error).with_context(|| format!("cannot read {name}")),
            Err(error) => bail!("{name}: {error}"),
        };
        let mut command = Command::of(&loaded.image.plan)
            .map_err(|error| anyhow!("{name}: its command line is not understood: {error}"))?;
        let Some(job) = command.job() else { bail!("{name}: `{}` keeps no state", loaded.image.plan.command) };
        job.view = Some(View { name, loaded, prefix, form, screen });
        command.run()
    }
}

impl View {
    /// Shows the state of an analysis as its report.
    pub fn show<A: Analysis>(&self, analysis: &A) -> Result<u8> {
        let image = &self.loaded.image;
        let (standing, mut state): (_, A::State) =
            Standing::decode(&image.bytes).map_err(|reason| anyhow!("{}: {reason}", self.name))?;
        let mut answer = analysis.report(&mut state, standing.seen, true);
        if let Some(prefix) = &self.prefix {
            let keys = answer.keys;
            let begins = |cell: &Cell| matches!(cell, Cell::Text(text) if text.starts_with(prefix));
            answer.rows.retain(|row| row[..keys].iter().any(begins));
        }
        let report = self.report(analysis.name(), &standing, answer);
        let text = match self.form {
            Form::Table => self.in_words(&standing, &report)?,
            Form::Json => self.as_json(&standing, &report)?,
        };
        io::stdout().write_all(&text).or_else(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(Unwritable::new("standard output".as_ref(), error)),
        })?;
        Ok(exit::DONE)
    }

    fn report(&self, analysis: &'static str, standing: &Standing, answer: Answer) -> Report {
        let (seq, seen, ledger) = (standing.seq, standing.seen, standing.ledger);
        Report { analysis, seq, last: false, seen, answer, ledger, pace: Pace::default() }
    }

    fn in_words(&self, standing: &Standing, report: &Report) -> Result<Vec<u8>> {
        let Loaded { image, generation, is_previous } = &self.loaded;
        let mut text = Vec::new();
        let line: Vec<String> = image.plan.line.iter().map(|word| word.escape_debug().to_string()).collect();
        writeln!(text, "checkpoint {generation} of: streamlab {}", line.join(" "))?;
        if *is_previous {
            writeln!(text, "a later checkpoint is torn or damaged; a run would go on from this one")?;
        }
        for past in &standing.roster.files {
            writeln!(text, "file {}: read up to byte {}", past.name().escape_debug(), past.cursor.offset)?;
        }
        for (flag, length) in &standing.lengths {
            writeln!(text, "{flag}: {length} bytes are written for good")?;
        }
        writeln!(text)?;
        text.extend(self.rendered(Format::Table, report)?);
        Ok(text)
    }

    fn as_json(&self, standing: &Standing, report: &Report) -> Result<Vec<u8>> {
        let Loaded { image, generation, is_previous } = &self.loaded;
        let report: serde_json::Value = serde_json::from_slice(&self.rendered(Format::Json, report)?)?;
        let file = |past: &crate::input::Past| json!({"name": past.name(), "offset": past.cursor.offset});
        Ok(json_line(&json!({
            "generation": generation,
            "is_previous": is_previous,
            "command": image.plan.command,
            "flags": image.plan.flags,
            "files": standing.roster.files.iter().map(file).collect::<Vec<_>>(),
            "written": standing.lengths,
            "report": report,
        }))?)
    }

    fn rendered(&self, format: Format, report: &Report) -> Result<Vec<u8>> {
        let text = Shared::default();
        let style = self.screen.style(io::stdout().is_terminal());
        renderer(format, style, false, Box::new(text.clone())).render(report)?;
        let text = text.0.lock().map(|text| text.clone());
        text.map_err(|_| anyhow!("a report could not be rendered"))
    }
}

/// Text that is written while somebody else holds it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
