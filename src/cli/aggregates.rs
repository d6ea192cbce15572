//! `--agg`: `count, bad=rate(status >= 400), p99(latency_ms)`.

use super::nearest::nearest;
use super::rows::field;
use crate::analysis::{Aggregate, Aggregates, Measure};
use crate::expr::{Condition, Formula};
use crate::schema::{Schema, Use};
use anyhow::{Result, anyhow, bail};
use std::sync::Arc;

/// The functions of `--agg`, as its errors show them.
const KNOWN: [(&str, &str); 13] = [
    ("count", "count"),
    ("rate", "rate(status >= 400)"),
    ("sum", "sum(bytes)"),
    ("mean", "mean(latency_ms)"),
    ("min", "min(latency_ms)"),
    ("max", "max(latency_ms)"),
    ("stddev", "stddev(latency_ms)"),
    ("p50", "p50(latency_ms)"),
    ("p99", "p99(latency_ms)"),
    ("distinct", "distinct(user)"),
    ("top", "top(3, path)"),
    ("first", "first(version)"),
    ("last", "last(version)"),
];
/// What others call them.
const KNOWN_ELSEWHERE: [(&str, &str); 17] = [
    ("median", "p50"),
    ("quantile", "p99"),
    ("percentile", "p99"),
    ("perc", "p99"),
    ("average", "mean"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("total", "sum"),
    ("std", "stddev"),
    ("stdev", "stddev"),
    ("dc", "distinct"),
    ("distinct_count", "distinct"),
    ("count_distinct", "distinct"),
    ("unique", "distinct"),
    ("cardinality", "distinct"),
    ("topk", "top"),
    ("ratio", "rate"),
];
/// More values than this are no summary.
const MAX_RANKS: usize = 100;

/// Reads lists of aggregates, and projects the fields that they name.
pub fn aggregates(lists: &[String], schema: &mut Schema) -> Result<Aggregates> {
    let mut named = Vec::new();
    for text in lists.iter().flat_map(|list| split(list)) {
        let (name, call) = name_of(text.trim());
        let since = schema.names.count();
        let aggregate = aggregate(call, schema)?;
        schema.names.used_for(since, &Use::Column(name.clone()));
        named.push((name, aggregate));
    }
    Ok(Aggregates::new(named))
}

/// What stands between the commas that no bracket and no quote encloses.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth, mut quote) = (Vec::new(), 0, 0usize, None);
    let mut is_escaped = false;
    for (place, char) in list.char_indices() {
        match (quote, char) {
            _ if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), _) if char == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(char),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&list[begin..place]);
                begin = place + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(&list[begin..]);
    parts
}

/// The name of a column, and what it shows: `name=call`, or the call as it is written, without spaces.
fn name_of(text: &str) -> (String, &str) {
    let is_name = |name: &str| {
        let is_letter = |char: char| char.is_ascii_alphanumeric() || char == '_';
        !name.is_empty() && name.chars().all(is_letter)
    };
    match text.split_once('=') {
        Some((name, call)) if is_name(name.trim()) && !call.starts_with('=') => (name.trim().to_owned(), call.trim()),
        _ => (text.chars().filter(|char| !char.is_whitespace()).collect(), text),
    }
}

