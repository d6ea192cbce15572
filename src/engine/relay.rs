//! Shows what another engine finds as a run of our own would be shown.

use super::Outcome;
use super::cancel::CancelToken;
use super::outputs::{Every, Outputs, Stop, stop};
use crate::report::Report;
use std::sync::Arc;
use std::time::Instant;

/// An engine that is not ours, at work on a question.
pub trait Foreign {
    /// Waits a moment for what it has to tell. `is_over` says that the run is asked to end: it should come
    /// to its last word. An error says why there is no answer, and what to do.
    fn wait(&mut self, is_over: bool) -> Result<News, String>;

    /// The answer as it stands, or what became of it since it was last asked for.
    fn report(&mut self, last: bool) -> Report;
}

/// What another engine has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Nothing,
    /// It has read so many records in all.
    Update(u64),
    /// There is nothing to follow.
    Last,
}

/// Shows the answers of an engine until its last.
pub fn relay(mut outputs: Outputs, cancel: &CancelToken, engine: &mut impl Foreign) -> Outcome {
    let mut pace = Steps { seq: 0, updated: Instant::now(), shown: 0, read: 0 };
    let mut heard = Instant::now();
    let (mut last, mut asked) = (None, None);
    let stop = loop {
        asked = asked.or_else(|| cancel.reason());
        if let Some(Stop::ReaderLeft) = asked {
            break asked;
        }
        let news = match engine.wait(asked.is_some()) {
            Ok(news) => news,
            Err(why) if asked.is_some() => {
                (outputs.say)(&why);
                break asked;
            }
            Err(why) => break Some(Stop::Engine(why)),
        };
        let shown = match news {
            News::Last => pace.show(&mut outputs, engine, true).map(|report| last = report),
            News::Update(read) => {
                heard = if read == pace.read { heard } else { Instant::now() };
                pace.read = read;
                pace.show_if_due(&mut outputs, engine)
            }
            News::Nothing => pace.show_if_due(&mut outputs, engine),
        };
        if let Err(trouble) = shown {
            break Some(trouble);
        }
        if last.is_some() {
            break asked;
        }
        let silence = outputs.no_data_after.filter(|longest| heard.elapsed() >= *longest);
        asked = asked.or(silence.map(Stop::NoData));
        if let Err(error) = outputs.render.tick() {
            break Some(stop(&outputs.render_name, error));
        }
    };
    outcome(last, stop)
}

/// What is left to say where an engine cannot even begin.
pub fn not_begun(why: String) -> Outcome {
    outcome(None, Some(Stop::Engine(why)))
}

fn outcome(report: Option<Arc<Report>>, stop: Option<Stop>) -> Outcome {
    Outcome {
        report,
        stop,
        unreadable: 0,
        first_dead: None,
        filter_errors: None,
        paths: None,
        unread: 0,
        uncounted: Vec::new(),
    }
}

/// How far the reports have come.
struct Steps {
    seq: u64,
    updated: Instant,
    /// How many records the last report knew of, and how many are known now.
    shown: u64,
    read: u64,
}

impl Steps {
    fn show_if_due(&mut self, outputs: &mut Outputs, engine: &mut impl Foreign) -> Result<(), Stop> {
        let fresh = self.read.saturating_sub(self.shown);
        let is_due = match outputs.every {
            Every::End => false,
            Every::Records(count) => fresh >= count,
            Every::Time(period) => fresh > 0 && self.updated.elapsed() >= period,
            Every::Closing(_) => fresh > 0,
        };
        if is_due { self.show(outputs, engine, false).map(|_| ()) } else { Ok(()) }
    }

    fn show(
        &mut self,
        outputs: &mut Outputs,
        engine: &mut impl Foreign,
        last: bool,
    ) -> Result<Option<Arc<Report>>, Stop> {
        (self.shown, self.updated) = (self.read, Instant::now());
        let report = engine.report(last);
        if !last && outputs.only_changes && report.answer.rows.is_empty() {
            return Ok(None);
        }
        self.seq += 1;
        let report = Arc::new(Report { seq: self.seq, ..report });
        outputs.show(&report)?;
        outputs.flush()?;
        Ok(Some(report))
    }
}
