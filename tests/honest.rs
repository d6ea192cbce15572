//! For random records and random questions: each field that is named is in some record, or the run said so; a
//! rate is what a naive recount says; arithmetic means the same in a condition and in an aggregate; and no aggregate ignores a value unsaid.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::fs;
use std::process::{Command, Output};

/// Names as they are written in a question, and the keys that they stand for.
const NAMES: &[(&str, &[&str])] = &[
    ("a", &["a"]),
    ("level", &["level"]),
    ("http.code", &["http", "code"]),
    ("http.route.name", &["http", "route", "name"]),
    ("`sc-status`", &["sc-status"]),
    ("`@l`", &["@l"]),
    ("labels.`x y`", &["labels", "x y"]),
    ("levl", &["levl"]),
    ("htp.code", &["htp", "code"]),
];

/// A value at these keys, of which any in a row are joined to one with dots.
fn put(record: &mut Map<String, Value>, keys: &[&str], joined: usize, value: Value) {
    let taken = joined.clamp(1, keys.len());
    let key = keys[..taken].join(".");
    if taken == keys.len() {
        record.insert(key, value);
        return;
    }
    let inner = record.entry(key).or_insert_with(|| json!({}));
    if let Value::Object(inner) = inner {
        put(inner, &keys[taken..], 1, value);
    }
}

/// What is found at these keys, nested or joined.
fn find<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    if keys.is_empty() {
        return Some(value);
    }
    (1..=keys.len()).find_map(|taken| find(value.get(keys[..taken].join("."))?, &keys[taken..]))
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(7)),
        Just(json!(7.5)),
        Just(json!("7")),
        Just(json!("error")),
        Just(json!("12ms")),
        Just(json!(true)),
        Just(json!([1])),
    ]
}

fn records() -> impl Strategy<Value = Vec<Value>> {
    let fields = prop::collection::vec((0..NAMES.len() - 2, 1usize..4, values()), 0..4);
    let record = fields.prop_map(|fields| {
        let mut record = Map::new();
        for (name, joined, value) in fields {
            // One form a record, so that no name is there twice.
            let first = NAMES[name].1[0];
            let is_of_it = |key: &String| key == first || key.starts_with(&format!("{first}."));
            if !record.keys().any(is_of_it) {
                put(&mut record, NAMES[name].1, joined, value);
            }
        }
        record.insert("timestamp".to_owned(), json!(1_795_860_000));
        record.insert("service".to_owned(), json!("s"));
        Value::Object(record)
    });
    prop::collection::vec(record, 1..6)
}

fn run(records: &[Value], arguments: &[&str]) -> Output {
    let place = tempfile::tempdir().unwrap();
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    fs::write(place.path().join("x.log"), lines).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamlab"));
    command.current_dir(place.path()).args(["window", "x.log", "--size", "1m", "-o", "json", "--final"]);
    command.args(arguments).output().unwrap()
}

fn is_number(value: &Value) -> bool {
    value.is_number() || value.as_str().is_some_and(|text| text.parse::<f64>().is_ok())
}

