//! Standard input, of which the beginning may be looked at before it is read.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What was looked at, and is read again.
static PEEKED: Mutex<Peeked> = Mutex::new(Peeked { bytes: Vec::new(), times: None, is_all: false });

struct Peeked {
    bytes: Vec<u8>,
    times: Option<Times>,
    /// Nothing more is read.
    is_all: bool,
}

/// When what was looked at came.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub first: Instant,
    pub last: Instant,
}

/// How long whoever looks has waited.
pub struct Waited {
    /// Since something came, or since the beginning.
    pub silence: Duration,
    /// Since the first bytes came.
    pub in_all: Duration,
}

/// How much is read at once.
const BLOCK_BYTES: usize = 8 << 10;

/// Standard input from its beginning. To be called once.
pub fn stdin() -> impl Read + Send + 'static {
    let mut peeked = peeked();
    let more = if peeked.is_all { 0 } else { u64::MAX };
    io::Cursor::new(std::mem::take(&mut peeked.bytes)).chain(io::stdin().take(more))
}

/// Lets standard input end with what was looked at; `false` where that is nothing.
pub fn end_stdin() -> bool {
    let mut peeked = peeked();
    peeked.is_all = !peeked.bytes.is_empty();
    peeked.is_all
}

/// When came what was looked at; none where nothing was, or nobody looked.
pub fn peek_times() -> Option<Times> {
    peeked().times
}

fn peeked() -> MutexGuard<'static, Peeked> {
    PEEKED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long it waits for more before it asks whether to go on.
const ATTENTION: Duration = Duration::from_millis(50);

/// Reads on until `is_enough` of what has come, or all has. Gives up when `goes_on` says no.
pub fn peek(mut is_enough: impl FnMut(&[u8]) -> bool, goes_on: impl Fn(Waited) -> bool) -> io::Result<()> {
    let mut peeked = peeked();
    let begun = Instant::now();
    loop {
        while !has_more()? {
            let Times { first, last } = peeked.times.unwrap_or(Times { first: Instant::now(), last: begun });
            if !goes_on(Waited { silence: last.elapsed(), in_all: first.elapsed() }) {
                peeked.times.get_or_insert(Times { first: begun, last: begun });
                return Ok(());
            }
        }
        let last = Instant::now();
        let first = peeked.times.map_or(last, |times| times.first);
        let length = peeked.bytes.len();
        peeked.bytes.resize(length + BLOCK_BYTES, 0);
        let read = io::stdin().read(&mut peeked.bytes[length..]);
        peeked.bytes.truncate(length + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Err(_) => continue,
            Ok(_) => {}
        }
        peeked.times = Some(Times { first, last });
        if is_enough(&peeked.bytes) || !goes_on(Waited { silence: Duration::ZERO, in_all: first.elapsed() }) {
            return Ok(());
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
