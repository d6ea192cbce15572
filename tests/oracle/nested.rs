//! Holds the binary to the naive answers where records stand behind prefixes, within objects and within texts.

use super::live::Live;
use super::naive::expected;
use super::ways::{Way, all};
use super::{json, last_line, plan, records};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::fs;
use std::io::Write;
use std::path::Path;
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
        for source in sources.iter().skip(place % sources.len()).step_by(2) {
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
