//! One job of a cluster: a physical plan, and the outputs of its last stage.
//!
//! Ballista's own client reads outputs one after the other, fails with the first that is lost, goes on
//! with a job that nobody waits for, and waits without end for a scheduler that was started anew. This
//! one hands the outputs out one by one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ballista_core::client::BallistaClient;
use ballista_core::extension::BallistaConfigGrpcEndpoint;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::execute_query_result;
use ballista_core::serde::protobuf::job_status::Status as JobStatus;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, CleanJobDataParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair,
    PartitionLocation,
};
use ballista_core::version;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::{AsExecutionPlan, PhysicalExtensionCodec};
use datafusion_proto::protobuf::PhysicalPlanNode;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};

use crate::error::chain;
use crate::store::endpoint;
use crate::{ClusterError, SchedulerAddress};

/// How often the scheduler is asked how the job is.
const ASK: Duration = Duration::from_millis(50);

/// How long the scheduler may take to answer, and to know a new job.
const ANSWER: Duration = Duration::from_secs(30);

/// How long an executor may take to be connected to.
const CONNECT: Duration = Duration::from_secs(5);

/// A job that was handed in. If it is dropped before it is done, the scheduler is told to give it up.
#[derive(Debug)]
pub struct Job {
    address: SchedulerAddress,
    scheduler: SchedulerGrpcClient<Channel>,
    id: String,
    message_bytes: usize,
    /// Whether the scheduler has given up or finished it.
    ended: bool,
}

impl Job {
    /// Hands in a plan. `config` must be made for Ballista (`SessionConfig::new_with_ballista`); all of
    /// its options go with the plan.
    ///
    /// # Errors
    /// If the plan cannot be written, or the scheduler does not answer or refuses it.
    pub async fn submit(
        address: &SchedulerAddress,
        plan: Arc<dyn ExecutionPlan>,
        codec: &dyn PhysicalExtensionCodec,
        config: &SessionConfig,
        message_bytes: usize,
    ) -> Result<Job, ClusterError> {
        let plan = encode(plan, codec)?;
        let channel = endpoint(address)
            .map(|endpoint| endpoint.timeout(ANSWER))
            .map_err(|error| unreachable(address, &error))?
            .connect()
            .await
            .map_err(|error| unreachable(address, &error))?;
        let mut scheduler = SchedulerGrpcClient::new(channel)
            .max_encoding_message_size(message_bytes)
            .max_decoding_message_size(message_bytes);
        let mut request = Request::new(ExecuteQueryParams {
            query: Some(Query::PhysicalPlan(plan)),
            settings: settings(config),
            session_id: ballista_core::ids::new_instance_id(),
            operation_id: ballista_core::ids::new_instance_id(),
        });
        version::insert_version_header(request.metadata_mut());
        let answer = scheduler.execute_query(request).await;
        let answer = answer.map_err(|status| ClusterError::of_status(address, &status))?;
        let refused = |reason: String| ClusterError::Refused { scheduler: address.clone(), reason };
        let id = match answer.into_inner().result {
            Some(execute_query_result::Result::Success(job)) => job.job_id,
            Some(execute_query_result::Result::Failure(failure)) => {
                return Err(refused(format!("it does not take the plan: {failure:?}")));
            }
            None => return Err(refused("it does not say whether it takes the plan".to_owned())),
        };
        let address = address.clone();
        Ok(Job { address, scheduler, id, message_bytes, ended: false })
    }

    /// The scheduler's name of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits until it is done: the outputs of its last stage, by partition. Of a partition that was
    /// worked through more than once, as an executor was lost, it is the last.
    ///
    /// # Errors
    /// If the job fails, or the scheduler does not answer or knows it no more.
    pub async fn outputs(&mut self) -> Result<Vec<Output>, ClusterError> {
        let mut known = Instant::now();
        loop {
            match self.status().await? {
                Some(JobStatus::Successful(job)) => {
                    self.ended = true;
                    return Ok(self.latest(job.partition_location));
                }
                Some(JobStatus::Failed(job)) => {
                    self.ended = true;
                    return Err(ClusterError::Job { reason: job.error.trim().to_owned() });
                }
                Some(_) => known = Instant::now(),
                None if known.elapsed() > ANSWER => {
                    self.ended = true;
                    let reason = "its scheduler knows it no more".to_owned();
                    return Err(ClusterError::Job { reason });
                }
                None => {}
            }
            tokio::time::sleep(ASK).await;
        }
    }

