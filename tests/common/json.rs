//! Compares JSON with what is expected of it.

use serde_json::Value as Json;

/// Where `got` first is not what is expected, in words. Objects may have further members; floating
/// point numbers are compared to twelve digits.
pub fn difference(got: &Json, expected: &Json) -> Option<String> {
    match (got, expected) {
        (Json::Object(got), Json::Object(expected)) => expected.iter().find_map(|(key, expected)| {
            let inner = match got.get(key) {
                Some(got) => difference(got, expected)?,
                None => format!(": expected {expected}, got nothing"),
            };
            Some(format!("/{key}{inner}"))
        }),
        (Json::Array(got), Json::Array(expected)) if got.len() == expected.len() => {
            let mut items = got.iter().zip(expected).enumerate();
            items.find_map(|(place, (got, expected))| Some(format!("/{place}{}", difference(got, expected)?)))
        }
        _ if alike(got, expected) => None,
        _ => Some(format!(": expected {expected}, got {got}")),
    }
}

fn alike(got: &Json, expected: &Json) -> bool {
    match (got, expected) {
        (Json::Number(got), Json::Number(expected)) if got.is_f64() && expected.is_f64() => {
            let (got, expected) = (got.as_f64().unwrap_or_default(), expected.as_f64().unwrap_or_default());
            (got - expected).abs() <= 1e-12 * expected.abs().max(1.0)
        }
        _ => got == expected,
    }
}
