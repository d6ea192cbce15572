//! SIGINT and SIGTERM: the first asks the run to end, the second ends it at once.

use super::cancel::CancelToken;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Begins to listen for a run. Before, signals do what they do to any program.
pub fn listen(run: &CancelToken) -> io::Result<()> {
    let again = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Registered first, so that it sees whether an earlier signal has set the flag.
        flag::register_conditional_shutdown(signal, 128 + signal, again.clone())?;
        flag::register(signal, again.clone())?;
        flag::register_usize(signal, run.signal_slot(), signal as usize)?;
    }
    Ok(())
}
