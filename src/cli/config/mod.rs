//! `--config FILE` and `STREAMLAB_*`: flags that need not be typed.
//!
//! What they set is added to the command line as flags, so that one parser knows all flags, their
//! values and their conflicts. A flag that the user typed wins over the environment, which wins over
//! the file; so does a typed flag that excludes the one set elsewhere.

mod file;

use super::nearest::nearest;
use crate::bridge::spark::toolchain;
use crate::sketch::FILTER_MAGIC;
use anyhow::{Result, anyhow, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, error::ErrorKind};
use file::{Section, Setting};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

/// What the environment's variables begin with.
const PREFIX: &str = "STREAMLAB_";

/// Keys of the lab's own task files: the key, the subcommand that it is for, the flag it sets.
const LAB_KEYS: &[(&str, &str, &str)] = &[
    ("reservoir-size", "reservoir", "size"),
    ("filter-file", "bloom", "patterns"),
    ("m-bits", "bloom", "bits"),
    ("k-hashes", "bloom", "hashes"),
];

/// The lab's keys that shape a new filter.
const LAB_SHAPE: [&str; 2] = ["m-bits", "k-hashes"];

/// Adds to `argv` the flags that the file of `--config` and the environment set, in that order of
/// rank, each only where no higher one sets it. `command` is the root, with its subcommands.
///
/// What `argv` itself gets wrong is left to the parser to report. Variables that set no flag of any
/// subcommand are warned of on stderr.
///
/// # Errors
/// The file cannot be read, is neither TOML nor JSON, or holds a key or a value that no flag takes.
pub fn expand(
    command: &Command,
    argv: Vec<OsString>,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Vec<OsString>> {
    let (argv, warnings) = expanded(command, argv, env)?;
    for warning in warnings {
        say!("streamlab: warning: {warning}");
    }
    Ok(argv)
}

fn expanded(
    command: &Command,
    mut argv: Vec<OsString>,
    env: impl Iterator<Item = (String, String)>,
) -> Result<(Vec<OsString>, Vec<String>)> {
    let mut root = command.clone();
    root.build();
    // An error here is found again, and shown, by the parse that follows. Help is one of them.
    let Ok(matches) = root.clone().ignore_errors(true).try_get_matches_from(&argv) else {
        return Ok((argv, Vec::new()));
    };
    let Some(mut target) = Target::find(&root, &matches) else { return Ok((argv, Vec::new())) };

    let env: Vec<(String, String)> = env.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    let file = target.config_path(&matches, &env);
    let (variables, warnings) = target.variables(env);
    let mut flags = target.rank("the environment", variables)?;
    if let Some(path) = file {
        let (top, sections) = file::read(&path)?;
        let origin = path.display().to_string();
        let (own, common) = target.keys(&origin, top, sections)?;
        flags.extend(target.rank(&origin, own)?);
        flags.extend(target.rank(&origin, common)?);
    }
    // Behind `--` they would be taken for sources.
    let end = argv.iter().position(|argument| argument == "--").unwrap_or(argv.len());
    argv.splice(end..end, flags);
    Ok((argv, warnings))
}

/// The subcommand that runs, and what is set of it so far.
struct Target<'c> {
    root: &'c Command,
    /// The subcommand below the root, whose name a section of the file bears.
    top: &'c Command,
    /// The innermost subcommand: `build` of `bloom build`.
    leaf: &'c Command,
    /// The words that call it.
    words: Vec<OsString>,
    /// The ids of the arguments that a higher rank has set.
    given: BTreeSet<String>,
}

impl<'c> Target<'c> {
    fn find(root: &'c Command, matches: &ArgMatches) -> Option<Self> {
        let (name, mut matches) = matches.subcommand()?;
        let top = root.find_subcommand(name)?;
        let (mut leaf, mut words) = (top, vec![root.get_name().into(), name.into()]);
        while let Some((name, inner)) = matches.subcommand() {
            leaf = leaf.find_subcommand(name)?;
            words.push(name.into());
            matches = inner;
        }
        let typed = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        let given = leaf.get_arguments().filter(typed).map(|arg| arg.get_id().to_string()).collect();
        Some(Self { root, top, leaf, words, given })
    }

    fn config_path(&self, matches: &ArgMatches, env: &[(String, String)]) -> Option<PathBuf> {
        let mut innermost = matches;
        while let Some((_, inner)) = innermost.subcommand() {
            innermost = inner;
        }
        let typed = innermost.try_get_raw("config").ok().flatten().and_then(Iterator::last).map(PathBuf::from);
        let named = || env.iter().find(|(name, _)| name == "STREAMLAB_CONFIG").map(|(_, path)| PathBuf::from(path));
        typed.or_else(named)
    }