fn aggregate(call: &str, schema: &mut Schema) -> Result<Aggregate> {
    let (function, argument) = match call.split_once('(') {
        Some((function, rest)) => {
            let Some(argument) = rest.trim_end().strip_suffix(')').filter(|inner| is_balanced(inner)) else {
                bail!("--agg: the brackets of `{}` do not close", call.escape_debug());
            };
            (function.trim(), Some(argument.trim()))
        }
        None => (call.trim(), None),
    };
    let argument = || match argument {
        Some(argument) if !argument.is_empty() => Ok(argument),
        _ => Err(anyhow!("--agg: `{function}` needs a field: write it as `{}`", example(function))),
    };
    let mut of = || measure(schema, argument()?);
    let is_bare = argument().is_err();
    Ok(match function {
        "count" if is_bare => Aggregate::Count,
        "count" => bail!("--agg: `count` takes no field: it counts records; --where says which"),
        "rate" => {
            let condition = argument()?;
            Aggregate::Rate(Box::new(Condition::new(condition, schema).map_err(|reason| anyhow!("--agg: {reason}"))?))
        }
        "sum" => Aggregate::Sum(of()?),
        "mean" | "avg" => Aggregate::Mean(of()?),
        "min" => Aggregate::Min(of()?),
        "max" => Aggregate::Max(of()?),
        "stddev" => Aggregate::Stddev(of()?),
        "distinct" => Aggregate::Distinct(of()?),
        "first" => Aggregate::First(of()?),
        "last" => Aggregate::Last(of()?),
        "top" => {
            let wrong =
                || anyhow!("--agg: `top` needs a number up to {MAX_RANKS} and a field: write it as `top(3, path)`");
            let (most, name) = argument()?.split_once(',').ok_or_else(wrong)?;
            let most = most.trim().parse().ok().filter(|most| (1..=MAX_RANKS).contains(most)).ok_or_else(wrong)?;
            Aggregate::Top(measure(schema, name.trim())?, most)
        }
        _ => match quantile(function) {
            Some(quantile) => Aggregate::Quantile(of()?, quantile),
            None => bail!("--agg: {}", unknown(function, argument().ok())),
        },
    })
}

/// What stands in the brackets of an aggregate: a field, what is read of one, or an expression.
fn measure(schema: &mut Schema, text: &str) -> Result<Measure> {
    let call = |name: &str| {
        let inner = text.strip_prefix(name)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
        is_balanced(inner).then(|| inner.trim())
    };
    if let Some(name) = ["ms", "total"].into_iter().find_map(call)
        && name.parse::<f64>().is_ok()
    {
        bail!("--agg: `{name}` is a number; a field that is called so is written in backticks: `` `{name}` ``");
    }
    if let Some(name) = call("ms") {
        return Ok(Measure::Millis(field(schema, name, "--agg")?));
    }
    if let Some(name) = call("total") {
        return Ok(Measure::Total(field(schema, name, "--agg")?));
    }
    match Formula::new(text, schema) {
        Ok(Formula::Field(field)) => Ok(Measure::Field(field)),
        Ok(formula) => Ok(Measure::Formula(Arc::new(formula))),
        Err(_) if ["ms(", "total("].iter().any(|call| text.contains(call)) => {
            bail!("--agg: `ms` and `total` read one field, and stand alone in an aggregate: `p99(ms(took))`")
        }
        Err(reason) => bail!("--agg: {reason}"),
    }
}

