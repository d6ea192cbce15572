//! Polars reads by itself, where what it reads is known to mean to it what it means to us.
//!
//! What is not certain is not scanned, and the counts have to add up to those of our books in the end.

use super::census::{Found, MARK, Type};
use crate::bridge::{Counted, Question};
use crate::event::{Role, Value};
use crate::schema::{Field, Schema, StatusSet};
use crate::sketch::{Rate, encode_value};
use polars::prelude::{Schema as FrameSchema, *};
use rayon::prelude::*;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Has Polars read and count; says why not where it cannot be relied upon.
pub fn scan(question: &Question, schema: &Schema, paths: &[PathBuf], found: &Found) -> Result<Vec<Counted>, String> {
    if let Some(reason) = &found.unfit {
        return Err(reason.clone());
    }
    if found.stated > 0 && found.unstated > 0 {
        return Err("some records have a status field and some have none".to_owned());
    }
    let lines: u64 =
        paths.par_iter().map(|path| lines(path)).sum::<io::Result<_>>().map_err(|error| error.to_string())?;
    if lines != found.records || lines == 0 {
        return Err(NOT_LINES.to_owned());
    }
    let names = names(schema, found)?;
    let hits = question.hits()?;
    let query = query(question, hits, &names, found, paths).map_err(|error| error.to_string())?;
    let frame = query.collect_with_engine(Engine::Streaming).map_err(|error| error.to_string())?.unwrap_single();
    let counted = counted(question, &frame).map_err(|error| error.to_string())?;
    let mut keys: HashMap<i64, usize> = HashMap::new();
    counted.iter().for_each(|row| *keys.entry(row.start).or_default() += 1);
    if keys.values().any(|keys| *keys > question.max_keys) {
        return Err("there are more keys than --max-keys allows, and the first are kept".to_owned());
    }
    Ok(counted)
}

/// Says where a file begins with something else than an object, before all are read for nothing.
pub fn begin_with_objects(paths: &[PathBuf]) -> Result<(), String> {
    for path in paths {
        let mut first = [b'{'];
        // An empty file has no first byte.
        File::open(path).and_then(|mut file| file.read(&mut first)).map_err(|error| error.to_string())?;
        if first != [b'{'] {
            return Err(NOT_LINES.to_owned());
        }
    }
    Ok(())
}

const NOT_LINES: &str = "not each line is an object";

fn lines(path: &Path) -> io::Result<u64> {
    let (mut file, mut lines, mut last) = (File::open(path)?, 0, b'\n');
    let mut buffer = vec![0; 1 << 18];
    loop {
        let length = file.read(&mut buffer)?;
        let bytes = &buffer[..length];
        let Some(byte) = bytes.last() else { break };
        lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        last = *byte;
    }
    Ok(lines + u64::from(last != b'\n'))
}

/// The columns of the slots, by slot: fields at the top of a record.
fn names(schema: &Schema, found: &Found) -> Result<Vec<Option<String>>, String> {
    let mut names = vec![None; schema.paths().len()];
    for (slot, path) in schema.paths().iter().enumerate() {
        let is_seen = found.types.get(slot).is_some_and(|kind| *kind != Type::Unseen);
        match path.as_ref().map(|path| path.keys()) {
            Some([key]) if is_seen && key.contains(['"', '\\', '/']) => {
                return Err("a field's name is escaped".to_owned());
            }
            Some([key]) => names[slot] = Some(key.clone()),
            Some(_) if is_seen => return Err("a field lies below the top of a record".to_owned()),
            _ => {}
        }
    }
    Ok(names)
}

