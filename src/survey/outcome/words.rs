//! Outcomes in words, and in true and false.

use super::super::Survey;
use super::super::field::{Field, Kind};
use super::{FAILURE_IF, Outcome, SUCCESS_IF, integers, is_common, is_one_of, last_key, ranked, texts};

const SUCCESS: [&str; 13] = [
    "success",
    "succeeded",
    "successful",
    "ok",
    "okay",
    "pass",
    "passed",
    "allow",
    "allowed",
    "true",
    "yes",
    "granted",
    "succeed",
];
const FAILURE: [&str; 18] = [
    "failure",
    "failed",
    "fail",
    "error",
    "errored",
    "err",
    "ko",
    "deny",
    "denied",
    "rejected",
    "timeout",
    "exception",
    "false",
    "no",
    "unsuccessful",
    "crashed",
    "fatal",
    "abandoned",
];
/// What is neither, or not yet.
const OPEN: [&str; 18] = [
    "unknown",
    "unset",
    "completed",
    "skipped",
    "pending",
    "running",
    "queued",
    "scheduled",
    "started",
    "cancelled",
    "canceled",
    "none",
    "partial",
    "challenge",
    "neutral",
    "upforretry",
    "warning",
    "restarting",
];

/// A field that says in words what came of it.
pub fn outcome(survey: &Survey) -> Option<Outcome> {
    const NAMES: [&str; 8] = ["outcome", "result", "status", "statuscode", "conclusion", "state", "res", "verdict"];
    let rank = |field: &Field| NAMES.iter().position(|known| *known == last_key(field));
    ranked(survey, rank).into_iter().filter(|(field, ..)| is_common(field, survey)).find_map(|(field, path, name)| {
        let (flag, condition, failures) = by_words(&name, &texts(field)?)?;
        Some(Outcome { flag, condition, path: path.clone(), records: field.known(), failures })
    })
}

/// A field that is true or false, in whatever way it is written.
pub fn truth(survey: &Survey) -> Option<Outcome> {
    const GOOD: [&str; 7] = ["success", "succeeded", "successful", "ok", "issuccess", "issuccessful", "passed"];
    const BAD: [&str; 8] = ["failed", "failure", "iserror", "haserror", "isfailure", "isfailed", "error", "errored"];
    let rank = |field: &Field| {
        let last = last_key(field);
        GOOD.iter().chain(&BAD).position(|known| *known == last)
    };
    ranked(survey, rank).into_iter().filter(|(field, ..)| is_common(field, survey)).find_map(|(field, path, name)| {
        let is_good = GOOD.contains(&&*last_key(field));
        let flag = if is_good { SUCCESS_IF } else { FAILURE_IF };
        let (condition, holds) = holds(field, &name, is_good)?;
        let failures = if is_good { field.known() - holds } else { holds };
        Some(Outcome { flag, condition, path: path.clone(), records: field.known(), failures })
    })
}

/// The condition under which a field is true, and how often it was.
fn holds(field: &Field, name: &str, is_good: bool) -> Option<(String, u64)> {
    if field.count(&[Kind::Bool]) == field.known() {
        let holds = field.values()?.iter().filter(|(value, _)| *value == true).map(|(_, count)| count).sum();
        return Some((name.to_owned(), holds));
    }
    if field.count(&[Kind::Int]) == field.known() {
        let numbers = integers(field)?;
        let is_truth = numbers.iter().all(|(number, _)| (0..=1).contains(number));
        let holds = numbers.iter().filter(|(number, _)| *number == 1).map(|(_, count)| count).sum();
        // So many failures are failures too.
        let condition = if is_good { format!("{name} == 1") } else { format!("{name} != 0") };
        return is_truth.then_some((condition, holds));
    }
    let texts = texts(field)?;
    let word = |text: &str| match text.to_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    };
    let words: Vec<(&str, u64, bool)> =
        texts.iter().map(|(text, count)| Some((*text, *count, word(text)?))).collect::<Option<_>>()?;
    let (seen, holds) = of(&words.iter().map(|(text, count, is)| (*text, *count, *is)).collect::<Vec<_>>());
    // What is only ever false is compared with that: how its opposite is spelled nobody has seen.
    Some(match seen.is_empty() {
        false => (is_one_of(name, &seen), holds),
        true => {
            let all: Vec<String> = words.iter().map(|(text, ..)| (*text).to_owned()).collect();
            match all.as_slice() {
                [word] => (format!("{name} != {word:?}"), 0),
                all => (format!("!({})", is_one_of(name, all)), 0),
            }
        }
    })
}

/// The flag and the condition for such words, and how many failures it counts.
fn by_words(name: &str, texts: &[(&str, u64)]) -> Option<(&'static str, String, u64)> {
    let is = |list: &[&str], text: &str| list.contains(&&*super::super::names::plain(text));
    if !texts.iter().all(|(text, _)| is(&SUCCESS, text) || is(&FAILURE, text) || is(&OPEN, text)) {
        return None;
    }
    let of = |list: &[&str]| of(&texts.iter().map(|(text, count)| (*text, *count, is(list, text))).collect::<Vec<_>>());
    let ((good, _), (bad, failures)) = (of(&SUCCESS), of(&FAILURE));
    if !bad.is_empty() {
        return Some((FAILURE_IF, is_one_of(name, &bad), failures));
    }
    // How a failure is spelled was not seen: all else is one, where nothing else is known.
    (!good.is_empty() && good.len() == texts.len()).then(|| (SUCCESS_IF, is_one_of(name, &good), 0))
}

/// The texts that are meant, in the order of the alphabet, and how often they came.
fn of(texts: &[(&str, u64, bool)]) -> (Vec<String>, u64) {
    let meant = texts.iter().filter(|(.., is_meant)| *is_meant);
    let mut words: Vec<String> = meant.clone().map(|(text, ..)| (*text).to_owned()).collect();
    words.sort();
    (words, meant.map(|(_, count, _)| count).sum())
}
