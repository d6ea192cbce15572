//! One summary a key, in order of first appearance, bounded by a cap.
//!
//! Every key stands once; `index` finds it and is rebuilt on load, never stored. Merging appends
//! the later part's new keys, so under a left fold in input order the kept keys are the first
//! distinct ones of the input.

mod recall;
#[cfg(test)]
mod tests;

use super::{Merge, key};
use crate::event::Value;
use crate::report::Cell;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use recall::{Print, Recall};
use serde::{Deserialize, Serialize};
use std::hash::BuildHasher;

/// Summaries by key. A key is one or more field values (see [`super::encode_value`]).
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored<T>", bound(deserialize = "T: Deserialize<'de>"))]
pub struct Groups<T> {
    entries: Vec<(Box<[u8]>, T)>,
    /// What became of the keys beyond the cap.
    overflow: Option<T>,
    /// Places in `entries` by the hash of their key.
    #[serde(skip)]
    index: HashTable<usize>,
    /// Keyed anew for each map: whoever writes the logs cannot choose colliding keys.
    #[serde(skip)]
    hasher: RandomState,
    /// The places of some keys.
    #[serde(skip)]
    recall: Recall,
    /// The key asked for; kept so that a known key costs no allocation.
    #[serde(skip)]
    scratch: Vec<u8>,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            overflow: None,
            index: HashTable::new(),
            hasher: RandomState::default(),
            recall: Recall::default(),
            scratch: Vec::new(),
        }
    }
}

impl<T> Groups<T> {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.overflow.is_none()
    }

    /// The summary at a place that was given to a key.
    #[inline(always)]
    pub fn at_mut(&mut self, place: usize) -> &mut T {
        &mut self.entries[place].1
    }

    /// The key at a place, in its byte form.
    pub fn key(&self, place: usize) -> &[u8] {
        &self.entries[place].0
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.place(key).is_some()
    }

    /// The place of a key in order of first appearance, and its summary.
    pub fn find<'k, 'v: 'k>(&mut self, values: impl Iterator<Item = &'k Value<'v>>) -> Option<(usize, &T)> {
        self.encode(values);
        let place = self.place(&self.scratch)?;
        Some((place, &self.entries[place].1))
    }

    /// Keys in their byte form and their summaries, in order of first appearance.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &T)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// The summaries of all keys, then the overflow's.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value).chain(&self.overflow)
    }

    /// As [`Self::values`].
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|(_, value)| value).chain(&mut self.overflow)
    }

    /// What was folded in under keys beyond the cap.
    pub fn overflow(&self) -> Option<&T> {
        self.overflow.as_ref()
    }

    /// Keys as cells and their summaries, sorted by key: null, false, true, numbers, text.
    pub fn sorted(&self) -> Vec<(Vec<Cell>, &T)> {
        self.sorted_where(|_| true)
    }

    /// As [`Self::sorted`], of the keys that are wanted.
    pub fn sorted_where(&self, is_wanted: impl Fn(&[u8]) -> bool) -> Vec<(Vec<Cell>, &T)> {
        let cells = |key: &[u8]| key::decode_key(key).expect("keys are made by encode_value or checked on load");
        let mut wanted: Vec<(&[u8], &T)> = self.iter().filter(|(key, _)| is_wanted(key)).collect();
        // The commonest keys are one text each, which is sorted as it stands.
        if wanted.iter().all(|(key, _)| key::single_text(key).is_some()) {
            wanted.sort_unstable_by_key(|(key, _)| key::single_text(key));
            return wanted.into_iter().map(|(key, value)| (cells(key), value)).collect();
        }
        let mut rows: Vec<_> = wanted.into_iter().map(|(key, value)| (cells(key), value)).collect();
        rows.sort_by(|(a, _), (b, _)| key::compare(a, b));
        rows
    }

    fn encode<'k, 'v: 'k>(&mut self, values: impl Iterator<Item = &'k Value<'v>>) {
        self.scratch.clear();
        for value in values {
            key::encode_value(*value, &mut self.scratch);
        }
    }

    fn place(&self, key: &[u8]) -> Option<usize> {
        let hash = self.hasher.hash_one(key);
        self.index.find(hash, |place| *self.entries[*place].0 == *key).copied()
    }

    /// Adds a key that is not there yet; answers its place.
    fn push(&mut self, key: Box<[u8]>, value: T) -> usize {
        let place = self.entries.len();
        let hash = self.hasher.hash_one(&*key);
        self.entries.push((key, value));
        self.index.insert_unique(hash, place, |place| self.hasher.hash_one(&*self.entries[*place].0));
        place
    }
}

