//! Objects in buckets are opened before their turn: a request takes longer than the work on a small
//! object, so many of them must be under way.

use std::collections::{HashMap, VecDeque};

use flowproof_source::{Chunks, Location, OpenOptions, SourceError, open_with};
use tokio::task::JoinHandle;

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

/// Objects that were opened before their turn.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    opening: HashMap<usize, Opening>,
    bytes: u64,
    /// How many tasks from the front were looked at.
    looked_at: usize,
}

#[derive(Debug)]
struct Opening {
    task: JoinHandle<Result<Chunks, SourceError>>,
    bytes: u64,
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Ahead {
    /// Opens an object, whose task was the first until now, and others that come soon.
    pub(super) async fn open(
        &mut self,
        context: &ScanContext,
        object_idx: usize,
        tasks: &VecDeque<Task>,
    ) -> Result<Chunks, SourceError> {
        self.looked_at = self.looked_at.saturating_sub(1);
        let opening = self.opening.remove(&object_idx);
        if let Some(opening) = &opening {
            self.bytes -= opening.bytes;
        }
        self.look_ahead(context, tasks);
        match opening {
            Some(mut opening) => match (&mut opening.task).await {
                Ok(opened) => opened,
                Err(error) => {
                    let place = context.objects[object_idx].key.clone();
                    Err(SourceError::Io { place, source: std::io::Error::other(error) })
                }
            },
            None => open_with(&context.objects[object_idx], options(context, object_idx)).await,
        }
    }

    /// Opens as many objects as may be under way.
    fn look_ahead(&mut self, context: &ScanContext, tasks: &VecDeque<Task>) {
        let partitions = context.pool.current_num_threads().max(1);
        let objects = (OBJECTS / partitions).clamp(*EACH.start(), *EACH.end());
        while self.opening.len() < objects && self.bytes < BYTES / partitions as u64 {
            let Some(task) = tasks.get(self.looked_at) else { return };
            self.looked_at += 1;
            if let Task::Object(object_idx) = *task {
                self.start(context, object_idx);
            }
        }
    }

    /// Opens an object if that takes a request.
    fn start(&mut self, context: &ScanContext, object_idx: usize) {
        let object = &context.objects[object_idx];
        if !matches!(object.location, Location::S3 { .. }) {
            return;
        }
        let options = options(context, object_idx);
        let whole = object.size <= options.whole_gzip;
        let bytes = if whole { object.size } else { BEGINNING };
        let object = object.clone();
        let task = tokio::spawn(async move { open_with(&object, options).await });
        self.bytes += bytes;
        self.opening.insert(object_idx, Opening { task, bytes });
    }
}

fn options(context: &ScanContext, object_idx: usize) -> OpenOptions {
    OpenOptions { digest: context.wants_digest(object_idx), whole_gzip: Buffers::whole_limit() }
}
