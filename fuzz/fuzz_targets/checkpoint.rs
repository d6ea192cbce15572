//! Any bytes in place of a log of checkpoints give an image that another run can keep on, or a refusal.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use streamlab::checkpoint::{Image, Medium, Plan, Store};
use streamlab::engine::checkpoint::Standing;

type Logs = BTreeMap<String, Vec<u8>>;

/// Logs in memory.
#[derive(Clone)]
struct Memory(Arc<Mutex<Logs>>);

impl Memory {
    fn logs(&self) -> MutexGuard<'_, Logs> {
        self.0.lock().expect("nobody panics")
    }
}

impl Medium for Memory {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.logs().keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(self.logs()[name].clone())
    }

    fn append(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut logs = self.logs();
        let log = logs.entry(name.to_owned()).or_default();
        log.truncate(offset as usize);
        log.extend_from_slice(bytes);
        Ok(())
    }

    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.logs().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.logs().remove(name);
        Ok(())
    }
}

fuzz_target!(|log: &[u8]| {
    let logs = BTreeMap::from([("checkpoint-000000.slab".to_owned(), log.to_vec())]);
    let memory = Memory(Arc::new(Mutex::new(logs)));
    let Ok((mut store, loaded)) = Store::open(memory.clone()) else { return };
    let loaded = loaded.expect("a log is never taken for a beginning");
    let _ = Standing::of(&loaded.image.bytes);
    let next = Image { plan: Plan::default(), bytes: vec![7; 9] };
    store.save(&next).expect("memory can be written");
    let (_, found) = Store::open(memory).expect("what was kept is found");
    assert_eq!(found.map(|found| found.image), Some(next));
});
