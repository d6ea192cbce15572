//! The code of a gRPC call: OK or 0, or a failure.

use super::super::Survey;
use super::super::field::{Field, Kind};
use super::super::names::plain;
use super::{FAILURE_IF, Outcome, integers, is_common, last_key, ranked, texts};

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
        let (ok, records) = match integers(field) {
            Some(codes) if codes.iter().all(|(code, _)| (0..=16).contains(code)) => {
                let is_text = field.count(&[Kind::Text]) > 0;
                let ok: u64 = codes.iter().filter(|(code, _)| *code == 0).map(|(_, count)| count).sum();
                (if is_text { "\"0\"".to_owned() } else { "0".to_owned() }, ok)
            }
            Some(_) => return None,
            None => word_for_ok(field)?,
        };
        let failures = field.known() - records;
        let condition = format!("{name} != {ok}");
        Some(Outcome { flag: FAILURE_IF, condition, path: path.clone(), records: field.known(), failures })
    })
}

/// How the code of success is spelled, and how often it came.
fn word_for_ok(field: &Field) -> Option<(String, u64)> {
    let texts = texts(field)?;
    if !texts.iter().all(|(text, _)| CODES.contains(&&*plain(text))) {
        return None;
    }
    let seen = texts.iter().find(|(text, _)| plain(text) == "ok");
    let is_small = texts.iter().all(|(text, _)| !text.contains(char::is_uppercase));
    let guess = if is_small { "ok" } else { "OK" };
    Some((format!("{:?}", seen.map_or(guess, |(text, _)| *text)), seen.map_or(0, |(_, count)| *count)))
}

fn rank(field: &Field) -> Option<usize> {
    if !field.name.to_lowercase().contains("grpc") {
        return None;
    }
    let last = last_key(field).replace("grpc", "");
    ["code", "statuscode", "status", "responsestatus", "responsecode"].iter().position(|known| *known == last)
}
