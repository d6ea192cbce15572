//! Event counts of the recent past, exact to the millisecond.
//!
//! Seconds are sorted and stand once; a second's counts are the sum of its milliseconds. Memory
//! grows with the milliseconds that hold events, never with the events.

use super::panes::Panes;
use super::{Merge, Rate};
use serde::{Deserialize, Serialize};

/// Rates by millisecond of event time: panes of a second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent(Panes<Second>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Second {
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
    /// Counts one event at a time in milliseconds since the epoch, which must be that of some
    /// [`Timestamp`](crate::event::Timestamp). Answers whether the event is the first of its
    /// second: the time to evict.
    #[inline]
    pub fn add(&mut self, time_ms: i64, hit: bool) -> bool {
        if let Some(open) = self.0.open() {
            let millis = time_ms.wrapping_sub(open.number.wrapping_mul(1000));
            if (0..1000).contains(&millis) {
                open.held.add(millis as u16, hit);
                return false;
            }
        }
        self.add_elsewhere(time_ms, hit)
    }

    #[inline(never)]
    fn add_elsewhere(&mut self, time_ms: i64, hit: bool) -> bool {
        let (number, millis) = (time_ms.div_euclid(1000), time_ms.rem_euclid(1000) as u16);
        if let Some(second) = self.0.get(number) {
            second.add(millis, hit);
            return false;
        }
        // The next second is probably as busy.
        let busy = self.0.open().map_or(1, |open| open.held.millis.len());
        let mut second = Second { all: Rate::default(), millis: Vec::with_capacity(busy) };
        second.add(millis, hit);
        self.0.insert(number, second);
        true
    }

    /// The counts of the events at `start_ms` and later.
    pub fn since(&self, start_ms: i64) -> Rate {
        let (number, millis) = (start_ms.div_euclid(1000), start_ms.rem_euclid(1000) as u16);
        let mut rate = Rate::default();
        for second in self.0.iter().rev() {
            if second.number < number {
                break;
            } else if second.number > number {
                rate.merge(second.held.all);
            } else {
                second.held.millis.iter().rev().take_while(|milli| milli.millis >= millis).for_each(|milli| {
                    rate.merge(Rate { total: u64::from(milli.total), hits: u64::from(milli.hits) });
                });
            }
        }
        rate
    }

    /// Drops the seconds that end before `start_ms`; the second that holds it stays whole.
    pub fn evict_before(&mut self, start_ms: i64) {
        self.0.evict_before(start_ms.div_euclid(1000));
    }
}

impl Second {
    #[inline]
    fn add(&mut self, millis: u16, hit: bool) {
        self.all.add(hit);
        let added = Milli { millis, total: 1, hits: u32::from(hit) };
        if let Some(last) = self.millis.last_mut() {
            if last.millis > millis {
                return self.insert(added);
            }
            if last.millis == millis && last.absorb(added) {
                return;
            }
        }
        self.millis.push(added);
    }

    /// Takes in a millisecond before the last.
    #[inline(never)]
    fn insert(&mut self, added: Milli) {
        let after = self.millis.partition_point(|milli| milli.millis <= added.millis);
        let held = self.millis[..after].last_mut().filter(|milli| milli.millis == added.millis);
        if !held.is_some_and(|milli| milli.absorb(added)) {
            self.millis.insert(after, added);
        }
    }
}

impl Merge for Second {
    fn merge(&mut self, later: Self) {
        self.all.merge(later.all);
        let (Some(last), Some(first)) = (self.millis.last_mut(), later.millis.first()) else {
            return self.millis.extend(later.millis);
        };
        if last.millis <= first.millis {
            let is_absorbed = last.millis == first.millis && last.absorb(*first);
            return self.millis.extend(&later.millis[usize::from(is_absorbed)..]);
        }
        self.millis.extend(later.millis);
        // Two sorted runs: the standard sort finds and merges them.
        self.millis.sort_by_key(|milli| milli.millis);
        self.millis.dedup_by(|next, held| held.millis == next.millis && held.absorb(*next));
    }
}

impl Milli {
    /// Takes the other's counts in, if they fit.
    #[inline]
    fn absorb(&mut self, other: Self) -> bool {
        let (total, hits) = (self.total.checked_add(other.total), self.hits.checked_add(other.hits));
        let (Some(total), Some(hits)) = (total, hits) else { return false };
        (self.total, self.hits) = (total, hits);
        true
    }
}

impl Merge for Recent {
    fn merge(&mut self, later: Self) {
        self.0.merge(later.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;
    use crate::sketch::laws;
    use proptest::prelude::*;

    fn fold(mut recent: Recent, events: &[(i64, bool)]) -> Recent {
        for (time_ms, hit) in events {
            let held = recent.0.len();
            let is_first = recent.add(*time_ms, *hit);
            assert_eq!(is_first, recent.0.len() > held, "a second is begun once");
        }
        recent
    }

    fn count(events: &[(i64, bool)], start_ms: i64) -> Rate {
        let mut rate = Rate::default();
        events.iter().filter(|(time_ms, _)| *time_ms >= start_ms).for_each(|(_, hit)| rate.add(*hit));
        rate
    }

    /// Mostly near zero, on both sides of it and of a second's edge; sometimes as far as can be.
    fn time() -> impl Strategy<Value = i64> {
        let far = prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>()];
        let far = far.prop_map(|nanos| Timestamp::from_nanos(nanos).millis());
        prop_oneof![8 => -3000i64..3000, 4 => 990i64..1010, 1 => far]
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
        let one = || {
            let mut panes = Panes::default();
            panes.insert(0, Second { all: Rate { total: u32::MAX.into(), hits: 5 }, millis: vec![full] });
            Recent(panes)
        };
        let mut recent = one();
        recent.add(7, true);
        recent.add(8, false);
        recent.add(7, true);
        recent.merge(one());
        let events = 2 * u64::from(u32::MAX);
        assert_eq!(recent.since(7), Rate { total: events + 3, hits: 12 });
        assert_eq!(recent.since(8), Rate { total: 1, hits: 0 });
        assert!(recent.since(6) == recent.since(7));
    }
}
