//! Sound records among hostile ones, in every wrapping: each sound one comes out, once, unchanged.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use streamlab::decode::{Chunk, Decoder, Limits};
use streamlab::event::{FileId, Position, Skip, Value, Verdict};
use streamlab::generate::hostile::{KINDS, Place};
use streamlab::schema::{Path, Schema, Wrapper, preset};

#[derive(Debug)]
struct Stream {
    bytes: Vec<u8>,
    /// Where each sound record begins and ends.
    sound: Vec<(usize, usize)>,
    hostile: usize,
    wrapping: Wrapping,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Wrapping {
    Lines,
    CarriageReturns,
    /// Lines, with any bytes on those between the records.
    Noise,
    Array,
    ArrayOfLines,
    Pretty,
    Concatenated,
    /// Lines, each behind a prefix.
    Prefixed,
    /// Elements of an array within an object.
    Wrapped,
    /// The same two levels deep, in several objects, and written over several lines.
    Levels,
    PrettyLevels,
    /// The text of a field, behind prefixes and not.
    Texts,
    /// Lines that a container runtime has cut.
    Parts,
}

/// A way to write `a[].b` on one line, and one over several.
const LEVELS: &[&str] =
    &[", ", "]}, {\"b\":[", "],\"b\":[],\"c\":{\"b\":[{}]}},{\"x\":[{\"b\":1}],\"b\":[", "]}]}\n{\"a\": [{\"b\": ["];
const PRETTY_LEVELS: &[&str] = &[
    ",\n      ",
    "\n      ]\n    },\n    {\n      \"b\": [\n        ",
    "\n      ]\n    }\n  ],\n  \"x\": {\"b\": [{}]}\n}\n{\n  \"a\": [\n    {\n      \"b\": [\n",
];

impl<'a> Arbitrary<'a> for Stream {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let wrapping = Wrapping::arbitrary(input)?;
        let (open, between, close): (&str, &[&str], &str) = match wrapping {
            Wrapping::Lines | Wrapping::Noise => ("", &["\n", "\n\n", "\n \n"], "\n"),
            Wrapping::CarriageReturns => ("\u{feff}", &["\r\n"], "\r\n"),
            Wrapping::Array => ("[", &[",", ", ", " , "], "]"),
            Wrapping::ArrayOfLines => ("[\n", &[",\n", " ,\n"], "\n]\n"),
            Wrapping::Pretty => ("[\n  ", &[",\n  "], "\n]\n"),
            Wrapping::Concatenated => ("", &["", " "], ""),
            Wrapping::Prefixed => {
                ("x ", &["\nx ", "\r\n2025-10-15T20:21:26Z stdout F ", "\n[api-1] | {} ", "\n<34>1 - h a - - - "], "\n")
            }
            Wrapping::Levels => ("{\"y\": {\"a\": [{}]}, \"a\": [{\"b\": [", LEVELS, "]}, {\"b\": []}]}"),
            Wrapping::PrettyLevels => ("{\n  \"a\": [\n    {\n      \"b\": [\n", PRETTY_LEVELS, "\n]\n}\n]\n}\n"),
            Wrapping::Parts => ("", &["\n"], "\n"),
            Wrapping::Texts => ("", &["\n", "\r\n", "\nx ", "\n2025-10-15T20:21:26Z stdout F "], "\n"),
            Wrapping::Wrapped => {
                ("{\"a\": [{}], \"Records\":[", &[",", ", ", " ,\n  "], "\n], \"b\": {\"Records\": [{}]}}\n")
            }
        };
        let mut stream = Self { bytes: open.into(), sound: Vec::new(), hostile: 0, wrapping };
        let count = input.int_in_range(1..=12)?;
        for place in 0..count {
            if place > 0 {
                stream.bytes.extend(input.choose(between)?.as_bytes());
            }
            let begin = stream.bytes.len();
            if !matches!(wrapping, Wrapping::Concatenated | Wrapping::Levels) && input.ratio(1, 3)? {
                stream.bytes.extend(hostile(input, wrapping, place + 1 == count)?);
                stream.hostile += 1;
            } else {
                // A pretty-printer breaks lines, and never leaves a brace in the first column.
                let is_pretty = matches!(wrapping, Wrapping::Pretty | Wrapping::PrettyLevels);
                let space = if is_pretty { "\n    " } else { "" };
                match wrapping {
                    Wrapping::Parts => {
                        stream.sound.push(in_parts(input, &mut stream.bytes)?);
                        continue;
                    }
                    Wrapping::Texts => in_text(input, &mut stream.bytes)?,
                    _ => record(input, &mut stream.bytes, space)?,
                }
                stream.sound.push((begin, stream.bytes.len()));
            }
        }
        stream.bytes.extend(close.as_bytes());
        Ok(stream)
    }
}

