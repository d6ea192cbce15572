//! What is known of the records of one window and key.

use super::measure::{Measure, Reading};
use crate::event::{Event, Position, Timestamp, Value};
use crate::expr::Condition;
use crate::sketch::{ExactSum, Extremes, HeavyHitters, Merge, Number, Quantiles, Rate, encode_value};
use cardinality_estimator::CardinalityEstimator;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Counts, and what the other aggregates need.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Row {
    /// All records, and the hits of the first rate.
    pub rate: Rate,
    /// None before the first record, and where no aggregate needs any.
    pub(super) slots: Option<Box<[Slot]>>,
}

/// What a slot holds, and of what.
#[derive(Debug)]
pub(super) enum Kind {
    Rate(Box<Condition>),
    Of(Summary, Measure),
}

/// What is known of the values of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Summary {
    Sum,
    Squares,
    Extremes,
    Quantiles,
    Distinct,
    Top,
    First,
    Last,
}

/// A part of a row.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Slot {
    pub held: Held,
    /// How many values were there and could not be used.
    pub ignored: u64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Held {
    Rate(Rate),
    /// How many numbers, and their sum.
    Sum(u64, ExactSum),
    Squares(ExactSum),
    Extremes(Extremes),
    Quantiles(Box<Quantiles>),
    Distinct(CardinalityEstimator<[u8]>),
    Top(Box<HeavyHitters>),
    /// The value of the earliest, or of the latest record that has one.
    First(Option<Box<Stamped>>),
    Last(Option<Box<Stamped>>),
}

/// A value in its byte form, and whose it is: of two at one time, the place decides.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Stamped {
    at: (Timestamp, Position),
    pub value: Box<[u8]>,
}

impl Kind {
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Kind::Of(a, one), Kind::Of(b, other)) => a == b && one == other,
            _ => false,
        }
    }

    pub fn empty(&self) -> Slot {
        let held = match self {
            Kind::Rate(_) => Held::Rate(Rate::default()),
            Kind::Of(summary, _) => match summary {
                Summary::Sum => Held::Sum(0, ExactSum::default()),
                Summary::Squares => Held::Squares(ExactSum::default()),
                Summary::Extremes => Held::Extremes(Extremes::default()),
                Summary::Quantiles => Held::Quantiles(Box::default()),
                Summary::Distinct => Held::Distinct(CardinalityEstimator::new()),
                Summary::Top => Held::Top(Box::default()),
                Summary::First => Held::First(None),
                Summary::Last => Held::Last(None),
            },
        };
        Slot { held, ignored: 0 }
    }

    pub fn add(&self, slot: &mut Slot, event: &Event<'_>, undecided: &mut u64) {
        let is_used = match self {
            Kind::Rate(condition) => {
                if let Held::Rate(rate) = &mut slot.held {
                    rate.add(condition.holds(event, undecided));
                }
                true
            }
            Kind::Of(Summary::Distinct | Summary::Top | Summary::First | Summary::Last, measure) => {
                match measure.value(event) {
                    Reading::Of(value) => slot.held.add_value(value, event),
                    Reading::Absent => true,
                    Reading::Ignored => false,
                }
            }
            Kind::Of(_, measure) => match measure.number(event) {
                Reading::Of(number) => slot.held.add_number(&number),
                Reading::Absent => true,
                Reading::Ignored => false,
            },
        };
        slot.ignored += u64::from(!is_used);
    }
}

impl Held {
    /// Takes a number in; answers whether it can be used.
    fn add_number(&mut self, number: &Number<'_>) -> bool {
        match self {
            Held::Sum(..) | Held::Squares(_) if !ExactSum::takes(number) => return false,
            Held::Sum(count, sum) => {
                *count += 1;
                sum.add_number(number);
            }
            Held::Squares(sum) => sum.add_square(number),
            Held::Extremes(extremes) => extremes.add(*number),
            Held::Quantiles(quantiles) => quantiles.add(*number),
            _ => unreachable!("a row has the slots of its aggregates"),
        }
        true
    }

    fn add_value(&mut self, value: Value<'_>, event: &Event<'_>) -> bool {
        // Whatever is in a window has a time.
        let at = (event.time.unwrap_or(Timestamp::from_nanos(i64::MIN)), event.at);
        match self {
            Held::First(Some(first)) if first.at <= at => return true,
            Held::Last(Some(last)) if last.at >= at => return true,
            _ => {}
        }
        let mut bytes = Vec::new();
        encode_value(value, &mut bytes);
        match self {
            Held::Distinct(estimator) => estimator.insert_hash(xxh3_64(&bytes)),
            Held::Top(hitters) => hitters.add(&bytes),
            Held::First(held) | Held::Last(held) => *held = Some(Box::new(Stamped { at, value: bytes.into() })),
            _ => unreachable!("a row has the slots of its aggregates"),
        }
        true
    }
}

impl Row {
    /// How many values each slot could not use.
    pub fn ignored(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().flatten().map(|slot| slot.ignored)
    }
}

impl Merge for Row {
    fn merge(&mut self, later: Self) {
        self.rate.merge(later.rate);
        match (&mut self.slots, later.slots) {
            (Some(slots), Some(later)) => slots.iter_mut().zip(later).for_each(|(slot, later)| slot.merge(later)),
            (slots @ None, later) => *slots = later,
            (Some(_), None) => {}
        }
    }
}

impl Merge for Slot {
    fn merge(&mut self, later: Self) {
        self.ignored += later.ignored;
        match (&mut self.held, later.held) {
            (Held::Rate(rate), Held::Rate(later)) => rate.merge(later),
            (Held::Sum(count, sum), Held::Sum(more, later)) => {
                *count += more;
                sum.merge(later);
            }
            (Held::Squares(sum), Held::Squares(later)) => sum.merge(later),
            (Held::Extremes(extremes), Held::Extremes(later)) => extremes.merge(later),
            (Held::Quantiles(quantiles), Held::Quantiles(later)) => quantiles.merge(*later),
            (Held::Distinct(estimator), Held::Distinct(later)) => estimator.merge(&later),
            (Held::Top(hitters), Held::Top(later)) => hitters.merge(*later),
            (Held::First(first), Held::First(Some(later)))
                if first.as_ref().is_none_or(|first| later.at < first.at) =>
            {
                *first = Some(later);
            }
            (Held::Last(last), Held::Last(Some(later))) if last.as_ref().is_none_or(|last| later.at > last.at) => {
                *last = Some(later);
            }
            (Held::First(_), Held::First(_)) | (Held::Last(_), Held::Last(_)) => {}
            _ => unreachable!("a row has the slots of its aggregates"),
        }
    }
}
