//! Which files are read, in a form that other programs can follow.

use super::sources::{Globs, Root, Sources};
use serde::Serialize;
use std::path::PathBuf;

/// A source: a file, or a directory that is searched at any depth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Selection {
    /// Absolute.
    pub base: PathBuf,
    /// Comes before the path within the base where `include` is asked.
    pub prefix: PathBuf,
    /// Regular expressions over the bytes of paths: a file within a directory is read if one of them
    /// matches, and none of `exclude` does.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

impl Sources {
    /// All sources but standard input.
    pub fn selections(&self) -> Vec<Selection> {
        let expressions = |globs: &Globs| globs.globs.iter().map(|glob| glob.regex().to_owned()).collect();
        let selection = |((root, absolute), pattern): ((&Root, &PathBuf), &Option<Globs>)| {
            let (prefix, include) = match (root, pattern) {
                (Root::Stdin, _) => return None,
                (Root::Glob { base, .. }, Some(pattern)) => {
                    (base.strip_prefix(".").unwrap_or(base).to_owned(), expressions(pattern))
                }
                _ => (PathBuf::new(), expressions(&self.include)),
            };
            Some(Selection { base: absolute.clone(), prefix, include, exclude: expressions(&self.exclude) })
        };
        self.roots.iter().zip(&self.absolute).zip(&self.patterns).filter_map(selection).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::bytes::Regex;
    use std::fs;
    use std::path::Path;

    /// What follows the selections finds what we find.
    #[test]
    fn who_follows_the_selections_reads_the_same_files() {
        let directory = tempfile::tempdir().unwrap();
        let names =
            ["a.log", "b.txt", "deep/c.log", "deep/er/d.json.gz", "deep/e[1].log", "skip/f.log", "ü.ndjson", ".h.log"];
        for name in names {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let base = directory.path().display().to_string();
        let cases: [(&[&str], &[&str], &[&str]); 7] = [
            (&[""], &[], &[]),
            (&["/a.log", "/deep"], &[], &[]),
            (&["/**/*.log"], &[], &["skip/*"]),
            (&["/deep/*"], &[], &[]),
            (&["/*.{log,txt}"], &[], &[]),
            (&[""], &["*.{log,txt}", "deep/**/*.gz"], &["e*"]),
            (&["/deep/e[1].log"], &[], &[]),
        ];
        for (places, include, exclude) in cases {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let places: Vec<String> = places.iter().map(|place| format!("{base}{place}")).collect();
            let sources = Sources::new(&places, &owned(include), &owned(exclude)).unwrap();
            let mut expected: Vec<PathBuf> = sources.scan().0.into_iter().map(|found| found.path).collect();
            expected.sort();
            let selections = sources.selections();
            let matches = |expressions: &[String], path: &Path| {
                let bytes = path.as_os_str().as_encoded_bytes();
                expressions.iter().any(|text| Regex::new(text).unwrap().is_match(bytes))
            };
            let is_selected = |path: &Path| {
                selections.iter().any(|selection| match path.strip_prefix(&selection.base) {
                    Ok(within) if within.as_os_str().is_empty() => true,
                    Ok(within) => {
                        matches(&selection.include, &selection.prefix.join(within))
                            && !matches(&selection.exclude, within)
                    }
                    Err(_) => false,
                })
            };
            let mut got: Vec<PathBuf> = names.iter().map(|name| directory.path().join(name)).collect();
            got.retain(|path| is_selected(path));
            got.sort();
            assert_eq!(got, expected, "{places:?}");
        }
    }
}
