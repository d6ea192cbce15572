//! Logs as software writes them: what `inspect` prints for each is run through the real binary, and has to
//! count every record.
//!
//! A file of `tests/formats/*.toml` holds formats. What is right is stated by hand, a line a record, and added up
//! here; nothing of streamlab is used for that.
//!
//! ```toml
//! [[format]]
//! name = "what writes it"
//! sample = '''
//! the lines of a log
//! '''
//! command = "what inspect is to print, without the source"
//! records = '''
//! 2026-11-27T12:00:00.5Z | cart | 200
//! - | - | -
//! '''
//! ```
//!
//! A record is its time, what it is grouped by and its HTTP status; `-` where it has none. A status of 0 stands for
//! a request without an answer: a failure by what is suggested, and no request for who asks for statuses. Where a
//! format has no statuses, `success` and `failure` say what became of a record. Where nothing tells that, the column
//! is left out, and what is asked is how often each key comes.
//! `UPDATE=1 cargo test --test formats` rewrites the commands; what a record holds is a fact, and never rewritten.

#[path = "../common/json.rs"]
mod json;

use jiff::Timestamp;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    format: Vec<Format>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Format {
    name: String,
    sample: String,
    command: String,
    records: String,
}

/// What a record holds, as it was stated by hand.
struct Record<'a> {
    time: Option<Timestamp>,
    key: Option<&'a str>,
    end: Option<End>,
}

/// What became of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Status(u16),
    Success,
    Failure,
}

impl End {
    fn of(word: &str) -> Self {
        match word {
            "success" => End::Success,
            "failure" => End::Failure,
            status => End::Status(status.parse().unwrap()),
        }
    }

    /// Whether it is a success and whether a failure, where a condition tells failures and where statuses do.
    fn counts(self, is_judged: bool) -> Option<(bool, bool)> {
        match self {
            End::Success => is_judged.then_some((true, false)),
            End::Failure | End::Status(0) => is_judged.then_some((false, true)),
            End::Status(status) if is_judged => Some((status < 400, status >= 400)),
            End::Status(status) => Some(((200..300).contains(&status), status >= 400)),
        }
    }
}

#[test]
fn formats() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats");
    let is_suite = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let entries = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path());
    let suites: Vec<PathBuf> = entries.filter(is_suite).collect();
    let results: Vec<(usize, Vec<String>)> = suites.par_iter().map(|path| run_suite(path)).collect();
    let count: usize = results.iter().map(|(count, _)| count).sum();
    let failures: Vec<String> = results.into_iter().flat_map(|(_, failures)| failures).collect();
    assert!(failures.is_empty(), "\n{}\n{} of {count} formats failed", failures.join("\n"), failures.len());
    assert!(count >= 40, "{count} formats");
}

/// How many formats there are, and which failed and why.
fn run_suite(path: &Path) -> (usize, Vec<String>) {
    let mut text = fs::read_to_string(path).unwrap();
    let suite: Suite = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let results: Vec<Result<(), String>> = suite.format.par_iter().map(check).collect();
    if std::env::var_os("UPDATE").is_some() {
        for format in &suite.format {
            let block = text.find(&format!("name = \"{}\"", format.name)).expect("names are written in quotes");
            let (before, rest) = text.split_at(block);
            let (old, new) = (line(&format.command), line(&suggested(&format.written().path().join("app.log")).1));
            text = format!("{before}{}", rest.replacen(&old, &new, 1));
        }
        fs::write(path, text).unwrap();
    }
    let file = path.file_name().unwrap_or_default().display();
    let told = suite.format.iter().zip(results);
    let failures = told.filter_map(|(format, result)| Some(format!("--- {file}: {}\n{}", format.name, result.err()?)));
    (suite.format.len(), failures.collect())
}

fn line(command: &str) -> String {
    let quote = if command.contains('"') { "'" } else { "\"" };
    format!("command = {quote}{command}{quote}")
}

