//! A blob that goes out, in chunks.

use std::fs::File;
use std::sync::Arc;

use arrow_flight::FlightData;
use bytes::Bytes;
use futures::Stream;
use tokio::io::AsyncReadExt;
use tonic::Status;

use super::shelf::Shelf;
use super::{BlobName, CHUNK_BYTES, service};

/// One blob on its way.
struct Get {
    shelf: Arc<Shelf>,
    name: BlobName,
    file: tokio::fs::File,
    left: u64,
}

/// The chunks of an open file.
pub(super) fn chunks(
    shelf: Arc<Shelf>,
    name: BlobName,
    file: File,
    bytes: u64,
) -> impl Stream<Item = Result<FlightData, Status>> + Send {
    let get = Get { shelf, name, file: tokio::fs::File::from_std(file), left: bytes };
    futures::stream::try_unfold(get, |mut get| async move {
        Ok(get.next().await?.map(|chunk| (FlightData::new().with_data_body(chunk), get)))
    })
}

impl Get {
    async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        let wanted = self.left.min(CHUNK_BYTES as u64);
        if wanted == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; wanted as usize];
        self.file.read_exact(&mut chunk).await.map_err(service::disk)?;
        self.left -= wanted;
        self.shelf.went(&self.name, wanted);
        Ok(Some(Bytes::from(chunk)))
    }
}
