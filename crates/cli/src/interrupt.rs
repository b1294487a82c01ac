//! What happens when somebody ends a run: it stops, says how far it had come, and leaves nothing half
//! written.

use std::future::Future;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::Result;
use flowproof_engine::{Found, Progress, Session};
use flowproof_report::{counted, exact_bytes, thousands};
use flowproof_source::s3::S3;
use tokio::sync::{Notify, oneshot};

use crate::exit::Exit;

/// What does not stop by itself within this time is ended with the process.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Why there is no answer: the run was ended from outside.
#[derive(Debug, thiserror::Error)]
#[error("{covered}")]
pub(crate) struct Interrupted {
    /// The exit code that tells by which signal.
    pub(crate) exit: Exit,
    covered: String,
}

/// How far the run has come, for the message if it is ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Covered {
    watched: Arc<Mutex<Option<Watched>>>,
    /// Whether a run that is ended goes on to a place where it can stop, and whether it was ended.
    is_soft: Arc<AtomicBool>,
    ending: Arc<(AtomicBool, Notify)>,
    ended_by: Arc<OnceLock<Exit>>,
    /// Through which a run that writes to a bucket removes there what is of no use any more.
    cleaning: Arc<OnceLock<S3>>,
}

#[derive(Debug)]
struct Watched {
    progress: Arc<Progress>,
    found: Found,
}

impl Covered {
    /// Watches the questions of a session.
    pub(crate) fn watch(&self, session: &Session) {
        let watched = Watched { progress: session.progress(), found: session.found() };
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(watched);
    }

    /// Waits for what is removed through this connection, if the run is ended.
    pub(crate) fn cleans_up(&self, s3: &S3) {
        self.cleaning.get_or_init(|| s3.clone());
    }

    /// Lets the run stop by itself when it is ended; if it is ended again, it is stopped.
    pub(crate) fn ends_softly(&self) {
        self.is_soft.store(true, Ordering::Relaxed);
    }

    /// Whether the run was ended, and is to stop where it can.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.0.load(Ordering::Relaxed)
    }

    /// By what the run was ended.
    pub(crate) fn ended_by(&self) -> Option<Exit> {
        self.ended_by.get().copied()
    }

    /// Waits; whether the run was ended meanwhile, or before.
    pub(crate) async fn ends_within(&self, time: Duration) -> bool {
        let (is_ending, told) = &*self.ending;
        let ended = async {
            let told = told.notified();
            if !is_ending.load(Ordering::Relaxed) {
                told.await;
            }
        };
        tokio::time::timeout(time, ended).await.is_ok()
    }

    async fn cleaned_up(&self) {
        if let Some(s3) = self.cleaning.get() {
            s3.cleaned_up().await;
        }
    }

    fn text(&self) -> String {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Watched { progress, found }) = &*watched else {
            return "interrupted before a log was read; there is no answer".to_owned();
        };
        // A question may take two readings; each counts what it reads.
        format!(
            "interrupted; there is no answer. Read so far: {} ({}), of {} found ({})",
            counted(progress.objects(), "object", "objects"),
            exact_bytes(progress.bytes()),
            thousands(found.objects()),
            exact_bytes(found.bytes()),
        )
    }
}

/// Runs a command until it ends or is ended. What it holds (files that are not whole, requests that are
/// under way) is given up.
///
/// # Errors
///
/// Those of the command, and [`Interrupted`].
pub(crate) async fn unless_interrupted(
    covered: &Covered,
    command: impl Future<Output = Result<Exit>>,
) -> Result<Exit> {
    let (sender, ended) = oneshot::channel();
    let watch = tokio::spawn(watch(sender, covered.clone()));
    let result = tokio::select! {
        biased;
        result = command => result,
        // The command is dropped by then, and what it left to be done has begun.
        Ok(exit) = ended => {
            covered.cleaned_up().await;
            Err(Interrupted { exit, covered: covered.text() }.into())
        }
    };
    watch.abort();
    result
}

/// Waits for a signal, tells `sender`, and ends the process if nobody stops for it. It runs on a thread of
/// its own: the command may be in the middle of something.
async fn watch(sender: oneshot::Sender<Exit>, covered: Covered) {
    let Some(mut exit) = signal().await else { return };
    if covered.is_soft.load(Ordering::Relaxed) {
        let _ = covered.ended_by.set(exit);
        covered.ending.0.store(true, Ordering::Relaxed);
        covered.ending.1.notify_waiters();
        // If standard error is gone there is nobody left to tell.
        let _ =
            writeln!(anstream::stderr(), "note: ending after this batch; once more ends at once");
        let Some(again) = signal().await else { return };
        exit = again;
    }
    // The command is over if nobody listens.
    if sender.send(exit).is_err() {
        return;
    }
    tokio::time::sleep(PATIENCE).await;
    // Whoever held the stream does not answer any more; if it is gone there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "error: {}", covered.text());
    std::process::exit(exit as i32);
}

/// The next signal to end; `None` if this system cannot tell.
#[cfg(unix)]
async fn signal() -> Option<Exit> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).ok()?;
    let mut terminate = signal(SignalKind::terminate()).ok()?;
    tokio::select! {
        _ = interrupt.recv() => Some(Exit::Interrupted),
        _ = terminate.recv() => Some(Exit::Terminated),
    }
}

#[cfg(not(unix))]
async fn signal() -> Option<Exit> {
    tokio::signal::ctrl_c().await.ok()?;
    Some(Exit::Interrupted)
}
