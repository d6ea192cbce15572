//! What is found out about a condition, and done to it, before any record is seen.

use cel::common::ast::{CallExpr, EntryExpr, Expr as Node, IdedExpr, LiteralValue};
use cel::common::types::{CelBool, CelString, STRING_TYPE, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::{Context, Env, ExecutionError, Value};
use std::any::Any;

/// Names that stand for a type where no variable has them, as in `type(size) == int`.
pub fn is_type(name: &str) -> bool {
    const TYPES: &[&str] =
        &["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint", "optional_type"];
    TYPES.contains(&name)
}

/// The levels of the tree; one for a name alone.
pub fn depth(tree: &IdedExpr) -> usize {
    1 + children(tree).into_iter().map(depth).max().unwrap_or(0)
}

/// Whether the call is one like `optional.of(x)`, where `optional` is no variable.
pub(super) fn function_namespace(call: &CallExpr) -> bool {
    call.target.as_ref().is_some_and(|target| matches!(&target.expr, Node::Ident(name) if name == "optional"))
        && matches!(call.func_name.as_str(), "of" | "ofNonZeroValue" | "none")
}

/// The parts of a node, comprehensions included.
pub(super) fn children(tree: &IdedExpr) -> Vec<&IdedExpr> {
    match &tree.expr {
        Node::Unspecified | Node::Ident(_) | Node::Literal(_) => Vec::new(),
        Node::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Node::Comprehension(each) => {
            vec![&each.iter_range, &each.accu_init, &each.loop_cond, &each.loop_step, &each.result]
        }
        Node::List(list) => list.elements.iter().collect(),
        Node::Select(select) => vec![&select.operand],
        Node::Map(map) => entries(map.entries.iter().map(|entry| &entry.expr)),
        Node::Struct(message) => entries(message.entries.iter().map(|entry| &entry.expr)),
    }
}

fn entries<'t>(entries: impl Iterator<Item = &'t EntryExpr>) -> Vec<&'t IdedExpr> {
    let mut parts = Vec::new();
    for entry in entries {
        match entry {
            EntryExpr::StructField(field) => parts.push(&field.value),
            EntryExpr::MapEntry(entry) => parts.extend([&entry.key, &entry.value]),
        }
    }
    parts
}

/// The same, to be changed.
pub(super) fn children_mut(tree: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut tree.expr {
        Node::Unspecified | Node::Ident(_) | Node::Literal(_) => Vec::new(),
        Node::Call(call) => call.target.as_deref_mut().into_iter().chain(&mut call.args).collect(),
        Node::Comprehension(each) => {
            vec![&mut each.iter_range, &mut each.accu_init, &mut each.loop_cond, &mut each.loop_step, &mut each.result]
        }
        Node::List(list) => list.elements.iter_mut().collect(),
        Node::Select(select) => vec![&mut select.operand],
        Node::Map(map) => entries_mut(map.entries.iter_mut().map(|entry| &mut entry.expr)),
        Node::Struct(message) => entries_mut(message.entries.iter_mut().map(|entry| &mut entry.expr)),
    }
}

fn entries_mut<'t>(entries: impl Iterator<Item = &'t mut EntryExpr>) -> Vec<&'t mut IdedExpr> {
    let parts = |entry: &'t mut EntryExpr| match entry {
        EntryExpr::StructField(field) => vec![&mut field.value],
        EntryExpr::MapEntry(entry) => vec![&mut entry.key, &mut entry.value],
    };
    entries.flat_map(parts).collect()
}

/// Finds a call of a function that does not exist: CEL would only say so at each record.
pub fn check_calls(tree: &IdedExpr, root: &Context<'_, '_>) -> Result<(), String> {
    // Operators are functions too, named `_+_`, `!_` or `@in`.
    if let Node::Call(call) = &tree.expr
        && call.func_name.starts_with(|first: char| first.is_alphabetic() || first == '.')
        && !function_namespace(call)
    {
        // Called on nothing, a function that exists complains of its arguments.
        let target = call.target.as_ref().map(|_| Box::new(node(Node::Literal(LiteralValue::Null))));
        let probe = node(Node::Call(CallExpr { func_name: call.func_name.clone(), target, args: Vec::new() }));
        if let Err(ExecutionError::UndeclaredReference(name)) = Value::resolve(&probe, root) {
            return Err(name.to_string());
        }
    }
    children(tree).into_iter().try_for_each(|child| check_calls(child, root))
}

fn node(expr: Node) -> IdedExpr {
    IdedExpr { id: 0, expr }
}

/// A regular expression that was compiled before the first record. CEL's own `matches` compiles it
/// for each.
#[derive(Clone, Debug)]
struct Pattern(regex::Regex);

const PATTERN: Type = Type::new_unspecified_type("pattern");

impl Val for Pattern {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        static TYPE: Type = PATTERN;
        &TYPE
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| other.0.as_str() == self.0.as_str())
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl StaticVal for Pattern {}

/// Lets `matches` take a compiled pattern.
pub fn add_compiled_patterns(env: &mut Env) {
    let declared = env.add_overload("matches", "matches_pattern", vec![STRING_TYPE, PATTERN], matches_pattern);
    declared.expect("no other overload takes a pattern");
    let declared =
        env.add_member_overload("matches", "string_matches_pattern", STRING_TYPE, vec![PATTERN], matches_pattern);
    declared.expect("no other overload takes a pattern");
}

fn matches_pattern<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = arguments.first().and_then(|text| text.downcast_ref::<CelString<'_>>());
    let pattern = arguments.get(1).and_then(|pattern| pattern.downcast_ref::<Pattern>());
    let (Some(text), Some(pattern)) = (text, pattern) else {
        return Err(ExecutionError::function_error("matches", "takes a text and a pattern"));
    };
    Ok(CowVal::owned(CelBool::from(pattern.0.is_match(text.inner()))))
}

/// Puts a compiled pattern in place of each literal one, as a variable of `root`.
pub fn compile_patterns(tree: &mut IdedExpr, root: &mut Context<'static, 'static>) -> Result<(), String> {
    let mut patterns = Vec::new();
    take_patterns(tree, &mut patterns);
    for (place, pattern) in patterns.into_iter().enumerate() {
        let pattern = regex::Regex::new(&pattern).map_err(|error| error.to_string())?;
        root.add_variable_as_val(pattern_name(place), Box::new(Pattern(pattern)));
    }
    Ok(())
}

/// No variable can be called this.
fn pattern_name(place: usize) -> String {
    format!("@pattern{place}")
}

fn take_patterns(tree: &mut IdedExpr, patterns: &mut Vec<String>) {
    if let Node::Call(call) = &mut tree.expr
        && call.func_name == "matches"
        && call.args.len() + usize::from(call.target.is_some()) == 2
        && let Some(last) = call.args.last_mut()
        && let Node::Literal(LiteralValue::String(pattern)) = &last.expr
    {
        let name = pattern_name(patterns.len());
        patterns.push(pattern.inner().to_owned());
        last.expr = Node::Ident(name);
    }
    children_mut(tree).into_iter().for_each(|part| take_patterns(part, patterns));
}
