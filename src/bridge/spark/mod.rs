//! Spark answers: a Structured Streaming job, embedded here and run by `spark-submit`, tells what it finds
//! on a socket of its own.

mod answers;
mod checkpoint;
mod plan;
mod process;
pub mod toolchain;

pub use answers::{ANOMALY_COLUMNS, RECOVERY_COLUMNS};
pub use plan::{Job, Statistic};

use crate::engine::{self, Foreign, News, Outcome, Outputs, Plan};
use crate::report::Report;
use answers::{Answers, Message};
use process::Process;
use std::time::{Duration, Instant};
use toolchain::Toolchain;

/// How Spark is started.
#[derive(Clone, Debug)]
pub struct Submit {
    pub toolchain: Toolchain,
    pub master: String,
    /// Settings, each as `key=value`.
    pub conf: Vec<String>,
    /// Show what Spark says.
    pub is_verbose: bool,
}

impl Submit {
    /// Whether all of Spark runs on this machine.
    pub fn is_near(&self) -> bool {
        ["local", "spark://127.", "spark://localhost"].iter().any(|near| self.master.starts_with(near))
    }
}

/// Answers with the job's answers.
pub fn run(job: &Job, submit: &Submit, plan: &Plan, outputs: Outputs) -> anyhow::Result<Outcome> {
    let answers = Answers::new(job, !outputs.only_changes);
    let process = Process::start(job, submit)?;
    Ok(engine::relay(outputs, &plan.cancel, &mut Spark { process, answers, ends: None, is_verbose: submit.is_verbose }))
}

/// How often the run looks whether it is asked to end.
const MOMENT: Duration = Duration::from_millis(50);
/// How long a job that is asked to end may take for its last batch.
const LAST_WORD: Duration = Duration::from_secs(60);

/// A job at work.
struct Spark {
    process: Process,
    answers: Answers,
    /// When it will be waited for no longer.
    ends: Option<Instant>,
    is_verbose: bool,
}

impl Foreign for Spark {
    fn wait(&mut self, is_over: bool) -> Result<News, String> {
        if is_over && self.ends.is_none() {
            self.ends = Some(Instant::now() + LAST_WORD);
            self.process.ask_to_stop();
        }
        match self.process.next(MOMENT)? {
            Some(Message::Ready { spark, app, master }) => {
                if self.is_verbose {
                    self.process.note(&format!("Spark {spark} at {master}, application {app}"));
                }
                Ok(News::Nothing)
            }
            Some(Message::Update(update)) => {
                self.answers.take(update)?;
                Ok(News::Update(self.answers.ledger.read))
            }
            Some(Message::Done) => {
                self.answers.end();
                Ok(News::Last)
            }
            Some(Message::Failed { message }) => Err(message),
            None if is_over && !self.process.is_connected() => {
                self.process.give_up();
                Err("Spark had not begun yet".to_owned())
            }
            None if self.ends.is_some_and(|ends| Instant::now() > ends) => {
                self.process.give_up();
                Err("Spark was asked to stop, and did not within a minute; its checkpoint holds what it has".to_owned())
            }
            None => Ok(News::Nothing),
        }
    }

    fn report(&mut self, last: bool) -> Report {
        self.answers.report(last)
    }
}
