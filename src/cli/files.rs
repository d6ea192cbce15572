//! The files that a run writes: made anew, or cut back to where an earlier run left them.

use super::output::{Unwritable, create};
use crate::engine::checkpoint::Written;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Opens the files that a run writes, and knows how long each of them is.
#[derive(Default)]
pub struct OutputFiles {
    /// How long they were when an earlier run left them, by the flags that name them.
    pub left: Option<BTreeMap<String, u64>>,
    pub written: Vec<Written>,
}

/// A file whose length is counted.
pub struct Counted {
    file: File,
    length: Arc<AtomicU64>,
}

impl OutputFiles {
    /// Whether the file goes on with what an earlier run wrote.
    pub fn goes_on(&self, flag: &str) -> bool {
        self.left.as_ref().and_then(|left| left.get(flag)).is_some_and(|length| *length > 0)
    }

    /// Makes the file, or cuts it back to what is part of the checkpoint.
    pub fn open(&mut self, flag: &'static str, path: &Path) -> Result<Counted> {
        let (file, length) = match self.left.as_ref().and_then(|left| left.get(flag)) {
            Some(length) => (cut_back(path, *length).context(flag)?, *length),
            None => (create(path).context(flag)?, 0),
        };
        let length = Arc::new(AtomicU64::new(length));
        let copy = file.try_clone().map_err(|error| Unwritable::new(path, error))?;
        self.written.push(Written { flag, file: copy, length: length.clone() });
        Ok(Counted { file, length })
    }
}

fn cut_back(path: &Path, length: u64) -> Result<File> {
    let open = || -> io::Result<(File, u64)> {
        let file = OpenOptions::new().write(true).create(length == 0).truncate(false).open(path)?;
        let found = file.metadata()?.len();
        Ok((file, found))
    };
    let (mut file, found) = open().map_err(|error| Unwritable::new(path, error))?;
    if found < length {
        bail!(
            "{} has {found} bytes, and the checkpoint counts on {length}: put it back, or move the state directory away to \
             begin anew",
            path.display()
        );
    }
    let mut cut = || file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0)));
    cut().map_err(|error| Unwritable::new(path, error))?;
    Ok(file)
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.length.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
