//! Many readers against one: whatever the bytes, where stretches are cut, what is guessed, and how
//! a stream grows, the engine sees what one decoder sees that reads from the first byte to the last.

use super::outputs::{Every, Outputs, Sink, write_letter};
use super::root::Root;
use super::waves::{self, Stream};
use super::{Filter, Folder};
use crate::analysis::{Analysis, By, SlidingWindow};
use crate::decode::{Chunk, Decoder, Limits};
use crate::event::{Cursor, Event, FileId, Ledger, Position, Role, Skip, Span, Verdict};
use crate::input::Block;
use crate::render::Render;
use crate::report::{Answer, Pace, Report};
use crate::schema::{Outcomes, Schema, Wrapper, preset};
use crate::sketch::Merge;
use proptest::prelude::*;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::RwLock;

/// Keeps the records themselves, in the order in which they were merged.
struct Probe;

#[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
struct Records(Vec<(u64, Vec<u8>)>);

impl Merge for Records {
    fn merge(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

impl Analysis for Probe {
    type State = Records;

    fn name(&self) -> &'static str {
        "probe"
    }

    fn empty(&self) -> Records {
        Records::default()
    }

    fn observe(&self, state: &mut Records, event: &Event<'_>) -> Verdict {
        // With a field that may be inherited.
        state.0.push((event.at.offset, [event.raw, format!("{:?}", event.role(Role::Service)).as_bytes()].concat()));
        Verdict::Counted
    }

    fn forward(&self, state: &mut Records, out: &mut dyn Write) -> io::Result<()> {
        state.0.drain(..).try_for_each(|record| writeln!(out, "{record:?}"))
    }

    fn report(&self, _: &mut Records, _: Span, _: bool) -> Answer {
        Answer::default()
    }
}

struct Silent;

impl Render for Silent {
    fn render(&mut self, _: &Arc<Report>) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn sink(&self) -> Option<Sink> {
        Some(Sink { name: String::new(), writer: Box::new(self.clone()) })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

/// All that can be seen of a run: records, dead letters (both as text, to be read when a test
/// fails), tallies.
#[derive(Debug, PartialEq)]
struct Seen {
    records: String,
    dead: String,
    ledger: Ledger,
}

const FILE: FileId = FileId(7);

fn schema() -> Schema {
    Schema::new(preset("lab").unwrap())
}

/// One whose records stand in arrays within objects.
fn wrapped(path: Option<&str>) -> Schema {
    let mut schema = schema();
    schema.records = path.map(|path| Arc::new(Wrapper::parse(path).unwrap()));
    schema
}

/// What one decoder sees that has all the bytes at once.
fn alone(bytes: &[u8], schema: &Schema, limits: Limits) -> Seen {
    let mut decoder = Decoder::new(schema, limits);
    let (mut state, mut records, mut dead) = (Probe.empty(), Vec::new(), Vec::new());
    let chunk = Chunk { at: Position { file: FILE, offset: 0 }, bytes, until: usize::MAX, last: true };
    decoder.decode(chunk, 0, Skip::No, |event| Probe.observe(&mut state, event));
    Probe.forward(&mut state, &mut records).unwrap();
    let (ledger, letters) = decoder.take();
    letters.iter().for_each(|letter| write_letter(&mut dead, "", letter).unwrap());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Seen { records: text(records), dead: text(dead), ledger }
}

/// How the engine reads.
#[derive(Clone, Debug)]
struct Way {
    stretch_bytes: u64,
    in_array: bool,
    /// As a stream has it, what is consumed is gone.
    forgets: bool,
    /// How much of the stream is there at each sweep; at the last, all.
    lengths: Vec<usize>,
}

fn outputs(every: Every) -> Outputs {
    Outputs {
        render: Box::new(Silent),
        render_name: String::new(),
        every,
        dead_letters: None,
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
    }
}

/// What the engine sees in waves of stretches.
fn in_waves(bytes: &[u8], schema: &Schema, limits: Limits, way: &Way) -> Seen {
    let (records, dead) = (Shared::default(), Shared::default());
    let analysis = RwLock::new(Probe);
    let filter = Filter::default();
    let folder = Folder::new(&analysis, schema, &filter, limits, way.stretch_bytes);
    let mut root =
        Root::new(&analysis, Outputs { dead_letters: dead.sink(), forward: records.sink(), ..outputs(Every::End) });
    let mut cursor = Cursor::default();
    for (step, length) in way.lengths.iter().copied().chain([bytes.len()]).enumerate() {
        let offset = if way.forgets { cursor.offset } else { 0 };
        let stream = Stream {
            file: FILE,
            bytes: &Block { offset, bytes: &bytes[offset as usize..length] },
            cursor: cursor.clone(),
            until: length as u64,
            in_array: way.in_array,
            last: step == way.lengths.len(),
            is_over: step == way.lengths.len(),
        };
        for outcome in waves::sweep(&folder, &mut root, &[stream]).unwrap() {
            assert!(outcome.error.is_none() && outcome.cursor.offset >= cursor.offset);
            cursor = outcome.cursor;
        }
    }
    // No more are parsed than there are.
    root.paths(0);
    Seen { records: records.text(), dead: dead.text(), ledger: root.ledger }
}

/// The failures of the last 50 seconds in files of these bytes.
fn last_failures(files: &[Vec<u8>], limits: Limits, stretch_bytes: u64, every: Every) -> Arc<Report> {
    let analysis = RwLock::new(SlidingWindow::new(50_000, By::default(), Outcomes::default(), 10));
    let (schema, filter) = (schema(), Filter::default());
    let folder = Folder::new(&analysis, &schema, &filter, limits, stretch_bytes);
    let mut root = Root::new(&analysis, outputs(every));
    let blocks: Vec<_> = files.iter().map(|bytes| Block { offset: 0, bytes }).collect();
    let stream = |(file, block): (usize, _)| Stream {
        file: FileId(file as u64),
        bytes: block,
        cursor: Cursor::default(),
        until: files[file].len() as u64,
        in_array: !files[file].ends_with(b"\n"),
        last: true,
        is_over: true,
    };
    let streams: Vec<Stream<'_>> = blocks.iter().map(|block| block as _).enumerate().map(stream).collect();
    waves::sweep(&folder, &mut root, &streams).unwrap();
    root.end(true).unwrap()
}

/// Requests that come later and later, or not; some hold what looks like a request that is far ahead.
fn requests(separator: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let time = prop_oneof![4 => Just(None), 1 => (0..300u32).prop_map(Some)];
    let tail = prop::sample::select(vec![
        "",
        ", \"f\": [1, {\"service\": \"z\", \"timestamp\": 900, \"message\": \"HTTP Status Code: 500\"}]",
        ", \"f\": nope",
    ]);
    let record = (time, "[ab]", prop::sample::select(vec![200, 404, 500]), tail);
    prop::collection::vec(record, 0..40).prop_map(move |records| {
        let line = |(place, (time, service, status, tail)): (usize, (Option<u32>, String, i32, &str))| {
            let time = time.unwrap_or(place as u32 * 7);
            format!(
                "{{\"service\": \"{service}\", \"timestamp\": {time}, \
                 \"message\": \"HTTP Status Code: {status}\"{tail}}}{separator}"
            )
        };
        records.into_iter().enumerate().map(line).collect::<String>().into_bytes()
    })
}

/// A piece of a stream: sound records, broken ones, separators, noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let sound = r#"\{("service": ?("x\\"y"|\[\{"d":1\}, \{\}\]|\{"e":null\})(, "f": "[a-z{}, ]{0,9}")?)?\}"#;
    let broken = [
        "{\"a\": 1",
        "{\"a\":",
        "{\"a\": \"x",
        "{\"a\": nope}",
        "{\"a\": nope, {\"b\":1}",
        "{\"a\": [1, {\"b\":1}}",
        "{",
        "}",
        "42",
        "\"text\"",
        "\"text",
        "plain, {\"words\":1}",
        "{\"timestamp\": \"yesterday\"}",
        "{\n  \"p\": 1\n}",
        "{\n  \"p\": 1,\n  }}\n}",
    ];
    let separator = ["\n", "\n", "\n", ", ", "\r\n", "[", "]", "\n  ", "\u{feff}", "\0", "\u{1e}", "\n\n"];
    let around = [
        "\nx ",
        "\n2025-10-15T20:21:26Z stdout F ",
        "\n[x] ",
        "{\"a\":[",
        "]}\n",
        "{\"a\":[{\"b\":[",
        "]},{\"b\":[",
        "},{",
        "\"b\":1,",
        "\n{\"service\":\"w\",\"a\":[",
        "\"service\":\"w\",",
        "{\"service\":\"w\",\"b\":[",
        "{\n\"b\":[\n{\n}\n],\n\"a\":[",
    ];
    prop_oneof![
        6 => sound.prop_map(|text: String| text.into_bytes()),
        3 => prop::sample::select(broken.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        6 => prop::sample::select(separator.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        3 => prop::sample::select(around.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => "[ -~\n]{0,9}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn many_readers_see_what_one_sees(
        pieces in prop::collection::vec(piece(), 0..24),
        stretch_bytes in 1u64..200,
        in_array: bool,
        forgets: bool,
        growth in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        record_bytes in prop::sample::select(vec![20usize, 1000]),
        records in prop::sample::select(vec![None, None, Some("a"), Some("a[].b")]),
    ) {
        let (bytes, schema) = (pieces.concat(), wrapped(records));
        let mut lengths: Vec<usize> = growth.iter().map(|length| length.index(bytes.len() + 1)).collect();
        lengths.sort_unstable();
        let limits = Limits { record_bytes, ..Limits::default() };
        let way = Way { stretch_bytes, in_array, forgets, lengths };
        let text = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(in_waves(&bytes, &schema, limits, &way), alone(&bytes, &schema, limits), "{:?} {:?} {:?}", text, way, records);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// Only a run that reports at its end looks ahead.
    #[test]
    fn a_look_ahead_changes_no_answer(
        files in prop::collection::vec(prop_oneof![requests("\n"), requests(", ")], 1..3),
        stretch_bytes in 1u64..400,
        record_bytes in prop::sample::select(vec![90usize, 1000]),
    ) {
        let limits = Limits { record_bytes, ..Limits::default() };
        let ahead = last_failures(&files, limits, stretch_bytes, Every::End);
        let step_by_step = last_failures(&files, limits, stretch_bytes, Every::Records(u64::MAX));
        prop_assert_eq!(format!("{:?}", Report { pace: Pace::default(), ..(*ahead).clone() }),
            format!("{:?}", Report { pace: Pace::default(), ..(*step_by_step).clone() }));
    }
}

#[test]
fn the_probe_tells_one_way_from_another() {
    let (limits, schema) = (Limits::default(), schema());
    let alone = |bytes| alone(bytes, &schema, limits);
    let seen = alone(b"{\"a\":1}\nnope\n{\"b\":2}");
    assert_eq!((seen.ledger.counted, seen.ledger.dead_letter), (2, 1));
    assert_ne!(seen, alone(b"{\"a\":1}\nnope\n{\"b\":3}"));
    assert_ne!(seen, alone(b"{\"a\":1}\nnone\n{\"b\":2}"));
}

#[test]
fn a_reader_that_begins_at_a_broken_record_knows_whether_it_leads_its_line() {
    for (bytes, lengths, record_bytes) in [
        ("{}{}{}\n{\n  \"p\": 1,\n  }}\n}", vec![], 1000),
        ("{}{}{}\n{\"service\": nope, {\"d\":1}, {}]}", vec![], 1000),
        ("{}{}{}\n{\"service\": [{\"d\":1}, {}]}", vec![8], 20),
    ] {
        let limits = Limits { record_bytes, ..Limits::default() };
        let way = Way { stretch_bytes: 1, in_array: false, forgets: false, lengths };
        let seen = in_waves(bytes.as_bytes(), &schema(), limits, &way);
        assert_eq!((seen.ledger.counted, seen.ledger.dead_letter), (3, 1), "{bytes:?} {seen:?}");
    }
}
