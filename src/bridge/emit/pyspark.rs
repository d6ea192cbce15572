//! The program for PySpark: a batch that becomes a stream with few changes.

use super::{BEGIN, FAR, FILES, INTERVAL, Parts, RECORDS, STATED, TOLD, fields, fill, literal, places};
use std::collections::BTreeMap;

const HEAD: &str = include_str!("parts/pyspark_head.py");
const SESSION: &str = include_str!("parts/pyspark_session.py");
const LINES: &str = include_str!("parts/pyspark_lines.py");
const ARRAYS: &str = include_str!("parts/pyspark_arrays.py");
const TIME: &str = include_str!("parts/pyspark_time.py");
const AUTO: &str = include_str!("parts/pyspark_auto.py");
const RATES: &str = include_str!("parts/pyspark_rates.py");
const WINDOWS: &str = include_str!("parts/pyspark_windows.py");
const TAIL: &str = include_str!("parts/pyspark_tail.py");

const HOW: &str =
    "Run it where Spark 4 is, by spark-submit program.py; or pip install 'pyspark>=4.0', then python program.py";
/// Functions in Python need Arrow.
const HOW_IN_PYTHON: &str = "Run it where Spark 4 and pyarrow are, by spark-submit program.py; or pip install 'pyspark>=4.0' pyarrow,\n\
                             then python program.py";

pub fn program(parts: &Parts<'_>) -> Result<String, String> {
    let request = parts.request;
    let sources = places::python_globs(&parts.places, &request.include)?;
    let is_whole = !parts.are_lines;
    let has_time = parts.fields.time.is_some();
    let names: Vec<String> = parts.fields.names().iter().map(|name| quoted(name)).collect();
    let mut page = parts.docstring(if is_whole { HOW_IN_PYTHON } else { HOW });
    page.push('\n');
    page.push_str(&fill(
        HEAD,
        &[
            ("SOURCES", &literal::list(&sources)),
            ("FIELDS", &literal::string(&types(&parts.fields.places())?)),
            ("KEYS", &literal::list(&names)),
            ("TIME_FORMAT", if has_time { "TIME_FORMAT = \"yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'\"" } else { "" }),
        ],
    ));
    if is_whole {
        page.push_str(BEGIN);
    }
    for part in [Some(FILES), Some(INTERVAL), is_whole.then_some(RECORDS)].into_iter().flatten() {
        page.push_str("\n\n");
        page.push_str(part);
    }
    page.push('\n');
    page.push_str(SESSION);
    page.push_str(if is_whole { ARRAYS } else { LINES });
    if has_time {
        page.push_str(&time(parts));
    }
    page.push_str(&status(parts));
    page.push_str(&rows(parts)?);
    page.push_str(&fill(TAIL, &[("STREAM", &stream(parts)), ("HITS", parts.hits())]));
    Ok(page)
}

/// What makes a stream of the batch, as a comment.
fn stream(parts: &Parts<'_>) -> String {
    if parts.fields.time.is_none() {
        return "# As a stream: readStream of a directory above, and here rows.writeStream with .outputMode(\"complete\").".to_owned();
    }
    let delay = i64::try_from(parts.request.delay.as_nanos()).ok().and_then(literal::length);
    let (count, unit) = delay.unwrap_or((30, "seconds"));
    format!(
        "# As a stream: readStream of a directory above, requests.withWatermark(\"time\", \"{count} {unit}\") in place of requests,\n\
         # no orderBy, and here rows.writeStream with .outputMode(\"append\")."
    )
}

fn rows(parts: &Parts<'_>) -> Result<String, String> {
    let [size, slide, offset] = parts.lengths()?;
    let length = |(count, unit): (i64, &str)| format!("\"{count} {unit}\"");
    let lengths = match (parts.are_tumbling(), offset.0) {
        (true, 0) => length(size),
        (false, 0) => format!("{}, {}", length(size), length(slide)),
        _ => format!("{}, {}, {}", length(size), length(slide), length(offset)),
    };
    let timely = match parts.request.max_ahead {
        Some(ahead) => format!("time <= F.expr(\"now() + interval {} seconds\")", ahead.as_secs_f64()),
        None => "time.isNotNull()".to_owned(),
    };
    let columns = parts.fields.by.iter().map(|(name, place)| match place {
        Some(place) => format!("{}.alias({}),", column(place), literal::string(name)),
        None => format!("status.alias({}),", literal::string(name)),
    });
    let columns = columns.collect::<Vec<_>>().join("\n    ");
    let hit = literal::is_in(parts.request.question.hits()?, "between");
    let (part, hit) = match parts.fields.time {
        Some(_) => (WINDOWS, hit),
        // Where no time is asked for, one that is out of range is a bad record nevertheless.
        None => {
            let far = parts.fields.stamp.as_deref().map(|ways| format!("{}.rlike(r\"{FAR}\")", column(ways)));
            let sound = far.map_or("F.lit(True)".to_owned(), |far| format!("~F.coalesce({far}, F.lit(False))"));
            (RATES, format!("F.when({sound}, {hit})"))
        }
    };
    Ok(fill(part, &[("COLUMNS", &columns), ("HIT", &hit), ("TIMELY", &timely), ("LENGTHS", &lengths)]))
}

