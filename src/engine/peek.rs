//! Where the files begin that wait to be read: up to there, nobody needs to wait for them.
//!
//! Files are read one after the other. What becomes final when all inputs have come past an instant
//! would wait for the last of them to begin. No event of a file is older than those at its beginning,
//! or it is late by the file's own time: so this decides when a window closes, never what it holds.

use super::fold::{Begin, Folder, Known, Stretch};
use super::root::Root;
use crate::analysis::Analysis;
use crate::event::{Cursor, Timestamp};
use crate::input::{Block, Files, LogFile};
use std::io::Read;

/// How much of a file is looked at before it is its turn.
const BEGINNING_BYTES: u64 = 16 << 10;

/// Tells the root where the files begin that it has heard nothing of.
pub fn promise<A: Analysis>(folder: &Folder<'_, A>, root: &mut Root<'_, A>, files: &mut Files) {
    if !folder.waits_for_all() {
        return;
    }
    // What a filter drops moves time as well.
    let folder = folder.unfiltered();
    let mut promises = Vec::new();
    for place in files.ready() {
        let file = &mut files.all()[place];
        if file.is_pipe || file.cursor.offset > 0 || root.frontier.has_spoken(file.id) {
            continue;
        }
        promises.extend(oldest(&folder, file).map(|oldest| (file.id, oldest)));
    }
    if !promises.is_empty() {
        root.frontier.promise(promises);
    }
}

/// The oldest event at the beginning of a file. What cannot be read is told when it is its turn.
fn oldest<A: Analysis>(folder: &Folder<'_, A>, file: &mut LogFile) -> Option<Timestamp> {
    let was_open = file.is_open();
    let mut bytes = Vec::new();
    let read = file.decoded().and_then(|reader| reader.take(BEGINNING_BYTES).read_to_end(&mut bytes));
    if !was_open {
        file.close();
    }
    let stretch = Stretch {
        file: file.id,
        bytes: &Block { offset: 0, bytes: &bytes },
        kept: 0,
        begin: Begin::At(Cursor::default()),
        until: bytes.len() as u64,
        in_array: file.in_array,
        last: false,
        is_over: false,
    };
    read.ok().and_then(|_| folder.fold(&stretch, Known::Nothing).seen.oldest())
}
