//! The findings as a page of tables, for people.

use super::findings::{Findings, Reason, Streams};
use crate::event::Role;
use crate::input::DEFAULT_INCLUDE;
use crate::render::Part;
use crate::report::{Answer, Cell};
use crate::survey::{Field, Fit, Outcome, Shape};
use serde_json::Value;

/// More fields than these are left to the form for programs.
const MAX_FIELDS: usize = 200;
/// An example is cut after so many characters, so that others have a place beside it.
const MAX_EXAMPLE_CHARS: usize = 32;

/// `sources` are the flags that lead to what was looked at.
pub fn parts(findings: &Findings, sources: &[(&str, &str)]) -> Vec<Part> {
    if findings.kinds.is_empty() {
        let names = DEFAULT_INCLUDE.join(" ");
        return vec![Part::Words(format!(
            "There is no file to look at. In a directory, {names} are read, also with .gz and .zst; \
             --include GLOB names others."
        ))];
    }
    let mut parts = files(findings);
    parts.extend(bad_records(findings));
    if let Some(fit) = &findings.fit {
        parts.extend(fields(findings));
        parts.extend(times(findings));
        parts.extend(statuses(fit));
        parts.extend(suggestion(findings, fit, sources));
    } else {
        let what = if findings.all_bad() { "There is no JSON record in it." } else { "There is no record yet." };
        parts.push(Part::Words(what.to_owned()));
    }
    parts
}

/// A table whose first column is the key of its rows.
fn table(columns: &[&str], rows: Vec<Vec<Cell>>) -> Answer {
    Answer {
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        keys: 1,
        rows: rows.into_iter().collect(),
        ..Answer::default()
    }
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into().into())
}

fn files(findings: &Findings) -> Vec<Part> {
    let row = |((shape, encoding), streams): (&(Shape, &'static str), &Streams)| {
        let counts = [streams.files, streams.bytes, streams.records, streams.bad].map(Cell::Count);
        [vec![text(shape.name()), text(*encoding)], Vec::from(counts)].concat()
    };
    let rows: Vec<_> = findings.kinds.iter().map(row).collect();
    let mut parts = vec![
        Part::Title("Files".to_owned()),
        Part::Table(table(&["layout", "encoding", "files", "bytes", "records", "bad"], rows)),
    ];
    match (findings.sum(|streams| streams.longer), findings.sum(|streams| streams.files)) {
        (0, _) => {}
        (1, 1) => parts.push(Part::Words(
            "Only the beginning was looked at: there is more. --all looks at everything.".to_owned(),
        )),
        (longer, files) => parts.push(Part::Words(format!(
            "Only the beginning was looked at: {longer} of {files} go on. --all looks at everything."
        ))),
    }
    parts
}

fn bad_records(findings: &Findings) -> Vec<Part> {
    let reasons = &findings.reasons;
    let row = |reason: &Reason| {
        let (name, offset) = &reason.first;
        vec![text(&reason.text), Cell::Count(reason.records), text(format!("byte {offset} of {name}"))]
    };
    let mut rows: Vec<_> = reasons.list.iter().map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    if reasons.others > 0 {
        rows.push(vec![text("(other)"), Cell::Count(reasons.others), Cell::Null]);
    }
    let mut parts =
        vec![Part::Title("Bad records".to_owned()), Part::Table(table(&["reason", "records", "first"], rows))];
    if findings.sum(|streams| streams.bad) > findings.survey.records() && !findings.all_bad() {
        parts.push(Part::Words("Most of it is not JSON.".to_owned()));
    }
    parts
}

fn fields(findings: &Findings) -> Vec<Part> {
    let survey = &findings.survey;
    let row = |field: &Field| {
        vec![
            text(&field.name),
            Cell::rate(field.records, survey.records()),
            text(kinds(field)),
            text(field.distinct().map_or("many".to_owned(), |count| count.to_string())),
            range(field).map_or(text(" "), text),
            text(field.examples().map(example).collect::<Vec<_>>().join(", ")),
        ]
    };
    let rows: Vec<_> = survey.fields().take(MAX_FIELDS).map(row).collect();
    if rows.is_empty() && survey.unlisted_records() == 0 {
        return vec![Part::Words("The records have no fields.".to_owned())];
    }
    let more = survey.fields().count().saturating_sub(rows.len());
    let columns = ["field", "records", "type", "values", "range", "examples"];
    let mut parts = vec![Part::Title("Fields".to_owned()), Part::Table(table(&columns, rows))];
    if more > 0 {
        parts.push(Part::Words(format!("And {more} more; -o json lists them.")));
    }
    if survey.unlisted_values() > 0 {
        parts.push(Part::Words(format!("There are further fields, with {} values.", survey.unlisted_values())));
    }
    if survey.unlisted_records() > 0 {
        parts.push(Part::Words(format!("{} records nest too deep to list their fields.", survey.unlisted_records())));
    }
    parts
}

/// The types of the values, the commonest first.
fn kinds(field: &Field) -> String {
    let mut kinds: Vec<_> = field.kinds.iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    kinds.iter().map(|(kind, _)| kind.name()).collect::<Vec<_>>().join(", ")
}

/// From the smallest to the largest number; of a time, nothing: it has its own table.
fn range(field: &Field) -> Option<String> {
    let (low, high) = field.range.filter(|(low, high)| low < high && !field.times.look_like_time())?;
    Some(format!("{low} to {high}"))
}

fn example(value: &Value) -> String {
    let text = match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MAX_EXAMPLE_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end_matches('…')),
        None => text,
    }
}

