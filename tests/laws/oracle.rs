//! Windows as their definition says, one record after the other, without any cleverness.

use std::collections::{BTreeMap, BTreeSet};

/// What is asked, in milliseconds.
#[derive(Clone, Debug)]
pub struct Question {
    pub shape: Shape,
    pub delay: i64,
    pub lateness: i64,
    pub ahead: i64,
    /// Within how much time records with the same id are one.
    pub horizon: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Sliding { size: i64, slide: i64, offset: i64 },
    Session { gap: i64 },
}

/// A record: of which file, when, of whom, and whether it failed.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub file: u64,
    pub time: i64,
    pub key: Option<&'static str>,
    pub failed: bool,
    pub id: &'static str,
}

/// Start, end, key, total, failures, revision.
pub type Row = (i64, i64, Option<&'static str>, u64, u64, u64);

type Counts = BTreeMap<Option<&'static str>, (u64, u64)>;

#[derive(Clone, Debug)]
struct Session {
    first: i64,
    last: i64,
    counts: (u64, u64),
    revision: Option<u64>,
    fresh: bool,
}

impl Session {
    fn touches(&self, time: i64, gap: i64) -> bool {
        self.first - gap < time && time < self.last + gap
    }
}

/// The rows that are shown at each step of time, with how many records had been read and were late.
#[derive(Debug)]
pub struct Answer {
    pub steps: Vec<(Vec<Row>, u64, u64)>,
    pub last: Vec<Row>,
    pub late: Vec<usize>,
    pub duplicates: u64,
}

#[derive(Default)]
struct Clock {
    newest: Option<i64>,
    /// Where it begins, if that is known before it is read.
    promised: Option<i64>,
    leaps: Vec<i64>,
}

impl Clock {
    fn tick(&mut self, time: i64, ahead: i64) {
        match self.newest {
            Some(newest) if time > newest + ahead => {
                self.leaps.push(time);
                if self.leaps.len() == 8 {
                    self.newest = self.leaps.drain(..).min();
                }
            }
            _ => {
                self.leaps.clear();
                self.newest = self.newest.max(Some(time));
            }
        }
    }
}

impl Question {
    fn starts(&self, time: i64) -> Vec<i64> {
        let Shape::Sliding { size, slide, offset } = self.shape else { return Vec::new() };
        let last = (time - offset).div_euclid(slide) * slide + offset;
        (0..).map(|back| last - back * slide).take_while(|start| start + size > time).collect()
    }

    fn watermark(&self, newest: i64) -> i64 {
        match self.shape {
            Shape::Sliding { .. } => newest - self.delay,
            Shape::Session { gap } => {
                // In nanoseconds, as the step of sessions is finer than a millisecond.
                let step = (gap * 1_000_000 / 64).max(1);
                ((newest - self.delay) * 1_000_000).div_euclid(step).wrapping_mul(step).div_euclid(1_000_000)
            }
        }
    }

    /// What changes when an instant of interest passes.
    fn step(&self, newest: i64) -> (i64, i64) {
        match self.shape {
            Shape::Sliding { size, slide, offset } => {
                let pane = gcd(size, slide);
                let at = |time: i64| (time - offset).div_euclid(pane);
                (at(newest - self.delay), at(newest - self.delay - self.lateness))
            }
            Shape::Session { gap } => {
                let step = (gap * 1_000_000 / 64).max(1);
                (((newest - self.delay) * 1_000_000).div_euclid(step), 0)
            }
        }
    }
}

pub fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[derive(Default)]
struct State {
    clocks: BTreeMap<u64, Clock>,
    reached: Option<i64>,
    /// The watermark at the last step.
    closed: Option<i64>,
    windows: BTreeMap<i64, Counts>,
    shown: BTreeSet<i64>,
    dirty: BTreeMap<i64, BTreeSet<Option<&'static str>>>,
    revisions: BTreeMap<i64, u64>,
    sessions: BTreeMap<Option<&'static str>, Vec<Session>>,
    ids: Vec<(&'static str, i64)>,
}

pub fn answer(question: &Question, entries: &[Entry], promises: &BTreeMap<u64, i64>) -> Answer {
    let mut state = State::default();
    for entry in entries {
        state.clocks.entry(entry.file).or_default().promised = promises.get(&entry.file).copied();
    }
    state.reached = state.least();
    // Nothing was read, so that nothing is shown.
    state.reached.into_iter().for_each(|reached| _ = state.close(question, question.watermark(reached)));
    let mut all = Answer { steps: Vec::new(), last: Vec::new(), late: Vec::new(), duplicates: 0 };
    for (place, entry) in entries.iter().enumerate() {
        let own = state.clocks.entry(entry.file).or_default().newest;
        let floor = own.into_iter().chain(state.reached).map(|newest| question.watermark(newest)).max();
        if state.is_late(question, entry, floor) {
            all.late.push(place);
        } else if state.is_duplicate(question, entry) {
            all.duplicates += 1;
        } else {
            state.take(question, entry, floor);
        }
        let clock = state.clocks.get_mut(&entry.file).unwrap();
        clock.tick(entry.time, question.ahead);
        let before = state.reached;
        let least = state.least();
        state.reached = state.reached.max(least);
        if let Some(reached) = state.reached
            && before.is_none_or(|before| question.step(before) != question.step(reached))
        {
            let rows = state.close(question, question.watermark(reached));
            if !rows.is_empty() {
                all.steps.push((rows, place as u64 + 1, all.late.len() as u64));
            }
        }
    }
    all.last = state.close(question, i64::MAX / 4);
    all
}

impl State {
    /// How far all files have come.
    fn least(&self) -> Option<i64> {
        self.clocks.values().map(|clock| clock.newest.max(clock.promised)).min().flatten()
    }

    fn is_late(&self, question: &Question, entry: &Entry, floor: Option<i64>) -> bool {
        let end = match question.shape {
            Shape::Sliding { size, .. } => question.starts(entry.time)[0] + size,
            Shape::Session { gap } => {
                let held = self.sessions.get(&entry.key).into_iter().flatten();
                held.filter(|session| session.touches(entry.time, gap))
                    .map(|session| session.last)
                    .fold(entry.time, i64::max)
                    + gap
            }
        };
        floor.is_some_and(|floor| end + question.lateness <= floor)
    }

    fn is_duplicate(&mut self, question: &Question, entry: &Entry) -> bool {
        let Some(horizon) = question.horizon else { return false };
        let is_same = |(id, time): &(&str, i64)| *id == entry.id && (time - entry.time).abs() <= horizon;
        let is_known = self.ids.iter().any(is_same);
        if !is_known {
            self.ids.push((entry.id, entry.time));
        }
        is_known
    }

    fn take(&mut self, question: &Question, entry: &Entry, floor: Option<i64>) {
        match question.shape {
            Shape::Sliding { size, .. } => {
                for start in question.starts(entry.time) {
                    let given_up = start + size + question.lateness;
                    if self.closed.max(floor).is_some_and(|floor| given_up <= floor) {
                        continue;
                    }
                    let counts = self.windows.entry(start).or_default().entry(entry.key).or_default();
                    *counts = (counts.0 + 1, counts.1 + u64::from(entry.failed));
                    if self.closed.is_some_and(|closed| start + size <= closed) {
                        self.dirty.entry(start).or_default().insert(entry.key);
                        self.shown.insert(start);
                    }
                }
            }
            Shape::Session { gap } => {
                let held = self.sessions.entry(entry.key).or_default();
                let one = (1, u64::from(entry.failed));
                let mut whole =
                    Session { first: entry.time, last: entry.time, counts: one, revision: None, fresh: true };
                for session in held.extract_if(.., |session| session.touches(entry.time, gap)) {
                    whole.first = whole.first.min(session.first);
                    whole.last = whole.last.max(session.last);
                    whole.counts = (whole.counts.0 + session.counts.0, whole.counts.1 + session.counts.1);
                    whole.revision = whole.revision.max(session.revision);
                }
                held.push(whole);
            }
        }
    }

    fn close(&mut self, question: &Question, watermark: i64) -> Vec<Row> {
        let mut rows = Vec::new();
        self.closed = Some(watermark);
        match question.shape {
            Shape::Sliding { size, .. } => {
                for (start, counts) in &self.windows {
                    if start + size <= watermark && self.shown.insert(*start) {
                        rows.extend(
                            counts.iter().map(|(key, (total, hit))| (*start, start + size, *key, *total, *hit, 0)),
                        );
                    }
                }
                for (start, keys) in std::mem::take(&mut self.dirty) {
                    let revision = self.revisions.entry(start).or_default();
                    *revision += 1;
                    for key in keys {
                        let (total, hit) = self.windows[&start][&key];
                        rows.push((start, start + size, key, total, hit, *revision));
                    }
                }
                self.windows.retain(|start, _| start + size + question.lateness > watermark);
            }
            Shape::Session { gap } => {
                for (key, held) in &mut self.sessions {
                    for session in held.iter_mut() {
                        if session.last + gap <= watermark && std::mem::take(&mut session.fresh) {
                            session.revision = Some(session.revision.map_or(0, |shown| shown + 1));
                            let (total, hit) = session.counts;
                            let revision = session.revision.unwrap();
                            rows.push((session.first, session.last + gap, *key, total, hit, revision));
                        }
                    }
                    held.retain(|session| session.last + gap + question.lateness > watermark);
                }
                rows.sort_by_key(|row| (row.1, row.0, row.2));
            }
        }
        rows
    }
}
