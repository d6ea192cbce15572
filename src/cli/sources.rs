//! The flags that say which bytes are read.

use super::units;
use crate::input::Sources;
use anyhow::{Result, anyhow, bail};
use clap::Args;

/// Which bytes are read.
#[derive(Args)]
#[command(next_help_heading = "Input")]
pub struct SourceArgs {
    /// A directory, a file, a glob, or `-` for standard input; the same as --source
    #[arg(value_name = "SOURCE")]
    paths: Vec<String>,
    /// A directory (at any depth), a file, a glob, or `-` for standard input; repeatable
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Which files of a directory to read [default: *.json *.jsonl *.ndjson *.log, also .gz .zst]
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// Which files to leave out
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// A longer record is a dead letter
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = units::size)]
    max_record_size: u64,
}

impl SourceArgs {
    /// The directories and globs in which there is no file now, as the user wrote them, and
    /// whether each is a directory.
    pub fn empty_sources(&self) -> Result<Vec<(&str, bool)>> {
        let mut empty = Vec::new();
        for text in self.places() {
            let sources = Sources::new(std::slice::from_ref(text), &self.include, &self.exclude);
            let sources = sources.map_err(|reason| anyhow!(reason))?;
            let (found, unreadable) = sources.scan();
            if !sources.has_stdin() && found.is_empty() && unreadable.is_empty() {
                empty.push((text.as_str(), sources.has_directory()));
            }
        }
        Ok(empty)
    }

    pub fn sources(&self) -> Result<Sources> {
        let mut texts = [self.paths.as_slice(), &self.source].concat();
        if texts.is_empty() {
            if !stdin_has_data() {
                bail!(
                    "no input: name a directory, a file or `-` for standard input, as in `streamlab sliding-window --source data/`"
                );
            }
            texts.push("-".to_owned());
        }
        Sources::new(&texts, &self.include, &self.exclude).map_err(|reason| anyhow!(reason))
    }

    /// The sources as they were named.
    pub fn places(&self) -> impl Iterator<Item = &String> {
        self.paths.iter().chain(&self.source)
    }

    /// Which files of a directory are read.
    pub fn include(&self) -> Vec<String> {
        if self.include.is_empty() { crate::input::default_include() } else { self.include.clone() }
    }

    /// How long a record may be.
    pub fn record_bytes(&self) -> usize {
        usize::try_from(self.max_record_size).unwrap_or(usize::MAX)
    }

    /// The sources and globs as flags and their values, for a command line to type.
    pub fn flags(&self) -> Vec<(&'static str, &str)> {
        let sources: Vec<&str> = self.places().map(String::as_str).collect();
        let sources = if sources.is_empty() { vec!["-"] } else { sources };
        let globs = [("--include", &self.include), ("--exclude", &self.exclude)];
        let globs = globs.into_iter().flat_map(|(flag, texts)| texts.iter().map(move |text| (flag, text.as_str())));
        sources.into_iter().map(|source| ("--source", source)).chain(globs).collect()
    }
}

/// Whether standard input is something that was given to us, and no terminal or null device.
fn stdin_has_data() -> bool {
    let Ok(data) = rustix::fs::fstat(std::io::stdin()) else { return false };
    use rustix::fs::FileType;
    matches!(FileType::from_raw_mode(data.st_mode), FileType::Fifo | FileType::RegularFile | FileType::Socket)
}
