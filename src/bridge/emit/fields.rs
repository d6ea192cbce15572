//! Where a program finds what it needs in a record.

use super::Request;
use crate::event::Role;
use crate::schema::{Field, Path};

/// The ways to a field, each as the keys that lead to it from the top of a record: `http.status` may be a field in
/// an object, or one key.
pub type Ways = Vec<Vec<String>>;

/// A path with more keys has too many ways for a program that is to be read.
const MAX_KEYS: usize = 5;

/// The fields of a question.
pub struct Fields {
    /// Where the time is; for windows only.
    pub time: Option<Ways>,
    /// The same for rates, where it is looked at for years that are out of range only.
    pub stamp: Option<Ways>,
    /// Where the status is stated, and where it is told.
    pub status: Option<Ways>,
    pub message: Option<Ways>,
    /// The columns of the rows; without ways, the status.
    pub by: Vec<(String, Option<Ways>)>,
}

impl Fields {
    pub fn new(request: &Request) -> Result<Self, String> {
        let role = |role: Role| request.schema.role(role).map(ways).transpose();
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
        let stamp = if time.is_some() { None } else { role(Role::Time).ok().flatten() };
        let by = request.question.by.names().zip(request.question.by.fields()).map(|(name, field)| {
            let place = match field {
                Field::Status | Field::OwnStatus(_) => None,
                Field::Slot(slot) | Field::Either(slot, _) => match &request.schema.paths()[*slot] {
                    Some(path) => Some(ways(path)?),
                    None => return Err(format!("this schema has no field for {name}; name it by --{name}-field")),
                },
            };
            Ok((name.to_owned(), place))
        });
        Ok(Self { time, stamp, status, message, by: by.collect::<Result<_, String>>()? })
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        self.by.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Every place that is read, once.
    pub fn places(&self) -> Vec<&[String]> {
        let by = self.by.iter().filter_map(|(_, place)| place.as_ref());
        let mut places: Vec<&[String]> = Vec::new();
        for place in [&self.time, &self.stamp, &self.status, &self.message].into_iter().flatten().chain(by).flatten() {
            if !places.contains(&place.as_slice()) {
                places.push(place);
            }
        }
        places
    }
}

/// All ways that a path can be meant: at each of its dots a key may end, or go on.
fn ways(path: &Path) -> Result<Ways, String> {
    let keys = path.keys();
    if let Some(key) = keys.iter().find(|key| key.contains('\\') || key.chars().any(char::is_control)) {
        return Err(format!("the field `{}` has a backslash or a control character in it", key.escape_debug()));
    }
    if keys[1..].iter().any(|key| key.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(format!("`{path}` is an element of an array; a printed program reads objects only"));
    }
    if keys.len() > MAX_KEYS {
        return Err(format!("`{path}` lies deeper than the {MAX_KEYS} keys that a program looks for; add it by hand"));
    }
    let way = |joined: u32| {
        let mut way = vec![keys[0].clone()];
        for (place, key) in keys[1..].iter().enumerate() {
            match way.last_mut() {
                Some(last) if joined >> place & 1 == 1 => last.extend([".", key]),
                _ => way.push(key.clone()),
            }
        }
        way
    };
    Ok((0..1 << (keys.len() - 1)).map(way).collect())
}

/// Whether a key needs no quotes.
pub fn is_plain(key: &str) -> bool {
    let is_word = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && !key.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_meant_in_every_way() {
        let shown = |text: &str| -> Vec<String> {
            ways(&Path::parse(text).unwrap()).unwrap().iter().map(|way| way.join("|")).collect()
        };
        assert_eq!(shown("a"), ["a"]);
        assert_eq!(shown("a.b.c"), ["a|b|c", "a.b|c", "a|b.c", "a.b.c"]);
        assert!(ways(&Path::parse("a.b.c.d.e.f").unwrap()).is_err());
    }
}
