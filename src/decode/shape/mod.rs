//! Predicted shapes: what a log writes again and again is compared, not parsed.
//!
//! A **shape** is the text of a record without its values: `{"service": `, `, "status": `, `}`. A
//! record of a known shape is checked literal by literal with a few comparisons, and value by value
//! against the grammar; what is left is to hand out slices. Every other record goes to simd-json,
//! which also teaches the next shape.
//!
//! A record is matched exactly as simd-json would read it, or not at all: a match proves that every
//! byte of it is what RFC 8259 asks for. What the shape says of its keys, and which values are taken
//! of it, was found by parsing one such record.

mod fields;
mod learn;
mod literal;
mod number;
mod run;
mod text;
mod tree;
mod window;

pub use fields::Fields;
pub use run::Rows;
pub use window::Window;

use super::projection::Projection;
use learn::{Lesson, Remarks};
use run::Track;
use simd_json::Node;
use tree::{Match, Tree};

/// The shapes of a stream as they were learned.
pub struct Shapes {
    tree: Tree,
    /// By the number of the shape.
    remarks: Vec<Remarks>,
    pace: Pace,
    track: Option<Track>,
    /// How many tracks there have been.
    tracks: usize,
    trail: Trail,
    learned: u64,
}

/// What the last records had in common: whether a run is likely to follow.
struct Trail {
    /// The node that ended the last record.
    node: usize,
    /// How many records in a row ended there.
    length: u32,
    /// How many have to, before a run is tried.
    needed: u32,
    /// A run is tried before every record.
    is_hot: bool,
}

/// When it pays to try, and to learn: a budget that matches earn and lessons cost.
struct Pace {
    credit: u32,
    /// After how many records it is asked again whether trying pays.
    left: u32,
    /// How many records were not matched since.
    missed: u32,
    /// Records are left alone.
    is_resting: bool,
    /// How many records the next rest leaves alone.
    rest: u32,
    /// It never tries.
    is_off: bool,
}

/// A lesson costs as much as so many matches gain, at the least.
const LESSON: u32 = 32;
const FIRST_CREDIT: u32 = 24 * LESSON;
/// How many records a trial takes.
const TRIAL: u32 = 256;
const FIRST_REST: u32 = 4096;
const LONGEST_REST: u32 = 1 << 16;
/// How many records of one shape have to come before a run is tried; more, where the last one
/// failed at once.
const FIRST_TRAIL: u32 = 2;
const LONGEST_TRAIL: u32 = 64;
/// A run of so many records has paid.
const GOOD_RUN: usize = 8;
/// How much text may stand between the records of a run.
const MAX_GAP_BYTES: usize = 16;
/// How much is marked ahead of every record; most are shorter.
const AHEAD_BYTES: usize = 1024;

impl Shapes {
    pub fn new() -> Self {
        let pace =
            Pace { credit: FIRST_CREDIT, left: TRIAL, missed: 0, is_resting: false, rest: FIRST_REST, is_off: false };
        let trail = Trail { node: 0, length: 0, needed: FIRST_TRAIL, is_hot: false };
        Self { tree: Tree::new(), remarks: Vec::new(), pace, track: None, tracks: 0, trail, learned: 0 }
    }

    /// Never to hold any.
    pub fn none() -> Self {
        let shapes = Self::new();
        Self { pace: Pace { is_resting: true, is_off: true, ..shapes.pace }, ..shapes }
    }

