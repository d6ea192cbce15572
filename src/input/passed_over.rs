//! Files of a directory that look like logs and are not read: their names are none of those that are looked for.
//!
//! A file looks like a log by its name (`app.log.1`), or by a beginning that can only be records.

use super::file::Encoding;
use super::sources::{Globs, Root, Sources};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// What names of logs hold.
const MARKS: [&str; 4] = [".ndjson", ".jsonl", ".json", ".log"];
/// Compressed by what is not read here.
const PACKED: [&str; 8] = ["bz2", "xz", "lz4", "zip", "7z", "br", "lzma", "Z"];
/// How many files are looked into at most, and how far: most are told by their names.
const LOOKS: usize = 1000;
const BEGINNING_BYTES: u64 = 4096;
/// How many names are shown.
const SHOWN: usize = 3;

/// The files of one directory that were passed over, and how to read them. Displayed as a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct PassedOver {
    directory: PathBuf,
    /// Within the directory.
    names: Vec<String>,
    /// Globs that take them in, and all that is read without them.
    include: Vec<String>,
    /// Globs of those that cannot be read.
    exclude: Vec<String>,
}

impl Sources {
    /// The files that look like logs and are not read, although nobody asked to leave them out.
    pub fn passed_over(&self) -> Vec<PassedOver> {
        if !self.has_default_include {
            return Vec::new();
        }
        let directories = self.roots.iter().enumerate().filter_map(|(place, root)| match root {
            Root::Path(path) if path.is_dir() => Some((place, path)),
            _ => None,
        });
        let mut looks = LOOKS;
        directories.filter_map(|(place, path)| self.passed_over_in(place, path, &mut looks)).collect()
    }

    fn passed_over_in(&self, place: usize, directory: &Path, looks: &mut usize) -> Option<PassedOver> {
        let is_hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
        let walk = WalkDir::new(directory).follow_links(true).sort_by_file_name().into_iter();
        let seen = walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name())).flatten();
        let (mut read, mut names) = (Vec::new(), Vec::new());
        for entry in seen.filter(|entry| entry.file_type().is_file()) {
            let within = entry.path().strip_prefix(directory).unwrap_or(entry.path()).to_owned();
            if self.include.is_match(&within) {
                read.push(within);
            } else if !self.exclude.is_match(&within) && looks_like_log(entry.path(), looks) {
                let is_read_elsewhere =
                    std::path::absolute(entry.path()).is_ok_and(|path| self.find_but(place, &path).is_some());
                names.extend((!is_read_elsewhere).then(|| within.display().to_string()));
            }
        }
        let exclude: Vec<String> = PACKED.iter().map(|packed| format!("*.{packed}")).collect();
        let is_packed = |name: &&String| PACKED.iter().any(|packed| has_extension(Path::new(name), packed));
        let exclude = exclude.into_iter().filter(|glob| {
            let packed = glob.trim_start_matches("*.");
            names.iter().any(|name| has_extension(Path::new(name), packed))
        });
        let readable: Vec<&String> = names.iter().filter(|name| !is_packed(name)).collect();
        let (exclude, include) = (exclude.collect(), globs(&readable, &read));
        (!names.is_empty()).then(|| PassedOver { directory: directory.to_owned(), names, include, exclude })
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|own| own == extension)
}

/// Where the name of a log ends that a number, a date or another ending stands behind.
fn mark(name: &str) -> Option<(&str, &str)> {
    let is_end = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric());
    let found = MARKS.iter().filter_map(|mark| {
        let place = name.find(mark)?;
        is_end(&name[place + mark.len()..]).then_some((place, *mark))
    });
    found.min_by_key(|(place, _)| *place).map(|(place, mark)| (&name[..place + mark.len()], mark))
}

fn looks_like_log(path: &Path, looks: &mut usize) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if path.metadata().is_ok_and(|data| data.len() == 0) {
        return false;
    }
    mark(&name).is_some() || (looks.checked_sub(1).map(|left| *looks = left).is_some() && begins_with_records(path))
}

/// Whether what a file begins with is no text for people.
fn begins_with_records(path: &Path) -> bool {
    let mut bytes = Vec::new();
    let read = File::open(path)
        .and_then(Encoding::sniff)
        .and_then(|(_, reader)| reader.take(BEGINNING_BYTES).read_to_end(&mut bytes));
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes).trim_ascii_start();
    let after = |bytes: &[u8]| bytes.get(1..).and_then(|rest| rest.trim_ascii_start().first().copied());
    // What cannot be read to the end of its beginning may still have begun.
    _ = read;
    matches!((text.first(), after(text)), (Some(b'{'), Some(b'"' | b'}')) | (Some(b'['), Some(b'{')))
}

