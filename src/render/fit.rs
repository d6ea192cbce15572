//! Which columns of a table give way on a narrow screen: what is there for the eye, dates, keys and
//! intervals, before any answer does.

use super::grid::Grid;
use super::text;
use crate::report::{Answer, Cell};

/// Columns of space between two columns of a table.
const BETWEEN: usize = 2;

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A time that is part of the key: the beginning or the end of a window.
    Date,
    Key,
    Answer,
    Interval,
    /// What says of a window whether it was revised and is open.
    Bookkeeping,
    Trend,
}

impl Kind {
    pub fn of(answer: &Answer, place: usize) -> Self {
        let name = answer.columns[place].as_str();
        let mut cells = answer.rows.iter().filter_map(|row| row.get(place));
        match place < answer.keys {
            true if cells.any(|cell| matches!(cell, Cell::Time(_))) => Kind::Date,
            true => Kind::Key,
            false if matches!(name, "revision" | "open") => Kind::Bookkeeping,
            false if name == "ci95" || cells.any(|cell| matches!(cell, Cell::Interval(..))) => Kind::Interval,
            false => Kind::Answer,
        }
    }
}

/// Whether a column of this kind is to go.
type Goes = fn(Kind, usize) -> bool;

impl Grid {
    /// Makes the table at most so many columns wide, as far as answers stay what they are.
    pub fn fit(&mut self, columns: usize, unicode: bool) {
        self.drop_if(columns, |kind, _| kind == Kind::Trend);
        if self.width() > columns {
            self.shorten_dates();
        }
        if self.rows.iter().all(|row| self.is_untold(row)) {
            self.drop_if(columns, |kind, _| kind == Kind::Bookkeeping);
        }
        self.shorten_keys(columns, 24, unicode);
        self.drop_if(columns, |kind, _| kind == Kind::Interval);
        // The end of a window, which its beginning tells.
        self.drop_if(columns, |kind, place| kind == Kind::Date && place > 0);
        self.shorten_keys(columns, 8, unicode);
        self.drop_if(columns, |kind, _| kind == Kind::Bookkeeping);
    }

    /// Whether the bookkeeping says nothing: neither revised nor open.
    fn is_untold(&self, row: &[String]) -> bool {
        let mut cells = row.iter().zip(&self.kinds).filter(|(_, kind)| **kind == Kind::Bookkeeping);
        cells.all(|(cell, _)| matches!(cell.as_str(), "0" | "no"))
    }

    fn widths(&self) -> Vec<usize> {
        let lines = || std::iter::once(&self.header).chain(&self.rows).chain(&self.overall);
        let of =
            |place: usize| lines().filter_map(|line| line.get(place)).map(|cell| text::width(cell)).max().unwrap_or(0);
        (0..self.header.len()).map(of).collect()
    }

    fn width(&self) -> usize {
        self.widths().iter().sum::<usize>() + BETWEEN * self.header.len().saturating_sub(1)
    }

    /// Takes out the columns that may go, if the table is too wide.
    fn drop_if(&mut self, columns: usize, goes: Goes) {
        if self.width() <= columns {
            return;
        }
        let stays: Vec<bool> = self.kinds.iter().enumerate().map(|(place, kind)| !goes(*kind, place)).collect();
        let kept = |cells: &mut Vec<String>| {
            let mut stays = stays.iter();
            cells.retain(|_| stays.next().is_none_or(|stays| *stays));
        };
        [&mut self.header].into_iter().chain(&mut self.rows).chain(&mut self.overall).for_each(kept);
        let mut place = stays.iter();
        self.kinds.retain(|_| place.next().is_none_or(|stays| *stays));
        let mut place = stays.iter();
        self.right.retain(|_| place.next().is_none_or(|stays| *stays));
    }

    /// Leaves out of times what is zero in all of them: hours, minutes and seconds, or only seconds.
    fn shorten_dates(&mut self) {
        let dates: Vec<usize> = (0..self.kinds.len()).filter(|place| self.kinds[*place] == Kind::Date).collect();
        let are_all = |rows: &[Vec<String>], end: &str| {
            rows.iter().all(|row| dates.iter().all(|place| row[*place].ends_with(end)))
        };
        let Some(end) = [" 00:00:00", ":00"].into_iter().find(|end| are_all(&self.rows, end)) else { return };
        for row in &mut self.rows {
            for place in &dates {
                let length = row[*place].len() - end.len();
                row[*place].truncate(length);
            }
        }
    }

