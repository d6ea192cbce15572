//! A report as lines of text for people: a title, a table, what is said about all, the ledger.
//!
//! Rows of the table are one line each, whatever the text in them.

use super::fit::Kind;
use super::grid::Grid;
use super::line::{Emphasis, Line, Weight};
use super::{PIECE_BYTES, Render, Style, number, put, text};
use crate::event::{Ledger, Timestamp};
use crate::report::Report;
use comfy_table::{ContentLineStyle, LineStyle, TableStyle};
use std::io::{self, Write};
use std::sync::Arc;

/// The columns that a cell may take.
pub(super) const MAX_CELL_COLUMNS: usize = 60;

/// A report as lines, in three parts so that rows can be left out of the middle.
pub(super) struct Sheet {
    pub head: Vec<Line>,
    pub rows: Vec<Line>,
    pub foot: Vec<Line>,
}

/// A further last column, made by the renderer.
#[derive(Clone)]
pub(super) struct Extra {
    pub name: &'static str,
    /// One cell a row.
    pub rows: Vec<String>,
    pub overall: String,
}

impl Sheet {
    /// The first `max_rows` rows of a report, its columns made to fit a screen.
    pub fn new(report: &Report, style: Style, max_rows: usize, extra: Option<Extra>, columns: usize) -> Self {
        let mut grid = Grid::new(&report.answer, style.unicode, MAX_CELL_COLUMNS, max_rows);
        if let Some(extra) = extra {
            add_column(&mut grid, extra);
        }
        grid.fit(columns, style.unicode);
        Self::of(report, &grid, style)
    }

    /// Those rows of a report that are in the grid.
    fn of(report: &Report, grid: &Grid, style: Style) -> Self {
        let mut head = vec![Line::prose(Emphasis::Strong, title(report, style)).of(Weight::Title)];
        let (mut rows, mut foot) = (Vec::new(), Vec::new());
        if grid.rows.is_empty() {
            let nothing = if report.ledger.counted == 0 { "no records counted" } else { "no rows in this update" };
            head.push(Line::prose(Emphasis::Plain, nothing));
        } else {
            let plain = |text| Line::row(Emphasis::Plain, text);
            let mut lines = draw(grid, style).into_iter();
            head.extend(lines.next().map(|header| Line::row(Emphasis::Strong, header).of(Weight::Header)));
            let rule = Line::rule(Emphasis::Plain, lines.next().unwrap_or_default());
            head.push(rule.clone());
            rows = lines.by_ref().take(grid.rows.len()).map(plain).collect();
            for overall in lines {
                foot.extend([rule.clone(), plain(overall)]);
            }
        }
        if !grid.others.is_empty() {
            foot.push(Line::prose(Emphasis::Plain, grid.others.join(separator(style))));
        }
        foot.push(Line::prose(Emphasis::Faint, ledger(&report.ledger)).of(Weight::Ledger));
        let notes = report.answer.remarks().map(|note| text::shown(&note, style.unicode, usize::MAX));
        foot.extend(notes.map(|note| Line::prose(Emphasis::Plain, format!("note: {note}")).of(Weight::Note)));
        Self { head, rows, foot }
    }
}

fn add_column(grid: &mut Grid, extra: Extra) {
    grid.header.push(extra.name.to_owned());
    grid.right.push(false);
    grid.kinds.push(Kind::Trend);
    for (row, cell) in grid.rows.iter_mut().zip(extra.rows) {
        row.push(cell);
    }
    if let Some(overall) = &mut grid.overall {
        overall.push(extra.overall);
    }
}

/// The table's lines: the header, a rule, the rows, and last the overall row where there is one.
pub(super) fn draw(grid: &Grid, style: Style) -> Vec<String> {
    let dash = if style.unicode { '─' } else { '-' };
    let mut table = comfy_table::Table::new();
    table.load_style(
        TableStyle::new()
            .header_lines(ContentLineStyle::none())
            .header_separator(LineStyle::none().fill(dash).junction(dash))
            .content_lines(ContentLineStyle::none()),
    );
    table.set_header(&grid.header).add_rows(grid.rows.iter().chain(&grid.overall));
    let last = grid.header.len().saturating_sub(1);
    // The table adds a column of its own between two.
    let beside = |place| if place == last { 0 } else { 1 };
    table.column_iter_mut().enumerate().for_each(|(place, column)| _ = column.set_padding((0, beside(place) as u16)));
    grid.align(&mut table, beside);
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// What stands between two statements on a line.
pub(super) fn separator(style: Style) -> &'static str {
    if style.unicode { " · " } else { " | " }
}

/// The question, the event time that the numbers cover, and the newest seen where that is another.
pub(super) fn title(report: &Report, style: Style) -> String {
    let mut parts = vec![report.analysis.to_owned()];
    if let Some(window) = report.answer.window {
        parts.push(period(window, style));
    }
    if let Some(newest) = report.seen.newest()
        && report.answer.window.is_none_or(|(_, end)| end != newest)
    {
        parts.push(format!("as of {} UTC", number::time(newest)));
    }
    parts.join(separator(style))
}

/// From when to when, the date said once where it is one.
fn period((start, end): (Timestamp, Timestamp), style: Style) -> String {
    let (start, mut end) = (number::time(start), number::time(end));
    let date = start.find(' ').map_or(0, |space| space + 1);
    if end.starts_with(&start[..date]) {
        end.drain(..date);
    }
    format!("{start} {} {end} UTC", text::ellipsis(style.unicode))
}

