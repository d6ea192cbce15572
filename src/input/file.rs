//! How to read a file, and how to know it again.

use flate2::read::MultiGzDecoder;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes at known offsets; several threads read at once.
pub trait ReadAt: Sync {
    /// As [`FileExt::read_at`]: reads some bytes, none only at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

    /// Whether there was enough of it to tell one log from another.
    pub fn is_telling(&self) -> bool {
        self.length >= 64
    }
}
