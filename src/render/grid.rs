//! An answer as columns of text for people: the common ground of the table forms.

use super::fit::Kind;
use super::{number, text};
use crate::report::{Answer, Cell, NESTED, OTHERS};
use comfy_table::{CellAlignment, ColumnConstraint, Width};

/// Rows that are laid out at a time, so that a long table is never held whole.
const BLOCK_ROWS: usize = 4096;

/// An answer's cells as shown text, none of them with a line break.
pub(super) struct Grid {
    pub header: Vec<String>,
    /// Which columns hold numbers, and so stand at the right.
    pub right: Vec<bool>,
    /// What each column is to whoever looks at a narrow screen.
    pub kinds: Vec<Kind>,
    /// How wide each column is at least; none where that is what its cells ask for.
    least: Vec<usize>,
    pub rows: Vec<Vec<String>>,
    /// The overall fields, where every column has one of its name.
    pub overall: Option<Vec<String>>,
    /// The other overall fields, as `name value`.
    pub others: Vec<String>,
}

impl Grid {
    /// The first `max_rows` rows of an answer, cells cut to `columns` columns.
    pub fn new(answer: &Answer, unicode: bool, columns: usize, max_rows: usize) -> Self {
        let show = |cell: &Cell, key| shown(cell, key, unicode, columns);
        let title = |(place, name): (usize, &String)| {
            let name = if place < answer.keys { name.clone() } else { heading(name) };
            text::shown(&name, unicode, columns)
        };
        let has_column = |name: &str| answer.columns.iter().skip(answer.keys).any(|column| column == name);
        let has_field = |column: &String| answer.overall.iter().any(|(name, _)| name == column);
        // Overall fields under some columns only would read as the sum of a table that has none.
        let fills_row = answer.columns.iter().skip(answer.keys).all(has_field);
        let (inside, outside): (Vec<_>, Vec<_>) =
            answer.overall.iter().partition(|(name, _)| fills_row && has_column(name));
        Self {
            header: answer.columns.iter().enumerate().map(title).collect(),
            right: (0..answer.columns.len()).map(|place| is_numeric(answer, place)).collect(),
            kinds: (0..answer.columns.len()).map(|place| Kind::of(answer, place)).collect(),
            least: Vec::new(),
            rows: rows(answer, 0, max_rows, unicode, columns),
            overall: (fills_row && !answer.rows.is_empty()).then(|| overall(answer, &inside, show)),
            others: outside.iter().map(|(name, cell)| format!("{} {}", heading(name), show(cell, false))).collect(),
        }
    }

    /// All rows of an answer, in grids of some rows each whose columns are as wide as those of the whole
    /// would be. Only the last has the overall row.
    pub fn blocks(answer: &Answer, unicode: bool, columns: usize) -> impl Iterator<Item = Self> {
        let mut whole = Self::new(answer, unicode, columns, 0);
        let begins = (0..answer.rows.len().max(1)).step_by(BLOCK_ROWS);
        let block = move |begin| rows(answer, begin, BLOCK_ROWS, unicode, columns);
        if begins.len() > 1 {
            whole.least = vec![0; whole.header.len()];
            let measured = begins.clone().flat_map(block).chain(whole.overall.clone());
            for row in measured {
                whole.least.iter_mut().zip(row).for_each(|(least, cell)| *least = text::width(&cell).max(*least));
            }
        }
        let last = begins.len() - 1;
        begins.enumerate().map(move |(place, begin)| Self {
            header: whole.header.clone(),
            right: whole.right.clone(),
            kinds: whole.kinds.clone(),
            least: whole.least.clone(),
            rows: block(begin),
            overall: if place == last { whole.overall.take() } else { None },
            others: if place == last { std::mem::take(&mut whole.others) } else { Vec::new() },
        })
    }

    /// Sets how the columns of a table of these cells stand, each with so many columns beside its text.
    pub fn align(&self, table: &mut comfy_table::Table, beside: impl Fn(usize) -> usize) {
        for (place, column) in table.column_iter_mut().enumerate() {
            column.set_cell_alignment(if self.right[place] { CellAlignment::Right } else { CellAlignment::Left });
            if let Some(least) = self.least.get(place) {
                let width = u16::try_from(least + beside(place)).unwrap_or(u16::MAX);
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            }
        }
    }
}

/// Some rows of an answer as shown text.
fn rows(answer: &Answer, begin: usize, most: usize, unicode: bool, columns: usize) -> Vec<Vec<String>> {
    let cell = |(place, cell): (usize, &Cell)| shown(cell, place < answer.keys, unicode, columns);
    let row = |row: &[Cell]| row.iter().enumerate().map(cell).collect();
    answer.rows.iter().skip(begin).take(most).map(row).collect()
}

