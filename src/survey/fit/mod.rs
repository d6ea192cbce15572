//! The flags that fit a survey: the known format that its records look most like, and a field for
//! each role that the format leaves open.

mod codes;
mod format;
mod groups;
mod playing;
mod two_fields;

pub use codes::Codes;
pub use playing::Found;

use super::{Nesting, Outcome, Survey};
use crate::event::Role;
use crate::schema::{PRESETS, Preset};
use playing::{candidate, in_preset, is_common, lent};

/// What to type for the records of a survey.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The format that the records evidently are of.
    pub known: Option<&'static Preset>,
    /// In the order of the roles; those that no field plays are left out.
    pub found: Vec<Found>,
    pub codes: Option<Codes>,
    /// What tells failures, where the statuses do not.
    pub outcome: Option<Outcome>,
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
        let known = format::known_format(survey);
        let preset = known.unwrap_or(&PRESETS[0]);
        let mut found = Vec::new();
        for role in [Role::Time, Role::Service, Role::Message] {
            let stated = in_preset(survey, preset, role).filter(|found| is_common(found.records, survey));
            found.extend(stated.or_else(|| candidate(survey, role)).or_else(|| lent(survey, role)));
        }
        two_fields::in_two(survey, &mut found);
        let codes = codes::codes(survey, preset, &mut found);
        found.extend(in_preset(survey, preset, Role::Id));
        let outcome = Outcome::of(survey, codes.as_ref());
        let by = groups::groups(survey, &found, outcome.as_ref());
        Some(Self { known, found, codes, outcome, by, nesting: survey.nesting().clone() })
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
