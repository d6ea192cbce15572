//! What became of every record: counted, filtered, or dead with a reason. The books balance.

use super::Position;
use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};

/// What became of an event that was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is part of the answer.
    Counted,
    /// It is a sound record, but the question is not about it.
    Filtered,
    /// The question needs something of it that it lacks; the text says what.
    Dead(&'static str),
}

/// What became of every record that was read: `read` is the sum of the other columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub read: u64,
    pub counted: u64,
    pub filtered: u64,
    pub late: u64,
    pub duplicate: u64,
    pub dead_letter: u64,
}

impl Ledger {
    pub fn tally(&mut self, verdict: Verdict) {
        self.read += 1;
        match verdict {
            Verdict::Counted => self.counted += 1,
            Verdict::Filtered => self.filtered += 1,
            Verdict::Dead(_) => self.dead_letter += 1,
        }
    }

    pub fn balances(&self) -> bool {
        self.read == self.counted + self.filtered + self.late + self.duplicate + self.dead_letter
    }

    /// The columns in the order of every report.
    pub fn columns(&self) -> [(&'static str, u64); 6] {
        [
            ("read", self.read),
            ("counted", self.counted),
            ("filtered", self.filtered),
            ("late", self.late),
            ("duplicate", self.duplicate),
            ("dead_letter", self.dead_letter),
        ]
    }
}

impl Add for Ledger {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Ledger {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.counted += other.counted;
        self.filtered += other.filtered;
        self.late += other.late;
        self.duplicate += other.duplicate;
        self.dead_letter += other.dead_letter;
    }
}

/// A record that could not be counted: where it stood, why, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub at: Position,
    pub reason: String,
    pub raw: Vec<u8>,
    /// It is a sound record that came too late.
    pub is_late: bool,
}