/// A row of the overall fields under the columns of their names, the first key saying what it is.
fn overall(answer: &Answer, fields: &[&(&str, Cell)], show: impl Fn(&Cell, bool) -> String) -> Vec<String> {
    let cell = |(place, column): (usize, &String)| match fields.iter().find(|(name, _)| name == column) {
        _ if place < answer.keys => {
            if place == 0 {
                "(all)".to_owned()
            } else {
                String::new()
            }
        }
        Some((_, cell)) => show(cell, false),
        None => String::new(),
    };
    answer.columns.iter().enumerate().map(cell).collect()
}

fn is_numeric(answer: &Answer, place: usize) -> bool {
    let mut cells = answer.rows.iter().filter_map(|row| row.get(place)).filter(|cell| **cell != Cell::Null).peekable();
    let known = cells.peek().is_some();
    let numbers = cells.all(|cell| {
        !matches!(cell, Cell::Text(_) | Cell::Others | Cell::Nested | Cell::Bool(_) | Cell::Time(_) | Cell::Ranks(_))
    });
    numbers && (known || place >= answer.keys)
}

/// A field's name in words; a name that is more than words (an aggregate as written) stays.
pub(super) fn heading(name: &str) -> String {
    match name {
        "ci95" => "95 % interval".to_owned(),
        _ if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => name.replace('_', " "),
        _ => name.to_owned(),
    }
}

/// One cell for people. A key is shown as it is, without separators of thousands.
fn shown(cell: &Cell, key: bool, unicode: bool, columns: usize) -> String {
    let text = match cell {
        Cell::Text(text) if text.is_empty() => return "\"\"".to_owned(),
        Cell::Text(text) if key && text::is_ambiguous(text) => quoted(text),
        Cell::Text(text) => return text::shown(text, unicode, columns),
        Cell::Null if key => "(none)".to_owned(),
        Cell::Null => "-".to_owned(),
        Cell::Count(number) if key => number.to_string(),
        Cell::Int(number) if key => number.to_string(),
        // As a key, 1.0 is another than 1.
        Cell::Float(number) if key => format!("{number:?}"),
        Cell::Others => OTHERS.to_owned(),
        Cell::Nested => NESTED.to_owned(),
        Cell::Big(digits) if key => digits.to_string(),
        Cell::Big(digits) => number::digits(digits),
        Cell::Count(number) => number::count(*number),
        Cell::Int(number) => number::int(*number),
        Cell::Float(number) => number::float(*number).unwrap_or_else(|| "-".to_owned()),
        Cell::Rate(share) if share.is_finite() => number::percent(*share),
        Cell::Interval(low, high) if low.is_finite() && high.is_finite() => {
            let dots = if unicode { "…" } else { ".." };
            format!("{:.2} {dots} {:.2} %", low * 100.0, high * 100.0)
        }
        Cell::Rate(_) | Cell::Interval(..) => "-".to_owned(),
        Cell::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Cell::Time(time) => number::time(*time),
        Cell::Ranks(ranks) => {
            let ranks = ranks.iter().map(|(value, times)| match value {
                Cell::Text(text) if !text::is_ambiguous(text) => format!("{text} {}", number::count(*times)),
                value => format!("{} {}", shown(value, true, true, usize::MAX), number::count(*times)),
            });
            ranks.collect::<Vec<_>>().join(", ")
        }
    };
    text::shown(&text, unicode, columns)
}

/// A text in quotes, so that it is no other value.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;

    #[test]
    fn cells_read_easily() {
        let value = |cell: Cell| shown(&cell, false, true, 60);
        assert_eq!(value(Cell::Count(12_200)), "12,200");
        assert_eq!(value(Cell::Rate(0.360656)), "36.07 %");
        assert_eq!(value(Cell::Rate(f64::NAN)), "-");
        assert_eq!(value(Cell::Interval(0.352182, 0.369221)), "35.22 … 36.92 %");
        assert_eq!(shown(&Cell::Interval(0.0, 1.0), false, false, 60), "0.00 .. 100.00 %");
        assert_eq!(value(Cell::Time(Timestamp::from_nanos(0))), "1970-01-01 00:00:00");
        assert_eq!([value(Cell::Bool(true)), value(Cell::Null)], ["yes", "-"]);
        let key = |cell: Cell| shown(&cell, true, true, 60);
        assert_eq!(
            [key(Cell::Count(12_200)), key(Cell::Null), key(Cell::Text("".into()))],
            ["12200", "(none)", "\"\""]
        );
        assert_eq!(text::width(&key(Cell::Text("支".repeat(99).into()))), 59);
    }

    #[test]
    fn names_become_words_unless_they_are_more() {
        assert_eq!(["success_rate", "p99(latency_ms)"].map(heading), ["success rate", "p99(latency_ms)"]);
    }
}
