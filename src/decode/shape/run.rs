//! Records of one shape in a row: the fastest way, for the commonest logs.
//!
//! A [`Track`] is one shape of the tree as a plain list. A run guesses from the closing braces where
//! the next records are, checks them column by column, and ends before the first that is not of
//! the shape through and through: that one is left to the tree.

use super::learn::Kind;
use super::literal::Literal;
use super::number::{self, Before};
use super::tree::scalar;
use super::window::{WINDOW_BYTES, Window};
use crate::decode::prefix::{self, Brace};
use crate::event::Value;

/// The shape of a run.
pub struct Track {
    /// No other track has it.
    id: usize,
    /// The node of the tree that ends the shape.
    node: usize,
    columns: Vec<Column>,
    /// What ends a record, with the separators behind it, and how much of that is the record's.
    end: Literal,
    last_bytes: usize,
    gap: Vec<u8>,
    /// Before each record, and behind the gap, stands a prefix.
    has_prefix: bool,
    /// How many closing braces a record has, the last of which ends it.
    closes: usize,
}

/// A literal, the kind of the value behind it, and the slot that takes it.
#[derive(Clone, Debug)]
pub struct Column {
    pub literal: Literal,
    pub kind: Kind,
    pub slot: u8,
}

/// The fields of records in a row. Places are offsets into the view.
pub struct Rows<'a> {
    slots: usize,
    /// The track of the last run.
    track: Option<usize>,
    /// As many as there are slots for each record. Those that the track takes are written in every
    /// run; the others are [`Value::Missing`].
    values: Vec<Value<'a>>,
    /// Where the record before each ended, and the last one; behind that, room for guesses.
    ends: Vec<usize>,
    /// How much text is between them.
    gap: usize,
    /// How far each record is looked at.
    places: Vec<usize>,
    /// Where each record begins, where there are prefixes before them.
    begins: Vec<usize>,
    has_prefix: bool,
    /// How many records there are.
    count: usize,
}

/// How long a run is at most: its rows stay in the first-level cache.
const MAX_ROWS: usize = 128;

impl Track {
    /// The track of the shape that ends with a node, given by its steps, the last of which ends the
    /// record.
    pub fn new(id: usize, node: usize, gap: &[u8], has_prefix: bool, mut steps: Vec<Column>) -> Option<Self> {
        let has_break = |step: &Column| step.literal.text().contains(&b'\n');
        if has_prefix && steps.iter().any(has_break) {
            return None;
        }
        let last = steps.pop()?.literal.text();
        let closes = |text: &[u8]| memchr::memchr_iter(b'}', text).count();
        let inner: usize = steps.iter().map(|step| closes(&step.literal.text())).sum();
        let end = Literal::new(&[&last, gap].concat());
        Some(Self {
            id,
            node,
            columns: steps,
            end,
            last_bytes: last.len(),
            gap: gap.to_vec(),
            has_prefix,
            closes: inner + closes(&last),
        })
    }

    pub fn is(&self, node: usize, gap: &[u8], has_prefix: bool) -> bool {
        self.node == node && self.gap == gap && self.has_prefix == has_prefix
    }

    /// Follows the track from `at`, where a record ended, over records that begin before `until` and
    /// are no longer than `limit`.
    #[inline(never)]
    pub fn follow<'a>(&self, window: &Window<'a>, at: usize, until: usize, limit: usize, rows: &mut Rows<'a>) {
        rows.begin(self);
        // Behind a record that this track did not match, anything may stand.
        if !window.view().get(at..).is_some_and(|rest| rest.starts_with(&self.gap)) {
            return rows.clear();
        }
        self.guess(window, at, until, limit, rows);
        if self.has_prefix {
            self.pass_prefixes(window, until, limit, rows);
        }
        for column in &self.columns {
            rows.count = column.check(window, rows);
        }
        let is_end =
            |(place, end): &(&usize, &usize)| self.end.is_at(window, **place) && **place + self.last_bytes == **end;
        rows.count = rows.places[..rows.count].iter().zip(&rows.ends[1..]).take_while(is_end).count();
    }

    /// Lists where records are by their closing braces, if they are of this shape.
    fn guess(&self, window: &Window<'_>, at: usize, until: usize, limit: usize, rows: &mut Rows<'_>) {
        rows.ends[0] = at;
        let closes = window.closes(at, &mut rows.ends[1..]);
        let count = (closes / self.closes).min(MAX_ROWS);
        if self.closes > 1 {
            (1..=count).for_each(|row| rows.ends[row] = rows.ends[row * self.closes]);
        }
        let gap = self.gap.len();
        let is_due = |[before, end]: &&[usize; 2]| before + gap < until && end.wrapping_sub(before + gap + 1) < limit;
        let is_all_due = rows.ends[count] <= until && limit >= WINDOW_BYTES;
        rows.count = if is_all_due { count } else { rows.ends[..=count].array_windows().take_while(is_due).count() };
        rows.places[..rows.count].iter_mut().zip(&rows.ends).for_each(|(place, before)| *place = before + gap);
    }

    /// Finds where the objects begin behind their prefixes; what ends them is checked with their shape.
    #[inline(never)]
    fn pass_prefixes(&self, window: &Window<'_>, until: usize, limit: usize, rows: &mut Rows<'_>) {
        let (view, gap) = (window.view(), self.gap.len());
        rows.begins.clear();
        for row in 0..rows.count {
            let (start, end) = (rows.places[row], rows.ends[row + 1]);
            let begin = match brace(window, start) {
                Brace::At(begin) if begin < end && prefix::starts(view[start]) => begin,
                _ => break,
            };
            if start >= until || end + gap - start > limit {
                break;
            }
            rows.places[row] = begin;
            rows.begins.push(begin);
        }
        rows.count = rows.begins.len();
    }
}

