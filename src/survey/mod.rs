//! What a source holds, told from the beginnings of its files: layout, fields, and the flags that
//! fit.
//!
//! Nothing is assumed of a record but that it is one. Memory is bounded by the number of fields,
//! never by the number of records.

mod around;
mod field;
mod fit;
mod head;
mod layout;
mod names;
mod nesting;
mod outcome;
mod times;
mod torn;

pub use field::{Field, Kind};
pub use fit::{Codes, Fit, Found};
pub use head::{Bounds, Head, read_head};
pub use layout::Shape;
pub use nesting::Nesting;
pub use outcome::Outcome;
pub use times::{Form, Times};

use crate::event::{Event, Role, Value as Shown};
use crate::schema::{Path, Wrapper};
use around::Around;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use times::TimeReader;

/// More fields than these are counted, not listed: a map with ids for keys has no end.
const MAX_FIELDS: usize = 1000;
/// What is nested deeper is taken as one value.
const MAX_DEPTH: usize = 12;

/// The roles that a prefix plays where no field of the record does, and what it is called then.
const LENT: [(Role, [&str; 2]); 2] = [(Role::Time, ["prefix", "time"]), (Role::Service, ["prefix", "name"])];

/// All fields of all records that were shown.
#[derive(Default)]
pub struct Survey {
    nesting: Nesting,
    records: u64,
    unlisted: u64,
    /// By their keys joined with dots: a nested field and one whose key holds the dots are the
    /// same to every flag.
    fields: BTreeMap<String, Field>,
    unlisted_values: u64,
    reader: TimeReader,
    /// Only what stands around records is looked at, and where these are.
    outer: Option<(Arc<Wrapper>, Around)>,
    /// Where records are within an object whose end was not in sight.
    within_torn: Option<Nesting>,
}

impl Survey {
    /// One of records that are nested.
    pub fn within(nesting: Nesting) -> Self {
        Self { nesting, ..Self::default() }
    }

    /// One of what stands around nested records.
    pub fn around(wrapper: Arc<Wrapper>) -> Self {
        Self { outer: Some((wrapper, Around::default())), ..Self::default() }
    }

    /// The fields of the objects around the records.
    pub fn paths_around(&self) -> Vec<Path> {
        self.outer.as_ref().map_or_else(Vec::new, |(_, around)| around.paths())
    }

    /// Where the records were looked for.
    pub fn nesting(&self) -> &Nesting {
        &self.nesting
    }

    /// How many records were shown.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Records that nest too deep for their fields to be listed.
    pub fn unlisted_records(&self) -> u64 {
        self.unlisted
    }

    /// Values of the fields beyond those that are listed.
    pub fn unlisted_values(&self) -> u64 {
        self.unlisted_values
    }

