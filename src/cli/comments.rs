//! What is said of a run on standard error: what it met, and what the numbers alone do not tell.

use super::job::JobArgs;
use super::output::Reporting;
use super::{inspect, names};
use crate::engine::{Outcome, Paths};
use crate::event::Ledger;
use crate::schema::Names;
use anyhow::Result;
use std::path::Path;

impl JobArgs {
    /// Says on standard error what a run has met.
    pub(super) fn comment(&self, outcome: &Outcome, reporting: Reporting) -> Result<()> {
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
    pub(super) fn say_what_is_empty(&self, empty: &[(&str, bool)]) -> bool {
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
        if let (Some(report), false) = (&outcome.report, self.output.is_for_people()) {
            // Of a whole answer, only what is missing in it: the rest is about its rows.
            let is_told = |note: &&String| {
                matches!(reporting, Reporting::Changes { .. }) || note.starts_with(crate::analysis::UNDECIDED)
            };
            report.answer.notes.iter().filter(is_told).for_each(|note| say!("streamlab: note: {note}"));
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
    pub(super) fn comment_on_names(&self, outcome: &Outcome, names: &Names) {
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
        if !self.input.is_filtered() {
            say_which_count_nothing(&outcome.uncounted, self.asks_for_status());
        }
    }

    /// Whether the question is about HTTP statuses.
    fn asks_for_status(&self) -> bool {
        let is_told = |flag: &str| self.plan.flags.contains_key(flag);
        let is_of_status = ["bloom", "reservoir", "lateness"].iter().all(|other| self.plan.command != *other);
        is_of_status && !is_told("--success-if") && !is_told("--failure-if") && !is_told("--agg")
    }

    fn say_why_nothing_counts(&self, ledger: Ledger) {
        let why = match (ledger.dead_letter, self.input.is_filtered()) {
            (bad, _) if bad == ledger.read => "each is bad",
            (_, true) => "--where, --since and --until keep none of them, or none of those is what is asked about",
            (0, false) if self.asks_for_status() => "none has a status, which makes a record a request",
            (0, false) => "none has what is asked for, or none of them can be decided",
            _ => "each is bad, or has not what is asked for",
        };
        say!("streamlab: warning: no record of {} was counted: {why}", ledger.read);
        if !self.input.is_filtered()
            && self.asks_for_status()
            && let Some(command) = self.fitting.clone().or_else(|| inspect::fitting_command(self.input.source()))
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
}

/// A directory may hold logs of several formats, and is read as one.
fn say_which_count_nothing(files: &[String], are_requests: bool) {
    let Some(first) = files.first() else { return };
    const NAMED: usize = 3;
    let named: Vec<String> = files.iter().take(NAMED).map(|name| name.escape_debug().to_string()).collect();
    let more = if files.len() > NAMED { format!(" and {} more", files.len() - NAMED) } else { String::new() };
    let asked = if are_requests { "a status as it is read here" } else { "what is asked about" };
    say!(
        "streamlab: warning: no record was counted of {}{more}: none there has {asked}; `streamlab inspect {}` says \
         what it holds",
        named.join(", "),
        first.escape_debug()
    );
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
