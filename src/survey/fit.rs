//! The flags that fit a survey: the known format that its records look most like, and a field for
//! each role that the format leaves open.

use super::field::{Field, Kind};
use super::{LENT, Nesting, Survey, names, nesting};
use crate::decode::Clock;
use crate::event::{Role, Value};
use crate::schema::{PRESETS, Path, Preset, Sign, TimeUnit};
use std::collections::BTreeMap;

/// A field plays a role where so many of a hundred records have it.
const MIN_PERCENT: u64 = 50;
/// A field that groups records well has at most so many values.
const MAX_GROUPS: usize = 20;
/// How many fields to group by are named.
const MAX_CANDIDATES: usize = 5;

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

/// The HTTP statuses of the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    pub path: Path,
    /// Whether they are stated in the text of the message.
    pub in_message: bool,
    pub counts: BTreeMap<u16, u64>,
}

/// What to type for the records of a survey.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The format that the records evidently are of.
    pub known: Option<&'static Preset>,
    /// In the order of the roles; those that no field plays are left out.
    pub found: Vec<Found>,
    pub codes: Option<Codes>,
    /// Fields with a few different texts, the likeliest first, as `--by` takes them.
    pub by: Vec<String>,
    /// Where the records are.
    pub nesting: Nesting,
}

impl Fit {
    /// The flags that fit the survey; none where it has no record.
    pub fn new(survey: &Survey) -> Option<Self> {
        if survey.records() == 0 {
            return None;
        }
        let known = known_format(survey);
        let preset = known.unwrap_or(&PRESETS[0]);
        let mut found = Vec::new();
        for role in [Role::Time, Role::Service, Role::Message] {
            let stated = in_preset(survey, preset, role).filter(|found| is_common(found.records, survey));
            found.extend(stated.or_else(|| candidate(survey, role)).or_else(|| lent(survey, role)));
        }
        in_two(survey, &mut found);
        let codes = codes(survey, preset, &mut found);
        found.extend(in_preset(survey, preset, Role::Id));
        let by = groups(survey, &found);
        Some(Self { known, found, codes, by, nesting: survey.nesting().clone() })
    }

    pub fn role(&self, role: Role) -> Option<&Found> {
        self.found.iter().find(|found| found.role == role)
    }

    /// The flags and their values, but for what was `given` of where the records are.
    pub fn flags(&self, given: &Nesting) -> Vec<(String, String)> {
        let mut flags = self.nesting.flags(given);
        // The first is the default.
        if let Some(preset) = self.known.filter(|preset| preset.name != PRESETS[0].name) {
            flags.push(("--schema".to_owned(), preset.name.to_owned()));
        }
        let flagged = self.found.iter().filter(|found| found.flagged);
        flags.extend(flagged.map(|found| (format!("--{}-field", found.role.name()), found.place())));
        flags
    }
}

impl Found {
    /// The field as its flag takes it: of a time in two fields both.
    pub fn place(&self) -> String {
        let rest = self.rest.iter().map(|rest| format!(",{rest}"));
        std::iter::once(self.path.to_string()).chain(rest).collect()
    }
}

