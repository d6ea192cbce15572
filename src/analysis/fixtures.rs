//! Events and runs for the tests of every analysis.

use super::{Analysis, Settling};
use crate::event::{Event, FileId, Frontier, Ledger, Position, Span, Timestamp, Value, Verdict};
use crate::report::{Answer, Cell};

/// Shows a service's request at a time in seconds, as the lab logs it.
pub fn request(at: u64, service: &str, time_s: Option<f64>, message: &str, mut each: impl FnMut(&Event<'_>)) {
    let fields = [Value::Missing, Value::Text(service), Value::Text(message), Value::Missing, Value::Missing];
    let time = time_s.map(|seconds| Timestamp::from_nanos((seconds * 1e9) as i64));
    let raw = format!("{{\"message\":\"{message}\"}}");
    each(&Event { at: Position { file: FileId(1), offset: at }, raw: raw.as_bytes(), time, fields: &fields });
}

/// A run over requests of one service, as (time in seconds, message).
pub fn run<A: Analysis>(analysis: &A, events: &[(f64, &str)]) -> (A::State, Answer, Vec<Verdict>) {
    let (mut state, mut seen, mut verdicts) = (analysis.empty(), Span::default(), Vec::new());
    for (at, (time_s, message)) in events.iter().enumerate() {
        request(at as u64, "inference", Some(*time_s), message, |event| {
            seen.include(event.time.unwrap());
            verdicts.push(analysis.observe(&mut state, event));
        });
        settle(analysis, &mut state);
    }
    let answer = analysis.report(&mut state, seen, true);
    (state, answer, verdicts)
}

/// Settles as the root does, where nobody asks for the books.
pub fn settle<A: Analysis>(analysis: &A, state: &mut A::State) {
    let (mut frontier, mut ledger, mut late) = (Frontier::default(), Ledger::default(), Vec::new());
    analysis.settle(state, &mut Settling::between(&mut frontier, &mut ledger, &mut late));
}

/// Concludes as the root does at the end of the input.
pub fn conclude<A: Analysis>(analysis: &A, state: &mut A::State) {
    let (mut frontier, mut ledger, mut late) = (Frontier::default(), Ledger::default(), Vec::new());
    analysis.conclude(state, &mut Settling::between(&mut frontier, &mut ledger, &mut late), true);
}

/// The cell of the overall row under a name.
pub fn overall(answer: &Answer, name: &str) -> Cell {
    answer.overall.iter().find(|(field, _)| *field == name).unwrap_or_else(|| panic!("a field {name}")).1.clone()
}