    /// Tells the scheduler that all outputs were read, so that executors need not keep them.
    ///
    /// # Errors
    /// If the scheduler does not answer.
    pub async fn forget(mut self) -> Result<(), ClusterError> {
        let params = CleanJobDataParams { job_id: self.id.clone(), remove_stage_ids: vec![] };
        let told = self.scheduler.clean_job_data(params).await;
        told.map_err(|status| ClusterError::of_status(&self.address, &status))?;
        Ok(())
    }

    async fn status(&mut self) -> Result<Option<JobStatus>, ClusterError> {
        let params = GetJobStatusParams { job_id: self.id.clone() };
        let answer = self.scheduler.get_job_status(params).await;
        let answer = answer.map_err(|status| ClusterError::of_status(&self.address, &status))?;
        Ok(answer.into_inner().status.and_then(|status| status.status))
    }

    /// The scheduler adds outputs as they are made, and keeps those that an executor took with it.
    fn latest(&self, locations: Vec<PartitionLocation>) -> Vec<Output> {
        let mut latest = BTreeMap::new();
        for location in locations {
            if let Some(partition) = &location.partition_id {
                latest.insert(partition.partition_id, location);
            }
        }
        let message_bytes = self.message_bytes;
        let output = |(partition, location)| Output { partition, location, message_bytes };
        latest.into_iter().map(output).collect()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.ended {
            return;
        }
        let mut scheduler = self.scheduler.clone();
        let params = CancelJobParams { job_id: self.id.clone() };
        runtime.spawn(async move {
            if let Err(status) = scheduler.cancel_job(params).await {
                tracing::debug!("a job could not be given up: {status}");
            }
        });
    }
}

/// The output of one partition, on the disk of an executor.
#[derive(Debug, Clone)]
pub struct Output {
    partition: u32,
    location: PartitionLocation,
    message_bytes: usize,
}

impl Output {
    /// The number of the partition.
    pub fn partition(&self) -> u32 {
        self.partition
    }

    /// Reads it. It is there until the job's data are cleaned up, and for as long as the executor lives.
    ///
    /// # Errors
    /// If the executor does not answer, or has it no more; the stream can fail for the same reasons.
    pub async fn read(&self) -> Result<SendableRecordBatchStream, ClusterError> {
        let partition = self.partition;
        let lost = |reason: String| ClusterError::Output { partition, reason };
        let layout = self.location.layout();
        let (Some(executor), Some(id)) =
            (&self.location.executor_meta, &self.location.partition_id)
        else {
            return Err(lost("the scheduler does not say where it is".to_owned()));
        };
        let Ok(port) = u16::try_from(executor.port) else {
            return Err(lost(format!("{} is no port", executor.port)));
        };
        let quick: Arc<BallistaConfigGrpcEndpoint> =
            Arc::new(BallistaConfigGrpcEndpoint::new(Arc::new(quick)));
        let size = self.message_bytes;
        let connecting =
            BallistaClient::try_new(&executor.host, port, size, false, Some(quick), 1, 0, 0, 0);
        let mut client = connecting.await.map_err(|error| lost(chain(&error)))?;
        let id = id.clone().into();
        let fetching =
            client.fetch_partition(&executor.id, &id, self.location.file_id, layout, true);
        fetching.await.map_err(|error| lost(chain(&error)))
    }
}

/// An endpoint that does not wait for an executor without end.
fn quick(endpoint: Endpoint) -> Result<Endpoint, Box<dyn std::error::Error + Send + Sync>> {
    Ok(endpoint
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(CONNECT)
        .keep_alive_timeout(CONNECT))
}

fn encode(
    plan: Arc<dyn ExecutionPlan>,
    codec: &dyn PhysicalExtensionCodec,
) -> Result<Vec<u8>, ClusterError> {
    let mut bytes = Vec::new();
    PhysicalPlanNode::try_from_physical_plan(plan, codec)
        .and_then(|node| node.try_encode(&mut bytes))
        .map_err(|error| ClusterError::Job {
            reason: format!("its plan cannot be sent: {error}"),
        })?;
    Ok(bytes)
}

/// All options of a session, as they travel.
fn settings(config: &SessionConfig) -> Vec<KeyValuePair> {
    let entries = config.options().entries();
    entries.into_iter().map(|entry| KeyValuePair { key: entry.key, value: entry.value }).collect()
}

fn unreachable(address: &SchedulerAddress, error: &tonic::transport::Error) -> ClusterError {
    ClusterError::Unreachable { scheduler: address.clone(), reason: chain(error) }
}
