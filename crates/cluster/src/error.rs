//! What can go wrong between the processes of a cluster.

use std::error::Error;
use std::time::Duration;

use ballista_core::error::BallistaError;
use tonic::{Code, Status};

use crate::{BlobName, SchedulerAddress};

/// Why a cluster did not do what was asked, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// An address cannot be read: correct it.
    #[error("\"{text}\" is no address of a scheduler: write df://host:port")]
    Address {
        /// What was written.
        text: String,
    },
    /// A port cannot be taken, or a folder cannot be made: choose another.
    #[error("{what}: {reason}")]
    Start {
        /// What was tried.
        what: String,
        /// What stood in the way.
        reason: String,
    },
    /// Nothing answers there, or it stopped to answer: start a scheduler, or correct the address.
    #[error("no Flowproof scheduler answers at {scheduler}: {reason}")]
    Unreachable {
        /// Where it should be.
        scheduler: SchedulerAddress,
        /// What the connection says.
        reason: String,
    },
    /// The scheduler refuses: do what the reason says.
    #[error("the Flowproof scheduler at {scheduler} refuses: {reason}")]
    Refused {
        /// Where it is.
        scheduler: SchedulerAddress,
        /// What it says.
        reason: String,
    },
    /// The scheduler has no blob of that name (any more): put it again.
    #[error("the Flowproof scheduler at {scheduler} has no blob {name}")]
    NoBlob {
        /// Where it is.
        scheduler: SchedulerAddress,
        /// The blob.
        name: BlobName,
    },
    /// What the scheduler sent is not what was asked for: it is no scheduler, or bytes were damaged.
    #[error("the answer of {scheduler} cannot be used: {reason}")]
    Answer {
        /// Where it came from.
        scheduler: SchedulerAddress,
        /// What is wrong with it.
        reason: String,
    },
    /// A scheduler that was there is there no more.
    #[error(
        "the Flowproof scheduler at {scheduler} is lost: no heartbeat of this executor has reached it"
    )]
    Lost {
        /// Where it was.
        scheduler: SchedulerAddress,
    },
    /// The scheduler took an executor out and told it to end.
    #[error(
        "the Flowproof scheduler at {scheduler} told this executor to end; it does so if none of its \
         heartbeats came in time"
    )]
    Dismissed {
        /// Where it is.
        scheduler: SchedulerAddress,
    },
    /// A job failed, or its plan cannot be sent.
    #[error("a job of the cluster failed: {reason}")]
    Job {
        /// What the scheduler says.
        reason: String,
    },
    /// The output of a partition cannot be read (any more): hand its work in again.
    #[error("the output of partition {partition} cannot be read: {reason}")]
    Output {
        /// The number of the partition.
        partition: u32,
        /// What stands in the way.
        reason: String,
    },
    /// A service failed that was running.
    #[error("a service of this process ended: {0}")]
    Service(String),
}

impl ClusterError {
    /// That something could not be started.
    pub(crate) fn start(what: impl Into<String>, reason: &(dyn Error + 'static)) -> ClusterError {
        ClusterError::Start { what: what.into(), reason: chain(reason) }
    }

    /// That nothing answered within a time.
    pub(crate) fn late(scheduler: &SchedulerAddress, after: Duration) -> ClusterError {
        let reason = format!("no answer within {} s", after.as_secs_f32());
        ClusterError::Unreachable { scheduler: scheduler.clone(), reason }
    }

    /// What a status of the store's service means.
    pub(crate) fn of_status(scheduler: &SchedulerAddress, status: &Status) -> ClusterError {
        let scheduler = scheduler.clone();
        if let Some(source) = status.source() {
            // It was not sent: the connection failed.
            let reason = format!("{}: {}", status.message(), chain(source));
            return ClusterError::Unreachable { scheduler, reason };
        }
        let reason = status.message().to_owned();
        match status.code() {
            Code::Unimplemented => {
                let reason = format!("what answers there is none ({reason})");
                ClusterError::Unreachable { scheduler, reason }
            }
            Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded => {
                ClusterError::Unreachable { scheduler, reason }
            }
            Code::DataLoss => ClusterError::Answer { scheduler, reason },
            _ => ClusterError::Refused { scheduler, reason },
        }
    }

    /// Whether to try again makes sense, as nobody has refused.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, ClusterError::Unreachable { .. })
    }
}

impl From<BallistaError> for ClusterError {
    fn from(error: BallistaError) -> ClusterError {
        ClusterError::Service(chain(&error))
    }
}

/// An error and its causes, each of which says something new.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
