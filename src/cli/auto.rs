//! `--schema auto`, the default: the fields of a known format are found without being asked for.
//!
//! What fits the first records becomes flags, as if they had been typed: so it is kept in checkpoints, printed
//! programs have it, and other engines are told. Records that have the lab's names are the lab's.

use super::heads::{FILES, MAX_BYTES, PIPE_RECORDS, RECORDS, of_bytes, of_first};
use super::input::InputArgs;
use super::{Command, inspect, interrupts};
use crate::event::Role;
use crate::input::{Files, Waited, peek};
use crate::schema::{PRESETS, Path};
use crate::survey::{Bounds, Fit, Nesting, Survey};
use std::io;
use std::time::Duration;

/// How long a pipe is looked at where something is shown along.
const MOMENT: Duration = Duration::from_secs(1);

/// Flags and their values.
pub type Flags = Vec<(String, String)>;

/// What was found in an input.
#[derive(Default)]
pub struct Found {
    /// The flags that fit; none are needed for the lab's records.
    pub flags: Flags,
    /// The command that fits what was seen of a pipe, which nobody can look at again.
    pub fitting: Option<String>,
}

/// What fits the input of a command that names no fields.
pub fn found(command: &Command) -> Option<Found> {
    let input = command.input().filter(|input| input.is_schema_open())?;
    if let Some(flags) = command.kept_fields() {
        return Some(Found { flags, fitting: None });
    }
    let given = input.nesting();
    if !input.sources().ok()?.is_stdin_only() {
        return Some(Found { flags: of_files(input)?.flags(&given), fitting: None });
    }
    let (fit, seen) = of_pipe(command, input)?;
    let flags = fit.map(|fit| fit.flags(&given)).unwrap_or_default();
    let fitting = Fit::new(&seen).and_then(|fit| inspect::command_for(&fit, input.source()));
    Some(Found { flags, fitting })
}

/// What was found, in one line.
pub fn sentence(flags: &Flags) -> String {
    let typed: Vec<String> = flags.iter().map(|(flag, value)| format!("{flag} {value}")).collect();
    let name = match flags.iter().find(|(flag, _)| flag == "--schema") {
        Some((_, name)) => format!("as {name}"),
        None => "by the fields that fit".to_owned(),
    };
    format!("read {name} ({})", typed.join(" ")).chars().flat_map(char::escape_debug).collect()
}

fn of_files(input: &InputArgs) -> Option<Fit> {
    let mut files = Files::new(input.sources().ok()?, false);
    files.rescan();
    let bounds = bounds(input);
    // The first record tells the lab's.
    let first = of_first(&mut files, bounds, (1, 1), &input.nesting());
    if is_surely_of_lab(&first) && Nesting::deeper(&first).is_none() {
        return None;
    }
    let mut survey = of_first(&mut files, bounds, (FILES, RECORDS), &input.nesting());
    while let Some(nesting) = Nesting::deeper(&survey) {
        survey = of_first(&mut files, bounds, (FILES, RECORDS), &nesting);
    }
    told(&survey)
}

/// What fits a pipe, and all that was seen of it. What is taken depends on the content alone, not on when it comes,
/// unless something is to be shown along.
fn of_pipe(command: &Command, input: &InputArgs) -> Option<(Option<Fit>, Survey)> {
    if rustix::termios::isatty(io::stdin()) {
        return None;
    }
    // Whoever wants to see what comes does not wait for more of it; whoever is shown something along waits a moment.
    let is_followed = input.sources().and_then(|sources| input.follow(&sources)).unwrap_or(false);
    let is_live = is_followed || command.job_of().is_some_and(|job| job.output.is_paced());
    let is_shown = command.job_of().is_some_and(|job| job.output.shows_along()) || matches!(command, Command::Bloom(_));
    let (mut seen, nesting) = (None, input.nesting());
    let is_enough = |bytes: &[u8]| {
        let look = |records| of_bytes(bytes, Bounds { records, ..bounds(input) }, &nesting).0;
        let first = look(1);
        let fit = told(&first);
        let is_known = fit.as_ref().is_some_and(|fit| fit.known.is_some() && fit.codes.is_some());
        let is_over = bytes.len() as u64 >= MAX_BYTES;
        let is_told = first.records() > 0 && (is_surely_of_lab(&first) || is_live) || is_known || is_over;
        let more = look(PIPE_RECORDS);
        let is_enough = is_told || more.records() >= PIPE_RECORDS;
        seen = Some((if is_told { fit } else { told(&more) }, more));
        is_enough
    };
    let cancel = interrupts::token().ok()?;
    let longest = command.job_of().and_then(|job| job.output.no_data_after());
    let goes_on = |waited: Waited| {
        cancel.signal().is_none()
            && longest.is_none_or(|longest| waited.silence < longest)
            && !(is_shown && waited.in_all >= MOMENT)
    };
    peek(is_enough, goes_on).ok()?;
    seen
}

/// What fits, also where that is only where the records are.
fn told(survey: &Survey) -> Option<Fit> {
    let fit = Fit::new(survey)?;
    let is_told = is_of_lab(survey) && survey.nesting() == &Nesting::default();
    (!is_told).then_some(fit)
}

fn bounds(input: &InputArgs) -> Bounds {
    Bounds { records: RECORDS, bytes: MAX_BYTES, record_bytes: input.record_bytes() }
}

/// Whether they are the lab's, whatever comes later: a record without a status says nothing of where others have it.
fn is_surely_of_lab(survey: &Survey) -> bool {
    is_of_lab(survey) && Fit::new(survey).is_some_and(|fit| fit.codes.is_some())
}

/// Whether records have the names of the lab's: its time, and no status elsewhere. Where there is one, who served
/// has its name too.
fn is_of_lab(survey: &Survey) -> bool {
    let time = PRESETS[0].paths[Role::Time as usize].and_then(|path| Path::parse(path).ok());
    let is_elsewhere = |fit: &Fit| {
        let flagged = |role| fit.role(role).is_some_and(|found| found.flagged);
        flagged(Role::Status) || fit.codes.is_some() && flagged(Role::Service)
    };
    time.is_some_and(|path| survey.field(&path).is_some()) && !Fit::new(survey).as_ref().is_some_and(is_elsewhere)
}
