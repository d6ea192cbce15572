//! What a run was asked to do: an image is only for who asks the same.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A command and its flags, as far as they decide what comes out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub command: String,
    /// The values of each flag, by its long name.
    pub flags: BTreeMap<String, Vec<String>>,
    /// The command line to ask the same again, without the program's name.
    pub line: Vec<String>,
}

impl Plan {
    /// What another plan asks differently, one sentence for each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        if self.command != other.command {
            return vec![format!("it is of `{}`, not of `{}`", self.command, other.command)];
        }
        let names = self.flags.keys().chain(other.flags.keys().filter(|name| !self.flags.contains_key(*name)));
        let shown = |values: Option<&Vec<String>>| match values {
            Some(values) if !values.is_empty() => format!("`{}`", values.join(" ").escape_debug()),
            _ => "not given".to_owned(),
        };
        let differs = |name: &&String| self.flags.get(*name) != other.flags.get(*name);
        let sentence = |name: &String| {
            format!("{name} was {}, and is {}", shown(self.flags.get(name)), shown(other.flags.get(name)))
        };
        names.filter(differs).map(sentence).collect()
    }
}
