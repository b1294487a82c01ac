//! A scheduler: Ballista's, with the store on the same port.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::create_scheduler;
use ballista_scheduler::scheduler_server::SchedulerServer;
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::physical_plan::PhysicalExtensionCodec;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tonic::transport::server::{TcpConnectInfo, TcpIncoming};
use tonic::{Request, Status};

use crate::store::{ExecutorInfo, Roster, Shelf, ShelfOptions, StoreService};
use crate::{CHUNK_BYTES, ClusterError, MESSAGE_BYTES, SCHEDULER_PORT};

/// How long calls that are under way may take once the scheduler is told to end.
const GRACE: Duration = Duration::from_secs(5);

/// How often dead executors are looked for.
const LOOK_FOR_DEAD: Duration = Duration::from_secs(1);

/// How long finished jobs are kept: longer than a client takes to fetch the last of their output.
const JOB_STATE: Duration = Duration::from_secs(3600);

/// How a plan's own parts are written and read. Those of Ballista are used where there is none.
#[derive(Debug, Clone, Default)]
pub struct Codecs {
    /// For logical plans and expressions.
    pub logical: Option<Arc<dyn LogicalExtensionCodec>>,
    /// For physical plans.
    pub physical: Option<Arc<dyn PhysicalExtensionCodec>>,
}

/// What a scheduler can be told.
#[derive(Debug, Clone)]
pub struct SchedulerOptions {
    /// The address to listen at, port 0 for any that is free. 127.0.0.1:50050.
    pub address: SocketAddr,
    /// After this time without a heartbeat an executor counts as dead; whole seconds. 10 seconds.
    pub executor_timeout: Duration,
    /// The folder in which the store makes a temporary one; that of the system if there is none.
    pub store_folder: Option<PathBuf>,
    /// The most bytes of all blobs of the store. 4 GiB.
    pub store_bytes: u64,
    /// The most bytes of one message, with a plan for example. 1 GiB.
    pub message_bytes: u32,
    /// How long a finished job's output stays on the executors, if its client does not say before that it has
    /// read all. An hour.
    pub job_data: Duration,
}

impl Default for SchedulerOptions {
    fn default() -> SchedulerOptions {
        SchedulerOptions {
            address: SocketAddr::from(([127, 0, 0, 1], SCHEDULER_PORT)),
            executor_timeout: Duration::from_secs(10),
            store_folder: None,
            store_bytes: ShelfOptions::default().max_bytes,
            message_bytes: MESSAGE_BYTES,
            job_data: Duration::from_secs(3600),
        }
    }
}

type BallistaScheduler = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// A scheduler that has its port.
pub struct Scheduler {
    ballista: BallistaScheduler,
    store: StoreService,
    listener: TcpListener,
    address: SocketAddr,
    message_bytes: usize,
}

impl Scheduler {
    /// Takes the port and makes the store's folder. Nothing is answered before [`Scheduler::serve`].
    ///
    /// # Errors
    /// If the port or the folder cannot be had.
    pub async fn bind(
        options: SchedulerOptions,
        codecs: Codecs,
    ) -> Result<Scheduler, ClusterError> {
        let cannot_bind = |error: std::io::Error| {
            ClusterError::start(format!("cannot listen at {}", options.address), &error)
        };
        let listener = TcpListener::bind(options.address).await.map_err(cannot_bind)?;
        let address = listener.local_addr().map_err(cannot_bind)?;
        let shelf = ShelfOptions {
            folder: options.store_folder.clone(),
            max_bytes: options.store_bytes,
            ..ShelfOptions::default()
        };
        let shelf = Shelf::new(shelf)
            .map_err(|error| ClusterError::start("cannot make the store's folder", &error))?;
        let config = Arc::new(config(&options, address, codecs));
        let cluster = BallistaCluster::new_from_config(&config).await?;
        let ballista = create_scheduler(cluster, config).await?;
        let roster = Arc::new(Registered(ballista.clone()));
        Ok(Scheduler {
            ballista,
            store: StoreService::new(shelf, roster),
            listener,
            address,
            message_bytes: options.message_bytes as usize,
        })
    }

