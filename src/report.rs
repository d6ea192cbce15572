//! The only output model: every analysis answers with a [`Report`], every renderer shows one.

use crate::event::{Ledger, Span, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::cmp::Ordering;
use std::ops::{Index, IndexMut};
use std::slice::ChunksExact;

/// One cell of a table or of the overall row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// Nothing to say: a rate of no events, a key that the records lack.
    Null,
    /// Text from the logs; renderers for a terminal escape it.
    Text(SmolStr),
    /// In place of a key, of the row that sums the keys beyond `--max-keys`.
    Others,
    Count(u64),
    Int(i64),
    /// An integer beyond 64 bits, in digits.
    Big(Box<str>),
    Float(f64),
    /// A share between 0 and 1. Shown in percent to people, in full precision to programs.
    Rate(f64),
    /// The bounds of a confidence interval of a rate.
    Interval(f64, f64),
    Bool(bool),
    Time(Timestamp),
    /// Values and how often each came, the most frequent first.
    Ranks(Box<[(Cell, u64)]>),
    /// A key that is an object or an array: what it holds is not part of it.
    Nested,
}

/// What stands for [`Cell::Others`] in all forms; a text that reads so is told apart where there are no
/// types.
pub const OTHERS: &str = "(other)";

/// What stands for [`Cell::Nested`], likewise.
pub const NESTED: &str = "(nested)";

impl Cell {
    /// The text that stands for what is no text of the logs.
    pub fn stand_in(&self) -> Option<&'static str> {
        match self {
            Cell::Others => Some(OTHERS),
            Cell::Nested => Some(NESTED),
            _ => None,
        }
    }

    /// `part` of `whole`; null where there is no whole.
    pub fn rate(part: u64, whole: u64) -> Self {
        if whole == 0 { Cell::Null } else { Cell::Rate(part as f64 / whole as f64) }
    }

    /// The Wilson score interval of `part` out of `whole` at 95 % (Wilson 1927); null where
    /// there is no whole.
    pub fn wilson(part: u64, whole: u64) -> Self {
        if whole == 0 {
            return Cell::Null;
        }
        const Z: f64 = 1.959_963_984_540_054;
        let (n, p) = (whole as f64, part as f64 / whole as f64);
        let centre = p + Z * Z / (2.0 * n);
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        // The exact bounds touch 0 and 1 there; rounding must not step over them.
        let low = if part == 0 { 0.0 } else { ((centre - spread) / scale).max(0.0) };
        let high = if part == whole { 1.0 } else { ((centre + spread) / scale).min(1.0) };
        Cell::Interval(low, high)
    }
}

impl From<Option<Timestamp>> for Cell {
    fn from(time: Option<Timestamp>) -> Self {
        time.map_or(Cell::Null, Cell::Time)
    }
}

/// Named cells, in order.
pub type Fields = Vec<(&'static str, Cell)>;

/// What an analysis answers: a table with one row per key, and one row over everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The event time that the numbers cover, both ends included.
    pub window: Option<(Timestamp, Timestamp)>,
    pub columns: Vec<String>,
    /// How many of the columns, from the first, are the key of a row.
    pub keys: usize,
    /// Sorted by key; every row is as long as `columns`.
    pub rows: Rows,
    pub overall: Fields,
    /// How many values an aggregate could not use, by its column: of those that any are.
    pub ignored: Vec<(String, u64)>,
    /// How far from the truth a column may be, relative to it: of those that are no exact numbers.
    pub bounds: Vec<(String, f64)>,
    /// Sentences about the answer that a person should read: a bound that acted, a sample's error.
    pub notes: Vec<String>,
}

impl Answer {
    /// What a person should read below the table.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        let bounds: Vec<String> =
            self.bounds.iter().map(|(column, bound)| format!("{column} within {} %", bound * 100.0)).collect();
        let bounds = (!bounds.is_empty()).then(|| format!("These are no exact numbers: {}.", bounds.join(", ")));
        self.notes.iter().cloned().chain(bounds)
    }
}

/// Rows of one length: their cells lie one after the other, so that a row costs no allocation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    width: usize,
    cells: Vec<Cell>,
}

