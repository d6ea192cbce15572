//! Levels that are numbers, as loggers and syslog count them.

use super::super::Survey;
use super::super::field::{Field, Kind};
use super::{FAILURE_IF, Outcome, integers, is_common, is_one_of, last_key};
use crate::schema::Path;

/// A scale of levels: where it is used, which numbers it has, and which are an error or worse.
struct Scale {
    is_meant: fn(&str, &Survey) -> bool,
    has: fn(i64) -> bool,
    is_failure: fn(i64) -> bool,
    condition: &'static str,
}

const SCALES: [Scale; 6] = [
    // pino and bunyan.
    Scale {
        is_meant: |name, _| ["level", "lvl", "severity"].contains(&name),
        has: |number| (10..=60).contains(&number) && number % 10 == 0,
        is_failure: |number| number >= 50,
        condition: ">= 50",
    },
    // Python.
    Scale {
        is_meant: |name, _| name == "levelno",
        has: |number| (1..=50).contains(&number),
        is_failure: |number| number >= 40,
        condition: ">= 40",
    },
    // Monolog.
    Scale {
        is_meant: |name, _| name == "level",
        has: |number| [100, 200, 250, 300, 400, 500, 550, 600].contains(&number),
        is_failure: |number| number >= 400,
        condition: ">= 400",
    },
    // Logback.
    Scale {
        is_meant: |name, _| name == "levelvalue",
        has: |number| [5000, 10_000, 20_000, 30_000, 40_000].contains(&number),
        is_failure: |number| number >= 40_000,
        condition: ">= 40000",
    },
    // OpenTelemetry.
    Scale {
        is_meant: |name, _| name == "severitynumber",
        has: |number| (1..=24).contains(&number),
        is_failure: |number| number >= 17,
        condition: ">= 17",
    },
    // Syslog: the least is the worst.
    Scale {
        is_meant: |name, survey| name == "priority" || name == "severity" || name == "level" && is_gelf(survey),
        has: |number| (0..=7).contains(&number),
        is_failure: |number| number <= 3,
        condition: "<= 3",
    },
];

pub fn outcome(survey: &Survey, found: &[(&Field, &Path, String)]) -> Option<Outcome> {
    found.iter().filter(|(field, ..)| is_common(field, survey)).find_map(|(field, path, name)| {
        let numbers = integers(field)?;
        let fits = |scale: &&Scale| {
            (scale.is_meant)(&last_key(field), survey)
                && numbers.iter().all(|(number, _)| (scale.has)(*number))
                // A level that is always an error is more likely one of another scale.
                && !numbers.iter().all(|(number, _)| (scale.is_failure)(*number))
        };
        let scale = SCALES.iter().find(fits)?;
        let condition = match field.count(&[Kind::Text]) {
            0 => format!("{name} {}", scale.condition),
            _ => {
                let failing = (0..=60).filter(|number| (scale.has)(*number) && (scale.is_failure)(*number));
                let words: Vec<String> = failing.map(|number| number.to_string()).collect();
                if words.is_empty() {
                    return None;
                }
                is_one_of(name, &words)
            }
        };
        let failures = numbers.iter().filter(|(number, _)| (scale.is_failure)(*number)).map(|(_, count)| count).sum();
        Some(Outcome { flag: FAILURE_IF, condition, path: (*path).clone(), records: field.known(), failures })
    })
}

fn is_gelf(survey: &Survey) -> bool {
    ["short_message", "_short_message"]
        .iter()
        .any(|name| Path::parse(name).is_ok_and(|path| survey.field(&path).is_some()))
}
