//! The fields of one record, slot by slot, as the tree takes them.

use super::learn::{Remark, Remarks};
use super::number::{self, Before};
use super::text;
use super::window::Window;
use crate::event::Value;

/// The slots of a record. They are kept from one record to the next: most take the same.
pub struct Fields<'a> {
    pub values: Vec<Value<'a>>,
    /// The slots, by their bits, that may hold something.
    held: u64,
    /// The slots of strings that are still to be unescaped.
    pub escaped: Vec<usize>,
    /// Where each of them ends, once it is unescaped.
    ends: Vec<usize>,
}

impl<'a> Fields<'a> {
    pub fn new(slots: usize) -> Self {
        Self { values: vec![Value::Missing; slots], held: 0, escaped: Vec::new(), ends: Vec::new() }
    }

    #[inline(always)]
    pub fn put(&mut self, slot: u8, value: Value<'a>) {
        if let Some(place) = self.values.get_mut(usize::from(slot)) {
            *place = value;
        }
    }

    /// Takes the number at `begin`, if anyone wants to know; answers where it ends.
    #[inline(always)]
    pub fn put_number(&mut self, slot: u8, window: &Window<'_>, begin: usize) -> Option<usize> {
        match self.values.get_mut(usize::from(slot)) {
            Some(place) => number::take(window, begin, &mut Before::none(), place),
            None => number::skip(window, begin),
        }
    }

    /// A record took these slots, by their bits, and no others.
    #[inline(always)]
    pub fn settle(&mut self, taken: u64) {
        if self.held & !taken != 0 {
            self.drop_all_but(taken);
        }
        self.held = taken;
    }

    #[inline(never)]
    fn drop_all_but(&mut self, taken: u64) {
        let left = self.values.iter_mut().enumerate().filter(|(slot, _)| taken >> slot & 1 == 0);
        left.for_each(|(_, value)| *value = Value::Missing);
    }

    pub fn clear(&mut self) {
        self.values.fill(Value::Missing);
        self.held = 0;
        self.escaped.clear();
    }

    #[cold]
    pub fn follow(&mut self, remarks: &Remarks) {
        for (slot, remark) in remarks {
            self.values[*slot] = match *remark {
                Remark::As(other) => {
                    if self.escaped.contains(&other) {
                        self.escaped.push(*slot);
                    }
                    self.values[other]
                }
                Remark::Nested => Value::Nested,
                Remark::Missing => Value::Missing,
            };
            self.held |= 1 << slot;
        }
    }

    pub fn has_escapes(&self) -> bool {
        !self.escaped.is_empty()
    }

    /// The fields in `values`, with what strings with escapes stand for in their place; `into` holds
    /// that text.
    #[inline(never)]
    pub fn unescape<'v>(&mut self, into: &'v mut String, values: &mut Vec<Value<'v>>) -> Option<()>
    where
        'a: 'v,
    {
        let Self { values: written, escaped, ends, .. } = self;
        values.clear();
        values.extend_from_slice(written);
        into.clear();
        ends.clear();
        // A slot may have been taken twice, and another value of the same key may have come last.
        escaped.sort_unstable();
        escaped.dedup();
        escaped.retain(|slot| written[*slot].text().is_some());
        for slot in &*escaped {
            text::unescape(written[*slot].text().unwrap_or_default(), into)?;
            ends.push(into.len());
        }
        let mut begin = 0;
        for (slot, end) in escaped.drain(..).zip(ends) {
            values[slot] = Value::Text(&into[begin..*end]);
            begin = *end;
        }
        Some(())
    }
}