/// The brace behind the prefix at `start`: mostly what is before the first quote.
#[inline(always)]
fn brace(window: &Window<'_>, start: usize) -> Brace {
    let (view, quote) = (window.view(), window.stop(start));
    match view.get(start..quote) {
        Some([prefix @ .., b'{']) if view.get(quote) == Some(&b'"') && prefix.len() < prefix::MAX_BYTES => {
            prefix::checked(prefix, quote - 1)
        }
        // A brace in a text may be taken for the last of a record, and what is expected behind it lie beyond the end.
        _ => prefix::brace(view, start.min(view.len())),
    }
}

/// A column: the literal and the value are checked in all records, and taken. The answers are how
/// many records are sound before the first that is not.
impl Column {
    fn check<'a>(&self, window: &Window<'a>, rows: &mut Rows<'a>) -> usize {
        match (self.kind, usize::from(self.slot) < rows.slots) {
            (Kind::Text, true) => self.take_texts(window, rows),
            (Kind::Text, false) => rows.places().map_while(|place| self.text(window, place)).count(),
            (Kind::Number, true) => self.take_numbers(window, rows),
            (Kind::Number, false) => rows.places().map_while(|place| self.number(window, place)).count(),
            (Kind::Any, _) => self.take_any(window, rows),
            (Kind::End, _) => 0,
        }
    }

    #[inline(never)]
    fn take_texts<'a>(&self, window: &Window<'a>, rows: &mut Rows<'a>) -> usize {
        let take = |(place, slot): (_, &mut _)| self.text(window, place).map(|text| *slot = Value::Text(text));
        rows.column(self.slot).map_while(take).count()
    }

    #[inline(never)]
    fn take_numbers<'a>(&self, window: &Window<'a>, rows: &mut Rows<'a>) -> usize {
        let mut before = Before::none();
        let take = |(place, slot): (&mut usize, &mut _)| {
            *place = number::take(window, self.value(window, *place)?, &mut before, slot)?;
            Some(())
        };
        rows.column(self.slot).map_while(take).count()
    }

    #[inline(never)]
    fn take_any<'a>(&self, window: &Window<'a>, rows: &mut Rows<'a>) -> usize {
        let value = |place: &mut usize| {
            let (value, end) = scalar(window, self.value(window, *place)?)?;
            *place = end;
            Some(value)
        };
        if usize::from(self.slot) >= rows.slots {
            return rows.places().map_while(value).count();
        }
        let take = |(place, slot): (_, &mut _)| value(place).map(|value| *slot = value);
        rows.column(self.slot).map_while(take).count()
    }

    #[inline(always)]
    fn text<'a>(&self, window: &Window<'a>, place: &mut usize) -> Option<&'a str> {
        let begin = self.value(window, *place)?;
        let text = window.text(begin)?;
        *place = begin + text.len() + 1;
        Some(text)
    }

    #[inline(always)]
    fn number(&self, window: &Window<'_>, place: &mut usize) -> Option<()> {
        *place = number::skip(window, self.value(window, *place)?)?;
        Some(())
    }

    /// Where the value begins, if its literal is at `at`.
    #[inline(always)]
    fn value(&self, window: &Window<'_>, at: usize) -> Option<usize> {
        self.literal.is_at(window, at).then(|| at + self.literal.len())
    }
}

impl<'a> Rows<'a> {
    pub fn new(slots: usize) -> Self {
        Self {
            slots,
            track: None,
            values: Vec::new(),
            ends: Vec::new(),
            gap: 0,
            places: Vec::new(),
            begins: Vec::new(),
            has_prefix: false,
            count: 0,
        }
    }

    /// Makes ready for a run on a track.
    fn begin(&mut self, track: &Track) {
        if self.track != Some(track.id) {
            self.track = Some(track.id);
            self.values.clear();
            self.values.resize(MAX_ROWS * self.slots, Value::Missing);
            self.ends.resize((MAX_ROWS * track.closes).min(WINDOW_BYTES) + 2, 0);
            (self.gap, self.has_prefix) = (track.gap.len(), track.has_prefix);
            self.places.resize(MAX_ROWS, 0);
        }
    }

    fn places(&mut self) -> impl Iterator<Item = &mut usize> {
        self.places[..self.count].iter_mut()
    }

    /// How far each record is looked at, and a slot of it.
    #[inline(always)]
    fn column(&mut self, slot: u8) -> impl Iterator<Item = (&mut usize, &mut Value<'a>)> {
        let slots = self.values.chunks_exact_mut(self.slots).map(move |row| &mut row[usize::from(slot)]);
        self.places[..self.count].iter_mut().zip(slots)
    }

    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Whether there may be more.
    pub fn is_full(&self) -> bool {
        self.count == MAX_ROWS
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Where the last record ends.
    pub fn end(&self) -> Option<usize> {
        self.count.checked_sub(1).map(|last| self.ends[last + 1])
    }

    /// Whether the records have prefixes.
    pub fn have_prefixes(&self) -> bool {
        self.has_prefix && self.count > 0
    }

    /// Where the prefix of each record begins, where the record begins and ends, and its fields.
    #[inline(always)]
    pub fn iter_behind(&self) -> impl Iterator<Item = (usize, usize, usize, &[Value<'a>])> {
        self.iter().zip(&self.begins).map(|((start, end, row), begin)| (start, *begin, end, row))
    }

    /// Where each record begins and ends, and its fields.
    #[inline(always)]
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, &[Value<'a>])> {
        let rows = self.values[..self.count * self.slots].chunks_exact(self.slots);
        let ends = self.ends.array_windows();
        rows.zip(ends).map(|(row, [before, end])| (before + self.gap, *end, row))
    }
}
