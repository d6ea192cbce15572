//! What was seen of one field: how often, of which types, with which values.

use super::times::{TimeReader, Times};
use super::{names, nesting};
use crate::decode::is_part_of_line;
use crate::event::{Event, FileId, Position, Value as Shown};
use crate::schema::Path;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Up to so many distinct values are told apart.
const MAX_DISTINCT: usize = 50;
/// How many values are shown.
const EXAMPLES: usize = 3;
/// So many ids are remembered of a field, to see whether they come again.
const MAX_IDS: usize = 200_000;
/// Texts that stand for none.
const BLANKS: [&str; 2] = ["", "-"];
/// A longer text is kept as an example only, and cut.
const MAX_TEXT_CHARS: usize = 120;

/// What JSON calls a value, with whole numbers and others apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Text,
    Array,
    Object,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Number(number) if number.is_f64() => Kind::Float,
            Value::Number(_) => Kind::Int,
            Value::String(_) => Kind::Text,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Text => "text",
            Kind::Array => "array",
            Kind::Object => "object",
        }
    }
}

/// One field of the records.
#[derive(Debug)]
pub struct Field {
    /// The path as one types it, or as near to it as can be shown.
    pub name: String,
    /// None where no path leads there.
    pub path: Option<Path>,
    /// How many records have it.
    pub records: u64,
    /// Objects around the records have it, and these inherit it.
    pub is_inherited: bool,
    pub kinds: BTreeMap<Kind, u64>,
    /// Of the values that are numbers.
    pub range: Option<(f64, f64)>,
    pub times: Times,
    /// The values that are HTTP statuses, and how often each came.
    pub statuses: BTreeMap<u16, u64>,
    /// The statuses that its texts state, as `HTTP Status Code: NNN`.
    pub mentions: BTreeMap<u16, u64>,
    /// How many of its texts are a length of time, as `12ms`.
    pub durations: u64,
    /// How many of its texts hold an object, or a first part of one.
    pub objects: u64,
    /// How many of its texts end with a line break.
    pub lines: u64,
    /// How many of its texts say nothing, as `""` and `"-"`.
    pub blanks: u64,
    /// Its key holds dots itself: no object leads there.
    pub is_flat: bool,
    /// Where its name says that it tells records apart: the values, by their hashes.
    ids: Option<HashSet<u64>>,
    blank_texts: BTreeSet<&'static str>,
    values: Vec<(Value, u64)>,
    has_more_values: bool,
    last_record: u64,
}

impl Field {
    pub(super) fn new(name: &str, keys: &[&str]) -> Self {
        let path = Path::of_keys(keys);
        Self {
            name: path
                .as_ref()
                .map_or_else(|| if name.is_empty() { "\"\"".to_owned() } else { name.to_owned() }, Path::to_string),
            is_flat: path.as_ref().is_some_and(|path| path.keys().len() != keys.len()),
            path,
            records: 0,
            is_inherited: false,
            kinds: BTreeMap::new(),
            range: None,
            times: Times::default(),
            statuses: BTreeMap::new(),
            mentions: BTreeMap::new(),
            durations: 0,
            objects: 0,
            lines: 0,
            blanks: 0,
            blank_texts: BTreeSet::new(),
            ids: names::is_id(name).then(HashSet::new),
            values: Vec::new(),
            has_more_values: false,
            last_record: 0,
        }
    }

    /// Takes in a value of the `record`th record.
    pub(super) fn observe(&mut self, value: &Value, record: u64, times: &TimeReader) {
        self.records += u64::from(self.last_record != record);
        self.last_record = record;
        *self.kinds.entry(Kind::of(value)).or_default() += 1;
        if let Some(number) = value.as_f64() {
            let (low, high) = self.range.unwrap_or((number, number));
            self.range = Some((low.min(number), high.max(number)));
        }
        let shown = shown(value);
        times.observe(shown, &mut self.times);
        if let Some(code) = status([Shown::Missing, shown]) {
            *self.statuses.entry(code).or_default() += 1;
        }
        if let Some(code) = status([shown, Shown::Missing]) {
            *self.mentions.entry(code).or_default() += 1;
        }
        if let Value::String(text) = value {
            self.objects += u64::from(nesting::object(text).is_some() || is_part_of_line(text));
            self.lines += u64::from(text.ends_with('\n'));
        }
        if let Some(blank) = BLANKS.into_iter().find(|blank| value == blank) {
            self.blanks += 1;
            self.blank_texts.insert(blank);
        }
        self.durations += u64::from(matches!(shown, Shown::Text(text) if is_duration(text)));
        if let Some(ids) = self.ids.as_mut().filter(|_| !value.is_null()) {
            ids.insert(xxhash_rust::xxh3::xxh3_64(value.to_string().as_bytes()));
            if ids.len() > MAX_IDS {
                self.ids = None;
            }
        }
        self.keep(value);
    }

    /// Whether the `record`th record has it.
    pub(super) fn is_in(&self, record: u64) -> bool {
        self.last_record == record
    }

    /// Of a field that is to tell records apart: how many values it has, where some of them come again.
    pub fn repeated_ids(&self) -> Option<u64> {
        let distinct = self.ids.as_ref()?.len() as u64;
        (distinct > 1 && distinct < self.known()).then_some(distinct)
    }

