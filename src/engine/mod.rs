//! The run: one engine for one pass and for following, whatever the analysis.
//!
//! A run sweeps what is there in [`waves`] of parallel stretches, then, if it follows, waits and
//! sweeps what has come. Both end in the same [`root`], which merges in input order and settles.

mod ahead;
mod buffer;
mod cancel;
pub mod checkpoint;
mod feed;
pub mod filter;
mod fold;
mod follow;
mod inputs;
mod outputs;
mod peek;
mod relay;
mod root;
pub mod signals;
mod sweep;
mod waves;

pub use cancel::CancelToken;
pub use outputs::{Every, Inspect, Outputs, Sink, Stop, Watch};
pub use relay::{Foreign, News, not_begun, relay};
pub use root::Paths;
pub use waves::STRETCH_BYTES;

use crate::analysis::Analysis;
use crate::decode::Limits;
use crate::input::{Files, Sources, Wakeups, end_stdin, peek_times};
use crate::report::Report;
use crate::schema::Schema;
use checkpoint::{Checkpoints, Keeper, Standing};
use filter::Filter;
use fold::Folder;
use root::Root;
use std::sync::{Arc, RwLock};
use sweep::{Ends, Sweeper};

/// What is read, and how.
pub struct Plan {
    pub sources: Sources,
    pub schema: Schema,
    pub filter: Filter,
    pub limits: Limits,
    /// The unit of parallel work, normally [`STRETCH_BYTES`]; the answer does not depend on it.
    pub stretch_bytes: u64,
    pub follow: bool,
    /// Begin at the end of what is there.
    pub tail_only: bool,
    /// Ends the run from outside; signals do, once [`signals::listen`] has been given a clone.
    pub cancel: CancelToken,
    /// Where images of the run are kept, and what an earlier one has left.
    pub checkpoints: Option<Checkpoints>,
}

/// How a run came out.
pub struct Outcome {
    /// The last report; none where the run was stopped before it could be written.
    pub report: Option<Arc<Report>>,
    pub stop: Option<Stop>,
    /// How many sources and files could not be read, and still cannot.
    pub unreadable: usize,
    /// The first bad record, in words.
    pub first_dead: Option<String>,
    /// On how many records a `--where` failed, and the first reason.
    pub filter_errors: Option<(u64, String)>,
    /// By which way the records were read; none where another engine did that.
    pub paths: Option<Paths>,
    /// How many records had no object in the field that is to be parsed.
    pub unread: u64,
    /// The files of which no record was counted, where some of others were.
    pub uncounted: Vec<String>,
}

impl Outcome {
    /// Whether it has seen what it was to see, or as much as was wanted.
    pub fn stop_is_quiet(&self) -> bool {
        self.stop.as_ref().is_none_or(Stop::is_orderly)
    }
}

/// Runs to the end of the input, or until something stops it.
pub fn run<A: Analysis>(analysis: A, plan: Plan, outputs: Outputs) -> Outcome {
    let Plan { sources, schema, filter, limits, stretch_bytes, follow, tail_only, cancel, checkpoints } = plan;
    let analysis = RwLock::new(analysis);
    let folder = Folder::new(&analysis, &schema, &filter, limits, stretch_bytes);
    let mut root = Root::new(&analysis, outputs).until(cancel);
    let stdin = sources.has_stdin();
    if let (true, Some(times)) = (stdin, peek_times()) {
        root.go_on_from(times);
        root.is_called_off = root.heed().is_err() && end_stdin();
    }
    let wakeups = Wakeups::default();
    let mut sweeper = Sweeper::new(folder, Files::new(sources, tail_only), wakeups.waker());
    let begun = checkpoints.map_or(Ok(()), |checkpoints| resume(&mut sweeper, &mut root, checkpoints));
    let run = begun.and_then(|()| match follow {
        true => follow::follow(&mut sweeper, &mut root, wakeups, stdin),
        false => one_pass(&mut sweeper, &mut root, stdin),
    });
    let run = run
        .and_then(|()| if root.is_called_off { root.heed() } else { Ok(()) })
        .and_then(|()| root.look_at_names(true));
    // What is closed and shown from here on is not part of the image: whoever goes on cuts it off.
    let mut stop = match run {
        Ok(()) => root.keep_last().err(),
        Err(asked) if asked.is_orderly() => root.keep_last().err().or(Some(asked)),
        Err(other) => Some(other),
    };
    if follow
        && stop.as_ref().is_some_and(Stop::is_orderly)
        && let Err(trouble) = sweeper.say_what_waits(&mut root)
    {
        stop = Some(trouble);
    }
    let report = match stop.as_ref().is_none_or(Stop::is_orderly) {
        true => match root.end(stop.is_none()) {
            Ok(report) => Some(report),
            Err(trouble) => {
                stop = Some(trouble);
                None
            }
        },
        false => None,
    };
    Outcome {
        report,
        stop,
        unreadable: sweeper.files.unreadable(),
        first_dead: root.first_dead.take(),
        filter_errors: filter
            .first_error()
            .filter(|_| root.undecided > 0)
            .map(|reason| (root.undecided, reason.to_owned())),
        unread: root.unread,
        uncounted: root.inputs.uncounted(),
        paths: Some(root.paths(sweeper.folder.shapes())),
    }
}

/// Takes up what an earlier run has left, and begins to keep images.
fn resume<A: Analysis>(
    sweeper: &mut Sweeper<'_, A>,
    root: &mut Root<'_, A>,
    mut checkpoints: Checkpoints,
) -> Result<(), Stop> {
    let name = checkpoints.name.clone();
    let stop = |error| Stop::Output { name, error };
    let resumed = checkpoints.resume.take().map(|image| Standing::decode(&image)).transpose();
    let resumed = match resumed {
        Ok(resumed) => resumed,
        Err(reason) => return Err(stop(std::io::Error::new(std::io::ErrorKind::InvalidData, reason))),
    };
    root.names_found = sweeper.folder.names().clone();
    root.keeper = match Keeper::start(checkpoints) {
        Ok(keeper) => Some(keeper),
        Err(error) => return Err(stop(error)),
    };
    if let Some((standing, state)) = resumed {
        root.keeper.iter_mut().for_each(|keeper| keeper.roster = standing.roster.clone());
        sweeper.files.resume(standing.roster.clone());
        sweeper.folder.names().resume(&standing.found);
        root.resume(standing, state);
    }
    Ok(())
}

fn one_pass<A: Analysis>(sweeper: &mut Sweeper<'_, A>, root: &mut Root<'_, A>, stdin: bool) -> Result<(), Stop> {
    sweeper.files.rescan();
    sweeper.speak(root)?;
    sweeper.expect_ready(root, stdin)?;
    root.set_pace(sweeper.files.behind_bytes(), false);
    if root.keeper.is_some() {
        // What is unfinished may be finished before the next run: it is no part of the image.
        sweeper.sweep(root, Ends::Kept)?;
        root.keep_last()?;
        sweeper.files.wake_unread();
        root.keeper = None;
    }
    sweeper.sweep(root, Ends::Bad)?;
    if stdin {
        sweeper.standard_input(root)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
