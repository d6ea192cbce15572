//! The table at a terminal, redrawn in place on the normal screen.
//!
//! Between two updates the cursor stands at the start of the row below the frame, and the frame is
//! at most the terminal's size. A terminal reflows what it shows when its width changes, so the
//! rows to go up are counted from the drawn lines at the present width. Whatever was echoed behind
//! the cursor (a `^C`) is cleared with the old frame. The cursor is never hidden and nothing needs
//! to be restored: a run may end at any time.
//!
//! Out of reach are rows that a shrinking terminal pushed into its scrollback before the next
//! frame: they stay there. A terminal that cuts its lines instead of reflowing them (xterm) loses
//! as many rows above the frame as it would have wrapped.

use super::frame::Frame;
use super::line::{Emphasis, Line};
use super::pace::Speed;
use super::spark::Trends;
use super::table::{Extra, Sheet, separator};
use super::text::char_width;
use super::{Render, Style, put};
use crate::report::Report;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

/// Rows that are laid out of a report that is not the last: more than any screen holds.
const MAX_ROWS: usize = 300;

/// Asks for the terminal's size: columns and rows.
pub type Size = Box<dyn Fn() -> (u16, u16) + Send>;

/// The size of the terminal behind stdout; 80 columns and 24 rows where it does not tell.
pub fn terminal_size() -> (u16, u16) {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        _ => (80, 24),
    }
}

/// Draws each report over the one before, and leaves the last on the screen.
pub struct Live<W> {
    out: W,
    style: Style,
    size: Size,
    trends: Trends,
    speed: Speed,
    /// What the screen is to show; none before the first report and after the last.
    frame: Option<Frame>,
    /// The lines above the cursor that are ours, without escape sequences.
    drawn: Vec<String>,
    drawn_size: (u16, u16),
}

impl<W: Write> Live<W> {
    /// A frame is one write and one flush; hand in an unbuffered writer (a `File`) to have it reach
    /// the terminal in one piece.
    pub fn new(out: W, style: Style, size: Size) -> Self {
        let (trends, speed) = (Trends::default(), Speed::default());
        Self { out, style, size, trends, speed, frame: None, drawn: Vec::new(), drawn_size: (0, 0) }
    }

    fn draw(&mut self) -> io::Result<()> {
        let Some(frame) = &self.frame else { return Ok(()) };
        let size = (self.size)();
        let lines = frame.layout(size, self.style.unicode);
        let mut update = String::from(BEGIN);
        erase(&mut update, &self.drawn, size);
        for line in &lines {
            line.write(&mut update, self.style);
            update.push_str("\r\n");
        }
        update.push_str(END);
        self.drawn = lines.into_iter().map(|line| line.text).collect();
        self.drawn_size = size;
        put(&mut self.out, update.as_bytes())
    }
}

impl<W: Write> Render for Live<W> {
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
        let max_rows = if report.last { usize::MAX } else { MAX_ROWS };
        let lines = self.trends.update(&report.answer, report.seen.newest(), max_rows, self.style.unicode);
        let extra = lines.map(|lines| Extra { name: "trend", rows: lines.rows, overall: lines.overall });
        let mut sheet = Sheet::new(report, self.style, max_rows, extra);
        let pace = self.speed.update(report, separator(self.style));
        sheet.foot.push(Line::prose(Emphasis::Faint, pace));
        let left_out = report.answer.rows.len() - sheet.rows.len();
        self.frame = Some(Frame { sheet, left_out, whole: report.last });
        self.draw()?;
        if report.last {
            self.frame = None;
            self.drawn.clear();
        }
        Ok(())
    }

    fn tick(&mut self) -> io::Result<()> {
        let resized = (self.size)() != self.drawn_size;
        if resized { self.draw() } else { Ok(()) }
    }

    fn clear(&mut self) -> io::Result<()> {
        let mut update = String::new();
        erase(&mut update, &self.drawn, (self.size)());
        self.drawn.clear();
        // The next tick draws again.
        self.drawn_size = (0, 0);
        put(&mut self.out, update.as_bytes())
    }
}

/// Synchronized output: a terminal that knows it shows what is between the two at once.
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";

/// Clears the rows that `drawn` takes on a screen of that size, and all below, and goes to the first.
///
/// The first row is cleared by itself: some terminals (tmux) keep what is cleared from the screen's
/// first cell to its last in their scrollback, which would fill with frames.
fn erase(update: &mut String, drawn: &[String], (columns, height): (u16, u16)) {
    let rows: usize = drawn.iter().map(|line| rows(line, usize::from(columns))).sum();
    let rows = rows.min(usize::from(height).saturating_sub(1));
    if rows > 1 {
        write!(update, "\x1b[{}A", rows - 1).expect("a String takes all");
    }
    if rows > 0 {
        update.push_str("\r\x1b[J\x1b[1A\x1b[2K");
    }
}

/// The rows that a terminal needs for a line; a wide character is never split between two.
fn rows(line: &str, columns: usize) -> usize {
    let (mut rows, mut column) = (1, 0);
    for width in line.chars().map(char_width) {
        if column + width > columns && column > 0 {
            rows += 1;
            column = 0;
        }
        column += width;
    }
    rows
}

#[cfg(test)]
mod tests;
