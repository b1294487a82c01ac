//! Schedulers and executors that end with their test.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use flowproof_cluster::{
    ClusterError, Executor, ExecutorOptions, Scheduler, SchedulerAddress, SchedulerOptions,
    StoreClient,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::slow::codecs;

/// Something that serves until it is told to end.
pub(crate) struct Serving {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), ClusterError>>,
}

impl Serving {
    /// Tells it to end and waits until it has.
    pub(crate) async fn stop(self) -> Result<(), ClusterError> {
        let _ = self.stop.send(());
        self.ended.await.unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(self) -> Result<(), ClusterError> {
        let Serving { stop, ended } = self;
        let result = tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap().unwrap();
        drop(stop);
        result
    }

    /// Ends it as if its process had died.
    pub(crate) fn kill(self) {
        self.ended.abort();
    }
}

/// Options for a port that is free.
pub(crate) fn scheduler_options() -> SchedulerOptions {
    SchedulerOptions {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..SchedulerOptions::default()
    }
}

/// A scheduler that serves.
pub(crate) async fn scheduler(options: SchedulerOptions) -> (SchedulerAddress, Serving) {
    let scheduler = Scheduler::bind(options, codecs()).await.unwrap();
    let address = scheduler.local_addr();
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(scheduler.serve(async {
        let _ = stopped.await;
    }));
    (SchedulerAddress::new("127.0.0.1", address.port()), Serving { stop, ended })
}

/// A scheduler with a client of its store.
pub(crate) async fn store(options: SchedulerOptions) -> (StoreClient, Serving) {
    let (address, serving) = scheduler(options).await;
    (StoreClient::connect(&address).await.unwrap(), serving)
}

/// Options for a small executor.
pub(crate) fn executor_options(scheduler: &SchedulerAddress) -> ExecutorOptions {
    ExecutorOptions {
        scheduler: scheduler.clone(),
        slots: 2,
        memory: 64 << 20,
        heartbeat: Duration::from_secs(1),
        ..ExecutorOptions::default()
    }
}

/// An executor that works, its id and its work folder.
pub(crate) async fn executor(options: ExecutorOptions) -> (String, PathBuf, Serving) {
    let executor = Executor::start(options, codecs()).await.unwrap();
    let (id, folder) = (executor.id().to_owned(), executor.work_folder().to_owned());
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(executor.run(async {
        let _ = stopped.await;
    }));
    (id, folder, Serving { stop, ended })
}
