//! All files of a run: those that are there, those that came, moved, shrank or went.
//!
//! A file is known by device and inode and by its head, never by its name alone, so that rotation
//! by renaming, copying, truncating, compressing and replacing are told apart. Whatever wakes us,
//! what counts is what `stat` says.

use super::file::{Encoding, Inode};
use super::gone::Gone;
use super::log_file::{LogFile, Seen};
use super::sources::{Found, Sources, Unreadable};
use super::troubles::Troubles;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

/// More open files than this are closed once they are read.
const OPEN_FILES: usize = 256;

pub struct Files {
    sources: Sources,
    pub(super) files: Vec<LogFile>,
    /// Where in `files` the file at a path is.
    pub(super) places: HashMap<PathBuf, usize>,
    pub(super) inodes: HashMap<Inode, usize>,
    pub(super) gone: Gone,
    pub(super) incarnations: HashMap<String, u32>,
    pub(super) troubles: Troubles,
    tail_only: bool,
    pub(super) is_stale: bool,
}

impl Files {
    /// With `tail_only`, what is there at the first scan counts as read.
    pub fn new(sources: Sources, tail_only: bool) -> Self {
        Self {
            sources,
            files: Vec::new(),
            places: HashMap::new(),
            inodes: HashMap::new(),
            gone: Gone::default(),
            incarnations: HashMap::new(),
            troubles: Troubles::default(),
            tail_only,
            is_stale: true,
        }
    }

    /// Sources that do not exist are no mistake: they may come.
    pub fn wait_for_missing(&mut self) {
        self.troubles.waits = true;
    }

    /// What to watch for changes, and whether with all below it: the sources, and where links of
    /// theirs lead.
    pub fn watched(&self) -> Vec<(PathBuf, bool)> {
        let mut watched = self.sources.watched();
        let deep: Vec<PathBuf> =
            watched.iter().filter(|(_, deep)| *deep).filter_map(|(path, _)| path.canonicalize().ok()).collect();
        let targets = self.files.iter().filter(|file| file.lost.is_none()).filter_map(|file| file.target.as_ref());
        let beyond = targets
            .filter_map(|target| target.parent())
            .filter(|parent| !deep.iter().any(|deep| parent.starts_with(deep)));
        watched.extend(beyond.map(|parent| (parent.to_owned(), false)));
        watched.sort();
        watched.dedup();
        watched
    }

    /// Sentences for stderr since the last call.
    pub fn take_notes(&mut self) -> Vec<String> {
        self.troubles.take_notes()
    }

    /// How many sources and files cannot be read now.
    pub fn unreadable(&self) -> usize {
        self.troubles.len()
    }

    /// The files in the order in which they were found; those that lost their path come first.
    pub fn all(&mut self) -> &mut [LogFile] {
        &mut self.files
    }

    /// The places of those with something to read. Whether a compressed file is one that we have
    /// read before can be told only when all that moved is known.
    pub fn ready(&self) -> Vec<usize> {
        let is_ready = |file: &LogFile| file.is_ready() && (file.encoding == Encoding::Plain || !self.is_stale);
        (0..self.files.len()).filter(|place| is_ready(&self.files[*place])).collect()
    }

    /// Notes that a file was read to its end, or as far as it could be: it is tried again when it
    /// changes.
    pub fn swept(&mut self, place: usize, error: Option<io::Error>) {
        let file = &mut self.files[place];
        file.mark_swept();
        match error {
            Some(error) => self.troubles.meet_in_reading(Unreadable { path: file.found.path.clone(), error }),
            None => self.troubles.end_reading(&file.found.path),
        }
    }

    /// Lets what was left unread be read once more.
    pub fn wake_unread(&mut self) {
        self.files.iter_mut().filter(|file| file.unread_bytes() > 0).for_each(LogFile::wake);
    }

    /// Notes that an input failed that is none of the files.
    pub fn fail_at(&mut self, path: PathBuf, error: io::Error) {
        self.troubles.meet_in_reading(Unreadable { path, error });
    }

    /// Bytes that are known and not read.
    pub fn behind_bytes(&self) -> u64 {
        self.files.iter().filter(|file| file.is_ready()).map(LogFile::unread_bytes).sum()
    }

    /// Whether something has changed that only a rescan can tell.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    pub fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// Looks for files and at all known ones.
    pub fn rescan(&mut self) {
        self.troubles.begin_scan();
        let (found, unreadable) = self.sources.scan();
        // What lies in a directory that cannot be read may still be there.
        let hidden: Vec<PathBuf> = unreadable
            .iter()
            .filter(|trouble| trouble.error.kind() != io::ErrorKind::NotFound)
            .map(|trouble| trouble.path.clone())
            .collect();
        unreadable.into_iter().for_each(|trouble| self.troubles.meet_in_scan(trouble));
        let mut is_there = vec![false; self.files.len()];
        let mut newcomers = Vec::new();
        for found in found {
            match self.places.get(&found.path) {
                Some(place) => {
                    is_there[*place] = true;
                    newcomers.extend(self.recheck(*place));
                }
                None => newcomers.push(found),
            }
        }
        for (place, is_there) in is_there.into_iter().enumerate() {
            let is_hidden = || hidden.iter().any(|directory| self.files[place].path.starts_with(directory));
            if !is_there && self.files[place].lost.is_none() && !is_hidden() {
                self.lose(place);
            }
        }
        for found in newcomers {
            self.welcome(found);
        }
        self.find_moved();
        self.is_stale = false;
        self.look_at_lost();
        self.put_lost_first();
        self.close_idle();
        self.troubles.end_scan();
        self.tail_only = false;
    }

