//! Any cut against the whole, for records behind prefixes, within objects and within texts: however a stream comes,
//! and wherever a reader leaves it to the next, the same is read.
#![no_main]

mod streams;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use streamlab::decode::{Decoder, Limits};
use streams::schemas::schema;
use streams::seen::{Seen, run};
use streams::stream;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    schema: u8,
    limit: u8,
    cuts: [u16; 4],
    /// Where it is not zero, the stream comes in pieces of so many bytes.
    step: u8,
    until: u16,
    is_structured: bool,
    text: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let schema = schema(input.schema);
    let stream = &*stream(input.text, input.is_structured, schema);
    let mut cuts = input.cuts.map(|cut| usize::from(cut) % (stream.len() + 1)).to_vec();
    if input.step > 0 && stream.len() / usize::from(input.step) < 100 {
        cuts.extend((1..stream.len()).step_by(usize::from(input.step)));
    }
    cuts.sort_unstable();
    let record_bytes = if input.limit == 0 { 1 << 20 } else { usize::from(input.limit) * 4 };
    let limits = Limits { record_bytes, ..Limits::default() };
    let whole = without_progress(run(Decoder::new(schema, limits), stream, &[], &[usize::MAX]));
    assert!(whole.ledger.balances());
    let cut = run(Decoder::new(schema, limits), stream, &cuts, &[usize::from(input.until), usize::MAX]);
    assert_eq!(without_progress(cut), whole, "{} cut at {cuts:?}", stream.escape_ascii());
});

/// What may differ is how far each piece led.
fn without_progress(seen: Seen) -> Seen {
    Seen { progress: Vec::new(), ..seen }
}
