//! `--schema auto`, the default: the fields of a known format are found without being asked for.
//!
//! What fits the first records becomes flags, as if they had been typed: so it is kept in checkpoints, printed
//! programs have it, and other engines are told. Records that have the lab's time are the lab's.

use super::Command;
use super::input::InputArgs;
use crate::event::{FileId, Role};
use crate::input::{Files, peek};
use crate::schema::{PRESETS, Path};
use crate::survey::{Bounds, Fit, Survey, read_head};
use std::io;

/// How many records are looked at, in how many files at most.
const RECORDS: u64 = 1000;
const FILES: usize = 16;
/// A pipe of an unknown format is looked at for so many records: whoever writes may wait for us.
const PIPE_RECORDS: u64 = 20;
const MAX_BYTES: u64 = 1 << 20;

/// Flags and their values.
pub type Flags = Vec<(String, String)>;

/// The flags that fit the input of a command that names none; none are needed for the lab's records.
pub fn flags(command: &Command) -> Option<Flags> {
    let input = command.input().filter(|input| input.is_schema_open())?;
    if let Some(kept) = command.kept_fields() {
        return Some(kept).filter(|flags| !flags.is_empty());
    }
    let sources = input.sources().ok()?;
    let fit = if sources.is_stdin_only() { of_pipe(input)? } else { of_files(input)? };
    Some(fit.flags()).filter(|flags| !flags.is_empty())
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
    // The first record tells the lab's.
    let first = of_first(&mut files, input, 1, 1);
    if is_of_lab(&first) {
        return None;
    }
    let survey = of_first(&mut files, input, FILES, RECORDS);
    if is_of_lab(&survey) { None } else { Fit::new(&survey) }
}

/// What the first records hold, of the first files.
fn of_first(files: &mut Files, input: &InputArgs, most_files: usize, most_records: u64) -> Survey {
    let mut survey = Survey::default();
    for file in files.all().iter_mut().filter(|file| !file.is_pipe && file.length > 0).take(most_files) {
        let left = most_records.saturating_sub(survey.records());
        let (opened, id) = (file.reader(), file.id);
        file.close();
        if left == 0 {
            break;
        }
        let bounds = Bounds { records: left, ..bounds(input) };
        // What cannot be read is said by the run.
        read_head(move || opened, id, bounds, &mut survey, |_| {}, || true);
    }
    survey
}

/// As [`of_files`]. What is looked at depends on the content of the pipe alone, not on when it comes.
fn of_pipe(input: &InputArgs) -> Option<Fit> {
    if rustix::termios::isatty(io::stdin()) {
        return None;
    }
    let mut found = None;
    let look = |bytes: &[u8], records: u64| {
        let (mut survey, bytes) = (Survey::default(), bytes.to_vec());
        let bounds = Bounds { records, ..bounds(input) };
        read_head(move || Ok(io::Cursor::new(bytes)), FileId(0), bounds, &mut survey, |_| {}, || true);
        survey
    };
    let mut is_enough = |bytes: &[u8]| {
        let first = look(bytes, 1);
        if first.records() > 0 && is_of_lab(&first) {
            found = None;
            return true;
        }
        found = Fit::new(&first);
        if found.as_ref().is_some_and(|fit| fit.known.is_some()) || bytes.len() as u64 >= MAX_BYTES {
            return true;
        }
        let more = look(bytes, PIPE_RECORDS);
        found = Fit::new(&more).filter(|_| !is_of_lab(&more));
        more.records() >= PIPE_RECORDS
    };
    peek(&mut is_enough).ok()?;
    found
}

fn bounds(input: &InputArgs) -> Bounds {
    Bounds { records: RECORDS, bytes: MAX_BYTES, record_bytes: input.record_bytes() }
}

/// Whether records have the time of the lab's.
fn is_of_lab(survey: &Survey) -> bool {
    let time = PRESETS[0].paths[Role::Time as usize].and_then(|path| Path::parse(path).ok());
    time.is_some_and(|path| survey.field(&path).is_some())
}
