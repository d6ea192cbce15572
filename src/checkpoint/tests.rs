//! Logs that are cut, flipped, zeroed, and written by a system that fails: what is found afterwards is
//! an image that was kept, or a refusal.

use super::{Image, Medium, Plan, Store, StoreError};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

/// Logs in memory, and how many more operations succeed.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    logs: BTreeMap<String, Vec<u8>>,
    /// The operation from here that fails, and whether all after it do.
    fails: Option<(usize, bool)>,
    /// How much of a failing write is done nevertheless.
    torn: usize,
}

impl Memory {
    /// Whether this operation fails.
    fn fails(&self) -> bool {
        let mut disk = self.0.lock().unwrap();
        match &mut disk.fails {
            Some((0, for_ever)) => {
                if !*for_ever {
                    disk.fails = None;
                }
                true
            }
            Some((left, _)) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn full() -> io::Error {
        io::ErrorKind::StorageFull.into()
    }
}

impl Medium for Memory {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().unwrap().logs.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(self.0.lock().unwrap().logs[name].clone())
    }

    fn append(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let fails = self.fails();
        let mut disk = self.0.lock().unwrap();
        let done = if fails { disk.torn.min(bytes.len()) } else { bytes.len() };
        let log = disk.logs.get_mut(name).unwrap();
        log.truncate(offset as usize);
        log.extend_from_slice(&bytes[..done]);
        if fails { Err(Self::full()) } else { Ok(()) }
    }

    fn create(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if self.fails() {
            return Err(Self::full());
        }
        self.0.lock().unwrap().logs.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        if self.fails() {
            return Err(Self::full());
        }
        self.0.lock().unwrap().logs.remove(name);
        Ok(())
    }
}

/// The image after so many checkpoints: of some length, most of it as in the one before.
fn image(number: u64, length: usize) -> Image {
    let mut state = 7u64;
    let mut bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(length)
    .collect();
    bytes.extend_from_slice(&number.to_le_bytes());
    Image { plan: Plan { command: "window".to_owned(), ..Plan::default() }, bytes }
}

fn number(image: &Image) -> u64 {
    u64::from_le_bytes(*image.bytes.last_chunk().unwrap())
}

fn open(disk: &Memory) -> Result<(Store<Memory>, Option<u64>, bool), StoreError> {
    let (store, loaded) = Store::open(disk.clone())?;
    let is_previous = loaded.as_ref().is_some_and(|loaded| loaded.is_previous);
    let found = loaded.map(|loaded| {
        let number = number(&loaded.image);
        assert_eq!(loaded.image, image(number, loaded.image.bytes.len() - 8), "an image is whole, or none");
        number
    });
    Ok((store, found, is_previous))
}

fn kept(images: u64, length: usize) -> Memory {
    let disk = Memory::default();
    let (mut store, found, _) = open(&disk).unwrap();
    assert_eq!(found, None);
    (1..=images).for_each(|number| store.save(&image(number, length)).unwrap());
    disk
}

fn log_of(disk: &Memory) -> (String, Vec<u8>) {
    let disk = disk.0.lock().unwrap();
    disk.logs.iter().next_back().map(|(name, log)| (name.clone(), log.clone())).unwrap()
}

fn with_log(name: &str, log: Vec<u8>) -> Memory {
    let disk = Memory::default();
    disk.0.lock().unwrap().logs.insert(name.to_owned(), log);
    disk
}

#[test]
fn the_last_image_is_found_and_goes_on() {
    for length in [0, 1000, 3 << 20] {
        let disk = kept(3, length);
        let (mut store, found, is_previous) = open(&disk).unwrap();
        assert_eq!((found, is_previous), (Some(3), false));
        store.save(&image(4, length)).unwrap();
        assert_eq!(open(&disk).unwrap().1, Some(4));
    }
}

#[test]
fn only_what_changed_is_written_and_the_past_is_dropped() {
    let disk = kept(1, 4 << 20);
    let whole = log_of(&disk).1.len();
    let (mut store, ..) = open(&disk).unwrap();
    (2..12).for_each(|number| store.save(&image(number, 4 << 20)).unwrap());
    let more = log_of(&disk).1.len() - whole;
    assert!(more < whole / 2, "{more} bytes for ten images that differ in eight bytes each");
    let disk = kept(200, 100_000);
    let logs = disk.0.lock().unwrap().logs.len();
    assert!((1..=2).contains(&logs) && log_of(&disk).1.len() < (9 << 20), "{logs}");
    assert_eq!(open(&disk).unwrap().1, Some(200));
}

#[test]
fn a_log_that_is_cut_anywhere_gives_the_image_before_or_a_refusal() {
    let disk = Memory::default();
    let (mut store, ..) = open(&disk).unwrap();
    let mut end_of = |number| {
        store.save(&image(number, 500)).unwrap();
        log_of(&disk).1.len()
    };
    let ends: Vec<usize> = (1..=3).map(&mut end_of).collect();
    let (name, log) = log_of(&disk);
    for cut in 0..=log.len() {
        let last = ends.iter().take_while(|end| **end <= cut).count() as u64;
        match open(&with_log(&name, log[..cut].to_vec())) {
            Ok((_, found, is_previous)) => {
                assert_eq!(found, Some(last));
                assert_eq!(is_previous, !ends.contains(&cut), "cut at {cut}");
            }
            Err(StoreError::Damaged) => assert_eq!(last, 0, "cut at {cut}"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn what_was_zeroed_is_refused() {
    let (name, log) = log_of(&kept(3, 500));
    assert!(matches!(open(&with_log(&name, vec![0; log.len()])), Err(StoreError::Damaged)));
    assert!(matches!(open(&with_log(&name, Vec::new())), Err(StoreError::Damaged)));
}

#[test]
fn another_format_is_named() {
    let mut log = Vec::new();
    let manifest = postcard::to_stdvec(&(7u32, "9.9.9", 1u64)).unwrap();
    super::frame::write(&mut log, super::frame::Kind::Manifest, &manifest);
    let error = open(&with_log("checkpoint-000000.slab", log)).err().unwrap().to_string();
    assert!(error.contains("9.9.9") && error.contains("format 7"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_flipped_bit_never_gives_what_was_not_kept(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 1..4), large: bool,
    ) {
        thread_local!(static LOGS: [(String, Vec<u8>); 2] = [log_of(&kept(4, 500)), log_of(&kept(4, 300 << 10))]);
        let (name, mut log) = LOGS.with(|logs| logs[usize::from(large)].clone());
        for (place, bit) in flips {
            let place = place.index(log.len());
            log[place] ^= 1 << bit;
        }
        // `open` compares what it finds with what was kept.
        match open(&with_log(&name, log)) {
            Ok((_, found, is_previous)) => prop_assert!(found == Some(4) || is_previous && found.is_some_and(|found| found < 4)),
            Err(error) => prop_assert!(matches!(error, StoreError::Damaged | StoreError::Version { .. }), "{}", error),
        }
    }

    #[test]
    fn a_system_that_fails_loses_nothing_that_was_kept(
        fails_at in 0usize..12, for_ever: bool, torn in 0usize..3000, length in prop_oneof![Just(100usize), Just(280 << 10)],
    ) {
        let disk = Memory::default();
        disk.0.lock().unwrap().torn = torn;
        let (mut store, ..) = open(&disk).unwrap();
        store.save(&image(1, length)).unwrap();
        disk.0.lock().unwrap().fails = Some((fails_at, for_ever));
        let mut last = 1;
        for number in 2..10 {
            // A run stops at the first failure.
            match store.save(&image(number, length)) {
                Ok(()) => last = number,
                Err(error) => {
                    prop_assert_eq!(error.kind(), io::ErrorKind::StorageFull);
                    break;
                }
            }
        }
        disk.0.lock().unwrap().fails = None;
        let (mut store, found, _) = open(&disk).unwrap();
        // A write that failed may have been done all the same.
        prop_assert!(found == Some(last) || found == Some(last + 1), "{:?} after {}", found, last);
        store.save(&image(99, length)).unwrap();
        prop_assert_eq!(open(&disk).unwrap().1, Some(99));
    }
}

#[test]
fn an_image_keeps_where_it_is_from() {
    let origins = |disk: &Memory| Store::open(disk.clone()).unwrap().1.unwrap().origins;
    let (one, other) = (kept(1, 500), kept(1, 500));
    let first = origins(&one);
    assert!(first.len() == 1 && first.is_disjoint(&origins(&other)));
    let (mut store, ..) = open(&one).unwrap();
    store.save(&image(2, 500)).unwrap();
    assert_eq!(origins(&one), first, "whoever goes on is of the same");
    let merged = Memory::default();
    let (mut store, ..) = open(&merged).unwrap();
    store.made_of(&first | &origins(&other));
    store.save(&image(1, 500)).unwrap();
    assert_eq!(origins(&merged), &first | &origins(&other));
}
