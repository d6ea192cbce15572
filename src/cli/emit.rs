//! `--emit`: the question as a program for another engine, in place of an answer.

use super::job::JobArgs;
use super::shell;
use crate::bridge::Question;
use crate::bridge::emit::{Request, Target, program};
use crate::schema::Schema;
use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use std::time::Duration;

#[derive(Args)]
pub struct EmitArgs {
    /// Print a Python program that asks the same of another engine, and count nothing here
    #[arg(long, value_name = "ENGINE", value_enum, help_heading = "Output")]
    emit: Option<Engine>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Engine {
    Polars,
    Pyspark,
}

/// Flags that a program carries over.
const CARRIED: [&str; 19] = [
    "emit",
    "source",
    "include",
    "schema",
    "time-field",
    "service-field",
    "message-field",
    "status-field",
    "id-field",
    "time-unit",
    "max-ahead",
    "by",
    "success",
    "failure",
    "type",
    "size",
    "slide",
    "offset",
    // Of no matter where all is there: nothing is late.
    "watermark-delay",
];

/// What to do in place of a flag that is not carried over.
const ADVICE: [(&str, &str); 14] = [
    ("where", "add a .filter to the program"),
    ("since", "add a .filter to the program"),
    ("until", "add a .filter to the program"),
    ("exclude", "name the files that are wanted, or --include them"),
    ("agg", "leave it out, and change the aggregates of the program"),
    ("dedup", "leave it out, and add .unique (Polars) or .dropDuplicates (Spark) to the program"),
    ("success-if", STATUS_ONLY),
    ("failure-if", STATUS_ONLY),
    ("time-zone", "the program takes times without a zone for UTC"),
    ("time-format", "leave it out, and change how the program reads times"),
    ("max-keys", "the program has a row for each key"),
    ("output-file", "redirect standard output"),
    ("dead-letter", "the program keeps no record that it leaves out"),
    ("allowed-lateness", "nothing is late where all is there"),
];

const STATUS_ONLY: &str = "leave it out: a program tells success and failure by the HTTP status only";

impl EmitArgs {
    pub fn engine(&self) -> Option<Engine> {
        self.emit
    }
}

/// Prints the program for a question; gives the exit code. `delay` is how late events may be in a stream.
pub fn emit(engine: Engine, question: Question, schema: Schema, job: &JobArgs, delay: Duration) -> Result<u8> {
    refuse(job)?;
    let sources = job.input.sources()?;
    if sources.are_read_once() {
        bail!("--emit: a program reads files, not standard input or a pipe; name a directory, a file or a glob");
    }
    let request = Request {
        question,
        schema,
        sources,
        names: job.input.places().cloned().collect(),
        include: job.input.include(),
        max_ahead: job.input.ahead(),
        delay,
        line: line(&job.plan.line),
    };
    let target = match engine {
        Engine::Polars => Target::Polars,
        Engine::Pyspark => Target::PySpark,
    };
    let text = program(target, &request).map_err(|reason| anyhow!("--emit: {reason}"))?;
    shell::print(text.as_bytes())
}

/// What the program would not do is said, not left out.
fn refuse(job: &JobArgs) -> Result<()> {
    let flags = job.plan.line.iter().skip(1).take_while(|word| *word != "--");
    let names = flags.filter_map(|word| word.strip_prefix("--")?.split('=').next());
    // What changes how a run goes is not in the plan.
    let others = [
        ("follow", job.input.is_followed()),
        ("tail-only", job.input.tail_only()),
        ("strict", job.output.is_strict()),
        ("state-dir", job.state.is_kept()),
    ];
    let others = others.into_iter().chain(job.output.checks()).filter_map(|(name, is_there)| is_there.then_some(name));
    match names.chain(others).find(|name| !CARRIED.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let advice = ADVICE.iter().find(|(flag, _)| *flag == name).map_or("leave it out", |(_, advice)| advice);
            bail!("--emit: --{name} is not carried over to a program; {advice}")
        }
    }
}

/// What was typed, to be typed again.
fn line(words: &[String]) -> String {
    let mut parts = words.splitn(2, |word| word == "--");
    let (flags, places) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (command, flags) = flags.split_first().map_or(("", flags), |(command, flags)| (command.as_str(), flags));
    let mut line = format!("streamlab {command}");
    for place in places {
        line.extend([" ", &shell::quoted(place)]);
    }
    for flag in flags.iter().filter(|flag| !flag.starts_with("--emit=")) {
        match flag.split_once('=') {
            Some((name, value)) => line.extend([" ", name, " ", &shell::quoted(value)]),
            None => line.extend([" ", flag]),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_can_be_typed_again() {
        let words =
            ["window", "--size=7s", "--by=a b", "--emit=polars", "--", "it's/", "data/*.json"].map(str::to_owned);
        assert_eq!(line(&words), r"streamlab window 'it'\''s/' 'data/*.json' --size 7s --by 'a b'");
    }
}
