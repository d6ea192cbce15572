//! Files that several runs have read, each without the others: what is counted twice when their states are
//! put together.

use super::file::{self, Head, Inode};
use super::gone::{Past, Roster};
use std::collections::HashMap;
use std::path::Path;

/// Whether two runs have read the same file, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// Another file that begins with the same bytes: a copy, perhaps.
    Alike,
    Same,
}

/// A file of one run, by what it is called, and that of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    pub likeness: Likeness,
    /// The places of the two runs.
    pub runs: [usize; 2],
    pub names: [String; 2],
}

/// What several runs have read, beginning with the first.
pub fn overlaps(rosters: &[&Roster]) -> Vec<Overlap> {
    let mut by_inode: HashMap<Inode, Vec<(usize, &Past)>> = HashMap::new();
    let mut by_head: HashMap<Head, (usize, &Past)> = HashMap::new();
    let mut found = Vec::new();
    for (run, roster) in rosters.iter().enumerate() {
        let read: Vec<&Past> = roster.files.iter().filter(|past| past.cursor.offset > 0).collect();
        for past in &read {
            let overlap = |likeness, (other, known): (usize, &Past)| Overlap {
                likeness,
                runs: [other, run],
                names: [known.name(), past.name()],
            };
            let same = by_inode.get(&past.inode).into_iter().flatten().find(|(_, known)| are_same(known, past));
            let alike = || by_head.get(&past.head).copied().filter(|_| past.head.is_telling());
            let same = same.copied().map(|known| overlap(Likeness::Same, known));
            found.extend(same.or_else(|| Some(overlap(Likeness::Alike, alike()?))));
        }
        for past in read {
            by_inode.entry(past.inode).or_default().push((run, past));
            by_head.entry(past.head).or_insert((run, past));
        }
    }
    found
}

/// Whether two files of one inode are one file: inodes are given again, and each machine has its own. A head that
/// was short when it was looked at says little by itself; where the file is at hand, it is looked at again.
fn are_same(one: &Past, other: &Past) -> bool {
    let is_here = || {
        let at = |past: &Past| {
            past.names.iter().rev().find_map(|name| {
                let file = file::open(Path::new(name)).ok()?;
                file.metadata().is_ok_and(|data| Inode::of(&data) == one.inode).then_some(file)
            })
        };
        let mut bytes = [0; Head::MAX_BYTES];
        let count = at(one).or_else(|| at(other)).and_then(|file| file::read_head(&file, &mut bytes).ok());
        let fits = |past: &Past, head: &[u8]| past.head.length() > 0 && past.head.fits(head);
        count.is_some_and(|count| fits(one, &bytes[..count]) && fits(other, &bytes[..count]))
    };
    (one.head == other.head && one.head.length() > 0) || is_here()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Files, Sources};
    use std::fs;
    use std::io::Write;

    /// What a run knows that has read all of a directory.
    fn roster(directory: &Path) -> Roster {
        let mut files = Files::new(Sources::new(&[directory.display().to_string()], &[], &[]).unwrap(), false);
        files.rescan();
        for file in files.all() {
            file.cursor.offset = file.length;
        }
        files.roster()
    }

    fn likenesses(rosters: &[&Roster]) -> Vec<(Likeness, [usize; 2])> {
        overlaps(rosters).into_iter().map(|overlap| (overlap.likeness, overlap.runs)).collect()
    }

    #[test]
    fn a_file_is_the_same_when_it_has_grown_or_moved_and_a_copy_is_alike() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let record = "{\"service\": \"a\", \"timestamp\": 1760559686, \"number\": 1}\n";
        fs::write(one.path().join("a.log"), record).unwrap();
        fs::write(other.path().join("a.log"), record.replace('1', "2")).unwrap();
        let (first, elsewhere) = (roster(one.path()), roster(other.path()));
        assert_eq!(likenesses(&[&first, &elsewhere]), []);
        let grow = |path: &Path| fs::File::options().append(true).open(path).unwrap().write_all(record.as_bytes());
        grow(&one.path().join("a.log")).unwrap();
        assert_eq!(likenesses(&[&elsewhere, &first, &roster(one.path())]), [(Likeness::Same, [1, 2])]);
        fs::rename(one.path().join("a.log"), one.path().join("b.log")).unwrap();
        assert_eq!(likenesses(&[&first, &roster(one.path())]), [(Likeness::Same, [0, 1])]);
        fs::copy(one.path().join("b.log"), other.path().join("b.log")).unwrap();
        assert_eq!(likenesses(&[&roster(one.path()), &roster(other.path())]), [(Likeness::Alike, [0, 1])]);
    }

    #[test]
    fn an_inode_that_was_given_again_is_no_likeness() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        fs::write(&path, "{\"number\": 1}\n").unwrap();
        let first = roster(directory.path());
        // Truncated and written anew: same inode, another log.
        fs::write(&path, "{\"number\": 2}\n{\"number\": 3}\n").unwrap();
        assert_eq!(likenesses(&[&first, &roster(directory.path())]), []);
    }
}
