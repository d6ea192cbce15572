//! A followed run in this process that says which records it has counted.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use streamlab::analysis::{Analysis, Settling};
use streamlab::decode::Limits;
use streamlab::engine::filter::Filter;
use streamlab::engine::{self, CancelToken, Every, Outputs, Plan, STRETCH_BYTES};
use streamlab::event::{Event, Ledger, Role, Span, Verdict};
use streamlab::input::Sources;
use streamlab::render::Render;
use streamlab::report::{Answer, Report};
use streamlab::schema::{Schema, preset};
use streamlab::sketch::Merge;

/// How often each record was counted, by its number.
pub type Counts = BTreeMap<u64, u32>;

#[derive(Default)]
struct Shared {
    counts: Mutex<Counts>,
    changed: Condvar,
}

/// Counts records by the number in their message.
struct Probe(Arc<Shared>);

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Numbers(Vec<u64>);

impl Merge for Numbers {
    fn merge(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

impl Analysis for Probe {
    type State = Numbers;

    fn name(&self) -> &'static str {
        "probe"
    }

    fn empty(&self) -> Numbers {
        Numbers::default()
    }

    fn observe(&self, state: &mut Numbers, event: &Event<'_>) -> Verdict {
        let message = event.role(Role::Message).text().unwrap_or_default();
        match message.split(' ').next().and_then(|number| number.parse().ok()) {
            Some(number) => state.0.push(number),
            None => return Verdict::Dead("a record that nobody wrote"),
        }
        Verdict::Counted
    }

    fn settle(&self, state: &mut Numbers, _: &mut Settling<'_>) {
        let mut counts = self.0.counts.lock().unwrap();
        state.0.drain(..).for_each(|number| *counts.entry(number).or_default() += 1);
        self.0.changed.notify_all();
    }

    fn report(&self, _: &mut Numbers, _: Span, _: bool) -> Answer {
        Answer::default()
    }
}

struct Silent;

impl Render for Silent {
    fn render(&mut self, _: &std::sync::Arc<Report>) -> io::Result<()> {
        Ok(())
    }
}

/// A run that follows a directory.
pub struct Tail {
    shared: Arc<Shared>,
    cancel: CancelToken,
    notes: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<Ledger>>,
}

impl Tail {
    pub fn start(directory: &Path) -> Self {
        let (shared, cancel, notes) =
            (Arc::<Shared>::default(), CancelToken::default(), Arc::<Mutex<Vec<_>>>::default());
        let include = ["*.log", "*.json", "*.gz"].map(str::to_owned);
        let sources = Sources::new(&[directory.display().to_string()], &include, &[]).unwrap();
        let (probe, stop, said) = (Probe(shared.clone()), cancel.clone(), notes.clone());
        let thread = std::thread::spawn(move || {
            let plan = Plan {
                sources,
                schema: Schema::new(preset("lab").unwrap()),
                filter: Filter::default(),
                limits: Limits::default(),
                stretch_bytes: STRETCH_BYTES,
                follow: true,
                tail_only: false,
                cancel: stop,
                checkpoints: None,
            };
            let outputs = Outputs {
                render: Box::new(Silent),
                render_name: String::new(),
                every: Every::Time(Duration::ZERO),
                dead_letters: None,
                forward: None,
                strict: false,
                idle_timeout: None,
                only_changes: false,
                watch: None,
                inspect: None,
                inspect_every: None,
                no_data_after: None,
                say: Box::new(move |sentence| said.lock().unwrap().push(sentence.to_owned())),
                progress: None,
            };
            engine::run(probe, plan, outputs).report.expect("a cancelled run reports").ledger
        });
        Self { shared, cancel, notes, thread: Some(thread) }
    }

    /// Waits until `is_enough`; gives what was counted by then, or by the deadline.
    pub fn wait(&self, deadline: Instant, is_enough: impl Fn(&Counts) -> bool) -> Counts {
        let counts = self.shared.counts.lock().unwrap();
        let left = deadline.saturating_duration_since(Instant::now());
        self.shared.changed.wait_timeout_while(counts, left, |counts| !is_enough(counts)).unwrap().0.clone()
    }

    /// Ends the run; gives its last ledger and all that was counted.
    pub fn end(mut self) -> (Ledger, Counts) {
        self.cancel.cancel();
        let thread = self.thread.take().expect("a run ends once");
        let ledger = thread.join().expect("a run does not panic");
        let counts = self.shared.counts.lock().unwrap().clone();
        (ledger, counts)
    }

    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap().clone()
    }
}

/// A history that fails leaves no run behind.
impl Drop for Tail {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
