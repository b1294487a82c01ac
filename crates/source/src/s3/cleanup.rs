//! Work that goes on when whoever began it is gone.

use std::sync::{Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// What was left to be done.
#[derive(Debug, Default)]
pub(super) struct CleanUp(Mutex<JoinSet<()>>);

impl CleanUp {
    pub(super) fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = Handle::try_current() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn_on(work, &runtime);
        }
    }

    pub(super) async fn done(&self) {
        let mut begun = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        // Not `join_all`, which passes a panic on.
        while begun.join_next().await.is_some() {}
    }
}
