//! Where blobs lie: files in a temporary folder, of bounded size together.
//!
//! A blob that is put when there is no room makes others go, the least recently used first. One that
//! was put, got or asked for (`missing`) within the last hour never goes, as a run that is under way
//! may still want it; a client whose run takes longer asks for its blobs again now and then. If that
//! leaves no room, the new blob is refused. So a blob that a client was told to be there stays there
//! for an hour at least, and neither disk nor memory grows.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempDir, TempPath};

use super::{BlobName, Count, Counts};

/// What a blob takes at least, however small: a block of the disk, and its place in the memory.
const LEAST_BYTES: u64 = 4096;

/// Where and how much.
#[derive(Debug, Clone)]
pub struct ShelfOptions {
    /// The folder in which a temporary one is made; that of the system if there is none.
    pub folder: Option<PathBuf>,
    /// The most bytes of all blobs together. 4 GiB.
    pub max_bytes: u64,
    /// How long a blob stays after its last use. One hour.
    pub keep: Duration,
}

impl Default for ShelfOptions {
    fn default() -> ShelfOptions {
        ShelfOptions { folder: None, max_bytes: 4 << 30, keep: Duration::from_secs(3600) }
    }
}

/// Blobs in files, with what is known of each.
#[derive(Debug)]
pub struct Shelf {
    folder: TempDir,
    options: ShelfOptions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blobs: HashMap<BlobName, Blob>,
    /// Bytes of blobs and of those that are being put.
    taken: u64,
}

#[derive(Debug)]
struct Blob {
    used: Instant,
    count: Count,
}

impl Blob {
    fn takes(&self) -> u64 {
        self.count.bytes.max(LEAST_BYTES)
    }
}

/// That there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store is full: it has {max_bytes} bytes, and all were used lately")]
pub(super) struct Full {
    max_bytes: u64,
}

