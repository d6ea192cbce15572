//! From a record that simd-json found sound to its shape.

use crate::decode::projection::Projection;
use crate::event::scan::{ends_scalar, string_end};
use simd_json::Node;

/// What a literal is followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string; its quote belongs to the literal.
    Text,
    Number,
    /// A string, a number, or one of the words `true`, `false` and `null`.
    Any,
    /// The end of the record.
    End,
}

/// A literal, what follows it, and the slot that takes it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'r> {
    pub literal: &'r [u8],
    pub kind: Kind,
    /// [`NO_SLOT`] for none.
    pub slot: u8,
}

/// What a record teaches.
#[derive(Debug)]
pub struct Lesson<'r> {
    /// The last one ends the record.
    pub steps: Vec<Step<'r>>,
    pub remarks: Remarks,
}

/// What is left to do once the values of a record are in their slots, in this order.
pub type Remarks = Box<[(usize, Remark)]>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The slot holds what that slot holds.
    As(usize),
    /// It holds an object or an array.
    Nested,
    /// What it held was replaced as a whole.
    Missing,
}

/// A record of more values has no shape.
const MAX_VALUES: usize = 256;
/// Beyond all slots that there may be.
pub const NO_SLOT: u8 = 63;

impl<'r> Lesson<'r> {
    /// `None` where there are too many values or slots, or where framing might cut such a record
    /// in two.
    pub fn new(raw: &'r [u8], tape: &[Node<'_>], projection: &Projection) -> Option<Self> {
        if projection.slots() > usize::from(NO_SLOT) {
            return None;
        }
        let mut steps = steps(raw)?;
        let leaves = leaves(tape);
        // By slot: the value that the steps leave there, and the node that belongs there.
        let (mut left, mut due) = (vec![None; projection.slots()], vec![None; projection.slots()]);
        projection.trace(tape, |slot, node| {
            due[slot] = node;
            if let Some(leaf) = node.and_then(|node| leaves[node])
                && let Some(Step { slot: taker @ NO_SLOT, .. }) = steps.get_mut(leaf)
            {
                *taker = slot as u8;
                left[slot] = Some(leaf);
            }
        });
        let mut remarks = Vec::new();
        for (slot, node) in due.iter().enumerate() {
            match node.map(|node| leaves[node]) {
                None if left[slot].is_some() => remarks.push((slot, Remark::Missing)),
                None => {}
                Some(None) => remarks.push((slot, Remark::Nested)),
                Some(leaf) if leaf == left[slot] => {}
                // A value that has gone to another slot already.
                Some(leaf) => {
                    let other = left.iter().position(|other| *other == leaf)?;
                    remarks.insert(0, (slot, Remark::As(other)));
                }
            }
        }
        Some(Self { steps, remarks: remarks.into() })
    }

    /// How long the literals are together.
    pub fn bytes(&self) -> usize {
        self.steps.iter().map(|step| step.literal.len()).sum()
    }
}

/// The text of a sound record, cut at its values.
fn steps(raw: &[u8]) -> Option<Vec<Step<'_>>> {
    let (mut steps, mut begin, mut at) = (Vec::new(), 0, 0);
    let step = |literal, kind| Step { literal, kind, slot: NO_SLOT };
    while at < raw.len() {
        // A large record may hold millions.
        if steps.len() > MAX_VALUES {
            return None;
        }
        match raw[at] {
            b'"' => {
                let end = string_end(raw, at).ok()?;
                let is_key = raw[end..].trim_ascii_start().starts_with(b":");
                if !is_key {
                    steps.push(step(&raw[begin..=at], Kind::Text));
                    begin = end;
                }
                at = end;
            }
            first @ (b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                let kind = if first.is_ascii_lowercase() { Kind::Any } else { Kind::Number };
                steps.push(step(&raw[begin..at], kind));
                at += raw[at..].iter().position(ends_scalar)?;
                begin = at;
            }
            // The beginning of a record on a line of its own.
            b'\n' if raw[at + 1..].starts_with(b"{") => return None,
            _ => at += 1,
        }
    }
    steps.push(step(&raw[begin..], Kind::End));
    (steps.len() <= MAX_VALUES + 1).then_some(steps)
}

/// By node of a tape, the number of the value that it is; none for keys, objects and arrays.
fn leaves(tape: &[Node<'_>]) -> Vec<Option<usize>> {
    let mut count = 0;
    // The open containers: how many nodes each still waits for, and whether it is an object.
    let mut open: Vec<(usize, bool)> = Vec::new();
    let number = |node: &Node<'_>| {
        while matches!(open.last(), Some((0, _))) {
            open.pop();
        }
        // In an object, keys and values take turns.
        let is_key = matches!(open.last(), Some((left, true)) if left % 2 == 0);
        if let Some((left, _)) = open.last_mut() {
            *left -= 1;
        }
        match *node {
            Node::Object { len, .. } => open.push((len * 2, true)),
            Node::Array { len, .. } => open.push((len, false)),
            Node::String(_) if is_key => {}
            Node::String(_) | Node::Static(_) => {
                count += 1;
                return Some(count - 1);
            }
        }
        None
    };
    tape.iter().map(number).collect()
}
