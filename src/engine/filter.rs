//! Which records a run is about: a stretch of event time, and conditions on their fields.
//!
//! A filter looks at one record at a time and remembers none, so that it says the same in one pass
//! and live, on one thread and on many.

use crate::event::{Event, Timestamp};
use crate::expr::Condition;
use crate::schema::Schema;

/// Keeps the records from `since` (included) to `until` (excluded) for which every condition holds.
#[derive(Debug, Default)]
pub struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    keep: Vec<Condition>,
}

/// Keeps all records.
pub static ALL: Filter = Filter { since: None, until: None, keep: Vec::new() };

impl Filter {
    /// Compiles the conditions, and projects the fields that they name: a role by its name, any
    /// other name as the record's own top-level field.
    pub fn new(
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        expressions: &[String],
        schema: &mut Schema,
    ) -> Result<Self, String> {
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            return Err(format!("no time is both from {since} on and before {until}; give an earlier --since"));
        }
        let keep = expressions.iter().map(|source| Condition::new(source, schema)).collect::<Result<_, _>>()?;
        Ok(Self { since, until, keep })
    }

    /// Whether the record is one that the run is about. A record without a time is none where the
    /// time is bounded; one that a condition cannot be evaluated on is none either, and is counted
    /// unless it lacks a field that the condition names.
    #[inline(never)]
    pub fn keeps(&self, event: Event<'_>, undecided: &mut u64) -> bool {
        self.in_time(event.time) && self.keep.iter().all(|condition| condition.holds(&event, undecided))
    }

    pub fn keeps_all(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.keep.is_empty()
    }

    /// Why a condition could not be evaluated on the first record that was met.
    pub fn first_error(&self) -> Option<&str> {
        self.keep.iter().find_map(Condition::first_error)
    }

    fn in_time(&self, time: Option<Timestamp>) -> bool {
        match (self.since, self.until, time) {
            (None, None, _) => true,
            (_, _, None) => false,
            (since, until, Some(time)) => since.is_none_or(|since| since <= time) && until.is_none_or(|end| time < end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FileId, Position, Value};
    use crate::schema::preset;
    use proptest::prelude::*;

    fn schema() -> Schema {
        Schema::new(preset("lab").unwrap())
    }

    fn filter(source: &str, schema: &mut Schema) -> Filter {
        Filter::new(None, None, &[source.to_owned()], schema).unwrap()
    }

    /// An event as a decoder gives it, of a record whose values are text, whole numbers or nested.
    fn with_event<T>(
        schema: &Schema,
        record: &serde_json::Value,
        time: Option<i64>,
        run: impl Fn(&Event<'_>) -> T,
    ) -> T {
        let raw = record.to_string();
        let fields: Vec<Value<'_>> = schema
            .paths()
            .iter()
            .map(|path| {
                let found = path.as_ref().and_then(|path| {
                    path.keys()
                        .iter()
                        .try_fold(record, |at, key| at.get(key).or_else(|| at.get(key.parse::<usize>().ok()?)))
                });
                match found {
                    None => Value::Missing,
                    Some(serde_json::Value::String(text)) => Value::Text(text),
                    Some(serde_json::Value::Number(number)) => Value::Int(number.as_i64().unwrap()),
                    Some(serde_json::Value::Object(_) | serde_json::Value::Array(_)) => Value::Nested,
                    Some(_) => Value::Null,
                }
            })
            .collect();
        let at = Position { file: FileId(0), offset: 0 };
        run(&Event { at, raw: raw.as_bytes(), time: time.map(Timestamp::from_nanos), fields: &fields })
    }

    #[test]
    fn names_are_roles_then_the_records_own_fields() {
        let record = serde_json::json!({
            "service": "pay", "message": "HTTP Status Code: 503", "ms": 12, "http": {"size": [1, 2]}, "id": "x", "none": null,
        });
        for (source, kept) in [
            ("service == 'pay' && status >= 500", true),
            ("status < 500", false),
            ("ms > 11.5 && id == 'x'", true),
            ("http.size[1] == 2 && message.contains('503')", true),
            ("has(http.none)", false),
            ("missing == null && none == null", true),
            ("time == timestamp('1970-01-01T00:00:07Z')", true),
            ("time < timestamp('1970-01-01T00:00:07Z')", false),
        ] {
            let mut schema = schema();
            let filter = filter(source, &mut schema);
            with_event(&schema, &record, Some(7_000_000_000), |event| {
                assert_eq!(filter.keeps(*event, &mut 0), kept, "{source}");
            });
            assert_eq!(filter.first_error(), None, "{source}");
        }
    }

    #[test]
    fn a_nested_role_is_found_by_its_path() {
        let mut schema = Schema::new(preset("ecs").unwrap());
        let filter = filter("service.kind == 'db'", &mut schema);
        let record = serde_json::json!({"service": {"name": {"kind": "db"}}});
        assert!(with_event(&schema, &record, None, |event| filter.keeps(*event, &mut 0)));
    }

    #[test]
    fn a_status_is_compared_as_what_it_is_compared_with() {
        for (record, source, kept) in [
            (serde_json::json!({"status": "failed"}), "status == 'failed'", true),
            (serde_json::json!({"status": "503"}), "status == '503'", true),
            (serde_json::json!({"status": "503"}), "status >= 500", true),
            (serde_json::json!({"status": 503}), "status in [503]", true),
            (serde_json::json!({"message": "HTTP Status Code: 503"}), "status == 503 && has(status)", true),
            (serde_json::json!({"status": null}), "status != 503 && status == null", true),
            (serde_json::json!({"message": "x"}), "has(status)", false),
        ] {
            let mut schema = schema();
            let filter = filter(source, &mut schema);
            let keeps = with_event(&schema, &record, None, |event| filter.keeps(*event, &mut 0));
            assert_eq!(keeps, kept, "{record}: {source}");
        }
    }

    #[test]
    fn what_cannot_be_evaluated_is_not_kept_and_is_counted() {
        let mut schema = schema();
        let filter = filter("ms > 10", &mut schema);
        let undecided = std::cell::Cell::new(0);
        for record in [serde_json::json!({"ms": 11}), serde_json::json!({}), serde_json::json!({"ms": "11"})] {
            let kept = with_event(&schema, &record, None, |event| {
                let mut more = undecided.get();
                let kept = filter.keeps(*event, &mut more);
                undecided.set(more);
                kept
            });
            assert_eq!(kept, record["ms"] == 11, "{record}");
        }
        // The record without the field is simply not one that was asked for.
        assert_eq!(undecided.get(), 1);
        assert_eq!(filter.first_error(), Some("`ms > 10`: `>` does not apply to string and int"));
    }

    #[test]
    fn a_bad_condition_or_stretch_is_refused() {
        assert!(Filter::new(None, None, &["a = 1".to_owned()], &mut schema()).unwrap_err().contains("`==`"));
        let at = Some(Timestamp::from_nanos(1));
        assert!(Filter::new(at, at, &[], &mut schema()).is_err());
    }

    proptest! {
        #[test]
        fn time_is_kept_from_since_to_before_until(
            time in prop::option::of(-3i64..3), since in prop::option::of(-3i64..3), until in prop::option::of(-3i64..3),
        ) {
            let instant = |nanos: Option<i64>| nanos.map(Timestamp::from_nanos);
            let filter = Filter { since: instant(since), until: instant(until), ..Filter::default() };
            let expected = match time {
                Some(time) => since.unwrap_or(i64::MIN) <= time && until.is_none_or(|until| time < until),
                None => since.is_none() && until.is_none(),
            };
            let kept = with_event(&schema(), &serde_json::json!({}), time, |event| filter.keeps(*event, &mut 0));
            prop_assert_eq!(kept, expected);
        }
    }
}
