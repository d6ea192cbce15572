//! Files that go, and come back: under the inode they had, or compressed.
//!
//! Whatever comes back goes on where it was left, so that no record is read twice.

use super::file::{Encoding, Head, Inode};
use super::files::Files;
use super::log_file::LogFile;
use crate::event::{Cursor, FileId};
use std::collections::VecDeque;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a file that lost its path is still watched: its writer may hold it open.
const GRACE: Duration = Duration::from_secs(5);

/// How many are remembered.
const REMEMBERED: usize = 1024;

/// Files that are over, newest last.
#[derive(Default)]
pub struct Gone(VecDeque<Past>);

/// What is left of a file that was read.
pub struct Past {
    /// Where it was found, and where it stood last.
    names: [PathBuf; 2],
    inode: Inode,
    head: Head,
    id: FileId,
    cursor: Cursor,
}

impl Past {
    fn of(file: &LogFile) -> Self {
        Self {
            names: [file.found.path.clone(), file.path.clone()],
            inode: file.inode,
            head: file.head,
            id: file.id,
            cursor: file.cursor,
        }
    }

    /// Whether the compressed file at `path` is named after this one, as `app.log.2.gz` is after
    /// `app.log`.
    fn names(&self, path: &Path) -> bool {
        let is_prefix = |own: &PathBuf| {
            let names = own.file_name().zip(path.file_name());
            names.is_some_and(|(own, name)| name.as_encoded_bytes().starts_with(own.as_encoded_bytes()))
        };
        self.names.iter().any(|own| own.parent() == path.parent() && is_prefix(own))
    }
}

impl Gone {
    pub fn remember(&mut self, file: &LogFile) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(Past::of(file));
    }

    /// Goes on with a file that was gone for a while: same inode, same head, no shorter.
    pub fn resume(&mut self, file: &mut LogFile) {
        let same =
            |past: &Past| past.inode == file.inode && past.head.length() > 0 && past.cursor.offset <= file.length;
        if let Some(place) = self.0.iter().rposition(same)
            && file.begins_as(&self.0[place].head)
            && let Some(past) = self.0.remove(place)
        {
            (file.id, file.cursor) = (past.id, past.cursor);
        }
    }
}

impl Files {
    /// Takes out the files that have gone and, as far as anyone can tell, been written to the end.
    pub fn take_over(&mut self) -> Vec<LogFile> {
        let over: Vec<LogFile> = self.files.extract_if(.., |file| file.is_over(GRACE)).collect();
        if !over.is_empty() {
            self.index();
        }
        over
    }

    /// Remembers a file that was taken out, to know it again.
    pub fn remember(&mut self, file: &LogFile) {
        self.gone.remember(file);
    }

    /// Whether the compressed file at `place` may be read now. One that was made of a file that we
    /// read goes on where that one was left; while its head is too short to tell, it waits.
    pub fn recognise(&mut self, place: usize) -> bool {
        let file = &mut self.files[place];
        if file.encoding == Encoding::Plain || file.cursor != Cursor::default() {
            return true;
        }
        let (head, is_whole) = decoded_head(file);
        let path = self.files[place].path.clone();
        let mut candidates = self.files.iter().filter(|known| known.encoding == Encoding::Plain).filter_map(|known| {
            let past = Past::of(known);
            // While a compressor works, its original is still there.
            let beside = path.with_extension("") == known.path;
            (beside || (known.lost.is_some() && past.names(&path))).then_some(past)
        });
        let gone = self.gone.0.iter().rev().filter(|past| past.names(&path));
        let mut is_clear = true;
        let mut fits = |past: &Past| {
            is_clear &= is_whole || past.head.length() <= head.len();
            past.head.length() > 0 && past.head.fits(&head)
        };
        let known = candidates.find(&mut fits).map(|past| (past.id, past.cursor));
        let known = known.or_else(|| gone.into_iter().find(|past| fits(past)).map(|past| (past.id, past.cursor)));
        drop(candidates);
        match known {
            Some((id, cursor)) => {
                let file = &mut self.files[place];
                (file.id, file.cursor) = (id, cursor);
                true
            }
            None => is_clear,
        }
    }

    /// Notes that a compressed file was read to its end: so was the file that it was made of.
    pub fn finish_original(&mut self, place: usize) {
        let (id, cursor) = (self.files[place].id, self.files[place].cursor);
        for (other, file) in self.files.iter_mut().enumerate() {
            if other != place && file.id == id && file.cursor.offset < cursor.offset {
                file.cursor = cursor;
            }
        }
    }
}

/// The beginning of a compressed file, as far as it can be had, and whether that is all of it.
fn decoded_head(file: &mut LogFile) -> (Vec<u8>, bool) {
    let mut head = Vec::new();
    let result = file.decoded().and_then(|reader| reader.take(Head::MAX_BYTES as u64).read_to_end(&mut head));
    let is_whole = result.is_ok() || head.len() == Head::MAX_BYTES;
    (head, is_whole)
}
