//! From where the reader stands to what comes next.

use super::place::{Place, Wrapping};
use crate::decode::Chunk;
use crate::decode::framing::{Frame, NeedMore, broken_element_end, other_value, value_end};
use crate::decode::prefix::{self, Line};
use crate::event::line::BOM;
use crate::event::scan::{Scan, string_end};
use crate::event::written::unescaped;
use crate::schema::Level;

const NOT_JSON: &str = "not valid JSON";

/// What comes next.
pub enum Next {
    /// A record begins.
    Record(usize),
    /// Not what the path says.
    Bad { start: usize, end: usize, reason: String },
    /// Nothing but what is passed over.
    Blank,
    /// Something begins here whose end is not in sight.
    Partial(usize),
    /// Something begins here that does not end within the limit.
    TooLong(usize),
    /// It begins where others are to read on.
    Past(usize),
}

/// Goes on from `at` to what comes next. `at` and `place` are where the reader stands before that.
pub fn next(wrapping: &Wrapping, chunk: Chunk<'_>, limit: usize, at: &mut usize, place: &mut Place) -> Next {
    let Chunk { bytes, until, last, .. } = chunk;
    let levels = wrapping.wrapper.levels();
    loop {
        let Some(&byte) = bytes.get(*at) else { return Next::Blank };
        let horizon = at.saturating_add(limit).saturating_add(1);
        let view = &bytes[..horizon.min(bytes.len())];
        let last = last && view.len() == bytes.len();
        let unfinished = |at: usize| if view.len() < horizon { Next::Partial(at) } else { Next::TooLong(at) };
        let around = place.open().checked_sub(1).map(|open| &levels[open]);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0 | 0x1E => *at += 1,
            b',' => {
                *at += 1;
                place.set_comma(true);
            }
            _ if around.is_none() => match outside(wrapping, view, at, until, last, place) {
                Outside::Going => {}
                Outside::Unfinished => return unfinished(*at),
                Outside::Found(next) => return next,
            },
            _ if *at >= until => return Next::Past(*at),
            b'{' if around == Some(&Level::Array) && place.has_comma() => {
                if place.open() == levels.len() {
                    return Next::Record(*at);
                }
                *at += 1;
                place.enter();
            }
            b'{' => {
                place.leave();
                let reason = "cut short: an object begins where none may".to_owned();
                return Next::Bad { start: *at, end: *at, reason };
            }
            b'}' if let Some(Level::Object(wanted)) = around => {
                let is_found = place.is_found();
                let kind = kind(levels.get(place.open()));
                close(at, place);
                if !is_found {
                    let reason = format!("no {kind} `{wanted}` in the object that ends here; see --records");
                    return Next::Bad { start: *at - 1, end: *at, reason };
                }
            }
            b']' if around == Some(&Level::Array) => close(at, place),
            b'"' if let Some(Level::Object(wanted)) = around => {
                match member(view, *at, wanted, levels.get(place.open()), place.is_flat()) {
                    Ok(Member::Entered(behind)) => {
                        *at = behind;
                        place.enter();
                    }
                    Ok(Member::Passed { key, value }) => {
                        *at = value.1;
                        place.set_comma(false);
                        if !pass(wrapping, view, key, value, place) {
                            return Next::Bad { start: key.0, end: value.1, reason: NOT_JSON.to_owned() };
                        }
                    }
                    Ok(Member::Broken) => return junk(view, *at, place, last).unwrap_or_else(|| unfinished(*at)),
                    Err(NeedMore) => return unfinished(*at),
                }
            }
            _ => return junk(view, *at, place, last).unwrap_or_else(|| unfinished(*at)),
        }
    }
}

enum Outside {
    /// It goes on from the place that was set.
    Going,
    Unfinished,
    Found(Next),
}

/// What stands at `at`, outside of all objects.
fn outside(wrapping: &Wrapping, view: &[u8], at: &mut usize, until: usize, last: bool, place: &mut Place) -> Outside {
    let rest = &view[*at..];
    match rest[0] {
        b'[' | b']' => *at += 1,
        0xEF if rest.starts_with(BOM) => *at += BOM.len(),
        0xEF if !last && BOM.starts_with(rest) => return Outside::Found(Next::Partial(*at)),
        _ if *at >= until => return Outside::Found(Next::Past(*at)),
        b'{' => match enter(wrapping, view, *at, last, place) {
            Ok(Entered::Going(behind)) => *at = behind,
            Ok(Entered::Unsound { start, end }) => {
                return Outside::Found(Next::Bad { start, end, reason: NOT_JSON.to_owned() });
            }
            Ok(Entered::Bad(end, reason)) => {
                place.leave();
                return Outside::Found(Next::Bad { start: *at, end, reason });
            }
            Err(NeedMore) => {
                place.leave();
                return Outside::Unfinished;
            }
        },
        _ => match prefix::line(view, *at, last) {
            Line::Record { begin, .. } => *at = begin,
            Line::Unseen => return Outside::Unfinished,
            Line::Other => return junk(view, *at, place, last).map_or(Outside::Unfinished, Outside::Found),
        },
    }
    Outside::Going
}

fn close(at: &mut usize, place: &mut Place) {
    *at += 1;
    place.close();
}