/// Finds the field that goes on with the time: the nanoseconds of its seconds, or the time of day of its date.
fn in_two(survey: &Survey, found: &mut Vec<Found>) {
    let beside = |path: &Path, names: &[&str]| {
        let (last, above) = path.keys().split_last()?;
        let is_beside = |field: &&Field| {
            let keys = field.path.as_ref().and_then(|path| path.keys().split_last());
            keys.is_some_and(|(key, others)| {
                key != last && others == above && names.contains(&&*key.to_lowercase().replace('_', ""))
            })
        };
        survey.fields().find(is_beside)
    };
    if let Some(time) = found.iter_mut().find(|found| found.role == Role::Time) {
        const NANOS: [&str; 5] = ["nanoofsecond", "nanos", "nano", "nanoseconds", "nsec"];
        let nanos = beside(&time.path, &NANOS).filter(|field| {
            let is_second = field.range.is_some_and(|(low, high)| low >= 0.0 && high < 1e9);
            is_second && field.count(&[Kind::Int]) == field.known() && is_common(field.known(), survey)
        });
        if let Some(nanos) = nanos {
            (time.rest, time.flagged) = (nanos.path.clone(), true);
        }
        return;
    }
    let clock = Clock::new(TimeUnit::Auto, jiff::tz::TimeZone::UTC);
    let pairs = survey.fields().filter(|field| is_common(field.count(&[Kind::Text]), survey)).filter_map(|date| {
        let time = beside(date.path.as_ref()?, &["time", "timeofday", "clock", "hour"])?;
        let (first, rest) = (date.examples().next()?.as_str()?, time.examples().next()?.as_str()?);
        let is_time = clock.read(&Value::Text(&format!("{first} {rest}"))).is_ok_and(|time| time.is_some());
        is_time.then_some((date, time))
    });
    if let Some((date, time)) = pairs.into_iter().next()
        && let Some(path) = date.path.clone()
    {
        let records = date.count(&[Kind::Text]).min(time.count(&[Kind::Text]));
        found.insert(0, Found { role: Role::Time, path, rest: time.path.clone(), records, flagged: true });
    }
}

/// The format that the records look most like, if that is evident: by its time and two further
/// roles and one of the fields that are its own, or by one role and most of those.
fn known_format(survey: &Survey) -> Option<&'static Preset> {
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
fn weight(found: &Found) -> f64 {
    let role = if found.role == Role::Time { 3.0 } else { 2.0 };
    role + 0.5 * (found.path.keys().len() - 1) as f64
}

/// The share of a format's own fields that the records have, between 0 and 1.
fn signs(survey: &Survey, preset: &Preset) -> f64 {
    let share_of = |(path, sign): &(&str, Sign)| {
        let field = Path::parse(path).ok().and_then(|path| survey.field(&path));
        let kinds: &[Kind] = if *sign == Sign::Text { &[Kind::Text] } else { &[Kind::Int, Kind::Float] };
        field.map_or(0.0, |field| share(field.count(kinds), survey).min(1.0))
    };
    preset.signs.iter().map(share_of).sum::<f64>() / preset.signs.len().max(1) as f64
}

fn in_preset(survey: &Survey, preset: &Preset, role: Role) -> Option<Found> {
    let path = Path::parse(preset.paths[role as usize]?).ok()?;
    let records = playing(survey.field(&path)?, role);
    (records > 0).then_some(Found { role, path, rest: None, records, flagged: false })
}

