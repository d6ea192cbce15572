//! What a record has beside its own fields: those of a text in it, those of its prefix, and what the objects around it
//! say.

use super::nest::{ByteTexts, Inner};
use super::partial::texts;
use super::prefix::{Part, Prefix};
use super::time::{Clock, HALF_OF_DAY, NO_YEAR, NO_ZONE, NOT_A_TIME, UNCLEAR_ZONE};
use crate::event::{Role, Scalar, Timestamp, Value};
use crate::schema::{Names, Path, Schema};

/// The slots that may take something, and from where.
pub struct Lent {
    /// Where arrays of bytes are texts.
    bytes: Option<ByteTexts>,
    /// Where the fields of a text are the record's.
    inner: Option<Inner>,
    parts: Vec<(usize, Part)>,
    values: Vec<Value<'static>>,
    /// Who wants to know what prefixes have, as long as that is so.
    names: Option<Names>,
    /// How many prefixes were looked at for that.
    looked_at: u32,
    /// What the objects around the records say.
    around: Vec<(usize, Scalar)>,
    /// Each record has to be looked at: it has a text to be read, or inherits something.
    is_for_each: bool,
}

/// As many tell what prefixes have.
const LOOKED_AT: u32 = 200;

impl Lent {
    /// `paths` are those of the schema, and behind them that of the text that is read, if there is one.
    pub fn new(schema: &Schema, paths: &[Option<Path>]) -> Self {
        let own = schema.paths();
        let part = |path: &Path| Part::ALL.into_iter().find(|part| path.keys().join(".") == part.path());
        let named = paths.iter().enumerate().filter_map(|(slot, path)| Some((slot, part(path.as_ref()?)?)));
        let roles = [(Role::Time as usize, Part::Time), (Role::Service as usize, Part::Name)];
        Self {
            bytes: schema.byte_texts.then(|| ByteTexts::new(paths)),
            inner: schema.parse.as_ref().map(|_| Inner::new(own, own.len())),
            parts: named.chain(roles).collect(),
            values: Vec::new(),
            names: schema.names.is_any_missing().then(|| schema.names.clone()),
            looked_at: 0,
            around: Vec::new(),
            is_for_each: schema.byte_texts || schema.parse.is_some(),
        }
    }

    /// From now on, these are the values of slots in which a record has none.
    pub fn inherit(&mut self, around: Vec<(usize, Scalar)>) {
        self.is_for_each = self.is_for_all() || !around.is_empty();
        self.around = around;
    }

    /// Whether records without a prefix have to be looked at too.
    #[inline(always)]
    pub fn is_for_all(&self) -> bool {
        self.inner.is_some() || self.bytes.is_some()
    }

    /// Whether the text that is to be read is a part of a line.
    pub fn is_cut(&self, fields: &[Value<'_>]) -> bool {
        self.inner.as_ref().and_then(|inner| inner.text(fields)).is_some_and(texts::is_cut)
    }

    /// Whether a record behind that prefix may get something that it lacks.
    #[inline]
    pub fn lends(&self, prefix: &[u8], fields: &[Value<'_>]) -> bool {
        let lacks = |(slot, _): &(usize, Part)| matches!(fields[*slot], Value::Missing);
        self.is_for_each || !prefix.is_empty() && (self.names.is_some() || self.parts.iter().any(lacks))
    }

    /// How many records had no object where one was to be read.
    pub fn unread(&self) -> u64 {
        self.inner.as_ref().map_or(0, |inner| inner.unread)
    }

    /// Shows the fields of a record with what is beside them, and its time.
    pub fn lend<T>(
        &mut self,
        prefix: &[u8],
        raw: &[u8],
        fields: &[Value<'_>],
        clock: &Clock,
        show: impl FnOnce(Result<Option<Timestamp>, &'static str>, &[Value<'_>]) -> T,
    ) -> T {
        if self.around.is_empty() {
            return self.lend_own(prefix, raw, fields, clock, show);
        }
        let around = std::mem::take(&mut self.around);
        let mut fields = fields.to_vec();
        for (slot, value) in &around {
            if fields[*slot] == Value::Missing {
                fields[*slot] = value.value();
            }
        }
        let answer = self.lend_own(prefix, raw, &fields, clock, show);
        drop(fields);
        self.around = around;
        answer
    }

    /// The same without what the objects around it say.
    fn lend_own<T>(
        &mut self,
        prefix: &[u8],
        raw: &[u8],
        fields: &[Value<'_>],
        clock: &Clock,
        show: impl FnOnce(Result<Option<Timestamp>, &'static str>, &[Value<'_>]) -> T,
    ) -> T {
        let Self { bytes, inner, parts, values, names, looked_at, .. } = self;
        let mut behind = Behind { parts, values };
        let lend = |prefix: &[u8], fields: &[Value<'_>]| {
            if names.is_some() && !prefix.is_empty() {
                tell(names, looked_at, prefix);
            }
            behind.lend(prefix, fields, clock, show)
        };
        let open = |fields: &[Value<'_>]| match inner {
            None => lend(prefix, fields),
            Some(inner) => {
                inner.open(fields, |fields, inside| lend(if prefix.is_empty() { inside } else { prefix }, fields))
            }
        };
        match bytes {
            Some(bytes) if fields.contains(&Value::Nested) => bytes.decode(raw, fields, open),
            _ => open(fields),
        }
    }
}

/// Tells whoever looks for names what a prefix has, as long as that is of use.
#[cold]
fn tell(names: &mut Option<Names>, looked_at: &mut u32, prefix: &[u8]) {
    *looked_at += 1;
    names.take_if(|names| !names.is_any_missing() || *looked_at > LOOKED_AT);
    if let (Some(names), Some(read)) = (names, Prefix::read(prefix)) {
        Part::ALL.iter().filter(|part| read.part(**part).is_some()).for_each(|part| names.know(part.path()));
    }
}

/// What a prefix lends.
struct Behind<'l> {
    parts: &'l [(usize, Part)],
    values: &'l mut Vec<Value<'static>>,
}

impl Behind<'_> {
    fn lend<T>(
        &mut self,
        prefix: &[u8],
        fields: &[Value<'_>],
        clock: &Clock,
        show: impl FnOnce(Result<Option<Timestamp>, &'static str>, &[Value<'_>]) -> T,
    ) -> T {
        let lacks = |slot: usize| matches!(fields[slot], Value::Missing);
        let prefix = match !prefix.is_empty() && self.parts.iter().any(|(slot, _)| lacks(*slot)) {
            true => Prefix::read(prefix),
            false => None,
        };
        let time = Role::Time as usize;
        let Some(prefix) = prefix else { return show(clock.time(fields), fields) };
        let mut values = relend(std::mem::take(self.values));
        values.extend_from_slice(fields);
        for (slot, part) in self.parts {
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
        if lacks(time) && matches!(at, Err(NOT_A_TIME | HALF_OF_DAY | NO_YEAR | NO_ZONE | UNCLEAR_ZONE)) {
            (at, values[time]) = (Ok(None), Value::Missing);
        }
        let answer = show(at, &values);
        *self.values = relend(values);
        answer
    }
}

/// The same allocation, emptied, for values that borrow from another record.
pub fn relend<'b>(mut values: Vec<Value<'_>>) -> Vec<Value<'b>> {
    values.clear();
    values.into_iter().map(|_| Value::Missing).collect()
}
