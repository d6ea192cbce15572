//! Fields that a record writes as lists of keys and values, as OTLP does.
//!
//! For records within objects only: there such lists are common, and other engines are never asked for them. No shape
//! is learned of a record that has one where a field may be, so the shapes need not know.

use crate::event::{Scalar, Value, lists, written};
use crate::schema::{Path, Schema};

/// Looks into lists for what a record lacks.
pub struct Lists {
    paths: Vec<(usize, Path)>,
}

/// What was found there, by slot; nothing where that is no single value.
pub struct Listed(Vec<(usize, Option<Scalar>)>);

impl Lists {
    /// `paths` are those of the schema, and what else is projected.
    pub fn of(schema: &Schema, paths: &[Option<Path>]) -> Option<Self> {
        let slots = paths.iter().enumerate();
        let paths = slots.filter_map(|(slot, path)| Some((slot, path.clone()?))).collect();
        schema.records.is_some().then_some(Self { paths })
    }

    /// What lists and typed values have for fields that are missing or nested; `None` where the record has none of
    /// them that could matter, which only its form decides.
    pub fn look(&self, raw: &[u8], values: &[Value<'_>]) -> Option<Listed> {
        if !lists::may_be_in(raw) {
            return None;
        }
        let (mut listed, mut has_list) = (Vec::new(), false);
        for (slot, path) in &self.paths {
            let is_open = match values[*slot] {
                Value::Missing => path.keys().len() > 1,
                Value::Nested => written::find(raw, path.keys()).and_then(lists::typed).is_some(),
                _ => false,
            };
            if is_open {
                let way = lists::find(raw, path.keys());
                has_list |= way.has_list;
                listed.extend(way.found.map(|found| (*slot, found.scalar())));
            }
        }
        has_list.then_some(Listed(listed))
    }
}

impl Listed {
    /// The values of a record with these among them.
    pub fn fill<'v>(&'v self, values: &[Value<'v>]) -> Vec<Value<'v>> {
        let mut values = values.to_vec();
        for (slot, value) in &self.0 {
            values[*slot] = value.as_ref().map_or(Value::Nested, Scalar::value);
        }
        values
    }
}
