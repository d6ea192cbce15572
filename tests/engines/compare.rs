//! `streamlab compare`: equal, and how not.

use crate::shell::{Ran, run};
use crate::{logs, polars, said_with, spark};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

#[test]
fn engines_that_agree_are_shown_side_by_side() {
    let mut engines = vec!["native"];
    engines.extend(polars::is_there().then_some("polars"));
    let environment = spark::environment();
    engines.extend(environment.is_some().then_some("spark"));
    if engines.len() < 2 {
        return;
    }
    let env = environment.unwrap_or_default();
    let directory = logs();
    let engines = engines.join(",");
    let line = format!("streamlab compare hostile --engines {engines} --size 30s --failure 5xx --master 'local[2]'");
    let page = said_with(&line, directory.path(), &env).stdout;
    let ends =
        format!("Equal: rows: {}, and the ledger\n", page.lines().filter(|line| line.contains(" 2025-")).count());
    assert!(page.ends_with(&ends), "{page}");
}

#[test]
fn an_engine_that_fails_ends_it_with_its_words() {
    let directory = logs();
    let ran = run("streamlab compare missing --engines native", directory.path(), &BTreeMap::new());
    assert!(ran.code == 3 && ran.stderr.contains("missing"), "{}", ran.stderr);
}

/// Events that are old, records that are long, and keys that are many count for each engine.
#[test]
fn engines_are_under_the_same_rules() {
    let mut engines = vec!["native"];
    engines.extend(polars::is_there().then_some("polars"));
    let environment = spark::environment();
    engines.extend(environment.is_some().then_some("spark"));
    if engines.len() < 2 {
        return;
    }
    let env = environment.unwrap_or_default();
    let directory = tempfile::tempdir().unwrap();
    let record = |service: &str, time: i64| json!({"service": service, "timestamp": time, "status": 200}).to_string();
    let mut lines =
        vec![record("now", 1_790_000_000), record("long ago", 60_000_000), record("(other)", 1_790_000_001)];
    lines.push(record(&"long".repeat(5 << 20), 1_790_000_002));
    lines.extend((0..100_001).map(|key| record(&key.to_string(), 1_790_000_003)));
    fs::write(directory.path().join("all.json"), lines.join("\n")).unwrap();
    let line = format!("streamlab compare all.json --engines {} --size 1m --max-ahead off -o json", engines.join(","));
    let object: Json = serde_json::from_str(&said_with(&line, directory.path(), &env).stdout).unwrap();
    assert_eq!(object["equal"], true);
    let has_spark = engines.contains(&"spark");
    let counted = if has_spark { lines.len() } else { lines.len() - 1 };
    assert_eq!(object["engines"][0]["ledger"]["counted"], counted);
}

/// An engine that is called as Spark is, and counts lines of JSON naively; or does what its name says.
const STAND_IN: &str = r#"#!/usr/bin/env python3
import json, os, socket, sys
plan = json.load(open(sys.argv[-1]))
channel = socket.socket(socket.AF_UNIX)
channel.connect(plan["results"])
send = lambda **message: channel.sendall((json.dumps(message) + "\n").encode())
role = os.environ.get("ROLE", "counts")
if role == "fails":
    send(type="failed", message="Spark could not go on: a cable is loose")
    sys.exit(1)
if role == "grows":
    open("logs/a.json", "a").write('{"service": "a", "timestamp": 9, "status": 200}\n')
send(type="ready", spark="4", app="app", master="local")
base = plan["sources"][0]["base"]
files = [base] if os.path.isfile(base) else [os.path.join(base, name) for name in sorted(os.listdir(base))]
records = [json.loads(line) for name in files for line in open(name) if line.strip()]
counted = [record for record in records if "status" in record]
if role == "miscounts":
    counted = counted[1:] + counted[1:2]
groups = {}
for record in counted:
    group = groups.setdefault(record.get("service"), [0, 0])
    group[0] += 1
    group[1] += 200 <= record["status"] < 300
rows = [{"key": [key], "total": total, "success": hits} for key, (total, hits) in groups.items()]
ledger = {"read": len(records), "counted": len(counted), "filtered": len(records) - len(counted)}
send(type="update", rows=rows, seen=None, watermark=None, ledger={**ledger, "late": 0, "duplicate": 0, "dead_letter": 0})
send(type="done")
"#;

