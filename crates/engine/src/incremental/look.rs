//! What is there that was not read before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use flowproof_evidence::{ObjectCounts, Sample, SampleKind};
use flowproof_source::{Object, Selection, list_each};
use flowproof_state::{Known, Shelf, Standing, State};
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::mpsc;

use super::batch::FAILED;
use super::candidate::{Absent, Candidate};
use super::error::IncrementError;
use super::frontier::Frontier;
use super::{Increment, SWEPT};
use crate::answer::passed_over;

/// A place that could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlistable {
    /// As it was named.
    pub place: String,
    /// Why.
    pub reason: String,
}

/// What a listing found.
#[derive(Debug, Default)]
pub struct Look {
    /// Objects that were listed and not passed over.
    pub objects: u64,
    /// How many of them are known.
    pub known: u64,
    /// How many are new.
    pub new: u64,
    /// How many are known in another edition.
    pub replaced: u64,
    /// How many could not be read in earlier runs, and wait for a later one.
    pub postponed: u64,
    /// Day folders that are not listed in this run.
    pub skipped_days: usize,
    /// What was counted and passed over.
    pub counts: ObjectCounts,
    /// Some of what was passed over.
    pub samples: Vec<Sample>,
    /// Places that could not be listed.
    pub unlistable: Vec<Unlistable>,
    /// Objects that there was trouble with, and which are not there any more.
    pub(super) gone: Vec<String>,
    /// What is to be read, the first at the end.
    pub(super) waiting: Vec<(Candidate, bool)>,
    /// The note that the run leaves at its end.
    pub(super) swept: Option<String>,
}

impl Look {
    /// How many objects wait to be read.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// How many objects that could not be read before are tried in a run.
const MOST_RETRIED: usize = 1000;
/// How many of those that ended the reading of their batch.
const MOST_FAILED_AGAIN: usize = 16;
/// Samples of what was passed over.
const MOST_SAMPLES: usize = 1000;

impl Increment<'_> {
    /// Lists what can have changed, and finds out what of it is not known.
    ///
    /// # Errors
    ///
    /// [`IncrementError::NoPlace`] if no place could be listed, [`IncrementError::Nameless`], and what the
    /// state says.
    pub async fn look(
        &mut self,
        frontier: &Frontier,
        now: Timestamp,
    ) -> Result<Look, IncrementError> {
        let swept = self.state.notes().get(SWEPT).and_then(|day| day.parse().ok());
        let turn = frontier.turn(&self.state.days(), now, swept);
        let mut look = Look {
            skipped_days: turn.skip.len(),
            swept: turn.swept.map(|day| day.to_string()),
            ..Look::default()
        };
        let skip_days = Arc::new(turn.skip);
        let several = self.selection.wheres.len() > 1;
        let mut found = Found { met: several.then(HashSet::new), ..Found::default() };
        found.unmet = self.state.trouble().await?.map(|trouble| trouble.object.clone()).collect();
        self.list(&mut found, &skip_days, &mut look).await?;
        if let [first, ..] = &look.unlistable[..]
            && look.unlistable.len() == self.selection.wheres.len()
        {
            return Err(IncrementError::NoPlace(first.reason.clone()));
        }
        // Where everything was listed, an object that was not met is gone.
        if look.skipped_days == 0 && look.unlistable.is_empty() && look.counts.denied == 0 {
            look.gone = found.unmet.drain().collect();
            look.gone.sort();
        }
        look.waiting = self.in_order(found.waiting, &mut look.postponed).await?;
        Ok(look)
    }

    /// Lists each place by itself, but for these days: one that cannot be listed does not stop the others.
    async fn list(
        &mut self,
        found: &mut Found,
        skip_days: &Arc<BTreeSet<Date>>,
        look: &mut Look,
    ) -> Result<(), IncrementError> {
        for place in &self.selection.wheres {
            let wheres = vec![place.clone()];
            let skip_days = Arc::clone(skip_days);
            let selection = Selection { wheres, skip_days, ..self.selection.clone() };
            if let Err(reason) = found.list(&selection, self.state, look).await? {
                look.unlistable.push(Unlistable { place: place.clone(), reason });
            }
        }
        Ok(())
    }

