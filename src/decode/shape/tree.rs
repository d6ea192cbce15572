//! The shapes as a tree: records that begin alike share its nodes.
//!
//! A node is the literal before a value, and the kind of that value; its children are the literals
//! that have followed it. Of the children of one node at most one fits any text: a literal ends
//! where a value or the record begins or ends, so that none that fits is the beginning of another.

use super::Fields;
use super::learn::{Kind, Lesson, NO_SLOT};
use super::number::Number;
use super::text::{self, Text};
use super::window::Window;
use crate::event::Value;

/// How many nodes a tree has at most, and how many shapes.
const MAX_NODES: usize = 4096;
const MAX_SHAPES: usize = 256;
/// How much text all literals have at most.
const MAX_LITERAL_BYTES: usize = 128 << 10;

/// The tree's nodes by number; the first is the root, whose literal is empty.
pub struct Tree {
    nodes: Vec<Node>,
    blocks: Vec<Block>,
    shapes: usize,
}

/// A cache line.
struct Node {
    literal: Literal,
    kind: Kind,
    /// Which slot the value is for; [`NO_SLOT`] for none. Where the record ends, not zero if there
    /// are remarks to its shape.
    slot: u8,
    /// The first of the children, or, where the record ends, the number of its shape.
    next: u32,
    /// The next child of the same parent.
    sibling: u32,
}

/// Bytes that have to stand in a place.
#[derive(Clone, Copy)]
struct Literal {
    /// The first 16 bytes, and which of their bits count.
    head: u128,
    mask: u128,
    length: u32,
    /// The blocks behind them.
    rest: (u32, u32),
}

/// 16 bytes of a literal; the last may overlap the one before it.
#[derive(Clone, Copy)]
struct Block {
    at: u32,
    bytes: u128,
}

/// A record that fitted a shape.
pub struct Match {
    pub end: usize,
    /// The number of the shape, where there are remarks to it.
    pub remarked: Option<usize>,
}

const ROOT: usize = 0;
const NONE: u32 = u32::MAX;

impl Tree {
    pub fn new() -> Self {
        let literal = Literal { length: 0, head: 0, mask: 0, rest: (0, 0) };
        let root = Node { literal, kind: Kind::Any, slot: NO_SLOT, next: NONE, sibling: NONE };
        Self { nodes: vec![root], blocks: Vec::new(), shapes: 0 }
    }

    /// Checks the record at `begin` against the shapes, and takes its values; else, the place where
    /// it stopped fitting.
    #[inline(always)]
    pub fn walk<'a>(&mut self, window: &Window<'a>, begin: usize, fields: &mut Fields<'a>) -> Result<Match, usize> {
        let (mut at, mut parent, mut taken) = (begin, ROOT, 0);
        let mut place = self.nodes[ROOT].next;
        loop {
            if let Some(node) = self.nodes.get(place as usize)
                && node.literal.is_at(window, at, &self.blocks)
            {
                let value = at + node.literal.length as usize;
                let end = match node.kind {
                    Kind::Text => window.text(value).map(|text| {
                        fields.put(node.slot, Value::Text(text));
                        value + text.len() + 1
                    }),
                    Kind::Number => match Number::read(window, value) {
                        Some(number) if fields.put_number(node.slot, number, window) => Some(number.end),
                        _ => None,
                    },
                    Kind::End => {
                        fields.settle(taken);
                        return Ok(Match { end: value, remarked: (node.slot != 0).then_some(node.next as usize) });
                    }
                    Kind::Any => None,
                };
                if let Some(end) = end {
                    taken |= 1 << (node.slot % 64);
                    (at, parent, place) = (end, place as usize, node.next);
                    continue;
                }
            }
            (at, parent) = self.odd_step(window, at, parent, fields)?;
            let node = &self.nodes[parent];
            taken |= 1 << (node.slot % 64);
            place = node.next;
        }
    }

    /// A step that is not the commonest: to another child, or over a value that is not plain.
    /// Answers where the value ends and which node it belongs to.
    #[inline(never)]
    fn odd_step<'a>(
        &mut self,
        window: &Window<'a>,
        at: usize,
        parent: usize,
        fields: &mut Fields<'a>,
    ) -> Result<(usize, usize), usize> {
        let place = self.turn(parent, window, at).ok_or(at)?;
        let node = &self.nodes[place];
        if node.kind == Kind::End {
            // The next step finds it in front.
            return Ok((at, parent));
        }
        let value = at + node.literal.length as usize - usize::from(node.kind == Kind::Text);
        let rest = window.view().get(value..).unwrap_or_default();
        let (value, end) = match rest.first() {
            Some(b'"') => match window.text(value + 1) {
                Some(text) => (Value::Text(text), value + text.len() + 2),
                None => {
                    let text = text::read(window, value + 1)?;
                    if matches!(text, Text::Escaped(_)) && usize::from(node.slot) < fields.values.len() {
                        fields.escaped.push(usize::from(node.slot));
                    }
                    (Value::Text(text.written()), value + text.written().len() + 2)
                }
            },
            _ if rest.starts_with(b"true") => (Value::Bool(true), value + 4),
            _ if rest.starts_with(b"false") => (Value::Bool(false), value + 5),
            _ if rest.starts_with(b"null") => (Value::Null, value + 4),
            _ => {
                let number = Number::read(window, value).ok_or_else(|| window.other(value))?;
                return if fields.put_number(node.slot, number, window) { Ok((number.end, place)) } else { Err(value) };
            }
        };
        fields.put(node.slot, value);
        Ok((end, place))
    }

    /// The child of `parent` that fits at `at`, moved before its siblings.
    fn turn(&mut self, parent: usize, window: &Window<'_>, at: usize) -> Option<usize> {
        let first = self.nodes[parent].next;
        let (mut before, mut place) = (NONE, first);
        loop {
            let node = self.nodes.get(place as usize)?;
            let begin = at + node.literal.length as usize;
            if node.literal.is_at(window, at, &self.blocks) && starts(node.kind, window.view(), begin) {
                break;
            }
            (before, place) = (place, node.sibling);
        }
        if before != NONE {
            self.nodes[before as usize].sibling = self.nodes[place as usize].sibling;
            self.nodes[place as usize].sibling = first;
            self.nodes[parent].next = place;
        }
        Some(place as usize)
    }

    /// The number of the shape of a record; numbers are given in order. `None` where there is no
    /// room for a new one.
    pub fn insert(&mut self, lesson: &Lesson<'_>) -> Option<usize> {
        let is_full = self.shapes == MAX_SHAPES
            || self.nodes.len() + lesson.steps.len() > MAX_NODES
            || self.blocks.len() * size_of::<Block>() + lesson.bytes() > MAX_LITERAL_BYTES;
        let mut place = ROOT;
        for step in &lesson.steps {
            let known = self.child(place, step.literal, step.kind);
            place = match known {
                Some(child) => child,
                None if is_full => return None,
                None => {
                    let next = if step.kind == Kind::End { self.shapes as u32 } else { NONE };
                    self.shapes += usize::from(step.kind == Kind::End);
                    let literal = Literal::new(step.literal, &mut self.blocks);
                    let sibling = self.nodes[place].next;
                    let slot = if step.kind == Kind::End { lesson.remarks.len().min(1) as u8 } else { step.slot };
                    self.nodes.push(Node { literal, kind: step.kind, slot, next, sibling });
                    self.nodes[place].next = self.nodes.len() as u32 - 1;
                    self.nodes.len() - 1
                }
            };
        }
        Some(self.nodes[place].next as usize)
    }

    /// The child with that literal whose value is of that kind, or may be of any.
    fn child(&mut self, parent: usize, literal: &[u8], kind: Kind) -> Option<usize> {
        let mut place = self.nodes[parent].next as usize;
        loop {
            let node = self.nodes.get(place)?;
            let known = node.literal.text(&self.blocks);
            if node.kind == kind && known == literal {
                return Some(place);
            }
            if node.kind != Kind::End && kind != Kind::End && bare(&known, node.kind) == bare(literal, kind) {
                // Values of several kinds come in the same place.
                if node.kind != Kind::Any {
                    let literal = Literal::new(bare(literal, kind), &mut self.blocks);
                    (self.nodes[place].literal, self.nodes[place].kind) = (literal, Kind::Any);
                }
                return Some(place);
            }
            place = node.sibling as usize;
        }
    }
}

