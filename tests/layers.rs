//! Holds who may import whom: a module uses modules of lower layers only, and siblings not at all.

use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// From the lowest to the highest, as in the crate's documentation.
const LAYERS: &[&[&str]] = &[
    &["event"],
    &["schema", "report"],
    &["expr", "input", "decode", "sketch", "checkpoint", "generate"],
    &["analysis", "render", "survey"],
    &["engine"],
    &["bridge", "server"],
    &["cli"],
];

/// Crates that one module alone may use.
const CONFINED: &[(&str, &str)] = &[("tokio", "server"), ("axum", "server"), ("polars", "bridge")];

/// The one file that may have unsafe code.
const UNSAFE: &str = "decode/shape/window.rs";

#[test]
fn modules_use_lower_layers_only() {
    let layer = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let mut wrong = BTreeSet::new();
    for (module, path, text) in modules() {
        let Some(own) = layer(&module) else { panic!("`{module}` has no place in the table of layers") };
        for used in uses(&text) {
            let lower = layer(&used).is_some_and(|used| used < own);
            if used != module && !lower {
                wrong.insert(format!("{module} uses {used}"));
            }
        }
        for (name, home) in CONFINED {
            // A module of that name is another thing.
            let is_crate = !text.contains(&format!("mod {name};"));
            if module != *home && is_crate && text.contains(&format!("{name}::")) {
                wrong.insert(format!("{module} uses {name}"));
            }
        }
        if text.split(|char: char| !char.is_alphanumeric() && char != '_').any(|word| word == "unsafe")
            && path != UNSAFE
        {
            wrong.insert(format!("{path} has unsafe code"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The name of the top module, the path and the code of each source file, without comments and tests.
fn modules() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let comment = Regex::new(r"(?m)^\s*//.*$").unwrap();
    let tests = Regex::new(r"(?s)#\[cfg\(test\)\]\s*mod \w+ \{.*").unwrap();
    let test_module = Regex::new(r"#\[cfg\(test\)\]\s*(?:pub(?:\(\w+\))? )?mod (\w+);").unwrap();
    let (mut modules, mut for_tests) = (Vec::new(), BTreeSet::new());
    let is_source = |entry: &walkdir::DirEntry| entry.path().extension().is_some_and(|extension| extension == "rs");
    for entry in WalkDir::new(&src).into_iter().map(Result::unwrap).filter(is_source) {
        let text = fs::read_to_string(entry.path()).unwrap();
        let text = comment.replace_all(&text, "");
        let directory = entry.path().with_file_name("");
        for found in test_module.captures_iter(&text) {
            // In `a/mod.rs` it is `a/tests.rs`, in `a.rs` it is `a/tests.rs` too.
            let stem = entry.path().file_stem().unwrap().to_str().unwrap();
            let home = if ["mod", "lib"].contains(&stem) { directory.clone() } else { directory.join(stem) };
            for_tests.insert(home.join(format!("{}.rs", &found[1])));
        }
        modules.push((entry.path().to_owned(), tests.replace(&text, "").into_owned()));
    }
    modules.retain(|(path, _)| !for_tests.contains(path));
    let named = modules.into_iter().filter_map(|(path, text)| {
        let path = path.strip_prefix(&src).unwrap();
        let top = path.components().next().unwrap();
        let name = Path::new(&top).file_stem().unwrap().to_str().unwrap().to_owned();
        (!["main", "lib"].contains(&name.as_str())).then(|| (name, path.to_str().unwrap().to_owned(), text))
    });
    named.collect()
}

/// The modules that `crate::name` and `crate::{name, other::{..}}` stand for.
fn uses(text: &str) -> BTreeSet<String> {
    let path = Regex::new(r"\bcrate::(\w+|\{[^;]*\})").unwrap();
    let inner = Regex::new(r"\{[^{}]*\}").unwrap();
    let first = Regex::new(r"(?:^|,)\s*(\w+)").unwrap();
    let mut used = BTreeSet::new();
    for found in path.captures_iter(text) {
        let mut list = found[1].to_owned();
        if let Some(group) = list.strip_prefix('{').and_then(|list| list.strip_suffix('}')) {
            let mut flat = group.to_owned();
            while inner.is_match(&flat) {
                flat = inner.replace_all(&flat, "").into_owned();
            }
            list = flat;
        }
        used.extend(first.captures_iter(&list).map(|name| name[1].to_owned()));
    }
    used
}

#[test]
fn what_is_used_is_seen() {
    let text = "use crate::{event::{Event, Role}, schema}; fn f() { crate::cli::main() }";
    assert_eq!(uses(text).into_iter().collect::<Vec<_>>(), ["cli", "event", "schema"]);
    assert!(modules().iter().any(|(module, _, text)| module == "engine" && uses(text).contains("analysis")));
}
