//! A stream that comes in blocks: standard input, pipes, compressed files.

use super::fold::Folder;
use super::root::{Root, Stop};
use super::waves::{self, Stream};
use crate::analysis::Analysis;
use crate::event::{Cursor, FileId};
use crate::input::Block;
use std::io;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// How many blocks that wait are decoded together: enough to share them between threads.
const GATHERED_BLOCKS: usize = 31;
/// How long a run sleeps at most before it looks at signals and updates.
pub const ATTENTION: Duration = Duration::from_millis(50);

/// What has come of a stream and is not consumed.
struct Feed {
    file: FileId,
    cursor: Cursor,
    pending: Vec<u8>,
    in_array: Option<bool>,
}

impl Feed {
    fn new(file: FileId, cursor: Cursor) -> Self {
        Self { file, cursor, pending: Vec::new(), in_array: None }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.in_array.is_none() {
            let begin = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
            self.in_array = begin.first().map(|byte| *byte == b'[');
        }
        self.pending.extend_from_slice(bytes);
    }

    /// Consumes the whole records that have come; with `last`, everything.
    fn consume<A: Analysis>(&mut self, folder: &Folder<'_, A>, root: &mut Root<'_, A>, last: bool) -> Result<(), Stop> {
        let begin = self.cursor.offset;
        let stream = Stream {
            file: self.file,
            bytes: &Block { offset: begin, bytes: &self.pending },
            cursor: self.cursor,
            until: begin + self.pending.len() as u64,
            in_array: self.in_array == Some(true),
            last,
        };
        for outcome in waves::sweep(folder, root, &[stream])? {
            debug_assert!(outcome.error.is_none(), "memory can be read");
            self.cursor = outcome.cursor;
        }
        self.pending.drain(..(self.cursor.offset - begin) as usize);
        Ok(())
    }
}

/// Reads a stream to its end on a thread of its own, and consumes it as it comes; what lies before
/// `cursor` has been consumed already. Gives where it came out and what cut it short. What is
/// unfinished at the end is bad where the stream is whole or `last`, else it waits.
pub fn drain<A: Analysis>(
    reader: Box<dyn io::Read + Send>,
    file: FileId,
    cursor: Cursor,
    last: bool,
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
) -> Result<(Cursor, Option<io::Error>), Stop> {
    let blocks = crate::input::blocks(reader);
    let mut feed = Feed::new(file, cursor);
    let mut to_skip = cursor.offset;
    let mut error = None;
    loop {
        match blocks.recv_timeout(ATTENTION) {
            Err(RecvTimeoutError::Timeout) => root.attend()?,
            Err(RecvTimeoutError::Disconnected) => break,
            Ok(first) => {
                for block in std::iter::once(first).chain(blocks.try_iter().take(GATHERED_BLOCKS)) {
                    match block {
                        Ok(block) => {
                            let skipped = to_skip.min(block.len() as u64);
                            to_skip -= skipped;
                            feed.push(&block[skipped as usize..]);
                        }
                        Err(trouble) => error = Some(trouble),
                    }
                }
                feed.consume(folder, root, false)?;
            }
        }
    }
    feed.consume(folder, root, last || error.is_none())?;
    Ok((feed.cursor, error))
}
