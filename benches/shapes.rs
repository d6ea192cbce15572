//! What predicted shapes gain, and what they cost where they cannot: `cargo bench --bench shapes`.
//!
//! Each input is decoded twice on one core: `predicted`, as streamlab does it, and `plain`, by
//! simd-json alone. Throughput is in bytes of input. Of `never_twice`, no two records are alike.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use std::fmt::Write;
use std::sync::LazyLock;
use streamlab::decode::{Chunk, Decoder, Limits};
use streamlab::event::{FileId, Position, Skip, Verdict};
use streamlab::generate::{Format, Plan};
use streamlab::schema::{Schema, preset};

const INPUTS: [&str; 9] = [
    "lab_lines",
    "lab_array",
    "wide",
    "eight_shapes",
    "optional_fields",
    "null_or_text",
    "escapes",
    "never_twice",
    "cri_lines",
];

fn main() {
    divan::main();
}

#[divan::bench(args = INPUTS)]
fn predicted(bencher: Bencher<'_, '_>, input: &str) {
    decode(bencher, input, Decoder::new(&schema(), Limits::default()));
}

#[divan::bench(args = INPUTS)]
fn plain(bencher: Bencher<'_, '_>, input: &str) {
    decode(bencher, input, Decoder::plain(&schema(), Limits::default()));
}

fn decode(bencher: Bencher<'_, '_>, input: &str, mut decoder: Decoder) {
    let place = INPUTS.iter().position(|name| *name == input).expect("a known input");
    let bytes = &BYTES[place];
    let at = Position { file: FileId(1), offset: 0 };
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let chunk = Chunk { at, bytes, until: bytes.len(), last: true };
        let progress = decoder.decode(chunk, 0, Skip::No, |event| {
            black_box(event);
            Verdict::Counted
        });
        assert_eq!(decoder.take().1.len(), 0);
        progress
    });
}

fn schema() -> Schema {
    Schema::new(preset("lab").expect("the default"))
}

static BYTES: LazyLock<[Vec<u8>; INPUTS.len()]> = LazyLock::new(|| {
    [
        generated(Format::Ndjson),
        generated(Format::Array),
        lines(|line, number, _| {
            let (id, ms) = (number.wrapping_mul(0x9E37_79B9_7F4A_7C15), number % 900);
            write!(
                line,
                r#"{{"timestamp": "2025-10-15T20:21:{:02}.315260Z", "level": "info", "service": "checkout", "host": "node-{}", "trace": "{id:016x}", "method": "GET", "path": "/api/v1/items/{ms}", "status": 200, "ms": {ms}.25, "message": "served"}}"#,
                number % 60,
                number % 32
            )
        }),
        lines(|line, number, random| {
            let keys = ["service", "app", "host", "level", "pod", "node", "zone", "team"];
            let first = keys[random % keys.len()];
            write!(line, r#"{{"{first}": "x", "timestamp": 1760559686.{number}, "message": "HTTP Status Code: 200"}}"#)
        }),
        lines(|line, number, random| {
            write!(line, r#"{{"service": "a""#)?;
            for (bit, key) in
                ["user", "trace", "ms", "error"].iter().enumerate().filter(|(bit, _)| random >> bit & 1 == 1)
            {
                write!(line, r#", "{key}": 1{bit}{number}"#)?;
            }
            write!(line, r#", "message": "HTTP Status Code: 200"}}"#)
        }),
        lines(|line, number, random| {
            let user = if random % 2 == 0 { "null" } else { "\"somebody\"" };
            write!(line, r#"{{"service": "a", "user": {user}, "n": {number}, "message": "HTTP Status Code: 200"}}"#)
        }),
        lines(|line, number, _| {
            write!(line, r#"{{"service": "a", "n": {number}, "message": "said \"no\"\n\tat line {number}"}}"#)
        }),
        lines(|line, number, random| {
            write!(line, r#"{{"service": "a", "k{number}": {random}, "message": "HTTP Status Code: 200"}}"#)
        }),
        lines(|line, number, random| {
            write!(line, "2025-10-15T20:21:26.{:09}Z stdout F ", random % 1_000_000_000)?;
            write!(line, r#"{{"service": "a", "timestamp": 1760559686.{number}, "message": "HTTP Status Code: 200"}}"#)
        }),
    ]
});

fn generated(format: Format) -> Vec<u8> {
    let plan = Plan { format, files: Some(1), events_per_file: 20_000, ..Plan::default() };
    plan.to_bytes().expect("a sound plan").0
}

/// A line for each number, with a random number beside it.
fn lines(mut record: impl FnMut(&mut String, u64, usize) -> std::fmt::Result) -> Vec<u8> {
    let mut text = String::new();
    let mut random = 1u64;
    for number in 0..20_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        record(&mut text, number, (random >> 40) as usize).expect("writing to memory does not fail");
        text.push('\n');
    }
    text.into_bytes()
}
