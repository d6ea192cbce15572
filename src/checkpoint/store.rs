//! The last images of a run, in a log to which only what changed is appended.
//!
//! An image is cut where its content says (FastCDC, Xia et al. 2016), so that a change moves no cut far
//! from it, and a part that the log holds already is not written again. A small image is written
//! whole: then the one before shares nothing with it. A log that holds too much of the past is begun
//! anew, and kept until its successor holds two images.

use super::frame::{self, Kind};
use super::medium::Medium;
use super::plan::Plan;
use fastcdc::v2020::FastCDC;
use serde::{Deserialize, Serialize};
use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;
use std::io;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_128;

/// The format of manifests and images. Another one is refused.
const FORMAT: u32 = 4;
/// An image up to this length shares nothing with others.
const WHOLE_BYTES: usize = 256 << 10;
/// A log longer than this, and eight times as long as an image, is begun anew.
const LOG_BYTES: u64 = 8 << 20;
const CUTS: [usize; 3] = [8 << 10, 32 << 10, 128 << 10];

/// All that a run needs to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub plan: Plan,
    pub bytes: Vec<u8>,
}

/// What makes chunks an image.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    program: String,
    /// Counts the images of a directory.
    generation: u64,
    /// See [`Loaded::origins`].
    origins: BTreeSet<u64>,
    plan: Plan,
    /// The hash of each chunk.
    chunks: Vec<(u64, u64)>,
}

/// What of a manifest every version can read.
#[derive(Deserialize)]
struct Version {
    format: u32,
    program: String,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("no sound checkpoint is left in it; move it away to begin anew")]
    Damaged,
    #[error("its checkpoint was written by streamlab {program} in format {format}; this one reads format {FORMAT}")]
    Version { program: String, format: u32 },
}

/// An image as it was found.
pub struct Loaded {
    pub image: Image,
    pub generation: u64,
    /// The directories whose counts are in the image, each by an id that was drawn when it was made. A copy
    /// of a directory, and whatever goes on from it, have them in common.
    pub origins: BTreeSet<u64>,
    /// A later one was torn or damaged.
    pub is_previous: bool,
}

/// The logs of a directory.
pub struct Store<M> {
    medium: M,
    /// The log under way, its length, and the chunks in it.
    log: Option<Log>,
    generation: u64,
    origins: BTreeSet<u64>,
}

struct Log {
    number: u64,
    length: u64,
    chunks: HashSet<(u64, u64)>,
    /// How many images it holds.
    images: u64,
}

impl<M: Medium> Store<M> {
    /// Opens what there is. There is no image where there never was one.
    pub fn open(medium: M) -> Result<(Self, Option<Loaded>), StoreError> {
        let mut found = Vec::new();
        for number in numbers(&medium)? {
            found.push((number, medium.read(&name(number))?));
        }
        let (mut best, mut last_seen, mut version) = (None::<(Loaded, Log)>, 0, None);
        let is_fresh = found.is_empty();
        for (number, bytes) in found {
            let (frames, end) = frame::read(&bytes);
            let is_torn = end < bytes.len() || matches!(frames.last(), Some((Kind::Chunk, _)));
            let chunks: HashMap<(u64, u64), Range<usize>> = frames
                .iter()
                .filter(|(kind, _)| *kind == Kind::Chunk)
                .map(|(_, place)| (hash(&bytes[place.clone()]), place.clone()))
                .collect();
            let mut images = 0;
            for (_, place) in frames.iter().filter(|(kind, _)| *kind == Kind::Manifest) {
                let manifest = match manifest(&bytes[place.clone()]) {
                    Ok(manifest) => manifest,
                    Err(other) => {
                        version = version.or(other);
                        continue;
                    }
                };
                images += 1;
                last_seen = last_seen.max(manifest.generation);
                if let Some(whole) = put_together(&manifest, &chunks, &bytes)
                    && best.as_ref().is_none_or(|(known, _)| known.generation < manifest.generation)
                {
                    let image = Image { plan: manifest.plan, bytes: whole };
                    let (generation, origins) = (manifest.generation, manifest.origins);
                    let loaded = Loaded { image, generation, origins, is_previous: is_torn };
                    let chunks = chunks.keys().copied().collect();
                    best = Some((loaded, Log { number, length: end as u64, chunks, images }));
                }
            }
        }
        match (best, version) {
            (Some((mut loaded, log)), _) => {
                loaded.is_previous |= loaded.generation < last_seen;
                let origins = loaded.origins.clone();
                Ok((Self { medium, log: Some(log), generation: last_seen, origins }, Some(loaded)))
            }
            (None, Some(Version { program, format })) => Err(StoreError::Version { program, format }),
            (None, None) if is_fresh => {
                Ok((Self { medium, log: None, generation: 0, origins: BTreeSet::from([fresh_id()]) }, None))
            }
            (None, None) => Err(StoreError::Damaged),
        }
    }

