//! Files that go, and come back: under the inode they had, or compressed.
//!
//! Whatever comes back goes on where it was left, so that no record is read twice.

use super::file::{Encoding, Head, Inode};
use super::files::Files;
use super::log_file::LogFile;
use super::sources::Found;
use crate::event::{Cursor, FileId};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a file that lost its path is still watched: its writer may hold it open.
const GRACE: Duration = Duration::from_secs(5);

/// So much at the end of a file holds no record.
const LINE_BREAK_BYTES: u64 = 2;

/// How many are remembered.
const REMEMBERED: usize = 1024;

/// Files that are over, newest last.
#[derive(Default)]
pub struct Gone(VecDeque<Past>);

/// What is left of a file that was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Past {
    label: String,
    /// Where it was found, and where it stood last: any bytes, not only text.
    pub(super) names: [OsString; 2],
    pub(super) inode: Inode,
    pub(super) head: Head,
    pub id: FileId,
    pub cursor: Cursor,
    /// How long it was, as far as that tells how much of it was not read.
    length: u64,
    /// It was still read when the run that knew it ended.
    is_living: bool,
}

/// All files that a run knows, as a later run finds them again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Roster {
    pub files: Vec<Past>,
    /// How many files have stood at each place.
    incarnations: Vec<(String, u32)>,
}

impl Past {
    /// The name that it was found by.
    pub fn name(&self) -> String {
        self.names[0].to_string_lossy().into_owned()
    }

    fn of(file: &LogFile) -> Self {
        Self {
            label: file.found.label.clone(),
            names: [file.found.path.clone().into(), file.path.clone().into()],
            inode: file.inode,
            head: file.head,
            id: file.id,
            cursor: file.cursor.clone(),
            length: if file.encoding == Encoding::Plain { file.length } else { 0 },
            is_living: false,
        }
    }

    /// Whether the compressed file at `path` is named after this one, as `app.log.2.gz` is after
    /// `app.log`.
    fn names(&self, path: &Path) -> bool {
        let is_prefix = |own: &Path| {
            let names = own.file_name().zip(path.file_name());
            names.is_some_and(|(own, name)| name.as_encoded_bytes().starts_with(own.as_encoded_bytes()))
        };
        self.names.iter().map(Path::new).any(|own| own.parent() == path.parent() && is_prefix(own))
    }
}

impl Gone {
    pub fn remember(&mut self, file: &LogFile) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(Past::of(file));
    }

    /// Goes on with a file that was gone for a while: same inode, same head, no shorter. One that was
    /// empty has to stand where it stood.
    pub fn resume(&mut self, file: &mut LogFile) -> bool {
        let same = |past: &Past| {
            let is_known = past.head.length() > 0 || past.label == file.found.label;
            let is_as_long = past.cursor.offset <= file.length || file.encoding != Encoding::Plain;
            past.inode == file.inode && is_known && is_as_long
        };
        if let Some(place) = self.0.iter().rposition(same)
            && file.begins_as(&self.0[place].head)
            && let Some(past) = self.0.remove(place)
        {
            (file.id, file.cursor) = (past.id, past.cursor);
            // It keeps the name that it was found by.
            let [path, _] = past.names;
            file.found = Found { path: path.into(), label: past.label };
            return true;
        }
        false
    }
}

impl Files {
    /// What a later run has to know of the files.
    pub fn roster(&self) -> Roster {
        let living = self.files.iter().filter(|file| !file.is_pipe);
        let living = living.map(|file| Past { is_living: true, ..Past::of(file) });
        let files = self.gone.0.iter().cloned().chain(living);
        let incarnations = self.incarnations.iter().map(|(label, count)| (label.clone(), *count));
        Roster { files: files.collect(), incarnations: incarnations.collect() }
    }

    /// Goes on where an earlier run has left.
    pub fn resume(&mut self, roster: Roster) {
        self.incarnations = roster.incarnations.into_iter().collect();
        self.gone = Gone(roster.files.into());
    }

    /// Looks for the files that an earlier run left, and that were moved since to a name which no
    /// source has, as rotated logs are.
    pub(super) fn find_moved(&mut self) {
        let is_missing = |past: &&Past| past.is_living && !self.inodes.contains_key(&past.inode);
        let moved: Vec<Past> = self.gone.0.iter().filter(is_missing).cloned().collect();
        self.gone.0.iter_mut().for_each(|past| past.is_living = false);
        for past in moved {
            let [found, last] = past.names.each_ref().map(Path::new);
            let path = [last, found].into_iter().find_map(|name| namesake(name, past.inode));
            let file = path.and_then(|path| self.open_moved(path, &past));
            match file {
                Some(file) => {
                    self.files.push(file);
                    self.index();
                }
                None => {
                    let unread_bytes = past.length.saturating_sub(past.cursor.offset);
                    if unread_bytes > LINE_BREAK_BYTES && !last.exists() {
                        self.troubles.note(format!(
                            "{} is gone since the last run: its last {unread_bytes} bytes were not read",
                            found.display().to_string().escape_debug(),
                        ));
                    }
                }
            }
        }
    }