impl Shelf {
    /// An empty shelf in a new temporary folder, which goes with it.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new(options: ShelfOptions) -> io::Result<Arc<Shelf>> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("flowproof-store-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = match &options.folder {
            Some(folder) => builder.tempdir_in(folder)?,
            None => builder.tempdir()?,
        };
        Ok(Arc::new(Shelf { folder, options, state: Mutex::default() }))
    }

    /// Those of the names that are not here. The others count as used.
    pub(super) fn missing(&self, names: Vec<BlobName>) -> Vec<BlobName> {
        let mut state = self.lock();
        names.into_iter().filter(|name| state.touch(name).is_none()).collect()
    }

    /// How often each blob travelled.
    pub(super) fn counts(&self) -> Counts {
        self.lock().blobs.iter().map(|(name, blob)| (*name, blob.count)).collect::<BTreeMap<_, _>>()
    }

    /// Whether it is here; if so it counts as used, and as put once more.
    pub(super) fn put_again(&self, name: &BlobName) -> bool {
        let mut state = self.lock();
        state.touch(name).map(|count| count.puts += 1).is_some()
    }

    /// Counts bytes of a blob that came although it is here.
    pub(super) fn came_again(&self, name: &BlobName, bytes: u64) {
        let mut state = self.lock();
        if let Some(count) = state.touch(name) {
            count.bytes_put += bytes;
        }
    }

    /// Opens a blob to be got; none if it is not here.
    pub(super) fn open(&self, name: &BlobName) -> Option<io::Result<(File, u64)>> {
        let bytes = {
            let mut state = self.lock();
            let count = state.touch(name)?;
            count.gets += 1;
            count.bytes
        };
        Some(File::open(self.path(name)).map(|file| (file, bytes)))
    }

    /// Counts bytes that went out.
    pub(super) fn went(&self, name: &BlobName, bytes: u64) {
        let mut state = self.lock();
        if let Some(count) = state.touch(name) {
            count.bytes_got += bytes;
        }
    }

    /// Begins a blob that is not here.
    ///
    /// # Errors
    /// If there is no room, or no file can be made.
    pub(super) fn begin(self: &Arc<Self>) -> io::Result<Draft> {
        let mut place = Place { shelf: Arc::clone(self), bytes: 0 };
        place.grow(LEAST_BYTES).map_err(io::Error::other)?;
        let (file, path) = NamedTempFile::new_in(self.folder.path())?.into_parts();
        Ok(Draft { file: tokio::fs::File::from_std(file), path, place, written: 0 })
    }

    fn path(&self, name: &BlobName) -> PathBuf {
        self.folder.path().join(name.to_string())
    }

    /// Makes room by letting blobs go that were not used for long, oldest first.
    fn make_room(&self, state: &mut State, bytes: u64) -> Result<(), Full> {
        let full = Full { max_bytes: self.options.max_bytes };
        let wanted = state.taken.checked_add(bytes).ok_or(full)?;
        let Some(mut over) = wanted.checked_sub(self.options.max_bytes).filter(|over| *over > 0)
        else {
            return Ok(());
        };
        let mut old: Vec<(Instant, BlobName, u64)> = (state.blobs.iter())
            .filter(|(_, blob)| blob.used.elapsed() >= self.options.keep)
            .map(|(name, blob)| (blob.used, *name, blob.takes()))
            .collect();
        if old.iter().map(|(_, _, takes)| takes).sum::<u64>() < over {
            return Err(full);
        }
        old.sort_unstable();
        for (_, name, takes) in old {
            if over == 0 {
                break;
            }
            state.blobs.remove(&name);
            state.taken = state.taken.saturating_sub(takes);
            over = over.saturating_sub(takes);
            // Somebody who reads it has it open. A file that stays for another reason goes with the folder.
            let _ = std::fs::remove_file(self.path(&name));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change leaves the state whole, so a panic of another holder does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that are taken, and files in the folder.
    #[cfg(test)]
    fn taken(&self) -> (u64, usize) {
        let files = std::fs::read_dir(self.folder.path()).unwrap().count();
        (self.lock().taken, files)
    }
}

impl State {
    fn touch(&mut self, name: &BlobName) -> Option<&mut Count> {
        let blob = self.blobs.get_mut(name)?;
        blob.used = Instant::now();
        Some(&mut blob.count)
    }
}

/// Room that is taken for a blob that is being put; it is free again if the blob does not come.
#[derive(Debug)]
struct Place {
    shelf: Arc<Shelf>,
    bytes: u64,
}

impl Place {
    /// Takes more, so that it is `bytes` altogether.
    fn grow(&mut self, bytes: u64) -> Result<(), Full> {
        let more = bytes.saturating_sub(self.bytes);
        let mut state = self.shelf.lock();
        self.shelf.make_room(&mut state, more)?;
        state.taken += more;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.shelf.lock();
        state.taken = state.taken.saturating_sub(self.bytes);
    }
}

/// A blob that is being put. It leaves nothing behind if it is dropped.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) file: tokio::fs::File,
    path: TempPath,
    place: Place,
    written: u64,
}

impl Draft {
    /// Takes room for more bytes.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<(), Full> {
        let written = self.written.saturating_add(bytes);
        self.place.grow(written)?;
        self.written = written;
        Ok(())
    }

    /// Puts the finished file on the shelf. The file must have been flushed.
    ///
    /// # Errors
    /// If it cannot be moved to its name.
    pub(super) fn finish(self, name: BlobName) -> io::Result<bool> {
        let Draft { file, path, mut place, written } = self;
        drop(file);
        let shelf = Arc::clone(&place.shelf);
        let mut state = shelf.lock();
        let stored = !state.blobs.contains_key(&name);
        if stored {
            path.persist(shelf.path(&name)).map_err(|error| error.error)?;
            // The room is the blob's from now on.
            place.bytes = 0;
        }
        let blob = state.blobs.entry(name).or_insert_with(|| {
            let count = Count { bytes: written, ..Count::default() };
            Blob { used: Instant::now(), count }
        });
        blob.used = Instant::now();
        blob.count.puts += 1;
        blob.count.bytes_put += written;
        drop(state);
        Ok(stored)
    }
}

#[cfg(test)]
mod tests;
