//! Folds records in every way that the engine may, and holds the outcomes to be the same.

use proptest::sample::Index;
use std::collections::BTreeMap;
use streamlab::analysis::{Analysis, Closing, Settling};
use streamlab::event::{DeadLetter, Event, FileId, Frontier, Ledger, Position, Span, Timestamp, Value};
use streamlab::report::Answer;
use streamlab::sketch::Merge;

#[derive(Clone, Debug)]
pub struct Record {
    pub file: u64,
    pub offset: u64,
    pub time_ns: Option<i64>,
    pub service: Option<&'static str>,
    pub status: Option<u16>,
    pub message: &'static str,
}

impl Record {
    pub fn show<T>(&self, see: impl FnOnce(&Event<'_>) -> T) -> T {
        let fields = [
            Value::Missing,
            self.service.map_or(Value::Missing, Value::Text),
            Value::Text(self.message),
            self.status.map_or(Value::Missing, |status| Value::Int(status.into())),
            Value::Missing,
        ];
        let raw = format!("{self:?}");
        let at = Position { file: FileId(self.file), offset: self.offset };
        let time = self.time_ns.map(Timestamp::from_nanos);
        see(&Event { at, raw: raw.as_bytes(), time, fields: &fields })
    }
}

/// All that can be seen of a run.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    pub answer: Answer,
    pub ledger: Ledger,
    pub forwarded: Vec<u8>,
    /// What became final on the way, and how the books stood then.
    pub closings: Vec<(Answer, Span, Ledger)>,
    pub late: Vec<DeadLetter>,
}

/// What a stretch of records comes to.
struct Part<A: Analysis> {
    state: A::State,
    ledger: Ledger,
    seams: Vec<Ledger>,
}

impl<A: Analysis> Part<A> {
    fn new(state: A::State) -> Self {
        Self { state, ledger: Ledger::default(), seams: Vec::new() }
    }

    fn merge(&mut self, later: Self) {
        self.state.merge(later.state);
        self.seams.extend(later.seams.into_iter().map(|seam| self.ledger + seam));
        self.ledger += later.ledger;
    }
}

struct Run<'a, A: Analysis> {
    analysis: &'a A,
    root: A::State,
    outcome: Outcome,
    seen: Span,
    frontier: Frontier,
}

impl<'a, A: Analysis> Run<'a, A> {
    fn new(analysis: &'a A) -> Self {
        let outcome = Outcome::default();
        Self { analysis, root: analysis.empty(), outcome, seen: Span::default(), frontier: Frontier::default() }
    }

    fn fold(&mut self, mut state: A::State, records: &[Record]) -> Part<A> {
        let (mut ledger, mut seams) = (Ledger::default(), Vec::new());
        for record in records {
            let verdict = record.show(|event| {
                event.time.into_iter().for_each(|time| self.seen.include(time));
                self.analysis.observe(&mut state, event)
            });
            ledger.tally(verdict);
            if self.analysis.take_seam(&mut state) {
                seams.push(ledger);
            }
        }
        Part { state, ledger, seams }
    }

    /// A part as it is where the root knows all that came before.
    fn fold_behind(&mut self, records: &[Record]) -> Part<A> {
        let input = records.first().map_or(FileId(0), |record| record.show(|event| event.at.file));
        let state = self.analysis.empty_behind(&self.frontier, input);
        self.fold(state, records)
    }

    /// As the root does after each shard: one that did not know enough is folded again.
    fn take(&mut self, part: Part<A>, records: &[Record]) {
        let part = match self.analysis.is_sound(&part.state, &self.frontier) {
            true => part,
            false => self.fold_behind(records),
        };
        let before = self.outcome.ledger;
        self.outcome.ledger += part.ledger;
        self.root.merge(part.state);
        let mut late = Vec::new();
        let (frontier, ledger) = (&mut self.frontier, &mut self.outcome.ledger);
        let seams = &part.seams;
        self.analysis.settle(&mut self.root, &mut Settling { frontier, ledger, before, seams, late: &mut late });
        late.sort_by_key(|letter| letter.at.offset);
        self.outcome.late.extend(late);
        self.analysis.forward(&mut self.root, &mut self.outcome.forwarded).unwrap();
        while let Some(Closing { answer, seen, ledger }) = self.analysis.take_closing(&mut self.root) {
            self.outcome.closings.push((answer, seen, ledger));
        }
    }

    fn store_and_restore(&mut self) {
        let image = serde_json::to_vec(&(&self.root, &self.frontier)).unwrap();
        (self.root, self.frontier) = serde_json::from_slice(&image).unwrap();
    }

