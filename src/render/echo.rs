//! Keeps what is typed out of a live table: a terminal would echo it into the frame.
//!
//! Should the run be killed by force meanwhile, the shell sets the terminal right, as it does after any
//! program that is killed; `stty echo` does so by hand.

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use std::io;

/// The terminal behind standard output, without its echo while a table is drawn there.
#[derive(Default)]
pub(super) struct Echo {
    /// As it was before.
    before: Option<Termios>,
}

impl Echo {
    /// Turns the echo off, also where a shell has turned it on again while the run was stopped.
    pub fn suppress(&mut self) {
        let terminal = io::stdout();
        // A run in the background would be stopped if it touched the terminal.
        let is_ours = tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp());
        let Some(now) = is_ours.then(|| tcgetattr(&terminal).ok()).flatten() else { return };
        if now.local_modes.contains(LocalModes::ECHO) {
            let mut silent = now.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            // Whatever it is that cannot be done: the table is only less tidy without.
            _ = tcsetattr(&terminal, OptionalActions::Now, &silent);
            self.before.get_or_insert(now);
        }
    }

    /// Sets the terminal as it was, and forgets what was typed meanwhile.
    pub fn restore(&mut self) {
        let terminal = io::stdout();
        if let Some(before) = self.before.take()
            && tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp())
        {
            _ = tcsetattr(&terminal, OptionalActions::Flush, &before);
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.restore();
    }
}
