//! Places of one kind, as many as a test needs.

use flowproof_state::{Bucket, Place};

use super::{Buckets, Memory};

pub(crate) trait Places {
    type Place: Place + Clone + 'static;

    /// A place that nobody has used.
    fn fresh(&self) -> Self::Place;

    /// Waits until what was dropped is given free.
    async fn settle(&self) {}
}

/// Places in memory.
#[derive(Debug)]
pub(crate) struct InMemory;

impl Places for InMemory {
    type Place = Memory;

    fn fresh(&self) -> Memory {
        Memory::default()
    }
}

impl Places for Buckets {
    type Place = Bucket;

    fn fresh(&self) -> Bucket {
        Buckets::fresh(self)
    }

    async fn settle(&self) {
        self.s3.cleaned_up().await;
    }
}
