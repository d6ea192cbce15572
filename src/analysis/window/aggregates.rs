//! What is worked out for each window and key: any number of aggregates in one pass.
//!
//! A [`Row`] holds what they need, each thing once, however many columns are made of it.

use super::row::{Kind, Row, Slot};
use crate::event::Event;
use crate::expr::Condition;
use crate::report::Cell;
use crate::schema::{Field, Outcomes, StatusSet};
use crate::sketch::{self, ExactSum, Rate};

/// A statistic of the records of a window. Those of a field are about its numbers, also quoted ones;
/// records without one do not count.
#[derive(Debug)]
pub enum Aggregate {
    /// How many records.
    Count,
    /// The share of the records for which a condition holds.
    Rate(Box<Condition>),
    Sum(Field),
    Mean(Field),
    Min(Field),
    Max(Field),
    /// Of a sample: divided by one less than there are numbers.
    Stddev(Field),
    /// By DDSketch, within 1 % of the value (Masson, Rim, Lee 2019).
    Quantile(Field, f64),
    /// How many different values, by HyperLogLog: exact up to 128, then within 1.6 % (standard error).
    Distinct(Field),
    /// The most frequent values and how often they came, by space-saving.
    Top(Field, usize),
}

/// The aggregates of a run.
#[derive(Debug)]
pub struct Aggregates {
    columns: Vec<Column>,
    /// What the first rate counts.
    hits: Hits,
    slots: Vec<Kind>,
    /// Records without a status are none that this is about.
    pub requests_only: bool,
}

#[derive(Debug)]
enum Hits {
    None,
    Failures(StatusSet),
    Condition(Box<Condition>),
}

/// A column, and how it is made of a row.
#[derive(Debug)]
struct Column {
    name: String,
    show: Show,
}

#[derive(Clone, Copy, Debug)]
enum Show {
    Total,
    Hits,
    Share,
    Interval,
    /// Of the rate in a slot.
    ShareOf(usize),
    IntervalOf(usize),
    Sum(usize),
    Mean(usize),
    Min(usize),
    Max(usize),
    /// Of the sums and of the sums of squares in two slots.
    Stddev(usize, usize),
    Quantile(usize, f64),
    Distinct(usize),
    Top(usize, usize),
}

impl Aggregates {
    /// Requests, how many of them failed, and their share.
    pub fn failures(outcomes: Outcomes) -> Self {
        let shown = [Show::Total, Show::Hits, Show::Share, Show::Interval];
        let names = ["total", "failures", "failure_rate", "ci95"];
        let columns = names.into_iter().zip(shown).map(|(name, show)| Column { name: name.to_owned(), show });
        let hits = Hits::Failures(outcomes.failure);
        Self { columns: columns.collect(), hits, slots: Vec::new(), requests_only: true }
    }

    /// Those that are asked for, by name.
    pub fn new(named: Vec<(String, Aggregate)>) -> Self {
        let mut all = Self { columns: Vec::new(), hits: Hits::None, slots: Vec::new(), requests_only: false };
        for (name, aggregate) in named {
            let interval = matches!(aggregate, Aggregate::Rate(_)).then(|| format!("{name}_ci95"));
            let show = all.place(aggregate);
            all.columns.push(Column { name, show });
            if let Some(name) = interval {
                let show = if let Show::ShareOf(slot) = show { Show::IntervalOf(slot) } else { Show::Interval };
                all.columns.push(Column { name, show });
            }
        }
        all
    }

    /// Finds room for what an aggregate needs.
    fn place(&mut self, aggregate: Aggregate) -> Show {
        match aggregate {
            Aggregate::Count => Show::Total,
            Aggregate::Rate(condition) if matches!(self.hits, Hits::None) => {
                self.hits = Hits::Condition(condition);
                Show::Share
            }
            Aggregate::Rate(condition) => {
                self.slots.push(Kind::Rate(condition));
                Show::ShareOf(self.slots.len() - 1)
            }
            Aggregate::Sum(field) => Show::Sum(self.slot(Kind::Sum(field))),
            Aggregate::Mean(field) => Show::Mean(self.slot(Kind::Sum(field))),
            Aggregate::Min(field) => Show::Min(self.slot(Kind::Extremes(field))),
            Aggregate::Max(field) => Show::Max(self.slot(Kind::Extremes(field))),
            Aggregate::Stddev(field) => Show::Stddev(self.slot(Kind::Sum(field)), self.slot(Kind::Squares(field))),
            Aggregate::Quantile(field, quantile) => Show::Quantile(self.slot(Kind::Quantiles(field)), quantile),
            Aggregate::Distinct(field) => Show::Distinct(self.slot(Kind::Distinct(field))),
            Aggregate::Top(field, most) => Show::Top(self.slot(Kind::Top(field)), most),
        }
    }

