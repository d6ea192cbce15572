//! `compare`: one question, several engines: do they agree, and what does each cost?

mod engines;
mod notes;
mod sheet;
mod source;
mod verdict;

use super::exit;
use super::input::InputArgs;
use super::output::ScreenArgs;
use super::question::{RATE_COLUMNS, WINDOW_COLUMNS};
use super::rows::{JudgeArgs, OutcomeArgs, RowArgs};
use super::shell;
use super::units;
use crate::checkpoint::Plan;
use crate::render::{Part, json_line, page, terminal_size};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use engines::{Engine, Run};
use source::Snapshot;
use std::io::{self, IsTerminal};
use std::time::Duration;
use verdict::Verdict;

/// One question, several engines: are the answers equal, and how fast are they?
#[derive(Args)]
#[command(
    before_help = "Example: streamlab compare data/ --engines native,polars,spark",
    after_help = "\
The question is that of running-avg or, with --size, that of window over complete input: no event is late.
Counts have to be equal, other numbers to a part in 1e9. Exit code 1 says that they are not, 2 that there
was nothing to compare: one engine alone, or no record that counted.

More examples:
  Windows of a minute, natively and on a cluster
    streamlab compare /logs --engines native,spark --size 1m --master spark://host:7077"
)]
pub struct CompareArgs {
    /// Which engines answer, in this order: native, polars, spark [default: those that are there]
    #[arg(
        long,
        value_name = "LIST",
        value_enum,
        value_delimiter = ',',
        default_values_t = Engine::present(),
        hide_default_value = true,
        help_heading = "Engines"
    )]
    engines: Vec<Engine>,
    /// Where Spark runs
    #[arg(long, value_name = "URL", default_value = "local[*]", help_heading = "Engines")]
    master: String,
    /// A setting of Spark, repeatable: spark.executor.memory=4g
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Engines")]
    conf: Vec<String>,
    /// Count failures in windows of this length, one after the other, in place of successes over all
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Window")]
    size: Option<Duration>,
    /// How long after a multiple of its size since 1970 a window begins
    #[arg(long, value_name = "TIME", value_parser = units::duration, requires = "size", help_heading = "Window")]
    offset: Option<Duration>,
    /// What the comparison is written as
    #[arg(short, long, value_enum, default_value_t = Form::Table, help_heading = "Output")]
    output: Form,
    #[command(flatten)]
    screen: ScreenArgs,
    #[command(flatten)]
    rows: RowArgs,
    #[command(flatten)]
    outcomes: OutcomeArgs,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// What was typed.
    #[arg(skip)]
    pub plan: Plan,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Table,
    Json,
}

impl CompareArgs {
    pub fn run(self) -> Result<u8> {
        let mut schema = self.input.schema();
        let columns: &[&str] = if self.size.is_some() { &WINDOW_COLUMNS } else { &RATE_COLUMNS };
        let by = self.rows.by(&mut schema, columns)?;
        let keys = by.columns().iter().cloned().chain(self.size.map(|_| "start".to_owned())).collect();
        _ = self.outcomes.outcomes();
        self.judge.success(&mut schema)?;
        let sources = self.input.sources()?;
        if sources.are_read_once() {
            bail!(
                "compare: each engine reads the source by itself, and standard input or a pipe can be read once: write it to a file first"
            );
        }
        if self.input.is_followed() || self.input.tail_only() {
            bail!("compare: what is there is read once, and whole: leave out --follow and --tail-only");
        }
        let (files, unreadable) = sources.scan();
        if let Some(first) = unreadable.first() {
            say!("streamlab: error: {first}");
            return Ok(exit::UNREADABLE);
        }
        Engine::check(&self.engines)?;
        let before = Snapshot::of(&files);
        let mut runs = Vec::new();
        for engine in &self.engines {
            let line = self.line(*engine);
            let run = Run::of(*engine, &line)?;
            if !run.has_answered {
                say!("streamlab: error: {} ended with {}:", engine.name(), run.end);
                run.said.lines().for_each(|line| say!("  {line}"));
                if run.said.trim().is_empty() {
                    say!("  it did not say why; ask it alone: streamlab {}", typed(&line));
                }
                return Ok(run.code.filter(|code| *code != exit::DONE).unwrap_or(exit::FAILED));
            }
            runs.push(run);
        }
        let changes = before.changes(&Snapshot::of(&sources.scan().0));
        let verdict = Verdict::of(&runs, keys);
        if verdict.differences.is_empty() && runs.iter().all(|run| run.answer.ledger.counted == 0) {
            bail!("compare: {}", notes::nothing_counted(&runs[0], before.files()));
        }
        self.show(&verdict, &runs, before.bytes(), &changes)
    }

