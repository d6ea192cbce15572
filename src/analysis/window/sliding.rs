//! Windows of a fixed size, tumbling or sliding: put together from panes.
//!
//! A pane holds a row a key. A window closes once, when the watermark passes its end; what comes for
//! it afterwards is shown at the watermark's next step, as another revision.

use super::part::{Entry, Latest};
use super::plan::{Plan, Shape, floor};
use super::row::Row;
use super::rows::Maker;
use crate::sketch::{Groups, Merge, Panes};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

#[derive(Default, Serialize, Deserialize)]
pub struct Sliding {
    /// By their beginning.
    panes: Panes<Pane>,
    /// The closed windows that took late events, by their beginning.
    revised: BTreeMap<i64, Revised>,
    /// Some keys had no place in a window.
    pub is_full: bool,
}

#[derive(Default, Serialize, Deserialize)]
struct Pane {
    /// What is of all windows that the pane is part of.
    all: Groups<Row>,
    /// What came too late for some of them, by the first window that it is of.
    later: Vec<(i64, Groups<Row>)>,
}

impl Pane {
    /// What is of the windows from this one on, and of no window before.
    fn from(&mut self, first: Option<i64>) -> &mut Groups<Row> {
        let Some(first) = first else { return &mut self.all };
        let place = self.later.iter().position(|(start, _)| *start == first).unwrap_or_else(|| {
            self.later.push((first, Groups::default()));
            self.later.len() - 1
        });
        &mut self.later[place].1
    }

    /// What is of the window that begins at `start`.
    fn of(&self, start: i64) -> impl Iterator<Item = &Groups<Row>> {
        let later = self.later.iter().filter(move |(first, _)| *first <= start).map(|(_, groups)| groups);
        std::iter::once(&self.all).filter(|groups| !groups.is_empty()).chain(later)
    }
}

/// Of two machines: parts of one input never have panes of their own.
impl Merge for Pane {
    fn merge(&mut self, other: Self) {
        self.all.join(other.all);
        other.later.into_iter().for_each(|(first, groups)| self.from(Some(first)).join(groups));
    }
}

/// What became of a window after it was closed.
#[derive(Default, Serialize, Deserialize)]
struct Revised {
    /// How often it was shown again.
    count: u64,
    /// The keys that have changed since.
    keys: BTreeSet<Box<[u8]>>,
    /// The keys that had a place before.
    shown: BTreeSet<Box<[u8]>>,
}

impl Sliding {
    pub fn is_late(plan: &Plan, entry: &Entry, watermark: i64) -> bool {
        plan.given_up_at(entry.begin) <= watermark
    }

    /// Takes in entries of one pane that are not late. They are of those windows that `floor`, the
    /// watermark of their own input or that of all, has not given up; `watermark` tells which have closed.
    pub fn add(&mut self, plan: &Plan, keys: &Groups<Latest>, run: &mut [Entry], floor: i64, watermark: i64) {
        let Some(begin) = run.first().map(|entry| entry.begin) else { return };
        let earliest = plan.earliest_start(begin);
        let first = match plan.is_over(earliest, floor) {
            true => plan.first_start_after(floor.saturating_sub(plan.lateness_ns)),
            false => earliest,
        };
        if plan.end(first) <= watermark {
            self.note_shown(plan, first..=begin, watermark);
        }
        if self.panes.get(begin).is_none() {
            self.panes.insert(begin, Pane::default());
        }
        let pane = self.panes.get(begin).expect("it was put there");
        let groups = pane.from((first > earliest).then_some(first));
        for entry in &mut *run {
            let place = groups.place_of(keys, entry.key);
            groups.at_mut(place).merge(std::mem::take(&mut entry.row));
        }
        groups.cap(plan.max_keys);
        self.is_full |= groups.overflow().is_some();
        if plan.end(first) <= watermark {
            run.iter().for_each(|entry| self.revise(plan, keys.key(entry.key), first..=begin, watermark));
        }
    }

    /// The windows from these on that have closed by the watermark, and take late events.
    fn closed(plan: &Plan, starts: RangeInclusive<i64>, watermark: i64) -> impl Iterator<Item = i64> {
        let first = plan.first_start_after(watermark.saturating_sub(plan.lateness_ns)).max(*starts.start());
        let starts = std::iter::successors(Some(first), |start| plan.next_start(*start))
            .take_while(move |start| start <= starts.end());
        starts.take_while(move |start| plan.end(*start) <= watermark)
    }

