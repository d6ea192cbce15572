//! Where bytes come from: files at rest and under way, compressed or not, and standard input.
//!
//! Input knows files and how far each has been consumed; it never looks at records. [`Files`] says
//! which files have something to read, [`Wakeups`] when to look again.

mod blocks;
mod file;
mod files;
mod log_file;
mod sources;
mod wakeups;

pub use blocks::blocks;
pub use file::{Block, Encoding, ReadAt};
pub use files::Files;
pub use log_file::LogFile;
pub use sources::{DEFAULT_INCLUDE, Found, Root, Sources, Unreadable};
pub use wakeups::{Wakeup, Wakeups};
