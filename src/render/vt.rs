//! A small terminal to test against: the few sequences that a live table uses, wrapping, scrolling
//! into a scrollback, and reflow when the width changes. It refuses any other sequence.

use super::text::char_width;

pub(super) struct Vt {
    columns: usize,
    height: usize,
    rows: Vec<Row>,
    /// The first row of the screen; those before it are the scrollback.
    top: usize,
    row: usize,
    column: usize,
}

#[derive(Clone, Default)]
struct Row {
    /// A wide character is followed by a NUL.
    cells: Vec<char>,
    /// Whether the text goes on in the next row.
    wrapped: bool,
}

impl Vt {
    pub fn new((columns, height): (u16, u16)) -> Self {
        let (columns, height) = (columns.into(), height.into());
        Self { columns, height, rows: vec![Row::default()], top: 0, row: 0, column: 0 }
    }

    pub fn write(&mut self, text: &str) {
        let mut rest = text.chars();
        while let Some(char) = rest.next() {
            match char {
                '\r' => self.column = 0,
                '\n' => self.line_feed(),
                '\x1b' => {
                    assert_eq!(rest.next(), Some('['));
                    let sequence: String = rest.by_ref().take_while(|char| !char.is_ascii_alphabetic()).collect();
                    // The final byte was taken with the rest.
                    let length = text.len() - rest.as_str().len();
                    self.obey(&sequence, text.as_bytes()[length - 1]);
                }
                char => self.print(char),
            }
        }
    }

    fn obey(&mut self, parameters: &str, end: u8) {
        match (parameters, end) {
            ("?2026", b'h' | b'l') | ("0" | "1" | "2", b'm') => {}
            // As tmux does: what fills the screen is not lost.
            ("", b'J') if (self.row, self.column) == (self.top, 0) => {
                self.top = self.rows.len();
                self.row = self.top;
                self.rows.push(Row::default());
            }
            ("2", b'K') => self.rows[self.row] = Row::default(),
            ("", b'J') => {
                self.rows.truncate(self.row + 1);
                let row = &mut self.rows[self.row];
                row.cells.truncate(self.column);
                row.wrapped = false;
            }
            (count, b'A') => self.row = self.row.saturating_sub(count.parse().unwrap()).max(self.top),
            other => panic!("no such sequence: {other:?}"),
        }
    }

    fn line_feed(&mut self) {
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(Row::default());
        }
        self.top = self.top.max((self.row + 1).saturating_sub(self.height));
    }

    fn print(&mut self, char: char) {
        assert!(!char.is_control(), "{char:?} is printed raw");
        let width = char_width(char);
        if self.column + width > self.columns {
            self.rows[self.row].wrapped = true;
            self.line_feed();
            self.column = 0;
        }
        for cell in [char, '\0'].into_iter().take(width) {
            let cells = &mut self.rows[self.row].cells;
            cells.resize(cells.len().max(self.column + 1), ' ');
            cells[self.column] = cell;
            self.column += 1;
        }
    }

    /// Wraps all text anew; the cursor stands behind its row's text. `pulls` says what the terminal does with rows that become free: fill
    /// them from the scrollback, or leave them at the bottom.
    pub fn resize(&mut self, (columns, height): (u16, u16), pulls: bool) {
        let (old, row, top) = (std::mem::take(&mut self.rows), self.row, self.top);
        *self = Self::new((columns, height));
        let (mut new_top, mut cursor) = (0, (0, 0));
        for (place, Row { cells, wrapped }) in old.into_iter().enumerate() {
            if place == top {
                new_top = self.row;
            }
            for char in cells.into_iter().filter(|cell| *cell != '\0') {
                self.print(char);
            }
            if place == row {
                cursor = (self.row, self.column);
            }
            if !wrapped {
                self.column = 0;
                self.line_feed();
            }
        }
        // The line feed after the last row was one too many.
        self.rows.pop();
        (self.row, self.column) = cursor;
        let least = (self.row + 1).saturating_sub(self.height);
        self.top = if pulls { least } else { new_top.max(least) };
    }

    /// All rows, save empty ones below the cursor.
    fn shown(&self) -> &[Row] {
        let last = self.rows.iter().rposition(|row| !row.cells.is_empty()).unwrap_or(0);
        &self.rows[..=last.max(self.row)]
    }

    /// The rows from the top of the screen to the cursor's.
    pub fn screen(&self) -> Vec<String> {
        self.shown()[self.top..].iter().map(|row| row.cells.iter().filter(|cell| **cell != '\0').collect()).collect()
    }

    /// Whether the row has left the screen.
    pub fn is_scrolled_out(&self, row: usize) -> bool {
        row < self.top
    }

    /// All text, the scrollback included.
    pub fn text(&self) -> Vec<String> {
        let mut lines = vec![String::new()];
        for row in self.shown() {
            let text: String = row.cells.iter().filter(|cell| **cell != '\0').collect();
            lines.last_mut().unwrap().push_str(&text);
            if !row.wrapped {
                lines.push(String::new());
            }
        }
        lines.pop();
        lines
    }
}
