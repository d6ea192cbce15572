//! From a stretch of a stream to a partial state: the work of one thread.
//!
//! A stretch is cut at fixed offsets, whatever is written there. A worker that begins inside a
//! stream guesses where the first record begins; [`super::waves`] checks each guess against where
//! the worker before it came out, so the answer never depends on one.

use super::buffer::Buffer;
use super::filter::{self, Filter};
use crate::analysis::Analysis;
use crate::decode::{Chunk, Decoder, GUESS_BYTES, LOOK_BACK_BYTES, Limits, Visit, guess_start};
use crate::event::{Cursor, DeadLetter, Event, FileId, Frontier, Ledger, Position, Skip, Span, Timestamp, Verdict};
use crate::input::ReadAt;
use crate::schema::{Names, Schema};
use std::io;
use std::sync::{Mutex, RwLock};

/// What a worker is to read.
#[derive(Clone)]
pub struct Stretch<'a> {
    pub file: FileId,
    pub bytes: &'a dyn ReadAt,
    /// What is before it may be gone.
    pub kept: u64,
    pub begin: Begin,
    /// Records that begin at or after this offset are for the next worker.
    pub until: u64,
    /// The stream begins with a bracket.
    pub in_array: bool,
    /// What ends the bytes ends the stream: nothing in it waits for more.
    pub last: bool,
    /// Behind it, nothing more is read of the stream in this run.
    pub is_over: bool,
}

/// Where a stretch begins.
#[derive(Clone, Debug)]
pub enum Begin {
    /// Where a record before it ended.
    At(Cursor),
    /// At the first record at or after this offset.
    Near(u64),
}

/// What is known beforehand of the events of a stretch.
#[derive(Clone, Copy)]
pub enum Known<'a> {
    Nothing,
    /// There is one at this time, in it or in what is merged with it.
    Newest(Timestamp),
    /// How far time has come before it.
    Past(&'a Frontier),
}

impl Stretch<'_> {
    pub fn starts_at(&self) -> u64 {
        match &self.begin {
            Begin::At(cursor) => cursor.offset,
            Begin::Near(edge) => *edge,
        }
    }
}

/// What a worker made of its stretch.
pub struct Partial<S> {
    pub state: S,
    pub ledger: Ledger,
    /// The ledger as it stood at each seam of the state.
    pub seams: Vec<Ledger>,
    pub dead: Vec<DeadLetter>,
    pub seen: Span,
    /// Where a guessed beginning found its first record.
    pub guessed: Option<u64>,
    /// How that record was taken to stand.
    pub stood: Skip,
    /// All before this is done with.
    pub cursor: Cursor,
    /// Where the next record begins, or the end of the bytes; `None` where they ran out inside a
    /// record.
    pub next: Option<u64>,
    /// It stopped at the cursor, before the stretch's end, for want of room.
    pub is_cut: bool,
    pub error: Option<io::Error>,
    /// How many records no predicted shape fitted.
    pub parsed: u64,
    /// How many records the filter could not decide on.
    pub undecided: u64,
    /// How many records had no object in the field that is to be parsed.
    pub unread: u64,
}

/// What all workers share.
pub struct Folder<'a, A: Analysis> {
    analysis: &'a RwLock<A>,
    schema: &'a Schema,
    filter: &'a Filter,
    limits: Limits,
    /// Where streams are cut: at the multiples of this.
    pub stretch_bytes: u64,
    /// Workers at rest, with their buffers.
    idle: Mutex<Vec<Worker>>,
}

/// A decoder and a buffer, kept from stretch to stretch.
struct Worker {
    decoder: Decoder,
    buffer: Buffer,
}

/// How much is read beyond a stretch at first: most last records end there.
const LOOKAHEAD_BYTES: usize = 16 << 10;

impl<'a, A: Analysis> Folder<'a, A> {
    pub fn new(
        analysis: &'a RwLock<A>,
        schema: &'a Schema,
        filter: &'a Filter,
        limits: Limits,
        stretch_bytes: u64,
    ) -> Self {
        Self { analysis, schema, filter, limits, stretch_bytes: stretch_bytes.max(1), idle: Mutex::default() }
    }

