//! Reading what waits, a batch at a time.

use std::any::Any;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use flowproof_evidence::{Coverage, Sample, SampleKind};
use flowproof_source::Location;
use flowproof_state::{Delta, FindingRow, ReadObject as Known, Trouble};
use jiff::{SignedDuration, Timestamp};

use super::candidate::{Candidate, ends_within_a_line};
use super::error::IncrementError;
use super::look::Look;
use super::rows::finding_rows;
use super::{Increment, SWEPT};
use crate::answer::{Answer, ReadObject};
use crate::listed::Listed;
use crate::scan::is_on_its_way;
use crate::session::Session;

/// How large a batch may be.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Objects.
    pub objects: usize,
    /// Bytes as stored. A larger object is a batch by itself.
    pub bytes: u64,
}

impl Default for BatchLimits {
    /// 4,096 objects, and 1 GiB.
    fn default() -> BatchLimits {
        BatchLimits { objects: 4096, bytes: 1 << 30 }
    }
}

/// What reading one batch came to.
#[derive(Debug, Clone, Default)]
pub struct BatchTold {
    /// What was read and what could not be.
    pub coverage: Coverage,
    /// Objects that are known now and were not before, not in this edition, or not under these lists.
    pub read: u64,
    /// The latest stamp in the names of the objects that were read.
    pub newest: Option<Timestamp>,
    /// Objects that there was trouble with.
    pub trouble: Vec<Trouble>,
}

/// Is shown each session that reads, and holds what it gives back as long as that goes on.
pub type Watch<'w> = &'w dyn Fn(&Session) -> Box<dyn Any>;

/// The kind of trouble of an object that ends the reading of its batch.
pub(super) const FAILED: &str = "failed";

/// Objects that may each end a batch of theirs in one run. If more do, it is not for what is in them.
const MOST_FAILED: usize = 64;

/// A file that was written to so short a time ago may still be being written.
const YOUNG: SignedDuration = SignedDuration::from_secs(120);

