//! What a set has and what is still to come, wherever it lies.

use std::collections::HashSet;
use std::sync::Arc;

use flowproof_source::{Location, Object, open};

use super::draft::Draft;
use super::place::Place;
use super::storage::Storage;
use super::target::CollectTarget;
use super::write::write_empty;
use crate::error::EngineError;
use crate::held::{Home, Manifest, Source, UNFINISHED, find_manifest, holder_name};

/// Why an object that is still to come has no records.
const TO_COME: &str = "not collected yet: the run that was to collect it did not end; run it again";

/// A set that this process, and no other, is writing.
#[derive(Debug)]
pub(super) struct Set {
    storage: Storage,
}

impl Set {
    /// Takes the set for writing.
    pub(super) async fn open(target: &CollectTarget) -> Result<Set, EngineError> {
        Ok(Set { storage: Storage::open(target).await? })
    }

    /// Gives the set free for others.
    pub(super) async fn close(self) -> Result<(), EngineError> {
        self.storage.close().await
    }

    /// A new file that is not part of the set yet.
    pub(super) fn draft(&self) -> Result<Draft, EngineError> {
        self.storage.draft()
    }

    /// Makes a draft part of the set. Tells the key of the file.
    pub(super) async fn keep(&self, place: &Place, draft: Draft) -> Result<String, EngineError> {
        let name = format!("{}/{}", place.folder(), holder_name(&draft.hash()));
        self.storage.keep(draft, &name).await
    }

    /// The holders at a place, each with its key.
    pub(super) async fn holders_at(
        &self,
        place: &Place,
    ) -> Result<Vec<(String, Arc<Manifest>)>, EngineError> {
        let mut holders = Vec::new();
        for object in self.storage.holders_in(&place.folder()).await? {
            let manifest = manifest_of(&object).await?;
            holders.push((object.key, manifest));
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
    pub(super) async fn begin(&self, mut to_come: Vec<Source>) -> Result<(), EngineError> {
        if to_come.is_empty() {
            return Ok(());
        }
        if let Some(earlier) = self.unfinished().await? {
            let known: HashSet<Home> = to_come.iter().map(Source::home).collect();
            let earlier = earlier.sources.iter();
            to_come.extend(earlier.filter(|source| !known.contains(&source.home())).cloned());
        }
        self.write_unfinished(to_come).await
    }

    /// Notes that all of this is there.
    pub(super) async fn end(&self, done: impl Iterator<Item = Home>) -> Result<(), EngineError> {
        self.storage.check_held().await?;
        let Some(manifest) = self.unfinished().await? else { return Ok(()) };
        let done: HashSet<Home> = done.collect();
        let left = manifest.sources.iter().filter(|source| !done.contains(&source.home()));
        let left: Vec<Source> = left.cloned().collect();
        match left.is_empty() {
            true => self.storage.remove(&holder_name(UNFINISHED)).await,
            false => self.write_unfinished(left).await,
        }
    }

    /// What earlier runs, and this one once it has begun, left to come.
    async fn unfinished(&self) -> Result<Option<Arc<Manifest>>, EngineError> {
        match self.storage.find(&holder_name(UNFINISHED)).await? {
            Some(object) => manifest_of(&object).await.map(Some),
            None => Ok(None),
        }
    }

    async fn write_unfinished(&self, to_come: Vec<Source>) -> Result<(), EngineError> {
        let draft = write_empty(self.draft()?, &Manifest::of_sources(to_come))?;
        self.storage.keep(draft, &holder_name(UNFINISHED)).await.map(|_| ())
    }
}

/// What stands for an object that is still to be collected.
pub(super) fn to_come(object: &Object) -> Source {
    Source::to_come(object, TO_COME)
}

async fn manifest_of(object: &Object) -> Result<Arc<Manifest>, EngineError> {
    let found = find_manifest(object).await?.map(|file| file.manifest);
    found.ok_or_else(|| {
        let reason = "it cannot be read as a file of a collected set; remove it, and what it held \
                      is collected anew";
        EngineError::collect(object.key.clone(), reason)
    })
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

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;

    use flowproof_source::Selection;

    use super::super::{LOCK, WORK};
    use super::*;
    use crate::{Session, SessionOptions};

    fn session(place: &Path) -> Session {
        let wheres = vec![place.display().to_string()];
        let selection = Selection { wheres, all_skipped: true, ..Selection::default() };
        let options = SessionOptions { threads: 1, ..SessionOptions::default() };
        block_on(Session::open(&selection, options)).unwrap()
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(future)
    }

    fn all_to_come(session: &Session) -> Vec<Source> {
        block_on(session.objects()).unwrap().map(|object| to_come(&object)).collect()
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
        let set = block_on(Set::open(&folder.path().into())).unwrap();
        block_on(set.begin(all_to_come(&originals))).unwrap();
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
        let busy = block_on(Set::open(&folder.path().into())).unwrap_err().to_string();
        assert!(busy.contains("another run"), "{busy}");
        drop(lock);

        block_on(originals.collect(folder.path())).unwrap();
        let answer = block_on(session(folder.path()).inspect()).unwrap();
        let objects = answer.coverage.objects;
        assert_eq!((objects.listed, objects.read, objects.vanished), (2, 2, 0));
        assert!(!folder.path().join(WORK).exists());
    }

    #[test]
    fn a_run_that_was_cut_off_after_its_last_file_leaves_no_note_once_another_has_ended() {
        let (logs, folder) = (logs(), tempfile::tempdir().unwrap());
        let originals = session(logs.path());
        block_on(originals.collect(folder.path())).unwrap();
        let set = block_on(Set::open(&folder.path().into())).unwrap();
        block_on(set.begin(all_to_come(&originals))).unwrap();
        drop(set);
        let note = folder.path().join(holder_name(UNFINISHED));
        assert!(note.exists());
        assert_eq!(block_on(originals.collect(folder.path())).unwrap().value.had, 2);
        assert!(!note.exists());
    }

    #[test]
    fn what_another_run_left_to_come_stays_to_come() {
        let (logs, others, folder) = (logs(), logs(), tempfile::tempdir().unwrap());
        let set = block_on(Set::open(&folder.path().into())).unwrap();
        let originals = session(others.path());
        block_on(set.begin(all_to_come(&originals))).unwrap();
        drop(set);
        block_on(session(logs.path()).collect(folder.path())).unwrap();
        let objects = block_on(session(folder.path()).inspect()).unwrap().coverage.objects;
        assert_eq!((objects.read, objects.vanished), (2, 2));
        block_on(originals.collect(folder.path())).unwrap();
        let objects = block_on(session(folder.path()).inspect()).unwrap().coverage.objects;
        assert_eq!((objects.read, objects.vanished), (4, 0));
    }
}
