//! Which records hold a message of a watchlist that is too large for memory.
//!
//! A record on the list is always found; others match at the filter's false-positive rate. What
//! was counted stays counted when the filter is replaced.

use super::watchlist::each_pattern;
use super::{Analysis, By, Settling, Watchlist, Written};
use crate::event::{Event, Span, Value, Verdict};
use crate::report::{Answer, Cell, Fields};
use crate::sketch::{Groups, Merge, Rate};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

pub struct Bloom {
    watchlist: Watchlist,
    message: Written,
    by: By,
    max_keys: usize,
    forwards: bool,
    /// What is truly on the list, to measure the filter by.
    truth: Option<PathBuf>,
}

impl Bloom {
    /// Looks a field up in the watchlist: a text as it is, anything else as the record writes it.
    pub fn new(watchlist: Watchlist, message: impl Into<Written>, by: By, max_keys: usize) -> Self {
        Self { watchlist, message: message.into(), by, max_keys, forwards: false, truth: None }
    }

    /// The columns after the key.
    pub const COLUMNS: [&str; 3] = ["total", "matched", "ratio"];

    /// Keeps matching records until [`Analysis::forward`] writes them out.
    pub fn forwarding(self) -> Self {
        Self { forwards: true, ..self }
    }

    /// Measures the rate of false positives by a patterns file, streamed once at the end. Of the
    /// distinct texts that match, at most `max_keys` are held to it, as hashes of 128 bits.
    pub fn verifying(self, patterns: PathBuf) -> Self {
        Self { truth: Some(patterns), ..self }
    }
}

/// Appends a record as one line: as it is where it is on one, else without the space between its tokens.
fn append_line(raw: &[u8], out: &mut Vec<u8>) {
    if memchr::memchr2(b'\n', b'\r', raw).is_none() {
        out.extend_from_slice(raw);
    } else {
        let (mut in_string, mut is_escaped) = (false, false);
        for &byte in raw {
            if in_string || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                out.push(byte);
            }
            in_string ^= byte == b'"' && !is_escaped;
            is_escaped = in_string && byte == b'\\' && !is_escaped;
        }
    }
    out.push(b'\n');
}

#[derive(Default, Serialize, Deserialize)]
pub struct Matches {
    /// Records by key; a hit is a match.
    groups: Groups<Rate>,
    /// Matching records that wait to be forwarded, a line each. Written out before a state is
    /// stored.
    #[serde(skip)]
    waiting: Vec<u8>,
    /// Matching records by the hash of their text, where they are verified.
    suspects: Groups<u64>,
    /// Matching records that are truly on the list; known once concluded.
    true_matches: Option<u64>,
    /// Why they could not be told at the end.
    #[serde(skip)]
    unverified: Option<String>,
}

impl Merge for Matches {
    fn merge(&mut self, later: Self) {
        self.groups.merge(later.groups);
        self.waiting.extend(later.waiting);
        self.suspects.merge(later.suspects);
        (self.true_matches, self.unverified) = (None, None);
    }
}

impl Analysis for Bloom {
    type State = Matches;

