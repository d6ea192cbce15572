//! `bloom` and `bloom build`: records on a watchlist that is too large for memory.

use super::job::JobArgs;
use super::rows::{RowArgs, field};
use super::{exit, units};
use crate::analysis::{Bloom, Shape, Watchlist, Written, filter_of_patterns};
use crate::sketch::Filter;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Which messages are on a watchlist too large for memory; forwards them
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    before_help = "Example: streamlab bloom --source data/ --patterns watchlist.txt --forward hits.ndjson",
    after_help = "\
A record on the list is always found. Others match at the rate that `expected_fpr` tells.

More examples:
  Build the filter once, use it everywhere
    streamlab bloom build --patterns watchlist.txt --fpr 0.001 --to watchlist.bloom
    streamlab bloom -f app.log --filter watchlist.bloom --forward -
  How many matches were false, measured
    streamlab bloom data/ --patterns watchlist.txt --bits 8192 --hashes 3 --verify"
)]
pub struct BloomArgs {
    #[command(subcommand)]
    command: Option<BloomCommand>,
    #[command(flatten)]
    shape: ShapeArgs,
    /// Use this filter file; a followed run reads it again when it changes
    #[arg(long, value_name = "FILE", conflicts_with_all = ["bits", "hashes", "fpr"], help_heading = "Watchlist")]
    filter: Option<PathBuf>,
    /// The field that is looked up
    #[arg(long, value_name = "FIELD", default_value = "message", help_heading = "Watchlist")]
    field: String,
    /// Write matching records there, unchanged, one a line; `-` gives them standard output, and
    /// the report standard error
    #[arg(long, value_name = "FILE", help_heading = "Watchlist")]
    forward: Option<PathBuf>,
    /// Measure the real rate of false positives against --patterns, at the end
    #[arg(long, help_heading = "Watchlist")]
    verify: bool,
    #[command(flatten)]
    rows: RowArgs,
    #[command(flatten)]
    pub(super) job: JobArgs,
}

#[derive(Subcommand)]
enum BloomCommand {
    Build(BuildArgs),
}

/// Write the filter of a watchlist to a file
#[derive(Args)]
#[command(before_help = "Example: streamlab bloom build --patterns watchlist.txt --fpr 0.001 --to watchlist.bloom")]
struct BuildArgs {
    #[command(flatten)]
    shape: ShapeArgs,
    /// The filter file
    #[arg(long, value_name = "FILE", required = true)]
    to: PathBuf,
}

/// The list, and how large a filter is made of it.
#[derive(Args)]
#[command(next_help_heading = "Watchlist")]
struct ShapeArgs {
    /// The watchlist, one message a line; it is streamed, never held
    #[arg(long, value_name = "FILE")]
    patterns: Option<PathBuf>,
    /// The size of the filter in bits
    #[arg(long, value_name = "N", conflicts_with = "fpr")]
    bits: Option<u64>,
    /// How many bits a message sets [default: 3 with --bits]
    #[arg(long, value_name = "K", requires = "bits")]
    hashes: Option<u32>,
    /// As small a filter as gives at most this rate of false positives [default: 0.01]
    #[arg(long, value_name = "RATE", value_parser = units::share)]
    fpr: Option<f64>,
}

impl ShapeArgs {
    fn filter(&self) -> Result<Filter> {
        let Some(path) = &self.patterns else {
            bail!(
                "no watchlist: give --patterns FILE (one message a line), or --filter FILE as `bloom build` writes it"
            );
        };
        let shape = match (self.bits, self.fpr) {
            (Some(bits), _) => Shape::Bits { bits, hashes: self.hashes.unwrap_or(3) },
            (None, fpr) => Shape::Fpr(fpr.unwrap_or(0.01)),
        };
        let file = File::open(path).with_context(|| format!("--patterns: cannot read {}", path.display()))?;
        if matches!(shape, Shape::Fpr(_)) && !file.metadata().is_ok_and(|data| data.is_file()) {
            bail!(
                "--patterns: {} cannot be read twice, as --fpr needs; write the list to a file, or give --bits",
                path.display()
            );
        }
        filter_of_patterns(BufReader::with_capacity(1 << 18, file), shape)
            .with_context(|| format!("--patterns {}", path.display()))
    }
}

impl BloomArgs {
    pub fn run(self) -> Result<u8> {
        if let Some(BloomCommand::Build(build)) = self.command {
            return build.run();
        }
        let watchlist = match &self.filter {
            Some(path) => Watchlist::open(path).with_context(|| format!("--filter {}", path.display()))?,
            None => Watchlist::fixed(self.shape.filter()?),
        };
        let mut schema = self.job.input.schema();
        let field = Written::new(field(&mut schema, &self.field, "--field")?, &schema);
        let by = self.rows.by(&mut schema, &Bloom::COLUMNS)?;
        let mut bloom = Bloom::new(watchlist, field, by, self.rows.max_keys());
        if self.forward.is_some() {
            bloom = bloom.forwarding();
        }
        if self.verify {
            let Some(patterns) = self.shape.patterns.clone() else {
                bail!("--verify compares with the list itself: give --patterns FILE too");
            };
            check_rereadable(&patterns)?;
            bloom = bloom.verifying(patterns);
        }
        self.job.run(bloom, schema, self.forward.as_deref())
    }
}

/// The list is read at the end once more: better to hear now that it cannot be.
fn check_rereadable(patterns: &Path) -> Result<()> {
    let shown = patterns.display();
    let data = fs::metadata(patterns).with_context(|| format!("--patterns: cannot read {shown}"))?;
    if !data.is_file() {
        bail!("--patterns: {shown} is no file to read again at the end, as --verify needs; write the list to a file");
    }
    File::open(patterns).with_context(|| format!("--patterns: cannot read {shown}"))?;
    Ok(())
}

impl BuildArgs {
    /// Writes beside the file and renames: a run that uses it never sees half of one.
    fn run(self) -> Result<u8> {
        let filter = self.shape.filter()?;
        let beside = self.to.with_extension("partial");
        let write = || -> std::io::Result<()> {
            let mut out = BufWriter::new(File::create(&beside)?);
            filter.write_to(&mut out)?;
            out.flush()?;
            out.get_ref().sync_all()?;
            fs::rename(&beside, &self.to)
        };
        if let Err(error) = write() {
            let _ = fs::remove_file(&beside);
            say!("streamlab: error: cannot write {}: {error}", self.to.display());
            return Ok(exit::UNWRITABLE);
        }
        say!(
            "{}: {} items, {} bits, {} hashes, expected false positives {:.4} %",
            Path::new(&self.to).display(),
            filter.items(),
            filter.bits(),
            filter.hashes(),
            filter.expected_fpr() * 100.0
        );
        Ok(exit::DONE)
    }
}
