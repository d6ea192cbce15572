//! What records are grouped by well.

use super::super::field::{Field, Kind};
use super::super::{Outcome, Survey, names, nesting};
use super::playing::{Found, is_common};
use crate::event::Role;
use crate::schema::Path;

/// A field that groups records well has at most so many values.
const MAX_GROUPS: usize = 20;
/// How many fields to group by are named.
const MAX_CANDIDATES: usize = 5;

/// Fields with a few different texts that play no role yet, and do not tell the outcome.
pub(super) fn groups(survey: &Survey, found: &[Found], outcome: Option<&Outcome>) -> Vec<String> {
    let is_free = |field: &&Field| {
        let tells = outcome.map(|outcome| &outcome.path);
        if tells.is_some() && field.path.as_ref() == tells {
            return false;
        }
        found
            .iter()
            .all(|found| field.path.as_ref() != Some(&found.path) && (found.rest.is_none() || field.path != found.rest))
    };
    let suits = |field: &&Field| {
        let few = field.distinct().is_some_and(|count| (2..=MAX_GROUPS).contains(&count));
        few && is_common(field.count(&[Kind::Text]), survey) && !field.times.can_be_read() && field.statuses.is_empty()
    };
    let mut fields: Vec<&Field> =
        survey.fields().filter(|field| nesting::is_plain(field)).filter(is_free).filter(suits).collect();
    fields.sort_by_key(|field| (names::group_rank(&field.name), field.distinct()));
    let typed = fields.iter().filter_map(|field| as_key(field.path.as_ref()?));
    typed.take(MAX_CANDIDATES).collect()
}

/// The path as a flag takes it that also takes the names of roles. `None` where it holds the comma
/// that separates such fields.
pub(super) fn as_key(path: &Path) -> Option<String> {
    let text = path.to_string();
    if text.contains(',') {
        return None;
    }
    Some(if Role::ALL.iter().any(|role| role.name() == text) { format!("\"{text}\"") } else { text })
}