impl<T: Default> Groups<T> {
    /// The place of a key of one text, which is given one if it is new.
    #[inline(always)]
    pub fn place_of_text(&mut self, text: &str) -> usize {
        match Print::of(text).and_then(|print| self.recall.place(print)) {
            Some(place) => place,
            None => self.search_text(text),
        }
    }

    #[inline(never)]
    fn search_text(&mut self, text: &str) -> usize {
        let value = Value::Text(text);
        let key = std::iter::once(&value);
        match Print::of(text) {
            Some(print) => self.search(key, print),
            None => self.place_of_values(key),
        }
    }

    /// The summary of a key, empty if it is new.
    pub fn entry<'k, 'v: 'k>(&mut self, values: impl Iterator<Item = &'k Value<'v>> + Clone) -> &mut T {
        let place = self.place_of_values(values);
        self.at_mut(place)
    }

    /// As [`Self::place_of_text`] for a key of any values.
    #[inline(always)]
    pub fn place_of_values<'k, 'v: 'k>(&mut self, values: impl Iterator<Item = &'k Value<'v>> + Clone) -> usize {
        let hint = Print::hint(values.clone());
        match self.recall.place(hint) {
            Some(place) if key::is_key_of(&self.entries[place].0, values.clone()) => place,
            _ => self.search(values, hint),
        }
    }

    /// The place of a key, which is noted under its print.
    #[inline(never)]
    fn search<'k, 'v: 'k>(&mut self, values: impl Iterator<Item = &'k Value<'v>>, print: Print) -> usize {
        self.encode(values);
        let place = match self.place(&self.scratch) {
            Some(place) => place,
            None => self.push(self.scratch.as_slice().into(), T::default()),
        };
        self.recall.note(print, place);
        place
    }

    /// As [`Self::place_of_text`] for a key in its byte form, made by [`super::encode_value`].
    pub fn place_of_key(&mut self, key: &[u8]) -> usize {
        match self.place(key) {
            Some(place) => place,
            None => self.push(key.into(), T::default()),
        }
    }

    /// The summary of a key in its byte form, empty if it is new.
    pub fn entry_of_key(&mut self, key: &[u8]) -> &mut T {
        let place = self.place_of_key(key);
        &mut self.entries[place].1
    }
}

impl<T: Merge + Default> Groups<T> {
    /// Keeps the first `max_keys` keys and folds the others into the overflow. For the root, after
    /// each merge: a part of the input does not know which keys came before it.
    pub fn cap(&mut self, max_keys: usize) {
        if self.entries.len() <= max_keys {
            return;
        }
        self.recall.forget();
        // One by one: a search through the whole index would cost every merge as much as all keys.
        for (beyond, (key, value)) in self.entries.drain(max_keys..).enumerate() {
            let hash = self.hasher.hash_one(&*key);
            if let Ok(known) = self.index.find_entry(hash, |place| *place == max_keys + beyond) {
                known.remove();
            }
            self.overflow.get_or_insert_default().merge(value);
        }
    }
}

impl<T: Merge> Merge for Groups<T> {
    fn merge(&mut self, later: Self) {
        for (key, value) in later.entries {
            match self.place(&key) {
                Some(place) => self.entries[place].1.merge(value),
                None => {
                    self.push(key, value);
                }
            }
        }
        match (&mut self.overflow, later.overflow) {
            (Some(overflow), Some(later)) => overflow.merge(later),
            (overflow @ None, later) => *overflow = later,
            (Some(_), None) => {}
        }
    }
}

/// As stored: what the index is rebuilt from.
#[derive(Deserialize)]
#[serde(rename = "Groups")]
struct Stored<T> {
    entries: Vec<(Box<[u8]>, T)>,
    overflow: Option<T>,
}

impl<T> TryFrom<Stored<T>> for Groups<T> {
    type Error = &'static str;

    fn try_from(stored: Stored<T>) -> Result<Self, Self::Error> {
        let mut groups = Self { overflow: stored.overflow, ..Self::default() };
        groups.entries.reserve(stored.entries.len());
        for (key, value) in stored.entries {
            if key::decode_key(&key).is_none() {
                return Err("the key of a group is damaged");
            }
            if groups.place(&key).is_some() {
                return Err("a group stands twice");
            }
            groups.push(key, value);
        }
        Ok(groups)
    }
}

/// Equal content in equal order; how it is indexed does not matter.
impl<T: PartialEq> PartialEq for Groups<T> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries && self.overflow == other.overflow
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Groups<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.entries.iter().map(|(key, value)| (key::decode_key(key), value))).finish()?;
        write!(f, " + {:?}", self.overflow)
    }
}
