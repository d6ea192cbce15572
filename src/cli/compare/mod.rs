//! `compare`: one question, several engines: do they agree, and what does each cost?

mod engines;
mod sheet;
mod verdict;

use super::exit;
use super::input::InputArgs;
use super::output::ScreenArgs;
use super::rows::{OutcomeArgs, RowArgs};
use super::shell;
use super::units;
use crate::checkpoint::Plan;
use crate::render::{json_line, page, terminal_size};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use engines::{Engine, Run};
use std::io::{self, IsTerminal};
use std::time::Duration;
use verdict::Verdict;

/// One question, several engines: are the answers equal, and how fast are they?
#[derive(Args)]
#[command(
    before_help = "Example: streamlab compare data/ --engines native,polars,spark",
    after_help = "\
The question is that of running-avg or, with --size, that of window over complete input: no event is late.
Counts have to be equal, other numbers to a part in 1e9. Exit code 1 says that they are not.

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
        self.rows.by(&mut schema, &[])?;
        _ = self.outcomes.outcomes();
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
        let bytes = files.iter().filter_map(|file| file.path.metadata().ok()).map(|file| file.len()).sum();
        let mut runs = Vec::new();
        for engine in &self.engines {
            let run = Run::of(*engine, &self.line(*engine))?;
            if run.code != exit::DONE {
                say!("streamlab: error: {} ended with exit code {}:", engine.name(), run.code);
                run.said.lines().for_each(|line| say!("  {line}"));
                return Ok(run.code);
            }
            runs.push(run);
        }
        let verdict = Verdict::of(&runs)?;
        let written = match self.output {
            Form::Json => shell::print(&json_line(&verdict.object(&runs, bytes))?)?,
            Form::Table => {
                let terminal = io::stdout().is_terminal();
                let columns = terminal.then(|| usize::from(terminal_size().0));
                let parts = sheet::parts(&verdict, &runs, bytes);
                shell::print(page(&parts, self.screen.style(terminal), columns).as_bytes())?
            }
        };
        Ok(if written == exit::DONE && !verdict.differences.is_empty() { exit::FAILED } else { written })
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
            (Engine::Native, Some(_)) => vec!["window".to_owned(), ALL_TIME.to_owned()],
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
        line.extend(["--output=json", "--final", "--no-follow", "--quiet"].map(str::to_owned));
        if engine != Engine::Spark && self.input.threads() != 0 {
            line.push(format!("--threads={}", self.input.threads()));
        }
        line.extend(shared);
        line
    }
}

/// Ten years: no event is late, and no window closes before the input is over.
const ALL_TIME: &str = "--watermark-delay=3650d";
