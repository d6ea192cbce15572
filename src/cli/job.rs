//! From flags to a run to an exit code: what all analyses share.

use super::exit;
use super::input::InputArgs;
use super::output::OutputArgs;
use crate::analysis::Analysis;
use crate::engine::{self, CancelToken, Outcome, Plan, Stop, signals};
use crate::input::Sources;
use crate::schema::Schema;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::path::Path;

/// The flags of every analysis.
#[derive(Args)]
pub struct JobArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

impl JobArgs {
    /// Runs the analysis over the input to the end, and gives the exit code. `schema` projects the
    /// fields that the analysis looks at; `forward` takes the records that it forwards.
    pub fn run<A: Analysis>(&self, analysis: A, mut schema: Schema, forward: Option<&Path>) -> Result<u8> {
        let assertions = self.output.assertions()?;
        let sources = self.input.sources()?;
        let follow = self.input.follow(&sources)?;
        let filter = self.input.filter(&mut schema)?;
        if follow {
            let missing = sources.missing();
            if missing.len() == sources.len() {
                missing.iter().for_each(|source| eprintln!("streamlab: error: {source}"));
                return Ok(exit::UNREADABLE);
            }
        }
        check_places(&sources, self.output.files().chain(forward.map(|path| ("--forward", path))))?;
        if self.output.is_verbose() {
            self.describe(&schema, sources.len(), follow);
        }
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.input.threads())
            .build_global()
            .context("cannot start threads")?;
        let cancel = CancelToken::default();
        signals::listen(&cancel).context("cannot listen to signals")?;
        let outputs = self.output.outputs(follow, forward)?;
        let limits = self.input.limits(self.output.letters());
        let plan = Plan {
            sources,
            schema,
            filter,
            limits,
            stretch_bytes: self.output.stretch_bytes(),
            follow,
            tail_only: self.input.tail_only(),
            cancel,
        };
        let outcome = engine::run(analysis, plan, outputs);
        if !self.output.is_quiet() {
            warn(&outcome);
            self.say_if_nothing_was_found(&outcome, follow);
        }
        let failures = outcome.report.as_ref().map(|report| assertions.check(report)).unwrap_or_default();
        failures.iter().for_each(|failure| eprintln!("{failure}"));
        Ok(code(&outcome, follow, !failures.is_empty()))
    }

    /// An empty answer is no news where the sources hold no file at all.
    fn say_if_nothing_was_found(&self, outcome: &Outcome, follow: bool) {
        let is_empty = outcome.report.as_ref().is_some_and(|report| report.ledger.read == 0);
        if follow || !is_empty || outcome.unreadable > 0 {
            return;
        }
        if let Ok(sources) = self.input.sources()
            && !sources.has_stdin()
            && sources.scan().0.is_empty()
        {
            eprintln!(
                "streamlab: warning: no file was found; of a directory only *.json, *.jsonl, *.ndjson and *.log are \
                 read (also .gz, .zst), unless --include names others"
            );
        }
    }

    fn describe(&self, schema: &Schema, sources: usize, follow: bool) {
        let mode = if follow { "following" } else { "one pass over" };
        let threads = match self.input.threads() {
            0 => "a thread a core".to_owned(),
            count => format!("threads: {count}"),
        };
        eprintln!("streamlab: {mode} {sources} source(s), {threads}");
        for role in crate::event::Role::ALL {
            let path = schema.role(role).map_or("none".to_owned(), ToString::to_string);
            eprintln!("streamlab: field for {}: {path}", role.name());
        }
    }
}

/// What a run writes must not be what it reads: it would be emptied first, or read back for ever.
fn check_places<'p>(sources: &Sources, outputs: impl Iterator<Item = (&'static str, &'p Path)>) -> Result<()> {
    for (flag, path) in outputs {
        if path != Path::new("-") && sources.holds(path) {
            bail!("{flag} {} would be read as a log, for it lies in a source; write it elsewhere", path.display());
        }
    }
    Ok(())
}

/// Says what the numbers alone do not.
fn warn(outcome: &Outcome) {
    if let (Some(first), Some(report)) = (&outcome.first_dead, &outcome.report) {
        let (bad, read) = (report.ledger.dead_letter, report.ledger.read);
        eprintln!(
            "streamlab: warning: bad records: {bad} of {read}; --dead-letter FILE keeps them. The first: {first}"
        );
    }
    if let Some((count, reason)) = &outcome.filter_errors {
        eprintln!(
            "streamlab: warning: --where could not be decided for {count} records, which were left out: {reason}"
        );
    }
}

fn code(outcome: &Outcome, follow: bool, asserted: bool) -> u8 {
    match &outcome.stop {
        Some(Stop::ReaderLeft) => return exit::DONE,
        Some(Stop::Output { name, error }) => {
            eprintln!("streamlab: error: cannot write {name}: {error}");
            return exit::UNWRITABLE;
        }
        Some(Stop::Strict(place)) => {
            eprintln!("streamlab: error: stopped at a bad record, as --strict asks: {place}");
            return exit::FAILED;
        }
        Some(Stop::Signal(signal)) if !follow => {
            eprintln!("streamlab: interrupted: the result is incomplete");
            return u8::try_from(128 + signal).unwrap_or(exit::FAILED);
        }
        Some(Stop::Signal(_) | Stop::Cancelled) | None => {}
    }
    let all_bad = outcome
        .report
        .as_ref()
        .is_some_and(|report| report.ledger.read > 0 && report.ledger.dead_letter == report.ledger.read);
    if outcome.unreadable > 0 {
        exit::UNREADABLE
    } else if asserted || all_bad {
        exit::FAILED
    } else {
        exit::DONE
    }
}
