//! The names of an expression: one notation for a field, however deep it lies.
//!
//! `http.status`, `tags[0]` and `` labels.`a-b` `` are one name each. In the tree they become variables that
//! are called `@0`, `@1` and so on, so that a missing field is null at any depth, and is looked for as
//! everywhere else.

use super::stand_in::{HAS, Quoted};
use super::tree::{function_namespace, is_type};
use super::whole::whole;
use cel::common::ast::{CallExpr, Expr as Node, IdedExpr, LiteralValue, SelectExpr, operators};

/// A name that an expression looks up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The keys that lead to it, the outermost first.
    pub keys: Vec<String>,
    /// It was written in backticks: a key of the record, and never anything else of that name.
    pub is_quoted: bool,
    /// It is asked whether there is one, as by `has(a.b)`.
    pub is_presence: bool,
    pub wants: Wants,
    /// Where no record has it, it is the name of a type.
    pub is_type: bool,
    /// What the tree calls it.
    pub(super) ident: String,
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Anything,
    /// It is compared with a number, or calculated with.
    Number,
    Text,
    /// It is only asked whether it is null.
    Null,
}

impl Variable {
    /// As it is written in an expression.
    pub fn name(&self) -> String {
        let mut name = String::new();
        for (place, key) in self.keys.iter().enumerate() {
            if place > 0 && key.bytes().all(|byte| byte.is_ascii_digit()) {
                name.extend(["[", key, "]"]);
                continue;
            }
            if place > 0 {
                name.push('.');
            }
            match is_identifier(key) && !(place == 0 && self.is_quoted) {
                true => name.push_str(key),
                false => name.extend(["`", key, "`"]),
            }
        }
        name
    }
}

/// Whether a key needs no backticks.
pub fn is_identifier(key: &str) -> bool {
    let is_letter = |char: char| char.is_ascii_alphanumeric() || char == '_';
    key.chars().all(is_letter) && key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}

/// A path as it is written in an expression; `None` where that cannot be.
pub fn written(keys: &[String]) -> Option<String> {
    let mut name = String::new();
    for (place, key) in keys.iter().enumerate() {
        match () {
            () if place > 0 && key.bytes().all(|byte| byte.is_ascii_digit()) => name.extend(["[", key, "]"]),
            () if is_identifier(key) && !is_reserved(key) => name.extend([if place > 0 { "." } else { "" }, key]),
            () if !key.contains('`') => name.extend([if place > 0 { "." } else { "" }, "`", key, "`"]),
            () if place > 0 => name.push_str(&format!("[{}]", serde_json::Value::from(key.as_str()))),
            () => return None,
        }
    }
    Some(name)
}

/// Whether a word has a meaning of its own, here or in the languages that people know.
fn is_reserved(word: &str) -> bool {
    let habits = super::habits::RESERVED.contains(&word) || super::habits::word_instead(word).is_some();
    habits || ["in", "true", "false", "null", HAS].contains(&word)
}

/// Puts a variable in place of each name, and gives them in the order in which they come.
/// `None` where `has` asks for what is no field.
pub fn take_variables(tree: &mut IdedExpr, quoted: &[Quoted]) -> Option<Vec<Variable>> {
    let mut names = Names { quoted, bound: Vec::new(), variables: Vec::new(), is_sound: true };
    names.walk(tree, Wants::Anything);
    names.is_sound.then_some(names.variables)
}

struct Names<'q> {
    quoted: &'q [Quoted],
    /// What the macros bind, such as `t` in `tags.exists(t, t == "a")`.
    bound: Vec<String>,
    variables: Vec<Variable>,
    is_sound: bool,
}

/// The keys of a name.
#[derive(Default)]
struct Keys {
    keys: Vec<String>,
    is_quoted: bool,
    is_presence: bool,
}

