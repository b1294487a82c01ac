//! An executor: Ballista's, told by us where it is, what it may use and when it ends.

mod parts;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ballista_core::error::BallistaError;
use ballista_core::ids::new_instance_id;
use ballista_core::serde::protobuf::ExecutorStoppedParams;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_executor::shutdown::{Shutdown, ShutdownNotifier};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::store::Join;
use crate::{
    ClusterError, Codecs, MESSAGE_BYTES, SCHEDULER_PORT, SchedulerAddress, StoreClient, VERSION,
};

/// How long after a failure the scheduler is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(300);

/// How often an executor joins again, in case that the scheduler was started anew.
const JOIN_AGAIN: Duration = Duration::from_secs(10);

/// How long services may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// How often a free port is looked for.
const PORT_TRIES: usize = 5;

/// What an executor can be told.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// The scheduler to work for. df://127.0.0.1:50050.
    pub scheduler: SchedulerAddress,
    /// For how long a scheduler that does not answer is tried at the start. 30 seconds.
    pub patience: Duration,
    /// The address of this machine to listen at. 127.0.0.1.
    pub bind: IpAddr,
    /// The port at which output is fetched, 0 for any that is free.
    pub flight_port: u16,
    /// The port at which the scheduler hands out tasks, 0 for any that is free.
    pub control_port: u16,
    /// The host under which clients and the scheduler reach this machine. If there is none, it is
    /// `bind`, or if that is the unspecified address the one from which the scheduler hears.
    pub advertised_host: Option<String>,
    /// How many tasks run at once, at least 1.
    pub slots: usize,
    /// The most bytes of memory that all tasks together take for sorting and grouping. 1 GiB.
    pub memory: usize,
    /// The folder in which a temporary one is made; that of the system if there is none.
    pub work_folder: Option<PathBuf>,
    /// How often the scheduler is told that this executor lives; whole seconds. 2 seconds.
    pub heartbeat: Duration,
    /// The most bytes of one message, with a plan for example. 1 GiB.
    pub message_bytes: u32,
}

impl Default for ExecutorOptions {
    fn default() -> ExecutorOptions {
        ExecutorOptions {
            scheduler: SchedulerAddress::new("127.0.0.1", SCHEDULER_PORT),
            patience: Duration::from_secs(30),
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            flight_port: 0,
            control_port: 0,
            advertised_host: None,
            slots: std::thread::available_parallelism().map_or(1, usize::from),
            memory: 1 << 30,
            work_folder: None,
            heartbeat: Duration::from_secs(2),
            message_bytes: MESSAGE_BYTES,
        }
    }
}

/// An executor that is registered and works, until it is told to end or is dropped.
pub struct Executor {
    id: String,
    flight: SocketAddr,
    work: TempDir,
    store: StoreClient,
    scheduler: SchedulerGrpcClient<Channel>,
    notifier: Option<ShutdownNotifier>,
    lost: Shutdown,
    dismissed: mpsc::Receiver<bool>,
    control: JoinHandle<Result<(), BallistaError>>,
    serving: JoinHandle<Result<(), BallistaError>>,
}

impl Executor {
    /// Joins the scheduler, takes the ports, and registers.
    ///
    /// # Errors
    /// If the scheduler is not there in time, has another version, or cannot reach this executor; if a
    /// port or the work folder cannot be had.
    pub async fn start(options: ExecutorOptions, codecs: Codecs) -> Result<Executor, ClusterError> {
        let id = new_instance_id();
        let store = join(&options, &id).await?;
        let work = parts::work_folder(options.work_folder.as_deref())?;
        let scheduler = parts::scheduler_client(&options).await?;
        let notifier = ShutdownNotifier::new();
        let lost = notifier.subscribe_for_shutdown();
        let (flight, serving) = parts::serve_flight(&options, work.path(), &notifier).await?;
        let runtime = parts::runtime(&options, work.path())?;
        let (stop, dismissed) = mpsc::channel(10);
        let registration = parts::Registration {
            id: &id,
            flight,
            jobs: parts::jobs(work.path()),
            runtime,
            codecs,
            scheduler: scheduler.clone(),
            stop,
        };
        let control = match registration.register(&options, &notifier).await {
            Ok(control) => control,
            Err(error) => {
                serving.abort();
                return Err(error);
            }
        };
        let notifier = Some(notifier);
        Ok(Executor {
            id,
            flight,
            work,
            store,
            scheduler,
            notifier,
            lost,
            dismissed,
            control,
            serving,
        })
    }

