//! Printed programs are run, and give the native answer.

use crate::shell::run;
use crate::{LOGS, QUESTIONS, logs, report, said, spark};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use streamlab::bridge::spark::toolchain;

/// The Python that programs are run with.
fn python() -> String {
    std::env::var("POLARS_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Whether that Python has Polars; else says that a test is left out.
fn has_polars() -> bool {
    let tried = Command::new(python()).args(["-c", "import polars"]).output();
    let has_it = tried.is_ok_and(|tried| tried.status.success());
    if !has_it {
        println!("left out: {} has no polars; POLARS_PYTHON names another Python", python());
    }
    has_it
}

/// The rows that a program prints, in the order of their texts, and what it says.
fn rows_of(output: &Output, what: &str) -> (Vec<String>, String) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}\n{stderr}");
    let rows: Vec<Json> = stdout.lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect();
    (sorted(&rows), stderr.into_owned())
}

/// Rows as texts, in order, without what only we work out.
fn sorted(rows: &[Json]) -> Vec<String> {
    let mut texts: Vec<String> = rows
        .iter()
        .map(|row| {
            let mut row = row.as_object().expect("a row is an object").clone();
            row.retain(|name, _| !["ci95", "revision", "open"].contains(&name.as_str()));
            Json::Object(row).to_string()
        })
        .collect();
    texts.sort();
    texts
}

fn native(line: &str, directory: &Path) -> Vec<String> {
    let late = if line.starts_with("window") { "--watermark-delay 3650d" } else { "" };
    let report = report(&format!("streamlab {line} {late} -q -o json --final"), directory);
    sorted(report["rows"].as_array().expect("rows"))
}

fn run_polars(line: &str, directory: &Path) -> Output {
    let program = said(&format!("streamlab {line} --emit polars"), directory).stdout;
    std::fs::write(directory.join("program.py"), program).unwrap();
    Command::new(python()).arg("program.py").current_dir(directory).output().unwrap()
}

fn assert_polars_agrees(line: &str, directory: &Path) -> String {
    let (rows, said) = rows_of(&run_polars(line, directory), line);
    assert_eq!(rows, native(line, directory), "{line}");
    said
}

#[test]
fn a_polars_program_gives_the_native_answer() {
    if !has_polars() {
        return;
    }
    let directory = logs();
    for (name, _) in LOGS {
        for flags in QUESTIONS {
            assert_polars_agrees(&format!("running-avg {name} {flags}"), directory.path());
            let windows = "--size 7s --offset 2s";
            assert_polars_agrees(&format!("window {name} {flags} {windows}"), directory.path());
        }
        let sliding = format!("window {name} --size 10s --slide 4s --offset 1s --failure 5xx");
        assert_polars_agrees(&sliding, directory.path());
    }
    let said = assert_polars_agrees("running-avg rich/ 'lines/*.ndjson' arrays", directory.path());
    assert_eq!(said, "read 9200 records, counted 9200\n");
}

#[test]
fn a_polars_program_finds_fields_times_and_statuses_as_we_do() {
    if !has_polars() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("odd \"it's\" [1].log"), ODD).unwrap();
    std::fs::write(directory.path().join("ecs.json"), ECS).unwrap();
    for line in odd_lines() {
        assert_polars_agrees(line, directory.path());
    }
}

#[test]
fn a_spark_program_gives_the_native_answer() {
    let Some(env) = spark::environment() else { return };
    let directory = logs();
    std::fs::write(directory.path().join("odd \"it's\" [1].log"), ODD).unwrap();
    std::fs::write(directory.path().join("ecs.json"), ECS).unwrap();
    let lines = [
        "running-avg lines hostile/ rich --success 2xx,304",
        "window lines hostile rich --by status,service --size 7s --offset 2s",
        "running-avg arrays broken --by status,service",
        "window 'broken/*.json' 'arrays/*.json' --size 10s --slide 4s --offset 1s --failure 5xx",
    ];
    let lines: Vec<&str> = lines.into_iter().chain(odd_lines()).collect();
    run_spark(&lines, directory.path(), &env);
    for (place, line) in lines.iter().enumerate() {
        let printed = std::fs::read_to_string(directory.path().join(format!("{place}.py.out"))).unwrap();
        let rows: Vec<Json> = printed.lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect();
        assert_eq!(sorted(&rows), native(line, directory.path()), "{line}");
    }
}

