//! What the rows of an answer are about: the fields whose values make a key.

use crate::event::{Event, Role, Value};
use crate::report::{Answer, Cell, OTHERS, Rows};
use crate::schema::{Field, either};
use crate::sketch::{Groups, encode_value, key_cells};
use std::iter;

/// The columns that make the key of a row, and the fields they are taken from.
#[derive(Clone, Debug)]
pub struct By {
    columns: Vec<String>,
    fields: Vec<Field>,
    /// The slot that holds the whole key, or none that there is.
    slot: usize,
}

impl By {
    pub fn new(columns: Vec<(String, Field)>) -> Self {
        let (columns, fields): (_, Vec<_>) = columns.into_iter().unzip();
        let slot = match fields[..] {
            [Field::Slot(slot)] => slot,
            _ => usize::MAX,
        };
        Self { columns, fields, slot }
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// The fields that make the key.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Appends the byte form of an event's key.
    pub fn encode(&self, event: &Event<'_>, key: &mut Vec<u8>) {
        self.fields.iter().for_each(|field| encode_value(field.of(event), key));
    }

    /// The summary of an event's key, empty if it is new.
    #[inline(always)]
    pub fn entry<'g, T: Default>(&self, groups: &'g mut Groups<T>, event: &Event<'_>) -> &'g mut T {
        let place = self.place(groups, event);
        groups.at_mut(place)
    }

    /// The place of an event's key, which is given one if it is new.
    #[inline(always)]
    pub fn place<T: Default>(&self, groups: &mut Groups<T>, event: &Event<'_>) -> usize {
        match event.fields.get(self.slot) {
            Some(Value::Text(text)) => groups.place_of_text(text),
            // By value: an event that nothing points to stays in registers.
            _ => self.place_of_values(groups, *event),
        }
    }

    #[inline(never)]
    fn place_of_values<T: Default>(&self, groups: &mut Groups<T>, event: Event<'_>) -> usize {
        let status = self.fields.iter().find(|field| matches!(field, Field::Status | Field::OwnStatus(_)));
        let status = status.map_or(Value::Missing, |field| field.of(&event));
        // By reference: to copy a value that was just stored stalls.
        groups.place_of_values(self.fields.iter().map(|field| match field {
            Field::Slot(slot) => &event.fields[*slot],
            Field::Either(own, other) => either(&event, *own, *other),
            Field::Status | Field::OwnStatus(_) => &status,
        }))
    }

    /// An answer with one row a group, sorted by key, and the row of the others. `cells` are those
    /// after the key, under the names in `columns`; a group without any has no row.
    pub fn table<T>(
        &self,
        groups: &Groups<T>,
        columns: &[&str],
        mut cells: impl FnMut(&T) -> Option<Vec<Cell>>,
    ) -> Answer {
        let keys = self.columns.len();
        let columns = self.columns.iter().cloned().chain(columns.iter().map(|&name| name.to_owned())).collect();
        let mut rows = Rows::default();
        for (key, group) in groups.sorted() {
            if let Some(cells) = cells(group) {
                rows.push(key_cells(key).chain(cells));
            }
        }
        let mut notes = Vec::new();
        if let Some(cells) = groups.overflow().and_then(cells) {
            rows.push(iter::repeat_n(Cell::Others, keys).chain(cells));
            notes.push(format!(
                "There are more keys than --max-keys allows: the first {} have rows of their own, \
                 the others are summed in the row {OTHERS}.",
                groups.len()
            ));
        }
        Answer { columns, keys, rows, notes, ..Answer::default() }
    }
}

impl Default for By {
    /// By service.
    fn default() -> Self {
        Self::new(vec![(Role::Service.name().to_owned(), Field::Slot(Role::Service as usize))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixtures::request;
    use crate::sketch::Rate;

    #[test]
    fn keys_beyond_the_cap_share_a_row_and_a_note() {
        let by = By::default();
        let mut groups = Groups::<Rate>::default();
        for service in ["b", "c", "a", "d", "b"] {
            request(0, service, None, "", |event| by.entry(&mut groups, event).add(true));
        }
        groups.cap(2);
        let answer = by.table(&groups, &["total"], |rate| Some(vec![Cell::Count(rate.total)]));
        let row = |key: &str, total| vec![Cell::Text(key.into()), Cell::Count(total)];
        assert_eq!(answer.rows, [row("b", 2), row("c", 1), vec![Cell::Others, Cell::Count(2)]].into_iter().collect());
        assert!(answer.notes[0].contains("the first 2"), "{:?}", answer.notes);
    }
}