fn check(format: &Format) -> Result<(), String> {
    let records = format.records();
    let directory = format.written();
    let file = directory.path().join("app.log");
    let (words, printed) = suggested(&file);
    let report = run(&words)?;
    let in_command = |error: String| format!("$ streamlab {}\n{error}", words.join(" "));
    let is_judged = words.iter().any(|word| word.ends_with("-if"));
    holds(&report, &expected(&words[0], &records, is_judged)).map_err(in_command)?;
    if printed != format.command {
        return Err(format!("command: expected {}\n              got {printed}", format.command));
    }
    // What `inspect` knows is used without being asked for; all but what to group by.
    let told = |is_status: bool| {
        records.iter().any(|record| record.end.is_some_and(|end| matches!(end, End::Status(_)) == is_status))
    };
    if told(true) {
        let plain = ["running-avg".to_owned(), file.display().to_string()];
        let in_plain = |error: String| format!("$ streamlab {}\n{error}", plain.join(" "));
        let is_grouped = format.command.contains("--by ");
        let alike: Vec<Record<'_>> =
            records.iter().map(|record| Record { key: record.key.filter(|_| !is_grouped), ..*record }).collect();
        let right = expected("running-avg", &alike, false);
        holds(&run(&plain).map_err(in_plain)?, &right).map_err(in_plain)?;
        let piped = run_on(&["running-avg".to_owned()], Stdio::from(fs::File::open(&file).unwrap()));
        piped
            .and_then(|report| holds(&report, &right))
            .map_err(|error| format!("$ streamlab running-avg < app.log\n{error}"))?;
    }
    // What tells failures is not decided for anybody: it is named.
    if told(false) {
        let condition = words.iter().position(|word| word.ends_with("-if")).map(|place| &words[place..=place + 1]);
        let [flag, condition] = condition.ok_or("no flag tells failures")? else { unreachable!() };
        for (plain, stdin) in [
            (&["running-avg".to_owned(), file.display().to_string()][..], Stdio::null()),
            (&["running-avg".to_owned()], Stdio::from(fs::File::open(&file).unwrap())),
        ] {
            let said = String::from_utf8_lossy(&streamlab(plain, stdin).stderr).into_owned();
            if !said.contains(&format!("{flag} '{condition}'")) && !said.contains(&format!("{flag} {condition}")) {
                return Err(format!("$ streamlab {}\nsays nothing of {flag}: {said}", plain.join(" ")));
            }
        }
    }
    Ok(())
}

impl Format {
    fn written(&self) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("app.log"), &self.sample).unwrap();
        directory
    }

    fn records(&self) -> Vec<Record<'_>> {
        let record = |line| {
            let cells: Vec<&str> = str::split(line, " | ").map(str::trim).collect();
            let cell = |column: usize| cells.get(column).copied().filter(|cell| *cell != "-");
            Record {
                time: cell(0).map(|time| time.parse().unwrap_or_else(|error| panic!("{}: {error}", self.name))),
                key: cell(1),
                end: cell(2).map(End::of),
            }
        };
        self.records.trim().lines().map(record).collect()
    }
}

/// The words of the command that `inspect` suggests, without the name of the program; and the same as it is
/// written in the suite, without the source.
fn suggested(file: &Path) -> (Vec<String>, String) {
    let output = streamlab(
        &["inspect".to_owned(), file.display().to_string(), "-o".to_owned(), "json".to_owned()],
        Stdio::null(),
    );
    let found: Json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let command = found["suggestion"]["command"].as_array().cloned().unwrap_or_default();
    let words: Vec<String> = command.iter().skip(1).filter_map(|word| Some(word.as_str()?.to_owned())).collect();
    let printed: Vec<&str> = words.iter().map(String::as_str).collect();
    match printed.as_slice() {
        [name, "--source", _, flags @ ..] => {
            let printed = [&[*name], flags].concat().join(" ");
            (words, printed)
        }
        _ => (vec!["inspect".to_owned()], String::new()),
    }
}