    /// The slot of this kind, shared by all that need it.
    fn slot(&mut self, kind: Kind) -> usize {
        self.slots.iter().position(|known| known.is(&kind)).unwrap_or_else(|| {
            self.slots.push(kind);
            self.slots.len() - 1
        })
    }

    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    #[inline(always)]
    pub fn add(&self, row: &mut Row, event: &Event<'_>, status: Option<u16>, undecided: &mut u64) {
        row.rate.add(match &self.hits {
            Hits::None => false,
            Hits::Failures(failures) => status.is_some_and(|status| failures.contains(status)),
            Hits::Condition(condition) => condition.holds(event, undecided),
        });
        if !self.slots.is_empty() {
            self.add_to_slots(row, *event, undecided);
        }
    }

    #[inline(never)]
    fn add_to_slots(&self, row: &mut Row, event: Event<'_>, undecided: &mut u64) {
        let slots = row.slots.get_or_insert_with(|| self.slots.iter().map(Kind::empty).collect());
        for (kind, slot) in self.slots.iter().zip(slots) {
            kind.add(slot, &event, undecided);
        }
    }

    /// The cells of a row, one a column.
    pub fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = Cell> + 'a {
        self.columns.iter().map(move |column| column.show.cell(row))
    }

    /// Why a rate could not be decided on the first record that was met.
    pub fn first_error(&self) -> Option<&str> {
        let first = if let Hits::Condition(condition) = &self.hits { Some(condition) } else { None };
        let others = self.slots.iter().filter_map(|kind| if let Kind::Rate(other) = kind { Some(other) } else { None });
        first.into_iter().chain(others).find_map(|condition| condition.first_error())
    }
}

impl Show {
    fn cell(self, row: &Row) -> Cell {
        let slot = |place: usize| row.slots.as_ref().and_then(|slots| slots.get(place));
        let extremes = |place| if let Some(Slot::Extremes(extremes)) = slot(place) { *extremes } else { None };
        match self {
            Show::Total => Cell::Count(row.rate.total),
            Show::Hits => Cell::Count(row.rate.hits),
            Show::Share => row.rate.share(),
            Show::Interval => row.rate.interval(),
            Show::ShareOf(place) => rate(slot(place)).share(),
            Show::IntervalOf(place) => rate(slot(place)).interval(),
            Show::Sum(place) => sum(slot(place)).map_or(Cell::Null, |(_, sum)| whole(sum.value())),
            Show::Mean(place) => {
                sum(slot(place)).map_or(Cell::Null, |(count, sum)| Cell::Float(sum.value() / count as f64))
            }
            Show::Min(place) => extremes(place).map_or(Cell::Null, |(least, _)| whole(least)),
            Show::Max(place) => extremes(place).map_or(Cell::Null, |(_, most)| whole(most)),
            Show::Stddev(sums, squares) => match (sum(slot(sums)), slot(squares)) {
                (Some((count, sum)), Some(Slot::Squares(squares))) => {
                    sketch::variance(count, sum, squares).map_or(Cell::Null, |variance| Cell::Float(variance.sqrt()))
                }
                _ => Cell::Null,
            },
            Show::Quantile(place, quantile) => match slot(place) {
                Some(Slot::Quantiles(sketch)) => {
                    sketch.quantile(quantile).ok().flatten().map_or(Cell::Null, Cell::Float)
                }
                _ => Cell::Null,
            },
            Show::Distinct(place) => match slot(place) {
                Some(Slot::Distinct(estimator)) => Cell::Count(estimator.estimate() as u64),
                _ => Cell::Count(0),
            },
            Show::Top(place, most) => match slot(place) {
                Some(Slot::Top(hitters)) => Cell::Ranks(hitters.ranks(most).into()),
                _ => Cell::Ranks(Box::default()),
            },
        }
    }
}

fn rate(slot: Option<&Slot>) -> Rate {
    if let Some(Slot::Rate(rate)) = slot { *rate } else { Rate::default() }
}

/// How many numbers, and their sum; `None` of none.
fn sum(slot: Option<&Slot>) -> Option<(u64, &ExactSum)> {
    if let Some(Slot::Sum(count @ 1.., sum)) = slot { Some((*count, sum)) } else { None }
}

/// A whole number without a fraction.
fn whole(number: f64) -> Cell {
    const EXACT: f64 = (1u64 << 53) as f64;
    if number.fract() == 0.0 && number.abs() <= EXACT { Cell::Int(number as i64) } else { Cell::Float(number) }
}
