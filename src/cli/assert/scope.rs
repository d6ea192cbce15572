//! What the names of an assertion stand for: columns and rows, `overall`, `ledger`.

use super::cells::{escaped, json, operand, shown};
use crate::cli::nearest::nearest;
use crate::event::Ledger;
use crate::expr::{Comparisons, Expr, Operand, Variable};
use crate::report::{Answer, Cell, Change, Report};
use serde_json::{Map, Value as Json, json};

/// How many of the rows that broke an assertion are shown.
const SHOWN_ROWS: usize = 10;

/// What a name stands for, and the keys that lead on from there.
pub enum Place<'v> {
    Column(usize, &'v [String]),
    Row(&'v [String]),
    Overall(&'v [String]),
    Ledger(&'v [String]),
}

/// What a variable stands for; else why for nothing. A column's name may have dots.
pub fn resolve<'v>(variable: &'v Variable, answer: &Answer) -> Result<Place<'v>, String> {
    let keys = &variable.keys;
    let column = |name: &str| answer.columns.iter().position(|column| column == name);
    if let Some((place, taken)) =
        (1..=keys.len()).rev().find_map(|taken| Some((column(&keys[..taken].join("."))?, taken)))
    {
        return Ok(Place::Column(place, &keys[taken..]));
    }
    let rest = &keys[1..];
    let in_map = |names: Vec<&str>, place: Place<'v>| match rest.first() {
        Some(key) if !names.is_empty() && !names.contains(&key.as_str()) => Err(unknown(
            &format!("{}.{key}", keys[0]),
            &names.iter().map(|name| format!("{}.{name}", keys[0])).collect::<Vec<_>>(),
        )),
        _ => Ok(place),
    };
    match keys[0].as_str() {
        "row" => in_map(answer.columns.iter().map(String::as_str).collect(), Place::Row(rest)),
        "overall" => in_map(answer.overall.iter().map(|(name, _)| *name).collect(), Place::Overall(rest)),
        "ledger" => in_map(Ledger::default().columns().iter().map(|(name, _)| *name).collect(), Place::Ledger(rest)),
        _ => {
            let maps = ["overall", "ledger"].map(str::to_owned);
            Err(unknown(&keys.join("."), &answer.columns.iter().cloned().chain(maps).collect::<Vec<_>>()))
        }
    }
}