/// Runs the programs one after the other in one JVM, whose start takes longer than they do.
fn run_spark(lines: &[&str], directory: &Path, env: &BTreeMap<String, String>) {
    let names: Vec<String> = (0..lines.len()).map(|place| format!("{place}.py")).collect();
    for (name, line) in names.iter().zip(lines) {
        let program = said(&format!("streamlab {line} --emit pyspark"), directory).stdout;
        std::fs::write(directory.join(name), program).unwrap();
    }
    let toolchain = toolchain::find().expect("doctor found one");
    let python = toolchain.python.map_or(python(), |python| python.display().to_string());
    let output = Command::new(&python)
        .args(["-c", RUN_ALL])
        .args(names)
        .envs(env)
        .env("PYSPARK_PYTHON", &python)
        .env("PYSPARK_SUBMIT_ARGS", "--master local[2] --conf spark.ui.enabled=false pyspark-shell")
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const RUN_ALL: &str = "
import contextlib, runpy, sys
for path in sys.argv[1:]:
    with open(path + '.out', 'w') as out, contextlib.redirect_stdout(out):
        runpy.run_path(path, run_name='__main__')
";

/// Records that are read differently by whoever is careless.
pub const ODD: &str = r#"{"service": "a", "timestamp": 1760559686.31526, "message": "HTTP Status Code: 200"}
{"service": "a", "timestamp": "2025-10-15T20:21:27.5+02:00", "status": 503, "message": "HTTP Status Code: 200"}
{"service": "b\"\\\n", "timestamp": "2025-10-15 20:21:26,315", "status": "200"}
{"service": null, "timestamp": 1760559686315, "status": 200.0}
{"timestamp": 1760559686315260, "status": 7, "message": "x HTTP Status Code: 404, HTTP Status Code: 200"}
{"service": "a", "timestamp": 1760559690000000000, "message": "HTTP Status Code: 2000 HTTP Status Code: 200"}
{"service": "a", "timestamp": 1760559690000000000, "message": "HTTP Status Code: 099"}
{"service": "a", "timestamp": 1760559690000000000, "message": "HTTP Status Code: 304\n"}
{"service": "é", "timestamp": "1760559689.999999", "status": null, "message": "HTTP Status Code: 500é"}
{"service": "nobody", "message": "started"}

not JSON
{"service": "a", "status": 200, "timestamp": NaN}
{"service": "a", "timestamp": 1760559686.5, "status": 2"#;

pub const ECS: &str = r#"{"@timestamp": "2025-10-15T20:21:26Z", "service.name": "pay", "http": {"response": {"status_code": 502}}, "it's": {"a b": "x"}}
{"@timestamp": "2025-10-15T20:21:28.000001Z", "service.name": "pay", "http": {"response": {"status_code": "200"}}, "it's": {"a b": "y"}}
{"@timestamp": "2025-10-15T20:21:29Z", "http": "none", "message": "HTTP Status Code: 404"}
"#;

fn odd_lines() -> [&'static str; 3] {
    [
        r#"window 'odd "it'\''s" [1].log' --size 2s --failure 4xx,503"#,
        r#"running-avg ecs.json --schema ecs --by "service,it's.a b""#,
        r#"window ecs.json --schema ecs --size 3s --slide 1s --by "it's.a b" --max-ahead off"#,
    ]
}

#[test]
fn a_program_says_where_it_came_from_whatever_was_typed() {
    let directory = logs();
    let line = r#"streamlab running-avg lines --by '"a""""\n' --emit polars"#;
    let ran = run(line, directory.path(), &BTreeMap::new());
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    let program = said(r#"streamlab running-avg lines --by "a\"b'c" --emit polars"#, directory.path()).stdout;
    assert!(program.contains(r#"streamlab running-avg lines --by 'a\"b'\\''c'"#), "{program}");
    assert!(program.contains(r#"KEYS = ["a\"b'c"]"#), "{program}");
}
