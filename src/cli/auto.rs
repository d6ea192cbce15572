//! `--schema auto`, the default: the fields of a known format are found without being asked for.
//!
//! What fits the first records becomes flags, as if they had been typed: so it is kept in checkpoints, printed
//! programs have it, and other engines are told. Records that have the lab's names are the lab's.

use super::heads::{FILES, MAX_BYTES, PIPE_RECORDS, RECORDS, of_bytes, of_first};
use super::input::InputArgs;
use super::{Command, interrupts};
use crate::event::Role;
use crate::input::{Files, peek};
use crate::schema::{PRESETS, Path};
use crate::survey::{Bounds, Fit, Nesting, Survey};
use std::io;

/// Flags and their values.
pub type Flags = Vec<(String, String)>;

/// The flags that fit the input of a command that names none; none are needed for the lab's records.
pub fn flags(command: &Command) -> Option<Flags> {
    let input = command.input().filter(|input| input.is_schema_open())?;
    if let Some(kept) = command.kept_fields() {
        return Some(kept).filter(|flags| !flags.is_empty());
    }
    let given = input.nesting();
    let sources = input.sources().ok()?;
    let fit = if sources.is_stdin_only() { of_pipe(command, input)? } else { of_files(input)? };
    Some(fit.flags(&given)).filter(|flags| !flags.is_empty())
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
    if is_of_lab(&first) && Nesting::deeper(&first).is_none() {
        return None;
    }
    let mut survey = of_first(&mut files, bounds, (FILES, RECORDS), &input.nesting());
    while let Some(nesting) = Nesting::deeper(&survey) {
        survey = of_first(&mut files, bounds, (FILES, RECORDS), &nesting);
    }
    fit(&survey)
}

/// As [`of_files`]. What is looked at depends on the content of the pipe alone, not on when it comes.
fn of_pipe(command: &Command, input: &InputArgs) -> Option<Fit> {
    if rustix::termios::isatty(io::stdin()) {
        return None;
    }
    // Whoever wants to see what comes does not wait for more of it.
    let is_live = input.is_followed() || command.job_of().is_some_and(|job| job.output.is_paced());
    let (mut found, nesting) = (None, input.nesting());
    let is_enough = |bytes: &[u8]| {
        let (first, _) = of_bytes(bytes, Bounds { records: 1, ..bounds(input) }, &nesting);
        found = fit(&first);
        let is_known = found.as_ref().is_some_and(|fit| fit.known.is_some() && fit.codes.is_some());
        if is_of_lab(&first) && first.records() > 0
            || is_known
            || is_live && first.records() > 0
            || bytes.len() as u64 >= MAX_BYTES
        {
            return true;
        }
        let (more, _) = of_bytes(bytes, Bounds { records: PIPE_RECORDS, ..bounds(input) }, &nesting);
        found = fit(&more);
        more.records() >= PIPE_RECORDS
    };
    let cancel = interrupts::token().ok()?;
    let longest = command.job_of().and_then(|job| job.output.no_data_after());
    let goes_on = |silence| cancel.signal().is_none() && longest.is_none_or(|longest| silence < longest);
    peek(is_enough, goes_on).ok()?;
    found
}

/// What fits, also where that is only where the records are.
fn fit(survey: &Survey) -> Option<Fit> {
    let fit = Fit::new(survey)?;
    let is_told = is_of_lab(survey) && survey.nesting() == &Nesting::default();
    (!is_told).then_some(fit)
}

fn bounds(input: &InputArgs) -> Bounds {
    Bounds { records: RECORDS, bytes: MAX_BYTES, record_bytes: input.record_bytes() }
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
