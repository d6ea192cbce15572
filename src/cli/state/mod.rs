//! `--state-dir`: where a run keeps what the next one needs to go on.

mod merge;
mod show;

pub use show::{StateCommand, View};

use crate::checkpoint::{Directory, Loaded, Plan, Store, StoreError};
use crate::cli::units;
use crate::engine::checkpoint::{Checkpoints, Standing};
use crate::input::Sources;
use anyhow::{Result, anyhow, bail};
use clap::Args;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
#[command(next_help_heading = "State")]
pub struct StateArgs {
    /// Keep checkpoints here: the same command goes on where it stopped, or was killed
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// How often to keep one
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = units::duration)]
    checkpoint_every: Duration,
}

/// What an earlier run has left.
pub struct Left {
    /// How long the files were that it wrote.
    pub lengths: BTreeMap<String, u64>,
}

impl StateArgs {
    /// What an earlier run was asked, where there is one to go on with.
    pub fn kept_plan(&self) -> Option<Plan> {
        let directory = self.state_dir.as_ref().filter(|path| path.is_dir())?;
        let (_, loaded) = Store::open(Directory::beside(directory.clone())).ok()?;
        loaded.map(|loaded| loaded.image.plan)
    }

    /// Whether a run is kept to be gone on with.
    pub fn is_kept(&self) -> bool {
        self.state_dir.is_some()
    }

    /// Opens the state directory, and finds what an earlier run of the same plan has left.
    pub fn open(&self, plan: &Plan, sources: &Sources, quiet: bool) -> Result<Option<(Checkpoints, Option<Left>)>> {
        let Some(path) = &self.state_dir else { return Ok(None) };
        let name = path.display().to_string();
        if sources.has_stdin() {
            bail!("--state-dir: standard input cannot be read again, so no checkpoint of it helps; name files instead");
        }
        let directory = Directory::lock(path.clone()).map_err(|error| match error.kind() {
            io::ErrorKind::ResourceBusy => {
                anyhow!("--state-dir {name}: another run uses it; wait for its end, or name another")
            }
            _ => anyhow!(crate::cli::output::Unwritable::new(path, error)),
        })?;
        let (store, loaded) = Store::open(directory).map_err(|error| match error {
            StoreError::Io(error) => anyhow!(crate::cli::output::Unwritable::new(path, error)),
            other => anyhow!("--state-dir {name}: {other}"),
        })?;
        let (mut left, mut resume) = (None, None);
        if let Some(Loaded { image, is_previous, .. }) = loaded {
            let differences = image.plan.differences(plan);
            if !differences.is_empty() {
                bail!(
                    "--state-dir {name}: the checkpoint in it is of another question: {}; ask the same, or name another directory",
                    differences.join("; ")
                );
            }
            if is_previous && !quiet {
                say!(
                    "streamlab: warning: the last checkpoint in {name} is torn or damaged: going on from the one before"
                );
            }
            let standing = Standing::of(&image.bytes).map_err(|reason| anyhow!("--state-dir {name}: {reason}"))?;
            left = Some(Left { lengths: standing.lengths });
            resume = Some(image.bytes);
        }
        let (every, plan) = (self.checkpoint_every, plan.clone());
        Ok(Some((Checkpoints { name, plan, store, every, written: Vec::new(), resume }, left)))
    }
}
