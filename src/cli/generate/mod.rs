//! `streamlab generate`: synthetic microservice logs, seeded.

mod args;
#[cfg(test)]
mod tests;

pub use args::GenerateArgs;

use super::output::{Unwritable, create, is_dumb};
use crate::generate::{Error, Files, Output, Pace, Plan, Progress, Rotating, Stream, Truth};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Component, Path, PathBuf};

impl GenerateArgs {
    /// Writes the logs, then the truth. The reader of our pipe going away is success.
    pub fn run(self) -> anyhow::Result<()> {
        let plan = self.plan()?;
        self.check_places(&plan)?;
        if let Some(path) = &self.watchlist {
            let mut out = BufWriter::new(create(path)?);
            plan.write_watchlist(&mut out)?;
            out.flush().map_err(|source| Unwritable::new(path, source))?;
        }
        let bar = self.progress_bar(plan.events());
        let truth = match self.generate(&plan, &bar) {
            Err(error) if error.is_broken_pipe() => return Ok(()),
            other => other?,
        };
        bar.finish_and_clear();
        match &self.truth {
            Some(path) => write_truth(path, &truth),
            None => Ok(()),
        }
    }

    /// Neither the truth nor a watchlist may be taken for logs, and a truth needs an end.
    fn check_places(&self, plan: &Plan) -> Result<(), Error> {
        if self.truth.is_some() && plan.files.is_none() {
            let text = "the truth is written at the end of a run, and this one has none; add --num-files";
            return Err(Error::Plan(text.into()));
        }
        let Some(directory) = &self.output_dir else { return Ok(()) };
        for (flag, path) in [("--truth", &self.truth), ("--watchlist", &self.watchlist)] {
            let Some(path) = path else { continue };
            if resolved(path).starts_with(resolved(directory)) {
                let (path, directory) = (path.display(), directory.display());
                return Err(Error::Plan(format!(
                    "{flag} {path} lies inside {directory}, where it would be read as a log; write it elsewhere"
                )));
            }
        }
        let strangers = if self.truth.is_some() { strangers(directory, plan, self.live.rotate.is_some()) } else { 0 };
        if strangers > 0 {
            say!(
                "warning: {} already holds {strangers} other files; the truth knows nothing of them",
                directory.display()
            );
        }
        Ok(())
    }

    fn generate(&self, plan: &Plan, bar: &ProgressBar) -> Result<Truth, Error> {
        let mut output: Box<dyn Output> = match (&self.output_dir, self.live.rotate) {
            (None, _) => Box::new(Stream::new(io::stdout())),
            (Some(directory), Some(at)) => Box::new(Rotating::new(directory, at)),
            (Some(directory), None) => {
                Box::new(Files::new(directory, plan.format).appear_whole(!self.live.batch_delay.is_zero()))
            }
        };
        let pace = Pace { events_per_second: self.live.rate, batch_delay: self.live.batch_delay };
        plan.run_to(&mut *output, &pace, &|progress: Progress| bar.inc(progress.events))
    }

    fn progress_bar(&self, events: Option<u64>) -> ProgressBar {
        if self.quiet || !io::stderr().is_terminal() || is_dumb() {
            return ProgressBar::hidden();
        }
        let (bar, shape) = match events {
            Some(events) => (ProgressBar::new(events), "{wide_bar} {human_pos}/{human_len} records, {per_sec}, {eta}"),
            None => (ProgressBar::new_spinner(), "{spinner} {human_pos} records, {per_sec}"),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        bar.with_style(ProgressStyle::with_template(shape).expect("the template is sound"))
    }
}

/// How many entries of the directory this run will not replace.
fn strangers(directory: &Path, plan: &Plan, appends: bool) -> usize {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let replaced = |name: &str| {
        let number = name.strip_prefix("logs_").and_then(|name| name.split_once('.'));
        number.is_some_and(|(number, extension)| {
            let ours = number.parse().is_ok_and(|number: u64| plan.files.is_none_or(|files| number < files));
            ours && extension == plan.format.extension()
        })
    };
    entries.flatten().filter(|entry| appends || !entry.file_name().to_str().is_some_and(replaced)).count()
}

fn write_truth(path: &Path, truth: &Truth) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(truth).context("cannot write the truth as JSON")?;
    text.push('\n');
    create(path)?.write_all(text.as_bytes()).map_err(|source| Unwritable::new(path, source))?;
    Ok(())
}

/// The absolute path without links, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(whole.pop()),
            part => whole.push(part),
        }
        whole = fs::canonicalize(&whole).unwrap_or(whole);
    }
    whole
}
