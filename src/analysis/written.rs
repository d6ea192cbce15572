//! A field's value as its record writes it: what a list of messages or of ids holds.

use crate::event::line::object_in;
use crate::event::{Event, Value, lists, written};
use crate::schema::{Field, Path, Schema, either};
use std::borrow::Cow;

/// A field, and where it stands.
#[derive(Clone, Debug)]
pub struct Written {
    field: Field,
    /// Of the record's own field.
    path: Option<Path>,
    /// Of the role that stands in for it.
    other: Option<Path>,
    /// Of the text whose object comes before the record.
    parse: Option<Path>,
}

impl Written {
    /// A field that the schema projects.
    pub fn new(field: Field, schema: &Schema) -> Self {
        let path = |slot: usize| schema.paths().get(slot).cloned().flatten();
        let parse = schema.parse.clone();
        match field {
            Field::Slot(own) | Field::OwnStatus(own) => Self { field, path: path(own), other: None, parse },
            Field::Either(own, other) => Self { field, path: path(own), other: path(other), parse },
            Field::Status => field.into(),
        }
    }

    #[inline]
    pub fn value<'a>(&self, event: &Event<'a>) -> Value<'a> {
        self.field.of(event)
    }

    /// A text as it is; anything else in the very characters of the record, so that `1` and `1.0` are two,
    /// and an object is what it holds. `None` where the field is missing or null.
    #[inline]
    pub fn text<'a>(&self, event: &Event<'a>) -> Option<Cow<'a, str>> {
        match self.field.of(event) {
            Value::Text(text) | Value::Big(text) => Some(Cow::Borrowed(text)),
            Value::Missing | Value::Null => None,
            value => self.other(event, value),
        }
    }

    #[inline(never)]
    fn other<'a>(&self, event: &Event<'a>, value: Value<'a>) -> Option<Cow<'a, str>> {
        let written = || {
            let path = match self.field {
                Field::Either(own, other) if std::ptr::eq(either(event, own, other), &event.fields[other]) => {
                    &self.other
                }
                _ => &self.path,
            };
            let keys = path.as_ref()?.keys();
            if let Some(text) = self.parse.as_ref().and_then(|parse| in_text(event.raw, parse.keys(), keys)) {
                return Some(Cow::Owned(text));
            }
            std::str::from_utf8(lists::value(event.raw, keys)?.text).ok().map(Cow::Borrowed)
        };
        match value {
            Value::Int(number) => Some(Cow::Owned(number.to_string())),
            Value::Uint(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(truth) => Some(Cow::Borrowed(if truth { "true" } else { "false" })),
            Value::Float(number) => written().or_else(|| Some(Cow::Owned(format!("{number:?}")))),
            Value::Nested => written(),
            Value::Text(text) | Value::Big(text) => Some(Cow::Borrowed(text)),
            Value::Missing | Value::Null => None,
        }
    }
}

/// What stands at `keys` in the object that the text at `parse` holds.
fn in_text(raw: &[u8], parse: &[String], keys: &[String]) -> Option<String> {
    let text: String = serde_json::from_slice(written::find(raw, parse)?).ok()?;
    let object = object_in(&text)?;
    serde_json::from_str::<serde::de::IgnoredAny>(object).ok()?;
    let found = written::find(object.as_bytes(), keys)?;
    std::str::from_utf8(found).ok().map(str::to_owned)
}

/// Where nobody knows the path, only what the decoder gives.
impl From<Field> for Written {
    fn from(field: Field) -> Self {
        Self { field, path: None, other: None, parse: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FileId, Position};
    use crate::schema::preset;

    #[test]
    fn what_is_no_text_is_its_own_text() {
        let mut schema = Schema::new(preset("lab").unwrap());
        let written = Written::new(schema.field("a.b").unwrap(), &schema);
        for (value, raw, expected) in [
            (Value::Text("x"), r#"{"a": {"b": "x"}}"#, Some("x")),
            (Value::Int(5), r#"{"a": {"b": 5}}"#, Some("5")),
            (Value::Bool(true), r#"{"a": {"b": true}}"#, Some("true")),
            (Value::Float(1.0), r#"{"a": {"b": 1.0}}"#, Some("1.0")),
            (Value::Float(1000.0), r#"{"a.b": 1E3}"#, Some("1E3")),
            (Value::Big("99999999999999999999"), r#"{"a.b": 99999999999999999999}"#, Some("99999999999999999999")),
            (Value::Nested, r#"{"a": {"b": {"$oid": "5" }}}"#, Some(r#"{"$oid": "5" }"#)),
            (Value::Null, r#"{"a": {"b": null}}"#, None),
            (Value::Missing, "{}", None),
        ] {
            let mut fields = [Value::Missing; 6];
            fields[5] = value;
            let at = Position { file: FileId(0), offset: 0 };
            let event = Event { at, raw: raw.as_bytes(), time: None, fields: &fields };
            assert_eq!(written.text(&event).as_deref(), expected, "{raw}");
        }
    }

    #[test]
    fn of_a_text_that_is_parsed_it_is_what_the_decoder_reads() {
        let mut schema = Schema::new(preset("lab").unwrap());
        schema.parse = Some(Path::parse("log").unwrap());
        let written = Written::new(schema.field("a").unwrap(), &schema);
        for (value, raw, expected) in [
            (1.5, r#"{"log": "x {\"a\": 1.50}", "a": 2.50}"#, "1.50"),
            (2.5, r#"{"log": "x, {\"a\": 1.50}", "a": 2.50}"#, "2.50"),
            (2.5, r#"{"log": "x {\"a\": 1.50, \"b\": tru}", "a": 2.50}"#, "2.50"),
        ] {
            let mut fields = [Value::Missing; 6];
            fields[5] = Value::Float(value);
            let at = Position { file: FileId(0), offset: 0 };
            let event = Event { at, raw: raw.as_bytes(), time: None, fields: &fields };
            assert_eq!(written.text(&event).as_deref(), Some(expected), "{raw}");
        }
    }
}
