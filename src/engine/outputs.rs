//! Where the results of a run go, when, and why a run may end early.

use crate::event::DeadLetter;
use crate::render::Render;
use crate::report::{Pace, Report};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// When a run shows an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// After so much wall time, if there is something new; with zero, as soon as there is.
    Time(Duration),
    /// After so many records, at the next seam between stretches.
    Records(u64),
    /// Whenever something became final, and every so often what has not.
    Closing(Option<Duration>),
    /// Only at the end.
    End,
}

/// Why a run ends before its input does.
#[derive(Debug)]
pub enum Stop {
    /// By this signal.
    Signal(i32),
    /// By the program that the run is part of.
    Cancelled,
    /// By who inspects the reports, and has seen enough.
    Failed,
    /// No record has come for so long.
    NoData(Duration),
    /// The reader of our output went away: nobody wants more.
    ReaderLeft,
    /// What could not be written, and why.
    Output { name: String, error: io::Error },
    /// A bad record, in a strict run.
    Strict(String),
    /// The question names a field that no record has, in a run that takes none.
    UnknownField(String),
    /// Another engine, to which the question was put, could not answer it: why.
    Engine(String),
}

impl Stop {
    /// Whether the run was asked to end, or ends by what it waited for: it reports what it has.
    pub(super) fn is_orderly(&self) -> bool {
        matches!(self, Stop::Signal(_) | Stop::Cancelled | Stop::Failed | Stop::NoData(_))
    }
}

/// Something to write to, and its name for messages.
pub struct Sink {
    pub name: String,
    pub writer: Box<dyn Write>,
}

impl Sink {
    pub(super) fn attempt(&mut self, work: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Stop> {
        work(&mut self.writer).map_err(|error| stop(&self.name, error))
    }
}

pub(super) fn stop(name: &str, error: io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::ReaderLeft,
        _ => Stop::Output { name: name.to_owned(), error },
    }
}

/// Looks at how far a run has come.
pub type Progress = Box<dyn FnMut(&Pace)>;

/// Looks at how many records were read, and whether no more come; gives a sentence for the user, or an end.
pub type Watch = Box<dyn FnMut(u64, bool) -> Result<Option<String>, Stop>>;

/// Looks at a report.
pub type Inspect = Box<dyn FnMut(&Report)>;

/// Where the results of a run go.
pub struct Outputs {
    pub render: Box<dyn Render>,
    /// What the reports are written to, for messages.
    pub render_name: String,
    pub every: Every,
    pub dead_letters: Option<Sink>,
    pub forward: Option<Sink>,
    /// Stop at the first bad record.
    pub strict: bool,
    /// An input that is silent for so long holds back no window.
    pub idle_timeout: Option<Duration>,
    /// A report without rows says nothing, unless it is the last.
    pub only_changes: bool,
    /// Looks at which names were found in so many records, the last of them or not: says it to the user, or ends the run.
    pub watch: Option<Watch>,
    /// Is shown each report before it is rendered.
    pub inspect: Option<Inspect>,
    /// How often it is shown how the run stands where no report is rendered before the end.
    pub inspect_every: Option<Duration>,
    /// A run to which no record comes for so long ends.
    pub no_data_after: Option<Duration>,
    /// Takes sentences for people.
    pub say: Box<dyn FnMut(&str)>,
    /// Is shown how far a run has come, several times a second.
    pub progress: Option<Progress>,
}

impl Outputs {
    /// Renders a report.
    pub(super) fn show(&mut self, report: &Arc<Report>) -> Result<(), Stop> {
        if let Some(inspect) = &mut self.inspect {
            inspect(report);
        }
        self.render.render(report).map_err(|error| stop(&self.render_name, error))
    }

    /// Waits until all that was shown is written, and hands what was written to the system.
    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        self.render.wait().map_err(|error| stop(&self.render_name, error))?;
        self.forward.iter_mut().chain(&mut self.dead_letters).try_for_each(|sink| sink.attempt(|out| out.flush()))
    }
}

/// One JSON line; the bytes as text where they are UTF-8, else in base64.
pub(super) fn write_letter(out: &mut dyn Write, source: &str, letter: &DeadLetter) -> io::Result<()> {
    let mut line = serde_json::json!({
        "source": source,
        "offset": letter.at.offset,
        "reason": letter.reason,
    });
    match std::str::from_utf8(&letter.raw) {
        Ok(text) => line["raw"] = text.into(),
        Err(_) => line["raw_base64"] = BASE64.encode(&letter.raw).into(),
    }
    writeln!(out, "{line}")
}
