//! The parts of Ballista of which an executor is made.
//!
//! Ballista's own process takes no port 0, waits for signals, keeps no hold of its temporary folder and
//! takes the loss of its scheduler for a success; so its parts are put together here.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use ballista_core::error::BallistaError;
use ballista_core::extension::EndpointOverrideFn;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::protobuf::ExecutorRegistration;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::scheduler::{
    ExecutorOperatingSystemSpecification, ExecutorSpecification,
};
use ballista_core::serde::{
    BallistaCodec, BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec,
};
use ballista_core::utils::default_config_producer;
use ballista_core::{BALLISTA_PROTOCOL_VERSION, RuntimeProducer};
use ballista_executor::execution_engine::DefaultExecutionEngine;
use ballista_executor::executor::Executor;
use ballista_executor::executor_process::ExecutorProcessConfig;
use ballista_executor::flight_service::BallistaFlightService;
use ballista_executor::health::ExecutorHealth;
use ballista_executor::metrics::{ExecutorMetricCollectionPolicy, LoggingMetricsCollector};
use ballista_executor::shutdown::ShutdownNotifier;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};

use super::{ExecutorOptions, PORT_TRIES};
use crate::error::chain;
use crate::store::endpoint;
use crate::{ClusterError, Codecs, SchedulerAddress};

/// How long the scheduler may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// A service that runs.
type Service = JoinHandle<Result<(), BallistaError>>;

/// A temporary folder, with one for the output of jobs and one for what memory does not hold.
pub(super) fn work_folder(within: Option<&Path>) -> Result<TempDir, ClusterError> {
    let make = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("flowproof-executor-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = match within {
            Some(within) => builder.tempdir_in(within)?,
            None => builder.tempdir()?,
        };
        std::fs::create_dir(jobs(folder.path()))?;
        std::fs::create_dir(spill(folder.path()))?;
        Ok(folder)
    };
    make().map_err(|error: std::io::Error| {
        ClusterError::start("cannot make the executor's work folder", &error)
    })
}

/// Where the output of jobs lies.
pub(super) fn jobs(work: &Path) -> PathBuf {
    work.join("jobs")
}

fn spill(work: &Path) -> PathBuf {
    work.join("spill")
}

/// The memory and disk that all tasks share.
pub(super) fn runtime(
    options: &ExecutorOptions,
    work: &Path,
) -> Result<Arc<RuntimeEnv>, ClusterError> {
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(options.memory)))
        .with_temp_file_path(spill(work))
        .build_arc()
        .map_err(|error| ClusterError::start("cannot make the executor's memory pool", &error))
}

/// A client of Ballista's scheduler.
pub(super) async fn scheduler_client(
    options: &ExecutorOptions,
) -> Result<SchedulerGrpcClient<Channel>, ClusterError> {
    let connect = async || endpoint(&options.scheduler)?.timeout(ANSWER).connect().await;
    let channel = connect().await.map_err(|error| ClusterError::Unreachable {
        scheduler: options.scheduler.clone(),
        reason: chain(&error),
    })?;
    Ok(SchedulerGrpcClient::new(channel)
        .max_encoding_message_size(options.message_bytes as usize)
        .max_decoding_message_size(options.message_bytes as usize))
}

/// Serves the output of jobs.
pub(super) async fn serve_flight(
    options: &ExecutorOptions,
    work: &Path,
    notifier: &ShutdownNotifier,
) -> Result<(SocketAddr, Service), ClusterError> {
    let wanted = SocketAddr::new(options.bind, options.flight_port);
    let cannot_bind =
        |error: std::io::Error| ClusterError::start(format!("cannot listen at {wanted}"), &error);
    let listener = TcpListener::bind(wanted).await.map_err(cannot_bind)?;
    let address = listener.local_addr().map_err(cannot_bind)?;
    let service = FlightServiceServer::new(BallistaFlightService::new(text(&jobs(work))?))
        .max_decoding_message_size(options.message_bytes as usize)
        .max_encoding_message_size(options.message_bytes as usize);
    let mut shutdown = notifier.subscribe_for_shutdown();
    let serving = tokio::spawn(async move {
        Server::builder()
            .add_service(service)
            .serve_with_incoming_shutdown(
                TcpIncoming::from(listener).with_nodelay(Some(true)),
                shutdown.recv(),
            )
            .await
            .map_err(BallistaError::TonicError)
    });
    Ok((address, serving))
}

/// All that is needed to register with the scheduler.
pub(super) struct Registration<'a> {
    pub(super) id: &'a str,
    pub(super) flight: SocketAddr,
    pub(super) jobs: PathBuf,
    pub(super) runtime: Arc<RuntimeEnv>,
    pub(super) codecs: Codecs,
    pub(super) scheduler: SchedulerGrpcClient<Channel>,
    pub(super) stop: mpsc::Sender<bool>,
}

