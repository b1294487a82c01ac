//! The folder of a set: what it has, what is still to come, and who is writing.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flowproof_source::{Location, Object, key_layout, open};
use walkdir::WalkDir;

use super::place::Place;
use super::write::{Draft, write_empty};
use crate::error::EngineError;
use crate::held::{
    Home, Manifest, Source, UNFINISHED, holder_name, home_of, is_holder_name, read_manifest,
};

/// Where files lie until they are whole, and the lock; walks pass over what is hidden.
const WORK: &str = ".flowproof-work";
const LOCK: &str = "lock";

/// Why an object that is still to come has no records.
const TO_COME: &str = "not collected yet: the run that was to collect it did not end; run it again";

/// A set that this process, and no other, is writing.
#[derive(Debug)]
pub(super) struct Set {
    root: PathBuf,
    /// Held until the set is dropped.
    _lock: File,
}

/// Fails if reading `wheres` again would read the set too, or if the folders above it would be taken
/// for those of flow logs.
pub(super) fn check_target(target: &Path, wheres: &[String]) -> Result<(), EngineError> {
    let at = |reason: &str| EngineError::Collect {
        place: target.display().to_string(),
        reason: reason.to_owned(),
    };
    if target.to_str().is_some_and(|text| text.contains("://")) {
        return Err(at("only a folder can be written to by this version"));
    }
    let resolved = resolved(target).map_err(|error| error_at(target, &error))?;
    for place in wheres {
        let Ok(logs) = Path::new(place).canonicalize() else { continue };
        if resolved.starts_with(&logs) {
            return Err(at("it lies among the logs: the next run would read both"));
        }
    }
    if key_layout(&format!("{}/any", resolved.display())).is_some() {
        return Err(at("the folders above it are those of flow logs, and would prune the set"));
    }
    Ok(())
}

/// The path with all links resolved, as far as it is there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(path)?;
    let there = whole.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    Ok(match there {
        Some((part, real)) => match whole.strip_prefix(part) {
            Ok(rest) if rest.as_os_str().is_empty() => real,
            Ok(rest) => real.join(rest),
            Err(_) => whole,
        },
        None => whole,
    })
}

impl Drop for Set {
    /// Nothing of a run stays but whole files, however it ends.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.root.join(WORK));
    }
}

impl Set {
    /// Takes the folder for writing, and clears away what an interrupted run left half-written.
    pub(super) fn open(root: &Path) -> Result<Set, EngineError> {
        let work = root.join(WORK);
        let opened = fs::create_dir_all(&work).and_then(|()| File::create(work.join(LOCK)));
        let lock = opened.map_err(|error| error_at(root, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let reason = "another run is collecting into it".to_owned();
                return Err(EngineError::Collect { place: root.display().to_string(), reason });
            }
            Err(fs::TryLockError::Error(error)) => return Err(error_at(root, &error)),
        }
        let set = Set { root: root.to_owned(), _lock: lock };
        set.clear_work()?;
        Ok(set)
    }

    fn clear_work(&self) -> Result<(), EngineError> {
        let work = self.root.join(WORK);
        for entry in fs::read_dir(&work).map_err(|error| error_at(&work, &error))?.flatten() {
            if entry.file_name() != LOCK {
                fs::remove_file(entry.path()).map_err(|error| error_at(&entry.path(), &error))?;
            }
        }
        Ok(())
    }

    /// A new file that is not part of the set yet.
    pub(super) fn draft(&self) -> Result<Draft, EngineError> {
        let work = self.root.join(WORK);
        Draft::create(&work).map_err(|error| error_at(&work, &error))
    }

    pub(super) fn folder(&self, place: &Place) -> PathBuf {
        place.folder(&self.root)
    }

    /// The holders at a place.
    pub(super) async fn holders_at(
        &self,
        place: &Place,
    ) -> Result<Vec<(PathBuf, Manifest)>, EngineError> {
        let folder = self.folder(place);
        let mut holders = Vec::new();
        for entry in WalkDir::new(&folder).max_depth(1).sort_by_file_name() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) if error.io_error().is_some_and(is_not_found) => continue,
                Err(error) => return Err(error_at(&folder, &error.into())),
            };
            let key = entry.path().display().to_string();
            if !is_holder_name(&key) {
                continue;
            }
            let Some(manifest) = manifest_at(entry.path()).await else {
                let reason = "it cannot be read as a file of a collected set; remove it, and what \
                              it held is collected anew";
                return Err(EngineError::Collect { place: key, reason: reason.to_owned() });
            };
            holders.push((entry.into_path(), manifest));
        }
        Ok(holders)
    }

    /// Whether a file with this manifest would tell what no other at its place tells.
    pub(super) async fn learns(
        &self,
        place: &Place,
        manifest: &Manifest,
    ) -> Result<bool, EngineError> {
        let there = self.holders_at(place).await?;
        let sources = there.iter().flat_map(|(_, manifest)| &manifest.sources);
        let known: HashSet<Home> = sources.map(Source::home).collect();
        let is_news = |source: &Source| source.is_read() || !known.contains(&source.home());
        Ok(manifest.sources.iter().any(is_news) || manifest.skipped().next().is_some())
    }

    /// Notes what is to come, and what earlier runs left to come.
    pub(super) async fn begin(
        &self,
        objects: impl Iterator<Item = Arc<Object>>,
    ) -> Result<(), EngineError> {
        let mut to_come: Vec<Source> = objects.map(|o| Source::to_come(&o, TO_COME)).collect();
        let path = self.unfinished();
        if path.exists()
            && let Some(earlier) = manifest_at(&path).await
        {
            let known: HashSet<Home> = to_come.iter().map(Source::home).collect();
            let earlier = earlier.sources.into_iter();
            to_come.extend(earlier.filter(|source| !known.contains(&source.home())));
        }
        if to_come.is_empty() {
            return Ok(());
        }
        self.write_unfinished(to_come)
    }

    /// Notes that what this run was to collect is there.
    pub(super) async fn end(
        &self,
        done: impl Iterator<Item = Arc<Object>>,
    ) -> Result<(), EngineError> {
        let path = self.unfinished();
        if let Some(manifest) = manifest_at(&path).await {
            let done: HashSet<Home> = done.map(|object| home_of(&object)).collect();
            let is_left = |source: &Source| !done.contains(&source.home());
            let left: Vec<Source> = manifest.sources.into_iter().filter(is_left).collect();
            if left.is_empty() {
                fs::remove_file(&path).map_err(|error| error_at(&path, &error))?;
            } else {
                self.write_unfinished(left)?;
            }
        }
        Ok(())
    }

    fn unfinished(&self) -> PathBuf {
        self.root.join(holder_name(UNFINISHED))
    }

    fn write_unfinished(&self, to_come: Vec<Source>) -> Result<(), EngineError> {
        let path = self.unfinished();
        let written = self.draft().and_then(|draft| {
            let manifest = Manifest::of_sources(to_come);
            let draft = write_empty(draft, &manifest)?;
            draft.keep(&path).map_err(|error| error_at(&path, &error))
        });
        written.map(|_| ())
    }
}

