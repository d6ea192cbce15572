//! One summary a key, in order of first appearance, bounded by a cap.
//!
//! Every key stands once; how it is found is worked out anew on load, never stored. Merging appends
//! the later part's new keys, so under a left fold in input order the kept keys are the first
//! distinct ones of the input.

mod merge;
mod recall;
#[cfg(test)]
mod tests;

use super::key;
use crate::event::Value;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use recall::{Print, Recall};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::hash::BuildHasher;
use std::sync::LazyLock;

/// Summaries by key. A key is one or more field values (see [`super::encode_value`]).
#[derive(Clone, Deserialize)]
#[serde(try_from = "Stored<T>", bound(deserialize = "T: Deserialize<'de>"))]
pub struct Groups<T> {
    entries: Vec<Entry<T>>,
    /// What became of the keys beyond the cap.
    overflow: Option<T>,
    /// Places in `entries` by the hash of their key.
    index: HashTable<u32>,
    /// The places of some keys.
    recall: Recall,
    /// The key asked for; kept so that a known key costs no allocation.
    scratch: Vec<u8>,
}

/// All of a key is in one place: where keys are many, each place is a wait for memory.
#[derive(Clone)]
struct Entry<T> {
    hash: u64,
    /// A name of up to 22 letters costs no allocation.
    key: SmallVec<[u8; 24]>,
    summary: T,
}

/// A key in its byte form and its hash.
#[derive(Clone, Copy)]
struct Hashed<'k> {
    key: &'k [u8],
    hash: u64,
}

/// Seeded anew for each process: whoever writes the logs cannot choose colliding keys. One seed for
/// all, so that a key is hashed once, however many tables it comes through.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::default);

impl<'k> Hashed<'k> {
    fn new(key: &'k [u8]) -> Self {
        let hash = match key::single_text(key).and_then(Print::of) {
            Some(print) => HASHER.hash_one(print),
            None => HASHER.hash_one(key),
        };
        Self { key, hash }
    }
}

impl<T> Entry<T> {
    fn hashed(&self) -> Hashed<'_> {
        Hashed { key: &self.key, hash: self.hash }
    }
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            overflow: None,
            index: HashTable::new(),
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
        &mut self.entries[place].summary
    }

    /// The key at a place, in its byte form.
    pub fn key(&self, place: usize) -> &[u8] {
        &self.entries[place].key
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        self.place(Hashed::new(key)).is_some()
    }

    /// The place of a key in order of first appearance, and its summary.
    pub fn find<'k, 'v: 'k>(&mut self, values: impl Iterator<Item = &'k Value<'v>>) -> Option<(usize, &T)> {
        self.encode(values);
        let place = self.place(Hashed::new(&self.scratch))?;
        Some((place, &self.entries[place].summary))
    }

    /// Keys in their byte form and their summaries, in order of first appearance.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &T)> {
        self.entries.iter().map(|entry| (&*entry.key, &entry.summary))
    }

    /// The summaries of all keys, then the overflow's.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|entry| &entry.summary).chain(&self.overflow)
    }

    /// As [`Self::values`].
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|entry| &mut entry.summary).chain(&mut self.overflow)
    }

    /// What was folded in under keys beyond the cap.
    pub fn overflow(&self) -> Option<&T> {
        self.overflow.as_ref()
    }

    /// Keys in their byte form and their summaries, sorted by key: null, false, true, numbers, text.
    pub fn sorted(&self) -> impl ExactSizeIterator<Item = (&[u8], &T)> {
        self.sorted_where(|_| true)
    }

    /// As [`Self::sorted`], of the keys that are wanted.
    pub fn sorted_where(&self, is_wanted: impl Fn(&[u8]) -> bool) -> impl ExactSizeIterator<Item = (&[u8], &T)> {
        let wanted = (0..self.len()).filter(|place| is_wanted(self.key(*place))).collect();
        key::sort(wanted, |place| self.key(place)).into_iter().map(|place| {
            let entry = &self.entries[place];
            (&*entry.key, &entry.summary)
        })
    }

    fn encode<'k, 'v: 'k>(&mut self, values: impl Iterator<Item = &'k Value<'v>>) {
        self.scratch.clear();
        for value in values {
            key::encode_value(*value, &mut self.scratch);
        }
    }

    fn place(&self, Hashed { key, hash }: Hashed<'_>) -> Option<usize> {
        self.index.find(hash, |place| *self.entries[*place as usize].key == *key).map(|place| *place as usize)
    }

    /// Adds a key that is not there yet; answers its place.
    fn push(&mut self, Hashed { key, hash }: Hashed<'_>, summary: T) -> usize {
        self.insert(Entry { hash, key: key.into(), summary })
    }

    fn insert(&mut self, entry: Entry<T>) -> usize {
        let (hash, place) = (entry.hash, self.entries.len());
        self.entries.push(entry);
        let slot = u32::try_from(place).expect("--max-keys allows fewer");
        self.index.insert_unique(hash, slot, |place| self.entries[*place as usize].hash);
        place
    }
}

