//! What the flags about fields may say: formats, zones, times in two fields.

use super::units;
use crate::schema::{PRESETS, Path, Preset, preset};
use jiff::tz::TimeZone;
use std::time::Duration;

/// A known format, or none where the one is taken that fits.
#[derive(Clone, Copy)]
pub struct SchemaName(pub Option<&'static Preset>);

/// The name of none.
pub const AUTO: &str = "auto";

pub fn schema_named(name: &str) -> Result<SchemaName, String> {
    if name == AUTO {
        return Ok(SchemaName(None));
    }
    preset(name).map(|preset| SchemaName(Some(preset))).ok_or_else(|| {
        let names: Vec<&str> = std::iter::once(AUTO).chain(PRESETS.iter().map(|preset| preset.name)).collect();
        let nearest = super::nearest::nearest(name, names.iter().copied());
        let hint = nearest.map_or(String::new(), |nearest| format!("did you mean `{nearest}`? "));
        format!("{hint}known are {}", names.join(", "))
    })
}

pub fn zone_named(name: &str) -> Result<TimeZone, String> {
    // The commonest is known without a look at all zones of the system.
    if name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    if let Ok(parts) = jiff::fmt::strtime::BrokenDownTime::parse("%:z", name)
        && let Some(offset) = parts.offset()
    {
        return Ok(TimeZone::fixed(offset));
    }
    TimeZone::get(name).map_err(|_| "no such time zone; write it as `UTC`, `Europe/Berlin` or `+02:00`".to_owned())
}

/// Where a time is.
#[derive(Clone)]
pub struct TimeFields {
    pub first: Path,
    /// Of a time in two fields: its time of day, or its nanoseconds.
    pub rest: Option<Path>,
}

pub fn time_fields(list: &str) -> Result<TimeFields, String> {
    let names = super::rows::split_unquoted(list);
    let mut paths = names.iter().map(|name| Path::parse(name));
    let (first, rest) = (paths.next().expect("a list has a first name")?, paths.next().transpose()?);
    if paths.next().is_some() {
        return Err(
            "a time is in one field or in two: a date and a time of day, or seconds and their nanoseconds".to_owned()
        );
    }
    if rest.as_ref() == Some(&first) {
        return Err(format!("`{first}` is named twice"));
    }
    Ok(TimeFields { first, rest })
}

/// How far after now a record's time may be.
#[derive(Clone, Copy)]
pub struct Ahead(pub Option<Duration>);

pub fn ahead(text: &str) -> Result<Ahead, String> {
    if text == "off" { Ok(Ahead(None)) } else { units::duration(text).map(|time| Ahead(Some(time))) }
}
