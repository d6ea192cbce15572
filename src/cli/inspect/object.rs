//! The findings as one JSON object, for programs. Field names are stable.

use super::findings::{Findings, words};
use crate::survey::{Field, Outcome};
use serde_json::{Map, Value, json};

/// `sources` are the flags that lead to what was looked at.
pub fn object(findings: &Findings, sources: &[(&str, &str)]) -> Value {
    let files = findings.kinds.iter().map(|((shape, encoding), streams)| {
        json!({
            "layout": shape, "encoding": encoding, "files": streams.files, "bytes": streams.bytes,
            "records": streams.records, "bad": streams.bad, "longer": streams.longer,
            "broken": streams.broken,
        })
    });
    let reasons = findings.reasons.list.iter().map(|reason| {
        let (source, offset) = &reason.first;
        json!({"reason": reason.text, "records": reason.records, "first": {"source": source, "offset": offset}})
    });
    let survey = &findings.survey;
    let times = survey.fields().filter(|field| field.times.look_like_time()).map(|field| {
        let forms: Vec<&str> = field.times.forms.iter().map(|form| form.name()).collect();
        let (oldest, newest) = field.times.span.0.map(|(a, b)| (a.to_string(), b.to_string())).unzip();
        json!({"field": field.name, "forms": forms, "oldest": oldest, "newest": newest})
    });
    json!({
        "records": survey.records(),
        "bad": findings.sum(|streams| streams.bad),
        "complete": findings.sum(|streams| streams.longer + streams.broken) == 0,
        "files": files.collect::<Vec<_>>(),
        "bad_records": reasons.collect::<Vec<_>>(),
        "fields": survey.fields().map(|name| field(name, survey.records())).collect::<Vec<_>>(),
        "times": times.collect::<Vec<_>>(),
        "statuses": statuses(findings),
        "repeated_ids": repeated_ids(findings),
        "suggestion": suggestion(findings, sources),
    })
}

fn field(field: &Field, records: u64) -> Value {
    let types: Map<String, Value> =
        field.kinds.iter().map(|(kind, count)| (kind.name().to_owned(), (*count).into())).collect();
    let (min, max) = field.range.unzip();
    json!({
        "field": field.name,
        "records": field.records,
        "share": field.records as f64 / records as f64,
        "types": types,
        "distinct": field.distinct(),
        "min": min,
        "max": max,
        "examples": field.examples().collect::<Vec<_>>(),
    })
}

fn statuses(findings: &Findings) -> Value {
    let Some(codes) = findings.fit.as_ref().and_then(|fit| fit.codes.as_ref()) else { return Value::Null };
    let counts = codes.counts.iter().map(|(code, records)| json!({"status": code, "records": records}));
    json!({
        "field": codes.path.to_string(), "in_message": codes.in_message, "codes": counts.collect::<Vec<_>>(),
    })
}

/// Fields that are to tell records apart and do not.
fn repeated_ids(findings: &Findings) -> Value {
    let repeated = findings.survey.fields().filter_map(|field| {
        let distinct = field.repeated_ids()?;
        Some(json!({"field": field.path.as_ref()?.to_string(), "records": field.known(), "distinct": distinct}))
    });
    repeated.collect()
}

fn outcome(outcome: &Outcome) -> Value {
    json!({
        "flag": outcome.flag, "condition": outcome.condition, "field": outcome.path.to_string(),
        "records": outcome.records, "failures": outcome.failures,
    })
}

fn suggestion(findings: &Findings, sources: &[(&str, &str)]) -> Value {
    let Some(fit) = &findings.fit else { return Value::Null };
    let roles = fit
        .found
        .iter()
        .map(|found| json!({"role": found.role.name(), "field": found.place(), "records": found.records}));
    // All of the command but its name and its sources.
    let flags = findings.question().map_or_else(|| fit.flags(&crate::survey::Nesting::default()), |(_, flags)| flags);
    json!({
        "schema": fit.known.map(|preset| preset.name),
        "flags": words(&flags),
        "outcome": fit.outcome.as_ref().map(outcome),
        "roles": roles.collect::<Vec<_>>(),
        "by": fit.by,
        "command": findings.command(sources),
    })
}
