//! What can be said of an expression's types before any record is seen.
//!
//! Only what holds for every record is refused: a name may be of any type.

use super::ExprError;
use super::names::{Variable, is_arithmetic};
use super::tree::{children, function_namespace};
use cel::common::ast::{CallExpr, Expr as Node, IdedExpr, LiteralValue, operators};

/// The type of a part of an expression, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Unknown,
    Null,
    Bool,
    Number,
    /// What arithmetic gives: a number, a time or a duration.
    Calculated,
    /// What `+` gives of what is unknown: a number, a time, a text or a list.
    Sum,
    Text,
    List,
    Map,
    Time,
    Duration,
}

impl Type {
    /// In words, as an error shows it.
    pub fn name(self) -> &'static str {
        match self {
            Type::Unknown => "something unknown",
            Type::Null => "null",
            Type::Bool => "true or false",
            Type::Number | Type::Calculated => "a number",
            Type::Sum => "a sum",
            Type::Text => "a text",
            Type::List => "a list",
            Type::Map => "a map",
            Type::Time => "a time",
            Type::Duration => "a duration",
        }
    }

    /// Whether values of these types can be equal.
    fn may_equal(self, other: Self) -> bool {
        let is_calculated = |one: Self, other: Self| {
            one == Type::Calculated && matches!(other, Type::Number | Type::Time | Type::Duration | Type::Calculated)
        };
        let is_sum = |one: Self, other: Self| one == Type::Sum && !matches!(other, Type::Bool | Type::Map);
        let is_any = |one: Self| matches!(one, Type::Unknown | Type::Null);
        self == other
            || is_sum(self, other)
            || is_sum(other, self)
            || is_any(self)
            || is_any(other)
            || is_calculated(self, other)
            || is_calculated(other, self)
    }

    fn has_order(self) -> bool {
        !matches!(self, Type::Null | Type::List | Type::Map)
    }
}

/// The type of an expression; refuses what can be of no use, whatever the records hold.
pub fn check(source: &str, tree: &IdedExpr, variables: &[Variable]) -> Result<Type, ExprError> {
    Check { source, variables }.of(tree)
}

struct Check<'s> {
    source: &'s str,
    variables: &'s [Variable],
}

