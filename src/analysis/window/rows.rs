//! The rows of windows: start, end, the key, the aggregates, and how final they are.

use super::plan::Plan;
use super::row::Row;
use crate::analysis::by::OTHERS;
use crate::event::Timestamp;
use crate::report::Cell;
use crate::sketch::{Groups, decode_key};

/// Rows as they are shown, in the order they were pushed.
pub struct Rows<'p> {
    plan: &'p Plan,
    pub rows: Vec<Vec<Cell>>,
    /// Of the rows that are pushed.
    pub revision: u64,
    pub are_open: bool,
    /// How many of them had not been shown before.
    pub closed: u64,
    /// Some keys had no row of their own.
    pub is_full: bool,
}

impl<'p> Rows<'p> {
    pub fn new(plan: &'p Plan) -> Self {
        Self { plan, rows: Vec::new(), revision: 0, are_open: false, closed: 0, is_full: false }
    }

    /// Pushes the row of a key, in its byte form; an empty one stands for all others.
    pub fn push(&mut self, start: i64, end: i64, key: &[u8], row: &Row) {
        let cells = match key {
            [] => self.others(),
            key => decode_key(key).expect("keys are made by encode_value or checked on load"),
        };
        self.push_cells(start, end, cells, row);
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
        for (key, row) in groups.sorted_where(is_wanted) {
            self.push_cells(start, end, key, row);
        }
        if let Some(row) = others {
            self.push_cells(start, end, self.others(), row);
        }
    }

    fn others(&self) -> Vec<Cell> {
        vec![Cell::Text(OTHERS.to_owned()); self.plan.by.columns().len()]
    }

    fn push_cells(&mut self, start: i64, end: i64, key: Vec<Cell>, row: &Row) {
        let time = |nanos: i64| Cell::Time(Timestamp::from_nanos(nanos));
        let mut cells = Vec::with_capacity(4 + key.len() + self.plan.aggregates.columns().count());
        cells.extend([time(start), time(end)]);
        cells.extend(key);
        cells.extend(self.plan.aggregates.cells(row));
        cells.extend([Cell::Count(self.revision), Cell::Bool(self.are_open)]);
        self.closed += u64::from(self.revision == 0 && !self.are_open);
        self.rows.push(cells);
    }
}
