//! Runs the examples of `README.md` and `docs/*.md`, so that they stay true.
//!
//! For contributors: a block fenced as ` ```console ` is run, any other is not. In it, a line that
//! begins with `$ ` is a command for the shell (lines that begin with `> ` go on with it), and the
//! lines below are all that it prints, standard error included. `...` stands for any text: within a
//! line, or, on a line of its own, for any number of lines. All blocks of a file share a directory
//! that begins with a copy of `data/`. A command that fails ends its output with `[exit code]`:
//!
//! ````text
//! ```console
//! $ streamlab task1 data/ --assert 'success_rate > 0.99'
//! ...
//! assertion failed: ...
//! [1]
//! ```
//! ````
//!
//! `UPDATE=1 cargo test --test readme` writes below each command what it prints now.

#[path = "common/shell.rs"]
mod shell;

use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

struct Example {
    /// Where the command stands, from 1.
    line: usize,
    command: String,
    expected: String,
}

#[test]
fn the_examples_are_true() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = home.join("README.md");
    assert!(!examples(&fs::read_to_string(&readme).unwrap()).is_empty(), "README.md shows no command that can be run");
    let docs = WalkDir::new(home.join("docs")).into_iter().flatten().map(|entry| entry.into_path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let wrong: Vec<String> = std::iter::once(readme).chain(pages).flat_map(|page| run(&page, home)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The examples of a page that do not come out as they are written.
fn run(page: &Path, home: &Path) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    for entry in fs::read_dir(home.join("data")).unwrap().map(|entry| entry.unwrap().path()) {
        let copy: PathBuf =
            [directory.path(), Path::new("data"), Path::new(entry.file_name().unwrap())].iter().collect();
        fs::copy(entry, copy).unwrap();
    }
    let text = fs::read_to_string(page).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (mut wrong, mut grown) = (Vec::new(), 0);
    for Example { line, command, expected } in examples(&text) {
        let ran = shell::run(&format!("{{ {command}\n}} 2>&1"), directory.path(), []);
        // The shell's own complaints stand beside what the command printed.
        let mut got = ran.stdout + &ran.stderr;
        if ran.code != 0 {
            got.push_str(&format!("[{}]\n", ran.code));
        }
        if pattern(&expected).is_match(&got) {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            let from = (line + command.lines().count() - 1).strict_add_signed(grown);
            let (old, new) = (expected.trim_end().lines().count(), got.lines().map(str::to_owned));
            grown += new.clone().count() as isize - old as isize;
            lines.splice(from..from + old, new);
        } else {
            let page = page.display();
            wrong.push(format!("--- {page}:{line}\n$ {command}\n-- expected\n{expected}-- got\n{got}"));
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(page, lines.join("\n") + "\n").unwrap();
    }
    wrong
}

fn examples(page: &str) -> Vec<Example> {
    let (mut examples, mut inside) = (Vec::<Example>::new(), false);
    for (line, text) in page.lines().enumerate() {
        if text.trim_start().starts_with("```") {
            inside = !inside && text.trim_end() == "```console";
        } else if let Some(command) = text.strip_prefix("$ ").filter(|_| inside) {
            examples.push(Example { line: line + 1, command: command.to_owned(), expected: String::new() });
        } else if let Some(example) = examples.last_mut().filter(|_| inside) {
            match text.strip_prefix("> ").filter(|_| example.expected.is_empty()) {
                Some(more) => example.command += &format!("\n{more}"),
                None => example.expected += &format!("{text}\n"),
            }
        }
    }
    examples
}

/// The expected output as an expression; blank lines at its end do not matter.
fn pattern(expected: &str) -> Regex {
    let lines = expected.trim_end().lines().map(|line| match line.trim_end() {
        "..." => "(?:.*\n)*?".to_owned(),
        line => regex::escape(line).replace(r"\.\.\.", ".*") + r"\s*?\n",
    });
    Regex::new(&format!(r"\A{}\s*\z", lines.collect::<String>())).unwrap()
}

#[test]
fn a_false_example_is_noticed() {
    let page = "```sh\n$ no\n```\n```console\n$ one\n> two\na ... b\n...\nend\n\n$ three\n```\n$ no\n";
    let examples = examples(page);
    assert_eq!(examples.iter().map(|example| example.command.as_str()).collect::<Vec<_>>(), ["one\ntwo", "three"]);
    let pattern = pattern(&examples[0].expected);
    assert!(pattern.is_match("a x b\nend\n") && pattern.is_match("a x y b\n1\n2\nend\n"));
    assert!(
        !pattern.is_match("a x c\nend\n") && !pattern.is_match("a x b\n") && !pattern.is_match("a x b\nend\nmore\n")
    );
}
