//! Where the HTTP statuses are: in a field, or in the text of one.

use super::super::field::{Field, Kind};
use super::super::{Survey, nesting};
use super::playing::{Found, candidate, in_preset};
use crate::event::Role;
use crate::schema::{Path, Preset};
use std::collections::BTreeMap;

/// The HTTP statuses of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    pub path: Path,
    /// Whether they are stated in the text of the message.
    pub in_message: bool,
    pub counts: BTreeMap<u16, u64>,
}

/// The statuses, from where the analyses will take them; adds the flag that leads there.
pub(super) fn codes(survey: &Survey, preset: &Preset, found: &mut Vec<Found>) -> Option<Codes> {
    let of_field = |found: &Found| {
        let counts = survey.field(&found.path)?.statuses.clone();
        Some(Codes { path: found.path.clone(), in_message: false, counts })
    };
    let stated_in = |path: &Path| {
        let counts = survey.field(path)?.mentions.clone();
        (!counts.is_empty()).then(|| Codes { path: path.clone(), in_message: true, counts })
    };
    if let Some(status) = in_preset(survey, preset, Role::Status) {
        let codes = of_field(&status);
        found.push(status);
        return codes;
    }
    let message = found.iter().position(|found| found.role == Role::Message);
    if let Some(codes) = message.and_then(|place| stated_in(&found[place].path)) {
        return Some(codes);
    }
    if let Some(status) = candidate(survey, Role::Status) {
        let codes = of_field(&status);
        found.push(status);
        return codes;
    }
    let mentions = |field: &Field| field.mentions.values().sum::<u64>();
    let telling = survey
        .fields()
        .filter(|field| mentions(field) > 0 && field.path.is_some() && nesting::is_plain(field))
        .max_by_key(|f| mentions(f))?;
    let path = telling.path.clone()?;
    let records = telling.count(&[Kind::Text]);
    let other = Found { role: Role::Message, path: path.clone(), rest: None, records, flagged: true };
    match message {
        Some(place) => found[place] = other,
        None => found.push(other),
    }
    stated_in(&path)
}