    fn end(mut self) -> Outcome {
        let (frontier, ledger) = (&mut self.frontier, &mut self.outcome.ledger);
        let mut late = Vec::new();
        self.analysis.conclude(&mut self.root, &mut Settling::between(frontier, ledger, &mut late), true);
        assert!(late.is_empty());
        self.outcome.answer = self.analysis.report(&mut self.root, self.seen, true);
        self.outcome
    }
}

/// The state of a machine that has read these records, and what became final meanwhile.
pub fn root_of<A: Analysis>(analysis: &A, records: &[Record]) -> (A::State, Vec<Answer>) {
    let mut run = Run::new(analysis);
    records.iter().for_each(|record| run.frontier.expect(FileId(record.file)));
    for part in records.chunk_by(|one, next| one.file == next.file) {
        let folded = run.fold_behind(part);
        run.take(folded, part);
    }
    (run.root, run.outcome.closings.into_iter().map(|(answer, ..)| answer).collect())
}

/// What comes of records that are read in one piece.
pub fn once<A: Analysis>(analysis: &A, records: &[Record]) -> Outcome {
    let mut run = Run::new(analysis);
    let part = run.fold_behind(records);
    run.take(part, records);
    run.end()
}

/// The oldest of the first three records of every other file, in nanoseconds: what is known of it
/// before it is read.
pub fn promises<'r>(records: impl Iterator<Item = &'r Record>) -> BTreeMap<u64, i64> {
    let mut files = BTreeMap::<u64, Vec<i64>>::new();
    for record in records.filter(|record| record.file.is_multiple_of(2)) {
        files.entry(record.file).or_default().extend(record.time_ns);
    }
    let oldest = |times: Vec<i64>| times.into_iter().take(3).min();
    files.into_iter().filter_map(|(file, times)| Some((file, oldest(times)?))).collect()
}

/// Cuts the records in three and holds an analysis to the laws.
pub fn hold<A: Analysis>(analysis: &A, records: &[Record], cuts: [Index; 2]) -> Outcome {
    let mut cuts = cuts.map(|cut| cut.index(records.len() + 1));
    cuts.sort();
    let parts = [&records[..cuts[0]], &records[cuts[0]..cuts[1]], &records[cuts[1]..]];
    hold_parts(analysis, &[records], &parts.map(|part| vec![part]))
}

/// The same where a part is of one input: `whole` are the records of one after the other, `parts` the
/// same cut in three.
pub fn hold_parts<A: Analysis>(analysis: &A, whole: &[&[Record]], parts: &[Vec<&[Record]>; 3]) -> Outcome {
    let run = |steps: &dyn Fn(&mut Run<'_, A>)| {
        let mut run = Run::new(analysis);
        whole.iter().copied().flatten().for_each(|record| run.frontier.expect(FileId(record.file)));
        let promise = |(file, oldest_ns): (u64, i64)| (FileId(file), Timestamp::from_nanos(oldest_ns));
        run.frontier.promise(promises(whole.iter().copied().flatten()).into_iter().map(promise).collect());
        steps(&mut run);
        run.end()
    };
    let all = || parts.iter().flatten();

    let expected = run(&|run| {
        for records in whole {
            let part = run.fold_behind(records);
            run.take(part, records);
        }
    });
    let shards = run(&|run| {
        let folded: Vec<_> = all().map(|part| run.fold(analysis.empty(), part)).collect();
        folded.into_iter().zip(all()).for_each(|(folded, part)| run.take(folded, part));
    });
    assert_eq!(shards, expected, "shards merged in order");
    // Where a part is of one input, so is what parts are merged to.
    if let ([first], [second], [third], [_]) = (&parts[0][..], &parts[1][..], &parts[2][..], whole) {
        let grouped = run(&|run| {
            let [one, mut two, three] = [first, second, third].map(|part| run.fold(analysis.empty(), part));
            two.merge(Part::new(analysis.empty()));
            two.merge(three);
            run.take(one, first);
            run.take(two, &[*second, *third].concat());
        });
        assert_eq!(grouped, expected, "merge is associative, and the empty state changes nothing");
    }
    let live = run(&|run| {
        for record in whole.iter().copied().flatten() {
            let part = run.fold_behind(std::slice::from_ref(record));
            run.take(part, std::slice::from_ref(record));
        }
    });
    assert_eq!(live, expected, "one record at a time into the root");
    let resumed = run(&|run| {
        for part in all() {
            let folded = run.fold_behind(part);
            run.take(folded, part);
            run.store_and_restore();
        }
    });
    assert_eq!(resumed, expected, "stored and restored in the middle");

    let count: usize = whole.iter().map(|records| records.len()).sum();
    assert!(expected.ledger.balances() && expected.ledger.read == count as u64);
    let answers = expected.closings.iter().map(|(answer, ..)| answer).chain([&expected.answer]);
    for answer in answers {
        assert!(answer.rows.iter().all(|row| row.len() == answer.columns.len()), "rows are as long as the head");
    }
    expected
}