impl<T: Default> Groups<T> {
    /// The place of a key of one text, which is given one if it is new.
    #[inline(always)]
    pub fn place_of_text(&mut self, text: &str) -> usize {
        match Print::of(text.as_bytes()) {
            Some(print) => self.recall.place(print).unwrap_or_else(|| self.search_text(text, print)),
            None => self.place_of_values(std::iter::once(&Value::Text(text))),
        }
    }

    /// The print of a short text is as good as the text, and is at hand.
    #[inline(never)]
    fn search_text(&mut self, text: &str, print: Print) -> usize {
        let hash = HASHER.hash_one(print);
        let is_text = |place: &u32| key::single_text(&self.entries[*place as usize].key) == Some(text.as_bytes());
        let place = match self.index.find(hash, is_text) {
            Some(place) => *place as usize,
            None => {
                self.encode(std::iter::once(&Value::Text(text)));
                self.insert(Entry { hash, key: self.scratch.as_slice().into(), summary: T::default() })
            }
        };
        self.recall.note(print, place);
        place
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
            Some(place) if key::is_key_of(&self.entries[place].key, values.clone()) => place,
            _ => self.search(values, hint),
        }
    }

    /// The place of a key, which is noted under its print.
    #[inline(never)]
    fn search<'k, 'v: 'k>(&mut self, values: impl Iterator<Item = &'k Value<'v>>, print: Print) -> usize {
        self.encode(values);
        let scratch = std::mem::take(&mut self.scratch);
        let place = self.place_of_hashed(Hashed::new(&scratch));
        self.scratch = scratch;
        self.recall.note(print, place);
        place
    }

    /// As [`Self::place_of_text`] for the key at a place of other groups.
    pub fn place_of<U>(&mut self, others: &Groups<U>, place: usize) -> usize {
        self.place_of_hashed(others.entries[place].hashed())
    }

    /// The summary of a key in its byte form, made by [`super::encode_value`]; empty if it is new.
    pub fn entry_of_key(&mut self, key: &[u8]) -> &mut T {
        let place = self.place_of_hashed(Hashed::new(key));
        &mut self.entries[place].summary
    }

    fn place_of_hashed(&mut self, key: Hashed<'_>) -> usize {
        self.place(key).unwrap_or_else(|| self.push(key, T::default()))
    }
}

impl<T: Serialize> Serialize for Groups<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut stored = serializer.serialize_struct("Groups", 2)?;
        stored.serialize_field("entries", &self.iter().collect::<Vec<_>>())?;
        stored.serialize_field("overflow", &self.overflow)?;
        stored.end()
    }
}

/// As stored.
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
        for (key, summary) in stored.entries {
            if key::decode_key(&key).is_none() {
                return Err("the key of a group is damaged");
            }
            let key = Hashed::new(&key);
            if groups.place(key).is_some() {
                return Err("a group stands twice");
            }
            groups.push(key, summary);
        }
        Ok(groups)
    }
}

/// Equal content in equal order; how it is indexed does not matter.
impl<T: PartialEq> PartialEq for Groups<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter()) && self.overflow == other.overflow
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Groups<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter().map(|(key, value)| (key::decode_key(key), value))).finish()?;
        write!(f, " + {:?}", self.overflow)
    }
}
