//! A uniform sample of events, and from it the most common value of a field.
//!
//! Every event that has the field is sampled with the same probability, whatever the order, the
//! threads or the cuts of the input (see [`BottomK`]).

use super::{Analysis, By, Settling};
use crate::event::{Event, Span, Value, Verdict};
use crate::report::{Answer, Cell, Fields};
use crate::schema::Field;
use crate::sketch::{BottomK, Groups, Merge, Rate, encode_value, key_cells, position_hash};
use serde::{Deserialize, Serialize};

pub struct Reservoir {
    size: usize,
    seed: u64,
    name: String,
    of: Field,
    /// How many distinct values are counted exactly beside the sample, if any.
    verify: Option<usize>,
    /// What tells the samples of machines apart, where they are to be joined.
    salt: Option<u64>,
}

impl Reservoir {
    /// A sample of `size` events. `of` is the field to look at, `name` its column.
    pub fn new(size: usize, seed: u64, name: String, of: Field) -> Self {
        Self { size, seed, name, of, verify: None, salt: None }
    }

    /// The columns after the value; the last three where it is verified.
    pub const COLUMNS: [&str; 6] = ["sampled", "share", "ci95", "exact", "exact_share", "difference"];

    /// Counts every event beside the sample, for at most `max_keys` distinct values, to show how
    /// far the sample is off.
    pub fn verifying(self, max_keys: usize) -> Self {
        Self { verify: Some(max_keys), ..self }
    }

    /// Keeps a second sample that can be joined with those of other machines. Equal positions have equal
    /// hashes on all of them, so that samples by position are not independent of each other; with a `salt`
    /// that no other run has, they are.
    pub fn joinable(self, salt: u64) -> Self {
        Self { salt: Some(salt), ..self }
    }
}

/// The sampled values in their byte form, and how often each value was seen where that is verified.
#[derive(Serialize, Deserialize)]
pub struct Sample {
    sample: BottomK<Box<[u8]>>,
    exact: Groups<u64>,
    joinable: Joinable,
}

/// What of a sample can be joined with others: independent of every other, whatever the positions.
#[derive(Default, Serialize, Deserialize)]
enum Joinable {
    #[default]
    Nothing,
    /// A sample by salted hashes, which is not shown.
    Beside(BottomK<Box<[u8]>>),
    /// The one that is shown was joined.
    Itself,
}

impl Merge for Sample {
    fn merge(&mut self, later: Self) {
        self.sample.merge(later.sample);
        self.exact.merge(later.exact);
        if let (Joinable::Beside(own), Joinable::Beside(later)) = (&mut self.joinable, later.joinable) {
            own.merge(later);
        }
    }
}

impl Sample {
    /// The part that can be joined.
    fn into_joinable(self) -> Result<BottomK<Box<[u8]>>, String> {
        match self.joinable {
            Joinable::Beside(sample) => Ok(sample),
            Joinable::Itself => Ok(self.sample),
            Joinable::Nothing => Err("its sample was not made to be joined with others".to_owned()),
        }
    }
}

/// How often one value was sampled, and seen where that is known.
#[derive(Default)]
struct Tally {
    sampled: u64,
    exact: Option<u64>,
}

impl Analysis for Reservoir {
    type State = Sample;

