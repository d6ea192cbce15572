//! A report as one line of JSON, lossless, with the keys in a fixed order.
//!
//! Characters that a terminal obeys or hides are written as `\u` escapes: the same text to a
//! program, harmless on a screen.

use super::{PIECE_BYTES, Render, text};
use crate::event::Timestamp;
use crate::report::{Answer, Cell, NESTED, OTHERS, Report};
use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::ser::Formatter;
use serde_json::value::RawValue;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

/// Writes one line a report.
pub(super) struct Json<W> {
    out: W,
}

impl<W: Write> Json<W> {
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Render for Json<W> {
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(PIECE_BYTES, &mut self.out);
        write_line(&Object(report), &mut out)?;
        out.flush()
    }
}

/// Anything as one line of JSON in which no character is hidden.
pub fn json_line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    write_line(value, &mut line)?;
    Ok(line)
}

fn write_line(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Visible))?;
    out.write_all(b"\n")
}

/// A cell by itself.
pub(super) fn cell_text(cell: &Cell) -> String {
    serde_json::to_string(&Value(cell)).expect("cells are JSON")
}

/// Compact JSON in which no character is hidden.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        // Most texts hide nothing.
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return out.write_all(fragment.as_bytes());
        }
        while let Some((at, char)) = rest.char_indices().find(|(_, char)| text::is_hidden(*char)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + char.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

/// What of a report is said to programs: all but its pace and its notes.
struct Object<'a>(&'a Report);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Report { analysis, seq, last, seen, answer, ledger, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("analysis", analysis)?;
        map.serialize_entry("seq", seq)?;
        map.serialize_entry("final", last)?;
        map.serialize_entry("as_of", &Value(&seen.newest().into()))?;
        let window = answer.window;
        let bound = |bound: Option<Timestamp>| Cell::from(bound);
        let (start, end) = (bound(window.map(|(start, _)| start)), bound(window.map(|(_, end)| end)));
        map.serialize_entry("window", &Members([("start", Value(&start)), ("end", Value(&end))].into_iter()))?;
        map.serialize_entry("rows", &Objects(answer))?;
        map.serialize_entry("overall", &Members(answer.overall.iter().map(|(name, cell)| (*name, Value(cell)))))?;
        if !answer.bounds.is_empty() {
            map.serialize_entry("bounds", &Members(answer.bounds.iter().map(|(name, bound)| (name.as_str(), *bound))))?;
        }
        if !answer.ignored.is_empty() {
            map.serialize_entry(
                "ignored",
                &Members(answer.ignored.iter().map(|(name, count)| (name.as_str(), *count))),
            )?;
        }
        map.serialize_entry("ledger", &Members(ledger.columns().into_iter()))?;
        map.end()
    }
}

/// The rows of an answer, each an object.
struct Objects<'a>(&'a Answer);

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = &self.0.columns;
        let name = stand_ins_name(columns);
        serializer.collect_seq(self.0.rows.iter().map(|row| RowObject { columns, row, stand_ins: &name }))
    }
}

/// The member of a row that lists its columns whose text is no text of the logs: the sum of other keys, or what
/// stands for an object.
fn stand_ins_name(columns: &[String]) -> String {
    let mut name = "stand_ins".to_owned();
    while columns.contains(&name) {
        name.push('_');
    }
    name
}

struct RowObject<'a> {
    columns: &'a [String],
    row: &'a [Cell],
    stand_ins: &'a str,
}

impl Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.columns.iter().zip(self.row);
        let mut map = serializer.serialize_map(None)?;
        cells.clone().try_for_each(|(name, cell)| map.serialize_entry(name, &Value(cell)))?;
        if self.row.iter().any(|cell| cell.stand_in().is_some()) {
            let stand_ins = cells.filter(|(_, cell)| cell.stand_in().is_some()).map(|(name, _)| name);
            map.serialize_entry(self.stand_ins, &stand_ins.collect::<Vec<_>>())?;
        }
        map.end()
    }
}

/// Named values in order, as an object.
struct Members<I>(I);

impl<'a, V: Serialize, I: Iterator<Item = (&'a str, V)> + Clone> Serialize for Members<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

#[derive(Clone)]
struct Value<'a>(&'a Cell);

