//! `state show` and `state diff`: what checkpoints hold, in words or as JSON, also while a run goes on.

use super::merge::{MergeArgs, merged};
use crate::analysis::Analysis;
use crate::checkpoint::{Directory, Loaded, Store, StoreError};
use crate::cli::output::{ScreenArgs, Unwritable};
use crate::cli::{Command, exit};
use crate::engine::checkpoint::Standing;
use crate::render::{Format, Style, json_line, renderer};
use crate::report::{Answer, Cell, Pace, Report};
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashSet};
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
    Diff(DiffArgs),
    Merge(MergeArgs),
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

/// What differs between the checkpoints of two directories; exit code 1 if anything does
#[derive(Args)]
#[command(before_help = "Example: streamlab state diff state/ backup/")]
struct DiffArgs {
    /// A directory that was given as --state-dir
    #[arg(value_name = "DIR")]
    one: PathBuf,
    /// Another
    #[arg(value_name = "DIR")]
    other: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Table,
    Json,
}

/// An image to be looked at in place of a run.
pub struct View {
    pub(super) name: String,
    pub(super) loaded: Loaded,
    /// Those to be merged with it, where it is not to be shown.
    others: Vec<View>,
    prefix: Option<String>,
    form: Form,
    style: Style,
    /// What comes of it: text, or another image.
    out: Shared,
}

impl StateCommand {
    pub fn run(self) -> Result<u8> {
        let (text, code) = match self.action {
            Action::Show(ShowArgs { directory, prefix, output, screen }) => {
                let style = screen.style(io::stdout().is_terminal());
                (View::open(directory)?.text(prefix, output, style)?, exit::DONE)
            }
            Action::Diff(DiffArgs { one, other }) => diff(View::open(one)?, View::open(other)?)?,
            Action::Merge(merge) => return merge.run(),
        };
        io::stdout().write_all(&text).or_else(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(Unwritable::new("standard output".as_ref(), error)),
        })?;
        Ok(code)
    }
}