/// A directory with logs and an engine that stands in for Spark; none where there is no Python.
fn stand_in(logs: &str) -> Option<TempDir> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|said| said.status.success()) {
        println!("left out: there is no python3");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    fs::create_dir_all(place("spark/bin")).unwrap();
    fs::create_dir(place("logs")).unwrap();
    let submit = place("spark/bin/spark-submit");
    fs::write(&submit, STAND_IN).unwrap();
    fs::set_permissions(submit, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(place("logs/a.json"), logs).unwrap();
    Some(directory)
}

fn compared(directory: &Path, role: &str, source: &str) -> Ran {
    let env = [("SPARK_HOME", "spark"), ("ROLE", role)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    run(&format!("streamlab compare {source} --engines native,spark"), directory, &BTreeMap::from(env))
}

const TWO: &str = "{\"service\": \"a\", \"timestamp\": 1, \"status\": 200}\n{\"service\": \"b\", \"timestamp\": 2, \"status\": 500}\n";

#[test]
fn what_is_equal_and_what_differs() {
    let Some(directory) = stand_in(TWO) else { return };
    let same = compared(directory.path(), "counts", "logs");
    assert!(
        same.code == 0 && same.stdout.ends_with("Equal: rows: 2, and the ledger\n"),
        "{}{}",
        same.stdout,
        same.stderr
    );
    let other = compared(directory.path(), "miscounts", "logs");
    assert!(other.code == 1 && other.stdout.contains("Not equal in "), "{}{}", other.stdout, other.stderr);
    let none = compared(directory.path(), "fails", "logs");
    assert_eq!(none.code, 3);
    assert!(
        none.stderr.contains("spark ended with exit code 3:\n") && none.stderr.contains("a cable is loose"),
        "{}",
        none.stderr
    );
}

#[test]
fn an_engine_that_knows_statuses_only_refuses_an_expression() {
    let Some(directory) = stand_in(TWO) else { return };
    let ran = compared(directory.path(), "counts", "logs --failure-if 'status == 500'");
    let is_said = |words: &str| ran.stderr.contains(words);
    assert!(
        ran.code == 2 && is_said("spark ended with exit code 2") && is_said("--failure-if"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
}

#[test]
fn a_source_that_grew_meanwhile_is_no_difference() {
    let Some(directory) = stand_in(TWO) else { return };
    let ran = compared(directory.path(), "grows", "logs");
    assert_eq!(ran.code, 2);
    assert!(ran.stdout.contains("No verdict: the source changed while it was read\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("logs/a.json had 96 bytes, and has 144"), "{}", ran.stderr);
    let ran = compared(directory.path(), "grows", "logs -o json");
    let object: Json = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &object["equal"]), (2, &Json::Null));
    assert!(object["changed"][0].as_str().is_some_and(|change| change.contains("logs/a.json")));
}

#[test]
fn nothing_is_equal_to_nothing() {
    let filtered = "{\"service\": \"a\", \"timestamp\": 1}\n";
    let Some(directory) = stand_in(filtered) else { return };
    fs::write(directory.path().join("empty.json"), "").unwrap();
    fs::create_dir(directory.path().join("none")).unwrap();
    let reasons = [
        ("logs", "no record of 1 counted (filtered 1)"),
        ("empty.json", "there is no record"),
        ("none", "no file was found"),
    ];
    for (source, reason) in reasons {
        for source in [source.to_owned(), format!("{source} -o json")] {
            let ran = compared(directory.path(), "counts", &source);
            assert!(
                ran.code == 2 && ran.stdout.is_empty() && ran.stderr.contains(reason),
                "{source}: {} {}",
                ran.stdout,
                ran.stderr
            );
        }
    }
}

#[test]
fn limits_of_one_engine_are_lifted_beside_spark() {
    let record = |service: &str| json!({"service": service, "timestamp": 1, "status": 200}).to_string();
    let mut lines = vec![record("(other)"), record(&"long".repeat(5 << 20))];
    lines.extend((0..100_001).map(|key| record(&key.to_string())));
    let Some(directory) = stand_in(&lines.join("\n")) else { return };
    let ran = compared(directory.path(), "counts", "logs");
    let last = ran.stdout.lines().last();
    assert_eq!((ran.code, last), (0, Some("Equal: rows: 100003, and the ledger")), "{}", ran.stderr);
}
