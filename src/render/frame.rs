//! What a live table is to show, laid out for a screen of any size.

use super::Style;
use super::line::{Emphasis, Line, Weight};
use super::table::{Extra, Sheet};
use super::text::ellipsis;
use crate::report::Report;
use std::sync::Arc;

/// Rows that are laid out of a report that is cut to the screen: more than any screen holds.
pub(super) const MAX_ROWS: usize = 300;

/// A report as it was when it came; a resize lays it out anew.
pub(super) struct Frame {
    pub report: Arc<Report>,
    pub style: Style,
    pub trend: Option<Extra>,
    /// How the run goes.
    pub pace: String,
    /// Whether it is drawn whole, however few rows the terminal has.
    pub whole: bool,
}

impl Frame {
    /// The lines to draw, cut to the terminal's size. One row is left for the cursor. Long sentences
    /// take further rows only where no row of the table is left out for it; on a small screen rules go
    /// first, and what is said of all rows goes last.
    pub fn layout(&self, (columns, rows): (u16, u16)) -> Vec<Line> {
        let columns = usize::from(columns);
        let height = if self.whole { usize::MAX } else { usize::from(rows).saturating_sub(1) };
        let most = if self.whole { usize::MAX } else { MAX_ROWS };
        let mut sheet = Sheet::new(&self.report, self.style, most, self.trend.clone(), columns);
        if !self.pace.is_empty() {
            sheet.foot.push(Line::prose(Emphasis::Faint, self.pace.clone()).of(Weight::Pace));
        }
        let fit = |lines: &[Line], wrap| -> Vec<Line> {
            lines.iter().flat_map(|line| line.fit(columns, self.style.unicode, wrap)).collect()
        };
        let all = self.report.answer.rows.len();
        let (mut head, mut foot) = (fit(&sheet.head, true), fit(&sheet.foot, true));
        if all > height.saturating_sub(head.len() + foot.len()) {
            (head, foot) = (fit(&sheet.head, false), fit(&sheet.foot, false));
        }
        shed(&mut head, &mut foot, height, all);
        let room = height.saturating_sub(head.len() + foot.len());
        let mut body = fit(&sheet.rows, false);
        if all > room {
            body.truncate(room.saturating_sub(1));
            let more = format!("{} {} more rows", ellipsis(self.style.unicode), all - body.len());
            let more = Line::row(Emphasis::Faint, more).fit(columns, self.style.unicode, false);
            body.extend(more.into_iter().filter(|_| room > 0));
        }
        head.extend(body);
        head.extend(foot);
        head.truncate(height);
        head
    }
}

/// Takes lines away until the rest has its place, the least important first. As long as it is no more than
/// rules and sentences that go, two rows of the table shall have theirs.
fn shed(head: &mut Vec<Line>, foot: &mut Vec<Line>, height: usize, rows: usize) {
    let has_total = foot.iter().any(|line| line.weight == Weight::Answer);
    while let Some(least) = head.iter().chain(&*foot).map(|line| line.weight).min() {
        let needed = if least <= Weight::Note { rows.min(2) } else { rows.min(usize::from(!has_total)) };
        if head.len() + foot.len() + needed <= height || least == Weight::Answer {
            return;
        }
        // The last of them: a sentence loses its end before its beginning.
        let lines = if foot.iter().any(|line| line.weight == least) { &mut *foot } else { &mut *head };
        if let Some(place) = lines.iter().rposition(|line| line.weight == least) {
            lines.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::report;
    use crate::render::text::width;

    #[test]
    fn sentences_wrap_unless_rows_would_have_to_go() {
        let mut report = report();
        report.answer.notes = vec!["a sentence that needs two rows".to_owned()];
        let style = Style { color: false, unicode: true };
        let mut frame = Frame { report: Arc::new(report), style, trend: None, pace: String::new(), whole: false };
        let note = |lines: Vec<Line>| -> Vec<String> {
            assert!(lines.iter().all(|line| width(&line.text) <= 25));
            let texts = lines.into_iter().map(|line| line.text);
            texts.skip_while(|text| !text.starts_with("note")).collect()
        };
        assert_eq!(note(frame.layout((25, 24))), ["note: a sentence that", "needs two rows"]);
        assert_eq!(note(frame.layout((25, 10))), ["note: a sentence that ne…"]);
        assert_eq!(frame.layout((25, 6)).len(), 5);
        frame.whole = true;
        assert_eq!(note(frame.layout((25, 2))).len(), 2);
    }

    #[test]
    fn the_total_is_there_on_the_smallest_screen() {
        let style = Style { color: false, unicode: true };
        let pace = "500 records/s".to_owned();
        let frame = Frame { report: Arc::new(report()), style, trend: None, pace, whole: false };
        let begins = |rows| -> Vec<String> {
            let lines = frame.layout((80, rows)).into_iter();
            lines.map(|line| line.text.split(' ').next().unwrap_or_default().chars().take(8).collect()).collect()
        };
        assert_eq!(
            begins(10),
            ["running-", "service", "────────", "inferenc", "pay|ment", "────────", "(all)", "read", "500"]
        );
        assert_eq!(begins(9), ["running-", "service", "────────", "inferenc", "pay|ment", "(all)", "read", "500"]);
        assert_eq!(begins(7), ["running-", "service", "inferenc", "pay|ment", "(all)", "read"]);
        assert_eq!(begins(6), ["running-", "service", "…", "(all)", "read"]);
        assert_eq!(begins(5), ["running-", "service", "(all)", "read"]);
        assert_eq!(begins(4), ["service", "(all)", "read"]);
        assert_eq!(begins(2), ["(all)"]);
    }
}
