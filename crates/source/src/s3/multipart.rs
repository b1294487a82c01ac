//! Objects written in parts.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures::{FutureExt, TryFutureExt};
use object_store::{MultipartUpload, PutPayload, PutResult, UploadPart};

use super::adapter::{joined, store_error};
use super::error::{Right, S3Failure, S3FailureKind};
use super::store::S3Store;

/// An upload that has begun. S3 keeps its parts, and bills them, until it is completed or aborted.
#[derive(Debug)]
pub(super) struct Upload {
    inner: Arc<Inner>,
    /// The parts handed out so far, whether they have arrived or not.
    count: i32,
}

#[derive(Debug)]
struct Inner {
    store: S3Store,
    key: String,
    id: String,
    /// Those that have arrived, in the order in which they did.
    arrived: Mutex<Vec<CompletedPart>>,
}

impl Upload {
    pub(super) async fn begin(
        store: &S3Store,
        key: &str,
        content_type: Option<String>,
    ) -> Result<Upload, S3Failure> {
        let answer = store
            .ask_to(Right::Put, |client| {
                client
                    .create_multipart_upload()
                    .bucket(store.bucket())
                    .key(key)
                    .set_content_type(content_type.clone())
                    .set_request_payer(store.payer())
                    .send()
            })
            .await?;
        let id = answer.upload_id.ok_or_else(|| {
            S3Failure::new(S3FailureKind::Other, "the answer to a new upload lacks its id")
        })?;
        let (store, key, arrived) = (store.clone(), key.to_owned(), Mutex::default());
        Ok(Upload { inner: Arc::new(Inner { store, key, id, arrived }), count: 0 })
    }

    /// Sends the next part. Several may be on their way at a time.
    pub(super) fn send(
        &mut self,
        bytes: Bytes,
    ) -> impl Future<Output = Result<(), S3Failure>> + use<> {
        self.count += 1;
        let (inner, number) = (Arc::clone(&self.inner), self.count);
        async move { inner.send(number, bytes).await }
    }

    /// Makes an object of the parts.
    pub(super) async fn finish(&self) -> Result<PutResult, S3Failure> {
        let parts = self.inner.parts();
        if parts.len() != usize::try_from(self.count).unwrap_or(usize::MAX) {
            let text = format!("{} of {} parts have arrived", parts.len(), self.count);
            return Err(S3Failure::new(S3FailureKind::Other, text));
        }
        let Inner { store, key, id, .. } = &*self.inner;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let answer = store
            .ask_to(Right::Put, |client| {
                client
                    .complete_multipart_upload()
                    .bucket(store.bucket())
                    .key(key)
                    .upload_id(id)
                    .multipart_upload(parts.clone())
                    .set_request_payer(store.payer())
                    .send()
            })
            .await?;
        Ok(PutResult { e_tag: answer.e_tag, version: answer.version_id })
    }

    /// Has S3 forget the upload and its parts.
    pub(super) async fn discard(&self) -> Result<(), S3Failure> {
        let Inner { store, key, id, .. } = &*self.inner;
        store
            .ask_to(Right::Abort, |client| {
                client
                    .abort_multipart_upload()
                    .bucket(store.bucket())
                    .key(key)
                    .upload_id(id)
                    .set_request_payer(store.payer())
                    .send()
            })
            .await?;
        Ok(())
    }
}

impl Inner {
    async fn send(&self, number: i32, bytes: Bytes) -> Result<(), S3Failure> {
        let answer = self
            .store
            .ask_to(Right::Put, |client| {
                client
                    .upload_part()
                    .bucket(self.store.bucket())
                    .key(&self.key)
                    .upload_id(&self.id)
                    .part_number(number)
                    .set_request_payer(self.store.payer())
                    .body(ByteStream::from(bytes.clone()))
                    .send()
            })
            .await?;
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(answer.e_tag)
            .set_checksum_crc32(answer.checksum_crc32)
            .set_checksum_crc32_c(answer.checksum_crc32_c)
            .set_checksum_crc64_nvme(answer.checksum_crc64_nvme)
            .set_checksum_sha1(answer.checksum_sha1)
            .set_checksum_sha256(answer.checksum_sha256);
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).push(part.build());
        Ok(())
    }

    /// The parts that have arrived, by number.
    fn parts(&self) -> Vec<CompletedPart> {
        let mut parts = self.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone();
        parts.sort_by_key(|part| part.part_number);
        parts
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (sent, inner) = (self.send(joined(data)), Arc::clone(&self.inner));
        sent.map_err(move |failure| store_error(&inner.key, failure)).boxed()
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        if self.count == 0 {
            // An upload must have a part, be it empty.
            self.put_part(PutPayload::new()).await?;
        }
        self.finish().await.map_err(|failure| store_error(&self.inner.key, failure))
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        let aborted = self.discard().await;
        aborted.map_err(|failure| store_error(&self.inner.key, failure))
    }
}
