//! What the first records hold that a program would read otherwise than we do.

use super::STATED;
use super::fields::{Fields, Ways};
use crate::decode::Clock;
use crate::event::{Value, status_of_text};
use crate::schema::Schema;
use regex::Regex;
use serde_json::Value as Json;

/// So many records of each file are looked at.
const RECORDS: usize = 200;
/// The texts that a program reads as a time.
const TIME: &str = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:[zZ]| ?[+-]\d\d(?::?\d\d)?)?$";

/// Looks for such values.
pub struct Sample<'f> {
    fields: &'f Fields,
    clock: Clock,
    time: Regex,
    stated: Regex,
}

impl<'f> Sample<'f> {
    pub fn new(fields: &'f Fields, schema: &Schema) -> Self {
        let regex = |text: &str| Regex::new(text).expect("it is sound");
        Self { fields, clock: Clock::of(schema), time: regex(TIME), stated: regex(STATED) }
    }

    /// Refuses the beginning of a file for what the program would read otherwise.
    pub fn check(&self, head: &[u8]) -> Result<(), String> {
        records(head).try_for_each(|record| {
            let text = |ways: &Option<Ways>| ways.iter().flatten().find_map(|way| found(&record, way)?.as_str());
            if let Some(time) = text(&self.fields.time)
                && self.is_ours_alone(time)
            {
                return Err(format!(
                    "a time such as `{}` is read here, and not by the program, which knows numbers and RFC 3339; leave \
                     --emit out, or write such a time into the logs",
                    time.escape_debug()
                ));
            }
            match text(&self.fields.status) {
                Some(status) if self.stated.is_match(status) && status_of_text(status).is_none() => Err(format!(
                    "the text \"{}\" is no status here, and one for the program, which does not tell it from the number; \
                     leave --emit out, or write the number into the logs",
                    status.escape_debug()
                )),
                _ => Ok(()),
            }
        })
    }

    fn is_ours_alone(&self, time: &str) -> bool {
        let trimmed = time.trim();
        let is_read = trimmed.parse::<f64>().is_ok() || self.time.is_match(trimmed);
        !is_read && self.clock.read(&Value::Text(time)).is_ok_and(|time| time.is_some())
    }
}

/// The records that the beginning of a file holds as a whole, whatever stands between them.
fn records(head: &[u8]) -> impl Iterator<Item = Json> {
    let mut rest = head;
    let next = move || {
        loop {
            let begin = rest.iter().position(|byte| *byte == b'{')?;
            let mut stream = serde_json::Deserializer::from_slice(&rest[begin..]).into_iter::<Json>();
            let record = stream.next().and_then(Result::ok);
            rest = &rest[begin + if record.is_some() { stream.byte_offset() } else { 1 }..];
            if record.is_some() {
                return record;
            }
        }
    };
    std::iter::from_fn(next).take(RECORDS)
}

fn found<'v>(record: &'v Json, way: &[String]) -> Option<&'v Json> {
    way.iter().try_fold(record, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_of_a_beginning_are_found() {
        let texts = |head: &str| records(head.as_bytes()).map(|record| record.to_string()).collect::<Vec<_>>();
        assert_eq!(texts("x\n{\"a\":1}\n{\"b\":{\"c\":2}} {\"d\""), ["{\"a\":1}", "{\"b\":{\"c\":2}}"]);
        assert_eq!(texts("[{\"a\":1},\n {\"a\":2}]"), ["{\"a\":1}", "{\"a\":2}"]);
    }
}
