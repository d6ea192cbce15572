//! How far event time has come in each input, and so in all of them.
//!
//! An input is a file or a stream. What all inputs have reached is the least of what each of them
//! has: it is unknown until all have spoken, and it never goes back. An input that is over, or that
//! has been silent for long, holds nobody up. Where all of them are silent for that long, time goes on
//! with the clock of the wall, as if the last of them had kept writing.

use super::{FileId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The newest event of each input, and the least of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Frontier {
    inputs: BTreeMap<FileId, Input>,
    /// How many inputs are waited for and have not spoken: while there are any, the others come no further.
    unheard: usize,
    reached: Option<Timestamp>,
    idle_timeout: Option<Duration>,
    /// Where all inputs are silent: since when, and what the newest of them had shown.
    #[serde(skip)]
    stopped: Option<(Instant, Timestamp)>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Input {
    newest: Option<Timestamp>,
    /// It was seen to hold no event before this one by the time it shows any.
    promised: Option<Timestamp>,
    leaps: Leaps,
    is_idle: bool,
    /// Since when it has been looked at in vain.
    #[serde(skip)]
    quiet: Option<Instant>,
    /// It has spoken since it was looked at last.
    #[serde(skip)]
    has_spoken: bool,
}

/// The last events of an input, where they were too far ahead to be believed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaps {
    /// How many in a row.
    pub count: u32,
    /// The least of them, in nanoseconds.
    pub least_ns: i64,
}

impl Default for Leaps {
    fn default() -> Self {
        Self { count: 0, least_ns: i64::MAX }
    }
}

impl Leaps {
    /// An event too far ahead moves time only when so many in a row are.
    const CONFIRMATIONS: u32 = 8;

    /// Takes in another such event; answers to where time moves, where there are enough.
    pub fn take(&mut self, nanos: i64) -> Option<i64> {
        *self = Self { count: self.count + 1, least_ns: self.least_ns.min(nanos) };
        (self.count == Self::CONFIRMATIONS).then_some(self.least_ns)
    }
}

impl Input {
    /// How far it lets the others come.
    fn stands_at(&self) -> Option<Timestamp> {
        self.newest.max(self.promised)
    }

    fn is_unheard(&self) -> bool {
        !self.is_idle && self.stands_at().is_none()
    }
}

impl Frontier {
    /// After so much silence an input holds nobody up; without a limit it does for ever.
    pub fn new(idle_timeout: Option<Duration>) -> Self {
        Self { idle_timeout, ..Self::default() }
    }

    /// The same with another limit.
    pub fn with_timeout(self, idle_timeout: Option<Duration>) -> Self {
        Self { idle_timeout, ..self }
    }

    /// There is something to come from this input: it counts from now on.
    pub fn expect(&mut self, input: FileId) {
        self.change(input, |input| input.is_idle = false);
    }

    /// Changes one input, or makes it.
    fn change<T>(&mut self, input: FileId, change: impl FnOnce(&mut Input) -> T) -> T {
        let known = self.inputs.contains_key(&input);
        let input = self.inputs.entry(input).or_default();
        let before = known && input.is_unheard();
        let result = change(input);
        self.unheard = self.unheard - usize::from(before) + usize::from(input.is_unheard());
        result
    }

    /// After many inputs have changed.
    fn recount(&mut self) {
        self.unheard = self.inputs.values().filter(|input| input.is_unheard()).count();
        self.merge();
    }

    /// The newest event that an input has shown.
    pub fn newest_of(&self, input: FileId) -> Option<Timestamp> {
        self.inputs.get(&input).and_then(|input| input.newest)
    }

    /// Whether an input has shown an event, or it is known where it begins.
    pub fn has_spoken(&self, input: FileId) -> bool {
        self.inputs.get(&input).is_some_and(|input| input.stands_at().is_some())
    }

    /// How many events of an input lay too far ahead, up to the last it has shown.
    pub fn leaps_of(&self, input: FileId) -> Leaps {
        self.inputs.get(&input).map_or(Leaps::default(), |input| input.leaps)
    }

    pub fn note_leaps(&mut self, input: FileId, leaps: Leaps) {
        self.change(input, |input| input.leaps = leaps);
    }

    /// An input has shown an event at `newest`.
    pub fn see(&mut self, input: FileId, newest: Timestamp) {
        self.stopped = None;
        let before = self.change(input, |input| {
            let before = if input.is_idle { None } else { input.stands_at() };
            input.newest = input.newest.max(Some(newest));
            (input.is_idle, input.has_spoken) = (false, true);
            before
        });
        // Where it was not the last of all, they have come no further.
        if before.is_none() || before <= self.reached {
            self.merge();
        }
    }

    /// Inputs that have not spoken begin with events at these times and after.
    pub fn promise(&mut self, oldest: Vec<(FileId, Timestamp)>) {
        for (input, oldest) in oldest {
            self.inputs.entry(input).or_default().promised = Some(oldest);
        }
        self.recount();
    }

    /// An input is over. How far it came is remembered, should it ever go on.
    pub fn finish(&mut self, input: FileId) {
        if self.inputs.contains_key(&input) {
            self.change(input, |input| input.is_idle = true);
            self.merge();
        }
    }

    /// These are all inputs that there are, others are forgotten; and of these, only the `ready` ones
    /// have more to come.
    pub fn expect_only(&mut self, present: impl Iterator<Item = FileId>, ready: &BTreeSet<FileId>) {
        let present: BTreeSet<FileId> = present.collect();
        self.inputs.retain(|id, _| present.contains(id));
        ready.iter().for_each(|id| self.expect(*id));
        for (id, input) in &mut self.inputs {
            input.is_idle |= !ready.contains(id);
        }
        self.recount();
    }

    /// These are all inputs that there are, others are forgotten; those that are new count from now on.
    pub fn call_roll(&mut self, present: impl Iterator<Item = FileId>) {
        let present: BTreeSet<FileId> = present.collect();
        self.inputs.retain(|id, _| present.contains(id));
        for id in present {
            self.inputs.entry(id).or_default();
        }
        self.recount();
    }

    /// All inputs were just looked at, and what they had was taken in. Answers whether time may have moved: one
    /// of them was given up on, or all are.
    pub fn note_silence(&mut self) -> bool {
        let Some(timeout) = self.idle_timeout else { return false };
        let mut has_changed = false;
        for input in self.inputs.values_mut() {
            if std::mem::take(&mut input.has_spoken) {
                input.quiet = None;
            } else if !input.is_idle && input.quiet.get_or_insert_with(Instant::now).elapsed() >= timeout {
                input.is_idle = true;
                has_changed = true;
            }
        }
        if has_changed {
            self.recount();
        }
        self.go_on() || has_changed
    }

    /// Lets time go on where nobody shows an event any more. Who was silent comes along: its next event is no leap
    /// for having been long in coming.
    fn go_on(&mut self) -> bool {
        if self.stopped.is_none() {
            let is_silent = self.inputs.values().all(|input| input.is_idle);
            let Some(newest) = self.inputs.values().filter_map(|input| input.newest).max().filter(|_| is_silent) else {
                return false;
            };
            // An earlier run may have given them up.
            let since = self.inputs.values().filter_map(|input| input.quiet).max().unwrap_or_else(Instant::now);
            self.stopped = Some((since, newest));
        }
        let Some((since, newest)) = self.stopped else { return false };
        let passed = i64::try_from(since.elapsed().as_nanos()).unwrap_or(i64::MAX);
        let now = Some(Timestamp::from_nanos(newest.nanos().saturating_add(passed)));
        self.reached = self.reached.max(now);
        self.inputs.values_mut().filter(|input| input.newest.is_some()).for_each(|input| input.newest = now);
        true
    }

    /// Whether time goes on although no event does.
    pub fn is_by_clock(&self) -> bool {
        self.stopped.is_some()
    }

    /// When [`Self::note_silence`] has something to tell, if nothing is said before.
    pub fn next_silence(&self) -> Option<Instant> {
        let quiet = self.inputs.values().filter(|input| !input.is_idle).filter_map(|input| input.quiet).min();
        quiet.zip(self.idle_timeout).map(|(quiet, timeout)| quiet + timeout)
    }

    /// The event time that all inputs have come to.
    pub fn reached(&self) -> Option<Timestamp> {
        self.reached
    }

    fn merge(&mut self) {
        if self.unheard > 0 {
            return;
        }
        let mut active = self.inputs.values().filter(|input| !input.is_idle).map(Input::stands_at);
        let least = active.next().and_then(|first| active.fold(first, Option::min));
        self.reached = self.reached.max(least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: FileId = FileId(1);
    const B: FileId = FileId(2);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn all_have_reached_what_the_last_of_them_has() {
        let mut frontier = Frontier::default();
        frontier.expect(A);
        frontier.expect(B);
        frontier.see(A, at(10));
        assert_eq!(frontier.reached(), None, "the second has not spoken");
        frontier.see(B, at(5));
        assert_eq!(frontier.reached(), Some(at(5)));
        frontier.see(B, at(3));
        frontier.see(A, at(30));
        assert_eq!((frontier.reached(), frontier.newest_of(B)), (Some(at(5)), Some(at(5))));
        frontier.see(B, at(20));
        assert_eq!(frontier.reached(), Some(at(20)));
        frontier.finish(B);
        assert_eq!(frontier.reached(), Some(at(30)));
        frontier.expect(B);
        frontier.see(B, at(1));
        assert_eq!(frontier.reached(), Some(at(30)), "it never goes back");
        frontier.call_roll([B].into_iter());
        frontier.see(B, at(40));
        assert_eq!((frontier.reached(), frontier.newest_of(A)), (Some(at(40)), None));
    }

    #[test]
    fn what_is_to_come_holds_others_back_no_further_than_where_it_begins() {
        let mut frontier = Frontier::default();
        frontier.expect(A);
        frontier.expect(B);
        frontier.see(A, at(10));
        frontier.promise(vec![(B, at(8))]);
        assert_eq!((frontier.reached(), frontier.newest_of(B)), (Some(at(8)), None));
        frontier.see(B, at(9));
        assert_eq!(frontier.reached(), Some(at(9)));
        frontier.see(B, at(20));
        assert_eq!(frontier.reached(), Some(at(10)));
    }

    #[test]
    fn where_all_are_silent_time_goes_on_with_the_clock_and_never_back() {
        let mut frontier = Frontier::new(Some(Duration::ZERO));
        frontier.see(A, at(10));
        frontier.see(B, at(5));
        assert!(!frontier.note_silence() && !frontier.is_by_clock(), "both have just spoken");
        assert!(frontier.note_silence() && frontier.is_by_clock());
        let first = frontier.reached();
        assert!(first >= Some(at(10)), "as far as the newest of all");
        while frontier.reached() == first {
            assert!(frontier.note_silence());
        }
        let later = frontier.reached();
        assert!(later > first && frontier.newest_of(B) == later, "who was silent comes along");
        frontier.see(B, at(6));
        assert!(frontier.reached() == later && !frontier.is_by_clock(), "it never goes back");
        let stored = postcard::to_stdvec(&frontier).unwrap();
        let restored: Frontier = postcard::from_bytes(&stored).unwrap();
        assert_eq!(restored.reached(), later, "and a later run knows");
        let mut deaf = Frontier::new(Some(Duration::ZERO));
        deaf.expect(A);
        assert!(
            !deaf.is_by_clock() && deaf.note_silence() && deaf.reached().is_none(),
            "nobody has said what time it is"
        );
    }

    #[test]
    fn who_is_silent_for_long_holds_nobody_up_until_it_speaks() {
        let mut frontier = Frontier::new(Some(Duration::ZERO));
        frontier.see(A, at(10));
        frontier.see(B, at(5));
        assert!(!frontier.note_silence(), "both have just spoken");
        frontier.see(A, at(20));
        assert!(frontier.note_silence());
        assert_eq!(frontier.reached(), Some(at(20)));
        frontier.see(B, at(6));
        frontier.see(A, at(30));
        assert_eq!(frontier.reached(), Some(at(20)), "it counts again");
        frontier.see(B, at(25));
        assert_eq!(frontier.reached(), Some(at(25)));
        let mut patient = Frontier::new(None);
        patient.see(A, at(1));
        assert!(!patient.note_silence() && !patient.note_silence() && patient.next_silence().is_none());
    }
}