/// Operators as they are written, and what they do.
type Operator = (&'static str, fn(f64, f64) -> f64);
type Comparison = (&'static str, fn(f64, f64) -> bool);

const OPERATORS: &[Operator] =
    &[("+", |a, b| a + b), ("-", |a, b| a - b), ("*", |a, b| a * b), ("/", |a, b| a / b), ("%", |a, b| a % b)];
const COMPARISONS: &[Comparison] =
    &[(">", |a, b| a > b), ("<=", |a, b| a <= b), ("==", |a, b| a == b), ("!=", |a, b| a != b)];

/// Values that are calculated with, as different programs write them.
fn calculated() -> impl Strategy<Value = Value> {
    let numbers =
        prop_oneof![Just(json!(3500)), Just(json!(3500.0)), Just(json!("3500")), Just(json!(7)), Just(json!(7.5))];
    prop_oneof![4 => numbers, 1 => values(), 1 => (-20i64..20).prop_map(|value| json!(value))]
}

fn record_of(value: Value) -> Value {
    json!({"timestamp": 1_795_860_000, "service": "s", "a": value})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_no_record_has_is_said_and_the_rest_is_counted_right(
        records in records(),
        (of, by, summed) in (0..NAMES.len(), 0..NAMES.len(), 0..NAMES.len()),
        (operator, literal) in (prop::sample::select(&["==", "!="][..]), prop::sample::select(&["7", "\"error\"", "\"7\"", "true"][..])),
    ) {
        let rate = format!("r=rate({} {operator} {literal})", NAMES[of].0);
        let list = format!("count,{rate},m=max({})", NAMES[summed].0);
        let output = run(&records, &["--agg", &list, "--by", NAMES[by].0]);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        prop_assert_eq!(output.status.code(), Some(0), "{}", stderr);
        let report: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();

        for (name, keys) in [of, by, summed].map(|place| NAMES[place]) {
            let is_there = records.iter().any(|record| find(record, keys).is_some());
            let is_said = stderr.contains(&format!("no record of {} has the field `{}`", records.len(), name.escape_debug()));
            prop_assert_eq!(is_said, !is_there, "{} in {:?}: {}", name, records, stderr);
        }

        let literal: Value = serde_json::from_str(literal).unwrap();
        let holds = |record: &&Value| {
            let value = find(record, NAMES[of].1).unwrap_or(&Value::Null);
            let is_equal = match (value.as_f64(), literal.as_f64()) {
                (Some(left), Some(right)) => left == right,
                _ => *value == literal,
            };
            is_equal == (operator == "==")
        };
        let expected = records.iter().filter(holds).count() as u64;
        let rows = report["rows"].as_array().unwrap();
        let hits: f64 = rows.iter().map(|row| row["r"].as_f64().unwrap() * row["count"].as_f64().unwrap()).sum();
        prop_assert_eq!(hits.round() as u64, expected, "{} over {:?}", rate, records);

        let present = records.iter().filter_map(|record| find(record, NAMES[summed].1)).filter(|value| !value.is_null());
        let ignored = present.filter(|value| !is_number(value)).count() as u64;
        prop_assert_eq!(report["ignored"]["m"].as_u64().unwrap_or(0), ignored, "{} over {:?}: {}", list, records, stdout);
    }

    #[test]
    fn arithmetic_is_what_a_naive_recount_says(
        values in prop::collection::vec(calculated(), 1..6),
        (operator, by) in (0..OPERATORS.len(), prop::sample::select(&["2", "1000", "0.5", "0", "-3"][..])),
        (comparison, bound) in (0..COMPARISONS.len(), prop::sample::select(&["3", "3.5", "7", "14.0", "0", "-2"][..])),
    ) {
        let records: Vec<Value> = values.iter().map(|value| record_of(value.clone())).collect();
        let ((sign, calculate), (compare, holds)) = (OPERATORS[operator], COMPARISONS[comparison]);
        let agg = format!("r=rate(a {sign} {by} {compare} {bound}), n=sum(a {sign} {by} {compare} {bound} ? 1 : 0), m=max(a {sign} {by})");
        let output = run(&records, &["--agg", &agg, "--by", "service"]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        prop_assert_eq!(output.status.code(), Some(0), "{}", stderr);
        let report: Value = serde_json::from_slice(output.stdout.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap()).unwrap();
        let row = &report["rows"][0];

        let (by, bound): (f64, f64) = (by.parse().unwrap(), bound.parse().unwrap());
        let numbers = values.iter().filter_map(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
        let results: Vec<f64> = numbers.map(|number| calculate(number, by)).filter(|result| result.is_finite()).collect();
        let hits = results.iter().filter(|result| holds(**result, bound)).count();
        let rate = row["r"].as_f64().unwrap() * row["count"].as_f64().unwrap_or(values.len() as f64);
        prop_assert_eq!(rate.round() as usize, hits, "{} over {:?}: {}", agg, values, row);
        prop_assert_eq!(row["n"].as_f64().unwrap_or(0.0) as usize, hits, "{} over {:?}: {}", agg, values, row);
        prop_assert_eq!(row["m"].as_f64(), results.into_iter().reduce(f64::max), "{} over {:?}: {}", agg, values, row);
    }
}
