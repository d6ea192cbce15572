//! Where a watchlist's filter comes from: a patterns file, one message a line, or a filter file,
//! which is read again when it changes.
//!
//! A patterns file is only ever streamed, never held. Lines end with LF or CRLF; an empty one lists
//! nothing, so that no list has the empty message; a byte order mark is not part of the first.

use crate::sketch::{Filter, FilterError};
use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How large a filter is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Bits {
        bits: u64,
        hashes: u32,
    },
    /// As small as gives at most this rate of false positives, between 0 and 1.
    Fpr(f64),
}

/// The filter of a patterns file. With [`Shape::Fpr`] the file is read twice: to count, to fill.
pub fn filter_of_patterns(mut patterns: impl BufRead + Seek, shape: Shape) -> Result<Filter, FilterError> {
    let mut filter = match shape {
        Shape::Bits { bits, hashes } => Filter::with_bits(bits, hashes)?,
        Shape::Fpr(fpr) => {
            let mut items = 0;
            each_pattern(&mut patterns, |_| items += 1)?;
            patterns.rewind()?;
            Filter::with_fpr(items, fpr)?
        }
    };
    loop {
        each_pattern(&mut patterns, |pattern| filter.insert(pattern))?;
        match shape {
            // More bits are set than are as a rule: once in hundreds of lists.
            Shape::Fpr(fpr) if filter.expected_fpr() > fpr => {
                let more = (filter.bits() / 32).max(64);
                filter = Filter::with_bits(filter.bits() + more, filter.hashes())?;
                patterns.rewind()?;
            }
            _ => return Ok(filter),
        }
    }
}

/// Shows every pattern of a patterns file once a line, in order.
pub(super) fn each_pattern(mut patterns: impl BufRead, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut line = Vec::new();
    let mut is_first = true;
    while patterns.read_until(b'\n', &mut line)? > 0 {
        let mut pattern = line.strip_suffix(b"\n").unwrap_or(&line);
        pattern = pattern.strip_suffix(b"\r").unwrap_or(pattern);
        if is_first {
            pattern = pattern.strip_prefix(b"\xef\xbb\xbf").unwrap_or(pattern);
        }
        if !pattern.is_empty() {
            each(pattern);
        }
        is_first = false;
        line.clear();
    }
    Ok(())
}

/// A filter, and the file it is taken from again when that changes.
#[derive(Debug)]
pub struct Watchlist {
    filter: Filter,
    /// Kept, since it takes a look at every bit.
    expected_fpr: f64,
    file: Option<(PathBuf, Stamp)>,
}

/// What tells that a file is not the one that was read.
type Stamp = Option<(u64, u64, SystemTime)>;

impl Watchlist {
    /// A filter that stays what it is.
    pub fn fixed(filter: Filter) -> Self {
        Self { expected_fpr: filter.expected_fpr(), filter, file: None }
    }

