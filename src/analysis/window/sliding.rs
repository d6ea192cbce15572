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
}

impl Sliding {
    pub fn is_late(plan: &Plan, entry: &Entry, watermark: i64) -> bool {
        plan.given_up_at(entry.begin) <= watermark
    }

    /// Takes in entries of one pane that are not late. They are of those windows that `floor`, the
    /// watermark of their own input or that of all, has not given up; `watermark` tells which have closed.
    pub fn add(&mut self, plan: &Plan, keys: &Groups<Latest>, run: &mut [Entry], floor: i64, watermark: i64) {
        let Some(begin) = run.first().map(|entry| entry.begin) else { return };
        if self.panes.get(begin).is_none() {
            self.panes.insert(begin, Pane::default());
        }
        let pane = self.panes.get(begin).expect("it was put there");
        let earliest = plan.earliest_start(begin);
        let first = match plan.is_over(earliest, floor) {
            true => plan.first_start_after(floor.saturating_sub(plan.lateness_ns)),
            false => earliest,
        };
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

    /// Notes that a key has changed in those windows that have closed, and take late events.
    fn revise(&mut self, plan: &Plan, key: &[u8], starts: RangeInclusive<i64>, watermark: i64) {
        let mut start = plan.first_start_after(watermark.saturating_sub(plan.lateness_ns)).max(*starts.start());
        while start <= *starts.end() && plan.end(start) <= watermark {
            self.revised.entry(start).or_default().keys.insert(key.into());
            start += plan.slide();
        }
    }

    /// Takes in those of another machine. What ends by `closed_to` is left out: it is not whole.
    pub fn join(&mut self, plan: &Plan, other: Self, closed_to: Option<i64>) {
        self.panes.merge(other.panes);
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
            self.show(plan, start, None, rows);
        }
        for (start, revised) in &mut self.revised {
            let keys = std::mem::take(&mut revised.keys);
            if !keys.is_empty() {
                revised.count += 1;
                rows.revision = revised.count;
                show(&self.panes, plan, *start, Some(&keys), rows);
                rows.revision = 0;
            }
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
            rows.revision = revised.count + 1;
            self.show(plan, *start, Some(&revised.keys), rows);
        }
        rows.revision = 0;
        for start in self.starts(plan, watermark, i64::MAX) {
            self.show(plan, start, None, rows);
        }
    }

    /// The beginnings of the windows that hold an event and end after `from`, but not after `to`.
    fn starts(&self, plan: &Plan, from: i64, to: i64) -> Vec<i64> {
        let (Some(first), Some(last)) = (self.panes.first(), self.panes.last()) else { return Vec::new() };
        let mut start = plan.first_start_after(from).max(plan.earliest_start(first.number));
        let most = if to == i64::MAX { last.number } else { last.number.min(to.saturating_sub(plan.longest())) };
        let mut starts = Vec::new();
        while start <= most {
            let next = match self.panes.range(start, plan.end(start)).next() {
                Some(_) => {
                    starts.push(start);
                    start.checked_add(plan.slide())
                }
                // Over the time in which nothing happened.
                None => self.panes.range(plan.end(start), i64::MAX).next().map(|pane| plan.earliest_start(pane.number)),
            };
            let Some(next) = next else { break };
            start = next;
        }
        starts
    }

    fn show(&self, plan: &Plan, start: i64, only: Option<&BTreeSet<Box<[u8]>>>, rows: &mut Maker<'_>) {
        show(&self.panes, plan, start, only, rows);
    }
}

/// Shows the keys of a window, or only some.
fn show(panes: &Panes<Pane>, plan: &Plan, start: i64, only: Option<&BTreeSet<Box<[u8]>>>, rows: &mut Maker<'_>) {
    let end = plan.end(start);
    let panes: Vec<&Groups<Row>> = panes.range(start, end).flat_map(|pane| pane.held.of(start)).collect();
    let is_wanted = |key: &[u8]| only.is_none_or(|keys| keys.contains(key));
    // The commonest window has one pane, which is shown as it is.
    if let [pane] = panes[..] {
        let are_others_wanted = || only.is_none_or(|keys| keys.iter().any(|key| !pane.contains(key)));
        rows.push_all(start, end, pane, is_wanted, pane.overflow().filter(|_| are_others_wanted()));
        return;
    }
    // A key that has no place in a full pane may have been there among the others: it is not shown by
    // itself, so that each row is complete.
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
    window.cap(plan.max_keys);
    rows.is_full |= window.overflow().is_some();
    if let Some(row) = window.overflow() {
        others.get_or_insert_default().merge(row.clone());
    }
    let are_others_wanted = only.is_none_or(|keys| keys.iter().any(|key| !window.contains(key)));
    rows.push_all(start, end, &window, is_wanted, others.as_ref().filter(|_| are_others_wanted));
}

impl Plan {
    fn sizes(&self) -> (i64, i64, i64, i64) {
        match self.shape {
            Shape::Sliding { size_ns, slide_ns, pane_ns, offset_ns } => (size_ns, slide_ns, pane_ns, offset_ns),
            Shape::Session { .. } => unreachable!("sessions have no panes"),
        }
    }

    /// The end of the window that begins at `start`.
    fn end(&self, start: i64) -> i64 {
        start.saturating_add(self.sizes().0)
    }

    /// Whether that window takes no more events.
    fn is_over(&self, start: i64, watermark: i64) -> bool {
        self.end(start).saturating_add(self.lateness_ns) <= watermark
    }

    fn slide(&self) -> i64 {
        self.sizes().1
    }

    /// The beginning of the first window that the pane at `begin` is part of.
    fn earliest_start(&self, begin: i64) -> i64 {
        let (_, _, pane_ns, _) = self.sizes();
        self.first_start_after(begin.saturating_add(pane_ns).saturating_sub(1))
    }

    /// The beginning of the first window that ends after an instant.
    fn first_start_after(&self, nanos: i64) -> i64 {
        let (size_ns, slide_ns, _, offset_ns) = self.sizes();
        floor(nanos.saturating_sub(size_ns), slide_ns, offset_ns).saturating_add(slide_ns)
    }
}