/// In how many records the field can play the role.
fn playing(field: &Field, role: Role) -> u64 {
    let statuses = field.statuses.values().sum::<u64>();
    match role {
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
fn lent(survey: &Survey, role: Role) -> Option<Found> {
    let (_, keys) = LENT.into_iter().find(|(lent, _)| *lent == role)?;
    let path = Path::of_keys(&keys)?;
    let records = playing(survey.field(&path)?, role);
    is_common(records, survey).then_some(Found { role, path, rest: None, records, flagged: false })
}

fn is_lent(field: &Field) -> bool {
    LENT.iter().any(|(_, keys)| field.path.as_ref().is_some_and(|path| path.keys() == keys))
}

/// The field that plays a role best, by its name and its values.
fn candidate(survey: &Survey, role: Role) -> Option<Found> {
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

/// The statuses, from where the analyses will take them; adds the flag that leads there.
fn codes(survey: &Survey, preset: &Preset, found: &mut Vec<Found>) -> Option<Codes> {
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

/// Fields with a few different texts that play no role yet.
fn groups(survey: &Survey, found: &[Found]) -> Vec<String> {
    let is_free = |field: &&Field| {
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
fn as_key(path: &Path) -> Option<String> {
    let text = path.to_string();
    if text.contains(',') {
        return None;
    }
    Some(if Role::ALL.iter().any(|role| role.name() == text) { format!("\"{text}\"") } else { text })
}

fn is_common(records: u64, survey: &Survey) -> bool {
    records * 100 >= survey.records() * MIN_PERCENT
}

fn share(records: u64, survey: &Survey) -> f64 {
    records as f64 / survey.records() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::fixtures::survey;

    fn flags(records: &[&str]) -> String {
        let flags = Fit::new(&survey(records)).unwrap().flags(&Nesting::default());
        flags.into_iter().map(|(flag, value)| format!("{flag} {value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_unknown_format_gets_a_flag_a_role() {
        let records = [
            r#"{"ts": 1760559686.3, "app": {"name": "pay"}, "code": 200, "text": "done", "took": 250, "zone": "a"}"#,
            r#"{"ts": 1760559687.3, "app": {"name": "web"}, "code": "503", "text": "gone", "took": 404, "zone": "b"}"#,
        ];
        assert_eq!(
            flags(&records),
            "--time-field ts --service-field app.name --message-field text --status-field code"
        );
        let fit = Fit::new(&survey(&records)).unwrap();
        assert_eq!(fit.by, ["zone"]);
        assert_eq!(fit.codes.unwrap().counts.into_iter().collect::<Vec<_>>(), [(200, 1), (503, 1)]);
    }

    #[test]
    fn a_role_that_a_known_format_leaves_open_is_filled() {
        let record = r#"{"level":"info","msg":"GET /","time":"2025-10-15T20:21:26Z","app":"web","code":200}"#;
        assert_eq!(flags(&[record]), "--schema logrus --service-field app --status-field code");
    }

    #[test]
    fn a_status_in_a_text_leads_to_the_message() {
        let record = r#"{"timestamp": 90, "service": "a", "note": "HTTP Status Code: 203", "text": "x"}"#;
        assert_eq!(flags(&[record]), "--message-field note");
        let lab = r#"{"timestamp": 90, "service": "a", "message": "HTTP Status Code: 203"}"#;
        assert_eq!(flags(&[lab]), "");
        assert!(Fit::new(&survey(&[lab])).unwrap().codes.unwrap().in_message);
    }

    #[test]
    fn a_time_shows_by_its_values() {
        assert_eq!(flags(&[r#"{"n": 1760559686, "wann": "2025-10-15 20:21:26", "x": 1}"#]), "--time-field wann");
        assert_eq!(flags(&[r#"{"n": 1760559686, "x": 1}"#]), "--time-field n");
        assert_eq!(flags(&[r#"{"n": 17, "time": "soon"}"#]), "");
    }

    #[test]
    fn a_length_of_time_is_no_service() {
        let record =
            r#"{"at":"info","method":"GET","app":"pay","dyno":"web.1","connect":"1ms","service":"12ms","status":200}"#;
        assert_eq!(flags(&[record]), "--service-field app");
        assert_eq!(flags(&[r#"{"timestamp": 90, "service": "5s team", "status": 200}"#]), "");
    }

    #[test]
    fn a_time_in_two_fields_is_found() {
        let iis = r#"{"date":"2026-11-27","time":"12:00:00","s-computername":"web","status":200}"#;
        assert_eq!(flags(&[iis]), "--time-field date,time");
        let log4j2 = r#"{"instant":{"epochSecond":1760559686,"nanoOfSecond":315260123},"level":"INFO","status":200}"#;
        assert_eq!(flags(&[log4j2]), "--time-field instant.epochSecond,instant.nanoOfSecond");
    }

    #[test]
    fn a_wall_time_of_caddy_is_a_time() {
        let record = r#"{"level":"info","ts":"2026/11/27 12:00:00.123","msg":"handled request","request":{"method":"GET","host":"a","uri":"/"},"status":200}"#;
        assert_eq!(flags(&[record]), "--schema caddy");
    }

    #[test]
    fn a_key_is_never_taken_for_a_role() {
        let records = [r#"{"status": "up", "a,b": "x"}"#, r#"{"status": "down", "a,b": "y"}"#];
        assert_eq!(Fit::new(&survey(&records)).unwrap().by, ["\"status\""]);
        assert!(Fit::new(&survey(&[])).is_none());
    }
}
