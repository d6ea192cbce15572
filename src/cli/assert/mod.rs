//! `--assert` and `--min-events`: what a pipeline demands of an answer.
//!
//! An assertion that cannot be decided fails: a demand is never met in silence, and never by nothing.

mod cells;
mod columns;
mod scope;

use crate::expr::{Comparisons, Expr, ExprError};
use crate::report::{Answer, Cell, Change, Report};
use crate::schema::{Names, PRESETS, Schema, Use};
pub use columns::quote_columns;
use scope::{Scope, first_lines, resolve};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The demands of a run.
#[derive(Debug, Default)]
pub struct Assertions {
    conditions: Vec<Condition>,
    min_events: Option<u64>,
    /// A demand over no rows, or no records, is met.
    allow_empty: bool,
}

/// An expression that is to hold, and what it compares.
#[derive(Debug)]
struct Condition {
    expr: Expr,
    comparisons: Comparisons,
    /// Knows the comparisons that met no value of their type.
    names: Names,
}

impl Condition {
    fn new(source: &str) -> Result<Self, ExprError> {
        let expr = Expr::condition(source)?;
        let mut schema = Schema::new(&PRESETS[0]);
        let comparisons = expr.comparisons(&mut schema);
        Ok(Self { expr, comparisons, names: schema.names })
    }

    /// Why it says nothing of the rows that were noted: `code != "50"` holds for every number.
    fn unlike(&self) -> Option<Vec<String>> {
        let lines: Vec<String> = self.names.mismatches("row").map(|(_, reason)| unfounded_line(&reason)).collect();
        (!lines.is_empty()).then_some(lines)
    }
}

/// One demand that was not met. Displayed for a person, over several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    demand: String,
    lines: Vec<String>,
}

impl Failure {
    /// The expression that is to hold.
    pub fn demand(&self) -> &str {
        &self.demand
    }

    /// Whether both are about one demand.
    pub fn is_of(&self, other: &Self) -> bool {
        self.demand == other.demand
    }