async fn manifest_at(path: &Path) -> Option<Manifest> {
    let object = Object {
        key: path.display().to_string(),
        location: Location::Local(path.to_owned()),
        size: path.metadata().ok()?.len(),
        etag: None,
        layout: None,
    };
    let file = read_manifest(&object).await?;
    Some(Manifest::clone(&file.manifest))
}

/// Whether an object is still what it was when it was collected.
pub(super) async fn is_same(object: &Object, source: &Source) -> Result<bool, EngineError> {
    if object.size != source.size {
        return Ok(false);
    }
    if let (Some(etag), Some(known)) = (&object.etag, &source.etag) {
        return Ok(etag == known);
    }
    // What another set holds does not change.
    if matches!(object.location, Location::Within { .. }) {
        return Ok(true);
    }
    // Damage that ended the reading left no digest: of the same size, it is the same damage.
    let Some(known) = &source.digest else { return Ok(true) };
    let mut chunks = open(object).await?;
    while chunks.next().await?.is_some() {}
    Ok(chunks.digest() == Some(known))
}

fn is_not_found(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

pub(super) fn error_at(place: &Path, error: &io::Error) -> EngineError {
    EngineError::Collect { place: place.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Session, SessionOptions};
    use flowproof_source::Selection;

    fn session(place: &Path) -> Session {
        let wheres = vec![place.display().to_string()];
        let selection = Selection { wheres, all_skipped: true, ..Selection::default() };
        let options = SessionOptions { threads: 1, ..SessionOptions::default() };
        block_on(Session::open(&selection, options)).unwrap()
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(future)
    }

    fn logs() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.log", "b.log"] {
            let record = "eni-1 10.0.1.5 203.0.113.9 8400 1748736000 1748736060 OK";
            let header = "interface-id srcaddr dstaddr bytes start end log-status";
            fs::write(folder.path().join(name), format!("{header}\n{record}\n")).unwrap();
        }
        folder
    }

    #[test]
    fn a_set_whose_run_was_cut_off_says_what_it_lacks_until_a_run_ends() {
        let (logs, folder) = (logs(), tempfile::tempdir().unwrap());
        let originals = session(logs.path());
        let set = Set::open(folder.path()).unwrap();
        block_on(set.begin(block_on(originals.objects()).unwrap())).unwrap();
        drop(set);
        // What a killed process leaves of a file.
        fs::create_dir_all(folder.path().join(WORK)).unwrap();
        fs::write(folder.path().join(WORK).join("half"), b"PAR1").unwrap();
        let answer = block_on(session(folder.path()).inspect()).unwrap();
        let objects = answer.coverage.objects;
        assert_eq!((objects.vanished, objects.read), (2, 0));
        assert!(answer.coverage.is_partial());
        let reason = &answer.coverage.samples[0].reason;
        assert!(reason.contains("run it again"), "{reason}");

        let lock = File::create(folder.path().join(WORK).join(LOCK)).unwrap();
        lock.lock().unwrap();
        let busy = Set::open(folder.path()).unwrap_err().to_string();
        assert!(busy.contains("another run"), "{busy}");
        drop(lock);

        block_on(originals.collect(folder.path())).unwrap();
        let answer = block_on(session(folder.path()).inspect()).unwrap();
        let objects = answer.coverage.objects;
        assert_eq!((objects.listed, objects.read, objects.vanished), (2, 2, 0));
        assert!(!folder.path().join(WORK).exists());
    }

    #[test]
    fn what_another_run_left_to_come_stays_to_come() {
        let (logs, others, folder) = (logs(), logs(), tempfile::tempdir().unwrap());
        let set = Set::open(folder.path()).unwrap();
        let originals = session(others.path());
        block_on(set.begin(block_on(originals.objects()).unwrap())).unwrap();
        drop(set);
        block_on(session(logs.path()).collect(folder.path())).unwrap();
        let objects = block_on(session(folder.path()).inspect()).unwrap().coverage.objects;
        assert_eq!((objects.read, objects.vanished), (2, 2));
        block_on(originals.collect(folder.path())).unwrap();
        let objects = block_on(session(folder.path()).inspect()).unwrap().coverage.objects;
        assert_eq!((objects.read, objects.vanished), (4, 0));
    }
}
