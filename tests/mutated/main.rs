//! Damages sound logs at random, and holds that what is not damaged is counted, that what is
//! damaged is kept, and that the answer does not depend on how the log is read.

mod nested;
#[path = "../common/shell.rs"]
mod shell;

use base64::prelude::*;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use streamlab::generate::{Format, Plan};

/// One piece of damage, somewhere in the log.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index, usize),
    /// From here to the end of the line: a write that was not finished.
    Tear(Index),
    Repeat(Index, usize),
    Insert(Index, Vec<u8>),
}

impl Damage {
    fn apply(&self, log: &mut Vec<u8>) {
        if log.is_empty() {
            // Damage before has left nothing to damage.
            return;
        }
        let stretch = |at: &Index, length: usize| {
            let from = at.index(log.len());
            from..(from + length).min(log.len())
        };
        match self {
            Damage::Flip(at, bits) => {
                let at = at.index(log.len());
                log[at] ^= bits;
            }
            Damage::Cut(at, length) => drop(log.drain(stretch(at, *length))),
            Damage::Tear(at) => {
                let from = at.index(log.len());
                let length = log[from..].iter().take_while(|byte| **byte != b'\n').count();
                log.drain(from..from + length);
            }
            Damage::Repeat(at, length) => {
                let stretch = stretch(at, *length);
                let copy = log[stretch.clone()].to_vec();
                log.splice(stretch.end..stretch.end, copy);
            }
            Damage::Insert(at, bytes) => {
                let at = at.index(log.len());
                log.splice(at..at, bytes.iter().copied());
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let noise = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..20),
        "[\\[\\]{}\",:\n\\\\ a0]{1,8}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        3 => (any::<Index>(), 1u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        1 => (any::<Index>(), 1usize..400).prop_map(|(at, length)| Damage::Cut(at, length)),
        2 => any::<Index>().prop_map(Damage::Tear),
        1 => (any::<Index>(), 1usize..400).prop_map(|(at, length)| Damage::Repeat(at, length)),
        2 => (any::<Index>(), noise).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

/// The final report, as text, and the dead letters as (offset, bytes). `source` may have flags with it.
fn read(source: &str, directory: &Path) -> (String, Vec<(usize, Vec<u8>)>) {
    let line = format!("streamlab running-avg --by id -q -o json --final --dead-letter dead {source}");
    let ran = shell::run(&line, directory, []);
    assert!([0, 1].contains(&ran.code), "{line}: exit code {}\n{}", ran.code, ran.stderr);
    let letters = fs::read_to_string(directory.join("dead")).unwrap();
    let letters = letters.lines().map(|line| {
        let letter: Json = serde_json::from_str(line).unwrap();
        let raw = match &letter["raw_base64"] {
            Json::String(coded) => BASE64_STANDARD.decode(coded).unwrap(),
            _ => letter["raw"].as_str().unwrap().as_bytes().to_vec(),
        };
        (letter["offset"].as_u64().unwrap() as usize, raw)
    });
    (ran.stdout, letters.collect())
}

/// Whether a letter is what a log goes on with; where it is of a line that was cut, there may be others between its parts.
fn holds(log: &[u8], raw: &[u8]) -> bool {
    let mut lines = log.split(|byte| *byte == b'\n');
    let mut parts = raw.split(|byte| *byte == b'\n');
    log.starts_with(raw)
        || parts.next().is_some_and(|part| log.starts_with(part))
            && parts.all(|part| lines.any(|line| line.strip_suffix(b"\r").unwrap_or(line) == part))
}

/// What holds of any bytes whatever. Gives how often each id was counted.
fn hold_any(log: &[u8], flags: &str, directory: &Path) -> BTreeMap<String, u64> {
    fs::write(directory.join("a.log"), log).unwrap();
    let read = |source: &str| read(&format!("{flags} {source}"), directory);
    let (report, letters) = read("a.log --threads 1");
    let parsed: Json = serde_json::from_str(&report).unwrap();
    let count = |name: &str| parsed["ledger"][name].as_u64().unwrap();
    assert_eq!(count("read"), count("counted") + count("filtered") + count("dead_letter"), "{report}");
    assert_eq!(letters.len() as u64, count("dead_letter"), "each bad record has its letter");
    for (offset, raw) in &letters {
        assert!(holds(&log[*offset..], raw), "a letter holds the bytes of its place: {}", raw.escape_ascii());
    }
    for source in ["a.log --threads 4", "< a.log"] {
        let (other_report, other_letters) = read(source);
        assert_eq!((other_report, other_letters), (report.clone(), letters.clone()), "{source}");
    }
    let rows = parsed["rows"].as_array().unwrap().iter();
    let counted = rows.filter_map(|row| Some((row["id"].as_str()?.to_owned(), row["total"].as_u64().unwrap())));
    counted
        .inspect(|(id, count)| {
            // An id with damage in it may be a text that has to be written with escapes.
            let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !id.is_empty();
            let stands = if is_plain { memchr::memmem::find_iter(log, id.as_bytes()).count() as u64 } else { u64::MAX };
            assert!(*count <= stands, "{id} stands {stands} times, and was counted {count} times");
        })
        .collect()
}

fn sound(format: Format, seed: u64) -> Vec<u8> {
    let plan = Plan { seed, format, files: Some(1), events_per_file: 1500, extra_fields: true, ..Plan::default() };
    plan.to_bytes().unwrap().0
}

fn id(record: &[u8]) -> String {
    let record: Json = serde_json::from_slice(record).unwrap();
    record["id"].as_str().unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn whole_lines_survive_whatever_stands_beside_them(seed: u64, damages in prop::collection::vec(damage(), 1..60)) {
        let log = sound(Format::Ndjson, seed);
        let lines: BTreeSet<&[u8]> = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        let mut damaged = log.clone();
        damages.iter().for_each(|damage| damage.apply(&mut damaged));
        let mut whole = BTreeMap::<String, u64>::new();
        for line in damaged.split(|byte| *byte == b'\n').filter(|line| lines.contains(line)) {
            *whole.entry(id(line)).or_default() += 1;
        }
        let directory = tempfile::tempdir().unwrap();
        let counted = hold_any(&damaged, "", directory.path());
        for (id, count) in whole {
            prop_assert!(counted.get(&id) >= Some(&count), "record {id} stands {count} times: {counted:?}");
        }
    }

    #[test]
    fn arrays_survive_to_the_first_damage(seed: u64, damages in prop::collection::vec(damage(), 1..20)) {
        let log = sound(Format::Array, seed);
        let mut damaged = log.clone();
        damages.iter().for_each(|damage| damage.apply(&mut damaged));
        let directory = tempfile::tempdir().unwrap();
        let counted = hold_any(&damaged, "", directory.path());
        let alike = log.iter().zip(&damaged).take_while(|(old, new)| old == new).count();
        let ends = memchr::memmem::find_iter(&log[..alike], b"}, {\"service\"");
        let before = &log[..ends.last().map_or(1, |end| end + 1)];
        let records: Vec<Json> = serde_json::from_slice(&[before, b"]"].concat()).unwrap();
        for record in records {
            prop_assert!(counted.contains_key(record["id"].as_str().unwrap()), "{record} is lost");
        }
    }
}
