//! The one merged state of a run, and what is written from it.
//!
//! Only the root settles: it merges partial states in input order, buries the dead, forwards
//! records, and renders a report when one is due.

use super::cancel::CancelToken;
use super::fold::Partial;
use crate::analysis::Analysis;
use crate::event::{DeadLetter, FileId, Ledger, Span};
use crate::render::Render;
use crate::report::{Pace, Report};
use crate::sketch::Merge;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::RwLock;
use std::time::{Duration, Instant};

/// When a run shows an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// After so much wall time, if there is something new; with zero, as soon as there is.
    Time(Duration),
    /// After so many records, at the next seam between stretches.
    Records(u64),
    /// Only at the end.
    End,
}

/// By which way the records of a run were read.
#[derive(Clone, Copy, Debug)]
pub struct Paths {
    /// Compared with a predicted shape.
    pub predicted: u64,
    /// Parsed by simd-json, or found to be no record.
    pub parsed: u64,
    /// How many shapes were learned.
    pub shapes: u64,
}

/// Why a run ends before its input does.
#[derive(Debug)]
pub enum Stop {
    /// By this signal.
    Signal(i32),
    /// By the program that the run is part of.
    Cancelled,
    /// The reader of our output went away: nobody wants more.
    ReaderLeft,
    /// What could not be written, and why.
    Output { name: String, error: io::Error },
    /// A bad record, in a strict run.
    Strict(String),
}

const UNPOISONED: &str = "no refresh panics";

/// Something to write to, and its name for messages.
pub struct Sink {
    pub name: String,
    pub writer: Box<dyn Write>,
}

impl Sink {
    fn attempt(&mut self, work: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Stop> {
        work(&mut self.writer).map_err(|error| stop(&self.name, error))
    }
}

fn stop(name: &str, error: io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Stop::ReaderLeft,
        _ => Stop::Output { name: name.to_owned(), error },
    }
}

/// Looks at how far a run has come.
pub type Progress = Box<dyn FnMut(&Pace)>;

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
    /// Takes sentences for people.
    pub say: Box<dyn FnMut(&str)>,
    /// Is shown how far a run has come, several times a second.
    pub progress: Option<Progress>,
}

pub struct Root<'a, A: Analysis> {
    analysis: &'a RwLock<A>,
    state: A::State,
    pub ledger: Ledger,
    /// How many records no predicted shape fitted.
    parsed: u64,
    /// Waves may look ahead: nobody sees the state before the input is over, or the run is.
    pub looks_ahead: bool,
    seen: Span,
    outputs: Outputs,
    cancel: CancelToken,
    names: HashMap<FileId, String>,
    /// The first bad record in words: what, where, why.
    pub first_dead: Option<String>,
    pace: Pace,
    started: Instant,
    seq: u64,
    updated: Instant,
    /// How many records the last update knew of.
    shown: u64,
}

impl<'a, A: Analysis> Root<'a, A> {
    pub fn new(analysis: &'a RwLock<A>, outputs: Outputs) -> Self {
        Self {
            analysis,
            state: analysis.read().expect(UNPOISONED).empty(),
            ledger: Ledger::default(),
            parsed: 0,
            looks_ahead: outputs.every == Every::End,
            seen: Span::default(),
            outputs,
            cancel: CancelToken::default(),
            names: HashMap::new(),
            first_dead: None,
            pace: Pace::default(),
            started: Instant::now(),
            seq: 0,
            updated: Instant::now(),
            shown: 0,
        }
    }

    /// Ends when `cancel` says so.
    pub fn until(self, cancel: CancelToken) -> Self {
        Self { cancel, ..self }
    }

    /// Tells what to call a file in dead letters.
    pub fn introduce(&mut self, file: FileId, name: impl FnOnce() -> String) {
        self.names.entry(file).or_insert_with(name);
    }

    /// Forgets the name of a file that is over.
    pub fn dismiss(&mut self, file: FileId) {
        self.names.remove(&file);
    }

    /// How the run stands, for people.
    pub fn set_pace(&mut self, behind_bytes: u64, following: bool) {
        (self.pace.behind_bytes, self.pace.following) = (behind_bytes, following);
    }

    /// So many bytes are done with.
    pub fn advance(&mut self, bytes: u64) {
        self.pace.read_bytes += bytes;
        self.pace.behind_bytes = self.pace.behind_bytes.saturating_sub(bytes);
    }

    /// By which way all records were read, in which so many shapes were learned.
    pub fn paths(&self, shapes: u64) -> Paths {
        Paths { predicted: self.ledger.read - self.parsed, parsed: self.parsed, shapes }
    }

