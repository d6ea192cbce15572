//! Runs every case of `tests/cases/*.toml` through the real binary.
//!
//! A file holds `[[case]]` tables, and may hold `[files]` that all of its cases find:
//!
//! ```toml
//! [files]
//! "logs/a.json" = '[{"service": "a", "message": "HTTP Status Code: 200"}]'
//! "b.log.gz" = { text = "{}\n", repeat = 3, gz = true }  # or zst; or base64 in place of text
//!
//! [[case]]
//! name = "an array is read"
//! run = "streamlab task1 logs -o json"      # or a list of lines that must all come to the same
//! env = { STREAMLAB_SUCCESS = "2xx,304" }
//! code = 0                                  # the default
//! json = '{"overall": {"total": 1}}'        # the last line of stdout holds this, and may hold more
//! stdout = '''the whole of it'''
//! stderr = ["parts of it"]                  # none by default: then nothing may be said
//! outputs = { "dead.ndjson" = '''files that were written''' }
//! ```
//!
//! `UPDATE=1 cargo test --test cases` rewrites `stdout` and `outputs` that are written as `'''`
//! blocks. What a case says in `json` is a fact, and never rewritten.

#[path = "common/json.rs"]
mod json;
#[path = "common/shell.rs"]
mod shell;

use base64::prelude::*;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    #[serde(default)]
    files: BTreeMap<String, Content>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    run: Lines,
    #[serde(default)]
    files: BTreeMap<String, Content>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    code: i32,
    json: Option<String>,
    stdout: Option<String>,
    #[serde(default)]
    stderr: Vec<String>,
    #[serde(default)]
    outputs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Made(Made),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    text: Option<String>,
    base64: Option<String>,
    #[serde(default = "once")]
    repeat: usize,
    #[serde(default)]
    gz: bool,
    #[serde(default)]
    zst: bool,
}

fn once() -> usize {
    1
}

#[test]
fn cases() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut suites: Vec<PathBuf> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
    suites.sort();
    let failures: Vec<String> = suites.par_iter().flat_map(|path| run_suite(path)).collect();
    assert!(failures.is_empty(), "\n{}\n{} cases failed", failures.join("\n"), failures.len());
}

/// What failed, in words.
fn run_suite(path: &Path) -> Vec<String> {
    let mut text = fs::read_to_string(path).unwrap();
    let suite: Suite = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let run = |case: &Case| {
        let lines = match &case.run {
            Lines::One(line) => std::slice::from_ref(line),
            Lines::Many(lines) => lines,
        };
        lines.iter().flat_map(|line| differences(&suite, case, line)).collect::<Vec<_>>()
    };
    let results: Vec<Vec<Difference>> = suite.case.par_iter().map(run).collect();
    let mut failures = Vec::new();
    for (case, mut differences) in suite.case.iter().zip(results) {
        if std::env::var_os("UPDATE").is_some() {
            differences.retain(|difference| !difference.mend(&case.name, &mut text));
        }
        let Some(Difference { line, what, expected, got }) = differences.first() else { continue };
        let (file, count) = (path.file_name().unwrap_or_default().display(), differences.len());
        let shown = lines_apart(expected, got);
        failures
            .push(format!("--- {file}: {}, 1 of {count}\n$ {line}\n{what} (- expected, + got)\n{shown}", case.name));
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, text).unwrap();
    }
    failures
}

struct Difference {
    line: String,
    what: String,
    expected: String,
    got: String,
}

impl Difference {
    /// Writes what came out into the suite's text, if that holds what was expected as a block.
    fn mend(&self, name: &str, text: &mut String) -> bool {
        let (old, new) = (format!("'''\n{}'''", self.expected), format!("'''\n{}'''", self.got));
        let Some(case) = text.find(&format!("name = \"{name}\"")) else { return false };
        let end = text[case..].find("\n[[case]]").map_or(text.len(), |length| case + length);
        // Another line of the case may have mended it already.
        let Some(place) = text[case..end].find(&old) else { return text[case..end].contains(&new) };
        text.replace_range(case + place..case + place + old.len(), &new);
        true
    }
}

/// Runs one line of a case in a directory of its own.
fn differences(suite: &Suite, case: &Case, line: &str) -> Vec<Difference> {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in suite.files.iter().chain(&case.files) {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // A name that ends in a slash is an empty directory.
        if !name.ends_with('/') {
            fs::write(path, content.bytes()).unwrap();
        }
    }
    let ran = shell::run(line, directory.path(), &case.env);
    let mut differences = Vec::new();
    let mut differ = |what: &str, expected: &str, got: &str| {
        let text = [line, what, expected, got].map(str::to_owned);
        let [line, what, expected, got] = text;
        differences.push(Difference { line, what, expected, got });
    };
    if ran.code != case.code {
        differ("exit code", &case.code.to_string(), &format!("{}\n{}", ran.code, ran.stderr));
    }
    if let Some(stdout) = case.stdout.as_ref().filter(|stdout| **stdout != ran.stdout) {
        differ("stdout", stdout, &ran.stdout);
    }
    if let Some(expected) = &case.json {
        let expected: Json = serde_json::from_str(expected).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let got: Json = serde_json::from_str(ran.stdout.lines().last().unwrap_or_default()).unwrap_or_default();
        if let Some(difference) = json::difference(&got, &expected) {
            differ("json", "", &difference);
        }
    }
    let is_said = |part: &String| ran.stderr.contains(part.as_str());
    if !case.stderr.iter().all(is_said) || case.stderr.is_empty() != ran.stderr.is_empty() {
        differ("stderr", &case.stderr.join("\n"), &ran.stderr);
    }
    for (name, expected) in &case.outputs {
        let got = fs::read(directory.path().join(name)).unwrap_or_else(|error| error.to_string().into_bytes());
        let got = String::from_utf8_lossy(&got);
        if *expected != got {
            differ(name, expected, &got);
        }
    }
    differences
}

impl Content {
    fn bytes(&self) -> Vec<u8> {
        let made = match self {
            Content::Text(text) => return text.clone().into_bytes(),
            Content::Made(made) => made,
        };
        let bytes = match (&made.text, &made.base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(coded)) => BASE64_STANDARD.decode(coded).unwrap(),
            _ => panic!("a file is made of `text` or of `base64`"),
        };
        let bytes = bytes.repeat(made.repeat);
        if made.gz {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(&bytes).unwrap();
            out.finish().unwrap()
        } else if made.zst {
            zstd::encode_all(&bytes[..], 1).unwrap()
        } else {
            bytes
        }
    }
}

/// Both texts without the lines that they begin and end with alike.
fn lines_apart(expected: &str, got: &str) -> String {
    let (mut old, mut new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), got.lines().collect());
    let alike = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    (old, new) = (old.split_off(alike), new.split_off(alike));
    while !old.is_empty() && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    let marked = |mark: &'static str, lines: Vec<&str>| {
        lines.into_iter().map(move |line| format!("{mark} {line}\n")).collect::<String>()
    };
    marked("-", old) + &marked("+", new)
}