    /// The settings of the environment, and warnings of the variables that set nothing.
    fn variables(&self, env: Vec<(String, String)>) -> (Section, Vec<String>) {
        let (mut settings, mut warnings) = (Vec::new(), Vec::new());
        for (name, value) in env {
            let key = canonical(&name[PREFIX.len()..]);
            if key.is_empty() || key == "config" || name == toolchain::HOME {
                continue;
            }
            if let Some(flag) = flag_of(self.top, self.leaf, &key, &value) {
                settings.push((flag, Setting::Text(value)));
            } else if !self.known_anywhere(&key) {
                let names = self.all_keys();
                let near = nearest(&key, names.iter().map(String::as_str));
                let near = near.map(|near| format!("{PREFIX}{}", near.to_uppercase().replace('-', "_")));
                let advice = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                warnings.push(format!("{} sets no flag{advice}", name.escape_debug()));
            }
        }
        (settings, warnings)
    }

    /// The settings of the file for this subcommand: those of its own section, then the common ones.
    fn keys(&self, origin: &str, top: Section, sections: Vec<(String, Section)>) -> Result<(Section, Section)> {
        let (mut own, mut common) = (Vec::new(), Vec::new());
        let names_filter =
            |(key, setting): &(String, Setting)| canonical(key) == "filter-file" && is_filter(setting.text());
        let has_filter = top.iter().chain(sections.iter().flat_map(|(_, section)| section)).any(names_filter);
        // A saved filter has its shape already.
        let is_idle = |key: &str| has_filter && LAB_SHAPE.contains(&key);
        for (name, section) in sections {
            let Some(command) = self.root.find_subcommand(canonical(&name)) else {
                let commands: Vec<&str> = self.root.get_subcommands().map(Command::get_name).collect();
                bail!(unknown(origin, &format!("section `[{}]`", name.escape_debug()), &name, &commands));
            };
            for (key, setting) in section {
                let key_name = canonical(&key);
                if !knows(command, &key_name) {
                    let known = keys_of(command);
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    bail!(unknown(origin, &format!("key `{}` in `[{name}]`", key.escape_debug()), &key, &known));
                }
                let ours = command.get_name() == self.top.get_name();
                if let Some(flag) =
                    flag_of(self.top, self.leaf, &key_name, setting.text()).filter(|_| ours && !is_idle(&key_name))
                {
                    own.push((flag, setting));
                }
            }
        }
        for (key, setting) in top {
            let key_name = canonical(&key);
            match flag_of(self.top, self.leaf, &key_name, setting.text()) {
                Some(_) if is_idle(&key_name) => {}
                Some(flag) => common.push((flag, setting)),
                None if self.known_anywhere(&key_name) => {}
                None => {
                    let known = self.all_keys();
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    bail!(unknown(origin, &format!("key `{}`", key.escape_debug()), &key, &known));
                }
            }
        }
        Ok((own, common))
    }

    /// The flags of settings that are of one rank, which from now on outrank what follows.
    fn rank(&mut self, origin: &str, settings: Section) -> Result<Vec<OsString>> {
        let (mut flags, mut given) = (Vec::new(), Vec::new());
        for (name, setting) in settings {
            let Some(arg) = argument(self.leaf, &name) else { continue };
            if self.is_outranked(arg, &name) {
                continue;
            }
            let words = words(self.leaf, arg, &name, &setting).map_err(|reason| anyhow!("{origin}: {reason}"))?;
            self.check(origin, &words)?;
            flags.extend(words);
            given.push(arg.get_id().to_string());
        }
        self.given.extend(given);
        Ok(flags)
    }

    /// Whether the argument, its `--no-` twin, or one that excludes it is set by a higher rank. The
    /// sources may also be typed without `--source`.
    fn is_outranked(&self, arg: &Arg, name: &str) -> bool {
        let given = |arg: &Arg| self.given.contains(arg.get_id().as_str());
        let excludes = |one: &Arg, other: &Arg| {
            self.leaf.get_arg_conflicts_with(one).iter().any(|excluded| excluded.get_id() == other.get_id())
        };
        given(arg)
            || argument(self.leaf, &twin(name)).is_some_and(given)
            || name == "source" && self.leaf.get_positionals().any(given)
            || self
                .leaf
                .get_arguments()
                .filter(|other| given(other))
                .any(|other| excludes(arg, other) || excludes(other, arg))
    }

