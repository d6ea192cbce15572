//! What Spark cannot do for us is said, not left out.

use super::SparkArgs;
use anyhow::{Result, bail};
use std::path::Path;

/// Before anything is opened or made.
pub fn check(args: &SparkArgs) -> Result<()> {
    let (input, output) = (&args.job.input, &args.job.output);
    let is_typed = |flag: &str| args.job.plan.line.iter().any(|typed| typed.split('=').next() == Some(flag));
    let is_remote = |place: &Path| place.to_string_lossy().contains("://");
    let reasons = [
        (
            input.sources()?.are_read_once(),
            "Spark reads files: write standard input, or what a pipe brings, to one first",
        ),
        (
            ["--where", "--since", "--until"].into_iter().any(is_typed),
            "--where, --since and --until are not for Spark: filter before, or with running-avg",
        ),
        (
            ["--parse", "--records"].into_iter().any(is_typed),
            "--parse and --records are for the native engine: Spark takes each object for a record, as it stands",
        ),
        (args.job.state.is_kept(), "--state-dir is for the native engine; with Spark it is --checkpoint DIR"),
        (input.tail_only(), "--tail-only is for the native engine: Spark begins with the files that are there"),
        (
            is_typed("--max-keys"),
            "--max-keys is for the native engine: Spark keeps all keys, on as many machines as it has",
        ),
        (is_typed("--max-record-size"), "--max-record-size is for the native engine: Spark takes records of any size"),
        (input.threads() != 0, "--threads is for the native engine: with Spark it is --master local[N]"),
        (output.dead_letter().is_some(), "--dead-letter is for the native engine: Spark only counts bad records"),
        (
            output.is_strict(),
            "--strict is for the native engine: Spark counts bad records; --assert can demand that there are none",
        ),
        (
            args.checkpoint.as_deref().is_some_and(is_remote),
            "--checkpoint: give a path, on a file system that this machine and all workers share",
        ),
        (
            input.is_time_told(),
            "--time-format, and a time in two fields, are for the native engine: write such logs with one time that is \
             told by its look (see `Times` in docs/guide.md), or ask without Spark",
        ),
        (input.time_zone().is_none(), "--time-zone: Spark needs a zone by its name, such as Europe/Berlin"),
    ];
    match reasons.into_iter().find(|(applies, _)| *applies) {
        Some((_, reason)) => bail!("{reason}"),
        None => Ok(()),
    }
}
