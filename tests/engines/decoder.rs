//! The decoder of the Spark job reads whatever there is as the native one does. It needs Spark's Python,
//! and not Spark, so that hundreds of broken files can be read.

use crate::emit::{ECS, ODD};
use crate::shell::run;
use crate::{LOGS, logs, report_of};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use streamlab::bridge::spark::toolchain;

const FILES: usize = 400;

/// What breaks a record, or nearly does.
const FRAGMENTS: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\"",
    b"\\",
    b"\n",
    b"\n{",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    br"\ud83d",
    br"\ud83d\ude00",
    b"1e999",
    b"-0",
    b"NaN",
    b"null",
    b"// no comment\n",
    br#""service":"b","#,
    br#""service":"\ud800","#,
    br#""status":{"a":[1,"}"]},"#,
    br#""timestamp":1e10,"#,
    br#"{"service":"c","status":500}"#,
];

/// Reads each file at once and in two parts, and tells of both how often each key came, and the books.
const READ: &str = r#"
import json, sys
from collections import Counter
from decode import Decoder
from ledger import Requests
plan = json.loads(sys.argv[1])

def told(parts):
    rows, ledger, seen = Counter(), Counter(), []
    for columns, keys in parts:
        requests = Requests(columns, needs_time=False)
        rows.update(keys[code] for code in requests.key)
        ledger.update({name: requests.sums[name] for name in ("requests", "filtered", "dead")})
        seen += [requests.sums[name] for name in ("oldest", "newest") if requests.sums[name] is not None]
    return {"rows": sorted(rows.items()), "ledger": ledger, "seen": [min(seen), max(seen)] if seen else None}

for path in sys.argv[2:]:
    data = open(path, "rb").read()
    columns, keys, _ = Decoder(plan).decode(data, last=True)
    whole = told([(columns, keys)])
    decoder, cut = Decoder(plan), len(data) // 2
    first, first_keys, rest = decoder.decode(data[:cut], last=False)
    second, second_keys, _ = decoder.decode(rest + data[cut:], last=True)
    assert told([(first, first_keys), (second, second_keys)]) == whole, f"{path}: in two parts"
    print(json.dumps(whole))
"#;

#[test]
fn broken_files_have_the_native_answer() {
    let Some(python) = toolchain::find().ok().and_then(|toolchain| toolchain.python) else {
        println!("left out: there is no Python of Spark's; `streamlab spark setup` gets it");
        return;
    };
    let directory = logs();
    let files = write_broken(directory.path());
    let roles = json!({"time": ["timestamp"], "message": ["message"], "status": ["status"]});
    let by = [json!({"name": "service", "path": ["service"]}), json!({"name": "status", "path": null})];
    let plan = json!({"max_ahead_us": null, "time_unit": "auto", "time_zone": "UTC", "roles": roles, "by": by});
    let output = Command::new(python)
        .args(["-c", READ, &plan.to_string()])
        .args(&files)
        .env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bridge/spark/job"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Vec<Json> = output.stdout.split(|byte| *byte == b'\n').flat_map(serde_json::from_slice).collect();
    assert_eq!(told.len(), files.len());
    let mut dead = 0;
    for (file, got) in files.iter().zip(&told) {
        let native = native(file);
        dead += native["ledger"]["dead"].as_u64().unwrap();
        assert_eq!(*got, native, "{}: {}", file.display(), String::from_utf8_lossy(&fs::read(file).unwrap()));
    }
    assert!(dead > FILES as u64, "enough is broken: {dead}");
}

/// Files of some lines of several logs, each with some of its bytes replaced.
fn write_broken(directory: &Path) -> Vec<PathBuf> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for (name, _) in LOGS {
        let file = fs::read_dir(directory.join(name)).unwrap().next().unwrap().unwrap().path();
        let text = fs::read(file).unwrap();
        lines.extend(text.split_inclusive(|byte| *byte == b'\n').take(40).map(<[u8]>::to_vec));
    }
    lines.extend([ODD, ECS].iter().flat_map(|text| text.lines().map(|line| format!("{line}\n").into_bytes())));
    (0..FILES)
        .map(|place| {
            let mut text = Vec::new();
            while random.random_bool(0.95) || text.is_empty() {
                text.extend(&lines[random.random_range(0..lines.len())]);
            }
            for _ in 0..random.random_range(0..8) {
                let fragment = FRAGMENTS[random.random_range(0..FRAGMENTS.len())];
                let from = random.random_range(0..=text.len());
                let brace = text[from..].iter().position(|byte| *byte == b'{');
                let (from, to) = match brace {
                    // A field goes where one may begin.
                    Some(brace) if fragment.ends_with(b",") => (from + brace + 1, from + brace + 1),
                    _ => (from, (from + random.random_range(0..12)).min(text.len())),
                };
                text.splice(from..to, fragment.iter().copied());
            }
            let path = directory.join(format!("broken-{place}.log"));
            fs::write(&path, text).unwrap();
            path
        })
        .collect()
}

/// The native answer, as the Python of this test tells its own.
fn native(file: &Path) -> Json {
    let flags = "--schema lab --by service,status --max-ahead off -q -o json --final";
    let line = format!("streamlab running-avg {} {flags}", file.display());
    // Files without any record end with exit code 1.
    let report = report_of(&run(&line, Path::new("."), &BTreeMap::new()));
    let mut rows: BTreeMap<String, &Json> = BTreeMap::new();
    for row in report["rows"].as_array().unwrap() {
        rows.insert(json!([row["service"], row["status"]]).to_string(), &row["total"]);
    }
    let ledger = &report["ledger"];
    let ledger = json!({"requests": ledger["counted"], "filtered": ledger["filtered"], "dead": ledger["dead_letter"]});
    let window = report["window"].as_object().filter(|window| window["start"].is_string());
    let seen = window.map(|window| [micros(&window["start"]), micros(&window["end"])]);
    json!({"rows": rows.into_iter().collect::<Vec<_>>(), "ledger": ledger, "seen": seen})
}

fn micros(time: &Json) -> i64 {
    let time: jiff::Timestamp = time.as_str().unwrap().parse().unwrap();
    i64::try_from(time.as_nanosecond().div_euclid(1000)).unwrap()
}
