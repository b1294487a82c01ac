//! How clients and executors ask the store.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{Action, FlightData, FlightDescriptor, PutResult, Ticket};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};

use super::{
    ANSWER_BYTES, BlobName, CHUNK_BYTES, Counts, Done, DoneAnswer, Hello, Join, Names, Progress,
    ProgressOf, PutAnswer, QUESTION_BYTES, action,
};
use crate::error::chain;
use crate::{ClusterError, SchedulerAddress};

/// For how long a connection is waited for.
const CONNECT: Duration = Duration::from_secs(5);

/// For how long an answer is waited for, or the next message of one.
const ANSWER: Duration = Duration::from_secs(30);

/// How often a connection is tried, so that a host that is gone is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Names in one question.
const NAMES: usize = 100_000;

/// A connection to the store of one scheduler. Clones share it; it is made anew if it breaks.
#[derive(Debug, Clone)]
pub struct StoreClient {
    scheduler: SchedulerAddress,
    flight: FlightServiceClient<Channel>,
}

impl StoreClient {
    /// Connects.
    ///
    /// # Errors
    /// If nothing answers within five seconds.
    pub async fn connect(scheduler: &SchedulerAddress) -> Result<StoreClient, ClusterError> {
        let unreachable = |error: &tonic::transport::Error| ClusterError::Unreachable {
            scheduler: scheduler.clone(),
            reason: chain(error),
        };
        let endpoint = endpoint(scheduler).map_err(|error| unreachable(&error))?;
        let connecting = tokio::time::timeout(CONNECT, endpoint.connect()).await;
        let connected = connecting.map_err(|_| ClusterError::late(scheduler, CONNECT))?;
        let channel = connected.map_err(|error| unreachable(&error))?;
        let flight = FlightServiceClient::new(channel)
            .max_decoding_message_size(ANSWER_BYTES)
            .max_encoding_message_size(QUESTION_BYTES);
        Ok(StoreClient { scheduler: scheduler.clone(), flight })
    }

    /// Where the scheduler is.
    pub fn scheduler(&self) -> &SchedulerAddress {
        &self.scheduler
    }

    /// Sends those of the blobs that the store has not, and names all, in the order given.
    ///
    /// # Errors
    /// If the store has no room, or does not answer.
    pub async fn put(&self, blobs: Vec<Bytes>) -> Result<Vec<BlobName>, ClusterError> {
        let names: Vec<BlobName> = blobs.iter().map(|blob| BlobName::of(blob)).collect();
        let mut wanted: HashSet<BlobName> = self.missing(&names).await?.into_iter().collect();
        let send: Vec<(BlobName, Bytes)> =
            names.iter().copied().zip(blobs).filter(|(name, _)| wanted.remove(name)).collect();
        if !send.is_empty() {
            self.send(send).await?;
        }
        Ok(names)
    }

