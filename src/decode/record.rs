//! One record: parsed by simd-json, projected, shown.
//!
//! The parser unescapes strings in place, so it works on a copy; the record's own bytes stay as
//! they were. All buffers are kept from record to record.

use super::Visit;
use super::lent::{Lent, relend};
use super::lists::Lists;
use super::prefix;
use super::projection::Projection;
use super::shape::{Fields, Rows, Shapes, Window};
use super::time::Clock;
use crate::event::{Event, Position, Scalar, Value, Verdict};
use crate::schema::Schema;
use memchr::memchr;
use simd_json::{Buffers, INPUT_PADDING, Tape, fill_tape_padded};
use std::time::Duration;

/// Why a record was not shown.
pub enum Bad {
    /// It is not one JSON object.
    Syntax,
    /// Its time is none.
    Time(&'static str),
    /// Its text is a part of a line.
    Cut,
}

pub struct Parser {
    projection: Projection,
    clock: Clock,
    shapes: Shapes,
    lent: Lent,
    /// Whether texts that are parts of a line are told apart.
    knows_cuts: bool,
    /// Where lists of keys and values are objects.
    lists: Option<Lists>,
    /// What strings with escapes stand for.
    unescaped: String,
    copy: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
    values: Vec<Value<'static>>,
}

impl Parser {
    pub fn new(schema: &Schema) -> Self {
        let text = schema.parse.iter().cloned().map(Some);
        let paths: Vec<_> = schema.paths().iter().cloned().chain(text).collect();
        Self {
            projection: Projection::new(&paths),
            clock: Clock::of(schema),
            shapes: Shapes::new(),
            lent: Lent::new(schema, &paths),
            knows_cuts: schema.parse.is_some() && schema.records.is_none(),
            lists: Lists::of(schema, &paths),
            unescaped: String::new(),
            copy: Vec::new(),
            buffers: buffers(),
            tape: Tape::null(),
            values: Vec::new(),
        }
    }

    /// One that knows no shapes and learns none.
    pub fn plain(schema: &Schema) -> Self {
        Self { shapes: Shapes::none(), ..Self::new(schema) }
    }

    /// Room for the fields of a record, and of a run of records.
    pub fn room<'a>(&self) -> (Fields<'a>, Rows<'a>) {
        (Fields::new(self.projection.slots()), Rows::new(self.projection.slots()))
    }

    /// How many records had no object where one was to be read.
    pub fn unread(&self) -> u64 {
        self.lent.unread()
    }

    /// How many shapes were learned.
    pub fn shapes(&self) -> u64 {
        self.shapes.learned()
    }

