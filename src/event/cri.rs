//! The head of a line that containerd or CRI-O wrote: `TIME STREAM TAG TEXT`.

use memchr::memchr;

/// What stands before the text of a line.
pub struct Head {
    pub is_error: bool,
    /// Where the letter is that says whether the line goes on.
    pub tag: usize,
    pub text: usize,
}

/// Whether what begins `line` says that it is a part of a longer one. Asked of each prefix.
#[inline(always)]
pub fn is_cut(line: &[u8]) -> bool {
    !is_whole(line) && head(line).is_some_and(|head| line[head.tag] == b'P')
}

/// Whether a line is whole, where that is told at a glance: its time has nanoseconds. Where `F` stands there, and
/// behind a time, `P` cannot be the tag.
#[inline(always)]
fn is_whole(line: &[u8]) -> bool {
    let Some([last, rest @ ..]) = line.get(29..39).and_then(|part| part.first_chunk::<10>()) else { return false };
    (*last == b'Z' || last.is_ascii_digit()) && matches!(rest, b" stdout F" | b" stderr F")
}

#[inline(never)]
pub fn head(line: &[u8]) -> Option<Head> {
    // No time is shorter than its seconds with a zone, or longer than its nanoseconds with one.
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'T', ..] = line else { return None };
    let space = 10 + memchr(b' ', &line[10..line.len().min(40)]).filter(|length| *length >= 10)?;
    let tag = space + b" stdout ".len();
    let is_error = match line.get(space..tag)? {
        b" stdout " => false,
        b" stderr " => true,
        _ => return None,
    };
    if !matches!(line.get(tag)?, b'P' | b'F') {
        return None;
    }
    let text = match line.get(tag + 1) {
        None | Some(b' ') => tag + 2,
        // Further tags, which nobody has defined.
        Some(b':') => tag + 2 + memchr(b' ', &line[tag + 1..])?,
        Some(_) => return None,
    };
    let text = text.min(line.len());
    // Bytes were given that go on behind the line, which was torn.
    memchr(b'\n', &line[..text]).is_none().then_some(Head { is_error, tag, text })
}
