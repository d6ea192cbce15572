//! `inspect`: which fields and formats a source holds, and the flags that fit it.

mod findings;
mod object;
mod sheet;

use super::heads::{nesting_of_files, nesting_of_stdin};
use super::output::ScreenArgs;
use super::sources::SourceArgs;
use super::{exit, interrupts, shell};
use crate::engine::CancelToken;
use crate::event::FileId;
use crate::input::{Files, end_stdin, open_pipe, stdin as stdin_from_its_beginning};
use crate::render::{json_line, page, terminal_size};
use crate::survey::{Bounds, Fit, Head, Survey, read_head};
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use findings::Findings;
use std::io::{self, IsTerminal, Read};
use std::sync::Arc;

/// Which fields and formats a source holds, and the flags that fit it
#[derive(Args)]
#[command(
    before_help = "Example: streamlab inspect logs/",
    after_help = "\
By default it looks at the beginning of each file, and says where it stopped. `tags.0` is the first
element of the array `tags`.

More examples:
  Whatever a command writes
    kubectl logs deploy/pay | streamlab inspect
  All records, for a program: the flags that fit, as a list
    streamlab inspect logs/ --all -o json | jq .suggestion.flags"
)]
pub struct InspectArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// How many records to look at, shared between the files; at least one of each
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    records: u64,
    /// Look at all records
    #[arg(long, conflicts_with = "records")]
    all: bool,
    /// What the findings are written as: tables for people, or one JSON object
    #[arg(short, long, value_enum, default_value_t = Form::Table, help_heading = "Output")]
    output: Form,
    /// No warnings
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
    #[command(flatten)]
    screen: ScreenArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Table,
    Json,
}

/// A file of which no record ends is given up after so many bytes.
const LOOKED_AT_BYTES: u64 = 64 << 20;

impl InspectArgs {
    pub fn run(self) -> Result<u8> {
        let look = Look { records: self.records, all: self.all, record_bytes: self.source.record_bytes() };
        let sources = self.source.sources()?;
        let cancel = interrupts::token().context("cannot listen to signals")?;
        let stdin = sources.has_stdin();
        let mut files = Files::new(sources, false);
        files.rescan();
        let findings = look.at(&mut files, stdin, &cancel);
        for note in files.take_notes().iter().filter(|_| !self.quiet) {
            say!("streamlab: warning: {note}");
        }
        let unreadable = files.unreadable() > 0;
        let written = if findings.kinds.is_empty() && unreadable && self.output == Form::Table {
            exit::DONE
        } else {
            self.show(&findings)?
        };
        Ok(match cancel.signal() {
            _ if written != exit::DONE => written,
            Some(signal) => {
                say!("streamlab: interrupted: the findings are incomplete");
                u8::try_from(128 + signal).unwrap_or(exit::FAILED)
            }
            None if unreadable => exit::UNREADABLE,
            None if findings.all_bad() => exit::FAILED,
            None => exit::DONE,
        })
    }

    fn show(&self, findings: &Findings) -> Result<u8> {
        match self.output {
            Form::Json => shell::print(&json_line(&object::object(findings, &self.source.flags()))?),
            Form::Table => {
                let terminal = io::stdout().is_terminal();
                let columns = terminal.then(|| usize::from(terminal_size().0));
                let parts = sheet::parts(findings, &self.source.flags());
                shell::print(page(&parts, self.screen.style(terminal), columns).as_bytes())
            }
        }
    }
}

/// How far a look goes.
struct Look {
    /// How many records, shared between the streams.
    records: u64,
    all: bool,
    record_bytes: usize,
}

impl Look {
    /// Looks at the beginning of each file, then of standard input.
    fn at(&self, files: &mut Files, stdin: bool, cancel: &CancelToken) -> Findings {
        let mut nesting = nesting_of_files(files, self.record_bytes);
        if stdin && files.all().is_empty() {
            nesting = nesting_of_stdin(self.record_bytes, || cancel.signal().is_none());
        }
        // What was read by then is looked at, whoever asks for the end.
        let is_called_off = stdin && cancel.signal().is_some() && end_stdin();
        let cancel = if is_called_off { &CancelToken::default() } else { cancel };
        let mut findings = Findings { survey: Survey::within(nesting), ..Findings::default() };
        let count = files.all().len();
        for place in (0..count).take_while(|_| cancel.signal().is_none()) {
            let streams_left = count - place + usize::from(stdin);
            let file = &mut files.all()[place];
            let (id, name, path) = (file.id, file.name(), file.path.clone());
            let length = (!file.is_pipe).then_some(file.length);
            let opened = if file.is_pipe { None } else { Some(file.reader()) };
            file.close();
            let open = move || opened.unwrap_or_else(|| open_pipe(&path, false).map(Arc::new));
            let bounds = self.bounds(&findings, streams_left);
            let head = read(open, (id, &name), bounds, &mut findings, cancel);
            files.swept(place, findings.add(head, length));
        }
        if stdin {
            let (name, bounds) = ("standard input", self.bounds(&findings, 1));
            let mut head = read(|| Ok(stdin_from_its_beginning()), (FileId(0), name), bounds, &mut findings, cancel);
            head.whole &= !is_called_off;
            if let Some(error) = findings.add(head, None) {
                files.fail_at(name.into(), error);
            }
        }
        findings.conclude();
        findings
    }

    /// How far the next stream is read, where so many are left.
    fn bounds(&self, findings: &Findings, streams_left: usize) -> Bounds {
        let records_left = self.records.saturating_sub(findings.survey.records());
        Bounds {
            records: if self.all { u64::MAX } else { (records_left / streams_left as u64).max(1) },
            bytes: if self.all { u64::MAX } else { LOOKED_AT_BYTES },
            record_bytes: self.record_bytes,
        }
    }
}

/// The command that fits such records, as it is typed.
pub fn command_for(fit: &Fit, source: &SourceArgs) -> Option<String> {
    Some(sheet::command_line(&findings::command(fit, &source.flags())?))
}

/// The command that fits the records of sources that can be read again, where there is one.
pub fn fitting_command(source: &SourceArgs) -> Option<String> {
    const RECORDS: u64 = 1000;
    let sources = source.sources().ok().filter(|sources| !sources.has_stdin())?;
    let mut files = Files::new(sources, false);
    files.rescan();
    if files.all().iter().any(|file| file.is_pipe) {
        return None;
    }
    let look = Look { records: RECORDS, all: false, record_bytes: source.record_bytes() };
    command_for(look.at(&mut files, false, &CancelToken::default()).fit.as_ref()?, source)
}

fn read<R: Read + Send + 'static>(
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
    (id, name): (FileId, &str),
    bounds: Bounds,
    findings: &mut Findings,
    cancel: &CancelToken,
) -> Head {
    let Findings { survey, reasons, .. } = findings;
    read_head(open, id, bounds, survey, |letter| reasons.add(name, letter), || cancel.signal().is_none())
}