    /// Looks at the objects with these keys (`s3://bucket/key`) and at no others, and finds out which of them
    /// are not known.
    ///
    /// # Errors
    ///
    /// As [`Increment::look`].
    pub async fn look_at(&mut self, keys: Vec<String>) -> Result<Look, IncrementError> {
        let swept = self.state.notes().get(SWEPT).cloned();
        let (mut look, mut found) = (Look { swept, ..Look::default() }, Found::default());
        if keys.is_empty() {
            return Ok(look);
        }
        let selection = Selection { wheres: keys, keys_only: true, ..self.selection.clone() };
        if let Err(reason) = found.list(&selection, self.state, &mut look).await? {
            return Err(IncrementError::NoPlace(reason));
        }
        look.waiting = self.in_order(found.waiting, &mut look.postponed).await?;
        Ok(look)
    }

    /// Lists the days from `since` on, and finds the objects that are known but were read under other lists
    /// than now; by the number of the epoch of those lists ([`Standing::Known`]).
    ///
    /// # Errors
    ///
    /// As [`Increment::look`].
    pub async fn look_again(&mut self, since: Date) -> Result<BTreeMap<u32, Look>, IncrementError> {
        let before = self.state.days().into_keys().filter(|day| *day < since).collect();
        let now = self.state.epoch_number(self.lists)?;
        let mut found = Found { again: Some((since, now)), ..Found::default() };
        found.met = (self.selection.wheres.len() > 1).then(HashSet::new);
        let skip_days = Arc::new(before);
        // What cannot be listed was told when new objects were looked for.
        self.list(&mut found, &skip_days, &mut Look::default()).await?;
        let mut looks: BTreeMap<u32, Look> = BTreeMap::new();
        for (epoch, mut waiting) in found.under_other_lists {
            waiting.sort_by(|a, b| (b.shelf, &b.object.key).cmp(&(a.shelf, &a.object.key)));
            let waiting = waiting.into_iter().map(|candidate| (candidate, false)).collect();
            looks.insert(epoch, Look { waiting, ..Look::default() });
        }
        Ok(looks)
    }

    /// What is to be read, new objects before new editions, each by shelf and key; the first at the end.
    /// Of those that could not be read before, the ones that were tried least.
    async fn in_order(
        &mut self,
        waiting: BTreeMap<(bool, Shelf), HashMap<[u8; 8], Candidate>>,
        postponed: &mut u64,
    ) -> Result<Vec<(Candidate, bool)>, IncrementError> {
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let tried: HashMap<String, (u64, bool)> = self
            .state
            .trouble()
            .await?
            .map(|trouble| (trouble.object.clone(), (trouble.tried, trouble.kind == FAILED)))
            .collect();
        let (mut fresh, mut again) = (Vec::new(), Vec::new());
        for ((is_replaced, _), of_shelf) in waiting {
            let mut of_shelf: Vec<Candidate> = of_shelf.into_values().collect();
            of_shelf.sort_by(|a, b| a.object.key.cmp(&b.object.key));
            for candidate in of_shelf {
                match tried.get(&candidate.object.key) {
                    None => fresh.push((candidate, is_replaced)),
                    Some(tried) => again.push((*tried, (candidate, is_replaced))),
                }
            }
        }
        again.sort_by_key(|(tried, _)| *tried);
        let all = again.len();
        let mut failed = 0;
        again.retain(|((_, has_failed), _)| {
            failed += usize::from(*has_failed);
            !has_failed || failed <= MOST_FAILED_AGAIN
        });
        again.truncate(MOST_RETRIED);
        *postponed = (all - again.len()) as u64;
        fresh.extend(again.into_iter().map(|(_, again)| again));
        // Stable: within one kind the order stays.
        fresh.sort_by_key(|(_, is_replaced)| *is_replaced);
        fresh.reverse();
        Ok(fresh)
    }
}

