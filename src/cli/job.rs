//! From flags to a run to an exit code: what all analyses share.

use super::assert::Assertions;
use super::exit;
use super::files::OutputFiles;
use super::gate::Gate;
use super::input::InputArgs;
use super::names;
use super::output::{OutputArgs, Reporting};
use super::state::{StateArgs, View};
use super::{interrupts, verdict};
use crate::analysis::Analysis;
use crate::engine::checkpoint::Checkpoints;
use crate::engine::{self, CancelToken, Outcome, Outputs, Plan};
use crate::event::Span;
use crate::input::Sources;
use crate::report::Answer;
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
    /// The command that fits what was seen of a pipe.
    #[arg(skip)]
    pub fitting: Option<String>,
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
        let assertions = Rc::new(self.demands(about)?);
        let sources = self.input.sources()?;
        let follow = self.input.follow(&sources)?;
        let filter = self.input.filter(&mut schema)?;
        let names = schema.names.clone();
        if follow && self.waits_in_vain(&sources) {
            return Ok(exit::UNREADABLE);
        }
        let may_go_on = follow || sources.may_be_endless();
        let is_live = follow || self.output.is_paced() && may_go_on;
        self.output.check_live(may_go_on, reporting)?;
        let empty = if follow { Vec::new() } else { self.input.empty_sources()? };
        check_places(&sources, self.output.files().chain(forward.map(|path| ("--forward", path))))?;
        if self.output.is_verbose() {
            self.describe(&schema, sources.len(), follow);
        }
        let cancel = self.start(follow)?;
        let mut files = OutputFiles::default();
        let mut checkpoints = self.checkpoints(&sources, &mut files)?;
        let goes_on = files.left.is_some();
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
        let failures = verdict::failures(&outcome, &assertions, watched, &names);
        failures.iter().filter(|failure| !gate.has_said(failure)).for_each(|failure| say!("{failure}"));
        Ok(match verdict::code(&outcome, follow, !failures.is_empty()) {
            exit::DONE | exit::FAILED if matched_nothing && outcome.report.is_some() => exit::UNREADABLE,
            code => code,
        })
    }

    /// What is demanded of the answer, of which `about` says the columns.
    fn demands(&self, about: Option<&Answer>) -> Result<Assertions> {
        let assertions = self.output.assertions(about.map_or(&[], |about| &about.columns))?;
        match about.map(|about| assertions.check_names(about)) {
            Some(Err(reason)) => Err(anyhow!(reason)),
            _ => Ok(assertions),
        }
    }

    /// Says which sources are missing, where none is there and none can come: a file may come; a directory is
    /// there, or its name is wrong.
    fn waits_in_vain(&self, sources: &Sources) -> bool {
        let are_directories = self.input.places().all(|place| place.ends_with('/'));
        let missing = if are_directories { sources.missing() } else { Vec::new() };
        let is_vain = !missing.is_empty() && missing.len() == sources.len();
        if is_vain {
            missing.iter().for_each(|source| say!("streamlab: error: {source}"));
        }
        is_vain
    }

    /// Opens the state, and tells `files` how far an earlier run had written.
    fn checkpoints(&self, sources: &Sources, files: &mut OutputFiles) -> Result<Option<Checkpoints>> {
        let opened = self.state.open(&self.plan, sources, self.output.is_quiet())?;
        let checkpoints = opened.map(|(checkpoints, left)| {
            files.left = left.map(|left| left.lengths);
            checkpoints
        });
        // Who goes on may have read what was renamed since.
        if files.left.is_none() && !self.output.is_quiet() {
            sources.passed_over().iter().for_each(|passed| say!("streamlab: note: {passed}"));
        }
        Ok(checkpoints)
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
