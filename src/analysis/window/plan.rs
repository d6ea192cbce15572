//! What is asked of a run: which windows, of what, and how long they wait.
//!
//! All times are nanoseconds. Windows are half-open, [start, end), and aligned to the epoch. They are
//! put together from panes, the largest slices that each of them is a whole number of.

use super::aggregates::Aggregates;
use super::calendar::Calendar;
use super::part::Entry;
use crate::analysis::{By, Written};
use crate::event::{Event, Timestamp, Value};
use crate::sketch::encode_value;
use xxhash_rust::xxh3::xxh3_128;

pub struct Plan {
    pub shape: Shape,
    pub by: By,
    pub aggregates: Aggregates,
    /// How far the watermark is behind the newest event; [`Plan::NO_WATERMARK`] where there is none.
    pub delay_ns: i64,
    /// How long a window that has closed takes late events; [`Plan::FOR_EVER`] is no bound.
    pub lateness_ns: i64,
    /// An event further ahead of the newest does not move time by itself.
    pub ahead_ns: i64,
    pub max_keys: usize,
    pub dedup: Option<Dedup>,
    /// Late events are kept as dead letters.
    pub keeps_late: bool,
    /// Open windows are shown as well.
    pub shows_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A window of `size_ns` every `slide_ns`, which is no longer than that.
    Sliding { size_ns: i64, slide_ns: i64, pane_ns: i64, offset_ns: i64 },
    /// One after the other, as long as the calendar makes them.
    Calendar(Calendar),
    /// As long as events follow each other within less than a gap.
    Session { gap_ns: i64 },
}

/// Which events are the same, and how far apart in time they may be.
pub struct Dedup {
    pub field: Written,
    pub horizon_ns: i64,
}

/// How many steps the watermark of sessions moves in while a gap passes.
const STEPS_A_GAP: i64 = 64;

impl Shape {
    /// Windows of a size, one every `slide_ns`, of which one begins at `offset_ns`. Nothing may be
    /// zero, and a slide may not be longer than the size.
    pub fn sliding(size_ns: i64, slide_ns: i64, offset_ns: i64) -> Self {
        let (mut pane_ns, mut rest) = (size_ns, slide_ns);
        while rest != 0 {
            (pane_ns, rest) = (rest, pane_ns % rest);
        }
        Shape::Sliding { size_ns, slide_ns, pane_ns, offset_ns: offset_ns.rem_euclid(slide_ns) }
    }

    /// How many panes a window has.
    pub fn panes(&self) -> i64 {
        match self {
            Shape::Sliding { size_ns, pane_ns, .. } => size_ns / pane_ns,
            Shape::Calendar(_) | Shape::Session { .. } => 1,
        }
    }
}

impl Plan {
    /// A delay that nothing is ever behind: all windows stay open until the input is over.
    pub const NO_WATERMARK: i64 = i64::MAX;

    /// A lateness for which nothing is ever given up.
    pub const FOR_EVER: i64 = i64::MAX;

    /// Whether windows close before the input is over.
    pub fn has_watermark(&self) -> bool {
        self.delay_ns != Self::NO_WATERMARK
    }

    /// Whether it matters to know at once which events are late.
    pub fn watches_late(&self) -> bool {
        self.keeps_late || self.gap().is_some()
    }

    /// The first event that an entry may hold.
    pub fn first_of(&self, entry: &Entry) -> i64 {
        self.gap().map_or(entry.begin, |gap| entry.begin.saturating_add(gap - 1))
    }

    /// How long a window lasts.
    pub fn longest(&self) -> i64 {
        match self.shape {
            Shape::Sliding { size_ns, .. } => size_ns,
            Shape::Calendar(_) => Calendar::LONGEST_NS,
            Shape::Session { gap_ns } => gap_ns,
        }
    }

    /// The gap that ends a session.
    #[inline(always)]
    pub fn gap(&self) -> Option<i64> {
        if let Shape::Session { gap_ns } = self.shape { Some(gap_ns) } else { None }
    }

    /// The event time that is complete where `newest` has been seen.
    pub fn watermark(&self, newest: i64) -> i64 {
        if !self.has_watermark() {
            return i64::MIN;
        }
        let watermark = newest.saturating_sub(self.delay_ns);
        match self.shape {
            Shape::Sliding { .. } | Shape::Calendar(_) => watermark,
            // Sessions end at any instant; to look at each would cost more than it tells.
            Shape::Session { gap_ns } => floor(watermark, step(gap_ns), 0),
        }
    }

