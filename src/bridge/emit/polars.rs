//! The program for Polars: lazy, on the streaming engine.

use super::{BEGIN, FAR, FILES, INTERVAL, Parts, RECORDS, STATED, TOLD, fields, fill, literal, places};
use std::fmt::Write;

const HEAD: &str = include_str!("parts/polars_head.py");
const FIELD: &str = include_str!("parts/polars_field.py");
const LINES: &str = include_str!("parts/polars_lines.py");
const ARRAYS: &str = include_str!("parts/polars_arrays.py");
const FLOOR: &str = include_str!("parts/polars_floor.py");
const TIME: &str = include_str!("parts/polars_time.py");
const AUTO: &str = include_str!("parts/polars_auto.py");
const RATES: &str = include_str!("parts/polars_rates.py");
const WINDOWS: &str = include_str!("parts/polars_windows.py");
const TAIL: &str = include_str!("parts/polars_tail.py");

const HOW: &str = "Run it where the files are: pip install 'polars>=1.34', then python program.py";

pub fn program(parts: &Parts<'_>) -> Result<String, String> {
    let [size, slide, offset] = parts.lengths()?;
    let has_offset = offset.0 != 0;
    let is_sliding = parts.fields.time.is_some() && !parts.are_tumbling();
    let mut page = parts.docstring(HOW);
    page.push('\n');
    page.push_str(&head(parts, [size, slide, offset], is_sliding)?);
    page.push_str("\n\n");
    page.push_str(FILES);
    page.push_str("\n\n");
    page.push_str(INTERVAL);
    page.push_str(FIELD);
    if is_sliding {
        let floor = if has_offset { "(time - OFFSET).dt.truncate(SLIDE) + OFFSET" } else { "time.dt.truncate(SLIDE)" };
        page.push_str(&fill(FLOOR, &[("FLOOR", floor)]));
    }
    if parts.are_lines {
        page.push_str(LINES.trim_start());
    } else {
        page.push_str(RECORDS);
        page.push_str("\n\n");
        page.push_str(ARRAYS.trim_start());
    }
    if parts.fields.time.is_some() {
        page.push_str(&time(parts));
    }
    page.push_str(&status(parts));
    let (columns, hit) = (columns(parts), literal::is_in(parts.request.question.hits()?, "is_between"));
    // Where no time is asked for, one that is out of range is a bad record nevertheless.
    let hit = match &parts.fields.stamp {
        Some(ways) => format!("pl.when(~field({}).str.contains(r\"{FAR}\").fill_null(False)).then({hit})", paths(ways)),
        None => hit,
    };
    let start = match (is_sliding, has_offset) {
        (true, _) => "pl.datetime_ranges(floor(time - SIZE) + SLIDE, floor(time), interval=SLIDE)",
        (false, true) => "(time - OFFSET).dt.truncate(SIZE) + OFFSET",
        (false, false) => "time.dt.truncate(SIZE)",
    };
    let timely = if parts.request.max_ahead.is_some() { "time <= latest" } else { "time.is_not_null()" };
    let windows = if is_sliding { "requests.explode(\"start\")\n    " } else { "requests" };
    let rows = if parts.fields.time.is_some() { WINDOWS } else { RATES };
    let values = [("COLUMNS", &*columns), ("HIT", &hit), ("START", start), ("TIMELY", timely), ("WINDOWS", windows)];
    page.push_str(&fill(rows, &values));
    page.push_str(&fill(TAIL, &[("HITS", parts.hits())]));
    Ok(page)
}

