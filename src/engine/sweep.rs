//! Reading all that is ready: plain files in shared waves, everything else as it streams.

use super::feed::{Drained, Feed};
use super::fold::Folder;
use super::outputs::Stop;
use super::peek;
use super::root::Root;
use super::waves::{self, Stream};
use crate::analysis::Analysis;
use crate::event::{Cursor, FileId};
use crate::input::{Encoding, Files, Guarded, LogFile, Waker, Wakeup, blocks, open_pipe, opened};
use std::io;
use std::path::PathBuf;
use std::time::Instant;

/// How many files are open in one sweep of plain files.
const GROUP_LENGTH: usize = 64;
/// The identity of standard input.
const STDIN: FileId = FileId(0);
const STDIN_NAME: &str = "standard input";
/// A compressed file that grows is read from its start each time, for this part of the time at most.
const DECODING_SHARE: u32 = 10;

/// What becomes of a record that is unfinished where its file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It waits: the file is followed.
    Open,
    /// It waits for a later run; nothing more of the file is read in this one.
    Kept,
    /// It is bad.
    Bad,
}

/// What a run reads with: the workers, the files, and the pipes that it follows.
pub struct Sweeper<'a, A: Analysis> {
    pub folder: Folder<'a, A>,
    pub files: Files,
    pipes: Vec<(PathBuf, Feed)>,
    /// A pipe had more than was taken from it at once.
    pub is_behind: bool,
    waker: Waker,
}

impl<'a, A: Analysis> Sweeper<'a, A> {
    pub fn new(folder: Folder<'a, A>, files: Files, waker: Waker) -> Self {
        Self { folder, files, pipes: Vec::new(), is_behind: false, waker }
    }

    /// Says what the files have to say.
    pub fn speak(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        self.files.take_notes().iter().try_for_each(|note| root.say(note))
    }

    /// Tells the root which inputs there are to wait for: in one pass, those that hold anything.
    pub fn expect_ready(&mut self, root: &mut Root<'_, A>, stdin: bool) -> Result<(), Stop> {
        let ready = self.files.ready();
        let files = self.files.all();
        let ready = ready.into_iter().map(|place| files[place].id).chain(stdin.then_some(STDIN)).collect();
        root.frontier.expect_only(files.iter().map(|file| file.id), &ready);
        peek::promise(&self.folder, root, &mut self.files);
        root.catch_up()
    }

    /// Tells the root which inputs a followed run has.
    pub fn call_roll(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        let files = self.files.all().iter().map(|file| file.id);
        root.frontier.call_roll(files.chain(self.pipes.iter().map(|(_, feed)| feed.file())));
        // What was moved away and is read to its end holds nothing back, unless it speaks again. Before
        // its successor stands there, it holds its place.
        let (lost, standing): (Vec<&LogFile>, Vec<&LogFile>) = self.files.all().iter().partition(|file| file.is_lost());
        for file in lost.into_iter().filter(|file| file.unread_bytes() == 0) {
            if standing.iter().any(|other| other.path == file.found.path) {
                root.frontier.finish(file.id);
            }
        }
        peek::promise(&self.folder, root, &mut self.files);
        root.catch_up()
    }

    /// Consumes what is ready.
    pub fn sweep(&mut self, root: &mut Root<'_, A>, ends: Ends) -> Result<(), Stop> {
        let mut group = Vec::with_capacity(GROUP_LENGTH);
        let ready = self.files.ready();
        if let Some(keeper) = root.keeper.as_mut().filter(|keeper| !ready.is_empty() || keeper.roster.files.is_empty())
        {
            keeper.roster = self.files.roster();
            keeper.cursors.clear();
        }
        for place in ready {
            let file = &self.files.all()[place];
            let (is_pipe, is_plain) = (file.is_pipe, file.encoding == Encoding::Plain);
            if is_plain && !is_pipe {
                group.push(place);
                if group.len() == GROUP_LENGTH {
                    self.plain(root, &mut group, ends)?;
                }
                continue;
            }
            self.plain(root, &mut group, ends)?;
            if is_pipe {
                self.pipe(root, place, ends)?;
            } else {
                self.compressed(root, place, ends)?;
            }
        }
        self.plain(root, &mut group, ends)?;
        self.poll_pipes(root)?;
        self.speak(root)
    }