    /// The least newest event that lets the watermark pass another instant of interest than it has
    /// passed with `newest`.
    pub fn next_step(&self, newest: i64) -> i64 {
        if !self.has_watermark() {
            return i64::MAX;
        }
        let watermark = newest.saturating_sub(self.delay_ns);
        // Where a window closes, and where one is given up.
        let sooner = |after: &dyn Fn(i64) -> i64| {
            let given_up = || after(watermark.saturating_sub(self.lateness_ns)).saturating_add(self.lateness_ns);
            let closes = after(watermark);
            if self.lateness_ns == Self::FOR_EVER { closes } else { closes.min(given_up()) }
        };
        let next = match &self.shape {
            &Shape::Sliding { pane_ns, offset_ns, .. } => {
                sooner(&|nanos| floor(nanos, pane_ns, offset_ns).saturating_add(pane_ns))
            }
            Shape::Calendar(calendar) => sooner(&|nanos| calendar.end(nanos)),
            &Shape::Session { gap_ns } => floor(watermark, step(gap_ns), 0).saturating_add(step(gap_ns)),
        };
        next.saturating_add(self.delay_ns)
    }

    /// From when to when an entry of an event takes others.
    pub fn extent(&self, nanos: i64) -> (i64, i64) {
        match self.shape {
            Shape::Sliding { pane_ns, offset_ns, .. } => {
                let begin = floor(nanos, pane_ns, offset_ns);
                (begin, begin.saturating_add(pane_ns))
            }
            Shape::Calendar(ref calendar) => (calendar.begin(nanos), calendar.end(nanos)),
            Shape::Session { gap_ns } => (nanos.saturating_sub(gap_ns).saturating_add(1), nanos.saturating_add(gap_ns)),
        }
    }

    /// The end of the last window that an event alone would be in.
    pub fn last_end(&self, nanos: i64) -> i64 {
        match self.shape {
            Shape::Sliding { size_ns, slide_ns, offset_ns, .. } => {
                floor(nanos, slide_ns, offset_ns).saturating_add(size_ns)
            }
            Shape::Calendar(ref calendar) => calendar.end(nanos),
            Shape::Session { gap_ns } => nanos.saturating_add(gap_ns),
        }
    }

    /// When the last window that an event alone would be in is given up.
    pub fn given_up_at(&self, nanos: i64) -> i64 {
        self.last_end(nanos).saturating_add(self.lateness_ns)
    }

    /// Why an event that is too late is not counted: told by the event alone.
    pub fn late_reason(&self, nanos: i64) -> String {
        let given_up = Timestamp::from_nanos(self.given_up_at(nanos));
        format!("late: the watermark had passed {given_up}, up to which its last window takes events")
    }
}

impl Dedup {
    /// What tells an event from others: a hash of 128 bits. An event without an id is like no other.
    pub fn print(&self, event: &Event<'_>) -> u128 {
        let mut bytes = Vec::with_capacity(64);
        match self.field.value(event) {
            Value::Missing | Value::Null => return 0,
            // By what the record says: the digits that no double holds, and what is in an object.
            value @ (Value::Float(_) | Value::Nested) => {
                // What cannot be told apart is taken for another.
                let Some(text) = self.field.text(event) else { return 0 };
                bytes.extend(text.as_bytes());
                encode_value(if value == Value::Nested { value } else { Value::Float(0.0) }, &mut bytes);
            }
            value => encode_value(value, &mut bytes),
        }
        xxh3_128(&bytes).max(1)
    }
}

/// How far the watermark of sessions moves at once.
fn step(gap_ns: i64) -> i64 {
    (gap_ns / STEPS_A_GAP).max(1)
}

/// The last multiple of `step` away from `offset` that is not after `nanos`.
pub fn floor(nanos: i64, step: i64, offset: i64) -> i64 {
    let beyond = match nanos.checked_sub(offset) {
        Some(nanos) => nanos.rem_euclid(step),
        None => (i128::from(nanos) - i128::from(offset)).rem_euclid(i128::from(step)) as i64,
    };
    nanos.saturating_sub(beyond)
}
