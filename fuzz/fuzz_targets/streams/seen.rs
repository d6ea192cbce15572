//! What a decoder says of a stream, written down to be compared.

use streamlab::decode::{Chunk, Decoder, Progress};
use streamlab::event::{DeadLetter, Event, FileId, Ledger, Position, Skip, Value, Verdict};

/// The events one after the other, as bytes.
#[derive(Debug, Default, PartialEq)]
pub struct Seen {
    pub events: Vec<u8>,
    pub dead: Vec<DeadLetter>,
    pub ledger: Ledger,
    /// How many records had no object in the text that is parsed.
    pub unread: u64,
    pub progress: Vec<Progress>,
}

/// What a decoder makes of a stream that comes in pieces, each left and taken up again at `untils`.
pub fn run(mut decoder: Decoder, stream: &[u8], cuts: &[usize], untils: &[usize]) -> Seen {
    let mut seen = Seen::default();
    let (mut begin, mut skip) = (0, Skip::No);
    for end in cuts.iter().copied().chain([stream.len()]) {
        for until in untils.iter().copied() {
            let at = Position { file: FileId(1), offset: begin as u64 };
            let chunk = Chunk { at, bytes: &stream[begin..end], until, last: end == stream.len() };
            let progress = decoder.decode(chunk, 0, skip, |event| seen.show(event));
            (begin, skip) = (begin + progress.end, progress.skip.clone());
            seen.progress.push(progress);
        }
    }
    seen.unread = decoder.unread();
    (seen.ledger, seen.dead) = decoder.take();
    seen
}

impl Seen {
    fn show(&mut self, event: &Event<'_>) -> Verdict {
        let log = &mut self.events;
        let mut part = |tag: u8, bytes: &[u8]| {
            log.push(tag);
            log.extend_from_slice(&bytes.len().to_le_bytes());
            log.extend_from_slice(bytes);
        };
        part(b'@', &event.at.offset.to_le_bytes());
        part(b'r', event.raw);
        part(b't', &event.time.map_or(i64::MIN, |time| time.nanos()).to_le_bytes());
        for value in event.fields {
            match value {
                Value::Missing => part(b'm', b""),
                Value::Null => part(b'0', b""),
                Value::Nested => part(b'n', b""),
                Value::Bool(value) => part(b'b', &[u8::from(*value)]),
                Value::Int(value) => part(b'i', &value.to_le_bytes()),
                Value::Uint(value) => part(b'u', &value.to_le_bytes()),
                Value::Float(value) => part(b'f', &value.to_bits().to_le_bytes()),
                Value::Text(text) => part(b'"', text.as_bytes()),
                Value::Big(digits) => part(b'd', digits.as_bytes()),
            }
        }
        match event.at.offset % 16 {
            0 => Verdict::Filtered,
            1 => Verdict::Dead("no reason"),
            _ => Verdict::Counted,
        }
    }
}