    fn name(&self) -> &'static str {
        "reservoir"
    }

    fn empty(&self) -> Self::State {
        let joinable = self.salt.map_or(Joinable::Nothing, |_| Joinable::Beside(BottomK::new(self.size)));
        Sample { sample: BottomK::new(self.size), exact: Groups::default(), joinable }
    }

    fn observe(&self, state: &mut Self::State, event: &Event<'_>) -> Verdict {
        let value = self.of.of(event);
        if matches!(value, Value::Missing | Value::Null) {
            return Verdict::Filtered;
        }
        sample(&mut state.sample, event, value, self.seed);
        if let (Some(salt), Joinable::Beside(beside)) = (self.salt, &mut state.joinable) {
            sample(beside, event, value, salt);
        }
        if self.verify.is_some() {
            *state.exact.entry(std::iter::once(&value)) += 1;
        }
        Verdict::Counted
    }

    fn settle(&self, state: &mut Self::State, _settling: &mut Settling<'_>) {
        if let Some(max_keys) = self.verify {
            state.exact.cap(max_keys);
        }
    }

    /// The smallest of all salted hashes: a uniform sample of all events, in whichever order it was joined.
    fn join(&self, state: &mut Self::State, other: Self::State) -> Result<Option<String>, String> {
        let (mut own, mut other) = (std::mem::replace(state, self.empty()), other);
        let mut exact = std::mem::take(&mut own.exact);
        exact.join(std::mem::take(&mut other.exact));
        exact.cap(self.verify.unwrap_or(usize::MAX));
        let mut sample = own.into_joinable()?;
        sample.merge(other.into_joinable()?);
        *state = Sample { sample, exact, joinable: Joinable::Itself };
        Ok(None)
    }

    fn report(&self, state: &mut Self::State, seen: Span, _last: bool) -> Answer {
        let mut tallies = Groups::<Tally>::default();
        state.sample.iter().for_each(|sampled| tallies.entry_of_key(&sampled.value).sampled += 1);
        state.exact.iter().for_each(|(key, count)| tallies.entry_of_key(key).exact = Some(*count));

        let by = By::new(vec![(self.name.clone(), self.of)]);
        let (sample_size, total) = (state.sample.len() as u64, state.sample.seen());
        let columns = if self.verify.is_some() { &Self::COLUMNS[..] } else { &Self::COLUMNS[..3] };
        let mut answer = by.table(&tallies, columns, |tally| {
            let rate = Rate { total: sample_size, hits: tally.sampled };
            let sampled = [Cell::Count(tally.sampled), rate.share(), rate.interval()];
            let mut cells = Vec::from(sampled);
            if self.verify.is_some() {
                let exact_share = tally.exact.map_or(Cell::Null, |exact| Cell::rate(exact, total));
                let exact = tally.exact.map_or(Cell::Null, Cell::Count);
                cells.extend([exact, exact_share, difference(tally, sample_size, total)]);
            }
            Some(cells)
        });
        answer.window = seen.0;
        answer.overall = sample_fields(&tallies, sample_size, total);
        if self.verify.is_some() {
            self.compare(&tallies, state, &mut answer);
        }
        answer
    }
}

impl Reservoir {
    /// Adds to the overall row how far the sample is off, and says it. Where there are too many
    /// values to count them all, nothing of it is known.
    fn compare(&self, tallies: &Groups<Tally>, state: &Sample, answer: &mut Answer) {
        if state.exact.overflow().is_some() {
            answer.notes.push(format!(
                "There are too many different values to count each exactly: only the first {} were counted, so which \
                 one is the most common is not known exactly.",
                state.exact.len()
            ));
            let unknown = ["exact_most_common", "exact_share", "largest_difference"];
            answer.overall.extend(unknown.map(|name| (name, Cell::Null)));
            return;
        }
        let (sample_size, total) = (state.sample.len() as u64, state.sample.seen());
        let (sampled, exact) = (most_common(tallies, |t| t.sampled), most_common(tallies, |t| t.exact.unwrap_or(0)));
        let largest = tallies.values().filter_map(|tally| match difference(tally, sample_size, total) {
            Cell::Float(difference) => Some(difference.abs()),
            _ => None,
        });
        let largest = largest.max_by(f64::total_cmp).map_or(Cell::Null, Cell::Float);
        if total > 0 {
            answer.notes.push(if sampled.0 == exact.0 {
                "Counted exactly, the most common value is the same as in the sample.".to_owned()
            } else {
                "Counted exactly, another value is the most common one. A larger --size errs less often.".to_owned()
            });
        }
        answer.overall.extend([
            ("exact_most_common", exact.0),
            ("exact_share", Cell::rate(exact.1, total)),
            ("largest_difference", largest),
        ]);
    }
}

/// Counts an event, and takes its value where its hash is among the smallest.
fn sample(sample: &mut BottomK<Box<[u8]>>, event: &Event<'_>, value: Value<'_>, seed: u64) {
    sample.see();
    let hash = position_hash(event.at, seed);
    if sample.would_take(hash) {
        let mut bytes = Vec::new();
        encode_value(value, &mut bytes);
        sample.take(hash, event.at, bytes.into());
    }
}

fn sample_fields(tallies: &Groups<Tally>, sample_size: u64, total: u64) -> Fields {
    let (value, count) = most_common(tallies, |tally| tally.sampled);
    let rate = Rate { total: sample_size, hits: count };
    vec![
        ("most_common", value),
        ("share", rate.share()),
        ("ci95", rate.interval()),
        ("sample_size", Cell::Count(sample_size)),
        ("seen", Cell::Count(total)),
    ]
}

