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

mod learn;
mod number;
mod text;
mod tree;
mod window;

pub use window::Window;

use super::projection::Projection;
use crate::event::Value;
use learn::{Lesson, Remark, Remarks};
use number::Number;
use simd_json::Node;
use tree::{Match, Tree};

/// The shapes of a stream as they were learned.
pub struct Shapes {
    tree: Tree,
    /// By the number of the shape.
    remarks: Vec<Remarks>,
    pace: Pace,
}

/// The slots of a record. They are kept from one record to the next: most take the same.
pub struct Fields<'a> {
    pub values: Vec<Value<'a>>,
    /// The slots, by their bits, that may hold something.
    held: u64,
    /// The slots of strings that are still to be unescaped.
    escaped: Vec<usize>,
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
/// How much is marked ahead of every record; most are shorter.
const AHEAD_BYTES: usize = 1024;

impl Shapes {
    pub fn new() -> Self {
        let pace =
            Pace { credit: FIRST_CREDIT, left: TRIAL, missed: 0, is_resting: false, rest: FIRST_REST, is_off: false };
        Self { tree: Tree::new(), remarks: Vec::new(), pace }
    }

    /// Never to hold any.
    pub fn none() -> Self {
        let shapes = Self::new();
        Self { pace: Pace { is_resting: true, is_off: true, ..shapes.pace }, ..shapes }
    }

    /// Matches the record at `begin` and takes its fields. Answers where it ends; where it has no
    /// known shape, the fields hold nothing of use.
    #[inline(always)]
    pub fn find<'a>(&mut self, window: &mut Window<'a>, begin: usize, fields: &mut Fields<'a>) -> Option<usize> {
        self.pace.left -= 1;
        if self.pace.left == 0 {
            self.review();
        }
        if self.pace.is_resting {
            return None;
        }
        if begin - window.begin() + AHEAD_BYTES > window.marked() && window.has_more() {
            window.mark(begin);
        }
        let found = match self.tree.walk(window, begin - window.begin(), fields) {
            Ok(found) => found,
            Err(place) => self.again(window, begin, place, fields)?,
        };
        if let Some(shape) = found.remarked {
            fields.follow(&self.remarks[shape]);
        }
        Some(window.begin() + found.end)
    }

    /// Tries once more where the record reaches beyond what was marked.
    #[inline(never)]
    fn again<'a>(
        &mut self,
        window: &mut Window<'a>,
        begin: usize,
        place: usize,
        fields: &mut Fields<'a>,
    ) -> Option<Match> {
        fields.clear();
        if place >= window.marked() && window.has_more() && begin > window.begin() {
            window.mark(begin);
            if let Ok(found) = self.tree.walk(window, 0, fields) {
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
            (self.tree, self.remarks) = (Tree::new(), Vec::new());
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
        if let Some(lesson) = Lesson::new(raw, tape, projection)
            && self.tree.insert(&lesson) == Some(self.remarks.len())
        {
            self.remarks.push(lesson.remarks);
        }
    }
}

impl<'a> Fields<'a> {
    pub fn new(slots: usize) -> Self {
        Self { values: vec![Value::Missing; slots], held: 0, escaped: Vec::new() }
    }

    #[inline(always)]
    fn put(&mut self, slot: u8, value: Value<'a>) {
        if let Some(place) = self.values.get_mut(usize::from(slot)) {
            *place = value;
        }
    }

    /// Whether the number is one that can be told here, if anyone wants to know.
    #[inline(always)]
    fn put_number(&mut self, slot: u8, number: Number, window: &Window<'_>) -> bool {
        self.values.get_mut(usize::from(slot)).is_none_or(|place| number.put(window, place))
    }

    /// A record took these slots, by their bits, and no others.
    #[inline(always)]
    fn settle(&mut self, taken: u64) {
        if self.held & !taken != 0 {
            self.drop_all_but(taken);
        }
        self.held = taken;
    }

    #[inline(never)]
    fn drop_all_but(&mut self, taken: u64) {
        let left = self.values.iter_mut().enumerate().filter(|(slot, _)| taken >> slot & 1 == 0);
        left.for_each(|(_, value)| *value = Value::Missing);
    }

    fn clear(&mut self) {
        self.values.fill(Value::Missing);
        self.held = 0;
        self.escaped.clear();
    }

    #[cold]
    fn follow(&mut self, remarks: &Remarks) {
        for (slot, remark) in remarks {
            self.values[*slot] = match *remark {
                Remark::As(other) => {
                    if self.escaped.contains(&other) {
                        self.escaped.push(*slot);
                    }
                    self.values[other]
                }
                Remark::Nested => Value::Nested,
                Remark::Missing => Value::Missing,
            };
            self.held |= 1 << slot;
        }
    }

    pub fn has_escapes(&self) -> bool {
        !self.escaped.is_empty()
    }

    /// The fields with what strings with escapes stand for in their place; `into` holds that text.
    #[inline(never)]
    pub fn unescape<'v>(&mut self, into: &'v mut String) -> Option<Vec<Value<'v>>>
    where
        'a: 'v,
    {
        into.clear();
        let mut ends = Vec::new();
        let mut slots = std::mem::take(&mut self.escaped);
        // A slot may have been taken twice, and another value of the same key may have come last.
        slots.sort_unstable();
        slots.dedup();
        slots.retain(|slot| self.values[*slot].text().is_some());
        for slot in &slots {
            text::unescape(self.values[*slot].text().unwrap_or_default(), into)?;
            ends.push(into.len());
        }
        let mut values: Vec<Value<'v>> = self.values.clone();
        let mut begin = 0;
        for (slot, end) in slots.into_iter().zip(ends) {
            values[slot] = Value::Text(&into[begin..end]);
            begin = end;
        }
        Some(values)
    }
}
