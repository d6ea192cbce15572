//! A row's rate over the last minutes of event time, drawn in 20 characters.
//!
//! Memory is bounded: 20 samples a row, and only rows of the last report are remembered.

use crate::event::Timestamp;
use crate::report::{Answer, Cell};
use std::collections::{HashMap, VecDeque};

const SAMPLES: i64 = 20;

/// Event time that one character stands for: 20 of them cover five minutes.
const SAMPLE_NANOS: i64 = 15_000_000_000;

/// The least difference between the lowest and the highest character, so that noise looks flat.
const MIN_SPREAD: f64 = 0.02;

const UNICODE: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];

/// The rates of a row, each with its place on the axis of event time; the newest last.
type History = VecDeque<(i64, f64)>;

/// The first rate of each row and of the overall row, as it went.
#[derive(Default)]
pub(super) struct Trends {
    /// By the text of the row's key.
    rows: HashMap<String, History>,
    overall: History,
    newest: i64,
}

/// The sparklines of a report.
pub(super) struct Sparklines {
    pub rows: Vec<String>,
    pub overall: String,
}

impl Trends {
    /// Takes the rates of the first `max_rows` rows in, as of `now`, and draws them.
    /// `None` where there is no rate or no event time.
    pub fn update(
        &mut self,
        answer: &Answer,
        now: Option<Timestamp>,
        max_rows: usize,
        unicode: bool,
    ) -> Option<Sparklines> {
        let column = rate_column(answer)?;
        self.newest = self.newest.max(now?.nanos().div_euclid(SAMPLE_NANOS));
        let mut before = std::mem::take(&mut self.rows);
        let mut lines = Vec::new();
        for row in answer.rows.iter().take(max_rows) {
            let key = format!("{:?}", &row[..answer.keys.min(row.len())]);
            let mut history = before.remove(&key).unwrap_or_default();
            sample(&mut history, self.newest, &row[column]);
            lines.push(draw(&history, self.newest, unicode));
            self.rows.insert(key, history);
        }
        if let Some((_, cell)) = answer.overall.iter().find(|(name, _)| *name == answer.columns[column]) {
            sample(&mut self.overall, self.newest, cell);
        }
        Some(Sparklines { rows: lines, overall: draw(&self.overall, self.newest, unicode) })
    }
}

/// The first column of rates. Rows that are keyed by time are done when they come: they have no trend.
fn rate_column(answer: &Answer) -> Option<usize> {
    if answer.rows.iter().any(|row| row.iter().take(answer.keys).any(|cell| matches!(cell, Cell::Time(_)))) {
        return None;
    }
    let is_rate = |place: &usize| answer.rows.iter().any(|row| matches!(row.get(*place), Some(Cell::Rate(_))));
    (0..answer.columns.len()).find(is_rate)
}

fn sample(history: &mut History, newest: i64, cell: &Cell) {
    if let Cell::Rate(rate) = cell {
        history.pop_back_if(|(place, _)| *place == newest);
        history.push_back((newest, *rate));
    }
    while history.front().is_some_and(|(place, _)| *place <= newest - SAMPLES) {
        history.pop_front();
    }
}

/// One character a sample, the lowest of the row at the bottom; a space where there is none.
fn draw(history: &History, newest: i64, unicode: bool) -> String {
    let Some((oldest, _)) = history.front() else { return String::new() };
    let levels = if unicode { UNICODE } else { ASCII };
    let rates = || history.iter().map(|(_, rate)| *rate);
    let (low, high) = (rates().fold(f64::INFINITY, f64::min), rates().fold(f64::NEG_INFINITY, f64::max));
    let spread = (high - low).max(MIN_SPREAD);
    let at = |place: i64| match history.iter().find(|(sampled, _)| *sampled == place) {
        Some((_, rate)) => levels[(((rate - low) / spread * 7.0).round() as usize).min(7)],
        None => ' ',
    };
    (*oldest..=newest).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rates: &[(&str, f64)]) -> Answer {
        let rows = rates.iter().map(|(key, rate)| vec![Cell::Text((*key).into()), Cell::Rate(*rate)]).collect();
        let overall = vec![("rate", Cell::Rate(0.5))];
        Answer { columns: vec!["service".into(), "rate".into()], keys: 1, rows, overall, ..Answer::default() }
    }

    fn at(samples: i64) -> Option<Timestamp> {
        Some(Timestamp::from_nanos(samples * SAMPLE_NANOS + 1))
    }

    #[test]
    fn a_line_climbs_with_the_rate_and_forgets_what_is_old() {
        let mut trends = Trends::default();
        let mut line = String::new();
        for place in 0..30 {
            let rates = [("a", (place as f64 / 29.0).min(1.0))];
            line = trends.update(&answer(&rates), at(place), 9, true).unwrap().rows[0].clone();
        }
        assert_eq!(line, "▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██");
        assert_eq!(trends.update(&answer(&[("a", 1.0)]), at(49), 9, true).unwrap().rows, ["▁"]);
    }

    #[test]
    fn a_sample_is_the_last_of_its_time_and_a_gap_is_seen() {
        let mut trends = Trends::default();
        for (place, rate) in [(0, 0.9), (0, 0.0), (2, 0.02)] {
            trends.update(&answer(&[("a", rate)]), at(place), 9, false).unwrap();
        }
        let lines = trends.update(&answer(&[("a", 1.0), ("b", 0.3)]), at(3), 9, false).unwrap();
        assert_eq!(lines.rows, ["_ _#", "_"]);
        assert_eq!(lines.overall, "_ __");
    }

    #[test]
    fn a_row_of_one_time_has_no_trend() {
        let mut answer = answer(&[("a", 0.5)]);
        answer.rows[0][0] = Cell::Time(Timestamp::from_nanos(0));
        assert!(Trends::default().update(&answer, at(0), 9, true).is_none());
    }

    #[test]
    fn noise_looks_flat() {
        let mut trends = Trends::default();
        trends.update(&answer(&[("a", 0.5)]), at(0), 9, true);
        assert_eq!(trends.update(&answer(&[("a", 0.501)]), at(1), 9, true).unwrap().rows, ["▁▁"]);
    }

    #[test]
    fn only_rows_of_the_last_report_are_remembered() {
        let mut trends = Trends::default();
        for key in 0..100 {
            let name = key.to_string();
            trends.update(&answer(&[(&name, 0.1), ("z", 0.2)]), at(key), 1, true);
        }
        assert_eq!(trends.rows.len(), 1);
    }
}