/// Imports and constants.
fn head(parts: &Parts<'_>, lengths: [(i64, &str); 3], is_sliding: bool) -> Result<String, String> {
    let sources = places::python_globs(&parts.places, &parts.request.include)?;
    let has_time = parts.fields.time.is_some();
    let [size, slide, offset] = lengths.map(|(count, unit)| format!("timedelta({unit}={count})"));
    let constant = |name: &str, value: &str, is_there: bool| match is_there {
        true => format!("{name} = {value}"),
        false => String::new(),
    };
    let datetime = match (has_time, parts.request.max_ahead) {
        (false, _) => "",
        (true, None) => "from datetime import timedelta",
        (true, Some(_)) => "from datetime import datetime, timedelta, timezone",
    };
    let is_whole = !parts.are_lines;
    let page = fill(
        HEAD,
        &[
            ("RE", if is_whole { "import re" } else { "" }),
            ("DATETIME", datetime),
            ("PATHLIB", if is_whole { "from pathlib import Path" } else { "" }),
            ("SOURCES", &literal::list(&sources)),
            ("KEYS", &literal::list(&parts.fields.names())),
            ("SIZE", &constant("SIZE", &size, has_time)),
            ("SLIDE", &constant("SLIDE", &slide, is_sliding)),
            ("OFFSET", &constant("OFFSET", &offset, has_time && lengths[2].0 != 0)),
            ("TIME_FORMAT", &constant("TIME_FORMAT", "\"%Y-%m-%dT%H:%M:%S%.6fZ\"", has_time)),
        ],
    );
    Ok(page + if is_whole { BEGIN } else { "" })
}

fn time(parts: &Parts<'_>) -> String {
    let place = parts.fields.time.as_deref().map(paths).unwrap_or_default();
    let micros = parts.micros().map_or(AUTO.trim_end().to_owned(), |micros| format!("micros = {micros}"));
    let ahead = parts.request.max_ahead.map_or(String::new(), |ahead| {
        let seconds = ahead.as_secs_f64();
        format!("latest = datetime.now(timezone.utc) + timedelta(seconds={seconds})  # what is later is a mistake")
    });
    fill(TIME, &[("COUNTS", parts.counts()), ("TIME", &place), ("MICROS", &micros), ("AHEAD", &ahead)])
}

/// How the status is found.
fn status(parts: &Parts<'_>) -> String {
    let found = |ways: &[Vec<String>], pattern: &str| {
        format!("field({}).str.extract(r\"{pattern}\").cast(pl.Float64)", paths(ways))
    };
    let stated = parts.fields.status.as_deref().map(|ways| found(ways, STATED));
    let told = parts.fields.message.as_deref().map(|ways| found(ways, TOLD));
    let is_one = "pl.when(stated.is_between(100, 999) & (stated % 1 == 0)).then(stated)";
    match (stated, told) {
        (Some(stated), Some(told)) => format!(
            "\n# The status is stated in a field of its own, or told in the message.\nstated = {stated}\nstatus = \
             pl.coalesce(\n    {is_one},\n    {told},\n).cast(pl.Int64)\n"
        ),
        (Some(stated), None) => format!("\nstated = {stated}\nstatus = {is_one}.cast(pl.Int64)\n"),
        (None, told) => format!("\nstatus = {}.cast(pl.Int64)\n", told.expect("one of them is there")),
    }
}

/// The columns of the key, one a line.
fn columns(parts: &Parts<'_>) -> String {
    let mut columns = String::new();
    for (number, (name, place)) in parts.fields.by.iter().enumerate() {
        let value = place.as_deref().map_or("status".to_owned(), |place| format!("field({})", paths(place)));
        let indent = if number == 0 { "" } else { "\n    " };
        let _ = write!(columns, "{indent}{value}.alias({}),", literal::string(name));
    }
    columns
}

/// All ways to a field as JSONPaths, in literals.
fn paths(ways: &[Vec<String>]) -> String {
    ways.iter().map(|way| path(way)).collect::<Vec<_>>().join(", ")
}

/// Keys as JSONPath, in a literal.
fn path(keys: &[String]) -> String {
    let step = |key: &String| match fields::is_plain(key) {
        true => format!(".{key}"),
        false => format!("['{}']", key.replace('\'', "\\'")),
    };
    literal::string(&format!("${}", keys.iter().map(step).collect::<String>()))
}