impl Names<'_> {
    fn walk(&mut self, tree: &mut IdedExpr, wants: Wants) {
        if let Some(Keys { keys, is_quoted, is_presence }) = self.keys(tree) {
            tree.expr = Node::Ident(self.variable(keys, is_quoted, is_presence, wants));
            return;
        }
        if let Node::Call(call) = &mut tree.expr
            && self.is_has(call)
        {
            // Of what a macro binds, such as `has(each.price)`.
            match call.args.pop().map(|argument| argument.expr) {
                Some(Node::Select(select)) if call.args.is_empty() => {
                    tree.expr = Node::Select(SelectExpr { test: true, ..select });
                }
                _ => self.is_sound = false,
            }
        }
        match &mut tree.expr {
            Node::Unspecified | Node::Ident(_) | Node::Literal(_) => {}
            Node::Select(select) => {
                // Bound, or inside of what is calculated: its key may have been in backticks.
                select.field = self.key(&select.field).0;
                self.walk(&mut select.operand, Wants::Anything);
            }
            Node::Call(call) => self.call(call),
            Node::List(list) => list.elements.iter_mut().for_each(|element| self.walk(element, Wants::Anything)),
            Node::Map(map) => map.entries.iter_mut().for_each(|entry| self.entry(&mut entry.expr)),
            Node::Struct(message) => message.entries.iter_mut().for_each(|entry| self.entry(&mut entry.expr)),
            Node::Comprehension(each) => {
                self.walk(&mut each.iter_range, Wants::Anything);
                self.walk(&mut each.accu_init, Wants::Anything);
                let outside = self.bound.len();
                self.bound.extend([each.iter_var.clone(), each.accu_var.clone()]);
                self.bound.extend(each.iter_var2.clone());
                for part in [&mut each.loop_cond, &mut each.loop_step, &mut each.result] {
                    self.walk(part, Wants::Anything);
                }
                self.bound.truncate(outside);
            }
        }
    }

    fn entry(&mut self, entry: &mut cel::common::ast::EntryExpr) {
        match entry {
            cel::common::ast::EntryExpr::StructField(field) => self.walk(&mut field.value, Wants::Anything),
            cel::common::ast::EntryExpr::MapEntry(entry) => {
                self.walk(&mut entry.key, Wants::Anything);
                self.walk(&mut entry.value, Wants::Anything);
            }
        }
    }

    fn call(&mut self, call: &mut CallExpr) {
        let wants = wanted_of(call);
        if let Some(target) = call.target.as_deref_mut().filter(|target| !is_namespace(target)) {
            // Times have methods too: `time.getHours()`.
            let is_of_time = call.func_name.starts_with("get");
            self.walk(target, if is_of_time { Wants::Anything } else { Wants::Text });
        }
        call.args.iter_mut().for_each(|argument| self.walk(argument, wants));
    }

    /// The keys of a name that is free; `None` where it is not only a name.
    fn keys(&self, tree: &IdedExpr) -> Option<Keys> {
        match &tree.expr {
            Node::Ident(name) => {
                if self.bound.contains(name) || name.starts_with('@') {
                    return None;
                }
                // `.name` is the name outside of every macro.
                let (key, is_quoted) = self.key(name.strip_prefix('.').unwrap_or(name));
                Some(Keys { keys: vec![key], is_quoted, is_presence: false })
            }
            Node::Select(select) => {
                let mut keys = self.keys(&select.operand).filter(|keys| !keys.is_presence)?;
                keys.keys.push(self.key(&select.field).0);
                keys.is_presence = select.test;
                Some(keys)
            }
            Node::Call(call) if call.func_name == operators::INDEX => {
                let [operand, index] = call.args.as_slice() else { return None };
                let mut keys = self.keys(operand).filter(|keys| !keys.is_presence)?;
                keys.keys.push(match &index.expr {
                    Node::Literal(LiteralValue::String(key)) if !key.inner().is_empty() => key.inner().to_owned(),
                    Node::Literal(LiteralValue::Int(index)) if *index.inner() >= 0 => index.inner().to_string(),
                    _ => return None,
                });
                Some(keys)
            }
            Node::Call(call) if self.is_has(call) => {
                let [argument] = call.args.as_slice() else { return None };
                let keys = self.keys(argument).filter(|keys| !keys.is_presence)?;
                Some(Keys { is_presence: true, ..keys })
            }
            _ => None,
        }
    }

    fn is_has(&self, call: &CallExpr) -> bool {
        call.target.is_none() && self.quoted.iter().any(|quoted| quoted.key == HAS && quoted.word == call.func_name)
    }

    /// What a word stands for, and whether that was in backticks.
    fn key(&self, word: &str) -> (String, bool) {
        match self.quoted.iter().find(|quoted| quoted.word == word) {
            Some(quoted) => (quoted.key.clone(), true),
            None => (word.to_owned(), false),
        }
    }

    /// What the tree calls a variable.
    fn variable(&mut self, keys: Vec<String>, is_quoted: bool, is_presence: bool, wants: Wants) -> String {
        // Where no record has the name of a type, it is the type.
        let type_name =
            keys.first().filter(|key| keys.len() == 1 && !is_quoted && !is_presence && is_type(key)).cloned();
        let ident = type_name.clone().unwrap_or_else(|| format!("@{}", self.variables.len()));
        let is_type = type_name.is_some();
        let variable = Variable { keys, is_quoted, is_presence, wants, is_type, ident };
        let is_same = |known: &&Variable| Variable { ident: known.ident.clone(), ..variable.clone() } == **known;
        if let Some(known) = self.variables.iter().find(is_same) {
            return known.ident.clone();
        }
        self.variables.push(variable);
        self.variables[self.variables.len() - 1].ident.clone()
    }
}

/// Whether it is the `optional` of `optional.of(x)`.
fn is_namespace(target: &IdedExpr) -> bool {
    matches!(&target.expr, Node::Ident(name) if name == "optional")
}

/// What a call wants of its arguments, as far as the others tell.
fn wanted_of(call: &CallExpr) -> Wants {
    if function_namespace(call) {
        return Wants::Anything;
    }
    let literal = |node: &IdedExpr| match &node.expr {
        Node::Literal(LiteralValue::String(_)) => Some(Wants::Text),
        Node::Literal(LiteralValue::Null) => Some(Wants::Null),
        Node::Literal(LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_)) => Some(Wants::Number),
        Node::Call(inner) if is_arithmetic(&inner.func_name) || whole(inner).is_some() => Some(Wants::Number),
        _ => None,
    };
    // `time - timestamp("...")`: the time, rather than the number that it is written as.
    let is_time = |node: &IdedExpr| matches!(&node.expr, Node::Call(call) if ["timestamp", "duration"].contains(&call.func_name.as_str()));
    if call.args.iter().any(is_time) {
        return Wants::Anything;
    }
    match call.func_name.as_str() {
        operators::EQUALS
        | operators::NOT_EQUALS
        | operators::LESS
        | operators::LESS_EQUALS
        | operators::GREATER
        | operators::GREATER_EQUALS
        | operators::ADD => call.args.iter().find_map(literal).unwrap_or(Wants::Anything),
        operators::IN => match call.args.get(1).map(|list| &list.expr) {
            Some(Node::List(list)) => list.elements.iter().find_map(literal).unwrap_or(Wants::Anything),
            _ => Wants::Anything,
        },
        name if is_arithmetic(name) => Wants::Number,
        _ => Wants::Anything,
    }
}

/// Whether an operator takes and gives numbers (or times) only.
pub fn is_arithmetic(operator: &str) -> bool {
    [operators::SUBSTRACT, operators::MULTIPLY, operators::DIVIDE, operators::MODULO, operators::NEGATE]
        .contains(&operator)
}
