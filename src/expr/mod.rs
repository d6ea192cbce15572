//! Expressions in CEL, the Common Expression Language: `status >= 500 && service == "pay"`.
//!
//! An [`Expr`] is compiled once and evaluated from many threads. Compiling refuses whatever could
//! not be evaluated in bounded space, so that no condition and no record ends the program.

mod arithmetic;
mod condition;
mod constancy;
mod error;
mod formula;
mod habits;
mod literal;
mod names;
mod number;
mod operand;
mod operators;
mod quick;
mod reason;
mod seen;
mod stand_in;
mod tree;
mod types;
mod whole;

pub use condition::Condition;
pub use error::ExprError;
pub use formula::Formula;
pub use names::{Variable, Wants, written};
pub use operand::Operand;
pub use seen::Comparisons;

use crate::schema::Schema;
use cel::common::types::{CelBool, CelNull};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, IdedExpr, Value, extensions};
use quick::Quick;
use stand_in::Quoted;
use std::sync::{Arc, LazyLock, OnceLock};
use types::Type;

/// The longest condition, in bytes.
const MAX_LENGTH_BYTES: usize = 4096;

/// How deep a condition may nest, where each operator of a chain like `a + b + c` is a level. Bounds
/// what an evaluation takes of a worker's stack.
const MAX_DEPTH: usize = 96;

/// CEL's parser recurses once per operator, before the depth can be known: this suffices for the
/// longest condition.
const PARSER_STACK_BYTES: usize = 64 << 20;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings).expect("the standard library lacks the extension");
    tree::add_compiled_patterns(&mut env);
    arithmetic::add_functions(&mut env);
    whole::add_functions(&mut env);
    Arc::new(env)
});

/// A compiled expression.
pub struct Expr {
    source: String,
    kind: Type,
    quick: Option<Quick>,
    /// As it was written, with variables in place of names.
    tree: IdedExpr,
    /// What CEL evaluates: with our operators and compiled patterns.
    program: IdedExpr,
    variables: Vec<Variable>,
    /// The scope behind every evaluation: the functions, compiled patterns, and null for each
    /// variable.
    root: Context<'static, 'static>,
}

/// What gives the value of a variable, by its place in [`Expr::variables`]; `None` is null.
pub type Lookup<'l, 'a> = &'l (dyn Fn(usize) -> Option<Operand<'a>> + Sync);

impl Expr {
    /// Compiles a condition: an expression that names something, and gives true or false. The error
    /// shows where it is wrong and what to write.
    pub fn condition(source: &str) -> Result<Self, ExprError> {
        let expr = Self::compile(source)?;
        if !matches!(expr.kind, Type::Bool | Type::Unknown) {
            return Err(ExprError::not_boolean(source, expr.kind.name()));
        }
        if expr.variables.is_empty() {
            return Err(ExprError::constant(source));
        }
        if let Some(constancy) = constancy::find(&expr.tree, &|part| expr.truth(part)) {
            return Err(ExprError::decided(source, constancy));
        }
        Ok(expr)
    }

