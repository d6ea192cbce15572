//! The live run: sweep, wait, sweep.
//!
//! A notice of the system wakes it at once; the clock wakes it anyway. What is there to read is
//! always told by `stat`, so a lost notice costs a second and never a record.

use super::feed::ATTENTION;
use super::root::{Root, Stop};
use super::sweep::Sweeper;
use crate::analysis::Analysis;
use crate::input::{Wakeup, Wakeups};
use std::time::{Duration, Instant};

/// How often everything is looked at, with notices and without.
const PERIOD_WATCHED: Duration = Duration::from_secs(1);
const PERIOD_UNWATCHED: Duration = Duration::from_millis(100);
/// A rescan may take this part of the time at most.
const RESCAN_SHARE: u32 = 10;

/// Follows until something stops it.
pub fn follow<A: Analysis>(
    sweeper: &mut Sweeper<'_, A>,
    root: &mut Root<'_, A>,
    mut wakeups: Wakeups,
) -> Result<(), Stop> {
    // Watched first and looked at then: what comes between the two is seen twice, not never.
    let watched = wakeups.watch(&sweeper.files.sources().watched());
    let period = if watched.is_ok() { PERIOD_WATCHED } else { PERIOD_UNWATCHED };
    if let Err(reason) = watched {
        root.say(&format!("{reason}; looking every {} ms instead", PERIOD_UNWATCHED.as_millis()))?;
    }
    let mut due = Instant::now();
    let mut earliest = due;
    let mut rescan = true;
    loop {
        if rescan && Instant::now() >= earliest {
            let begun = Instant::now();
            sweeper.files.rescan();
            if let Some(news) = root.refresh() {
                root.say(&news)?;
            }
            let cost = begun.elapsed();
            earliest = begun + cost * RESCAN_SHARE;
            due = begun + period.max(cost * RESCAN_SHARE);
            rescan = false;
        }
        sweeper.speak(root)?;
        sweeper.sweep(root, false)?;
        sweeper.bury_gone(root)?;
        root.set_pace(sweeper.files.behind_bytes(), true);
        root.attend()?;
        root.greet()?;
        root.tick()?;
        rescan |= wait(sweeper, root, &wakeups, if rescan { earliest } else { due })?;
        rescan |= Instant::now() >= due;
    }
}

/// Sleeps until there is something to look at or to show; says whether everything has to be
/// looked at.
fn wait<A: Analysis>(
    sweeper: &mut Sweeper<'_, A>,
    root: &Root<'_, A>,
    wakeups: &Wakeups,
    until: Instant,
) -> Result<bool, Stop> {
    let now = Instant::now();
    let until = root.next_update().map_or(until, |update| update.min(until));
    let timeout = until.saturating_duration_since(now).min(ATTENTION);
    let mut next = wakeups.wait(timeout);
    let mut rescan = false;
    let mut written = Vec::new();
    while let Some(wakeup) = next {
        match wakeup {
            Wakeup::Written(paths) => written.extend(paths),
            Wakeup::Changed => rescan = true,
        }
        next = wakeups.wait(Duration::ZERO);
    }
    written.sort_unstable();
    written.dedup();
    Ok(rescan || !sweeper.files.check(&written))
}
