//! The flags that say what the rows of an answer are about.

use crate::analysis::Outcome;
use crate::event::Role;
use crate::expr::Condition;
use crate::schema::{Field, Outcomes, Path, Schema, StatusSet, Use};
use anyhow::{Result, anyhow, bail};
use clap::Args;
use std::sync::Arc;

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

/// Success and failure where the records have no HTTP status.
#[derive(Args)]
#[command(next_help_heading = "Rows")]
pub struct JudgeArgs {
    /// A record is a success where this CEL expression is true, whatever its status: 'level != "ERROR"'
    #[arg(long, value_name = "EXPR", conflicts_with_all = ["success", "failure"])]
    success_if: Option<String>,
    /// A record is a failure where this CEL expression is true: 'error != null'
    #[arg(long, value_name = "EXPR", conflicts_with_all = ["success", "failure"])]
    failure_if: Option<String>,
}

impl JudgeArgs {
    /// What is a success, where that is said; what is no failure is one.
    pub fn success(&self, schema: &mut Schema) -> Result<Option<Outcome>> {
        self.outcome(schema, (&self.success_if, "--success-if"), (&self.failure_if, "--failure-if"))
    }

    /// What is a failure, where that is said; what is no success is one.
    pub fn failure(&self, schema: &mut Schema) -> Result<Option<Outcome>> {
        self.outcome(schema, (&self.failure_if, "--failure-if"), (&self.success_if, "--success-if"))
    }

    fn outcome(
        &self,
        schema: &mut Schema,
        (asked, asked_flag): (&Option<String>, &str),
        (opposite, opposite_flag): (&Option<String>, &str),
    ) -> Result<Option<Outcome>> {
        let mut condition = |source: &str, flag: &str| {
            Condition::new(source, schema).map(Arc::new).map_err(|reason| anyhow!("{flag}: {reason}"))
        };
        Ok(match (asked, opposite) {
            (Some(source), _) => Some(Outcome::If(condition(source, asked_flag)?)),
            (None, Some(source)) => Some(Outcome::Unless(condition(source, opposite_flag)?)),
            (None, None) => None,
        })
    }
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
            schema.expect(Role::Service);
            return Ok(crate::analysis::By::default());
        }
        let since = schema.names.count();
        let names: Vec<String> = self.by.iter().flat_map(|list| split_unquoted(list)).collect();
        check_columns(&names, others, "--by")?;
        let columns = names.iter().map(|name| Ok((column(name, &names, others), field(schema, name, "--by")?)));
        let columns = columns.collect::<Result<_>>()?;
        schema.names.used_for(since, &Use::Rows);
        Ok(crate::analysis::By::new(columns))
    }

    pub fn max_keys(&self) -> usize {
        self.max_keys as usize
    }
}

/// The fields of a list: what stands between commas, save those within quotes.
pub fn split_unquoted(list: &str) -> Vec<String> {
    let (mut names, mut quote, mut escaped) = (vec![String::new()], None, false);
    for char in list.chars() {
        if char == ',' && quote.is_none() {
            names.push(String::new());
            continue;
        }
        match quote {
            Some(open) if char == open && !escaped => quote = None,
            None if matches!(char, '"' | '`') => quote = Some(char),
            _ => {}
        }
        escaped = quote == Some('"') && char == '\\' && !escaped;
        names.last_mut().expect("it begins with one").push(char);
    }
    names.into_iter().map(|name| name.trim().to_owned()).collect()
}

/// What a column is called: a key in backticks or quotes by itself, where no other column is.
pub fn column(name: &str, names: &[String], others: &[&str]) -> String {
    let key = match Path::parse(name) {
        Ok(path) if name.starts_with(['"', '`']) && path.keys().len() == 1 => path.keys()[0].clone(),
        _ => return name.to_owned(),
    };
    let is_taken = names.contains(&key) || others.contains(&key.as_str());
    if is_taken { name.to_owned() } else { key }
}

/// Every column of a table has a name of its own: in JSON a row is an object.
pub fn check_columns(names: &[String], others: &[&str], flag: &str) -> Result<()> {
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            bail!("{flag}: `{name}` is named twice; name each field once");
        }
        if others.contains(&name.as_str()) {
            bail!(
                "{flag}: the table has a column `{name}` of its own; to take the field of that name, write it in \
                 backticks: {flag} '`{name}`'"
            );
        }
    }
    Ok(())
}

/// A field that a flag names.
pub fn field(schema: &mut Schema, name: &str, flag: &str) -> Result<Field> {
    schema.field(name).map_err(|reason| anyhow!("{flag}: {reason}"))
}
