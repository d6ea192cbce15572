//! The stages of a record's path, one at a time, on one core: `cargo bench --bench stages`.
//!
//! Throughput is in bytes of input; all inputs are made by the generator, so that a figure means
//! the same on every machine.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use serde_json::Value;
use std::io::Write;
use std::sync::LazyLock;
use streamlab::analysis::{Analysis, By, Reservoir, RunningAvg, Settling, SlidingWindow};
use streamlab::decode::{Chunk, Decoder, Limits};
use streamlab::event::{FileId, Frontier, Ledger, Position, Role, Skip, Timestamp, Verdict};
use streamlab::generate::{Format, Plan};
use streamlab::schema::{Field, Outcomes, Schema, preset};
use streamlab::sketch::Merge;

fn main() {
    divan::main();
}

fn generated(format: Format) -> Vec<u8> {
    let plan = Plan { format, files: Some(1), events_per_file: 20_000, ..Plan::default() };
    plan.to_bytes().expect("a sound plan").0
}

static LINES: LazyLock<Vec<u8>> = LazyLock::new(|| generated(Format::Ndjson));
static ARRAY: LazyLock<Vec<u8>> = LazyLock::new(|| generated(Format::Array));

/// With times as RFC 3339 texts.
static TEXT_TIMES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    rewritten(|record| {
        let nanos = (record["timestamp"].as_f64().expect("a time") * 1e6).round() as i64 * 1000;
        record["timestamp"] = Timestamp::from_nanos(nanos).to_string().into();
    })
});

/// With the names of pods in place of the services'.
static LONG_KEYS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut count = 0;
    rewritten(|record| {
        count = (count + 7) % 20;
        let service = record["service"].as_str().expect("a service");
        record["service"] = format!("{service}-7d9f8b6c4-x{count:02}z9").into();
    })
});

fn rewritten(mut change: impl FnMut(&mut Value)) -> Vec<u8> {
    let mut lines = Vec::new();
    for line in LINES.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut record = serde_json::from_slice(line).expect("a sound record");
        change(&mut record);
        writeln!(lines, "{record}").expect("writing to memory does not fail");
    }
    lines
}

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

#[divan::bench]
fn decode_text_times(bencher: Bencher<'_, '_>) {
    decode(bencher, &TEXT_TIMES);
}

fn fold<A: Analysis>(bencher: Bencher<'_, '_>, bytes: &'static [u8], analysis: &A) {
    let mut decoder = Decoder::new(&schema(), Limits::default());
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        let mut state = analysis.empty();
        decoder.decode(chunk(bytes), 0, Skip::No, |event| analysis.observe(&mut state, event));
        state
    });
}

#[divan::bench]
fn running_avg(bencher: Bencher<'_, '_>) {
    fold(bencher, &LINES, &RunningAvg::new(By::default(), Outcomes::default(), 1000));
}

#[divan::bench]
fn running_avg_long_keys(bencher: Bencher<'_, '_>) {
    fold(bencher, &LONG_KEYS, &RunningAvg::new(By::default(), Outcomes::default(), 1000));
}

#[divan::bench]
fn running_avg_two_fields(bencher: Bencher<'_, '_>) {
    let field = |name: &str, field| (name.to_owned(), field);
    let by = By::new(vec![field("service", Field::Slot(Role::Service as usize)), field("status", Field::Status)]);
    fold(bencher, &LINES, &RunningAvg::new(by, Outcomes::default(), 1000));
}

#[divan::bench]
fn sliding_window(bencher: Bencher<'_, '_>) {
    fold(bencher, &LINES, &SlidingWindow::new(60_000, By::default(), Outcomes::default(), 1000));
}

/// What the root does with the state of a stretch.
#[divan::bench]
fn sliding_window_merge(bencher: Bencher<'_, '_>) {
    let analysis = SlidingWindow::new(60_000, By::default(), Outcomes::default(), 1000);
    let mut decoder = Decoder::new(&schema(), Limits::default());
    let mut state = || {
        let mut state = analysis.empty();
        decoder.decode(chunk(&LINES), 0, Skip::No, |event| analysis.observe(&mut state, event));
        state
    };
    bencher.counter(BytesCount::new(LINES.len())).with_inputs(|| (state(), state())).bench_local_values(
        |(mut root, later)| {
            root.merge(later);
            let (mut frontier, mut ledger, mut late) = (Frontier::default(), Ledger::default(), Vec::new());
            analysis.settle(&mut root, &mut Settling::between(&mut frontier, &mut ledger, &mut late));
            root
        },
    );
}

#[divan::bench]
fn reservoir(bencher: Bencher<'_, '_>) {
    fold(bencher, &LINES, &Reservoir::new(10, 0, "status".to_owned(), Field::Status));
}

#[divan::bench]
fn generate(bencher: Bencher<'_, '_>) {
    bencher.counter(BytesCount::new(LINES.len())).bench_local(|| generated(Format::Ndjson));
}
