//! What this crate asks of a cluster.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;

/// Machines that run parts of plans.
#[async_trait]
pub trait Cluster: fmt::Debug + Send + Sync {
    /// How many parts run at one time, over all executors.
    ///
    /// # Errors
    ///
    /// If the cluster does not answer, has no executor, or is of another version.
    async fn slots(&self) -> Result<usize, ClusterError>;

    /// Keeps bytes where executors find them by the names that come back, in their order. What is there
    /// already is not sent again.
    ///
    /// # Errors
    ///
    /// If the cluster does not take them.
    async fn keep(&self, blobs: Vec<Bytes>) -> Result<Vec<String>, ClusterError>;

    /// Runs all partitions of a plan, and gives what they put out once all have ended, in any order.
    ///
    /// The plan's nodes are DataFusion's, with [`TellExec`](super::TellExec) and
    /// [`PartScanExec`](super::PartScanExec) among them.
    ///
    /// # Errors
    ///
    /// If the plan failed. What fails in the stream is the fetching alone: then the same partitions may
    /// be run again.
    async fn run(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &SessionConfig,
    ) -> Result<SendableRecordBatchStream, ClusterError>;

    /// How far a run has come.
    ///
    /// # Errors
    ///
    /// If the cluster does not answer.
    async fn done(&self, run: &str) -> Result<Done, ClusterError>;
}

/// What an executor asks of the place that its work comes from.
#[async_trait]
pub trait Home: fmt::Debug + Send + Sync {
    /// The bytes that are kept under a name.
    ///
    /// # Errors
    ///
    /// If there are none, or nobody answers.
    async fn get(&self, name: &str) -> Result<Bytes, ClusterError>;

    /// Whether anybody still waits for a run.
    ///
    /// # Errors
    ///
    /// If nobody answers.
    async fn is_wanted(&self, run: &str) -> Result<bool, ClusterError>;

    /// Tells that a part of a run is done. It is for people who watch: nothing depends on it.
    async fn tell_done(&self, run: &str, part: u32, done: Done);
}

/// How much of a run is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Objects that were read or could not be.
    pub objects: u64,
    /// Stored bytes that were read.
    pub bytes: u64,
}

/// Why a cluster did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ClusterError(pub String);
