//! What the user named as input, and which files that is at this moment.

use super::file::Inode;
use crate::event::FileId;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use rustix::fs::FileType;
use std::collections::HashSet;
use std::fs::Metadata;
use std::io;
use std::path::{Component, Path, PathBuf};
use walkdir::WalkDir;
use xxhash_rust::xxh3::xxh3_64;

/// The files that a directory is searched for, each also with `.gz` and `.zst`.
pub const DEFAULT_INCLUDE: [&str; 4] = ["*.json", "*.jsonl", "*.ndjson", "*.log"];

/// One `--source`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    Stdin,
    /// A directory (searched at any depth) or a file.
    Path(PathBuf),
    Glob {
        text: String,
        base: PathBuf,
    },
}

/// All sources of a run and which files of their directories count.
#[derive(Clone, Debug)]
pub struct Sources {
    pub(super) roots: Vec<Root>,
    /// Where each root lies, whatever the directory we run in.
    pub(super) absolute: Vec<PathBuf>,
    /// What the files of a root match, which is a glob.
    pub(super) patterns: Vec<Option<Globs>>,
    pub(super) include: Globs,
    pub(super) exclude: Globs,
    /// Nobody said which files of directories to read.
    pub(super) has_default_include: bool,
}

/// Globs, of which one has to match.
#[derive(Clone, Debug)]
pub struct Globs {
    pub(super) globs: Vec<Glob>,
    set: GlobSet,
}

/// A file that belongs to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    /// The same for the same data on any machine: the source's place and the path within it.
    pub label: String,
}

/// A source that cannot be read, and why.
#[derive(Debug)]
pub struct Unreadable {
    pub path: PathBuf,
    pub error: io::Error,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let advice = match self.error.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => "check its permissions",
            _ => "the rest of it is left out",
        };
        write!(f, "cannot read {}: {}; {advice}", self.path.display().to_string().escape_debug(), reason(&self.error))
    }
}

/// The system's sentence without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// The globs over files that stand where none are named.
pub fn default_include() -> Vec<String> {
    let packed = |glob: &&str| [(*glob).to_owned(), format!("{glob}.gz"), format!("{glob}.zst")];
    DEFAULT_INCLUDE.iter().flat_map(packed).collect()
}

impl Sources {
    /// `include` and `exclude` are globs over file names, or over paths where they hold a slash.
    pub fn new(texts: &[String], include: &[String], exclude: &[String]) -> Result<Self, String> {
        let roots: Vec<Root> = texts.iter().map(|text| root(text)).collect();
        let patterns = roots.iter().map(|root| match root {
            Root::Glob { text, .. } => Globs::new(std::slice::from_ref(text), true).map(Some),
            _ => Ok(None),
        });
        let patterns = patterns.collect::<Result<_, _>>()?;
        let has_default_include = include.is_empty();
        let include = if has_default_include { default_include() } else { include.to_vec() };
        let include = Globs::new(&include, false)?;
        let absolute = roots.iter().map(|root| std::path::absolute(root.base()).unwrap_or_default()).collect();
        let exclude = Globs::new(exclude, false)?;
        Ok(Self { roots, absolute, patterns, include, exclude, has_default_include })
    }

    pub fn has_stdin(&self) -> bool {
        self.roots.contains(&Root::Stdin)
    }

    /// Whether a source can be read only once: standard input, or a pipe, as `<(command)` names one.
    pub fn are_read_once(&self) -> bool {
        self.roots.iter().any(|root| match root {
            Root::Stdin => true,
            Root::Path(path) => is_pipe(path),
            Root::Glob { .. } => false,
        })
    }

    /// Whether a source may go on for ever: a pipe, or standard input that is no file.
    pub fn may_be_endless(&self) -> bool {
        let is_file = |data: &rustix::fs::Stat| FileType::from_raw_mode(data.st_mode) == FileType::RegularFile;
        self.roots.iter().any(|root| match root {
            Root::Stdin => !rustix::fs::fstat(io::stdin()).is_ok_and(|data| is_file(&data)),
            Root::Path(path) => is_pipe(path),
            Root::Glob { .. } => false,
        })
    }

