//! The same damage where records stand behind prefixes, within objects and within texts.

use super::{Damage, damage, hold_any, id, sound};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use streamlab::generate::Format;

/// How a log was made of records, each line of it whole by itself.
struct Form {
    flags: &'static str,
    /// A line of some records.
    line: fn(&[&str], usize) -> String,
    records_a_line: usize,
}

const FORMS: &[Form] = &[
    Form { flags: "--schema lab", line: behind_prefix, records_a_line: 1 },
    Form { flags: "--schema lab --parse log", line: in_text, records_a_line: 1 },
    Form { flags: "--schema lab --records Records", line: |records, _| in_object(records), records_a_line: 7 },
    Form { flags: "--schema lab --records a[].b[].c", line: |records, _| in_levels(records), records_a_line: 9 },
    Form { flags: "--schema lab --records logEvents --parse message", line: in_events, records_a_line: 5 },
];

fn behind_prefix(records: &[&str], place: usize) -> String {
    let prefix = [
        "2025-10-15T20:21:26.123Z stdout F ",
        "",
        "api-1  | ",
        "<34>1 2025-10-15T20:21:26Z host app 7 ID47 - ",
        "Oct 15 20:21:26 host app[7]: ",
        "[pod/app-7/app] ",
        "2025-10-15 20:21:26,123 [INFO] - ",
        "",
    ][place % 8];
    format!("{prefix}{}", records.concat())
}

fn in_text(records: &[&str], place: usize) -> String {
    let prefix = ["", "INFO: ", "", "2025-10-15 20:21:26 "][place % 4];
    json!({"log": format!("{prefix}{}\n", records.concat()), "stream": "stdout"}).to_string()
}

fn in_object(records: &[&str]) -> String {
    format!("{{\"owner\":{{\"x\":[]}},\"Records\":[{}],\"end\":[{{}}, {{}}]}}", records.join(","))
}

fn in_levels(records: &[&str]) -> String {
    let parts: Vec<String> =
        records.chunks(3).map(|part| format!("{{\"c\":[{}],\"x\":{{}}}}", part.join(","))).collect();
    format!("{{\"a\":[{{\"r\":{{}},\"b\":[{}]}},{{\"b\":[]}}],\"t\":1}}", parts.join(","))
}

fn in_events(records: &[&str], _: usize) -> String {
    let events: Vec<String> = records.iter().map(|record| json!({"message": record}).to_string()).collect();
    format!("{{\"owner\":\"1\",\"logEvents\":[{}]}}", events.join(","))
}

/// A record as two lines of one stream, of a container runtime or of Docker.
fn in_parts(record: &str, place: usize, is_docker: bool) -> String {
    let (first, second) = record.split_at(record.len() * (1 + place % 7) / 9);
    let of = ["stdout", "stderr"][place % 2];
    match is_docker {
        true => {
            let write = |text: String| json!({"log": text, "stream": of}).to_string();
            format!("{}\n{}\n", write(first.to_owned()), write(format!("{second}\n")))
        }
        false => {
            let head = format!("2025-10-15T20:21:26.123Z {of}");
            format!("{head} P {first}\n{head} F {second}\n")
        }
    }
}

/// The log, and which records each of its lines holds.
fn log(form: &Form, seed: u64) -> (Vec<u8>, BTreeMap<String, Vec<String>>) {
    let text = String::from_utf8(sound(Format::Ndjson, seed)).unwrap();
    let records: Vec<&str> = text.lines().collect();
    let lines = records.chunks(form.records_a_line).enumerate();
    let lines = lines.map(|(place, part)| {
        let ids = part.iter().map(|record| id(record.as_bytes())).collect();
        ((form.line)(part, place), ids)
    });
    let lines: Vec<(String, Vec<String>)> = lines.collect();
    let log = lines.iter().map(|(line, _)| format!("{line}\n")).collect::<String>();
    (log.into_bytes(), lines.into_iter().collect())
}