/// What became of the records: the parts that are not empty add up to those read.
pub(super) fn ledger(ledger: &Ledger) -> String {
    let [(read, all), (counted, answered), rest @ ..] = ledger.columns();
    let mut text = format!("{read} {} = {counted} {}", number::count(all), number::count(answered));
    for (name, number) in rest.into_iter().filter(|(_, number)| *number > 0) {
        text.push_str(&format!(" + {} {}", name.replace('_', " "), number::count(number)));
    }
    text
}

/// Writes each report as a text table, an empty line between two.
pub(super) struct Table<W> {
    out: W,
    style: Style,
    started: bool,
}

impl<W: Write> Table<W> {
    pub fn new(out: W, style: Style) -> Self {
        Self { out, style, started: false }
    }
}

impl<W: Write> Render for Table<W> {
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
        let mut update = String::from(if self.started { "\n" } else { "" });
        self.started = true;
        let mut blocks = Grid::blocks(&report.answer, self.style.unicode, MAX_CELL_COLUMNS).peekable();
        let mut is_first = true;
        while let Some(grid) = blocks.next() {
            let Sheet { head, rows, foot } = Sheet::of(report, &grid, self.style);
            let head = head.iter().filter(|_| is_first);
            let foot = foot.iter().filter(|_| blocks.peek().is_none());
            for line in head.chain(&rows).chain(foot) {
                line.write(&mut update, self.style);
                update.push('\n');
            }
            is_first = false;
            if update.len() >= PIECE_BYTES {
                self.out.write_all(update.as_bytes())?;
                update.clear();
            }
        }
        put(&mut self.out, update.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::{any_report, report};
    use crate::report::{Cell, Rows};
    use proptest::prelude::*;

    const UNICODE: Style = Style { color: false, unicode: true };
    const ASCII: Style = Style { color: false, unicode: false };

    fn rendered(reports: &[Report], style: Style) -> String {
        let mut out = Vec::new();
        let mut table = Table::new(&mut out, style);
        reports.iter().for_each(|report| table.render(&Arc::new(report.clone())).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_report_reads_from_the_question_to_the_ledger() {
        let expected = "\
running-avg · 2025-10-15 15:21:26.315 … 20:21:26.315 UTC
service             total  success  success rate    95 % interval
─────────────────────────────────────────────────────────────────
inference           3,000    1,050       35.00 %  25.00 … 50.00 %
pay|ment\\u{1b}[2J   9,200    3,350       36.41 %  25.00 … 50.00 %
─────────────────────────────────────────────────────────────────
(all)              12,200    4,400       36.07 %  25.00 … 50.00 %
read 12,250 = counted 12,200 + dead letter 50
";
        assert_eq!(rendered(&[report()], UNICODE), expected);
    }

    #[test]
    fn fields_without_a_column_stand_below_and_notes_last() {
        let mut report = report();
        report.answer.window = None;
        report.answer.rows[0][0] = Cell::Null;
        report.answer.overall = vec![("most_common", Cell::Int(200)), ("sample_size", Cell::Count(1000))];
        report.answer.notes = vec!["a\nb".to_owned()];
        let expected = "\
running-avg | as of 2025-10-15 20:21:26.315 UTC
service            total  success  success rate     95 % interval
-----------------------------------------------------------------
(none)             3,000    1,050       35.00 %  25.00 .. 50.00 %
pay|ment\\u{1b}[2J  9,200    3,350       36.41 %  25.00 .. 50.00 %
most common 200 | sample size 1,000
read 12,250 = counted 12,200 + dead letter 50
note: a\\nb
";
        assert_eq!(rendered(&[report.clone(), report], ASCII), format!("{expected}\n{expected}"));
    }

    #[test]
    fn an_empty_answer_says_so() {
        let mut report = report();
        report.answer.rows = Rows::default();
        assert!(rendered(&[report.clone()], ASCII).contains("\nno rows in this update\nread 12,250 ="));
        report.ledger = Ledger::default();
        assert!(rendered(&[report], ASCII).contains("\nno records counted\nread 0 = counted 0\n"));
    }

    #[test]
    fn a_long_table_is_laid_out_as_one() {
        let mut report = report();
        let row = |place: u64| {
            // The widest cells stand far apart, and one is of wide characters.
            let name = if place == 9000 { "支".repeat(20) } else { format!("service-{place}") };
            let total = if place == 4500 { u64::MAX } else { place };
            [Cell::Text(name.into()), Cell::Count(total), Cell::Count(place), Cell::Null, Cell::Interval(0.0, 1.0)]
        };
        report.answer.rows = (0..10_000).map(row).collect();
        let Sheet { head, rows, foot } = Sheet::new(&report, UNICODE, usize::MAX, None, usize::MAX);
        let whole = head.iter().chain(&rows).chain(&foot).map(|line| format!("{}\n", line.text));
        assert_eq!(rendered(&[report], UNICODE), whole.collect::<String>());
    }

    proptest! {
        #[test]
        fn nothing_hidden_reaches_the_screen(report in any_report(), unicode: bool) {
            let text = rendered(&[report], Style { color: false, unicode });
            prop_assert!(!text.contains(|char| char != '\n' && text::is_hidden(char)), "{text:?}");
            prop_assert!(unicode || text.is_ascii(), "{text:?}");
        }

        #[test]
        fn emphasis_adds_nothing_but_itself(report in any_report()) {
            let plain = rendered(std::slice::from_ref(&report), UNICODE);
            let styled = rendered(&[report], Style { color: true, ..UNICODE });
            prop_assert!(styled.starts_with("\x1b[1mrunning-avg"));
            let stripped = styled.replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "");
            prop_assert_eq!(stripped, plain);
        }
    }
}
