//! `streamlab spark` against `running-avg` and `window`.

use crate::{LOGS, assert_equal, logs, report, report_of, said_with};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

/// The variables by which Spark is found, where it is there; else says that a test is left out.
pub fn environment() -> Option<BTreeMap<String, String>> {
    let names = ["HOME", "JAVA_HOME", "SPARK_HOME", "STREAMLAB_SPARK_HOME", "XDG_CACHE_HOME"];
    let set = names.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    // Tests are short: what a better compiler would win is less than it takes, and so with a look through each class.
    let quick =
        "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote";
    let quick = ("JAVA_TOOL_OPTIONS".to_owned(), quick.to_owned());
    let doctor = Command::new(env!("CARGO_BIN_EXE_streamlab")).args(["spark", "doctor"]).output().unwrap();
    if doctor.status.success() {
        return Some(set.chain([quick]).collect());
    }
    println!("left out, `streamlab spark setup` gets what is missing:\n{}", String::from_utf8_lossy(&doctor.stdout));
    None
}

/// Makes the files of `arrays` one newer than the other: Spark takes them in that order.
pub fn order(directory: &Path) {
    for place in 0..12 {
        let file = fs::File::options().write(true).open(directory.join(format!("logs_{place:06}.json")));
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_760_000_000 + place);
        file.unwrap().set_modified(changed).unwrap();
    }
}

#[test]
fn logs_of_all_kinds_have_the_native_answer() {
    let Some(env) = environment() else { return };
    let directory = logs();
    write_more(directory.path());
    let all = LOGS.map(|(name, _)| name).join(" ") + " more";
    let line = format!("streamlab spark {all} -q -o json --final --master 'local[2]'");
    let got = report_of(&said_with(&line, directory.path(), &env));
    let native = report(&format!("streamlab running-avg {all} -q -o json --final"), directory.path());
    assert_equal(&got, &native, &line);
    let flags = format!("{all} --watermark-delay 3650d --size 10s --slide 5s --failure 5xx -q -o json --final");
    let line = format!("streamlab spark {flags} --master 'local[2]'");
    // Whatever the locale is, Java has to find names that are not ASCII.
    let mut ascii = env;
    ascii.insert("LC_ALL".to_owned(), "C".to_owned());
    let got = report_of(&said_with(&line, directory.path(), &ascii));
    assert_equal(&got, &report(&format!("streamlab window {flags}"), directory.path()), &line);
}

/// Arrays over many lines, lines with space before and between, names that are not ASCII, and a record that is longer
/// than what Spark's tasks read of a file at once, on the border of two such parts.
fn write_more(directory: &Path) {
    let more = directory.join("more");
    fs::create_dir(&more).unwrap();
    let text = fs::read_to_string(directory.join("arrays/logs_000000.json")).unwrap();
    let records: Vec<Json> = serde_json::from_str(&text).unwrap();
    fs::write(more.join("pretty ü.json"), serde_json::to_string_pretty(&records).unwrap()).unwrap();
    let lines: Vec<String> = records.iter().map(Json::to_string).collect();
    fs::write(more.join("few.json"), format!("[\n  {}\n]\n", lines[..5].join(",\n  "))).unwrap();
    fs::write(more.join("spaced.log"), format!("\n  {}\n", lines.join("\n\n   "))).unwrap();
    let plain = lines.join("\n") + "\n";
    let before = plain.repeat((15 << 20) / plain.len());
    let long = json!({"service": "x".repeat(4 << 20), "status": 200, "timestamp": 1_760_559_690});
    fs::write(more.join("long.ndjson"), format!("{before}{long}\n{}", plain.repeat(200))).unwrap();
}

/// As Kubernetes has them: links to links to files elsewhere; and all other ways to come to a file twice.
pub fn write_links(directory: &Path) {
    let place = |name: &str| directory.join(name);
    for made in ["pods/a", "pods/b", "containers", "more/deep"] {
        fs::create_dir_all(place(made)).unwrap();
    }
    let record =
        |service: &str| format!("{{\"service\": \"{service}\", \"timestamp\": 1760559686, \"status\": 200}}\n");
    for (name, service) in [("pods/a/0.log", "a"), ("pods/b/0.log", "b"), ("more/c.log", "c"), ("more/deep/d.log", "d")]
    {
        fs::write(place(name), record(service).repeat(3)).unwrap();
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, place(name)).unwrap();
    link("../pods/a/0.log", "containers/a.log");
    link("a.log", "containers/again.log");
    link("../pods/b", "containers/pod");
    link("../pods/b/0.log", "containers/b.log");
    link("more", "all");
    link("deep", "more/shallow");
    fs::hard_link(place("more/c.log"), place("more/deep/0.log")).unwrap();
    link("nowhere", "more/gone.log");
}

#[test]
fn a_file_counts_once_however_many_links_lead_to_it() {
    let Some(env) = environment() else { return };
    let directory = tempfile::tempdir().unwrap();
    write_links(directory.path());
    for source in ["containers", "containers more all", "all more/deep/0.log", "'c*/*.log' pods more/shallow"] {
        let line = format!("streamlab spark {source} -q -o json --final --master 'local[2]'");
        let got = report_of(&said_with(&line, directory.path(), &env));
        let native = report(&format!("streamlab running-avg {source} -q -o json --final"), directory.path());
        assert_equal(&got, &native, &line);
        assert!(native["rows"].as_array().unwrap().iter().all(|row| row["total"] == 3), "{native}");
    }
    std::os::unix::fs::symlink("..", directory.path().join("more/up")).unwrap();
    let ran = crate::shell::run("streamlab spark more --master 'local[2]'", directory.path(), &env);
    assert!(
        ran.code == 2 && ran.stderr.contains("more/up: it is a link to a directory that it lies in"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_checkpoint_is_gone_on_from() {
    let Some(env) = environment() else { return };
    let directory = logs();
    let place = |name: &str| directory.path().join(name);
    let line = "streamlab spark arrays --checkpoint kept -q -o json --final --master 'local[2]'";
    let half: Vec<_> = (6..12).map(|place| format!("logs_{place:06}.json")).collect();
    let moved =
        |from: &Path, to: &Path| half.iter().for_each(|name| std::fs::rename(from.join(name), to.join(name)).unwrap());
    std::fs::create_dir(place("later")).unwrap();
    moved(&place("arrays"), &place("later"));
    let first = report_of(&said_with(line, directory.path(), &env));
    moved(&place("later"), &place("arrays"));
    let second = report_of(&said_with(line, directory.path(), &env));
    assert_eq!((&first["ledger"]["read"], &second["ledger"]["read"]), (&600.into(), &1200.into()));
    assert_equal(&second, &report("streamlab running-avg arrays -q -o json --final", directory.path()), line);
}