/// A hostile record that may stand there.
fn hostile<'a>(input: &mut Unstructured<'a>, wrapping: Wrapping, last: bool) -> Result<Vec<u8>> {
    let worst = match wrapping {
        Wrapping::Noise => {
            let noise = <&[u8]>::arbitrary(input)?;
            return Ok(noise.iter().copied().filter(|byte| *byte != b'\n').collect());
        }
        Wrapping::Lines | Wrapping::CarriageReturns | Wrapping::Prefixed | Wrapping::Texts | Wrapping::Parts => {
            Place::Line
        }
        Wrapping::ArrayOfLines if !last => Place::NotLast,
        Wrapping::Array | Wrapping::Wrapped | Wrapping::PrettyLevels if !last => Place::NotLast,
        _ => Place::Anywhere,
    };
    let kinds: Vec<&[u8]> = KINDS.iter().filter(|kind| kind.0 <= worst).map(|kind| kind.2).collect();
    Ok(input.choose(&kinds)?.to_vec())
}

/// Writes a sound record. It has a key and the first is a word: where a record before it is cut
/// inside a string, the string ends with the quote of that key, and `"cut, {"}` would be sound.
fn record(input: &mut Unstructured<'_>, out: &mut Vec<u8>, space: &str) -> Result<()> {
    out.extend(format!("{{{space}\"first\": ").as_bytes());
    value(input, out, space, 3)?;
    if input.ratio(1, 2)? {
        out.extend(format!(",{space}\"service\": \"a\"").as_bytes());
    }
    out.extend(space.as_bytes());
    out.push(b'}');
    Ok(())
}

/// Writes a sound record on a line that is cut; answers where its bytes begin, and where they would end uncut.
fn in_parts(input: &mut Unstructured<'_>, out: &mut Vec<u8>) -> Result<(usize, usize)> {
    let mut whole = Vec::new();
    record(input, &mut whole, "")?;
    let (mut rest, of, mut place) = (whole.as_slice(), input.choose(&["stdout", "stderr"])?, None);
    loop {
        let (part, behind) = rest.split_at(input.int_in_range(1..=rest.len())?);
        let tag = if behind.is_empty() { "F" } else { "P" };
        out.extend(format!("2025-10-15T20:21:26.1Z {of} {tag} ").bytes());
        let begin = *place.get_or_insert(out.len());
        out.extend(part);
        if behind.is_empty() {
            return Ok((begin, begin + whole.len()));
        }
        out.push(b'\n');
        rest = behind;
    }
}

/// Writes a sound record whose text holds one, with what loggers write around it.
fn in_text(input: &mut Unstructured<'_>, out: &mut Vec<u8>) -> Result<()> {
    let mut text = input.choose(&["", "x ", "INFO: ", "2025-10-15T20:21:26Z stdout F "])?.as_bytes().to_vec();
    record(input, &mut text, "")?;
    text.extend(input.choose(&["", "\n", "\r\n", " "])?.as_bytes());
    out.extend(b"{\"message\": ");
    serde_json::to_writer(&mut *out, &String::from_utf8(text).expect("all of it is text"))
        .expect("memory can be written");
    out.extend(input.choose(&["", ", \"service\": \"own\"", ",\"b\":[{}]"])?.as_bytes());
    out.push(b'}');
    Ok(())
}

