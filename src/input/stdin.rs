//! Standard input, of which the beginning may be looked at before it is read.

use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

/// What was looked at, and is read again.
static PEEKED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// How much is read at once.
const BLOCK_BYTES: usize = 8 << 10;

/// Standard input from its beginning. To be called once.
pub fn stdin() -> impl Read + Send + 'static {
    let peeked = std::mem::take(&mut *PEEKED.lock().unwrap_or_else(PoisonError::into_inner));
    io::Cursor::new(peeked).chain(io::stdin())
}

/// Reads on until `is_enough` of what has come, or all has.
pub fn peek(mut is_enough: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut peeked = PEEKED.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
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
