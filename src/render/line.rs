//! One line of shown text, and how it is made to fit a screen.
//!
//! A line never ends in spaces, so that its width is what is seen of it. Its emphasis applies to
//! the whole line, so that cutting it never meets an escape sequence.

use super::{Style, text};

/// How a line stands out, where the style allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emphasis {
    Plain,
    Strong,
    Faint,
}

/// What becomes of a line that is wider than the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overflow {
    /// It may be broken between words.
    Wrap,
    /// It is cut, and ends in an ellipsis.
    Cut,
    /// It is cut, and nothing is lost: a rule.
    Clip,
}

/// What a line is to whoever looks at a small screen: the lowest go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Rule,
    Pace,
    Note,
    Title,
    Ledger,
    Header,
    /// Rows, and what is said of all of them.
    Answer,
}

/// One line of shown text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub text: String,
    pub emphasis: Emphasis,
    pub overflow: Overflow,
    pub weight: Weight,
}

impl Line {
    /// A line of a table.
    pub fn row(emphasis: Emphasis, text: impl Into<String>) -> Self {
        Self { text: text.into(), emphasis, overflow: Overflow::Cut, weight: Weight::Answer }
    }

    /// A line of words.
    pub fn prose(emphasis: Emphasis, text: impl Into<String>) -> Self {
        Self { text: text.into(), emphasis, overflow: Overflow::Wrap, weight: Weight::Answer }
    }

    /// A rule of a table.
    pub fn rule(emphasis: Emphasis, text: impl Into<String>) -> Self {
        Self { text: text.into(), emphasis, overflow: Overflow::Clip, weight: Weight::Rule }
    }

    pub fn of(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }

    /// The line in at most `columns` columns: in further lines where it and `wrap` allow it.
    pub fn fit(&self, columns: usize, unicode: bool, wrap: bool) -> Vec<Line> {
        let parts = match self.overflow {
            Overflow::Wrap if wrap => text::wrap(&self.text, columns),
            Overflow::Wrap | Overflow::Cut => vec![self.text.clone()],
            Overflow::Clip => vec![self.text.chars().take(columns).collect()],
        };
        let cut = parts.iter().map(|part| text::shown(part, unicode, columns).trim_end().to_owned());
        cut.map(|text| Line { text, ..self.clone() }).collect()
    }

    /// Appends the line to `out`, without an end of line.
    pub fn write(&self, out: &mut String, style: Style) {
        let on = match self.emphasis {
            Emphasis::Strong if style.color => "\x1b[1m",
            Emphasis::Faint if style.color => "\x1b[2m",
            _ => "",
        };
        out.push_str(on);
        out.push_str(&self.text);
        out.push_str(if on.is_empty() { "" } else { "\x1b[0m" });
    }
}
