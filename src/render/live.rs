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
    fn render(&mut self, report: &Report) -> io::Result<()> {
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
mod tests {
    use super::*;
    use crate::render::sample::report;
    use crate::render::vt::Vt;
    use crate::report::Cell;
    use proptest::prelude::*;
    use std::sync::{Arc, Mutex};

    /// A live table at a terminal that a test can resize.
    struct Screen {
        vt: Vt,
        live: Live<Vec<u8>>,
        size: Arc<Mutex<(u16, u16)>>,
    }

    impl Screen {
        fn new(size: (u16, u16)) -> Self {
            let shared = Arc::new(Mutex::new(size));
            let asked = Arc::clone(&shared);
            let style = Style { color: true, unicode: true };
            let live = Live::new(Vec::new(), style, Box::new(move || *asked.lock().unwrap()));
            let mut vt = Vt::new(size);
            vt.write("$ streamlab\r\n");
            Self { vt, live, size: shared }
        }

        fn resize(&mut self, size: (u16, u16), pulls: bool) {
            self.vt.resize(size, pulls);
            *self.size.lock().unwrap() = size;
        }

        fn flush(&mut self) {
            self.vt.write(&String::from_utf8(std::mem::take(&mut self.live.out)).unwrap());
        }

        fn render(&mut self, report: &Report) {
            self.live.render(report).unwrap();
            self.flush();
        }

        fn tick(&mut self) {
            self.live.tick().unwrap();
            self.flush();
        }
    }

    /// A report with a row for each name.
    fn rows_of(names: &[String]) -> Report {
        let mut report = report();
        let row =
            |name: &String| vec![Cell::Text(name.clone()), Cell::Count(7), Cell::Count(3), Cell::Rate(0.4), Cell::Null];
        report.answer.rows = names.iter().map(row).collect();
        report
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|name| format!("service-{name}")).collect()
    }

    #[test]
    fn a_frame_is_cut_to_the_screen_and_the_last_is_drawn_whole() {
        let mut screen = Screen::new((60, 11));
        screen.render(&rows_of(&names(9)));
        let expected = [
            "running-avg · 2025-10-15 15:21:26.315 … 20:21:26.315 UTC",
            "service     total  success  success rate    95 % interval  …",
            "────────────────────────────────────────────────────────────",
            "service-0       7        3       40.00 %                -  ▁",
            "service-1       7        3       40.00 %                -  ▁",
            "… 7 more rows",
            "────────────────────────────────────────────────────────────",
            "(all)      12,200    4,400       36.07 %  25.00 … 50.00 %  ▁",
            "read 12,250 = counted 12,200 + dead letter 50",
            "500 kB/s · 6.1 k records/s · 1.0 MB read",
            "",
        ];
        assert_eq!(screen.vt.screen(), expected);
        let last = Report { last: true, ..rows_of(&names(30)) };
        screen.render(&last);
        let text = screen.vt.text();
        assert_eq!(text.iter().filter(|line| line.starts_with("service-")).count(), 30);
        assert_eq!(text.last().map(String::as_str), Some(""), "the cursor stands below");
        screen.resize((70, 20), true);
        screen.tick();
        assert_eq!(screen.vt.text(), text, "what is left on the screen is no longer ours");
    }

    #[test]
    fn a_cleared_frame_makes_room_and_comes_back_below() {
        let mut screen = Screen::new((80, 24));
        screen.render(&rows_of(&names(3)));
        let frame = screen.vt.text()[1..].to_vec();
        screen.live.clear().unwrap();
        screen.flush();
        screen.vt.write("warning: gone\r\n");
        screen.tick();
        assert_eq!(screen.vt.text()[..2], ["$ streamlab", "warning: gone"]);
        assert_eq!(screen.vt.text()[2..], frame);
    }

    #[test]
    fn what_a_shrunk_screen_still_shows_of_a_frame_is_cleared() {
        let mut screen = Screen::new((80, 24));
        screen.render(&rows_of(&names(15)));
        screen.resize((80, 10), true);
        screen.tick();
        let ledgers = screen.vt.text().iter().filter(|line| line.starts_with("read ")).count();
        assert_eq!(ledgers, 1);
    }

    #[test]
    fn a_wide_character_is_not_split_between_rows() {
        assert_eq!([rows("支支支", 6), rows("支支支", 5), rows("支支支", 3), rows("", 3)], [1, 2, 3, 1]);
    }

    #[test]
    fn a_frame_is_one_write_that_a_terminal_shows_at_once() {
        struct Writes(Vec<Vec<u8>>);
        impl Write for Writes {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push(bytes.to_vec());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut live = Live::new(Writes(Vec::new()), Style { color: false, unicode: true }, Box::new(|| (80, 24)));
        live.render(&report()).unwrap();
        live.tick().unwrap();
        let [frame] = live.out.0.as_slice() else { panic!("{} writes", live.out.0.len()) };
        assert!(frame.starts_with(BEGIN.as_bytes()) && frame.ends_with(END.as_bytes()));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Update(Vec<String>),
        Resize { size: (u16, u16), pulls: bool, tick: bool },
        Interrupt,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = (12u16..120, 2u16..40);
        let names = prop::collection::vec("[a-z支\\x1b]{0,30}", 0..30);
        prop::collection::vec(
            prop_oneof![
                names.prop_map(Step::Update),
                (size, any::<bool>(), any::<bool>()).prop_map(|(size, pulls, tick)| Step::Resize { size, pulls, tick }),
                Just(Step::Interrupt),
            ],
            1..12,
        )
    }

    proptest! {
        #[test]
        fn the_screen_shows_the_last_frame_and_nothing_of_those_before(steps in steps()) {
            let mut screen = Screen::new((80, 24));
            let mut torn = false;
            for step in steps {
                match step {
                    Step::Update(names) => screen.render(&rows_of(&names)),
                    Step::Interrupt => {
                        screen.vt.write("^C");
                        screen.render(&report());
                    }
                    Step::Resize { size, pulls, tick } => {
                        screen.resize(size, pulls);
                        // Rows of a frame that left the screen before it was redrawn are out of reach.
                        torn |= screen.vt.is_scrolled_out(1);
                        if tick {
                            screen.tick();
                        }
                    }
                }
            }
            screen.render(&rows_of(&names(7)));
            let mut frame = screen.live.drawn.clone();
            frame.push(String::new());
            let (text, shown) = (screen.vt.text(), screen.vt.screen());
            prop_assert!(shown.ends_with(&frame), "{shown:#?} is not {frame:#?}");
            prop_assert_eq!(&text[0], "$ streamlab");
            prop_assert!(torn || text.len() == 1 + frame.len(), "{text:#?}");
        }
    }
}
