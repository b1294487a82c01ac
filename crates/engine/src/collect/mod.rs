//! `collect`: a selection rewritten as sorted Parquet, so that it can be asked again and again at
//! little cost.
//!
//! The objects of one account, Region and day ([`Place`]) become one file, a *holder* (see
//! [`crate::held`]): DataFusion sorts their records ([`rows`]), [`write`](mod@write) encodes them, and
//! the footer gets the manifest. A file gets its name when it is whole; until the run is over, the set
//! says which objects are still to come ([`set`]). Where files lie, and that one process writes them at
//! a time, is the matter of [`storage`]: a [`folder`] or a [`bucket`].

mod bucket;
mod draft;
mod folder;
mod lock;
mod place;
mod rows;
mod set;
mod storage;
mod target;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flowproof_record::{Format, FormatSource};
use flowproof_source::{Location, Object, Skipped};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::answer::Answer;
use crate::catalog::Whole;
use crate::error::EngineError;
use crate::held::{Manifest, home_of};
use crate::scan::{ObjectReport, ScanTold};
use crate::session::Session;
use place::Place;
use set::{Set, is_same, to_come};

pub use target::{BucketFolder, CollectTarget};

/// Where the lock lies, and what is not whole; listings pass over what is hidden.
const WORK: &str = ".flowproof-work";
const LOCK: &str = "lock";

