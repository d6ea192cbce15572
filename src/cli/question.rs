//! A question that is put to other engines, made of the flags of its command.

use super::job::JobArgs;
use super::rows::{OutcomeArgs, RowArgs};
use crate::analysis::RunningAvg;
use crate::bridge::{Question, Windows};
use crate::schema::Schema;
use anyhow::{Result, bail};
use std::time::Duration;

/// What the rows, the statuses and the windows of the flags come to.
pub fn question(
    rows: &RowArgs,
    outcomes: &OutcomeArgs,
    job: &JobArgs,
    size: Option<Duration>,
    offset: Option<Duration>,
) -> Result<(Question, Schema)> {
    let mut schema = job.input.schema();
    let columns: &[&str] = if size.is_some() { &WINDOW_COLUMNS } else { &RunningAvg::COLUMNS };
    let by = rows.by(&mut schema, columns)?;
    let nanos = |length: Duration, flag| match i64::try_from(length.as_nanos()) {
        Ok(nanos) => Ok(nanos),
        Err(_) => bail!("{flag}: at most 292 years can be told"),
    };
    let windows = match size {
        None => None,
        Some(Duration::ZERO) => bail!("--size: a length above zero is needed"),
        Some(size) => {
            let offset_ns = nanos(offset.unwrap_or_default(), "--offset")?;
            let size_ns = nanos(size, "--size")?;
            Some(Windows { size_ns, slide_ns: size_ns, offset_ns })
        }
    };
    Ok((Question { by, outcomes: outcomes.outcomes(), windows, max_keys: rows.max_keys() }, schema))
}

/// Those of a window's row that are no key.
const WINDOW_COLUMNS: [&str; 8] = ["start", "end", "total", "failures", "failure_rate", "ci95", "revision", "open"];