    /// Cuts the widest key, and then the others, to no less than `least` columns.
    fn shorten_keys(&mut self, columns: usize, least: usize, unicode: bool) {
        let mut excess = self.width().saturating_sub(columns);
        let widths = self.widths();
        let mut keys: Vec<usize> = (0..widths.len()).filter(|place| self.kinds[*place] == Kind::Key).collect();
        keys.sort_by_key(|place| std::cmp::Reverse(widths[*place]));
        for place in keys {
            let taken = excess.min(widths[place].saturating_sub(least));
            if taken == 0 {
                continue;
            }
            excess -= taken;
            let lines = [&mut self.header].into_iter().chain(&mut self.rows).chain(&mut self.overall);
            for cell in lines.filter_map(|line| line.get_mut(place)) {
                *cell = without_middle(cell, unicode, widths[place] - taken);
            }
        }
    }
}

/// A cell in at most so many columns: keys often differ at their ends, such as paths.
fn without_middle(cell: &str, unicode: bool, columns: usize) -> String {
    if text::width(cell) <= columns {
        return cell.to_owned();
    }
    let room = columns.saturating_sub(text::width(text::ellipsis(unicode)));
    let (mut end, mut taken) = (cell.len(), 0);
    for (at, char) in cell.char_indices().rev() {
        taken += text::char_width(char);
        // A mark stays with what it stands on.
        if taken > room / 2 {
            break;
        }
        end = if text::char_width(char) > 0 { at } else { end };
    }
    let rest = text::width(&cell[end..]);
    format!("{}{}", text::shown(cell, unicode, columns - rest), &cell[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;
    use crate::render::Style;
    use crate::render::sample::any_report;
    use crate::render::table::draw;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000_000_000;

    fn windows(start: i64) -> Answer {
        let columns = ["start", "end", "path", "count", "failure_rate", "ci95", "revision", "open"].map(str::to_owned);
        let row = |place: i64| {
            let day = |place| Cell::Time(Timestamp::from_nanos(start + place * DAY));
            let path = Cell::Text(format!("/a/rather/long/path/to/some/resource/{place}").into());
            let rate = [Cell::Rate(0.25), Cell::Interval(0.2, 0.3), Cell::Count(0), Cell::Bool(false)];
            [day(place), day(place + 1), path, Cell::Count(1234)].into_iter().chain(rate)
        };
        Answer { columns: columns.to_vec(), keys: 3, rows: (0..2).map(row).collect(), ..Answer::default() }
    }

    fn fitted(answer: &Answer, columns: usize) -> Vec<String> {
        let mut grid = Grid::new(answer, true, 60, usize::MAX);
        grid.fit(columns, true);
        draw(&grid, Style { color: false, unicode: true })
    }

    #[test]
    fn keys_intervals_and_dates_give_way_before_answers() {
        let shown = |start, columns| {
            let lines = fitted(&windows(start), columns);
            [lines[0].clone(), lines[2].clone()]
        };
        assert_eq!(
            shown(0, 110),
            [
                "start       end         path                                    count  failure rate    95 % interval",
                "1970-01-01  1970-01-02  /a/rather/long/path/to/some/resource/0  1,234       25.00 %  20.00 … 30.00 %",
            ]
        );
        assert_eq!(
            shown(0, 80),
            [
                "start       end         path                      count  failure rate",
                "1970-01-01  1970-01-02  /a/rather/lo…/resource/0  1,234       25.00 %",
            ]
        );
        assert_eq!(
            shown(1_000_000_000, 50),
            [
                "start                path      count  failure rate",
                "1970-01-01 00:00:01  /a/r…e/0  1,234       25.00 %",
            ]
        );
    }

    proptest! {
        #[test]
        fn no_answer_is_lost(report in any_report(), columns in 1usize..120) {
            let answers = |grid: &Grid| -> Vec<String> {
                let is_answer = |(kind, _): &(&Kind, &String)| **kind == Kind::Answer;
                let line = |row: &Vec<String>| grid.kinds.iter().zip(row).filter(is_answer).map(|(_, cell)| cell.clone()).collect::<Vec<_>>();
                grid.rows.iter().flat_map(line).collect()
            };
            let mut grid = Grid::new(&report.answer, true, 60, usize::MAX);
            let before = answers(&grid);
            grid.fit(columns, true);
            prop_assert_eq!(answers(&grid), before);
            prop_assert!(grid.rows.iter().all(|row| row.len() == grid.header.len()));
        }
    }
}