impl Registration<'_> {
    /// Listens for tasks, registers, and begins heartbeats and tasks. Ballista takes the port by its
    /// number, so a free one is looked for before, and another if it was taken in between.
    pub(super) async fn register(
        &self,
        options: &ExecutorOptions,
        notifier: &ShutdownNotifier,
    ) -> Result<Service, ClusterError> {
        let mut tries = PORT_TRIES;
        loop {
            tries -= 1;
            let port = match options.control_port {
                0 => free_port(options.bind).await?,
                port => port,
            };
            match self.register_at(port, options, notifier).await {
                Err(BallistaError::IoError(error))
                    if error.kind() == ErrorKind::AddrInUse
                        && options.control_port == 0
                        && tries > 0 => {}
                Err(BallistaError::IoError(error)) => {
                    let wanted = SocketAddr::new(options.bind, port);
                    return Err(ClusterError::start(format!("cannot listen at {wanted}"), &error));
                }
                Err(error) => return Err(not_registered(&options.scheduler, error)),
                Ok(control) => return Ok(control),
            }
        }
    }

    async fn register_at(
        &self,
        control_port: u16,
        options: &ExecutorOptions,
        notifier: &ShutdownNotifier,
    ) -> Result<Service, BallistaError> {
        let metadata = self.metadata(control_port, options);
        let executor = self.executor(metadata, options)?;
        let logical = self.codecs.logical.clone();
        let physical = self.codecs.physical.clone();
        let codec: BallistaCodec<LogicalPlanNode, PhysicalPlanNode> = BallistaCodec::new(
            logical.unwrap_or_else(|| Arc::new(BallistaLogicalExtensionCodec::default())),
            physical.unwrap_or_else(|| Arc::new(BallistaPhysicalExtensionCodec::default())),
        );
        ballista_executor::executor_server::startup(
            self.scheduler.clone(),
            Arc::new(self.config(options)),
            Arc::new(executor),
            codec,
            self.stop.clone(),
            notifier,
            ExecutorHealth::new(),
        )
        .await
    }

    /// What the scheduler is told about this executor.
    fn metadata(&self, control_port: u16, options: &ExecutorOptions) -> ExecutorRegistration {
        let bound = (!options.bind.is_unspecified()).then(|| in_url(options.bind));
        let specification = ExecutorSpecification::default().with_vcores(slots(options));
        ExecutorRegistration {
            id: self.id.to_owned(),
            host: options.advertised_host.clone().or(bound),
            port: u32::from(self.flight.port()),
            grpc_port: u32::from(control_port),
            specification: Some(specification.into()),
            os_info: Some(ExecutorOperatingSystemSpecification::default().into()),
            ballista_protocol_version: BALLISTA_PROTOCOL_VERSION,
        }
    }

    fn executor(
        &self,
        metadata: ExecutorRegistration,
        options: &ExecutorOptions,
    ) -> Result<Executor, BallistaError> {
        let runtime = Arc::clone(&self.runtime);
        let runtimes: RuntimeProducer = Arc::new(move |_| Ok(Arc::clone(&runtime)));
        let jobs = text(&self.jobs).map_err(|error| BallistaError::General(error.to_string()))?;
        Ok(Executor::new(
            metadata,
            &jobs,
            runtimes,
            Arc::new(default_config_producer),
            Arc::new(BallistaFunctionRegistry::default()),
            Arc::new(LoggingMetricsCollector::default()),
            slots(options) as usize,
            Arc::new(DefaultExecutionEngine::new()),
        ))
    }

    /// What Ballista's service of an executor reads from the options of its process.
    fn config(&self, options: &ExecutorOptions) -> ExecutorProcessConfig {
        ExecutorProcessConfig {
            executor_id: self.id.to_owned(),
            bind_host: in_url(options.bind),
            grpc_max_decoding_message_size: options.message_bytes,
            grpc_max_encoding_message_size: options.message_bytes,
            executor_heartbeat_interval_seconds: options.heartbeat.as_secs().max(1),
            metric_collection_policy: ExecutorMetricCollectionPolicy::Off,
            override_create_grpc_client_endpoint: Some(report_to(options.scheduler.clone())),
            ..ExecutorProcessConfig::default()
        }
    }
}

/// Reports go to the scheduler's address as it is known here. What the scheduler says of itself may
/// mean nothing on this machine, and Ballista would wait for it without end.
fn report_to(scheduler: SchedulerAddress) -> EndpointOverrideFn {
    Arc::new(move |_| Ok(endpoint(&scheduler)?.timeout(ANSWER)))
}

/// A port that was free a moment ago.
async fn free_port(host: IpAddr) -> Result<u16, ClusterError> {
    let found = async || TcpListener::bind(SocketAddr::new(host, 0)).await?.local_addr();
    let address = found().await;
    let address = address.map_err(|error: std::io::Error| {
        ClusterError::start(format!("there is no free port at {host}"), &error)
    })?;
    Ok(address.port())
}

/// Why the scheduler did not take the executor. It calls back first, at an address of this machine.
fn not_registered(scheduler: &SchedulerAddress, error: BallistaError) -> ClusterError {
    let reason = match error {
        BallistaError::GrpcError(status) => status.message().to_owned(),
        error => chain(&error),
    };
    let reason = format!(
        "it did not register this executor, which it must reach by the advertised host: {reason}"
    );
    ClusterError::Refused { scheduler: scheduler.clone(), reason }
}

fn slots(options: &ExecutorOptions) -> u32 {
    u32::try_from(options.slots).unwrap_or(u32::MAX).max(1)
}

/// An address as it stands in a URL.
fn in_url(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// A path as Ballista takes it.
fn text(path: &Path) -> Result<String, ClusterError> {
    path.to_str().map(str::to_owned).ok_or_else(|| ClusterError::Start {
        what: format!("cannot use the work folder {}", path.display()),
        reason: "its name is no UTF-8".to_owned(),
    })
}
