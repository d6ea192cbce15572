//! A stream as blocks, read by a thread of its own, so that reading (and decompressing) goes on
//! while the run decodes, and the run never waits for a slow writer.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// How much is read at once.
const BLOCK_BYTES: usize = 128 << 10;
/// How many blocks may wait: a slow run slows the writer of a pipe.
const QUEUE_LENGTH: usize = 32;

/// Begins to read. The channel closes at the end of the stream; an error is the last block.
pub fn blocks(mut input: Box<dyn Read + Send>) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(QUEUE_LENGTH);
    thread::spawn(move || {
        loop {
            let mut block = vec![0; BLOCK_BYTES];
            let result = match input.read(&mut block) {
                Ok(0) => return,
                Ok(count) => {
                    block.truncate(count);
                    Ok(block)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let over = result.is_err();
            if sender.send(result).is_err() || over {
                return;
            }
        }
    });
    receiver
}