fn query(
    question: &Question,
    hits: &StatusSet,
    names: &[Option<String>],
    found: &Found,
    paths: &[PathBuf],
) -> PolarsResult<LazyFrame> {
    let column = |slot: usize| match &names[slot] {
        Some(name) if found.types.get(slot).is_some_and(|kind| *kind != Type::Unseen) => col(name.as_str()),
        _ => lit(NULL).cast(DataType::String),
    };
    let mut fields = FrameSchema::default();
    for (name, kind) in names.iter().zip(&found.types) {
        if let (Some(name), true) = (name, *kind != Type::Unseen) {
            fields.insert(name.as_str().into(), kind.in_frame());
        }
    }
    let paths = paths.iter().map(|path| PlRefPath::try_from_path(path)).collect::<PolarsResult<Vec<_>>>()?;
    let records = LazyJsonLineReader::new_paths(paths.into()).with_schema(Some(Arc::new(fields))).finish()?;
    let status = match found.stated {
        0 => {
            let message = || column(Role::Message as usize).str();
            let digits = message().slice(lit(MARK.len() as i64), lit(3));
            // A cast of a part alone, as others may hold anything.
            when(message().starts_with(lit(MARK))).then(digits).otherwise(lit(NULL)).cast(DataType::Int64)
        }
        _ => column(Role::Status as usize).cast(DataType::Int64),
    };
    let is_hit = hits.ranges().into_iter().fold(lit(false), |is_hit, (low, high)| {
        is_hit.or(col("~status").is_between(lit(i64::from(low)), lit(i64::from(high)), ClosedInterval::Both))
    });
    let start = question.windows.map(|windows| {
        let micros = column(Role::Time as usize).cast(DataType::Float64) * lit(1e6) + lit(0.5);
        let (micros, size) = (micros.cast(DataType::Int64), lit(windows.size_ns / 1000));
        let beyond = (micros.clone() - lit(windows.offset_ns / 1000)) % size.clone();
        (micros - (beyond + size.clone()) % size).alias("~start")
    });
    let keys = question.by.fields().iter().enumerate().map(|(place, field)| {
        let key = match field {
            Field::Slot(slot) | Field::Either(slot, _) => column(*slot),
            Field::Status | Field::OwnStatus(_) => col("~status"),
        };
        key.alias(format!("~{place}"))
    });
    let mut groups: Vec<Expr> = (0..question.by.fields().len()).map(|place| col(format!("~{place}"))).collect();
    groups.extend(start.as_ref().map(|_| col("~start")));
    Ok(records
        .with_columns([status.alias("~status")])
        .filter(col("~status").gt_eq(lit(100)))
        .select(keys.chain(start).chain([is_hit.alias("~hit")]).collect::<Vec<_>>())
        .group_by(groups)
        .agg([len().cast(DataType::UInt64).alias("~total"), col("~hit").cast(DataType::UInt64).sum().alias("~hits")]))
}

fn counted(question: &Question, frame: &DataFrame) -> PolarsResult<Vec<Counted>> {
    let (totals, hits) = (frame.column("~total")?.u64()?, frame.column("~hits")?.u64()?);
    let starts = question.windows.map(|_| frame.column("~start")?.i64()).transpose()?;
    let keys: Vec<&Column> =
        (0..question.by.fields().len()).map(|place| frame.column(&format!("~{place}"))).collect::<PolarsResult<_>>()?;
    (0..frame.height())
        .map(|place| {
            let mut key = Vec::new();
            for column in &keys {
                encode_value(value(&column.get(place)?)?, &mut key);
            }
            let count = |column: &UInt64Chunked| column.get(place).unwrap_or_default();
            let start = starts.and_then(|starts| starts.get(place)).unwrap_or_default() * 1000;
            Ok(Counted { start, key, rate: Rate { total: count(totals), hits: count(hits) }, is_open: false })
        })
        .collect()
}

fn value<'a>(value: &'a AnyValue<'a>) -> PolarsResult<Value<'a>> {
    Ok(match value {
        AnyValue::Null => Value::Null,
        AnyValue::String(text) => Value::Text(text),
        AnyValue::StringOwned(text) => Value::Text(text),
        AnyValue::Int64(number) => Value::Int(*number),
        AnyValue::Float64(number) => Value::Float(*number),
        other => polars_bail!(ComputeError: "a key of the type {}", other.dtype()),
    })
}
