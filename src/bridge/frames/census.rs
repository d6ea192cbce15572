//! Looks all records through before Polars reads them: do they mean to it what they mean to us?

use crate::analysis::Analysis;
use crate::bridge::Question;
use crate::engine::Plan;
use crate::event::{Event, Role, Span, Value, Verdict};
use crate::report::Answer;
use crate::schema::{Field, Schema};
use crate::sketch::Merge;
use memchr::memmem::Finder;
use polars::prelude::DataType;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

/// The type of a field in all records that have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Type {
    #[default]
    Unseen,
    Text,
    Integer,
    Number,
}

/// What is known of the records that were looked through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// By slot, of the fields that the question is about.
    pub types: Vec<Type>,
    pub records: u64,
    /// How many records have a status field, and how many have none.
    pub stated: u64,
    pub unstated: u64,
    /// Why Polars' reader may find something else there.
    pub unfit: Option<String>,
}

/// Looks all records through before Polars reads them.
pub struct Census<'q> {
    question: &'q Question,
    /// The slots that the question is about.
    slots: Vec<usize>,
    /// The names of their fields, in quotes.
    names: Vec<Finder<'static>>,
    /// Takes what was found.
    found: Arc<Mutex<Option<Found>>>,
}

pub const MARK: &str = "HTTP Status Code: ";

/// The status that a message begins with, as the query of a scan takes it.
fn led_status(message: &str) -> Option<u16> {
    let digits = message.strip_prefix(MARK)?.get(..3)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?.filter(|status| *status >= 100)
}

/// Why a run is not one over files that can be read twice and whole; `None` where it is.
pub fn unfit(question: &Question, plan: &Plan) -> Option<String> {
    let of_micros = |nanos: i64| nanos % 1000 == 0;
    let reasons = [
        (plan.sources.are_read_once(), "standard input and pipes are read once"),
        (plan.follow, "the input is followed"),
        (!plan.filter.keeps_all(), "records are filtered"),
        (plan.schema.records.is_some(), "records stand within others"),
        (plan.schema.parse.is_some(), "fields are read out of a text"),
        (plan.checkpoints.is_some(), "the run keeps checkpoints"),
        (
            question.windows.is_some_and(|windows| !of_micros(windows.size_ns) || !of_micros(windows.offset_ns)),
            "windows are cut finer than a microsecond",
        ),
    ];
    let reason = reasons.into_iter().find(|(applies, _)| *applies).map(|(_, reason)| reason);
    reason.or(question.hits().err()).map(str::to_owned)
}

impl<'q> Census<'q> {
    pub fn new(question: &'q Question, schema: &Schema, found: Arc<Mutex<Option<Found>>>) -> Self {
        let mut slots = vec![Role::Message as usize, Role::Status as usize];
        slots.extend(question.windows.map(|_| Role::Time as usize));
        slots.extend(question.by.fields().iter().filter_map(|field| match field {
            Field::Slot(slot) | Field::Either(slot, _) => Some(*slot),
            Field::Status | Field::OwnStatus(_) => None,
        }));
        slots.retain(|slot| schema.paths()[*slot].is_some());
        let paths = slots.iter().filter_map(|slot| schema.paths()[*slot].as_ref());
        let mut names: Vec<String> = paths.map(|path| format!("\"{}\"", path.keys()[0])).collect();
        names.sort();
        names.dedup();
        let names = names.iter().map(|name| Finder::new(name).into_owned()).collect();
        Self { question, slots, names, found }
    }