/// What differs, a line each: what was, and what is.
fn diff(one: View, other: View) -> Result<(Vec<u8>, u8)> {
    let mut lines = one.loaded.image.plan.differences(&other.loaded.image.plan);
    let style = Style { color: false, unicode: true };
    let object = |view: View| -> Result<Object> { Ok(serde_json::from_slice(&view.text(None, Form::Json, style)?)?) };
    let (one, other) = (object(one)?, object(other)?);
    let (before, after): (Compared<'_>, Compared<'_>) =
        (serde_json::from_str(one.report.get())?, serde_json::from_str(other.report.get())?);
    for (column, count) in &before.ledger {
        let now = after.ledger.get(column).unwrap_or(&0);
        lines.extend((count != now).then(|| format!("ledger, {column}: {count} -> {now}")));
    }
    let offsets = |object: &Object| -> BTreeMap<String, u64> {
        object.files.iter().map(|file| (file.name.clone(), file.offset)).collect()
    };
    let (was, is) = (offsets(&one), offsets(&other));
    for name in was.keys().chain(is.keys().filter(|name| !was.contains_key(*name))) {
        let shown = |offsets: &BTreeMap<String, u64>| offsets.get(name).map_or("none".to_owned(), u64::to_string);
        let (was, is) = (shown(&was), shown(&is));
        lines.extend((was != is).then(|| format!("file {}, read up to byte: {was} -> {is}", name.escape_debug())));
    }
    let texts = |rows: &[&'_ RawValue]| rows.iter().map(|row| row.get().to_owned()).collect::<Vec<_>>();
    let (before, after) = (texts(&before.rows), texts(&after.rows));
    let (known, kept): (HashSet<&String>, HashSet<&String>) = (before.iter().collect(), after.iter().collect());
    lines.extend(before.iter().filter(|row| !kept.contains(row)).map(|row| format!("- {row}")));
    lines.extend(after.iter().filter(|row| !known.contains(row)).map(|row| format!("+ {row}")));
    let code = if lines.is_empty() { exit::DONE } else { exit::FAILED };
    Ok((lines.into_iter().flat_map(|line| (line + "\n").into_bytes()).collect(), code))
}

impl View {
    pub(super) fn open(directory: PathBuf) -> Result<Self> {
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
        let style = Style { color: false, unicode: true };
        let others = Vec::new();
        Ok(Self { name, loaded, others, prefix: None, form: Form::Json, style, out: Shared::default() })
    }

    /// What it shows.
    fn text(self, prefix: Option<String>, form: Form, style: Style) -> Result<Vec<u8>> {
        Self { prefix, form, style, ..self }.take()
    }

    /// The image that it makes with others.
    pub(super) fn merge(self, others: Vec<View>) -> Result<Vec<u8>> {
        Self { others, ..self }.take()
    }

    /// What comes of it: its command is run, and looks at its state in place of reading anything.
    fn take(self) -> Result<Vec<u8>> {
        let plan = &self.loaded.image.plan;
        let mut command =
            Command::of(plan).map_err(|error| anyhow!("{}: its command line is not understood: {error}", self.name))?;
        let Some(job) = command.job() else { bail!("{}: `{}` keeps no state", self.name, plan.command) };
        let out = self.out.clone();
        job.view = Some(self);
        command.run()?;
        out.take()
    }

    /// Looks at the state of an analysis, as it was asked to.
    pub fn look<A: Analysis>(&self, analysis: &A) -> Result<u8> {
        let bytes = match self.others.is_empty() {
            true => self.show(analysis)?,
            false => merged(analysis, self, &self.others)?,
        };
        self.out.clone().write_all(&bytes)?;
        Ok(exit::DONE)
    }

    /// The state of an analysis as its report.
    fn show<A: Analysis>(&self, analysis: &A) -> Result<Vec<u8>> {
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
        match self.form {
            Form::Table => self.in_words(&standing, &report),
            Form::Json => self.as_json(&standing, &report),
        }
    }

    fn report(&self, analysis: &'static str, standing: &Standing, answer: Answer) -> Arc<Report> {
        let (seq, seen, ledger) = (standing.seq, standing.seen, standing.ledger);
        Arc::new(Report { analysis, seq, last: false, seen, answer, ledger, pace: Pace::default() })
    }

    fn in_words(&self, standing: &Standing, report: &Arc<Report>) -> Result<Vec<u8>> {
        let Loaded { image, generation, is_previous, .. } = &self.loaded;
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

    fn as_json(&self, standing: &Standing, report: &Arc<Report>) -> Result<Vec<u8>> {
        let Loaded { image, generation, is_previous, .. } = &self.loaded;
        let report = String::from_utf8(self.rendered(Format::Json, report)?)?;
        let files = &standing.roster.files;
        Ok(json_line(&Object {
            generation: *generation,
            is_previous: *is_previous,
            command: image.plan.command.clone(),
            flags: image.plan.flags.clone(),
            files: files.iter().map(|past| Place { name: past.name(), offset: past.cursor.offset }).collect(),
            written: standing.lengths.clone(),
            report: RawValue::from_string(report.trim_end().to_owned())?,
        })?)
    }

    fn rendered(&self, format: Format, report: &Arc<Report>) -> Result<Vec<u8>> {
        let text = Shared::default();
        renderer(format, self.style, false, Box::new(text.clone())).render(report)?;
        text.take()
    }
}

/// A checkpoint as JSON. Its report is as a run writes it, to the last digit.
#[derive(Serialize, Deserialize)]
struct Object {
    generation: u64,
    is_previous: bool,
    command: String,
    flags: BTreeMap<String, Vec<String>>,
    files: Vec<Place>,
    written: BTreeMap<String, u64>,
    report: Box<RawValue>,
}

/// How far a file was read.
#[derive(Serialize, Deserialize)]
struct Place {
    name: String,
    offset: u64,
}

/// What is compared of a report.
#[derive(Deserialize)]
struct Compared<'a> {
    #[serde(borrow)]
    rows: Vec<&'a RawValue>,
    ledger: BTreeMap<String, u64>,
}

/// Text that is written while somebody else holds it.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn take(&self) -> Result<Vec<u8>> {
        let mut text = self.0.lock().map_err(|_| anyhow!("a report could not be rendered"))?;
        Ok(std::mem::take(&mut text))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