    /// The same without a filter.
    pub fn unfiltered(&self) -> Self {
        Self::new(self.analysis, self.schema, &filter::ALL, self.limits, self.stretch_bytes)
    }

    /// How many shapes of records were learned, once nobody folds any more.
    pub fn shapes(&self) -> u64 {
        let workers = self.idle.lock().expect("no worker panics while it holds the lock");
        workers.iter().map(|worker| worker.decoder.shapes()).sum()
    }

    /// What the question names.
    pub fn names(&self) -> &Names {
        &self.schema.names
    }

    /// Whether it helps to know a new event of a stretch beforehand. Not where events are filtered,
    /// which takes its time, and counts what it could not evaluate.
    pub fn looks_ahead(&self) -> bool {
        let analysis = self.analysis.read().expect("no refresh panics");
        self.filter.keeps_all()
            && self.schema.records.is_none()
            && analysis.empty_before(Timestamp::from_nanos(0)).is_some()
    }

    /// Whether inputs that wait to be read hold the analysis up.
    pub fn waits_for_all(&self) -> bool {
        self.analysis.read().expect("no refresh panics").waits_for_all()
    }

    /// Whether a partial state came out as if all had been known that the frontier knows now.
    pub fn is_sound(&self, partial: &Partial<A::State>, frontier: &Frontier) -> bool {
        self.analysis.read().expect("no refresh panics").is_sound(&partial.state, frontier)
    }

    /// Folds a stretch.
    pub fn fold(&self, stretch: &Stretch<'_>, known: Known<'_>) -> Partial<A::State> {
        let rested = self.idle.lock().expect("no worker panics while it holds the lock").pop();
        let mut worker = rested
            .unwrap_or_else(|| Worker { decoder: Decoder::new(self.schema, self.limits), buffer: Buffer::default() });
        let partial = self.work(&mut worker, stretch, known);
        self.idle.lock().expect("no worker panics while it holds the lock").push(worker);
        partial
    }

    /// Where to begin to read, the record that is likely to be first from there, and how it stands.
    fn guess(&self, decoder: &mut Decoder, bytes: &[u8], edge: usize, in_array: bool) -> Option<(usize, usize, Skip)> {
        match &self.schema.records {
            Some(_) => decoder.guess_element(bytes, edge).map(|(record, stood)| (record, record, stood)),
            None => guess_start(bytes, edge, in_array).map(|start| (start.from, start.record, Skip::No)),
        }
    }

