//! A configuration file, TOML or JSON, as plain settings.

use anyhow::{Context as _, Result, bail};
use serde_json::Value as Json;
use std::path::Path;

/// What a key is set to, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Text(String),
    List(Vec<String>),
}

/// The keys of a file or of one of its tables.
pub type Section = Vec<(String, Setting)>;

impl Setting {
    pub fn values(&self) -> &[String] {
        match self {
            Setting::Text(text) => std::slice::from_ref(text),
            Setting::List(values) => values,
        }
    }

    /// The text, or the first of a list.
    pub fn text(&self) -> &str {
        self.values().first().map_or("", String::as_str)
    }

    /// The truth of a flag; `None` where it is none.
    pub fn truth(&self) -> Option<bool> {
        match self.values() {
            [text] => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" | "" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The file's keys, and its tables by name. JSON is known by the name's `.json`, or by the `{` that
/// it begins with where the name ends otherwise than in `.toml`.
pub fn read(path: &Path) -> Result<(Section, Vec<(String, Section)>)> {
    let name = path.display();
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read the configuration {name}; give --config a TOML or JSON file"))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8 text"))?;
    let text = text.trim_start_matches('\u{feff}');
    let is_json = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => true,
        Some("toml") => false,
        _ => text.trim_start().starts_with('{'),
    };
    let fields = if is_json {
        let fields: serde_json::Map<String, Json> =
            serde_json::from_str(text).with_context(|| format!("{name} is not a JSON object of settings"))?;
        fields.into_iter().collect()
    } else {
        let table: toml::Table = toml::from_str(text).with_context(|| format!("{name} is not TOML"))?;
        table.into_iter().map(|(key, value)| (key, json(value))).collect::<Vec<_>>()
    };
    let (mut top, mut sections) = (Section::new(), Vec::new());
    for (key, value) in fields {
        match value {
            Json::Object(inner) => {
                let mut section = Section::new();
                for (key, value) in inner {
                    section.extend(setting(path, key, value)?);
                }
                sections.push((key, section));
            }
            value => top.extend(setting(path, key, value)?),
        }
    }
    Ok((top, sections))
}

/// A TOML value as JSON; a date is its text.
fn json(value: toml::Value) -> Json {
    match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => {
            serde_json::Number::from_f64(number).map_or_else(|| Json::String(number.to_string()), Json::Number)
        }
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => Json::String(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => Json::Object(table.into_iter().map(|(key, value)| (key, json(value))).collect()),
    }
}

/// The key with its setting; nothing where it is null.
fn setting(path: &Path, key: String, value: Json) -> Result<Option<(String, Setting)>> {
    let setting = match value {
        Json::Null => return Ok(None),
        Json::Array(items) => items.into_iter().map(scalar).collect::<Option<_>>().map(Setting::List),
        value => scalar(value).map(Setting::Text),
    };
    match setting {
        Some(setting) => Ok(Some((key, setting))),
        None => bail!(
            "{}: `{}` must be text, a number, true, false, or a list of those",
            path.display(),
            key.escape_debug()
        ),
    }
}

fn scalar(value: Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text),
        Json::Bool(truth) => Some(truth.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}
