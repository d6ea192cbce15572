//! What is remembered of the objects around a record, from where a stream is left to where it is taken up.

use super::Value;
use serde::{Deserialize, Serialize};

/// Where the reader stands within what records are wrapped in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Within {
    /// How many objects and arrays of the path are open.
    pub open: u8,
    /// A value may come.
    pub comma: bool,
    /// The innermost of them, where it is an object, has had the member that the path goes on with.
    pub is_found: bool,
    /// The outermost object is written over lines that are not indented.
    pub is_flat: bool,
    /// The remains of an oversized record are being passed over.
    pub is_passing: bool,
    /// What the open objects have said so far.
    pub said: Vec<Said>,
}

/// What an object around records says of a field that a question names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// How many objects and arrays were open there.
    pub open: u8,
    /// The slot of the field.
    pub slot: u32,
    /// `None` where it is no single value, or too long: records do not inherit that, nor what stands further out.
    pub value: Option<Scalar>,
}

/// A single value that borrows from nowhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Big(String),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// The value of a text of JSON, read as a record's own would be; `None` where it is no single value.
    pub fn of_json(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        match text.as_bytes().first()? {
            b'"' => serde_json::from_str(text).ok().map(Scalar::Text),
            b'{' | b'[' => None,
            _ => {
                // Whether it is one at all.
                serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
                Some(match text {
                    "null" => Scalar::Null,
                    "true" | "false" => Scalar::Bool(text == "true"),
                    _ => Self::of_digits(text).or_else(|| {
                        let number: Option<f64> = text.parse().ok();
                        number.filter(|number| number.is_finite()).map(Scalar::Float)
                    })?,
                })
            }
        }
    }

    /// Whether a text is no JSON. Of an object or an array that is not asked.
    pub fn is_broken(text: &[u8]) -> bool {
        let is_nested = matches!(text.first(), Some(b'{' | b'['));
        !is_nested
            && match std::str::from_utf8(text) {
                Ok(text) if text.starts_with('"') => serde_json::from_str::<String>(text).is_err(),
                Ok(text) => serde_json::from_str::<serde::de::IgnoredAny>(text).is_err(),
                Err(_) => true,
            }
    }

    /// The integer that these digits are, if they are one.
    pub fn of_digits(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let small = text.parse().map(Scalar::Int).or_else(|_| text.parse().map(Scalar::Uint));
        Some(small.unwrap_or_else(|_| Scalar::Big(text.to_owned())))
    }

    pub fn value(&self) -> Value<'_> {
        match self {
            Scalar::Null => Value::Null,
            Scalar::Bool(truth) => Value::Bool(*truth),
            Scalar::Int(number) => Value::Int(*number),
            Scalar::Uint(number) => Value::Uint(*number),
            Scalar::Big(digits) => Value::Big(digits),
            Scalar::Float(number) => Value::Float(*number),
            Scalar::Text(text) => Value::Text(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_a_record_would_have() {
        for (text, expected) in [
            ("null", Some(Value::Null)),
            ("true", Some(Value::Bool(true))),
            ("-0", Some(Value::Int(0))),
            ("200", Some(Value::Int(200))),
            ("18446744073709551615", Some(Value::Uint(u64::MAX))),
            ("18446744073709551616", Some(Value::Big("18446744073709551616"))),
            ("1.5e1", Some(Value::Float(15.0))),
            (r#""a\u0062""#, Some(Value::Text("ab"))),
            ("1e999", None),
            ("01", None),
            ("{}", None),
            ("[1]", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(Scalar::of_json(text.as_bytes()).as_ref().map(Scalar::value), expected, "{text}");
        }
    }
}
