//! The whole engine on a file: short stretches in parallel, each begun with a guess, give the answer, the dead
//! letters and the ledger of one reader, wherever the records stand.
#![no_main]

mod streams;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use streamlab::analysis::{By, RunningAvg};
use streamlab::decode::Limits;
use streamlab::engine::filter::Filter;
use streamlab::engine::{self, CancelToken, Every, Outputs, Plan, Sink};
use streamlab::event::Ledger;
use streamlab::input::Sources;
use streamlab::render::Render;
use streamlab::report::{Answer, Report};
use streamlab::schema::{Outcomes, Schema};
use streams::schemas::schema;
use streams::stream;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    stretch_bytes: u8,
    is_small: bool,
    schema: u8,
    is_structured: bool,
    text: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let schema = schema(input.schema);
    let stream = &*stream(input.text, input.is_structured, schema);
    let mut file = tempfile::Builder::new().suffix(".log").tempfile().expect("a file for the stream");
    file.write_all(stream).unwrap();
    let path = file.path().to_str().expect("the name is ours").to_owned();
    let limits = Limits { record_bytes: if input.is_small { 32 } else { 1 << 20 }, ..Limits::default() };
    let run = |stretch_bytes| run(&path, stretch_bytes, limits, schema.clone());
    let stretch_bytes = u64::from(input.stretch_bytes) + 1;
    assert_eq!(run(stretch_bytes), run(u64::MAX), "stretches of {stretch_bytes} bytes: {}", stream.escape_ascii());
});

/// The answer, the ledger, the dead letters, and how many texts held no object.
fn run(path: &str, stretch_bytes: u64, limits: Limits, mut schema: Schema) -> (Answer, Ledger, String, u64) {
    let service = schema.field("service").expect("a role");
    let by = By::new(vec![("service".to_owned(), service)]);
    // The first keys have rows of their own, so that the answer tells in which order they came.
    let analysis = RunningAvg::new(by, Outcomes::default(), 2);
    let plan = Plan {
        sources: Sources::new(&[path.to_owned()], &[], &[]).expect("a path"),
        schema,
        filter: Filter::default(),
        limits,
        stretch_bytes,
        follow: false,
        tail_only: false,
        cancel: CancelToken::default(),
        checkpoints: None,
    };
    let dead = Shared::default();
    let outputs = Outputs {
        render: Box::new(Silent),
        render_name: String::new(),
        every: Every::End,
        dead_letters: Some(Sink { name: String::new(), writer: Box::new(dead.clone()) }),
        forward: None,
        strict: false,
        idle_timeout: None,
        only_changes: false,
        watch: None,
        inspect: None,
        inspect_every: None,
        no_data_after: None,
        say: Box::new(|_| ()),
        progress: None,
    };
    let outcome = engine::run(analysis, plan, outputs);
    assert!(outcome.stop.is_none());
    let report = outcome.report.expect("a run to the end has a report");
    assert!(report.ledger.balances());
    let dead = String::from_utf8(dead.0.lock().unwrap().clone()).expect("JSON lines");
    assert_eq!(dead.lines().count() as u64, report.ledger.dead_letter);
    (report.answer.clone(), report.ledger, dead, outcome.unread)
}

struct Silent;

impl Render for Silent {
    fn render(&mut self, _: &Arc<Report>) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