/// The literal without the quote that begins a text.
fn bare(literal: &[u8], kind: Kind) -> &[u8] {
    if kind == Kind::Text { &literal[..literal.len() - 1] } else { literal }
}

/// Whether what begins at `begin` can be a value of that kind.
fn starts(kind: Kind, bytes: &[u8], begin: usize) -> bool {
    let first = bytes.get(begin);
    match kind {
        // Their literals say it all.
        Kind::Text | Kind::End => true,
        Kind::Number => matches!(first, Some(b'-' | b'0'..=b'9')),
        Kind::Any => matches!(first, Some(b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')),
    }
}

impl Literal {
    fn new(text: &[u8], blocks: &mut Vec<Block>) -> Self {
        let mut head = [0; 16];
        let count = text.len().min(head.len());
        head[..count].copy_from_slice(&text[..count]);
        let mask = if count == head.len() { u128::MAX } else { (1 << (8 * count)) - 1 };
        let first = blocks.len() as u32;
        for at in (16..text.len()).step_by(16).map(|at| at.min(text.len() - 16)) {
            let bytes = text[at..].first_chunk().expect("as far from the end");
            blocks.push(Block { at: at as u32, bytes: u128::from_le_bytes(*bytes) });
        }
        let (head, rest) = (u128::from_le_bytes(head), (first, blocks.len() as u32));
        Self { head, mask, length: text.len() as u32, rest }
    }

    /// Whether it stands at `at`. Needs 16 bytes to look at, however short it is.
    #[inline(always)]
    fn is_at(&self, window: &Window<'_>, at: usize, blocks: &[Block]) -> bool {
        window.word(at).is_some_and(|word| (word ^ self.head) & self.mask == 0)
            && (self.length <= 16 || self.goes_on(window, at, blocks))
    }

    #[inline(never)]
    fn goes_on(&self, window: &Window<'_>, at: usize, blocks: &[Block]) -> bool {
        let blocks = &blocks[self.rest.0 as usize..self.rest.1 as usize];
        blocks.iter().all(|block| window.word(at + block.at as usize) == Some(block.bytes))
    }

    fn text(&self, blocks: &[Block]) -> Vec<u8> {
        let mut text = self.head.to_le_bytes().to_vec();
        text.resize(self.length as usize, 0);
        for block in &blocks[self.rest.0 as usize..self.rest.1 as usize] {
            text[block.at as usize..block.at as usize + 16].copy_from_slice(&block.bytes.to_le_bytes());
        }
        text
    }
}
