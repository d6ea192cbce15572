//! The beginning of one stream: read no further than was asked for.

use super::Survey;
use super::layout::{Layout, Shape};
use crate::decode::{Chunk, Decoder, Limits};
use crate::event::{Cursor, DeadLetter, FileId, Position, Verdict};
use crate::input::{Blocks, Encoding, opened};
use crate::schema::{Preset, Schema};
use std::io::{self, Read};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How far a stream is read.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Sound records that are looked at.
    pub records: u64,
    /// Decompressed bytes: garbage has no records that could be counted.
    pub bytes: u64,
    /// A longer record is bad.
    pub record_bytes: usize,
}

/// What the beginning of a stream has shown.
#[derive(Debug, Default)]
pub struct Head {
    pub shape: Shape,
    /// None where not even the first bytes could be read.
    pub encoding: Option<Encoding>,
    pub records: u64,
    pub bad: u64,
    /// Decompressed bytes that were read.
    pub read_bytes: u64,
    /// Whether the stream ended within the bounds.
    pub whole: bool,
    /// What cut it short.
    pub error: Option<io::Error>,
}

/// How long it waits for a slow stream before it asks whether to go on.
const ATTENTION: Duration = Duration::from_millis(50);

/// No field plays a role, so that no record is bad for what it holds.
const NO_ROLES: Preset = Preset { name: "none", about: "any record", paths: [None; 5], signs: &[] };

/// Opens a stream and reads its beginning into `survey`; shows its bad records to `bury`. Gives up
/// when `goes_on` says no, however slow the stream is.
pub fn read_head<R: Read + Send + 'static>(
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
    file: FileId,
    bounds: Bounds,
    survey: &mut Survey,
    mut bury: impl FnMut(&DeadLetter),
    goes_on: impl Fn() -> bool,
) -> Head {
    let mut head = Head::default();
    let encoding = Arc::new(OnceLock::new());
    let blocks = begin(open, encoding.clone());
    let limits = Limits { record_bytes: bounds.record_bytes, ..Limits::default() };
    let mut schema = Schema::new(&NO_ROLES);
    (schema.records, schema.parse) = (survey.nesting().records.clone(), survey.nesting().parse.clone());
    survey.nesting().around.iter().for_each(|path| _ = schema.resolve(path, true));
    let mut decoder = Decoder::new(&schema, limits);
    let (mut layout, mut pending, mut cursor) = (Layout::default(), Vec::new(), Cursor::default());
    // A record that is not whole yet is tried again when twice as much has come.
    let (mut wanted, mut over) = (0, false);
    while !over && goes_on() && head.read_bytes < bounds.bytes && head.bad < bounds.records {
        let mut last = false;
        match blocks.recv_timeout(ATTENTION) {
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => last = true,
            Ok(Ok(block)) => {
                head.read_bytes += block.len() as u64;
                layout.see(&block);
                pending.extend_from_slice(&block);
            }
            Ok(Err(error)) => (head.error, last) = (Some(error), true),
        }
        if pending.len() < wanted && !last {
            continue;
        }
        let at = Position { file, offset: cursor.offset };
        let mut past = None;
        let chunk = Chunk { at, bytes: &pending, until: pending.len(), last };
        let progress = decoder.decode(chunk, 0, cursor.skip, |event| {
            if head.records == bounds.records {
                past.get_or_insert(event.at.offset);
                return Verdict::Filtered;
            }
            head.records += 1;
            layout.add(&pending[..(event.at.offset - at.offset) as usize], event.raw);
            survey.observe(event);
            Verdict::Counted
        });
        let is_full = decoder.is_full();
        for letter in decoder.take().1.into_iter().filter(|letter| past.is_none_or(|past| letter.at.offset < past)) {
            head.bad += 1;
            bury(&letter);
        }
        head.whole = last && !is_full && past.is_none() && head.error.is_none();
        over = last && !is_full || past.is_some();
        pending.drain(..progress.end);
        wanted = if progress.end == 0 { pending.len() * 2 } else { 0 };
        cursor = Cursor { offset: cursor.offset + progress.end as u64, skip: progress.skip };
    }
    // Not where more may come that tells.
    if head.records == 0 && head.read_bytes >= bounds.bytes {
        survey.observe_torn(&pending);
    }
    Head { shape: layout.shape(), encoding: encoding.get().copied(), ..head }
}