    fn keep(&mut self, value: &Value) {
        let full = self.has_more_values && self.values.len() >= EXAMPLES;
        if full || value.is_null() {
            return;
        }
        if let Some((_, count)) = self.values.iter_mut().find(|(known, _)| known == value) {
            *count += 1;
            return;
        }
        let text = match value {
            Value::String(text) => text.as_str(),
            Value::Array(_) | Value::Object(_) => &value.to_string(),
            _ => "",
        };
        let kept = match text.char_indices().nth(MAX_TEXT_CHARS) {
            Some((end, _)) => {
                self.has_more_values = true;
                Value::String(format!("{}…", &text[..end]))
            }
            None => value.clone(),
        };
        self.values.push((kept, 1));
        if self.values.len() > MAX_DISTINCT {
            self.has_more_values = true;
        }
        if self.has_more_values {
            self.values.truncate(EXAMPLES);
        }
    }

    /// How many different values it has; none where they are more than a few, or long.
    pub fn distinct(&self) -> Option<usize> {
        (!self.has_more_values).then_some(self.values.len())
    }

    /// A few different values, the first that came. Long ones end in an ellipsis.
    pub fn examples(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().map(|(value, _)| value).take(EXAMPLES)
    }

    /// All its values and how often each came, null aside; none where they are more than a few, or long.
    pub fn values(&self) -> Option<&[(Value, u64)]> {
        (!self.has_more_values).then_some(&self.values)
    }

    /// The texts that say nothing.
    pub fn blank_texts(&self) -> impl Iterator<Item = &'static str> {
        self.blank_texts.iter().copied()
    }

    /// How many of its values are of these kinds.
    pub fn count(&self, kinds: &[Kind]) -> u64 {
        kinds.iter().filter_map(|kind| self.kinds.get(kind)).sum()
    }

    /// How many of its values are not null.
    pub fn known(&self) -> u64 {
        self.kinds.values().sum::<u64>() - self.count(&[Kind::Null])
    }
}

/// Whether a text is a number with a unit of time behind it.
fn is_duration(text: &str) -> bool {
    let number = text.trim_end_matches(|char: char| char.is_ascii_alphabetic() || char == 'µ');
    let unit = &text[number.len()..];
    matches!(unit, "ns" | "us" | "µs" | "ms" | "s" | "m" | "h") && number.trim_end().parse::<f64>().is_ok()
}

/// A value as the decoder would show it.
fn shown(value: &Value) -> Shown<'_> {
    match value {
        Value::Null => Shown::Null,
        Value::Bool(bool) => Shown::Bool(*bool),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(int), ..) => Shown::Int(int),
            (_, Some(uint), _) => Shown::Uint(uint),
            (.., Some(float)) => Shown::Float(float),
            _ => Shown::Missing,
        },
        Value::String(text) => Shown::Text(text),
        Value::Array(_) | Value::Object(_) => Shown::Nested,
    }
}

/// The status that an analysis finds in a record with this message and this status field.
fn status([message, status]: [Shown<'_>; 2]) -> Option<u16> {
    let fields = [Shown::Missing, Shown::Missing, message, status, Shown::Missing];
    Event { at: Position { file: FileId(0), offset: 0 }, raw: b"", time: None, fields: &fields }.status()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(values: &[Value]) -> Field {
        let (mut field, times) = (Field::new("f", &["f"]), TimeReader::default());
        for (place, value) in values.iter().enumerate() {
            field.observe(value, place as u64 + 1, &times);
        }
        field
    }

    #[test]
    fn types_values_and_range_are_told() {
        let field = field(&[json!(3), json!(1.5), json!(null), json!("x"), json!("x"), json!(3)]);
        assert_eq!(
            field.kinds.into_iter().collect::<Vec<_>>(),
            [(Kind::Null, 1), (Kind::Int, 2), (Kind::Float, 1), (Kind::Text, 2)]
        );
        assert_eq!(field.range, Some((1.5, 3.0)));
    }

    #[test]
    fn many_values_leave_a_few_examples() {
        let values: Vec<Value> = (0..=MAX_DISTINCT).map(|n| json!(n)).collect();
        assert_eq!(field(&values[1..]).distinct(), Some(MAX_DISTINCT));
        let many = field(&values);
        assert_eq!((many.distinct(), many.values.len()), (None, EXAMPLES), "no more is kept");
        let long = field(&[json!("é".repeat(MAX_TEXT_CHARS + 1)), json!("b")]);
        assert_eq!(long.examples().next().unwrap().as_str().unwrap().chars().count(), MAX_TEXT_CHARS + 1);
        assert_eq!((long.distinct(), long.examples().count()), (None, 2));
    }

    #[test]
    fn statuses_are_values_or_stated() {
        let field = field(&[json!(200), json!("404"), json!("HTTP Status Code: 503"), json!(42)]);
        assert_eq!(field.statuses.into_keys().collect::<Vec<_>>(), [200, 404]);
        assert_eq!(field.mentions.into_keys().collect::<Vec<_>>(), [503]);
    }
}
