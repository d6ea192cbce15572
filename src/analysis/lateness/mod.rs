//! How late events come: how far each is behind the newest that its input had shown before.
//!
//! What a watermark delay would keep follows from it. Parts hold the times alone; the root goes through
//! them in order. Where events are minutes ahead of those around them, each input is also followed as
//! `--max-ahead 5m` would have it: if that makes most of the lateness go away, a clock is ahead, and no delay is
//! the cure.

mod advice;

use super::{Analysis, Settling};
use crate::event::{Event, FileId, Leaps, Role, Span, Timestamp, Value, Verdict};
use crate::report::{Answer, Cell};
use crate::sketch::{Merge, Number, Quantiles};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub struct Lateness {
    /// The delays that are judged, in nanoseconds.
    delays_ns: Vec<i64>,
    /// An event further ahead of the newest does not move time by itself.
    ahead_ns: i64,
    /// An event after this comes from the future.
    now: Timestamp,
}

/// A time in nanoseconds, and whether its event is one of the question.
type Passed = (i64, bool);

/// The times of events in input order, and what came of those before them.
#[derive(Default, Serialize, Deserialize)]
pub struct State {
    #[serde(skip)]
    times: Vec<(FileId, Vec<Passed>)>,
    inputs: BTreeMap<FileId, Input>,
    /// Of services: how often one was far ahead of the event before it, and how often far behind.
    jumps: BTreeMap<String, [u64; 2]>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Input {
    /// What people call it.
    name: String,
    track: Track,
    /// The same under a stricter rule for what is too far ahead; none while it comes to the same.
    cured: Option<Box<Track>>,
}

/// How far an input has come, and how late its events were.
#[derive(Clone, Serialize, Deserialize)]
struct Track {
    newest: i64,
    leaps: Leaps,
    late: Late,
}

/// The stricter rule.
const CURE_NS: i64 = 300 * 1_000_000_000;
/// How many services are told apart at most where events jump.
const MAX_JUMPERS: usize = 1000;

/// How late a number of events were.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Late {
    events: u64,
    /// How many were behind another.
    behind: u64,
    /// How far, in seconds; all events.
    seconds: Quantiles,
    max_ns: i64,
    /// How many were no further behind than each of the delays.
    kept: Vec<u64>,
    /// How many lay after the clock of this machine.
    future: u64,
    /// How many were too far ahead of those before them to be believed, and how far the last of them was.
    leaps: u64,
    lead_ns: i64,
}

/// The columns after the source and before the delays.
const COLUMNS: [&str; 6] = ["events", "out_of_order", "p99_s", "p999_s", "max_s", "future"];

impl Lateness {
    pub fn new(delays_ns: Vec<i64>, ahead_ns: i64, now: Timestamp) -> Self {
        Self { delays_ns, ahead_ns, now }
    }

    fn take(&self, input: &mut Input, passed: Passed) {
        let (nanos, newest) = (passed.0, input.track.newest);
        let is_far = newest != i64::MIN && nanos > newest.saturating_add(CURE_NS);
        if is_far && self.ahead_ns > CURE_NS && input.cured.is_none() {
            input.cured = Some(Box::new(input.track.clone()));
        }
        if let Some(cured) = &mut input.cured {
            self.follow(cured, CURE_NS, passed);
        }
        self.follow(&mut input.track, self.ahead_ns, passed);
    }