/// The last report of a command.
fn run(words: &[String]) -> Result<Json, String> {
    run_on(words, Stdio::null())
}

fn run_on(words: &[String], stdin: Stdio) -> Result<Json, String> {
    let flags = ["-o", "json", "--final"].map(str::to_owned);
    let output = streamlab(&[words, &flags].concat(), stdin);
    let said = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().last().map(serde_json::from_str) {
        Some(Ok(report)) if output.status.success() => Ok(report),
        _ => Err(format!("{}\n{said}", output.status)),
    }
}

fn streamlab(words: &[String], stdin: Stdio) -> Output {
    Command::new(env!("CARGO_BIN_EXE_streamlab")).args(words).stdin(stdin).output().unwrap()
}

/// What the command has to report.
fn expected(command: &str, records: &[Record<'_>], is_judged: bool) -> Json {
    let has_ends = records.iter().any(|record| record.end.is_some());
    let end = |record: &Record<'_>| record.end.and_then(|end| end.counts(is_judged));
    let is_counted = |record: &&Record<'_>| match command {
        "reservoir" => record.key.is_some(),
        _ => !has_ends || end(record).is_some(),
    };
    let counted = records.iter().filter(is_counted);
    let mut rows: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    let mut all = [0; 3];
    for record in counted {
        let (success, failure) = end(record).unwrap_or_default();
        let counts = [1, u64::from(success), u64::from(failure)];
        let row = rows.entry(record.key.unwrap_or("null")).or_default();
        for (place, count) in counts.into_iter().enumerate() {
            row[place] += count;
            all[place] += count;
        }
    }
    let numbers = |[total, success, failures]: [u64; 3]| match command {
        "running-avg" => json!({"total": total, "success": success}),
        "sliding-window" => json!({"total": total, "failures": failures}),
        _ => json!({"sampled": total}),
    };
    let rows: BTreeMap<&str, Json> = rows.into_iter().map(|(key, counts)| (key, numbers(counts))).collect();
    let overall = if command == "reservoir" { json!({"seen": all[0]}) } else { numbers(all) };
    let newest = records.iter().filter_map(|record| record.time).max();
    json!({
        "rows": rows, "overall": overall, "as_of": newest.map(|time| time.as_microsecond()),
        "ledger": {
            "read": records.len(), "counted": all[0], "filtered": records.len() as u64 - all[0],
            "late": 0, "duplicate": 0, "dead_letter": 0,
        },
    })
}

/// Whether a report says that. Its rows are told by their first column, the others are what is expected of them.
fn holds(report: &Json, expected: &Json) -> Result<(), String> {
    let rows = report["rows"].as_array().cloned().unwrap_or_default();
    let of_key = |row: &Json| {
        let key = KEYS.iter().find_map(|name| row.get(name)).or_else(|| {
            let known = ["total", "success", "failures", "success_rate", "failure_rate", "ci95", "sampled", "share"];
            row.as_object()?.iter().find(|(name, _)| !known.contains(&name.as_str())).map(|(_, value)| value)
        });
        let text = key.map_or_else(String::new, |key| key.as_str().map_or_else(|| key.to_string(), str::to_owned));
        (text, row.clone())
    };
    let rows: BTreeMap<String, Json> = rows.iter().map(of_key).collect();
    let as_of = report["as_of"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
    let got = json!({
        "rows": rows, "overall": report["overall"], "as_of": as_of.map(|time| time.as_microsecond()),
        "ledger": report["ledger"],
    });
    if rows.len() != expected["rows"].as_object().map_or(0, serde_json::Map::len) {
        return Err(format!("rows: expected {}, got {}", expected["rows"], got["rows"]));
    }
    json::difference(&got, expected).map_or(Ok(()), |what| Err(format!("{what}\nreport: {report}")))
}

/// What the key of a row is called, where it is not called as what it is grouped by.
const KEYS: [&str; 3] = ["service", "value", "status"];
