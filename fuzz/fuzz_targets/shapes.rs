//! Predicted shapes against the parser alone, over streams that repeat themselves: whatever a record
//! holds and stands in, wherever the stream is cut, both decoders say the same.
#![no_main]

mod streams;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use streamlab::decode::{Decoder, Limits};
use streams::schemas::schema;
use streams::seen::run;
use streams::structured;

/// Bytes, and how they come.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    schema: u8,
    limit: u8,
    /// How often the text comes before its last time.
    repeats: u8,
    cuts: [u16; 2],
    until: u16,
    is_structured: bool,
    text: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let schema = schema(input.schema);
    let stream =
        if input.is_structured { structured(input.text, schema).unwrap_or_default() } else { repeated(&input) };
    let mut cuts = input.cuts.map(|cut| usize::from(cut) % (stream.len() + 1));
    cuts.sort_unstable();
    let record_bytes = if input.limit == 0 { 1 << 20 } else { usize::from(input.limit) * 4 };
    let limits = Limits { record_bytes, ..Limits::default() };
    let until = usize::from(input.until);
    let untils: &[usize] = if until == 0 { &[usize::MAX] } else { &[until, usize::MAX] };
    let predicted = run(Decoder::new(schema, limits), &stream, &cuts, untils);
    let parsed = run(Decoder::plain(schema, limits), &stream, &cuts, untils);
    assert_eq!(predicted, parsed, "{} cut at {cuts:?}", stream.escape_ascii());
});

/// The text so often that its shapes are known, and once more with the last byte of the input in it.
fn repeated(input: &Input<'_>) -> Vec<u8> {
    let mut stream = input.text.repeat(usize::from(input.repeats % 8) + 1);
    if let Some((last, rest)) = input.text.split_last() {
        let place = stream.len() + usize::from(input.until) % input.text.len();
        stream.extend_from_slice(rest);
        stream.insert(place.min(stream.len()), *last);
        stream.extend_from_slice(input.text);
    }
    stream
}