/// Whether no bracket closes that was not opened, but for those in quotes.
fn is_balanced(text: &str) -> bool {
    let (mut depth, mut quote) = (0i32, None);
    for char in text.chars() {
        match (quote, char) {
            (Some(open), _) if char == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(char),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return false,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    true
}

/// `p50` is 0.5, `p99` 0.99, `p999` and `p99.9` are 0.999.
fn quantile(name: &str) -> Option<f64> {
    let written = name.strip_prefix('p')?;
    let joined = match written.split_once('.') {
        Some((percent, digits)) if percent.len() == 2 && !digits.is_empty() => format!("{percent}{digits}"),
        Some((percent, digits)) if percent.len() == 1 && !digits.is_empty() => format!("0{percent}{digits}"),
        _ => written.to_owned(),
    };
    let (digits, has_point) = (joined.as_str(), joined != written);
    let number: f64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    let quantile = number / 10f64.powi(digits.len().max(2) as i32);
    // Whoever writes p100 does not mean the tenth part.
    let is_meant = digits.len() <= 2 || digits.len() <= 9 && (digits.starts_with('9') || has_point);
    (is_meant && quantile > 0.0).then_some(quantile)
}

fn example(function: &str) -> &'static str {
    KNOWN.iter().find(|(name, _)| *name == function).map_or("p99(latency_ms)", |(_, example)| example)
}

/// `argument` is what stands in its brackets.
fn unknown(function: &str, argument: Option<&str>) -> String {
    let meant = KNOWN_ELSEWHERE.iter().find(|(name, _)| function.eq_ignore_ascii_case(name)).map(|(_, known)| *known);
    let is_quantile =
        function.strip_prefix('p').is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
    let advice = match meant.or_else(|| nearest(function, KNOWN.iter().map(|(name, _)| *name))) {
        _ if is_quantile => {
            "a quantile is written as `p50`, `p99`, `p999` or `p99.9`; the least is `min`, the largest `max`".to_owned()
        }
        Some(near) => match argument.filter(|_| near != "top") {
            Some(argument) => format!("did you mean `{near}({})`?", argument.escape_debug()),
            None => format!("did you mean `{}`?", example(near)),
        },
        None => {
            let examples: Vec<&str> = KNOWN.iter().map(|(_, example)| *example).collect();
            format!("known are {}", examples.join(", "))
        }
    };
    format!("there is no aggregate `{}`; {advice}", function.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::preset;

    fn columns(list: &str) -> Result<Vec<String>, String> {
        let mut schema = Schema::new(preset("lab").unwrap());
        let all = aggregates(&[list.to_owned()], &mut schema).map_err(|error| error.to_string())?;
        Ok(all.columns().map(str::to_owned).collect())
    }

    #[test]
    fn names_are_given_or_as_written() {
        let list =
            "count, bad=rate(status >= 400 && service in ['a,b', \")\"]), p99( http.ms ),top(3, path), x = max(a)";
        let names = ["count", "bad", "bad_ci95", "p99(http.ms)", "top(3,path)", "x"];
        assert_eq!(columns(list).unwrap(), names);
        assert_eq!(columns("rate(a == 1)").unwrap(), ["rate(a==1)", "rate(a==1)_ci95"]);
    }

    #[test]
    fn quantiles_are_read_by_their_digits() {
        for (name, expected) in [("p50", 0.5), ("p95", 0.95), ("p999", 0.999), ("p5", 0.05), ("p9999", 0.9999)] {
            assert_eq!(quantile(name), Some(expected), "{name}");
        }
        for (name, expected) in
            [("p99.9", 0.999), ("p99.99", 0.9999), ("p50.5", 0.505), ("p9.9", 0.099), ("p99.0", 0.99)]
        {
            assert_eq!(quantile(name), Some(expected), "{name}");
        }
        for name in ["p", "p0", "pp", "p.9", "p99.", "p999.9", "p9.x", "q50", "p100", "p100.0", "p0000000001", "p00.0"]
        {
            assert_eq!(quantile(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (list, part) in [
            ("cuont", "did you mean `count`"),
            ("median(x)", "did you mean `p50(x)`"),
            ("Average(a.b)", "did you mean `mean(a.b)`"),
            ("total(x)", "did you mean `sum(x)`"),
            ("topk(3, x)", "did you mean `top(3, path)`"),
            ("mena(x)", "did you mean `mean(x)`"),
            ("p100(x)", "the largest `max`"),
            ("foo(status)", "known are count, rate("),
            ("sum(ms(a..b))", "--agg"),
            ("sum(ms(a) + 1)", "stand alone"),
            ("p95(a > 1)", "--agg"),
            ("sum", "write it as `sum(bytes)`"),
            ("sum()", "write it as `sum(bytes)`"),
            ("sum(a", "do not close"),
            ("sum(a)(b)", "do not close"),
            ("count(a)", "takes no field"),
            ("top(path)", "top(3, path)"),
            ("top(0, path)", "top(3, path)"),
            ("rate(a = 1)", "=="),
            ("", "known are"),
            ("mean(a..b)", "--agg"),
        ] {
            let error = columns(list).unwrap_err();
            assert!(error.contains(part), "{list}: {error}");
        }
    }
}
