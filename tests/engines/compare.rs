//! `streamlab compare`: equal, and how not.

use crate::{logs, polars, said_with, spark};
use serde_json::Value as Json;
use std::collections::BTreeMap;

#[test]
fn engines_that_agree_are_shown_side_by_side() {
    let mut engines = vec!["native"];
    engines.extend(polars::is_there().then_some("polars"));
    let environment = spark::environment();
    engines.extend(environment.is_some().then_some("spark"));
    let env = environment.unwrap_or_default();
    let directory = logs();
    let engines = engines.join(",");
    let line = format!("streamlab compare hostile --engines {engines} --size 30s --failure 5xx --master 'local[2]'");
    let page = said_with(&line, directory.path(), &env).stdout;
    let ends =
        format!("Equal: rows: {}, and the ledger\n", page.lines().filter(|line| line.contains(" 2025-")).count());
    assert!(page.ends_with(&ends), "{page}");
    let line = "streamlab compare hostile --engines native,native --size 30s -o json";
    let object: Json = serde_json::from_str(&said_with(line, directory.path(), &env).stdout).unwrap();
    assert_eq!(object["equal"], true);
    assert_eq!(object["engines"].as_array().unwrap().len(), 2);
    assert!(object["engines"][0]["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
}

#[test]
fn an_engine_that_fails_ends_it_with_its_words() {
    let directory = logs();
    let ran = crate::shell::run("streamlab compare missing --engines native", directory.path(), &BTreeMap::new());
    assert!(ran.code == 3 && ran.stderr.contains("missing"), "{}", ran.stderr);
}
