//! Standard input, of which the beginning may be looked at before it is read.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was looked at, and is read again.
static PEEKED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// How much is read at once.
const BLOCK_BYTES: usize = 8 << 10;

/// Standard input from its beginning. To be called once.
pub fn stdin() -> impl Read + Send + 'static {
    let peeked = std::mem::take(&mut *PEEKED.lock().unwrap_or_else(PoisonError::into_inner));
    io::Cursor::new(peeked).chain(io::stdin())
}

/// How long it waits for more before it asks whether to go on.
const ATTENTION: Duration = Duration::from_millis(50);

/// Reads on until `is_enough` of what has come, or all has. Gives up when `goes_on`, which is told how long
/// nothing has come, says no.
pub fn peek(mut is_enough: impl FnMut(&[u8]) -> bool, goes_on: impl Fn(Duration) -> bool) -> io::Result<()> {
    let mut peeked = PEEKED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut heard = Instant::now();
    loop {
        while !has_more()? {
            if !goes_on(heard.elapsed()) {
                return Ok(());
            }
        }
        heard = Instant::now();
        let length = peeked.len();
        peeked.resize(length + BLOCK_BYTES, 0);
        let read = io::stdin().read(&mut peeked[length..]);
        peeked.truncate(length + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => return Ok(()),
            Ok(_) if is_enough(&peeked) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
    }
}

/// Whether there is more to read, or an end; waits for it a moment.
fn has_more() -> io::Result<bool> {
    let stdin = io::stdin();
    let mut states = [PollFd::new(&stdin, PollFlags::IN)];
    let timeout = Timespec::try_from(ATTENTION).map_err(io::Error::other)?;
    match poll(&mut states, Some(&timeout)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
