//! A question that is put to other engines, made of the flags of its command.

use super::job::JobArgs;
use super::rows::{OutcomeArgs, RowArgs};
use crate::analysis::{Outcome, RunningAvg};
use crate::bridge::{Question, Windows};
use crate::event::Role;
use crate::schema::{Field, Outcomes, Schema};
use anyhow::{Result, bail};
use std::time::Duration;

/// The columns beside the key, of success rates and of windows.
pub const RATE_COLUMNS: [&str; 4] = RunningAvg::COLUMNS;
pub const WINDOW_COLUMNS: [&str; 8] = ["start", "end", "total", "failures", "failure_rate", "ci95", "revision", "open"];

/// What the rows and the statuses of the flags come to. `columns` are those beside the key.
pub fn question(
    rows: &RowArgs,
    outcomes: &OutcomeArgs,
    job: &JobArgs,
    windows: Option<Windows>,
    columns: &[&str],
) -> Result<(Question, Schema)> {
    let mut schema = job.input.schema();
    let by = rows.by(&mut schema, columns)?;
    // Other engines read one field for each column.
    let both = by.names().zip(by.fields()).find(|(name, field)| match field {
        // What lies inside of what plays a role is seldom meant where the record has a field of that path.
        Field::Either(..) => !name.contains('.'),
        Field::OwnStatus(own) => *own != Role::Status as usize,
        Field::Slot(_) | Field::Status => false,
    });
    if let Some((name, _)) = both {
        bail!(
            "--by: `{name}` is a record's own field, or else what plays that role: other engines take one of them; name \
             the field by its path, or in backticks: --by '`{name}`'"
        );
    }
    let Outcomes { success, failure } = outcomes.outcomes();
    let outcome = Outcome::Status(if windows.is_some() { failure } else { success });
    Ok((Question { by, outcome, windows, max_keys: rows.max_keys() }, schema))
}

/// The windows of the flags; one begins where the one before ends, unless something else is said.
pub fn windows(size: Duration, slide: Option<Duration>, offset: Option<Duration>) -> Result<Windows> {
    let nanos = |length: Duration, flag| match i64::try_from(length.as_nanos()) {
        Ok(nanos) => Ok(nanos),
        Err(_) => bail!("{flag}: at most 292 years can be told"),
    };
    let size_ns = nanos(size, "--size")?;
    let slide_ns = nanos(slide.unwrap_or(size), "--slide")?;
    for (length, flag) in [(size_ns, "--size"), (slide_ns, "--slide")] {
        if length == 0 {
            bail!("{flag}: a length above zero is needed");
        }
    }
    if slide_ns > size_ns {
        bail!("--slide: windows that begin further apart than they are long would leave events out");
    }
    Ok(Windows { size_ns, slide_ns, offset_ns: nanos(offset.unwrap_or_default(), "--offset")? })
}