/// The value with the largest count, and that count; among equals the lowest value.
fn most_common(tallies: &Groups<Tally>, count: impl Fn(&Tally) -> u64) -> (Cell, u64) {
    let mut most = (Cell::Null, 0);
    for (key, tally) in tallies.sorted() {
        if count(tally) > most.1 {
            most = (key_cells(key).next().unwrap_or(Cell::Null), count(tally));
        }
    }
    most
}

/// The sampled share minus the exact one.
fn difference(tally: &Tally, sample_size: u64, total: u64) -> Cell {
    match tally.exact {
        Some(exact) if sample_size > 0 && total > 0 => {
            Cell::Float(tally.sampled as f64 / sample_size as f64 - exact as f64 / total as f64)
        }
        _ => Cell::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixtures::{overall, run};

    fn analysis(size: usize) -> Reservoir {
        Reservoir::new(size, 0, "status".to_owned(), Field::Status)
    }

    fn eighty_to_twenty() -> Vec<(f64, &'static str)> {
        let good = std::iter::repeat_n((1.0, "HTTP Status Code: 200"), 80);
        good.chain(std::iter::repeat_n((2.0, "HTTP Status Code: 500"), 20)).collect()
    }

    #[test]
    fn eighty_times_200_against_twenty_times_500_gives_200() {
        for size in [10, 100, 1000] {
            let (_, answer, _) = run(&analysis(size), &eighty_to_twenty());
            assert_eq!(overall(&answer, "most_common"), Cell::Int(200));
            assert_eq!(overall(&answer, "sample_size"), Cell::Count(size.min(100) as u64));
            assert_eq!(overall(&answer, "seen"), Cell::Count(100));
        }
        let (_, answer, _) = run(&analysis(100), &eighty_to_twenty());
        assert_eq!(answer.rows[0][..3], [Cell::Int(200), Cell::Count(80), Cell::Rate(0.8)]);
        assert_eq!(answer.columns, ["status", "sampled", "share", "ci95"]);
    }

    #[test]
    fn among_equals_the_lower_value_wins() {
        let events = [(1.0, "HTTP Status Code: 500"), (1.0, "HTTP Status Code: 204"), (1.0, "no request")];
        let (_, answer, verdicts) = run(&analysis(10), &events);
        assert_eq!(overall(&answer, "most_common"), Cell::Int(204));
        assert_eq!(verdicts[2], Verdict::Filtered);
    }

    #[test]
    fn verifying_shows_how_far_the_sample_is_off() {
        let (_, answer, _) = run(&analysis(1).verifying(10), &eighty_to_twenty());
        let row = |key| answer.rows.iter().find(|row| row[0] == Cell::Int(key)).unwrap();
        assert_eq!(row(200)[4..6], [Cell::Count(80), Cell::Rate(0.8)]);
        assert_eq!(row(500)[4..6], [Cell::Count(20), Cell::Rate(0.2)]);
        assert!(answer.rows.iter().all(|row| row.len() == answer.columns.len()));
        assert_eq!(overall(&answer, "exact_most_common"), Cell::Int(200));
        let Cell::Float(largest) = overall(&answer, "largest_difference") else { panic!("a number") };
        let expected = if overall(&answer, "most_common") == Cell::Int(200) { 0.2 } else { 0.8 };
        assert!((largest - expected).abs() < 1e-12);
        let (_, answer, _) = run(&analysis(100).verifying(1), &eighty_to_twenty());
        assert!(answer.notes.len() == 1 && answer.notes[0].contains("only the first 1 were"), "{:?}", answer.notes);
        for unknown in ["exact_most_common", "exact_share", "largest_difference"] {
            assert_eq!(overall(&answer, unknown), Cell::Null);
        }
        assert_eq!(answer.rows[1][4..], [Cell::Null, Cell::Null, Cell::Null]);
    }

    #[test]
    fn another_field_is_sampled_as_well() {
        let service = Reservoir::new(5, 0, "service".to_owned(), Field::Slot(1));
        let (_, answer, _) = run(&service, &[(1.0, "x"), (2.0, "y")]);
        assert_eq!(overall(&answer, "most_common"), Cell::Text("inference".into()));
        let (_, answer, _) = run(&service, &[]);
        assert_eq!(overall(&answer, "most_common"), Cell::Null);
    }
}
