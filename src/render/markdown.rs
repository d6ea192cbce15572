//! A report as Markdown for GitHub: a title, a table, the ledger as a line of text.
//!
//! Text from the logs is shown as it is in the table, and its punctuation never means markup.

use super::grid::Grid;
use super::table::{ledger, title};
use super::{PIECE_BYTES, Render, Style, put, text};
use crate::report::Report;
use comfy_table::presets::ASCII_MARKDOWN;
use std::io::{self, Write};
use std::sync::Arc;

/// Cells are not cut, but for those that no page could hold.
const MAX_CELL_COLUMNS: usize = 4096;

const STYLE: Style = Style { color: false, unicode: true };

/// Writes each report as a section, an empty line between two.
pub(super) struct Markdown<W> {
    out: W,
    started: bool,
}

impl<W: Write> Markdown<W> {
    pub fn new(out: W) -> Self {
        Self { out, started: false }
    }
}

impl<W: Write> Render for Markdown<W> {
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
        let before = if self.started { "\n" } else { "" };
        self.started = true;
        let mut update = format!("{before}**{}**\n", literal(&title(report, STYLE)));
        let mut others = Vec::new();
        for (place, mut grid) in Grid::blocks(&report.answer, true, MAX_CELL_COLUMNS).enumerate() {
            others.append(&mut grid.others);
            if !grid.header.is_empty() {
                update.push_str(if place == 0 { "\n" } else { "" });
                // The header and its rule stand once.
                table(&grid).skip(if place == 0 { 0 } else { 2 }).for_each(|line| update.extend([&line, "\n"]));
            }
            if update.len() >= PIECE_BYTES {
                self.out.write_all(update.as_bytes())?;
                update.clear();
            }
        }
        let mut words = Vec::from_iter((!others.is_empty()).then(|| others.join(" · ")));
        words.push(ledger(&report.ledger));
        words.extend(report.answer.remarks().map(|note| text::shown(&note, true, usize::MAX)));
        words.iter().for_each(|words| update.extend(["\n", &literal(words), "\n"]));
        put(&mut self.out, update.as_bytes())
    }
}

/// The lines of a table: its header, a rule, its rows.
fn table(grid: &Grid) -> impl Iterator<Item = String> {
    let escaped = |row: &Vec<String>| row.iter().map(|cell| literal(cell)).collect::<Vec<_>>();
    let mut table = comfy_table::Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(escaped(&grid.header)).add_rows(grid.rows.iter().chain(&grid.overall).map(escaped));
    grid.align(&mut table, |_| 2);
    let mut lines: Vec<String> = table.lines().collect();
    if let Some(rule) = lines.get_mut(1) {
        *rule = aligned(rule, &grid.right);
    }
    lines.into_iter()
}

/// `|---|---|` with a colon where a column stands at the right.
fn aligned(rule: &str, right: &[bool]) -> String {
    let dashes = rule.trim_matches('|').split('|').zip(right);
    let marked = dashes.map(|(dashes, right)| if *right { format!("{}:", &dashes[1..]) } else { dashes.to_owned() });
    format!("|{}|", marked.collect::<Vec<_>>().join("|"))
}

/// Shown text with the punctuation escaped that Markdown would read as markup. An underscore
/// between letters or digits never is.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(char) = chars.next() {
        let inside_word = before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        if matches!(char, '\\' | '|' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '~' | '$')
            || (char == '_' && !inside_word)
        {
            out.push('\\');
        }
        out.push(char);
        before = char;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::{any_report, report};
    use proptest::prelude::*;

    fn rendered(report: &Report) -> String {
        let mut out = Vec::new();
        Markdown::new(&mut out).render(&Arc::new(report.clone())).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_report_is_a_section() {
        let expected = [
            "**running-avg · 2025-10-15 15:21:26.315 … 20:21:26.315 UTC**",
            "",
            "| service              |  total | success | success rate |   95 % interval |",
            "|----------------------|-------:|--------:|-------------:|----------------:|",
            "| inference            |  3,000 |   1,050 |      35.00 % | 25.00 … 50.00 % |",
        ];
        assert_eq!(rendered(&report()).lines().take(5).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn punctuation_is_never_markup() {
        assert_eq!(
            literal("a|b\\u{1b} *x* <b> user_id _i_ [l](u)"),
            "a\\|b\\\\u{1b} \\*x\\* \\<b\\> user_id \\_i\\_ \\[l\\](u)"
        );
    }

    proptest! {
        #[test]
        fn the_table_keeps_its_shape_whatever_the_text(report in any_report()) {
            let text = rendered(&report);
            prop_assert!(!text.contains(|char| char != '\n' && text::is_hidden(char)), "{text:?}");
            let table: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
            for line in &table {
                // A bar is the table's own where an even number of backslashes stands before it.
                let unescaped = line.replace("\\\\", "").replace("\\|", "");
                prop_assert_eq!(unescaped.matches('|').count(), report.answer.columns.len() + 1, "{}", line);
            }
        }
    }
}
