//! Conditions in CEL, the Common Expression Language: `status >= 500 && service == "pay"`.
//!
//! An [`Expr`] is compiled once and evaluated from many threads. Compiling refuses whatever could
//! not be evaluated in bounded space, so that no condition and no record ends the program.

mod error;
mod operand;
mod tree;

pub use error::ExprError;
pub use operand::Operand;

use cel::common::types::{CelBool, CelNull};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, IdedExpr, Value, extensions};
use std::sync::{Arc, LazyLock, OnceLock};

/// The longest condition, in bytes. CEL's parser recurses once per operator of a chain; this keeps
/// it, and the evaluation, well within the stack of a worker thread.
pub const MAX_LENGTH_BYTES: usize = 2048;

/// How deep parentheses, lists and calls may nest.
const MAX_DEPTH: u16 = 24;

static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings).expect("the standard library lacks the extension");
    tree::add_compiled_patterns(&mut env);
    Arc::new(env)
});

/// A compiled condition.
pub struct Expr {
    source: String,
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
        let parser = ENV.parser().max_recursion_depth(MAX_DEPTH).enable_ident_escape_syntax(true);
        let mut tree = parser.parse(source).map_err(|errors| ExprError::syntax(source, &errors))?;
        let mut root = Context::with_env(Arc::clone(&ENV));
        let variables = tree::variables(&tree);
        for name in variables.iter().filter(|name| !tree::is_type(name)) {
            root.add_variable_as_val(name, Box::new(CelNull));
        }
        tree::check_calls(&tree, &root).map_err(|unknown| ExprError::unknown_function(source, &unknown))?;
        tree::compile_patterns(&mut tree, &mut root).map_err(|reason| ExprError::pattern(source, &reason))?;
        Ok(Self { source: source.to_owned(), tree, variables, root })
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

    /// Whether the condition holds where `lookup` gives the variables' values, each asked for at
    /// most once and only when it is needed. `None` is null.
    ///
    /// # Errors
    /// The condition cannot be evaluated on these values (null is compared, a key is missing, text
    /// is added to a number), or gives something other than true or false.
    pub fn holds<'a>(&self, lookup: &(dyn Fn(&str) -> Option<Operand<'a>> + Sync)) -> Result<bool, String> {
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
        value.as_deref().map(|value| CowVal::Borrowed(value))
    }
}

#[cfg(test)]
mod tests;