impl Check<'_> {
    fn of(&self, tree: &IdedExpr) -> Result<Type, ExprError> {
        match &tree.expr {
            Node::Literal(literal) => Ok(of_literal(literal)),
            Node::Ident(ident) => {
                let is_presence = |variable: &Variable| variable.ident == *ident && variable.is_presence;
                Ok(if self.variables.iter().any(is_presence) { Type::Bool } else { Type::Unknown })
            }
            Node::List(_) => self.inside(tree).map(|()| Type::List),
            Node::Map(_) => self.inside(tree).map(|()| Type::Map),
            Node::Select(select) if select.test => self.inside(tree).map(|()| Type::Bool),
            // The macros are made of what they are not: their parts are of any type.
            Node::Comprehension(_) | Node::Select(_) | Node::Struct(_) | Node::Unspecified => Ok(Type::Unknown),
            Node::Call(call) => self.of_call(tree, call),
        }
    }

    fn inside(&self, tree: &IdedExpr) -> Result<(), ExprError> {
        children(tree).into_iter().try_for_each(|child| self.of(child).map(|_| ()))
    }

    fn of_call(&self, tree: &IdedExpr, call: &CallExpr) -> Result<Type, ExprError> {
        match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [left, right]) => {
                self.is_condition(left, &call.func_name)?;
                self.is_condition(right, &call.func_name)?;
                Ok(Type::Bool)
            }
            (operators::LOGICAL_NOT, None, [inner]) => {
                self.is_condition(inner, &call.func_name)?;
                Ok(Type::Bool)
            }
            (operators::CONDITIONAL, None, [condition, one, other]) => {
                self.is_condition(condition, &call.func_name)?;
                let (one, other) = (self.of(one)?, self.of(other)?);
                Ok(if one == other { one } else { Type::Unknown })
            }
            (operators::EQUALS | operators::NOT_EQUALS, None, [left, right]) => {
                let types = (self.of(left)?, self.of(right)?);
                if !types.0.may_equal(types.1) {
                    return Err(self.unequal(&call.func_name, (left, right), types));
                }
                Ok(Type::Bool)
            }
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                None,
                [left, right],
            ) => {
                let types = (self.of(left)?, self.of(right)?);
                if !types.0.has_order() || !types.1.has_order() || !types.0.may_equal(types.1) {
                    return Err(self.unequal(&call.func_name, (left, right), types));
                }
                Ok(Type::Bool)
            }
            (operators::IN, None, [value, list]) => {
                self.of(value)?;
                match self.of(list)? {
                    Type::Unknown | Type::List | Type::Map => Ok(Type::Bool),
                    Type::Text => Err(ExprError::in_text(self.source)),
                    other => Err(ExprError::not_a_list(self.source, other.name())),
                }
            }
            (operators::ADD, None, [left, right]) => self.sum(left, right),
            (name, None, parts) if is_arithmetic(name) => self.calculated(name, parts),
            (operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT, ..) => {
                self.inside(tree).map(|()| Type::Unknown)
            }
            (name, target, parts) => {
                if !function_namespace(call) {
                    self.takes_texts(name, target.as_deref(), parts)?;
                }
                self.inside(tree).map(|()| of_function(name))
            }
        }
    }

    /// Refuses what is no text, where a function takes nothing else.
    fn takes_texts(&self, name: &str, target: Option<&IdedExpr>, parts: &[IdedExpr]) -> Result<(), ExprError> {
        let texts = match name {
            "contains" | "startsWith" | "endsWith" | "matches" | "split" | "indexOf" | "lastIndexOf" => 1,
            "replace" => 2,
            "lowerAscii" | "upperAscii" | "trim" | "substring" | "charAt" => 0,
            _ => return Ok(()),
        };
        // `matches(text, pattern)` has no target.
        let texts = texts + usize::from(target.is_none());
        target.into_iter().chain(parts.iter().take(texts)).try_for_each(|part| match self.of(part)? {
            Type::Unknown | Type::Text | Type::Sum => Ok(()),
            other => Err(ExprError::not_text(self.source, name, other.name())),
        })
    }

    fn sum(&self, left: &IdedExpr, right: &IdedExpr) -> Result<Type, ExprError> {
        match (self.of(left)?, self.of(right)?) {
            (Type::Unknown | Type::Sum, Type::Unknown | Type::Sum) => Ok(Type::Sum),
            (Type::Unknown | Type::Sum, other) | (other, Type::Unknown | Type::Sum)
                if !matches!(other, Type::Bool | Type::Null | Type::Map) =>
            {
                Ok(if matches!(other, Type::Text | Type::List) { other } else { Type::Calculated })
            }
            (one @ (Type::Bool | Type::Null | Type::Map), _) | (_, one @ (Type::Bool | Type::Null | Type::Map)) => {
                Err(ExprError::not_calculated(self.source, "+", one.name()))
            }
            (one, other) if one == other => Ok(one),
            (one @ (Type::Text | Type::List), _) | (_, one @ (Type::Text | Type::List)) => {
                Err(ExprError::not_calculated(self.source, "+", one.name()))
            }
            _ => Ok(Type::Calculated),
        }
    }

    fn calculated(&self, operator: &str, parts: &[IdedExpr]) -> Result<Type, ExprError> {
        let mut all = Type::Number;
        for part in parts {
            match self.of(part)? {
                Type::Number => {}
                Type::Unknown | Type::Sum | Type::Calculated | Type::Time | Type::Duration => all = Type::Calculated,
                other => {
                    return Err(ExprError::not_calculated(self.source, &operator.replace('_', ""), other.name()));
                }
            }
        }
        Ok(all)
    }

    /// Refuses what is neither true nor false, as an operand of `&&`, `||`, `!` and `?`.
    fn is_condition(&self, tree: &IdedExpr, operator: &str) -> Result<(), ExprError> {
        match self.of(tree)? {
            Type::Unknown | Type::Bool => Ok(()),
            other => {
                let operator: String = operator.chars().filter(|char| !matches!(char, '_' | ':')).collect();
                Err(ExprError::no_condition(self.source, &operator, other.name()))
            }
        }
    }

    fn unequal(&self, operator: &str, sides: (&IdedExpr, &IdedExpr), types: (Type, Type)) -> ExprError {
        let operator = operator.replace('_', "");
        // `sc-status == "503"`: a name with a hyphen reads as a subtraction.
        let difference = |side: &IdedExpr| match &side.expr {
            Node::Call(call) if call.func_name == operators::SUBSTRACT => self.as_one_name(&call.args),
            _ => None,
        };
        match difference(sides.0).or_else(|| difference(sides.1)) {
            Some((plain, joined)) if types.0 == Type::Text || types.1 == Type::Text => {
                ExprError::hyphen(self.source, &plain, &joined)
            }
            _ => ExprError::never(self.source, &operator, types.0.name(), types.1.name()),
        }
    }

    /// `sc - status` as it was meant: the subtraction, and the name in backticks.
    fn as_one_name(&self, parts: &[IdedExpr]) -> Option<(String, String)> {
        let name = |node: &IdedExpr| match &node.expr {
            Node::Ident(ident) => self.variables.iter().find(|variable| variable.ident == *ident).map(Variable::name),
            _ => None,
        };
        let [left, right] = parts else { return None };
        let (left, right) = (name(left)?, name(right)?);
        Some((format!("{left} - {right}"), format!("`{left}-{right}`")))
    }
}

fn of_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Null => Type::Null,
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => Type::Number,
        LiteralValue::String(_) => Type::Text,
        LiteralValue::Bytes(_) => Type::Unknown,
    }
}

fn of_function(name: &str) -> Type {
    match name {
        "contains" | "startsWith" | "endsWith" | "matches" | "bool" | "hasValue" => Type::Bool,
        "@whole" | "size" | "int" | "uint" | "double" | "indexOf" | "lastIndexOf" => Type::Number,
        "string" | "lowerAscii" | "upperAscii" | "trim" | "replace" | "substring" | "charAt" | "join" | "format" => {
            Type::Text
        }
        "split" => Type::List,
        "timestamp" => Type::Time,
        "duration" => Type::Duration,
        name if name.starts_with("get") && name[3..].starts_with(|first: char| first.is_ascii_uppercase()) => {
            Type::Number
        }
        _ => Type::Unknown,
    }
}
