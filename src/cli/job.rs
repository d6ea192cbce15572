//! From flags to a run to an exit code: what all analyses share.

use super::assert::{Assertions, Failure, WatchedRows};
use super::exit;
use super::files::OutputFiles;
use super::gate::Gate;
use super::input::InputArgs;
use super::names;
use super::output::{OutputArgs, Reporting};
use super::state::{StateArgs, View};
use super::units;
use super::{inspect, interrupts};
use crate::analysis::Analysis;
use crate::engine::{self, CancelToken, Outcome, Outputs, Paths, Plan, Stop};
use crate::event::{Ledger, Span};
use crate::input::Sources;
use crate::report::Answer;
use crate::schema::Names;
use crate::schema::Schema;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// The flags of every analysis.
#[derive(Args)]
pub struct JobArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub state: StateArgs,
    /// What is shown in place of a run.
    #[arg(skip)]
    pub view: Option<View>,
    /// What was typed.
    #[arg(skip)]
    pub plan: crate::checkpoint::Plan,
}

impl JobArgs {
    /// Runs the analysis over the input to the end, and gives the exit code. `schema` projects the
    /// fields that the analysis looks at; `forward` takes the records that it forwards.
    pub fn run<A: Analysis>(&self, analysis: A, schema: Schema, forward: Option<&Path>) -> Result<u8> {
        self.report(analysis, schema, forward, Reporting::Whole)
    }

    /// As [`Self::run`], where a report may say what has changed.
    pub fn report<A: Analysis>(
        &self,
        analysis: A,
        schema: Schema,
        forward: Option<&Path>,
        reporting: Reporting,
    ) -> Result<u8> {
        match &self.view {
            Some(view) => view.look(&analysis),
            None => {
                let about = analysis.report(&mut analysis.empty(), Span::default(), false);
                self.conduct(schema, forward, reporting, Some(&about), |plan, outputs| {
                    Ok(engine::run(analysis, plan, outputs))
                })
            }
        }
    }

    /// Makes a plan of the flags, has it run by whichever engine, and gives the exit code. `about` is an
    /// answer about nothing, as far as it is known before.
    pub fn conduct(
        &self,
        mut schema: Schema,
        forward: Option<&Path>,
        reporting: Reporting,
        about: Option<&Answer>,
        run: impl FnOnce(Plan, Outputs) -> Result<Outcome>,
    ) -> Result<u8> {
        let assertions = Rc::new(self.output.assertions()?);
        if let Some(about) = about {
            assertions.check_names(about).map_err(|reason| anyhow!(reason))?;
        }
        let sources = self.input.sources()?;
        let follow = self.input.follow(&sources)?;
        let filter = self.input.filter(&mut schema)?;
        let names = schema.names.clone();
        if follow && self.input.places().next().is_some() && self.input.places().all(|place| place.ends_with('/')) {
            // A file may come; a directory is there, or its name is wrong.
            let missing = sources.missing();
            if missing.len() == sources.len() {
                missing.iter().for_each(|source| say!("streamlab: error: {source}"));
                return Ok(exit::UNREADABLE);
            }
        }
        let is_live = follow || self.output.has_period() && sources.may_be_endless();
        self.output.check_live(follow || sources.may_be_endless(), reporting)?;
        let empty = if follow { Vec::new() } else { self.input.empty_sources()? };
        check_places(&sources, self.output.files().chain(forward.map(|path| ("--forward", path))))?;
        if self.output.is_verbose() {
            self.describe(&schema, sources.len(), follow);
        }
        let cancel = self.start(follow)?;
        let mut files = OutputFiles::default();
        let mut checkpoints = None;
        if let Some((opened, left)) = self.state.open(&self.plan, &sources, self.output.is_quiet())? {
            files.left = left.map(|left| left.lengths);
            checkpoints = Some(opened);
        }
        let goes_on = files.left.is_some();
        // Who goes on may have read what was renamed since.
        if !goes_on && !self.output.is_quiet() {
            sources.passed_over().iter().for_each(|passed| say!("streamlab: note: {passed}"));
        }
        let mut outputs = self.output.outputs(is_live, forward, reporting, &mut files)?;
        if let Some(checkpoints) = &mut checkpoints {
            checkpoints.written = files.written;
        }
        outputs.watch = Some(names::watch(names.clone(), self.output.is_strict_about_fields(), follow));
        let are_changes = matches!(reporting, Reporting::Changes { .. });
        let fail_fast = self.output.fails_fast().then(|| cancel.clone());
        // Who asks to fail fast cannot wait for the end of a pipe, and a row that has closed is final anywhere.
        let is_gated = is_live || fail_fast.is_some() && (are_changes || sources.may_be_endless());
        let gate = Gate::new(assertions.clone(), reporting.are_sessions(), !is_gated, fail_fast);
        let gate = Rc::new(RefCell::new(gate));
        if are_changes || is_gated && !assertions.is_empty() {
            let gate = gate.clone();
            outputs.inspect = Some(Box::new(move |report| gate.borrow_mut().see(report)));
            outputs.inspect_every = (!are_changes).then_some(Duration::from_secs(1));
        }
        let plan = Plan {
            sources,
            schema,
            filter,
            limits: self.input.limits(self.output.letters()),
            stretch_bytes: self.output.stretch_bytes(),
            follow,
            // What an earlier run did not see is not passed over.
            tail_only: self.input.tail_only() && !goes_on,
            cancel,
            checkpoints,
        };
        let outcome = run(plan, outputs)?;
        self.comment(&outcome, reporting)?;
        if outcome.paths.is_some() && outcome.stop_is_quiet() {
            self.comment_on_names(&outcome, &names);
        }
        let matched_nothing = self.say_what_is_empty(&empty);
        let gate = gate.borrow();
        let watched = are_changes.then_some(&gate.watched);
        let failures = failures(&outcome, &assertions, watched, &names);
        failures.iter().for_each(|failure| say!("{failure}"));
        Ok(match code(&outcome, follow, !failures.is_empty()) {
            exit::DONE | exit::FAILED if matched_nothing && outcome.report.is_some() => exit::UNREADABLE,
            code => code,
        })
    }

