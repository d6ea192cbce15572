//! A report's rows as CSV, lossless: a header once, and again only when the columns change.
//!
//! The overall fields, the window and the ledger are no rows, and are left out: they would have
//! other columns. An interval becomes two columns, named with `_low` and `_high`. Null is an empty
//! cell. A text that reads as something else, as a number, stands in quotes: `1` is a number and `"1"` a
//! text, an empty cell null and `""` an empty text, `(other)` the sum of the keys beyond `--max-keys` and
//! `"(other)"` a key; `(nested)` an object or an array, and `"(nested)"` a text. Where several reports may come, each row begins with the report's `seq` and `as_of`.

use super::{PIECE_BYTES, Render, json, put, text};
use crate::event::Timestamp;
use crate::report::{Answer, Cell, NESTED, OTHERS, Report};
use std::io::{self, Write};
use std::sync::Arc;

/// Writes the rows of each report.
pub(super) struct Csv<W> {
    out: W,
    updates: bool,
    /// What stands above the rows; none where that is not known.
    header: Option<Vec<String>>,
    lines: Lines,
}

impl<W: Write> Csv<W> {
    /// `updates`: whether rows say which report they belong to.
    pub fn new(out: W, updates: bool) -> Self {
        Self { out, updates, header: Some(Vec::new()), lines: Lines::default() }
    }

    /// Puts an apostrophe before a text that a spreadsheet would run.
    pub fn safe(mut self, is_safe: bool) -> Self {
        self.lines.is_safe = is_safe;
        self
    }

    /// Goes on below a header that was written before.
    pub fn after_header(self) -> Self {
        Self { header: None, ..self }
    }
}

impl<W: Write> Render for Csv<W> {
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
        let answer = &report.answer;
        if answer.columns.is_empty() {
            return Ok(());
        }
        let intervals: Vec<bool> = (0..answer.columns.len()).map(|place| is_interval(answer, place)).collect();
        let lines = &mut self.lines;
        lines.clear();
        let header = header(answer, &intervals, self.updates);
        if self.header.as_ref().is_some_and(|known| *known != header) {
            header.iter().for_each(|name| lines.text(name));
            lines.end();
        }
        self.header = Some(header);
        let about = [report.seq.to_string(), report.seen.newest().map(|time| time.to_string()).unwrap_or_default()];
        for row in &answer.rows {
            about.iter().filter(|_| self.updates).for_each(|field| lines.field(field.as_bytes()));
            for (place, (cell, interval)) in row.iter().zip(&intervals).enumerate() {
                match cell {
                    // As a key, 1.0 is another than 1.
                    Cell::Float(number) if place < answer.keys && !*interval && number.is_finite() => {
                        lines.field(format!("{number:?}").as_bytes());
                    }
                    _ => lines.cell(cell, *interval),
                }
            }
            lines.end();
            if lines.bytes.len() >= PIECE_BYTES {
                self.out.write_all(&lines.bytes)?;
                lines.clear();
            }
        }
        put(&mut self.out, &lines.bytes)
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

/// Lines of fields, each of which is followed by a comma, or by the end of its line.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Where the line under way begins.
    begin: usize,
    integers: itoa::Buffer,
    /// The last times as they were written: those of a window come again in each row.
    times: [Option<(Timestamp, String)>; 2],
    /// Numbers as they were written, by their bits: shares of few records come again and again.
    numbers: Vec<(u64, String)>,
    /// No text is to be run by a spreadsheet.
    is_safe: bool,
}

/// Whether a spreadsheet would take a text for a formula (OWASP, "CSV Injection").
fn runs(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// How many numbers are remembered, at most: a power of two.
const NUMBERS: usize = 256;

impl Lines {
    /// Writes a cell, in two fields where its column holds intervals.
    fn cell(&mut self, cell: &Cell, interval: bool) {
        match cell {
            Cell::Text(text) => self.text(text),
            Cell::Others => self.field(OTHERS.as_bytes()),
            Cell::Nested => self.field(NESTED.as_bytes()),
            Cell::Big(digits) => self.field(digits.as_bytes()),
            Cell::Time(time) => self.time(*time),
            Cell::Interval(low, high) => {
                self.number(*low);
                return self.number(*high);
            }
            Cell::Float(value) | Cell::Rate(value) => self.number(*value),
            Cell::Null => self.field(b""),
            Cell::Count(number) => self.integer(*number),
            Cell::Int(number) => self.integer(*number),
            Cell::Bool(yes) => self.field(if *yes { b"true" } else { b"false" }),
            // In a cell, as JSON.
            Cell::Ranks(_) => self.text(&json::cell_text(cell)),
        }
        if interval {
            self.field(b"");
        }
    }

    /// A text, in quotes where it has to be (RFC 4180), or where it would read as another value.
    fn text(&mut self, text: &str) {
        let needs_quotes = text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
        let is_run = self.is_safe && runs(text);
        if !needs_quotes && !is_run && !text::is_ambiguous(text) {
            return self.field(text.as_bytes());
        }
        self.bytes.push(b'"');
        if is_run {
            self.bytes.push(b'\'');
        }
        for (part, rest) in text.split('"').zip(std::iter::once("").chain(std::iter::repeat("\"\""))) {
            self.bytes.extend_from_slice(rest.as_bytes());
            self.bytes.extend_from_slice(part.as_bytes());
        }
        self.field(b"\"");
    }

    fn integer(&mut self, number: impl itoa::Integer) {
        self.bytes.extend_from_slice(self.integers.format(number).as_bytes());
        self.field(b"");
    }

    /// The shortest text that reads back as the same number; empty where there is no number.
    fn number(&mut self, value: f64) {
        if !value.is_finite() {
            return self.field(b"");
        }
        self.numbers.resize(NUMBERS, (0, String::new()));
        let bits = value.to_bits();
        // The golden ratio spreads what differs in a few bits (Knuth, TAOCP 6.4).
        let slot = (bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - NUMBERS.ilog2())) as usize;
        if self.numbers[slot].0 != bits || self.numbers[slot].1.is_empty() {
            self.numbers[slot] = (bits, value.to_string());
        }
        self.bytes.extend_from_slice(self.numbers[slot].1.as_bytes());
        self.field(b"");
    }

    fn time(&mut self, time: Timestamp) {
        let is_known = |known: &Option<(Timestamp, String)>| known.as_ref().is_some_and(|(known, _)| *known == time);
        let place = self.times.iter().position(is_known).unwrap_or_else(|| {
            self.times.swap(0, 1);
            self.times[1] = Some((time, time.to_string()));
            1
        });
        let text = self.times[place].as_ref().map_or("", |(_, text)| text);
        self.bytes.extend_from_slice(text.as_bytes());
        self.field(b"");
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.begin = 0;
    }

    /// Ends a field with these bytes.
    fn field(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.bytes.push(b',');
    }

    fn end(&mut self) {
        self.bytes.pop();
        // A line of one empty field would be no line to a reader.
        if self.bytes.len() == self.begin {
            self.bytes.extend_from_slice(b"\"\"");
        }
        self.bytes.push(b'\n');
        self.begin = self.bytes.len();
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
        reports.iter().for_each(|report| csv.render(&Arc::new(report.clone())).unwrap());
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
        let row = vec![Cell::Text("a,\"b\"\n".into()), Cell::Count(1), Cell::Null, Cell::Null, Cell::Null];
        first.answer.rows = [row].into_iter().collect();
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
                        Cell::Big(digits) => prop_assert_eq!(field, &**digits),
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
