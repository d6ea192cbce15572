//! What people write who know other languages, and what CEL writes instead.

use super::literal::NumberText;

/// The habits of other languages, outside of quoted text: where, and what CEL writes instead.
pub fn mistake(source: &str) -> Option<(usize, String)> {
    let bytes = source.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let first = rest.chars().next()?;
        let step = match first {
            '"' | '\'' => match quoted_length(rest) {
                Some(length) => length,
                None => return Some((at, "this quote is never closed".to_owned())),
            },
            // A name, whatever is in it.
            '`' => rest[1..].find('`').map_or(rest.len(), |end| end + 2),
            _ if first.is_alphabetic() || first == '_' => {
                let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest, |end| &rest[..end]);
                if let Some(instead) = word_instead(word) {
                    return Some((at, format!("write `{instead}` for `{word}`")));
                }
                word.len()
            }
            _ => {
                let (length, advice) = symbol_instead(rest);
                if let Some(advice) = advice {
                    return Some((at, advice.to_owned()));
                }
                length
            }
        };
        at += step;
    }
    None
}

/// The first word that is a name for people, and none for CEL: where, and how to write it.
pub fn no_name(source: &str) -> Option<(usize, String)> {
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        let first = rest.chars().next()?;
        let is_word = |char: char| char.is_alphanumeric() || char == '_';
        let word = &rest[..rest.find(|char: char| !is_word(char)).unwrap_or(rest.len())];
        let before = source[..at].trim_end();
        at += match first {
            '"' | '\'' => quoted_length(rest)?,
            '`' => rest[1..].find('`').map_or(rest.len(), |end| end + 2),
            // `items.0.p`
            '.' if source[..at].ends_with(|last: char| is_word(last) || matches!(last, ']' | '`'))
                && rest[1..].starts_with(|next: char| next.is_ascii_digit()) =>
            {
                let digits = NumberText::whole_at_start(&rest[1..]);
                return Some((at, format!("write `[{digits}]` for `.{digits}`")));
            }
            first if first.is_ascii_digit() => {
                let length = NumberText::at_start(rest).length;
                if rest[length..].starts_with(|next: char| next.is_alphabetic() || next == '_') {
                    let advice =
                        format!("write a field of that name in backticks, `` `{word}` ``, and a text in quotes");
                    return Some((at, advice));
                }
                length
            }
            first if is_word(first) => {
                let begins = before.is_empty() || before.ends_with(['(', '&', '|', '!', ',']);
                if !word.is_ascii() || RESERVED.contains(&word) || begins && word == "in" {
                    let reason = if word.is_ascii() { "has a meaning of its own" } else { "is no plain word" };
                    return Some((
                        at,
                        format!("`{word}` {reason}: write a field of that name in backticks, `` `{word}` ``"),
                    ));
                }
                word.len()
            }
            other => other.len_utf8(),
        };
    }
    None
}

/// What CEL keeps for itself.
pub const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

pub fn word_instead(word: &str) -> Option<&'static str> {
    Some(match word {
        "True" | "TRUE" => "true",
        "False" | "FALSE" => "false",
        "None" | "NULL" | "nil" | "Null" => "null",
        _ => match word.to_ascii_lowercase().as_str() {
            "and" => "&&",
            "or" => "||",
            "not" => "!",
            "is" => "==",
            "like" => ".contains(\"...\")` or `.matches(\"...\")",
            "between" => "a <= x && x <= b",
            _ => return None,
        },
    })
}

/// The length in bytes of the symbol that `rest` begins with, and what to do where it is not CEL's.
fn symbol_instead(rest: &str) -> (usize, Option<&'static str>) {
    const SOUND: &[&str] = &["==", "!=", "<=", ">=", "&&", "||"];
    const MISTAKES: &[(&str, &str)] = &[
        ("===", "write `==` to compare"),
        ("!==", "write `!=` to compare"),
        ("=~", "write `text.matches(\"pattern\")` to match a pattern"),
        ("!~", "write `!text.matches(\"pattern\")` to match a pattern"),
        ("=>", "write `>=` to compare"),
        ("<>", "write `!=` to compare"),
        ("\u{201c}", "write plain quotes: \"text\""),
        ("\u{201d}", "write plain quotes: \"text\""),
        ("\u{2019}", "write plain quotes: 'text'"),
    ];
    const LATE_MISTAKES: &[(&str, &str)] = &[
        ("=", "write `==` to compare"),
        ("&", "write `&&` for and"),
        ("|", "write `||` for or"),
        ("$", "name a field without `$`"),
        ("@", "write a field whose name is no plain word in backticks, as in `` `@level` ``"),
    ];
    let begins = |list: &[(&str, &'static str)]| list.iter().find(|(symbol, _)| rest.starts_with(symbol)).map(|m| m.1);
    if let Some(advice) = begins(MISTAKES) {
        return (0, Some(advice));
    }
    if let Some(symbol) = SOUND.iter().find(|symbol| rest.starts_with(**symbol)) {
        return (symbol.len(), None);
    }
    (rest.chars().next().map_or(1, char::len_utf8), begins(LATE_MISTAKES))
}

/// The length in bytes of the quoted text that `rest` begins with.
pub fn quoted_length(rest: &str) -> Option<usize> {
    let quote = &rest[..1];
    let quote = if rest.starts_with(&quote.repeat(3)) { &rest[..3] } else { quote };
    let mut at = quote.len();
    while at < rest.len() {
        if rest[at..].starts_with(quote) {
            return Some(at + quote.len());
        }
        let mut chars = rest[at..].chars();
        at += match chars.next()? {
            '\\' => 1 + chars.next()?.len_utf8(),
            other => other.len_utf8(),
        };
    }
    None
}
