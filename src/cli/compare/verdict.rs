//! Whether answers are equal: which rows, which numbers.

use super::engines::Run;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How far apart numbers that are no counts may be: rounded in another order, no more.
const TOLERANCE: f64 = 1e-9;

/// The key of a row, and what each engine has for it.
pub type Row = (Vec<Value>, Vec<Option<Map<String, Value>>>);

/// What the engines said, side by side.
pub struct Verdict {
    /// The names of the key's columns.
    pub keys: Vec<String>,
    pub rows: Vec<Row>,
    pub differences: Vec<Difference>,
}

/// What is not equal: of which row (none: the ledger), which number, and what each engine says.
pub struct Difference {
    pub key: Option<Vec<Value>>,
    pub field: String,
    pub values: Vec<Value>,
}

impl Verdict {
    /// `keys` are the columns that tell rows apart.
    pub fn of(runs: &[Run], keys: Vec<String>) -> Self {
        // In the order of the first engine, then as they come.
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut rows: Vec<Row> = Vec::new();
        for (place, run) in runs.iter().enumerate() {
            // A service may be called as the row of those beyond --max-keys: that row comes last in each answer.
            let mut times: BTreeMap<String, usize> = BTreeMap::new();
            for row in &run.answer.rows {
                let key: Vec<Value> = keys.iter().map(|name| row.get(name).cloned().unwrap_or_default()).collect();
                let text = Value::from(key.clone()).to_string();
                let time = times.entry(text.clone()).and_modify(|time| *time += 1).or_default();
                let at = *places.entry(format!("{text} {time}")).or_insert_with(|| {
                    rows.push((key.clone(), vec![None; runs.len()]));
                    rows.len() - 1
                });
                rows[at].1[place] = Some(row.clone());
            }
        }
        let mut verdict = Self { keys, rows, differences: Vec::new() };
        verdict.compare_ledgers(runs);
        verdict.compare_rows();
        verdict
    }

    fn compare_ledgers(&mut self, runs: &[Run]) {
        let columns: Vec<_> = runs.iter().map(|run| run.answer.ledger.columns()).collect();
        let names = columns.first().into_iter().flatten().map(|(name, _)| *name);
        for (place, name) in names.enumerate() {
            let values: Vec<Value> = columns.iter().map(|columns| columns[place].1.into()).collect();
            if values.iter().any(|value| *value != values[0]) {
                self.differences.push(Difference { key: None, field: name.to_owned(), values });
            }
        }
    }

    fn compare_rows(&mut self) {
        for (key, found) in &self.rows {
            let said = |field: &str| -> Vec<Value> {
                let value = |row: &Option<Map<String, Value>>| row.as_ref().and_then(|row| row.get(field)).cloned();
                found.iter().map(|row| value(row).unwrap_or_default()).collect()
            };
            let mut differ = |field: &str, values| {
                self.differences.push(Difference { key: Some(key.clone()), field: field.to_owned(), values });
            };
            if found.iter().any(Option::is_none) {
                differ(
                    "(row)",
                    found.iter().map(|row| json!(if row.is_some() { "there" } else { "missing" })).collect(),
                );
                continue;
            }
            for field in found.iter().flatten().next().into_iter().flat_map(Map::keys) {
                let values = said(field);
                if values.iter().any(|value| !is_equal(value, &values[0])) {
                    differ(field, values);
                }
            }
        }
    }

    /// For programs. There is no verdict where the source changed meanwhile, and answers differ.
    pub fn object(&self, runs: &[Run], bytes: u64, changes: &[String], notes: &[String]) -> Value {
        let named = |values: &[Value]| -> Map<String, Value> {
            runs.iter().map(|run| run.engine.name().to_owned()).zip(values.iter().cloned()).collect()
        };
        let engine = |run: &Run| {
            json!({
                "engine": run.engine.name(),
                "seconds": run.seconds,
                "bytes_per_second": bytes as f64 / run.seconds,
                "peak_memory_bytes": run.peak_bytes,
                "rows": run.answer.rows,
                "ledger": run.answer.ledger.columns().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect::<Map<_, _>>(),
            })
        };
        let difference = |difference: &Difference| {
            let key =
                difference.key.as_ref().map(|key| self.keys.iter().cloned().zip(key.clone()).collect::<Map<_, _>>());
            json!({"key": key, "field": difference.field, "values": named(&difference.values)})
        };
        json!({
            "equal": if changes.is_empty() || self.differences.is_empty() {
                Value::from(self.differences.is_empty())
            } else {
                Value::Null
            },
            "bytes": bytes,
            "changed": changes,
            "notes": notes,
            "engines": runs.iter().map(engine).collect::<Vec<_>>(),
            "differences": self.differences.iter().map(difference).collect::<Vec<_>>(),
        })
    }
}

