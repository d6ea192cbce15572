//! One log file under way: how far it has been consumed, and what has become of it since.

use super::file::{Encoding, FromStart, Guarded, Head, Inode, open, read_head};
use super::sources::Found;
use crate::event::{Cursor, FileId, Skip};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How coarse a file system's times may be: a younger one does not tell two writes apart.
const TIME_GRAIN: Duration = Duration::from_millis(50);

/// A file that is read, from its first sight until it is gone and drained.
#[derive(Debug)]
pub struct LogFile {
    pub found: Found,
    pub id: FileId,
    /// Where it stands, or stood when it was last seen at a path of its source.
    pub path: PathBuf,
    /// Where its path leads, if that is a symbolic link.
    pub(super) target: Option<PathBuf>,
    /// Since when its path leads elsewhere or nowhere.
    pub(super) lost: Option<Instant>,
    /// No path leads to it at all.
    is_unlinked: bool,
    /// Closed while there is nothing to read and files are many.
    file: Option<Arc<File>>,
    pub(super) inode: Inode,
    pub(super) head: Head,
    /// Its length when we last looked, in bytes on disk.
    pub length: u64,
    /// It holds bytes that no sweep has tried to read.
    is_fresh: bool,
    pub cursor: Cursor,
    /// Decoded bytes of a compressed file that wait for the rest of their record.
    pub pending_bytes: u64,
    /// A compressed file that grows is read anew each time; not before this.
    rests_until: Option<Instant>,
    /// Up to this length on disk it holds no part of a record that is not consumed.
    pub settled_length: u64,
    pub encoding: Encoding,
    /// It begins with a bracket.
    pub in_array: bool,
    /// A pipe or a device: it has no length, and is read once to its end.
    pub is_pipe: bool,
    /// When its length last changed, as far as we saw.
    pub(super) changed: Instant,
    /// When it was last written to, where that is long enough ago to tell.
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
        let mut data = found.path.metadata()?;
        let is_pipe = !data.is_file();
        let file = if is_pipe { None } else { Some(Arc::new(open(&found.path)?)) };
        if let Some(file) = &file {
            data = file.metadata()?;
        }
        let mut opened = Self {
            id: found.id(incarnation),
            path: found.path.clone(),
            found,
            target: None,
            lost: None,
            is_unlinked: false,
            file,
            inode: Inode::of(&data),
            head: Head::default(),
            length: 0,
            is_fresh: is_pipe,
            cursor: Cursor::default(),
            pending_bytes: 0,
            settled_length: 0,
            rests_until: None,
            encoding: Encoding::Plain,
            in_array: false,
            is_pipe,
            changed: Instant::now(),
            modified: None,
        };
        opened.resolve();
        if !opened.is_pipe {
            opened.look(&data)?;
        }
        Ok(opened)
    }

    /// Finds out where its path leads.
    pub(super) fn resolve(&mut self) {
        let is_link = self.path.symlink_metadata().is_ok_and(|data| data.is_symlink());
        self.target = if is_link { self.path.canonicalize().ok() } else { None };
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
        self.open_at(&self.path.clone())
    }

    /// The open file, to be read while others write.
    pub fn guarded(&mut self) -> io::Result<Guarded> {
        Ok(Guarded::new(self.reader()?, self.head))
    }

    /// Opens the file where it may stand now.
    pub(super) fn open_at(&mut self, path: &std::path::Path) -> io::Result<Arc<File>> {
        let file = open(path)?;
        if Inode::of(&file.metadata()?) != self.inode {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = Arc::new(file);
        self.file = Some(file.clone());
        Ok(file)
    }

    /// All its bytes, decompressed.
    pub fn decoded(&mut self) -> io::Result<Box<dyn Read + Send>> {
        let encoding = self.encoding;
        encoding.reader(FromStart::new(self.reader()?))
    }

    /// Gives the handle back; [`Self::reader`] opens the file again.
    pub fn close(&mut self) {
        self.file = None;
    }

    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Whether it holds bytes that no sweep has tried to read.
    pub fn is_ready(&self) -> bool {
        let is_unread = match self.encoding {
            Encoding::Plain => self.length > self.cursor.offset,
            _ => self.length > 0,
        };
        let rests = self.rests_until.is_some_and(|until| Instant::now() < until);
        self.is_fresh && (is_unread || self.is_pipe) && !rests
    }

    /// All there was has been tried; what is left is unfinished.
    pub fn mark_swept(&mut self) {
        self.is_fresh = false;
    }

    /// Its path leads elsewhere, or nowhere.
    pub fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// It is to be tried again.
    pub(super) fn wake(&mut self) {
        (self.is_fresh, self.rests_until) = (true, None);
    }

    /// Keeps it from being read again for a while.
    pub fn rest(&mut self, length: Duration) {
        self.rests_until = Some(Instant::now() + length);
    }

    /// Bytes that wait to be read or for the rest of their record; those of a compressed file as far
    /// as they were decoded.
    pub fn unread_bytes(&self) -> u64 {
        match self.encoding {
            Encoding::Plain => self.length.saturating_sub(self.cursor.offset.max(self.settled_length)),
            _ => self.pending_bytes,
        }
    }

    /// Whether it has lost its path for good and, as far as anyone can tell, been written to the
    /// end: `grace` has passed, or, if it still has a name somewhere, twelve times as much.
    pub(super) fn is_over(&self, grace: Duration) -> bool {
        let grace = if self.is_unlinked { grace } else { 12 * grace };
        self.lost.is_some_and(|lost| self.file.is_none() || lost.max(self.changed).elapsed() > grace)
    }

    /// Passes over all that is there.
    pub(super) fn skip_to_end(&mut self) {
        let ends_line = self.reader().is_ok_and(|file| {
            let mut last = [0];
            file.read_at(&mut last, self.length.saturating_sub(1)).is_ok() && last == [b'\n']
        });
        self.cursor = match self.encoding {
            Encoding::Plain if self.length == 0 || ends_line => Cursor { offset: self.length, skip: Skip::No },
            // Whether the last record was finished cannot be told: it is passed over.
            Encoding::Plain => Cursor { offset: self.length, skip: Skip::Element },
            // How long it is when decompressed is not known, and need not be.
            Encoding::Gzip | Encoding::Zstd => Cursor { offset: u64::MAX, skip: Skip::No },
        };
        self.mark_swept();
    }

    /// Looks at an open file that has lost its path.
    pub(super) fn look_at_handle(&mut self) -> io::Result<Seen> {
        match &self.file {
            Some(file) => {
                let data = file.metadata()?;
                self.look(&data)
            }
            None => Ok(Seen::Same),
        }
    }

    /// Takes in what `stat` says of the file, and looks at the head where anything changed.
    pub(super) fn look(&mut self, data: &Metadata) -> io::Result<Seen> {
        self.is_unlinked = data.nlink() == 0;
        let is_as_long = data.len() == self.length;
        if is_as_long && self.head.is_whole(self.length) && !self.may_be_rewritten(data) {
            return Ok(Seen::Same);
        }
        let mut bytes = [0; Head::MAX_BYTES];
        let count = read_head(&*self.reader()?, &mut bytes)?;
        let head = &bytes[..count];
        let is_shorter = match self.encoding {
            Encoding::Plain => data.len() < self.cursor.offset,
            _ => data.len() < self.length,
        };
        if is_shorter || !self.head.fits(head) {
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
        if is_as_long && self.encoding != Encoding::Plain {
            return Ok(Seen::Same);
        }
        self.is_fresh = true;
        if !is_as_long {
            self.changed = Instant::now();
        }
        Ok(Seen::Grown)
    }

    /// Whether the file may have been written to since we last looked: the length alone does not
    /// tell, and neither does a time of the instant we look at.
    fn may_be_rewritten(&mut self, data: &Metadata) -> bool {
        let modified = data.modified().ok();
        let is_old = modified.is_some_and(|time| time.elapsed().map_or(true, |age| age > TIME_GRAIN));
        let known = std::mem::replace(&mut self.modified, modified.filter(|_| is_old));
        known.is_none() || known != modified
    }

    /// Whether it begins with the bytes that `head` was taken of.
    pub(super) fn begins_as(&mut self, head: &Head) -> bool {
        let mut bytes = [0; Head::MAX_BYTES];
        self.reader().and_then(|file| read_head(&file, &mut bytes)).is_ok_and(|count| head.fits(&bytes[..count]))
    }

    /// Begins again, as another file at the same place.
    pub(super) fn restart(&mut self, incarnation: u32) -> io::Result<()> {
        self.id = self.found.id(incarnation);
        self.head = Head::default();
        self.length = 0;
        self.is_fresh = false;
        self.cursor = Cursor::default();
        self.pending_bytes = 0;
        self.settled_length = 0;
        self.rests_until = None;
        let data = self.reader()?.metadata()?;
        self.look(&data).map(|_| ())
    }
}
