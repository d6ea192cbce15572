//! From a parsed record to the fields that were asked for, in one walk over its keys.
//!
//! A path matches nested objects, elements of arrays, and keys that hold its dots themselves
//! (`{"http": {"status": 200}}` and `{"http.status": 200}` alike). Of a key that comes twice, the
//! last one counts, as in jq.

use crate::event::Value;
use crate::schema::Path;
use simd_json::{Node, StaticNode};

/// All paths as one tree: what to do at each key of each object that matters.
#[derive(Clone, Debug)]
pub struct Projection {
    levels: Vec<Vec<Edge>>,
    slots: usize,
}

#[derive(Clone, Debug)]
struct Edge {
    key: String,
    /// The key as a place in an array.
    index: Option<usize>,
    /// Slots that take the value itself.
    slots: Vec<usize>,
    /// The level of [`Projection::levels`] for what is inside the value.
    inside: Option<usize>,
    /// A bit of its own, to notice a key that comes twice; none past the 64th edge.
    bit: u64,
}

impl Projection {
    pub fn new(paths: &[Option<Path>]) -> Self {
        let mut projection = Self { levels: vec![Vec::new()], slots: paths.len() };
        let mut edges = 0;
        for (slot, path) in paths.iter().enumerate() {
            if let Some(path) = path {
                projection.insert(0, path.keys(), slot, &mut edges);
            }
        }
        projection
    }

    /// How many slots [`Projection::read`] fills.
    pub fn slots(&self) -> usize {
        self.slots
    }

    fn insert(&mut self, level: usize, keys: &[String], slot: usize, edges: &mut u32) {
        // Each prefix of the path may stand in the record as one key with dots.
        for taken in 1..=keys.len() {
            let key = keys[..taken].join(".");
            let place = self.levels[level].iter().position(|edge| edge.key == key).unwrap_or_else(|| {
                let bit = 1u64.checked_shl(*edges).unwrap_or(0);
                *edges += 1;
                let index = key.parse().ok();
                self.levels[level].push(Edge { key, index, slots: Vec::new(), inside: None, bit });
                self.levels[level].len() - 1
            });
            if taken == keys.len() {
                self.levels[level][place].slots.push(slot);
                continue;
            }
            let inside = self.levels[level][place].inside.unwrap_or_else(|| {
                self.levels.push(Vec::new());
                self.levels.len() - 1
            });
            self.levels[level][place].inside = Some(inside);
            self.insert(inside, &keys[taken..], slot, edges);
        }
    }

    /// Fills `values`, all [`Value::Missing`] before, from the record whose nodes these are.
    pub fn read<'a>(&self, tape: &[Node<'a>], values: &mut [Value<'a>]) {
        self.trace(tape, |slot, node| values[slot] = node.map_or(Value::Missing, |node| value(tape[node])));
    }

    /// Tells, in the order of the record, which slot takes which node; none, where it loses the one
    /// it had.
    pub fn trace(&self, tape: &[Node<'_>], mut take: impl FnMut(usize, Option<usize>)) {
        self.walk(tape, 0, 0, &mut take, &mut 0);
    }

    /// Visits the container at `at`.
    fn walk(
        &self,
        tape: &[Node<'_>],
        at: usize,
        level: usize,
        take: &mut impl FnMut(usize, Option<usize>),
        seen: &mut u64,
    ) {
        let edges = &self.levels[level];
        match tape[at] {
            Node::Object { len, .. } => {
                let mut next = at + 1;
                for _ in 0..len {
                    let (key, value) = (tape[next], next + 1);
                    if let Node::String(key) = key
                        && let Some(edge) = edges.iter().find(|edge| edge.key == key)
                    {
                        self.follow(tape, value, edge, take, seen);
                    }
                    next = value + size(tape[value]);
                }
            }
            Node::Array { len, .. } => {
                let mut next = at + 1;
                for place in 0..len {
                    if let Some(edge) = edges.iter().find(|edge| edge.index == Some(place)) {
                        self.follow(tape, next, edge, take, seen);
                    }
                    next += size(tape[next]);
                }
            }
            _ => {}
        }
    }

    fn follow(
        &self,
        tape: &[Node<'_>],
        at: usize,
        edge: &Edge,
        take: &mut impl FnMut(usize, Option<usize>),
        seen: &mut u64,
    ) {
        edge.slots.iter().for_each(|slot| take(*slot, Some(at)));
        if let Some(inside) = edge.inside {
            if *seen & edge.bit != 0 {
                self.forget(inside, take);
            }
            *seen |= edge.bit;
            self.walk(tape, at, inside, take, seen);
        }
    }

    /// A key came a second time: what its first value held is gone.
    fn forget(&self, level: usize, take: &mut impl FnMut(usize, Option<usize>)) {
        for edge in &self.levels[level] {
            edge.slots.iter().for_each(|slot| take(*slot, None));
            if let Some(inside) = edge.inside {
                self.forget(inside, take);
            }
        }
    }
}

/// How many nodes of the tape a value takes.
fn size(node: Node<'_>) -> usize {
    match node {
        Node::Object { count, .. } | Node::Array { count, .. } => count + 1,
        Node::String(_) | Node::Static(_) => 1,
    }
}

fn value(node: Node<'_>) -> Value<'_> {
    match node {
        Node::String(text) => Value::Text(text),
        Node::Object { .. } | Node::Array { .. } => Value::Nested,
        Node::Static(StaticNode::Null) => Value::Null,
        Node::Static(StaticNode::Bool(bool)) => Value::Bool(bool),
        Node::Static(StaticNode::I64(number)) => Value::Int(number),
        Node::Static(StaticNode::U64(number)) => i64::try_from(number).map_or(Value::Uint(number), Value::Int),
        Node::Static(StaticNode::F64(number)) => Value::Float(number),
        // With Polars in the build the parser knows wider numbers; without it they are floats, as here.
        #[cfg(feature = "polars")]
        Node::Static(StaticNode::I128(number)) => Value::Float(number as f64),
        #[cfg(feature = "polars")]
        Node::Static(StaticNode::U128(number)) => Value::Float(number as f64),
    }
}
