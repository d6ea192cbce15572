//! What the beginnings of an input hold, before it is read.

use crate::event::FileId;
use crate::input::{Files, peek};
use crate::survey::{Bounds, Nesting, Survey, read_head};
use std::io;

/// How many records are looked at, in how many files at most.
pub const RECORDS: u64 = 1000;
pub const FILES: usize = 16;
/// A pipe of an unknown format is looked at for so many records: whoever writes may wait for us.
pub const PIPE_RECORDS: u64 = 20;
pub const MAX_BYTES: u64 = 1 << 20;

/// What the first records hold, of the first files: at most so many of both.
pub fn of_first(files: &mut Files, bounds: Bounds, most: (usize, u64), nesting: &Nesting) -> Survey {
    let nesting = with_around(nesting, |outer| look(files, bounds, (most.0, PIPE_RECORDS), outer));
    let mut survey = Survey::within(nesting);
    look(files, bounds, most, &mut survey);
    survey
}

/// Where records are, and which fields the objects around them have.
fn with_around(nesting: &Nesting, look: impl FnOnce(&mut Survey)) -> Nesting {
    let Some(wrapper) = nesting.records.clone().filter(|_| nesting.around.is_empty()) else { return nesting.clone() };
    let mut outer = Survey::around(wrapper);
    look(&mut outer);
    Nesting { around: outer.paths_around(), ..nesting.clone() }
}

fn look(files: &mut Files, bounds: Bounds, most: (usize, u64), survey: &mut Survey) {
    for file in files.all().iter_mut().filter(|file| !file.is_pipe && file.length > 0).take(most.0) {
        let left = most.1.saturating_sub(survey.records());
        let (opened, id) = (file.reader(), file.id);
        file.close();
        if left == 0 {
            break;
        }
        let bounds = Bounds { records: left, ..bounds };
        // What cannot be read is said by the run.
        read_head(move || opened, id, bounds, survey, |_| {}, || true);
    }
}

/// Where the records of files are, as their beginnings show it.
pub fn nesting_of_files(files: &mut Files, record_bytes: usize) -> Nesting {
    let bounds = Bounds { records: RECORDS, bytes: MAX_BYTES, record_bytes };
    let mut nesting = Nesting::default();
    loop {
        let survey = of_first(files, bounds, (FILES, RECORDS), &nesting);
        match Nesting::deeper(&survey) {
            Some(deeper) => nesting = deeper,
            None => return survey.nesting().clone(),
        }
    }
}

/// Where the records of standard input are, which is looked at as far as tells.
pub fn nesting_of_stdin(record_bytes: usize, goes_on: impl Fn() -> bool) -> Nesting {
    let bounds = Bounds { records: PIPE_RECORDS, bytes: MAX_BYTES, record_bytes };
    let mut nesting = Nesting::default();
    let is_enough = |bytes: &[u8]| {
        let survey = of_bytes(bytes, bounds, &Nesting::default());
        nesting = survey.1;
        survey.0.records() >= PIPE_RECORDS || bytes.len() as u64 >= MAX_BYTES
    };
    _ = peek(is_enough, |_| goes_on());
    nesting
}

/// What bytes hold, and where the records in them are.
pub fn of_bytes(bytes: &[u8], bounds: Bounds, nesting: &Nesting) -> (Survey, Nesting) {
    let read = |survey: &mut Survey| {
        let bytes = bytes.to_vec();
        read_head(move || Ok(io::Cursor::new(bytes)), FileId(0), bounds, survey, |_| {}, || true);
    };
    let mut nesting = nesting.clone();
    loop {
        nesting = with_around(&nesting, read);
        let mut survey = Survey::within(nesting.clone());
        read(&mut survey);
        match Nesting::deeper(&survey) {
            Some(deeper) => nesting = deeper,
            None => return (survey, nesting),
        }
    }
}