    /// Matches records of one shape in a row; see [`Shapes::run`].
    #[inline]
    pub fn run<'a>(&mut self, window: &mut Window<'a>, from: usize, until: usize, limit: usize, rows: &mut Rows<'a>) {
        if self.lent.is_for_all() {
            return rows.clear();
        }
        self.shapes.run(window, from, until, limit, rows);
    }

    /// Shows a record whose fields are known.
    #[inline(always)]
    pub fn show(
        &self,
        at: Position,
        raw: &[u8],
        fields: &[Value<'_>],
        each: &mut (impl Visit + ?Sized),
    ) -> Result<Verdict, &'static str> {
        let time = self.clock.time(fields)?;
        // In no closure, which would be compiled once for all callers: it is the loop over the records.
        Ok(each.visit(&Event { at, raw, time, fields }))
    }

    /// Shows a record whose fields are known, and what is before it.
    #[inline(always)]
    pub fn show_behind(
        &mut self,
        at: Position,
        prefix: &[u8],
        raw: &[u8],
        fields: &[Value<'_>],
        each: &mut (impl Visit + ?Sized),
    ) -> Result<Verdict, &'static str> {
        match self.lent.lends(prefix, fields) {
            false => self.show(at, raw, fields, each),
            true => self.lend(at, prefix, raw, fields, each),
        }
    }

    #[inline(never)]
    fn lend(
        &mut self,
        at: Position,
        prefix: &[u8],
        raw: &[u8],
        fields: &[Value<'_>],
        each: &mut (impl Visit + ?Sized),
    ) -> Result<Verdict, &'static str> {
        let Self { lent, clock, .. } = self;
        lent.lend(prefix, raw, fields, clock, |time, fields| {
            time.map(|time| each.visit(&Event { at, raw, time, fields }))
        })
    }

    /// Shows the record at `begin` if it is of a known shape and no longer than `limit`; answers
    /// where it ends. The one before it ended at `from`; if it has a prefix, that begins at `start`.
    #[inline(never)]
    pub fn predict<'a>(
        &mut self,
        window: &mut Window<'a>,
        fields: &mut Fields<'a>,
        at: Position,
        (from, start, begin): (usize, usize, usize),
        limit: usize,
        each: &mut dyn Visit,
    ) -> Option<(usize, Result<Verdict, &'static str>)> {
        let end = self.shapes.find(window, (from, start, begin), fields)?;
        let (prefix, raw) = (window.bytes().get(start..begin)?, window.bytes().get(begin..end)?);
        if raw.len() > limit || begin > start && !is_alone(window.bytes(), start, (begin, end), limit) {
            return None;
        }
        if fields.has_escapes() {
            let (mut text, mut values) =
                (std::mem::take(&mut self.unescaped), relend(std::mem::take(&mut self.values)));
            let is_sound = fields.unescape(&mut text, &mut values).filter(|()| !self.is_cut(prefix, &values));
            let verdict = is_sound.map(|()| self.show_behind(at, prefix, raw, &values, each));
            self.values = relend(values);
            self.unescaped = text;
            return Some((end, verdict?));
        }
        if self.is_cut(prefix, &fields.values) {
            return None;
        }
        Some((end, self.show_behind(at, prefix, raw, &fields.values, each)))
    }

    /// Whether the text in a record is a part of a line, which has to be read with its other parts.
    fn is_cut(&self, prefix: &[u8], fields: &[Value<'_>]) -> bool {
        self.knows_cuts && prefix.is_empty() && self.lent.is_cut(fields)
    }

    /// As [`Self::visit`], where the record is shown as it is.
    pub fn visit_whole(
        &mut self,
        at: Position,
        prefix: &[u8],
        raw: &[u8],
        each: &mut dyn Visit,
    ) -> Result<Verdict, Bad> {
        let knows_cuts = std::mem::replace(&mut self.knows_cuts, false);
        let verdict = self.visit(at, prefix, raw, each);
        self.knows_cuts = knows_cuts;
        verdict
    }

    /// Shows the record whose bytes are `raw`, which must begin with a brace, behind its prefix.
    pub fn visit(&mut self, at: Position, prefix: &[u8], raw: &[u8], each: &mut dyn Visit) -> Result<Verdict, Bad> {
        let needed = raw.len() + INPUT_PADDING;
        if self.copy.len() < needed {
            // By half at least, so that it seldom grows; not more, since a record may be large.
            self.copy.resize(needed.max(self.copy.len() * 3 / 2), 0);
        }
        self.copy[..raw.len()].copy_from_slice(raw);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        // Apart from the rest, since the tape borrows from it.
        let mut copy = std::mem::take(&mut self.copy);
        let parsed = fill_tape_padded(&mut copy[..needed], raw.len(), &mut self.buffers, &mut tape);
        let verdict = parsed.map_err(|_| Bad::Syntax).and_then(|()| {
            let mut values = relend(std::mem::take(&mut self.values));
            values.resize(self.projection.slots(), Value::Missing);
            self.projection.read(&tape.0, raw, &mut values);
            let listed = self.lists.as_ref().and_then(|lists| lists.look(raw, &values));
            // What a list holds is not told by the shape of its record.
            if listed.is_none() && self.shapes.is_curious() {
                self.shapes.learn(raw, &tape.0, &self.projection);
            }
            let verdict = match listed {
                None if self.is_cut(prefix, &values) => Err(Bad::Cut),
                None => self.show_behind(at, prefix, raw, &values, each).map_err(Bad::Time),
                Some(listed) => self.show_behind(at, prefix, raw, &listed.fill(&values), each).map_err(Bad::Time),
            };
            self.values = relend(values);
            verdict
        });
        (self.tape, self.copy) = (tape.reset(), copy);
        if raw.len() > KEPT_BYTES {
            (self.copy, self.buffers, self.tape) = (Vec::new(), buffers(), Tape::null());
        }
        verdict
    }

    /// From now on, records have these values in slots where they have none themselves.
    pub fn inherit(&mut self, values: Vec<(usize, Scalar)>) {
        self.lent.inherit(values);
    }

    /// Takes no time for true that is more than `ahead` after now.
    pub fn limit_time(&mut self, ahead: Duration) {
        self.clock.limit(ahead);
    }
}

/// The buffers that a longer record needs are given back: a tape may be ten times its record.
pub const KEPT_BYTES: usize = 256 << 10;

pub fn buffers() -> Buffers {
    Buffers::with_max_depth(1024, crate::event::scan::MAX_DEPTH)
}

/// Whether the record that lies between these places is on one line, with nothing but separators
/// behind it. The line begins at `start` and is no longer than `limit`.
#[inline(always)]
fn is_alone(bytes: &[u8], start: usize, (begin, end): (usize, usize), limit: usize) -> bool {
    prefix::line_end(bytes, end).is_some_and(|line_end| line_end - start <= limit)
        && memchr(b'\n', &bytes[begin..end]).is_none()
}

/// In words, why `raw` is not valid. Slow; for dead letters only.
pub fn why(raw: &[u8]) -> String {
    if let Err(error) = std::str::from_utf8(raw) {
        return format!("not valid UTF-8 at byte {} of the record", error.valid_up_to());
    }
    match serde_json::from_slice::<serde_json::Value>(raw) {
        Err(error) => format!("not valid JSON: {error}"),
        Ok(_) => "not valid JSON".to_owned(),
    }
}
