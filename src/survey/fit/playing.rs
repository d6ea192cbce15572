//! Which field plays a role, and in how many records.

use super::super::field::{Field, Kind};
use super::super::{LENT, Survey, names, nesting};
use crate::event::Role;
use crate::schema::{Path, Preset};

/// A field plays a role where so many of a hundred records have it.
const MIN_PERCENT: u64 = 50;

/// What plays a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub role: Role,
    pub path: Path,
    /// Of a time in two fields the other one.
    pub rest: Option<Path>,
    /// How many records have it, in a form that can be used.
    pub records: u64,
    /// Whether it has to be named by a flag.
    pub flagged: bool,
}

impl Found {
    /// The field as its flag takes it: of a time in two fields both.
    pub fn place(&self) -> String {
        let rest = self.rest.iter().map(|rest| format!(",{rest}"));
        std::iter::once(self.path.to_string()).chain(rest).collect()
    }
}

pub(super) fn in_preset(survey: &Survey, preset: &Preset, role: Role) -> Option<Found> {
    let path = Path::parse(preset.paths[role as usize]?).ok()?;
    let records = playing(survey.field(&path)?, role);
    (records > 0).then_some(Found { role, path, rest: None, records, flagged: false })
}

/// In how many records the field can play the role.
pub(super) fn playing(field: &Field, role: Role) -> u64 {
    let statuses = field.statuses.values().sum::<u64>();
    match role {
        // What delivers records has a time, a status and an id of its own.
        role if field.is_inherited && role != Role::Service => 0,
        Role::Time if field.times.can_be_read() => field.times.read,
        Role::Status if statuses * 2 >= field.known() => statuses,
        Role::Time | Role::Status => 0,
        // Heroku's router calls a length of time `service`.
        Role::Service if field.durations * 2 >= field.known() => 0,
        Role::Service | Role::Message => field.count(&[Kind::Text]),
        Role::Id => field.count(&[Kind::Text, Kind::Int]),
    }
}

/// What a prefix lends, which no flag has to name.
pub(super) fn lent(survey: &Survey, role: Role) -> Option<Found> {
    let (_, keys) = LENT.into_iter().find(|(lent, _)| *lent == role)?;
    let path = Path::of_keys(&keys)?;
    let records = playing(survey.field(&path)?, role);
    is_common(records, survey).then_some(Found { role, path, rest: None, records, flagged: false })
}

pub(super) fn is_lent(field: &Field) -> bool {
    LENT.iter().any(|(_, keys)| field.path.as_ref().is_some_and(|path| path.keys() == keys))
}

/// The field that plays a role best, by its name and its values.
pub(super) fn candidate(survey: &Survey, role: Role) -> Option<Found> {
    let suits = |field: &&Field| match role {
        Role::Status => playing(field, role) > 0,
        _ => is_common(playing(field, role), survey),
    };
    let rank = |field: &Field| match (names::rank(role, &field.name), role) {
        (Some(rank), _) => Some(rank),
        // A time shows by its values; a number less surely than a date.
        (None, Role::Time) if field.times.look_like_time() => {
            let is_number = field.times.forms.iter().any(|form| form.is_epoch());
            Some(names::LAST + 2 * usize::from(is_number) + usize::from(names::is_end(&field.name)))
        }
        _ => None,
    };
    let own = survey.fields().filter(|field| nesting::is_plain(field) && !is_lent(field));
    let ranked = own.filter(suits).filter_map(|field| {
        let path = field.path.clone()?;
        let records = playing(field, role);
        let order = (rank(field)?, path.keys().len(), u64::MAX - records);
        Some((order, Found { role, path, rest: None, records, flagged: true }))
    });
    ranked.min_by_key(|(order, _)| *order).map(|(_, found)| found)
}

pub(super) fn is_common(records: u64, survey: &Survey) -> bool {
    records * 100 >= survey.records() * MIN_PERCENT
}

pub(super) fn share(records: u64, survey: &Survey) -> f64 {
    records as f64 / survey.records() as f64
}
