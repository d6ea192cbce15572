//! The one merged state of a run, and what is written from it.
//!
//! Only the root settles: it merges partial states in input order, buries the dead, forwards
//! records, and renders a report when one is due.

use super::cancel::CancelToken;
use super::checkpoint::{Keeper, Standing};
use super::fold::Partial;
use super::inputs::Inputs;
use super::outputs::{Every, Outputs, Stop, stop, write_letter};
use crate::analysis::{Analysis, Closing, Settling};
use crate::event::{Cursor, DeadLetter, FileId, Frontier, Ledger, Span};
use crate::input::{PeekTimes, Roster};
use crate::report::{Pace, Report};
use crate::schema::Names;
use crate::sketch::Merge;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Instant;

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

const UNPOISONED: &str = "no refresh panics";

pub struct Root<'a, A: Analysis> {
    analysis: &'a RwLock<A>,
    state: A::State,
    pub ledger: Ledger,
    /// How far event time has come.
    pub frontier: Frontier,
    /// How many records no predicted shape fitted.
    parsed: u64,
    /// How many records the filter could not decide on.
    pub undecided: u64,
    /// How many records of this run had no object in the field that is to be parsed.
    pub unread: u64,
    /// Waves may look ahead: nobody sees the state before the input is over, or the run is.
    pub looks_ahead: bool,
    seen: Span,
    outputs: Outputs,
    cancel: CancelToken,
    /// It was asked to end before it began: what was read by then still counts.
    pub is_called_off: bool,
    /// How files are called, and what became of their records.
    pub inputs: Inputs,
    /// The first bad record in words: what, where, why.
    pub first_dead: Option<String>,
    pace: Pace,
    started: Instant,
    seq: u64,
    updated: Instant,
    /// How many records the last update knew of.
    shown: u64,
    /// Which of the fields that the question names were found, for the images.
    pub names_found: Names,
    /// How many records had come when one came last, and when that was seen.
    heard: (u64, Instant),
    /// When the last of what was looked at before the run came, until that is read.
    peeked: Option<Instant>,
    /// That windows close by the clock was said.
    has_said_so: bool,
    /// Keeps images of the run, where that is asked for.
    pub keeper: Option<Keeper>,
}

impl<'a, A: Analysis> Root<'a, A> {
    pub fn new(analysis: &'a RwLock<A>, outputs: Outputs) -> Self {
        Self {
            analysis,
            state: analysis.read().expect(UNPOISONED).empty(),
            ledger: Ledger::default(),
            frontier: Frontier::new(outputs.idle_timeout),
            parsed: 0,
            undecided: 0,
            unread: 0,
            looks_ahead: outputs.every == Every::End && outputs.inspect_every.is_none(),
            seen: Span::default(),
            outputs,
            cancel: CancelToken::default(),
            is_called_off: false,
            inputs: Inputs::default(),
            first_dead: None,
            pace: Pace::default(),
            started: Instant::now(),
            seq: 0,
            updated: Instant::now(),
            shown: 0,
            names_found: Names::default(),
            heard: (0, Instant::now()),
            peeked: None,
            has_said_so: false,
            keeper: None,
        }
    }

    /// Goes on where an earlier run stood.
    pub fn resume(&mut self, standing: Standing, state: A::State) {
        let Standing { ledger, seen, frontier, parsed, undecided, seq, first_dead, .. } = standing;
        self.undecided = undecided;
        (self.ledger, self.seen, self.parsed, self.seq, self.first_dead) = (ledger, seen, parsed, seq, first_dead);
        self.shown = ledger.read;
        self.heard = (ledger.read, Instant::now());
        self.inputs.are_resumed = true;
        self.frontier = frontier.with_timeout(self.outputs.idle_timeout);
        self.state = state;
    }

    /// Keeps an image of the run as it stands, which lasts when this returns.
    pub fn keep_last(&mut self) -> Result<(), Stop> {
        if self.keeper.is_some() {
            self.keep()?;
        }
        self.keeper.as_mut().map_or(Ok(()), Keeper::wait)
    }

    fn keep_if_due(&mut self) -> Result<(), Stop> {
        let (ledger, seq) = (self.ledger, self.seq);
        let is_due = self.keeper.as_mut().map_or(Ok(false), |keeper| keeper.is_due(ledger, seq))?;
        if is_due { self.keep() } else { Ok(()) }
    }