    /// Starts threads, and listens to whoever may want the run to end.
    fn start(&self, follow: bool) -> Result<CancelToken> {
        rayon::ThreadPoolBuilder::new()
            .use_current_thread()
            .num_threads(self.input.threads())
            .build_global()
            .context("cannot start threads")?;
        let cancel = interrupts::token().context("cannot listen to signals")?;
        if follow && self.output.is_to_stdout() {
            watch_reader(cancel.clone());
        }
        Ok(cancel)
    }

    /// Says on standard error what a run has met.
    fn comment(&self, outcome: &Outcome, reporting: Reporting) -> Result<()> {
        if let (true, Some(paths)) = (self.output.is_verbose(), outcome.paths) {
            explain(paths);
        }
        if !self.output.is_quiet() {
            self.warn(outcome, reporting);
        } else if outcome.unreadable > 0 {
            self.say_what_is_unreadable(outcome.unreadable)?;
        }
        Ok(())
    }

    /// Names the sources that hold no file; answers whether one of them is a mistake. A directory
    /// may be empty, but who writes a glob means a file.
    fn say_what_is_empty(&self, empty: &[(&str, bool)]) -> bool {
        for (source, is_directory) in empty {
            let source = source.escape_debug();
            if !is_directory {
                say!("streamlab: error: no file matches {source}; check the pattern");
            } else if !self.output.is_quiet() {
                say!(
                    "streamlab: warning: no file was found in {source}; of a directory only *.json, *.jsonl, *.ndjson \
                     and *.log are read (also .gz, .zst), unless --include names others"
                );
            }
        }
        empty.iter().any(|(_, is_directory)| !is_directory)
    }

    /// What could not be read is told even where warnings are not wanted: the answer lacks it.
    fn say_what_is_unreadable(&self, count: usize) -> Result<()> {
        let (_, unreadable) = self.input.sources()?.scan();
        unreadable.iter().for_each(|source| say!("streamlab: error: {source}"));
        if unreadable.is_empty() {
            say!("streamlab: error: sources that cannot be read: {count}; without --quiet they are named");
        }
        Ok(())
    }

    /// Says what the numbers alone do not.
    fn warn(&self, outcome: &Outcome, reporting: Reporting) {
        if let Some(report) = &outcome.report {
            let Ledger { read, late, dead_letter: bad, .. } = report.ledger;
            match &outcome.first_dead {
                Some(first) => {
                    let kept = self.where_letters_are();
                    say!("streamlab: warning: bad records: {bad} of {read}; {kept}. The first: {first}");
                }
                // Another engine has only counted them.
                None if bad > 0 => say!("streamlab: warning: bad records: {bad} of {read}"),
                None => {}
            }
            if late > 0 && outcome.paths.is_none() {
                say!(
                    "streamlab: warning: too late to be counted: {late} of {read}; a longer --watermark-delay counts them"
                );
            } else if late > 0 {
                let kept = self.where_letters_are();
                say!(
                    "streamlab: warning: too late to be counted: {late} of {read}; {kept}. `streamlab lateness` says \
                     which --watermark-delay would count them"
                );
            }
        }
        if let (Some(report), Reporting::Changes { .. }, false) =
            (&outcome.report, reporting, self.output.is_for_people())
        {
            report.answer.notes.iter().for_each(|note| say!("streamlab: note: {note}"));
        }
        if let (Some(path), 1..) = (self.input.parse(), outcome.unread) {
            let count = outcome.unread;
            say!(
                "streamlab: warning: --parse {path}: no JSON object there in {count} records, which were read without"
            );
        }
        if let Some((count, reason)) = &outcome.filter_errors {
            say!("streamlab: warning: --where could not be decided for {count} records, which were left out: {reason}");
        }
    }