impl Increment<'_> {
    /// Reads the next objects that wait, and commits what they come to; `None` if none wait.
    ///
    /// An object that ends the reading of its batch, or whose sums do not fit, is found by halves and
    /// left out: it stays unknown, and is told as trouble.
    ///
    /// # Errors
    ///
    /// What the state says, and whatever ends the reading for any object.
    pub async fn read(
        &mut self,
        look: &mut Look,
        limits: BatchLimits,
        watch: Watch<'_>,
    ) -> Result<Option<BatchTold>, IncrementError> {
        let Some((batch, recounted)) = next_batch(look, limits) else { return Ok(None) };
        let mut told = BatchTold::default();
        let mut parts = vec![batch];
        let mut failed = 0;
        while let Some(part) = parts.pop() {
            let error = match self.read_part(part.clone(), recounted, watch, &mut told).await {
                Ok(()) => continue,
                Err(error) if error.is_of_objects() => error,
                Err(error) => return Err(error),
            };
            if let [only] = &part[..] {
                failed += usize::from(!error.is_overflow());
                self.give_up(only, &error, failed, &mut told).await?;
            } else {
                let (first, second) = part.split_at(part.len() / 2);
                // The last is the next.
                parts.extend([second.to_vec(), first.to_vec()]);
            }
        }
        told.coverage.settle_samples();
        Ok(Some(told))
    }

    /// Notes how far old days were listed, and which troubled objects are gone. Every run does so at its end.
    #[must_use]
    pub fn notes(look: &Look) -> Delta {
        Delta {
            notes: [(SWEPT.to_owned(), look.swept.clone())].into(),
            settled: look.gone.clone(),
            ..Delta::default()
        }
    }

    /// Reads objects and commits them, all or none of them.
    async fn read_part(
        &mut self,
        mut part: Vec<Candidate>,
        recounted: bool,
        watch: Watch<'_>,
        told: &mut BatchTold,
    ) -> Result<(), IncrementError> {
        let mut trouble = Vec::new();
        let (mut coverage, mut read, mut rows) = (Coverage::default(), Vec::new(), Vec::new());
        // Each round leaves out objects, so there is an end to it.
        while !part.is_empty() {
            let answer = self.answer(&part, watch).await?;
            let judged = Judged::of(&answer, &part);
            if judged.spoiled.is_empty() {
                rows = finding_rows(&answer.value.rows, self.matcher, recounted);
                read = judged.read;
                trouble.extend(judged.trouble);
                coverage = merged(coverage, answer.coverage);
                break;
            }
            // Some of their records are in the sums, and are to count with all of the object.
            part.retain(|candidate| !judged.spoiled.contains_key(&candidate.object.key));
            judged.spoiled.values().for_each(|trouble| add_trouble(&mut coverage, trouble));
            trouble.extend(judged.spoiled.into_values());
        }
        told.read += self.commit(read, rows, trouble.clone()).await?;
        let stamps = part.iter().filter_map(|candidate| candidate.object.layout.as_ref()?.stamp);
        told.newest = told.newest.max(stamps.max());
        told.trouble.extend(trouble);
        told.coverage = merged(std::mem::take(&mut told.coverage), coverage);
        Ok(())
    }

    async fn answer(
        &self,
        part: &[Candidate],
        watch: Watch<'_>,
    ) -> Result<Answer<Listed>, IncrementError> {
        let objects = part.iter().map(|candidate| candidate.object.clone()).collect();
        let session = Session::of(objects, self.selection, self.options.clone())?;
        let shown = watch(&session);
        let answer = session.listed(Arc::clone(self.matcher), self.include_internal).await?;
        drop(shown);
        Ok(answer)
    }

    /// Commits what a part came to; how many objects are known since.
    async fn commit(
        &mut self,
        read: Vec<(String, Known)>,
        rows: Vec<FindingRow>,
        trouble: Vec<Trouble>,
    ) -> Result<u64, IncrementError> {
        let mut settled = Vec::new();
        let known: HashSet<&str> = read.iter().map(|(key, _)| key.as_str()).collect();
        for was in self.state.trouble().await? {
            if known.contains(was.object.as_str()) {
                settled.push(was.object.clone());
            }
        }
        let delta = Delta {
            lists: self.lists.to_owned(),
            read: read.into_iter().map(|(_, known)| known).collect(),
            rows,
            trouble,
            settled,
            ..Delta::default()
        };
        let commit = self.state.commit(delta).await?;
        if self.state.is_compaction_due() {
            self.state.compact().await?;
        }
        Ok(commit.new + commit.replaced + commit.again)
    }

    /// Notes an object that cannot be read with others or alone.
    async fn give_up(
        &mut self,
        candidate: &Candidate,
        error: &IncrementError,
        failed: usize,
        told: &mut BatchTold,
    ) -> Result<(), IncrementError> {
        let (object, reason) = (candidate.object.key.clone(), error.to_string());
        if failed > MOST_FAILED {
            return Err(IncrementError::TooMany { failed, read: told.read, object, reason });
        }
        let trouble = Trouble { object, kind: FAILED.to_owned(), reason, tried: 1 };
        self.commit(Vec::new(), Vec::new(), vec![trouble.clone()]).await?;
        add_trouble(&mut told.coverage, &trouble);
        told.trouble.push(trouble);
        Ok(())
    }
}

/// What became of the objects of a part.
#[derive(Debug, Default)]
struct Judged {
    /// Objects that were read as far as they will ever be.
    read: Vec<(String, Known)>,
    /// What is wrong with them, and with those of which nothing was read.
    trouble: Vec<Trouble>,
    /// Objects of which a part is in the sums, and which may be whole the next time.
    spoiled: BTreeMap<String, Trouble>,
}

impl Judged {
    fn of(answer: &Answer<Listed>, part: &[Candidate]) -> Judged {
        let by_key: HashMap<&str, &Candidate> =
            part.iter().map(|candidate| (candidate.object.key.as_str(), candidate)).collect();
        let now = Timestamp::now();
        let mut judged = Judged::default();
        for read in answer.objects.iter() {
            if let Some(candidate) = by_key.get(read.object.key.as_str()) {
                judged.add(&read, candidate, now);
            }
        }
        judged
    }

