//! Conditions in CEL, the Common Expression Language: `status >= 500 && service == "pay"`.
//!
//! An [`Expr`] is compiled once and evaluated from many threads. Compiling refuses whatever could
//! not be evaluated in bounded space, so that no condition and no record ends the program.

mod condition;
mod error;
mod operand;
mod quick;
mod tree;

pub use condition::Condition;
pub use error::ExprError;
pub use operand::Operand;

use cel::common::types::{CelBool, CelNull};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, IdedExpr, Value, extensions};
use quick::Quick;
use std::sync::{Arc, LazyLock, OnceLock};

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
    Arc::new(env)
});

/// A compiled condition.
pub struct Expr {
    source: String,
    quick: Option<Quick>,
    tree: IdedExpr,
    variables: Vec<String>,
    /// The scope behind every evaluation: the functions, compiled patterns, and null for each
    /// variable.
    root: Context<'static, 'static>,
}

impl Expr {
    /// Compiles a condition. The error shows where it is wrong and what to write.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        if source.len() > MAX_LENGTH_BYTES {
            return Err(ExprError::too_long(source));
        }
        if source.trim().is_empty() {
            return Err(ExprError::empty(source));
        }
        let mut tree = parse(source)?;
        let quick = Quick::of(&tree);
        let mut root = Context::with_env(Arc::clone(&ENV));
        let variables = tree::variables(&tree);
        for name in variables.iter().filter(|name| !tree::is_type(name)) {
            root.add_variable_as_val(name, Box::new(CelNull));
        }
        tree::check_calls(&tree, &root).map_err(|unknown| ExprError::unknown_function(source, &unknown))?;
        tree::compile_patterns(&mut tree, &mut root).map_err(|reason| ExprError::pattern(source, &reason))?;
        Ok(Self { source: source.to_owned(), quick, tree, variables, root })
    }

    /// The condition as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names that the condition looks up, sorted: of `res.code > 3` it is `res`. Functions and
    /// the names that `all`, `exists`, `map` and `filter` bind are not among them.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Whether the condition holds where `lookup` gives the variables' values, each asked for
    /// only when it is needed. `None` is null.
    ///
    /// # Errors
    /// The condition cannot be evaluated on these values (null is compared, a key is missing, text
    /// is added to a number), or gives something other than true or false.
    pub fn holds<'a>(&self, lookup: &(dyn Fn(&str) -> Option<Operand<'a>> + Sync)) -> Result<bool, String> {
        match self.quick.as_ref().and_then(|quick| quick.holds(lookup)) {
            Some(answer) => Ok(answer),
            None => self.holds_in_cel(lookup),
        }
    }

    fn holds_in_cel<'a>(&self, lookup: &(dyn Fn(&str) -> Option<Operand<'a>> + Sync)) -> Result<bool, String> {
        let slots = self.variables.iter().map(|_| OnceLock::new()).collect();
        let record = Record { names: &self.variables, slots, lookup };
        let mut scope = self.root.new_inner_scope();
        scope.set_variable_resolver(&record);
        let value = Value::resolve_val(&self.tree, &scope).map_err(|error| error::reason(&error))?;
        match value.downcast_ref::<CelBool>() {
            Some(answer) => Ok(*answer.inner()),
            None => Err(format!(
                "`{}` gives a value of type {}, not true or false; compare it with something, as in `{} == ...`",
                self.source,
                value.get_type().name(),
                self.source
            )),
        }
    }
}

/// Parses on a thread of its own, for the stack that it may need.
fn parse(source: &str) -> Result<IdedExpr, ExprError> {
    let parse = || {
        let parser = ENV.parser().enable_ident_escape_syntax(true);
        let tree = parser.parse(source).map_err(|errors| ExprError::syntax(source, &errors))?;
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
    names: &'e [String],
    /// By the same index; filled at the first use, as a comprehension asks for each element.
    slots: Box<[Slot<'a>]>,
    lookup: &'e (dyn Fn(&str) -> Option<Operand<'a>> + Sync),
}

type Slot<'a> = OnceLock<Option<Box<dyn Val + 'a>>>;

impl VariableResolver for Record<'_, '_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let place = self.names.iter().position(|known| known == name)?;
        let value = self.slots[place].get_or_init(|| (self.lookup)(name).map(Operand::into_val));
        value.as_deref().map(CowVal::Borrowed)
    }
}

#[cfg(test)]
mod tests;
