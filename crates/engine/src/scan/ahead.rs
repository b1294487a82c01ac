//! Objects in buckets are opened ahead of their turn: a request takes longer than the work on a small
//! object, so many of them must be under way. They are read as they come, so that one that is late
//! holds up no other.

use std::io;
use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use flowproof_source::{Chunks, OpenOptions, SourceError, open_with};
use tokio::task::JoinSet;

use super::ScanContext;
use super::pace::Pace;
use super::step::Buffers;
use super::tasks::{Next, Task, Tasks};
use crate::catalog::Where;

/// Objects that all partitions together have under way.
const OBJECTS: usize = 128;
/// Objects of a partition that are under way at least and at most.
const EACH: std::ops::RangeInclusive<usize> = 4..=64;
/// Stored bytes that all partitions together have under way.
const BYTES: u64 = 96 * 1024 * 1024;

/// What a partition has still to do.
#[derive(Debug)]
pub(super) struct Ahead {
    tasks: Arc<Tasks>,
    /// A task that need not be waited for.
    here: Option<Task>,
    opening: JoinSet<Opened>,
    /// Stored bytes of what is being opened, or was and waits.
    bytes: u64,
    /// How many objects may be under way, once the first was asked for.
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Opened {
    object_idx: usize,
    bytes: u64,
    chunks: Result<Chunks, SourceError>,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Turn {
    /// Something of this machine's, or that was kept.
    Task(Task),
    /// An object, opened.
    Opened(usize, Result<Chunks, SourceError>),
}

impl Ahead {
    pub(super) fn new(tasks: Arc<Tasks>) -> Ahead {
        Ahead { tasks, here: None, opening: JoinSet::new(), bytes: 0, pace: None }
    }

    /// The next to do, in any order; `None` once all is done.
    pub(super) async fn next(&mut self, context: &ScanContext) -> Result<Option<Turn>> {
        loop {
            let mut changes = self.tasks.changes();
            let waits = self.look_ahead(context)?;
            if let Some(task) = self.here.take() {
                return Ok(Some(Turn::Task(task)));
            }
            tokio::select! {
                Some(opened) = self.opening.join_next() => {
                    // It panicked, or the runtime is shutting down.
                    let opened =
                        opened.map_err(|error| DataFusionError::IoError(io::Error::other(error)))?;
                    self.bytes -= opened.bytes;
                    self.keep_pace(&context.catalog.location(opened.object_idx));
                    return Ok(Some(Turn::Opened(opened.object_idx, opened.chunks)));
                }
                () = changes.wait(), if waits => {}
                else => return Ok(None),
            }
        }
    }

    /// Opens as many objects as may be under way; whether there is room for others that may come.
    fn look_ahead(&mut self, context: &ScanContext) -> Result<bool> {
        let partitions = context.pool.current_num_threads().max(1);
        let most = (OBJECTS / partitions).clamp(*EACH.start(), *EACH.end());
        let objects = self.pace.get_or_insert_with(|| Pace::new(most)).allowed();
        while self.opening.len() < objects && self.bytes < BYTES / partitions as u64 {
            match self.tasks.next()? {
                Next::Task(Task::Object(object_idx)) if takes_a_request(context, object_idx) => {
                    self.start(context, object_idx);
                }
                Next::Task(task) => {
                    self.here = Some(task);
                    break;
                }
                Next::Wait => return Ok(true),
                Next::End => break,
            }
        }
        Ok(false)
    }

    /// Goes slower if the store asked for it since.
    fn keep_pace(&mut self, location: &Where<'_>) {
        if let (Some(pace), Where::Bucket(store)) = (&mut self.pace, location) {
            pace.answered(store.s3().counts().throttled);
        }
    }

    fn start(&mut self, context: &ScanContext, object_idx: usize) {
        let object = context.catalog.object(object_idx);
        let options = options(context, object_idx);
        // A large one is not read ahead, but counts as what it is: other partitions want some as well.
        let bytes = object.size;
        self.bytes += bytes;
        self.opening.spawn(async move {
            let chunks = open_with(&object, options).await;
            Opened { object_idx, bytes, chunks }
        });
    }
}

/// Whether opening the object asks something of a store.
fn takes_a_request(context: &ScanContext, object_idx: usize) -> bool {
    let is_remote = matches!(context.catalog.location(object_idx), Where::Bucket(_));
    is_remote && context.kept.is_none()
}

/// How an object is opened.
pub(super) fn options(context: &ScanContext, object_idx: usize) -> OpenOptions {
    OpenOptions { digest: context.wants_digest(object_idx), whole_gzip: Buffers::whole_limit() }
}