    fn follow(&self, track: &mut Track, ahead_ns: i64, (nanos, is_counted): Passed) {
        let is_leap = nanos > track.newest.saturating_add(ahead_ns) && track.newest != i64::MIN;
        let behind_ns = if track.newest == i64::MIN { 0 } else { track.newest.saturating_sub(nanos).max(0) };
        let late = &mut track.late;
        if !is_leap {
            (track.newest, track.leaps) = (track.newest.max(nanos), Leaps::default());
        } else if let Some(confirmed) = track.leaps.take(nanos) {
            // There was a pause, and no clock is wrong.
            late.leaps -= u64::from(track.leaps.count - 1);
            (track.newest, track.leaps) = (confirmed, Leaps::default());
        } else {
            late.leaps += 1;
            late.lead_ns = nanos.saturating_sub(track.newest);
        }
        if !is_counted {
            return;
        }
        late.events += 1;
        late.behind += u64::from(behind_ns > 0);
        late.future += u64::from(!is_leap && nanos > self.now.nanos());
        late.max_ns = late.max_ns.max(behind_ns);
        late.seconds.add(Number::Float(behind_ns as f64 / 1e9));
        late.kept.resize(self.delays_ns.len(), 0);
        for (kept, delay_ns) in late.kept.iter_mut().zip(&self.delays_ns) {
            *kept += u64::from(behind_ns <= *delay_ns);
        }
    }
}

impl Default for Track {
    fn default() -> Self {
        Self { newest: i64::MIN, leaps: Leaps::default(), late: Late::default() }
    }
}

impl Input {
    /// How late its events would be under the stricter rule.
    fn cured(&self) -> &Late {
        self.cured.as_ref().map_or(&self.track.late, |cured| &cured.late)
    }
}

impl State {
    #[inline(always)]
    fn note(&mut self, event: &Event<'_>, passed: Passed) {
        match self.times.last_mut() {
            Some((input, times)) if *input == event.at.file => {
                let step = times.last().map_or(0, |(before, _)| passed.0.saturating_sub(*before));
                times.push(passed);
                if step.unsigned_abs() > CURE_NS as u64 {
                    self.note_jump(event, step > 0);
                }
            }
            _ => self.times.push((event.at.file, vec![passed])),
        }
    }

    /// Notes whose event lies far from the one before it.
    #[inline(never)]
    fn note_jump(&mut self, event: &Event<'_>, is_ahead: bool) {
        let Value::Text(service) = event.fields[Role::Service as usize] else { return };
        if self.jumps.len() < MAX_JUMPERS || self.jumps.contains_key(service) {
            self.jumps.entry(service.to_owned()).or_default()[usize::from(!is_ahead)] += 1;
        }
    }

    /// The services that were ahead of others, and never behind, if they are few.
    fn ahead(&self) -> Vec<&str> {
        let ahead = self.jumps.iter().filter(|(_, [ahead, behind])| *ahead > 0 && *behind == 0);
        let names: Vec<&str> = ahead.map(|(name, _)| name.as_str()).collect();
        if names.len() <= 3 { names } else { Vec::new() }
    }
}

impl Merge for State {
    fn merge(&mut self, later: Self) {
        self.times.extend(later.times);
        for (service, [ahead, behind]) in later.jumps {
            if self.jumps.len() < MAX_JUMPERS || self.jumps.contains_key(&service) {
                let known = self.jumps.entry(service).or_default();
                *known = [known[0] + ahead, known[1] + behind];
            }
        }
        for (input, state) in later.inputs {
            self.inputs.entry(input).or_insert(state);
        }
    }
}

impl Late {
    fn join(&mut self, other: &Self) {
        self.events += other.events;
        self.behind += other.behind;
        self.future += other.future;
        self.leaps += other.leaps;
        self.lead_ns = self.lead_ns.max(other.lead_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.seconds.merge(other.seconds.clone());
        self.kept.resize(other.kept.len().max(self.kept.len()), 0);
        self.kept.iter_mut().zip(&other.kept).for_each(|(kept, other)| *kept += other);
    }

    /// The delay in seconds that keeps this share.
    fn quantile(&self, share: f64) -> Option<f64> {
        // The sketch rounds ranks down; so few have to be kept at least.
        let rank = (share * self.events as f64).ceil() - 1.0;
        let last = self.events.saturating_sub(1).max(1) as f64;
        self.seconds.value(((rank + 0.5) / last).clamp(0.0, 1.0))
    }

    fn cells(&self) -> Vec<Cell> {
        let quantile = |share| self.quantile(share).map_or(Cell::Null, Cell::Float);
        let max = if self.events == 0 { Cell::Null } else { Cell::Float(self.max_ns as f64 / 1e9) };
        let kept = self.kept.iter().map(|kept| Cell::rate(*kept, self.events));
        let share = Cell::rate(self.behind, self.events);
        [Cell::Count(self.events), share, quantile(0.99), quantile(0.999), max, Cell::Count(self.future + self.leaps)]
            .into_iter()
            .chain(kept)
            .collect()
    }
}

impl Analysis for Lateness {
    type State = State;

