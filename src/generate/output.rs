//! Where generated text goes: a directory of files, one stream, or a log that is rotated.
//!
//! An output takes text as it is; the brackets and commas of an array are part of it.

use super::{Error, Format};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub trait Output: Send {
    /// Whether all files are one text, framed as one array.
    fn one_stream(&self) -> bool;
    /// Begins the file of that number.
    fn open(&mut self, file: u64) -> Result<(), Error>;
    /// Writes whole records.
    fn write(&mut self, text: &[u8]) -> Result<(), Error>;
    /// Ends the file that was begun last.
    fn close(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    |source| Error::Write { path: path.to_owned(), source }
}

/// `logs_000000.json`, `logs_000001.json`, ... in a directory. A file of that name is replaced.
#[derive(Debug)]
pub struct Files {
    directory: PathBuf,
    format: Format,
    /// A file has its name once it is whole.
    appear_whole: bool,
    current: Option<(PathBuf, File)>,
}

impl Files {
    pub fn new(directory: &Path, format: Format) -> Self {
        Self { directory: directory.to_owned(), format, appear_whole: false, current: None }
    }

    /// For readers that take a file as it is when they first see it.
    pub fn appear_whole(self, appear_whole: bool) -> Self {
        Self { appear_whole, ..self }
    }

    /// Where a file is written until it is whole.
    fn part(&self, path: &Path) -> PathBuf {
        if self.appear_whole { path.with_added_extension("part") } else { path.to_owned() }
    }
}

impl Output for Files {
    fn one_stream(&self) -> bool {
        false
    }

    fn open(&mut self, file: u64) -> Result<(), Error> {
        if file == 0 {
            fs::create_dir_all(&self.directory).map_err(failed(&self.directory))?;
        }
        let path = self.directory.join(format!("logs_{file:06}.{}", self.format.extension()));
        let file = File::create(self.part(&path)).map_err(failed(&path))?;
        self.current = Some((path, file));
        Ok(())
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        let (path, file) = self.current.as_mut().expect("a file is opened before it is written");
        file.write_all(text).map_err(failed(path))
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some((path, file)) = self.current.take() else { return Ok(()) };
        drop(file);
        if self.appear_whole { fs::rename(self.part(&path), &path).map_err(failed(&path)) } else { Ok(()) }
    }
}

/// Everything as one text, flushed after each piece.
#[derive(Debug)]
pub struct Stream<W> {
    out: W,
}

impl<W: Write + Send> Stream<W> {
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Output for Stream<W> {
    fn one_stream(&self) -> bool {
        true
    }

    fn open(&mut self, _: u64) -> Result<(), Error> {
        Ok(())
    }

    fn write(&mut self, text: &[u8]) -> Result<(), Error> {
        self.out.write_all(text).and_then(|()| self.out.flush()).map_err(failed(Path::new("the stream")))
    }
}

/// When a log is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotateAt {
    /// With the record that makes it as large, or larger.
    Bytes(u64),
    Events(u64),
}

/// Lines appended to `app.log`. When it is full it becomes `app.log.1`, the file that was
/// `app.log.1` becomes `app.log.2`, and so on: nothing is deleted. For NDJSON only.
#[derive(Debug)]
pub struct Rotating {
    directory: PathBuf,
    path: PathBuf,
    at: RotateAt,
    current: Option<File>,
    held_bytes: u64,
    held_events: u64,
}

impl Rotating {
    pub fn new(directory: &Path, at: RotateAt) -> Self {
        let path = directory.join("app.log");
        Self { directory: directory.to_owned(), path, at, current: None, held_bytes: 0, held_events: 0 }
    }

    fn rotated(&self, number: u64) -> PathBuf {
        self.directory.join(format!("app.log.{number}"))
    }

    fn append(&mut self) -> Result<&mut File, Error> {
        if self.current.is_none() {
            let open = || {
                let file = OpenOptions::new().append(true).create(true).open(&self.path)?;
                Ok((file.metadata()?.len(), file))
            };
            let (held_bytes, file) = open().map_err(failed(&self.path))?;
            (self.held_bytes, self.held_events, self.current) = (held_bytes, 0, Some(file));
        }
        Ok(self.current.as_mut().expect("it was opened above"))
    }

    fn rotate(&mut self) -> Result<(), Error> {
        self.current = None;
        let oldest = (1..).take_while(|number| self.rotated(*number).exists()).last().unwrap_or(0);
        for number in (1..=oldest).rev() {
            let path = self.rotated(number);
            fs::rename(&path, self.rotated(number + 1)).map_err(failed(&path))?;
        }
        fs::rename(&self.path, self.rotated(1)).map_err(failed(&self.path))
    }

    /// How much of `text` belongs in the current file, in bytes and records.
    fn share_of(&self, text: &[u8]) -> (usize, u64) {
        let mut events = 0;
        for newline in memchr::memchr_iter(b'\n', text) {
            events += 1;
            let full = match self.at {
                RotateAt::Bytes(limit) => self.held_bytes + newline as u64 + 1 >= limit,
                RotateAt::Events(limit) => self.held_events + events >= limit,
            };
            if full {
                return (newline + 1, events);
            }
        }
        (text.len(), events)
    }

    fn is_full(&self) -> bool {
        match self.at {
            RotateAt::Bytes(limit) => self.held_bytes >= limit.max(1),
            RotateAt::Events(limit) => self.held_events >= limit.max(1),
        }
    }
}

impl Output for Rotating {
    fn one_stream(&self) -> bool {
        true
    }

    fn open(&mut self, _: u64) -> Result<(), Error> {
        fs::create_dir_all(&self.directory).map_err(failed(&self.directory))
    }

    fn write(&mut self, mut text: &[u8]) -> Result<(), Error> {
        while !text.is_empty() {
            self.append()?;
            // Only now, so that a log that is full stays in place until something follows.
            if self.is_full() {
                self.rotate()?;
                continue;
            }
            let (len, events) = self.share_of(text);
            let (now, later) = text.split_at(len);
            let path = self.path.clone();
            self.append()?.write_all(now).map_err(failed(&path))?;
            self.held_bytes += len as u64;
            self.held_events += events;
            text = later;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_appears_whole_where_that_is_asked_for() {
        for whole in [true, false] {
            let directory = tempfile::tempdir().unwrap();
            let mut files = Files::new(directory.path(), Format::Ndjson).appear_whole(whole);
            let path = directory.path().join("logs_000000.ndjson");
            files.open(0).unwrap();
            files.write(b"{}\n").unwrap();
            assert_eq!(path.exists(), !whole);
            files.close().unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"{}\n");
            assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn rotation_keeps_every_line_once_and_in_order(lines in prop::collection::vec("[a-z]{0,9}", 1..60), limit in 1u64..40, by_events: bool) {
            let directory = tempfile::tempdir().unwrap();
            let at = if by_events { RotateAt::Events(limit) } else { RotateAt::Bytes(limit) };
            let mut log = Rotating::new(directory.path(), at);
            log.open(0).unwrap();
            for lines in lines.chunks(7) {
                log.write((lines.join("\n") + "\n").as_bytes()).unwrap();
            }
            let rotated = (1..).take_while(|n| log.rotated(*n).exists()).count() as u64;
            let mut text = Vec::new();
            for path in (1..=rotated).rev().map(|n| log.rotated(n)).chain([log.path.clone()]) {
                let part = fs::read(path).unwrap();
                let events = part.iter().filter(|b| **b == b'\n').count() as u64;
                let last_line = part.len() as u64 - part[..part.len() - 1].iter().rposition(|b| *b == b'\n').map_or(0, |at| at as u64 + 1);
                match at {
                    RotateAt::Events(limit) => prop_assert!(events <= limit),
                    RotateAt::Bytes(limit) => prop_assert!(part.len() as u64 - last_line < limit),
                }
                text.extend(part);
            }
            prop_assert_eq!(text, (lines.join("\n") + "\n").into_bytes());
        }
    }
}
