//! A report's rows as CSV, lossless: a header once, and again only when the columns change.
//!
//! The overall fields, the window and the ledger are no rows, and are left out: they would have
//! other columns. An interval becomes two columns, named with `_low` and `_high`. Null is an empty
//! cell. Where several reports may come, each row begins with the report's `seq` and `as_of`.

use super::{Render, json, put};
use crate::event::Timestamp;
use crate::report::{Answer, Cell, Report};
use std::io::{self, Write};

/// Writes the rows of each report.
pub(super) struct Csv<W> {
    out: W,
    updates: bool,
    /// What stands above the rows; none where that is not known.
    header: Option<Vec<String>>,
}

impl<W: Write> Csv<W> {
    /// `updates`: whether rows say which report they belong to.
    pub fn new(out: W, updates: bool) -> Self {
        Self { out, updates, header: Some(Vec::new()) }
    }

    /// Goes on below a header that was written before.
    pub fn after_header(self) -> Self {
        Self { header: None, ..self }
    }
}

impl<W: Write> Render for Csv<W> {
    fn render(&mut self, report: &Report) -> io::Result<()> {
        let answer = &report.answer;
        if answer.columns.is_empty() {
            return Ok(());
        }
        let intervals: Vec<bool> = (0..answer.columns.len()).map(|place| is_interval(answer, place)).collect();
        let mut csv = csv::Writer::from_writer(Vec::new());
        let header = header(answer, &intervals, self.updates);
        if self.header.as_ref().is_some_and(|known| *known != header) {
            csv.write_record(&header)?;
        }
        self.header = Some(header);
        let about = [report.seq.to_string(), report.seen.newest().map(|time| time.to_string()).unwrap_or_default()];
        let mut cells = Cells::default();
        for row in &answer.rows {
            for field in about.iter().filter(|_| self.updates) {
                csv.write_field(field)?;
            }
            for (cell, interval) in row.iter().zip(&intervals) {
                cells.write(&mut csv, cell, *interval)?;
            }
            csv.write_record(None::<&[u8]>)?;
        }
        let update = csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        put(&mut self.out, &update)
    }
}

fn header(answer: &Answer, intervals: &[bool], updates: bool) -> Vec<String> {
    let mut names: Vec<String> = if updates { vec!["seq".into(), "as_of".into()] } else { Vec::new() };
    for (column, interval) in answer.columns.iter().zip(intervals) {
        match interval {
            true => names.extend([format!("{column}_low"), format!("{column}_high")]),
            false => names.push(column.clone()),
        }
    }
    names
}

/// By name too, so that the header is the same while all intervals are still unknown.
fn is_interval(answer: &Answer, place: usize) -> bool {
    let mut cells = answer.rows.iter().filter_map(|row| row.get(place));
    answer.columns[place].ends_with("ci95") || cells.any(|cell| matches!(cell, Cell::Interval(..)))
}

/// Writes cells without making a text of each.
#[derive(Default)]
struct Cells {
    text: String,
    /// The last times as they were written: those of a window come again in each row.
    times: [(Option<Timestamp>, String); 2],
}

impl Cells {
    /// Writes a cell, in two fields where its column holds intervals.
    fn write(&mut self, csv: &mut csv::Writer<Vec<u8>>, cell: &Cell, interval: bool) -> csv::Result<()> {
        match cell {
            Cell::Text(text) => csv.write_field(text)?,
            Cell::Time(time) => csv.write_field(self.time(*time))?,
            Cell::Interval(low, high) => {
                csv.write_field(self.number(*low))?;
                return csv.write_field(self.number(*high));
            }
            Cell::Float(value) | Cell::Rate(value) => csv.write_field(self.number(*value))?,
            Cell::Null => csv.write_field("")?,
            Cell::Count(number) => csv.write_field(self.text(format_args!("{number}")))?,
            Cell::Int(number) => csv.write_field(self.text(format_args!("{number}")))?,
            Cell::Bool(yes) => csv.write_field(if *yes { "true" } else { "false" })?,
            // In a cell, as JSON.
            Cell::Ranks(_) => csv.write_field(json::cell_text(cell))?,
        }
        if interval { csv.write_field("") } else { Ok(()) }
    }

    /// The shortest text that reads back as the same number; empty where there is no number.
    fn number(&mut self, value: f64) -> &str {
        if value.is_finite() { self.text(format_args!("{value}")) } else { "" }
    }

    fn time(&mut self, time: Timestamp) -> &str {
        let place = self.times.iter().position(|(known, _)| *known == Some(time)).unwrap_or_else(|| {
            self.times.swap(0, 1);
            self.times[1] = (Some(time), time.to_string());
            1
        });
        &self.times[place].1
    }

    fn text(&mut self, value: std::fmt::Arguments<'_>) -> &str {
        use std::fmt::Write as _;
        self.text.clear();
        self.text.write_fmt(value).expect("text takes anything");
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::{any_report, report};
    use proptest::prelude::*;

    fn rendered(reports: &[Report], updates: bool) -> String {
        let mut out = Vec::new();
        let mut csv = Csv::new(&mut out, updates);
        reports.iter().for_each(|report| csv.render(report).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_report_is_a_header_and_its_rows() {
        let expected = "service,total,success,success_rate,ci95_low,ci95_high\n\
            inference,3000,1050,0.35,0.25,0.5\n\
            pay|ment\x1b[2J,9200,3350,0.3641304347826087,0.25,0.5\n";
        assert_eq!(rendered(&[report()], false), expected);
    }

    #[test]
    fn rows_of_updates_say_whose_they_are_and_a_header_returns_when_it_changes() {
        let mut first = report();
        first.answer.rows =
            vec![vec![Cell::Text("a,\"b\"\n".to_owned()), Cell::Count(1), Cell::Null, Cell::Null, Cell::Null]];
        let (mut second, mut third) = (first.clone(), first.clone());
        second.seq = 8;
        second.seen.0 = None;
        third.answer.columns[0] = "host".to_owned();
        let expected = "seq,as_of,service,total,success,success_rate,ci95_low,ci95_high\n\
            7,2025-10-15T20:21:26.315260Z,\"a,\"\"b\"\"\n\",1,,,,\n\
            8,,\"a,\"\"b\"\"\n\",1,,,,\n\
            seq,as_of,host,total,success,success_rate,ci95_low,ci95_high\n\
            7,2025-10-15T20:21:26.315260Z,\"a,\"\"b\"\"\n\",1,,,,\n";
        assert_eq!(rendered(&[first, second, third], true), expected);
    }

    proptest! {
        #[test]
        fn every_cell_reads_back(report in any_report()) {
            prop_assume!(!report.answer.columns.is_empty());
            let text = rendered(std::slice::from_ref(&report), false);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let width = reader.headers().unwrap().len();
            let records: Vec<_> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(records.len(), report.answer.rows.len());
            for (record, row) in records.iter().zip(&report.answer.rows) {
                prop_assert_eq!(record.len(), width);
                let mut fields = record.iter();
                for (place, cell) in row.iter().enumerate() {
                    let field = fields.next().unwrap();
                    match cell {
                        Cell::Text(text) => prop_assert_eq!(field, text),
                        Cell::Rate(rate) | Cell::Interval(rate, _) => prop_assert_eq!(field.parse::<f64>().unwrap(), *rate),
                        Cell::Count(number) => prop_assert_eq!(field.parse::<u64>().unwrap(), *number),
                        Cell::Null => prop_assert_eq!(field, ""),
                        _ => {}
                    }
                    if is_interval(&report.answer, place) {
                        fields.next().unwrap();
                    }
                }
            }
        }
    }
}