    /// Adds what else is known against it.
    pub fn add(&mut self, other: Self) {
        self.lines.extend(other.lines);
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "assertion failed: {}", self.demand)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl Assertions {
    pub fn new(expressions: &[String], min_events: Option<u64>, allow_empty: bool) -> Result<Self, String> {
        let conditions = expressions.iter().map(|source| Condition::new(source)).collect::<Result<_, _>>();
        Ok(Self { conditions: conditions.map_err(|error| format!("--assert: {error}"))?, min_events, allow_empty })
    }

    /// Refuses what no report will have, before the run. `answer` is one about nothing.
    pub fn check_names(&self, answer: &Answer) -> Result<(), String> {
        self.conditions.iter().try_for_each(|Condition { expr: condition, .. }| {
            let unknown = condition.variables().iter().find_map(|variable| resolve(variable, answer).err());
            unknown.map_or(Ok(()), |unknown| Err(format!("--assert: `{}`: {unknown}", condition.source())))
        })
    }

    /// Whether nothing is demanded of any report.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The demands that the report does not meet.
    ///
    /// A condition that names a column is held against every row; any other one is held once. Besides
    /// the columns it may name `row` (the row as a map), `overall` and `ledger`. `watched` is what
    /// [`Self::watch`] has seen, where the rows are those of all reports.
    pub fn check(&self, report: &Report, watched: Option<&WatchedRows>) -> Vec<Failure> {
        let scope = Scope::new(report);
        let too_few = self
            .min_events
            .filter(|least| report.ledger.counted < *least)
            .map(|least| Failure { demand: least_events(least), lines: vec![scope.map_line("ledger")] });
        let conditions = self.conditions.iter().enumerate().filter_map(|(place, demand)| {
            let condition = &demand.expr;
            scope.note(condition, &demand.comparisons);
            let lines = match watched.and_then(|rows| rows.0.get(place)) {
                Some(rows) if scope.is_by_row(condition) => rows.broken_lines(),
                _ => scope.check(condition),
            };
            let judged = watched.and_then(|rows| rows.0.get(place)).map(|rows| rows.judged);
            let lines = lines.or_else(|| self.vacuous(&scope, condition, judged)).or_else(|| demand.unlike())?;
            Some(Failure { demand: condition.source().to_owned(), lines })
        });
        too_few.into_iter().chain(conditions).collect()
    }

    /// Why a demand that nothing breaks is met by nothing.
    fn vacuous(&self, scope: &Scope<'_>, condition: &Expr, judged: Option<u64>) -> Option<Vec<String>> {
        if self.allow_empty {
            return None;
        }
        let names = |map: &str| condition.variables().iter().any(|variable| variable.keys[0] == map);
        let ledger = &scope.report.ledger;
        let what = if scope.is_by_row(condition) {
            let rows = judged.unwrap_or_else(|| scope.final_rows().count() as u64);
            (rows == 0).then_some("there is no row to hold it to")?
        } else if names("overall") {
            (ledger.counted == 0).then_some("no record was counted")?
        } else {
            (ledger.read == 0).then_some("no record was read")?
        };
        let line = format!("{what}; with --allow-empty that is no failure");
        Some(vec![line, scope.map_line("ledger")])
    }

    /// The demands that depend on a field that no record has, or on one that is compared with what it
    /// never is.
    pub fn unfounded(&self, names: &Names, answer: &Answer) -> Vec<Failure> {
        let missing = names.missing().into_iter().filter(|named| !named.is_optional);
        let missing = missing.map(|named| (&named.used_for, format!("no record has the field `{}`", named.name)));
        let reasons = missing.chain(names.mismatches("record").map(|(compared, reason)| (&compared.used_for, reason)));
        let reasons: Vec<(&Use, String)> = reasons.collect();
        let lines = |condition: &Expr| {
            let depends = |used: &Use| match used {
                Use::All => true,
                Use::Rows => scope::is_by_row(condition, answer),
                Use::Column(column) => scope::names_column(condition, column, answer),
            };
            let lines = reasons.iter().filter(|(used, _)| depends(used));
            lines.map(|(_, reason)| unfounded_line(reason)).collect::<Vec<_>>()
        };
        let of_condition = |condition: &Expr| (condition.source().to_owned(), lines(condition));
        // How many events there are depends on what keeps records or drops them.
        let kept = reasons.iter().filter(|(used, _)| **used == Use::All);
        let kept: Vec<String> = kept.map(|(_, reason)| unfounded_line(reason)).collect();
        let least = self.min_events.map(|least| (least_events(least), kept));
        let demands = least.into_iter().chain(self.conditions.iter().map(|demand| of_condition(&demand.expr)));
        let failed = demands.filter(|(_, lines)| !lines.is_empty());
        failed.map(|(demand, lines)| Failure { demand, lines }).collect()
    }

    /// Holds the rows of a report of changes to the demands on rows: a row that is said again is
    /// judged anew, and a session with all that it overlaps.
    pub fn watch(&self, report: &Report, watched: &mut WatchedRows, are_sessions: bool) {
        let scope = Scope::new(report);
        watched.0.resize_with(self.conditions.len(), Watched::default);
        for (demand, watched) in self.conditions.iter().zip(&mut watched.0) {
            let condition = &demand.expr;
            scope.note(condition, &demand.comparisons);
            if !scope.is_by_row(condition) || scope.unknown(condition).is_some() {
                continue;
            }
            for row in scope.final_rows() {
                watched.judged += 1;
                let keys = &row[..report.answer.keys];
                if are_sessions && Change(row).is_revised() {
                    let is_replaced = |other: &[Cell]| other[2..] == keys[2..] && Change(other).overlaps(Change(keys));
                    watched.broken.retain(|_, (other, _)| !is_replaced(other));
                }
                let key = format!("{keys:?}");
                match scope.broken(condition, row) {
                    Some(line) => _ = watched.broken.insert(key, (keys.to_vec(), line)),
                    None => _ = watched.broken.remove(&key),
                }
            }
        }
    }

    /// As [`Self::watch`]; answers the demands that rows break which did not break them before, with those rows.
    pub fn news(&self, report: &Report, watched: &mut WatchedRows, are_sessions: bool) -> Vec<Failure> {
        let keys = |rows: &Watched| rows.broken.keys().cloned().collect();
        let before: Vec<BTreeSet<String>> = watched.0.iter().map(keys).collect();
        self.watch(report, watched, are_sessions);
        let news = |(place, rows): (usize, &Watched)| {
            let is_new = |key: &String| before.get(place).is_none_or(|known| !known.contains(key));
            let new = rows.broken.iter().filter(|(key, _)| is_new(key));
            let lines = first_lines(new.map(|(_, (_, line))| line.clone()));
            (!lines.is_empty()).then(|| Failure { demand: self.conditions[place].expr.source().to_owned(), lines })
        };
        watched.0.iter().enumerate().filter_map(news).collect()
    }

    /// The demands on no row, but on the whole, that the report does not meet.
    pub fn check_whole(&self, report: &Report) -> Vec<Failure> {
        let scope = Scope::new(report);
        let on_whole =
            self.conditions.iter().map(|demand| &demand.expr).filter(|condition| !scope.is_by_row(condition));
        let failed = on_whole.filter_map(|condition| Some((condition, scope.check(condition)?)));
        failed.map(|(condition, lines)| Failure { demand: condition.source().to_owned(), lines }).collect()
    }
}

/// `--min-events` in words.
fn least_events(least: u64) -> String {
    format!("at least {least} events")
}

fn unfounded_line(reason: &str) -> String {
    format!("it depends on what is not there: {reason}")
}

/// What a watch has seen, by demand.
#[derive(Default)]
pub struct WatchedRows(Vec<Watched>);

#[derive(Default)]
struct Watched {
    /// How many rows were held to the demand.
    judged: u64,
    /// Those that broke it, as text, by their keys.
    broken: BTreeMap<String, (Vec<Cell>, String)>,
}

impl Watched {
    fn broken_lines(&self) -> Option<Vec<String>> {
        let lines = first_lines(self.broken.values().map(|(_, line)| line.clone()));
        (!lines.is_empty()).then_some(lines)
    }
}

#[cfg(test)]
mod tests;
