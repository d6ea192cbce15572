//! Where the reader stands between two records, and what the objects around it have said.

use crate::event::{Said, Scalar, Skip, Within, lists};
use crate::schema::{Names, Path, Schema, Wrapper};
use std::sync::Arc;

/// What records stand in, and what they inherit.
pub struct Wrapping {
    pub wrapper: Arc<Wrapper>,
    /// The fields that a question names.
    paths: Vec<(u32, Path)>,
    names: Names,
}

/// A longer value is not inherited: what a cursor carries is bounded.
const MAX_VALUE_BYTES: usize = 4096;

impl Wrapping {
    pub fn of(schema: &Schema) -> Option<Arc<Self>> {
        let wrapper = schema.records.clone()?;
        schema.names.expect_lists();
        let paths = schema.paths().iter().zip(0..).filter_map(|(path, slot)| Some((slot, path.clone()?))).collect();
        Some(Arc::new(Self { wrapper, paths, names: schema.names.clone() }))
    }
}

/// Where the reader stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    within: Within,
    /// The objects around have said something since that was asked last.
    is_news: bool,
}

impl Place {
    /// Where a stream was left, with `full` objects and arrays on the way to a record.
    pub fn of(skip: Skip, full: usize) -> Self {
        let within = match skip {
            Skip::No | Skip::Line => Within::default(),
            Skip::Element => Within { open: full as u8, is_passing: true, ..Within::default() },
            Skip::Within(within) => Within { open: within.open.min(full as u8), ..within },
        };
        Self { within, is_news: true }
    }

    /// In the array of the records.
    pub fn among_records(full: usize) -> Skip {
        Skip::Within(Within { open: full as u8, comma: true, ..Within::default() })
    }

    pub fn skip(&self) -> Skip {
        match self.within.open {
            0 => Skip::No,
            _ => Skip::Within(self.within.clone()),
        }
    }

    pub fn open(&self) -> usize {
        usize::from(self.within.open)
    }

    /// Whether a value may come: outside of everything, always.
    pub fn has_comma(&self) -> bool {
        self.within.comma || self.within.open == 0
    }

    pub fn is_flat(&self) -> bool {
        self.within.is_flat
    }

    pub fn is_passing(&self) -> bool {
        self.within.is_passing
    }

    pub fn pass(&mut self, is_passing: bool) {
        self.within.is_passing = is_passing;
    }

    /// Behind a comma, or behind a value.
    pub fn set_comma(&mut self, comma: bool) {
        self.within.comma = comma;
    }

    /// Whether the object that is open has had the member that the path goes on with.
    pub fn is_found(&self) -> bool {
        self.within.is_found
    }

    pub fn set_found(&mut self, is_found: bool) {
        self.within.is_found = is_found;
    }

    /// Enters the outermost object.
    pub fn begin(&mut self, is_flat: bool) {
        *self = Self { within: Within { open: 1, comma: true, is_flat, ..Within::default() }, is_news: true };
    }

    /// Enters an object or an array.
    pub fn enter(&mut self) {
        (self.within.open, self.within.comma, self.within.is_found) = (self.within.open + 1, true, false);
    }

    /// Leaves the innermost one: what it has said is over.
    pub fn close(&mut self) {
        let open = self.within.open - 1;
        let said = self.within.said.len();
        self.within.said.retain(|said| said.open <= open);
        self.is_news |= self.within.said.len() < said;
        // What is around it has had it.
        (self.within.open, self.within.comma, self.within.is_found) = (open, false, true);
        if open == 0 {
            self.leave();
        }
    }

    /// Leaves all of them.
    pub fn leave(&mut self) {
        *self = Self { within: Within::default(), is_news: true };
    }

    /// Takes in a member of the object that is open, by its key in quotes and the text of its value.
    /// False where a question names it and it is no JSON.
    pub fn hear(&mut self, wrapping: &Wrapping, key: &[u8], value: &[u8]) -> bool {
        let open = self.within.open;
        let mut is_sound = true;
        for (slot, path) in &wrapping.paths {
            let Some(taken) = lists::reached(key, path.keys()) else { continue };
            let Some(found) = lists::value(value, &path.keys()[taken..]) else { continue };
            is_sound &= !Scalar::is_broken(found.text);
            wrapping.names.note_around(*slot as usize);
            self.within.said.retain(|said| (said.open, said.slot) != (open, *slot));
            let value = Some(found.text).filter(|text| text.len() <= MAX_VALUE_BYTES).and_then(|_| found.scalar());
            self.within.said.push(Said { open, slot: *slot, value });
            self.is_news = true;
        }
        is_sound
    }

    /// What records inherit here by slot, where that has changed since it was asked last.
    pub fn news(&mut self) -> Option<Vec<(usize, Scalar)>> {
        if !std::mem::take(&mut self.is_news) {
            return None;
        }
        let said = &self.within.said;
        let is_innermost = |one: &&Said| said.iter().all(|other| other.slot != one.slot || other.open <= one.open);
        let inherited = said.iter().filter(is_innermost);
        Some(inherited.filter_map(|said| Some((said.slot as usize, said.value.clone()?))).collect())
    }
}
