//! Which ids were seen in the recent past of event time, exactly, in bounded memory.

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// More ids than this are not kept: the oldest half goes.
const MAX_IDS: usize = 4 << 20;

/// The times at which ids were seen. An id is a hash of 128 bits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Stored")]
pub struct RecentIds {
    times: HashMap<u128, i64, RandomState>,
    /// Further times of an id that came again, further apart than the horizon.
    again: BTreeSet<(u128, i64)>,
    /// How many there were after the last search for old ones.
    swept: usize,
    /// Some went before their time, for want of room.
    pub is_cut: bool,
}

/// As stored: not every format has numbers of 128 bits.
#[derive(Serialize, Deserialize)]
struct Stored {
    times: Vec<(u64, u64, i64)>,
    is_cut: bool,
}

impl From<Stored> for RecentIds {
    fn from(stored: Stored) -> Self {
        let mut ids = Self { is_cut: stored.is_cut, ..Self::default() };
        stored.times.into_iter().for_each(|(high, low, time)| ids.put(u128::from(high) << 64 | u128::from(low), time));
        ids
    }
}

impl Serialize for RecentIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.times.iter().map(|(id, time)| (*id, *time)).chain(self.again.iter().copied());
        let mut times: Vec<(u64, u64, i64)> = all.map(|(id, time)| ((id >> 64) as u64, id as u64, time)).collect();
        times.sort_unstable();
        Stored { times, is_cut: self.is_cut }.serialize(serializer)
    }
}

impl RecentIds {
    fn len(&self) -> usize {
        self.times.len() + self.again.len()
    }

    /// Whether the id was seen within `horizon` of a time, before or after; it is noted otherwise.
    pub fn has_seen(&mut self, id: u128, time: i64, horizon: i64) -> bool {
        let Some(first) = self.times.get(&id) else {
            self.times.insert(id, time);
            return false;
        };
        let (since, until) = (time.saturating_sub(horizon), time.saturating_add(horizon));
        if (since..=until).contains(first) || self.again.range((id, since)..=(id, until)).next().is_some() {
            return true;
        }
        self.again.insert((id, time));
        false
    }

    /// Forgets what was seen before a time, and more where there are too many.
    pub fn forget_before(&mut self, time: i64) {
        if self.len() < 2 * self.swept.max(1024) && self.len() <= MAX_IDS {
            return;
        }
        self.keep_from(time);
        if self.len() > MAX_IDS {
            let mut times: Vec<i64> =
                self.times.values().copied().chain(self.again.iter().map(|(_, time)| *time)).collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let median = *median;
            self.keep_from(median);
            self.is_cut = true;
        }
        self.swept = self.len();
    }

    fn keep_from(&mut self, time: i64) {
        self.times.retain(|_, seen| *seen >= time);
        for (id, seen) in std::mem::take(&mut self.again) {
            if seen >= time {
                self.put(id, seen);
            }
        }
    }

    fn put(&mut self, id: u128, time: i64) {
        match self.times.entry(id) {
            Entry::Vacant(place) => {
                place.insert(time);
            }
            Entry::Occupied(_) => {
                self.again.insert((id, time));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_is_seen_again_within_the_horizon_and_only_there(
            events in prop::collection::vec((0u128..4, -50i64..50), 0..60), horizon in 0i64..30, cut: prop::sample::Index,
        ) {
            let mut ids = RecentIds::default();
            let mut counted: Vec<(u128, i64)> = Vec::new();
            let cut = cut.index(events.len() + 1);
            for (place, (id, time)) in events.into_iter().enumerate() {
                if place == cut {
                    ids = serde_json::from_slice(&serde_json::to_vec(&ids).unwrap()).unwrap();
                }
                let expected = counted.iter().any(|(other, seen)| *other == id && (seen - time).abs() <= horizon);
                prop_assert_eq!(ids.has_seen(id, time, horizon), expected);
                if !expected {
                    counted.push((id, time));
                }
            }
            prop_assert_eq!(ids.len(), counted.len());
            ids.keep_from(7);
            prop_assert_eq!(ids.len(), counted.iter().filter(|(_, time)| *time >= 7).count());
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut ids = RecentIds::default();
        for id in 0..3000 {
            assert!(!ids.has_seen(id, id as i64, 10));
            ids.forget_before(id as i64 - 10);
            assert!(ids.len() <= 2049);
        }
        assert!(!ids.is_cut);
        let mut flood = RecentIds::default();
        for id in 0..=MAX_IDS as u128 {
            flood.has_seen(id, id as i64, 10);
        }
        flood.forget_before(i64::MIN);
        assert!(flood.is_cut && flood.len() <= MAX_IDS / 2 + 1 && flood.has_seen(MAX_IDS as u128, MAX_IDS as i64, 0));
    }
}
