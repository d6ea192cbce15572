//! Our operators in place of CEL's: the functions that a tree calls once it is evaluated.

use super::arithmetic::{BINARY, SUM, ours};
use super::names::is_arithmetic;
use super::number::Operation;
use super::tree::children_mut;
use super::whole::whole;
use cel::common::ast::{CallExpr, Expr as Node, IdedExpr, LiteralValue, operators};

/// Puts our functions in place of the operators; `wants_number` says that only a number can be meant.
pub fn take_operators(tree: &mut IdedExpr, wants_number: bool) {
    let mut inner_wants = false;
    if let Node::Call(call) = &mut tree.expr
        && call.target.is_none()
    {
        let (is_sum, name) = (call.func_name == operators::ADD, call.func_name.as_str());
        let is_binary = BINARY.iter().any(|(operator, _)| *operator == name);
        inner_wants = is_arithmetic(name)
            || is_sum && wants_number
            || is_binary && name != operators::IN && call.args.iter().any(is_number);
        if is_sum && inner_wants {
            SUM.clone_into(&mut call.func_name);
        } else if (is_binary || name == operators::NEGATE) && !appends(call) {
            call.func_name = ours(&call.func_name);
        }
    }
    if let Node::Call(call) = &mut tree.expr
        && let (operators::CONDITIONAL, [condition, one, other]) = (call.func_name.as_str(), call.args.as_mut_slice())
    {
        take_operators(condition, false);
        [one, other].into_iter().for_each(|branch| take_operators(branch, wants_number));
        return;
    }
    children_mut(tree).into_iter().for_each(|part| take_operators(part, inner_wants));
}

/// Whether a part is a number, whatever the records hold.
fn is_number(tree: &IdedExpr) -> bool {
    match &tree.expr {
        Node::Literal(LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_)) => true,
        Node::Call(call) => {
            whole(call).is_some()
                || is_arithmetic(&call.func_name)
                || call.func_name == operators::ADD && call.args.iter().any(is_number)
                || matches!(call.func_name.as_str(), "size" | "int" | "uint" | "double")
        }
        _ => false,
    }
}

/// Whether it is the step of a macro that makes a list: CEL knows it by its operator, and appends in place.
fn appends(call: &CallExpr) -> bool {
    call.func_name == operators::ADD
        && matches!(call.args.first().map(|first| &first.expr), Some(Node::Ident(name)) if name == "@result")
}

/// The operation that a call of the tree stands for, where its operators are ours.
pub fn operation(call: &CallExpr) -> Option<Operation> {
    if call.func_name == SUM {
        return Some(Operation::Add);
    }
    Operation::of_operator(call.func_name.strip_prefix('@')?)
}

pub fn is_negation(call: &CallExpr) -> bool {
    call.func_name.strip_prefix('@').unwrap_or(&call.func_name) == operators::NEGATE
}
