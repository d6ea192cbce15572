//! What is to be said beside the numbers: why there is nothing to compare, and where engines differ by design.

use super::engines::{Engine, Run};
use super::verdict::Verdict;
use crate::event::Ledger;

/// Why no answer could be equal to another: what became of the records.
pub fn nothing_counted(run: &Run, files: usize) -> String {
    let Ledger { read, filtered, late, duplicate, dead_letter, .. } = run.answer.ledger;
    let fate = [(filtered, "filtered"), (late, "late"), (duplicate, "duplicate"), (dead_letter, "bad")];
    let fates: Vec<String> =
        fate.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{what} {count}")).collect();
    let why = match (files, read) {
        (0, _) => "no file was found; of a directory only *.json, *.jsonl, *.ndjson and *.log are read (also .gz, \
                   .zst), unless --include names others"
            .to_owned(),
        (_, 0) => format!("there is no record in {files} file(s)"),
        _ if filtered > 0 => format!(
            "no record of {read} counted ({}): a filtered one has no status (or nothing of what --success-if and --failure-if ask for), or --where left it out; `streamlab inspect` \
             says which fields there are",
            fates.join(", ")
        ),
        _ => format!("no record of {read} counted ({})", fates.join(", ")),
    };
    format!("there is nothing that could be equal: {why}")
}

/// Where answers that differ may do so by design.
pub fn notes(verdict: &Verdict, runs: &[Run], has_windows: bool) -> Vec<String> {
    if !runs.iter().any(|run| run.engine == Engine::Spark) {
        return Vec::new();
    }
    let differs = |field: &str| verdict.differences.iter().any(|one| one.key.is_none() && one.field == field);
    let has_rows = verdict.differences.iter().any(|one| one.key.is_some());
    let mut notes = Vec::new();
    if differs("late") {
        notes.push(
            "an event is late by the clock of its own file natively, and by one watermark for all files in Spark, \
             which begins in 1970",
        );
    }
    if differs("read") {
        notes.push("Spark passes over files whose names begin with _ or a dot");
    }
    if has_windows && has_rows && notes.is_empty() {
        notes.push("times are in nanoseconds natively and in Polars, and in microseconds in Spark");
    }
    notes.into_iter().map(str::to_owned).collect()
}