    /// Notes which keys closed windows have shown, before anything of them changes: late events may take
    /// the places of some.
    fn note_shown(&mut self, plan: &Plan, starts: RangeInclusive<i64>, watermark: i64) {
        // A lone pane keeps its first keys, however many come.
        if plan.shape.panes() == 1 {
            return;
        }
        for start in Self::closed(plan, starts, watermark) {
            let revised = self.revised.entry(start).or_default();
            if revised.keys.is_empty() {
                let panes = self.panes.range(start, plan.end(start));
                let (window, _) = put_together(panes.flat_map(|pane| pane.held.of(start)).collect(), plan.max_keys);
                revised.shown = window.iter().map(|(key, _)| key.into()).collect();
            }
        }
    }

    /// Notes that a key has changed in those windows that have closed.
    fn revise(&mut self, plan: &Plan, key: &[u8], starts: RangeInclusive<i64>, watermark: i64) {
        for start in Self::closed(plan, starts, watermark) {
            self.revised.entry(start).or_default().keys.insert(key.into());
        }
    }

    /// Takes in those of another machine. What ends by `closed_to` is left out: it is not whole.
    pub fn join(&mut self, plan: &Plan, other: Self, closed_to: Option<i64>) {
        self.panes.merge(other.panes);
        for pane in self.panes.held_mut() {
            std::iter::once(&mut pane.all).chain(pane.later.iter_mut().map(|(_, groups)| groups)).for_each(|groups| {
                groups.cap(plan.max_keys);
                self.is_full |= groups.overflow().is_some();
            });
        }
        self.revised.clear();
        self.is_full |= other.is_full;
        while let Some(pane) = self.panes.first()
            && closed_to.is_some_and(|closed_to| plan.last_end(pane.number) <= closed_to)
        {
            self.panes.evict_before(pane.number.saturating_add(1));
        }
    }

    /// Shows the windows that end after `from` and not after `to`, by their ends; then closed ones
    /// that have changed. Forgets what nothing can change any more.
    pub fn close(&mut self, plan: &Plan, from: i64, to: i64, rows: &mut Maker<'_>) {
        for start in self.starts(plan, from, to) {
            show(&self.panes, plan, start, rows);
        }
        for (start, revised) in self.revised.iter_mut().filter(|(_, revised)| !revised.keys.is_empty()) {
            show_again(&self.panes, plan, *start, revised, rows);
            (revised.keys, revised.shown) = Default::default();
            revised.count += 1;
        }
        while let Some(pane) = self.panes.first()
            && plan.given_up_at(pane.number) <= to
        {
            self.panes.evict_before(pane.number.saturating_add(1));
        }
        self.revised.retain(|start, _| !plan.is_over(*start, to));
        self.is_full |= rows.is_full;
    }

    /// Shows the windows that have not closed by `watermark`, and what has changed in those that have.
    pub fn show_open(&self, plan: &Plan, watermark: i64, rows: &mut Maker<'_>) {
        for (start, revised) in self.revised.iter().filter(|(_, revised)| !revised.keys.is_empty()) {
            show_again(&self.panes, plan, *start, revised, rows);
        }
        for start in self.starts(plan, watermark, i64::MAX) {
            show(&self.panes, plan, start, rows);
        }
    }

    /// The beginnings of the windows that hold an event and end after `from`, but not after `to`.
    fn starts(&self, plan: &Plan, from: i64, to: i64) -> Vec<i64> {
        let (Some(first), Some(last)) = (self.panes.first(), self.panes.last()) else { return Vec::new() };
        let mut start = plan.first_start_after(from).max(plan.earliest_start(first.number));
        let mut starts = Vec::new();
        while start <= last.number && (to == i64::MAX || plan.end(start) <= to) {
            let next = match self.panes.range(start, plan.end(start)).next() {
                Some(_) => {
                    starts.push(start);
                    plan.next_start(start)
                }
                // Over the time in which nothing happened.
                None => self.panes.range(plan.end(start), i64::MAX).next().map(|pane| plan.earliest_start(pane.number)),
            };
            let Some(next) = next else { break };
            start = next;
        }
        starts
    }
}

/// Shows the keys of a window.
fn show(panes: &Panes<Pane>, plan: &Plan, start: i64, rows: &mut Maker<'_>) {
    let end = plan.end(start);
    let groups: Vec<&Groups<Row>> = panes.range(start, end).flat_map(|pane| pane.held.of(start)).collect();
    // The commonest window has one pane, which is shown as it is.
    if let [pane] = groups[..] {
        return rows.push_all(start, end, pane, |_| true, pane.overflow());
    }
    let (window, others) = put_together(groups, plan.max_keys);
    rows.is_full |= window.overflow().is_some();
    rows.push_all(start, end, &window, |_| true, others.as_ref());
}