    /// The fields in the order of their names.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.values()
    }

    /// The field that this path leads to.
    pub fn field(&self, path: &Path) -> Option<&Field> {
        self.fields.get(&path.keys().join("."))
    }

    /// Takes in a record, by its own bytes and by what it inherits.
    pub fn observe(&mut self, event: &Event<'_>) {
        self.records += 1;
        let record = serde_json::from_slice::<Value>(event.raw);
        if let Some((wrapper, around)) = &mut self.outer {
            return record.iter().for_each(|object| around.observe(object, wrapper));
        }
        match record {
            Ok(mut record) => {
                if self.nesting.records.is_some() {
                    record = around::unlisted(record);
                }
                self.nesting.open(&mut record);
                self.walk(&mut String::new(), &mut Vec::new(), &record);
            }
            Err(_) => self.unlisted += 1,
        }
        self.note_lent(event);
        self.note_inherited(event);
    }

    /// Takes in the beginning of an object whose end is not in sight: only what it says of where records are.
    fn observe_torn(&mut self, bytes: &[u8]) {
        let Some(object) = torn::closed(bytes) else { return };
        if let Some((wrapper, around)) = &mut self.outer {
            around.observe(&object, wrapper);
        } else if self.nesting == Nesting::default() {
            let mut torn = Self { records: 1, ..Self::default() };
            torn.walk(&mut String::new(), &mut Vec::new(), &object);
            self.within_torn = Nesting::deeper(&torn).filter(|nesting| nesting.records.is_some());
        }
    }

    /// Takes in what a prefix lends the record: no field plays a role here, so all that is in one is lent.
    fn note_lent(&mut self, event: &Event<'_>) {
        for (role, keys) in LENT {
            if let Some(Shown::Text(text)) = event.fields.get(role as usize) {
                self.note(&keys.join("."), &keys, &Value::from(*text));
            }
        }
    }

    fn walk<'v>(&mut self, name: &mut String, keys: &mut Vec<&'v str>, value: &'v Value) {
        match value {
            Value::Object(members) if keys.len() < MAX_DEPTH && !members.is_empty() => {
                members.iter().for_each(|(key, value)| self.step(name, keys, key, value));
            }
            Value::Array(items) if matches!(items.first(), Some(Value::Object(_))) && keys.len() < MAX_DEPTH => {
                self.note(name, keys, value);
                self.step(name, keys, "0", &items[0]);
            }
            _ => self.note(name, keys, value),
        }
    }

    fn step<'v>(&mut self, name: &mut String, keys: &mut Vec<&'v str>, key: &'v str, value: &'v Value) {
        let length = name.len();
        if !keys.is_empty() {
            name.push('.');
        }
        name.push_str(key);
        keys.push(key);
        self.walk(name, keys, value);
        keys.pop();
        name.truncate(length);
    }

    fn note(&mut self, name: &str, keys: &[&str], value: &Value) {
        if keys.is_empty() {
            return;
        }
        if let Some(field) = self.fields.get_mut(name) {
            field.observe(value, self.records, &self.reader);
        } else if self.fields.len() < MAX_FIELDS {
            let mut field = Field::new(name, keys);
            field.observe(value, self.records, &self.reader);
            self.fields.insert(name.to_owned(), field);
        } else {
            self.unlisted_values += 1;
        }
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::Survey;
    use crate::event::{Event, FileId, Position};

    /// A survey of these records.
    pub fn survey(records: &[&str]) -> Survey {
        let mut survey = Survey::default();
        for record in records {
            let at = Position { file: FileId(0), offset: 0 };
            survey.observe(&Event { at, raw: record.as_bytes(), time: None, fields: &[] });
        }
        survey
    }
}

#[cfg(test)]
mod tests {
    use super::fixtures::survey;
    use super::*;

    fn names(survey: &Survey) -> Vec<&str> {
        survey.fields().map(|field| field.name.as_str()).collect()
    }

    #[test]
    fn fields_are_named_as_one_types_them() {
        let survey = survey(&[
            r#"{"http": {"status": 200, "tags": ["a"]}, "items": [{"id": 1}, {"id": 2}], "none": {}}"#,
            r#"{"http.status": 404, "a": {"..b": 1}, "": 3}"#,
        ]);
        assert_eq!(names(&survey), ["\"\"", "a.`..b`", "http.status", "http.tags", "items", "items.0.id", "none"]);
        let status = survey.field(&Path::parse("http.status").unwrap()).unwrap();
        assert_eq!(status.records, 2, "nested or not, it is one field");
        assert!(survey.fields().next().unwrap().path.is_none(), "no path says an empty key");
    }

    #[test]
    fn a_field_counts_once_a_record() {
        let survey = survey(&[r#"{"a.b": 1, "a": {"b": 2}}"#]);
        assert_eq!(survey.fields().map(|field| field.records).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_map_with_ids_for_keys_is_bounded() {
        let ids: Vec<String> = (0..MAX_FIELDS + 5).map(|id| format!("\"{id}\": 1")).collect();
        let survey = survey(&[&format!("{{{}}}", ids.join(","))]);
        assert_eq!((survey.fields().count(), survey.unlisted_values()), (MAX_FIELDS, 5));
    }

    #[test]
    fn what_nests_deep_is_one_value_and_deeper_no_list() {
        let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        let survey = survey(&[&nested(MAX_DEPTH + 3), &nested(500)]);
        let depths: Vec<usize> = survey.fields().map(|field| field.name.split('.').count()).collect();
        assert_eq!(depths, [MAX_DEPTH]);
        assert_eq!((survey.records(), survey.unlisted_records()), (2, 1));
    }
}
