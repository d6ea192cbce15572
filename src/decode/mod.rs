//! From bytes to events: the one narrow door between a stream and everything that counts.
//!
//! [`Decoder::decode`] walks a [`Chunk`] record by record and shows each event to a closure. A bad
//! record becomes a dead letter, never an error, and the next record is read. The outcome does not
//! depend on how the stream was cut into chunks.
//!
//! A record is an object of RFC 8259 in UTF-8; `tests/conformance.rs` holds this case by case. Where
//! the standard leaves the choice:
//! - An integer of 64 bits is exact (`-0` is 0); a larger one is the nearest double, as is any number
//!   with a fraction or an exponent. What is too large for a double (`1e309`) makes the record bad.
//! - Half a surrogate pair (`"\ud800"`) makes the record bad.
//! - A record nests 1024 levels at most. Of a key that comes twice, the last value counts.

mod framing;
mod lent;
mod lists;
mod nest;
mod parse;
mod partial;
mod prefix;
mod projection;
mod record;
mod shape;
mod time;
mod wrapped;

pub use framing::{GUESS_BYTES, guess_start};
pub use partial::texts::is_cut as is_part_of_line;
pub use prefix::{Form, Part, Prefix, of_line as prefix_of_line};
pub use time::Clock;
pub use wrapped::LOOK_BACK_BYTES;

use crate::event::{DeadLetter, Event, Ledger, Position, Skip, Verdict};
use crate::schema::Schema;
use framing::{separators_done, skip_separators};
use parse::{Guess, NextLine};
use prefix::Brace;
use record::Parser;
use shape::{Rows, Window};
use std::sync::Arc;
use std::time::Duration;
use wrapped::Wrapping;

/// A stretch of a stream, from where the record before it ended.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Where the first byte stands.
    pub at: Position,
    pub bytes: &'a [u8],
    /// Records that begin at or after this place in `bytes` are left for another reader.
    pub until: usize,
    /// The stream ends with these bytes.
    pub last: bool,
}

/// How far decoding came; places are offsets into the chunk's bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// All before this is done with. The next chunk begins here.
    pub end: usize,
    /// Where the first record past `until` begins; the end of the bytes where nothing but
    /// separators is left of them; `None` where a record is unfinished.
    pub next: Option<usize>,
    /// The remains of an oversized record are being passed over.
    pub skip: Skip,
}

/// What decoding is told once for all chunks.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A longer record is a dead letter.
    pub record_bytes: usize,
    /// How many dead letters a call keeps; all are counted.
    pub letters: usize,
    /// How far after now a record's time may be; no matter how far, where there is none.
    pub ahead: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes: 16 << 20, letters: usize::MAX, ahead: None }
    }
}

/// Looks at events, one after the other, and says what became of each.
pub trait Visit {
    fn visit(&mut self, event: &Event<'_>) -> Verdict;

    /// Whether the books are to be noted as they stand with the event that was just visited.
    #[inline(always)]
    fn is_seam(&mut self) -> bool {
        false
    }
}

/// A closure that is shown each event.
struct Each<F>(F);

impl<F: FnMut(&Event<'_>) -> Verdict> Visit for Each<F> {
    fn visit(&mut self, event: &Event<'_>) -> Verdict {
        self.0(event)
    }
}

/// How much memory dead letters may take before they have to be taken.
const DEAD_BYTES: usize = 1 << 20;

pub struct Decoder {
    parser: Parser,
    /// What records stand in.
    wrapping: Option<Arc<Wrapping>>,
    /// The text in each that is read.
    text: Option<Vec<String>>,
    limits: Limits,
    /// Where the next record probably ends: as the last one did that was looked at closely.
    guess: Guess,
    parsed: u64,
    ledger: Ledger,
    /// The ledger as it stood when a visitor asked for it.
    seams: Vec<Ledger>,
    dead: Vec<DeadLetter>,
    /// The memory that the dead letters take, about.
    dead_bytes: usize,
}

impl Decoder {
    pub fn new(schema: &Schema, limits: Limits) -> Self {
        Self {
            parser: Parser::new(schema),
            wrapping: Wrapping::of(schema),
            text: schema.parse.as_ref().map(|path| path.keys().to_vec()),
            limits,
            guess: Guess::Line,
            parsed: 0,
            ledger: Ledger::default(),
            seams: Vec::new(),
            dead: Vec::new(),
            dead_bytes: 0,
        }
    }

