//! The stages of a record's path, one at a time, on one core: `cargo bench --bench stages`.
//!
//! Throughput is in bytes of input; all inputs are made by the generator, so that a figure means
//! the same on every machine.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use std::sync::LazyLock;
use streamlab::analysis::{Analysis, By, Reservoir, RunningAvg, SlidingWindow};
use streamlab::decode::{Chunk, Decoder, Limits};
use streamlab::event::{FileId, Position, Skip, Verdict};
use streamlab::generate::{Format, Plan};
use streamlab::schema::{Field, Outcomes, Schema, preset};

fn main() {
    divan::main();
}

fn generated(format: Format) -> Vec<u8> {
    let plan = Plan { format, files: Some(1), events_per_file: 20_000, ..Plan::default() };
    plan.to_bytes().expect("a sound plan").0
}

static LINES: LazyLock<Vec<u8>> = LazyLock::new(|| generated(Format::Ndjson));
static ARRAY: LazyLock<Vec<u8>> = LazyLock::new(|| generated(Format::Array));

fn schema() -> Schema {
    Schema::new(preset("lab").expect("the default"))
}

fn chunk(bytes: &[u8]) -> Chunk<'_> {
    Chunk { at: Position { file: FileId(1), offset: 0 }, bytes, until: bytes.len(), last: true }
}

fn decode(bencher: Bencher<'_, '_>, bytes: &'static [u8]) {
    let mut decoder = Decoder::new(&schema(), Limits::default());
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        decoder.decode(chunk(bytes), 0, Skip::No, |event| {
            black_box(event);
            Verdict::Counted
        })
    });
}

#[divan::bench]
fn decode_lines(bencher: Bencher<'_, '_>) {
    decode(bencher, &LINES);
}

#[divan::bench]
fn decode_array(bencher: Bencher<'_, '_>) {
    decode(bencher, &ARRAY);
}

fn fold<A: Analysis>(bencher: Bencher<'_, '_>, analysis: &A) {
    let mut decoder = Decoder::new(&schema(), Limits::default());
    bencher.counter(BytesCount::new(LINES.len())).bench_local(|| {
        let mut state = analysis.empty();
        decoder.decode(chunk(&LINES), 0, Skip::No, |event| analysis.observe(&mut state, event));
        state
    });
}

#[divan::bench]
fn running_avg(bencher: Bencher<'_, '_>) {
    fold(bencher, &RunningAvg::new(By::default(), Outcomes::default(), 1000));
}

#[divan::bench]
fn sliding_window(bencher: Bencher<'_, '_>) {
    fold(bencher, &SlidingWindow::new(60_000, By::default(), Outcomes::default(), 1000));
}

#[divan::bench]
fn reservoir(bencher: Bencher<'_, '_>) {
    fold(bencher, &Reservoir::new(10, 0, "status".to_owned(), Field::Status));
}

#[divan::bench]
fn generate(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(LINES.len())).bench_local(|| generated(Format::Ndjson));
}
