//! The live run: sweep, wait, sweep.
//!
//! A notice of the system wakes it at once; the clock wakes it anyway. What is there to read is
//! always told by `stat`, so a lost notice costs a second and never a record.

use super::feed::ATTENTION;
use super::outputs::Stop;
use super::root::Root;
use super::sweep::{Ends, Sweeper};
use crate::analysis::Analysis;
use crate::input::{Wakeup, Wakeups};
use std::time::{Duration, Instant};

/// When everything is looked at because of the clock alone: at most so often, and for at most
/// this part of the time.
struct Rhythm {
    period: Duration,
    share: u32,
}

const WATCHED: Rhythm = Rhythm { period: Duration::from_secs(1), share: 100 };
const UNWATCHED: Rhythm = Rhythm { period: Duration::from_millis(100), share: 20 };
/// A rescan that a notice asks for may take this part of the time at most.
const NOTICED_SHARE: u32 = 10;
/// A directory that was made is watched by then.
const SETTLING: Duration = Duration::from_millis(20);
/// How many notices of written files are taken together.
const MAX_WRITTEN: usize = 4096;

/// When the next rescan may be, and when it has to be.
struct Clock {
    earliest: Instant,
    due: Instant,
    /// When the directories that were made are watched.
    settled: Option<Instant>,
}

impl Clock {
    fn scanned(&mut self, begun: Instant, rhythm: &Rhythm) {
        let cost = begun.elapsed();
        self.earliest = begun + cost * NOTICED_SHARE;
        self.due = begun + rhythm.period.max(cost * rhythm.share);
        self.settled = self.settled.filter(|settled| *settled > begun);
        self.due = self.settled.map_or(self.due, |settled| settled.min(self.due));
    }
}

/// Follows until something stops it, or standard input ends where there is nothing else.
pub fn follow<A: Analysis>(
    sweeper: &mut Sweeper<'_, A>,
    root: &mut Root<'_, A>,
    mut wakeups: Wakeups,
    stdin: bool,
) -> Result<(), Stop> {
    if stdin {
        sweeper.follow_standard_input(root);
    }
    sweeper.files.wait_for_missing();
    let now = Instant::now();
    let mut clock = Clock { earliest: now, due: now, settled: None };
    let mut is_awake = true;
    loop {
        if sweeper.files.is_stale() && Instant::now() >= clock.earliest {
            rescan(sweeper, root, &mut wakeups, &mut clock)?;
            is_awake = true;
        }
        if is_awake {
            sweeper.speak(root)?;
            sweeper.sweep(root, Ends::Open)?;
            sweeper.bury_gone(root)?;
            root.set_pace(sweeper.files.behind_bytes(), true);
            if stdin && !sweeper.has_pipes() {
                return Ok(());
            }
        }
        if root.frontier.note_silence() {
            root.catch_up()?;
        }
        root.attend()?;
        root.greet()?;
        is_awake = wait(sweeper, root, &mut wakeups, &mut clock)? || sweeper.is_behind;
        if Instant::now() >= clock.due {
            sweeper.files.mark_stale();
        }
    }
}

fn rescan<A: Analysis>(
    sweeper: &mut Sweeper<'_, A>,
    root: &mut Root<'_, A>,
    wakeups: &mut Wakeups,
    clock: &mut Clock,
) -> Result<(), Stop> {
    let begun = Instant::now();
    // Watched first and looked at then: what comes between the two is seen twice, not never.
    if let Err(reason) = wakeups.watch(&sweeper.files.watched()) {
        say_blind(root, &reason)?;
    }
    sweeper.files.rescan();
    sweeper.call_roll(root)?;
    if let Some(news) = root.refresh() {
        root.say(&news)?;
    }
    clock.scanned(begun, if wakeups.is_blind() { &UNWATCHED } else { &WATCHED });
    Ok(())
}

fn say_blind<A: Analysis>(root: &mut Root<'_, A>, reason: &str) -> Result<(), Stop> {
    root.say(&format!("{reason}; looking every {} ms instead", UNWATCHED.period.as_millis()))
}

/// Sleeps until there is something to look at or to show; says whether something may be ready.
fn wait<A: Analysis>(
    sweeper: &mut Sweeper<'_, A>,
    root: &mut Root<'_, A>,
    wakeups: &mut Wakeups,
    clock: &mut Clock,
) -> Result<bool, Stop> {
    let now = Instant::now();
    let until = if sweeper.files.is_stale() { clock.earliest } else { clock.due };
    let until = root.next_update().map_or(until, |update| update.min(until));
    let until = root.frontier.next_silence().map_or(until, |silence| silence.min(until));
    let longest = if sweeper.is_behind { Duration::ZERO } else { ATTENTION };
    let mut next = wakeups.wait(until.saturating_duration_since(now).min(longest));
    let is_awake = next.is_some();
    let mut written = Vec::new();
    while let Some(wakeup) = next {
        match wakeup {
            Wakeup::Written(paths) => written.extend(paths),
            Wakeup::NewDirectory => {
                sweeper.files.mark_stale();
                clock.settled = Some(Instant::now() + SETTLING);
            }
            Wakeup::Changed => sweeper.files.mark_stale(),
            Wakeup::Arrived => {}
            Wakeup::Unwatched(reason) => {
                sweeper.files.mark_stale();
                if wakeups.go_blind() {
                    say_blind(root, &reason)?;
                }
            }
        }
        next = if written.len() < MAX_WRITTEN { wakeups.wait(Duration::ZERO) } else { None };
    }
    written.sort_unstable();
    written.dedup();
    sweeper.files.check(&written);
    Ok(is_awake)
}
