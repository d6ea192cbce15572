//! What a record is lent by what surrounds it: fields of its prefix, where it has none of its own.

use super::prefix::{Part, Prefix};
use super::time::{Clock, NO_YEAR, NO_ZONE, NOT_A_TIME, UNCLEAR_ZONE};
use crate::event::{Role, Timestamp, Value};
use crate::schema::Path;

/// The slots that may take something lent.
pub struct Lent {
    parts: Vec<(usize, Part)>,
    values: Vec<Value<'static>>,
}

impl Lent {
    pub fn new(paths: &[Option<Path>]) -> Self {
        let part = |path: &Path| Part::ALL.into_iter().find(|part| path.keys().join(".") == part.path());
        let named = paths.iter().enumerate().filter_map(|(slot, path)| Some((slot, part(path.as_ref()?)?)));
        let roles = [(Role::Time as usize, Part::Time), (Role::Service as usize, Part::Name)];
        Self { parts: named.chain(roles).collect(), values: Vec::new() }
    }

    /// Shows the fields of a record with what its prefix lends, and its time.
    pub fn lend<T>(
        &mut self,
        prefix: &[u8],
        fields: &[Value<'_>],
        clock: &Clock,
        show: impl FnOnce(Result<Option<Timestamp>, &'static str>, &[Value<'_>]) -> T,
    ) -> T {
        let lacks = |slot: usize| matches!(fields[slot], Value::Missing);
        let prefix = match self.parts.iter().any(|(slot, _)| lacks(*slot)) {
            true => Prefix::read(prefix),
            false => None,
        };
        let time = Role::Time as usize;
        let Some(prefix) = prefix else { return show(clock.time(fields), fields) };
        let mut values = relend(std::mem::take(&mut self.values));
        values.extend_from_slice(fields);
        for (slot, part) in &self.parts {
            if lacks(*slot)
                && let Some(text) = prefix.part(*part)
            {
                values[*slot] = Value::Text(text);
            }
        }
        let mut at = match lacks(time) && values[time] != Value::Missing {
            true => clock.read(&values[time]),
            false => clock.time(&values),
        };
        // Nobody promised that it is one.
        if lacks(time) && matches!(at, Err(NOT_A_TIME | NO_YEAR | NO_ZONE | UNCLEAR_ZONE)) {
            (at, values[time]) = (Ok(None), Value::Missing);
        }
        let answer = show(at, &values);
        self.values = relend(values);
        answer
    }
}

/// The same allocation, emptied, for values that borrow from another record.
pub fn relend<'b>(mut values: Vec<Value<'_>>) -> Vec<Value<'b>> {
    values.clear();
    values.into_iter().map(|_| Value::Missing).collect()
}
