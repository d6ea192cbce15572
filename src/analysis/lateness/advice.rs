//! What to do about late events, in words.

use super::{CURE_NS, Late};

/// The stricter rule, as it is typed.
const CURE: &str = "--max-ahead 5m";

impl Late {
    /// The delay in whole seconds that keeps 99.9 % of the events, and the one that keeps all.
    fn delays(&self) -> Option<(f64, f64)> {
        let seconds = self.quantile(0.999)?;
        let most = (self.max_ns as f64 / 1e9).ceil();
        // A little more than the sketch says: it is within 1 %.
        Some(((seconds * 1.01).ceil().min(most), most))
    }

    /// What to do about it, in words. `cured` is how it would be without what is minutes ahead, `ahead` which
    /// services that is of.
    pub(super) fn advice(&self, cured: &Self, ahead: &[&str]) -> Vec<String> {
        let mut notes = Vec::new();
        if let (Some((seconds, most)), Some((less, least))) = (self.delays(), cured.delays()) {
            let (count, lead) = (cured.leaps.saturating_sub(self.leaps), cured.lead_ns as f64 / 1e9);
            // It has to pay: waiting cures whatever is a little late.
            let is_cure = count > 0 && seconds * 1e9 >= CURE_NS as f64 && less * 2.0 <= seconds;
            if is_cure {
                let whose = match ahead {
                    [] => String::new(),
                    names => {
                        format!(" of {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
                    }
                };
                notes.push(format!(
                    "A clock is ahead: {count} events{whose} lie about {lead:.0} s after those around them, so that \
                     {seconds} s would have to be waited for the others. {CURE} keeps them from moving time; with it a \
                     watermark that is {less} s behind keeps 99.9 % of the events: {CURE} --watermark-delay {less}s. To \
                     keep all, {least} s."
                ));
            } else {
                notes.push(format!(
                    "A watermark that is {seconds} s behind keeps 99.9 % of the events: --watermark-delay {seconds}s. \
                     To keep all, {most} s."
                ));
            }
        }
        if self.future + self.leaps > 0 {
            notes.push(format!(
                "{} events came from the future: they lie after the clock of this machine, or further ahead of the event \
                 before them than --max-ahead allows. A clock is wrong, or has been.",
                self.future + self.leaps
            ));
        }
        notes
    }
}
