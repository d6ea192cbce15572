//! A field that is there where something went wrong, and null or missing elsewhere.

use super::super::Survey;
use super::super::field::{Field, Kind};
use super::super::names::plain;
use super::{FAILURE_IF, Outcome, fields};
use crate::expr;
use crate::schema::Path;
use serde_json::Value;

const NAMES: [&str; 13] = [
    "error",
    "err",
    "errorcode",
    "errormessage",
    "errortype",
    "errormsg",
    "errmsg",
    "exception",
    "x",
    "exceptionmessage",
    "exceptiontype",
    "stacktrace",
    "excinfo",
];

pub fn outcome(survey: &Survey) -> Option<Outcome> {
    let mut best: Option<(usize, usize, u64, Outcome)> = None;
    for (field, path, _) in fields(survey) {
        let Some((rank, keys)) = named(field, path) else { continue };
        let (Some(name), errors) = (expr::written(keys), field.known().saturating_sub(field.blanks)) else { continue };
        // A number of zero is no error, and says nothing of others.
        let is_zero = keys.len() == path.keys().len() && field.range.is_some_and(|(low, _)| low <= 0.0);
        // An object in some records, and something else in others.
        let is_mixed = keys.len() < path.keys().len()
            && survey.field(&Path::new(keys.to_vec())).is_some_and(|whole| whole.known() > 0);
        if errors == 0 || errors >= survey.records() || is_zero || is_mixed || may_say_none(field) {
            continue;
        }
        let blanks: String = field.blank_texts().map(|text| format!(" && {name} != {text:?}")).collect();
        let condition = format!("{name} != null{blanks}");
        let path = Path::new(keys.to_vec());
        let outcome = Outcome { flag: FAILURE_IF, condition, path, records: survey.records(), failures: errors };
        let is_better = best.as_ref().is_none_or(|(known, depth, most, _)| {
            (rank, keys.len(), u64::MAX - errors) < (*known, *depth, u64::MAX - *most)
        });
        if is_better {
            best = Some((rank, keys.len(), errors, outcome));
        }
    }
    best.map(|(.., outcome)| outcome)
}

/// Whether a value may say in words, or by itself, that there was no error.
fn may_say_none(field: &Field) -> bool {
    const NONE: [&str; 8] = ["0", "none", "nil", "null", "false", "noerror", "ok", "success"];
    let says_none = |value: &Value| value.as_str().is_some_and(|text| NONE.contains(&&*plain(text)));
    field.count(&[Kind::Bool, Kind::Object]) > 0
        || field.values().is_some_and(|values| values.iter().any(|(value, _)| says_none(value)))
}

/// How well the name says error, and the keys that lead to it: what lies in an object of that name stands for it.
fn named<'p>(field: &Field, path: &'p Path) -> Option<(usize, &'p [String])> {
    let keys = path.keys();
    let place = keys.iter().enumerate().find_map(|(place, key)| {
        let rank = NAMES.iter().position(|known| *known == plain(key))?;
        (key != "x").then_some((rank, place + 1))
    });
    let (rank, depth) = place?;
    // An object may have keys with dots, which lead nowhere by themselves.
    let is_flat = field.is_flat && depth < keys.len();
    Some((rank, if is_flat { keys } else { &keys[..depth] }))
}