    /// Whether a source is a directory.
    pub fn has_directory(&self) -> bool {
        self.roots.iter().any(|root| matches!(root, Root::Path(path) if path.is_dir()))
    }

    /// Whether there is nothing but standard input.
    pub fn is_stdin_only(&self) -> bool {
        self.roots.iter().all(|root| *root == Root::Stdin)
    }

    /// The sources that do not exist.
    pub fn missing(&self) -> Vec<Unreadable> {
        let missing = |root: &Root| match root {
            Root::Stdin => None,
            Root::Path(path) | Root::Glob { base: path, .. } => {
                path.metadata().err().map(|error| Unreadable { path: path.clone(), error })
            }
        };
        self.roots.iter().filter_map(missing).collect()
    }

    pub fn len(&self) -> usize {
        self.roots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// The directories to watch, and whether with all below them: those of the sources, and those
    /// that hold one.
    pub fn watched(&self) -> Vec<(PathBuf, bool)> {
        let mut paths: Vec<(PathBuf, bool)> = self
            .roots
            .iter()
            .filter_map(|root| match root {
                Root::Stdin => None,
                Root::Path(path) if path.is_dir() => Some((path.clone(), true)),
                Root::Path(path) => Some((parent(path), false)),
                Root::Glob { base, .. } => Some((base.clone(), true)),
            })
            .collect();
        paths.sort_by(|(path, deep), (other, is_deep)| path.cmp(other).then(is_deep.cmp(deep)));
        paths.dedup_by(|(path, _), (kept, _)| path == kept);
        paths
    }

    /// The files there are now, each once, in the order of the sources and of their paths.
    pub fn scan(&self) -> (Vec<Found>, Vec<Unreadable>) {
        let (mut found, mut unreadable) = (Vec::new(), Vec::new());
        for (place, root) in self.roots.iter().enumerate() {
            match root {
                Root::Stdin => {}
                Root::Path(path) => match path.metadata() {
                    Ok(data) if !data.is_dir() => found.extend(self.named(place, Path::new(""))),
                    Ok(_) => self.walk(place, &mut found, &mut unreadable),
                    Err(error) => unreadable.push(Unreadable { path: path.clone(), error }),
                },
                Root::Glob { .. } => self.walk(place, &mut found, &mut unreadable),
            }
        }
        if self.roots.len() > 1 {
            let mut seen = HashSet::new();
            found.retain(|found| seen.insert(found.path.clone()));
        }
        (found, unreadable)
    }

    /// The file that a scan would find at this absolute path, if there is one.
    pub fn find(&self, path: &Path) -> Option<Found> {
        self.find_but(usize::MAX, path)
    }

    /// The same by another source than the one at a place.
    pub(super) fn find_but(&self, but: usize, path: &Path) -> Option<Found> {
        let within = |place: usize| path.strip_prefix(&self.absolute[place]).ok();
        (0..self.roots.len()).filter(|place| *place != but).find_map(|place| self.named(place, within(place)?))
    }

    /// Whether a file written to `path` is one that a scan finds, by this name or by another.
    pub fn holds(&self, path: &Path) -> bool {
        let is_named = std::path::absolute(path).is_ok_and(|path| self.find(&path).is_some());
        let inode = |path: &Path| path.metadata().ok().filter(Metadata::is_file).map(|data| Inode::of(&data));
        let known = inode(path);
        is_named || (known.is_some() && self.scan().0.iter().any(|found| inode(&found.path) == known))
    }

    /// The file at the path `within` a root, where it belongs to the source.
    fn named(&self, place: usize, within: &Path) -> Option<Found> {
        let root = &self.roots[place];
        let is_root = within.as_os_str().is_empty();
        // To join nothing would end the path in a slash.
        let path = if is_root { root.base().to_owned() } else { root.base().join(within) };
        let belongs = match root {
            Root::Stdin => false,
            Root::Path(_) => is_root || (self.include.is_match(within) && !self.exclude.is_match(within)),
            Root::Glob { .. } => {
                let plain = path.strip_prefix(".").unwrap_or(&path);
                let pattern = &self.patterns[place];
                pattern.as_ref().is_some_and(|pattern| pattern.is_match(plain)) && !self.exclude.is_match(within)
            }
        };
        let label = if is_root { Path::new(path.file_name().unwrap_or_default()) } else { within };
        let label = format!("{place}:{}", label.display());
        belongs.then_some(Found { path, label })
    }

    fn walk(&self, place: usize, found: &mut Vec<Found>, unreadable: &mut Vec<Unreadable>) {
        let base = self.roots[place].base();
        for entry in WalkDir::new(base).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    let within = entry.path().strip_prefix(base).unwrap_or(entry.path());
                    found.extend(self.named(place, within));
                }
                Ok(_) => {}
                // What a loop of links leads to is found on the straight way.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    let path = error.path().unwrap_or(base).to_owned();
                    let error = error.into_io_error().unwrap_or_else(|| io::Error::other("cannot be searched"));
                    // A file that vanished while we looked, or a dangling link, is nobody's fault.
                    if error.kind() != io::ErrorKind::NotFound || path == base {
                        unreadable.push(Unreadable { path, error });
                    }
                }
            }
        }
    }
}