    fn plain(&mut self, root: &mut Root<'_, A>, group: &mut Vec<usize>, ends: Ends) -> Result<(), Stop> {
        let last = ends == Ends::Bad;
        let mut open: Vec<(usize, Guarded)> = Vec::with_capacity(group.len());
        for place in group.drain(..) {
            match self.files.all()[place].guarded() {
                Ok(file) => open.push((place, file)),
                // Moved or gone since we looked; the next look finds it.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !last => self.files.mark_stale(),
                Err(error) => self.files.swept(place, Some(error)),
            }
        }
        let files = self.files.all();
        let streams: Vec<Stream<'_>> =
            open.iter().map(|(place, reader)| stream(&files[*place], reader, ends)).collect();
        for (place, _) in &open {
            root.introduce(files[*place].id, || files[*place].name());
        }
        let outcomes = waves::sweep(&self.folder, root, &streams)?;
        drop(streams);
        for ((place, _), outcome) in open.iter().zip(outcomes) {
            let file = &mut self.files.all()[*place];
            if ends != Ends::Open {
                root.finish(file.id)?;
            }
            if outcome.is_between_records() {
                file.settled_length = file.length;
            }
            file.cursor = outcome.cursor;
            if last {
                file.close();
            }
            if outcome.is_stale {
                self.files.mark_stale();
            } else {
                self.files.swept(*place, outcome.error);
            }
        }
        self.files.close_idle();
        Ok(())
    }

    fn compressed(&mut self, root: &mut Root<'_, A>, place: usize, ends: Ends) -> Result<(), Stop> {
        let last = ends == Ends::Bad;
        if !self.files.recognise(place) && !last {
            self.files.swept(place, None);
            return Ok(());
        }
        let file = &mut self.files.all()[place];
        let begun = Instant::now();
        let mut error = decode(&self.folder, root, file, last)?;
        // It may still be written to; a longer file is tried again.
        error = error.filter(|error| last || error.kind() != io::ErrorKind::UnexpectedEof);
        if ends != Ends::Open {
            root.finish(file.id)?;
        }
        file.rest(begun.elapsed() * DECODING_SHARE);
        self.files.finish_original(place);
        self.files.swept(place, error);
        self.files.close_idle();
        Ok(())
    }

    /// Begins to read a pipe; in one pass, reads it to its end.
    fn pipe(&mut self, root: &mut Root<'_, A>, place: usize, ends: Ends) -> Result<(), Stop> {
        let last = ends != Ends::Open;
        let file = &mut self.files.all()[place];
        root.introduce(file.id, || file.name());
        let (id, path, waker) = (file.id, file.path.clone(), self.waker.clone());
        if root.keeper.is_some() {
            root.say(&format!(
                "{} is a pipe: what comes from it cannot be read again after a restart",
                path.display()
            ))?;
        }
        let open = {
            let path = path.clone();
            move || open_pipe(&path, !last).and_then(Encoding::sniff).map(|(_, reader)| reader)
        };
        let feed = Feed::new(id, Cursor::default(), opened(open, move || waker.wake(Wakeup::Arrived)));
        file.mark_swept();
        if last {
            let drained = feed.drain(&self.folder, root, true)?;
            root.finish(id)?;
            self.files.swept(place, drained.error);
        } else {
            self.pipes.push((path, feed));
        }
        Ok(())
    }

    /// Begins to follow standard input, which is over when it ends.
    pub fn follow_standard_input(&mut self, root: &mut Root<'_, A>) {
        root.introduce(STDIN, || STDIN_NAME.to_owned());
        root.frontier.expect(STDIN);
        let waker = self.waker.clone();
        let blocks = opened(
            || Encoding::sniff(crate::input::stdin()).map(|(_, reader)| reader),
            move || waker.wake(Wakeup::Arrived),
        );
        self.pipes.push((STDIN_NAME.into(), Feed::new(STDIN, Cursor::default(), blocks)));
    }

