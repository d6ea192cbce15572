//! A stream as blocks, read by a thread of its own, so that reading (and decompressing) goes on
//! while the run decodes, and the run never waits for a slow writer.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// How much is read at once.
const BLOCK_BYTES: usize = 128 << 10;
/// How many blocks may wait: a slow run slows the writer of a pipe.
const QUEUE_LENGTH: usize = 32;

/// What has been read of a stream. Closed at its end; an error is the last block.
pub type Blocks = Receiver<io::Result<Vec<u8>>>;

/// Begins to read.
pub fn blocks(input: Box<dyn Read + Send>) -> Blocks {
    opened(move || Ok(input), || {})
}

/// Begins to open and then to read: to open a pipe may take until it has a writer. `wake` is
/// called whenever there is something to take from the blocks, their end included.
pub fn opened<R: Read>(
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
    wake: impl Fn() + Send + 'static,
) -> Blocks {
    let (sender, receiver) = sync_channel(QUEUE_LENGTH);
    thread::spawn(move || {
        let send = |block| {
            let taken = sender.send(block).is_ok();
            wake();
            taken
        };
        match open() {
            Ok(input) => read(input, send),
            Err(error) => _ = send(Err(error)),
        }
        drop(sender);
        wake();
    });
    receiver
}

fn read(mut input: impl Read, send: impl Fn(io::Result<Vec<u8>>) -> bool) {
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
        if !send(result) || over {
            return;
        }
    }
}