/// Counts, texts and truths to the letter; other numbers, also in lists, as nearly as they can be told apart.
fn is_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b)),
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0),
            _ => false,
        },
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::compare::engines::{Answer, Engine};

    fn run(engine: Engine, answer: Value) -> Run {
        let answer: Answer = serde_json::from_value(answer).unwrap();
        let (end, said) = (String::new(), String::new());
        Run { engine, code: Some(0), end, said, answer, has_answered: true, seconds: 1.0, peak_bytes: None }
    }

    fn differences(one: &Value, other: &Value) -> Vec<String> {
        let runs = [run(Engine::Native, one.clone()), run(Engine::Spark, other.clone())];
        let verdict = Verdict::of(&runs, vec!["service".to_owned()]);
        let words = |one: &Difference| format!("{:?} {} {}", one.key, one.field, Value::from(one.values.clone()));
        verdict.differences.iter().map(words).collect()
    }

    #[test]
    fn counts_are_equal_to_the_letter_and_rates_nearly() {
        let ledger = |read: u64| json!({"read": read, "counted": read, "filtered": 0, "late": 0, "duplicate": 0, "dead_letter": 0});
        let row = |service: &str, total: u64, rate: f64| json!({"service": service, "total": total, "success_rate": rate, "ci95": [rate, 1.0]});
        let one = json!({"rows": [row("a", 3, 1.0 / 3.0), row("b", 1, 0.5)], "ledger": ledger(4)});
        assert_eq!(differences(&one, &one), [""; 0]);
        let near = json!({"rows": [row("b", 1, 0.5), row("a", 3, 0.333_333_333_3)], "ledger": ledger(4)});
        assert_eq!(differences(&one, &near), [""; 0], "in whatever order");
        let far = json!({"rows": [row("a", 3, 0.333_333), row("b", 2, 0.5)], "ledger": ledger(5)});
        let found = differences(&one, &far);
        assert_eq!(found.len(), 5, "{found:#?}");
        assert_eq!(found[0], "None read [4,5]");
        assert!(found[4].ends_with(" total [1,2]"), "{found:#?}");
        let less = json!({"rows": [row("a", 3, 1.0 / 3.0)], "ledger": ledger(4)});
        assert!(differences(&one, &less)[0].ends_with("(row) [\"there\",\"missing\"]"));
        let none = json!({"rows": [], "ledger": ledger(4)});
        assert_eq!(differences(&none, &one).len(), 2);
    }

    #[test]
    fn a_key_that_comes_twice_is_two_rows() {
        let ledger = json!({"read": 3, "counted": 3, "filtered": 0, "late": 0, "duplicate": 0, "dead_letter": 0});
        let rows = |totals: [u64; 2]| json!({"rows": totals.map(|total| json!({"service": "(other)", "total": total})), "ledger": ledger});
        assert_eq!(differences(&rows([1, 2]), &rows([1, 2])), [""; 0]);
        let found = differences(&rows([1, 2]), &rows([1, 3]));
        assert!(found.len() == 1 && found[0].ends_with(" total [2,3]"), "{found:#?}");
    }

    #[test]
    fn a_null_is_no_number() {
        assert!(!is_equal(&json!(null), &json!(0.0)) && !is_equal(&json!(1), &json!(1.0)));
        assert!(is_equal(&json!([0.1, null]), &json!([0.1 + 1e-12, null])) && !is_equal(&json!([1]), &json!([1, 2])));
    }
}
