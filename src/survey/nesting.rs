//! Records inside of what stands in a stream: in an array of an object, or as JSON in a text.

use super::field::{Field, Kind};
use super::{Survey, names};
use crate::event::Role;
use crate::schema::{Path, Wrapper};
use serde_json::Value;
use std::sync::Arc;

/// Where records are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nesting {
    /// The array that holds them, as `--records` takes it.
    pub records: Option<Arc<Wrapper>>,
    /// The text that holds an object, as `--parse` takes it.
    pub parse: Option<Path>,
    /// The fields of the objects around the records, which they may inherit.
    pub around: Vec<Path>,
}

impl Nesting {
    /// What a survey shows to be nested further: an array whose elements have times or statuses where the
    /// object around it has none, or a message that is an object.
    pub fn deeper(survey: &Survey) -> Option<Self> {
        if let Some(nesting) = survey.within_torn.clone().filter(|_| survey.records() == 0) {
            return Some(nesting);
        }
        let known = survey.nesting.clone();
        if known.records.is_none()
            && known.parse.is_none()
            && let Some(records) = array_of_records(survey)
        {
            return Some(Self { records: Some(Arc::new(records)), ..known });
        }
        if known.parse.is_some() || survey.fields().any(|field| is_plain(field) && !field.statuses.is_empty()) {
            return None;
        }
        let parse = text_of_objects(survey)?;
        Some(Self { parse: Some(parse), ..known })
    }

    /// The flags that say so, but for what was `given`.
    pub fn flags(&self, given: &Self) -> Vec<(String, String)> {
        let records = self.records.as_ref().filter(|_| given.records.is_none());
        let records = records.map(|wrapper| ("--records".to_owned(), wrapper.to_string()));
        let parse = self.parse.as_ref().filter(|_| given.parse.is_none());
        let parse = parse.map(|path| ("--parse".to_owned(), path.to_string()));
        records.into_iter().chain(parse).collect()
    }

    /// Puts the object of the text into the record, as the decoder does: its fields come first.
    pub(super) fn open(&self, record: &mut Value) {
        let Some(path) = &self.parse else { return };
        let text = path.keys().iter().try_fold(&*record, |value, key| value.get(key)).and_then(Value::as_str);
        if let (Some(Value::Object(inner)), Value::Object(fields)) = (text.and_then(object), record) {
            fields.extend(inner);
        }
    }
}

/// The object that a text is, or that stands in it behind a prefix.
pub(super) fn object(text: &str) -> Option<Value> {
    if !text.contains('{') || !text.trim_end().ends_with('}') {
        return None;
    }
    let (_, object) = crate::event::line::object_of_text(text.as_bytes())?;
    serde_json::from_slice(&text.as_bytes()[object]).ok().filter(Value::is_object)
}

/// Whether a path leads through no array.
pub(super) fn is_plain(field: &Field) -> bool {
    !field.path.as_ref().is_some_and(|path| path.keys().iter().any(|key| key.bytes().all(|byte| byte.is_ascii_digit())))
}

fn array_of_records(survey: &Survey) -> Option<Wrapper> {
    let has_plain = |tells: &dyn Fn(&Field) -> bool| survey.fields().any(|field| is_plain(field) && tells(field));
    let arrays = || survey.fields().filter(|field| is_common(field.count(&[Kind::Array]), survey));
    let found = match (has_plain(&is_time), has_plain(&is_status)) {
        (_, true) => None,
        // Whoever delivers records adds when that was.
        (true, false) => arrays().find(|array| holds(survey, array, &is_time) && holds(survey, array, &is_status)),
        (false, false) => {
            let tells = |field: &Field| is_time(field) || is_status(field);
            arrays().find(|array| holds(survey, array, &tells)).or_else(|| arrays().find(|array| is_all(survey, array)))
        }
    };
    Wrapper::parse(&found?.name.replace(".0.", "[].")).ok()
}

fn is_time(field: &Field) -> bool {
    field.times.can_be_read() && field.times.look_like_time()
}

/// Whether it is a status by its name too: of items there may be 200.
fn is_status(field: &Field) -> bool {
    !field.statuses.is_empty() && names::rank(Role::Status, &field.name).is_some()
}

