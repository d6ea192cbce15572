//! Columns that are named as they are shown: `p99(ms) <= 250`.

/// The expression with backticks around each column whose name is no plain word, such as that of an aggregate.
pub fn quote_columns(source: &str, columns: &[String]) -> String {
    let mut calls: Vec<&str> = columns.iter().map(String::as_str).filter(|name| name.ends_with(')')).collect();
    // Of two that begin alike the longer one is meant.
    calls.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let (mut quoted, mut rest, mut quote) = (String::new(), source, None);
    let mut is_within_word = false;
    while let Some(first) = rest.chars().next() {
        let call = calls.iter().find(|name| quote.is_none() && !is_within_word && rest.starts_with(**name));
        if let Some(name) = call {
            match name.contains('`') {
                true => quoted.push_str(&format!("row[{name:?}]")),
                false => quoted.extend(["`", name, "`"]),
            }
            rest = &rest[name.len()..];
            continue;
        }
        match quote {
            Some(open) if open == first => quote = None,
            None if matches!(first, '"' | '\'' | '`') => quote = Some(first),
            _ => {}
        }
        is_within_word = first.is_alphanumeric() || matches!(first, '_' | '.');
        quoted.push(first);
        rest = &rest[first.len_utf8()..];
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_as_it_is_shown() {
        let columns = ["service", "p99(ms)", "rate(a==1)", "max(ms(took))", "sum(`a-b`)"].map(str::to_owned);
        for (source, expected) in [
            ("p99(ms) <= 250", "`p99(ms)` <= 250"),
            ("service != 'p99(ms)' && p99(ms)<1", "service != 'p99(ms)' && `p99(ms)`<1"),
            ("`p99(ms)` <= 250 || rate(a==1) > 0.5", "`p99(ms)` <= 250 || `rate(a==1)` > 0.5"),
            ("row['p99(ms)'] < 1 && max(ms(took)) < 2", "row['p99(ms)'] < 1 && `max(ms(took))` < 2"),
            ("sum(`a-b`) > 1", "row[\"sum(`a-b`)\"] > 1"),
            ("xp99(ms) < 1 && size(service) > 1", "xp99(ms) < 1 && size(service) > 1"),
        ] {
            assert_eq!(quote_columns(source, &columns), expected);
        }
    }
}
