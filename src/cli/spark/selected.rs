//! The sources as Spark is told of them, and what it will not read.

use crate::input::{Selection, Sources};
use std::path::{Path, PathBuf};

/// What there is to read.
pub struct Selected {
    pub sources: Vec<Selection>,
    /// Sentences about what there is and cannot be read.
    pub unreadable: Vec<String>,
    /// Spark could not come to an end.
    pub is_endless: bool,
}

impl Selected {
    pub fn of(sources: &Sources) -> Self {
        let (files, unreadable) = sources.scan();
        let mut unreadable: Vec<String> = unreadable.iter().map(ToString::to_string).collect();
        let selections = sources.selections();
        let is_below = |path: &Path| {
            let absolute = std::path::absolute(path).unwrap_or_default();
            selections.iter().any(|one| absolute.strip_prefix(&one.base).is_ok_and(is_hidden))
        };
        let hidden = files.iter().map(|file| &file.path).filter(|path| is_below(path));
        unreadable.extend(hidden.map(|path| {
            let path = path.display().to_string();
            format!(
                "cannot read {}: Spark passes over names that begin with _ or a dot; rename it",
                path.escape_debug()
            )
        }));
        let loops: Vec<PathBuf> = selections.iter().flat_map(|one| loops_below(&one.base)).collect();
        let is_endless = !loops.is_empty();
        unreadable.extend(loops.iter().map(|path| {
            let path = path.display().to_string();
            format!("cannot read {}: it is a link to a directory that it lies in; Spark would go round and round: remove it", path.escape_debug())
        }));
        // Spark refuses a source that is not there.
        let sources = selections.into_iter().filter(|one| one.base.exists()).collect();
        Self { sources, unreadable, is_endless }
    }

    pub fn warn(&self, follows: bool) {
        self.unreadable.iter().for_each(|sentence| say!("streamlab: warning: {sentence}"));
        if follows {
            say!(
                "streamlab: note: Spark takes each file once, when it is new: what is written to it later is not read"
            );
        }
    }
}

/// Links that lead to a directory above them.
fn loops_below(base: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(base).follow_links(true).into_iter();
    let errors = entries.filter_map(Result::err).filter(|error| error.loop_ancestor().is_some());
    errors.filter_map(|error| error.path().map(Path::to_owned)).collect()
}

/// Whether a path within a source, or a part of it, has a name that Spark passes over.
fn is_hidden(within: &Path) -> bool {
    within.components().any(|part| {
        part.as_os_str().as_encoded_bytes().starts_with(b"_") || part.as_os_str().as_encoded_bytes().starts_with(b".")
    })
}