    fn open_moved(&mut self, path: PathBuf, past: &Past) -> Option<LogFile> {
        let found = Found { path, label: past.label.clone() };
        let mut file = LogFile::open(found, 0).ok()?;
        if !self.gone.resume(&mut file) {
            return None;
        }
        file.lost = Some(Instant::now());
        Some(file)
    }

    /// A file's path leads elsewhere or nowhere: where the file has gone, a rescan tells.
    pub(super) fn lose(&mut self, place: usize) {
        let file = &mut self.files[place];
        file.lost = Some(Instant::now());
        if !file.is_open() {
            // Moved while it was closed: it has most likely another name beside its old one.
            _ = namesake(&file.path, file.inode).map(|path| file.open_at(&path));
        }
        if self.places.get(&file.path) == Some(&place) {
            self.places.remove(&file.path);
        }
        self.is_stale = true;
    }

    /// Looks at the files that have lost their path: they may still be written to.
    pub(super) fn look_at_lost(&mut self) {
        for place in 0..self.files.len() {
            let file = &mut self.files[place];
            if file.lost.is_none() || file.is_pipe {
                continue;
            }
            let seen = file.look_at_handle();
            self.judge(place, seen);
        }
    }

    /// What a rotated file still holds comes before what its successor holds.
    pub(super) fn put_lost_first(&mut self) {
        if !self.files.is_sorted_by_key(|file| file.lost.is_none()) {
            self.files.sort_by_key(|file| file.lost.is_none());
            self.index();
        }
    }

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
        let living = self.files.iter().filter(|known| known.encoding == Encoding::Plain).filter_map(|known| {
            // While a compressor works, its original is still there.
            let is_beside = path.with_extension("") == known.path;
            (is_beside || known.lost.is_some()).then(|| Past::of(known))
        });
        let living: Vec<Past> = living.collect();
        let candidates = || living.iter().chain(self.gone.0.iter().rev());
        let fits = |past: &&Past| past.head.length() > 0 && past.head.fits(&head);
        // It may have had a name in between that we never saw.
        let known = candidates()
            .filter(|past| past.names(&path))
            .find(fits)
            .or_else(|| candidates().filter(|past| past.head.is_telling()).find(fits));
        let is_clear = is_whole || candidates().all(|past| past.head.length() <= head.len());
        match known.map(|past| (past.id, past.cursor.clone())) {
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
        let (id, cursor) = (self.files[place].id, self.files[place].cursor.clone());
        for (other, file) in self.files.iter_mut().enumerate() {
            if other != place && file.id == id && file.cursor.offset < cursor.offset {
                file.cursor = cursor.clone();
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

/// Another name in the same directory for the file that stood at `path`.
fn namesake(path: &Path, inode: Inode) -> Option<PathBuf> {
    let entries = path.parent()?.read_dir().ok()?;
    let same = entries.flatten().find(|entry| entry.ino() == inode.number)?;
    Some(same.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Skip;
    use crate::input::Sources;
    use std::fs;

    /// A file that was read to its end, lost while it was closed, and is over.
    fn after_loss(directory: &Path, gone: &Path) -> (Files, FileId, Cursor) {
        let path = directory.join("a.log");
        fs::write(&path, "{\"number\": 1}\n".repeat(9)).unwrap();
        let mut files = Files::new(Sources::new(&[directory.display().to_string()], &[], &[]).unwrap(), false);
        files.rescan();
        let file = &mut files.all()[0];
        let cursor = Cursor { offset: file.length, skip: Skip::No };
        file.cursor = cursor.clone();
        let id = file.id;
        file.close();
        files.swept(0, None);
        fs::rename(path, gone).unwrap();
        files.rescan();
        let over = files.take_over();
        assert_eq!(over.len(), 1);
        over.iter().for_each(|file| files.remember(file));
        (files, id, cursor)
    }

    #[test]
    fn a_file_that_comes_back_goes_on_where_it_was() {
        let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let gone = elsewhere.path().join("a.log");
        let (mut files, id, cursor) = after_loss(directory.path(), &gone);
        fs::rename(gone, directory.path().join("b.log")).unwrap();
        files.rescan();
        let file = &files.all()[0];
        assert_eq!((file.id, file.cursor.clone(), file.is_ready()), (id, cursor, false));
    }

    #[test]
    fn another_file_with_its_inode_or_its_head_does_not() {
        for has_inode in [true, false] {
            let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let gone = elsewhere.path().join("a.log");
            let (mut files, id, _) = after_loss(directory.path(), &gone);
            let back = directory.path().join("b.log");
            if has_inode {
                fs::write(&gone, "{\"number\": 2}\n".repeat(20)).unwrap();
                fs::rename(gone, back).unwrap();
            } else {
                fs::copy(gone, back).unwrap();
            }
            files.rescan();
            let file = &files.all()[0];
            assert!(file.id != id && file.cursor == Cursor::default() && file.is_ready());
        }
    }
}