impl Rows {
    /// Adds a row, as long as the others.
    pub fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        self.push_with(|cells| cells.extend(row));
    }

    /// As [`Self::push`] of the cells that are appended.
    pub fn push_with(&mut self, append: impl FnOnce(&mut Vec<Cell>)) {
        let before = self.cells.len();
        append(&mut self.cells);
        let width = self.cells.len() - before;
        assert!(width > 0 && (before == 0 || width == self.width), "rows are of one length");
        self.width = width;
    }

    /// Makes room for so many cells.
    pub fn reserve(&mut self, cells: usize) {
        self.cells.reserve(cells);
    }

    pub fn len(&self) -> usize {
        self.iter().len()
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Adds rows of the same length.
    pub fn append(&mut self, mut others: Self) {
        assert!(self.is_empty() || others.is_empty() || self.width == others.width, "rows are of one length");
        if self.is_empty() {
            // There may be a million: they are not copied.
            *self = others;
        } else {
            self.cells.append(&mut others.cells);
        }
    }

    /// Sorts them; equal ones stay as they are.
    pub fn sort_by(&mut self, compare: impl Fn(&[Cell], &[Cell]) -> Ordering) {
        let mut rows: Vec<&[Cell]> = self.iter().collect();
        rows.sort_by(|a, b| compare(a, b));
        *self = rows.into_iter().map(|row| row.iter().cloned()).collect();
    }

    /// Keeps the rows that are wanted.
    pub fn retain(&mut self, mut is_wanted: impl FnMut(&[Cell]) -> bool) {
        *self = self.iter().filter(|row| is_wanted(row)).map(|row| row.iter().cloned()).collect();
    }

    pub fn iter(&self) -> ChunksExact<'_, Cell> {
        self.cells.chunks_exact(self.width.max(1))
    }
}

impl<R: IntoIterator<Item = Cell>> FromIterator<R> for Rows {
    fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
        let mut all = Self::default();
        rows.into_iter().for_each(|row| all.push(row));
        all
    }
}

impl<'a> IntoIterator for &'a Rows {
    type Item = &'a [Cell];
    type IntoIter = ChunksExact<'a, Cell>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Index<usize> for Rows {
    type Output = [Cell];

    fn index(&self, row: usize) -> &[Cell] {
        &self.cells[row * self.width..][..self.width]
    }
}

impl IndexMut<usize> for Rows {
    fn index_mut(&mut self, row: usize) -> &mut [Cell] {
        &mut self.cells[row * self.width..][..self.width]
    }
}

/// A row of changes: it begins with the start and the end of a window, and ends with its revision and
/// whether it is open.
#[derive(Clone, Copy)]
pub struct Change<'a>(pub &'a [Cell]);

impl Change<'_> {
    /// The start and the end of the window.
    pub fn span(self) -> [Option<Timestamp>; 2] {
        [0, 1].map(|place| if let Some(Cell::Time(time)) = self.0.get(place) { Some(*time) } else { None })
    }

    pub fn is_open(self) -> bool {
        self.0.last() == Some(&Cell::Bool(true))
    }

    /// Whether it was said before, and is said again.
    pub fn is_revised(self) -> bool {
        self.0.iter().rev().nth(1).is_some_and(|revision| *revision != Cell::Count(0))
    }

    /// Whether its window and that of another row have an instant in common.
    pub fn overlaps(self, other: Change<'_>) -> bool {
        let ([start, end], [other_start, other_end]) = (self.span(), other.span());
        start < other_end && other_start < end
    }
}

/// One update of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub analysis: &'static str,
    /// Counts the reports of a run, from 1.
    pub seq: u64,
    /// Whether this is the last report of the run.
    pub last: bool,
    /// The event time seen so far.
    pub seen: Span,
    pub answer: Answer,
    pub ledger: Ledger,
    pub pace: Pace,
}

/// How fast the run goes; shown to people only, so that equal input gives equal output.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    pub read_bytes: u64,
    pub elapsed_seconds: f64,
    /// Bytes known to exist and not yet read.
    pub behind_bytes: u64,
    /// Whether the run waits for more input.
    pub following: bool,
}

/// There may be millions of them.
const _: () = assert!(size_of::<Cell>() == 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_gives_the_textbook_interval() {
        // Newcombe 1998, table I: 81 of 263.
        let Cell::Interval(low, high) = Cell::wilson(81, 263) else { panic!("an interval") };
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        assert_eq!(Cell::wilson(0, 0), Cell::Null);
        let Cell::Interval(low, high) = Cell::wilson(0, 7) else { panic!("an interval") };
        assert!(low == 0.0 && high < 0.36);
    }
}
