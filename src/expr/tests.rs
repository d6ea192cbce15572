use super::*;
use proptest::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

pub(super) fn value(name: &str) -> Option<Operand<'static>> {
    Some(match name {
        "status" => Operand::Int(503),
        "big" => Operand::Uint(u64::MAX),
        "rate" => Operand::Float(0.25),
        "total" => Operand::Uint(12),
        "service" => Operand::Text("pay".into()),
        "time" => Operand::Time(crate::event::Timestamp::from_nanos(1_760_559_686_315_260_000)),
        "ok" => Operand::Bool(true),
        "nothing" => Operand::Null,
        "bytes" => Operand::Int(512),
        "odd" => Operand::Int(9_007_199_254_740_993),
        "huge" => Operand::Whole(18_446_744_073_709_551_617),
        "digits" => Operand::Text("12".into()),
        "res" => Operand::Json(serde_json::json!({"code": 502, "tags": ["a", "b"], "ms": 1.5, "odd-key": 7})),
        _ => return None,
    })
}

/// The values of an expression's variables.
pub(super) fn values(expr: &Expr) -> impl Fn(usize) -> Option<Operand<'static>> + Sync + '_ {
    |place| {
        let Variable { keys, is_presence, .. } = &expr.variables()[place];
        let found = keys[1..].iter().try_fold(value(&keys[0]), |found, key| {
            let Some(Operand::Json(json)) = found else { return None };
            let inside = json.get(key).or_else(|| json.get(key.parse::<usize>().ok()?))?;
            Some(Some(Operand::of_json(inside.clone())))
        });
        let found = found.flatten();
        if *is_presence { Some(Operand::Bool(found.is_some())) } else { found }
    }
}

fn holds(source: &str) -> Result<bool, String> {
    let expr = Expr::compile(source).map_err(|error| error.to_string())?;
    expr.holds(&values(&expr))
}

#[test]
fn conditions_hold_or_not() {
    for (source, expected) in [
        ("status >= 500", true),
        ("status >= 500.5", true),
        ("status == 503.0", true),
        ("status in [200, 503]", true),
        ("rate < 1", true),
        ("rate == 0.25 && total > 0.5", true),
        ("big > 1 && big > 0.5 && big != 1", true),
        ("service == 'pay' || missing > 3", true),
        ("missing > 3 || service == 'pay'", true),
        ("service != \"pay\"", false),
        ("missing == null && nothing == null", true),
        ("!(ok)", false),
        ("service.startsWith('p') && service.matches('^p.y$')", true),
        ("matches(service, 'x')", false),
        ("['x', 'pay'].exists(s, service.matches('^' + s))", true),
        ("['pay'].exists(s, s.matches('^p'))", true),
        ("service.upperAscii() == 'PAY'", true),
        ("res.code >= 500 && 'a' in res.tags && res.ms < 2", true),
        ("res.code + 1 == 503", true),
        ("res.`odd-key` == 7", true),
        ("has(res.code) && !has(res.none)", true),
        ("res.tags.all(tag, tag.size() == 1)", true),
        ("time > timestamp('2025-10-15T00:00:00Z') && time.getFullYear() == 2025", true),
        ("time - timestamp('2025-10-15T20:21:26.315260Z') == duration('0s')", true),
        ("type(status) == int", true),
        ("res.none != 3 && res.none.deep == null && !(res.none == 3)", true),
        ("res['odd-key'] == 7 && res.tags[1] == 'b' && res.tags[2] == null", true),
        ("`res`.`odd-key` == 7 && `status` == 503", true),
        ("res.tags.exists(each, each == service) || [res].exists(res, res.code == 502)", true),
        ("has(status) && !has(missing) && has(nothing) && has(`res`)", true),
        ("[res].all(each, has(each.code) && !has(each.none))", true),
        ("bytes > 500", true),
        ("optional.of(1).hasValue()", true),
        ("service.size() == 3 ? ok : false", true),
        // Arithmetic is that of formulas.
        ("bytes / 100 == 5.12 && bytes / 256 == 2 && -bytes % 100 == -12", true),
        ("1 + 1.5 + status == 505.5 && status * rate > 125", true),
        ("digits * 2 == 24 && digits + digits == 24 && digits + digits + 1 == 25 && digits + 'x' == '12x'", true),
        ("digits + service == '12pay' && (digits + digits).size() == 4", true),
        (
            "[1, 2].map(each, each / 2).exists(half, half == 0.5) && [1, 2].exists_one(each, each * 2 == status - 499)",
            true,
        ),
        ("time + duration('1h') > time && time - duration('1s') < time", true),
        // And comparison is exact.
        ("odd == 9007199254740993 && odd > 9007199254740992.0 && odd != 9007199254740992.0", true),
        ("odd in [9007199254740992.0] || [odd] == [9007199254740992.0]", false),
        ("big + 1 == 18446744073709551616 && huge == 18446744073709551617 && huge - 1 > big", true),
        ("huge > 18446744073709551616.0 && big == 18446744073709551615 && big < 18446744073709551615.0", true),
        (
            "status > -9223372036854775809 && status > -9223372036854775808 && string(huge) == '18446744073709551617'",
            true,
        ),
    ] {
        assert_eq!(holds(source), Ok(expected), "{source}");
    }
}

