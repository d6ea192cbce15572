//! Where logs lie: a directory, or what a test puts in its place.

use rustix::fs::FlockOperation;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Named logs. Whatever fails leaves what was synced before as it was.
pub trait Medium: Send {
    fn names(&self) -> io::Result<Vec<String>>;
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Puts bytes at an offset, which ends the log, and makes them last.
    fn append(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes a log of these bytes, all at once, which lasts.
    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;

    fn remove(&mut self, name: &str) -> io::Result<()>;
}

/// A directory of the file system.
pub struct Directory {
    path: PathBuf,
    /// Held for as long as this lives, where nobody else may write.
    _lock: Option<File>,
    /// The log that was written last.
    open: Option<(String, File)>,
}

impl Directory {
    /// Makes the directory if need be, and keeps others out of it.
    pub fn lock(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock"))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
            rustix::io::Errno::WOULDBLOCK => io::Error::new(io::ErrorKind::ResourceBusy, "another run uses it"),
            error => error.into(),
        })?;
        Ok(Self { path, _lock: Some(lock), open: None })
    }

    /// To read, beside whoever writes.
    pub fn beside(path: PathBuf) -> Self {
        Self { path, _lock: None, open: None }
    }

    /// Makes it last that names came and went.
    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl Medium for Directory {
    fn names(&self) -> io::Result<Vec<String>> {
        let entries = self.path.read_dir()?;
        let names = entries.map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()));
        names.collect()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path.join(name))
    }

    fn append(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|(known, _)| known != name) {
            let file = OpenOptions::new().write(true).open(self.path.join(name))?;
            self.open = Some((name.to_owned(), file));
        }
        let Some((_, file)) = &self.open else { unreachable!("it was just opened") };
        // What a failed attempt left there is no part of the log.
        file.set_len(offset)?;
        file.write_all_at(bytes, offset)?;
        file.sync_data()
    }

    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let new = self.path.join(format!("{name}.new"));
        fs::write(&new, bytes)?;
        File::open(&new)?.sync_all()?;
        fs::rename(&new, self.path.join(name))?;
        self.sync()
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))?;
        self.sync()
    }
}