    /// Which of the blobs the store has not. It keeps the others for an hour from now.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn missing(&self, names: &[BlobName]) -> Result<Vec<BlobName>, ClusterError> {
        let mut missing = Vec::new();
        for names in names.chunks(NAMES) {
            let question = Names { names: names.to_vec() };
            missing.extend(self.ask::<_, Names>(action::MISSING, &question).await?.names);
        }
        Ok(missing)
    }

    /// The bytes of a blob, checked.
    ///
    /// # Errors
    /// If the store has it not, or the bytes are others.
    pub async fn get(&self, name: BlobName) -> Result<Bytes, ClusterError> {
        let mut flight = self.flight.clone();
        let asked = self.in_time(flight.do_get(Ticket::new(name.to_string()))).await?;
        let mut chunks = asked.map_err(|status| self.of_get(name, &status))?.into_inner();
        let (mut bytes, mut hasher) = (BytesMut::new(), Sha256::new());
        while let Some(chunk) = self.in_time(chunks.next()).await? {
            let chunk = chunk.map_err(|status| self.of_get(name, &status))?.data_body;
            hasher.update(&chunk);
            bytes.extend_from_slice(&chunk);
        }
        if BlobName::of_hasher(hasher) != name {
            return Err(self.unusable(format!("the bytes of blob {name} are damaged or cut")));
        }
        Ok(bytes.freeze())
    }

    /// The scheduler's versions and executors.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn hello(&self) -> Result<Hello, ClusterError> {
        self.ask(action::HELLO, &()).await
    }

    /// Tells an executor's version.
    ///
    /// # Errors
    /// If the scheduler has another, or does not answer.
    pub async fn join(&self, join: &Join) -> Result<(), ClusterError> {
        self.ask(action::JOIN, join).await
    }

    /// Tells that a part has been worked through; false if that was told before.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn done(&self, done: &Done) -> Result<bool, ClusterError> {
        self.ask::<_, DoneAnswer>(action::DONE, done).await.map(|answer| answer.counted)
    }

    /// How far a run is.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn progress(&self, run: &str) -> Result<Progress, ClusterError> {
        self.ask(action::PROGRESS, &ProgressOf { run: run.to_owned() }).await
    }

    /// Whether anybody waits for a run.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn is_wanted(&self, run: &str) -> Result<bool, ClusterError> {
        self.ask(action::WANTED, &ProgressOf { run: run.to_owned() }).await
    }

    /// How often each blob travelled.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn counts(&self) -> Result<Counts, ClusterError> {
        self.ask(action::COUNTS, &()).await
    }

    /// Sends blobs and sees that each is taken.
    async fn send(&self, blobs: Vec<(BlobName, Bytes)>) -> Result<(), ClusterError> {
        let expected: Vec<BlobName> = blobs.iter().map(|(name, _)| *name).collect();
        let sent = Arc::new(AtomicU64::new(0));
        let mut flight = self.flight.clone();
        let asked = self.in_time(flight.do_put(messages(blobs, Arc::clone(&sent)))).await?;
        let mut answers = asked.map_err(|status| self.of_status(&status))?.into_inner();
        for name in expected {
            let answer = self.while_it_moves(&mut answers, &sent).await?;
            let answer = answer.transpose().map_err(|status| self.of_status(&status))?;
            let answer = answer.map(|answer| self.read_put(&answer)).transpose()?;
            if answer.is_none_or(|answer| answer.name != name) {
                return Err(self.unusable(format!("blob {name} was not taken")));
            }
        }
        Ok(())
    }

    /// Waits for an answer as long as messages are taken.
    async fn while_it_moves(
        &self,
        answers: &mut Streaming<PutResult>,
        sent: &AtomicU64,
    ) -> Result<Option<Result<PutResult, Status>>, ClusterError> {
        loop {
            let before = sent.load(Ordering::Relaxed);
            match self.in_time(answers.next()).await {
                Err(_) if sent.load(Ordering::Relaxed) > before => {}
                answer => return answer,
            }
        }
    }

    fn read_put(&self, answer: &PutResult) -> Result<PutAnswer, ClusterError> {
        self.read(&answer.app_metadata)
    }

    /// Asks by an action.
    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        action: &str,
        question: &Q,
    ) -> Result<A, ClusterError> {
        let body = serde_json::to_vec(question)
            .map_err(|error| self.unusable(format!("{action} cannot be asked: {error}")))?;
        let mut flight = self.flight.clone();
        let asked = self.in_time(flight.do_action(Action::new(action, body))).await?;
        let mut answers = asked.map_err(|status| self.of_status(&status))?.into_inner();
        match self.in_time(answers.next()).await? {
            Some(Ok(answer)) => self.read(&answer.body),
            Some(Err(status)) => Err(self.of_status(&status)),
            None => Err(self.unusable(format!("there is none to {action}"))),
        }
    }

    fn read<A: DeserializeOwned>(&self, body: &[u8]) -> Result<A, ClusterError> {
        serde_json::from_slice(body).map_err(|error| self.unusable(error.to_string()))
    }

    async fn in_time<T>(&self, asked: impl Future<Output = T>) -> Result<T, ClusterError> {
        let answer = tokio::time::timeout(ANSWER, asked).await;
        answer.map_err(|_| ClusterError::late(&self.scheduler, ANSWER))
    }

    fn unusable(&self, reason: String) -> ClusterError {
        ClusterError::Answer { scheduler: self.scheduler.clone(), reason }
    }

    fn of_status(&self, status: &Status) -> ClusterError {
        ClusterError::of_status(&self.scheduler, status)
    }

    fn of_get(&self, name: BlobName, status: &Status) -> ClusterError {
        match status.code() {
            Code::NotFound => ClusterError::NoBlob { scheduler: self.scheduler.clone(), name },
            _ => self.of_status(status),
        }
    }
}

/// An endpoint for a scheduler, with times after which it counts as gone.
pub(crate) fn endpoint(scheduler: &SchedulerAddress) -> Result<Endpoint, tonic::transport::Error> {
    Ok(Endpoint::from_shared(scheduler.url())?
        .connect_timeout(CONNECT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(4 * CHUNK_BYTES as u32)
        .initial_connection_window_size(16 * CHUNK_BYTES as u32))
}

/// The messages that put blobs: each begins with its name, and chunks follow. They are counted as they
/// are taken.
fn messages(
    blobs: Vec<(BlobName, Bytes)>,
    sent: Arc<AtomicU64>,
) -> impl Stream<Item = FlightData> + Send + 'static {
    let messages = blobs.into_iter().flat_map(|(name, bytes)| {
        let descriptor = FlightDescriptor::new_path(vec![name.to_string()]);
        let first = FlightData::new().with_descriptor(descriptor);
        let chunks = (0..bytes.len()).step_by(CHUNK_BYTES).map(move |start| {
            let end = bytes.len().min(start + CHUNK_BYTES);
            FlightData::new().with_data_body(bytes.slice(start..end))
        });
        std::iter::once(first).chain(chunks)
    });
    futures::stream::iter(messages.inspect(move |_| {
        sent.fetch_add(1, Ordering::Relaxed);
    }))
}
