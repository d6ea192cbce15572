//! The frames of a log: a mark, what it is, its length, a checksum, and its bytes.
//!
//! A frame is sound or it is not; where one is not, the next mark is looked for.

use memchr::memmem;
use xxhash_rust::xxh3::xxh3_64;

const MARK: [u8; 8] = *b"\xF5SLAB\x1A\r\n";
const HEAD_BYTES: usize = MARK.len() + 1 + 4 + 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A part of an image.
    Chunk = 1,
    /// What makes parts an image.
    Manifest = 2,
}

/// Appends a frame.
pub fn write(log: &mut Vec<u8>, kind: Kind, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("frames are parts of images").to_le_bytes();
    log.extend_from_slice(&MARK);
    log.push(kind as u8);
    log.extend_from_slice(&length);
    log.extend_from_slice(&checksum(kind as u8, length, bytes).to_le_bytes());
    log.extend_from_slice(bytes);
}

fn checksum(kind: u8, length: [u8; 4], bytes: &[u8]) -> u64 {
    let head = u64::from(u32::from_le_bytes(length)) << 8 | u64::from(kind);
    xxh3_64(bytes) ^ head.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// The sound frames of a log, each with the place of its bytes; and where the last one ends.
pub fn read(log: &[u8]) -> (Vec<(Kind, std::ops::Range<usize>)>, usize) {
    let (mut frames, mut at, mut end) = (Vec::new(), 0, 0);
    while let Some(found) = memmem::find(&log[at..], &MARK) {
        let begin = at + found;
        match frame(&log[begin..]) {
            Some((kind, length)) => {
                let bytes = begin + HEAD_BYTES..begin + HEAD_BYTES + length;
                (at, end) = (bytes.end, bytes.end);
                frames.push((kind, bytes));
            }
            None => at = begin + 1,
        }
    }
    (frames, end)
}

/// What stands at a mark, and how many bytes it has.
fn frame(log: &[u8]) -> Option<(Kind, usize)> {
    let rest = log.strip_prefix(&MARK)?;
    let (kind, rest) = rest.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    let bytes = rest.get(..u32::from_le_bytes(*length) as usize)?;
    if checksum(*kind, *length, bytes) != u64::from_le_bytes(*sum) {
        return None;
    }
    let kind = match kind {
        1 => Kind::Chunk,
        2 => Kind::Manifest,
        _ => return None,
    };
    Some((kind, bytes.len()))
}
