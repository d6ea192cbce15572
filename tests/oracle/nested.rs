//! Holds the binary to the naive answers where records stand behind prefixes, within objects and within texts.

use super::live::Live;
use super::naive::{expected, fact};
use super::ways::{Way, all};
use super::{json, last_line, plan, records};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use streamlab::generate::{Format, Plan};

/// Writes the log of a way as a file, compressed, and in pieces as a followed run would find it.
fn write(way: &Way, directory: &Path) {
    fs::write(directory.join("a.log"), &way.bytes).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&way.bytes).unwrap();
    fs::write(directory.join("a.log.gz"), gz.finish().unwrap()).unwrap();
}

/// Runs each command over each of the sources in turn, and says where the answer is not the naive one.
fn hold(way: &Way, sources: &[&str]) -> Result<(), TestCaseError> {
    let directory = tempfile::tempdir().unwrap();
    write(way, directory.path());
    for (place, (command, expected)) in expected(&way.rows).into_iter().enumerate() {
        for source in sources.iter().skip(place).step_by(3) {
            let line = format!("streamlab {command} -q -o json --schema lab {} {source}", way.flags);
            let got: Json = serde_json::from_str(&last_line(&line, directory.path())).unwrap();
            prop_assert_eq!(json::difference(&got, &expected), None, "{}: {}", way.name, line);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn records_are_found_where_they_stand(plan in plan()) {
        for way in all(&records(&plan), plan.format == Format::Array) {
            hold(&way, &[
                "a.log --threads 1", "a.log --threads 4", "a.log.gz", "< a.log", "- < a.log.gz --every 700ev", "a.log --every 1ev",
            ])?;
        }
    }
}

/// Members that look to a reader in the midst of a line as if a record began there.
fn with_decoys(record: &[u8]) -> Vec<u8> {
    match record.strip_suffix(b"}").filter(|_| fact(record).is_some()) {
        Some(open) => {
            [open, br#", "note": "]}, {}, {", "hops": [{"n": 1}, {"n": 2}, {"Records": [{}, {}]}]}"#].concat()
        }
        None => record.to_vec(),
    }
}

/// Files of several stretches, which are read in parallel, from places that are guessed.
#[test]
fn large_logs_are_read_from_places_within() {
    let plan = Plan {
        seed: 11,
        format: Format::Array,
        files: Some(1),
        events_per_file: 15_000,
        malformed: 0.01,
        chatter: 0.05,
        extra_fields: true,
        ..Plan::default()
    };
    let records: Vec<Vec<u8>> = records(&plan).iter().map(|record| with_decoys(record)).collect();
    let sound: Vec<Vec<u8>> = records.iter().filter(|record| fact(record).is_some()).cloned().collect();
    let ways = all(&records, true).into_iter().chain(all(&sound, false).into_iter().filter(|way| way.name == "pretty"));
    for way in ways {
        assert!(way.bytes.len() > 3 << 20, "{}: {} bytes", way.name, way.bytes.len());
        hold(&way, &["a.log --threads 4", "a.log --threads 1", "< a.log --threads 3"]).unwrap();
    }
}

/// A log that grows in pieces, cut anywhere.
#[test]
fn a_log_that_grows_gives_the_same() {
    let plan = Plan {
        seed: 5,
        format: Format::Array,
        files: Some(1),
        events_per_file: 400,
        malformed: 0.05,
        ..Plan::default()
    };
    for way in all(&records(&plan), true) {
        let directory = tempfile::tempdir().unwrap();
        let mut log = fs::File::create(directory.path().join("a.log")).unwrap();
        let flags = format!("running-avg -f --schema lab {}", way.flags);
        let live = Live::start(&format!("{} a.log", flags.trim_end()), directory.path());
        for piece in way.bytes.chunks(way.bytes.len() / 7) {
            log.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        live.wait_for(|report| report["ledger"]["read"] == way.rows.len());
        live.signal("TERM");
        let (ended, last, said) = live.end();
        let (_, expected) = expected(&way.rows).swap_remove(0);
        assert_eq!((json::difference(&last.unwrap(), &expected), ended), (None, Some(0)), "{}: {said}", way.name);
    }
}
