//! A cluster as sessions use it, and the place that executors get their work from.

use std::sync::Arc;

use async_trait::async_trait;
use ballista_core::extension::SessionConfigExt;
use bytes::Bytes;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::SessionConfig;
use flowproof_engine::distributed::{Cluster, ClusterError as Failure, Done, Home, Site};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::OnceCell;

use crate::codec::Codec;
use crate::job::{Job, Output};
use crate::store::{self, StoreClient};
use crate::{ClusterError, MESSAGE_BYTES, SchedulerAddress, VERSION};

/// A scheduler and its executors.
#[derive(Debug)]
pub struct Ballista {
    scheduler: SchedulerAddress,
    store: StoreClient,
    codec: Codec,
}

/// Outputs that are being opened while one is read: many are small, and each has its own connection.
const OPEN_OUTPUTS: usize = 8;

impl Ballista {
    /// Finds the scheduler, and that it is of this version.
    ///
    /// # Errors
    ///
    /// If nothing answers there, or another version does.
    pub async fn connect(scheduler: &SchedulerAddress) -> Result<Ballista, ClusterError> {
        let store = StoreClient::connect(scheduler).await?;
        let hello = store.hello().await?;
        let refused = |reason| ClusterError::Refused { scheduler: scheduler.clone(), reason };
        if hello.flowproof != VERSION {
            let reason =
                format!("it is flowproof {}, and this is flowproof {VERSION}", hello.flowproof);
            return Err(refused(reason));
        }
        let site = Site::new(None, None, 1).map_err(|error| refused(error.to_string()))?;
        Ok(Ballista { scheduler: scheduler.clone(), store, codec: Codec::new(site) })
    }
}

fn failure(error: ClusterError) -> Failure {
    Failure(error.to_string())
}

/// What a job's plan needs of settings.
fn settings(config: &SessionConfig) -> SessionConfig {
    // A part is a task of its own: what is lost with an executor is no more than the parts it was at.
    SessionConfig::new_with_ballista()
        .with_batch_size(config.batch_size())
        .with_ballista_adaptive_query_planner(false)
        .set_usize("ballista.scheduler.max_partitions_per_task", 1)
}

#[async_trait]
impl Cluster for Ballista {
    async fn slots(&self) -> Result<usize, Failure> {
        let hello = self.store.hello().await.map_err(failure)?;
        if hello.executors.is_empty() {
            let text = format!("no executor has joined the scheduler at {}", self.scheduler);
            return Err(Failure(text));
        }
        Ok(usize::try_from(hello.slots).unwrap_or(usize::MAX).max(1))
    }

    async fn keep(&self, blobs: Vec<Bytes>) -> Result<Vec<String>, Failure> {
        let names = self.store.put(blobs).await.map_err(failure)?;
        Ok(names.iter().map(ToString::to_string).collect())
    }

    async fn run(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &SessionConfig,
    ) -> Result<SendableRecordBatchStream, Failure> {
        let (schema, config) = (plan.schema(), settings(config));
        let job = Job::submit(&self.scheduler, plan, &self.codec, &config, MESSAGE_BYTES as usize);
        let mut job = job.await.map_err(failure)?;
        let outputs = job.outputs().await.map_err(failure)?;
        let rows = stream::iter(outputs).map(read).buffered(OPEN_OUTPUTS).flatten();
        // Executors keep what they put out until the last of it was read.
        let end = stream::once(async move {
            if let Err(error) = job.forget().await {
                tracing::debug!("{error}");
            }
            Ok(None)
        });
        let rows = rows.map_ok(Some).chain(end).try_filter_map(|batch| async move { Ok(batch) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }

    async fn done(&self, run: &str) -> Result<Done, Failure> {
        let progress = self.store.progress(run).await.map_err(failure)?;
        Ok(Done { objects: progress.objects, bytes: progress.bytes })
    }
}

/// The rows of an output; if it cannot be read, that.
async fn read(output: Output) -> SendableRecordBatchStream {
    match output.read().await {
        Ok(rows) => rows,
        Err(error) => {
            let schema = Arc::new(datafusion::arrow::datatypes::Schema::empty());
            let error = DataFusionError::External(Box::new(error));
            Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter([Err(error)])))
        }
    }
}

/// The store of a scheduler, for an executor's site. It is connected to when it is first asked.
#[derive(Debug)]
pub struct StoreHome {
    scheduler: SchedulerAddress,
    client: OnceCell<StoreClient>,
}

impl StoreHome {
    /// The store of this scheduler.
    #[must_use]
    pub fn new(scheduler: SchedulerAddress) -> StoreHome {
        StoreHome { scheduler, client: OnceCell::new() }
    }

    async fn client(&self) -> Result<&StoreClient, ClusterError> {
        self.client.get_or_try_init(|| StoreClient::connect(&self.scheduler)).await
    }
}

#[async_trait]
impl Home for StoreHome {
    async fn get(&self, name: &str) -> Result<Bytes, Failure> {
        let name = name.parse().map_err(|error: store::NoBlobName| Failure(error.to_string()))?;
        let client = self.client().await.map_err(failure)?;
        client.get(name).await.map_err(failure)
    }

    async fn is_wanted(&self, run: &str) -> Result<bool, Failure> {
        let client = self.client().await.map_err(failure)?;
        client.is_wanted(run).await.map_err(failure)
    }

    async fn tell_done(&self, run: &str, part: u32, done: Done) {
        let told =
            store::Done { run: run.to_owned(), part, objects: done.objects, bytes: done.bytes };
        let Ok(client) = self.client().await else { return };
        if let Err(error) = client.done(&told).await {
            tracing::debug!("{error}");
        }
    }
}