    fn name(&self) -> &'static str {
        "lateness"
    }

    fn empty(&self) -> State {
        State::default()
    }

    #[inline(always)]
    fn observe(&self, state: &mut State, event: &Event<'_>) -> Verdict {
        let Some(time) = event.time else { return Verdict::Dead("no time") };
        state.note(event, (time.nanos(), true));
        Verdict::Counted
    }

    fn pass(&self, state: &mut State, event: &Event<'_>) {
        event.time.into_iter().for_each(|time| state.note(event, (time.nanos(), false)));
    }

    fn settle(&self, state: &mut State, _settling: &mut Settling<'_>) {
        for (input, times) in std::mem::take(&mut state.times) {
            let input = state.inputs.entry(input).or_default();
            times.into_iter().for_each(|passed| self.take(input, passed));
        }
    }

    /// Files of one name are one row, as if one file had gone from machine to machine.
    fn join(&self, state: &mut State, other: State) -> Result<Option<String>, String> {
        for (mut input, held) in other.inputs {
            // Files of two machines may stand at the same place of their sources.
            while state.inputs.get(&input).is_some_and(|known| known.name != held.name) {
                input = FileId(input.0.wrapping_add(1));
            }
            let known =
                state.inputs.entry(input).or_insert_with(|| Input { name: held.name.clone(), ..Input::default() });
            if known.cured.is_some() || held.cured.is_some() {
                let mut cured = known.cured.take().unwrap_or_else(|| Box::new(known.track.clone()));
                cured.late.join(held.cured());
                known.cured = Some(cured);
            }
            known.track.late.join(&held.track.late);
            known.track.newest = known.track.newest.max(held.track.newest);
        }
        Merge::merge(state, State { jumps: other.jumps, ..State::default() });
        Ok(None)
    }

    fn introduce(&self, state: &mut State, input: FileId, name: &str) {
        name.clone_into(&mut state.inputs.entry(input).or_default().name);
    }

    fn report(&self, state: &mut State, seen: Span, _last: bool) -> Answer {
        let mut all = Late::default();
        let mut cured = Late::default();
        state.inputs.values().for_each(|input| {
            all.join(&input.track.late);
            cured.join(input.cured());
        });
        all.kept.resize(self.delays_ns.len(), 0);
        let delays = self.delays_ns.iter().map(|delay_ns| format!("kept_{}s", *delay_ns as f64 / 1e9));
        let columns = ["source"].into_iter().chain(COLUMNS).map(str::to_owned).chain(delays).collect();
        let heard = state.inputs.values().filter(|input| input.track.newest != i64::MIN);
        let mut rows: Vec<(&str, Vec<Cell>)> =
            heard.map(|input| (input.name.as_str(), input.track.late.cells())).collect();
        rows.sort_by_key(|(name, _)| *name);
        let row = |(name, cells): (&str, Vec<Cell>)| [vec![Cell::Text(name.into())], cells].concat();
        let overall = COLUMNS.into_iter().zip(all.cells()).collect();
        let rows = rows.into_iter().map(row).collect();
        let notes = all.advice(&cured, &state.ahead());
        Answer { window: seen.0, columns, keys: 1, rows, overall, notes, ..Answer::default() }
    }
}

#[cfg(test)]
mod tests;
