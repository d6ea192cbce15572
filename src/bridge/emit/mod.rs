//! Programs that put a question to another engine: from a line at a terminal to code that is kept.
//!
//! A program is put together from parts in Python, in which a word between `@` stands for what the user
//! has. It holds what its question needs and no more: it is made to be read and changed.

mod fields;
mod literal;
mod places;
mod polars;
mod pyspark;
mod sample;

use crate::bridge::Question;
use crate::input::Sources;
use crate::schema::{Schema, TimeUnit};
use fields::Fields;
use places::{Look, Place};
use regex::{Captures, Regex};
use sample::Sample;
use std::time::Duration;

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Polars,
    PySpark,
}

/// What a program asks, and of what.
pub struct Request {
    pub question: Question,
    pub schema: Schema,
    pub sources: Sources,
    /// The sources as they were named.
    pub names: Vec<String>,
    /// Which files of a directory are read.
    pub include: Vec<String>,
    /// How far after now a time may be.
    pub max_ahead: Option<Duration>,
    /// How far behind the newest event others may be, in a stream.
    pub delay: Duration,
    /// What was typed.
    pub line: String,
}

/// What both engines are told in the same words.
struct Parts<'r> {
    request: &'r Request,
    places: Vec<Place>,
    fields: Fields,
    are_lines: bool,
}

/// Reads the records of a file that is no record a line.
const RECORDS: &str = include_str!("parts/records.py");
/// A year of which streamlab takes no time, such as that of Go's zero time.
const FAR: &str = r"^\s*(?:0[0-9]|1[0-5]|2[3-9]|[3-9][0-9])[0-9]{2}-[0-9]{2}-";

/// Finds the files, each once.
const FILES: &str = include_str!("parts/files.py");
/// The interval of a share.
const INTERVAL: &str = include_str!("parts/interval.py");
/// Where a record may begin.
const BEGIN: &str = "BEGIN = re.compile(r\"(?:^|[\\[,\\n}])\\s*(?={)\")\n";

/// How a status is stated in its field, and how it is told in a message: behind the first mark, or not at all.
const STATED: &str = r"^\s*\+?([0-9]+(?:\.[0-9]*)?(?:[eE]\+?[0-9]+)?)\s*$";
const TOLD: &str = r"HTTP Status Code: (?:([1-9][0-9]{2})(?:[^0-9]|$))?";

/// Writes the program; says why not where it could not give the same answer.
pub fn program(target: Target, request: &Request) -> Result<String, String> {
    let fields = Fields::new(request)?;
    let sample = Sample::new(&fields, &request.schema);
    let look = Look::at(&request.sources, &|head| sample.check(head))?;
    let places = places::places(request.names.iter());
    let parts = Parts { request, places, fields, are_lines: look.are_lines };
    match target {
        Target::Polars => polars::program(&parts),
        Target::PySpark => pyspark::program(&parts),
    }
}

impl Parts<'_> {
    /// What the program says of itself.
    fn docstring(&self, how: &str) -> String {
        let answer = match self.request.question.windows {
            None => "The success rate of each",
            Some(_) => "The failure rate of each window and",
        };
        let names = self.fields.names().join(" and ");
        let line = literal::escaped(&self.request.line);
        format!("\"\"\"{answer} {}, as JSON lines. It was\n\n    {line}\n\n{how}\n\"\"\"\n", literal::escaped(&names))
    }

    /// A window's size, its slide and its offset, each as a number and a unit.
    fn lengths(&self) -> Result<[(i64, &'static str); 3], String> {
        let Some(windows) = self.request.question.windows else { return Ok([(0, "days"); 3]) };
        let length = |nanos, flag| {
            literal::length(nanos)
                .ok_or_else(|| format!("{flag}: whole microseconds are needed, as neither engine knows finer times"))
        };
        Ok([
            length(windows.size_ns, "--size")?,
            length(windows.slide_ns, "--slide")?,
            length(windows.offset_ns, "--offset")?,
        ])
    }

    /// The column of what the rate is of.
    fn hits(&self) -> &'static str {
        if self.request.question.windows.is_some() { "failures" } else { "success" }
    }

    /// Whether a window begins where the one before it ends.
    fn are_tumbling(&self) -> bool {
        self.request.question.windows.is_some_and(|windows| windows.size_ns == windows.slide_ns)
    }

    /// What a number in the time field counts, in words.
    fn counts(&self) -> &'static str {
        match self.request.schema.time_unit {
            TimeUnit::Auto => "(of seconds, or of milli-, micro- or nanoseconds, as its size tells)",
            TimeUnit::Seconds => "of seconds",
            TimeUnit::Millis => "of milliseconds",
            TimeUnit::Micros => "of microseconds",
            TimeUnit::Nanos => "of nanoseconds",
        }
    }

    /// How many microseconds a count is, where each counts the same.
    fn micros(&self) -> Option<&'static str> {
        match self.request.schema.time_unit {
            TimeUnit::Auto => None,
            TimeUnit::Seconds => Some("count * 1e6"),
            TimeUnit::Millis => Some("count * 1e3"),
            TimeUnit::Micros => Some("count"),
            TimeUnit::Nanos => Some("count / 1e3"),
        }
    }
}

/// A part with what stands for each word in it. A word without a value takes its line with it.
fn fill(part: &str, values: &[(&str, &str)]) -> String {
    let word = Regex::new("@([A-Z_]+)@").expect("it is sound");
    let value = |name: &str| values.iter().find(|(word, _)| *word == name).map_or("", |(_, value)| value);
    let mut filled = String::new();
    for line in part.lines() {
        let text = word.replace_all(line, |found: &Captures<'_>| value(&found[1]).to_owned());
        if !text.trim().is_empty() || line.trim().is_empty() {
            filled.push_str(&text);
            filled.push('\n');
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_filled_once_and_an_empty_line_goes() {
        let filled = fill("a = @A@\n@B@\n\n    @C@, @A@\n", &[("A", "\"@C@\""), ("C", "c")]);
        assert_eq!(filled, "a = \"@C@\"\n\n    c, \"@C@\"\n");
    }
}
