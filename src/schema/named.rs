//! What a question names, and whether any record has it.
//!
//! A mistyped name is no error of syntax: each record is asked for it, and has none. So a run notes which
//! names were found, and what records have instead. The notes are shared by all clones of a schema, and are
//! written by all threads; what they come to depends on the input alone.

use super::{Field, Path};
use crate::event::Event;
use crate::event::line::object_in;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};

/// A field that a question names.
#[derive(Clone, Debug)]
pub struct Named {
    /// As it was written.
    pub name: String,
    pub field: Field,
    /// It was only asked whether there is one: none need be there.
    pub is_optional: bool,
    pub used_for: Use,
    found: Arc<OnceLock<Found>>,
}

/// As what a name was found in the first record that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The record's own field.
    Own,
    /// What plays the role of that name.
    Role,
}

/// What is wrong where no record has a field, or none of the type that it is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Use {
    /// All numbers.
    #[default]
    All,
    /// The rows: all are one.
    Rows,
    /// A column.
    Column(String),
}

/// What a question does with values, and whether they ever were of a type for it.
#[derive(Clone, Debug)]
pub struct Compared {
    pub what: What,
    pub used_for: Use,
    pub met: Arc<Met>,
}

/// What is done with values.
#[derive(Clone, Debug)]
pub enum What {
    /// A field is compared with constants of these types.
    Constants(String, Vec<&'static str>),
    /// Two fields are compared.
    Fields(String, String),
    /// A condition is decided.
    Condition(String),
}

/// Whether that was of use for any record.
#[derive(Debug, Default)]
pub struct Met {
    /// It was.
    pub fits: AtomicBool,
    /// The type of the first value that was of another, or why the condition could not be decided.
    pub other: OnceLock<String>,
}

/// All that a question names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    named: Vec<Named>,
    compared: Vec<Compared>,
    /// The fields that the first records have, as they would be named.
    known: Arc<Known>,
    /// The text whose fields are the record's too.
    parse: Option<Path>,
}

#[derive(Debug, Default)]
struct Known {
    names: Mutex<BTreeSet<String>>,
    looked_at: AtomicU32,
    /// Lists of keys and values are objects.
    has_lists: AtomicBool,
    /// The slots of fields that objects around the records have.
    around: Mutex<BTreeSet<usize>>,
}

/// How many records are looked through for the names of their fields.
const LOOKED_AT: u32 = 200;
/// How many names are kept, and how deep they may lie.
const MAX_NAMES: usize = 2000;
const MAX_DEPTH: usize = 5;

impl Named {
    pub fn found(&self) -> Option<Found> {
        self.found.get().copied()
    }
}

impl Compared {
    /// In words, what was of no use for any record, or whatever else was looked at, `each` of them.
    fn mismatch(&self, each: &str) -> Option<String> {
        if self.met.fits.load(Relaxed) {
            return None;
        }
        let met = self.met.other.get()?;
        Some(match &self.what {
            What::Constants(name, asked) => {
                let asked = *asked.first()?;
                let advice = match (met.as_str(), asked) {
                    ("a number", "a text") => "; compare it without quotes",
                    ("a text", "a number") => "; compare it with a text, in quotes",
                    ("a time", "a text") => "; compare it with `timestamp(\"...\")`",
                    _ => "",
                };
                format!("`{name}` is compared with {asked}, and is {met} in every {each} that has it{advice}")
            }
            What::Fields(one, other) => {
                format!("`{one}` is compared with `{other}`, which is of another type in every {each} that has both")
            }
            What::Condition(source) => format!("`{source}` could be decided for no {each}: {met}"),
        })
    }
}

impl Names {
    pub(super) fn name(&mut self, name: String, field: Field, is_optional: bool) {
        let same = self.named.iter().find(|known| known.field == field);
        let found = same.map(|known| Arc::clone(&known.found)).unwrap_or_default();
        self.named.push(Named { name, field, is_optional, used_for: Use::All, found });
    }

    pub(super) fn compare(&mut self, what: What) -> Arc<Met> {
        let met = Arc::<Met>::default();
        self.compared.push(Compared { what, used_for: Use::All, met: Arc::clone(&met) });
        met
    }

    /// How many names and comparisons there are, for [`Self::used_for`].
    pub fn count(&self) -> (usize, usize) {
        (self.named.len(), self.compared.len())
    }

    /// Says what is for `used_for` that was named since there were so many.
    pub fn used_for(&mut self, (named, compared): (usize, usize), used_for: &Use) {
        self.named[named..].iter_mut().for_each(|named| named.used_for = used_for.clone());
        self.compared[compared..].iter_mut().for_each(|compared| compared.used_for = used_for.clone());
    }

    pub fn all(&self) -> &[Named] {
        &self.named
    }

    /// The names that no record has, each once.
    pub fn missing(&self) -> Vec<&Named> {
        let mut missing: Vec<&Named> = Vec::new();
        for named in self.named.iter().filter(|named| named.found().is_none()) {
            match missing.iter_mut().find(|known| known.field == named.field) {
                // What must be there counts for more.
                Some(known) if known.is_optional => *known = named,
                Some(_) => {}
                None => missing.push(named),
            }
        }
        missing
    }

    /// Whether there is a name that no record has.
    pub fn is_any_missing(&self) -> bool {
        self.named.iter().any(|named| named.found().is_none())
    }