/// Writes a sound object; `space` stands wherever space may.
fn object(input: &mut Unstructured<'_>, out: &mut Vec<u8>, space: &str, depth: usize) -> Result<()> {
    out.push(b'{');
    for field in 0..input.int_in_range(0..=3)? {
        if field > 0 {
            out.push(b',');
        }
        out.extend(space.as_bytes());
        string(input, out)?;
        out.extend(b": ");
        value(input, out, space, depth - 1)?;
    }
    out.extend(space.as_bytes());
    out.push(b'}');
    Ok(())
}

fn value(input: &mut Unstructured<'_>, out: &mut Vec<u8>, space: &str, depth: usize) -> Result<()> {
    match input.int_in_range(0..=if depth == 0 { 2 } else { 4 })? {
        0 => string(input, out)?,
        1 => out.extend(input.choose(&["null", "true", "false", "0", "-0", "1e9", "-12.5E-3", "7"])?.as_bytes()),
        2 => out.extend(u64::arbitrary(input)?.to_string().as_bytes()),
        3 => object(input, out, space, depth)?,
        _ => {
            out.push(b'[');
            for element in 0..input.int_in_range(0..=3)? {
                if element > 0 {
                    out.extend(b", ");
                }
                out.extend(space.as_bytes());
                value(input, out, space, depth - 1)?;
            }
            out.push(b']');
        }
    }
    Ok(())
}

/// A string that has nothing to do with time, and everything with structure.
fn string(input: &mut Unstructured<'_>, out: &mut Vec<u8>) -> Result<()> {
    let known = ["service", "message", "", "{", "}", "[", ", {\"", "\\", "\"", "\n{", "}\n", "]}"];
    let text: &str = if input.ratio(2, 3)? { input.choose(&known)? } else { Arbitrary::arbitrary(input)? };
    let text = if text == "timestamp" { "time" } else { text };
    serde_json::to_writer(out, text).expect("memory can be written");
    Ok(())
}

fuzz_target!(|stream: Stream| {
    let mut schema = Schema::new(preset("lab").expect("the default"));
    let first = schema.field("first").expect("a key");
    let records = match stream.wrapping {
        Wrapping::Wrapped => Some("Records"),
        Wrapping::Levels | Wrapping::PrettyLevels => Some("a[].b"),
        _ => None,
    };
    schema.records = records.map(|path| Arc::new(Wrapper::parse(path).expect("a path")));
    schema.parse = (stream.wrapping == Wrapping::Texts).then(|| Path::parse("message").expect("a key"));
    let mut decoder = Decoder::new(&schema, Limits::default());
    let at = Position { file: FileId(1), offset: 0 };
    let mut shown = Vec::new();
    let chunk = Chunk { at, bytes: &stream.bytes, until: usize::MAX, last: true };
    decoder.decode(chunk, 0, Skip::No, |event| {
        let begin = event.at.offset as usize;
        let place = (begin, begin + event.raw.len());
        if stream.sound.contains(&place) {
            assert_ne!(first.own(event), Value::Missing, "of {}", event.raw.escape_ascii());
        }
        shown.push(place);
        Verdict::Counted
    });
    let unread = decoder.unread();
    let (_, dead) = decoder.take();
    let text = || String::from_utf8_lossy(&stream.bytes).into_owned();
    for record in &stream.sound {
        let count = shown.iter().filter(|found| *found == record).count();
        assert_eq!(count, 1, "{record:?} of {}\n{:?}", text(), dead);
    }
    if stream.hostile == 0 {
        assert_eq!((shown.len(), dead.len(), unread), (stream.sound.len(), 0, 0), "{}", text());
    }
});
