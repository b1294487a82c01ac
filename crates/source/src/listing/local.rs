//! Finds files: named, in folders, by globs; and standard input.
//!
//! All of this blocks and runs on a blocking thread.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use glob::MatchOptions;
use tokio::sync::mpsc::Sender;
use walkdir::{DirEntry, WalkDir};

use super::{Find, Identity, What};
use crate::error::{SourceError, path_text};
use crate::object::Location;
use crate::plan::{FolderVerdict, Plan};
use crate::spool::Spool;

/// The key of standard input, and the place that means it.
const STDIN: &str = "-";

/// Sends all that is found at `wheres`.
pub(super) fn find(
    wheres: &[String],
    plan: &Plan,
    finds: &Sender<Find>,
) -> Result<(), SourceError> {
    let mut places = wheres.iter().map(|place| Place::of(place)).collect::<Result<Vec<_>, _>>()?;
    // The first key under which a file is met becomes its key, and a file that is named outright
    // passes the rules on names. So that the order of the arguments does not matter, places are
    // looked at in one order, files first.
    places.sort();
    places.dedup();
    let finder = Finder { plan, finds };
    for place in places {
        match finder.place(&place) {
            Err(Stop::NobodyListens) => break,
            Err(Stop::Failed(error)) => return Err(error),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// A place, by what is to be done with it; the order is that of looking.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place<'w> {
    Stdin,
    /// Not a regular file, but can be read once: a pipe, a terminal.
    Pipe(&'w str),
    File(&'w str),
    Folder(&'w str),
    Glob(&'w str),
}

impl<'w> Place<'w> {
    /// What exists under the very name wins over a glob.
    fn of(place: &'w str) -> Result<Place<'w>, SourceError> {
        if place == STDIN {
            return Ok(Place::Stdin);
        }
        if let Some(what) = remote(place) {
            return Err(SourceError::Unsupported { place: place.to_owned(), what });
        }
        match fs::metadata(place) {
            Ok(metadata) if metadata.is_dir() => Ok(Place::Folder(place)),
            Ok(metadata) if metadata.is_file() => Ok(Place::File(place)),
            Ok(_) => Ok(Place::Pipe(place)),
            Err(_) if place.contains(['*', '?', '[']) => Ok(Place::Glob(place)),
            Err(error) => Err(SourceError::at_place(place, error)),
        }
    }
}

/// What is lacking to read a place that is given as an address.
fn remote(place: &str) -> Option<String> {
    let (scheme, _) = place.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_scheme.then(|| format!("`{scheme}://` is"))
}

/// Why finding ends early.
enum Stop {
    Failed(SourceError),
    /// The listing was given up.
    NobodyListens,
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Stop {
        Stop::Failed(error)
    }
}

/// What came on standard input. It comes once for the whole process, so it is kept for all listings.
fn stdin() -> Result<Spool, SourceError> {
    static KEPT: Mutex<Option<Spool>> = Mutex::new(None);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(spool) = &*kept {
        return Ok(spool.clone());
    }
    let spool = Spool::fill(&mut io::stdin().lock())
        .map_err(|source| SourceError::Io { place: STDIN.to_owned(), source })?;
    Ok(kept.insert(spool).clone())
}

struct Finder<'f> {
    plan: &'f Plan,
    finds: &'f Sender<Find>,
}

impl Finder<'_> {
    fn place(&self, place: &Place<'_>) -> Result<(), Stop> {
        match *place {
            Place::Stdin => self.keep(STDIN, stdin()?),
            Place::Pipe(place) => {
                let opened = File::open(place);
                let mut pipe = opened.map_err(|error| SourceError::at_place(place, error))?;
                self.stream(place, &mut pipe)
            }
            Place::File(place) => self.file(Path::new(place), true),
            Place::Folder(place) => self.folder(Path::new(place)),
            Place::Glob(place) => self.glob(place),
        }
    }

    /// Keeps what can be read once only.
    fn stream(&self, key: &str, stream: &mut impl io::Read) -> Result<(), Stop> {
        let spool = Spool::fill(stream)
            .map_err(|source| SourceError::Io { place: key.to_owned(), source })?;
        self.keep(key, spool)
    }

    fn keep(&self, key: &str, spool: Spool) -> Result<(), Stop> {
        let size = spool.size();
        let location = Location::Spooled(spool);
        let what = What::File { location, size, etag: None, named: true };
        self.send(Find { key: key.to_owned(), identity: None, what })
    }

    fn file(&self, path: &Path, named: bool) -> Result<(), Stop> {
        let size = match fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) => return self.unreadable(path, &error),
        };
        let location = Location::Local(path.to_owned());
        self.found(path, What::File { location, size, etag: None, named })
    }

    fn folder(&self, root: &Path) -> Result<(), Stop> {
        let mut entries = WalkDir::new(root).follow_links(true).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.walk_error(root, &error)?;
                    continue;
                }
            };
            if entry.file_type().is_dir() {
                if !self.enters(&entry)? {
                    entries.skip_current_dir();
                }
            } else if entry.file_type().is_file() {
                self.file(entry.path(), false)?;
            } else {
                self.found(entry.path(), What::NotAFile { reason: "a pipe, socket or device" })?;
            }
        }
        Ok(())
    }

    /// Whether a folder is to be entered; if not, says so to the collector.
    fn enters(&self, entry: &DirEntry) -> Result<bool, Stop> {
        let verdict = match self.plan.hidden(&entry.file_name().to_string_lossy()) {
            // The folder that the user named is entered whatever its name, such as `.`.
            Some(reason) if entry.depth() > 0 => FolderVerdict::Foreign { reason },
            _ => self.plan.folder(&path_text(entry.path())),
        };
        if verdict == FolderVerdict::Enter {
            return Ok(true);
        }
        self.found(entry.path(), What::Folder(verdict))?;
        Ok(false)
    }

    fn walk_error(&self, root: &Path, error: &walkdir::Error) -> Result<(), Stop> {
        let path = error.path().unwrap_or(root);
        match error.io_error() {
            Some(error) => self.unreadable(path, error),
            None => {
                self.found(path, What::NotAFile { reason: "a link back to a folder it lies in" })
            }
        }
    }

    fn glob(&self, pattern: &str) -> Result<(), Stop> {
        // `*` stops at `/`, as in shells, and hidden files are left to the rules on names.
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        let paths = glob::glob_with(pattern, options).map_err(|error| SourceError::BadPattern {
            place: pattern.to_owned(),
            reason: error.to_string(),
        })?;
        let mut found_nothing = true;
        for path in paths {
            found_nothing = false;
            match path {
                Ok(path) if path.is_dir() => self.folder(&path)?,
                Ok(path) => self.file(&path, false)?,
                Err(error) => self.unreadable(error.path(), error.error())?,
            }
        }
        if found_nothing {
            return Err(SourceError::NotFound { place: pattern.to_owned() }.into());
        }
        Ok(())
    }

    /// What cannot be looked at: no matter if its name tells that it is no flow log.
    fn unreadable(&self, path: &Path, error: &io::Error) -> Result<(), Stop> {
        let what = match (self.plan.not_a_flow_log(&path_text(path)), error.kind()) {
            (Some(reason), _) => What::NotAFile { reason },
            (None, io::ErrorKind::NotFound) => What::Vanished,
            // Whatever else keeps us out, the object is there and we may not have it.
            (None, _) => What::Denied { reason: error.to_string() },
        };
        self.found(path, what)
    }

    fn found(&self, path: &Path, what: What) -> Result<(), Stop> {
        self.send(Find { key: path_text(path), identity: identity(path), what })
    }

    fn send(&self, find: Find) -> Result<(), Stop> {
        self.finds.blocking_send(find).map_err(|_| Stop::NobodyListens)
    }
}

