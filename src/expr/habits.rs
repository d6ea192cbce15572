//! What people write who know other languages, and what CEL writes instead.

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
