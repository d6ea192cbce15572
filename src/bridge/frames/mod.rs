//! Polars answers: its streaming engine counts, in columns that come from our decoder or from its own
//! reader.
//!
//! Its own reader wants one object a line and one type a field, and drops or fails on anything else. So
//! a source is looked through first ([`census`]); what is not known to be clean goes through our
//! decoder, and the answer and the books are the same either way.

mod census;
mod columns;
mod feed;
mod scan;

use super::Question;
use crate::engine::filter::Filter;
use crate::engine::{self, Every, Foreign, News, Outcome, Outputs, Plan};
use crate::render::Render;
use crate::report::{Pace, Report};
use census::Census;
pub use feed::Feed;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What takes the records in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Polars where the source is known to be clean, else our decoder.
    Auto,
    /// Our decoder.
    Decoder,
}

/// Answers the question. Gives, for people, what took the records in, and why not Polars.
pub fn run(question: Question, reader: Reader, plan: Plan, outputs: Outputs) -> (Outcome, String) {
    let started = Instant::now();
    let unfit = match reader {
        Reader::Decoder => Some("it was asked for".to_owned()),
        Reader::Auto => census::unfit(&question, &plan),
    };
    match unfit.map_or_else(|| scanned(&question, &plan), Err) {
        Ok((mut report, unreadable)) => {
            report.pace.elapsed_seconds = started.elapsed().as_secs_f64();
            let outcome = engine::relay(outputs, &plan.cancel, &mut Scanned(report));
            (Outcome { unreadable, ..outcome }, "Polars' own reader".to_owned())
        }
        Err(unfit) => (engine::run(Feed::new(question), plan, outputs), format!("our decoder: {unfit}")),
    }
}

/// An answer that is there.
struct Scanned(Report);

impl Foreign for Scanned {
    fn wait(&mut self, _: bool) -> Result<News, String> {
        Ok(News::Last)
    }

    fn report(&mut self, _: bool) -> Report {
        self.0.clone()
    }
}

/// Looks the source through, and has Polars read it where it is clean; says why not where it is not.
fn scanned(question: &Question, plan: &Plan) -> Result<(Report, usize), String> {
    let (files, _) = plan.sources.scan();
    let paths: Vec<PathBuf> = files.into_iter().map(|file| file.path).collect();
    scan::begin_with_objects(&paths)?;
    let found = Arc::new(Mutex::new(None));
    let census = Census::new(question, &plan.schema, found.clone());
    let look = Plan {
        sources: plan.sources.clone(),
        schema: plan.schema.clone(),
        filter: Filter::default(),
        limits: plan.limits,
        stretch_bytes: plan.stretch_bytes,
        follow: false,
        tail_only: false,
        cancel: plan.cancel.clone(),
        checkpoints: None,
    };
    let outcome = engine::run(census, look, silent());
    let Some(report) = &outcome.report else { return Err("it could not be looked through".to_owned()) };
    let found = found.lock().expect("no census panics").take().ok_or("it was not looked through")?;
    let counted = scan::scan(question, &plan.schema, &paths, &found)?;
    let total: u64 = counted.iter().map(|row| row.rate.total).sum();
    if total != report.ledger.counted {
        return Err(format!("Polars' reader counts {total} of {}", report.ledger.counted));
    }
    let answer = question.answer(counted, report.seen);
    let pace = Pace { read_bytes: report.pace.read_bytes, ..Pace::default() };
    let report =
        Report { analysis: "polars", seq: 1, last: true, seen: report.seen, answer, ledger: report.ledger, pace };
    Ok((report, outcome.unreadable))
}

/// Where nothing is to be shown.
fn silent() -> Outputs {
    struct Nowhere;
    impl Render for Nowhere {
        fn render(&mut self, _: &Arc<Report>) -> io::Result<()> {
            Ok(())
        }
    }
    Outputs {
        render: Box::new(Nowhere),
        render_name: String::new(),
        every: Every::End,
        dead_letters: None,
        forward: None,
        strict: false,
        idle_timeout: None,
        only_changes: false,
        watch: None,
        inspect: None,
        inspect_every: None,
        no_data_after: None,
        say: Box::new(|_| {}),
        progress: None,
    }
}