/// Whether elements of an array have such a field.
fn holds(survey: &Survey, array: &Field, tells: &dyn Fn(&Field) -> bool) -> bool {
    survey.fields().any(|field| {
        let inside = field.name.strip_prefix(&array.name).and_then(|rest| rest.strip_prefix(".0."));
        inside.is_some_and(|inside| !format!(".{inside}.").contains(".0.")) && tells(field)
    })
}

/// Whether an array that says nothing of times and statuses is all that its object is for: it is called as such
/// arrays are, or there is nothing beside it.
fn is_all(survey: &Survey, array: &Field) -> bool {
    const NAMES: [&str; 12] = [
        "records",
        "logs",
        "events",
        "entries",
        "logevents",
        "logrecords",
        "messages",
        "data",
        "results",
        "rows",
        "hits",
        "batch",
    ];
    let last = array.name.rsplit('.').next().unwrap_or(&array.name);
    let says_something = |field: &Field| {
        is_plain(field) && [Role::Service, Role::Message].iter().any(|role| names::rank(*role, &field.name).is_some())
    };
    let is_alone = || survey.fields().all(|field| field.name.starts_with(&array.name));
    let is_flat = !holds(survey, array, &|field| field.count(&[Kind::Array]) > 0);
    let is_named = NAMES.contains(&&*names::plain(last)) && !survey.fields().any(says_something);
    holds(survey, array, &|_| true) && (is_named || is_alone() && is_flat)
}

fn text_of_objects(survey: &Survey) -> Option<Path> {
    let is_message = |field: &&Field| names::rank(Role::Message, &field.name).is_some() || field.name == "textPayload";
    // Where texts end with line breaks, those that do not are parts of a line, which ends in another.
    let lines = |field: &Field| if field.lines > 0 { field.lines.max(survey.records() / 32) } else { survey.records() };
    let holds_objects = |field: &&Field| field.objects > 0 && field.objects * 2 >= lines(field);
    let texts = survey.fields().filter(is_message).filter(|field| is_plain(field)).filter(holds_objects);
    texts.max_by_key(|field| field.objects).and_then(|field| field.path.clone())
}

fn is_common(count: u64, survey: &Survey) -> bool {
    count * 2 >= survey.records() && count > 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::fixtures::survey;

    fn flags(record: &str) -> String {
        let found = Nesting::deeper(&survey(&[record])).unwrap_or_default();
        found
            .flags(&Nesting::default())
            .into_iter()
            .map(|(flag, value)| format!("{flag} {value}"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn arrays_of_records_and_texts_that_are_records_are_found() {
        for (record, expected) in [
            (r#"{"Records":[{"eventTime":"2026-11-28T10:00:00Z","eventName":"x"}]}"#, "--records Records"),
            (
                r#"{"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1795860000000000000"}]}]}]}"#,
                "--records resourceLogs[].scopeLogs[].logRecords",
            ),
            (r#"{"log":"{\"status\":200}\n","stream":"stdout","time":"2026-11-28T10:00:00Z"}"#, "--parse log"),
            (r#"{"log":"INFO {\"status\":200}","stream":"stdout","time":"2026-11-28T10:00:00Z"}"#, "--parse log"),
            (r#"{"time":"2026-11-28T10:00:00Z","items":[{"time":"2026-11-28T10:00:00Z"}]}"#, ""),
            (r#"{"status":200,"body":"{\"status\":\"ok\"}"}"#, ""),
            (r#"{"payload":"{\"a\":1}"}"#, ""),
            (r#"{"tags":["a","b"]}"#, ""),
            (r#"{"source":"x","logs":[{"svc":"a","text":"t"}]}"#, "--records logs"),
            (r#"{"found":[{"svc":"a"}]}"#, "--records found"),
            (r#"{"hits":{"hits":[{"_source":{"svc":"a"}}]}}"#, "--records hits.hits"),
            (r#"{"user":"x","items":[{"sku":"a","price":200}]}"#, ""),
            (r#"{"message":"x","data":[{"sku":"a"}]}"#, ""),
            (
                r#"{"timestamp":1795780803000,"records":[{"time":"2026-11-27T12:00:00Z","status":200}]}"#,
                "--records records",
            ),
            (r#"{"time":"2026-11-28T10:00:00Z","items":[{"time":"2026-11-28T10:00:00Z","price":200}]}"#, ""),
        ] {
            assert_eq!(flags(record), expected, "{record}");
        }
    }
}
