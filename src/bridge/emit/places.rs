//! Where a program reads, and what the files there look like now.

use crate::input::{Sources, default_include};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How much of each file is looked at.
const HEAD_BYTES: u64 = 64 << 10;
/// How many lines of it, to find one that is a record.
const HEAD_LINES: usize = 20;

/// What the files look like.
pub struct Look {
    /// Each file has a record a line.
    pub are_lines: bool,
}

/// A source, as far as it matters how it is named.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    Directory(String),
    Glob(String),
    File(String),
}

impl Look {
    /// Looks at the files there are; `check` may refuse the beginning of one.
    pub fn at(sources: &Sources, check: &dyn Fn(&[u8]) -> Result<(), String>) -> Result<Self, String> {
        let mut look = Self { are_lines: true };
        for found in sources.scan().0 {
            let mut head = Vec::new();
            let read = File::open(&found.path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
            let name = found.path.display().to_string();
            read.map_err(|error| format!("cannot read {}: {error}", name.escape_debug()))?;
            if head.starts_with(b"\x1f\x8b") || head.starts_with(b"\x28\xb5\x2f\xfd") {
                return Err(format!("{} is compressed; unpack it, or name other files", name.escape_debug()));
            }
            check(&head)?;
            look.are_lines &= has_lines(&head);
        }
        Ok(look)
    }
}

/// Whether a file has a record a line: it is no array, and one of the first lines is a record. Any other is read
/// as a whole, which no file is too odd for.
fn has_lines(head: &[u8]) -> bool {
    let head = head.trim_ascii();
    let is_record =
        |line: &[u8]| line.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    // It would part the first line in two columns.
    let is_parted = head.split(|byte| *byte == b'\n').next().is_some_and(|line| line.contains(&0x1F));
    head.is_empty() || !is_parted && !head.starts_with(b"[") && lines.by_ref().take(HEAD_LINES).any(is_record)
}

/// The sources as they were named. What does not exist here may where the program runs.
pub fn places<'p>(names: impl Iterator<Item = &'p String>) -> Vec<Place> {
    let place = |name: &String| match Path::new(name) {
        path if path.is_dir() || name.ends_with('/') => Place::Directory(name.trim_end_matches('/').to_owned()),
        path if name.contains(['*', '?', '[', '{']) && !path.exists() => Place::Glob(name.clone()),
        _ => Place::File(name.clone()),
    };
    names.map(place).collect()
}

/// Which files of a directory are read. Compressed ones are not, and need no pattern.
fn include(globs: &[String]) -> Vec<String> {
    if globs != default_include() {
        return globs.to_vec();
    }
    globs.iter().filter(|glob| !glob.ends_with(".gz") && !glob.ends_with(".zst")).cloned().collect()
}

/// The places as patterns of Python's `glob`.
pub fn python_globs(places: &[Place], globs: &[String]) -> Result<Vec<String>, String> {
    let escaped = |name: &str| escape(name, "*?[", |char| format!("[{char}]"));
    let mut patterns = Vec::new();
    for place in places {
        match place {
            Place::File(name) => patterns.push(escaped(name)),
            Place::Glob(name) => patterns.push(braceless(name)?.clone()),
            Place::Directory(name) => {
                let base = escaped(name);
                for glob in include(globs) {
                    let depth = if glob.contains('/') { "" } else { "**/" };
                    patterns.push(format!("{base}/{depth}{}", braceless(&glob)?));
                }
            }
        }
    }
    Ok(patterns)
}

fn braceless(glob: &String) -> Result<&String, String> {
    match glob.contains('{') {
        true => Err(format!("Python's glob knows no braces, as in `{glob}`; name each file, or --include each glob")),
        false => Ok(glob),
    }
}

fn escape(name: &str, special: &str, quoted: impl Fn(char) -> String) -> String {
    name.chars().map(|char| if special.contains(char) { quoted(char) } else { char.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_lines_is_told_from_others() {
        for (head, expected) in [
            ("", true),
            ("\n{\"a\": 1}\n{\"a\"", true),
            ("{\"a\": \n{\"a\": 1}\n", true),
            ("[{\"a\": 1},\n{\"a\": 2}]", false),
            ("{\"a\": 1}{\"a\": 2}\n", false),
            ("{\n  \"a\": 1\n}\n", false),
            ("no record", false),
            ("{\"a\": \"\u{1f}\"}\n{\"a\": 1}\n", false),
        ] {
            assert_eq!(has_lines(head.as_bytes()), expected, "{head}");
        }
    }

    #[test]
    fn places_are_patterns_of_pythons_glob() {
        let all = [Place::File("a[1].log".into()), Place::Glob("logs/*.json".into())];
        assert_eq!(python_globs(&all, &[]).unwrap(), ["a[[]1].log", "logs/*.json"]);
        let directory = [Place::Directory("data".into())];
        assert_eq!(python_globs(&directory, &default_include()).unwrap()[..2], ["data/**/*.json", "data/**/*.jsonl"]);
        assert!(python_globs(&[Place::Glob("{a,b}.json".into())], &[]).is_err());
    }
}
