//! What can happen to the files of a world, and how it is done to them while a tail watches.

use crate::probe::Tail;
use crate::world::{Form, World};
use proptest::prelude::*;
use proptest::sample::Index;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a tail may take: far more than it does, for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something that happens to the files. Numbers of records are small, `length` pads each.
#[derive(Clone, Debug)]
pub enum Op {
    Create {
        place: usize,
        form: Form,
        count: usize,
        length: usize,
    },
    Twin {
        log: Index,
    },
    Append {
        log: Index,
        count: usize,
        length: usize,
    },
    /// Some bytes of a record.
    Part {
        log: Index,
        per_mille: usize,
        length: usize,
    },
    Rename {
        log: Index,
        is_matching: bool,
        late: usize,
        has_successor: bool,
    },
    Delete {
        log: Index,
        late: usize,
    },
    CopyTruncate {
        log: Index,
        count: usize,
        length: usize,
        is_settled: bool,
    },
    Replace {
        log: Index,
        late: usize,
        count: usize,
    },
    Compress {
        log: Index,
        late: usize,
    },
    Link {
        count: usize,
    },
    Swap {
        log: Index,
        late: usize,
        count: usize,
    },
    Settle,
    Pause {
        us: u64,
    },
    /// Long enough for a rescan by the clock.
    Linger,
}

pub fn op() -> impl Strategy<Value = Op> {
    let log = any::<Index>;
    let form = prop_oneof![2 => Just(Form::Lines), 1 => Just(Form::Array)];
    let length = || prop_oneof![6 => 0usize..80, 1 => 900usize..3000];
    prop_oneof![
        4 => (0..6usize, form, 0..4usize, length())
            .prop_map(|(place, form, count, length)| Op::Create { place, form, count, length }),
        1 => log().prop_map(|log| Op::Twin { log }),
        6 => (log(), 1..4usize, length()).prop_map(|(log, count, length)| Op::Append { log, count, length }),
        8 => (log(), 1..1000usize, length()).prop_map(|(log, per_mille, length)| Op::Part { log, per_mille, length }),
        3 => (log(), any::<bool>(), 0..3usize, any::<bool>()).prop_map(|(log, is_matching, late, has_successor)| {
            Op::Rename { log, is_matching, late, has_successor }
        }),
        1 => (log(), 0..3usize).prop_map(|(log, late)| Op::Delete { log, late }),
        2 => (log(), 0..5usize, length(), prop::bool::weighted(0.8)).prop_map(|(log, count, length, is_settled)| {
            Op::CopyTruncate { log, count, length, is_settled }
        }),
        2 => (log(), 0..3usize, 0..4usize).prop_map(|(log, late, count)| Op::Replace { log, late, count }),
        2 => (log(), 0..3usize).prop_map(|(log, late)| Op::Compress { log, late }),
        1 => (0..3usize).prop_map(|count| Op::Link { count }),
        1 => (log(), 0..3usize, 0..3usize).prop_map(|(log, late, count)| Op::Swap { log, late, count }),
        3 => Just(Op::Settle),
        3 => (0..3000u64).prop_map(|us| Op::Pause { us }),
        1 => prop::bool::weighted(0.05).prop_map(|long| if long { Op::Linger } else { Op::Settle }),
    ]
}

/// A world, and the tail that watches it.
pub struct History {
    pub world: World,
    pub tail: Tail,
}

impl History {
    pub fn begin(directory: &Path) -> Self {
        Self { world: World::new(directory.to_owned()), tail: Tail::start(directory) }
    }

    /// Waits until the tail has counted everything.
    pub fn settle(&mut self) -> Result<(), TestCaseError> {
        let counts = self.tail.wait(Instant::now() + PATIENCE, |counts| self.world.is_settled(counts));
        self.world.settled();
        self.judge(self.world.faults(&counts))
    }

    fn judge(&self, faults: Vec<String>) -> Result<(), TestCaseError> {
        let story = (self.tail.notes(), &self.world.journal);
        prop_assert!(faults.is_empty(), "{}\nthe tail said, after:\n{story:#?}", faults.join("\n"));
        Ok(())
    }

    /// The log that is meant, among those that are fit for it.
    fn pick(&self, index: &Index, is_fit: impl Fn(usize) -> bool) -> Option<usize> {
        let fit: Vec<usize> = (0..self.world.logs.len()).filter(|place| is_fit(*place)).collect();
        (!fit.is_empty()).then(|| fit[index.index(fit.len())])
    }

    /// A log that the tail holds open, at a path of its own, whose writer is still there.
    fn pick_known(&self, index: &Index) -> Option<usize> {
        let world = &self.world;
        self.pick(index, |place| {
            let log = &world.logs[place];
            log.is_known && log.path.is_some() && log.link.is_none() && !log.is_closed
        })
    }