    /// Looks at the files that these absolute paths name.
    pub fn check(&mut self, paths: &[PathBuf]) {
        let mut is_strange = false;
        for path in paths {
            let found = self.sources.find(path);
            is_strange |= found.is_none();
            let newcomer = match found {
                Some(found) => match self.places.get(&found.path) {
                    Some(place) => self.recheck(*place),
                    None => Some(found),
                },
                None => {
                    let leads_there = |file: &LogFile| file.lost.is_none() && file.target.as_ref() == Some(path);
                    self.files.iter().position(leads_there).and_then(|place| self.recheck(place))
                }
            };
            if let Some(found) = newcomer {
                self.welcome(found);
            }
        }
        // It may be one that was moved away and is still written to.
        if is_strange {
            self.look_at_lost();
        }
    }

    /// Looks at a path: is the same file still there, and what of it is new? Gives the path if
    /// another file is there now.
    fn recheck(&mut self, place: usize) -> Option<Found> {
        let file = &self.files[place];
        let data = match file.path.metadata() {
            Ok(data) => data,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                self.lose(place);
                return None;
            }
            Err(error) => {
                self.troubles.meet_in_scan(Unreadable { path: file.path.clone(), error });
                return None;
            }
        };
        if Inode::of(&data) == file.inode {
            if !file.is_pipe {
                let seen = self.files[place].look(&data);
                self.judge(place, seen);
            }
            return None;
        }
        let found = self.sources.find(&std::path::absolute(&file.path).unwrap_or_default());
        self.lose(place);
        found
    }

    pub(super) fn judge(&mut self, place: usize, seen: io::Result<Seen>) {
        match seen {
            Ok(Seen::Same | Seen::Grown) => {}
            Ok(Seen::Replaced { unread_bytes }) => {
                let lost = match unread_bytes {
                    0 => "nothing that we had seen was lost".to_owned(),
                    bytes => format!("{bytes} bytes had not been read and may be lost"),
                };
                let file = &mut self.files[place];
                self.troubles.note(format!(
                    "{} was truncated or rewritten: reading it from its start; {lost}",
                    file.name().escape_debug()
                ));
                self.troubles.forget(&file.found.path);
                let incarnation = incarnation(&mut self.incarnations, &file.found);
                if let Err(error) = file.restart(incarnation) {
                    self.swept(place, Some(error));
                }
            }
            // It went between two looks; the next rescan sees where it is.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.is_stale = true,
            Err(error) => self.swept(place, Some(error)),
        }
    }

    /// A path that leads to no known file: a new one, or a known one that was moved here.
    fn welcome(&mut self, found: Found) {
        let path = found.path.clone();
        let result = path.metadata().and_then(|data| match self.inodes.get(&Inode::of(&data)) {
            Some(place) => {
                self.move_to(*place, found, &data);
                Ok(())
            }
            None => self.add(found),
        });
        match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.troubles.meet_in_scan(Unreadable { path, error });
            }
            Err(_) => {}
            Ok(()) => self.troubles.end_opening(&path),
        }
    }

    /// A known file is seen at another path: moved, or one of several names.
    fn move_to(&mut self, place: usize, found: Found, data: &std::fs::Metadata) {
        let file = &mut self.files[place];
        let has_moved =
            file.lost.is_some() || file.path.metadata().map(|data| Inode::of(&data)).ok() != Some(file.inode);
        if has_moved {
            self.places.remove(&file.path);
            self.places.insert(found.path.clone(), place);
            (file.path, file.lost) = (found.path, None);
            file.resolve();
            if !file.is_pipe {
                let seen = file.look(data);
                self.judge(place, seen);
            }
        }
    }

    fn add(&mut self, found: Found) -> io::Result<()> {
        let incarnation = incarnation(&mut self.incarnations, &found);
        let mut file = LogFile::open(found, incarnation)?;
        if !file.is_pipe {
            let label = file.found.label.clone();
            let is_known = self.gone.resume(&mut file);
            if is_known && let Some(count) = self.incarnations.get_mut(&label) {
                *count -= 1;
            }
            if self.tail_only && !is_known {
                file.skip_to_end();
            }
            if self.files.len() >= OPEN_FILES {
                file.close();
            }
        }
        // Whether it was read before, a rescan can tell.
        self.is_stale |= file.encoding != Encoding::Plain;
        self.places.insert(file.path.clone(), self.files.len());
        self.inodes.insert(file.inode, self.files.len());
        self.files.push(file);
        Ok(())
    }

    pub(super) fn index(&mut self) {
        let files = || self.files.iter().enumerate();
        self.inodes = files().map(|(place, file)| (file.inode, place)).collect();
        self.places =
            files().filter(|(_, file)| file.lost.is_none()).map(|(place, file)| (file.path.clone(), place)).collect();
    }

    /// Closes what has not changed for the longest where more files are open than need be.
    pub fn close_idle(&mut self) {
        let mut open: Vec<(Instant, usize)> = Vec::new();
        for (place, file) in self.files.iter().enumerate() {
            if file.is_open() && file.lost.is_none() {
                open.push((file.changed, place));
            }
        }
        let surplus = open.len().saturating_sub(OPEN_FILES);
        open.sort_unstable();
        open[..surplus].iter().for_each(|(_, place)| self.files[*place].close());
    }
}

/// The number of the file that now stands there, from 0.
fn incarnation(counts: &mut HashMap<String, u32>, found: &Found) -> u32 {
    let count = counts.entry(found.label.clone()).or_insert(0);
    *count += 1;
    *count - 1
}
