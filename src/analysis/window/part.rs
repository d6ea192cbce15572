//! What a stretch of input comes to before anyone knows where its windows stand.
//!
//! Whether an event is late depends on how far time had come when it was read. Time moves in steps,
//! past the instants at which a window closes or is given up, so a part is a list of epochs, within each
//! of which it stands still: where they begin depends on the input alone, never on where it was cut.
//! Within an epoch, what is of the same window and key is put together.

use super::clock::Clock;
use super::plan::Plan;
use super::row::Row;
use crate::event::{DeadLetter, Event, FileId, Frontier, Leaps, Span, Timestamp};
use crate::sketch::{Groups, Merge};

/// The epochs of a stretch, or of several.
pub struct Part {
    /// The keys, each with the place of its last entry.
    pub keys: Groups<Latest>,
    pub entries: Vec<Entry>,
    pub epochs: Vec<Epoch>,
    /// Events that are late as far as this part can tell, by the place of their entry.
    pub letters: Vec<(usize, DeadLetter)>,
    /// The ids of events and their times, one an entry, where they are asked for.
    pub ids: Vec<(u128, i64)>,
    clock: Clock,
    /// The watermark that was known when it began.
    floor: i64,
    /// Entries before this one take no more events.
    sealed: usize,
    input: Option<FileId>,
    /// The oldest and the newest event of the epoch under way.
    span: (i64, i64),
    is_seam: bool,
    /// How often a rate could not be decided.
    pub undecided: u64,
    /// It was put together from several.
    is_joined: bool,
}

/// Younger than the oldest of any events, older than the newest.
const NOTHING: (i64, i64) = (i64::MAX, i64::MIN);

/// A place in the list of entries.
#[derive(Clone, Copy)]
pub struct Latest(usize);

/// Events of one key that are of the same pane, or of the same session.
pub struct Entry {
    /// It takes events from `begin` to before `end`.
    pub begin: i64,
    pub end: i64,
    pub key: usize,
    pub row: Row,
}

/// The entries up to `end`, in the midst of which time stands still.
pub struct Epoch {
    pub input: FileId,
    pub end: usize,
    /// The newest event of its input by its end, as far as this part can tell, in nanoseconds.
    pub newest: i64,
    pub leaps: Leaps,
    /// The oldest and the newest event in it.
    pub span: Span,
    /// Time moved on at its end.
    pub is_over: bool,
}

impl Default for Latest {
    fn default() -> Self {
        Self(usize::MAX)
    }
}

impl Default for Part {
    /// One that knows nothing of what comes before it.
    fn default() -> Self {
        Self {
            keys: Groups::default(),
            entries: Vec::new(),
            epochs: Vec::new(),
            letters: Vec::new(),
            ids: Vec::new(),
            clock: Clock::default(),
            floor: i64::MIN,
            sealed: 0,
            input: None,
            span: NOTHING,
            is_seam: false,
            undecided: 0,
            is_joined: false,
        }
    }
}

impl Part {
    /// For a stretch of `input` that begins where all that `frontier` knows of it ends. The
    /// watermark of all inputs stands at `floor`.
    pub fn behind(plan: &Plan, frontier: &Frontier, floor: i64, input: FileId) -> Self {
        let clock = Clock::at(plan, frontier.newest_of(input), frontier.leaps_of(input));
        Self { clock, floor, ..Self::default() }
    }

    /// Whether it came out as if it had known what comes before it, which the frontier and the
    /// watermark of all inputs do now.
    pub fn is_sound(&self, plan: &Plan, frontier: &Frontier, floor: i64) -> bool {
        if !plan.has_watermark() {
            return true;
        }
        if self.is_joined {
            // How far time had come where they meet is not known.
            return !plan.watches_late() && plan.ahead_ns == i64::MAX;
        }
        let Some(input) = self.input else { return true };
        let newest = frontier.newest_of(input);
        if !self.clock.holds(plan, newest) {
            return false;
        }
        if !plan.watches_late() {
            return true;
        }
        let own = newest.map_or(i64::MIN, |newest| plan.watermark(newest.nanos()));
        let (known, floor) = (self.clock.began_at(plan).max(self.floor), floor.max(own));
        known >= floor || self.entries.iter().all(|entry| plan.given_up_at(plan.first_of(entry)) > floor)
    }