/// Places of a set that are looked at together: in a bucket each takes some requests.
const AT_ONCE: usize = 16;

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
    /// Where it is: a path, or `s3://bucket/key`.
    pub key: String,
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
    /// Rewrites the session's objects, whole, as Parquet files in a folder, on this machine or in a
    /// bucket, one for each account, Region and day. The session's window chooses objects and no records.
    ///
    /// Objects that the set has already are not written again. A run that is interrupted leaves no
    /// part of a file, and a set that tells which objects it lacks; the next run takes them up.
    /// The selection must have been listed with
    /// [`all_skipped`](flowproof_source::Selection::all_skipped), or what was passed over is not told
    /// of the set as it is of its objects.
    ///
    /// In a bucket an object marks that a run is writing. If the future is dropped, that mark is removed
    /// beside the caller, who waits for it by [`S3::cleaned_up`](flowproof_source::s3::S3::cleaned_up).
    ///
    /// # Errors
    ///
    /// [`EngineError::Collect`] if the folder cannot be written, lies among the logs or around them, is
    /// held by another run, or has another version of an object; [`EngineError::Query`] if reading
    /// fails as a whole.
    pub async fn collect(
        &self,
        target: impl Into<CollectTarget>,
    ) -> Result<Answer<Collected>, EngineError> {
        let target = target.into();
        target.check(self.places())?;
        let set = Set::open(&target).await?;
        let collected = self.collect_into(&set).await;
        match (collected, set.close().await) {
            (Ok((collected, told)), Ok(())) => self.answer(collected, told).await,
            (Err(error), Ok(())) | (Ok(_), Err(error)) => Err(error),
            // The next run will be refused: whoever reads of one failure has to know of the other.
            (Err(first), Err(second)) => {
                Err(EngineError::collect(target.to_string(), format!("{first}; {second}")))
            }
        }
    }

    async fn collect_into(&self, set: &Set) -> Result<(Collected, ScanTold), EngineError> {
        let mut collected = Collected::default();
        let mut told = ScanTold { digests: true, ..ScanTold::default() };
        let mut shares = self.shares(self.whole().await?);
        let of_all = |shares: &BTreeMap<Place, Share>| -> Vec<usize> {
            shares.values().flat_map(|share| share.objects.iter().copied()).collect()
        };
        let all = of_all(&shares);
        collected.had = self.leave_out_what_is_there(set, &mut shares, &mut told).await?;
        shares.retain(|_, share| !share.objects.is_empty() || !share.skipped.is_empty());
        let lacking = of_all(&shares).into_iter().map(|idx| to_come(&self.catalog().object(idx)));
        set.begin(lacking.collect()).await?;
        for (place, share) in &shares {
            let (file, of_share) = self.collect_share(set, place, share).await?;
            collected.files.extend(file);
            told.objects.extend(of_share.objects.iter());
        }
        // Also what was there already: the run that brought it may have been cut off before it said so.
        set.end(all.into_iter().map(|idx| home_of(&self.catalog().object(idx)))).await?;
        Ok((collected, told))
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

    /// Takes out of the shares what the set has already, and tells of it what the set tells. Gives how
    /// many objects that are.
    async fn leave_out_what_is_there(
        &self,
        set: &Set,
        shares: &mut BTreeMap<Place, Share>,
        told: &mut ScanTold,
    ) -> Result<u64, EngineError> {
        let mut had = 0;
        let places: Vec<Place> = shares.keys().cloned().collect();
        let looks = places.into_iter().map(async |place| {
            let holders = set.holders_at(&place).await?;
            Ok::<_, EngineError>((place, holders))
        });
        let mut looks = stream::iter(looks).buffered(AT_ONCE);
        while let Some((place, holders)) = looks.try_next().await? {
            let Some(share) = shares.get_mut(&place) else { continue };
            for (key, manifest) in &holders {
                had += self.leave_out(key, manifest, share, told).await?;
            }
        }
        Ok(had)
    }

    /// Takes out of a share what one file has.
    async fn leave_out(
        &self,
        holder: &str,
        manifest: &Arc<Manifest>,
        share: &mut Share,
        told: &mut ScanTold,
    ) -> Result<u64, EngineError> {
        let skipped: BTreeSet<Skipped> = manifest.skipped().collect();
        share.skipped.retain(|other| !skipped.contains(other));
        let numbers = manifest.numbers();
        let (mut had, mut objects) = (0, Vec::new());
        for idx in std::mem::take(&mut share.objects) {
            let object = &self.catalog().object(idx);
            let known = numbers.get(&home_of(object)).copied();
            let known = known.filter(|number| manifest.sources[*number].is_read());
            match known {
                None => objects.push(idx),
                Some(number) if is_same(object, &manifest.sources[number]).await? => {
                    let report = manifest.report(number);
                    // What another set holds was read already, in whatever format.
                    let is_held = matches!(object.location, Location::Within { .. });
                    if !is_held && !self.reads_alike(&report) {
                        return Err(another_format(object, holder));
                    }
                    told.objects.insert(idx, report);
                    had += 1;
                }
                Some(_) => return Err(another_version(object, holder)),
            }
        }
        share.objects = objects;
        Ok(had)
    }
}

/// How a reading ends its reason that found no header and was given no format.
const FORMAT_STRING: &str = "give --format-string";

impl Session {
    /// Whether this session would have read an object in the formats in which it was read.
    fn reads_alike(&self, report: &ObjectReport) -> bool {
        let given = self.given_format();
        // It was said then what would help.
        let lacked = report.outcome.reason().ends_with(FORMAT_STRING);
        let alike = |(source, format): &(FormatSource, Format)| match source {
            FormatSource::Given => given == Some(format),
            FormatSource::AssumedDefault => given.is_none(),
            // Its own header line tells it.
            _ => true,
        };
        report.tally.formats.iter().all(alike) && !(lacked && given.is_some())
    }
}

fn another_format(object: &Object, holder: &str) -> EngineError {
    let reason = format!(
        "it holds {} as another --format-string has it, or none; remove this file, and all that it holds is collected \
         anew",
        object.key
    );
    EngineError::collect(holder, reason)
}

fn another_version(object: &Object, holder: &str) -> EngineError {
    let reason = format!(
        "it holds another version of {}; remove this file, and all that it holds is collected anew",
        object.key
    );
    EngineError::collect(holder, reason)
}
