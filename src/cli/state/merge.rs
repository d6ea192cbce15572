//! `state merge`: the checkpoints of several machines make one answer.

use super::show::View;
use crate::analysis::Analysis;
use crate::checkpoint::{Directory, Image, Plan, Store, StoreError};
use crate::cli::exit;
use crate::cli::output::Unwritable;
use crate::engine::checkpoint::Standing;
use crate::input::{Likeness, Overlap, overlaps};
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
    /// Merge them also where some records are in several, and count twice
    #[arg(long)]
    allow_overlap: bool,
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
        let views: Vec<&View> = std::iter::once(&first).chain(&others).collect();
        self.refuse_overlaps(&views)?;
        let origins = views.iter().flat_map(|view| &view.loaded.origins).copied().collect();
        let mut store = self.output_store()?;
        store.made_of(origins);
        let bytes = first.merge(others)?;
        let flags = plan.flags.into_iter().chain([(MERGED.to_owned(), names)]).collect();
        let image = Image { plan: Plan { flags, ..plan }, bytes };
        store.save(&image).map_err(|error| Unwritable::new(&self.output, error))?;
        Ok(exit::DONE)
    }

    /// A record that several of them have read counts as often: that is said, and refused where it is certain.
    fn refuse_overlaps(&self, views: &[&View]) -> Result<()> {
        let mut certain: Vec<String> = Vec::new();
        for (place, view) in views.iter().enumerate() {
            let shares = |other: &&&View| !other.loaded.origins.is_disjoint(&view.loaded.origins);
            certain.extend(views[..place].iter().find(shares).map(|other| {
                format!(
                    "{} and {} have records in common: one is a copy of the other, goes on from it, or was merged with it",
                    other.name, view.name
                )
            }));
        }
        let standings = views
            .iter()
            .map(|view| Standing::of(&view.loaded.image.bytes).map_err(|reason| anyhow!("{}: {reason}", view.name)));
        let standings = standings.collect::<Result<Vec<_>>>()?;
        let rosters: Vec<_> = standings.iter().map(|standing| &standing.roster).collect();
        let (same, alike): (Vec<Overlap>, Vec<Overlap>) =
            overlaps(&rosters).into_iter().partition(|overlap| overlap.likeness == Likeness::Same);
        // Who shares a directory shares its files: that is said already.
        if certain.is_empty() {
            certain.extend(listed(&same, |[one, other], [name, its_name]| {
                format!("{} has read {name}, and {} the same file ({its_name})", views[one].name, views[other].name)
            }));
        }
        let suspected = listed(&alike, |[one, other], [name, its_name]| {
            let (one, other) = (&views[one].name, &views[other].name);
            format!("{name} ({one}) and {its_name} ({other}) begin alike: if one is a copy, its records count twice")
        });
        suspected.for_each(|sentence| say!("streamlab: warning: {sentence}"));
        match (self.allow_overlap, certain.is_empty()) {
            (_, true) => Ok(()),
            (true, _) => {
                certain.iter().for_each(|sentence| say!("streamlab: warning: {sentence}: it counts twice"));
                Ok(())
            }
            (false, _) => {
                bail!("{}: it would count twice; leave one of them out, or take --allow-overlap", certain.join("; "))
            }
        }
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

/// Overlaps in words, as many as one reads.
fn listed(overlaps: &[Overlap], words: impl Fn([usize; 2], [&str; 2]) -> String) -> impl Iterator<Item = String> {
    const SHOWN: usize = 3;
    let shown = overlaps.iter().take(SHOWN).map(move |Overlap { runs, names, .. }| {
        let [one, other] = names.each_ref().map(|name| name.escape_debug().to_string());
        words(*runs, [&one, &other])
    });
    let more = overlaps.len().saturating_sub(SHOWN);
    shown.chain((more > 0).then(|| format!("and of {more} more files the same is true")))
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
