//! Which known format records are of.

use super::super::Survey;
use super::super::field::Kind;
use super::playing::{Found, in_preset, is_common, share};
use crate::event::Role;
use crate::schema::{PRESETS, Path, Preset, Sign};

/// The format that the records look most like, if that is evident: by its time and two further
/// roles and one of the fields that are its own, or by one role and most of those.
pub(super) fn known_format(survey: &Survey) -> Option<&'static Preset> {
    let mut best: Option<(&'static Preset, f64)> = None;
    for preset in PRESETS {
        let roles: Vec<Found> = Role::ALL.into_iter().filter_map(|role| in_preset(survey, preset, role)).collect();
        let telling = roles.iter().filter(|found| found.role != Role::Id);
        let has_time = roles.iter().any(|found| found.role == Role::Time && is_common(found.records, survey));
        let signs = signs(survey, preset);
        // Others have a time, a message and a status of such names as well: one of its own fields has to be there.
        if !has_time || signs == 0.0 || telling.clone().count() < if signs > 0.5 { 2 } else { 3 } {
            continue;
        }
        let score: f64 = telling.map(|found| share(found.records, survey) * weight(found)).sum::<f64>() + 2.0 * signs;
        if best.is_none_or(|(_, highest)| score > highest) {
            best = Some((preset, score));
        }
    }
    best.map(|(preset, _)| preset)
}

/// The time matters most; a longer path is less often hit by chance.
pub(super) fn weight(found: &Found) -> f64 {
    let role = if found.role == Role::Time { 3.0 } else { 2.0 };
    role + 0.5 * (found.path.keys().len() - 1) as f64
}

/// The share of a format's own fields that the records have, between 0 and 1.
pub(super) fn signs(survey: &Survey, preset: &Preset) -> f64 {
    let share_of = |(path, sign): &(&str, Sign)| {
        let field = Path::parse(path).ok().and_then(|path| survey.field(&path));
        let kinds: &[Kind] = if *sign == Sign::Text { &[Kind::Text] } else { &[Kind::Int, Kind::Float] };
        field.map_or(0.0, |field| share(field.count(kinds), survey).min(1.0))
    };
    preset.signs.iter().map(share_of).sum::<f64>() / preset.signs.len().max(1) as f64
}
