//! A stream that comes in blocks: standard input, pipes, compressed files.

use super::fold::Folder;
use super::outputs::Stop;
use super::root::Root;
use super::waves::{self, Stream};
use crate::analysis::Analysis;
use crate::event::{Cursor, FileId};
use crate::input::{Block, Blocks};
use std::io;
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::Duration;

/// How many blocks that wait are decoded together: enough to share them between threads.
const GATHERED_BLOCKS: usize = 31;
/// How long a run sleeps at most before it looks at signals and updates.
pub const ATTENTION: Duration = Duration::from_millis(50);

/// A stream under way, and what has come of it and is not consumed.
pub struct Feed {
    file: FileId,
    blocks: Blocks,
    cursor: Cursor,
    /// Bytes still to come that were consumed before.
    to_skip: u64,
    pending: Vec<u8>,
    /// What is pending holds no part of a record.
    is_between_records: bool,
    in_array: Option<bool>,
    error: Option<io::Error>,
    /// The last poll found something to take, so that there may be more.
    pub has_taken: bool,
}

/// Where a stream came out.
pub struct Drained {
    pub cursor: Cursor,
    /// How many bytes after the cursor wait for the rest of their record.
    pub pending_bytes: u64,
    /// What cut the stream short.
    pub error: Option<io::Error>,
}

impl Feed {
    /// What lies before `cursor` has been consumed already.
    pub fn new(file: FileId, cursor: Cursor, blocks: Blocks) -> Self {
        let to_skip = cursor.offset;
        Self {
            file,
            blocks,
            cursor,
            to_skip,
            pending: Vec::new(),
            is_between_records: true,
            in_array: None,
            error: None,
            has_taken: false,
        }
    }

    /// Consumes the stream to its end, as it comes. With `last`, what is unfinished there is bad;
    /// else it waits.
    pub fn drain<A: Analysis>(
        mut self,
        folder: &Folder<'_, A>,
        root: &mut Root<'_, A>,
        last: bool,
    ) -> Result<Drained, Stop> {
        loop {
            match self.blocks.recv_timeout(ATTENTION) {
                Err(RecvTimeoutError::Timeout) => root.attend()?,
                Err(RecvTimeoutError::Disconnected) => break,
                Ok(first) => self.gather(first, folder, root)?,
            }
        }
        self.consume(folder, root, last)?;
        Ok(Drained { pending_bytes: self.pending_bytes(), cursor: self.cursor, error: self.error })
    }

    /// Consumes what has come and does not wait. `false` at the end of the stream, where what is
    /// unfinished is bad.
    pub fn poll<A: Analysis>(&mut self, folder: &Folder<'_, A>, root: &mut Root<'_, A>) -> Result<bool, Stop> {
        self.has_taken = false;
        match self.blocks.try_recv() {
            Ok(first) => {
                self.has_taken = true;
                self.gather(first, folder, root)?;
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                self.consume(folder, root, !root.is_called_off)?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn file(&self) -> FileId {
        self.file
    }

    /// Bytes that wait for the rest of their record.
    pub fn pending_bytes(&self) -> u64 {
        if self.is_between_records { 0 } else { self.pending.len() as u64 }
    }

    /// What cut the stream short.
    pub fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Consumes a block and those that wait behind it.
    fn gather<A: Analysis>(
        &mut self,
        first: io::Result<Vec<u8>>,
        folder: &Folder<'_, A>,
        root: &mut Root<'_, A>,
    ) -> Result<(), Stop> {
        self.push(first);
        for _ in 0..GATHERED_BLOCKS {
            let Ok(block) = self.blocks.try_recv() else { break };
            self.push(block);
        }
        self.consume(folder, root, false)
    }

    fn push(&mut self, block: io::Result<Vec<u8>>) {
        match block {
            Ok(bytes) => {
                let skipped = self.to_skip.min(bytes.len() as u64);
                self.to_skip -= skipped;
                let bytes = &bytes[skipped as usize..];
                if self.in_array.is_none() {
                    let begin = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
                    self.in_array = begin.first().map(|byte| *byte == b'[');
                }
                self.is_between_records &= bytes.is_empty();
                self.pending.extend_from_slice(bytes);
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// Consumes the whole records that have come; with `last`, everything.
    fn consume<A: Analysis>(&mut self, folder: &Folder<'_, A>, root: &mut Root<'_, A>, last: bool) -> Result<(), Stop> {
        let begin = self.cursor.offset;
        let stream = Stream {
            file: self.file,
            bytes: &Block { offset: begin, bytes: &self.pending },
            cursor: self.cursor.clone(),
            until: begin + self.pending.len() as u64,
            in_array: self.in_array == Some(true),
            last,
            is_over: last,
        };
        for outcome in waves::sweep(folder, root, &[stream])? {
            debug_assert!(outcome.error.is_none(), "memory can be read");
            self.is_between_records = outcome.is_between_records();
            self.cursor = outcome.cursor;
        }
        self.pending.drain(..(self.cursor.offset - begin) as usize);
        Ok(())
    }
}
