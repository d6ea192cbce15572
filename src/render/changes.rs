//! Reports that tell what has changed, on a screen that shows how things stand.

use super::Render;
use crate::report::{Cell, Change, Report};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// How many rows are kept for the screen.
const KEPT_ROWS: usize = 500;

/// Hands changes on to a screen together with those before them, the newest first.
pub struct Changes {
    render: Box<dyn Render>,
    /// A row that is said again takes the place of all that it overlaps.
    are_sessions: bool,
    /// The rows that are final, by their keys, and when each was said.
    rows: HashMap<String, (u64, Vec<Cell>)>,
    /// How many were not kept.
    left_out: usize,
}

impl Changes {
    pub fn new(render: Box<dyn Render>, are_sessions: bool) -> Self {
        Self { render, are_sessions, rows: HashMap::new(), left_out: 0 }
    }

    /// The report with all rows that the screen shows.
    fn whole(&mut self, report: &Report) -> Report {
        let answer = &report.answer;
        let is_open = |row: &[Cell]| Change(row).is_open();
        for row in answer.rows.iter().filter(|row| !is_open(row)) {
            if self.are_sessions && Change(row).is_revised() {
                let is_replaced = |other: &[Cell]| {
                    other[2..answer.keys] == row[2..answer.keys] && Change(row).overlaps(Change(other))
                };
                self.rows.retain(|_, (_, other)| !is_replaced(other));
            }
            self.rows.insert(format!("{:?}", &row[..answer.keys]), (report.seq, row.to_vec()));
        }
        let mut kept: Vec<&(u64, Vec<Cell>)> = self.rows.values().collect();
        kept.sort_by(|(_, a), (_, b)| newest_first(a, b));
        let mut shown: Vec<&[Cell]> = answer.rows.iter().filter(|row| is_open(row)).collect();
        shown.sort_by(|a, b| newest_first(a, b));
        shown.extend(kept.into_iter().take(KEPT_ROWS).map(|(_, row)| row.as_slice()));
        let rows = shown.iter().map(|row| row.iter().cloned()).collect();
        if self.rows.len() > 2 * KEPT_ROWS {
            let kept: std::collections::HashSet<String> =
                shown.iter().map(|row| format!("{:?}", &row[..answer.keys])).collect();
            let before = self.rows.len();
            self.rows.retain(|key, _| kept.contains(key));
            self.left_out += before - self.rows.len();
        }
        let mut whole = report.clone();
        let left_out = (self.rows.len() + self.left_out).saturating_sub(KEPT_ROWS);
        if left_out > 0 {
            whole.answer.notes.push(format!("{left_out} older rows are not shown; -o csv has all."));
        }
        whole.answer.rows = rows;
        whole
    }
}

/// By end, start, and then as they came.
fn newest_first(a: &[Cell], b: &[Cell]) -> std::cmp::Ordering {
    let ([start, end], [other_start, other_end]) = (Change(a).span(), Change(b).span());
    (other_end, other_start).cmp(&(end, start)).then_with(|| format!("{a:?}").cmp(&format!("{b:?}")))
}

impl Render for Changes {
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
        let whole = self.whole(report);
        self.render.render(&Arc::new(whole))
    }

    fn tick(&mut self) -> io::Result<()> {
        self.render.tick()
    }

    fn clear(&mut self) -> io::Result<()> {
        self.render.clear()
    }
}