    /// Whether pipes that are followed have more to come.
    pub fn has_pipes(&self) -> bool {
        !self.pipes.is_empty()
    }

    fn poll_pipes(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        self.is_behind = false;
        for (path, mut feed) in std::mem::take(&mut self.pipes) {
            let goes_on = feed.poll(&self.folder, root)?;
            self.is_behind |= goes_on && feed.has_taken;
            if let Some(error) = feed.take_error() {
                self.files.fail_at(path.clone(), error);
            }
            if goes_on {
                self.pipes.push((path, feed));
            } else {
                root.finish(feed.file())?;
                root.inputs.dismiss(feed.file());
            }
        }
        Ok(())
    }

    /// Says what is not part of the answer because a followed run ends here.
    pub fn say_what_waits(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        let files = self.files.all().iter().map(LogFile::unread_bytes);
        let waiting: Vec<u64> =
            files.chain(self.pipes.iter().map(|(_, feed)| feed.pending_bytes())).filter(|bytes| *bytes > 0).collect();
        match waiting.iter().sum::<u64>() {
            0 => Ok(()),
            bytes => root.say(&format!(
                "{bytes} bytes at the end of {} file(s) are not counted: their records are unfinished or were not read yet",
                waiting.len()
            )),
        }
    }

    /// Reads standard input to its end.
    pub fn standard_input(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        root.introduce(STDIN, || STDIN_NAME.to_owned());
        let blocks = opened(|| Encoding::sniff(crate::input::stdin()).map(|(_, reader)| reader), || {});
        let drained = Feed::new(STDIN, Cursor::default(), blocks).drain(&self.folder, root, !root.is_called_off)?;
        if let Some(error) = drained.error {
            self.files.fail_at(STDIN_NAME.into(), error);
            self.speak(root)?;
        }
        Ok(())
    }

    /// Consumes the rest of the files that have gone for good; nothing in them waits any more.
    pub fn bury_gone(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        for mut file in self.files.take_over() {
            let left = file.unread_bytes();
            if left > 0 {
                root.say(&format!(
                    "{} is gone; its last {left} bytes held no whole record",
                    file.name().escape_debug()
                ))?;
                let error = match file.encoding {
                    Encoding::Plain => bury(&self.folder, root, &mut file)?,
                    _ => decode(&self.folder, root, &mut file, true)?,
                };
                if let Some(error) = error {
                    root.say(&format!("cannot read the rest of {}: {error}", file.name().escape_debug()))?;
                }
            }
            root.inputs.dismiss(file.id);
            self.files.remember(&file);
        }
        Ok(())
    }
}

fn stream<'a>(file: &LogFile, bytes: &'a Guarded, ends: Ends) -> Stream<'a> {
    Stream {
        file: file.id,
        bytes,
        cursor: file.cursor.clone(),
        until: file.length,
        in_array: file.in_array,
        last: ends == Ends::Bad,
        is_over: ends != Ends::Open,
    }
}

/// Consumes the end of a plain file.
fn bury<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
    file: &mut LogFile,
) -> Result<Option<io::Error>, Stop> {
    let reader = match file.guarded() {
        Ok(reader) => reader,
        Err(error) => return Ok(Some(error)),
    };
    let mut error = None;
    for outcome in waves::sweep(folder, root, &[stream(file, &reader, Ends::Bad)])? {
        file.cursor = outcome.cursor;
        error = outcome.error;
    }
    Ok(error)
}

/// Consumes what is new in a compressed file; gives what cut it short.
fn decode<A: Analysis>(
    folder: &Folder<'_, A>,
    root: &mut Root<'_, A>,
    file: &mut LogFile,
    last: bool,
) -> Result<Option<io::Error>, Stop> {
    root.introduce(file.id, || file.name());
    let reader = match file.decoded() {
        Ok(reader) => reader,
        Err(error) => return Ok(Some(error)),
    };
    let Drained { cursor, pending_bytes, error } =
        Feed::new(file.id, file.cursor.clone(), blocks(reader)).drain(folder, root, last)?;
    (file.cursor, file.pending_bytes) = (cursor, pending_bytes);
    Ok(error)
}