    pub fn apply(&mut self, op: &Op) -> Result<(), TestCaseError> {
        match op {
            Op::Create { place, form, count, length } => self.create(*place, *form, *count, *length),
            Op::Append { log, count, length } => {
                if let Some(place) = self.pick(log, |place| self.world.is_writable(place)) {
                    self.world.append(place, *count, *length);
                }
            }
            Op::Part { log, per_mille, length } => {
                if let Some(place) = self.pick(log, |place| self.world.is_writable(place)) {
                    if self.world.queued(place) == 0 {
                        self.world.compose(place, *length);
                    }
                    let part = (self.world.queued(place) * per_mille / 1000).max(1);
                    self.world.write(place, part);
                }
            }
            Op::Link { count } => {
                let (target, link) = (self.world.fresh_name("target", ".data"), self.world.fresh_name("link", ".log"));
                self.link(&target, &link, *count);
            }
            Op::Settle => self.settle()?,
            Op::Pause { us } => std::thread::sleep(Duration::from_micros(*us)),
            Op::Linger => {
                std::thread::sleep(Duration::from_millis(1200));
                self.settle()?;
            }
            _ => self.disturb(op)?,
        }
        Ok(())
    }

    fn create(&mut self, place: usize, form: Form, count: usize, length: usize) {
        let names = ["a.log", "b.log", "c.json", "new/d.log", "new/deep/e.log", "other/f.json"];
        let mut path = self.world.directory.join(names[place]);
        if path.exists() {
            path = self.world.fresh_name("n", ".log");
        }
        let log = self.world.create(&path, form);
        self.world.append(log, count, length);
    }

    fn link(&mut self, target: &Path, link: &Path, count: usize) {
        let log = self.world.create(target, Form::Lines);
        self.world.logs[log].link = Some(link.to_owned());
        self.world.append(log, count, 20);
        // Replaced in one step, as deployments do.
        let draft = self.world.fresh_name("draft", ".link");
        std::os::unix::fs::symlink(target, &draft).unwrap();
        fs::rename(&draft, link).unwrap();
    }

    /// What makes a tail lose its place.
    fn disturb(&mut self, op: &Op) -> Result<(), TestCaseError> {
        match op {
            Op::Twin { log } => {
                self.settle()?;
                if let Some(place) = self.pick_known(log) {
                    let path = self.world.fresh_name("twin", ".log");
                    self.world.twin(place, &path);
                }
            }
            Op::Rename { log, is_matching, late, has_successor } => {
                let Some(place) = self.pick_known(log) else { return Ok(()) };
                let old = self.world.logs[place].path.clone().unwrap();
                let to = self.world.fresh_name("rotated-", if *is_matching { ".log" } else { ".log.1" });
                self.world.append(place, *late, 0);
                self.world.rename(place, &to, *is_matching);
                if *has_successor {
                    let successor = self.world.create(&old, Form::Lines);
                    self.world.append(successor, 1, 0);
                }
                self.world.append(place, *late, 0);
            }
            Op::Delete { log, late } => {
                if let Some(place) = self.pick_known(log) {
                    self.world.append(place, *late, 0);
                    self.world.delete(place);
                }
            }
            Op::CopyTruncate { log, count, length, is_settled } => {
                if *is_settled {
                    self.settle()?;
                }
                let Some(place) = self.pick_known(log) else { return Ok(()) };
                let copy = self.world.fresh_name("copy", ".log.1");
                fs::copy(self.world.logs[place].path.as_ref().unwrap(), copy).unwrap();
                self.world.truncate(place, *is_settled);
                self.world.append(place, *count, *length);
            }
            Op::Replace { log, late, count } => {
                let Some(place) = self.pick_known(log) else { return Ok(()) };
                let path = self.world.logs[place].path.clone().unwrap();
                self.world.append(place, *late, 0);
                let draft = self.world.fresh_name(".draft", ".swp");
                let new = self.world.create(&draft, Form::Lines);
                self.world.append(new, *count, 0);
                self.world.rename(new, &path, true);
                self.world.logs[place].path = None;
                self.world.close(place);
            }
            Op::Compress { log, late } => {
                if let Some(place) = self.pick_known(log)
                    && !compressed(self.world.logs[place].path.as_ref().unwrap()).exists()
                {
                    self.world.append(place, *late, 0);
                    compress(self.world.logs[place].path.as_ref().unwrap());
                    self.world.logs[place].path = None;
                    self.world.close(place);
                }
            }
            Op::Swap { log, late, count } => {
                let is_link = |place: usize| self.world.logs[place].link.is_some() && self.world.logs[place].is_known;
                let Some(place) = self.pick(log, is_link) else { return Ok(()) };
                self.world.append(place, *late, 0);
                let link = self.world.logs[place].link.take().unwrap();
                self.world.close(place);
                let target = self.world.fresh_name("target", ".data");
                self.link(&target, &link, *count);
            }
            _ => unreachable!("the others disturb nothing"),
        }
        Ok(())
    }
}

fn compressed(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.gz", path.display()))
}

/// As gzip does: beside the original, in some writes, then without it.
fn compress(path: &Path) {
    let text = fs::read(path).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&text).unwrap();
    let packed = encoder.finish().unwrap();
    let mut file = fs::File::create(compressed(path)).unwrap();
    for part in packed.chunks(packed.len() / 3 + 1) {
        file.write_all(part).unwrap();
    }
    fs::remove_file(path).unwrap();
}
