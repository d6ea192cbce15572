//! An engine's run: a process of its own, timed and weighed.

use crate::bridge::spark::toolchain;
use crate::cli::exit;
use crate::event::Ledger;
use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    Native,
    Polars,
    Spark,
}

/// What an engine answered, and what that took.
pub struct Run {
    pub engine: Engine,
    /// Its exit code; none where a signal ended it.
    pub code: Option<u8>,
    /// How it ended, in words.
    pub end: String,
    /// On standard error.
    pub said: String,
    pub answer: Answer,
    pub has_answered: bool,
    pub seconds: f64,
    /// The greatest sum of what its processes held at one time, where the system tells.
    pub peak_bytes: Option<u64>,
}

/// The report of a run, as far as it is compared.
#[derive(Default, Deserialize)]
pub struct Answer {
    pub rows: Vec<Map<String, Value>>,
    pub ledger: Ledger,
}

/// How often its memory is looked at. The system keeps the peak of each process, so that little is missed.
const LOOK: Duration = Duration::from_millis(5);

impl Engine {
    const ALL: [Self; 3] = [Engine::Native, Engine::Polars, Engine::Spark];

    /// Those that this binary and this machine have.
    pub fn present() -> Vec<Self> {
        Self::ALL.into_iter().filter(|engine| engine.missing().is_none()).collect()
    }

    /// Why this binary or this machine does not have it.
    pub fn missing(self) -> Option<String> {
        match self {
            Engine::Native => None,
            Engine::Polars => (!cfg!(feature = "polars")).then(|| {
                "this streamlab was built without it: `cargo install --path . --features polars` has it".to_owned()
            }),
            Engine::Spark => toolchain::find().err(),
        }
    }

    /// Refuses engines that could not be held to each other.
    pub fn check(engines: &[Self]) -> Result<()> {
        if let Some((_, twice)) = engines.iter().enumerate().find(|(place, one)| engines[..*place].contains(one)) {
            bail!("compare: {} is named twice: an engine is held to another one, not to itself", twice.name());
        }
        let absent = |engine: &Self| Some(format!("{}: {}", engine.name(), engine.missing()?));
        let missing: Vec<String> = engines.iter().filter_map(absent).collect();
        if !missing.is_empty() {
            bail!("compare: an engine is not there: {}", missing.join("; "));
        }
        if engines.len() < 2 {
            let others = Self::ALL.into_iter().filter(|engine| !engines.contains(engine));
            let others = others.map(|other| absent(&other).unwrap_or_else(|| format!("{}: is there", other.name())));
            bail!(
                "compare: one engine alone has nothing to be equal to: name another with --engines ({})",
                others.collect::<Vec<_>>().join("; ")
            );
        }
        Ok(())
    }

    pub fn name(self) -> &'static str {
        match self {
            Engine::Native => "native",
            Engine::Polars => "polars",
            Engine::Spark => "spark",
        }
    }
}

impl Run {
    /// Has an engine answer, by a command line of ours.
    pub fn of(engine: Engine, line: &[String]) -> Result<Self> {
        let program = std::env::current_exe().context("cannot tell which program this is")?;
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(line)
            // What is said is shown where it fails.
            .env_remove("STREAMLAB_QUIET")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run streamlab again")?;
        let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
        let is_over = AtomicBool::new(false);
        let pid = child.id();
        let (written, said, status, peak_bytes) = thread::scope(|scope| {
            let weigh = scope.spawn(|| peak_of(pid, &is_over));
            let said = scope.spawn(|| text(err.as_mut()));
            let written = text(out.as_mut());
            let status = child.wait();
            is_over.store(true, Ordering::Relaxed);
            (written, said.join().unwrap_or_default(), status, weigh.join().ok().flatten())
        });
        let seconds = started.elapsed().as_secs_f64();
        let status = status.context("cannot wait for it")?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        let answer = match (code, written.lines().last()) {
            // Where each record is bad, there is a report as well.
            (Some(exit::DONE | exit::FAILED), Some(line)) => Some(
                serde_json::from_str(line)
                    .with_context(|| format!("{} wrote no report, but `{line}`", engine.name()))?,
            ),
            (Some(exit::DONE), None) => bail!("{} wrote no report", engine.name()),
            _ => None,
        };
        let end = code.map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
        let has_answered = answer.is_some();
        let answer = answer.unwrap_or_default();
        Ok(Self { engine, code, end, said, answer, has_answered, seconds, peak_bytes })
    }
}

fn text(from: Option<&mut impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What was read before it failed is all there is.
        _ = from.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The most memory that a process and those that it has started held together.
fn peak_of(pid: u32, is_over: &AtomicBool) -> Option<u64> {
    let mut peak = None;
    while !is_over.load(Ordering::Relaxed) {
        let mut held = BTreeMap::new();
        weigh(pid, &mut held);
        if !held.is_empty() {
            peak = peak.max(Some(held.values().sum()));
        }
        thread::sleep(LOOK);
    }
    peak
}

/// Notes what each process of a tree has held at most.
fn weigh(pid: u32, held: &mut BTreeMap<u32, u64>) {
    let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
    let status = read(format!("/proc/{pid}/status"));
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = peak.and_then(|peak| peak.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    let Some(kibibytes) = kibibytes else { return };
    held.insert(pid, kibibytes * 1024);
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return };
    for task in tasks.flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.split_whitespace().filter_map(|child| child.parse().ok()).for_each(|child| weigh(child, held));
    }
}
