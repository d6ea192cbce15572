//! The rows of windows: start, end, the key, the aggregates, and how final they are.

use super::plan::Plan;
use super::row::Row;
use crate::event::Timestamp;
use crate::report::{Cell, Rows};
use crate::sketch::{Groups, key_cells};
use std::iter;

/// Makes rows as they are shown, in the order they were pushed.
pub struct Maker<'p> {
    plan: &'p Plan,
    width: usize,
    pub rows: Rows,
    /// Of the rows that are pushed.
    pub revision: u64,
    pub are_open: bool,
    /// How many of them had not been shown before.
    pub closed: u64,
    /// Some keys had no row of their own.
    pub is_full: bool,
}

impl<'p> Maker<'p> {
    pub fn new(plan: &'p Plan) -> Self {
        let width = 4 + plan.by.columns().len() + plan.aggregates.columns().count();
        Self { plan, width, rows: Rows::default(), revision: 0, are_open: false, closed: 0, is_full: false }
    }

    /// Pushes the row of a key, in its byte form; an empty one stands for all others.
    pub fn push(&mut self, start: i64, end: i64, key: &[u8], row: &Row) {
        let time = |nanos: i64| Cell::Time(Timestamp::from_nanos(nanos));
        let Self { plan, rows, revision, are_open, .. } = self;
        rows.push_with(|cells| {
            cells.extend([time(start), time(end)]);
            match key {
                [] => cells.extend(iter::repeat_n(Cell::Others, plan.by.columns().len())),
                key => cells.extend(key_cells(key)),
            }
            cells.extend(plan.aggregates.cells(row));
            cells.extend([Cell::Count(*revision), Cell::Bool(*are_open)]);
        });
        self.closed += u64::from(self.revision == 0 && !self.are_open);
    }

    /// Pushes the groups that are wanted, sorted by key, then the others.
    pub fn push_all(
        &mut self,
        start: i64,
        end: i64,
        groups: &Groups<Row>,
        is_wanted: impl Fn(&[u8]) -> bool,
        others: Option<&Row>,
    ) {
        let sorted = groups.sorted_where(is_wanted);
        self.rows.reserve((sorted.len() + 1) * self.width);
        for (key, row) in sorted {
            self.push(start, end, key, row);
        }
        if let Some(row) = others {
            self.push(start, end, &[], row);
        }
    }
}
