//! How a call runs: on threads that are started once in a process, without the interpreter's lock, until it
//! is through or a signal ends it.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;

/// How long a signal waits at most before it is seen.
const TICK: Duration = Duration::from_millis(50);

/// Bytes of stack that threads may use; what is not used costs nothing. Plans are trees, and a query of
/// thousands of ORs is a deep one.
const DEEP_STACK: usize = 256 << 20;

/// The threads, and the process that started them.
static RUNTIME: OnceLock<(u32, Runtime)> = OnceLock::new();

/// Waits for a question to be answered. If a signal handler raises (as that of `^C` does), the question is
/// given up, and its error is the handler's.
pub(crate) fn wait<T: Send + 'static>(
    py: Python<'_>,
    question: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> PyResult<T> {
    py.detach(|| {
        let (sender, answer) = channel();
        let task = runtime()?.spawn(async move {
            // Nobody waits any more if a signal came.
            let _ = sender.send(question.await);
        });
        loop {
            match answer.recv_timeout(TICK) {
                Ok(answer) => return Ok(answer?),
                Err(RecvTimeoutError::Timeout) => {
                    if let Err(error) = Python::attach(|py| py.check_signals()) {
                        task.abort();
                        return Err(error);
                    }
                }
                // The question was dropped without an answer, which only a panic does.
                Err(RecvTimeoutError::Disconnected) => {
                    let text = "internal error, told on standard error; please report it";
                    return Err(Failure::Other(text.to_owned()).into());
                }
            }
        }
    })
}

/// Does work within a question that waits for no one: of a file that is slow to come, say. The thread it is on is made up
/// for meanwhile, so that other calls go on, also if this one is given up.
pub(crate) fn apart<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

fn runtime() -> Result<&'static Runtime, Failure> {
    let (process, runtime) = match RUNTIME.get() {
        Some(started) => started,
        None => {
            let started = (std::process::id(), start()?);
            // If another thread was faster, its runtime is used, and this one ends with its threads.
            RUNTIME.get_or_init(|| started)
        }
    };
    if *process == std::process::id() {
        return Ok(runtime);
    }
    Err(Failure::Other(
        "this process was forked from one that had used flowproof, and threads do not survive a fork: \
         start processes by multiprocessing's \"spawn\" or \"forkserver\""
            .to_owned(),
    ))
}

fn start() -> Result<Runtime, Failure> {
    let mut builder = Builder::new_multi_thread();
    let runtime =
        builder.thread_name("flowproof").thread_stack_size(DEEP_STACK).enable_all().build();
    runtime.map_err(|error| Failure::Other(format!("worker threads could not be started: {error}")))
}
