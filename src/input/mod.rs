//! Where bytes come from: files at rest and under way, compressed or not, and standard input.
//!
//! Input knows files and how far each has been consumed; it never looks at records. [`Files`] says
//! which files have something to read, [`Wakeups`] when to look again.

mod blocks;
mod file;
mod files;
mod gone;
mod log_file;
mod overlap;
mod passed_over;
mod selection;
mod sources;
mod stdin;
mod troubles;
mod wakeups;

pub use blocks::{Blocks, blocks, opened};
pub use file::{Block, Encoding, Guarded, ReadAt, open_pipe};
pub use files::Files;
pub use gone::{Past, Roster};
pub use log_file::LogFile;
pub use overlap::{Likeness, Overlap, overlaps};
pub use passed_over::PassedOver;
pub use selection::Selection;
pub use sources::{DEFAULT_INCLUDE, Found, Root, Sources, Unreadable, default_include, plain};
pub use stdin::{Times as PeekTimes, Waited, end_stdin, peek, peek_times, stdin};
pub use wakeups::{Waker, Wakeup, Wakeups};
