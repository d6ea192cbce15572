//! What is wrong with a condition, where, and what to write instead.

use super::constancy::Constancy;
use super::habits;
use super::stand_in::Quoted;
use cel::ParseErrors;
use std::fmt;

/// Why a condition was refused. Displayed over several lines: the reason, the condition with a
/// caret under the place, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    reason: String,
    /// The line at fault and the caret's column in it, in characters from 0.
    pub(super) place: Option<(String, usize)>,
    advice: Option<String>,
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        if let Some((line, column)) = &self.place {
            write!(f, "\n  {line}\n  {:column$}^", "")?;
        }
        if let Some(advice) = &self.advice {
            write!(f, "\n  {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ExprError {}

/// Functions to suggest for a mistyped one.
const FUNCTIONS: &[&str] = &[
    "all",
    "bool",
    "charAt",
    "contains",
    "double",
    "duration",
    "endsWith",
    "exists",
    "exists_one",
    "filter",
    "getDayOfWeek",
    "getFullYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "has",
    "indexOf",
    "int",
    "join",
    "lastIndexOf",
    "lowerAscii",
    "map",
    "matches",
    "replace",
    "size",
    "split",
    "startsWith",
    "string",
    "substring",
    "timestamp",
    "trim",
    "type",
    "uint",
    "upperAscii",
];

impl ExprError {
    pub(super) fn empty(source: &str) -> Self {
        Self {
            reason: format!("the expression `{source}` is empty"),
            place: None,
            advice: Some("write a condition, as in `status >= 500`".to_owned()),
        }
    }

    pub(super) fn too_long(source: &str) -> Self {
        let limit = super::MAX_LENGTH_BYTES;
        Self {
            reason: format!("the expression has {} bytes; the longest allowed has {limit}", source.len()),
            place: None,
            advice: Some("split it at `&&` into several, each with its own flag".to_owned()),
        }
    }

    pub(super) fn too_deep(source: &str) -> Self {
        let beginning: String = source.chars().take(60).collect();
        Self {
            reason: format!("the expression `{}...` nests too deeply", shown(&beginning)),
            place: None,
            advice: Some("write a list, as in `status in [500, 502]`, or split it at `&&` into several".to_owned()),
        }
    }

    pub(super) fn parser(source: &str, reason: &str) -> Self {
        Self {
            reason: format!("the expression `{}` cannot be read: {reason}", shown(source)),
            place: None,
            advice: None,
        }
    }

    pub(super) fn unknown_function(source: &str, name: &str) -> Self {
        let near = FUNCTIONS
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase()), known))
            .min()
            .filter(|(distance, known)| (1..=(name.chars().count() / 3).max(1)).contains(distance) && **known != name);
        let is_rank = name.starts_with('p') && name[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let aggregates = ["ms", "total", "rate", "count", "sum", "mean", "stddev", "distinct", "top", "first", "last"];
        let advice = match near {
            _ if aggregates.contains(&name) || is_rank => {
                format!("`{name}(...)` stands in --agg only; a column of that name is written in backticks")
            }
            Some((_, known)) => format!("did you mean `{known}`?"),
            None => format!("known functions: {}", FUNCTIONS.join(", ")),
        };
        Self { reason: format!("there is no function `{name}`"), place: find(source, name), advice: Some(advice) }
    }

    /// A mistake at the first place where `word` stands.
    fn at(source: &str, word: &str, reason: String, advice: String) -> Self {
        Self { reason, place: find(source, word), advice: Some(advice) }
    }

    pub(super) fn open_backtick(source: &str, offset: usize) -> Self {
        Self {
            reason: "the expression cannot be read".to_owned(),
            place: place(source, offset),
            advice: Some("this backtick is never closed".to_owned()),
        }
    }

    pub(super) fn empty_backticks(source: &str, offset: usize) -> Self {
        Self {
            reason: "the expression cannot be read".to_owned(),
            place: place(source, offset),
            advice: Some("name a field between the backticks".to_owned()),
        }
    }

    pub(super) fn large_number(source: &str, offset: usize) -> Self {
        Self {
            reason: "the expression cannot be read: the number is too large".to_owned(),
            place: place(source, offset),
            advice: Some(
                "write a whole number of at most 38 digits, a number such as 1e40 (at most 1.7e308), or a text in quotes"
                    .to_owned(),
            ),
        }
    }

    pub(super) fn has(source: &str) -> Self {
        let reason = "`has` asks whether there is a field".to_owned();
        Self::at(source, "has", reason, "name one: `has(error)`, `has(http.status)`".to_owned())
    }

    pub(super) fn constant(source: &str) -> Self {
        let advice = match source.chars().find(|char| matches!(char, '"' | '\'')) {
            Some(_) => {
                "text in quotes is a text; a field is named without quotes, or in backticks where its name is no plain \
                 word, as in `` `@level` == \"Error\" ``"
            }
            None => "name a field, as in `status >= 500`",
        };
        Self {
            reason: format!("`{}` names no field: it says the same of every record", shown(source)),
            place: None,
            advice: Some(advice.to_owned()),
        }
    }

    pub(super) fn same_number(source: &str) -> Self {
        let source = shown(source.trim());
        Self {
            reason: format!("`{source}` names no field: it is the same number for every record"),
            place: None,
            advice: Some(format!("name a field; one that is called so is written in backticks: `` `{source}` ``")),
        }
    }

    pub(super) fn decided(source: &str, constancy: Constancy) -> Self {
        let (what, advice) = match constancy {
            Constancy::Itself => ("compares one thing with itself", "compare it with something else"),
            Constancy::Decided(true) => ("always holds: `|| true`", "leave out what is always true"),
            Constancy::Decided(false) => ("never holds: `&& false`", "leave out what is never true"),
            Constancy::Two => (
                "never holds: one field cannot have two values at once",
                "write `||` for either of them, or a list, as in `status in [500, 502]`",
            ),
            Constancy::Either => (
                "always holds: a field that is one of them is not the other",
                "write `&&` for none of them, or a list, as in `!(status in [500, 502])`",
            ),
        };
        let reason = format!("a part of `{}` says the same of every record: it {what}", shown(source));
        Self { reason, place: None, advice: Some(advice.to_owned()) }
    }

    pub(super) fn not_text(source: &str, function: &str, kind: &str) -> Self {
        let reason = format!("`{function}` takes a text here, not {kind}");
        Self::at(source, function, reason, "write the text in quotes, as in `level.contains(\"err\")`".to_owned())
    }

    pub(super) fn not_boolean(source: &str, kind: &str) -> Self {
        Self {
            reason: format!("`{}` gives {kind}, not true or false", shown(source)),
            place: None,
            advice: Some(format!("compare it with something, as in `{} == ...`", shown(source))),
        }
    }

    pub(super) fn not_a_number(source: &str, kind: &str) -> Self {
        let advice = match kind {
            "true or false" => "to count how often it holds, write `rate(...)`".to_owned(),
            _ => "write a field, or an expression of numbers, as in `bytes_in + bytes_out`".to_owned(),
        };
        Self { reason: format!("`{}` gives {kind}, not a number", shown(source)), place: None, advice: Some(advice) }
    }

    pub(super) fn no_condition(source: &str, operator: &str, kind: &str) -> Self {
        let advice = "compare it with something, as in `status >= 500 && retries > 0`";
        Self::at(source, operator, format!("`{operator}` takes conditions, not {kind}"), advice.to_owned())
    }

    pub(super) fn not_calculated(source: &str, operator: &str, kind: &str) -> Self {
        let advice = "calculate with numbers, times and durations; `+` also joins two texts";
        Self::at(source, operator, format!("`{operator}` cannot take {kind} here"), advice.to_owned())
    }

    pub(super) fn never(source: &str, operator: &str, left: &str, right: &str) -> Self {
        let reason = match operator {
            "==" | "!=" => format!("{left} is never equal to {right}"),
            _ => format!("`{operator}` does not apply to {left} and {right}"),
        };
        Self::at(source, operator, reason, "compare values of one type, as in `status >= 500`".to_owned())
    }

    pub(super) fn hyphen(source: &str, difference: &str, name: &str) -> Self {
        Self {
            reason: format!("`{difference}` is a subtraction, and never equal to a text"),
            place: None,
            advice: Some(format!("in `{}`, write the field as {name}, in backticks", shown(source))),
        }
    }

    pub(super) fn in_text(source: &str) -> Self {
        let advice = "write `text.contains(\"part\")`, or a list: `status in [500, 502]`";
        Self::at(source, " in ", "`in` takes a list, not a text".to_owned(), advice.to_owned())
    }

    pub(super) fn not_a_list(source: &str, kind: &str) -> Self {
        Self::at(source, " in ", format!("`in` takes a list, not {kind}"), "as in `status in [500, 502]`".to_owned())
    }

    pub(super) fn pattern(source: &str, reason: &str) -> Self {
        Self {
            reason: format!("a pattern of `matches` is not a regular expression: {reason}"),
            place: find(source, "matches"),
            advice: Some("in a raw string a backslash needs no second one: `matches(r'\\d+')`".to_owned()),
        }
    }

    /// `quoted` are the words that stood for keys in backticks.
    pub(super) fn syntax(source: &str, errors: &ParseErrors, quoted: &[Quoted]) -> Self {
        if let Some((offset, advice)) = habits::mistake(source).or_else(|| habits::no_name(source)) {
            return Self {
                reason: "the expression cannot be read".to_owned(),
                place: place(source, offset),
                advice: Some(advice),
            };
        }
        let Some(first) = errors.errors.first() else {
            return Self { reason: "the expression cannot be read".to_owned(), place: None, advice: None };
        };
        // The parser lists every token it would have taken, a dozen of them.
        let message = first.msg.split(" expecting ").next().unwrap_or_default();
        let message = message.trim_start_matches("Syntax error: ").replace("<EOF>", "end of the expression");
        let message =
            quoted.iter().fold(message, |text, quoted| text.replace(&quoted.word, &format!("`{}`", quoted.key)));
        let line = usize::try_from(first.pos.0 - 1).ok().and_then(|line| source.lines().nth(line));
        let place = line.map(|line| {
            let column = usize::try_from(first.pos.1 - 1).unwrap_or(0);
            (shown(line), column.min(line.chars().count()))
        });
        // Only hexadecimal ones are left: see `literal`.
        let advice = message.contains("invalid int literal").then(|| "write the number in decimal digits".to_owned());
        Self { reason: format!("the expression cannot be read: {}", shown(&message)), place, advice }
    }
}

/// Where `word` stands in the source.
fn find(source: &str, word: &str) -> Option<(String, usize)> {
    place(source, source.find(word.trim_start_matches('.'))?)
}

/// The line that holds the byte at `offset`, and its column there.
fn place(source: &str, offset: usize) -> Option<(String, usize)> {
    let start = source[..offset].rfind('\n').map_or(0, |end| end + 1);
    let line = source[start..].lines().next()?;
    Some((shown(line), source[start..offset].chars().count()))
}

/// One column a character, so that the caret stands right; nothing that steers a terminal.
fn shown(line: &str) -> String {
    line.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}
