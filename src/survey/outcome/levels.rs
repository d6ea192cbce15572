//! The level of a log line: an error or worse is a failure.

use super::super::Survey;
use super::super::field::Field;
use super::{FAILURE_IF, Outcome, is_common, is_one_of, last_key, numbers, ranked, texts};

/// What is logged at an error and above, wherever words are spelled out; syslog cuts them short.
const FAILURES: [&str; 6] = ["error", "fatal", "critical", "panic", "alert", "emergency"];
const OF_SYSLOG: [&str; 4] = ["err", "crit", "alert", "emerg"];
const OF_JAVA: [&str; 1] = ["severe"];
const OF_LETTERS: [&str; 2] = ["e", "f"];
const OTHERS: [&str; 3] = ["dpanic", "err", "severe"];
const LETTERS: [&str; 12] = ["i", "w", "e", "f", "d", "t", "v", "d1", "d2", "d3", "d4", "d5"];
const HARMLESS: [&str; 32] = [
    "trace",
    "debug",
    "debug1",
    "debug2",
    "debug3",
    "debug4",
    "debug5",
    "verbose",
    "silly",
    "http",
    "info",
    "information",
    "informational",
    "notice",
    "warn",
    "warning",
    "success",
    "log",
    "default",
    "statement",
    "detail",
    "hint",
    "fine",
    "finer",
    "finest",
    "config",
    "audit",
    "notset",
    "unspecified",
    "normal",
    "none",
    "off",
];

/// What a field with a level is called.
const NAMES: [&str; 13] = [
    "level",
    "loglevel",
    "severity",
    "severitytext",
    "lvl",
    "levelname",
    "errorseverity",
    "priority",
    "l",
    "s",
    "severitynumber",
    "levelno",
    "levelvalue",
];

pub fn outcome(survey: &Survey) -> Option<Outcome> {
    let rank = |field: &Field| NAMES.iter().position(|known| *known == last_key(field));
    let found = ranked(survey, rank);
    let of_text = found.iter().find_map(|(field, path, name)| {
        let words = words(field)?;
        // Serilog leaves the level out where it is `Information`.
        let is_left_out = field.name == "@l" && field.known() < survey.records();
        if !is_left_out && !is_common(field, survey) {
            return None;
        }
        let asked = if is_left_out { format!("{name} != null && ") } else { String::new() };
        let condition = format!("{asked}{}", is_one_of(name, &words));
        let texts = texts(field)?;
        let failing = texts.iter().filter(|(text, _)| words.iter().any(|word| word == text));
        let failures = failing.map(|(_, count)| count).sum();
        let records = if is_left_out { survey.records() } else { field.known() };
        Some(Outcome { flag: FAILURE_IF, condition, path: (*path).clone(), records, failures })
    });
    of_text.or_else(|| numbers::outcome(survey, &found))
}

/// The words of a failure, spelled as those that were seen; none where these are no levels.
fn words(field: &Field) -> Option<Vec<String>> {
    let texts = texts(field)?;
    let small: Vec<String> = texts.iter().map(|(text, _)| text.to_lowercase()).collect();
    let has = |list: &[&str]| small.iter().any(|word| list.contains(&word.as_str()));
    let are_all = |lists: &[&[&str]]| small.iter().all(|word| lists.iter().any(|list| list.contains(&word.as_str())));
    let base: Vec<&str> = if are_all(&[&LETTERS]) {
        OF_LETTERS.to_vec()
    } else if last_key(field).len() == 1 && field.name != "@l" || !are_all(&[&FAILURES, &OF_SYSLOG, &OTHERS, &HARMLESS])
    {
        return None;
    } else if has(&["severe", "fine", "finer", "finest", "config"]) {
        OF_JAVA.to_vec()
    } else if has(&["err", "crit", "emerg"]) {
        OF_SYSLOG.to_vec()
    } else {
        FAILURES.to_vec()
    };
    let seen = small.iter().map(String::as_str);
    let more = seen.filter(|word| [&FAILURES[..], &OF_SYSLOG, &OTHERS].iter().any(|list| list.contains(word)));
    let mut all = base.clone();
    more.for_each(|word| {
        if !all.contains(&word) {
            all.push(word)
        }
    });
    let styles = texts.iter().map(|(text, _)| Style::of(text));
    let mut spelled = Vec::new();
    for style in styles {
        let words = all.iter().map(|word| style.spell(word));
        words.for_each(|word| {
            if !spelled.contains(&word) {
                spelled.push(word)
            }
        });
    }
    Some(spelled)
}

/// How a word is written.
enum Style {
    Small,
    Capital,
    Capitals,
}

impl Style {
    fn of(text: &str) -> Self {
        match (text.chars().next().is_some_and(char::is_uppercase), text.chars().any(char::is_lowercase)) {
            (true, true) => Style::Capital,
            (true, false) => Style::Capitals,
            _ => Style::Small,
        }
    }

    fn spell(&self, word: &str) -> String {
        match self {
            Style::Small => word.to_owned(),
            Style::Capital => word[..1].to_uppercase() + &word[1..],
            Style::Capitals => word.to_uppercase(),
        }
    }
}
