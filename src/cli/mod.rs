//! The command line: what the user typed becomes a plan, the plan a run, the outcome an exit code.
//!
//! One file a subcommand holds its arguments and what it does; [`input`], [`output`] and [`job`]
//! hold what they share.

/// Says a line on standard error. Where that fails, there is nobody to tell, and no reason to panic.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod aggregates;
mod analyses;
pub mod assert;
mod auto;
mod bloom;
mod comments;
mod compare;
pub mod config;
mod emit;
mod fields;
mod files;
mod gate;
mod generate;
mod heads;
mod input;
mod inspect;
mod interrupts;
mod job;
mod lateness;
mod names;
mod nearest;
mod output;
mod plan;
mod polars;
mod question;
mod rows;
mod shell;
mod sources;
mod spark;
mod state;
pub mod units;
mod verdict;
pub mod when;
mod window;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitCode;

/// Live answers from streams of JSON logs
#[derive(Parser)]
#[command(
    name = "streamlab",
    version,
    max_term_width = 100,
    args_override_self = true,
    before_help = "Example: streamlab sliding-window --source data/",
    after_help = "\
Each command takes --help. Exit codes: 0 done, 1 an assertion failed or all records were bad,
2 usage, 3 a source could not be read, 4 an output could not be written, 130 or 143 interrupted."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(name = "running-avg", visible_alias = "task1")]
    RunningAvg(analyses::RunningAvgArgs),
    #[command(name = "sliding-window", visible_alias = "task2")]
    SlidingWindow(analyses::SlidingWindowArgs),
    #[command(visible_alias = "task3")]
    Reservoir(analyses::ReservoirArgs),
    #[command(visible_alias = "task4")]
    Bloom(bloom::BloomArgs),
    Window(window::WindowArgs),
    #[command(visible_alias = "task5")]
    Polars(polars::PolarsArgs),
    #[command(visible_alias = "task6")]
    Spark(Box<spark::SparkArgs>),
    Compare(Box<compare::CompareArgs>),
    Lateness(lateness::LatenessArgs),
    State(state::StateCommand),
    Generate(generate::GenerateArgs),
    Inspect(inspect::InspectArgs),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

impl Command {
    /// The part of an analysis that all of them share.
    fn job(&mut self) -> Option<&mut job::JobArgs> {
        Some(match self {
            Command::RunningAvg(args) => &mut args.job,
            Command::SlidingWindow(args) => &mut args.job,
            Command::Reservoir(args) => &mut args.job,
            Command::Bloom(args) => &mut args.job,
            Command::Window(args) => &mut args.job,
            Command::Polars(args) => &mut args.job,
            Command::Spark(args) => &mut args.job,
            Command::Lateness(args) => &mut args.job,
            Command::State(_) | Command::Generate(_) | Command::Inspect(_) | Command::Compare(_) => return None,
            Command::Completions(_) | Command::Man(_) => return None,
        })
    }

    fn job_of(&self) -> Option<&job::JobArgs> {
        Some(match self {
            Command::RunningAvg(args) => &args.job,
            Command::SlidingWindow(args) => &args.job,
            Command::Reservoir(args) => &args.job,
            Command::Bloom(args) => &args.job,
            Command::Window(args) => &args.job,
            Command::Polars(args) => &args.job,
            Command::Spark(args) => &args.job,
            Command::Lateness(args) => &args.job,
            Command::State(_) | Command::Generate(_) | Command::Inspect(_) | Command::Compare(_) => return None,
            Command::Completions(_) | Command::Man(_) => return None,
        })
    }

    /// What is read, where it is read by fields.
    fn input(&self) -> Option<&input::InputArgs> {
        match self {
            Command::Compare(args) => Some(&args.input),
            other => other.job_of().map(|job| &job.input),
        }
    }

    /// The flags for fields of the run that this one goes on with.
    fn kept_fields(&self) -> Option<auto::Flags> {
        let plan = self.job_of()?.state.kept_plan()?;
        let is_field = |flag: &str| ["--schema", "--records", "--parse"].contains(&flag) || flag.ends_with("-field");
        let flags = plan.line.iter().filter_map(|word| word.split_once('=')).filter(|(flag, _)| is_field(flag));
        Some(flags.map(|(flag, value)| (flag.to_owned(), value.to_owned())).collect())
    }

