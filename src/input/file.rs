//! How to read a file, and how to know it again.

use flate2::read::MultiGzDecoder;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes at known offsets; several threads read at once.
pub trait ReadAt: Sync {
    /// As [`FileExt::read_at`]: reads some bytes, none only at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Whether the bytes before `end` are still those that were read, as far as can be told.
    fn is_sound(&self, _end: u64) -> bool {
        true
    }
}

impl ReadAt for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match FileExt::read_at(self, buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// Reads an open file from its start, at an offset of its own, so that the handle can be shared.
pub(super) struct FromStart {
    file: Arc<File>,
    offset: u64,
}

impl FromStart {
    pub fn new(file: Arc<File>) -> Self {
        Self { file, offset: 0 }
    }
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = ReadAt::read_at(&*self.file, buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

/// Opens for reading, and never waits for anyone: a pipe that took a file's place has no writer.
pub(super) fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

/// Opens a pipe or a device. A followed pipe has no end: writers come and go.
pub fn open_pipe(path: &Path, follow: bool) -> io::Result<File> {
    // Who may write to a pipe keeps it open for whoever writes next.
    let unending = follow.then(|| File::options().read(true).write(true).open(path).ok()).flatten();
    unending.map_or_else(|| File::open(path), Ok)
}

/// A file that may be truncated and rewritten while it is read.
pub struct Guarded {
    file: Arc<File>,
    head: Head,
}

impl Guarded {
    pub(super) fn new(file: Arc<File>, head: Head) -> Self {
        Self { file, head }
    }
}

impl ReadAt for Guarded {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        ReadAt::read_at(&*self.file, buffer, offset)
    }

    fn is_sound(&self, end: u64) -> bool {
        let mut bytes = [0; Head::MAX_BYTES];
        let is_long = self.file.metadata().is_ok_and(|data| data.len() >= end);
        is_long && read_head(&self.file, &mut bytes).is_ok_and(|count| self.head.fits(&bytes[..count]))
    }
}

/// Reads the first bytes of a file, as many as there are.
pub(super) fn read_head(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < bytes.len() {
        match ReadAt::read_at(file, &mut bytes[count..], count as u64)? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

/// Bytes of a stream that are in memory, by their offset in the stream.
pub struct Block<'a> {
    pub offset: u64,
    pub bytes: &'a [u8],
}

impl ReadAt for Block<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let skipped = offset.saturating_sub(self.offset).min(self.bytes.len() as u64) as usize;
        let count = buffer.len().min(self.bytes.len() - skipped);
        buffer[..count].copy_from_slice(&self.bytes[skipped..skipped + count]);
        Ok(count)
    }
}

/// What the bytes of a file are wrapped in, told by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

impl Encoding {
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Encoding::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Encoding::Zstd,
            _ => Encoding::Plain,
        }
    }

    /// A stream, decoded, in whatever encoding its first bytes tell.
    pub fn sniff<'a>(mut input: impl Read + Send + 'a) -> io::Result<(Self, Box<dyn Read + Send + 'a>)> {
        let mut head = Vec::new();
        input.by_ref().take(4).read_to_end(&mut head)?;
        let encoding = Encoding::of(&head);
        Ok((encoding, encoding.reader(io::Cursor::new(head).chain(input))?))
    }

    /// Decodes a stream that begins in this encoding.
    pub fn reader<'a>(self, inner: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Encoding::Plain => Box::new(inner),
            Encoding::Gzip => Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(1 << 18, inner))),
            Encoding::Zstd => Box::new(zstd::stream::read::Decoder::new(inner)?),
        })
    }
}

/// Tells files apart that share a path, and finds one again that has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Inode {
    pub device: u64,
    pub number: u64,
}

impl Inode {
    pub fn of(data: &Metadata) -> Self {
        Self { device: data.dev(), number: data.ino() }
    }
}

/// The first bytes of a file, as far as they had been written when we looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Head {
    length: usize,
    hash: u64,
}

impl Head {
    pub const MAX_BYTES: usize = 1024;

    pub fn of(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(Self::MAX_BYTES)];
        Self { length: bytes.len(), hash: xxh3_64(bytes) }
    }

    /// Whether a file that now begins with `bytes` can be the one that this was taken of.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        self.length == 0 || bytes.get(..self.length).is_some_and(|head| xxh3_64(head) == self.hash)
    }

    /// Whether a file of that length has no more to give to its head.
    pub fn is_whole(&self, length: u64) -> bool {
        self.length as u64 == length.min(Self::MAX_BYTES as u64)
    }

    pub fn length(&self) -> usize {
        self.length
    }

    /// Whether there was enough of it to tell one log from another.
    pub fn is_telling(&self) -> bool {
        self.length >= 64
    }
}
