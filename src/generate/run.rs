//! Carries a plan out: waves of blocks on all cores, or record by record at a given rate.
//!
//! Blocks are written, and their tallies absorbed, in the order of the records.

use super::block::Block;
use super::output::Output;
use super::recipe::Recipe;
use super::tally::Tally;
use super::{Error, Truth};
use rayon::prelude::*;
use std::time::{Duration, Instant};

/// How fast a run may go; by default as fast as it can.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Events per second, held by a monotonic clock. An event is written when its interval is over.
    pub events_per_second: Option<f64>,
    /// A pause between two files.
    pub batch_delay: Duration,
}

/// A piece that was written.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub events: u64,
    pub bytes: u64,
}

/// What a paced run writes at once when it is behind: small, so that it is seen soon.
const PIECE_RECORDS: u64 = 512;

pub(super) fn run(
    recipe: &Recipe,
    output: &mut dyn Output,
    pace: &Pace,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Truth, Error> {
    let one_stream = output.one_stream();
    let mut writer = Writer { recipe, output, delay: pace.batch_delay, progress, total: Tally::new(recipe), bytes: 0 };
    match pace.events_per_second {
        Some(rate) => run_paced(recipe, &mut writer, one_stream, rate)?,
        None => run_waves(recipe, &mut writer, one_stream)?,
    }
    Ok(writer.total.into_truth(recipe, recipe.files.unwrap_or(u64::MAX), writer.bytes))
}

/// The blocks of a run by file and number.
fn blocks(recipe: &Recipe) -> impl Iterator<Item = (u64, u64)> {
    let in_file = Block::count(recipe);
    (0..recipe.files.unwrap_or(u64::MAX)).flat_map(move |file| (0..in_file).map(move |number| (file, number)))
}

/// One wave is written while the next is made.
fn run_waves(recipe: &Recipe, writer: &mut Writer<'_>, one_stream: bool) -> Result<(), Error> {
    let wave = || -> Vec<Block<'_>> { (0..2 * rayon::current_num_threads()).map(|_| Block::new(recipe)).collect() };
    let (mut done, mut next) = (wave(), wave());
    let mut done_len = 0;
    let mut blocks = blocks(recipe);
    loop {
        let mut next_len = 0;
        for (block, (file, number)) in next.iter_mut().zip(&mut blocks) {
            block.turn_to(file, number, one_stream);
            next_len += 1;
        }
        if done_len == 0 && next_len == 0 {
            return Ok(());
        }
        let (written, ()) = rayon::join(
            || done[..done_len].iter_mut().try_for_each(|block| writer.write_whole(block)),
            || next[..next_len].par_iter_mut().for_each(Block::make_all),
        );
        written?;
        std::mem::swap(&mut done, &mut next);
        done_len = next_len;
    }
}

fn run_paced(recipe: &Recipe, writer: &mut Writer<'_>, one_stream: bool, rate: f64) -> Result<(), Error> {
    let start = Instant::now();
    let mut made = 0;
    let mut block = Block::new(recipe);
    for (file, number) in blocks(recipe) {
        block.turn_to(file, number, one_stream);
        writer.open(&block)?;
        loop {
            let left = block.records_left();
            let due = (start.elapsed().as_secs_f64() * rate) as u64;
            let records = due.saturating_sub(made).min(left).min(PIECE_RECORDS);
            if records > 0 || left == 0 {
                writer.write(block.make(records), records)?;
                made += records;
            }
            if records == left {
                break;
            }
            if records == 0 {
                let next_due = (made + 1) as f64 / rate - start.elapsed().as_secs_f64();
                std::thread::sleep(
                    Duration::try_from_secs_f64(next_due).unwrap_or_default().max(Duration::from_millis(1)),
                );
            }
        }
        writer.close(&mut block)?;
    }
    Ok(())
}

struct Writer<'a> {
    recipe: &'a Recipe,
    output: &'a mut dyn Output,
    delay: Duration,
    progress: &'a (dyn Fn(Progress) + Sync),
    total: Tally,
    bytes: u64,
}

impl Writer<'_> {
    fn write_whole(&mut self, block: &mut Block<'_>) -> Result<(), Error> {
        self.open(block)?;
        self.write(block.text(), block.records())?;
        self.close(block)
    }

    fn open(&mut self, block: &Block<'_>) -> Result<(), Error> {
        if block.opens { self.output.open(block.file) } else { Ok(()) }
    }

    fn write(&mut self, text: &[u8], events: u64) -> Result<(), Error> {
        if !text.is_empty() {
            self.output.write(text)?;
        }
        self.bytes += text.len() as u64;
        (self.progress)(Progress { events, bytes: text.len() as u64 });
        Ok(())
    }

    fn close(&mut self, block: &mut Block<'_>) -> Result<(), Error> {
        self.total.absorb(&mut block.tally);
        if block.closes {
            self.output.close()?;
            if !self.delay.is_zero() && self.recipe.files != Some(block.file + 1) {
                std::thread::sleep(self.delay);
            }
        }
        Ok(())
    }
}