#[derive(serde::Serialize)]
struct Rank<'a> {
    value: Value<'a>,
    count: u64,
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A number that JSON cannot hold (NaN, infinite) is written as null by serde_json.
        match self.0 {
            Cell::Null => serializer.serialize_unit(),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Others => serializer.serialize_str(OTHERS),
            Cell::Nested => serializer.serialize_str(NESTED),
            Cell::Big(digits) => {
                let number = RawValue::from_string(digits.to_string()).map_err(S::Error::custom)?;
                number.serialize(serializer)
            }
            Cell::Count(number) => serializer.serialize_u64(*number),
            Cell::Int(number) => serializer.serialize_i64(*number),
            Cell::Float(number) | Cell::Rate(number) => serializer.serialize_f64(*number),
            Cell::Interval(low, high) => [low, high].serialize(serializer),
            Cell::Bool(yes) => serializer.serialize_bool(*yes),
            Cell::Time(time) => serializer.collect_str(time),
            Cell::Ranks(ranks) => {
                serializer.collect_seq(ranks.iter().map(|(value, count)| Rank { value: Value(value), count: *count }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::{any_report, report};
    use proptest::prelude::*;
    use serde_json::Value as Parsed;

    fn line(report: &Report) -> String {
        let mut out = Vec::new();
        Json::new(&mut out).render(&Arc::new(report.clone())).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_is_as_the_contract_shows_it() {
        let expected = concat!(
            r#"{"analysis":"running-avg","seq":7,"final":false,"as_of":"2025-10-15T20:21:26.315260Z","#,
            r#""window":{"start":"2025-10-15T15:21:26.315260Z","end":"2025-10-15T20:21:26.315260Z"},"#,
            r#""rows":[{"service":"inference","total":3000,"success":1050,"success_rate":0.35,"ci95":[0.25,0.5]},"#,
            r#"{"service":"pay|ment\u001b[2J","total":9200,"success":3350,"success_rate":0.3641304347826087,"ci95":[0.25,0.5]}],"#,
            r#""overall":{"total":12200,"success":4400,"success_rate":0.36065573770491804,"ci95":[0.25,0.5]},"#,
            r#""ledger":{"read":12250,"counted":12200,"filtered":0,"late":0,"duplicate":0,"dead_letter":50}}"#,
            "\n"
        );
        assert_eq!(line(&report()), expected);
    }

    #[test]
    fn what_is_unknown_is_null() {
        let mut report = report();
        report.seen.0 = None;
        report.answer.window = None;
        let parsed: Parsed = serde_json::from_str(&line(&report)).unwrap();
        assert_eq!(parsed["as_of"], Parsed::Null);
        assert_eq!(parsed["window"], serde_json::json!({"start": null, "end": null}));
    }

    fn is_same(parsed: &Parsed, cell: &Cell) -> bool {
        let is = |parsed: &Parsed, number: f64| match number.is_finite() {
            true => parsed.is_f64() && parsed.as_f64() == Some(number),
            false => parsed.is_null(),
        };
        match cell {
            Cell::Null => parsed.is_null(),
            Cell::Text(text) => parsed.as_str() == Some(text),
            Cell::Others => parsed == "(other)",
            Cell::Nested => parsed == "(nested)",
            Cell::Big(digits) => parsed.as_f64() == digits.parse().ok(),
            Cell::Count(number) => parsed.as_u64() == Some(*number),
            Cell::Int(number) => parsed.as_i64() == Some(*number),
            Cell::Float(number) | Cell::Rate(number) => is(parsed, *number),
            Cell::Interval(low, high) => is(&parsed[0], *low) && is(&parsed[1], *high) && parsed[2].is_null(),
            Cell::Bool(yes) => parsed.as_bool() == Some(*yes),
            Cell::Time(time) => parsed.as_str() == Some(&time.to_string()),
            Cell::Ranks(ranks) => {
                let mut pairs = ranks.iter().zip(parsed.as_array().unwrap());
                pairs.all(|((value, count), rank)| is_same(&rank["value"], value) && rank["count"] == *count)
            }
        }
    }

    proptest! {
        #[test]
        fn a_line_reads_back_as_it_was_and_hides_nothing(report in any_report()) {
            let line = line(&report);
            prop_assert!(line.ends_with('\n') && !line.trim_end_matches('\n').contains(text::is_hidden));
            let parsed: Parsed = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(parsed["rows"].as_array().unwrap().len(), report.answer.rows.len());
            for (object, row) in parsed["rows"].as_array().unwrap().iter().zip(&report.answer.rows) {
                let stand_ins = row.iter().filter(|cell| cell.stand_in().is_some()).count();
                prop_assert_eq!(object.as_object().unwrap().len(), row.len() + usize::from(stand_ins > 0));
                prop_assert_eq!(object["stand_ins"].as_array().map_or(0, Vec::len), stand_ins);
                for (name, cell) in report.answer.columns.iter().zip(row) {
                    prop_assert!(is_same(&object[name], cell), "{} is not {cell:?}", object[name]);
                }
            }
            for (name, cell) in &report.answer.overall {
                prop_assert!(is_same(&parsed["overall"][name], cell));
            }
        }
    }
}
