//! A block of records as bytes, made piece by piece, together with what there is to know of them.

use super::digits::{push_hex, push_number, push_seconds};
use super::hostile;
use super::recipe::{Burst, Recipe, below, mix, push_path};
use super::tally::{Fact, Tally};
use super::{BLOCK_RECORDS, Format};
use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;
use std::ops::Range;

/// How many records back a duplicate may repeat.
const REACH: usize = 256;

/// Messages without a status; the last two only look as if they had one.
const CHATTER: &[&str] = &[
    "Worker started",
    "Health check passed",
    "Connection pool resized to 32",
    "Cache warmed in 128 ms",
    "Retrying in 200 ms",
    "Configuration reloaded",
    "HTTP Status Code: unknown, upstream closed the connection",
    "Status Code: 200 expected by the health check",
];

/// One block of one file, and buffers that the next block reuses.
pub(super) struct Block<'a> {
    recipe: &'a Recipe,
    rng: Xoshiro256PlusPlus,
    bursts: Vec<&'a Burst>,
    pub file: u64,
    /// Numbers among all records of the run.
    first: u64,
    next: u64,
    end: u64,
    /// Whether its file begins and ends with this block.
    pub opens: bool,
    pub closes: bool,
    frame: Frame,
    text: Vec<u8>,
    recent: Vec<(Range<usize>, Fact)>,
    made: usize,
    last_request: Option<Fact>,
    /// Whether the record before is known to be whole.
    after_sound: bool,
    pub tally: Tally,
}

/// Whether the block begins and ends the text that an output frames as one array.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub opens: bool,
    pub closes: bool,
}

impl<'a> Block<'a> {
    pub(super) fn new(recipe: &'a Recipe) -> Self {
        Self {
            recipe,
            rng: recipe.rng(0, 0),
            bursts: Vec::new(),
            file: 0,
            first: 0,
            next: 0,
            end: 0,
            opens: false,
            closes: false,
            frame: Frame { opens: false, closes: false },
            text: Vec::new(),
            recent: Vec::new(),
            made: 0,
            last_request: None,
            after_sound: false,
            tally: Tally::new(recipe),
        }
    }

    /// The number of blocks of a file; one even where it holds no records.
    pub(super) fn count(recipe: &Recipe) -> u64 {
        recipe.events_per_file.div_ceil(BLOCK_RECORDS).max(1)
    }

    /// Turns to another block. `one_stream` says that all files are one text.
    pub(super) fn turn_to(&mut self, file: u64, number: u64, one_stream: bool) {
        let recipe = self.recipe;
        let in_file = number * BLOCK_RECORDS;
        let file_start = file.wrapping_mul(recipe.events_per_file);
        self.file = file;
        self.rng = recipe.rng(file, number);
        self.first = file_start.wrapping_add(in_file);
        self.next = self.first;
        self.end = file_start.wrapping_add(recipe.events_per_file.min(in_file.saturating_add(BLOCK_RECORDS)));
        self.opens = number == 0;
        self.closes = number + 1 == Self::count(recipe);
        self.frame = Frame {
            opens: self.opens && (!one_stream || file == 0),
            closes: self.closes && (!one_stream || recipe.files == Some(file + 1)),
        };
        let jitter = recipe.jitter_nanos as i64 / 1000 + 1;
        let (from, until) = (self.slot_micros(self.next) - jitter, self.slot_micros(self.end));
        self.bursts.clear();
        self.bursts.extend(recipe.bursts.iter().filter(|burst| burst.from <= until && burst.until > from));
        self.text.clear();
        self.recent.clear();
        self.made = 0;
        self.last_request = None;
        self.after_sound = false;
    }

    pub(super) fn records_left(&self) -> u64 {
        self.end.wrapping_sub(self.next)
    }

    /// Makes up to `records` more, and shows their bytes: with the brackets and commas that join
    /// them to the blocks around.
    pub(super) fn make(&mut self, records: u64) -> &[u8] {
        let from = self.text.len();
        if self.frame.opens && from == 0 && self.recipe.format == Format::Array {
            self.text.push(b'[');
        }
        for _ in 0..records.min(self.records_left()) {
            self.make_one();
        }
        if self.frame.closes && self.records_left() == 0 && self.recipe.format == Format::Array {
            self.text.push(b']');
        }
        &self.text[from..]
    }

    pub(super) fn make_all(&mut self) {
        self.make(BLOCK_RECORDS);
    }

    /// How many records were made of this block so far.
    pub(super) fn records(&self) -> u64 {
        self.next.wrapping_sub(self.first)
    }

