//! Stretches in parallel, their partial states merged in input order.
//!
//! Cuts lie at fixed offsets of the stream, never where the number of threads puts them, and the
//! merge is a left fold: the answer is that of one reader from the first byte to the last.

use super::ahead;
use super::fold::{Begin, Folder, Known, Partial, Stretch};
use super::outputs::Stop;
use super::root::Root;
use crate::analysis::Analysis;
use crate::event::{Cursor, FileId, Frontier, Timestamp};
use crate::input::ReadAt;
use rayon::prelude::*;
use std::io;

/// The length of a stretch in a run: long enough that its seams do not matter, short enough for the
/// cache. The answer does not depend on it.
pub const STRETCH_BYTES: u64 = 1 << 20;
/// How many stretches are under way before their results are merged: bounds memory. A wave twice as
/// long is 2 % faster at most, and holds 77 MB instead of 49 where each record has a key of its own.
pub const WAVE_LENGTH: usize = 16;

/// What there is to read of one stream: from `cursor` to `until`, as far as it is known.
pub struct Stream<'a> {
    pub file: FileId,
    pub bytes: &'a dyn ReadAt,
    pub cursor: Cursor,
    pub until: u64,
    pub in_array: bool,
    /// It ends at `until`: what is unfinished there is bad.
    pub last: bool,
    /// Nothing more is read of it in this run.
    pub is_over: bool,
}

/// Where reading a stream came out.
#[derive(Debug)]
pub struct Outcome {
    pub cursor: Cursor,
    /// Where the next record begins, or the end of what there is; `None` inside a record.
    next: Option<u64>,
    pub error: Option<io::Error>,
    /// The bytes changed while they were read; nothing was taken in that may be wrong.
    pub is_stale: bool,
}

impl Outcome {
    /// Whether what is left, if anything, holds no part of a record.
    pub fn is_between_records(&self) -> bool {
        self.next.is_some()
    }
}

/// Reads all streams, merging into `root`; gives an outcome for each, in order.
pub fn sweep<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
    streams: &[Stream<'_>],
) -> Result<Vec<Outcome>, Stop> {
    let begin = |stream: &Stream<'_>| Outcome { cursor: stream.cursor, next: None, error: None, is_stale: false };
    let mut outcomes: Vec<Outcome> = streams.iter().map(begin).collect();
    let mut wave = Vec::with_capacity(WAVE_LENGTH);
    for (place, stream) in streams.iter().enumerate() {
        for stretch in stretches(stream, folder.stretch_bytes) {
            wave.push((place, stretch));
            if wave.len() == WAVE_LENGTH {
                run(folder, root, &mut wave, &mut outcomes)?;
            }
        }
    }
    run(folder, root, &mut wave, &mut outcomes)?;
    Ok(outcomes)
}

fn stretches<'a>(stream: &Stream<'a>, length: u64) -> impl Iterator<Item = Stretch<'a>> + use<'a> {
    let (begin, end) = (stream.cursor.offset, stream.until);
    let whole = Stretch {
        file: stream.file,
        bytes: stream.bytes,
        kept: begin,
        begin: Begin::At(stream.cursor),
        until: end,
        in_array: stream.in_array,
        last: stream.last,
        is_over: false,
    };
    let is_over = stream.is_over;
    let cuts = begin / length + 1..=end.saturating_sub(1) / length;
    let edges = cuts.map(move |cut| cut * length);
    let begins = std::iter::once(whole.begin).chain(edges.clone().map(Begin::Near));
    let ends = edges.chain(std::iter::once(end));
    begins.zip(ends).filter(move |_| begin < end).map(move |(begin, until)| Stretch {
        begin,
        until,
        is_over: is_over && until == end,
        ..whole
    })
}

