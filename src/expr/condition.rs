//! A condition on records: an expression, and where the values that it names are found.

use super::seen::Comparisons;
use super::{Expr, Operand, Variable, Wants};
use crate::event::line::object_in;
use crate::event::{Event, Role, Value, lists};
use crate::schema::{Field, Met, Path, Schema, What};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

/// An expression that is evaluated on records.
#[derive(Debug)]
pub struct Condition {
    expr: Expr,
    places: Places,
    comparisons: Comparisons,
    /// Whether it could be decided for any record.
    decided: Arc<Met>,
    /// Why it could not be evaluated on the first record that was met.
    first_error: OnceLock<String>,
}

/// Where the variables of an expression are, in the order of [`Expr::variables`].
#[derive(Debug)]
pub struct Places(Vec<Place>);

#[derive(Debug)]
struct Place {
    field: Field,
    /// Where a nested value stands in the record's own text: in its own field, else where the role is.
    paths: Vec<Path>,
    wants: Wants,
    is_presence: bool,
    is_time: bool,
    /// The text whose object comes before the record.
    parse: Option<Path>,
}

impl Condition {
    /// Compiles a condition, and projects the fields that it names: each the record's own field, or else
    /// the role of that name.
    pub fn new(source: &str, schema: &mut Schema) -> Result<Self, String> {
        let expr = Expr::condition(source).map_err(|error| error.to_string())?;
        let places = Places::new(expr.variables(), schema);
        let comparisons = Comparisons::of(&expr.tree, expr.variables(), schema);
        let decided = schema.compare(What::Condition(source.to_owned()));
        Ok(Self { expr, places, comparisons, decided, first_error: OnceLock::new() })
    }

    pub fn source(&self) -> &str {
        self.expr.source()
    }

    /// Whether it holds. It does not where it cannot be evaluated; such records are added to
    /// `undecided`, unless they lack a field that it names: they are simply not what was asked for.
    pub fn holds(&self, event: &Event<'_>, undecided: &mut u64) -> bool {
        let lookup = |place: usize| self.places.operand(place, event);
        self.comparisons.note(&lookup);
        match self.expr.holds(&lookup) {
            Ok(holds) => {
                if !self.decided.fits.load(Relaxed) {
                    self.decided.fits.store(true, Relaxed);
                }
                holds
            }
            Err(reason) => {
                if self.places.are_all_there(event) {
                    *undecided += 1;
                    self.first_error.get_or_init(|| format!("`{}`: {reason}", self.expr.source()));
                    self.decided.other.get_or_init(|| reason);
                }
                false
            }
        }
    }

    /// Whether it holds; `None` where the record is not one that it is about: it has none of the fields that
    /// are named, or what it has cannot be decided on. Who asks whether a field is missing asks of all.
    pub fn decide(&self, event: &Event<'_>) -> Option<bool> {
        if !self.places.is_any_there(event) {
            return None;
        }
        let mut undecided = 0;
        let holds = self.holds(event, &mut undecided);
        (undecided == 0).then_some(holds)
    }

    /// Why it could not be evaluated on the first record that was met; `None` where there was none.
    pub fn first_error(&self) -> Option<&str> {
        self.first_error.get().map(String::as_str)
    }
}

impl Places {
    /// Projects the fields of variables.
    pub fn new(variables: &[Variable], schema: &mut Schema) -> Self {
        // Who asks whether there is an error may go on to ask for its code.
        let asked = |keys: &[String]| {
            let is_asked = |variable: &Variable| variable.is_presence || variable.wants == Wants::Null;
            variables.iter().any(|variable| is_asked(variable) && keys.starts_with(&variable.keys))
        };
        Self(variables.iter().map(|variable| Place::new(variable, asked(&variable.keys), schema)).collect())
    }

