//! What cannot be read, said once, and taken back when it can be read again.

use super::sources::Unreadable;
use std::io::ErrorKind;
use std::path::Path;

/// The sources and files that cannot be read now, and what is to be said about them.
#[derive(Default)]
pub struct Troubles {
    standing: Vec<Trouble>,
    /// How many scans have begun.
    scan: u64,
    notes: Vec<String>,
    /// What is not there is waited for.
    pub waits: bool,
}

struct Trouble {
    what: Unreadable,
    origin: Origin,
}

/// How a trouble was met, and so what ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// By this scan: over when a later one does not meet it.
    Scan(u64),
    /// While reading: over when the file can be read.
    Reading,
}

impl Troubles {
    /// Sentences since the last call.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    pub fn note(&mut self, sentence: String) {
        self.notes.push(sentence);
    }

    /// How many paths cannot be read. What the last scan missed may have come since.
    pub fn len(&self) -> usize {
        let has_come = |what: &Unreadable| what.error.kind() == ErrorKind::NotFound && what.path.exists();
        self.standing.iter().filter(|trouble| !has_come(&trouble.what)).count()
    }

    /// A path could not be found or opened.
    pub fn meet_in_scan(&mut self, what: Unreadable) {
        self.meet(what, Origin::Scan(self.scan));
    }

    /// A file could not be read.
    pub fn meet_in_reading(&mut self, what: Unreadable) {
        self.meet(what, Origin::Reading);
    }

    fn sentence(waits: bool, what: &Unreadable) -> String {
        match what.error.kind() {
            ErrorKind::NotFound if waits => {
                format!("{what}, or wait: it is read once it is there")
            }
            _ => what.to_string(),
        }
    }

    fn meet(&mut self, what: Unreadable, origin: Origin) {
        let same = |known: &&mut Trouble| known.what.path == what.path;
        match self.standing.iter_mut().find(same) {
            Some(known) if known.what.error.kind() == what.error.kind() => known.origin = origin,
            Some(known) => {
                self.notes.push(Self::sentence(self.waits, &what));
                *known = Trouble { what, origin };
            }
            None => {
                self.notes.push(Self::sentence(self.waits, &what));
                self.standing.push(Trouble { what, origin });
            }
        }
    }

    pub fn begin_scan(&mut self) {
        self.scan += 1;
    }

    /// What the scan did not meet again is over.
    pub fn end_scan(&mut self) {
        let scan = self.scan;
        self.mend(|trouble| matches!(trouble.origin, Origin::Scan(met) if met < scan));
    }

    /// The file at `path` was opened, which may be before the next scan.
    pub fn end_opening(&mut self, path: &Path) {
        self.mend(|trouble| trouble.origin != Origin::Reading && trouble.what.path == path);
    }

    /// The file at `path` was read.
    pub fn end_reading(&mut self, path: &Path) {
        self.mend(|trouble| trouble.origin == Origin::Reading && trouble.what.path == path);
    }

    /// There is another file at `path` now: nothing is known of it.
    pub fn forget(&mut self, path: &Path) {
        self.standing.retain(|trouble| trouble.what.path != path);
    }

    fn mend(&mut self, is_over: impl Fn(&Trouble) -> bool) {
        for over in self.standing.extract_if(.., |trouble| is_over(trouble)) {
            self.notes.push(format!("{} can be read again", over.what.path.display().to_string().escape_debug()));
        }
    }
}