    fn is_quiet(&self) -> bool {
        self.job_of().is_some_and(|job| job.output.is_quiet())
    }

    /// Where what was typed is kept.
    fn plan(&mut self) -> Option<&mut crate::checkpoint::Plan> {
        match self {
            Command::Compare(args) => Some(&mut args.plan),
            other => other.job().map(|job| &mut job.plan),
        }
    }

    /// The command that a plan is of.
    fn of(plan: &crate::checkpoint::Plan) -> Result<Self, clap::Error> {
        let line = std::iter::once("streamlab").chain(plan.line.iter().map(String::as_str));
        Ok(Cli::from_arg_matches(&Cli::command().try_get_matches_from(line)?)?.command)
    }

    fn run(self) -> anyhow::Result<u8> {
        match self {
            Command::RunningAvg(args) => args.run(),
            Command::SlidingWindow(args) => args.run(),
            Command::Reservoir(args) => args.run(),
            Command::Bloom(args) => args.run(),
            Command::Window(args) => args.run(),
            Command::Polars(args) => args.run(),
            Command::Spark(args) => args.run(),
            Command::Compare(args) => args.run(),
            Command::Lateness(args) => args.run(),
            Command::State(args) => args.run(),
            Command::Generate(args) => args.run().map(|()| exit::DONE),
            Command::Inspect(args) => args.run(),
            Command::Completions(args) => args.run(),
            Command::Man(args) => args.run(),
        }
    }
}

/// How a command ends, for the shell.
pub mod exit {
    pub const DONE: u8 = 0;
    pub const FAILED: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const UNREADABLE: u8 = 3;
    pub const UNWRITABLE: u8 = 4;
}

/// Runs the command line and gives the exit code.
pub fn main(argv: Vec<OsString>) -> ExitCode {
    let root = Cli::command();
    // A variable that is not text sets no flag of ours.
    let environment =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let argv = match config::expand(&root, argv, environment) {
        Ok(argv) => argv,
        Err(error) => return fail(&error),
    };
    let parsed = parse(&root, &argv).and_then(|command| find_fields(&root, &argv, command));
    let command = match parsed {
        Ok(command) => command,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(exit::USAGE);
            return ExitCode::from(match error.print() {
                // Help asked for is a result, and its reader may leave.
                Err(trouble) if code == exit::DONE && trouble.kind() != ErrorKind::BrokenPipe => exit::UNWRITABLE,
                _ => code,
            });
        }
    };
    command.run().map_or_else(|error| fail(&error), ExitCode::from)
}

/// The command that was typed, and what was typed.
fn parse(root: &clap::Command, argv: &[OsString]) -> Result<Command, clap::Error> {
    let matches = root.clone().try_get_matches_from(argv)?;
    let mut command = Cli::from_arg_matches(&matches)?.command;
    if let Some(plan) = command.plan() {
        *plan = plan::plan(root, &matches);
    }
    Ok(command)
}

/// The command with the flags that fit its input, where it says nothing of fields and needs to.
fn find_fields(root: &clap::Command, argv: &[OsString], command: Command) -> Result<Command, clap::Error> {
    // `bloom build` and `spark setup` read no records.
    let matches = root.clone().try_get_matches_from(argv)?;
    if matches.subcommand().is_some_and(|(_, matches)| matches.subcommand().is_some()) {
        return Ok(command);
    }
    let Some(auto::Found { flags, fitting }) = auto::found(&command) else { return Ok(command) };
    let mut command = command;
    if !flags.is_empty() {
        if !command.is_quiet() {
            say!("streamlab: note: {}", auto::sentence(&flags));
        }
        let mut argv = argv.to_vec();
        let end = argv.iter().position(|argument| argument == "--").unwrap_or(argv.len());
        argv.splice(end..end, flags.iter().map(|(flag, value)| format!("{flag}={value}").into()));
        command = parse(root, &argv)?;
    }
    if let Some(job) = command.job() {
        job.fitting = fitting;
    }
    Ok(command)
}

/// What is wrong with the plan is said before any work starts.
fn fail(error: &anyhow::Error) -> ExitCode {
    say!("streamlab: error: {error:#}");
    let is_output = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<output::Unwritable>() || matches!(cause.downcast_ref(), Some(crate::generate::Error::Write { .. }))
    };
    ExitCode::from(if error.chain().any(is_output) { exit::UNWRITABLE } else { exit::USAGE })
}