/// Every record of a line that is whole is counted, whatever stands beside it. One exception: where an object is torn
/// right behind the bracket or a comma of its array, the line after it can be an element as well as the next object.
fn hold_lines(form: &Form, seed: u64, damages: &[Damage]) -> Result<(), TestCaseError> {
    let (mut log, lines) = log(form, seed);
    damages.iter().for_each(|damage| damage.apply(&mut log));
    let mut whole = BTreeMap::<&str, u64>::new();
    let mut is_element_due = false;
    for line in log.split(|byte| *byte == b'\n') {
        let ids = std::str::from_utf8(line).ok().and_then(|line| lines.get(line));
        if !(is_element_due && form.flags.contains("--records")) {
            ids.into_iter().flatten().for_each(|id| *whole.entry(id).or_default() += 1);
        }
        if let Some(last) = line.iter().rfind(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | 0 | 0x1E)) {
            is_element_due = matches!(last, b',' | b'[');
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let counted = hold_any(&log, form.flags, directory.path());
    let lost: Vec<_> = whole.iter().filter(|(id, count)| counted.get(**id) < Some(*count)).collect();
    prop_assert!(lost.is_empty(), "{}: lost {:?}", form.flags, lost);
    Ok(())
}

/// Every record that was cut is counted whose lines are whole, if those of another one of its stream stand before it
/// with nothing damaged between: of what is damaged, a part may be left that waits for an end.
fn hold_parts(is_docker: bool, seed: u64, damages: &[Damage]) -> Result<(), TestCaseError> {
    let text = String::from_utf8(sound(Format::Ndjson, seed)).unwrap();
    let units: Vec<String> =
        text.lines().enumerate().map(|(place, record)| in_parts(record, place, is_docker)).collect();
    let ids = text.lines().map(|record| id(record.as_bytes()));
    let known: BTreeMap<&str, (&str, String)> =
        units.iter().zip(ids).map(|(unit, id)| (unit.lines().next().unwrap(), (unit.as_str(), id))).collect();
    let mut log = units.concat().into_bytes();
    damages.iter().for_each(|damage| damage.apply(&mut log));
    let (mut rest, mut settled, mut whole) = (log.as_slice(), [true; 2], BTreeMap::<&str, u64>::new());
    while !rest.is_empty() {
        let line = rest.split_inclusive(|byte| *byte == b'\n').next().unwrap();
        let unit = std::str::from_utf8(line).ok().and_then(|line| known.get(line.trim_end_matches('\n')));
        match unit.filter(|(unit, _)| rest.starts_with(unit.as_bytes())) {
            Some((unit, id)) => {
                let settled = &mut settled[usize::from(unit.contains("stderr"))];
                *whole.entry(id).or_default() += u64::from(*settled);
                (*settled, rest) = (true, &rest[unit.len()..]);
            }
            None => (settled, rest) = ([false; 2], &rest[line.len()..]),
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let flags = if is_docker { "--schema lab --parse log" } else { "--schema lab" };
    let counted = hold_any(&log, flags, directory.path());
    let lost: Vec<_> =
        whole.iter().filter(|(id, count)| counted.get(**id).copied().unwrap_or_default() < **count).collect();
    prop_assert!(lost.is_empty(), "{}: lost {:?}", flags, lost);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn whole_lines_survive_wherever_their_records_stand(
        form in 0..FORMS.len(),
        seed: u64,
        damages in prop::collection::vec(damage(), 1..60),
    ) {
        hold_lines(&FORMS[form], seed, &damages)?;
    }

    #[test]
    fn lines_that_were_cut_survive_wherever_the_damage_is(
        is_docker: bool,
        seed: u64,
        damages in prop::collection::vec(damage(), 1..60),
    ) {
        hold_parts(is_docker, seed, &damages)?;
    }

    #[test]
    fn objects_over_several_lines_survive_to_the_first_damage(
        seed: u64,
        is_pretty: bool,
        damages in prop::collection::vec(damage(), 1..20),
    ) {
        let text = String::from_utf8(sound(Format::Ndjson, seed)).unwrap();
        let records: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let log: String = records.chunks(100).map(|part| match is_pretty {
            true => format!("{:#}\n", json!({"a": [{"x": {"b": []}, "b": part}], "c": {}})),
            false => {
                let elements: Vec<String> = part.iter().map(Json::to_string).collect();
                format!("{{\"a\": [\n{{\"b\": [\n{}\n]}}\n]}}\n", elements.join(",\n"))
            }
        }).collect();
        let mut damaged = log.clone().into_bytes();
        damages.iter().for_each(|damage| damage.apply(&mut damaged));
        let directory = tempfile::tempdir().unwrap();
        let counted = hold_any(&damaged, "--schema lab --records a[].b", directory.path());
        let alike = log.bytes().zip(&damaged).take_while(|(old, new)| old == *new).count();
        let sound = String::from_utf8_lossy(&damaged[..alike]);
        let before: BTreeSet<&str> = sound.split("\"id\":").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect();
        let lost = before.iter().filter(|id| !counted.contains_key(**id)).count();
        prop_assert!(lost <= 1, "{lost} of {} are lost, and only the last may be damaged", before.len());
    }
}
