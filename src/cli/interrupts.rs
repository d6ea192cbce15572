//! The signals that ask the process to end: listened to once, from before the first byte is read.

use crate::engine::{CancelToken, signals};
use std::io;
use std::sync::{Mutex, PoisonError};

static TOKEN: Mutex<Option<CancelToken>> = Mutex::new(None);

/// What a signal asks to end; begins to listen.
pub fn token() -> io::Result<CancelToken> {
    let mut token = TOKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(token) = &*token {
        return Ok(token.clone());
    }
    let cancel = CancelToken::default();
    signals::listen(&cancel)?;
    *token = Some(cancel.clone());
    Ok(cancel)
}
