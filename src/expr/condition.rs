//! A condition on records: an expression, and where the values that it names are found.

use super::{Expr, Operand};
use crate::event::{Event, Role, Value};
use crate::schema::{Field, Path, Schema};
use std::sync::OnceLock;

/// An expression that is evaluated on records.
#[derive(Debug)]
pub struct Condition {
    expr: Expr,
    /// Where its variables are, in the order of [`Expr::variables`].
    places: Vec<Place>,
    /// Why it could not be evaluated on the first record that was met.
    first_error: OnceLock<String>,
}

#[derive(Debug)]
struct Place {
    field: Field,
    /// Where a nested value stands in the record's own text.
    path: Option<Path>,
    /// The time is a timestamp, however the record writes it.
    is_time: bool,
}

impl Condition {
    /// Compiles an expression, and projects the fields that it names: a role by its name, any other
    /// name as the record's own top-level field.
    pub fn new(source: &str, schema: &mut Schema) -> Result<Self, String> {
        let expr = Expr::compile(source).map_err(|error| error.to_string())?;
        let places = expr.variables().iter().map(|name| Place::new(name, schema)).collect::<Result<_, _>>()?;
        Ok(Self { expr, places, first_error: OnceLock::new() })
    }

    pub fn source(&self) -> &str {
        self.expr.source()
    }

    /// Whether it holds. It does not where it cannot be evaluated; such records are added to
    /// `undecided`, unless they lack a field that it names: they are simply not what was asked for.
    pub fn holds(&self, event: &Event<'_>, undecided: &mut u64) -> bool {
        let lookup = |name: &str| {
            let place = self.expr.variables().iter().position(|variable| variable == name)?;
            self.places[place].operand(event)
        };
        self.expr.holds(&lookup).unwrap_or_else(|reason| {
            let is_there = |place: &Place| !matches!(place.operand(event), None | Some(Operand::Null));
            if self.places.iter().all(is_there) {
                *undecided += 1;
                self.first_error.get_or_init(|| format!("`{}`: {reason}", self.expr.source()));
            }
            false
        })
    }

    /// Why it could not be evaluated on the first record that was met; `None` where there was none.
    pub fn first_error(&self) -> Option<&str> {
        self.first_error.get().map(String::as_str)
    }
}

impl Place {
    fn new(name: &str, schema: &mut Schema) -> Result<Self, String> {
        let field = schema.field(name)?;
        let path = match Role::ALL.into_iter().find(|role| role.name() == name) {
            Some(role) => schema.role(role).cloned(),
            None => Some(Path::parse(name)?),
        };
        Ok(Self { field, path, is_time: name == Role::Time.name() })
    }

    fn operand<'a>(&self, event: &Event<'a>) -> Option<Operand<'a>> {
        if self.is_time {
            return event.time.map(Operand::Time);
        }
        match self.field.of(event) {
            Value::Nested => nested(event.raw, self.path.as_ref()?).map(Operand::Json),
            value => Operand::of(value),
        }
    }
}

/// The value at `path` in the text of a record.
fn nested(raw: &[u8], path: &Path) -> Option<serde_json::Value> {
    let mut value: serde_json::Value = serde_json::from_slice(raw).ok()?;
    for key in path.keys() {
        value = match &mut value {
            serde_json::Value::Object(fields) => fields.get_mut(key)?.take(),
            serde_json::Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?)?.take(),
            _ => return None,
        };
    }
    Some(value)
}
