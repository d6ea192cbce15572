//! What was typed, as far as it decides what comes out: an image of a run is for the same question.

use super::fields::AUTO;
use crate::checkpoint::Plan;
use crate::input::plain;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command};

/// Flags that change how a run goes, or what is shown of it, and not what it comes to.
const FREE: [&str; 21] = [
    "threads",
    "quiet",
    "verbose",
    "color",
    "follow",
    "no-follow",
    "tail-only",
    "every",
    "final",
    "early",
    "assert",
    "min-events",
    "allow-empty",
    "strict-fields",
    "fail-fast",
    "no-data-after",
    "strict",
    "state-dir",
    "checkpoint-every",
    "config",
    "help",
];

/// The plan of a command line that was parsed.
pub fn plan(root: &Command, matches: &ArgMatches) -> Plan {
    let Some((command, matches)) = matches.subcommand() else { return Plan::default() };
    let mut plan = Plan { command: command.to_owned(), line: vec![command.to_owned()], ..Plan::default() };
    let mut places = Vec::new();
    let writes_file = matches!(matches.try_get_raw("output_file"), Ok(Some(_)));
    let arguments = root.find_subcommand(command).into_iter().flat_map(Command::get_arguments);
    for argument in arguments {
        let id = argument.get_id().as_str();
        let name = argument.get_long().unwrap_or(id);
        let Ok(Some(values)) = matches.try_get_raw(id) else { continue };
        let mut values: Vec<String> = values.map(|value| value.to_string_lossy().into_owned()).collect();
        // What fits was typed too, but for the lab's.
        values
            .iter_mut()
            .filter(|value| name == "schema" && *value == AUTO)
            .for_each(|value| *value = "lab".to_owned());
        // What reports are written as matters to a file that they are added to.
        if FREE.contains(&name) || name == "output" && !writes_file {
            continue;
        }
        if matches.value_source(id) != Some(ValueSource::DefaultValue) {
            match (argument.get_long(), argument.get_action()) {
                (Some(long), ArgAction::SetTrue) => plan.line.push(format!("--{long}")),
                (Some(long), _) => plan.line.extend(values.iter().map(|value| format!("--{long}={value}"))),
                (None, _) => places.extend(values.iter().cloned()),
            }
        }
        let name = if argument.get_long().is_some() { format!("--{name}") } else { "SOURCE".to_owned() };
        plan.flags.insert(name, values);
    }
    // Where a source is named, and how its path is spelled, is no question of its own.
    let named: Vec<String> =
        plan.flags.remove("SOURCE").into_iter().chain(plan.flags.remove("--source")).flatten().collect();
    if !named.is_empty() {
        plan.flags.insert("SOURCE".to_owned(), named.iter().map(|source| plain(source)).collect());
    }
    if !places.is_empty() {
        plan.line.push("--".to_owned());
        plan.line.extend(places);
    }
    plan
}
