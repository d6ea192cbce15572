//! SIGINT, SIGTERM and SIGHUP: the first asks the run to end, the second ends it at once.

use super::cancel::CancelToken;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Begins to listen for a run. Before, signals do what they do to any program.
pub fn listen(run: &CancelToken) -> io::Result<()> {
    let again = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || !survives_hangup()) {
        // Registered first, so that it sees whether an earlier signal has set the flag.
        flag::register_conditional_shutdown(signal, 128 + signal, again.clone())?;
        flag::register(signal, again.clone())?;
        flag::register_usize(signal, run.signal_slot(), signal as usize)?;
    }
    Ok(())
}

/// Whether the process was started to go on when its terminal goes, as by `nohup`: that stays so.
fn survives_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (SIGHUP - 1) & 1 == 1)
}