    /// Takes in an event of the question, at a time in nanoseconds.
    #[inline(always)]
    pub fn add(&mut self, plan: &Plan, event: &Event<'_>, nanos: i64, is_failure: bool) {
        let key = plan.by.place(&mut self.keys, event);
        let latest = *self.keys.at_mut(key);
        let place = match self.entries.get(latest.0) {
            Some(entry) if entry.begin <= nanos && nanos < entry.end && latest.0 >= self.sealed => latest.0,
            _ => self.open(plan, *event, nanos, key),
        };
        let entry = &mut self.entries[place];
        if plan.gap().is_some() {
            let (begin, end) = plan.extent(nanos);
            (entry.begin, entry.end) = (entry.begin.min(begin), entry.end.max(end));
        }
        plan.aggregates.add(&mut entry.row, event, is_failure, &mut self.undecided);
        if plan.keeps_late && self.is_late(plan, nanos) {
            self.keep(plan, *event, nanos, place);
        }
        self.see(plan, event.at.file, nanos);
    }

    /// Takes note of an event that is no part of the question.
    #[inline(always)]
    pub fn see(&mut self, plan: &Plan, input: FileId, nanos: i64) {
        self.span = (self.span.0.min(nanos), self.span.1.max(nanos));
        self.pass(plan, input, nanos);
    }

    /// Begins an entry.
    #[inline(never)]
    fn open(&mut self, plan: &Plan, event: Event<'_>, nanos: i64, key: usize) -> usize {
        let place = self.entries.len();
        let (begin, end) = match self.entries.last() {
            // Of the same pane as the last.
            Some(last) if plan.gap().is_none() && last.begin <= nanos && nanos < last.end => (last.begin, last.end),
            _ => plan.extent(nanos),
        };
        self.entries.push(Entry { begin, end, key, row: Row::default() });
        *self.keys.at_mut(key) = Latest(place);
        if let Some(dedup) = &plan.dedup {
            self.ids.push((dedup.print(&event), nanos));
            self.sealed = place + 1;
        } else if plan.gap().is_some() && self.is_late(plan, nanos) {
            // Whether it counts depends on the sessions before it: nothing is put together across it.
            self.sealed = place + 1;
        }
        place
    }

    fn is_late(&self, plan: &Plan, nanos: i64) -> bool {
        plan.given_up_at(nanos) <= self.floor.max(self.clock.watermark(plan))
    }

    #[inline(never)]
    fn keep(&mut self, plan: &Plan, event: Event<'_>, nanos: i64, place: usize) {
        let letter =
            DeadLetter { at: event.at, reason: plan.late_reason(nanos), raw: event.raw.to_vec(), is_late: true };
        self.letters.push((place, letter));
    }

    /// Lets an event pass that the run is not about: it may move time.
    #[inline(always)]
    pub fn pass(&mut self, plan: &Plan, input: FileId, nanos: i64) {
        self.input = Some(input);
        if self.clock.tick(plan, nanos) {
            self.end_epoch(true);
            self.is_seam = true;
        }
    }

    /// Whether time has moved since the last call.
    #[inline(always)]
    pub fn take_seam(&mut self) -> bool {
        std::mem::take(&mut self.is_seam)
    }

    /// Ends the epoch under way, so that all is in one.
    pub fn end(&mut self) {
        self.end_epoch(false);
    }

    fn end_epoch(&mut self, is_over: bool) {
        let Some(input) = self.input else { return };
        let (end, (oldest, newest)) = (self.entries.len(), std::mem::replace(&mut self.span, NOTHING));
        let span = Span((oldest <= newest).then(|| [oldest, newest].map(Timestamp::from_nanos).into()));
        let (newest, leaps) = (self.clock.newest, self.clock.leaps);
        self.epochs.push(Epoch { input, end, newest, leaps, span, is_over });
        self.sealed = end;
    }
}

impl Merge for Part {
    fn merge(&mut self, mut later: Self) {
        self.end();
        later.end();
        if later.epochs.is_empty() {
            return;
        }
        if self.epochs.is_empty() {
            *self = later;
            return;
        }
        let before = self.entries.len();
        for entry in later.entries {
            let key = self.keys.place_of(&later.keys, entry.key);
            self.entries.push(Entry { key, ..entry });
        }
        let moved = |epoch: Epoch| Epoch { end: epoch.end + before, ..epoch };
        self.epochs.extend(later.epochs.into_iter().map(moved));
        self.letters.extend(later.letters.into_iter().map(|(place, letter)| (place + before, letter)));
        self.ids.extend(later.ids);
        self.undecided += later.undecided;
        (self.clock, self.input, self.sealed) = (Clock::default(), None, self.entries.len());
        self.is_joined = true;
    }
}
