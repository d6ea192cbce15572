//! A page of words and tables, for an answer that is more than one table.

use super::grid::Grid;
use super::line::{Emphasis, Line};
use super::table::{MAX_CELL_COLUMNS, draw};
use super::{Style, text};
use crate::report::Answer;

/// A piece of a page. Text from the logs is shown escaped in each.
pub enum Part {
    /// Begins a section.
    Title(String),
    Words(String),
    /// Rows and overall fields; of an answer without rows, nothing.
    Table(Answer),
    /// Something to type, which is never broken or cut.
    Command(String),
}

/// The page as text. Where it goes to a screen, its lines fit `columns`.
pub fn page(parts: &[Part], style: Style, columns: Option<usize>) -> String {
    let shown = |text: &str| text::shown(text, style.unicode, usize::MAX);
    let mut out = String::new();
    for (place, part) in parts.iter().enumerate() {
        let lines = match part {
            Part::Title(title) => vec![Line::prose(Emphasis::Strong, shown(title))],
            Part::Words(words) => vec![Line::prose(Emphasis::Plain, shown(words))],
            Part::Table(answer) if answer.rows.is_empty() => Vec::new(),
            Part::Table(answer) => table(answer, style),
            Part::Command(command) => {
                out.push_str(&format!("  {}\n", shown(command)));
                continue;
            }
        };
        if place > 0 && matches!(part, Part::Title(_)) {
            out.push('\n');
        }
        for line in lines {
            let fitted = columns.map_or_else(|| vec![line.clone()], |columns| line.fit(columns, style.unicode, true));
            for line in fitted {
                line.write(&mut out, style);
                out.push('\n');
            }
        }
    }
    out
}

fn table(answer: &Answer, style: Style) -> Vec<Line> {
    let grid = Grid::new(answer, style.unicode, MAX_CELL_COLUMNS, usize::MAX);
    let line = |(place, text): (usize, String)| match place {
        0 => Line::row(Emphasis::Faint, text),
        // The rule below the header loses nothing when it is cut.
        1 => Line::rule(Emphasis::Faint, text),
        _ => Line::row(Emphasis::Plain, text),
    };
    draw(&grid, style).into_iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::any_report;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_on_a_page_is_hidden_and_only_commands_are_wider(
            report in any_report(), words in "[a支 \u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{202e}]{0,30}", unicode: bool, columns in prop::option::of(10usize..100),
        ) {
            let style = Style { color: false, unicode };
            let parts = [Part::Title(words.clone()), Part::Table(report.answer), Part::Words(words.clone())];
            let page = page(&parts, style, columns);
            prop_assert!(page.lines().all(|line| columns.is_none_or(|columns| text::width(line) <= columns)), "{}", page);
            prop_assert!(!page.replace('\n', "").contains(text::is_hidden), "{}", page);
            let command = super::page(&[Part::Command(words.clone())], style, columns);
            prop_assert_eq!(command, format!("  {}\n", text::shown(&words, unicode, usize::MAX)));
        }
    }
}
