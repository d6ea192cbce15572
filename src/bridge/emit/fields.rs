//! Where a program finds what it needs in a record.

use super::Request;
use super::places::Look;
use crate::event::Role;
use crate::schema::{Field, Path};

/// The fields of a question, each as the keys that lead to it from the top of a record.
pub struct Fields {
    /// Where the time is; for windows only.
    pub time: Option<Vec<String>>,
    /// Where the status is stated, and where it is told.
    pub status: Option<Vec<String>>,
    pub message: Option<Vec<String>>,
    /// The columns of the rows; without keys, the status.
    pub by: Vec<(String, Option<Vec<String>>)>,
}

impl Fields {
    pub fn new(request: &Request, look: &Look) -> Result<Self, String> {
        let role = |role: Role| request.schema.role(role).map(|path| keys(path, look)).transpose();
        let (status, message) = (role(Role::Status)?, role(Role::Message)?);
        if status.is_none() && message.is_none() {
            return Err("no field has the status; name it by --status-field".to_owned());
        }
        let time = match request.question.windows {
            None => None,
            Some(_) if request.schema.time_rest().is_some() => {
                return Err("--time-field: a program takes a time from one field, not from two".to_owned());
            }
            Some(_) => Some(role(Role::Time)?.ok_or("no field has the time; name it by --time-field")?),
        };
        let by = request.question.by.names().zip(request.question.by.fields()).map(|(name, field)| {
            let place = match field {
                Field::Status | Field::OwnStatus(_) => None,
                Field::Slot(slot) | Field::Either(slot, _) => match &request.schema.paths()[*slot] {
                    Some(path) => Some(keys(path, look)?),
                    None => return Err(format!("this schema has no field for {name}; name it by --{name}-field")),
                },
            };
            Ok((name.to_owned(), place))
        });
        Ok(Self { time, status, message, by: by.collect::<Result<_, String>>()? })
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        self.by.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Every place that is read, once.
    pub fn places(&self) -> Vec<&[String]> {
        let by = self.by.iter().filter_map(|(_, place)| place.as_ref());
        let mut places: Vec<&[String]> = Vec::new();
        for place in [&self.time, &self.status, &self.message].into_iter().flatten().chain(by) {
            if !places.contains(&place.as_slice()) {
                places.push(place);
            }
        }
        places
    }
}

/// The keys of a path, as the files have them: `http.status` is a field in an object, or one key.
fn keys(path: &Path, look: &Look) -> Result<Vec<String>, String> {
    let keys = path.keys();
    if let Some(key) = keys.iter().find(|key| key.contains('\\') || key.chars().any(char::is_control)) {
        return Err(format!("the field `{}` has a backslash or a control character in it", key.escape_debug()));
    }
    if keys[1..].iter().any(|key| key.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(format!("`{path}` is an element of an array; a printed program reads objects only"));
    }
    let joined = keys.join(".");
    Ok(if look.has_key(&joined) { vec![joined] } else { keys.to_vec() })
}

/// Whether a key needs no quotes.
pub fn is_plain(key: &str) -> bool {
    let is_word = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && !key.starts_with(|first: char| first.is_ascii_digit())
}
