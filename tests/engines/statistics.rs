//! Recovery and anomalies on Spark, against what a look at each record says.

use crate::spark::{environment, order};
use crate::{logs, report, report_of, said_with};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

type Environment = BTreeMap<String, String>;

/// What Spark answers at the end.
fn answer(flags: &str, directory: &Path, env: &Environment) -> Json {
    report_of(&said_with(&format!("streamlab spark {flags} -q -o json --final --master 'local[2]'"), directory, env))
}

#[test]
fn times_to_recovery_are_those_of_the_records() {
    let Some(env) = environment() else { return };
    let directory = logs();
    let got = answer("lines rich --statistic recovery --within 3s", directory.path(), &env);
    let expected = recoveries(&[directory.path().join("lines"), directory.path().join("rich")], 3_000_000);
    assert_eq!(got["rows"].as_array().unwrap().len(), expected.len());
    let mut recovered = 0;
    for row in got["rows"].as_array().unwrap() {
        let (failures, times) = &expected[row["service"].as_str().unwrap()];
        recovered += times.len();
        assert_eq!((&row["failures"], &row["recovered"]), (&(*failures).into(), &times.len().into()), "{row}");
        let mean = times.iter().sum::<i64>() as f64 / times.len() as f64;
        let told = [("mttr_seconds", mean), ("p50_seconds", times[(times.len() - 1) / 2] as f64)];
        for (name, micros) in told.into_iter().chain([("max_seconds", *times.last().unwrap() as f64)]) {
            assert_near(&row[name], micros / 1e6, row);
        }
    }
    assert!(recovered > 100 && got["overall"]["failures"].as_u64().unwrap() > recovered as u64, "both kinds are there");
}

/// For each service, how often it failed, and the sorted times to recovery in microseconds.
fn recoveries(directories: &[std::path::PathBuf], within: i64) -> BTreeMap<String, (usize, Vec<i64>)> {
    let mut events: BTreeMap<String, Vec<(i64, u64)>> = BTreeMap::new();
    for file in directories.iter().flat_map(|directory| fs::read_dir(directory).unwrap()) {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let record: Json = serde_json::from_str(line).unwrap();
            let told = record["message"].as_str().and_then(|text| text.split("HTTP Status Code: ").nth(1));
            let status = record["status"].as_u64().or_else(|| told?.get(..3)?.parse().ok());
            let micros = (record["timestamp"].as_f64().unwrap() * 1e6).round() as i64;
            events
                .entry(record["service"].as_str().unwrap().to_owned())
                .or_default()
                .extend(status.map(|s| (micros, s)));
        }
    }
    let of_service = |events: Vec<(i64, u64)>| {
        let of = |range: std::ops::Range<u64>| events.iter().filter(move |(_, status)| range.contains(status));
        let failures: Vec<i64> = of(400..600).map(|(time, _)| *time).collect();
        let next = |failure: &i64| of(200..300).map(|(time, _)| time - failure).filter(|time| *time > 0).min();
        let mut times: Vec<i64> = failures.iter().filter_map(next).filter(|time| *time <= within).collect();
        times.sort_unstable();
        (failures.len(), times)
    };
    events.into_iter().map(|(service, events)| (service, of_service(events))).collect()
}

#[test]
fn anomalies_are_those_of_the_windows_before() {
    let Some(env) = environment() else { return };
    let directory = logs();
    let flags = "--statistic anomalies --bucket 2s --threshold 2 --history 20 --failure 5xx";
    let got = answer(&format!("hostile {flags}"), directory.path(), &env);
    let windows = "streamlab window hostile --size 2s --watermark-delay 3650d --failure 5xx -q -o json --final";
    let mut before: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut expected = Vec::new();
    for row in report(windows, directory.path())["rows"].as_array().unwrap() {
        let rate = row["failures"].as_f64().unwrap() / row["total"].as_f64().unwrap();
        let rates = before.entry(row["service"].to_string()).or_default();
        let known = &rates[rates.len().saturating_sub(20)..];
        if known.len() >= 10 {
            let middle = median(known.to_vec());
            let deviation = median(known.iter().map(|known| (known - middle).abs()).collect());
            let score = 0.6745 * (rate - middle) / deviation.max(0.01);
            expected.extend((score.abs() >= 2.0).then(|| (row.clone(), [middle, deviation, score])));
        }
        rates.push(rate);
    }
    let rows = got["rows"].as_array().unwrap();
    assert_eq!(rows.len(), expected.len());
    assert!(rows.len() > 3, "there is something to find");
    for (row, (window, numbers)) in rows.iter().zip(&expected) {
        for name in ["start", "end", "service", "total", "failures", "failure_rate"] {
            assert_eq!(row[name], window[name], "{row}");
        }
        ["median", "mad", "score"]
            .iter()
            .zip(numbers)
            .for_each(|(name, number)| assert_near(&row[*name], *number, row));
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[half] } else { (numbers[half - 1] + numbers[half]) / 2.0 }
}

