//! What stands around nested records, and lists of keys and values as the objects that they are: both as the decoder
//! has them.

use super::Survey;
use crate::event::{Event, Role, Value as Shown};
use crate::schema::{Level, Path, Wrapper};
use serde_json::Value;
use std::collections::BTreeSet;

/// So many fields around the records are looked at.
const MAX_FIELDS: usize = 50;

/// The fields of the objects that records stand in.
#[derive(Default)]
pub struct Around {
    paths: BTreeSet<Vec<String>>,
}

impl Around {
    /// Takes in an object with records in it.
    pub fn observe(&mut self, object: &Value, wrapper: &Wrapper) {
        self.step(object, wrapper.levels());
    }

    fn step(&mut self, value: &Value, levels: &[Level]) {
        match (value, levels.split_first()) {
            (Value::Object(members), Some((Level::Object(wanted), inside))) => {
                for (key, value) in members.iter().filter(|(key, _)| *key != wanted) {
                    self.leaves(&mut vec![key.clone()], &unlisted(value.clone()));
                }
                if let Some(value) = members.get(wanted) {
                    self.step(value, inside);
                }
            }
            (Value::Array(items), Some((Level::Array, inside))) if !inside.is_empty() => {
                items.iter().for_each(|item| self.step(item, inside));
            }
            _ => {}
        }
    }

    fn leaves(&mut self, keys: &mut Vec<String>, value: &Value) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    keys.push(key.clone());
                    self.leaves(keys, value);
                    keys.pop();
                }
            }
            Value::Array(_) => {}
            _ if self.paths.len() < MAX_FIELDS => _ = self.paths.insert(keys.clone()),
            _ => {}
        }
    }

    /// The paths of the fields, each once.
    pub fn paths(&self) -> Vec<Path> {
        let mut paths: Vec<Path> = Vec::new();
        for keys in &self.paths {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            paths.extend(Path::of_keys(&keys).filter(|path| !paths.contains(path)));
        }
        paths
    }
}

impl Survey {
    /// Takes in what a record inherits: the fields that it has not itself, in the slots behind those of the roles.
    pub(super) fn note_inherited(&mut self, event: &Event<'_>) {
        let around = std::mem::take(&mut self.nesting.around);
        for (place, path) in around.iter().enumerate() {
            let value = match event.fields.get(Role::ALL.len() + place) {
                Some(Shown::Text(text) | Shown::Big(text)) => Value::from(*text),
                Some(Shown::Int(number)) => Value::from(*number),
                Some(Shown::Uint(number)) => Value::from(*number),
                Some(Shown::Float(number)) => Value::from(*number),
                Some(Shown::Bool(truth)) => Value::from(*truth),
                _ => continue,
            };
            let is_own = |field: &super::Field| field.is_in(self.records);
            if !self.field(path).is_some_and(is_own) {
                let keys: Vec<&str> = path.keys().iter().map(String::as_str).collect();
                let name = keys.join(".");
                self.note(&name, &keys, &value);
                self.fields.get_mut(&name).into_iter().for_each(|field| field.is_inherited = true);
            }
        }
        self.nesting.around = around;
    }
}

/// A value with its lists of keys and values as objects, and without the words for its types.
pub fn unlisted(value: Value) -> Value {
    match typed(value) {
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(key, value)| (key, unlisted(value))).collect())
        }
        Value::Array(items) if items.iter().any(|item| pair(item).is_some()) => {
            let members = items.iter().filter_map(|item| pair(item).map(|(key, value)| (key.to_owned(), value)));
            Value::Object(members.map(|(key, value)| (key, unlisted(value.clone()))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(unlisted).collect()),
        value => value,
    }
}

fn pair(item: &Value) -> Option<(&str, &Value)> {
    Some((item.get("key")?.as_str()?, item.get("value")?))
}

fn typed(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let inside = match members.iter().next() {
        Some((word, inside)) if members.len() == 1 => match (word.as_str(), inside) {
            (_, Value::Object(_) | Value::Array(_)) if !["arrayValue", "kvlistValue"].contains(&word.as_str()) => None,
            ("intValue", Value::String(digits)) => {
                Some(digits.parse::<i64>().map_or_else(|_| inside.clone(), Value::from))
            }
            ("stringValue" | "intValue" | "doubleValue" | "boolValue" | "bytesValue", _) => Some(inside.clone()),
            ("arrayValue" | "kvlistValue", inside) => {
                Some(inside.get("values").cloned().unwrap_or(Value::Array(Vec::new()))).filter(Value::is_array)
            }
            _ => None,
        },
        _ => None,
    };
    inside.unwrap_or(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_of_keys_and_values_are_objects() {
        let list = json!({"attributes": [
            {"key": "code", "value": {"intValue": "200"}}, {"key": "plain", "value": 1},
            {"key": "in", "value": {"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": true}}]}}},
            {"key": "many", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}}],
            "body": {"stringValue": "served"}, "tags": ["a"], "x": {"stringValue": {}}});
        let object = json!({"attributes": {"code": 200, "plain": 1, "in": {"a": true}, "many": ["x"]},
            "body": "served", "tags": ["a"], "x": {"stringValue": {}}});
        assert_eq!(unlisted(list), object);
    }

    #[test]
    fn what_stands_around_records_is_found() {
        let object = json!({"owner": 1, "a": [{"x": {"y": [1], "z": "1"}, "b": [{"own": 1}], "at": [
            {"key": "service.name", "value": {"stringValue": "pay"}}]}], "n": {}});
        let mut around = Around::default();
        around.observe(&object, &Wrapper::parse("a[].b").unwrap());
        let paths: Vec<String> = around.paths().iter().map(Path::to_string).collect();
        assert_eq!(paths, ["at.service.name", "owner", "x.z"]);
    }
}