/// The path with links resolved; of a link that leads nowhere or round, the link's own.
fn identity(path: &Path) -> Option<Identity> {
    let resolved = fs::canonicalize(path).ok();
    let resolved =
        resolved.or_else(|| Some(fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?)));
    resolved.map(Identity::Path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_to_look_is_denied_or_vanished_unless_the_name_is_enough() {
        let (sender, mut finds) = tokio::sync::mpsc::channel(4);
        let plan = Plan::new(&crate::Selection::default());
        let finder = Finder { plan: &plan, finds: &sender };
        let refused = io::Error::from(io::ErrorKind::PermissionDenied);
        let gone = io::Error::from(io::ErrorKind::NotFound);
        assert!(finder.unreadable(Path::new("a/locked"), &refused).is_ok());
        assert!(finder.unreadable(Path::new("a/gone.log"), &gone).is_ok());
        assert!(finder.unreadable(Path::new("a/.#lock"), &gone).is_ok());
        let mut next = || finds.try_recv().map(|find| (find.key, find.what));
        assert!(matches!(next(), Ok((key, What::Denied { .. })) if key == "a/locked"));
        assert!(matches!(next(), Ok((key, What::Vanished)) if key == "a/gone.log"));
        assert!(matches!(next(), Ok((_, What::NotAFile { reason: "hidden" }))));
    }

    #[test]
    fn finding_stops_when_nobody_listens() {
        let (sender, finds) = tokio::sync::mpsc::channel(1);
        drop(finds);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.log"), "x").unwrap();
        let plan = Plan::new(&crate::Selection::default());
        assert!(find(&[path_text(folder.path())], &plan, &sender).is_ok());
    }

    #[test]
    fn addresses_are_told_from_paths() {
        assert_eq!(remote("https://example.com/a").as_deref(), Some("`https://` is"));
        assert_eq!(remote("a b://c"), None);
        assert_eq!(remote("folder/file.log"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_kept_so_that_it_can_be_read_again() {
        let (sender, mut finds) = tokio::sync::mpsc::channel(4);
        let plan = Plan::new(&crate::Selection::default());
        let finder = Finder { plan: &plan, finds: &sender };
        assert!(finder.stream("-", &mut &b"2 123456789012\n"[..]).is_ok());
        let Find { key, what, .. } = finds.try_recv().unwrap();
        assert_eq!(key, "-");
        let What::File { location, size: 15, named: true, .. } = what else {
            panic!("a named file of 15 bytes");
        };
        assert!(matches!(location, Location::Spooled(_)));
    }
}