    /// Says of which directories the images are that are kept from now on.
    pub fn made_of(&mut self, origins: BTreeSet<u64>) {
        self.origins = origins;
    }

    /// Keeps another image. Unless this succeeds, the one before is what will be found.
    pub fn save(&mut self, image: &Image) -> io::Result<()> {
        let cuts = cuts(&image.bytes);
        let hashes: Vec<(u64, u64)> = cuts.iter().map(|cut| hash(&image.bytes[cut.clone()])).collect();
        let is_due = |log: &Log| log.length > LOG_BYTES.max(8 * image.bytes.len() as u64);
        let mut log = match self.log.take() {
            Some(log) if !is_due(&log) => log,
            // What a failed attempt left is not touched: it may be all there is.
            past => Log { number: past.map_or(0, |log| log.number + 1), length: 0, chunks: HashSet::new(), images: 0 },
        };
        let mut frames = Vec::new();
        for (cut, hash) in cuts.iter().zip(&hashes) {
            let is_there = !log.chunks.insert(*hash) && cuts.len() > 1;
            if !is_there {
                frame::write(&mut frames, Kind::Chunk, &image.bytes[cut.clone()]);
            }
        }
        let generation = self.generation + 1;
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let (origins, plan) = (self.origins.clone(), image.plan.clone());
        let manifest = Manifest { format: FORMAT, program, generation, origins, plan, chunks: hashes };
        let manifest = postcard::to_stdvec(&manifest).map_err(io::Error::other)?;
        frame::write(&mut frames, Kind::Manifest, &manifest);
        match log.length {
            0 => self.medium.create(&name(log.number), &frames)?,
            length => self.medium.append(&name(log.number), length, &frames)?,
        }
        log.length += frames.len() as u64;
        log.images += 1;
        self.generation = generation;
        if log.images == 2 {
            for number in numbers(&self.medium)?.into_iter().filter(|number| *number < log.number) {
                self.medium.remove(&name(number))?;
            }
        }
        self.log = Some(log);
        Ok(())
    }
}

/// The bytes of an image, if all of them are there.
fn put_together(manifest: &Manifest, chunks: &HashMap<(u64, u64), Range<usize>>, log: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    for hash in &manifest.chunks {
        whole.extend_from_slice(&log[chunks.get(hash)?.clone()]);
    }
    Some(whole)
}

/// A manifest, or which other version it is of.
fn manifest(bytes: &[u8]) -> Result<Manifest, Option<Version>> {
    let version: Version = postcard::take_from_bytes(bytes).map_err(|_| None)?.0;
    if version.format != FORMAT {
        return Err(Some(version));
    }
    postcard::from_bytes(bytes).map_err(|_| None)
}

fn cuts(bytes: &[u8]) -> Vec<Range<usize>> {
    if bytes.len() <= WHOLE_BYTES {
        return std::iter::once(0..bytes.len()).collect();
    }
    let [least, mean, most] = CUTS;
    FastCDC::new(bytes, least, mean, most).map(|chunk| chunk.offset..chunk.offset + chunk.length).collect()
}

fn hash(bytes: &[u8]) -> (u64, u64) {
    let hash = xxh3_128(bytes);
    ((hash >> 64) as u64, hash as u64)
}

/// A number that nobody else has drawn, on whichever machine.
pub fn fresh_id() -> u64 {
    // The standard library keys its hashers by what the system gives at random.
    RandomState::new().hash_one(std::process::id())
}

fn name(number: u64) -> String {
    format!("checkpoint-{number:06}.slab")
}

/// The numbers of the logs that are there.
fn numbers(medium: &impl Medium) -> io::Result<Vec<u64>> {
    let number = |name: &String| name.strip_prefix("checkpoint-")?.strip_suffix(".slab")?.parse().ok();
    let mut numbers: Vec<u64> = match medium.names() {
        Ok(names) => names.iter().filter_map(number).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    numbers.sort_unstable();
    Ok(numbers)
}
