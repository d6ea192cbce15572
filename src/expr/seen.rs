//! Comparisons that met no value of their type: `status == "503"` where every status is a number.
//!
//! They give an answer for each record, and no word; so it is noted whether any record had a value that
//! could have been equal.

use super::Lookup;
use super::names::Variable;
use super::operand::Operand;
use super::quick::{constant, variable};
use super::tree::children;
use crate::schema::{Met, Schema, What};
use cel::common::ast::{Expr as Node, IdedExpr, operators};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The comparisons of an expression.
#[derive(Debug)]
pub struct Comparisons {
    list: Vec<Comparison>,
    /// Each has met a value of its type: there is nothing left to note.
    are_settled: AtomicBool,
}

/// A name, and all that it is compared with: whoever asks for a number or a text means either.
#[derive(Debug)]
struct Comparison {
    /// The variables of that name.
    variables: Vec<usize>,
    /// The types of the constants.
    kinds: Vec<&'static str>,
    /// The variables of the other fields.
    others: Vec<usize>,
    met: Arc<Met>,
}

impl Comparisons {
    pub fn of(tree: &IdedExpr, variables: &[Variable], schema: &mut Schema) -> Self {
        let mut list: Vec<Comparison> = Vec::new();
        collect(tree, variables, &mut |variable: usize, kinds: Vec<&'static str>, others: Vec<usize>| {
            let is_same = |known: &&mut Comparison| variables[known.variables[0]].keys == variables[variable].keys;
            match list.iter_mut().find(is_same) {
                Some(known) => {
                    known.variables.push(variable);
                    known.kinds.extend(kinds);
                    known.others.extend(others);
                }
                None => list.push(Comparison { variables: vec![variable], kinds, others, met: Arc::default() }),
            }
        });
        for comparison in &mut list {
            let name = variables[comparison.variables[0]].name();
            comparison.met = schema.compare(match comparison.others.first() {
                Some(other) if comparison.kinds.is_empty() => What::Fields(name, variables[*other].name()),
                _ => What::Constants(name, comparison.kinds.clone()),
            });
        }
        Self { are_settled: AtomicBool::new(list.is_empty()), list }
    }

    /// Notes the types of a record's values.
    #[inline(always)]
    pub fn note(&self, lookup: Lookup<'_, '_>) {
        if !self.are_settled.load(Relaxed) {
            self.note_types(lookup);
        }
    }

    #[inline(never)]
    fn note_types(&self, lookup: Lookup<'_, '_>) {
        let mut are_settled = true;
        for comparison in self.list.iter().filter(|comparison| !comparison.met.fits.load(Relaxed)) {
            match comparison.other_type(lookup) {
                Some(None) => comparison.met.fits.store(true, Relaxed),
                Some(Some(kind)) => {
                    comparison.met.other.get_or_init(|| kind.to_owned());
                    are_settled = false;
                }
                None => are_settled = false,
            }
        }
        if are_settled {
            self.are_settled.store(true, Relaxed);
        }
    }
}

impl Comparison {
    /// The type of the record's value where it is another one; `None` where there is no value.
    fn other_type(&self, lookup: Lookup<'_, '_>) -> Option<Option<&'static str>> {
        let kinds_of = |places: &[usize]| -> Vec<&'static str> {
            let kinds = places.iter().filter_map(|place| lookup(*place).as_ref().map(kind));
            kinds.filter(|kind| *kind != "null").collect()
        };
        let (own, others) = (kinds_of(&self.variables), kinds_of(&self.others));
        let first = *own.first()?;
        if own.iter().any(|kind| self.kinds.contains(kind) || others.contains(kind)) {
            return Some(None);
        }
        // With nothing to compare it with, nothing can be said.
        if self.kinds.is_empty() && others.is_empty() { None } else { Some(Some(first)) }
    }
}

fn collect(tree: &IdedExpr, variables: &[Variable], each: &mut impl FnMut(usize, Vec<&'static str>, Vec<usize>)) {
    if let Node::Call(call) = &tree.expr
        && let [left, right] = call.args.as_slice()
    {
        let sides: Vec<&IdedExpr> = match (call.func_name.as_str(), &right.expr) {
            (operators::IN, Node::List(list)) => std::iter::once(left).chain(&list.elements).collect(),
            (operators::EQUALS | operators::NOT_EQUALS, _)
            | (operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS, _) => {
                vec![left, right]
            }
            _ => Vec::new(),
        };
        let kinds: Vec<&'static str> =
            sides.iter().filter_map(|side| constant(side)).map(|value| kind(&value)).collect();
        let is_value = |place: &usize| !variables[*place].is_presence;
        let mut named = sides.iter().filter_map(|side| variable(side, variables)).filter(is_value);
        if let Some(first) = named.next()
            && !kinds.contains(&"null")
        {
            let others: Vec<usize> = named.collect();
            // What is compared with something calculated may be of any type.
            if kinds.len() + others.len() + 1 == sides.len() {
                each(first, kinds, others);
            }
        }
    }
    children(tree).into_iter().for_each(|child| collect(child, variables, each));
}

/// The type of a value, in words.
pub fn kind(value: &Operand<'_>) -> &'static str {
    match value {
        Operand::Null => "null",
        Operand::Bool(_) => "true or false",
        Operand::Int(_) | Operand::Uint(_) | Operand::Whole(_) | Operand::Float(_) => "a number",
        Operand::Text(_) => "a text",
        Operand::Json(serde_json::Value::Array(_)) => "a list",
        Operand::Json(_) => "an object",
        Operand::Time(_) => "a time",
    }
}