fn unknown(name: &str, known: &[String]) -> String {
    let advice = match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{}`?", escaped(near)),
        None => format!("known are {}", escaped(&known.join(", "))),
    };
    format!("there is no column `{}`; {advice}", escaped(name))
}

/// Whether a condition is held against every row.
pub fn is_by_row(condition: &Expr, answer: &Answer) -> bool {
    let is_of_row = |place| matches!(place, Ok(Place::Column(..) | Place::Row(_)));
    condition.variables().iter().any(|variable| is_of_row(resolve(variable, answer)))
}

/// Whether it names a column, or what belongs to it.
pub fn names_column(condition: &Expr, column: &str, answer: &Answer) -> bool {
    let is_it = |name: &str| name == column || name.strip_prefix(column).is_some_and(|rest| rest == "_ci95");
    condition.variables().iter().any(|variable| match resolve(variable, answer) {
        Ok(Place::Column(place, _)) => is_it(&answer.columns[place]),
        Ok(Place::Row(keys) | Place::Overall(keys)) => keys.first().is_none_or(|key| is_it(key)),
        _ => false,
    })
}

/// A report, to which demands are held.
pub struct Scope<'r> {
    pub report: &'r Report,
    overall: Json,
    ledger: Json,
}

impl<'r> Scope<'r> {
    pub fn new(report: &'r Report) -> Self {
        let overall = report.answer.overall.iter().map(|(name, cell)| ((*name).to_owned(), json(cell)));
        let ledger = report.ledger.columns().into_iter().map(|(name, count)| (name.to_owned(), json!(count)));
        Self { report, overall: Json::Object(overall.collect()), ledger: Json::Object(ledger.collect()) }
    }

    /// How the report breaks a condition, in lines.
    pub fn check(&self, condition: &Expr) -> Option<Vec<String>> {
        if let Some(unknown) = self.unknown(condition) {
            return Some(vec![unknown]);
        }
        let by_row = self.is_by_row(condition);
        let mut lines = if by_row {
            first_lines(self.final_rows().filter_map(|row| self.broken(condition, row)))
        } else {
            match self.holds(condition, &[]) {
                Ok(true) => return None,
                Ok(false) => Vec::new(),
                Err(reason) => vec![reason],
            }
        };
        if by_row && lines.is_empty() {
            return None;
        }
        let named = |map: &&str| condition.variables().iter().any(|variable| variable.keys[0] == *map);
        lines.extend(["overall", "ledger"].into_iter().filter(named).map(|map| self.map_line(map)));
        Some(lines)
    }

    pub fn is_by_row(&self, condition: &Expr) -> bool {
        is_by_row(condition, &self.report.answer)
    }

    /// What it names that there is not.
    pub fn unknown(&self, condition: &Expr) -> Option<String> {
        condition.variables().iter().find_map(|variable| resolve(variable, &self.report.answer).err())
    }

    /// All rows but those of open windows.
    pub fn final_rows(&self) -> impl Iterator<Item = &'r [Cell]> {
        let answer = &self.report.answer;
        let has_open = answer.columns.last().is_some_and(|name| name == "open");
        answer.rows.iter().filter(move |row| !has_open || !Change(row).is_open())
    }

    /// Notes the types of what a condition is held against.
    pub fn note(&self, condition: &Expr, comparisons: &Comparisons) {
        let note = |row: &[Cell]| comparisons.note(&|place| self.operand(&condition.variables()[place], row));
        match self.is_by_row(condition) {
            true => self.final_rows().for_each(note),
            false => note(&[]),
        }
    }

    fn holds(&self, condition: &Expr, row: &[Cell]) -> Result<bool, String> {
        condition.holds(&|place| self.operand(&condition.variables()[place], row))
    }

    /// The row as text, where it breaks the condition.
    pub fn broken(&self, condition: &Expr, row: &[Cell]) -> Option<String> {
        let reason = match self.holds(condition, row) {
            Ok(true) => return None,
            Ok(false) => String::new(),
            Err(reason) => format!(": {reason}"),
        };
        let answer = &self.report.answer;
        let is_named = |place: usize| {
            let is_it = |variable| matches!(resolve(variable, answer), Ok(Place::Column(column, _)) if column == place);
            place < answer.keys || condition.variables().iter().any(is_it)
        };
        let (mut named, mut others) = (Vec::new(), Vec::new());
        for (place, (column, cell)) in answer.columns.iter().zip(row).enumerate() {
            let list = if is_named(place) { &mut named } else { &mut others };
            list.push(format!("{}={}", escaped(column), shown(cell)));
        }
        let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(" ")) };
        Some(format!("{}{others}{reason}", named.join(" ")))
    }

    fn operand<'a>(&'a self, variable: &Variable, row: &'a [Cell]) -> Option<Operand<'a>> {
        let answer = &self.report.answer;
        let place = resolve(variable, answer).ok()?;
        if variable.is_presence {
            return Some(Operand::Bool(self.value(&place, row).is_some_and(|value| value != Operand::Null)));
        }
        self.value(&place, row)
    }

    fn value<'a>(&'a self, place: &Place<'_>, row: &'a [Cell]) -> Option<Operand<'a>> {
        let answer = &self.report.answer;
        match place {
            Place::Column(place, []) => row.get(*place).map(operand),
            Place::Column(place, keys) => inside(json(row.get(*place)?), keys),
            Place::Row([column]) => row.get(answer.columns.iter().position(|name| name == column)?).map(operand),
            Place::Row(keys) => {
                let cells = answer.columns.iter().zip(row);
                let map: Map<String, Json> = cells.map(|(column, cell)| (column.clone(), json(cell))).collect();
                inside(Json::Object(map), keys)
            }
            Place::Overall([name]) => {
                answer.overall.iter().find(|(known, _)| known == name).map(|(_, cell)| operand(cell))
            }
            Place::Overall(keys) => inside(self.overall.clone(), keys),
            Place::Ledger(keys) => inside(self.ledger.clone(), keys),
        }
    }

    /// One of the maps, as text.
    pub fn map_line(&self, map: &str) -> String {
        let cells: Vec<String> = match map {
            "overall" => {
                self.report.answer.overall.iter().map(|(name, cell)| format!("{name}={}", shown(cell))).collect()
            }
            _ => self.report.ledger.columns().iter().map(|(name, count)| format!("{name}={count}")).collect(),
        };
        format!("{map}: {}", cells.join(" "))
    }
}

/// What keys lead to.
fn inside<'a>(mut value: Json, keys: &[String]) -> Option<Operand<'a>> {
    for key in keys {
        value = match &mut value {
            Json::Object(fields) => fields.get_mut(key)?.take(),
            Json::Array(items) => items.get_mut(key.parse::<usize>().ok()?)?.take(),
            _ => return None,
        };
    }
    Some(Operand::of_json(value))
}

/// The first rows, and how many more there are.
pub fn first_lines(mut rows: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = rows.by_ref().take(SHOWN_ROWS).collect();
    match rows.count() {
        0 => {}
        more => lines.push(format!("... and {more} more rows")),
    }
    lines
}
