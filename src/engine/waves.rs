//! Stretches in parallel, their partial states merged in input order.
//!
//! Cuts lie at fixed offsets of the stream, never where the number of threads puts them, and the
//! merge is a left fold: the answer is that of one reader from the first byte to the last.

use super::ahead;
use super::fold::{Begin, Folder, Known, Partial, Stretch};
use super::outputs::Stop;
use super::root::Root;
use crate::analysis::Analysis;
use crate::event::{Cursor, FileId, Frontier, Skip, Timestamp};
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

/// Stretches that are folded together, each with the place of its stream.
type Wave<'a> = Vec<(usize, Stretch<'a>)>;

/// A wave that was folded, and not taken in yet.
struct Folded<'a, S> {
    wave: Wave<'a>,
    partials: Vec<Partial<S>>,
    /// The event that it was folded behind.
    ahead: Option<Timestamp>,
}

/// Reads all streams, merging into `root`; gives an outcome for each, in order.
pub fn sweep<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
    streams: &[Stream<'_>],
) -> Result<Vec<Outcome>, Stop> {
    let begin =
        |stream: &Stream<'_>| Outcome { cursor: stream.cursor.clone(), next: None, error: None, is_stale: false };
    let mut outcomes: Vec<Outcome> = streams.iter().map(begin).collect();
    let numbered = |(place, stream)| stretches(stream, folder.stretch_bytes).map(move |stretch| (place, stretch));
    let mut stretches = streams.iter().enumerate().flat_map(numbered);
    let mut waves = std::iter::from_fn(|| {
        let wave: Wave<'_> = stretches.by_ref().take(WAVE_LENGTH).collect();
        (!wave.is_empty()).then_some(wave)
    });
    let Some(first) = waves.next() else { return Ok(outcomes) };
    let mut folded = fold(folder, first, root.looks_ahead, Some(&root.frontier));
    for wave in waves {
        // While one wave is taken in, the next is folded.
        let (looks_ahead, mut next) = (root.looks_ahead, None);
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| next = Some(fold(folder, wave, looks_ahead, None)));
            take_in(folder, root, folded, &mut outcomes)
        })?;
        folded = next.expect("a scope ends when all in it is done");
    }
    take_in(folder, root, folded, &mut outcomes)?;
    Ok(outcomes)
}

fn stretches<'a>(stream: &Stream<'a>, length: u64) -> impl Iterator<Item = Stretch<'a>> + use<'a> {
    let (begin, end) = (stream.cursor.offset, stream.until);
    let whole = Stretch {
        file: stream.file,
        bytes: stream.bytes,
        kept: begin,
        begin: Begin::At(stream.cursor.clone()),
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
    // What surrounds the last record may be unfinished, though all bytes are done with.
    let is_open = stream.last && matches!(stream.cursor.skip, Skip::Within(_));
    begins.zip(ends).filter(move |_| begin < end || is_open).map(move |(begin, until)| Stretch {
        begin,
        until,
        is_over: is_over && until == end,
        ..whole
    })
}

/// Merges a wave in order, so that each stretch begins where the one before ended.
fn take_in<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
    folded: Folded<'_, A::State>,
    outcomes: &mut [Outcome],
) -> Result<(), Stop> {
    let Folded { wave, mut partials, mut ahead } = folded;
    let next = |stream: usize| outcomes[stream].next.filter(|_| outcomes[stream].error.is_none());
    if ahead.is_some_and(|newest| !ahead::holds(newest, &wave, &partials, next)) {
        // The next waves are likely to be no better.
        root.looks_ahead = false;
        ahead = None;
        drop(partials);
        partials = fold_all(folder, &wave, None, Some(&root.frontier));
    }
    for ((place, stretch), partial) in wave.into_iter().zip(partials) {
        let outcome = &mut outcomes[place];
        if let Some(partial) = checked(folder, root, &stretch, partial, outcome) {
            take(folder, root, &stretch, partial, outcome, ahead.is_none())?;
        }
        if stretch.is_over {
            root.finish(stretch.file)?;
        }
    }
    if ahead.is_some() { root.attend() } else { Ok(()) }
}

/// What a stretch comes to, now that all before it is known; `None` where it holds nothing of its own.
fn checked<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &Root<'_, A>,
    stretch: &Stretch<'_>,
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
            Some(next) if partial.guessed == Some(next) && partial.stood == outcome.cursor.skip => {}
            Some(_) => return Some(again(folder, root, stretch, &outcome.cursor)),
        }
    }
    match folder.is_sound(&partial, &root.frontier) {
        true => Some(partial),
        false => Some(again(folder, root, stretch, &outcome.cursor)),
    }
}

/// Takes in a stretch, in several parts where there was no room for all at once.
fn take<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
    stretch: &Stretch<'_>,
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
        outcome.cursor = partial.cursor.clone();
        outcome.next = partial.next;
        outcome.error = partial.error.take();
        let is_cut = partial.is_cut;
        root.note_cursor(stretch.file, outcome.cursor.clone());
        root.absorb(stretch.file, partial)?;
        // Between the parts of a wave that looked ahead, the state is one of no input.
        if attends {
            root.attend()?;
        }
        if !is_cut {
            return Ok(());
        }
        partial = again(folder, root, stretch, &outcome.cursor);
    }
}

/// Folds what is left of a stretch, with all that is known by now.
fn again<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &Root<'_, A>,
    stretch: &Stretch<'_>,
    cursor: &Cursor,
) -> Partial<A::State> {
    folder.fold(&Stretch { begin: Begin::At(cursor.clone()), ..stretch.clone() }, Known::Past(&root.frontier))
}

/// Folds a wave. Where others before it are not taken in yet, the frontier is of no use to it.
fn fold<'a, A: Analysis>(
    folder: &Folder<'_, A>,
    wave: Wave<'a>,
    looks_ahead: bool,
    frontier: Option<&Frontier>,
) -> Folded<'a, A::State> {
    let ahead = if looks_ahead { ahead::newest(folder, &wave) } else { None };
    let partials = fold_all(folder, &wave, ahead, frontier);
    Folded { wave, partials, ahead }
}

fn fold_all<A: Analysis>(
    folder: &Folder<'_, A>,
    wave: &[(usize, Stretch<'_>)],
    ahead: Option<Timestamp>,
    frontier: Option<&Frontier>,
) -> Vec<Partial<A::State>> {
    let fold = |stretch: &Stretch<'_>| {
        let known = match (ahead, &stretch.begin, frontier) {
            (Some(newest), ..) => Known::Newest(newest),
            (None, Begin::At(_), Some(frontier)) => Known::Past(frontier),
            _ => Known::Nothing,
        };
        folder.fold(stretch, known)
    };
    match wave {
        // A lone stretch is not worth waking a thread.
        [(_, stretch)] => vec![fold(stretch)],
        many => many.par_iter().map(|(_, stretch)| fold(stretch)).collect(),
    }
}
