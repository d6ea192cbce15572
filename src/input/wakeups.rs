//! When to look at the input again: the system's notices of changes.
//!
//! A notice is a hint and nothing more. It may be lost, late or absent (network mounts, full
//! queues, too many watches), so whoever waits here also looks by the clock.

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// How many notices may wait; more of them mean a rescan.
const QUEUE_LENGTH: usize = 1024;

#[derive(Debug)]
pub enum Wakeup {
    /// These files were written to.
    Written(Vec<PathBuf>),
    /// Something else changed.
    Changed,
}

pub struct Wakeups {
    sender: SyncSender<Wakeup>,
    receiver: Receiver<Wakeup>,
    watcher: Option<RecommendedWatcher>,
    /// A notice found no room in the queue.
    overflow: Arc<AtomicBool>,
}

impl Default for Wakeups {
    fn default() -> Self {
        let (sender, receiver) = sync_channel(QUEUE_LENGTH);
        Self { sender, receiver, watcher: None, overflow: Arc::default() }
    }
}

impl Wakeups {
    /// Asks for notices of changes below `paths`. Where they are not to be had, says why; the
    /// caller then depends on its clock.
    pub fn watch(&mut self, paths: &[(PathBuf, bool)]) -> Result<(), String> {
        let (sender, overflow) = (self.sender.clone(), self.overflow.clone());
        let watcher = notify::recommended_watcher(move |notice: notify::Result<notify::Event>| {
            let wakeup = match notice {
                Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
                Ok(event)
                    if matches!(event.kind, EventKind::Modify(notify::event::ModifyKind::Data(_)))
                        && !event.need_rescan() =>
                {
                    Wakeup::Written(event.paths)
                }
                Ok(_) | Err(_) => Wakeup::Changed,
            };
            if sender.try_send(wakeup).is_err() {
                overflow.store(true, Ordering::Relaxed);
            }
        });
        let mut watcher = watcher.map_err(|error| format!("cannot watch for changes: {error}"))?;
        let mut trouble = Ok(());
        for (path, deep) in paths {
            let mode = if *deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            if let Err(error) = watcher.watch(path, mode) {
                trouble = Err(format!("cannot watch {} for changes: {error}", path.display()));
            }
        }
        self.watcher = Some(watcher);
        trouble
    }

    /// The next wake-up; `None` when `timeout` has passed.
    pub fn wait(&self, timeout: Duration) -> Option<Wakeup> {
        if self.overflow.swap(false, Ordering::Relaxed) {
            return Some(Wakeup::Changed);
        }
        self.receiver.recv_timeout(timeout).ok()
    }
}