fn times(findings: &Findings) -> Vec<Part> {
    let is_time = |field: &&Field| {
        let plays = findings.fit.as_ref().and_then(|fit| fit.role(Role::Time));
        field.times.look_like_time() || plays.is_some_and(|time| field.path.as_ref() == Some(&time.path))
    };
    let forms = |field: &Field| field.times.forms.iter().map(|form| form.name()).collect::<Vec<_>>().join(", ");
    let row = |field: &Field| {
        let (oldest, newest) =
            field.times.span.0.map_or((Cell::Null, Cell::Null), |(a, b)| (Cell::Time(a), Cell::Time(b)));
        vec![text(&field.name), text(forms(field)), oldest, newest]
    };
    let fields: Vec<&Field> = findings.survey.fields().filter(is_time).collect();
    if fields.is_empty() {
        return Vec::new();
    }
    let rows = fields.iter().map(|field| row(field)).collect();
    let mut parts =
        vec![Part::Title("Times (UTC)".to_owned()), Part::Table(table(&["field", "form", "oldest", "newest"], rows))];
    if fields.iter().any(|field| field.times.forms.iter().any(|form| form.has_no_zone())) {
        parts.push(Part::Words("A time without a zone is read as UTC; --time-zone names another.".to_owned()));
    }
    parts
}

fn statuses(fit: &Fit) -> Vec<Part> {
    let told = fit.outcome.as_ref().map(|outcome| {
        let Outcome { path, records, failures, .. } = outcome;
        Part::Words(format!("What became of a record is told by {path}: of {records} there, {failures} are failures."))
    });
    let Some(codes) = &fit.codes else {
        let none = "None found: no field holds one, and no text says `HTTP Status Code: NNN`.";
        let none = [Part::Title("HTTP statuses".to_owned()), Part::Words(none.to_owned())];
        return none.into_iter().chain(told).collect();
    };
    let place = if codes.in_message { "in the text of" } else { "in" };
    let all: u64 = codes.counts.values().sum();
    let row =
        |(code, count): (&u16, &u64)| vec![Cell::Int(i64::from(*code)), Cell::Count(*count), Cell::rate(*count, all)];
    let rows = codes.counts.iter().map(row).collect();
    let table = [
        Part::Title(format!("HTTP statuses {place} {}", codes.path)),
        Part::Table(table(&["status", "records", "share"], rows)),
    ];
    table.into_iter().chain(told).collect()
}

fn suggestion(findings: &Findings, fit: &Fit, sources: &[(&str, &str)]) -> Vec<Part> {
    let survey = &findings.survey;
    let title = match fit.known {
        Some(preset) => format!("What to type: these look like records of {}", preset.about),
        None => "What to type".to_owned(),
    };
    let row = |role: Role| match fit.role(role) {
        Some(found) => {
            let share = Cell::rate(found.records, survey.records());
            vec![text(role.name()), text(found.place()), share]
        }
        None => match &fit.codes {
            Some(codes) if role == Role::Status => {
                let records = codes.counts.values().sum();
                vec![text(role.name()), text(format!("in {}", codes.path)), Cell::rate(records, survey.records())]
            }
            _ => vec![text(role.name()), text("none found"), Cell::Null],
        },
    };
    let rows = [Role::Time, Role::Service, Role::Message, Role::Status].map(row);
    let mut parts = vec![Part::Title(title), Part::Table(table(&["role", "field", "records"], Vec::from(rows)))];
    if fit.role(Role::Time).is_some_and(|time| time.records * 10 < survey.records() * 9) {
        parts.push(Part::Words(
            "Not all records have that time. If there are several formats, look at one file at a time.".to_owned(),
        ));
    }
    if !fit.by.is_empty() {
        let unclear = if fit.role(Role::Service).is_none() { "No field is clearly the service. " } else { "" };
        let fields: Vec<String> = fit.by.iter().map(|field| shell_word(field)).collect();
        parts.push(Part::Words(format!("{unclear}Good for --by: {}", fields.join(" "))));
    }
    for field in survey.fields() {
        if let (Some(distinct), Some(path)) = (field.repeated_ids(), &field.path) {
            let again = field.known() - distinct;
            let flag = shell_word(&path.to_string());
            parts.push(Part::Words(format!(
                "{} comes again in {again} of {} records: `streamlab window --dedup {flag}` counts each once.",
                field.name,
                survey.records()
            )));
        }
    }
    if let Some(command) = findings.command(sources) {
        parts.push(Part::Command(command_line(&command)));
    }
    parts
}

/// Words as they are typed.
pub fn command_line(words: &[String]) -> String {
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it for one.
fn shell_word(word: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-+=:,./@%".contains(char);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