/// What is found while places are listed.
#[derive(Debug, Default)]
struct Found {
    shelves: HashMap<Shelf, Known>,
    /// Objects that there is trouble with and that were not met.
    unmet: HashSet<String>,
    /// What was met, if several places may lead to the same objects.
    met: Option<HashSet<(Shelf, [u8; 8])>>,
    /// From which day on known objects that were read under other lists than those of an epoch are kept.
    again: Option<(Date, u32)>,
    /// These, by the epoch of their lists.
    under_other_lists: BTreeMap<u32, Vec<Candidate>>,
    /// By whether it is a new edition, and by shelf; each object once.
    waiting: BTreeMap<(bool, Shelf), HashMap<[u8; 8], Candidate>>,
}

impl Found {
    /// Lists a place; why, if it cannot be listed.
    async fn list(
        &mut self,
        selection: &Selection,
        state: &mut State,
        look: &mut Look,
    ) -> Result<Result<(), String>, IncrementError> {
        // Known objects are dropped as they come: there may be millions.
        let (sender, mut objects) = mpsc::unbounded_channel();
        let listing = async move {
            // Whoever listens has gone only with an error of its own.
            list_each(selection, &(), |object| drop(sender.send(object))).await
        };
        let looking = async {
            while let Some(object) = objects.recv().await {
                self.look_up(object, state, look).await?;
            }
            Ok::<(), IncrementError>(())
        };
        let (listed, looked) = futures::join!(listing, looking);
        looked?;
        match listed {
            Ok(listing) => {
                let (counts, samples) = passed_over(&listing);
                look.counts.merge(&counts);
                look.samples.extend(samples);
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    async fn look_up(
        &mut self,
        object: Object,
        state: &mut State,
        look: &mut Look,
    ) -> Result<(), IncrementError> {
        let key = object.key.clone();
        self.unmet.remove(&key);
        let candidate = match Candidate::of(object, state)? {
            Ok(candidate) => candidate,
            Err(absent) => {
                add_absent(key, absent, look);
                return Ok(());
            }
        };
        let shelf = candidate.shelf;
        if let Some(met) = &mut self.met
            && !met.insert((shelf, candidate.identity.fingerprint()))
        {
            look.counts.listed = look.counts.listed.saturating_sub(1);
            return Ok(());
        }
        let known = match self.shelves.get(&shelf) {
            Some(known) => known,
            None => {
                let known = state.known(shelf).await?;
                self.shelves.entry(shelf).or_insert(known)
            }
        };
        let is_replaced = match known.standing(&candidate.identity) {
            Standing::Known { epoch } => {
                look.objects += 1;
                look.known += 1;
                let is_meant = |since| candidate.shelf.day().is_none_or(|day| day >= since);
                if self.again.is_some_and(|(since, now)| epoch < now && is_meant(since)) {
                    self.under_other_lists.entry(epoch).or_default().push(candidate);
                }
                return Ok(());
            }
            Standing::New => false,
            Standing::Replaced => true,
        };
        let shelf = self.waiting.entry((is_replaced, shelf)).or_default();
        if shelf.insert(candidate.identity.fingerprint(), candidate).is_none() {
            look.objects += 1;
            match is_replaced {
                false => look.new += 1,
                true => look.replaced += 1,
            }
        }
        Ok(())
    }
}

fn add_absent(object: String, absent: Absent, look: &mut Look) {
    let (count, kind, reason) = match absent {
        Absent::Gone => {
            (&mut look.counts.vanished, SampleKind::Vanished, "it went while it was listed")
        }
        Absent::Unnameable => (
            &mut look.counts.unsupported,
            SampleKind::Unsupported,
            "its name is not UTF-8, so it cannot be told from others: rename it",
        ),
    };
    *count += 1;
    if look.samples.len() < MOST_SAMPLES {
        look.samples.push(Sample { kind, object, line: None, reason: reason.to_owned() });
    }
}
