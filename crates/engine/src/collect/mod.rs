//! `collect`: a selection rewritten as sorted Parquet, so that it can be asked again and again at
//! little cost.
//!
//! The objects of one account, Region and day ([`Place`]) become one file, a *holder* (see
//! [`crate::held`]): DataFusion sorts their records ([`rows`]), [`write`](mod@write) encodes them, and
//! the footer gets the manifest. A file gets its name when it is whole and on the disk; until the run
//! is over, the set says which objects are still to come ([`set`]).

mod place;
mod rows;
mod set;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use flowproof_source::{Object, Skipped};

use crate::answer::Answer;
use crate::catalog::Whole;
use crate::error::EngineError;
use crate::held::home_of;
use crate::scan::ScanTold;
use crate::session::Session;
use place::Place;
use set::{Set, is_same};

/// What a collection came to.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// The files that were written, in the order of their places.
    pub files: Vec<CollectedFile>,
    /// Objects that the set had before, unchanged.
    pub had: u64,
}

/// One file of a collected set.
#[derive(Debug, Clone)]
pub struct CollectedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Objects whose records it holds.
    pub objects: u64,
    /// Bytes of these objects as they are stored.
    pub object_bytes: u64,
    /// Records in it, whatever their status.
    pub rows: u64,
    /// Its own size in bytes.
    pub bytes: u64,
}

/// What goes into one file.
#[derive(Debug, Default)]
struct Share {
    /// The numbers of the objects, in the order of their keys.
    objects: Vec<usize>,
    skipped: Vec<Skipped>,
}

impl Session {
    /// Rewrites the session's objects, whole, as Parquet files in the folder `target`, one for each
    /// account, Region and day. The session's window chooses objects and no records.
    ///
    /// Objects that the set has already are not written again. A run that is interrupted leaves no
    /// part of a file, and a set that tells which objects it lacks; the next run takes them up.
    /// The selection must have been listed with
    /// [`all_skipped`](flowproof_source::Selection::all_skipped), or what was passed over is not told
    /// of the set as it is of its objects.
    ///
    /// # Errors
    ///
    /// [`EngineError::Collect`] if the folder cannot be written, lies among the logs, is held by
    /// another run, or has another version of an object; [`EngineError::Query`] if reading fails as a
    /// whole.
    pub async fn collect(&self, target: &Path) -> Result<Answer<Collected>, EngineError> {
        set::check_target(target, self.places())?;
        let set = Set::open(target)?;
        let mut collected = Collected::default();
        let mut told = ScanTold { digests: true, ..ScanTold::default() };
        let mut shares = self.shares(self.whole().await?);
        for (place, share) in &mut shares {
            collected.had += self.leave_out_what_is_there(&set, place, share, &mut told).await?;
        }
        shares.retain(|_, share| !share.objects.is_empty() || !share.skipped.is_empty());
        let to_come: Vec<usize> =
            shares.values().flat_map(|share| share.objects.iter().copied()).collect();
        let to_come = || to_come.iter().map(|idx| self.catalog().object(*idx));
        set.begin(to_come()).await?;
        for (place, share) in &shares {
            let (file, of_share) = self.collect_share(&set, place, share).await?;
            collected.files.extend(file);
            told.objects.extend(of_share.objects.iter());
        }
        set.end(to_come()).await?;
        self.answer(collected, told).await
    }

    /// What goes where.
    fn shares(&self, whole: &Whole) -> BTreeMap<Place, Share> {
        let mut shares: BTreeMap<Place, Share> = BTreeMap::new();
        for (idx, object) in self.catalog().by_key(whole) {
            let place = Place::of(object.layout.as_ref());
            shares.entry(place).or_default().objects.push(idx);
        }
        for skipped in &whole.listing.skipped {
            let layout = flowproof_source::key_layout(&skipped.key);
            let place = Place::of(layout.as_ref());
            shares.entry(place).or_default().skipped.push(skipped.clone());
        }
        shares
    }

    /// Takes out of a share what the set has already, and tells of it what the set tells. Gives how
    /// many objects that are.
    async fn leave_out_what_is_there(
        &self,
        set: &Set,
        place: &Place,
        share: &mut Share,
        told: &mut ScanTold,
    ) -> Result<u64, EngineError> {
        let mut had = 0;
        let there = set.holders_at(place).await?;
        for (path, manifest) in &there {
            let skipped: BTreeSet<Skipped> = manifest.skipped().collect();
            share.skipped.retain(|other| !skipped.contains(other));
            let numbers = manifest.numbers();
            let mut objects = Vec::new();
            for idx in std::mem::take(&mut share.objects) {
                let object = &self.catalog().object(idx);
                let known = numbers.get(&home_of(object)).copied();
                let known = known.filter(|number| manifest.sources[*number].is_read());
                match known {
                    None => objects.push(idx),
                    Some(number) if is_same(object, &manifest.sources[number]).await? => {
                        told.objects.insert(idx, manifest.report(number));
                        had += 1;
                    }
                    Some(_) => return Err(another_version(object, path)),
                }
            }
            share.objects = objects;
        }
        Ok(had)
    }
}

fn another_version(object: &Object, holder: &Path) -> EngineError {
    EngineError::Collect {
        place: holder.display().to_string(),
        reason: format!(
            "it holds another version of {}; remove this file, and all that it holds is collected anew",
            object.key
        ),
    }
}