    fn name(&self) -> &'static str {
        "bloom"
    }

    fn empty(&self) -> Self::State {
        Matches::default()
    }

    fn observe(&self, state: &mut Self::State, event: &Event<'_>) -> Verdict {
        let Some(text) = self.message.text(event) else { return Verdict::Filtered };
        let matches = self.watchlist.filter().contains(text.as_bytes());
        self.by.entry(&mut state.groups, event).add(matches);
        if matches && self.forwards {
            append_line(event.raw, &mut state.waiting);
        }
        if matches && self.truth.is_some() {
            *state.suspects.entry(fingerprint(text.as_bytes()).iter()) += 1;
        }
        Verdict::Counted
    }

    fn settle(&self, state: &mut Self::State, _settling: &mut Settling<'_>) {
        state.groups.cap(self.max_keys);
        state.suspects.cap(self.max_keys);
    }

    fn forward(&self, state: &mut Self::State, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&state.waiting)?;
        state.waiting.clear();
        Ok(())
    }

    fn refresh(&mut self) -> Option<String> {
        self.watchlist.refresh()
    }

    fn conclude(&self, state: &mut Self::State, _settling: &mut Settling<'_>, _is_over: bool) {
        let Some(path) = &self.truth else { return };
        match true_matches(path, &mut state.suspects) {
            Ok(count) => state.true_matches = Some(count),
            Err(error) => {
                let path = path.display().to_string();
                state.unverified = Some(format!(
                    "How many matches are false is not known: {} cannot be read any more: {error}.",
                    path.escape_debug()
                ));
            }
        }
    }

    fn join(&self, state: &mut Self::State, other: Self::State) -> Result<Option<String>, String> {
        state.groups.join(other.groups);
        state.groups.cap(self.max_keys);
        state.suspects.join(other.suspects);
        state.suspects.cap(self.max_keys);
        (state.true_matches, state.unverified) = (None, None);
        Ok(None)
    }

    fn report(&self, state: &mut Self::State, seen: Span, _last: bool) -> Answer {
        let mut all = Rate::default();
        state.groups.values().for_each(|rate| all.merge(*rate));
        let mut answer = self.by.table(&state.groups, &Self::COLUMNS, |rate| {
            Some(vec![Cell::Count(rate.total), Cell::Count(rate.hits), rate.share()])
        });
        let filter = self.watchlist.filter();
        answer.window = seen.0;
        answer.overall = vec![
            ("total", Cell::Count(all.total)),
            ("matched", Cell::Count(all.hits)),
            ("ratio", all.share()),
            ("forwarded", Cell::Count(if self.forwards { all.hits } else { 0 })),
            ("items", Cell::Count(filter.items())),
            ("bits", Cell::Count(filter.bits())),
            ("hashes", Cell::Count(filter.hashes().into())),
            ("expected_fpr", Cell::Rate(self.watchlist.expected_fpr())),
        ];
        if self.truth.is_some() {
            answer.overall.extend(measured(state, all));
            answer.notes.extend(state.unverified.clone());
            if let Some(unverified) = state.suspects.overflow() {
                answer.notes.push(format!(
                    "There are more distinct matching texts than --max-keys allows: {unverified} records \
                     were not held to the patterns."
                ));
            }
        }
        answer
    }
}

/// How many of the matching records are truly on the list.
fn true_matches(patterns: &Path, suspects: &mut Groups<u64>) -> io::Result<u64> {
    // The list may name a message twice.
    let mut met = vec![false; suspects.len()];
    let mut true_matches = 0;
    each_pattern(BufReader::new(File::open(patterns)?), |pattern| {
        if let Some((place, count)) = suspects.find(fingerprint(pattern).iter())
            && !std::mem::replace(&mut met[place], true)
        {
            true_matches += count;
        }
    })?;
    Ok(true_matches)
}

/// The measured rate of false positives: of the records that are truly not on the list, those
/// that matched. Null until concluded.
fn measured(state: &Matches, all: Rate) -> Fields {
    let (false_positives, rate) = match state.true_matches {
        Some(true_matches) => {
            let verified = all.hits.saturating_sub(state.suspects.overflow().copied().unwrap_or(0));
            let false_positives = verified.saturating_sub(true_matches);
            let not_listed = all.total.saturating_sub(all.hits) + false_positives;
            (Cell::Count(false_positives), Cell::rate(false_positives, not_listed))
        }
        None => (Cell::Null, Cell::Null),
    };
    vec![("false_positives", false_positives), ("measured_fpr", rate)]
}

