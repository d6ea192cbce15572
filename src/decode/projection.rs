//! From a parsed record to the fields that were asked for, in one walk over its keys.
//!
//! A path matches nested objects, elements of arrays, and keys that hold its dots themselves
//! (`{"http": {"status": 200}}` and `{"http.status": 200}` alike). Of a key that comes twice, the
//! last one counts, as in jq.

use crate::event::{Value, written};
use crate::schema::Path;
use simd_json::{Node, StaticNode};

/// All paths as one tree: what to do at each key of each object that matters.
#[derive(Clone, Debug)]
pub struct Projection {
    levels: Vec<Vec<Edge>>,
    /// By slot.
    paths: Vec<Option<Path>>,
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
        let mut projection = Self { levels: vec![Vec::new()], paths: paths.to_vec() };
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
        self.paths.len()
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
    pub fn read<'a>(&self, tape: &[Node<'a>], raw: &'a [u8], values: &mut [Value<'a>]) {
        let mut are_wide = false;
        self.trace(tape, |slot, node| {
            values[slot] = node.map_or(Value::Missing, |node| value(tape[node]));
            are_wide |= is_wide(&values[slot]);
        });
        if are_wide {
            self.widen(raw, values);
        }
    }

    /// An integer of more than 64 bits is a double to the parser: its own text has all of its digits.
    #[cold]
    fn widen<'a>(&self, raw: &'a [u8], values: &mut [Value<'a>]) {
        for (value, path) in values.iter_mut().zip(&self.paths).filter(|(value, _)| is_wide(value)) {
            let text = path.as_ref().and_then(|path| written::find(raw, path.keys()));
            if let Some(digits) = text.and_then(|text| std::str::from_utf8(text).ok()).filter(|text| is_integer(text)) {
                *value = Value::Big(digits);
            }
        }
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

/// Whether it may be an integer that fits no other form.
fn is_wide(value: &Value<'_>) -> bool {
    const TWO_TO_THE_63RD: f64 = 9_223_372_036_854_775_808.0;
    matches!(value, Value::Float(number) if number.abs() >= TWO_TO_THE_63RD)
}

fn is_integer(text: &str) -> bool {
    text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit())
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
        // With Polars in the build the parser knows wider numbers; without it they are floats, as here. Either
        // way they are read from the record's text.
        #[cfg(feature = "polars")]
        Node::Static(StaticNode::I128(number)) => Value::Float(number as f64),
        #[cfg(feature = "polars")]
        Node::Static(StaticNode::U128(number)) => Value::Float(number as f64),
    }
}