    /// Shows what came of it, and gives the exit code.
    fn show(&self, verdict: &Verdict, runs: &[Run], bytes: u64, changes: &[String]) -> Result<u8> {
        let (differs, is_void) = (!verdict.differences.is_empty(), !changes.is_empty());
        let notes = if differs { notes::notes(verdict, runs, self.size.is_some()) } else { Vec::new() };
        let written = match self.output {
            Form::Json => shell::print(&json_line(&verdict.object(runs, bytes, changes, &notes))?)?,
            Form::Table => {
                let terminal = io::stdout().is_terminal();
                let columns = terminal.then(|| usize::from(terminal_size().0));
                let mut parts = sheet::parts(verdict, runs, bytes, is_void);
                parts.extend(notes.into_iter().map(|note| Part::Words(format!("note: {note}"))));
                shell::print(page(&parts, self.screen.style(terminal), columns).as_bytes())?
            }
        };
        for change in changes {
            say!("streamlab: warning: the source changed while the engines read it: {change}");
        }
        for run in runs.iter().filter(|_| differs) {
            run.said.lines().for_each(|line| say!("{}: {line}", run.engine.name()));
        }
        Ok(match (written, differs) {
            (exit::DONE, true) if is_void => {
                say!("streamlab: error: so the engines need not have read the same: compare a copy of it");
                exit::USAGE
            }
            (exit::DONE, true) => exit::FAILED,
            (code, _) => code,
        })
    }

    /// The command line by which an engine is asked.
    fn line(&self, engine: Engine) -> Vec<String> {
        let own = ["--engines", "--master", "--conf", "--size", "--offset", "--output"];
        let is_own =
            |flag: &&String| own.iter().any(|own| flag.strip_prefix(own).is_some_and(|rest| rest.starts_with('=')));
        let shared: Vec<String> = self.plan.line.iter().skip(1).filter(|flag| !is_own(flag)).cloned().collect();
        let nanos = |length: Duration| format!("{}ns", length.as_nanos());
        let mut line = match (engine, self.size) {
            (Engine::Native, None) => vec!["running-avg".to_owned()],
            // In one pass without a delay nothing is late.
            (Engine::Native, Some(_)) => vec!["window".to_owned()],
            (Engine::Polars, _) => vec!["polars".to_owned()],
            (Engine::Spark, size) => {
                let mut line = vec!["spark".to_owned(), format!("--master={}", self.master)];
                line.extend(self.conf.iter().map(|conf| format!("--conf={conf}")));
                line.extend(size.into_iter().flat_map(|_| [ALL_TIME.to_owned()]));
                line
            }
        };
        line.extend(self.size.map(|size| format!("--size={}", nanos(size))));
        line.extend(self.offset.map(|offset| format!("--offset={}", nanos(offset))));
        line.extend(["--output=json", "--final", "--no-follow"].map(str::to_owned));
        if engine != Engine::Spark && self.input.threads() != 0 {
            line.push(format!("--threads={}", self.input.threads()));
        }
        // Spark takes all keys, and records of any size: so the others do beside it, unless a limit was asked for.
        if engine != Engine::Spark && self.engines.contains(&Engine::Spark) {
            let is_asked = |limit: &&str| shared.iter().any(|flag| flag.split('=').next() == limit.split('=').next());
            line.extend(NO_LIMITS.iter().filter(|limit| !is_asked(limit)).map(|limit| (*limit).to_owned()));
        }
        line.extend(shared);
        line
    }
}

/// A command line as a shell takes it.
fn typed(words: &[String]) -> String {
    words.iter().map(|word| shell::quoted(word)).collect::<Vec<_>>().join(" ")
}

/// More than there can be.
const NO_LIMITS: [&str; 2] = ["--max-keys=4294967295", "--max-record-size=1TiB"];

/// As long as can be told: no event is late, and no window closes before the input is over.
const ALL_TIME: &str = "--watermark-delay=106751d";