    /// Takes in what follows, in input order, all that was absorbed before.
    pub fn absorb(&mut self, partial: Partial<A::State>) -> Result<(), Stop> {
        self.ledger += partial.ledger;
        self.parsed += partial.parsed;
        debug_assert!(self.ledger.balances(), "{:?}", self.ledger);
        self.seen.join(partial.seen);
        self.state.merge(partial.state);
        let analysis = self.analysis.read().expect(UNPOISONED);
        analysis.settle(&mut self.state);
        if let Some(sink) = &mut self.outputs.forward {
            sink.attempt(|out| analysis.forward(&mut self.state, out))?;
        }
        drop(analysis);
        self.bury(&partial.dead)
    }

    /// Says a sentence to the user, clear of what is drawn on the screen.
    pub fn say(&mut self, sentence: &str) -> Result<(), Stop> {
        self.outputs.render.clear().map_err(|error| stop(&self.outputs.render_name, error))?;
        (self.outputs.say)(sentence);
        Ok(())
    }

    /// Heeds whoever asks for the end, and shows an update where one is due.
    pub fn attend(&mut self) -> Result<(), Stop> {
        if let Some(progress) = &mut self.outputs.progress {
            progress(&self.pace);
        }
        self.cancel.reason().map_or_else(|| self.update_if_due(), Err)
    }

    fn bury(&mut self, dead: &[DeadLetter]) -> Result<(), Stop> {
        for letter in dead {
            let source = self.names.get(&letter.at.file).map_or("", String::as_str);
            if let Some(sink) = &mut self.outputs.dead_letters {
                sink.attempt(|out| write_letter(out, source, letter))?;
            }
            if self.first_dead.is_none() || self.outputs.strict {
                let place = format!("{} at byte {}: {}", source.escape_debug(), letter.at.offset, letter.reason);
                if self.outputs.strict {
                    // There will be no last report, before which all else is flushed.
                    if let Some(sink) = &mut self.outputs.dead_letters {
                        sink.attempt(|out| out.flush())?;
                    }
                    return Err(Stop::Strict(place));
                }
                self.first_dead = Some(place);
            }
        }
        Ok(())
    }

    fn update_if_due(&mut self) -> Result<(), Stop> {
        let fresh = self.ledger.read - self.shown;
        let due = match self.outputs.every {
            Every::Time(period) => fresh > 0 && self.updated.elapsed() >= period,
            Every::Records(count) => fresh >= count,
            Every::End => false,
        };
        if due { self.update(false).map(|_| ()) } else { Ok(()) }
    }

    /// When an update falls due that there is something to show in; for whoever waits meanwhile.
    pub fn next_update(&self) -> Option<Instant> {
        match self.outputs.every {
            Every::Time(period) if self.ledger.read > self.shown => Some(self.updated + period),
            _ => None,
        }
    }

    /// Shows where the run stands although nothing is new: a followed run at its beginning.
    pub fn greet(&mut self) -> Result<(), Stop> {
        if self.seq == 0 && self.outputs.every != Every::End { self.update(false).map(|_| ()) } else { Ok(()) }
    }

    /// Lets the analysis take up what changed outside the input; gives what it has to say.
    pub fn refresh(&mut self) -> Option<String> {
        self.analysis.write().expect(UNPOISONED).refresh()
    }

    /// A chance for the renderer to mend the screen.
    pub fn tick(&mut self) -> Result<(), Stop> {
        self.outputs.render.tick().map_err(|error| stop(&self.outputs.render_name, error))
    }

    /// Renders the state; all that was written before it is flushed first.
    pub fn update(&mut self, last: bool) -> Result<Report, Stop> {
        for sink in self.outputs.forward.iter_mut().chain(&mut self.outputs.dead_letters) {
            sink.attempt(|out| out.flush())?;
        }
        self.seq += 1;
        self.updated = Instant::now();
        self.shown = self.ledger.read;
        self.pace.elapsed_seconds = self.started.elapsed().as_secs_f64();
        let analysis = self.analysis.read().expect(UNPOISONED);
        if last {
            analysis.conclude(&mut self.state);
        }
        let report = Report {
            analysis: analysis.name(),
            seq: self.seq,
            last,
            seen: self.seen,
            answer: analysis.report(&self.state, self.seen),
            ledger: self.ledger,
            pace: self.pace,
        };
        self.outputs.render.render(&report).map_err(|error| stop(&self.outputs.render_name, error))?;
        Ok(report)
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
