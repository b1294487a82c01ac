//! One partition of a scan: its objects read one after the other.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use flowproof_source::s3::S3FailureKind;
use flowproof_source::{Chunks, SourceError, open_with};
use tokio::sync::oneshot;

use super::ahead::{self, Ahead, Turn};
use super::plan::{ScanPlan, SharedSums};
use super::shape::{Shaper, lock};
use super::step::{Buffers, Next, Work};
use super::tasks::{Task, Tasks};
use super::{Outcome, ScanContext};
use crate::parquet::{HeldPart, ParquetObject, is_parquet};

/// Reads objects and hands out their batches.
#[derive(Debug)]
pub(super) struct Partition {
    plan: Arc<ScanPlan>,
    ahead: Ahead,
    current: Option<Current>,
    ready: VecDeque<RecordBatch>,
    task: Arc<TaskContext>,
    /// What is used for one object after the other.
    buffers: Buffers,
    sums: Option<SharedSums>,
    is_begun: bool,
}

/// The object that is being read.
#[derive(Debug)]
enum Current {
    Text(Chunks, Box<Work>),
    Parquet(Box<ParquetObject>),
    Part(Box<HeldPart>),
}

impl Partition {
    pub(super) fn new(plan: Arc<ScanPlan>, tasks: Arc<Tasks>, task: Arc<TaskContext>) -> Partition {
        let (current, ready) = (None, VecDeque::new());
        let buffers = Buffers::default();
        let sums = plan.sums();
        let ahead = Ahead::new(tasks);
        Partition { plan, ahead, current, ready, task, buffers, sums, is_begun: false }
    }

    /// The next batch; `None` at the end. That it came to its end is told: a reading that nobody follows to there has
    /// not told all that its records taught.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        if !std::mem::replace(&mut self.is_begun, true) {
            self.plan.context.report.begin();
        }
        let next = self.next_gathered().await?;
        if next.is_none() {
            self.plan.context.report.end();
        }
        Ok(next)
    }

    async fn next_gathered(&mut self) -> Result<Option<RecordBatch>> {
        if self.plan.context.kept.is_none() {
            return self.next_as_read().await;
        }
        // Of each object there may be few rows, and each batch has its cost.
        let (mut batches, mut rows) = (Vec::new(), 0);
        while rows < self.plan.context.batch_rows
            && let Some(batch) = self.next_as_read().await?
        {
            rows += batch.num_rows();
            batches.push(batch);
        }
        let Some(first) = batches.first() else { return Ok(None) };
        Ok(Some(concat_batches(&first.schema(), &batches)?))
    }

    async fn next_as_read(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            if let Some(sums) = &self.sums {
                self.ready.extend(lock(sums).drain_many()?);
            }
            match self.current.take() {
                Some(Current::Text(chunks, work)) => self.advance(chunks, *work).await?,
                Some(Current::Parquet(mut object)) => {
                    if let Some(batch) = object.next().await? {
                        self.ready.push_back(batch);
                        self.current = Some(Current::Parquet(object));
                    }
                }
                Some(Current::Part(mut part)) => {
                    if let Some(batch) = part.next().await? {
                        self.ready.push_back(batch);
                        self.current = Some(Current::Part(part));
                    }
                }
                None => match self.ahead.next(&self.plan.context).await? {
                    Some(Turn::Opened(object_idx, opened)) => {
                        self.begin(object_idx, opened).await?
                    }
                    Some(Turn::Task(Task::Object(object_idx))) => self.open(object_idx).await?,
                    Some(Turn::Task(Task::Part(part))) => {
                        let (plan, task) = (Arc::clone(&self.plan), Arc::clone(&self.task));
                        let part = HeldPart::open(plan, *part, self.sums.clone(), task).await?;
                        self.current = Some(Current::Part(Box::new(part)));
                    }
                    None => return self.end(),
                },
            }
        }
    }

    /// What was learned from all objects, and the last sums.
    fn end(&mut self) -> Result<Option<RecordBatch>> {
        if let Some(witness) = self.buffers.witness.take() {
            self.plan.context.report.learn(witness.into_learner());
        }
        let Some(sums) = self.sums.take() else { return Ok(None) };
        let mut sums = lock(&sums);
        self.plan.context.report.learn(sums.take_learner());
        sums.drain()
    }

    async fn open(&mut self, object_idx: usize) -> Result<()> {
        if let Some(kept) = &self.plan.context.kept {
            let rows = Shaper::reshape(&self.plan, object_idx, self.sums.clone(), kept)?;
            self.ready.extend(rows);
            return Ok(());
        }
        let options = ahead::options(&self.plan.context, object_idx);
        let opened = open_with(&self.plan.context.catalog.object(object_idx), options).await;
        self.begin(object_idx, opened).await
    }

    /// Begins with an object that is open, or could not be opened.
    async fn begin(
        &mut self,
        object_idx: usize,
        opened: Result<Chunks, SourceError>,
    ) -> Result<()> {
        let version_id = opened.as_ref().ok().and_then(|chunks| chunks.version_id());
        let version_id = version_id.map(str::to_owned);
        let shaper = || {
            let mut shaper = Shaper::new(Arc::clone(&self.plan), object_idx, self.sums.clone());
            shaper.report.version_id = version_id.clone();
            shaper
        };
        let mut work = Work::new(shaper(), std::mem::take(&mut self.buffers));
        let opened = match opened {
            Ok(mut chunks) => match chunks.take_whole() {
                Some(stored) => {
                    work.feed_whole(stored, chunks.digest());
                    self.current = Some(Current::Text(chunks, Box::new(work)));
                    return Ok(());
                }
                None => chunks.next().await.map(|first| (chunks, first)),
            },
            Err(error) => Err(error),
        };
        self.current = Some(match opened {
            // Told by the first bytes, never by the name.
            Ok((chunks, Some(first))) if is_parquet(&first) => {
                let shaper = shaper();
                self.buffers = work.into_buffers();
                let task = Arc::clone(&self.task);
                let object = ParquetObject::open(shaper, object_idx, chunks, task).await?;
                Current::Parquet(Box::new(object))
            }
            Ok((chunks, first)) => {
                match first {
                    Some(first) => work.feed(first),
                    None => work.end_input(chunks.digest()),
                }
                Current::Text(chunks, Box::new(work))
            }
            Err(error) => {
                self.ready.extend(work.end_early(outcome_of(&error)?)?);
                self.buffers = work.into_buffers();
                return Ok(());
            }
        });
        Ok(())
    }

    /// Takes the current object one step on.
    async fn advance(&mut self, mut chunks: Chunks, work: Work) -> Result<()> {
        let (mut work, batches, next) = on_rayon(&self.plan.context, work).await?;
        self.ready.extend(batches);
        match next {
            Next::Done => {
                self.buffers = work.into_buffers();
                return Ok(());
            }
            Next::Again => {}
            Next::Feed => match chunks.next().await {
                Ok(Some(chunk)) => work.feed(chunk),
                Ok(None) => work.end_input(chunks.digest()),
                Err(error) => {
                    self.ready.extend(work.end_early(outcome_of(&error)?)?);
                    self.buffers = work.into_buffers();
                    return Ok(());
                }
            },
        }
        self.current = Some(Current::Text(chunks, Box::new(work)));
        Ok(())
    }
}