/// A text as a key of fixed size. With 128 bits, two of a billion texts meet in one of 10^20 runs.
fn fingerprint(text: &[u8]) -> [Value<'static>; 2] {
    let hash = xxh3_128(text);
    [Value::Uint((hash >> 64) as u64), Value::Uint(hash as u64)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::fixtures::{conclude, overall, run};
    use crate::event::Role;
    use crate::schema::Field;
    use crate::sketch::Filter;

    fn analysis(bits: u64, items: impl IntoIterator<Item = String>) -> Bloom {
        let mut filter = Filter::with_bits(bits, 3).unwrap();
        items.into_iter().for_each(|item| filter.insert(item.as_bytes()));
        Bloom::new(Watchlist::fixed(filter), Field::Slot(Role::Message as usize), By::default(), 10_000)
    }

    #[test]
    fn one_of_two_messages_on_the_list_is_a_ratio_of_one_half() {
        let bloom = analysis(8 * 1024, ["HTTP Status Code: 500".to_owned()]);
        let (_, answer, _) = run(&bloom, &[(1.0, "HTTP Status Code: 500"), (2.0, "HTTP Status Code: 200")]);
        assert_eq!(overall(&answer, "ratio"), Cell::Rate(0.5));
        assert_eq!(answer.rows[0][1..], [Cell::Count(2), Cell::Count(1), Cell::Rate(0.5)]);
        assert_eq!(overall(&answer, "bits"), Cell::Count(8192));
        assert_eq!(overall(&answer, "forwarded"), Cell::Count(0));
    }

    #[test]
    fn matching_records_are_forwarded_once_unchanged_and_in_order() {
        let bloom = analysis(8 * 1024, ["a".to_owned(), "c".to_owned()]).forwarding();
        let (mut state, answer, _) = run(&bloom, &[(1.0, "a"), (2.0, "b"), (3.0, "c")]);
        state.merge(run(&bloom, &[(1.0, "c"), (2.0, "a")]).0);
        let mut out = Vec::new();
        bloom.forward(&mut state, &mut out).unwrap();
        bloom.forward(&mut state, &mut out).unwrap();
        let lines = ["a", "c", "c", "a"].map(|message| format!("{{\"message\":\"{message}\"}}\n"));
        assert_eq!(String::from_utf8(out).unwrap(), lines.concat());
        assert_eq!(overall(&answer, "forwarded"), Cell::Count(2));
    }

    #[test]
    fn a_record_is_one_line_whatever_its_layout() {
        let line = |raw: &str| {
            let mut out = Vec::new();
            append_line(raw.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        };
        let one_line = r#"{"a" : "x  y",	"b":[1, 2 ]}"#;
        assert_eq!(line(one_line), format!("{one_line}\n"), "byte for byte");
        let pretty = "{\r\n  \"a \\\" { \": \"x \\\\\",\n\t\"b\": [ 1.50,\n 2 ],\n  \"c\": { } }";
        assert_eq!(line(pretty), "{\"a \\\" { \":\"x \\\\\",\"b\":[1.50,2],\"c\":{}}\n");
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&line(pretty)), value(pretty));
    }

    #[test]
    fn a_record_without_the_text_is_filtered() {
        let bloom = Bloom { message: Field::Slot(Role::Id as usize).into(), ..analysis(64, []) };
        let (_, _, verdicts) = run(&bloom, &[(1.0, "HTTP Status Code: 500")]);
        assert_eq!(verdicts, [Verdict::Filtered]);
    }

    #[test]
    fn a_number_is_looked_up_as_it_is_written() {
        let bloom = Bloom { message: Field::Status.into(), ..analysis(8192, ["500".to_owned()]) };
        let (_, answer, _) = run(&bloom, &[(1.0, "HTTP Status Code: 500"), (2.0, "HTTP Status Code: 200")]);
        assert_eq!((overall(&answer, "total"), overall(&answer, "matched")), (Cell::Count(2), Cell::Count(1)));
    }

    #[test]
    fn verifying_tells_false_positives_from_true_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("patterns");
        let listed: Vec<_> = (0..100).map(|n| format!("listed {n}")).collect();
        std::fs::write(&path, [listed.join("\n"), listed.join("\r\n")].join("\n")).unwrap();
        let bloom = analysis(512, listed.iter().cloned()).verifying(path.clone());
        let others: Vec<_> = (0..1000).map(|n| format!("other {n}")).collect();
        let events: Vec<_> = listed.iter().chain(&others).chain(&listed).map(|text| (1.0, text.as_str())).collect();
        let (mut state, answer, _) = run(&bloom, &events);
        assert_eq!(overall(&answer, "measured_fpr"), Cell::Null, "not known before the end");
        conclude(&bloom, &mut state);
        let answer = bloom.report(&mut state, Span::default(), true);

        let wrong = others.iter().filter(|text| bloom.watchlist.filter().contains(text.as_bytes())).count();
        assert!(wrong > 10, "the filter is small enough to err");
        assert_eq!(overall(&answer, "false_positives"), Cell::Count(wrong as u64));
        assert_eq!(overall(&answer, "measured_fpr"), Cell::Rate(wrong as f64 / 1000.0));

        let (mut state, _, _) = run(&Bloom { max_keys: 2, ..bloom }, &events);
        let bloom = analysis(512, listed.iter().cloned()).verifying(path.clone());
        conclude(&bloom, &mut state);
        let answer = bloom.report(&mut state, Span::default(), true);
        assert_eq!(overall(&answer, "false_positives"), Cell::Count(0), "two listed texts are known, no other");
        assert!(answer.notes[0].contains("were not held to the patterns"), "{:?}", answer.notes);

        std::fs::remove_file(&path).unwrap();
        let (mut state, _, _) = run(&bloom, &events);
        conclude(&bloom, &mut state);
        let answer = bloom.report(&mut state, Span::default(), true);
        assert_eq!(overall(&answer, "measured_fpr"), Cell::Null);
        assert!(answer.notes[0].contains("cannot be read any more"), "{:?}", answer.notes);
    }
}
