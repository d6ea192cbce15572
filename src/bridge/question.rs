//! A question as it is put to any engine: how often something holds, for each key, or for each window and
//! key. An engine counts; what is made of the counts is the same for all.

use crate::analysis::{Aggregates, Analysis, By, Outcome, RunningAvg, Window, WindowPlan, WindowShape};
use crate::event::{Event, Span, Verdict};
use crate::report::Answer;
use crate::schema::{Outcomes, StatusSet};
use crate::sketch::{Groups, Merge, Rate};

/// Success rates, or, over windows, failure rates.
#[derive(Clone, Debug)]
pub struct Question {
    pub by: By,
    /// How a success is told; over windows, a failure.
    pub outcome: Outcome,
    pub windows: Option<Windows>,
    pub max_keys: usize,
}

/// Windows of event time, one every `slide_ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    pub size_ns: i64,
    pub slide_ns: i64,
    /// Where one of them begins.
    pub offset_ns: i64,
}

/// What an engine counted of one key, in one window where there are any.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// The beginning of the window in nanoseconds; 0 where there are none.
    pub start: i64,
    /// In its byte form (see [`crate::sketch::encode_value`]); an empty one stands for all that have no row.
    pub key: Vec<u8>,
    pub rate: Rate,
    /// The window may still change.
    pub is_open: bool,
}

impl Question {
    /// The statuses that the rate is of, for engines that know nothing else.
    pub fn hits(&self) -> Result<&StatusSet, &'static str> {
        match &self.outcome {
            Outcome::Status(statuses) => Ok(statuses),
            Outcome::If(_) | Outcome::Unless(_) => Err("the outcome is told by an expression"),
        }
    }

    /// What an event counts as: the beginning of its last window, and whether it is a hit; or what else becomes of
    /// it.
    pub fn sift(&self, event: &Event<'_>) -> Result<(i64, bool), Verdict> {
        let start = match (self.windows, event.time) {
            (None, _) => 0,
            (Some(_), None) => return Err(Verdict::Dead("no time")),
            (Some(windows), Some(time)) => windows.start(time.nanos()),
        };
        self.outcome.of(event).map(|is_hit| (start, is_hit)).ok_or(Verdict::Filtered)
    }

    /// The answer that the native engine would give, had it counted the same.
    pub fn answer(&self, counted: Vec<Counted>, seen: Span) -> Answer {
        let Some(windows) = self.windows else {
            let mut groups = Groups::<Rate>::default();
            let mut others = None::<Rate>;
            for Counted { key, rate, .. } in counted {
                match key[..] {
                    [] => others.get_or_insert_default().merge(rate),
                    _ => groups.entry_of_key(&key).merge(rate),
                }
            }
            groups.spill(others);
            let analysis = RunningAvg::new(self.by.clone(), Outcomes::default(), self.max_keys);
            let analysis = analysis.with_success(self.outcome.clone());
            return analysis.report(&mut groups, seen, true);
        };
        let is_full = counted.iter().any(|counted| counted.key.is_empty());
        let mut answer = self
            .window(windows)
            .tabulate(counted.into_iter().map(|row| (row.start, row.key, row.rate, row.is_open)).collect());
        if is_full {
            answer.notes.push(crate::analysis::FULL.to_owned());
        }
        answer.notes.extend(self.outcome.note());
        answer
    }

    fn window(&self, windows: Windows) -> Window {
        Window::new(WindowPlan {
            shape: WindowShape::sliding(windows.size_ns, windows.slide_ns, windows.offset_ns),
            by: self.by.clone(),
            aggregates: Aggregates::failures(self.outcome.clone()),
            delay_ns: 0,
            lateness_ns: 0,
            ahead_ns: i64::MAX,
            max_keys: self.max_keys,
            dedup: None,
            keeps_late: false,
            shows_open: false,
        })
    }
}

impl Windows {
    /// The beginning of the last window that an instant is in.
    pub fn start(self, nanos: i64) -> i64 {
        nanos.saturating_sub(nanos.saturating_sub(self.offset_ns).rem_euclid(self.slide_ns))
    }
}
