//! How far time has come in an input, by one event after the other.

use super::plan::Plan;
use crate::event::{Leaps, Timestamp};

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The newest event that is believed; `i64::MIN` before any.
    pub newest: i64,
    pub leaps: Leaps,
    /// Where time moves next: it passes an instant of interest.
    next: i64,
    /// What it knew when it began; `None` where it did not know.
    began: Option<i64>,
    /// The first event, where it did not.
    first: i64,
    has_leapt: bool,
}

impl Default for Clock {
    /// One that does not know what came before.
    fn default() -> Self {
        Self {
            newest: i64::MIN,
            leaps: Leaps::default(),
            next: i64::MIN,
            began: None,
            first: i64::MIN,
            has_leapt: false,
        }
    }
}

impl Clock {
    /// One that does.
    pub fn at(plan: &Plan, newest: Option<Timestamp>, leaps: Leaps) -> Self {
        let newest = newest.map_or(i64::MIN, Timestamp::nanos);
        let next = if newest == i64::MIN { i64::MIN } else { plan.next_step(newest) };
        Self { newest, leaps, next, began: Some(newest), ..Self::default() }
    }

    /// Takes in an event. Answers whether time has moved past an instant of interest.
    #[inline(always)]
    pub fn tick(&mut self, plan: &Plan, nanos: i64) -> bool {
        if self.leaps.count == 0 {
            if nanos <= self.newest {
                return false;
            }
            // Most events are a little newer than the one before, and move time past nothing.
            if nanos < self.next && nanos.saturating_sub(self.newest) <= plan.ahead_ns {
                self.newest = nanos;
                return false;
            }
        }
        self.rise(plan, nanos)
    }

    #[inline(never)]
    fn rise(&mut self, plan: &Plan, nanos: i64) -> bool {
        if self.newest == i64::MIN {
            self.first = nanos;
        } else if nanos > self.newest.saturating_add(plan.ahead_ns) {
            self.has_leapt = true;
            let confirmed = self.leaps.take(nanos);
            return confirmed.is_some_and(|least| self.set(plan, least));
        }
        self.set(plan, nanos.max(self.newest))
    }

    fn set(&mut self, plan: &Plan, nanos: i64) -> bool {
        (self.newest, self.leaps) = (nanos, Leaps::default());
        let has_moved = nanos >= self.next;
        if has_moved {
            self.next = plan.next_step(nanos);
        }
        has_moved
    }

    /// The event time that is complete by this input alone.
    pub fn watermark(&self, plan: &Plan) -> i64 {
        if self.newest == i64::MIN { i64::MIN } else { plan.watermark(self.newest) }
    }

    /// The watermark that it knew when it began.
    pub fn began_at(&self, plan: &Plan) -> i64 {
        match self.began {
            None | Some(i64::MIN) => i64::MIN,
            Some(newest) => plan.watermark(newest),
        }
    }

    /// Whether it went as it would have gone had it known what came before it.
    pub fn holds(&self, plan: &Plan, newest: Option<Timestamp>) -> bool {
        let Some(newest) = newest else { return true };
        let is_near = self.first <= newest.nanos().saturating_add(plan.ahead_ns);
        self.began.is_some() || self.newest == i64::MIN || is_near && !self.has_leapt
    }
}