    /// Its id, new with each start.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where output is fetched.
    pub fn flight_addr(&self) -> SocketAddr {
        self.flight
    }

    /// The temporary folder of this executor, which goes with it.
    pub fn work_folder(&self) -> &Path {
        self.work.path()
    }

    /// Works until `shutdown` is ready. Tasks that run then are given up, and others run them.
    ///
    /// # Errors
    /// If the scheduler is lost (five heartbeats in a row have not reached it; one that is started anew
    /// in the meantime is registered with again), tells this executor to end, or comes back with
    /// another version; if a service fails.
    pub async fn run(
        mut self,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), ClusterError> {
        let scheduler = self.store.scheduler().clone();
        let ended = tokio::select! {
            // When the scheduler is lost, the services end too: the first says why.
            biased;
            () = shutdown => Ok(()),
            () = self.lost.recv() => Err(ClusterError::Lost { scheduler }),
            _ = self.dismissed.recv() => Err(ClusterError::Dismissed { scheduler }),
            error = join_again(&self.store, &self.id) => Err(error),
            ended = &mut self.control => Err(service_ended(ended)),
            ended = &mut self.serving => Err(service_ended(ended)),
        };
        let tells =
            !matches!(ended, Err(ClusterError::Lost { .. } | ClusterError::Dismissed { .. }));
        self.stop(tells).await;
        ended
    }

    /// Ends heartbeats, tasks and services, and tells the scheduler.
    async fn stop(&mut self, tells: bool) {
        if let Some(notifier) = self.notifier.take() {
            let ShutdownNotifier {
                notify_shutdown,
                mut shutdown_complete_rx,
                shutdown_complete_tx,
            } = notifier;
            // An error says that nobody listens any more.
            let _ = notify_shutdown.send(());
            drop(shutdown_complete_tx);
            let _ = tokio::time::timeout(GRACE, shutdown_complete_rx.recv()).await;
        }
        if tells {
            let told = self.scheduler.executor_stopped(ExecutorStoppedParams {
                executor_id: self.id.clone(),
                reason: "it was told to end".to_owned(),
            });
            if let Ok(Err(status)) = tokio::time::timeout(GRACE, told).await {
                tracing::warn!("the scheduler could not be told that this executor ends: {status}");
            }
        }
        self.control.abort();
        self.serving.abort();
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        if let Some(notifier) = &self.notifier {
            // An error says that nobody listens any more.
            let _ = notifier.notify_shutdown.send(());
        }
        self.control.abort();
        self.serving.abort();
    }
}

/// Joins, and waits for a scheduler that is not there yet.
async fn join(options: &ExecutorOptions, id: &str) -> Result<StoreClient, ClusterError> {
    let until = tokio::time::Instant::now() + options.patience;
    loop {
        match join_once(&options.scheduler, id).await {
            Err(error) if error.is_unreachable() && tokio::time::Instant::now() < until => {
                tracing::debug!("{error}; it is tried again");
                tokio::time::sleep(TRY_AGAIN).await;
            }
            joined => return joined,
        }
    }
}

async fn join_once(scheduler: &SchedulerAddress, id: &str) -> Result<StoreClient, ClusterError> {
    let store = StoreClient::connect(scheduler).await?;
    store.join(&Join { id: id.to_owned(), version: VERSION.to_owned() }).await?;
    Ok(store)
}

/// Joins now and then, until it is refused. Heartbeats say whether the scheduler is lost.
async fn join_again(store: &StoreClient, id: &str) -> ClusterError {
    let join = Join { id: id.to_owned(), version: VERSION.to_owned() };
    loop {
        tokio::time::sleep(JOIN_AGAIN).await;
        match store.join(&join).await {
            Err(error @ ClusterError::Refused { .. }) => return error,
            Err(error) => tracing::debug!("{error}"),
            Ok(()) => {}
        }
    }
}

fn service_ended(ended: Result<Result<(), BallistaError>, tokio::task::JoinError>) -> ClusterError {
    match ended {
        Ok(Ok(())) => ClusterError::Service("it was not told to".to_owned()),
        Ok(Err(error)) => ClusterError::from(error),
        Err(error) => ClusterError::Service(error.to_string()),
    }
}
