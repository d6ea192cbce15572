//! One log file under way: how far it has been consumed, and what has become of it since.

use super::file::{Encoding, Head, Inode};
use super::sources::Found;
use crate::event::{Cursor, FileId, Skip};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// A file that is read, from its first sight until it is gone and drained.
#[derive(Debug)]
pub struct LogFile {
    pub found: Found,
    pub id: FileId,
    /// Where it stands now; `None` once its path leads elsewhere.
    pub path: Option<PathBuf>,
    /// Closed while there is nothing to read and files are many.
    pub(super) file: Option<Arc<File>>,
    pub(super) inode: Inode,
    pub(super) head: Head,
    /// Its length when we last looked, in bytes on disk.
    pub length: u64,
    /// Its length when it was last read to the end, to read it again only when it has changed.
    pub(super) swept_length: Option<u64>,
    pub cursor: Cursor,
    pub encoding: Encoding,
    /// It begins with a bracket.
    pub in_array: bool,
    /// A pipe or a device: it has no length, and is read once to its end.
    pub is_pipe: bool,
    /// When its length last changed, as far as we saw.
    pub(super) changed: Instant,
    modified: Option<SystemTime>,
}

/// What looking at a file again has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Same,
    Grown,
    /// It is shorter, or begins otherwise: another file now. So many bytes had been seen on disk
    /// and not been read.
    Replaced {
        unread_bytes: u64,
    },
}

impl LogFile {
    pub(super) fn open(found: Found, incarnation: u32) -> io::Result<Self> {
        let file = File::open(&found.path)?;
        let data = file.metadata()?;
        let mut opened = Self {
            id: found.id(incarnation),
            path: Some(found.path.clone()),
            found,
            inode: Inode::of(&data),
            head: Head::default(),
            length: 0,
            swept_length: None,
            cursor: Cursor::default(),
            encoding: Encoding::Plain,
            in_array: false,
            is_pipe: !data.is_file(),
            changed: Instant::now(),
            modified: None,
            file: Some(Arc::new(file)),
        };
        if !opened.is_pipe {
            opened.look()?;
        }
        Ok(opened)
    }

    /// The name for messages and dead letters: the path it was found at.
    pub fn name(&self) -> String {
        self.found.path.display().to_string()
    }

    /// The open file.
    pub fn reader(&mut self) -> io::Result<Arc<File>> {
        if let Some(file) = &self.file {
            return Ok(file.clone());
        }
        let path = self.path.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let file = File::open(path)?;
        if Inode::of(&file.metadata()?) != self.inode {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = Arc::new(file);
        self.file = Some(file.clone());
        Ok(file)
    }

    /// Gives the handle back; [`Self::reader`] opens the file again.
    pub fn close(&mut self) {
        self.file = None;
    }

    /// Whether it holds bytes that no sweep has tried to read.
    pub fn is_ready(&self) -> bool {
        if self.is_pipe {
            return self.swept_length.is_none();
        }
        let unread = self.encoding != Encoding::Plain || self.length > self.cursor.offset;
        unread && self.length > 0 && self.swept_length != Some(self.length)
    }

    /// All there was has been tried; what is left is unfinished.
    pub fn mark_swept(&mut self) {
        self.swept_length = Some(self.length);
    }

    /// Bytes on disk that are not consumed; 0 for compressed files.
    pub fn unread_bytes(&self) -> u64 {
        match self.encoding {
            Encoding::Plain => self.length.saturating_sub(self.cursor.offset),
            _ => 0,
        }
    }

    /// Passes over all that is there.
    pub(super) fn skip_to_end(&mut self) {
        let ends_line = self.reader().is_ok_and(|file| {
            let mut last = [0];
            let at = self.length.saturating_sub(1);
            file.read_at(&mut last, at).is_ok_and(|count| count == 0 || matches!(last[0], b'\n' | b']' | b'}'))
        });
        let skip = if self.length == 0 || ends_line { Skip::No } else { Skip::Element };
        self.cursor = Cursor { offset: self.length, skip };
        self.mark_swept();
    }

    /// Looks at the length and, where anything changed, at the head.
    pub(super) fn look(&mut self) -> io::Result<Seen> {
        let data = match &self.file {
            Some(file) => file.metadata()?,
            None => self.path.as_ref().ok_or(io::ErrorKind::NotFound)?.metadata()?,
        };
        if data.len() == self.length && self.head.is_whole(self.length) && !self.rewritten(&data) {
            return Ok(Seen::Same);
        }
        let mut bytes = [0; Head::MAX_BYTES];
        let count = read_head(&*self.reader()?, &mut bytes)?;
        let head = &bytes[..count];
        let shorter = match self.encoding {
            Encoding::Plain => data.len() < self.cursor.offset,
            _ => data.len() < self.length,
        };
        if shorter || !self.head.fits(head) {
            return Ok(Seen::Replaced { unread_bytes: self.unread_bytes() });
        }
        if count > 0 {
            self.encoding = Encoding::of(head);
            self.in_array =
                head.trim_ascii_start().strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start().first()
                    == Some(&b'[');
        }
        self.head = Head::of(head);
        self.length = data.len();
        self.changed = Instant::now();
        Ok(Seen::Grown)
    }

    /// Whether the file was written to since we last looked: the length alone does not tell.
    fn rewritten(&mut self, data: &Metadata) -> bool {
        let modified = data.modified().ok();
        std::mem::replace(&mut self.modified, modified) != modified
    }

    /// Begins again, as another file at the same place.
    pub(super) fn restart(&mut self, incarnation: u32) -> io::Result<()> {
        self.id = self.found.id(incarnation);
        self.head = Head::default();
        self.length = 0;
        self.swept_length = None;
        self.cursor = Cursor::default();
        self.look().map(|_| ())
    }
}

fn read_head(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < bytes.len() {
        match file.read_at(&mut bytes[count..], count as u64) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}