    fn add(&mut self, read: &ReadObject, candidate: &Candidate, now: Timestamp) {
        let key = &read.object.key;
        let trouble = |kind: &str, reason: &str| Trouble {
            object: key.clone(),
            kind: kind.to_owned(),
            reason: reason.to_owned(),
            tried: 1,
        };
        let (kind, reason) = (read.outcome, read.reason());
        let known = Known { shelf: candidate.shelf, identity: candidate.identity };
        if candidate.has_changed() {
            let reason = "it was written to while it was read: the next run reads it";
            self.spoiled.insert(key.clone(), trouble("changing", reason));
            return;
        }
        match kind {
            "read" if is_open(read, candidate, now) => {
                let reason = "it ends within a line: it may still be being written";
                self.spoiled.insert(key.clone(), trouble("changing", reason));
            }
            "read" | "empty" => self.read.push((key.clone(), known)),
            "truncated" | "corrupt" if is_young(candidate, now) => {
                let reason = format!("{reason}: it may still be being written");
                self.spoiled.insert(key.clone(), trouble("changing", &reason));
            }
            "truncated" | "corrupt" if is_on_its_way(reason) => {
                self.spoiled.insert(key.clone(), trouble(kind, reason));
            }
            // What they hold now is all that they will ever hold.
            "truncated" | "corrupt" | "unsupported" | "not_a_flow_log" | "duplicate" => {
                self.read.push((key.clone(), known));
                self.trouble.push(trouble(kind, reason));
            }
            _ if read.tally.counts.ok > 0 => {
                self.spoiled.insert(key.clone(), trouble(kind, reason));
            }
            _ => self.trouble.push(trouble(kind, reason)),
        }
    }
}

/// The next objects that wait, all new or all replaced; and which.
fn next_batch(look: &mut Look, limits: BatchLimits) -> Option<(Vec<Candidate>, bool)> {
    let (first, is_replaced) = look.waiting.pop()?;
    let mut bytes = first.object.size;
    let mut batch = vec![first];
    while batch.len() < limits.objects
        && let Some((next, kind)) = look.waiting.last()
        && *kind == is_replaced
        && bytes.saturating_add(next.object.size) <= limits.bytes
    {
        bytes += next.object.size;
        batch.extend(look.waiting.pop().map(|(next, _)| next));
    }
    Some((batch, is_replaced))
}

/// Two coverages as one.
fn merged(mut all: Coverage, more: Coverage) -> Coverage {
    all.objects.merge(&more.objects);
    all.records.merge(&more.records);
    all.samples.extend(more.samples);
    all.settle_samples();
    all
}

/// Counts an object that was left out of its batch.
fn add_trouble(coverage: &mut Coverage, trouble: &Trouble) {
    let objects = &mut coverage.objects;
    let (count, kind) = match trouble.kind.as_str() {
        "vanished" => (&mut objects.vanished, SampleKind::Vanished),
        "truncated" => (&mut objects.truncated, SampleKind::Truncated),
        "corrupt" => (&mut objects.corrupt, SampleKind::Corrupt),
        "denied" => (&mut objects.denied, SampleKind::Denied),
        FAILED => (&mut objects.unsupported, SampleKind::Unsupported),
        _ => (&mut objects.unreachable, SampleKind::Unreachable),
    };
    *count += 1;
    let (object, reason) = (trouble.object.clone(), trouble.reason.clone());
    coverage.samples.push(Sample { kind, object, line: None, reason });
}

fn is_young(candidate: &Candidate, now: Timestamp) -> bool {
    candidate.modified.is_some_and(|modified| now.duration_since(modified).abs() < YOUNG)
}

/// Whether a young plain file ends within a line: what was read of that line may be a part of it.
fn is_open(read: &ReadObject, candidate: &Candidate, now: Timestamp) -> bool {
    let Location::Local(path) = &candidate.object.location else { return false };
    read.encoding == Some("plain") && is_young(candidate, now) && ends_within_a_line(path)
}
