//! What a live table is to show, laid out for a screen of any size.

use super::line::{Emphasis, Line};
use super::table::Sheet;
use super::text::ellipsis;

/// A report as it was when it came; a resize lays it out anew.
pub(super) struct Frame {
    pub sheet: Sheet,
    /// Rows of the report that are not in the sheet.
    pub left_out: usize,
    /// Whether it is drawn whole, however few rows the terminal has.
    pub whole: bool,
}

impl Frame {
    /// The lines to draw, cut to the terminal's size. One row is left for the cursor. Long sentences
    /// take further rows only where no row of the table is left out for it.
    pub fn layout(&self, (columns, rows): (u16, u16), unicode: bool) -> Vec<Line> {
        let columns = usize::from(columns);
        let height = if self.whole { usize::MAX } else { usize::from(rows).saturating_sub(1) };
        let fit = |lines: &[Line], wrap| lines.iter().flat_map(|line| line.fit(columns, unicode, wrap)).collect();
        let mut body: Vec<Line> = fit(&self.sheet.rows, false);
        let all = body.len() + self.left_out;
        let chrome = |wrap| -> (Vec<Line>, Vec<Line>) { (fit(&self.sheet.head, wrap), fit(&self.sheet.foot, wrap)) };
        let room = |(head, foot): &(Vec<Line>, Vec<Line>)| height.saturating_sub(head.len() + foot.len());
        let chrome = Some(chrome(true)).filter(|wrapped| all <= room(wrapped)).unwrap_or_else(|| chrome(false));
        let room = room(&chrome);
        if all > room {
            body.truncate(room.saturating_sub(1));
            let more = format!("{} {} more rows", ellipsis(unicode), all - body.len());
            body.extend(Line::row(Emphasis::Faint, more).fit(columns, unicode, false));
        }
        let (mut lines, foot) = chrome;
        lines.extend(body);
        lines.extend(foot);
        lines.truncate(height);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Style;
    use crate::render::sample::report;
    use crate::render::text::width;

    #[test]
    fn sentences_wrap_unless_rows_would_have_to_go() {
        let mut report = report();
        report.answer.notes = vec!["a sentence that needs two rows".to_owned()];
        let sheet = Sheet::new(&report, Style { color: false, unicode: true }, 9, None);
        let mut frame = Frame { sheet, left_out: 0, whole: false };
        let note = |lines: Vec<Line>| -> Vec<String> {
            assert!(lines.iter().all(|line| width(&line.text) <= 25));
            let texts = lines.into_iter().map(|line| line.text);
            texts.skip_while(|text| !text.starts_with("note")).collect()
        };
        assert_eq!(note(frame.layout((25, 24), true)), ["note: a sentence that", "needs two rows"]);
        assert_eq!(note(frame.layout((25, 10), true)), ["note: a sentence that ne…"]);
        assert_eq!(frame.layout((25, 6), true).len(), 5);
        frame.whole = true;
        assert_eq!(note(frame.layout((25, 2), true)).len(), 2);
    }
}