    /// Of a field that comes twice in a record we take the last, and Polars the first.
    fn may_repeat(&self, raw: &[u8]) -> bool {
        let comes_twice = |name: &Finder<'_>| {
            name.find(raw).is_some_and(|first| name.find(&raw[first + name.needle().len()..]).is_some())
        };
        // A letter that is escaped might hide a name.
        let hides = |at: usize| matches!(raw.get(at..at + 4), Some([b'u', b'0', b'0', b'0'..=b'7']));
        self.names.iter().any(comes_twice) || memchr::memchr_iter(b'\\', raw).any(|slash| hides(slash + 1))
    }

    fn look(&self, found: &mut Found, event: &Event<'_>, status: Option<u16>) -> Result<(), &'static str> {
        if self.may_repeat(event.raw) {
            return Err("a field comes twice in a record");
        }
        found.types.resize(event.fields.len(), Type::Unseen);
        for slot in &self.slots {
            let seen = match Type::of(&event.fields[*slot])? {
                // Polars is told to read either as a float.
                Type::Integer | Type::Number if *slot == Role::Time as usize => Type::Number,
                Type::Number => return Err("a field holds fractions"),
                kind => kind,
            };
            found.types[*slot] = found.types[*slot].and(seen)?;
        }
        if let (Some(_), Some(time)) = (self.question.windows, event.time)
            && micros(event.role(Role::Time)).and_then(|micros| micros.checked_mul(1000)) != Some(time.nanos())
        {
            return Err("times are finer than a microsecond, or no numbers of seconds");
        }
        match (event.role(Role::Status), event.role(Role::Message)) {
            (Value::Missing | Value::Null, Value::Text(message)) => {
                found.unstated += 1;
                if led_status(message) != status {
                    return Err("a message does not begin with its status");
                }
            }
            (Value::Missing | Value::Null, Value::Missing | Value::Null) => found.unstated += 1,
            (Value::Int(stated), _) if status.map(i64::from) == Some(stated) => found.stated += 1,
            _ => return Err("a status is no plain number"),
        }
        Ok(())
    }
}

impl Analysis for Census<'_> {
    type State = Found;

    fn name(&self) -> &'static str {
        "census"
    }

    fn empty(&self) -> Found {
        Found::default()
    }

    fn observe(&self, found: &mut Found, event: &Event<'_>) -> Verdict {
        found.records += 1;
        let sifted = self.question.sift(event);
        if found.unfit.is_none() {
            let status = event.status();
            found.unfit = self.look(found, event, status).err().map(str::to_owned);
        }
        sifted.map_or_else(|verdict| verdict, |_| Verdict::Counted)
    }

    fn report(&self, found: &mut Found, _seen: Span, _last: bool) -> Answer {
        *self.found.lock().expect("nobody panics with it") = Some(std::mem::take(found));
        Answer::default()
    }
}

impl Merge for Found {
    fn merge(&mut self, later: Self) {
        self.records += later.records;
        self.stated += later.stated;
        self.unstated += later.unstated;
        let mut unfit = self.unfit.take().or(later.unfit);
        self.types.resize(self.types.len().max(later.types.len()), Type::Unseen);
        for (kind, later) in self.types.iter_mut().zip(later.types) {
            match kind.and(later) {
                Ok(both) => *kind = both,
                Err(reason) => unfit = unfit.or(Some(reason.to_owned())),
            }
        }
        self.unfit = unfit;
    }
}

impl Type {
    fn of(value: &Value<'_>) -> Result<Self, &'static str> {
        match value {
            Value::Missing | Value::Null => Ok(Type::Unseen),
            Value::Text(_) => Ok(Type::Text),
            Value::Int(_) => Ok(Type::Integer),
            Value::Float(_) => Ok(Type::Number),
            Value::Bool(_) | Value::Uint(_) | Value::Big(_) | Value::Nested => {
                Err("a field is neither text nor a plain number")
            }
        }
    }

    /// That of all values of two parts.
    fn and(self, other: Self) -> Result<Self, &'static str> {
        match (self, other) {
            (one, other) if one == other => Ok(one),
            (Type::Unseen, kind) | (kind, Type::Unseen) => Ok(kind),
            _ => Err("a field has values of several types"),
        }
    }

    pub fn in_frame(self) -> DataType {
        match self {
            Type::Unseen | Type::Text => DataType::String,
            Type::Integer => DataType::Int64,
            Type::Number => DataType::Float64,
        }
    }
}

/// A number of seconds since 1970 as the query of a scan takes it, which cuts off fractions.
fn micros(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(seconds) if seconds >= 0 => Some((seconds as f64 * 1e6 + 0.5) as i64),
        Value::Float(seconds) if seconds >= 0.0 => Some((seconds * 1e6 + 0.5) as i64),
        _ => None,
    }
}
