//! The shapes as a tree: records that begin alike share its nodes.
//!
//! A node is the literal before a value, and the kind of that value; its children are the literals
//! that have followed it. Of the children of one node at most one fits any text: a literal ends
//! where a value or the record begins or ends, so that none that fits is the beginning of another.

use super::Fields;
use super::learn::{Kind, Lesson, NO_SLOT, Step};
use super::literal::Literal;
use super::number::{self, Before};
use super::run::Column;
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
    shapes: usize,
    literal_bytes: usize,
}

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
    parent: u32,
}

/// A record that fitted a shape.
pub struct Match {
    pub end: usize,
    /// The node that ends it.
    pub node: usize,
    /// There are remarks to its shape.
    pub is_remarked: bool,
}

const ROOT: usize = 0;
const NONE: u32 = u32::MAX;

impl Tree {
    pub fn new() -> Self {
        let literal = Literal::new(b"");
        let root = Node { literal, kind: Kind::Any, slot: NO_SLOT, next: NONE, sibling: NONE, parent: NONE };
        Self { nodes: vec![root], shapes: 0, literal_bytes: 0 }
    }

    /// Checks the record at `begin` against the shapes, and takes its values; else, the place where
    /// it stopped fitting.
    #[inline(always)]
    pub fn walk<'a>(&mut self, window: &Window<'a>, begin: usize, fields: &mut Fields<'a>) -> Result<Match, usize> {
        let (mut at, mut parent, mut taken) = (begin, ROOT, 0);
        let mut place = self.nodes[ROOT].next;
        loop {
            if let Some(node) = self.nodes.get(place as usize)
                && node.literal.is_at(window, at)
            {
                let value = at + node.literal.len();
                let end = match node.kind {
                    Kind::Text => window.text(value).map(|text| {
                        fields.put(node.slot, Value::Text(text));
                        value + text.len() + 1
                    }),
                    Kind::Number => fields.put_number(node.slot, window, value),
                    Kind::End => {
                        fields.settle(taken);
                        return Ok(Match { end: value, node: place as usize, is_remarked: node.slot != 0 });
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
        let value = at + node.literal.len() - usize::from(node.kind == Kind::Text);
        if let Some((plain, end)) = scalar(window, value) {
            fields.put(node.slot, plain);
            return Ok((end, place));
        }
        if window.view().get(value) != Some(&b'"') {
            // A number whose digits reach the end of the marks, or one that nobody can tell.
            return Err(window.other(value));
        }
        let text = text::read(window, value + 1)?;
        if matches!(text, Text::Escaped(_)) && usize::from(node.slot) < fields.values.len() {
            fields.escaped.push(usize::from(node.slot));
        }
        fields.put(node.slot, Value::Text(text.written()));
        Ok((value + text.written().len() + 2, place))
    }

    /// The child of `parent` that fits at `at`, moved before its siblings.
    fn turn(&mut self, parent: usize, window: &Window<'_>, at: usize) -> Option<usize> {
        let first = self.nodes[parent].next;
        let (mut before, mut place) = (NONE, first);
        loop {
            let node = self.nodes.get(place as usize)?;
            let begin = at + node.literal.len();
            if node.literal.is_at(window, at) && starts(node.kind, window.view(), begin) {
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
            || self.literal_bytes + lesson.bytes() > MAX_LITERAL_BYTES;
        let mut place = ROOT;
        for step in &lesson.steps {
            let known = self.child(place, step.literal, step.kind);
            place = match known {
                Some(child) => child,
                None if is_full => return None,
                None => self.add(place, step, !lesson.remarks.is_empty()),
            };
        }
        Some(self.shape(place))
    }

    fn add(&mut self, parent: usize, step: &Step<'_>, is_remarked: bool) -> usize {
        let (mut next, mut slot) = (NONE, step.slot);
        if step.kind == Kind::End {
            (next, slot) = (self.shapes as u32, u8::from(is_remarked));
            self.shapes += 1;
        }
        let place = self.nodes.len();
        let sibling = std::mem::replace(&mut self.nodes[parent].next, place as u32);
        let literal = Literal::new(step.literal);
        self.literal_bytes += literal.len();
        self.nodes.push(Node { literal, kind: step.kind, slot, next, sibling, parent: parent as u32 });
        place
    }

    /// The number of the shape that ends with a node.
    pub fn shape(&self, end: usize) -> usize {
        self.nodes[end].next as usize
    }

    /// The steps of the shape that ends with a node.
    pub fn steps(&self, end: usize) -> Vec<Column> {
        let mut steps = Vec::new();
        let mut place = end;
        while let Some(node) = self.nodes.get(place).filter(|_| place != ROOT) {
            steps.push(Column { literal: node.literal.clone(), kind: node.kind, slot: node.slot });
            place = node.parent as usize;
        }
        steps.reverse();
        steps
    }

    /// The child with that literal whose value is of that kind, or may be of any.
    fn child(&mut self, parent: usize, literal: &[u8], kind: Kind) -> Option<usize> {
        let mut place = self.nodes[parent].next as usize;
        loop {
            let node = self.nodes.get(place)?;
            let known = node.literal.text();
            if node.kind == kind && known == literal {
                return Some(place);
            }
            if node.kind != Kind::End && kind != Kind::End && bare(&known, node.kind) == bare(literal, kind) {
                // Values of several kinds come in the same place.
                if node.kind != Kind::Any {
                    let literal = Literal::new(bare(literal, kind));
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

/// The plain value at `at` and where it ends.
pub fn scalar<'a>(window: &Window<'a>, at: usize) -> Option<(Value<'a>, usize)> {
    let rest = window.view().get(at..)?;
    Some(match rest.first()? {
        b'"' => {
            let text = window.text(at + 1)?;
            (Value::Text(text), at + text.len() + 2)
        }
        b't' if rest.starts_with(b"true") => (Value::Bool(true), at + 4),
        b'f' if rest.starts_with(b"false") => (Value::Bool(false), at + 5),
        b'n' if rest.starts_with(b"null") => (Value::Null, at + 4),
        _ => {
            let mut value = Value::Missing;
            let end = number::take(window, at, &mut Before::none(), &mut value)?;
            (value, end)
        }
    })
}