    /// What was made of this block so far.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    fn make_one(&mut self) {
        let array = self.recipe.format == Format::Array;
        if array && !(self.frame.opens && self.records() == 0) {
            self.text.extend_from_slice(b", ");
        }
        self.choose(array);
        if !array {
            self.text.push(b'\n');
        }
        self.next = self.next.wrapping_add(1);
    }

    fn choose(&mut self, array: bool) {
        let start = self.text.len();
        let draw = self.rng.next_u64();
        if self.recipe.malformed.hit(draw) {
            let last = self.closes && self.records_left() == 1;
            let draw = self.rng.next_u64();
            self.text.extend_from_slice(hostile::record(array || !self.after_sound, array && last, draw));
            self.after_sound = false;
            self.tally.count_hostile();
            return;
        }
        let fact = match self.last_request {
            Some(_) if self.recipe.duplicate.hit(draw) => {
                let back = below(self.rng.next_u64(), self.recent.len() as u64) as usize;
                let (place, fact) = self.recent[back].clone();
                self.text.extend_from_within(place);
                fact
            }
            // A service chats about the request before, at the same time: so the newest event of
            // a run is a request, whether or not a reader asks chatter for the time.
            Some(request) if self.recipe.chatter.hit(draw) => self.chat(request),
            _ => self.request(self.recipe.watched.hit(draw) && !self.recipe.chatter.hit(draw)),
        };
        self.after_sound = true;
        self.tally.count(&fact);
        if self.recent.len() < REACH {
            self.recent.push((start..self.text.len(), fact));
        } else {
            self.recent[self.made % REACH] = (start..self.text.len(), fact);
        }
        self.made += 1;
    }

    fn request(&mut self, watched: bool) -> Fact {
        let recipe = self.recipe;
        let service = below(self.rng.next_u64(), recipe.services.len() as u64) as usize;
        let micros = self.time_micros();
        let in_burst = self.bursts.iter().any(|b| b.service == service && (b.from..b.until).contains(&micros));
        let draw = self.rng.next_u64();
        let (status, path) = if watched {
            let item = below(draw, recipe.watchlist_items);
            (recipe.watched_status(item), Some(item))
        } else {
            let status = recipe.status(in_burst, draw);
            (status, recipe.paths.then(|| recipe.ordinary_path(self.rng.next_u64())))
        };
        let out = &mut self.text;
        out.extend_from_slice(&recipe.heads[service]);
        push_seconds(out, micros);
        out.extend_from_slice(&recipe.requests[status]);
        if let Some(item) = path {
            push_path(out, item);
        }
        out.push(b'"');
        let fact = Fact { service, micros, status: Some(status), watched };
        if recipe.extra_fields {
            self.push_extra_fields(&fact);
        }
        self.text.push(b'}');
        self.last_request = Some(fact);
        fact
    }

    fn chat(&mut self, request: Fact) -> Fact {
        let text = CHATTER[below(self.rng.next_u64(), CHATTER.len() as u64) as usize];
        self.text.extend_from_slice(&self.recipe.heads[request.service]);
        push_seconds(&mut self.text, request.micros);
        self.text.extend_from_slice(b", \"message\": \"");
        self.text.extend_from_slice(text.as_bytes());
        self.text.push(b'"');
        let fact = Fact { status: None, watched: false, ..request };
        if self.recipe.extra_fields {
            self.push_extra_fields(&fact);
        }
        self.text.push(b'}');
        fact
    }

    fn push_extra_fields(&mut self, fact: &Fact) {
        let draw = self.rng.next_u64();
        let status = fact.status.map(|status| self.recipe.statuses[status].0);
        let level = match status {
            Some(500..) => "error",
            Some(400..) => "warn",
            _ => "info",
        };
        let out = &mut self.text;
        out.extend_from_slice(b", \"id\": \"");
        push_hex(out, mix(self.recipe.seed, self.next));
        out.extend_from_slice(b"\", \"level\": \"");
        out.extend_from_slice(level.as_bytes());
        out.push(b'"');
        let Some(status) = status else { return };
        // Half of the requests take up to 2 ms; each doubling is half as frequent: a heavy tail.
        let hundredths = (100 + below(draw, 100)) << (draw & 0x3ff).trailing_zeros().min(10);
        out.extend_from_slice(b", \"latency_ms\": ");
        push_number(out, hundredths / 100);
        out.push(b'.');
        out.extend_from_slice(&[b'0' + (hundredths / 10 % 10) as u8, b'0' + (hundredths % 10) as u8]);
        out.extend_from_slice(b", \"http\": {\"method\": \"");
        out.extend_from_slice(if draw & 0x1c00 == 0 { b"POST" } else { b"GET" });
        out.extend_from_slice(b"\", \"response\": {\"status_code\": ");
        push_number(out, status.into());
        out.extend_from_slice(b"}}");
    }

    fn slot_micros(&self, index: u64) -> i64 {
        self.recipe.start_nanos.wrapping_add(index.wrapping_mul(self.recipe.interval_nanos) as i64) / 1000
    }

    /// A time within the record's interval, earlier by a random part of the jitter.
    fn time_micros(&mut self) -> i64 {
        let recipe = self.recipe;
        let mut nanos =
            self.next.wrapping_mul(recipe.interval_nanos) + below(self.rng.next_u64(), recipe.interval_nanos);
        if recipe.jitter_nanos > 0 {
            nanos = nanos.wrapping_sub(below(self.rng.next_u64(), recipe.jitter_nanos));
        }
        recipe.start_nanos.wrapping_add(nanos as i64) / 1000
    }
}