    /// Says which of the names of the question no record has, and why nothing was counted.
    fn comment_on_names(&self, outcome: &Outcome, names: &Names) {
        let Some(ledger) = outcome.report.as_ref().map(|report| report.ledger) else { return };
        if self.output.is_verbose() {
            names::found(names).iter().for_each(|line| say!("streamlab: {line}"));
        }
        if self.output.is_quiet() || ledger.read == 0 {
            return;
        }
        if ledger.read > ledger.dead_letter {
            let warnings = names::warnings(names, ledger.read);
            warnings.iter().for_each(|warning| say!("streamlab: warning: {warning}"));
        }
        if ledger.counted == 0 && ledger.filtered + ledger.dead_letter == ledger.read {
            self.say_why_nothing_counts(ledger);
        }
    }

    fn say_why_nothing_counts(&self, ledger: Ledger) {
        let why = match (ledger.dead_letter, self.input.is_filtered()) {
            (bad, _) if bad == ledger.read => "each is bad",
            (_, true) => "--where, --since and --until keep none of them, or none of those is what is asked about",
            (0, false) => "none has a status, which makes a record a request",
            _ => "each is bad, or has no status, which makes a record a request",
        };
        say!("streamlab: warning: no record of {} was counted: {why}", ledger.read);
        if !self.input.is_filtered()
            && let Some(command) = inspect::fitting_command(self.input.source())
        {
            say!("streamlab: warning: for such records this fits: {command}");
        }
    }

    fn where_letters_are(&self) -> String {
        match self.output.dead_letter() {
            Some(path) if path == Path::new("-") => "standard output has them".to_owned(),
            Some(path) => format!("{} has them", path.display()),
            None => "--dead-letter FILE keeps them".to_owned(),
        }
    }

    fn describe(&self, schema: &Schema, sources: usize, follow: bool) {
        let mode = if follow { "following" } else { "one pass over" };
        let threads = match self.input.threads() {
            0 => "a thread a core".to_owned(),
            count => format!("threads: {count}"),
        };
        say!("streamlab: {mode} {sources} source(s), {threads}");
        for role in crate::event::Role::ALL {
            let path = schema.role(role).map_or("none".to_owned(), ToString::to_string);
            say!("streamlab: field for {}: {path}", role.name());
        }
        if let Some(rest) = schema.time_rest().and_then(|slot| schema.paths()[slot].as_ref()) {
            say!("streamlab: field that goes on with the time: {rest}");
        }
    }
}

/// Says by which way the records were read.
fn explain(paths: Paths) {
    let Paths { predicted, parsed, shapes } = paths;
    let share = 100.0 * predicted as f64 / (predicted + parsed).max(1) as f64;
    say!(
        "streamlab: records compared with a known shape: {predicted} ({share:.1} %); parsed: {parsed}; shapes learned: \
         {shapes}, by each thread its own"
    );
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

/// Ends a followed run when the reader of standard output leaves, though there may be nothing to
/// write for long.
fn watch_reader(cancel: CancelToken) {
    use rustix::event::{PollFd, PollFlags, poll};
    std::thread::spawn(move || {
        let stdout = std::io::stdout();
        loop {
            // What is asked for is nothing: errors come unasked.
            let mut states = [PollFd::new(&stdout, PollFlags::empty())];
            match poll(&mut states, None) {
                Err(rustix::io::Errno::INTR) => {}
                Ok(_) if states[0].revents().contains(PollFlags::ERR) => return cancel.reader_left(),
                _ => return,
            }
        }
    });
}

/// The demands that were not met, each with all that is known against it.
fn failures(outcome: &Outcome, assertions: &Assertions, watched: Option<&WatchedRows>, names: &Names) -> Vec<Failure> {
    let Some(report) = &outcome.report else { return Vec::new() };
    let mut failures = assertions.check(report, watched);
    // Another engine does not tell what its records have.
    if outcome.paths.is_some() && report.ledger.read > report.ledger.dead_letter {
        for unfounded in assertions.unfounded(names, &report.answer) {
            match failures.iter_mut().find(|failure| failure.is_of(&unfounded)) {
                Some(failure) => failure.add(unfounded),
                None => failures.push(unfounded),
            }
        }
    }
    failures
}

fn code(outcome: &Outcome, follow: bool, asserted: bool) -> u8 {
    match &outcome.stop {
        Some(Stop::ReaderLeft) => return exit::DONE,
        Some(Stop::Output { name, error }) => {
            say!("streamlab: error: cannot write {name}: {error}");
            return exit::UNWRITABLE;
        }
        Some(Stop::Strict(place)) => {
            say!("streamlab: error: stopped at a bad record, as --strict asks: {place}");
            return exit::FAILED;
        }
        Some(Stop::UnknownField(reason)) => {
            say!("streamlab: error: stopped, as --strict-fields asks: {reason}");
            return exit::USAGE;
        }
        Some(Stop::Engine(reason)) => {
            say!("streamlab: error: {reason}");
            return exit::UNREADABLE;
        }
        Some(Stop::NoData(longest)) => {
            say!("streamlab: error: no record came for {}, as --no-data-after asks", units::shown(*longest));
            return exit::FAILED;
        }
        Some(Stop::Failed) => return exit::FAILED,
        Some(Stop::Signal(signal)) if !follow => {
            say!("streamlab: interrupted: the result is incomplete");
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