    pub fn operand<'a>(&self, place: usize, event: &Event<'a>) -> Option<Operand<'a>> {
        self.0.get(place)?.operand(event)
    }

    /// Whether the record has all of them.
    pub fn are_all_there(&self, event: &Event<'_>) -> bool {
        let is_there = |place: &Place| !matches!(place.operand(event), None | Some(Operand::Null));
        self.0.iter().all(is_there)
    }

    /// Whether the record has one of them that is not only asked for.
    fn is_any_there(&self, event: &Event<'_>) -> bool {
        self.0.iter().any(|place| place.is_optional() || !matches!(place.operand(event), None | Some(Operand::Null)))
    }

    /// The one field that the variables are, where they are no more than that.
    pub fn single(&self) -> Option<Field> {
        match self.0.as_slice() {
            [place] if !place.is_presence => Some(place.field),
            _ => None,
        }
    }
}

impl Place {
    fn new(variable: &Variable, is_optional: bool, schema: &mut Schema) -> Self {
        let Variable { keys, is_quoted, is_presence, wants, .. } = variable;
        let path = Path::new(keys.clone());
        let field = match variable.is_type {
            true => schema.resolve(&path, true),
            false => schema.name(variable.name(), path.clone(), *is_quoted, is_optional),
        };
        let role = Role::ALL.into_iter().find(|role| !is_quoted && role.name() == keys[0]);
        let other = role.and_then(|role| schema.role(role)).map(|role| role.join(&keys[1..]));
        let is_time = role == Some(Role::Time) && keys.len() == 1;
        let paths = std::iter::once(path).chain(other).collect();
        Self { field, paths, wants: *wants, is_presence: *is_presence, is_time, parse: schema.parse.clone() }
    }

    /// It is only asked whether there is one.
    fn is_optional(&self) -> bool {
        self.is_presence || self.wants == Wants::Null
    }

    fn operand<'a>(&self, event: &Event<'a>) -> Option<Operand<'a>> {
        if self.is_presence {
            return Some(Operand::Bool(self.field.is_there(event)));
        }
        if self.is_time
            && !matches!(self.wants, Wants::Number | Wants::Text)
            && self.field.is_of_role(Role::Time, event)
        {
            return event.time.map(Operand::Time);
        }
        let value = match self.wants {
            Wants::Number => self.field.number(event),
            _ => self.field.own(event),
        };
        match value {
            Value::Nested => nested(event.raw, &self.paths, self.parse.as_ref()).map(Operand::Json),
            value => Operand::of(value),
        }
    }
}

/// The value at the first of the paths that leads to one: in the object of the text at `parse`, else in the text of
/// the record.
fn nested(raw: &[u8], paths: &[Path], parse: Option<&Path>) -> Option<serde_json::Value> {
    let record: serde_json::Value = serde_json::from_slice(raw).ok()?;
    let text = parse.and_then(|path| find(&record, path.keys())).and_then(serde_json::Value::as_str);
    let inner = text.and_then(object_in).and_then(|object| serde_json::from_str(object).ok());
    let inner: Option<serde_json::Value> = inner;
    let in_text = inner.iter().flat_map(|inner| paths.iter().map(move |path| find(inner, path.keys())));
    let in_record = paths.iter().map(|path| find(&record, path.keys()));
    in_text.chain(in_record).flatten().next().cloned().or_else(|| {
        let mut listed = paths.iter().filter_map(|path| lists::value(raw, path.keys()));
        listed.find_map(|found| serde_json::from_slice(found.text).ok())
    })
}

/// The value that keys lead to, of which any in a row may stand as one key with dots.
fn find<'v>(value: &'v serde_json::Value, keys: &[String]) -> Option<&'v serde_json::Value> {
    let Some((first, rest)) = keys.split_first() else { return Some(value) };
    match value {
        serde_json::Value::Object(fields) => (1..=keys.len()).find_map(|taken| {
            let inner = fields.get(&keys[..taken].join("."))?;
            find(inner, &keys[taken..])
        }),
        serde_json::Value::Array(items) => find(items.get(first.parse::<usize>().ok()?)?, rest),
        _ => None,
    }
}
