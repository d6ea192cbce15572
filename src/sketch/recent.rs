//! Event counts of the recent past, exact to the millisecond.
//!
//! Seconds are sorted and stand once; a second's counts are the sum of its milliseconds. Memory
//! grows with the milliseconds that hold events, never with the events.

use super::{Merge, Rate};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Rates by millisecond of event time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    seconds: VecDeque<Second>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Second {
    /// Whole seconds since the epoch, rounded down.
    number: i64,
    all: Rate,
    /// Sorted. A millisecond stands twice once its count no longer fits one entry.
    millis: Vec<Milli>,
}

/// Counts of 32 bits: windows are made of these, and half the memory matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Milli {
    /// Within the second.
    millis: u16,
    total: u32,
    hits: u32,
}

impl Recent {
    /// Counts one event at a time in milliseconds since the epoch. Cheap where times mostly rise.
    pub fn add(&mut self, time_ms: i64, hit: bool) {
        let number = time_ms.div_euclid(1000);
        let place = match self.place(number) {
            Ok(place) => place,
            Err(place) => {
                self.seconds.insert(place, Second { number, all: Rate::default(), millis: Vec::new() });
                place
            }
        };
        let second = &mut self.seconds[place];
        second.all.add(hit);
        second.add(Milli { millis: time_ms.rem_euclid(1000) as u16, total: 1, hits: u32::from(hit) });
    }

    /// The counts of the events at `start_ms` and later.
    pub fn since(&self, start_ms: i64) -> Rate {
        let (number, millis) = (start_ms.div_euclid(1000), start_ms.rem_euclid(1000) as u16);
        let mut rate = Rate::default();
        for second in self.seconds.iter().rev() {
            if second.number < number {
                break;
            } else if second.number > number {
                rate.merge(second.all);
            } else {
                second.millis.iter().rev().take_while(|milli| milli.millis >= millis).for_each(|milli| {
                    rate.merge(Rate { total: u64::from(milli.total), hits: u64::from(milli.hits) });
                });
            }
        }
        rate
    }

    /// Drops the seconds that end before `start_ms`; the second that holds it stays whole.
    pub fn evict_before(&mut self, start_ms: i64) {
        let number = start_ms.div_euclid(1000);
        while self.seconds.front().is_some_and(|second| second.number < number) {
            self.seconds.pop_front();
        }
    }

    /// Where a second stands, or where it would.
    fn place(&self, number: i64) -> Result<usize, usize> {
        match self.seconds.back() {
            Some(last) if last.number == number => Ok(self.seconds.len() - 1),
            Some(last) if last.number > number => self.seconds.binary_search_by_key(&number, |second| second.number),
            _ => Err(self.seconds.len()),
        }
    }
}

impl Second {
    fn add(&mut self, added: Milli) {
        let after = match self.millis.last() {
            Some(last) if last.millis > added.millis => {
                self.millis.partition_point(|milli| milli.millis <= added.millis)
            }
            _ => self.millis.len(),
        };
        let held = self.millis[..after].last_mut().filter(|milli| milli.millis == added.millis);
        if !held.is_some_and(|milli| milli.absorb(added)) {
            self.millis.insert(after, added);
        }
    }

    fn merge(&mut self, later: Self) {
        self.all.merge(later.all);
        self.millis.extend(later.millis);
        // Two sorted runs: the standard sort finds and merges them.
        self.millis.sort_by_key(|milli| milli.millis);
        self.millis.dedup_by(|next, held| held.millis == next.millis && held.absorb(*next));
    }
}

impl Milli {
    /// Takes the other's counts in, if they fit.
    fn absorb(&mut self, other: Self) -> bool {
        let (total, hits) = (self.total.checked_add(other.total), self.hits.checked_add(other.hits));
        let (Some(total), Some(hits)) = (total, hits) else { return false };
        (self.total, self.hits) = (total, hits);
        true
    }
}

impl Merge for Recent {
    fn merge(&mut self, later: Self) {
        for second in later.seconds {
            match self.place(second.number) {
                Ok(place) => self.seconds[place].merge(second),
                Err(place) => self.seconds.insert(place, second),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::laws;
    use proptest::prelude::*;

    fn fold(mut recent: Recent, events: &[(i64, bool)]) -> Recent {
        events.iter().for_each(|(time_ms, hit)| recent.add(*time_ms, *hit));
        recent
    }

    fn count(events: &[(i64, bool)], start_ms: i64) -> Rate {
        let mut rate = Rate::default();
        events.iter().filter(|(time_ms, _)| *time_ms >= start_ms).for_each(|(_, hit)| rate.add(*hit));
        rate
    }

    /// Mostly near zero, on both sides of it and of a second's edge; sometimes far away.
    fn time() -> impl Strategy<Value = i64> {
        prop_oneof![8 => -3000i64..3000, 4 => 990i64..1010, 1 => any::<i64>()]
    }

    fn events() -> impl Strategy<Value = Vec<(i64, bool)>> {
        prop::collection::vec((time(), any::<bool>()), 0..80)
    }

    proptest! {
        #[test]
        fn laws_hold(a in events(), b in events(), c in events()) {
            laws::hold(fold, [&a, &b, &c], Recent::default);
        }

        #[test]
        fn counts_are_exact_to_the_millisecond(events in events(), start_ms in time(), evict_ms in time()) {
            let mut recent = fold(Recent::default(), &events);
            let times = events.iter().map(|event| event.0).chain([start_ms]);
            for start_ms in times.flat_map(|ms| [ms, ms.saturating_add(1)]) {
                prop_assert_eq!(recent.since(start_ms), count(&events, start_ms));
            }
            recent.evict_before(evict_ms);
            let later_ms = evict_ms.max(start_ms);
            prop_assert_eq!(recent.since(later_ms), count(&events, later_ms), "eviction forgets only the past");
            let second_ms = evict_ms.div_euclid(1000).saturating_mul(1000);
            prop_assert_eq!(recent.since(i64::MIN), count(&events, second_ms));
        }
    }

    #[test]
    fn a_millisecond_of_more_than_four_billion_events_is_still_exact() {
        let full = Milli { millis: 7, total: u32::MAX, hits: 5 };
        let second = |milli| Second { number: 0, all: Rate { total: u32::MAX.into(), hits: 5 }, millis: vec![milli] };
        let mut recent = Recent { seconds: [second(full)].into() };
        recent.add(7, true);
        recent.add(8, false);
        recent.add(7, true);
        recent.merge(Recent { seconds: [second(full)].into() });
        let events = 2 * u64::from(u32::MAX);
        assert_eq!(recent.since(7), Rate { total: events + 3, hits: 12 });
        assert_eq!(recent.since(8), Rate { total: 1, hits: 0 });
        assert!(recent.since(6) == recent.since(7));
    }
}
