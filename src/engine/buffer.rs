//! A window that slides over a stream: what a worker reads into, and looks at.

use crate::input::ReadAt;
use std::io;

/// A window that slides over a stream.
#[derive(Default)]
pub struct Buffer {
    /// Kept at its longest, so that it is cleared once and not for every read.
    storage: Vec<u8>,
    pub length: usize,
    /// Where the first byte stands in the stream.
    pub offset: u64,
    pub at_end: bool,
}

impl Buffer {
    pub fn restart(&mut self, offset: u64) {
        (self.length, self.offset, self.at_end) = (0, offset, false);
    }

    pub fn bytes(&self) -> &[u8] {
        &self.storage[..self.length]
    }

    /// Forgets the first `count` bytes.
    pub fn consume(&mut self, count: usize) {
        self.storage.copy_within(count..self.length, 0);
        self.length -= count;
        self.offset += count as u64;
    }

    /// Reads on, until it holds `target` bytes or the stream ends.
    pub fn fill(&mut self, source: &dyn ReadAt, target: usize) -> io::Result<()> {
        if self.storage.len() < target {
            self.storage.resize(target, 0);
        }
        while self.length < target {
            match source.read_at(&mut self.storage[self.length..target], self.offset + self.length as u64)? {
                0 => {
                    self.at_end = true;
                    return Ok(());
                }
                count => self.length += count,
            }
        }
        Ok(())
    }
}
