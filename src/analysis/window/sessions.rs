//! Windows that last as long as events of a key follow each other within less than a gap.
//!
//! A session ends a gap after its last event. One that a late event joins to others becomes one with
//! them: its row has the key of theirs, a higher revision, and stands for all rows that it overlaps.

use super::part::Entry;
use super::plan::Plan;
use super::row::Row;
use super::rows::Maker;
use crate::sketch::{Merge, compare_keys};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The sessions under way of each key. The empty key stands for those that had no place.
#[derive(Default, Deserialize)]
#[serde(from = "Stored")]
pub struct Sessions {
    keys: BTreeMap<Arc<[u8]>, Vec<Session>>,
    /// When to look at a key again: one of its sessions may end by then, or be given up.
    due: BTreeSet<(i64, Arc<[u8]>)>,
    /// Some keys had no place.
    pub is_full: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Session {
    first: i64,
    last: i64,
    row: Row,
    /// What was shown of it last.
    revision: Option<u64>,
    /// It holds what was not shown.
    is_fresh: bool,
}

/// As stored: when keys are due is told by their sessions.
#[derive(Deserialize)]
struct Stored(Vec<(Box<[u8]>, Vec<Session>)>, bool);

impl From<Stored> for Sessions {
    fn from(Stored(keys, is_full): Stored) -> Self {
        let keys: BTreeMap<Arc<[u8]>, _> = keys.into_iter().map(|(key, held)| (key.into(), held)).collect();
        // Too early is never wrong: each is looked at once, and noted for when it is due.
        let due = keys.keys().map(|key| (i64::MIN, key.clone())).collect();
        Self { keys, due, is_full }
    }
}

impl Serialize for Sessions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys: Vec<(&[u8], &Vec<Session>)> = self.keys.iter().map(|(key, held)| (&**key, held)).collect();
        (keys, self.is_full).serialize(serializer)
    }
}

impl Session {
    fn end(&self, gap: i64) -> i64 {
        self.last.saturating_add(gap)
    }

    fn touches(&self, first: i64, last: i64, gap: i64) -> bool {
        first < self.end(gap) && self.first < last.saturating_add(gap)
    }
}

impl Sessions {
    /// Whether an entry is too late even with the sessions that it belongs to.
    pub fn is_late(&self, plan: &Plan, key: &[u8], entry: &Entry, watermark: i64) -> bool {
        let (first, last, gap) = plan.bounds(entry);
        let held = self.keys.get(self.place(plan, key)).into_iter().flatten();
        let joined = held.filter(|session| session.touches(first, last, gap)).map(|session| session.last);
        plan.given_up_at(joined.fold(last, i64::max)) <= watermark
    }

    /// The key itself where it has a place or may have one.
    fn place<'k>(&self, plan: &Plan, key: &'k [u8]) -> &'k [u8] {
        let has_others = self.keys.contains_key([].as_slice());
        let places = self.keys.len() - usize::from(has_others);
        if self.keys.contains_key(key) || places < plan.max_keys { key } else { &[] }
    }

    /// Takes in what is not late.
    pub fn add(&mut self, plan: &Plan, key: &[u8], entry: &mut Entry) {
        let (first, last, _) = plan.bounds(entry);
        let row = std::mem::take(&mut entry.row);
        self.put(plan, key, Session { first, last, row, revision: None, is_fresh: true });
    }

    /// Makes one of a session and those that it touches.
    fn put(&mut self, plan: &Plan, key: &[u8], new: Session) {
        let gap = plan.gap().unwrap_or(0);
        let place = self.place(plan, key);
        self.is_full |= place.is_empty();
        let key: Arc<[u8]> = match self.keys.get_key_value(place) {
            Some((key, _)) => key.clone(),
            None => place.into(),
        };
        let held = self.keys.entry(key.clone()).or_default();
        let mut whole = Session { row: Row::default(), is_fresh: true, ..new };
        for session in held.extract_if(.., |session| session.touches(new.first, new.last, gap)) {
            whole.first = whole.first.min(session.first);
            whole.last = whole.last.max(session.last);
            whole.revision = whole.revision.max(session.revision);
            whole.row.merge(session.row);
        }
        whole.row.merge(new.row);
        self.due.insert((whole.end(gap), key));
        let after = held.partition_point(|session| session.first < whole.first);
        held.insert(after, whole);
    }

    /// Takes in those of another machine. What begins before `closed_to` is left out: it may belong to one
    /// that has closed by then.
    pub fn join(&mut self, plan: &Plan, other: Self, closed_to: Option<i64>) {
        for (key, held) in other.keys {
            held.into_iter().for_each(|session| self.put(plan, &key, session));
        }
        for held in self.keys.values_mut() {
            held.retain(|session| closed_to.is_none_or(|closed_to| session.first >= closed_to));
        }
        self.keys.retain(|_, held| !held.is_empty());
        self.is_full |= other.is_full;
    }

    /// Shows the sessions that have ended by the watermark and hold anything new, and forgets those
    /// that are given up.
    pub fn close(&mut self, plan: &Plan, watermark: i64, rows: &mut Maker<'_>) {
        let gap = plan.gap().unwrap_or(0);
        let mut keys = BTreeSet::new();
        while self.due.first().is_some_and(|(instant, _)| *instant <= watermark) {
            keys.extend(self.due.pop_first().map(|(_, key)| key));
        }
        let mut shown = Vec::new();
        for key in keys {
            let Some(held) = self.keys.get_mut(&key) else { continue };
            held.retain_mut(|session| {
                let end = session.end(gap);
                if end <= watermark && std::mem::take(&mut session.is_fresh) {
                    session.revision = Some(session.revision.map_or(0, |shown| shown + 1));
                    shown.push((end, key.clone(), session.clone()));
                }
                let given_up = plan.given_up_at(session.last);
                let next = if end > watermark { end } else { given_up };
                if given_up > watermark {
                    self.due.insert((next, key.clone()));
                }
                given_up > watermark
            });
            if held.is_empty() {
                self.keys.remove(&key);
            }
        }
        shown.sort_by(|(end, key, session), (other, its, later)| {
            (end, session.first).cmp(&(other, later.first)).then_with(|| compare_keys(key, its))
        });
        for (end, key, session) in shown {
            rows.revision = session.revision.unwrap_or(0);
            rows.push(session.first, end, &key, &session.row);
        }
        rows.revision = 0;
    }

    /// The oldest event that may still be counted.
    pub fn oldest(&self, plan: &Plan, watermark: i64) -> i64 {
        let oldest = self.keys.values().flatten().map(|session| session.first).min().unwrap_or(i64::MAX);
        let gap = plan.gap().unwrap_or(0);
        oldest.min(watermark.saturating_sub(plan.lateness_ns)).saturating_sub(gap)
    }

    /// Shows the sessions that hold anything new.
    pub fn show_open(&self, plan: &Plan, rows: &mut Maker<'_>) {
        let gap = plan.gap().unwrap_or(0);
        for (key, held) in &self.keys {
            for session in held.iter().filter(|session| session.is_fresh) {
                rows.revision = session.revision.map_or(0, |shown| shown + 1);
                rows.push(session.first, session.end(gap), key, &session.row);
            }
        }
    }
}

impl Plan {
    /// The first and the last event of an entry, and the gap.
    fn bounds(&self, entry: &Entry) -> (i64, i64, i64) {
        let gap = self.gap().unwrap_or(0);
        (self.first_of(entry), entry.end.saturating_sub(gap), gap)
    }
}
