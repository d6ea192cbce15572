//! Why an expression could not be worked out for a record.

use cel::{ExecutionError, Value};

/// Why a condition could not be evaluated, in one line that holds no more than its beginning of any
/// value: the values come from the logs.
pub fn reason(error: &ExecutionError) -> String {
    let text = match error {
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types();
            if types.iter().any(|name| name == "null_type") {
                format!("`{}` met null: the field is missing or null", operator(overload.function()))
            } else {
                format!("`{}` does not apply to {}", operator(overload.function()), types.join(" and "))
            }
        }
        ExecutionError::NoSuchKey(key) => format!("there is no key `{key}`; ask for it first with `has(...)`"),
        ExecutionError::UnsupportedBinaryOperator(function, left, right) => arithmetic(function, left, right),
        other => other.to_string(),
    };
    let text: String = text.chars().flat_map(char::escape_debug).collect();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// CEL's arithmetic never mixes types, not even those of numbers.
fn arithmetic(function: &str, left: &Value, right: &Value) -> String {
    let sign = match function {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "rem" => "%",
        other => other,
    };
    let is_number = |value: &Value| matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_));
    if matches!(left, Value::Null) || matches!(right, Value::Null) {
        return format!("`{sign}` met null: the field is missing or null");
    }
    let advice = if is_number(left) && is_number(right) { "; make both doubles, as in `double(x) * 2.0`" } else { "" };
    format!("`{sign}` does not apply to {} and {}{advice}", type_name(left), type_name(right))
}

fn type_name(value: &Value) -> String {
    match value {
        Value::Float(_) => "double".to_owned(),
        other => other.type_of().to_string(),
    }
}

/// `_<_` as people write it: `<`.
fn operator(function: &str) -> String {
    let plain: String = function.chars().filter(|c| !matches!(c, '_' | '@')).collect();
    if plain.is_empty() || plain.contains(char::is_alphanumeric) { function.replace('@', "") } else { plain }
}