    /// Matches a run of records from `from` on, where a record ended, as long as they begin before
    /// `until` and are no longer than `limit`; there may be none.
    #[inline]
    pub fn run<'a>(&mut self, window: &mut Window<'a>, from: usize, until: usize, limit: usize, rows: &mut Rows<'a>) {
        let (true, Some(track)) = (self.trail.is_hot, &self.track) else { return rows.clear() };
        look_ahead(window, from);
        let begin = window.begin();
        track.follow(window, from - begin, until.saturating_sub(begin), limit, rows);
        if rows.len() >= GOOD_RUN {
            self.trail.needed = FIRST_TRAIL;
        } else if rows.len() == 0 {
            self.trail.needed = (self.trail.needed * 2).min(LONGEST_TRAIL);
            (self.trail.length, self.trail.is_hot) = (0, false);
        }
        self.count(rows.len() as u32);
    }

    /// Matches the record at `begin` and takes its fields; the one before it ended at `from`, and its
    /// prefix begins at `start`. Answers where it ends; where it has no known shape, the fields hold
    /// nothing of use.
    #[inline]
    pub fn find<'a>(
        &mut self,
        window: &mut Window<'a>,
        (from, start, begin): (usize, usize, usize),
        fields: &mut Fields<'a>,
    ) -> Option<usize> {
        self.count(1);
        if self.pace.is_resting {
            return None;
        }
        // From the prefix on: where it is none, it is read again.
        look_ahead(window, start);
        let found = match self.tree.walk(window, begin - window.begin(), fields) {
            Ok(found) => found,
            Err(place) => self.again(window, (start, begin), place, fields)?,
        };
        if found.is_remarked {
            fields.follow(&self.remarks[self.tree.shape(found.node)]);
        } else if found.node == self.trail.node {
            self.trail.length += 1;
            if self.trail.length >= self.trail.needed && !self.trail.is_hot {
                self.lay_track(&window.bytes()[from..start], begin > start);
            }
        } else {
            (self.trail.node, self.trail.length, self.trail.is_hot) = (found.node, 0, false);
        }
        Some(window.begin() + found.end)
    }

    /// How many shapes were learned.
    pub fn learned(&self) -> u64 {
        self.learned
    }

    /// Makes a track of the shape of the last record, which came behind these separators.
    #[inline(never)]
    fn lay_track(&mut self, gap: &[u8], has_prefix: bool) {
        let node = self.trail.node;
        if gap.is_empty() || gap.len() > MAX_GAP_BYTES || has_prefix && !gap.ends_with(b"\n") {
            return;
        }
        if !self.track.as_ref().is_some_and(|track| track.is(node, gap, has_prefix)) {
            self.tracks += 1;
            self.track = Track::new(self.tracks, node, gap, has_prefix, self.tree.steps(node));
        }
        self.trail.is_hot = self.track.is_some();
    }

    #[inline(always)]
    fn count(&mut self, records: u32) {
        self.pace.left = self.pace.left.saturating_sub(records);
        if self.pace.left == 0 {
            self.review();
        }
    }

    /// Tries once more where the record reaches beyond what was marked.
    #[inline(never)]
    fn again<'a>(
        &mut self,
        window: &mut Window<'a>,
        (start, begin): (usize, usize),
        place: usize,
        fields: &mut Fields<'a>,
    ) -> Option<Match> {
        fields.clear();
        if place >= window.marked() && window.has_more() && start > window.begin() {
            window.mark(start);
            if let Ok(found) = self.tree.walk(window, begin - start, fields) {
                return Some(found);
            }
            fields.clear();
        }
        self.pace.missed += 1;
        None
    }

    /// What was tried last paid, or it is left alone for a while.
    #[cold]
    fn review(&mut self) {
        let pace = &mut self.pace;
        let missed = std::mem::take(&mut pace.missed);
        if pace.is_off {
            pace.left = TRIAL;
        } else if std::mem::take(&mut pace.is_resting) {
            (pace.left, pace.credit) = (TRIAL, FIRST_CREDIT);
        } else if missed < TRIAL * 3 / 4 {
            (pace.left, pace.rest) = (TRIAL, FIRST_REST);
            pace.credit = (pace.credit + TRIAL - missed).min(2 * FIRST_CREDIT);
        } else {
            (pace.left, pace.is_resting) = (pace.rest, true);
            pace.rest = (pace.rest * 2).min(LONGEST_REST);
            (self.tree, self.remarks, self.track) = (Tree::new(), Vec::new(), None);
            self.trail.is_hot = false;
        }
    }

    /// Whether a record that was not matched is to be learned from.
    pub fn is_curious(&self) -> bool {
        !self.pace.is_resting && self.pace.credit >= LESSON
    }

    /// Learns the shape of a sound record from its text and its tape.
    #[cold]
    pub fn learn(&mut self, raw: &[u8], tape: &[Node<'_>], projection: &Projection) {
        self.pace.credit -= LESSON;
        // What is learned may change a shape that a track was made of.
        (self.track, self.trail.is_hot) = (None, false);
        if let Some(lesson) = Lesson::new(raw, tape, projection)
            && self.tree.insert(&lesson) == Some(self.remarks.len())
        {
            self.remarks.push(lesson.remarks);
            self.learned += 1;
        }
    }
}

/// Marks what is likely to be read next, where there is not enough of it marked.
#[inline(always)]
fn look_ahead(window: &mut Window<'_>, from: usize) {
    if from - window.begin() + AHEAD_BYTES > window.marked() && window.has_more() {
        window.mark(from);
    }
}
