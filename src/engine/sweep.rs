//! Reading all that is ready: plain files in shared waves, everything else as it streams.

use super::feed;
use super::fold::Folder;
use super::root::{Root, Stop};
use super::waves::{self, Stream};
use crate::analysis::Analysis;
use crate::event::{Cursor, FileId};
use crate::input::{Encoding, Files, LogFile};
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

/// How many files are open in one sweep of plain files.
const GROUP_LENGTH: usize = 64;

/// What a run reads with: the workers and the files.
pub struct Sweeper<'a, A: Analysis> {
    pub folder: Folder<'a, A>,
    pub files: Files,
}

impl<A: Analysis> Sweeper<'_, A> {
    /// Says what the files have to say.
    pub fn speak(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        self.files.take_notes().iter().try_for_each(|note| root.say(note))
    }

    /// Consumes what is ready. With `last`, what is unfinished will not be finished: it is bad.
    pub fn sweep(&mut self, root: &mut Root<'_, A>, last: bool) -> Result<(), Stop> {
        let ready: Vec<usize> =
            (0..self.files.all().len()).filter(|place| self.files.all()[*place].is_ready()).collect();
        let mut group = Vec::with_capacity(GROUP_LENGTH);
        for place in ready {
            let file = &self.files.all()[place];
            if file.is_pipe || file.encoding != Encoding::Plain {
                self.plain(root, &mut group, last)?;
                self.stream(root, place, last)?;
            } else {
                group.push(place);
                if group.len() == GROUP_LENGTH {
                    self.plain(root, &mut group, last)?;
                }
            }
        }
        self.plain(root, &mut group, last)?;
        self.speak(root)
    }

    fn plain(&mut self, root: &mut Root<'_, A>, group: &mut Vec<usize>, last: bool) -> Result<(), Stop> {
        let mut open: Vec<(usize, Arc<File>)> = Vec::with_capacity(group.len());
        for place in group.drain(..) {
            match self.files.all()[place].reader() {
                Ok(file) => open.push((place, file)),
                // Moved or gone since we looked; the next look finds it.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !last => {}
                Err(error) => self.files.fail(place, error),
            }
        }
        let files = self.files.all();
        let streams: Vec<Stream<'_>> =
            open.iter().map(|(place, reader)| stream(&files[*place], reader, last)).collect();
        for (place, _) in &open {
            root.introduce(files[*place].id, || files[*place].name());
        }
        let outcomes = waves::sweep(&self.folder, root, &streams)?;
        drop(streams);
        for ((place, _), outcome) in open.iter().zip(outcomes) {
            let file = &mut self.files.all()[*place];
            root.add_read_bytes(outcome.cursor.offset.saturating_sub(file.cursor.offset));
            file.cursor = outcome.cursor;
            file.mark_swept();
            if last {
                file.close();
            }
            if let Some(error) = outcome.error {
                self.files.fail(*place, error);
            }
        }
        Ok(())
    }

    /// Reads a compressed file or a pipe.
    fn stream(&mut self, root: &mut Root<'_, A>, place: usize, last: bool) -> Result<(), Stop> {
        let file = &mut self.files.all()[place];
        let (id, cursor, encoding) = (file.id, file.cursor, file.encoding);
        root.introduce(id, || file.name());
        let reader = file.reader().and_then(|handle| {
            if file.is_pipe {
                Encoding::sniff(handle).map(|(_, reader)| reader)
            } else {
                encoding.reader(Unread { file: handle, offset: 0 })
            }
        });
        let result = match reader {
            Ok(reader) => feed::drain(reader, id, cursor, last, &self.folder, root)?,
            Err(error) => (cursor, Some(error)),
        };
        let file = &mut self.files.all()[place];
        file.cursor = result.0;
        file.mark_swept();
        match result.1 {
            // It may still be written; a longer file is tried again.
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof && !last => {}
            Some(error) => self.files.fail(place, error),
            None => {}
        }
        Ok(())
    }

    /// Reads standard input to its end.
    pub fn standard_input(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        const STDIN: FileId = FileId(0);
        root.introduce(STDIN, || "standard input".to_owned());
        let (_, error) = match Encoding::sniff(io::stdin()) {
            Ok((_, reader)) => feed::drain(reader, STDIN, Cursor::default(), true, &self.folder, root)?,
            Err(error) => (Cursor::default(), Some(error)),
        };
        if let Some(error) = error {
            self.files.fail_at("standard input".into(), error);
            self.speak(root)?;
        }
        Ok(())
    }

    /// Consumes the rest of the files that have gone for good; nothing in them waits any more.
    pub fn bury_gone(&mut self, root: &mut Root<'_, A>) -> Result<(), Stop> {
        for mut file in self.files.take_over() {
            if let (Encoding::Plain, false, Ok(reader)) = (file.encoding, file.unread_bytes() == 0, file.reader()) {
                let left = file.unread_bytes();
                root.say(&format!(
                    "{} is gone; its last {left} bytes held no whole record",
                    file.name().escape_debug()
                ))?;
                let outcomes = waves::sweep(&self.folder, root, &[stream(&file, &reader, true)])?;
                file.cursor = outcomes.first().map_or(file.cursor, |outcome| outcome.cursor);
            }
            root.dismiss(file.id);
            self.files.remember(file);
        }
        Ok(())
    }
}

fn stream<'a>(file: &LogFile, bytes: &'a Arc<File>, last: bool) -> Stream<'a> {
    Stream { file: file.id, bytes: &**bytes, cursor: file.cursor, until: file.length, in_array: file.in_array, last }
}

/// Reads an open file from an offset of our own, so that the handle can be shared.
struct Unread {
    file: Arc<File>,
    offset: u64,
}

impl Read for Unread {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = crate::input::ReadAt::read_at(&*self.file, buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