    /// One that parses every record: the twin that predicted shapes are held to.
    pub fn plain(schema: &Schema, limits: Limits) -> Self {
        Self { parser: Parser::plain(schema), ..Self::new(schema, limits) }
    }

    /// Shows every record of `chunk` that is whole, lies at or after `from` and begins before
    /// `until`. [`Self::take`] gives the tallies; once it [is full](Self::is_full), decoding
    /// stops there.
    pub fn decode(
        &mut self,
        chunk: Chunk<'_>,
        from: usize,
        skip: Skip,
        each: impl FnMut(&Event<'_>) -> Verdict,
    ) -> Progress {
        self.visit(chunk, from, skip, &mut Each(each))
    }

    /// As [`Self::decode`] for a visitor.
    pub fn visit(&mut self, chunk: Chunk<'_>, from: usize, skip: Skip, each: &mut impl Visit) -> Progress {
        let Chunk { bytes, until, last, .. } = chunk;
        if let Some(ahead) = self.limits.ahead {
            self.parser.limit_time(ahead);
        }
        if let Some(wrapping) = self.wrapping.clone() {
            return self.visit_wrapped(&wrapping, chunk, from, skip, each);
        }
        let mut end = from;
        if skip != Skip::No {
            match self.pass_over(chunk, from, skip) {
                Ok(past) => end = past,
                Err(progress) => return progress,
            }
        }
        if self.is_full() {
            return stop(bytes, end, last);
        }
        let (mut window, (mut fields, mut rows)) = (Window::new(bytes), self.parser.room());
        let mut line = NextLine { bytes, at: from };
        loop {
            self.parser.run(&mut window, end, until, self.limits.record_bytes, &mut rows);
            let (view, offset) = (window.view(), chunk.at.offset + window.begin() as u64);
            if rows.have_prefixes() {
                if let Some(past) = self.show_behind(chunk, window.begin(), view, &rows, each) {
                    return stop(bytes, past, last);
                }
            } else {
                for (begin, past, values) in rows.iter() {
                    let at = Position { file: chunk.at.file, offset: offset + begin as u64 };
                    let verdict = self.parser.show(at, &view[begin..past], values, each);
                    if !self.settle(chunk, window.begin() + begin, window.begin() + past, verdict, each) {
                        return stop(bytes, window.begin() + past, last);
                    }
                }
            }
            end = rows.end().map_or(end, |past| window.begin() + past);
            if rows.is_full() {
                continue;
            }
            let Some(start) = skip_separators(bytes, end, last) else {
                let next = (last || !bytes.ends_with(b"\xEF") && !bytes.ends_with(b"\xEF\xBB")).then_some(bytes.len());
                return Progress { end: separators_done(bytes, end), next, skip: Skip::No };
            };
            if start >= until {
                return Progress { end, next: Some(start), skip: Skip::No };
            }
            let limit = self.limits.record_bytes;
            let begin = match bytes[start] {
                b'{' => start,
                // What is none here may be bad, or a prefix that is not over.
                _ => match prefix::brace(bytes, start) {
                    Brace::At(begin) => begin,
                    Brace::Nowhere | Brace::Unseen => start,
                },
            };
            let at = Position { file: chunk.at.file, offset: chunk.at.offset + begin as u64 };
            let places = (end, start, begin);
            let is_going = match self.parser.predict(&mut window, &mut fields, at, places, limit, each) {
                Some((past, verdict)) => {
                    end = past;
                    self.settle(chunk, begin, past, verdict, each)
                }
                None => match self.parse(chunk, end, start, &mut line, each) {
                    Ok(past) => {
                        end = past;
                        !self.is_full()
                    }
                    Err(progress) => return progress,
                },
            };
            if !is_going {
                return stop(bytes, end, last);
            }
        }
    }

    /// Shows records that have prefixes, of a view that begins at `begin`; where it has to stop, behind which. Apart
    /// from the loop over those that have none, which is compiled for each visitor.
    #[inline(never)]
    fn show_behind(
        &mut self,
        chunk: Chunk<'_>,
        begin: usize,
        view: &[u8],
        rows: &Rows<'_>,
        each: &mut dyn Visit,
    ) -> Option<usize> {
        for (prefix, start, past, values) in rows.iter_behind() {
            let at = Position { file: chunk.at.file, offset: chunk.at.offset + (begin + start) as u64 };
            let verdict = self.parser.show_behind(at, &view[prefix..start], &view[start..past], values, each);
            if !self.settle(chunk, begin + start, begin + past, verdict, each) {
                return Some(begin + past);
            }
        }
        None
    }

    /// Takes in what became of a record. False where dead letters have to be taken first.
    #[inline(always)]
    fn settle(
        &mut self,
        chunk: Chunk<'_>,
        start: usize,
        end: usize,
        verdict: Result<Verdict, &'static str>,
        each: &mut (impl Visit + ?Sized),
    ) -> bool {
        match verdict {
            Ok(verdict @ (Verdict::Counted | Verdict::Filtered)) => {
                self.tally(verdict, each);
                true
            }
            Ok(Verdict::Dead(reason)) | Err(reason) => {
                self.bury(chunk, start, end, reason.to_owned());
                !self.is_full()
            }
        }
    }

    #[inline(always)]
    fn tally(&mut self, verdict: Verdict, each: &mut (impl Visit + ?Sized)) {
        self.ledger.tally(verdict);
        if each.is_seam() {
            self.seams.push(self.ledger);
        }
    }

    /// Whether it holds so many dead letters that they have to be taken before it goes on: bad records
    /// may be as small as a byte, and a letter is not.
    pub fn is_full(&self) -> bool {
        self.dead_bytes > DEAD_BYTES
    }

    /// How many records fitted no known shape so far.
    pub fn parsed(&self) -> u64 {
        self.parsed
    }

    /// How many records had no object in the field that is to be parsed, so far.
    pub fn unread(&self) -> u64 {
        self.parser.unread()
    }

    /// How many shapes were learned so far.
    pub fn shapes(&self) -> u64 {
        self.parser.shapes()
    }

    /// Takes what was tallied and buried since the last time.
    pub fn take(&mut self) -> (Ledger, Vec<DeadLetter>) {
        self.dead_bytes = 0;
        (std::mem::take(&mut self.ledger), std::mem::take(&mut self.dead))
    }

    /// Takes the ledger as it stood at each seam since the last time.
    pub fn take_seams(&mut self) -> Vec<Ledger> {
        std::mem::take(&mut self.seams)
    }

    fn bury(&mut self, chunk: Chunk<'_>, start: usize, end: usize, reason: String) {
        let at = Position { file: chunk.at.file, offset: chunk.at.offset + start as u64 };
        self.bury_bytes(at, &chunk.bytes[start..end], reason);
    }

    fn bury_bytes(&mut self, at: Position, raw: &[u8], reason: String) {
        self.ledger.tally(Verdict::Dead(""));
        if self.dead.len() < self.limits.letters {
            self.dead_bytes += size_of::<DeadLetter>() + reason.len() + raw.len();
            self.dead.push(DeadLetter { at, reason, raw: raw.to_vec(), is_late: false });
        }
    }
}

/// Stops behind the record that ends at `end`.
fn stop(bytes: &[u8], end: usize, last: bool) -> Progress {
    Progress { end, next: skip_separators(bytes, end, last), skip: Skip::No }
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;
