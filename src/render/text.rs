//! Text as a person may see it: nothing invisible, nothing that a terminal obeys, no wider than
//! asked for.
//!
//! What is shown escaped, as `\n`, `\u{1b}` and the like: control characters (C0, DEL, C1), line
//! and paragraph separators, whatever overrides or isolates the direction of text, whatever has no
//! width, a combining mark with nothing to combine with, and for an ASCII screen all beyond ASCII.
//! A backslash stays as it is.

use unicode_width::UnicodeWidthChar;

/// Marks that may follow one another on a character: what living scripts need, and too few to
/// paint over the neighbouring lines.
const MAX_MARKS: usize = 2;

/// Whether a character is invisible or acts on its surroundings instead of being seen.
pub(super) fn is_hidden(char: char) -> bool {
    matches!(char,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a text as it stands could be taken for another value: a number, a truth, nothing, the sum of
/// other keys, or a text in quotes.
pub(super) fn is_ambiguous(text: &str) -> bool {
    match text.as_bytes().first() {
        None | Some(b'"') => true,
        Some(b'(') => ["(other)", "(none)", "(all)", "(nested)"].contains(&text),
        // The beginnings of true, false, yes, no, nan and infinity, and of numbers.
        Some(b't' | b'f' | b'y' | b'n' | b'N' | b'i' | b'I' | b'+' | b'-' | b'.' | b'0'..=b'9') => {
            ["true", "false", "yes", "no", "null"].contains(&text) || text.parse::<f64>().is_ok()
        }
        _ => false,
    }
}

/// The columns that a character of shown text takes.
pub(super) fn char_width(char: char) -> usize {
    char.width().unwrap_or(0)
}

/// The columns that shown text takes at most; a terminal that joins characters needs fewer.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// What stands for the part of a text that was cut.
pub(super) fn ellipsis(unicode: bool) -> &'static str {
    if unicode { "…" } else { ".." }
}

/// `text` as it may be shown, in at most `columns` columns: a longer one ends in an ellipsis.
///
/// Shown text stays as it is when shown again.
pub(super) fn shown(text: &str, unicode: bool, columns: usize) -> String {
    let ellipsis = Some(ellipsis(unicode)).filter(|ellipsis| width(ellipsis) <= columns).unwrap_or("");
    let mut out = String::new();
    let (mut taken, mut marks) = (0, MAX_MARKS);
    // Where to cut when an ellipsis is needed.
    let mut cut = 0;
    for char in text.chars() {
        let mark = char_width(char) == 0;
        let start = out.len();
        if is_hidden(char) || (!unicode && !char.is_ascii()) || (mark && marks == MAX_MARKS) {
            out.extend(char.escape_default());
            marks = 0;
        } else {
            out.push(char);
            marks = if mark { marks + 1 } else { 0 };
        }
        taken += width(&out[start..]);
        if taken + width(ellipsis) <= columns {
            cut = out.len();
        }
        if taken > columns {
            out.truncate(cut);
            out.push_str(ellipsis);
            break;
        }
    }
    out
}

/// Breaks shown text between words into lines of at most `columns` columns; a longer word stands
/// alone.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        let show = |text| shown(text, true, 99);
        assert_eq!(show("\x1b[2J\x07a\r\n"), "\\u{1b}[2J\\u{7}a\\r\\n");
        assert_eq!(show("\u{9b}31m\u{7f}"), "\\u{9b}31m\\u{7f}");
        assert_eq!(show("user\u{202e}txt.exe\u{2066}"), "user\\u{202e}txt.exe\\u{2066}");
        assert_eq!(show("pay\u{200b}ment\u{feff}"), "pay\\u{200b}ment\\u{feff}");
        assert_eq!(show("\u{301}a"), "\\u{301}a");
        assert_eq!(show("e\u{301}\u{302}\u{303}"), "e\u{301}\u{302}\\u{303}");
        assert_eq!(show("größe 支付 C:\\tmp"), "größe 支付 C:\\tmp");
        assert_eq!(shown("größe", false, 99), "gr\\u{f6}\\u{df}e");
    }

    #[test]
    fn a_long_text_is_cut_by_columns() {
        assert_eq!(shown("abcdef", true, 6), "abcdef");
        assert_eq!(shown("abcdefg", true, 6), "abcde…");
        assert_eq!(shown("abcdefg", false, 6), "abcd..");
        assert_eq!(shown("支付支付", true, 6), "支付…");
        assert_eq!(shown("abc\x1b[", true, 7), "abc…", "an escape is kept whole or not at all");
        assert_eq!(shown("abc", true, 1), "…");
        assert_eq!(shown("abc", false, 1), "a", "no room for the ellipsis");
        assert_eq!(shown("abc", true, 0), "");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("incomprehensible it is", 7), ["incomprehensible", "it is"]);
    }

    proptest! {
        #[test]
        fn shown_text_is_visible_and_fits(text in any::<String>(), unicode: bool, columns in 0usize..80) {
            let out = shown(&text, unicode, columns);
            prop_assert!(width(&out) <= columns);
            prop_assert!(!out.chars().any(|char| is_hidden(char) || char.is_control()), "{out:?}");
            prop_assert!(unicode || out.is_ascii());
            prop_assert_eq!(shown(&out, unicode, columns), out);
        }

        #[test]
        fn marks_neither_pile_up_nor_stand_alone(text in "[a\u{301}\u{302}\u{1b}]{0,20}") {
            let out = shown(&text, true, usize::MAX);
            let run = out.split(|char| char_width(char) > 0).map(|marks| marks.chars().count()).max();
            prop_assert!(run <= Some(MAX_MARKS) && !out.starts_with(|char| char_width(char) == 0), "{out:?}");
        }
    }
}
