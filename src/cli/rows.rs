//! The flags that say what the rows of an answer are about.

use crate::schema::{Field, Outcomes, Schema, StatusSet};
use anyhow::{Result, anyhow, bail};
use clap::Args;

/// What the rows are about.
#[derive(Args)]
#[command(next_help_heading = "Rows")]
pub struct RowArgs {
    /// One row for each value of these fields (a,b), instead of the service
    #[arg(long, value_name = "FIELD")]
    by: Vec<String>,
    /// How many rows at most; the keys that come later are summed in one
    #[arg(long, value_name = "N", default_value_t = crate::analysis::MAX_KEYS as u32, value_parser = clap::value_parser!(u32).range(1..))]
    max_keys: u32,
}

/// What is a success and what is a failure.
#[derive(Args)]
#[command(next_help_heading = "Rows")]
pub struct OutcomeArgs {
    /// Which statuses are a success: the question of running-avg
    #[arg(long, value_name = "STATUSES", default_value = "2xx")]
    success: StatusSet,
    /// Which statuses are a failure: the question of sliding-window
    #[arg(long, value_name = "STATUSES", default_value = "4xx,5xx")]
    failure: StatusSet,
}

impl OutcomeArgs {
    pub fn outcomes(&self) -> Outcomes {
        Outcomes { success: self.success.clone(), failure: self.failure.clone() }
    }
}

impl RowArgs {
    /// The fields of the rows. `others` are the columns that follow them in a table.
    pub fn by(&self, schema: &mut Schema, others: &[&str]) -> Result<crate::analysis::By> {
        if self.by.is_empty() {
            return Ok(crate::analysis::By::default());
        }
        let names: Vec<String> = self.by.iter().flat_map(|list| split_unquoted(list)).collect();
        check_columns(&names, others, "--by")?;
        let columns = names.iter().map(|name| Ok((name.clone(), field(schema, name, "--by")?)));
        Ok(crate::analysis::By::new(columns.collect::<Result<_>>()?))
    }

    pub fn max_keys(&self) -> usize {
        self.max_keys as usize
    }
}

/// The fields of a list: what stands between commas, save those within quotes.
fn split_unquoted(list: &str) -> Vec<String> {
    let (mut names, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for char in list.chars() {
        if char == ',' && !quoted {
            names.push(String::new());
            continue;
        }
        quoted ^= char == '"' && !escaped;
        escaped = quoted && char == '\\' && !escaped;
        names.last_mut().expect("it begins with one").push(char);
    }
    names
}

/// Every column of a table has a name of its own: in JSON a row is an object.
pub fn check_columns(names: &[String], others: &[&str], flag: &str) -> Result<()> {
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            bail!("{flag}: `{name}` is named twice; name each field once");
        }
        if others.contains(&name.as_str()) {
            bail!(
                "{flag}: the table has a column `{name}` of its own; to take the field of that name, quote it: \
                 {flag} '\"{name}\"'"
            );
        }
    }
    Ok(())
}

/// A field that a flag names.
pub fn field(schema: &mut Schema, name: &str, flag: &str) -> Result<Field> {
    schema.field(name).map_err(|reason| anyhow!("{flag}: {reason}"))
}
