//! Keeps a run's image, so that another goes on where this one stood: cursors, books, state and the
//! lengths of what was written, all of one instant.
//!
//! The run encodes the image between two stretches and goes on reading; a thread makes it last. What was
//! written is made to last before the image that counts on it.

use super::outputs::Stop;
use crate::checkpoint::{Directory, Image, Plan, Store};
use crate::event::{Cursor, FileId, Frontier, Ledger, Span};
use crate::input::Roster;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How a run stood, but for its state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Standing {
    pub ledger: Ledger,
    pub seen: Span,
    pub frontier: Frontier,
    pub parsed: u64,
    pub undecided: u64,
    pub seq: u64,
    pub first_dead: Option<String>,
    /// Which of the fields that the question names some record had.
    pub found: Vec<Option<bool>>,
    pub roster: Roster,
    /// How long the files were that were written, by the flags that name them.
    pub lengths: BTreeMap<String, u64>,
}

impl Standing {
    /// Takes an image apart.
    pub fn decode<S: DeserializeOwned>(image: &[u8]) -> Result<(Self, S), String> {
        let (standing, rest) = postcard::take_from_bytes(image).map_err(|error| error.to_string())?;
        let state = postcard::from_bytes(rest).map_err(|error| error.to_string())?;
        Ok((standing, state))
    }

    /// The part of an image that is the same for every analysis.
    pub fn of(image: &[u8]) -> Result<Self, String> {
        postcard::take_from_bytes(image).map(|(standing, _)| standing).map_err(|error| error.to_string())
    }

    pub fn encode(&self, state: &impl Serialize) -> io::Result<Vec<u8>> {
        let bytes = postcard::to_stdvec(self).map_err(io::Error::other)?;
        postcard::to_extend(state, bytes).map_err(io::Error::other)
    }
}

/// A file that is written, whose length is part of the image.
pub struct Written {
    pub flag: &'static str,
    pub file: File,
    pub length: Arc<AtomicU64>,
}

/// Where images are kept, and how often.
pub struct Checkpoints {
    /// The directory, for messages.
    pub name: String,
    pub plan: Plan,
    pub store: Store<Directory>,
    pub every: Duration,
    pub written: Vec<Written>,
    /// What an earlier run has left.
    pub resume: Option<Vec<u8>>,
}

/// What makes images last while the run goes on.
pub struct Keeper {
    name: String,
    plan: Plan,
    every: Duration,
    written: Vec<Written>,
    work: SyncSender<Image>,
    done: Receiver<io::Result<()>>,
    is_busy: bool,
    kept: Instant,
    /// What the last image knew of.
    known: (Ledger, u64),
    pub roster: Roster,
    /// Where files stand that were read since the roster was made.
    pub cursors: HashMap<FileId, Cursor>,
}

impl Keeper {
    pub fn start(checkpoints: Checkpoints) -> io::Result<Self> {
        let Checkpoints { name, plan, mut store, every, written, .. } = checkpoints;
        let files: Vec<File> = written.iter().map(|written| written.file.try_clone()).collect::<io::Result<_>>()?;
        let (work, images) = sync_channel::<Image>(1);
        let (report, done) = sync_channel(1);
        std::thread::Builder::new().name("checkpoints".to_owned()).spawn(move || {
            for image in images {
                let kept = files.iter().try_for_each(File::sync_data).and_then(|()| store.save(&image));
                if report.send(kept).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self {
            name,
            plan,
            every,
            written,
            work,
            done,
            is_busy: false,
            kept: Instant::now(),
            known: (Ledger::default(), u64::MAX),
            roster: Roster::default(),
            cursors: HashMap::new(),
        })
    }

    /// Whether it is time for another image of a run whose books stand so.
    pub fn is_due(&mut self, ledger: Ledger, seq: u64) -> Result<bool, Stop> {
        if self.is_busy {
            match self.done.try_recv() {
                Ok(kept) => self.finish(kept)?,
                Err(_) => return Ok(false),
            }
        }
        Ok(self.kept.elapsed() >= self.every && self.known != (ledger, seq))
    }

    /// Hands an image over; all that was written before it has been handed to the system.
    pub fn keep(&mut self, mut standing: Standing, state: &impl Serialize) -> Result<(), Stop> {
        for past in &mut self.roster.files {
            if let Some(cursor) = self.cursors.get(&past.id) {
                past.cursor = cursor.clone();
            }
        }
        standing.roster = self.roster.clone();
        let length = |written: &Written| (written.flag.to_owned(), written.length.load(Ordering::Relaxed));
        standing.lengths = self.written.iter().map(length).collect();
        let bytes = standing.encode(state).map_err(|error| self.stop(error))?;
        self.wait()?;
        self.known = (standing.ledger, standing.seq);
        self.kept = Instant::now();
        let image = Image { plan: self.plan.clone(), bytes };
        self.work
            .send(image)
            .map_err(|_| self.stop(io::Error::other("the thread that keeps checkpoints has ended")))?;
        self.is_busy = true;
        Ok(())
    }

    /// Waits until the last image lasts.
    pub fn wait(&mut self) -> Result<(), Stop> {
        if !self.is_busy {
            return Ok(());
        }
        let ended = || Err(io::Error::other("the thread that keeps checkpoints has ended"));
        let kept = self.done.recv().unwrap_or_else(|_| ended());
        self.finish(kept)
    }

    fn finish(&mut self, kept: io::Result<()>) -> Result<(), Stop> {
        self.is_busy = false;
        kept.map_err(|error| self.stop(error))
    }

    fn stop(&self, error: io::Error) -> Stop {
        Stop::Output { name: self.name.clone(), error }
    }
}
