//! `state merge`: the checkpoints of several machines make one answer.

use super::show::View;
use crate::analysis::Analysis;
use crate::checkpoint::{Directory, Image, Plan, Store, StoreError};
use crate::cli::exit;
use crate::cli::output::Unwritable;
use crate::engine::checkpoint::Standing;
use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use std::path::PathBuf;

/// Make one of the checkpoints of several machines, each of which ran the same command over its own logs
#[derive(Args)]
#[command(
    before_help = "Example: streamlab state merge web-1/ web-2/ -o all/",
    after_help = "\
Show the answer with `streamlab state show all/`. It can be merged with others, and no run goes on from it.

Windows that have closed on a machine are in what it wrote, and not in its checkpoint. To merge them, let
them wait on each machine:
    streamlab window /var/log/app --watermark-delay 3650d --state-dir state/"
)]
pub struct MergeArgs {
    /// Directories that were given as --state-dir
    #[arg(value_name = "DIR", required = true, num_args = 2..)]
    directories: Vec<PathBuf>,
    /// The directory to write to, made if need be
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// Flags that may differ from machine to machine: what is read, and what is written.
const PLACES: [&str; 6] = ["SOURCE", "--source", "--output", "--output-file", "--dead-letter", "--forward"];
/// What says of a plan that it is of several machines.
const MERGED: &str = "state merge";

impl MergeArgs {
    pub fn run(self) -> Result<u8> {
        let names = self.directories.iter().map(|path| path.display().to_string()).collect();
        let mut views = self.directories.iter().cloned().map(View::open).collect::<Result<Vec<_>>>()?.into_iter();
        let first = views.next().context("there is nothing to merge")?;
        let plan = apart_from_places(&first.loaded.image.plan);
        let others: Vec<View> = views.collect();
        for other in &others {
            let differences = plan.differences(&apart_from_places(&other.loaded.image.plan));
            if !differences.is_empty() {
                bail!(
                    "{} and {} are of different questions: {}; only the same command can be merged",
                    first.name,
                    other.name,
                    differences.join("; ")
                );
            }
        }
        for (place, other) in others.iter().enumerate() {
            let mut before = std::iter::once(&first).chain(&others[..place]);
            if let Some(same) = before.find(|view| view.loaded.image.bytes == other.loaded.image.bytes) {
                bail!("{} and {} are the same checkpoint: it would count twice", same.name, other.name);
            }
        }
        let mut store = self.output_store()?;
        let bytes = first.merge(others)?;
        let flags = plan.flags.into_iter().chain([(MERGED.to_owned(), names)]).collect();
        let image = Image { plan: Plan { flags, ..plan }, bytes };
        store.save(&image).map_err(|error| Unwritable::new(&self.output, error))?;
        Ok(exit::DONE)
    }

    /// Where the merged checkpoint goes: nowhere where there is one.
    fn output_store(&self) -> Result<Store<Directory>> {
        let name = self.output.display();
        let directory = Directory::lock(self.output.clone()).map_err(|error| Unwritable::new(&self.output, error))?;
        match Store::open(directory) {
            Ok((store, None)) => Ok(store),
            Err(StoreError::Io(error)) => Err(error).with_context(|| format!("cannot read {name}")),
            Ok(_) | Err(_) => bail!("{name} holds a checkpoint already; name another directory with -o"),
        }
    }
}

/// The plan without what may differ.
fn apart_from_places(plan: &Plan) -> Plan {
    let is_place = |name: &str| name == MERGED || PLACES.contains(&name);
    let flag = |word: &str| word.split_once('=').map_or(word, |(flag, _)| flag).to_owned();
    Plan {
        command: plan.command.clone(),
        flags: plan.flags.iter().filter(|(name, _)| !is_place(name)).map(|(k, v)| (k.clone(), v.clone())).collect(),
        // Behind two dashes there is nothing but sources.
        line: plan
            .line
            .iter()
            .take_while(|word| *word != "--")
            .filter(|word| !is_place(&flag(word)))
            .cloned()
            .collect(),
    }
}

/// The image of several machines that was asked for `analysis`.
pub fn merged<A: Analysis>(analysis: &A, first: &View, others: &[View]) -> Result<Vec<u8>> {
    let decode = |view: &View| -> Result<(Standing, A::State)> {
        Standing::decode(&view.loaded.image.bytes).map_err(|reason| anyhow!("{}: {reason}", view.name))
    };
    let (standing, mut state) = decode(first)?;
    let mut all = Standing { seq: 0, lengths: Default::default(), frontier: Default::default(), ..standing };
    for view in others {
        let (standing, other) = decode(view)?;
        all.ledger += standing.ledger;
        all.seen.join(standing.seen);
        all.parsed += standing.parsed;
        all.undecided += standing.undecided;
        all.first_dead = all.first_dead.or(standing.first_dead);
        all.roster.files.extend(standing.roster.files);
        let note = analysis.join(&mut state, other).map_err(|reason| anyhow!("{}: {reason}", view.name))?;
        note.iter().for_each(|note| say!("streamlab: note: {note}"));
    }
    Ok(all.encode(&state)?)
}
