//! What is worked out for each window and key: any number of aggregates in one pass.
//!
//! A [`Row`] holds what they need, each thing once, however many columns are made of it.

use super::measure::Measure;
use super::row::{Held, Kind, Row, Summary};
use crate::analysis::Outcome;
use crate::event::Event;
use crate::expr::Condition;
use crate::report::Cell;
use crate::sketch::{self, ExactSum, Rate};

/// A statistic of the records of a window. Those of a measure are about its numbers, also quoted ones;
/// records without one do not count.
#[derive(Debug)]
pub enum Aggregate {
    /// How many records.
    Count,
    /// The share of the records for which a condition holds.
    Rate(Box<Condition>),
    Sum(Measure),
    Mean(Measure),
    Min(Measure),
    Max(Measure),
    /// Of a sample: divided by one less than there are numbers.
    Stddev(Measure),
    /// By DDSketch, within 1 % of the value (Masson, Rim, Lee 2019).
    Quantile(Measure, f64),
    /// How many different values, by HyperLogLog: exact up to 128, then within 1.6 % (standard error).
    Distinct(Measure),
    /// The most frequent values and how often they came, by space-saving.
    Top(Measure, usize),
    /// The value of the earliest record that has one, and of the latest.
    First(Measure),
    Last(Measure),
}

/// The aggregates of a run.
#[derive(Debug)]
pub struct Aggregates {
    columns: Vec<Column>,
    /// What the first rate counts.
    hits: Hits,
    slots: Vec<Kind>,
}

#[derive(Debug)]
enum Hits {
    None,
    /// Of records that are requests; of others this is not about.
    Failures(Outcome),
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
    End(usize),
}

impl Aggregates {
    /// Requests, how many of them failed, and their share.
    pub fn failures(failure: Outcome) -> Self {
        let shown = [Show::Total, Show::Hits, Show::Share, Show::Interval];
        let names = ["total", "failures", "failure_rate", "ci95"];
        let columns = names.into_iter().zip(shown).map(|(name, show)| Column { name: name.to_owned(), show });
        Self { columns: columns.collect(), hits: Hits::Failures(failure), slots: Vec::new() }
    }