    fn keep(&mut self) -> Result<(), Stop> {
        self.outputs.flush()?;
        let standing = Standing {
            ledger: self.ledger,
            seen: self.seen,
            frontier: self.frontier.clone(),
            parsed: self.parsed,
            undecided: self.undecided,
            seq: self.seq,
            first_dead: self.first_dead.clone(),
            found: self.names_found.found(),
            roster: Roster::default(),
            lengths: BTreeMap::new(),
        };
        self.keeper.as_mut().map_or(Ok(()), |keeper| keeper.keep(standing, &self.state))
    }

    /// All before `cursor` is part of the state.
    pub fn note_cursor(&mut self, file: FileId, cursor: Cursor) {
        if let Some(keeper) = &mut self.keeper {
            keeper.cursors.insert(file, cursor);
        }
    }

    /// Ends when `cancel` says so.
    pub fn until(self, cancel: CancelToken) -> Self {
        Self { cancel, ..self }
    }

    /// Tells what to call a file in dead letters.
    pub fn introduce(&mut self, file: FileId, name: impl FnOnce() -> String) {
        if self.inputs.is_new(file) {
            let name = name();
            self.analysis.read().expect(UNPOISONED).introduce(&mut self.state, file, &name);
            self.inputs.introduce(file, name);
        }
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

    /// Takes in what follows of a file, in input order, all that was absorbed before.
    pub fn absorb(&mut self, file: FileId, mut partial: Partial<A::State>) -> Result<(), Stop> {
        let before = self.ledger;
        self.inputs.tally(file, partial.ledger);
        self.ledger += partial.ledger;
        self.parsed += partial.parsed;
        self.undecided += partial.undecided;
        self.unread += partial.unread;
        debug_assert!(self.ledger.balances(), "{:?}", self.ledger);
        self.seen.join(partial.seen);
        self.state.merge(partial.state);
        let bad = partial.dead.len();
        self.settle(before, &partial.seams, &mut partial.dead)?;
        if partial.dead.len() > bad {
            partial.dead.sort_by_key(|letter| letter.at.offset);
        }
        self.bury(&partial.dead)
    }

    /// An input is over.
    pub fn finish(&mut self, input: FileId) -> Result<(), Stop> {
        self.frontier.finish(input);
        self.catch_up()
    }

    /// Closes what the frontier has come past since it was settled last.
    pub fn catch_up(&mut self) -> Result<(), Stop> {
        self.settle(self.ledger, &[], &mut Vec::new())
    }

    fn settle(&mut self, before: Ledger, seams: &[Ledger], late: &mut Vec<DeadLetter>) -> Result<(), Stop> {
        let analysis = self.analysis.read().expect(UNPOISONED);
        let Self { state, frontier, ledger, .. } = self;
        analysis.settle(state, &mut Settling { frontier, ledger, before, seams, late });
        if let Some(sink) = &mut self.outputs.forward {
            sink.attempt(|out| analysis.forward(&mut self.state, out))?;
        }
        if let Every::Closing(_) = self.outputs.every {
            while let Some(Closing { seen, ledger, answer }) = analysis.take_closing(&mut self.state) {
                if let (Some(note), false) = (answer.notes.first(), self.has_said_so) {
                    self.has_said_so = true;
                    (self.outputs.say)(note);
                }
                self.seq += 1;
                let (analysis, seq, pace) = (analysis.name(), self.seq, self.pace);
                let report = Arc::new(Report { analysis, seq, last: false, seen, answer, ledger, pace });
                self.outputs.show(&report)?;
            }
        }
        Ok(())
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
        self.keep_if_due()?;
        if !self.is_called_off {
            self.heed()?;
        }
        self.look_at_names(false)?;
        self.listen()?;
        self.update_if_due()?;
        self.outputs.render.tick().map_err(|error| stop(&self.outputs.render_name, error))
    }

    /// Ends where that is asked for.
    pub fn heed(&self) -> Result<(), Stop> {
        self.cancel.reason().map_or(Ok(()), Err)
    }

    /// Takes up the clocks of a beginning that was looked at before the run.
    pub fn go_on_from(&mut self, times: PeekTimes) {
        self.updated = times.first;
        self.heard.1 = times.last;
        self.peeked = Some(times.last);
    }

    /// Lets whoever watches see which names were found.
    pub fn look_at_names(&mut self, is_over: bool) -> Result<(), Stop> {
        let Some(watch) = &mut self.outputs.watch else { return Ok(()) };
        match watch(self.ledger.read, is_over)? {
            Some(sentence) => self.say(&sentence),
            None => Ok(()),
        }
    }

    /// Ends a run to which nothing comes any more, where that is asked for.
    fn listen(&mut self) -> Result<(), Stop> {
        let Some(longest) = self.outputs.no_data_after else { return Ok(()) };
        if self.heard.0 != self.ledger.read {
            // What was looked at came before the run.
            self.heard = (self.ledger.read, self.peeked.take().unwrap_or_else(Instant::now));
        }
        if self.heard.1.elapsed() >= longest { Err(Stop::NoData(longest)) } else { Ok(()) }
    }

    fn bury(&mut self, dead: &[DeadLetter]) -> Result<(), Stop> {
        for letter in dead {
            let source = self.inputs.name(letter.at.file);
            if let Some(sink) = &mut self.outputs.dead_letters {
                sink.attempt(|out| write_letter(out, source, letter))?;
            }
            if !letter.is_late && (self.first_dead.is_none() || self.outputs.strict) {
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
        // Time went on by itself, and no record will tell.
        let has_closed = self.frontier.is_by_clock() && self.analysis.read().expect(UNPOISONED).has_closed(&self.state);
        let due = match self.outputs.every {
            Every::Time(period) => (fresh > 0 || has_closed) && self.updated.elapsed() >= period,
            Every::Records(count) => fresh >= count || has_closed,
            Every::Closing(Some(early)) => fresh > 0 && self.updated.elapsed() >= early,
            Every::End => {
                self.outputs.inspect_every.is_some_and(|period| fresh > 0 && self.updated.elapsed() >= period)
            }
            Every::Closing(None) => false,
        };
        if due { self.update(false).map(|_| ()) } else { Ok(()) }
    }

    /// When an update falls due that there is something to show in; for whoever waits meanwhile.
    pub fn next_update(&self) -> Option<Instant> {
        match self.outputs.every {
            Every::Time(period) | Every::Closing(Some(period)) if self.ledger.read > self.shown => {
                Some(self.updated + period)
            }
            _ => None,
        }
    }

    /// Shows where the run stands although nothing is new: a followed run at its beginning.
    pub fn greet(&mut self) -> Result<(), Stop> {
        let is_awaited = !matches!(self.outputs.every, Every::End | Every::Closing(_));
        if self.seq == 0 && is_awaited { self.update(false).map(|_| ()) } else { Ok(()) }
    }

    /// Lets the analysis take up what changed outside the input; gives what it has to say.
    pub fn refresh(&mut self) -> Option<String> {
        self.analysis.write().expect(UNPOISONED).refresh()
    }

    /// Renders the state where the run ends: because the input `is_over`, or because it was stopped.
    pub fn end(&mut self, is_over: bool) -> Result<Arc<Report>, Stop> {
        let analysis = self.analysis.read().expect(UNPOISONED);
        let Self { state, frontier, ledger, .. } = self;
        analysis.conclude(state, &mut Settling::between(frontier, ledger, &mut Vec::new()), is_over);
        drop(analysis);
        self.update(true)
    }

    /// Renders the state; all that was written before it is flushed first.
    fn update(&mut self, last: bool) -> Result<Arc<Report>, Stop> {
        self.outputs.flush()?;
        self.updated = Instant::now();
        self.shown = self.ledger.read;
        self.pace.elapsed_seconds = self.started.elapsed().as_secs_f64();
        let analysis = self.analysis.read().expect(UNPOISONED);
        let answer = analysis.report(&mut self.state, self.seen, last);
        let is_inspected = !last && self.outputs.every == Every::End;
        let is_shown = last || !is_inspected && (!self.outputs.only_changes || !answer.rows.is_empty());
        self.seq += u64::from(is_shown);
        let report = Arc::new(Report {
            analysis: analysis.name(),
            seq: self.seq,
            last,
            seen: self.seen,
            answer,
            ledger: self.ledger,
            pace: self.pace,
        });
        if is_shown {
            self.outputs.show(&report)?;
        } else if let (true, Some(inspect)) = (is_inspected, &mut self.outputs.inspect) {
            inspect(&report);
        }
        Ok(report)
    }
}
