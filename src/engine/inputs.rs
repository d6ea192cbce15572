//! What is known of the inputs while they are read: how each is called, and what became of its records.

use crate::event::{FileId, Ledger};
use std::collections::HashMap;

#[derive(Default)]
pub struct Inputs {
    by_id: HashMap<FileId, Input>,
    /// Some of their records were read by an earlier run.
    pub are_resumed: bool,
}

struct Input {
    name: String,
    counted: u64,
    filtered: u64,
}

impl Inputs {
    /// Whether it has not been introduced yet.
    pub fn is_new(&self, file: FileId) -> bool {
        !self.by_id.contains_key(&file)
    }

    pub fn introduce(&mut self, file: FileId, name: String) {
        self.by_id.insert(file, Input { name, counted: 0, filtered: 0 });
    }

    /// Forgets one that is over.
    pub fn dismiss(&mut self, file: FileId) {
        self.by_id.remove(&file);
    }

    pub fn name(&self, file: FileId) -> &str {
        self.by_id.get(&file).map_or("", |input| &input.name)
    }

    /// Takes in what became of some of its records.
    pub fn tally(&mut self, file: FileId, ledger: Ledger) {
        if let Some(input) = self.by_id.get_mut(&file) {
            (input.counted, input.filtered) = (input.counted + ledger.counted, input.filtered + ledger.filtered);
        }
    }

    /// Those that had records, none of which was counted, where others had some that were.
    pub fn uncounted(&self) -> Vec<String> {
        if self.are_resumed || self.by_id.values().all(|input| input.counted == 0) {
            return Vec::new();
        }
        let without = self.by_id.values().filter(|input| input.counted == 0 && input.filtered > 0);
        let mut names: Vec<String> = without.map(|input| input.name.clone()).collect();
        names.sort();
        names
    }
}