    /// Lets the parser judge the values here, where their origin is known.
    fn check(&self, origin: &str, words: &[OsString]) -> Result<()> {
        let line = self.words.iter().chain(words);
        match self.root.clone().try_get_matches_from(line) {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) => {
                let text = error.to_string();
                let reason = text.split("\n\nFor more information").next().unwrap_or(&text);
                bail!("{origin}: {}", reason.trim_start_matches("error: ").trim_end())
            }
            _ => Ok(()),
        }
    }

    fn known_anywhere(&self, key: &str) -> bool {
        self.root.get_subcommands().any(|command| knows(command, key))
    }

    fn all_keys(&self) -> BTreeSet<String> {
        self.root.get_subcommands().flat_map(keys_of).collect()
    }
}

fn unknown(origin: &str, what: &str, name: &str, known: &[&str]) -> String {
    let advice = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    format!("{origin}: unknown {what}; {advice}")
}

/// A key as the flag is spelt.
fn canonical(key: &str) -> String {
    key.to_lowercase().replace('_', "-")
}

/// `no-follow` for `follow`, and the other way round.
fn twin(name: &str) -> String {
    name.strip_prefix("no-").map_or_else(|| format!("no-{name}"), str::to_owned)
}

/// The command's argument with that long name.
fn argument<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    let bears = |arg: &&Arg| {
        let aliases = arg.get_all_aliases().unwrap_or_default();
        arg.get_long() == Some(name) || aliases.contains(&name)
    };
    // A file cannot ask for help, nor for another file.
    command.get_arguments().find(bears).filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version" | "config"))
}

/// The flag of `leaf`, a subcommand of `top` or the same, that the key sets.
fn flag_of(top: &Command, leaf: &Command, key: &str, value: &str) -> Option<String> {
    let lab = LAB_KEYS.iter().find(|(lab_key, command, _)| *lab_key == key && *command == top.get_name());
    let flag = match lab {
        Some(("filter-file", ..)) if is_filter(value) => "filter",
        Some((_, _, flag)) => flag,
        None => key,
    };
    argument(leaf, flag).map(|_| flag.to_owned())
}

/// Whether the file is a saved filter. One that cannot be read is left to the subcommand to report.
fn is_filter(path: &str) -> bool {
    let mut magic = [0; FILTER_MAGIC.len()];
    let read = std::fs::File::open(path).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut magic));
    read.is_ok() && magic == FILTER_MAGIC
}

/// Whether the subcommand, or one below it, takes the key.
fn knows(command: &Command, key: &str) -> bool {
    flag_of(command, command, key, "").is_some()
        || command.get_subcommands().any(|inner| argument(inner, key).is_some())
}

/// All keys that the subcommand takes.
fn keys_of(command: &Command) -> BTreeSet<String> {
    let inner = command.get_subcommands().flat_map(Command::get_arguments);
    let longs = command.get_arguments().chain(inner).filter_map(Arg::get_long);
    let lab = LAB_KEYS.iter().filter(|(_, name, _)| *name == command.get_name()).map(|(key, ..)| *key);
    longs.chain(lab).filter(|key| !matches!(*key, "help" | "version" | "config")).map(str::to_owned).collect()
}

/// The setting as it would be typed. The error is the reason, without its origin.
fn words(command: &Command, arg: &Arg, name: &str, setting: &Setting) -> Result<Vec<OsString>, String> {
    let flag = |name: &str| OsString::from(format!("--{name}"));
    let valued = |value: &str| OsString::from(format!("--{name}={value}"));
    let wrong = |what: &str| format!("`{name}` takes {what}, not `{}`", setting.text().escape_debug());
    Ok(match arg.get_action() {
        ArgAction::SetTrue | ArgAction::SetFalse => match setting.truth().ok_or_else(|| wrong("true or false"))? {
            true => vec![flag(name)],
            false => argument(command, &twin(name)).map(|_| flag(&twin(name))).into_iter().collect(),
        },
        ArgAction::Count => {
            let times = setting.text().parse::<u8>().ok().or_else(|| setting.truth().map(u8::from));
            vec![flag(name); usize::from(times.ok_or_else(|| wrong("a small number"))?)]
        }
        ArgAction::Append => setting.values().iter().map(|value| valued(value)).collect(),
        _ => {
            let delimiter = arg.get_value_delimiter().unwrap_or(',').to_string();
            vec![valued(&setting.values().join(&delimiter))]
        }
    })
}

#[cfg(test)]
mod tests;
