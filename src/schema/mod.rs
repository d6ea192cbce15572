//! What a record's fields mean: which path plays which role, and what else is looked at.

mod path;
mod presets;
mod status;

pub use path::Path;
pub use presets::{PRESETS, Preset, Sign, preset};
pub use status::{Outcomes, StatusSet};

use crate::event::{Event, Role, Value};

/// The fields that a run looks at: one path (or none) a role, then further ones, each in the slot
/// of [`Event::fields`] that its place here says.
#[derive(Clone, Debug)]
pub struct Schema {
    paths: Vec<Option<Path>>,
    pub time_unit: TimeUnit,
    /// The zone of times that name none.
    pub time_zone: jiff::tz::TimeZone,
}

/// What a number in the time field counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// Told by magnitude: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds,
    /// else nanoseconds.
    #[default]
    Auto,
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Schema {
    pub fn new(preset: &Preset) -> Self {
        let paths = preset.paths.iter().map(|path| path.map(|p| Path::parse(p).expect("presets hold sound paths")));
        Self { paths: paths.collect(), time_unit: TimeUnit::Auto, time_zone: jiff::tz::TimeZone::UTC }
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

    /// How to take a field from an event: a role by its name (`service`, `status`, ...), any other
    /// field by its path, which is projected from now on. A quoted path (`"status"`) is never a role.
    pub fn field(&mut self, name: &str) -> Result<Field, String> {
        if name == Role::Status.name() {
            return Ok(Field::Status);
        }
        if let Some(role) = Role::ALL.into_iter().find(|role| role.name() == name) {
            return Ok(Field::Slot(role as usize));
        }
        let path = Path::parse(name)?;
        let known = self.paths.iter().skip(Role::ALL.len()).position(|p| p.as_ref() == Some(&path));
        Ok(Field::Slot(match known {
            Some(place) => place + Role::ALL.len(),
            None => {
                self.paths.push(Some(path));
                self.paths.len() - 1
            }
        }))
    }
}

/// How to take one value from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Slot(usize),
    /// The HTTP status as [`Event::status`] finds it.
    Status,
}

impl Field {
    #[inline(always)]
    pub fn of<'a>(self, event: &Event<'a>) -> Value<'a> {
        match self {
            Field::Slot(slot) => event.fields[slot],
            Field::Status => event.status().map_or(Value::Missing, |code| Value::Int(i64::from(code))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_role_by_name_and_a_slot_by_path() {
        let mut schema = Schema::new(preset("ecs").unwrap());
        assert_eq!(schema.field("status"), Ok(Field::Status));
        assert_eq!(schema.field("service"), Ok(Field::Slot(Role::Service as usize)));
        assert_eq!(schema.field("host.name"), Ok(Field::Slot(5)));
        assert_eq!(schema.field("\"status\""), Ok(Field::Slot(6)));
        assert_eq!(schema.field("host.name"), Ok(Field::Slot(5)));
        assert!(schema.field("a..b").is_err());
    }
}