/// Folds the wave and merges it in order, so that each stretch begins where the one before ended.
fn run<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
    wave: &mut Vec<(usize, Stretch<'_>)>,
    outcomes: &mut [Outcome],
) -> Result<(), Stop> {
    let mut newest = if root.looks_ahead { ahead::newest(folder, wave) } else { None };
    let mut partials = fold(folder, wave, newest, &root.frontier);
    let next = |stream: usize| outcomes[stream].next.filter(|_| outcomes[stream].error.is_none());
    if newest.is_some_and(|newest| !ahead::holds(newest, wave, &partials, next)) {
        // The next waves are likely to be no better.
        root.looks_ahead = false;
        newest = None;
        drop(partials);
        partials = fold(folder, wave, None, &root.frontier);
    }
    for ((place, stretch), partial) in wave.drain(..).zip(partials) {
        let outcome = &mut outcomes[place];
        if let Some(partial) = checked(folder, root, stretch, partial, outcome) {
            take(folder, root, stretch, partial, outcome, newest.is_none())?;
        }
        if stretch.is_over {
            root.finish(stretch.file)?;
        }
    }
    if newest.is_some() { root.attend() } else { Ok(()) }
}

/// What a stretch comes to, now that all before it is known; `None` where it holds nothing of its own.
fn checked<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &Root<'_, A>,
    stretch: Stretch<'_>,
    partial: Partial<A::State>,
    outcome: &Outcome,
) -> Option<Partial<A::State>> {
    if outcome.is_stale {
        return None;
    }
    if let Begin::Near(_) = stretch.begin {
        match outcome.next {
            _ if outcome.error.is_some() => return None,
            // The bytes ran out inside a record: there is nothing behind it.
            None => return None,
            // One record reaches over the whole stretch.
            Some(next) if next >= stretch.until => return None,
            Some(next) if partial.guessed == Some(next) => {}
            Some(_) => return Some(again(folder, root, stretch, outcome.cursor)),
        }
    }
    match folder.is_sound(&partial, &root.frontier) {
        true => Some(partial),
        false => Some(again(folder, root, stretch, outcome.cursor)),
    }
}

/// Takes in a stretch, in several parts where there was no room for all at once.
fn take<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
    stretch: Stretch<'_>,
    mut partial: Partial<A::State>,
    outcome: &mut Outcome,
    attends: bool,
) -> Result<(), Stop> {
    loop {
        if !stretch.last && !stretch.bytes.is_sound(partial.cursor.offset) {
            outcome.is_stale = true;
            return Ok(());
        }
        // A guess begins with the space before its record, which the stretch before may have passed.
        root.advance(partial.cursor.offset.saturating_sub(outcome.cursor.offset));
        outcome.cursor = partial.cursor;
        outcome.next = partial.next;
        outcome.error = partial.error.take();
        let is_cut = partial.is_cut;
        root.note_cursor(stretch.file, outcome.cursor);
        root.absorb(partial)?;
        // Between the parts of a wave that looked ahead, the state is one of no input.
        if attends {
            root.attend()?;
        }
        if !is_cut {
            return Ok(());
        }
        partial = again(folder, root, stretch, outcome.cursor);
    }
}

/// Folds what is left of a stretch, with all that is known by now.
fn again<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &Root<'_, A>,
    stretch: Stretch<'_>,
    cursor: Cursor,
) -> Partial<A::State> {
    folder.fold(Stretch { begin: Begin::At(cursor), ..stretch }, Known::Past(&root.frontier))
}

fn fold<A: Analysis>(
    folder: &Folder<'_, A>,
    wave: &[(usize, Stretch<'_>)],
    ahead: Option<Timestamp>,
    frontier: &Frontier,
) -> Vec<Partial<A::State>> {
    let fold = |stretch: Stretch<'_>| {
        let known = match (ahead, stretch.begin) {
            (Some(newest), _) => Known::Newest(newest),
            (None, Begin::At(_)) => Known::Past(frontier),
            (None, Begin::Near(_)) => Known::Nothing,
        };
        folder.fold(stretch, known)
    };
    match wave {
        // A lone stretch is not worth waking a thread.
        [(_, stretch)] => vec![fold(*stretch)],
        many => many.par_iter().map(|(_, stretch)| fold(*stretch)).collect(),
    }
}
