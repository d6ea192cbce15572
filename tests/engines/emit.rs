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
            row.retain(|name, _| !["revision", "open"].contains(&name.as_str()));
            // Python rounds in another order.
            for end in row["ci95"].as_array_mut().expect("an interval") {
                *end = format!("{:.9}", end.as_f64().expect("a number")).into();
            }
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
    std::fs::write(directory.path().join("forms.json"), FORMS).unwrap();
    std::fs::write(directory.path().join("control.json"), CONTROL).unwrap();
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
    std::fs::write(directory.path().join("forms.json"), FORMS).unwrap();
    std::fs::write(directory.path().join("control.json"), CONTROL).unwrap();
    let lines = [
        "running-avg lines hostile/ rich --success 2xx,304",
        "window lines hostile rich --by status,service --size 7s --offset 2s",
        "running-avg arrays broken --by status,service",
        "window 'broken/*.json' 'arrays/*.json' --size 10s --slide 4s --offset 1s --failure 5xx",
    ];
    let lines: Vec<&str> = lines.into_iter().chain(odd_lines()).collect();
    run_spark(&lines, directory.path(), &env);
    assert_spark_printed(&lines, directory.path());
}

fn assert_spark_printed(lines: &[&str], directory: &Path) {
    for (place, line) in lines.iter().enumerate() {
        let printed = std::fs::read_to_string(directory.join(format!("{place}.py.out"))).unwrap();
        let rows: Vec<Json> = printed.lines().map(|line| serde_json::from_str(line).expect("a row is JSON")).collect();
        assert_eq!(sorted(&rows), native(line, directory), "{line}");
    }
}

/// Runs the programs one after the other in one JVM, whose start takes longer than they do.
fn run_spark(lines: &[&str], directory: &Path, env: &BTreeMap<String, String>) {
    let names: Vec<String> = (0..lines.len()).map(|place| format!("{place}.py")).collect();
    for (name, line) in names.iter().zip(lines) {
        let program = said(&format!("streamlab {line} --emit pyspark"), directory).stdout;
        std::fs::write(directory.join(name), program).unwrap();
    }
    let output = python_with_spark(&[&["-c".to_owned(), RUN_ALL.to_owned()], &names[..]].concat(), directory, env);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn python_with_spark(arguments: &[String], directory: &Path, env: &BTreeMap<String, String>) -> Output {
    let toolchain = toolchain::find().expect("doctor found one");
    let python = toolchain.python.map_or(python(), |python| python.display().to_string());
    Command::new(&python)
        .args(arguments)
        .envs(env)
        .env("PYSPARK_PYTHON", &python)
        .env("PYSPARK_SUBMIT_ARGS", "--master local[2] --conf spark.ui.enabled=false pyspark-shell")
        .current_dir(directory)
        .output()
        .unwrap()
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

/// One field in all of its forms, statuses and times as libraries write them.
const FORMS: &str = r#"{"Timestamp": "2025-10-15T20:21:26Z", "Resource": {"service.name": "a"}, "Attributes": {"http.response.status_code": "+200"}}
{"Timestamp": "2025-10-15T20:21:26+01", "Resource": {"service": {"name": "b"}}, "Attributes": {"http": {"response": {"status_code": 2e2}}}}
{"Timestamp": "2025-10-15 20:21:26 +0130", "Resource.service.name": "c", "Attributes.http.response.status_code": "0503"}
{"Timestamp": "0001-01-01T00:00:00Z", "Resource.service": {"name": "d"}, "Attributes": {"http.response": {"status_code": 200}}}
{"Timestamp": "2016-12-31T23:59:60Z", "Resource": {"service": "no object", "service.name": "e"}, "Attributes": {"http": {"response.status_code": 404.0}}}
{"Timestamp": " +1760559686 ", "Resource": {"service.name": "f"}, "Attributes": {"http.response.status_code": " 200 "}}
{"Timestamp": "2025-10-15T20:21:26Z", "Resource": {"service.name": "g"}, "Attributes": {"http.response.status_code": "-200"}}
"#;

/// A control character in the first line.
const CONTROL: &str = "{\"service\": \"x\u{1f}y\", \"status\": 200}\n{\"service\": \"a\", \"status\": 200}\n";

/// Lines over the files above and below.
fn odd_lines() -> [&'static str; 6] {
    [
        "running-avg forms.json --schema otel",
        "window forms.json --schema otel --size 1s",
        "running-avg control.json",
        r#"window 'odd "it'\''s" [1].log' --size 2s --failure 4xx,503"#,
        r#"running-avg ecs.json --schema ecs --by "service.name,it's.a b""#,
        r#"window ecs.json --schema ecs --size 3s --slide 1s --by "it's.a b" --max-ahead off"#,
    ]
}

/// The exit code of a program, and what it says.
fn ended(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_program_reads_a_file_once_and_says_that_nothing_counted() {
    let directory = tempfile::tempdir().unwrap();
    spark::write_links(directory.path());
    std::fs::write(directory.path().join("filtered.json"), "{\"service\": \"a\"}\n").unwrap();
    std::fs::write(directory.path().join("empty.json"), "").unwrap();
    let lines = ["running-avg containers more", "running-avg all more/deep/0.log --by service,status"];
    let nothing = ["filtered.json", "empty.json"];
    if has_polars() {
        lines.iter().for_each(|line| _ = assert_polars_agrees(line, directory.path()));
        for source in nothing {
            let (code, said) = ended(&run_polars(&format!("running-avg {source}"), directory.path()));
            assert!(code == Some(1) && said.contains("no "), "{said}");
        }
    }
    let Some(env) = spark::environment() else { return };
    run_spark(&lines, directory.path(), &env);
    assert_spark_printed(&lines, directory.path());
    for source in nothing {
        let program = said(&format!("streamlab running-avg {source} --emit pyspark"), directory.path()).stdout;
        std::fs::write(directory.path().join("nothing.py"), program).unwrap();
        let (code, said) = ended(&python_with_spark(&["nothing.py".to_owned()], directory.path(), &env));
        assert!(code == Some(1) && said.contains("no "), "{said}");
    }
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