    /// Those that are asked for, by name.
    pub fn new(named: Vec<(String, Aggregate)>) -> Self {
        let mut all = Self { columns: Vec::new(), hits: Hits::None, slots: Vec::new() };
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
            Aggregate::Sum(measure) => Show::Sum(self.slot(Summary::Sum, measure)),
            Aggregate::Mean(measure) => Show::Mean(self.slot(Summary::Sum, measure)),
            Aggregate::Min(measure) => Show::Min(self.slot(Summary::Extremes, measure)),
            Aggregate::Max(measure) => Show::Max(self.slot(Summary::Extremes, measure)),
            Aggregate::Stddev(measure) => {
                Show::Stddev(self.slot(Summary::Sum, measure.clone()), self.slot(Summary::Squares, measure))
            }
            Aggregate::Quantile(measure, quantile) => Show::Quantile(self.slot(Summary::Quantiles, measure), quantile),
            Aggregate::Distinct(measure) => Show::Distinct(self.slot(Summary::Distinct, measure)),
            Aggregate::Top(measure, most) => Show::Top(self.slot(Summary::Top, measure), most),
            Aggregate::First(measure) => Show::End(self.slot(Summary::First, measure)),
            Aggregate::Last(measure) => Show::End(self.slot(Summary::Last, measure)),
        }
    }

    /// The slot of this kind, shared by all that need it.
    fn slot(&mut self, summary: Summary, measure: Measure) -> usize {
        let kind = Kind::Of(summary, measure);
        self.slots.iter().position(|known| known.is(&kind)).unwrap_or_else(|| {
            self.slots.push(kind);
            self.slots.len() - 1
        })
    }

    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Whether a record is a request that failed; `None` where this is about requests and it is none.
    #[inline(always)]
    pub fn is_failure(&self, event: &Event<'_>) -> Option<bool> {
        if let Hits::Failures(failure) = &self.hits { failure.of(event) } else { Some(false) }
    }

    #[inline(always)]
    pub fn add(&self, row: &mut Row, event: &Event<'_>, is_failure: bool, undecided: &mut u64) {
        row.rate.add(match &self.hits {
            Hits::None | Hits::Failures(_) => is_failure,
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

    /// Why a formula could not be worked out for the first record that was met.
    pub fn first_failure(&self) -> Option<&str> {
        self.slots.iter().find_map(|kind| match kind {
            Kind::Of(_, Measure::Formula(formula)) => formula.first_error(),
            _ => None,
        })
    }

    /// How many values each column could not use, of those that any could not; by slot it is known.
    pub fn ignored(&self, by_slot: &[u64]) -> Vec<(String, u64)> {
        let of = |column: &Column| column.show.slot().and_then(|slot| by_slot.get(slot)).copied().unwrap_or(0);
        let all = self.columns.iter().map(|column| (column.name.clone(), of(column)));
        all.filter(|(_, count)| *count > 0).collect()
    }

    /// The columns that are estimates, each with how far from the truth it may be.
    pub fn bounds(&self) -> Vec<(String, f64)> {
        self.columns.iter().filter_map(|column| Some((column.name.clone(), column.show.bound()?))).collect()
    }

    /// What a person should know of requests that could not be told.
    pub fn note(&self) -> Option<String> {
        if let Hits::Failures(failure) = &self.hits { failure.note() } else { None }
    }

    /// Why a rate could not be decided on the first record that was met.
    pub fn first_error(&self) -> Option<&str> {
        let first = if let Hits::Condition(condition) = &self.hits { Some(condition) } else { None };
        let others = self.slots.iter().filter_map(|kind| if let Kind::Rate(other) = kind { Some(other) } else { None });
        first.into_iter().chain(others).find_map(|condition| condition.first_error())
    }
}

impl Show {
    /// The slot that says what was ignored.
    fn slot(self) -> Option<usize> {
        match self {
            Show::Total | Show::Hits | Show::Share | Show::Interval | Show::ShareOf(_) | Show::IntervalOf(_) => None,
            Show::Sum(slot)
            | Show::Mean(slot)
            | Show::Min(slot)
            | Show::Max(slot)
            | Show::Stddev(slot, _)
            | Show::Quantile(slot, _)
            | Show::Distinct(slot)
            | Show::Top(slot, _)
            | Show::End(slot) => Some(slot),
        }
    }

    /// How far from the truth it may be, relative to it, where it is an estimate.
    fn bound(self) -> Option<f64> {
        match self {
            Show::Quantile(..) => Some(sketch::QUANTILE_BOUND),
            // Two standard errors.
            Show::Distinct(_) => Some(0.032),
            _ => None,
        }
    }

    fn cell(self, row: &Row) -> Cell {
        let held = |place: usize| row.slots.as_ref().and_then(|slots| slots.get(place)).map(|slot| &slot.held);
        let bounds = |place| if let Some(Held::Extremes(extremes)) = held(place) { extremes.bounds() } else { None };
        match self {
            Show::Total => Cell::Count(row.rate.total),
            Show::Hits => Cell::Count(row.rate.hits),
            Show::Share => row.rate.share(),
            Show::Interval => row.rate.interval(),
            Show::ShareOf(place) => rate(held(place)).share(),
            Show::IntervalOf(place) => rate(held(place)).interval(),
            Show::Sum(place) => sum(held(place)).map_or(Cell::Null, |(_, sum)| sum.cell()),
            Show::Mean(place) => sum(held(place)).map_or(Cell::Null, |(count, sum)| Cell::Float(sum.mean(count))),
            Show::Min(place) => bounds(place).map_or(Cell::Null, |(least, _)| least.cell()),
            Show::Max(place) => bounds(place).map_or(Cell::Null, |(_, most)| most.cell()),
            Show::Stddev(sums, squares) => match (sum(held(sums)), held(squares)) {
                (Some((count, sum)), Some(Held::Squares(squares))) => {
                    sketch::deviation(count, sum, squares).map_or(Cell::Null, Cell::Float)
                }
                _ => Cell::Null,
            },
            Show::Quantile(place, quantile) => match held(place) {
                Some(Held::Quantiles(quantiles)) => quantiles.cell(quantile),
                _ => Cell::Null,
            },
            Show::Distinct(place) => match held(place) {
                Some(Held::Distinct(estimator)) => Cell::Count(estimator.estimate() as u64),
                _ => Cell::Count(0),
            },
            Show::Top(place, most) => match held(place) {
                Some(Held::Top(hitters)) => Cell::Ranks(hitters.ranks(most).into()),
                _ => Cell::Ranks(Box::default()),
            },
            Show::End(place) => match held(place) {
                Some(Held::First(Some(end)) | Held::Last(Some(end))) => {
                    let cells = sketch::decode_key(&end.value);
                    cells.and_then(|cells| cells.into_iter().next()).unwrap_or(Cell::Null)
                }
                _ => Cell::Null,
            },
        }
    }
}

fn rate(held: Option<&Held>) -> Rate {
    if let Some(Held::Rate(rate)) = held { *rate } else { Rate::default() }
}

/// How many numbers, and their sum; `None` of none.
fn sum(held: Option<&Held>) -> Option<(u64, &ExactSum)> {
    if let Some(Held::Sum(count @ 1.., sum)) = held { Some((*count, sum)) } else { None }
}