    /// The filter of a filter file.
    pub fn open(path: &Path) -> Result<Self, FilterError> {
        let file = File::open(path)?;
        // Taken before the bytes are: what is written meanwhile shows at the next look.
        let stamp = file.metadata().ok().map(|metadata| stamp(&metadata));
        let filter = Filter::read_from(BufReader::new(file))?;
        Ok(Self { file: Some((path.to_owned(), stamp)), ..Self::fixed(filter) })
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// See [`Filter::expected_fpr`].
    pub fn expected_fpr(&self) -> f64 {
        self.expected_fpr
    }

    /// Reads the filter file again if it is another than before, and says what came of it. A file
    /// that is gone or damaged leaves the filter as it is, and is complained of once.
    pub fn refresh(&mut self) -> Option<String> {
        let (path, known) = self.file.as_mut()?;
        let found = std::fs::metadata(&*path).ok().map(|metadata| stamp(&metadata));
        if found == *known {
            return None;
        }
        *known = found;
        let path = path.clone();
        Some(match Self::open(&path) {
            Ok(fresh) => {
                *self = fresh;
                format!("{}: the filter changed and was read again ({} items)", path.display(), self.filter.items())
            }
            Err(error) => format!("{}: {error}; the run goes on with the filter it has", path.display()),
        })
    }
}

fn stamp(metadata: &Metadata) -> (u64, u64, SystemTime) {
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let inode = 0;
    (inode, metadata.len(), metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn write(path: &Path, items: &[&str]) {
        let mut filter = Filter::with_bits(8192, 3).unwrap();
        items.iter().for_each(|item| filter.insert(item.as_bytes()));
        // Another name first: a file written over may keep inode, length and, in a coarse clock, time.
        let fresh = path.with_extension("new");
        filter.write_to(File::create(&fresh).unwrap()).unwrap();
        std::fs::rename(fresh, path).unwrap();
    }

    #[test]
    fn patterns_are_lines_whatever_ends_them() {
        let mut patterns = Vec::new();
        let file = b"\xef\xbb\xbffirst\r\n\n\r\n second \nthird\r\n\xff\n\xef\xbb\xbflast";
        each_pattern(file.as_slice(), |pattern| patterns.push(pattern.to_vec())).unwrap();
        assert_eq!(patterns, [b"first".as_slice(), b" second ", b"third", b"\xff", b"\xef\xbb\xbflast"]);
        for shape in [Shape::Bits { bits: 1 << 16, hashes: 3 }, Shape::Fpr(1e-6)] {
            let filter = filter_of_patterns(Cursor::new(file), shape).unwrap();
            assert!(patterns.iter().all(|pattern| filter.contains(pattern)));
            assert!(!filter.contains(b"first\r") && !filter.contains(b""));
            assert_eq!(filter.items(), 5);
        }
    }

    #[test]
    fn a_rate_makes_the_filter_fit_the_number_of_lines() {
        let bits = |lines: usize| {
            let file = (0..lines).map(|line| format!("{line}\n")).collect::<String>();
            filter_of_patterns(Cursor::new(file), Shape::Fpr(0.01)).unwrap().bits()
        };
        assert!((9 * 1000..10 * 1000).contains(&bits(1000)), "9.6 bits an item, not {}", bits(1000));
        assert_eq!(bits(0), 64);
    }

    #[test]
    fn a_rate_is_never_more_than_was_asked_for() {
        for (lines, fpr) in
            (0..60).flat_map(|lines| [0.9, 0.5, 0.3, 0.2, 0.1, 0.07, 0.01].map(|fpr| (lines * lines, fpr)))
        {
            let file = (0..lines).map(|line| format!("{line}-{fpr}\n")).collect::<String>();
            let filter = filter_of_patterns(Cursor::new(file), Shape::Fpr(fpr)).unwrap();
            assert!(filter.expected_fpr() <= fpr, "{} of {lines} lines, not {fpr}", filter.expected_fpr());
        }
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_bad_one_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.filter");
        assert!(matches!(Watchlist::open(&path), Err(FilterError::Io(_))));
        write(&path, &["old"]);
        let mut list = Watchlist::open(&path).unwrap();
        assert_eq!(list.refresh(), None);

        write(&path, &["new", "newer"]);
        assert!(list.refresh().unwrap().contains("2 items"));
        assert!(list.filter().contains(b"newer") && !list.filter().contains(b"old"));
        assert_eq!(list.refresh(), None, "said once");

        std::fs::write(&path, "SLBLOOM1 but no filter").unwrap();
        assert!(list.refresh().unwrap().contains("damaged"));
        assert_eq!(list.refresh(), None, "said once");
        std::fs::remove_file(&path).unwrap();
        assert!(list.refresh().is_some());
        assert_eq!(list.refresh(), None, "said once");
        assert!(list.filter().contains(b"newer"), "the last good filter stays");

        write(&path, &["newest"]);
        assert!(list.refresh().is_some() && list.filter().contains(b"newest"));
    }
}
