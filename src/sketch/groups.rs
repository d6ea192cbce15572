//! One summary a key, in order of first appearance, bounded by a cap.
//!
//! Every key stands once; `index` finds it and is rebuilt on load, never stored. Merging appends
//! the later part's new keys, so under a left fold in input order the kept keys are the first
//! distinct ones of the input.

use super::recall::{Print, Recall};
use super::{Merge, key};
use crate::event::Value;
use crate::report::Cell;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
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
    /// The places of short keys of one text.
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

    /// The place of a key in order of first appearance, and its summary.
    pub fn find<'v>(&mut self, values: impl Iterator<Item = Value<'v>>) -> Option<(usize, &T)> {
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
        let cells = |key: &[u8]| key::decode_key(key).expect("keys are made by encode_value or checked on load");
        let mut rows: Vec<_> = self.entries.iter().map(|(key, value)| (cells(key), value)).collect();
        rows.sort_by(|(a, _), (b, _)| key::compare(a, b));
        rows
    }

    fn encode<'v>(&mut self, values: impl Iterator<Item = Value<'v>>) {
        self.scratch.clear();
        for value in values {
            key::encode_value(value, &mut self.scratch);
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
    /// The summary of a key, empty if it is new.
    pub fn entry<'v>(&mut self, values: impl Iterator<Item = Value<'v>>) -> &mut T {
        self.encode(values);
        let place = self.search();
        &mut self.entries[place].1
    }

    /// As [`Self::entry`] for a key of one text.
    #[inline]
    pub fn entry_of_text(&mut self, text: &str) -> &mut T {
        let print = Print::of(text);
        let place = match print.and_then(|print| self.recall.place(print)) {
            Some(place) => place,
            None => self.search_text(text, print),
        };
        &mut self.entries[place].1
    }

    #[inline(never)]
    fn search_text(&mut self, text: &str, print: Option<Print>) -> usize {
        self.encode([Value::Text(text)].into_iter());
        let place = self.search();
        if let Some(print) = print {
            self.recall.note(print, place);
        }
        place
    }

    /// The place of the key in `scratch`.
    fn search(&mut self) -> usize {
        match self.place(&self.scratch) {
            Some(place) => place,
            None => self.push(self.scratch.as_slice().into(), T::default()),
        }
    }

    /// As [`Self::entry`] for a key in its byte form, made by [`super::encode_value`].
    pub fn entry_of_key(&mut self, key: &[u8]) -> &mut T {
        let place = match self.place(key) {
            Some(place) => place,
            None => self.push(key.into(), T::default()),
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::laws;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn fold(mut groups: Groups<u64>, keys: &[u8]) -> Groups<u64> {
        for key in keys {
            *groups.entry([Value::Int(i64::from(*key)), Value::Text("x")].into_iter()) += 1;
        }
        groups
    }

    fn keys() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0u8..20, 0..60)
    }

    proptest! {
        #[test]
        fn laws_hold(a in keys(), b in keys(), c in keys()) {
            laws::hold(fold, [&a, &b, &c], Groups::default);
        }

        #[test]
        fn every_key_counts_for_itself(keys in keys()) {
            let mut expected = HashMap::new();
            keys.iter().for_each(|key| *expected.entry(i64::from(*key)).or_insert(0u64) += 1);
            let groups = fold(Groups::default(), &keys);
            let mut expected: Vec<_> = expected.into_iter().collect();
            expected.sort();
            let found: Vec<_> = groups.sorted().into_iter().map(|(key, count)| (key[0].clone(), *count)).collect();
            let expected: Vec<_> = expected.into_iter().map(|(key, count)| (Cell::Int(key), count)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_cap_keeps_the_first_keys_however_the_input_was_cut(keys in keys(), cut in 0usize..60, max in 0usize..10) {
            let mut whole = fold(Groups::default(), &keys);
            whole.cap(max);
            let cut = cut.min(keys.len());
            let mut parts = Groups::default();
            for part in [&keys[..cut], &keys[cut..]] {
                parts.merge(fold(Groups::default(), part));
                parts.cap(max);
            }
            prop_assert!(parts.len() <= max);
            prop_assert_eq!(&parts.entries, &whole.entries);
            prop_assert_eq!(parts.overflow, whole.overflow);
            prop_assert_eq!(parts.values().sum::<u64>(), keys.len() as u64);
            // What is indexed is what is held: a key that was moved away is new again.
            for key in keys {
                parts.find([Value::Int(i64::from(key)), Value::Text("x")].into_iter());
            }
        }
    }

    #[test]
    fn overflows_are_merged_as_well() {
        let capped = |keys: &[u8]| {
            let mut groups = fold(Groups::default(), keys);
            groups.cap(1);
            groups
        };
        let mut groups = capped(&[1]);
        groups.merge(capped(&[1, 2, 3, 3]));
        assert_eq!(groups.overflow(), Some(&3));
        groups.merge(capped(&[1, 4]));
        groups.merge(capped(&[1]));
        assert_eq!(groups.overflow(), Some(&4));
    }

    #[test]
    fn a_damaged_image_is_refused() {
        let groups = fold(Groups::default(), &[1]);
        let image = serde_json::to_string(&groups).unwrap();
        assert!(serde_json::from_str::<Groups<u64>>(&image).is_ok());
        assert!(serde_json::from_str::<Groups<u64>>(&image.replacen("[[[3,", "[[[99,", 1)).is_err());
        let (head, rest) = image.split_once("[[").unwrap();
        let (entry, tail) = rest.split_once("]]").unwrap();
        assert!(serde_json::from_str::<Groups<u64>>(&format!("{head}[[{entry}],[{entry}]]{tail}")).is_err());
    }
}
