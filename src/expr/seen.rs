//! Comparisons that met no value of their type: `status == "503"` where every status is a number.
//!
//! They give an answer for each record, and no word; so it is noted whether any record had a value that
//! could have been equal.

use super::Lookup;
use super::names::Variable;
use super::operand::Operand;
use super::quick::{constant, variable};
use super::tree::children;
use crate::schema::{Met, Schema};
use cel::common::ast::{Expr as Node, IdedExpr, operators};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The comparisons of variables with constants in an expression.
#[derive(Debug)]
pub struct Comparisons {
    /// Each variable, the types of what it is compared with, and what it met.
    list: Vec<(usize, Vec<&'static str>, Arc<Met>)>,
    /// Each has met a value of its type: there is nothing left to note.
    are_settled: AtomicBool,
}

impl Comparisons {
    pub fn of(tree: &IdedExpr, variables: &[Variable], schema: &mut Schema) -> Self {
        let mut list = Vec::new();
        collect(tree, variables, &mut |variable: usize, kinds: Vec<&'static str>| {
            list.push((variable, kinds.clone(), schema.compare(variables[variable].name(), kinds)));
        });
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
        for (variable, kinds, met) in self.list.iter().filter(|(.., met)| !met.fits.load(Relaxed)) {
            match lookup(*variable).as_ref().map(kind) {
                Some(kind) if kinds.contains(&kind) => met.fits.store(true, Relaxed),
                None | Some("null") => are_settled = false,
                Some(kind) => {
                    _ = met.other.set(kind);
                    are_settled = false;
                }
            }
        }
        if are_settled {
            self.are_settled.store(true, Relaxed);
        }
    }
}

fn collect(tree: &IdedExpr, variables: &[Variable], each: &mut impl FnMut(usize, Vec<&'static str>)) {
    if let Node::Call(call) = &tree.expr
        && let [left, right] = call.args.as_slice()
    {
        let constants: Vec<&IdedExpr> = match (call.func_name.as_str(), &right.expr) {
            (operators::IN, Node::List(list)) => list.elements.iter().collect(),
            (operators::EQUALS | operators::NOT_EQUALS, _)
            | (operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS, _) => {
                vec![left, right]
            }
            _ => Vec::new(),
        };
        let kinds: Vec<&'static str> = constants.into_iter().filter_map(constant).map(|value| kind(&value)).collect();
        if let Some(variable) = variable(left, variables).or_else(|| variable(right, variables))
            && !kinds.is_empty()
            && !kinds.contains(&"null")
            && !variables[variable].is_presence
        {
            each(variable, kinds);
        }
    }
    children(tree).into_iter().for_each(|child| collect(child, variables, each));
}

/// The type of a value, in words.
pub fn kind(value: &Operand<'_>) -> &'static str {
    match value {
        Operand::Null => "null",
        Operand::Bool(_) => "true or false",
        Operand::Int(_) | Operand::Uint(_) | Operand::Float(_) => "a number",
        Operand::Text(_) => "a text",
        Operand::Json(serde_json::Value::Array(_)) => "a list",
        Operand::Json(_) => "an object",
        Operand::Time(_) => "a time",
    }
}