fn time(parts: &Parts<'_>) -> String {
    let place = parts.fields.time.as_deref().map(column).unwrap_or_default();
    let micros = parts.micros().map_or(AUTO.trim_end().to_owned(), |micros| format!("micros = {micros}"));
    fill(TIME, &[("COUNTS", parts.counts()), ("TIME", &place), ("MICROS", &micros)])
}

/// How the status is found.
fn status(parts: &Parts<'_>) -> String {
    let found = |ways: &[Vec<String>], pattern: &str| {
        format!("F.regexp_extract({}, r\"{pattern}\", 1).try_cast(\"double\")", column(ways))
    };
    let stated = parts.fields.status.as_deref().map(|ways| found(ways, STATED));
    let told = parts.fields.message.as_deref().map(|ways| found(ways, TOLD));
    let is_one = "F.when(stated.between(100, 999) & (stated % 1 == 0), stated)";
    match (stated, told) {
        (Some(stated), Some(told)) => format!(
            "\n# The status is stated in a field of its own, or told in the message.\nstated = {stated}\nstatus = \
             F.coalesce(\n    {is_one},\n    {told},\n).try_cast(\"int\")\n"
        ),
        (Some(stated), None) => format!("\nstated = {stated}\nstatus = {is_one}.try_cast(\"int\")\n"),
        (None, told) => format!("\nstatus = {}.try_cast(\"int\")\n", told.expect("one of them is there")),
    }
}

/// The first way to a field that leads to anything.
fn column(ways: &[Vec<String>]) -> String {
    let columns: Vec<String> = ways.iter().map(|way| format!("F.col({})", name(way))).collect();
    match &columns[..] {
        [column] => column.clone(),
        columns => format!("F.coalesce({})", columns.join(", ")),
    }
}

/// The name of a field in a literal.
fn name(keys: &[String]) -> String {
    literal::string(&keys.iter().map(|key| quoted(key)).collect::<Vec<_>>().join("."))
}

/// A name as Spark's SQL takes it.
fn quoted(name: &str) -> String {
    if fields::is_plain(name) { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

/// A field that is text, or an object of further ones.
#[derive(Default)]
struct Tree(BTreeMap<String, Tree>);

/// The types of the fields, as Spark's SQL writes them.
fn types(places: &[&[String]]) -> Result<String, String> {
    let mut top = Tree::default();
    for place in places {
        let mut tree = &mut top;
        for key in *place {
            tree = tree.0.entry(key.clone()).or_default();
        }
    }
    if let Some(place) =
        places.iter().find(|place| places.iter().any(|other| *place != other && other.starts_with(place)))
    {
        return Err(format!(
            "the field `{}` would be read as a text, and a field in it as well; name one",
            place.join(".")
        ));
    }
    Ok(top.columns(" "))
}

impl Tree {
    fn columns(&self, separator: &str) -> String {
        let column = |(key, inside): (&String, &Tree)| {
            let kind =
                if inside.0.is_empty() { "string".to_owned() } else { format!("struct<{}>", inside.columns(": ")) };
            format!("{}{separator}{kind}", quoted(key))
        };
        self.0.iter().map(column).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_types_as_deep_as_they_lie() {
        let place = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let places = ["http.response.code", "@timestamp", "http.method"].map(place);
        let places: Vec<&[String]> = places.iter().map(Vec::as_slice).collect();
        let expected = "`@timestamp` string, http struct<method: string, response: struct<code: string>>";
        assert_eq!(types(&places).unwrap(), expected);
        let clash = [place("http"), place("http.method")];
        assert!(types(&[&clash[0], &clash[1]]).is_err());
    }
}
