//! What a record's fields mean: which path plays which role, and what else is looked at.

mod field;
mod named;
mod path;
mod presets;
mod status;
mod time;
mod wrapper;

pub use field::{Field, either};
pub use named::{Compared, Found, Met, Named, Names, Use, What};
pub use path::Path;
pub use presets::{PRESETS, Preset, Sign, preset};
pub use status::{Outcomes, StatusSet};
pub use time::{TimeFormat, TimeUnit};
pub use wrapper::{Level, Wrapper};

use crate::event::Role;
use std::sync::Arc;

/// The fields that a run looks at: one path (or none) a role, then further ones, each in the slot
/// of [`Event::fields`] that its place here says.
#[derive(Clone, Debug)]
pub struct Schema {
    paths: Vec<Option<Path>>,
    pub time_unit: TimeUnit,
    /// The zone of times that name none.
    pub time_zone: jiff::tz::TimeZone,
    /// How times are written, where that is not told by their look.
    pub time_format: Option<TimeFormat>,
    /// The slot of the field that goes on with the time: its time of day, or its nanoseconds.
    time_rest: Option<usize>,
    /// What the question names.
    pub names: Names,
    /// Where a text holds an object whose fields are the record's, before its own.
    pub parse: Option<Path>,
    /// An array of bytes is a text.
    pub byte_texts: bool,
    /// What records stand in, where they are not the objects of the stream themselves.
    pub records: Option<Arc<Wrapper>>,
}

impl Schema {
    pub fn new(preset: &Preset) -> Self {
        let paths = preset.paths.iter().map(|path| path.map(|p| Path::parse(p).expect("presets hold sound paths")));
        Self {
            paths: paths.collect(),
            time_unit: TimeUnit::Auto,
            time_zone: jiff::tz::TimeZone::UTC,
            time_format: None,
            time_rest: None,
            names: Names::default(),
            parse: None,
            byte_texts: preset.name == "journald",
            records: None,
        }
    }

    pub fn set_role(&mut self, role: Role, path: Path) {
        self.paths[role as usize] = Some(path);
    }

    /// The path of a role, where the schema has one.
    pub fn role(&self, role: Role) -> Option<&Path> {
        self.paths[role as usize].as_ref()
    }

    /// All projected paths by slot.
    pub fn paths(&self) -> &[Option<Path>] {
        &self.paths
    }

    /// How to take a field from an event, which is projected from now on. A name is the record's own
    /// field; where a record has none, the role of that name (`service`, `status`, ...). In backticks or
    /// quotes it is never a role.
    pub fn field(&mut self, name: &str) -> Result<Field, String> {
        let path = Path::parse(name)?;
        Ok(self.name(name.to_owned(), path, name.starts_with(['`', '"']), false))
    }

    /// The same for a path, and takes note that a question names it so.
    pub fn name(&mut self, name: String, path: Path, is_quoted: bool, is_optional: bool) -> Field {
        let field = self.resolve(&path, is_quoted);
        self.names.name(name, field, is_optional);
        field
    }

    /// Takes note that the rows are of a role, which records may have or not.
    pub fn expect(&mut self, role: Role) {
        let since = self.names.count();
        let name = self.role(role).map_or_else(|| role.name().to_owned(), Path::to_string);
        self.names.name(name, Field::Slot(role as usize), true);
        self.names.used_for(since, &Use::Rows);
    }

    /// Takes note that a role was said to be in a field.
    pub fn demand(&mut self, role: Role) {
        if let Some(path) = self.role(role) {
            self.names.name(path.to_string(), Field::Slot(role as usize), false);
        }
    }

    /// Takes note of what a question does with values.
    pub fn compare(&mut self, what: What) -> std::sync::Arc<Met> {
        self.names.compare(what)
    }

    /// The field of a path, without a note that a question names it.
    pub fn resolve(&mut self, path: &Path, is_quoted: bool) -> Field {
        let role = Role::ALL.into_iter().find(|role| !is_quoted && role.name() == path.keys()[0]);
        let Some(role) = role else { return Field::Slot(self.slot(path)) };
        let own = if self.role(role) == Some(path) { role as usize } else { self.slot(path) };
        match (role, &path.keys()[1..]) {
            (Role::Status, []) => Field::OwnStatus(own),
            (_, []) if own == role as usize || self.role(role).is_none() => Field::Slot(own),
            (_, []) => Field::Either(own, role as usize),
            (_, inside) => match self.role(role).map(|role| role.join(inside)) {
                Some(other) if other != *path => Field::Either(own, self.slot(&other)),
                _ => Field::Slot(own),
            },
        }
    }

    /// Says which field goes on with the time.
    pub fn set_time_rest(&mut self, path: &Path) {
        self.time_rest = Some(self.slot(path));
    }

    /// The slot of the field that goes on with the time, where it is in two.
    pub fn time_rest(&self) -> Option<usize> {
        self.time_rest
    }

    /// The slot of a path, which is projected from now on.
    fn slot(&mut self, path: &Path) -> usize {
        let known = self.paths.iter().skip(Role::ALL.len()).position(|known| known.as_ref() == Some(path));
        known.map_or_else(
            || {
                self.paths.push(Some(path.clone()));
                self.paths.len() - 1
            },
            |place| place + Role::ALL.len(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_records_own_field_and_a_role_where_there_is_none() {
        let mut schema = Schema::new(preset("ecs").unwrap());
        assert_eq!(schema.field("status"), Ok(Field::OwnStatus(5)));
        assert_eq!(schema.field("service"), Ok(Field::Either(6, Role::Service as usize)));
        assert_eq!(schema.field("service.kind"), Ok(Field::Either(7, 8)), "of the record, or inside of the role");
        assert_eq!(schema.field("message"), Ok(Field::Slot(Role::Message as usize)), "it is the role's own field");
        assert_eq!(schema.field("host.name"), Ok(Field::Slot(9)));
        assert_eq!(schema.field("\"status\""), Ok(Field::Slot(5)));
        assert_eq!(schema.field("`host`.name"), Ok(Field::Slot(9)));
        assert!(schema.field("a..b").is_err());
        assert_eq!(schema.names.all().len(), 7);
    }
}
