//! `--assert` and `--min-events`: what a pipeline demands of an answer.
//!
//! An assertion that cannot be decided fails: a demand is never met in silence.

use super::nearest::nearest;
use crate::event::Timestamp;
use crate::expr::{Expr, Operand};
use crate::report::{Cell, Change, Report};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::fmt;

/// How many of the rows that broke an assertion are shown.
const SHOWN_ROWS: usize = 10;

/// The demands of a run.
#[derive(Debug, Default)]
pub struct Assertions {
    conditions: Vec<Expr>,
    min_events: Option<u64>,
}

/// One demand that was not met. Displayed for a person, over several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    demand: String,
    lines: Vec<String>,
}

impl Failure {
    /// Whether both are about one demand.
    pub fn is_of(&self, other: &Self) -> bool {
        self.demand == other.demand
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "assertion failed: {}", self.demand)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl Assertions {
    pub fn new(expressions: &[String], min_events: Option<u64>) -> Result<Self, String> {
        let conditions = expressions.iter().map(|source| Expr::compile(source)).collect::<Result<_, _>>();
        Ok(Self { conditions: conditions.map_err(|error| error.to_string())?, min_events })
    }

    /// The demands that the report does not meet.
    ///
    /// A condition that names a column is held against every row, and met where there is none
    /// (`min_events` guards against that); any other one is held once. Besides the columns it may
    /// name `row` (the row as a map, for columns whose name is no identifier), `overall` and
    /// `ledger`.
    pub fn check(&self, report: &Report) -> Vec<Failure> {
        let scope = Scope::new(report);
        let too_few = self
            .min_events
            .filter(|least| report.ledger.counted < *least)
            .map(|least| Failure { demand: format!("at least {least} events"), lines: vec![scope.map_line("ledger")] });
        too_few.into_iter().chain(self.conditions.iter().filter_map(|condition| scope.check(condition))).collect()
    }

    /// Holds the rows of a report of changes to the demands on rows: a row that is said again is
    /// judged anew, and a session with all that it overlaps.
    pub fn watch(&self, report: &Report, broken: &mut BrokenRows, are_sessions: bool) {
        let scope = Scope::new(report);
        broken.0.resize(self.conditions.len(), BTreeMap::new());
        for (condition, broken) in self.conditions.iter().zip(&mut broken.0) {
            if !scope.is_by_row(condition) || scope.names_unknown(condition).is_some() {
                continue;
            }
            for row in scope.final_rows() {
                let keys = &row[..report.answer.keys];
                if are_sessions && Change(row).is_revised() {
                    let is_replaced = |other: &[Cell]| other[2..] == keys[2..] && Change(other).overlaps(Change(keys));
                    broken.retain(|_, (other, _)| !is_replaced(other));
                }
                let key = format!("{keys:?}");
                match scope.broken(condition, row) {
                    Some(line) => _ = broken.insert(key, (keys.to_vec(), line)),
                    None => _ = broken.remove(&key),
                }
            }
        }
    }

    /// The demands that were not met by rows that a watch has seen.
    pub fn judge(&self, broken: &BrokenRows) -> Vec<Failure> {
        let failed = self.conditions.iter().zip(&broken.0).filter(|(_, rows)| !rows.is_empty());
        let failure = |(condition, rows): (&Expr, &BTreeMap<String, (Vec<Cell>, String)>)| Failure {
            demand: condition.source().to_owned(),
            lines: first_lines(rows.values().map(|(_, line)| line.clone())),
        };
        failed.map(failure).collect()
    }
}

/// The rows that broke each demand, as text, by their keys.
#[derive(Default)]
pub struct BrokenRows(Vec<BTreeMap<String, (Vec<Cell>, String)>>);

/// What the names of an assertion stand for.
struct Scope<'r> {
    report: &'r Report,
    overall: Json,
    ledger: Json,
}

impl<'r> Scope<'r> {
    fn new(report: &'r Report) -> Self {
        let overall = report.answer.overall.iter().map(|(name, cell)| ((*name).to_owned(), json(cell)));
        let ledger = report.ledger.columns().into_iter().map(|(name, count)| (name.to_owned(), json!(count)));
        Self { report, overall: Json::Object(overall.collect()), ledger: Json::Object(ledger.collect()) }
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.report.answer.columns.iter().position(|column| column == name)
    }

    fn check(&self, condition: &Expr) -> Option<Failure> {
        let failure = |lines| Some(Failure { demand: condition.source().to_owned(), lines });
        let names = condition.variables();
        let named = |map: &&str| names.iter().any(|name| name == map);
        if let Some(unknown) = self.names_unknown(condition) {
            return failure(vec![self.unknown(unknown)]);
        }
        let by_row = self.is_by_row(condition);
        let mut lines = if by_row {
            self.broken_rows(condition)
        } else {
            match condition.holds(&|name| self.operand(name, &[])) {
                Ok(true) => return None,
                Ok(false) => Vec::new(),
                Err(reason) => vec![reason],
            }
        };
        if by_row && lines.is_empty() {
            return None;
        }
        lines.extend(["overall", "ledger"].into_iter().filter(named).map(|map| self.map_line(map)));
        if lines.is_empty() {
            lines.push("it names no column, so no answer can meet it".to_owned());
        }
        failure(lines)
    }

    fn is_by_row(&self, condition: &Expr) -> bool {
        condition.variables().iter().any(|name| name == "row" || self.column(name).is_some())
    }

