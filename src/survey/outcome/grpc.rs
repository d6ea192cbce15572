//! The code of a gRPC call: OK or 0, or a failure.

use super::super::Survey;
use super::super::field::{Field, Kind};
use super::super::names::plain;
use super::{FAILURE_IF, Outcome, integers, is_common, is_one_of, last_key, ranked, texts};

/// As they are spelled without underscores and case.
const CODES: [&str; 18] = [
    "ok",
    "cancelled",
    "canceled",
    "unknown",
    "invalidargument",
    "deadlineexceeded",
    "notfound",
    "alreadyexists",
    "permissiondenied",
    "resourceexhausted",
    "failedprecondition",
    "aborted",
    "outofrange",
    "unimplemented",
    "internal",
    "unavailable",
    "dataloss",
    "unauthenticated",
];

pub fn outcome(survey: &Survey) -> Option<Outcome> {
    ranked(survey, rank).into_iter().filter(|(field, ..)| is_common(field, survey)).find_map(|(field, path, name)| {
        let (condition, records) = match integers(field) {
            Some(codes) if codes.iter().all(|(code, _)| (0..=16).contains(code)) => {
                let is_text = field.count(&[Kind::Text]) > 0;
                let ok: u64 = codes.iter().filter(|(code, _)| *code == 0).map(|(_, count)| count).sum();
                (format!("{name} != {}", if is_text { "\"0\"" } else { "0" }), ok)
            }
            Some(_) => return None,
            None => is_not_ok(field, &name)?,
        };
        let failures = field.known() - records;
        Some(Outcome { flag: FAILURE_IF, condition, path: path.clone(), records: field.known(), failures })
    })
}

/// The condition for all but success, however that is spelled, and how often it came.
fn is_not_ok(field: &Field, name: &str) -> Option<(String, u64)> {
    let texts = texts(field)?;
    if !texts.iter().all(|(text, _)| CODES.contains(&&*plain(text))) {
        return None;
    }
    let seen: Vec<_> = texts.iter().filter(|(text, _)| plain(text) == "ok").collect();
    let is_small = texts.iter().all(|(text, _)| !text.contains(char::is_uppercase));
    let condition = match seen.as_slice() {
        [] => format!("{name} != {:?}", if is_small { "ok" } else { "OK" }),
        [(word, _)] => format!("{name} != {word:?}"),
        words => {
            let words: Vec<String> = words.iter().map(|(word, _)| (*word).to_owned()).collect();
            format!("!({})", is_one_of(name, &words))
        }
    };
    Some((condition, seen.iter().map(|(_, count)| count).sum()))
}

fn rank(field: &Field) -> Option<usize> {
    if !field.name.to_lowercase().contains("grpc") {
        return None;
    }
    let last = last_key(field).replace("grpc", "");
    ["code", "statuscode", "status", "responsestatus", "responsecode"].iter().position(|known| *known == last)
}