    /// Compiles an expression of any type.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        Self::compile_as(source, false)
    }

    /// Compiles an expression, of which a number may be wanted.
    fn compile_as(source: &str, wants_number: bool) -> Result<Self, ExprError> {
        if source.len() > MAX_LENGTH_BYTES {
            return Err(ExprError::too_long(source));
        }
        if source.trim().is_empty() {
            return Err(ExprError::empty(source));
        }
        let (plain, quoted) = stand_in::take_quoted(source)?;
        let mut tree = parse(source, &plain, &quoted)?;
        stand_in::take_numbers(&mut tree, &quoted);
        let Some(variables) = names::take_variables(&mut tree, &quoted) else { return Err(ExprError::has(source)) };
        let mut root = Context::with_env(Arc::clone(&ENV));
        for variable in variables.iter().filter(|variable| !tree::is_type(&variable.ident)) {
            root.add_variable_as_val(&variable.ident, Box::new(CelNull));
        }
        tree::check_calls(&tree, &root).map_err(|unknown| ExprError::unknown_function(source, &unknown))?;
        let kind = types::check(source, &tree, &variables)?;
        let quick = Quick::of(&tree, &variables);
        let mut program = tree.clone();
        operators::take_operators(&mut program, wants_number);
        tree::compile_patterns(&mut program, &mut root).map_err(|reason| ExprError::pattern(source, &reason))?;
        Ok(Self { source: source.to_owned(), kind, quick, tree, program, variables, root })
    }

    /// What is compared in it with what: to be told of the values that are met.
    pub fn comparisons(&self, schema: &mut Schema) -> Comparisons {
        Comparisons::of(&self.tree, &self.variables, schema)
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names that the expression looks up, in the order in which they come. Functions and the
    /// names that `all`, `exists`, `map` and `filter` bind are not among them.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Whether the condition holds. Each variable is looked up only when it is needed.
    ///
    /// # Errors
    /// The condition cannot be evaluated on these values (null is compared, a key is missing, text
    /// is added to a number), or gives something other than true or false.
    pub fn holds<'a>(&self, lookup: Lookup<'_, 'a>) -> Result<bool, String> {
        match self.quick.as_ref().and_then(|quick| quick.holds(lookup)) {
            Some(answer) => Ok(answer),
            None => self.holds_in_cel(lookup),
        }
    }

    fn holds_in_cel<'a>(&self, lookup: Lookup<'_, 'a>) -> Result<bool, String> {
        self.evaluate(&self.program, lookup, |value| match value.downcast_ref::<CelBool>() {
            Some(answer) => Ok(*answer.inner()),
            None => Err(format!(
                "`{}` gives a value of type {}, not true or false; compare it with something, as in `{} == ...`",
                self.source,
                value.get_type().name(),
                self.source
            )),
        })
    }

    /// What a part that names nothing comes to.
    fn truth(&self, part: &IdedExpr) -> Option<bool> {
        let mut part = part.clone();
        operators::take_operators(&mut part, false);
        let value = self.evaluate(&part, &|_| None, |value| Ok(value.downcast_ref::<CelBool>().map(|it| *it.inner())));
        value.ok().flatten()
    }

    /// Has CEL work out a part of the program.
    fn evaluate<'a, T>(
        &self,
        tree: &IdedExpr,
        lookup: Lookup<'_, 'a>,
        take: impl FnOnce(&dyn Val) -> Result<T, String>,
    ) -> Result<T, String> {
        let slots = self.variables.iter().map(|_| OnceLock::new()).collect();
        let record = Record { variables: &self.variables, slots, lookup };
        let mut scope = self.root.new_inner_scope();
        scope.set_variable_resolver(&record);
        let value = Value::resolve_val(tree, &scope).map_err(|error| reason::reason(&error))?;
        take(&*value)
    }
}

/// Parses on a thread of its own, for the stack that it may need. `plain` is the source without backticks.
fn parse(source: &str, plain: &str, quoted: &[Quoted]) -> Result<IdedExpr, ExprError> {
    let parse = || {
        let tree = ENV.parser().parse(plain).map_err(|errors| ExprError::syntax(source, &errors, quoted))?;
        if tree::depth(&tree) > MAX_DEPTH { Err(ExprError::too_deep(source)) } else { Ok(tree) }
    };
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(PARSER_STACK_BYTES).spawn_scoped(scope, parse);
        let parser = parser.map_err(|error| ExprError::parser(source, &error.to_string()))?;
        parser.join().unwrap_or_else(|_| Err(ExprError::parser(source, "the parser failed on it")))
    })
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expr").field(&self.source).finish()
    }
}

/// The variables of one evaluation.
struct Record<'e, 'a> {
    variables: &'e [Variable],
    /// By the same index; filled at the first use, as a comprehension asks for each element.
    slots: Box<[Slot<'a>]>,
    lookup: Lookup<'e, 'a>,
}

type Slot<'a> = OnceLock<Option<Box<dyn Val + 'a>>>;

impl VariableResolver for Record<'_, '_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let place = self.variables.iter().position(|known| known.ident == name)?;
        let value = self.slots[place].get_or_init(|| (self.lookup)(place).map(Operand::into_val));
        value.as_deref().map(CowVal::Borrowed)
    }
}

#[cfg(test)]
mod tests;
