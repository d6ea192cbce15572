//! The newest event of a wave, known before the wave is folded.
//!
//! A window that ends at the newest event drops nearly all that a wave of stretches holds. Where the
//! end of a wave is read first, what it is going to drop need not be kept at all. It is read at a
//! guess, so the wave is checked once it is folded: if it does not bear the guess out, it is folded
//! again without.

use super::fold::{Begin, Folder, Known, Partial, Stretch};
use crate::analysis::Analysis;
use crate::event::Timestamp;

/// How much of the end is read first.
const END_BYTES: u64 = 8 << 10;

/// The newest event near the end of a wave, where the analysis asks for it.
pub fn newest<A: Analysis>(folder: &Folder<'_, A>, wave: &[(usize, Stretch<'_>)]) -> Option<Timestamp> {
    let [_, .., (_, end)] = wave else { return None };
    if !folder.looks_ahead() || !end.last {
        return None;
    }
    let from = end.starts_at().max(end.until.saturating_sub(END_BYTES));
    folder.fold(&Stretch { begin: Begin::Near(from), ..end.clone() }, Known::Nothing).seen.newest()
}

/// Whether all stretches of a wave came out as they will be taken in, and hold an event that new.
/// `next` is where the record before the wave said that the next one begins.
pub fn holds<S>(
    newest: Timestamp,
    wave: &[(usize, Stretch<'_>)],
    partials: &[Partial<S>],
    next: impl Fn(usize) -> Option<u64>,
) -> bool {
    let mut before = None;
    let mut is_reached = false;
    for ((stream, stretch), partial) in wave.iter().zip(partials) {
        let expected = match before {
            Some((last, next)) if last == *stream => next,
            _ => next(*stream),
        };
        let is_right = match stretch.begin {
            Begin::At(_) => true,
            Begin::Near(_) => partial.guessed.is_some() && partial.guessed == expected,
        };
        if !is_right || partial.is_cut || partial.error.is_some() {
            return false;
        }
        is_reached |= partial.seen.newest() >= Some(newest);
        before = Some((*stream, partial.next));
    }
    is_reached
}
