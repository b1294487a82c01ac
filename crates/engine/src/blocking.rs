//! The same questions for programs without an async runtime.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;

use flowproof_evidence::Peer;
use flowproof_intel::Matcher;
use tokio::runtime::{Builder, Runtime};

use crate::answer::Answer;
use crate::builder::SessionBuilder;
use crate::error::EngineError;
use crate::listed::Listed;
use crate::session;
use crate::subject::{SubjectQuestion, SubjectTraffic};
use crate::volumes::{Key, Rows, VolumeFilter};

/// Bytes of stack that threads may use; what is not used costs nothing. Plans are trees, and a query of thousands of
/// ORs is a deep one.
const DEEP_STACK: usize = 256 << 20;

/// A [`Session`](crate::Session) with a runtime of its own: each call returns when the answer is there.
///
/// Within an async program the calls work too, and hold up the thread that they are made on.
#[derive(Debug)]
pub struct Session {
    session: session::Session,
    runtime: OwnRuntime,
}

impl Session {
    /// The session itself, for what needs no waiting.
    #[must_use]
    pub fn as_async(&self) -> &session::Session {
        &self.session
    }

    /// As [`Session::volumes`](crate::Session::volumes).
    ///
    /// # Errors
    ///
    /// Those of [`Session::volumes`](crate::Session::volumes).
    pub fn volumes(
        &self,
        keys: &[Key],
        filter: &VolumeFilter,
    ) -> Result<Answer<Rows>, EngineError> {
        self.wait_for(self.session.volumes(keys, filter))
    }

    /// As [`Session::listed`](crate::Session::listed).
    ///
    /// # Errors
    ///
    /// Those of [`Session::listed`](crate::Session::listed).
    pub fn listed(
        &self,
        matcher: Arc<Matcher>,
        internal: bool,
    ) -> Result<Answer<Listed>, EngineError> {
        self.wait_for(self.session.listed(matcher, internal))
    }

    /// As [`Session::subject`](crate::Session::subject).
    ///
    /// # Errors
    ///
    /// Those of [`Session::subject`](crate::Session::subject).
    pub fn subject(
        &self,
        question: &SubjectQuestion,
        matcher: Option<&Matcher>,
    ) -> Result<Answer<SubjectTraffic>, EngineError> {
        self.wait_for(self.session.subject(question, matcher))
    }

    /// As [`Session::peers`](crate::Session::peers).
    ///
    /// # Errors
    ///
    /// Those of [`Session::peers`](crate::Session::peers).
    pub fn peers(&self, remotes: &BTreeSet<IpAddr>) -> Result<Vec<Peer>, EngineError> {
        self.wait_for(self.session.peers(remotes))
    }

    /// As [`Session::query`](crate::Session::query).
    ///
    /// # Errors
    ///
    /// Those of [`Session::query`](crate::Session::query).
    pub fn query(
        &self,
        sql: &str,
        matcher: Option<Arc<Matcher>>,
    ) -> Result<Answer<Rows>, EngineError> {
        self.wait_for(self.session.query(sql, matcher))
    }

    fn wait_for<T: Send>(
        &self,
        answer: impl Future<Output = Result<T, EngineError>> + Send,
    ) -> Result<T, EngineError> {
        self.runtime.wait_for(answer)
    }
}

impl SessionBuilder {
    /// As [`SessionBuilder::open`], for programs without an async runtime.
    ///
    /// # Errors
    ///
    /// Those of [`SessionBuilder::open`], and [`EngineError::Runtime`] if the system gives no threads.
    pub fn open_blocking(self) -> Result<Session, EngineError> {
        let runtime = OwnRuntime::new()?;
        let session = runtime.wait_for(self.open())?;
        Ok(Session { session, runtime })
    }
}

/// Waits for a question of an async session, on a runtime and a deep stack of its own.
///
/// # Errors
///
/// Those of the question, and [`EngineError::Runtime`] if the system gives no threads.
pub fn wait_for<T: Send>(
    question: impl Future<Output = Result<T, EngineError>> + Send,
) -> Result<T, EngineError> {
    OwnRuntime::new()?.wait_for(question)
}

/// A runtime that can be waited for, and dropped, wherever it is.
#[derive(Debug)]
struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    fn new() -> Result<OwnRuntime, EngineError> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.thread_stack_size(DEEP_STACK).enable_all().build();
        Ok(OwnRuntime(Some(runtime.map_err(EngineError::Runtime)?)))
    }

    /// Waits on a thread of its own, since one that belongs to an async runtime is not allowed to.
    fn wait_for<T: Send>(
        &self,
        answer: impl Future<Output = Result<T, EngineError>> + Send,
    ) -> Result<T, EngineError> {
        let Some(runtime) = &self.0 else {
            return Err(EngineError::Runtime(ErrorKind::Other.into()));
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(DEEP_STACK);
            let waits = thread.spawn_scoped(scope, || runtime.block_on(answer));
            let waited = waits.map_err(EngineError::Runtime)?.join();
            waited.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for OwnRuntime {
    /// What is still being listed is not waited for; within an async runtime that would not be allowed either.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
