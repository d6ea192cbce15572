//! What the rows of an answer are about: the fields whose values make a key.

use crate::event::{Event, Role, Value};
use crate::report::{Answer, Cell};
use crate::schema::Field;
use crate::sketch::Groups;

/// The label of the row that sums all keys beyond `--max-keys`.
const OTHERS: &str = "(other)";

/// The columns that make the key of a row, and the fields they are taken from.
#[derive(Clone, Debug)]
pub struct By {
    columns: Vec<String>,
    fields: Vec<Field>,
}

impl By {
    pub fn new(columns: Vec<(String, Field)>) -> Self {
        let (columns, fields) = columns.into_iter().unzip();
        Self { columns, fields }
    }

    /// The key of an event, for [`Groups::entry`].
    pub fn key<'k, 'e: 'k>(&'k self, event: &'k Event<'e>) -> impl Iterator<Item = Value<'e>> + 'k {
        self.fields.iter().map(|field| field.of(event))
    }

    /// An answer with one row a group, sorted by key, and the row of the others. `cells` are those
    /// after the key, under the names in `columns`; a group without any has no row.
    pub fn table<T>(
        &self,
        groups: &Groups<T>,
        columns: &[&str],
        mut cells: impl FnMut(&T) -> Option<Vec<Cell>>,
    ) -> Answer {
        let keys = self.columns.len();
        let columns = self.columns.iter().cloned().chain(columns.iter().map(|&name| name.to_owned())).collect();
        let mut answer = Answer { columns, keys, ..Answer::default() };
        let others = groups.overflow().map(|rest| (vec![Cell::Text(OTHERS.to_owned()); keys], rest));
        let mut has_others = false;
        for (key, group, is_others) in
            groups.sorted().into_iter().map(|(key, group)| (key, group, false)).chain(others.map(|(k, g)| (k, g, true)))
        {
            if let Some(cells) = cells(group) {
                answer.rows.push([key, cells].concat());
                has_others |= is_others;
            }
        }
        if has_others {
            answer.notes.push(format!(
                "There are more keys than --max-keys allows: the first {} have rows of their own, the others are summed in the row {OTHERS}.",
                groups.len()
            ));
        }
        answer
    }
}

impl Default for By {
    /// By service.
    fn default() -> Self {
        Self::new(vec![(Role::Service.name().to_owned(), Field::Slot(Role::Service as usize))])
    }
}

#[cfg(test)]
pub(super) mod tests {
    //! Events for the tests of every analysis.

    use crate::analysis::Analysis;
    use crate::event::{Event, FileId, Position, Span, Timestamp, Value, Verdict};
    use crate::report::{Answer, Cell};

    /// A service's request at a time in seconds, as the lab logs it.
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
            analysis.settle(&mut state);
        }
        let answer = analysis.report(&state, seen);
        (state, answer, verdicts)
    }

    /// The cell of the overall row under a name.
    pub fn overall(answer: &Answer, name: &str) -> Cell {
        answer.overall.iter().find(|(field, _)| *field == name).unwrap_or_else(|| panic!("a field {name}")).1.clone()
    }

    #[test]
    fn keys_beyond_the_cap_share_a_row_and_a_note() {
        use crate::sketch::{Groups, Rate};
        let by = super::By::default();
        let mut groups = Groups::<Rate>::default();
        for service in ["b", "c", "a", "d", "b"] {
            request(0, service, None, "", |event| groups.entry(by.key(event)).add(true));
        }
        groups.cap(2);
        let answer = by.table(&groups, &["total"], |rate| Some(vec![Cell::Count(rate.total)]));
        let row = |key: &str, total| vec![Cell::Text(key.into()), Cell::Count(total)];
        assert_eq!(answer.rows, [row("b", 2), row("c", 1), row("(other)", 2)]);
        assert!(answer.notes[0].contains("the first 2"), "{:?}", answer.notes);
    }
}