impl Root {
    /// The file, or the directory that is searched.
    fn base(&self) -> &Path {
        match self {
            Root::Stdin => Path::new(""),
            Root::Path(base) | Root::Glob { base, .. } => base,
        }
    }
}

impl Found {
    /// The identity of the `incarnation`th file (from 0) that stands here during a run.
    pub fn id(&self, incarnation: u32) -> FileId {
        FileId(xxh3_64(format!("{}#{incarnation}", self.label).as_bytes()))
    }
}

fn root(text: &str) -> Root {
    let path = Path::new(text);
    if text == "-" {
        Root::Stdin
    } else if text.contains(['*', '?', '[', '{']) && !path.exists() {
        let text = text.strip_prefix("./").unwrap_or(text).to_owned();
        let mut base = PathBuf::new();
        for part in Path::new(&text)
            .components()
            .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        {
            base.push(part);
        }
        let base = if base.as_os_str().is_empty() { PathBuf::from(".") } else { base };
        Root::Glob { text, base }
    } else {
        Root::Path(plain(text).into())
    }
}

/// A path as it is written plainly: `d/`, `./d` and `d//.` are `d`.
pub fn plain(text: &str) -> String {
    let path: PathBuf = Path::new(text).components().filter(|part| *part != Component::CurDir).collect();
    let path = if path.as_os_str().is_empty() && !text.is_empty() { PathBuf::from(".") } else { path };
    path.display().to_string()
}

fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| !data.is_file() && !data.is_dir())
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

impl Globs {
    /// A pattern without a slash matches file names at any depth, unless `anchored`.
    pub(super) fn new(texts: &[String], anchored: bool) -> Result<Self, String> {
        let globs: Vec<Glob> = texts.iter().map(|text| glob(text, anchored)).collect::<Result<_, _>>()?;
        let mut set = GlobSetBuilder::new();
        globs.iter().for_each(|glob| _ = set.add(glob.clone()));
        Ok(Self { globs, set: set.build().map_err(|error| error.to_string())? })
    }

    pub(super) fn is_match(&self, path: &Path) -> bool {
        self.set.is_match(path)
    }
}

fn glob(text: &str, anchored: bool) -> Result<Glob, String> {
    let anywhere = if anchored || text.contains('/') { text.to_owned() } else { format!("**/{text}") };
    let glob = GlobBuilder::new(&anywhere).literal_separator(true).build();
    glob.map_err(|error| format!("bad glob `{text}`: {}", error.kind()))
}
