//! What is known of the records of one window and key.

use crate::event::{Event, Value};
use crate::expr::Condition;
use crate::schema::Field;
use crate::sketch::{ExactSum, HeavyHitters, Merge, Rate, encode_value};
use cardinality_estimator::CardinalityEstimator;
use serde::{Deserialize, Serialize};
use sketches_ddsketch::DDSketch;
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
    Sum(Field),
    Squares(Field),
    Extremes(Field),
    Quantiles(Field),
    Distinct(Field),
    Top(Field),
}

/// A part of a row.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum Slot {
    Rate(Rate),
    /// How many numbers, and their sum.
    Sum(u64, ExactSum),
    Squares(ExactSum),
    Extremes(Option<(f64, f64)>),
    Quantiles(Box<DDSketch>),
    Distinct(CardinalityEstimator<[u8]>),
    Top(Box<HeavyHitters>),
}

impl Kind {
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Kind::Sum(a), Kind::Sum(b))
            | (Kind::Squares(a), Kind::Squares(b))
            | (Kind::Extremes(a), Kind::Extremes(b))
            | (Kind::Quantiles(a), Kind::Quantiles(b))
            | (Kind::Distinct(a), Kind::Distinct(b))
            | (Kind::Top(a), Kind::Top(b)) => a == b,
            _ => false,
        }
    }

    pub fn empty(&self) -> Slot {
        match self {
            Kind::Rate(_) => Slot::Rate(Rate::default()),
            Kind::Sum(_) => Slot::Sum(0, ExactSum::default()),
            Kind::Squares(_) => Slot::Squares(ExactSum::default()),
            Kind::Extremes(_) => Slot::Extremes(None),
            Kind::Quantiles(_) => Slot::Quantiles(Box::default()),
            Kind::Distinct(_) => Slot::Distinct(CardinalityEstimator::new()),
            Kind::Top(_) => Slot::Top(Box::default()),
        }
    }

    pub fn add(&self, slot: &mut Slot, event: &Event<'_>, undecided: &mut u64) {
        match (self, slot) {
            (Kind::Rate(condition), Slot::Rate(rate)) => rate.add(condition.holds(event, undecided)),
            (Kind::Sum(field), Slot::Sum(count, sum)) => {
                if let Some(number) = number(field.of(event)) {
                    *count += 1;
                    sum.add(number);
                }
            }
            (Kind::Squares(field), Slot::Squares(sum)) => {
                number(field.of(event)).into_iter().for_each(|number| sum.add_square(number));
            }
            (Kind::Extremes(field), Slot::Extremes(extremes)) => {
                if let Some(number) = number(field.of(event)) {
                    *extremes = joined(*extremes, Some((number, number)));
                }
            }
            (Kind::Quantiles(field), Slot::Quantiles(sketch)) => {
                number(field.of(event)).into_iter().for_each(|number| sketch.add(number));
            }
            (Kind::Distinct(field), Slot::Distinct(estimator)) => {
                if let Some(value) = present(field.of(event)) {
                    estimator.insert_hash(xxh3_64(&encoded(value)));
                }
            }
            (Kind::Top(field), Slot::Top(hitters)) => {
                present(field.of(event)).into_iter().for_each(|value| hitters.add(&encoded(value)));
            }
            _ => unreachable!("a row has the slots of its aggregates"),
        }
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
        match (self, later) {
            (Slot::Rate(rate), Slot::Rate(later)) => rate.merge(later),
            (Slot::Sum(count, sum), Slot::Sum(more, later)) => {
                *count += more;
                sum.merge(later);
            }
            (Slot::Squares(sum), Slot::Squares(later)) => sum.merge(later),
            (Slot::Extremes(extremes), Slot::Extremes(later)) => *extremes = joined(*extremes, later),
            (Slot::Quantiles(sketch), Slot::Quantiles(later)) => {
                sketch.merge(&later).expect("all sketches are of one precision");
            }
            (Slot::Distinct(estimator), Slot::Distinct(later)) => estimator.merge(&later),
            (Slot::Top(hitters), Slot::Top(later)) => hitters.merge(*later),
            _ => unreachable!("a row has the slots of its aggregates"),
        }
    }
}

/// A number that can be summed, also in quotes.
fn number(value: Value<'_>) -> Option<f64> {
    let number = match value {
        Value::Int(number) => number as f64,
        Value::Uint(number) => number as f64,
        Value::Float(number) => number,
        // What else a float may be called (`inf`, `nan`) is no number here.
        Value::Text(text) if text.ends_with(|last: char| last.is_ascii_digit()) => text.parse().ok()?,
        _ => return None,
    };
    ExactSum::takes(number).then_some(number)
}

fn present(value: Value<'_>) -> Option<Value<'_>> {
    (!matches!(value, Value::Missing | Value::Null)).then_some(value)
}

fn encoded(value: Value<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_value(value, &mut bytes);
    bytes
}

fn joined(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some((least, most)), Some((low, high))) => Some((least.min(low), most.max(high))),
        (known, None) | (None, known) => known,
    }
}
