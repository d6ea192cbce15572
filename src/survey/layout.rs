//! What the records of a stream are wrapped in.

use serde::Serialize;

/// How records stand in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// One record a line.
    Ndjson,
    Array,
    PrettyArray,
    /// One after the other, some on the same line.
    Concatenated,
    /// One after the other, each over several lines.
    PrettyObjects,
    /// There is no record.
    NoRecords,
    /// There is not a byte.
    #[default]
    Empty,
}

impl Shape {
    pub const fn name(self) -> &'static str {
        match self {
            Shape::Ndjson => "NDJSON",
            Shape::Array => "JSON array",
            Shape::PrettyArray => "JSON array over many lines",
            Shape::Concatenated => "concatenated objects",
            Shape::PrettyObjects => "objects over many lines",
            Shape::NoRecords => "no records",
            Shape::Empty => "empty",
        }
    }
}

/// What has been seen of a stream's layout.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The first byte that is no white space, if there was one.
    first: Option<u8>,
    has_bytes: bool,
    records: u64,
    over_lines: u64,
    /// Records that share a line with the end of the one before.
    same_line: u64,
}

impl Layout {
    /// Sees the next bytes of the stream, until the first that tells.
    pub fn see(&mut self, bytes: &[u8]) {
        self.has_bytes |= !bytes.is_empty();
        if self.first.is_none() {
            let blank = |byte: &&u8| !(byte.is_ascii_whitespace() || b"\xEF\xBB\xBF\0\x1E".contains(byte));
            self.first = bytes.iter().find(blank).copied();
        }
    }

    /// Takes in a record and the bytes before it.
    pub fn add(&mut self, before: &[u8], raw: &[u8]) {
        let separates = |byte: &&u8| byte.is_ascii_whitespace() || b",[]\0\x1E".contains(byte);
        let leads = before.iter().rev().take_while(separates).any(|byte| *byte == b'\n');
        self.same_line += u64::from(!leads && self.records > 0);
        self.over_lines += u64::from(raw.contains(&b'\n'));
        self.records += 1;
    }

    pub fn shape(&self) -> Shape {
        let in_array = self.first == Some(b'[');
        match self.records {
            0 if !self.has_bytes => Shape::Empty,
            0 => Shape::NoRecords,
            _ if in_array && self.over_lines > 0 => Shape::PrettyArray,
            _ if in_array => Shape::Array,
            _ if self.over_lines > 0 => Shape::PrettyObjects,
            _ if self.same_line > 0 => Shape::Concatenated,
            _ => Shape::Ndjson,
        }
    }
}