/// Runs a step on a rayon thread; nothing on it ever waits.
async fn on_rayon(context: &ScanContext, mut work: Work) -> Result<(Work, Vec<RecordBatch>, Next)> {
    let (sender, receiver) = oneshot::channel();
    context.pool.spawn(move || {
        let result = work.step().map(|(batches, next)| (work, batches, next));
        // The receiver is gone only if the query was given up.
        let _ = sender.send(result);
    });
    receiver.await.map_err(|_| {
        DataFusionError::Internal("a decoding thread ended without an answer".into())
    })?
}

/// What an object comes to that cannot be read, or not on; an error if no other object can be read either.
pub(crate) fn outcome_of(error: &SourceError) -> Result<Outcome> {
    if let Some(error) = error.of_the_run() {
        return Err(DataFusionError::External(Box::new(error)));
    }
    let reason = error.to_string();
    Ok(match error {
        SourceError::Denied { .. } => Outcome::Denied(reason),
        SourceError::KmsDenied { .. } => Outcome::KmsDenied(reason),
        SourceError::Archived { .. } => Outcome::Archived(reason),
        // Where it was replaced, what was listed is gone.
        SourceError::Vanished { .. }
        | SourceError::NotFound { .. }
        | SourceError::Changed { .. } => Outcome::Vanished(reason),
        SourceError::Store { failure, .. } => match failure.kind {
            S3FailureKind::Truncated => Outcome::on_its_way(Outcome::Truncated, reason),
            S3FailureKind::Checksum => Outcome::on_its_way(Outcome::Corrupt, reason),
            _ => Outcome::Unreachable(reason),
        },
        _ => Outcome::Corrupt(reason),
    })
}
