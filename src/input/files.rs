//! All files of a run: those that are there, those that came, moved, shrank or went.
//!
//! A file is known by device and inode and by its head, never by its name alone, so that rotation
//! by renaming, copying, truncating, compressing and replacing are told apart. Whatever wakes us,
//! what counts is what `stat` says.

use super::file::{Encoding, Head, Inode};
use super::log_file::{LogFile, Seen};
use super::sources::{Found, Sources, Unreadable};
use crate::event::{Cursor, FileId};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a file that lost its path is still watched: its writer may hold it open.
const GRACE: Duration = Duration::from_secs(5);
/// More open files than this are closed once they are read and idle.
const OPEN_FILES: usize = 256;
/// How many files that are gone we remember, to know them again when they come back compressed.
const REMEMBERED: usize = 1024;

pub struct Files {
    sources: Sources,
    files: Vec<LogFile>,
    /// Files that are gone, newest last.
    gone: VecDeque<Gone>,
    incarnations: HashMap<String, u32>,
    /// What a person should know, to be said once.
    notes: Vec<String>,
    /// Sources that could not be read, each once.
    unreadable: Vec<Unreadable>,
    tail_only: bool,
}

/// What is left of a file that was read.
struct Gone {
    path: PathBuf,
    head: Head,
    id: FileId,
    cursor: Cursor,
}

impl Files {
    /// With `tail_only`, what is there at the first scan counts as read.
    pub fn new(sources: Sources, tail_only: bool) -> Self {
        Self {
            sources,
            files: Vec::new(),
            gone: VecDeque::new(),
            incarnations: HashMap::new(),
            notes: Vec::new(),
            unreadable: Vec::new(),
            tail_only,
        }
    }

    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Sentences for stderr since the last call.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The sources that could not be read so far.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Notes that a file failed while it was read; it is left alone from now on.
    pub fn fail(&mut self, place: usize, error: io::Error) {
        let file = &mut self.files[place];
        file.mark_swept();
        let path = file.found.path.clone();
        self.complain(Unreadable { path, error });
    }

    /// Notes that an input without a file failed.
    pub fn fail_at(&mut self, path: PathBuf, error: io::Error) {
        self.complain(Unreadable { path, error });
    }

    fn complain(&mut self, trouble: Unreadable) {
        let known = self
            .unreadable
            .iter()
            .any(|known| known.path == trouble.path && known.error.kind() == trouble.error.kind());
        if !known {
            self.notes.push(trouble.to_string());
            self.unreadable.push(trouble);
        }
    }

    /// The files in the order in which they were found; those that lost their path come first.
    pub fn all(&mut self) -> &mut [LogFile] {
        &mut self.files
    }

    /// Bytes that are known and not consumed.
    pub fn behind_bytes(&self) -> u64 {
        self.files.iter().map(LogFile::unread_bytes).sum()
    }

    /// Looks for files and at all known ones.
    pub fn rescan(&mut self) {
        let (found, unreadable) = self.sources.scan();
        for trouble in unreadable {
            self.complain(trouble);
        }
        let known: HashMap<PathBuf, usize> =
            self.files.iter().enumerate().filter_map(|(place, file)| Some((file.path.clone()?, place))).collect();
        for found in &found {
            match known.get(&found.path) {
                Some(place) => self.recheck(*place, &found.path),
                None => self.welcome(found.clone()),
            }
        }
        let there: HashSet<&Path> = found.iter().map(|found| found.path.as_path()).collect();
        for place in 0..self.files.len() {
            // A file that has left its source keeps its handle and loses its path.
            if self.files[place].path.as_ref().is_some_and(|path| !there.contains(path.as_path())) {
                self.files[place].path = None;
            }
            if self.files[place].path.is_none() {
                self.look(place);
            }
        }
        // What a rotated file still holds comes before what its successor holds.
        self.files.sort_by_key(|file| file.path.is_some());
        self.close_idle();
        self.tail_only = false;
    }

    /// Looks at the files that these absolute paths name; `false` where only a rescan can tell.
    pub fn check(&mut self, paths: &[PathBuf]) -> bool {
        let here = std::env::current_dir().unwrap_or_default();
        paths.iter().all(|path| {
            let near = path.strip_prefix(&here).unwrap_or(path);
            let known = |file: &LogFile| {
                file.path.as_deref().is_some_and(|own| own == path || own.strip_prefix(".").unwrap_or(own) == near)
            };
            let Some(place) = self.files.iter().position(known) else { return false };
            let own = self.files[place].path.clone().unwrap_or_default();
            self.recheck(place, &own);
            self.files[place].path.is_some()
        })
    }

