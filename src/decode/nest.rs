//! JSON within a record: a text that holds an object, an array of bytes that is a text.

use super::lent::relend;
use super::projection::Projection;
use super::record::{KEPT_BYTES, buffers};
use crate::event::Value;
use crate::event::line::object_of_text;
use crate::schema::Path;
use simd_json::{Buffers, INPUT_PADDING, Node, StaticNode, Tape, fill_tape_padded};

/// Reads JSON within records, with buffers that are kept.
pub struct Nest {
    projection: Projection,
    copy: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
}

impl Nest {
    pub fn new(paths: &[Option<Path>]) -> Self {
        Self { projection: Projection::new(paths), copy: Vec::new(), buffers: buffers(), tape: Tape::null() }
    }

    /// Shows the nodes of a text, and none where it is no JSON.
    fn read<T>(&mut self, text: &[u8], see: impl FnOnce(&Projection, Option<&[Node<'_>]>) -> T) -> T {
        let needed = text.len() + INPUT_PADDING;
        let mut copy = std::mem::take(&mut self.copy);
        if copy.len() < needed {
            copy.resize(needed.max(copy.len() * 3 / 2), 0);
        }
        copy[..text.len()].copy_from_slice(text);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let parsed = fill_tape_padded(&mut copy[..needed], text.len(), &mut self.buffers, &mut tape);
        let answer = see(&self.projection, parsed.is_ok().then_some(tape.0.as_slice()));
        self.tape = tape.reset();
        self.copy = copy;
        if text.len() > KEPT_BYTES {
            (self.copy, self.buffers, self.tape) = (Vec::new(), buffers(), Tape::null());
        }
        answer
    }
}

/// The object in a text field: its fields are the record's, before the record's own.
pub struct Inner {
    nest: Nest,
    /// The slot of the text.
    slot: usize,
    /// How many records had no object there.
    pub unread: u64,
    values: Vec<Value<'static>>,
}

impl Inner {
    pub fn new(paths: &[Option<Path>], slot: usize) -> Self {
        Self { nest: Nest::new(paths), slot, unread: 0, values: Vec::new() }
    }

    /// The text.
    pub fn text<'f>(&self, fields: &[Value<'f>]) -> Option<&'f str> {
        fields[self.slot].text()
    }

    /// Shows the fields with what the text holds, and the prefix that stands before it there.
    pub fn open<T>(&mut self, fields: &[Value<'_>], show: impl FnOnce(&[Value<'_>], &[u8]) -> T) -> T {
        let text = self.text(fields).unwrap_or_default().as_bytes();
        let Some((start, object)) = object_of_text(text) else {
            self.unread += 1;
            return show(fields, b"");
        };
        let Self { nest, unread, values, .. } = self;
        let kept = std::mem::take(values);
        let (answer, kept) = nest.read(&text[object.clone()], |projection, nodes| {
            let Some(nodes) = nodes else {
                *unread += 1;
                return (show(fields, b""), kept);
            };
            let mut found = relend(kept);
            found.resize(projection.slots(), Value::Missing);
            projection.read(nodes, &text[object.clone()], &mut found);
            // Behind the fields of the schema, the text itself.
            found.extend_from_slice(&fields[found.len()..]);
            for (found, own) in found.iter_mut().zip(fields) {
                if *found == Value::Missing {
                    *found = *own;
                }
            }
            (show(&found, &text[start..object.start]), relend(found))
        });
        *values = kept;
        answer
    }
}

/// Arrays of bytes that stand for texts, as journald writes what is no plain text.
pub struct ByteTexts {
    nest: Nest,
    text: String,
}

impl ByteTexts {
    pub fn new(paths: &[Option<Path>]) -> Self {
        Self { nest: Nest::new(paths), text: String::new() }
    }

    /// Shows the fields of a record with a text for each array of bytes.
    pub fn decode<T>(&mut self, raw: &[u8], fields: &[Value<'_>], show: impl FnOnce(&[Value<'_>]) -> T) -> T {
        let Self { nest, text, .. } = self;
        let mut ranges = vec![None; fields.len()];
        text.clear();
        nest.read(raw, |projection, nodes| {
            let nodes = nodes.unwrap_or_default();
            if !nodes.is_empty() {
                projection.trace(nodes, |slot, node| {
                    ranges[slot] = node.and_then(|node| bytes_at(nodes, node)).map(|bytes| {
                        let begin = text.len();
                        text.push_str(&String::from_utf8_lossy(&bytes));
                        begin..text.len()
                    });
                });
            }
        });
        let mut fields = fields.to_vec();
        for (field, range) in fields.iter_mut().zip(ranges) {
            if let Some(range) = range {
                *field = Value::Text(&text[range]);
            }
        }
        show(&fields)
    }
}

/// The bytes of the array at a node, if it is one of bytes.
fn bytes_at(nodes: &[Node<'_>], at: usize) -> Option<Vec<u8>> {
    let Node::Array { len, count } = nodes[at] else { return None };
    let byte = |node: &Node<'_>| match node {
        Node::Static(StaticNode::U64(byte)) => u8::try_from(*byte).ok(),
        Node::Static(StaticNode::I64(byte)) => u8::try_from(*byte).ok(),
        _ => None,
    };
    (len > 0 && len == count).then(|| nodes[at + 1..=at + len].iter().map(byte).collect()).flatten()
}

#[cfg(test)]
mod tests;