/// What is no object of an array, or no member of an object.
fn junk(bytes: &[u8], start: usize, place: &mut Place, last: bool) -> Option<Next> {
    match other_value(bytes, start, last) {
        Ok(Frame::Junk { start, end, reason }) => {
            place.set_comma(false);
            Some(Next::Bad { start, end, reason: reason.to_owned() })
        }
        _ => None,
    }
}

enum Entered {
    /// What is behind the bracket of the first array of the path; or behind the object, where that is null.
    Going(usize),
    /// A member whose value was asked for, and is no JSON. It goes on behind that.
    Unsound {
        start: usize,
        end: usize,
    },
    Bad(usize, String),
}

/// Enters the object at `start` up to the first array of the path.
fn enter(wrapping: &Wrapping, bytes: &[u8], start: usize, last: bool, place: &mut Place) -> Result<Entered, NeedMore> {
    let levels = wrapping.wrapper.levels();
    let mut at = start + 1;
    let broken = |at: usize| {
        let end = broken_element_end(bytes, at, start);
        let end = if last { end.or(Some(bytes.len())) } else { end };
        end.map(|end| Entered::Bad(end.max(start + 1), NOT_JSON.to_owned())).ok_or(NeedMore)
    };
    let line = &bytes[at..bytes.len().min(at + 3)];
    place.begin(line.strip_prefix(b"\r").unwrap_or(line).starts_with(b"\n\""));
    loop {
        let Some(Level::Object(wanted)) = levels.get(place.open() - 1) else { return Ok(Entered::Going(at)) };
        match bytes.get(at).ok_or(NeedMore)? {
            // A torn object never swallows the next one.
            b'\n' if bytes.get(at + 1) == Some(&b'{') => return broken(at + 1),
            b' ' | b'\t' | b'\r' | b'\n' | b',' => at += 1,
            b'}' if place.open() == 1 && place.is_found() => {
                close(&mut at, place);
                return Ok(Entered::Going(at));
            }
            b'}' if place.open() == 1 => {
                let reason = format!("no array `{}` in it; see --records", wrapping.wrapper);
                return Ok(Entered::Bad(at + 1, reason));
            }
            b'}' => {
                // An object that leads to no array counts for nothing: the outermost one is shown as a whole.
                let is_found = place.is_found();
                close(&mut at, place);
                place.set_found(is_found);
            }
            b'"' => match member(bytes, at, wanted, levels.get(place.open()), place.is_flat())? {
                Member::Entered(behind) => {
                    at = behind;
                    place.enter();
                }
                Member::Passed { key, value } => {
                    at = value.1;
                    if !pass(wrapping, bytes, key, value, place) {
                        place.set_comma(false);
                        return Ok(Entered::Unsound { start: key.0, end: at });
                    }
                }
                Member::Broken => return broken(at),
            },
            _ => return broken(at),
        }
    }
}

/// Takes in a member that is not entered. False where its value was asked for and is no JSON.
fn pass(wrapping: &Wrapping, bytes: &[u8], key: (usize, usize), value: (usize, usize), place: &mut Place) -> bool {
    let (key, value) = (&bytes[key.0..key.1], &bytes[value.0..value.1]);
    let levels = wrapping.wrapper.levels();
    // Some write null for an array that is empty.
    if value == b"null"
        && let [Level::Object(wanted), Level::Array, ..] = &levels[place.open() - 1..]
        && unescaped(key).is_some_and(|key| *key == *wanted.as_bytes())
    {
        place.set_found(true);
    }
    place.hear(wrapping, key, value)
}

/// What a member of the path has to be.
fn kind(inside: Option<&Level>) -> &'static str {
    match inside {
        Some(Level::Array) => "array",
        _ => "object",
    }
}

enum Member {
    /// It is on the path: what is behind its bracket.
    Entered(usize),
    /// It is not; where its key and its value are.
    Passed {
        key: (usize, usize),
        value: (usize, usize),
    },
    Broken,
}

/// The member of an object whose key begins at `start`; `inside` is what the wanted one holds. Where the object
/// `is_flat`, lines of what it holds may begin with an object.
fn member(bytes: &[u8], start: usize, wanted: &str, inside: Option<&Level>, is_flat: bool) -> Result<Member, NeedMore> {
    let space = |from: usize| {
        let next = bytes[from..].iter().position(|byte| !byte.is_ascii_whitespace());
        next.map(|next| from + next).ok_or(NeedMore)
    };
    let key_end = match string_end(bytes, start) {
        Ok(end) => end,
        Err(Scan::NeedMore) => return Err(NeedMore),
        Err(_) => return Ok(Member::Broken),
    };
    let colon = space(key_end)?;
    if bytes[colon] != b':' {
        return Ok(Member::Broken);
    }
    let value = space(colon + 1)?;
    // The object around it was torn, and the next one begins.
    if bytes[value] == b'{' && bytes[value - 1] == b'\n' && !is_flat {
        return Ok(Member::Broken);
    }
    let bracket = match inside {
        Some(Level::Array) => b'[',
        _ => b'{',
    };
    if bytes[value] == bracket && unescaped(&bytes[start..key_end]).is_some_and(|key| *key == *wanted.as_bytes()) {
        return Ok(Member::Entered(value + 1));
    }
    let passed = |end| Member::Passed { key: (start, key_end), value: (value, end) };
    Ok(value_end(bytes, value, is_flat)?.map_or(Member::Broken, passed))
}