    /// A known path was seen: is the same file still there?
    fn recheck(&mut self, place: usize, path: &Path) {
        let there = path.metadata().ok().map(|data| Inode::of(&data));
        if there != Some(self.files[place].inode) {
            self.files[place].path = None;
            if there.is_some() {
                let found = Found { path: path.to_owned(), label: self.files[place].found.label.clone() };
                self.welcome(found);
            }
        }
        self.look(place);
    }

    fn look(&mut self, place: usize) {
        let file = &mut self.files[place];
        if file.is_pipe {
            return;
        }
        match file.look() {
            Ok(Seen::Same | Seen::Grown) => {}
            Ok(Seen::Replaced { unread_bytes }) => {
                let lost = match unread_bytes {
                    0 => "nothing that we had seen was lost".to_owned(),
                    bytes => format!("{bytes} bytes had not been read and may be lost"),
                };
                let name = file.name();
                self.notes.push(format!(
                    "{} was truncated or rewritten: reading it from its start; {lost}",
                    name.escape_debug()
                ));
                let incarnation = self.incarnation(place);
                if let Err(error) = self.files[place].restart(incarnation) {
                    self.fail(place, error);
                }
            }
            // It went between two looks; the next rescan sees where it is.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.fail(place, error),
        }
    }

    fn incarnation(&mut self, place: usize) -> u32 {
        let label = self.files[place].found.label.clone();
        let count = self.incarnations.entry(label).or_insert(0);
        *count += 1;
        *count - 1
    }

    /// A path that leads to no known file: a new one, or a known one that was moved here.
    fn welcome(&mut self, found: Found) {
        let data = match found.path.metadata() {
            Ok(data) => data,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.complain(Unreadable { path: found.path, error }),
        };
        let inode = Inode::of(&data);
        if let Some(place) = self.files.iter().position(|file| file.inode == inode) {
            let elsewhere = self.files[place]
                .path
                .as_ref()
                .is_none_or(|path| path.metadata().map(|data| Inode::of(&data)).ok() != Some(inode));
            if elsewhere {
                self.files[place].path = Some(found.path);
                self.look(place);
            }
            return;
        }
        let count = self.incarnations.entry(found.label.clone()).or_insert(0);
        *count += 1;
        let path = found.path.clone();
        match LogFile::open(found, *count - 1) {
            Ok(mut file) => {
                if self.tail_only {
                    file.skip_to_end();
                }
                self.recognise(&mut file);
                if self.files.len() >= OPEN_FILES && !file.is_pipe {
                    file.close();
                }
                self.files.push(file);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.complain(Unreadable { path, error }),
        }
    }

    /// A compressed file may be one that we have read before it was compressed.
    fn recognise(&mut self, file: &mut LogFile) {
        if file.encoding == Encoding::Plain {
            return;
        }
        let Some(head) = plain_head(file) else { return };
        let named_after = |path: &Path| {
            let stem = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            file.found.path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(stem.as_str()))
        };
        let living = self.files.iter().map(|known| (&known.found.path, known.head, known.id, known.cursor));
        let gone = self.gone.iter().map(|known| (&known.path, known.head, known.id, known.cursor));
        let before =
            living.chain(gone).find(|(path, known, ..)| known.is_telling() && known.fits(&head) && named_after(path));
        if let Some((_, _, id, cursor)) = before {
            (file.id, file.cursor) = (id, cursor);
        }
    }

    /// Takes out the files that have gone and, as far as anyone can tell, been written to the end.
    pub fn take_over(&mut self) -> Vec<LogFile> {
        let is_over = |file: &mut LogFile| file.path.is_none() && file.changed.elapsed() > GRACE;
        self.files.extract_if(.., is_over).collect()
    }

    /// Remembers a file that was taken out, to know it again.
    pub fn remember(&mut self, file: LogFile) {
        if self.gone.len() == REMEMBERED {
            self.gone.pop_front();
        }
        self.gone.push_back(Gone { path: file.found.path, head: file.head, id: file.id, cursor: file.cursor });
    }

    fn close_idle(&mut self) {
        if self.files.len() > OPEN_FILES {
            for file in &mut self.files {
                let idle = file.path.is_some() && !file.is_ready() && file.changed.elapsed() > GRACE;
                if idle && !file.is_pipe && file.unread_bytes() == 0 {
                    file.close();
                }
            }
        }
    }
}

/// The decompressed beginning of a compressed file, as far as it can be had.
fn plain_head(file: &mut LogFile) -> Option<Vec<u8>> {
    let encoding = file.encoding;
    let reader = encoding.reader(std::fs::File::open(&file.found.path).ok()?).ok()?;
    let mut head = Vec::new();
    // A file that is cut short still shows its beginning.
    let _ = reader.take(Head::MAX_BYTES as u64).read_to_end(&mut head);
    Some(head)
}
