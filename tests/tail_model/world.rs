//! A directory full of logs that are written, split, rotated, truncated, replaced and deleted, and
//! which of their records a tail has to count.

use crate::probe::Counts;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How records follow each other in a file.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    Lines,
    Array,
}

/// A log, known by its inode, and the writer that holds it open.
pub struct Log {
    writer: File,
    form: Form,
    /// Where it can be found by the tail.
    pub path: Option<PathBuf>,
    /// The link through which the tail finds it.
    pub link: Option<PathBuf>,
    /// The tail has counted a record of it, so it holds it open.
    pub is_known: bool,
    /// The records that it holds.
    records: Vec<u64>,
    is_empty: bool,
    /// Nobody writes to it any more.
    pub is_closed: bool,
    deleted: Option<Instant>,
    /// What is composed and not yet written, and where in it records end.
    queue: Vec<u8>,
    ends: Vec<(usize, u64)>,
    /// Records written since the tail was last seen to have counted everything.
    unsettled: Vec<u64>,
}

pub struct World {
    pub directory: PathBuf,
    pub logs: Vec<Log>,
    /// How often each record has to be counted.
    pub expected: BTreeMap<u64, RangeInclusive<u32>>,
    /// How many dead letters there may be.
    pub max_dead: u64,
    /// What happened, for whoever has to find out why a test failed.
    pub journal: Vec<String>,
    next_number: u64,
    next_name: u64,
}

/// A record with all that makes framing hard, `length` bytes longer than it has to be.
fn record(number: u64, length: usize) -> String {
    let padding = "p".repeat(length);
    format!(
        r#"{{"service": "s{}", "timestamp": {}.25, "message": "{number} \"a{{b\\ü,", "more": {{"x": ["}},{{", -1.5e3, null], "p": "{padding}"}}}}"#,
        number % 3,
        1_760_000_000 + number
    )
}

