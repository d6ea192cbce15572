//! What the engines read, as it is before and after: engines that read one after the other need the same files.

use crate::input::Found;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The files there are, and how each is.
pub struct Snapshot(BTreeMap<PathBuf, File>);

#[derive(Clone, Copy, PartialEq, Eq)]
struct File {
    identity: (u64, u64),
    bytes: u64,
    changed_ns: i128,
}

impl Snapshot {
    pub fn of(found: &[Found]) -> Self {
        let file = |found: &Found| {
            let data = found.path.metadata().ok()?;
            let changed_ns = i128::from(data.mtime()) * 1_000_000_000 + i128::from(data.mtime_nsec());
            let file = File { identity: (data.dev(), data.ino()), bytes: data.len(), changed_ns };
            Some((found.path.clone(), file))
        };
        Self(found.iter().filter_map(file).collect())
    }

    pub fn files(&self) -> usize {
        self.0.len()
    }

    /// The size of all files, each once.
    pub fn bytes(&self) -> u64 {
        let files: BTreeMap<_, u64> = self.0.values().map(|file| (file.identity, file.bytes)).collect();
        files.values().sum()
    }

    /// What is different later, a sentence for each file, and no more than one reads.
    pub fn changes(&self, later: &Self) -> Vec<String> {
        const SHOWN: usize = 3;
        let name = |path: &PathBuf| path.display().to_string().escape_debug().to_string();
        let mut changes = Vec::new();
        for (path, was) in &self.0 {
            match later.0.get(path) {
                None => changes.push(format!("{} is gone", name(path))),
                Some(is) if is.identity != was.identity => changes.push(format!("{} is another file", name(path))),
                Some(is) if is.bytes != was.bytes => {
                    changes.push(format!("{} had {} bytes, and has {}", name(path), was.bytes, is.bytes));
                }
                Some(is) if is != was => changes.push(format!("{} was written to", name(path))),
                Some(_) => {}
            }
        }
        let is_new = |path: &&PathBuf| !self.0.contains_key(*path);
        changes.extend(later.0.keys().filter(is_new).map(|path| format!("{} is new", name(path))));
        let more = changes.len().saturating_sub(SHOWN);
        changes.truncate(SHOWN);
        changes.extend((more > 0).then(|| format!("and {more} more files")));
        changes
    }
}
