//! The Spark job reads every form of a time as the native decoder does. It needs Spark's Python, and not Spark.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use streamlab::bridge::spark::toolchain;
use streamlab::decode::Clock;
use streamlab::event::Value;
use streamlab::schema::TimeUnit;

const TEXTS: usize = 20_000;
const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "America/Chicago", "Asia/Shanghai"];
/// Parts of times, of which nearly any can stand beside any.
#[rustfmt::skip]
const PARTS: [&[&str]; 4] = [
    &["2025-10-15", "2025/10/15", "15/Oct/2025", "15 Oct 2025", "15-Oct-25", "Wed Oct 15", "Wed, 15 Oct 2025", "October 15, 2025",
      "Thu, 15 Oct 2025", "Oct 15 2025", "[15/Oct/2025", "2025-03-30", "2025-10-26", "20251015", "Wednesday, 15-Oct-25"],
    &[" ", " ", "T", ":", ", ", "t", ""],
    &["22:21:26", "22:21", "22:21:26.123", "02:30:00", "02:30:60,5", "24:00:00", "222126", "22:21:26.", "2:21"],
    &["", " 2025", "Z", " UTC", " +0200", "+02:00", " CEST", " CST", " CDT", " Europe/Berlin", "[Europe/Berlin]", "+02:00[Europe/Paris]",
      " GMT+2", " UTC-03:30", " +0200 CEST m=+0.1", " CEST 2025", " 2025 +0200", " GMT+0200 (Central Europe)", "]", " +0000]", " ?",
      " europe/berlin", "[u-ca=iso8601]", " PST", " ist", " utc", " Z x", "x", " -0700 2025", " MST-07"],
];
const BYTES: &str = "0129 /-:[]TZé+Aj.";

/// Answers each line, a zone and a text, with microseconds or `bad`.
const READ: &str = r#"
import sys
from times import BAD, Clock
for line in sys.stdin:
    zone, text = line.rstrip("\n").split("\t", 1)
    time = Clock("auto", zone, None).read(text)
    print("bad" if time is BAD else time)
"#;

#[test]
fn every_form_of_a_time_is_read_alike() {
    let Some(python) = toolchain::find().ok().and_then(|toolchain| toolchain.python) else {
        println!("left out: there is no Python of Spark's; `streamlab spark setup` gets it");
        return;
    };
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let texts: Vec<(&str, String)> =
        (0..TEXTS).map(|_| (*ZONES.choose(&mut random).unwrap(), text(&mut random))).collect();
    let lines: String = texts.iter().map(|(zone, text)| format!("{zone}\t{text}\n")).collect();
    let mut child = Command::new(python)
        .args(["-c", READ])
        .env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bridge/spark/job"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let told: Vec<&str> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
    assert_eq!(told.len(), texts.len());
    let mut read = 0;
    for ((zone, text), told) in texts.iter().zip(told) {
        let time = Clock::new(TimeUnit::Auto, jiff::tz::TimeZone::get(zone).unwrap()).read(&Value::Text(text));
        let native = time.map_or("bad".to_owned(), |time| time.unwrap().nanos().div_euclid(1000).to_string());
        read += usize::from(native != "bad");
        assert_eq!(told, native, "{text:?} in {zone}");
    }
    assert!(read > TEXTS / 20, "enough are times: {read}");
}

/// A time, or nearly one.
fn text(random: &mut ChaCha8Rng) -> String {
    let mut text: Vec<char> = PARTS.iter().flat_map(|parts| parts.choose(random).unwrap().chars()).collect();
    if random.random_bool(0.2) {
        let from = random.random_range(0..text.len());
        let byte = BYTES.chars().nth(random.random_range(0..BYTES.chars().count()));
        text.splice(from..from + random.random_range(0..2), byte);
    }
    text.into_iter().collect()
}
