//! How late events come: how far each is behind the newest that its input had shown before.
//!
//! What a watermark delay would keep follows from it. Parts hold the times alone; the root goes through
//! them in order.

use super::{Analysis, Settling};
use crate::event::{Event, FileId, Leaps, Span, Timestamp, Verdict};
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
}

#[derive(Clone, Serialize, Deserialize)]
struct Input {
    /// What people call it.
    name: String,
    newest: i64,
    leaps: Leaps,
    late: Late,
}

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
    /// How many were too far ahead of those before them to be believed.
    leaps: u64,
}

/// The columns after the source and before the delays.
const COLUMNS: [&str; 6] = ["events", "out_of_order", "p99_s", "p999_s", "max_s", "future"];

impl Lateness {
    pub fn new(delays_ns: Vec<i64>, ahead_ns: i64, now: Timestamp) -> Self {
        Self { delays_ns, ahead_ns, now }
    }

    fn take(&self, input: &mut Input, (nanos, is_counted): Passed) {
        let is_leap = nanos > input.newest.saturating_add(self.ahead_ns) && input.newest != i64::MIN;
        let behind_ns = if input.newest == i64::MIN { 0 } else { input.newest.saturating_sub(nanos).max(0) };
        let late = &mut input.late;
        if !is_leap {
            (input.newest, input.leaps) = (input.newest.max(nanos), Leaps::default());
        } else if let Some(confirmed) = input.leaps.take(nanos) {
            // There was a pause, and no clock is wrong.
            late.leaps -= u64::from(input.leaps.count - 1);
            (input.newest, input.leaps) = (confirmed, Leaps::default());
        } else {
            late.leaps += 1;
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

impl Default for Input {
    fn default() -> Self {
        Self { name: String::new(), newest: i64::MIN, leaps: Leaps::default(), late: Late::default() }
    }
}

impl State {
    #[inline(always)]
    fn note(&mut self, event: &Event<'_>, passed: Passed) {
        match self.times.last_mut() {
            Some((input, times)) if *input == event.at.file => times.push(passed),
            _ => self.times.push((event.at.file, vec![passed])),
        }
    }
}

impl Merge for State {
    fn merge(&mut self, later: Self) {
        self.times.extend(later.times);
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
            let known = state.inputs.entry(input).or_insert_with(|| Input { name: held.name, ..Input::default() });
            known.late.join(&held.late);
            known.newest = known.newest.max(held.newest);
        }
        Ok(None)
    }

    fn introduce(&self, state: &mut State, input: FileId, name: &str) {
        name.clone_into(&mut state.inputs.entry(input).or_default().name);
    }

    fn report(&self, state: &mut State, seen: Span, _last: bool) -> Answer {
        let mut all = Late::default();
        state.inputs.values().for_each(|input| all.join(&input.late));
        all.kept.resize(self.delays_ns.len(), 0);
        let delays = self.delays_ns.iter().map(|delay_ns| format!("kept_{}s", *delay_ns as f64 / 1e9));
        let columns = ["source"].into_iter().chain(COLUMNS).map(str::to_owned).chain(delays).collect();
        let heard = state.inputs.values().filter(|input| input.newest != i64::MIN);
        let mut rows: Vec<(&str, Vec<Cell>)> = heard.map(|input| (input.name.as_str(), input.late.cells())).collect();
        rows.sort_by_key(|(name, _)| *name);
        let row = |(name, cells): (&str, Vec<Cell>)| [vec![Cell::Text(name.into())], cells].concat();
        let overall = COLUMNS.into_iter().zip(all.cells()).collect();
        let rows = rows.into_iter().map(row).collect();
        Answer { window: seen.0, columns, keys: 1, rows, overall, notes: all.advice(), ..Answer::default() }
    }
}

impl Late {
    /// What to do about it, in words.
    fn advice(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(seconds) = self.quantile(0.999) {
            let most = (self.max_ns as f64 / 1e9).ceil();
            // A little more than the sketch says: it is within 1 %.
            let seconds = (seconds * 1.01).ceil().min(most);
            notes.push(format!(
                "A watermark that is {seconds} s behind keeps 99.9 % of the events: --watermark-delay {seconds}s. \
                 To keep all, {most} s."
            ));
        }
        if self.future + self.leaps > 0 {
            notes.push(format!(
                "{} events came from the future: they lie after the clock of this machine, or further ahead of the event \
                 before them than --max-ahead allows. A clock is wrong, or has been.",
                self.future + self.leaps
            ));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixtures::{overall, run};

    fn analysis(now_s: i64) -> Lateness {
        let second = 1_000_000_000;
        let now = Timestamp::from_nanos(now_s * second);
        Lateness::new(vec![second, 5 * second], 3600 * second, now)
    }

    #[test]
    fn an_event_is_as_late_as_it_is_behind_the_newest_before_it() {
        let times = [10.0, 9.5, 20.0, 16.0, 20.0, 5.0, 21.0, 30.0];
        let (_, answer, _) = run(&analysis(1000), &times.map(|time| (time, "")));
        let row = &answer.rows[0];
        assert_eq!(row[..3], [Cell::Text("".into()), Cell::Count(8), Cell::Rate(3.0 / 8.0)]);
        assert_eq!((row[5].clone(), row[6].clone()), (Cell::Float(15.0), Cell::Count(0)));
        assert_eq!(row[7..], [Cell::Rate(6.0 / 8.0), Cell::Rate(7.0 / 8.0)]);
        assert!(
            answer.notes[0].contains("--watermark-delay 15s") && answer.notes[0].contains("15 s"),
            "{:?}",
            answer.notes
        );
    }

    #[test]
    fn clocks_from_the_future_are_flagged_and_move_nothing() {
        let (_, answer, _) = run(&analysis(100), &[10.0, 90_000.0, 11.0, 101.0].map(|time| (time, "")));
        assert_eq!(overall(&answer, "future"), Cell::Count(2));
        assert_eq!(overall(&answer, "max_s"), Cell::Float(0.0));
        assert!(answer.notes[1].contains("2 events"), "{:?}", answer.notes);
    }

    #[test]
    fn nothing_seen_is_nothing_known() {
        let (_, answer, _) = run(&analysis(0), &[]);
        assert_eq!(overall(&answer, "max_s"), Cell::Null);
        assert!(answer.rows.is_empty() && answer.notes.is_empty());
    }
}