/// Globs that match the names, and of those that are read now none less.
fn globs(names: &[&String], read: &[PathBuf]) -> Vec<String> {
    if names.is_empty() {
        return Vec::new();
    }
    let file_name = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let files: Vec<String> = names.iter().map(|name| file_name(name)).collect();
    let marks: Vec<Option<(&str, &str)>> = files.iter().map(|file| mark(file)).collect();
    let mut globs: Vec<String> = match marks.first() {
        Some(Some((stem, _))) if marks.iter().all(|other| other.is_some_and(|(other, _)| other == *stem)) => {
            vec![format!("{}*", globset::escape(stem))]
        }
        _ => files
            .iter()
            .zip(&marks)
            .map(|(file, mark)| match (mark, Path::new(file).extension()) {
                (Some((_, mark)), _) => format!("*{mark}*"),
                (None, Some(extension)) => format!("*.{}", globset::escape(&extension.to_string_lossy())),
                (None, None) => globset::escape(file),
            })
            .collect(),
    };
    globs.sort();
    globs.dedup();
    // To name others is to leave out what nobody named.
    for default in super::default_include() {
        let is_match =
            |globs: &[String], path: &PathBuf| Globs::new(globs, false).is_ok_and(|globs| globs.is_match(path));
        if read.iter().any(|path| is_match(std::slice::from_ref(&default), path) && !is_match(&globs, path)) {
            globs.push(default);
        }
    }
    globs
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, directory) = (self.names.len(), self.directory.display().to_string());
        let shown: Vec<String> = self.names.iter().take(SHOWN).map(|name| name.escape_debug().to_string()).collect();
        let more = if count > SHOWN { ", ..." } else { "" };
        let files = if count == 1 { "1 file" } else { &format!("{count} files") };
        let were = if count == 1 { "was" } else { "were" };
        write!(f, "{files} in {} {were} passed over ({}{more})", directory.escape_debug(), shown.join(", "))?;
        let flags = |flag: &str, globs: &[String]| -> Vec<String> {
            globs.iter().map(|glob| format!("{flag} '{}'", glob.replace('\'', "'\\''").escape_debug())).collect()
        };
        let mut words = flags("--include", &self.include);
        if !self.exclude.is_empty() {
            words.extend(flags("--exclude", &self.exclude));
        }
        match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, _) => write!(f, "; only gzip and zstd are decompressed: decompress them otherwise"),
            (false, true) => write!(f, "; {} reads {}", words.join(" "), if count == 1 { "it" } else { "them" }),
            (false, false) => {
                write!(f, "; {} reads those that are not compressed otherwise than by gzip or zstd", words.join(" "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn note(files: &[(&str, &str)], include: &[&str], exclude: &[&str]) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let base = directory.path().display().to_string();
        let sources = Sources::new(std::slice::from_ref(&base), &owned(include), &owned(exclude)).unwrap();
        sources.passed_over().iter().map(|note| note.to_string().replace(&base, "d")).collect()
    }

    #[test]
    fn what_looks_like_a_log_and_is_not_read_is_told_with_the_flags_that_read_all() {
        let record = "{\"a\": 1}\n";
        let cases: [(&[(&str, &str)], &str); 6] = [
            (
                &[("app.log", record), ("app.log.1", record), ("app.log.2.gz", "x")],
                "2 files in d were passed over (app.log.1, app.log.2.gz); --include 'app.log*' reads them",
            ),
            (
                &[("b.json", record), ("app.log-20261128", record), ("sub/web.log.1", record)],
                "2 files in d were passed over (app.log-20261128, sub/web.log.1); --include '*.log*' --include '*.json' \
                 reads them",
            ),
            (
                &[("a.log", record), ("export.txt", record), ("notes.txt", "remember"), ("README.md", "# [x]")],
                "1 file in d was passed over (export.txt); --include '*.txt' --include '*.log' reads it",
            ),
            (&[("records", "\u{FEFF} [ {}]")], "1 file in d was passed over (records); --include 'records' reads it"),
            (
                &[("a.log", record), ("a.log.1.xz", "x")],
                "1 file in d was passed over (a.log.1.xz); only gzip and zstd are decompressed: decompress them otherwise",
            ),
            (
                &[("a.log.1", "x"), ("a.log.2", "x"), ("a.log.3", "x"), ("a.log.4", "x")],
                "4 files in d were passed over (a.log.1, a.log.2, a.log.3, ...); --include 'a.log*' reads them",
            ),
        ];
        for (files, expected) in cases {
            assert_eq!(note(files, &[], &[]), [expected]);
        }
    }

    #[test]
    fn what_nobody_would_miss_is_not_told() {
        let record = "{\"a\": 1}\n";
        let files = [("a.log", record), ("README.md", "# Logs"), (".a.log.swp", record), (".git/x.log.1", record)];
        assert!(note(&files, &[], &[]).is_empty());
        assert!(note(&[("empty.log.1", "")], &[], &[]).is_empty());
        assert!(note(&[("logging.conf", "[loggers]\n")], &[], &[]).is_empty());
        let rotated = [("a.log", record), ("a.log.1", record)];
        assert!(note(&rotated, &["*.log"], &[]).is_empty(), "who names files means them");
        assert!(note(&rotated, &[], &["*.1"]).is_empty(), "and who leaves some out, too");
    }
}