    /// All comparisons that met values of other types only.
    pub fn mismatches(&self, each: &str) -> impl Iterator<Item = (&Compared, String)> {
        self.compared.iter().filter_map(move |compared| Some((compared, compared.mismatch(each)?)))
    }

    /// Looks at a record for the names that none had so far; answers whether there are such still.
    #[inline(never)]
    pub fn look(&self, event: Event<'_>) -> bool {
        let event = &event;
        let mut is_any_missing = false;
        for named in self.named.iter().filter(|named| named.found.get().is_none()) {
            if named.field.is_there(event) {
                let found = if named.field.is_own(event) { Found::Own } else { Found::Role };
                named.found.get_or_init(|| found);
            } else {
                is_any_missing = true;
            }
        }
        if is_any_missing && self.known.looked_at.load(Relaxed) < LOOKED_AT {
            self.known.look_through(event.raw, self.parse.as_ref());
        }
        is_any_missing
    }

    /// Says where a text is whose fields are the record's too.
    pub fn parse_too(&mut self, path: Option<Path>) {
        self.parse = path;
    }

    /// Takes in the name of a field that stands beside the record, as its prefix does.
    pub fn know(&self, name: &str) {
        if let Ok(mut names) = self.known.names.lock()
            && names.len() < MAX_NAMES
        {
            names.insert(name.to_owned());
        }
    }

    /// The fields that the first records have.
    pub fn known(&self) -> Vec<String> {
        self.known.names.lock().map(|names| names.iter().cloned().collect()).unwrap_or_default()
    }

    /// Lists of keys and values are objects from now on.
    pub fn expect_lists(&self) {
        self.known.has_lists.store(true, Relaxed);
    }

    /// Takes note that an object around the records has the field of a slot.
    pub fn note_around(&self, slot: usize) {
        _ = self.known.around.lock().map(|mut around| around.insert(slot));
    }

    /// Whether an object around the records has a field that no record has, nor inherits.
    pub fn is_around(&self, named: &Named) -> bool {
        let (Field::Slot(slot) | Field::Either(slot, _) | Field::OwnStatus(slot)) = named.field else { return false };
        named.found().is_none() && self.known.around.lock().is_ok_and(|around| around.contains(&slot))
    }

    /// Which names were found, and which comparisons were of use, for an image of the run.
    pub fn found(&self) -> Vec<Option<bool>> {
        let named = self.named.iter().map(|named| named.found().map(|found| found == Found::Own));
        named.chain(self.compared.iter().map(|compared| compared.met.fits.load(Relaxed).then_some(true))).collect()
    }

    /// Takes up what an earlier run of the same question had found.
    pub fn resume(&self, found: &[Option<bool>]) {
        for (named, found) in self.named.iter().zip(found) {
            if let Some(is_own) = found {
                named.found.get_or_init(|| if *is_own { Found::Own } else { Found::Role });
            }
        }
        for (compared, fits) in self.compared.iter().zip(found.iter().skip(self.named.len())) {
            compared.met.fits.fetch_or(fits.is_some(), Relaxed);
        }
    }
}

impl Known {
    #[inline(never)]
    fn look_through(&self, raw: &[u8], parse: Option<&Path>) {
        self.looked_at.fetch_add(1, Relaxed);
        let Ok(record) = serde_json::from_slice::<serde_json::Value>(raw) else { return };
        let Ok(mut names) = self.names.lock() else { return };
        let text = parse.and_then(|path| path.keys().iter().try_fold(&record, |value, key| value.get(key))?.as_str());
        let inner = text.and_then(object_in).and_then(|object| serde_json::from_str(object).ok());
        let has_lists = self.has_lists.load(Relaxed);
        for fields in [Some(record), inner].iter().flatten().filter_map(serde_json::Value::as_object) {
            collect(fields.iter().map(|(key, value)| (key.as_str(), value)), "", 0, has_lists, &mut names);
        }
    }
}

fn collect<'v>(
    fields: impl Iterator<Item = (&'v str, &'v serde_json::Value)>,
    prefix: &str,
    depth: usize,
    has_lists: bool,
    to: &mut BTreeSet<String>,
) {
    for (key, value) in fields {
        if to.len() >= MAX_NAMES || key.is_empty() || key.len() > 100 {
            continue;
        }
        let name = format!("{prefix}{key}");
        let inside: Vec<(&str, &serde_json::Value)> = match value {
            _ if depth >= MAX_DEPTH => Vec::new(),
            serde_json::Value::Object(fields) => fields.iter().map(|(key, value)| (key.as_str(), value)).collect(),
            serde_json::Value::Array(items) if has_lists => items.iter().filter_map(pair).collect(),
            _ => Vec::new(),
        };
        if !inside.is_empty() {
            let inside: &mut dyn Iterator<Item = _> = &mut inside.into_iter();
            collect(inside, &format!("{name}."), depth + 1, has_lists, to);
        }
        to.insert(name);
    }
}

/// The key and the value of an element of a list; what is behind the word for its type is no matter here.
fn pair(item: &serde_json::Value) -> Option<(&str, &serde_json::Value)> {
    let value = item.get("value")?;
    Some((item.get("key")?.as_str()?, if value.is_object() { &serde_json::Value::Null } else { value }))
}
