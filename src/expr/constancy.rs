//! Conditions that say the same of every record, though they name fields: `x == x`, `a || true`.
//!
//! What is found is a part that decides the whole, whatever the records hold; nothing that depends on them.

use super::tree::children;
use super::whole::whole;
use cel::common::ast::{CallExpr, Expr as Node, IdedExpr, LiteralValue, operators};

/// Why a condition says the same of every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constancy {
    /// One thing is compared with itself.
    Itself,
    /// A part of it names no field, and decides: `a || true`.
    Decided(bool),
    /// One field is to have two values at once: `a == 1 && a == 2`.
    Two,
    /// One field is not to have one of two values: `a != 1 || a != 2`.
    Either,
}

/// The first part of a condition by which it, or an operand of its, says the same of every record. `constant`
/// works out a part that names no field.
pub fn find(tree: &IdedExpr, constant: &dyn Fn(&IdedExpr) -> Option<bool>) -> Option<Constancy> {
    let Node::Call(call) = &tree.expr else { return None };
    let operator = call.func_name.as_str();
    match (operator, call.args.as_slice()) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR, parts) if call.target.is_none() => {
            let decides = operator == operators::LOGICAL_OR;
            let is_decided = |part: &IdedExpr| !names_any(part) && constant(part) == Some(decides);
            if parts.iter().any(is_decided) {
                return Some(Constancy::Decided(decides));
            }
            parts.iter().find_map(|part| find(part, constant)).or_else(|| contradiction(tree, operator))
        }
        (operators::LOGICAL_NOT, [inner]) => find(inner, constant),
        (operators::CONDITIONAL, parts) => parts.iter().find_map(|part| find(part, constant)),
        (_, [left, right]) if is_comparison(call) && names_any(left) && is_same(left, right) => Some(Constancy::Itself),
        _ => None,
    }
}

fn is_comparison(call: &CallExpr) -> bool {
    const COMPARISONS: [&str; 6] = [
        operators::EQUALS,
        operators::NOT_EQUALS,
        operators::LESS,
        operators::LESS_EQUALS,
        operators::GREATER,
        operators::GREATER_EQUALS,
    ];
    COMPARISONS.contains(&call.func_name.as_str())
}

/// Whether a part looks up anything: a field, or what a macro binds.
fn names_any(tree: &IdedExpr) -> bool {
    matches!(tree.expr, Node::Ident(_)) || children(tree).into_iter().any(names_any)
}

/// Whether two parts are written alike.
fn is_same(one: &IdedExpr, other: &IdedExpr) -> bool {
    match (&one.expr, &other.expr) {
        (Node::Ident(one), Node::Ident(other)) => one == other,
        (Node::Literal(one), Node::Literal(other)) => one == other,
        (Node::Call(a), Node::Call(b)) => {
            let (parts, others) = (children(one), children(other));
            a.func_name == b.func_name
                && a.target.is_some() == b.target.is_some()
                && parts.len() == others.len()
                && parts.into_iter().zip(others).all(|(part, other)| is_same(part, other))
        }
        _ => false,
    }
}

/// Two parts of a chain of `&&` (of `||`) that no record can both meet (both miss).
fn contradiction(tree: &IdedExpr, operator: &str) -> Option<Constancy> {
    let (equality, found) = match operator {
        operators::LOGICAL_AND => (operators::EQUALS, Constancy::Two),
        _ => (operators::NOT_EQUALS, Constancy::Either),
    };
    let mut parts = Vec::new();
    chain(tree, operator, &mut parts);
    let equals: Vec<(&str, &IdedExpr)> = parts.into_iter().filter_map(|part| equality_of(part, equality)).collect();
    let contradicts = |(place, (name, value)): (usize, &(&str, &IdedExpr))| {
        equals[..place].iter().any(|(other, known)| name == other && !is_same(value, known) && are_alike(value, known))
    };
    equals.iter().enumerate().any(contradicts).then_some(found)
}

fn chain<'t>(tree: &'t IdedExpr, operator: &str, to: &mut Vec<&'t IdedExpr>) {
    match &tree.expr {
        Node::Call(call) if call.func_name == operator => call.args.iter().for_each(|part| chain(part, operator, to)),
        _ => to.push(tree),
    }
}

/// `x == constant`.
fn equality_of<'t>(tree: &'t IdedExpr, equality: &str) -> Option<(&'t str, &'t IdedExpr)> {
    let Node::Call(call) = &tree.expr else { return None };
    match call.args.as_slice() {
        [IdedExpr { expr: Node::Ident(name), .. }, value] if call.func_name == equality && !names_any(value) => {
            Some((name, value))
        }
        _ => None,
    }
}

/// Whether two constants are of one type, so that they are equal only where they are written alike.
fn are_alike(one: &IdedExpr, other: &IdedExpr) -> bool {
    let is_whole = |tree: &IdedExpr| match &tree.expr {
        Node::Literal(LiteralValue::Int(_)) => true,
        Node::Call(call) => whole(call).is_some(),
        _ => false,
    };
    let is_text = |tree: &IdedExpr| matches!(tree.expr, Node::Literal(LiteralValue::String(_)));
    is_whole(one) && is_whole(other) || is_text(one) && is_text(other)
}