#[test]
fn what_cannot_be_evaluated_says_why() {
    for (source, reason) in [
        ("missing > 3", "`>` met null: the field is missing or null"),
        ("service * 2 > 1", "`*` met a text that is no number"),
        ("ok + status > 1", "`+` does not apply to bool and int"),
        ("rate * 1e308 * 1e308 > 1", "the result of `*` is too large"),
        ("status % 0 != 1", "`%` divides by zero"),
        ("rate / 0.0 != 1", "`/` divides by zero"),
        ("double('NaN') != rate", "`==` met a number that is not finite"),
        ("rate < double('inf')", "`<` met a number that is not finite"),
        ("rate in [double('NaN')]", "not finite"),
        ("missing * 2 > 1", "`*` met null: the field is missing or null"),
        ("status + 1", "gives a value of type int, not true or false"),
        ("service", "gives a value of type string"),
        ("service > 3", "`>` does not apply to string and int"),
        ("[{'a': 1}].exists(each, each.b == 3)", "there is no key `b`"),
        ("status / 0 == 1", "`/` divides by zero"),
    ] {
        let error = holds(source).unwrap_err();
        assert!(error.contains(reason), "{source}: {error}");
    }
}

#[test]
fn a_refusal_shows_the_place_and_the_way_out() {
    for (source, column, advice) in [
        ("status = 500", 7, "write `==`"),
        ("status == 500 and ok", 14, "write `&&` for `and`"),
        ("ok OR ok", 3, "write `||` for `OR`"),
        ("not ok", 0, "write `!` for `not`"),
        ("ok & ok", 3, "write `&&`"),
        ("service <> 'a=b'", 8, "write `!=`"),
        ("service =~ 'a'", 8, "matches"),
        ("service == 'a", 11, "never closed"),
        ("@timestamp > 3", 0, "in backticks"),
        ("service == `a", 11, "backtick is never closed"),
        ("`` == 1", 0, "between the backticks"),
        ("service == “pay”", 11, "plain quotes"),
        ("service.startWith('a')", 8, "did you mean `startsWith`"),
        ("lenght(service) > 3", 0, "known functions"),
        ("foo(status)", 0, "known functions"),
        ("status && ok == 3 + 'a'", 18, "joins two texts"),
        ("size(service) && ok", 14, "compare it"),
        ("service in 'pay'", 7, "contains"),
        ("size(service) == 'a'", 14, "of one type"),
        ("`é-b` = 3", 6, "write `==`"),
        ("ok && has(1)", 6, "`has(error)`"),
        ("tags.all(t, has(t))", 12, "`has(error)`"),
        ("has(status, ok)", 0, "`has(error)`"),
        ("status == 999999999999999999999999999999999999999", 10, "at most 38 digits"),
        ("status < 1e400", 9, "at most 1.7e308"),
        ("status < 0xFFFFFFFFFFFFFFFFFF", 9, "decimal digits"),
        ("größe == 5", 0, "`` `größe` ``"),
        ("ok && if == 4", 6, "`` `if` ``"),
        ("in == 4", 0, "`` `in` ``"),
        ("res.0.p == 3", 3, "write `[0]` for `.0`"),
        ("res.tags[1].0 == 3", 11, "write `[0]` for `.0`"),
        ("status > 10s", 9, "in backticks"),
        ("service.contains(5)", 8, "takes a text here, not a number"),
        ("5.trim() == 'x'", 2, "takes a text here, not a number"),
        ("matches(service, true)", 0, "not true or false"),
    ] {
        let error = Expr::compile(source).unwrap_err();
        assert_eq!(error.place, Some((source.to_owned(), column)), "{source}: {error}");
        assert!(error.to_string().contains(advice), "{source}: {error}");
    }
    assert_eq!(
        Expr::compile("status = 500").unwrap_err().to_string(),
        "the expression cannot be read\n  status = 500\n         ^\n  write `==` to compare"
    );
    for bad in ["", " ", "status >", "a b", "(", "1 +\n+", "service.matches('(')", "has(1)", "a.b(", "\u{0}", "for"] {
        assert!(Expr::compile(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_condition_is_one_of_records() {
    for (source, advice) in [
        ("'@l' == 'Error'", "in backticks"),
        ("\"@l\" == \"Error\"", "`` `@level` == \"Error\" ``"),
        ("1 < 2", "names no field"),
        ("status + 1", "gives a number, not true or false"),
        ("size(service)", "`size(service) == ...`"),
        ("status + rate", "gives a sum"),
        ("service.trim()", "gives a text"),
        ("sc-status == '503'", "write the field as `sc-status`, in backticks"),
        ("'503' != sc-status", "is a subtraction"),
        ("timestamp(service)", "gives a time"),
        ("ok || 'x'", "takes conditions, not a text"),
        ("status < null", "does not apply"),
        ("!(status - 1)", "takes conditions"),
    ] {
        let error = Expr::condition(source).unwrap_err().to_string();
        assert!(error.contains(advice), "{source}: {error}");
    }
    for (source, what) in [
        ("status == status", "with itself"),
        ("ok && size(service) != size(service)", "with itself"),
        ("ok || true", "always holds"),
        ("ok || 1 + 1.5 == 2.5", "always holds"),
        ("ok && !true", "never holds"),
        ("!(ok && false) || rate > 1", "never holds"),
        ("status == 1 && ok && status == 2", "two values at once"),
        ("service != 'a' || service != 'b'", "not the other"),
    ] {
        let error = Expr::condition(source).unwrap_err().to_string();
        assert!(error.contains("says the same of every record") && error.contains(what), "{source}: {error}");
    }
    let sound =
        ["ok && true", "status == 1 || status == 2", "status == 1 && status == 1.0", "bytes == status", "1.5 < rate"];
    for source in sound {
        assert!(Expr::condition(source).is_ok(), "{source}");
    }
    for source in ["ok", "!ok", "sc-status == 503", "has(a.b)", "tags.exists(t, t == 'a')", "ok ? a : b", "a.b"] {
        assert!(Expr::condition(source).is_ok(), "{source}");
    }
}

#[test]
fn names_are_whole_paths_without_what_is_bound() {
    for (source, expected) in [
        ("res.code > status && size(service) > 3", vec!["res.code", "status", "service"]),
        ("tags.exists(t, t == other) && t == 1", vec!["tags", "other", "t"]),
        ("a.b.c.d[e].f == 1", vec!["a.b.c.d", "e"]),
        ("has(x.y) && has (w) && .z == 1", vec!["x.y", "w", "z"]),
        ("[1].all(i, [2].all(j, i + j == k))", vec!["k"]),
        ("`@l` == labels.`a.b`[0] && tags['x y'] == 1", vec!["`@l`", "labels.`a.b`[0]", "tags.`x y`"]),
        ("1 == 1", vec![]),
    ] {
        let expr = Expr::compile(source).unwrap();
        let names: Vec<String> = expr.variables().iter().map(Variable::name).collect();
        assert_eq!(names, expected, "{source}");
    }
}

#[test]
fn a_value_is_looked_up_once_and_only_when_needed() {
    let asked = AtomicU32::new(0);
    let expr = Expr::compile("[1, 2, 3].all(i, status > i) || rate > 1").unwrap();
    let lookup = |place: usize| {
        asked.fetch_add(1, Ordering::Relaxed);
        values(&expr)(place)
    };
    assert_eq!(expr.holds(&lookup), Ok(true));
    assert_eq!(asked.into_inner(), 1);
}

/// Sources near the limits, each in a stack no larger than a worker's.
#[test]
fn no_nesting_overflows_the_stack() {
    let half = MAX_LENGTH_BYTES / 2;
    let sources = [
        format!("a{}", ".b".repeat(half - 1)),
        format!("a{}", "[0]".repeat(half / 2)),
        format!("a{}", ".f()".repeat(half / 2 - 1)),
        "!".repeat(MAX_LENGTH_BYTES - 4) + "ok",
        "-".repeat(MAX_LENGTH_BYTES - 4) + "1",
        "- ".repeat(half - 2) + "1",
        "1+".repeat(half - 1) + "1",
        "1<".repeat(half - 1) + "1",
        "1?1:".repeat(half / 2 - 1) + "1",
        "a&&".repeat(half / 2) + "a",
        "(".repeat(half - 1) + "1" + &")".repeat(half - 1),
        "(".repeat(MAX_LENGTH_BYTES),
        "[".repeat(MAX_LENGTH_BYTES),
        "{1:".repeat(half / 2),
        "f(".repeat(half),
        "a[".repeat(half),
        "a.map(a,".repeat(half / 4),
    ];
    let run = move || {
        for source in &sources {
            if let Ok(expr) = Expr::compile(source) {
                _ = expr.holds(&values(&expr));
            }
        }
    };
    // A quarter of a worker's stack.
    std::thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_long_chain_is_refused_and_a_long_list_is_not() {
    let sum = "1 + ".repeat(500) + "1 > 0";
    assert!(Expr::compile(&sum).unwrap_err().to_string().contains("nests too deeply"));
    let list = format!("service in ['pay'{}]", ", 'cart'".repeat(400));
    assert_eq!(holds(&list), Ok(true));
    let any = "status == 1 || ".repeat(200) + "ok";
    assert_eq!(holds(&any), Ok(true));
}

const WORDS: &[&str] = &[
    "status",
    "rate",
    "service",
    "res",
    "missing",
    "time",
    "ok",
    "big",
    "1",
    "0",
    "-1",
    "9223372036854775807",
    "2.5",
    "3u",
    "1e308",
    "'a'",
    "\"\\u00e9\"",
    "b'x'",
    "r'\\d'",
    "true",
    "null",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ":",
    ",",
    ".",
    "?",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    ">=",
    "in",
    "=",
    "@",
    "`x`",
    "has",
    "size",
    "all",
    "exists",
    "map",
    "filter",
    "matches",
    "contains",
    "startsWith",
    "int",
    "double",
    "string",
    "timestamp",
    "duration",
    "type",
    "optional",
    "of",
    "replace",
    "substring",
    "charAt",
    "split",
    "join",
    "format",
    "indexOf",
    "getHours",
    "x",
    "\n",
    "//",
    "é",
    "\u{0}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_sequence_of_words_panics(words in prop::collection::vec(prop::sample::select(WORDS), 0..14), glue in "[ ]?") {
        if let Ok(expr) = Expr::compile(&words.join(&glue)) {
            _ = expr.holds(&values(&expr));
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}") {
        if let Ok(expr) = Expr::compile(&text) {
            _ = expr.holds(&values(&expr));
        }
    }

    #[test]
    fn no_call_panics(
        function in prop::sample::select(WORDS), member in any::<bool>(),
        operands in prop::collection::vec(prop::sample::select(WORDS), 0..4),
    ) {
        let arguments = operands.get(1..).unwrap_or_default().join(", ");
        let source = match operands.first() {
            Some(target) if member => format!("({target}).{function}({arguments})"),
            _ => format!("{function}({})", operands.join(", ")),
        };
        if let Ok(expr) = Expr::compile(&source) {
            _ = expr.holds(&values(&expr));
        }
    }

    #[test]
    fn numbers_compare_across_types(left: i32, right in -1e10..1e10) {
        let lookup = |place: usize| Some(match place {
            0 => Operand::Int(i64::from(left)),
            _ => Operand::Float(right),
        });
        let expr = Expr::compile("left < right").unwrap();
        prop_assert_eq!(expr.holds(&lookup), Ok(f64::from(left) < right));
    }
}

#[test]
fn an_expression_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Expr::compile("ok").unwrap());
}
