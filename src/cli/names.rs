//! What is said of the fields that a question names: which no record has, and what records have instead.

use super::nearest::nearest;
use crate::engine::{Stop, Watch};
use crate::schema::{Compared, Field, Found, Named, Names, What};

/// So many records are the first ones: what none of them has, probably none will have.
const FIRST_RECORDS: u64 = 1000;
/// In one pass, all is said at the end, unless that is far away.
const FAR_RECORDS: u64 = 1_000_000;

/// Watches over the names of a question while records are read. Where each `must_be_there`, the run ends
/// as soon as that is known: at the end, or where input is followed after the first records.
pub fn watch(names: Names, must_be_there: bool, follow: bool) -> Watch {
    let mut is_said = false;
    Box::new(move |read, is_over| {
        // In one pass threads are ahead of what was read in order: when a name was found first is chance.
        let is_due = follow && read >= FIRST_RECORDS || is_over && read > 0;
        if must_be_there && is_due {
            let missing = names.missing().into_iter().find(|named| !named.is_optional);
            if let Some(named) = missing {
                return Err(Stop::UnknownField(sentence(named, &names, read)));
            }
        }
        let is_early = read >= if follow { FIRST_RECORDS / 10 } else { FAR_RECORDS };
        if is_said || !is_early || is_over {
            return Ok(None);
        }
        is_said = true;
        let sentences: Vec<String> = names.missing().into_iter().map(|named| sentence(named, &names, read)).collect();
        Ok((!sentences.is_empty()).then(|| sentences.join("; ")))
    })
}

/// What no record has of what the question names, and what is compared with what it never is.
pub fn warnings(names: &Names, read: u64) -> Vec<String> {
    let missing = names.missing().into_iter().map(|named| sentence(named, names, read));
    // What could not be decided is told with how often that was.
    let is_comparison = |compared: &Compared| !matches!(compared.what, What::Condition(_));
    let mismatches =
        names.mismatches("record").filter(|(compared, _)| is_comparison(compared)).map(|(_, reason)| reason);
    missing.chain(mismatches).collect()
}

/// As what each name was found that may be a field of the record, or a role.
pub fn found(names: &Names) -> Vec<String> {
    let mut lines = Vec::new();
    for named in names.all().iter().filter(|named| !matches!(named.field, Field::Slot(_))) {
        let line = match named.found() {
            Some(Found::Own) => format!("`{}` is the record's own field", named.name),
            Some(Found::Role) => format!("`{}` is what plays that role: no such field was there at first", named.name),
            None => continue,
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

fn sentence(named: &Named, names: &Names, read: u64) -> String {
    let known = names.known();
    if names.is_around(named) {
        return format!(
            "no record of {read} has the field `{}`; an object around the records has it, but behind their array, or not as a single value",
            named.name.escape_debug()
        );
    }
    let instead: Vec<String> = instead(&named.name, &known).iter().map(|name| written(name)).collect();
    let advice = match instead.is_empty() {
        false => format!("; did you mean {}?", instead.join(" or ")),
        true if known.is_empty() => String::new(),
        true => format!("; the first records have {}", first(&known)),
    };
    format!("no record of {read} has the field `{}`{advice}", named.name.escape_debug())
}

/// The names that were probably meant.
fn instead<'k>(name: &str, known: &'k [String]) -> Vec<&'k str> {
    const SHOWN: usize = 3;
    let is_plain = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '.';
    let is_cut =
        |rest: Option<&str>, at: fn(&str) -> Option<char>| rest.and_then(at).is_some_and(|char| !is_plain(char));
    // `sc-status` reads as `sc` less `status`.
    let is_part = |known: &str| {
        is_cut(known.strip_prefix(name), |rest| rest.chars().next())
            || is_cut(known.strip_suffix(name), |rest| rest.chars().next_back())
    };
    let of = |is: &dyn Fn(&str) -> bool| {
        let found = known.iter().map(String::as_str).filter(|known| is(known));
        found.take(SHOWN).collect::<Vec<_>>()
    };
    let found = of(&is_part);
    let found = if found.is_empty() { of(&|known| known.rsplit('.').next() == Some(name)) } else { found };
    if found.is_empty() { nearest(name, known.iter().map(String::as_str)).into_iter().collect() } else { found }
}

/// A name as it is written in an expression.
fn written(name: &str) -> String {
    let is_word = |key: &str| {
        key.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
            && !key.starts_with(|first: char| first.is_ascii_digit())
    };
    let is_path = name.split('.').all(is_word);
    let keys =
        name.split('.').map(|key| if is_word(key) { key.to_owned() } else { format!("`{}`", key.escape_debug()) });
    if is_path { format!("`{name}`") } else { keys.collect::<Vec<_>>().join(".") }
}

fn first(known: &[String]) -> String {
    const SHOWN: usize = 12;
    let names: Vec<String> = known.iter().take(SHOWN).map(|name| written(name)).collect();
    let more = known.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_written_as_it_has_to_be() {
        let known = ["@timestamp", "log.level", "sc-status", "latency"].map(str::to_owned);
        assert_eq!(instead("level", &known), ["log.level"]);
        assert_eq!(instead("sc", &known), ["sc-status"]);
        assert_eq!(instead("status", &known), ["sc-status"]);
        assert_eq!(instead("latncy", &known), ["latency"]);
        assert_eq!(instead("timestamp", &known), ["@timestamp"]);
        assert!(instead("colour", &known).is_empty());
        assert_eq!(first(&known), "`@timestamp`, `log.level`, `sc-status`, `latency`");
    }
}