    /// The address that is listened at.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `shutdown` is ready, and then for at most five seconds those calls that are under
    /// way. The store's folder is gone afterwards.
    ///
    /// # Errors
    /// If the port is lost.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), ClusterError> {
        let ballista = SchedulerGrpcServer::new(self.ballista)
            .max_encoding_message_size(self.message_bytes)
            .max_decoding_message_size(self.message_bytes);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = Server::builder()
            .http2_keepalive_interval(Some(Duration::from_secs(10)))
            .http2_keepalive_timeout(Some(Duration::from_secs(10)))
            .initial_stream_window_size(Some(4 * CHUNK_BYTES as u32))
            .initial_connection_window_size(Some(16 * CHUNK_BYTES as u32))
            .add_service(InterceptedService::new(ballista, tell_peer))
            .add_service(self.store.into_server())
            .serve_with_incoming_shutdown(
                TcpIncoming::from(self.listener).with_nodelay(Some(true)),
                async {
                    // A sender that was dropped has stopped too.
                    let _ = stopped.await;
                },
            );
        tokio::pin!(serving);
        let ended = tokio::select! {
            ended = &mut serving => ended,
            () = shutdown => {
                let _ = stop.send(());
                tokio::time::timeout(GRACE, serving).await.unwrap_or(Ok(()))
            }
        };
        ended.map_err(|error| ClusterError::Service(crate::error::chain(&error)))
    }
}

/// What Ballista's scheduler is told.
///
/// Tasks are pushed: an idle cluster does not poll, a task starts as soon as a slot is free, and an
/// executor to which a task cannot be sent is taken out at once.
fn config(options: &SchedulerOptions, address: SocketAddr, codecs: Codecs) -> SchedulerConfig {
    SchedulerConfig {
        bind_host: address.ip().to_string(),
        // Executors report to the address by which they found us, whatever is told here.
        external_host: address.ip().to_string(),
        bind_port: address.port(),
        scheduling_policy: TaskSchedulingPolicy::PushStaged,
        task_distribution: TaskDistributionPolicy::RoundRobin,
        executor_timeout_seconds: options.executor_timeout.as_secs().max(2),
        expire_dead_executor_interval_seconds: LOOK_FOR_DEAD.as_secs(),
        no_executors_grace_period_seconds: options.executor_timeout.as_secs().max(2),
        executor_termination_grace_period: 0,
        finished_job_data_clean_up_interval_seconds: options.job_data.as_secs(),
        finished_job_state_clean_up_interval_seconds: JOB_STATE.as_secs(),
        grpc_server_max_decoding_message_size: options.message_bytes,
        grpc_server_max_encoding_message_size: options.message_bytes,
        grpc_client_max_message_size: options.message_bytes,
        override_logical_codec: codecs.logical,
        override_physical_codec: codecs.physical,
        ..SchedulerConfig::default()
    }
}

/// Tells Ballista's service who calls, in the way in which it looks for it.
fn tell_peer(mut request: Request<()>) -> Result<Request<()>, Status> {
    let peer = request.extensions().get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    if let Some(peer) = peer {
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    Ok(request)
}

/// The executors that Ballista knows.
struct Registered(BallistaScheduler);

#[async_trait::async_trait]
impl Roster for Registered {
    async fn executors(&self) -> Vec<ExecutorInfo> {
        let known = self.0.state.executor_manager.get_executors_state().await.unwrap_or_default();
        let mut executors: Vec<ExecutorInfo> = known
            .into_iter()
            .filter(|(_, heard, _)| heard.is_some())
            .map(|(executor, _, _)| ExecutorInfo {
                slots: u64::from(executor.specification.vcores),
                id: executor.id,
                host: executor.host,
                version: None,
            })
            .collect();
        executors.sort_by(|a, b| a.id.cmp(&b.id));
        executors
    }
}
