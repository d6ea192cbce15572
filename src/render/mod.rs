//! Turns a [`Report`] into bytes: a table for people, or JSON and CSV for programs.
//!
//! Text from the logs never reaches a terminal raw: every form for people passes it through
//! [`text`], JSON writes the same characters as `\u` escapes, and CSV alone carries them unchanged.
//! Each update reaches its writer in one write, unless it is very long.

mod behind;
mod changes;
mod csv;
mod echo;
mod fit;
mod frame;
mod grid;
mod json;
mod line;
mod live;
mod markdown;
mod number;
mod pace;
mod page;
#[cfg(test)]
mod sample;
mod spark;
mod table;
mod text;
#[cfg(test)]
mod vt;

pub use behind::Behind;
pub use changes::Changes;
pub use json::json_line;
pub use live::{Live, Size, terminal_size};
pub use page::{Part, page};

use crate::report::Report;
use std::io::{self, Write};
use std::sync::Arc;

/// A long report is written in pieces that are still in the cache, and need not be held.
const PIECE_BYTES: usize = 1 << 18;

/// Shows the reports of a run, one after the other.
pub trait Render {
    /// Shows a report; the one marked `last` is the run's result.
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()>;

    /// Hands on what is held back, and mends what a resize of the terminal broke. Called several times a
    /// second, also when nothing new has come.
    fn tick(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Waits until all that was shown has been written.
    fn wait(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Takes what is drawn in place off the screen, so that a warning can be written there. The
    /// next report or tick draws it again below.
    fn clear(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// One line a report, lossless.
    Json,
    /// A header and one line a row, lossless but where no text may be run by a spreadsheet.
    Csv { is_safe: bool },
    /// The same without the header: it goes on in a file that has it.
    CsvRows { is_safe: bool },
    /// A table for GitHub and its kin.
    Markdown,
}

/// What the reader's screen can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Bold and faint text by escape sequences.
    pub color: bool,
    /// Characters beyond ASCII; without it those of the logs are shown escaped.
    pub unicode: bool,
}

/// The renderer of `format`, one report after the other. `updates` says whether more than one
/// report may come: a CSV row then begins with the report it belongs to.
///
/// A table that is redrawn in place at a terminal is [`Live`].
pub fn renderer(format: Format, style: Style, updates: bool, out: Box<dyn Write + Send>) -> Box<dyn Render + Send> {
    match format {
        Format::Table => Box::new(table::Table::new(out, style)),
        Format::Json => Box::new(json::Json::new(out)),
        Format::Csv { is_safe } => Box::new(csv::Csv::new(out, updates).safe(is_safe)),
        Format::CsvRows { is_safe } => Box::new(csv::Csv::new(out, updates).safe(is_safe).after_header()),
        Format::Markdown => Box::new(markdown::Markdown::new(out)),
    }
}

/// Writes an update whole and at once, so that a reader never waits for the rest of it.
fn put(out: &mut impl Write, update: &[u8]) -> io::Result<()> {
    out.write_all(update)?;
    out.flush()
}