impl World {
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            logs: Vec::new(),
            expected: BTreeMap::new(),
            max_dead: 0,
            journal: Vec::new(),
            next_number: 0,
            next_name: 0,
        }
    }

    pub fn is_settled(&self, counts: &Counts) -> bool {
        self.expected.iter().all(|(number, times)| counts.get(number).unwrap_or(&0) >= times.start())
    }

    /// What is wrong with these counts, once the world is settled.
    pub fn faults(&self, counts: &Counts) -> Vec<String> {
        let numbers: std::collections::BTreeSet<u64> = self.expected.keys().chain(counts.keys()).copied().collect();
        let fault = |number: u64| {
            let (times, count) =
                (self.expected.get(&number).cloned().unwrap_or(0..=0), counts.get(&number).unwrap_or(&0));
            (!times.contains(count)).then(|| format!("record {number} was counted {count} times, not {times:?}"))
        };
        numbers.into_iter().filter_map(fault).collect()
    }

    /// The tail has counted all that it had to.
    pub fn settled(&mut self) {
        self.journal.push("settled".to_owned());
        for log in &mut self.logs {
            log.is_known |= !log.records.is_empty() && (log.path.is_some() || log.link.is_some());
            log.unsettled.clear();
        }
    }

    /// A name that was never used.
    pub fn fresh_name(&mut self, before: &str, after: &str) -> PathBuf {
        self.next_name += 1;
        self.directory.join(format!("{before}{}{after}", self.next_name))
    }

    pub fn create(&mut self, path: &Path, form: Form) -> usize {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let writer = File::options().create_new(true).append(true).open(path).unwrap();
        self.logs.push(Log {
            writer,
            form,
            path: Some(path.to_owned()),
            link: None,
            is_known: false,
            records: Vec::new(),
            is_empty: true,
            is_closed: false,
            deleted: None,
            queue: Vec::new(),
            ends: Vec::new(),
            unsettled: Vec::new(),
        });
        self.journal.push(format!("log {} is {}", self.logs.len() - 1, path.display()));
        self.logs.len() - 1
    }

    /// Writes what is queued, and `count` records more, at once.
    pub fn append(&mut self, place: usize, count: usize, length: usize) {
        for _ in 0..count {
            self.compose(place, length);
        }
        self.write(place, usize::MAX);
    }

    /// Puts a record into the queue of a log.
    pub fn compose(&mut self, place: usize, length: usize) {
        let (log, number) = (&mut self.logs[place], self.next_number);
        self.next_number += 1;
        let before = match (log.form, log.is_empty && log.queue.is_empty()) {
            (Form::Lines, _) => "",
            (Form::Array, true) => " [",
            (Form::Array, false) => ",\n  ",
        };
        log.queue.extend(before.bytes().chain(record(number, length).bytes()));
        log.ends.push((log.queue.len(), number));
        if let Form::Lines = log.form {
            log.queue.push(b'\n');
        }
    }

    /// Writes so many bytes of the queue; a record counts once its last brace is there.
    pub fn write(&mut self, place: usize, length: usize) {
        let log = &mut self.logs[place];
        let length = length.min(log.queue.len());
        log.writer.write_all(&log.queue[..length]).unwrap();
        log.queue.drain(..length);
        log.is_empty &= length == 0;
        let ended = log.ends.extract_if(.., |(end, _)| *end <= length).map(|(_, number)| number).collect::<Vec<_>>();
        log.ends.iter_mut().for_each(|(end, _)| *end -= length);
        log.records.extend(&ended);
        log.unsettled.extend(&ended);
        self.journal.push(format!("log {place} has {length} bytes more, which end the records {ended:?}"));
        for number in ended {
            self.expected.insert(number, 1..=1);
        }
    }

    pub fn queued(&self, place: usize) -> usize {
        self.logs[place].queue.len()
    }

    /// Another log with the same bytes: its records count once more.
    pub fn twin(&mut self, place: usize, path: &Path) {
        let source = self.logs[place].path.clone().unwrap();
        let text = fs::read(source).unwrap();
        let twin = self.create(path, self.logs[place].form);
        self.logs[twin].writer.write_all(&text).unwrap();
        self.logs[twin].is_empty = text.is_empty();
        self.close(twin);
        // A record that is not whole there does not count here either.
        for number in self.logs[place].records.clone() {
            let times = self.expected.get_mut(&number).expect("it was written");
            *times = times.start() + 1..=times.end() + 1;
            self.logs[twin].records.push(number);
        }
        self.journal.push(format!("log {twin} has what log {place} has"));
    }

    pub fn rename(&mut self, place: usize, to: &Path, is_matching: bool) {
        let log = &mut self.logs[place];
        fs::rename(log.path.as_ref().unwrap(), to).unwrap();
        self.journal.push(format!("log {place} is moved to {}", to.display()));
        log.path = is_matching.then(|| to.to_owned());
    }

    pub fn delete(&mut self, place: usize) {
        let log = &mut self.logs[place];
        fs::remove_file(log.path.take().unwrap()).unwrap();
        log.deleted = Some(Instant::now());
        self.journal.push(format!("log {place} is deleted"));
        self.max_dead += 1;
    }

    /// Nobody writes to it any more; what is torn stays torn.
    pub fn close(&mut self, place: usize) {
        self.logs[place].is_closed = true;
        self.journal.push(format!("log {place} is closed"));
        self.max_dead += 2;
    }

    /// Empties a log in place. What the tail had not counted may be lost, and what comes next may
    /// be counted twice, unless all was `settled`.
    pub fn truncate(&mut self, place: usize, is_settled: bool) {
        let log = &mut self.logs[place];
        log.writer.set_len(0).unwrap();
        self.journal.push(format!("log {place} is emptied, settled: {is_settled}"));
        log.is_empty = true;
        log.records.clear();
        log.queue.clear();
        log.ends.clear();
        if !is_settled {
            for number in std::mem::take(&mut log.unsettled) {
                self.expected.insert(number, 0..=1);
            }
        }
    }

    /// Whether its writer may go on: a tail lets go of a deleted log some seconds later.
    pub fn is_writable(&self, place: usize) -> bool {
        let log = &self.logs[place];
        !log.is_closed && log.deleted.is_none_or(|deleted| deleted.elapsed() < Duration::from_secs(2))
    }
}