fn assert_near(got: &Json, expected: f64, row: &Json) {
    let got = got.as_f64().unwrap();
    assert!((got - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{got} for {expected} in {row}");
}

/// What is no request moves time as well: what comes behind it is late, and no window is told twice.
#[test]
fn a_record_that_is_ahead_closes_windows_once() {
    let Some(env) = environment() else { return };
    let directory = logs();
    order(&directory.path().join("arrays"));
    for (place, ahead) in [(1, 60), (6, 120)] {
        let file = directory.path().join(format!("arrays/logs_{place:06}.json"));
        let changed = fs::metadata(&file).unwrap().modified().unwrap();
        let mut records: Vec<Json> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let time = records[0]["timestamp"].as_f64().unwrap() + f64::from(ahead);
        records.push(json!({"service": "serving", "timestamp": time, "message": "started"}));
        fs::write(&file, Json::from(records).to_string()).unwrap();
        fs::File::options().write(true).open(&file).unwrap().set_modified(changed).unwrap();
    }
    let line = "streamlab spark arrays --size 1s --watermark-delay 1s --max-files-per-trigger 1";
    let ran = said_with(&format!("{line} -q -o json --master 'local[2]'"), directory.path(), &env);
    let reports: Vec<Json> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rows = reports.iter().flat_map(|report| report["rows"].as_array().unwrap());
    let mut places: Vec<String> = rows.map(|row| format!("{} {}", row["start"], row["service"])).collect();
    let told = places.len();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), told, "each window once");
    let ledger = &reports.last().unwrap()["ledger"];
    assert_eq!((&ledger["read"], &ledger["filtered"]), (&1202.into(), &2.into()));
    let late = ledger["late"].as_u64().unwrap();
    assert_eq!(ledger["counted"].as_u64().unwrap() + late, 1200);
    assert!(late > 800, "all but the first files are behind: {ledger}");
}

/// Nothing is late, and nothing closes before the end.
const ALL_TIME: &str = "--watermark-delay 3650d";

#[test]
fn windows_are_the_same_in_one_batch_or_several() {
    assert_one_answer("--size 10s --slide 5s");
}

#[test]
fn recoveries_are_the_same_in_one_batch_or_several() {
    assert_one_answer("--statistic recovery");
}

#[test]
fn anomalies_are_the_same_in_one_batch_or_several() {
    assert_one_answer("--statistic anomalies --bucket 200ms --threshold 1");
}

/// What closes by a watermark, batch after batch, is what closes at the end.
fn assert_one_answer(statistic: &str) {
    let Some(env) = environment() else { return };
    let directory = logs();
    order(&directory.path().join("arrays"));
    let one = match statistic.starts_with("--size") {
        true => report(&format!("streamlab window arrays {statistic} {ALL_TIME} -q -o json --final"), directory.path()),
        false => answer(&format!("arrays {statistic} {ALL_TIME}"), directory.path(), &env),
    };
    let several = format!("streamlab spark arrays {statistic} --watermark-delay 2s --max-files-per-trigger 4");
    let ran = said_with(&format!("{several} -q -o json --master 'local[2]'"), directory.path(), &env);
    let reports: Vec<Json> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = reports.last().unwrap();
    assert!(reports.len() > 1, "more than the last word\n{}", ran.stdout);
    assert_eq!(last["ledger"], one["ledger"]);
    assert_eq!(one["ledger"]["late"], 0);
    // A row is told when it is final, or all are told each time.
    let is_whole = statistic.contains("recovery");
    let told = reports.iter().filter(|report| !is_whole || report["final"] == true);
    let rows = told.flat_map(|report| report["rows"].as_array().unwrap());
    let mut sorted: Vec<String> = rows.filter(|row| row["open"] != true).map(Json::to_string).collect();
    let mut expected: Vec<String> = one["rows"].as_array().unwrap().iter().map(Json::to_string).collect();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
    assert!(!expected.is_empty());
}