/// Shows what has changed in a window that was shown before. A key that has lost its place since is shown
/// with nothing, as it is among the others now; one that has found a place may have been among them.
fn show_again(panes: &Panes<Pane>, plan: &Plan, start: i64, revised: &Revised, rows: &mut Maker<'_>) {
    let end = plan.end(start);
    let groups: Vec<&Groups<Row>> = panes.range(start, end).flat_map(|pane| pane.held.of(start)).collect();
    rows.revision = revised.count + 1;
    if let [pane] = groups[..]
        && revised.shown.is_empty()
    {
        let have_others_changed = revised.keys.iter().any(|key| !pane.contains(key));
        let is_wanted = |key: &[u8]| revised.keys.contains(key);
        rows.push_all(start, end, pane, is_wanted, pane.overflow().filter(|_| have_others_changed));
        rows.revision = 0;
        return;
    }
    let (mut window, others) = put_together(groups, plan.max_keys);
    rows.is_full |= window.overflow().is_some();
    let kept: BTreeSet<Box<[u8]>> = window.iter().map(|(key, _)| key.into()).collect();
    let lost: BTreeSet<&[u8]> = revised.shown.difference(&kept).map(|key| &**key).collect();
    let have_others_changed = revised.shown != kept || !revised.keys.is_subset(&kept);
    lost.iter().for_each(|key| *window.entry_of_key(key) = Row::default());
    let is_wanted = |key: &[u8]| revised.keys.contains(key) || !revised.shown.contains(key) || lost.contains(key);
    rows.push_all(start, end, &window, is_wanted, others.as_ref().filter(|_| have_others_changed));
    rows.revision = 0;
}

/// The keys of a window that is made of these, and what it has no place for. A key that has no place in a
/// full pane may have been there among the others: it is not shown by itself, so that each row is complete.
fn put_together(panes: Vec<&Groups<Row>>, max_keys: usize) -> (Groups<Row>, Option<Row>) {
    let full: Vec<&Groups<Row>> = panes.iter().filter(|pane| pane.overflow().is_some()).copied().collect();
    let (mut window, mut others) = (Groups::<Row>::default(), None::<Row>);
    for pane in panes {
        for (key, row) in pane.iter() {
            match full.iter().all(|pane| pane.contains(key)) {
                true => window.entry_of_key(key).merge(row.clone()),
                false => others.get_or_insert_default().merge(row.clone()),
            }
        }
        if let Some(row) = pane.overflow() {
            others.get_or_insert_default().merge(row.clone());
        }
    }
    window.cap(max_keys);
    if let Some(row) = window.overflow() {
        others.get_or_insert_default().merge(row.clone());
    }
    (window, others)
}

impl Plan {
    /// The end of the window that begins at `start`.
    fn end(&self, start: i64) -> i64 {
        match &self.shape {
            Shape::Sliding { size_ns, .. } => start.saturating_add(*size_ns),
            Shape::Calendar(calendar) => calendar.end(start),
            Shape::Session { .. } => unreachable!("{NO_PANES}"),
        }
    }

    /// Whether that window takes no more events.
    fn is_over(&self, start: i64, watermark: i64) -> bool {
        self.end(start).saturating_add(self.lateness_ns) <= watermark
    }

    /// The beginning of the window after it, if there is one.
    fn next_start(&self, start: i64) -> Option<i64> {
        match &self.shape {
            Shape::Sliding { slide_ns, .. } => start.checked_add(*slide_ns),
            Shape::Calendar(calendar) => Some(calendar.end(start)).filter(|next| *next < i64::MAX),
            Shape::Session { .. } => unreachable!("{NO_PANES}"),
        }
    }

    /// The beginning of the first window that the pane at `begin` is part of.
    fn earliest_start(&self, begin: i64) -> i64 {
        match &self.shape {
            Shape::Sliding { pane_ns, .. } => self.first_start_after(begin.saturating_add(*pane_ns).saturating_sub(1)),
            _ => begin,
        }
    }

    /// The beginning of the first window that ends after an instant.
    fn first_start_after(&self, nanos: i64) -> i64 {
        match &self.shape {
            &Shape::Sliding { size_ns, slide_ns, offset_ns, .. } => {
                floor(nanos.saturating_sub(size_ns), slide_ns, offset_ns).saturating_add(slide_ns)
            }
            Shape::Calendar(calendar) => calendar.begin(nanos),
            Shape::Session { .. } => unreachable!("{NO_PANES}"),
        }
    }
}

const NO_PANES: &str = "sessions have no panes";