    fn work(&self, worker: &mut Worker, stretch: &Stretch<'_>, known: Known<'_>) -> Partial<A::State> {
        let Worker { decoder, buffer } = worker;
        let (mut parsed_before, mut unread_before) = (decoder.parsed(), decoder.unread());
        let analysis = self.analysis.read().expect("no refresh panics");
        let mut partial = Partial {
            state: match known {
                Known::Nothing => analysis.empty(),
                Known::Newest(newest) => analysis.empty_before(newest).unwrap_or_else(|| analysis.empty()),
                Known::Past(frontier) => analysis.empty_behind(frontier, stretch.file),
            },
            ledger: Ledger::default(),
            seams: Vec::new(),
            dead: Vec::new(),
            seen: Span::default(),
            guessed: None,
            stood: Skip::No,
            cursor: Cursor { offset: stretch.starts_at(), skip: Skip::No },
            next: None,
            is_cut: false,
            error: None,
            parsed: 0,
            undecided: 0,
            unread: 0,
        };
        // A guess looks back: is there a line break, or a comma?
        let back = if self.schema.records.is_some() { LOOK_BACK_BYTES } else { GUESS_BYTES };
        let begin = match stretch.begin {
            Begin::At(ref cursor) => cursor.offset,
            Begin::Near(edge) => edge.saturating_sub(back as u64).max(stretch.kept),
        };
        let mut wanted = stretch.until.saturating_sub(begin) as usize + LOOKAHEAD_BYTES;
        buffer.restart(begin);
        let (mut from, mut skip) = (0, Skip::No);
        loop {
            if let Err(error) = buffer.fill(stretch.bytes, wanted) {
                partial.error = Some(error);
                break;
            }
            if buffer.offset == begin && from == 0 {
                match &stretch.begin {
                    Begin::At(cursor) => skip = cursor.skip.clone(),
                    Begin::Near(edge) => {
                        let edge = (edge - begin) as usize;
                        let Some((start, record, stood)) = self.guess(decoder, buffer.bytes(), edge, stretch.in_array)
                        else {
                            return partial;
                        };
                        // What it took to guess does not count.
                        (parsed_before, unread_before) = (decoder.parsed(), decoder.unread());
                        (from, skip) = (start, stood.clone());
                        partial.guessed = Some(begin + record as u64);
                        partial.stood = stood;
                    }
                }
            }
            let chunk = Chunk {
                at: Position { file: stretch.file, offset: buffer.offset },
                bytes: buffer.bytes(),
                until: stretch.until.saturating_sub(buffer.offset) as usize,
                last: stretch.last && buffer.at_end,
            };
            let filter = (!self.filter.keeps_all()).then_some(self.filter);
            let state = &mut partial.state;
            let names = self.schema.names.is_any_missing().then_some(&self.schema.names);
            let is_examined = names.is_some() || filter.is_some();
            let analysis = &*analysis;
            let mut fold = Fold { is_examined, names, filter, analysis, state, seen: NOTHING, undecided: 0 };
            let progress = decoder.visit(chunk, from, skip, &mut fold);
            partial.seen.join(fold.seen());
            partial.undecided += fold.undecided;
            partial.cursor = Cursor { offset: buffer.offset + progress.end as u64, skip: progress.skip.clone() };
            partial.next = progress.next.map(|next| buffer.offset + next as u64);
            partial.is_cut = decoder.is_full();
            if partial.is_cut || buffer.at_end || partial.next.is_some_and(|next| next >= stretch.until) {
                break;
            }
            buffer.consume(progress.end);
            (from, skip) = (0, progress.skip);
            // A longer record than most: twice as far each time, so that it is not scanned too often.
            wanted = buffer.length * 2 + LOOKAHEAD_BYTES;
        }
        (partial.ledger, partial.dead) = decoder.take();
        partial.seams = decoder.take_seams();
        partial.parsed = decoder.parsed() - parsed_before;
        partial.unread = decoder.unread() - unread_before;
        partial
    }
}

/// Folds events into a state.
struct Fold<'f, A: Analysis> {
    /// Whether an event is looked at before it is observed.
    is_examined: bool,
    /// What the question names, as long as no record had one of these.
    names: Option<&'f Names>,
    /// There is none where all events are kept.
    filter: Option<&'f Filter>,
    analysis: &'f A,
    state: &'f mut A::State,
    /// The oldest and the newest event.
    seen: (Timestamp, Timestamp),
    /// How many events the filter could not decide on.
    undecided: u64,
}

/// Younger than the oldest of any events, older than the newest.
const NOTHING: (Timestamp, Timestamp) = (Timestamp::from_nanos(i64::MAX), Timestamp::from_nanos(i64::MIN));

impl<A: Analysis> Fold<'_, A> {
    fn seen(&self) -> Span {
        Span((self.seen.0 <= self.seen.1).then_some(self.seen))
    }

    /// Whether the filter keeps the event. Notes what it has of what the question names.
    #[inline(always)]
    fn keeps(&mut self, event: &Event<'_>) -> bool {
        // By value: an event that nothing points to stays in registers.
        if let Some(names) = self.names
            && !names.look(*event)
        {
            (self.names, self.is_examined) = (None, self.filter.is_some());
        }
        self.filter.is_none_or(|filter| filter.keeps(*event, &mut self.undecided))
    }
}

impl<A: Analysis> Visit for Fold<'_, A> {
    // All of it is compiled into the loop over the records of a run.
    #[inline(always)]
    fn visit(&mut self, event: &Event<'_>) -> Verdict {
        if self.is_examined && !self.keeps(event) {
            self.analysis.pass(self.state, event);
            return Verdict::Filtered;
        }
        let verdict = self.analysis.observe(self.state, event);
        if let (Some(time), Verdict::Counted | Verdict::Filtered) = (event.time, verdict) {
            self.seen = (self.seen.0.min(time), self.seen.1.max(time));
        }
        verdict
    }

    #[inline(always)]
    fn is_seam(&mut self) -> bool {
        self.analysis.take_seam(self.state)
    }
}
