//! Blobs that come in one stream, each begun by a message that names it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::{FlightData, PutResult};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tonic::Status;

use super::shelf::{Draft, Shelf};
use super::{BlobName, CHUNK_BYTES, PutAnswer, service};

/// How long a client may be silent before the room that it has taken is free again.
const IDLE: Duration = Duration::from_secs(120);

/// What comes from a client.
pub(super) type Incoming = Pin<Box<dyn Stream<Item = Result<FlightData, Status>> + Send>>;

/// One stream of blobs.
pub(super) struct Put {
    shelf: Arc<Shelf>,
    incoming: Incoming,
    /// The blob whose bytes come now.
    open: Option<Open>,
    ended: bool,
}

/// A blob whose bytes come.
struct Open {
    shelf: Arc<Shelf>,
    name: BlobName,
    hasher: Sha256,
    /// None if the blob is here already; its bytes are checked all the same.
    draft: Option<Draft>,
}

impl Put {
    /// Answers for each blob of the stream, and ends with the first error.
    pub(super) fn answers(
        shelf: Arc<Shelf>,
        incoming: Incoming,
    ) -> impl Stream<Item = Result<PutResult, Status>> + Send {
        let put = Put { shelf, incoming, open: None, ended: false };
        futures::stream::try_unfold(put, |mut put| async move {
            let answer = put.next().await?;
            Ok(match answer {
                Some(answer) => Some((service::put_result(&answer)?, put)),
                None => None,
            })
        })
    }

    /// Takes messages until a blob is whole.
    async fn next(&mut self) -> Result<Option<PutAnswer>, Status> {
        while !self.ended {
            let message = tokio::time::timeout(IDLE, self.incoming.next()).await;
            let message = message.map_err(|_| idle())?.transpose()?;
            let finished = match &message {
                Some(message) if message.flight_descriptor.is_none() => None,
                Some(_) => self.open.take(),
                None => {
                    self.ended = true;
                    self.open.take()
                }
            };
            let answer = match finished {
                Some(open) => Some(Put::finish(open).await?),
                None => None,
            };
            if let Some(message) = message {
                self.take(message).await?;
            }
            if answer.is_some() {
                return Ok(answer);
            }
        }
        Ok(None)
    }

    /// Begins a blob if the message names one, and takes its bytes.
    async fn take(&mut self, message: FlightData) -> Result<(), Status> {
        if let Some(descriptor) = &message.flight_descriptor {
            let [name] = descriptor.path.as_slice() else {
                return Err(Status::invalid_argument(
                    "a descriptor of a blob has one path, its name",
                ));
            };
            self.open = Some(self.begin(service::name(name.as_bytes())?)?);
        }
        let Some(open) = &mut self.open else {
            return Err(Status::invalid_argument("the first message of a stream names a blob"));
        };
        open.write(message.data_body).await
    }

    fn begin(&self, name: BlobName) -> Result<Open, Status> {
        let draft = match self.shelf.put_again(&name) {
            true => None,
            false => Some(self.shelf.begin().map_err(service::disk)?),
        };
        Ok(Open { shelf: Arc::clone(&self.shelf), name, hasher: Sha256::new(), draft })
    }

    async fn finish(open: Open) -> Result<PutAnswer, Status> {
        let name = open.name;
        let came = BlobName::of_hasher(open.hasher);
        if came != name {
            let message = format!(
                "the bytes of blob {name} have the SHA-256 {came}: they are damaged or cut"
            );
            return Err(Status::invalid_argument(message));
        }
        let stored = match open.draft {
            Some(mut draft) => {
                draft.file.flush().await.map_err(service::disk)?;
                draft.finish(name).map_err(service::disk)?
            }
            None => false,
        };
        Ok(PutAnswer { name, stored })
    }
}

impl Open {
    async fn write(&mut self, bytes: Bytes) -> Result<(), Status> {
        if bytes.len() > CHUNK_BYTES {
            let message =
                format!("a message has {} bytes of a blob; it can have {CHUNK_BYTES}", bytes.len());
            return Err(Status::invalid_argument(message));
        }
        self.hasher.update(&bytes);
        let Some(draft) = &mut self.draft else {
            self.shelf.came_again(&self.name, bytes.len() as u64);
            return Ok(());
        };
        draft
            .grow(bytes.len() as u64)
            .map_err(|full| Status::resource_exhausted(full.to_string()))?;
        draft.file.write_all(&bytes).await.map_err(service::disk)
    }
}

fn idle() -> Status {
    Status::deadline_exceeded(format!("nothing came for {} s", IDLE.as_secs()))
}
