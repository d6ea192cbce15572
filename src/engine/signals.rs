//! SIGINT and SIGTERM: the first asks the run to end, the second ends it at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// Begins to listen. Before, signals do what they do to any program.
pub fn listen() -> io::Result<()> {
    let received = RECEIVED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM] {
        let again = Arc::new(AtomicBool::new(false));
        // Registered first, so that it sees whether an earlier signal has set the flag.
        flag::register_conditional_shutdown(signal, 128 + signal, again.clone())?;
        flag::register(signal, again)?;
        flag::register_usize(signal, received.clone(), signal as usize)?;
    }
    Ok(())
}

/// The signal that asked for the end, if one did.
pub fn received() -> Option<i32> {
    match RECEIVED.get()?.load(Ordering::Relaxed) {
        0 => None,
        signal => i32::try_from(signal).ok(),
    }
}
