//! The windows of several machines become those of all, as far as no machine has closed them.

use super::plan::Plan;
use super::windows::{Store, Windows, add_up};
use crate::event::Timestamp;
use crate::sketch::RecentIds;

impl Windows {
    /// Puts the windows of another machine beside these. What has closed on one of the two is in what it
    /// wrote, and in part only: that is left out of both, and said.
    pub fn join(&mut self, plan: &Plan, other: Self) -> Result<Option<String>, String> {
        if !(self.closed.is_empty() && other.closed.is_empty()) {
            return Err("it holds rows of windows that have closed, which cannot be put together with others; \
                        ask with a --watermark-delay that is longer than the logs, so that none closes"
                .to_owned());
        }
        // What a machine has closed nothing of, it holds all of.
        let closed = [&*self, &other].into_iter().filter(|windows| windows.counts.closed + windows.counts.revised > 0);
        let closed_to = closed.filter_map(|windows| windows.watermark).max();
        match (&mut self.store, other.store) {
            (Store::Sliding(sliding), Store::Sliding(other)) => sliding.join(plan, other, closed_to),
            (Store::Sessions(sessions), Store::Sessions(other)) => sessions.join(plan, other, closed_to),
            _ => return Err("its windows are of another kind".to_owned()),
        }
        self.watermark = closed_to;
        self.seen.join(other.seen);
        self.were_by_clock |= other.were_by_clock;
        self.undecided += other.undecided;
        add_up(&mut self.ignored, other.ignored.into_iter());
        self.counts.closed += other.counts.closed;
        self.counts.revised += other.counts.revised;
        // Nothing more is read.
        self.ids = RecentIds::default();
        let closed = closed_to.map(|nanos| {
            format!(
                "windows up to {} have closed on one machine at least: their rows are in what it wrote, and left out here",
                Timestamp::from_nanos(nanos)
            )
        });
        let twice = plan.dedup.as_ref().map(|_| "an event that two machines have read counts on both".to_owned());
        let notes: Vec<String> = closed.into_iter().chain(twice).collect();
        Ok((!notes.is_empty()).then(|| notes.join("; ")))
    }
}
