//! Groups of several parts of the input become those of all.

use super::{Entry, Groups};
use crate::sketch::Merge;

impl<T: Merge + Default> Groups<T> {
    /// Keeps the first `max_keys` keys and folds the others into the overflow. For the root, after
    /// each merge: a part of the input does not know which keys came before it.
    pub fn cap(&mut self, max_keys: usize) {
        if self.len() <= max_keys {
            return;
        }
        self.recall.forget();
        // One by one: a search through the whole index would cost every merge as much as all keys.
        for (beyond, entry) in self.entries.drain(max_keys..).enumerate() {
            let place = max_keys + beyond;
            if let Ok(known) = self.index.find_entry(entry.hash, |other| *other as usize == place) {
                known.remove();
            }
            self.overflow.get_or_insert_default().merge(entry.summary);
        }
    }

    /// Adds to what became of the keys beyond the cap.
    pub fn spill(&mut self, others: Option<T>) {
        self.overflow = [self.overflow.take(), others].into_iter().flatten().reduce(merged);
    }

    /// Puts groups beside these that were capped by themselves. Where one has summed what it had no place
    /// for, a key that it lacks may be among that: it loses its own place, so that each row is complete.
    pub fn join(&mut self, other: Self) {
        let full: Vec<&Self> = [&*self, &other].into_iter().filter(|groups| groups.overflow.is_some()).collect();
        let is_whole = |entry: &Entry<T>| full.iter().all(|groups| groups.place(entry.hashed()).is_some());
        let [keeps, others_keep] =
            [&*self, &other].map(|groups| groups.entries.iter().map(is_whole).collect::<Vec<_>>());
        let mut joined = Self::default();
        for (groups, keeps) in [(std::mem::take(self), keeps), (other, others_keep)] {
            joined.spill(groups.overflow);
            for (entry, keeps) in groups.entries.into_iter().zip(keeps) {
                match joined.place(entry.hashed()) {
                    _ if !keeps => joined.overflow.get_or_insert_default().merge(entry.summary),
                    Some(place) => joined.entries[place].summary.merge(entry.summary),
                    None => _ = joined.insert(entry),
                }
            }
        }
        *self = joined;
    }
}

fn merged<T: Merge>(mut one: T, other: T) -> T {
    one.merge(other);
    one
}

impl<T: Merge> Merge for Groups<T> {
    fn merge(&mut self, later: Self) {
        if self.is_empty() {
            *self = later;
            return;
        }
        for entry in later.entries {
            match self.place(entry.hashed()) {
                Some(place) => self.entries[place].summary.merge(entry.summary),
                None => {
                    self.insert(entry);
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
