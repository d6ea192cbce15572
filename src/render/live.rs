//! The table at a terminal, redrawn in place on the normal screen.
//!
//! Between two updates the cursor stands at the start of the row below the frame, and the frame is
//! at most the terminal's size. A terminal reflows what it shows when its width changes, so the
//! rows to go up are counted from the drawn lines at the present width. Whatever stands behind
//! the cursor is cleared with the old frame. The cursor is never hidden, and only the echo of what is
//! typed is turned off ([`Echo`]): a run may end at any time.
//!
//! A shrinking terminal pushes rows of the frame into its scrollback; when it grows again, some give them
//! back (tmux, VTE) and others do not. So the lines that were pushed out are remembered, and cleared with the
//! next frame should they have come back. Where they have not, the cursor stands at the top of the screen
//! when it is to go up to them, and nothing else is met. A terminal that cuts its lines instead of reflowing
//! them (xterm) loses as many rows above the frame as it would have wrapped.

use super::echo::Echo;
use super::frame::{Frame, MAX_ROWS};
use super::pace::Speed;
use super::spark::Trends;
use super::table::{Extra, separator};
use super::text::char_width;
use super::{Render, Style, put};
use crate::event::Timestamp;
use crate::report::Report;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How often the pace is told anew while no report comes.
const PACED: Duration = Duration::from_secs(1);

/// Asks for the terminal's size: columns and rows.
pub type Size = Box<dyn Fn() -> (u16, u16) + Send>;

/// The size of the terminal behind stdout; 80 columns and 24 rows where it does not tell.
pub fn terminal_size() -> (u16, u16) {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        _ => (80, 24),
    }
}

/// Asks for the time on the wall, since the epoch.
type Now = Box<dyn Fn() -> Duration + Send>;

/// Draws each report over the one before, and leaves the last on the screen.
pub struct Live<W> {
    out: W,
    style: Style,
    size: Size,
    now: Now,
    /// Where the terminal is a real one.
    echo: Option<Echo>,
    trends: Trends,
    speed: Speed,
    /// When the last report came, and when it was last told how the run goes.
    reported: Duration,
    paced: Duration,
    /// What the screen is to show; none before the first report and after the last.
    frame: Option<Frame>,
    /// The lines above the cursor that are ours, without escape sequences.
    drawn: Vec<String>,
    drawn_size: (u16, u16),
    /// Lines of earlier frames that left the screen, right above what is drawn.
    pushed_out: Vec<String>,
}

impl<W: Write> Live<W> {
    /// A frame is one write and one flush; hand in an unbuffered writer (a `File`) to have it reach
    /// the terminal in one piece.
    pub fn new(out: W, style: Style, size: Size) -> Self {
        let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            out,
            style,
            size,
            now: Box::new(now),
            echo: None,
            trends: Trends::default(),
            speed: Speed::default(),
            reported: Duration::ZERO,
            paced: Duration::ZERO,
            frame: None,
            drawn: Vec::new(),
            drawn_size: (0, 0),
            pushed_out: Vec::new(),
        }
    }

    /// One for the terminal behind standard output, which is not to echo what is typed meanwhile.
    pub fn at_terminal(out: W, style: Style) -> Self {
        Self { echo: Some(Echo::default()), ..Self::new(out, style, Box::new(terminal_size)) }
    }

    fn draw(&mut self) -> io::Result<()> {
        let Some(frame) = &self.frame else { return Ok(()) };
        let size = (self.size)();
        if let Some(echo) = &mut self.echo {
            echo.suppress();
        }
        let lines = frame.layout(size);
        let mut update = String::from(BEGIN);
        self.erase(&mut update, size);
        for line in &lines {
            line.write(&mut update, self.style);
            update.push_str("\r\n");
        }
        update.push_str(END);
        self.drawn = lines.into_iter().map(|line| line.text).collect();
        self.drawn_size = size;
        put(&mut self.out, update.as_bytes())
    }

    /// Clears the rows of the frame on a screen of that size, those that have come back to it, and all below;
    /// the cursor then stands where the first of them was.
    fn erase(&mut self, update: &mut String, size: (u16, u16)) {
        let (columns, room) = (usize::from(size.0), usize::from(size.1).saturating_sub(1));
        let rows_of = |lines: &[String]| lines.iter().map(|line| rows(line, columns)).sum::<usize>();
        // What does not fit above the cursor has left the screen.
        let mut beyond = rows_of(&self.drawn).saturating_sub(room);
        while let Some(first) = self.drawn.first().map(|line| rows(line, columns)).filter(|first| *first <= beyond) {
            beyond -= first;
            self.pushed_out.push(self.drawn.remove(0));
        }
        // After a resize, others may have come back to it.
        let is_resized = size != self.drawn_size;
        let free = if is_resized { room.saturating_sub(rows_of(&self.drawn)) } else { 0 };
        let mut back = 0;
        while let Some(last) = self.pushed_out.last().map(|line| rows(line, columns)).filter(|last| back + last <= free)
        {
            back += last;
            self.pushed_out.pop();
        }
        // Row by row: some terminals (tmux) keep what is cleared from the screen's first cell to its last in
        // their scrollback, which would fill with frames.
        let count = rows_of(&self.drawn) + back;
        if count > 0 {
            update.push_str("\r\x1b[J");
        }
        for _ in 0..count {
            update.push_str("\x1b[1A\x1b[2K");
        }
    }
}

impl<W: Write> Render for Live<W> {
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
        let pace = &report.pace;
        // Whoever ends a run at a screen wants what stood there, and a run that came to its end its answer.
        let whole = report.last && !pace.following && pace.behind_bytes == 0;
        let max_rows = if whole { usize::MAX } else { MAX_ROWS };
        let lines = self.trends.update(&report.answer, report.seen.newest(), max_rows, self.style.unicode);
        let trend = lines.map(|lines| Extra { name: "trend", rows: lines.rows, overall: lines.overall });
        self.reported = (self.now)();
        self.paced = self.reported;
        let pace = self.speed.update(report, separator(self.style), Duration::ZERO, timestamp(self.reported));
        self.frame = Some(Frame { report: Arc::clone(report), style: self.style, trend, pace, whole });
        self.draw()?;
        if report.last {
            self.frame = None;
            self.drawn.clear();
            self.pushed_out.clear();
            if let Some(echo) = &mut self.echo {
                echo.restore();
            }
        }
        Ok(())
    }

    fn tick(&mut self) -> io::Result<()> {
        let now = (self.now)();
        let mut is_due = (self.size)() != self.drawn_size;
        if let Some(frame) = &mut self.frame
            && now.saturating_sub(self.paced) >= PACED
        {
            self.paced = now;
            let waited = now.saturating_sub(self.reported);
            let pace = self.speed.update(&frame.report, separator(self.style), waited, timestamp(now));
            is_due |= pace != frame.pace;
            frame.pace = pace;
        }
        if is_due { self.draw() } else { Ok(()) }
    }

    fn clear(&mut self) -> io::Result<()> {
        let mut update = String::new();
        self.erase(&mut update, (self.size)());
        self.drawn.clear();
        // What is written now stands between them and the next frame.
        self.pushed_out.clear();
        // The next tick draws again.
        self.drawn_size = (0, 0);
        put(&mut self.out, update.as_bytes())
    }
}

fn timestamp(since_epoch: Duration) -> Timestamp {
    Timestamp::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

/// Synchronized output: a terminal that knows it shows what is between the two at once.
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";

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