/// Begins to read a stream on a thread of its own, where its encoding becomes known.
fn begin<R: Read + Send + 'static>(
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
    encoding: Arc<OnceLock<Encoding>>,
) -> Blocks {
    let sniffed = move || {
        let (found, reader) = Encoding::sniff(open()?)?;
        encoding.get_or_init(|| found);
        Ok(reader)
    };
    opened(sniffed, || {})
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds { records: 1000, bytes: u64::MAX, record_bytes: 1 << 20 };

    fn read(bytes: &[u8], bounds: Bounds) -> (Head, Survey, Vec<String>) {
        let (mut survey, mut bad) = (Survey::default(), Vec::new());
        let stream = io::Cursor::new(bytes.to_vec());
        let head =
            read_head(|| Ok(stream), FileId(0), bounds, &mut survey, |letter| bad.push(letter.reason.clone()), || true);
        (head, survey, bad)
    }

    #[test]
    fn layouts_are_told_apart() {
        for (text, shape) in [
            ("", Shape::Empty),
            ("\u{feff}\r\n", Shape::NoRecords),
            ("[]", Shape::NoRecords),
            ("{\"a\":1}", Shape::Ndjson),
            ("\u{feff}{\"a\":1}\r\n{\"a\":2}\r\n", Shape::Ndjson),
            ("{\"a\":1}{\"a\":2}\n{\"a\":3}", Shape::Concatenated),
            ("{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", Shape::PrettyObjects),
            (" [{\"a\":1}, {\"a\":2}]", Shape::Array),
            ("[\n{\"a\":1},\n{\"a\":2}\n]", Shape::Array),
            ("[\n  {\n    \"a\": 1\n  }\n]\n", Shape::PrettyArray),
        ] {
            let (head, survey, bad) = read(text.as_bytes(), BOUNDS);
            assert_eq!(head.shape, shape, "{text}");
            assert!(head.whole && bad.is_empty() && head.records == survey.records(), "{text}");
        }
    }

    #[test]
    fn compression_is_told() {
        let packed = zstd::encode_all(&b"{\"a\":1}\n"[..], 0).unwrap();
        let (head, ..) = read(&packed, BOUNDS);
        assert_eq!((head.encoding, head.shape, head.records), (Some(Encoding::Zstd), Shape::Ndjson, 1));
        let (head, ..) = read(&packed[..packed.len() - 3], BOUNDS);
        assert!(head.error.is_some() && !head.whole);
    }

    #[test]
    fn garbage_ends_at_the_bounds() {
        let (head, _, bad) = read(&b"garbage\n".repeat(100_000), Bounds { records: 10, ..BOUNDS });
        assert!(head.bad >= 10 && head.bad < 100_000 && !head.whole);
        assert_eq!((bad.len() as u64, head.shape), (head.bad, Shape::NoRecords));
        let (head, ..) = read(&[b'x'; 1 << 20], Bounds { bytes: 1 << 18, ..BOUNDS });
        assert!(!head.whole && head.bad <= 1);
    }

    proptest! {
        #[test]
        fn the_first_records_are_looked_at_and_no_more(count in 0u64..40, limit in 1u64..40, bad_after in 0u64..40) {
            let text: String = (0..count)
                .map(|n| format!("{{\"n\":{n}}}\n{}", if n == bad_after { "bad\n" } else { "" }))
                .collect();
            let (head, survey, bad) = read(text.as_bytes(), Bounds { records: limit, ..BOUNDS });
            prop_assert_eq!(head.records, count.min(limit));
            prop_assert_eq!(survey.records(), head.records);
            // As many bad records as good ones are asked for end the look as well.
            prop_assert_eq!(head.whole, count <= limit && (bad.len() as u64) < limit);
            // A bad record between the last that counts and the next is still seen.
            prop_assert_eq!(bad.len() as u64, u64::from(bad_after < count.min(limit)));
        }
    }
}
