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
use streamlab::checkpoint::{Directory, Image, Plan as CheckpointPlan, Store};
use streamlab::decode::{Chunk, Decoder, Limits};
use streamlab::engine::checkpoint::Standing;
use streamlab::event::{FileId, Frontier, Ledger, Position, Role, Skip, Timestamp, Verdict};
use streamlab::generate::{Format, Plan};
use streamlab::schema::{Field, Outcomes, Schema, preset};
use streamlab::sketch::{Groups, Merge, Rate};

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

/// A state of 100,000 keys, as a run would keep it.
static MANY_KEYS: LazyLock<(Standing, Groups<Rate>)> = LazyLock::new(|| {
    let analysis = RunningAvg::new(By::default(), Outcomes::default(), 200_000);
    let services = (0..100_000).map(|number| format!("service-{number}")).collect();
    let plan = Plan { format: Format::Ndjson, files: Some(1), events_per_file: 1_000_000, services, ..Plan::default() };
    let lines = plan.to_bytes().expect("a sound plan").0;
    let mut state = analysis.empty();
    let mut decoder = Decoder::new(&schema(), Limits::default());
    decoder.decode(chunk(&lines), 0, Skip::No, |event| analysis.observe(&mut state, event));
    (Standing::default(), state)
});

/// For so long a run does not read.
#[divan::bench]
fn checkpoint_image_of_100_000_keys(bencher: Bencher<'_, '_>) {
    let (standing, state) = &*MANY_KEYS;
    bencher.bench_local(|| standing.encode(state).expect("it is encoded"));
}

/// What a thread does beside it: finds what has changed, writes it, and makes it last.
#[divan::bench]
fn checkpoint_of_100_000_keys_made_to_last(bencher: Bencher<'_, '_>) {
    let (standing, state) = &*MANY_KEYS;
    let folder = tempfile::tempdir().expect("a folder");
    let directory = Directory::lock(folder.path().join("state")).expect("it is ours");
    let (mut store, _) = Store::open(directory).expect("it is new");
    let mut state = state.clone();
    let mut place = 0;
    let images = || {
        // A key in a hundred has changed.
        (0..1000).for_each(|_| {
            place = (place + 7919) % state.len();
            state.at_mut(place).add(true);
        });
        Image { plan: CheckpointPlan::default(), bytes: standing.encode(&state).expect("it is encoded") }
    };
    bencher.with_inputs(images).bench_local_values(|image| store.save(&image).expect("it is saved"));
}
