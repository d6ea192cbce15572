//! What became of records, where no HTTP status says it: the flag that tells failures.
//!
//! Only a field whose name and values leave no doubt is taken. A sample may lack failures, so what is suggested
//! holds for values that it has not shown.

mod errors;
mod grpc;
mod levels;
mod numbers;
mod words;

use super::field::{Field, Kind};
use super::{Codes, Survey, nesting};
use crate::expr::{self, Condition, Expr, Operand};
use crate::schema::{PRESETS, Path, Schema};
use serde_json::Value;

/// How failures are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `--failure-if` or `--success-if`.
    pub flag: &'static str,
    pub condition: String,
    pub path: Path,
    /// How many of the records that were looked at it would count, and how many of them as failures.
    pub records: u64,
    pub failures: u64,
}

const FAILURE_IF: &str = "--failure-if";
const SUCCESS_IF: &str = "--success-if";

impl Outcome {
    /// What tells failures: by statuses some of which say that no answer came, else by the field that says most.
    pub fn of(survey: &Survey, codes: Option<&Codes>) -> Option<Self> {
        let found = match codes {
            Some(codes) => without_answer(survey, codes),
            None => grpc::outcome(survey)
                .or_else(|| words::outcome(survey))
                .or_else(|| words::truth(survey))
                .or_else(|| by_error_or_level(survey)),
        };
        let is_sound = |outcome: &Self| Condition::new(&outcome.condition, &mut Schema::new(&PRESETS[0])).is_ok();
        found.filter(is_sound).filter(|outcome| outcome.is_true_of(survey))
    }

    /// Whether the condition tells the failures that were counted, as far as all values are known: a field may hold
    /// `"50"` and 50, which no comparison takes for the same.
    fn is_true_of(&self, survey: &Survey) -> bool {
        let field = survey.field(&self.path).filter(|field| field.known() > 0);
        let (Some(values), Ok(condition)) = (field.and_then(Field::values), Expr::condition(&self.condition)) else {
            return true;
        };
        let holds = |value: &Value| condition.holds(&|_| Some(Operand::of_json(value.clone())));
        let told = values.iter().map(|(value, count)| holds(value).map(|holds| if holds { *count } else { 0 }));
        let told: Result<u64, String> = told.sum();
        let all: u64 = values.iter().map(|(_, count)| count).sum();
        told.is_ok_and(|told| self.failures == if self.flag == FAILURE_IF { told } else { all - told })
    }
}

/// Where failures are logged without an error field, the level tells more of them.
fn by_error_or_level(survey: &Survey) -> Option<Outcome> {
    let (error, level) = (errors::outcome(survey), levels::outcome(survey));
    match (&error, &level) {
        (Some(by_error), Some(by_level)) if by_level.failures > by_error.failures => level,
        _ => error.or(level),
    }
}

/// Envoy writes 0 for a request that no answer came to, HAProxy -1: no status, and yet a failure.
fn without_answer(survey: &Survey, codes: &Codes) -> Option<Outcome> {
    let field = survey.field(&codes.path).filter(|_| !codes.in_message)?;
    let (low, _) = field.range.filter(|(low, _)| [0.0, -1.0].contains(low))?;
    let statuses: u64 = codes.counts.values().sum();
    if field.count(&[Kind::Int]) != field.known() || field.known() <= statuses {
        return None;
    }
    let name = expr::written(codes.path.keys())?;
    let none = if low < 0.0 { "<= 0" } else { "== 0" };
    let failed: u64 = codes.counts.iter().filter(|(code, _)| **code >= 400).map(|(_, count)| count).sum();
    Some(Outcome {
        flag: FAILURE_IF,
        condition: format!("{name} {none} || {name} >= 400"),
        path: codes.path.clone(),
        records: field.known(),
        failures: field.known() - statuses + failed,
    })
}

/// The fields that may tell an outcome, and how each is written in an expression.
fn fields(survey: &Survey) -> impl Iterator<Item = (&Field, &Path, String)> {
    survey.fields().filter(|field| nesting::is_plain(field) && field.known() > 0).filter_map(|field| {
        let path = field.path.as_ref()?;
        Some((field, path, expr::written(path.keys())?))
    })
}

/// The same, of names that say so, the likeliest first.
fn ranked(survey: &Survey, rank: impl Fn(&Field) -> Option<usize>) -> Vec<(&Field, &Path, String)> {
    let mut ranked: Vec<_> = fields(survey).filter_map(|found| Some((rank(found.0)?, found))).collect();
    ranked.sort_by_key(|(rank, (_, path, _))| (*rank, path.keys().len()));
    ranked.into_iter().map(|(_, found)| found).collect()
}

/// Whether so many records have it that it tells of all.
fn is_common(field: &Field, survey: &Survey) -> bool {
    field.known() * 2 >= survey.records()
}

/// The last key of a name, less what spelling adds to it.
fn last_key(field: &Field) -> String {
    super::names::plain(field.name.rsplit('.').next().unwrap_or(&field.name))
}

/// `x == "a"`, or `x in ["a", "b"]`.
fn is_one_of(name: &str, words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{:?}", word)).collect();
    match quoted.as_slice() {
        [word] => format!("{name} == {word}"),
        words => format!("{name} in [{}]", words.join(", ")),
    }
}

/// The texts of a field and how often each came; none where it has other values too.
fn texts(field: &Field) -> Option<Vec<(&str, u64)>> {
    field.values()?.iter().map(|(value, count)| Some((value.as_str()?, *count))).collect()
}

/// The whole numbers of a field, as numbers or in quotes, and how often each came.
fn integers(field: &Field) -> Option<Vec<(i64, u64)>> {
    let integer = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    field.values()?.iter().map(|(value, count)| Some((integer(value)?, *count))).collect()
}

#[cfg(test)]
mod tests;
