//! Why an expression could not be worked out for a record.

use cel::ExecutionError;

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
        ExecutionError::FunctionError { function, message } if function != "@" => format!("`{function}`: {message}"),
        // In our own words.
        ExecutionError::FunctionError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    let text: String = text.chars().flat_map(char::escape_debug).collect();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// `_<_` as people write it: `<`.
fn operator(function: &str) -> String {
    let plain: String = function.chars().filter(|c| !matches!(c, '_' | '@')).collect();
    if plain.is_empty() || plain.contains(char::is_alphanumeric) { function.replace('@', "") } else { plain }
}