    fn names_unknown<'c>(&self, condition: &'c Expr) -> Option<&'c str> {
        let is_known = |name: &str| self.column(name).is_some() || ["row", "overall", "ledger"].contains(&name);
        condition.variables().iter().map(String::as_str).find(|name| !is_known(name))
    }

    /// All rows but those of open windows.
    fn final_rows(&self) -> impl Iterator<Item = &'r [Cell]> {
        let answer = &self.report.answer;
        let has_open = answer.columns.last().is_some_and(|name| name == "open");
        answer.rows.iter().filter(move |row| !has_open || !Change(row).is_open())
    }

    /// The rows that break the condition, as text.
    fn broken_rows(&self, condition: &Expr) -> Vec<String> {
        first_lines(self.final_rows().filter_map(|row| self.broken(condition, row)))
    }

    /// The row as text, where it breaks the condition.
    fn broken(&self, condition: &Expr, row: &[Cell]) -> Option<String> {
        let reason = match condition.holds(&|name| self.operand(name, row)) {
            Ok(true) => return None,
            Ok(false) => String::new(),
            Err(reason) => format!(": {reason}"),
        };
        let answer = &self.report.answer;
        let (mut named, mut others) = (Vec::new(), Vec::new());
        for (place, (column, cell)) in answer.columns.iter().zip(row).enumerate() {
            let is_named = place < answer.keys || condition.variables().contains(column);
            let list = if is_named { &mut named } else { &mut others };
            list.push(format!("{}={}", escaped(column), shown(cell)));
        }
        let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(" ")) };
        Some(format!("{}{others}{reason}", named.join(" ")))
    }

    fn operand<'a>(&'a self, name: &str, row: &'a [Cell]) -> Option<Operand<'a>> {
        if let Some(place) = self.column(name) {
            return row.get(place).map(operand);
        }
        match name {
            "overall" => Some(Operand::Json(self.overall.clone())),
            "ledger" => Some(Operand::Json(self.ledger.clone())),
            _ => {
                let cells = self.report.answer.columns.iter().zip(row);
                let map: Map<String, Json> = cells.map(|(column, cell)| (column.clone(), json(cell))).collect();
                Some(Operand::Json(Json::Object(map)))
            }
        }
    }

    /// One of the maps, as text.
    fn map_line(&self, map: &str) -> String {
        let cells: Vec<String> = match map {
            "overall" => {
                self.report.answer.overall.iter().map(|(name, cell)| format!("{name}={}", shown(cell))).collect()
            }
            _ => self.report.ledger.columns().iter().map(|(name, count)| format!("{name}={count}")).collect(),
        };
        format!("{map}: {}", cells.join(" "))
    }

    fn unknown(&self, name: &str) -> String {
        let columns = self.report.answer.columns.iter().map(String::as_str);
        let known: Vec<&str> = columns.chain(["overall", "ledger"]).collect();
        let advice = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{}`?", escaped(near)),
            None => format!("known are {}", escaped(&known.join(", "))),
        };
        format!("there is no column `{name}`; {advice}")
    }
}

/// The first rows, and how many more there are.
fn first_lines(mut rows: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = rows.by_ref().take(SHOWN_ROWS).collect();
    match rows.count() {
        0 => {}
        more => lines.push(format!("... and {more} more rows")),
    }
    lines
}

fn operand(cell: &Cell) -> Operand<'_> {
    match cell {
        Cell::Null => Operand::Null,
        Cell::Text(text) => Operand::Text(text.as_str().into()),
        // An int, so that `total - 1` is what it seems to be.
        Cell::Count(count) => i64::try_from(*count).map_or(Operand::Uint(*count), Operand::Int),
        Cell::Int(value) => Operand::Int(*value),
        Cell::Float(value) | Cell::Rate(value) => Operand::Float(*value),
        Cell::Interval(low, high) => Operand::Json(json!([low, high])),
        Cell::Bool(value) => Operand::Bool(*value),
        Cell::Time(time) => Operand::Time(*time),
        Cell::Ranks(_) => Operand::Json(json(cell)),
    }
}

/// A cell inside a map; a time is text there, as in the JSON output.
fn json(cell: &Cell) -> Json {
    match cell {
        Cell::Null => Json::Null,
        Cell::Text(text) => json!(text),
        Cell::Count(count) => json!(count),
        Cell::Int(value) => json!(value),
        Cell::Float(value) | Cell::Rate(value) => json!(value),
        Cell::Interval(low, high) => json!([low, high]),
        Cell::Bool(value) => json!(value),
        Cell::Time(time) => json!(Timestamp::to_string(time)),
        Cell::Ranks(ranks) => {
            ranks.iter().map(|(value, count)| json!({"value": json(value), "count": count})).collect()
        }
    }
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.is_empty() || text.contains(char::is_whitespace) => format!("\"{}\"", escaped(text)),
        Cell::Text(text) => escaped(text),
        Cell::Null => "null".to_owned(),
        Cell::Interval(low, high) => format!("[{low}, {high}]"),
        Cell::Float(value) | Cell::Rate(value) => value.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Int(value) => value.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Time(time) => time.to_string(),
        Cell::Ranks(_) => escaped(&json(cell).to_string()),
    }
}

/// Text from the logs, without anything that could steer a terminal.
fn escaped(text: &str) -> String {
    text.escape_debug().collect()
}

#[cfg(test)]
mod tests;
