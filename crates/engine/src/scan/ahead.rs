//! Objects in buckets are opened ahead of their turn: a request takes longer than the work on a small
//! object, so many of them must be under way. They are read as they come, so that one that is late
//! holds up no other.

use std::collections::VecDeque;
use std::io;

use datafusion::common::{DataFusionError, Result};
use flowproof_source::{Chunks, Location, OpenOptions, SourceError, open_with};
use tokio::task::JoinSet;

use super::ScanContext;
use super::step::Buffers;
use super::tasks::Task;

/// Objects that all partitions together have under way.
const OBJECTS: usize = 128;
/// Objects of a partition that are under way at least and at most.
const EACH: std::ops::RangeInclusive<usize> = 4..=64;
/// Stored bytes that all partitions together have under way.
const BYTES: u64 = 96 * 1024 * 1024;
/// What of an object is read that is not read whole: its first chunk, and what waits in the connection.
const BEGINNING: u64 = 1024 * 1024;

/// What a partition has still to do.
#[derive(Debug)]
pub(super) struct Ahead {
    tasks: VecDeque<Task>,
    /// Tasks that need not be waited for.
    here: VecDeque<Task>,
    opening: JoinSet<Opened>,
    /// Stored bytes of what is being opened, or was and waits.
    bytes: u64,
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
    pub(super) fn new(tasks: Vec<Task>) -> Ahead {
        Ahead { tasks: tasks.into(), here: VecDeque::new(), opening: JoinSet::new(), bytes: 0 }
    }

    /// The next to do, in any order; `None` once all is done.
    pub(super) async fn next(&mut self, context: &ScanContext) -> Result<Option<Turn>> {
        self.look_ahead(context);
        if let Some(task) = self.here.pop_front() {
            return Ok(Some(Turn::Task(task)));
        }
        let Some(opened) = self.opening.join_next().await else { return Ok(None) };
        // It panicked, or the runtime is shutting down.
        let opened = opened.map_err(|error| DataFusionError::IoError(io::Error::other(error)))?;
        self.bytes -= opened.bytes;
        Ok(Some(Turn::Opened(opened.object_idx, opened.chunks)))
    }

    /// Opens as many objects as may be under way.
    fn look_ahead(&mut self, context: &ScanContext) {
        let partitions = context.pool.current_num_threads().max(1);
        let objects = (OBJECTS / partitions).clamp(*EACH.start(), *EACH.end());
        while self.here.is_empty()
            && self.opening.len() < objects
            && self.bytes < BYTES / partitions as u64
            && let Some(task) = self.tasks.pop_front()
        {
            match task {
                Task::Object(object_idx) if takes_a_request(context, object_idx) => {
                    self.start(context, object_idx);
                }
                task => self.here.push_back(task),
            }
        }
    }

    fn start(&mut self, context: &ScanContext, object_idx: usize) {
        let object = context.objects[object_idx].clone();
        let options = options(context, object_idx);
        let bytes = if object.size <= options.whole_gzip { object.size } else { BEGINNING };
        self.bytes += bytes;
        self.opening.spawn(async move {
            let chunks = open_with(&object, options).await;
            Opened { object_idx, bytes, chunks }
        });
    }
}

/// Whether opening the object asks something of a store.
fn takes_a_request(context: &ScanContext, object_idx: usize) -> bool {
    let is_remote = matches!(context.objects[object_idx].location, Location::S3 { .. });
    is_remote && context.kept.is_none()
}

/// How an object is opened.
pub(super) fn options(context: &ScanContext, object_idx: usize) -> OpenOptions {
    OpenOptions { digest: context.wants_digest(object_idx), whole_gzip: Buffers::whole_limit() }
}
