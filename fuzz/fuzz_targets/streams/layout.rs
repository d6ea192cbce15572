//! Where the records of a stream stand: one after the other, behind prefixes, in arrays within objects, in texts.

use super::BETWEEN;
use arbitrary::{Arbitrary, Result, Unstructured};
use streamlab::schema::{Level, Schema};

/// What may stand between two elements; the last ones are torn or junk.
const COMMAS: &[&str] = &[",", ", ", ",\n  ", ",", "\n", "", ",1,", ", null, \"x\",\n", ",,", "\r\n,\t"];
/// What may stand in an object beside what leads to the records; the key of some is on the path.
const MEMBERS: &[&str] =
    &["", "", "\"x\": [{\"a\": 1}, \"]\"]", "\"a\": 1", "\n  \"b\": {\"a\": []}", "\"time\": \"t\"", "\"\\\\\": {}"];

pub struct Layout<'s> {
    levels: &'s [Level],
    /// The key of the text that records stand in, now and then.
    text: Option<&'s str>,
    /// What stands between two records, and, now and then, another.
    between: [&'static str; 2],
    comma: &'static str,
    members: [&'static str; 2],
    space: &'static str,
}

impl<'s> Layout<'s> {
    pub fn new(schema: &'s Schema, choices: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Self {
            levels: schema.records.as_ref().map_or(&[], |wrapper| wrapper.levels()),
            text: schema.parse.as_ref().and_then(|path| path.keys().last()).map(String::as_str),
            between: [*choices.choose(BETWEEN)?, *choices.choose(BETWEEN)?],
            comma: *choices.choose(COMMAS)?,
            members: [*choices.choose(MEMBERS)?, *choices.choose(MEMBERS)?],
            space: *choices.choose(&["", "", " ", "\n", "\n  ", "\r\n\t"])?,
        })
    }

    /// What stands before the first record.
    pub fn begin(&self, choices: &mut Unstructured<'_>, stream: &mut Vec<u8>) -> Result<()> {
        if !self.levels.is_empty() {
            self.open(0, stream);
        } else if choices.ratio(1, 2)? {
            stream.extend_from_slice(self.between[0].trim_start_matches('\n').as_bytes());
        }
        Ok(())
    }

    /// Writes a record some times, and what stands behind it.
    pub fn write(&self, choices: &mut Unstructured<'_>, record: &[u8], stream: &mut Vec<u8>) -> Result<()> {
        if self.levels.is_empty() && choices.ratio(1, 6)? {
            return self.in_parts(choices, record, stream);
        }
        let begin = stream.len();
        match self.text {
            Some(key) if choices.ratio(2, 3)? => self.in_text(choices, key, record, stream)?,
            _ => stream.extend_from_slice(record),
        }
        let choice = u8::arbitrary(choices)?;
        if self.levels.is_empty() {
            let between = self.between[usize::from(choice % 8 == 7)];
            if choice >= 0xF8 {
                // A line that a container runtime has cut.
                let place = begin + choices.choose_index(stream.len() - begin + 1)?;
                stream.splice(place..place, between.bytes());
            }
            stream.extend_from_slice(between.as_bytes());
        } else {
            match choice {
                ..0xC0 => stream.extend_from_slice(self.comma.as_bytes()),
                0xC0..0xE0 => self.again(usize::from(choice) % self.levels.len(), stream),
                // Torn: the next object begins where none may.
                0xE0..0xE8 => self.open(0, stream),
                _ => stream.extend_from_slice(choices.choose(COMMAS)?.as_bytes()),
            }
        }
        // Records of one shape in a row are read in another way.
        let copies = choices.int_in_range(0..=7)?;
        let record = stream[begin..].to_vec();
        if record.len() < 200 {
            stream.extend(record.repeat(copies));
        }
        Ok(())
    }

    /// What stands behind the last record.
    pub fn end(&self, stream: &mut Vec<u8>) {
        self.close(0, stream);
    }

    /// A record whose text holds the one given, perhaps behind a prefix, and a field of its own.
    fn in_text(&self, choices: &mut Unstructured<'_>, key: &str, record: &[u8], stream: &mut Vec<u8>) -> Result<()> {
        let prefix = if choices.ratio(1, 3)? { self.between[1].trim_start_matches('\n') } else { "" };
        let end = choices.choose(&["", "\n", "\r\n", " ", "x", ","])?;
        let text = format!("{prefix}{}{end}", String::from_utf8_lossy(record));
        let text = serde_json::to_string(&text).expect("a text can be written");
        let own = choices.choose(&[
            "",
            ",\"service\":\"own\"",
            ",\"a\":7",
            ",\"timestamp\":1760559686",
            ",\"a\":{\"b\":1}",
        ])?;
        stream.extend_from_slice(format!("{{\"{key}\":{}{text}{own}}}", self.space).as_bytes());
        Ok(())
    }

    /// A record on a line that a container runtime has cut, with another line between its parts now and then.
    fn in_parts(&self, choices: &mut Unstructured<'_>, record: &[u8], stream: &mut Vec<u8>) -> Result<()> {
        let streams = *choices.choose(&[["stdout", "stderr"], ["stderr", "stdout"], ["stdout", "stdout"]])?;
        let mut rest = record;
        if stream.last().is_some_and(|byte| *byte != b'\n') {
            stream.push(b'\n');
        }
        loop {
            let (part, behind) = rest.split_at(choices.choose_index(rest.len() + 1)?);
            let is_last = behind.is_empty() || choices.ratio(1, 3)?;
            let part = if is_last { rest } else { part };
            self.part(streams[0], part, is_last, stream);
            if is_last {
                return Ok(());
            }
            rest = behind;
            if choices.ratio(1, 4)? {
                self.part(streams[1], b"{\"a\":\"between\"}", choices.ratio(7, 8)?, stream);
            }
        }
    }

    fn part(&self, of: &str, part: &[u8], is_last: bool, stream: &mut Vec<u8>) {
        match self.text {
            Some(key) => {
                let text = String::from_utf8_lossy(part) + if is_last { "\n" } else { "" };
                let text = serde_json::to_string(&text).expect("a text can be written");
                stream.extend_from_slice(format!("{{\"{key}\":{text},\"stream\":\"{of}\"}}").as_bytes());
            }
            None => {
                let tag = if is_last { "F" } else { "P" };
                stream.extend_from_slice(format!("2025-10-15T20:21:26.1Z {of} {tag} ").as_bytes());
                stream.extend_from_slice(part);
            }
        }
        stream.push(b'\n');
    }

    fn open(&self, from: usize, stream: &mut Vec<u8>) {
        for level in &self.levels[from..] {
            match level {
                Level::Array => stream.push(b'['),
                Level::Object(key) => {
                    stream.push(b'{');
                    for part in [self.space, self.members[0], if self.members[0].is_empty() { "" } else { "," }] {
                        stream.extend_from_slice(part.as_bytes());
                    }
                    stream.extend_from_slice(format!("{}\"{key}\":{}", self.space, self.space).as_bytes());
                }
            }
            stream.extend_from_slice(self.space.as_bytes());
        }
    }

    fn close(&self, to: usize, stream: &mut Vec<u8>) {
        for level in self.levels[to..].iter().rev() {
            stream.extend_from_slice(self.space.as_bytes());
            match level {
                Level::Array => stream.push(b']'),
                Level::Object(_) => {
                    if !self.members[1].is_empty() {
                        stream.extend_from_slice(format!(",{}", self.members[1]).as_bytes());
                    }
                    stream.push(b'}');
                }
            }
        }
    }

    /// Leaves the levels from that one on, and enters them anew.
    fn again(&self, level: usize, stream: &mut Vec<u8>) {
        self.close(level, stream);
        let is_element = level > 0 && self.levels[level - 1] == Level::Array;
        stream.push(if is_element { b',' } else { b'\n' });
        self.open(level, stream);
    }
}
