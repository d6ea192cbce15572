//! When to look at the input again: the system's notices of changes, and those of our own threads.
//!
//! A notice is a hint and nothing more. It may be lost, late or absent (network mounts, full
//! queues, too many watches), so whoever waits here also looks by the clock.

use super::file::Inode;
use notify::event::{CreateKind, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// How many notices may wait; more of them mean a rescan.
const QUEUE_LENGTH: usize = 1024;

#[derive(Debug)]
pub enum Wakeup {
    /// These files, given by absolute paths, were made or written to.
    Written(Vec<PathBuf>),
    /// A directory was made, and is about to be watched.
    NewDirectory,
    /// Something else changed.
    Changed,
    /// A stream that is read by a thread has something to take.
    Arrived,
    /// From now on notices may be missing, for this reason.
    Unwatched(String),
}

pub struct Wakeups {
    waker: Waker,
    receiver: Receiver<Wakeup>,
    watcher: Option<RecommendedWatcher>,
    /// What is watched, and which directory stood there.
    watched: HashMap<PathBuf, Inode>,
    is_blind: bool,
}

/// Wakes a run from another thread.
#[derive(Clone)]
pub struct Waker {
    sender: SyncSender<Wakeup>,
    /// A notice found no room in the queue.
    overflow: Arc<AtomicBool>,
}

impl Waker {
    pub fn wake(&self, wakeup: Wakeup) {
        if self.sender.try_send(wakeup).is_err() {
            self.overflow.store(true, Ordering::Relaxed);
        }
    }
}

impl Default for Wakeups {
    fn default() -> Self {
        let (sender, receiver) = sync_channel(QUEUE_LENGTH);
        let waker = Waker { sender, overflow: Arc::default() };
        Self { waker, receiver, watcher: None, watched: HashMap::new(), is_blind: false }
    }
}

impl Wakeups {
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Whether notices of some changes are not to be had, so that only the clock tells.
    pub fn is_blind(&self) -> bool {
        self.is_blind
    }

    /// Asks for notices of changes at `paths` and, where the flag says so, at all below them; to be
    /// called before each scan, for directories come and go. Where notices are not to be had, says
    /// why, once.
    pub fn watch(&mut self, paths: &[(PathBuf, bool)]) -> Result<(), String> {
        let was_blind = self.is_blind;
        let mut trouble = None;
        for (path, deep) in paths {
            match path.metadata().map(|data| Inode::of(&data)) {
                Ok(inode) if self.watched.get(path) == Some(&inode) => {}
                Ok(inode) => {
                    // A path that cannot be watched is not tried again.
                    self.watched.insert(path.clone(), inode);
                    if let Err(error) = self.watch_path(path.clone(), *deep) {
                        trouble = Some(format!("cannot watch {} for changes: {error}", path.display()));
                    }
                }
                Err(_) => _ = self.watched.remove(path),
            }
        }
        self.is_blind |= trouble.is_some();
        trouble.filter(|_| !was_blind).map_or(Ok(()), Err)
    }

    fn watch_path(&mut self, path: PathBuf, deep: bool) -> notify::Result<()> {
        if self.watcher.is_none() {
            let waker = self.waker();
            self.watcher = Some(notify::recommended_watcher(move |notice| {
                if let Some(wakeup) = wakeup(notice) {
                    waker.wake(wakeup);
                }
            })?);
        }
        let mode = if deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        let result = self.watcher.as_mut().map_or(Ok(()), |watcher| watcher.watch(&path, mode));
        // It went while we looked; the next scan sees to it.
        result.or_else(|error| match error.kind {
            notify::ErrorKind::PathNotFound => Ok(()),
            _ => Err(error),
        })
    }

    /// Gives up on complete notices; `false` where that had been done.
    pub fn go_blind(&mut self) -> bool {
        !std::mem::replace(&mut self.is_blind, true)
    }

    /// The next wake-up; `None` when `timeout` has passed.
    pub fn wait(&self, timeout: Duration) -> Option<Wakeup> {
        if self.waker.overflow.swap(false, Ordering::Relaxed) {
            return Some(Wakeup::Changed);
        }
        self.receiver.recv_timeout(timeout).ok()
    }
}

/// What a notice means to us.
fn wakeup(notice: notify::Result<notify::Event>) -> Option<Wakeup> {
    match notice {
        Ok(event) if event.need_rescan() => Some(Wakeup::Changed),
        Ok(event) => match event.kind {
            EventKind::Access(_) => None,
            EventKind::Modify(ModifyKind::Data(_)) | EventKind::Create(CreateKind::File) => {
                Some(Wakeup::Written(event.paths))
            }
            EventKind::Create(CreateKind::Folder) => Some(Wakeup::NewDirectory),
            _ => Some(Wakeup::Changed),
        },
        Err(error) => match error.kind {
            notify::ErrorKind::MaxFilesWatch => Some(Wakeup::Unwatched(format!("cannot watch more: {error}"))),
            _ => Some(Wakeup::Changed),
        },
    }
}
