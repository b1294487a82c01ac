//! Objects in memory, with what `s3s-fs` lacks: any key, storage classes, conditions on GET,
//! versions, and listings of many keys at the price of a page. Uploads in parts are in `parts.rs`.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{TryStreamExt, stream};
use md5::{Digest, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CommonPrefix,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput,
    CopyObjectResult, CopySource, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    DeleteObjectInput, DeleteObjectOutput, ETag, ETagCondition, GetObjectInput, GetObjectOutput,
    HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    ObjectStorageClass, PutObjectInput, PutObjectOutput, RestoreStatus, StreamingBlob, Timestamp,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use crate::parts::Uploads;

/// S3's own limit of a page.
const PAGE: usize = 1000;

/// Buckets of objects. Clones share them, so that a test can change what the server serves.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    buckets: Arc<Mutex<BTreeMap<String, Bucket>>>,
    uploads: Arc<Mutex<Uploads>>,
}

type Bucket = BTreeMap<String, Stored>;

/// An object and what is told of it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its bytes.
    pub bytes: Bytes,
    /// What its `ETag` is, without quotes: the MD5 of its bytes, unless it is set to another.
    pub etag: String,
    /// Its storage class. `GLACIER` and `DEEP_ARCHIVE` are not served unless restored.
    pub class: Option<&'static str>,
    /// Whether a copy can be read though the class is an archive.
    pub restored: bool,
    /// The version that is told, if any.
    pub version: Option<String>,
    /// When it was written.
    pub modified: SystemTime,
}

impl Stored {
    /// An object with these bytes, written in 2025.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Stored {
        let bytes = bytes.into();
        let etag = Md5::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_750_000_000);
        Stored { bytes, etag, class: None, restored: false, version: None, modified }
    }

    /// The same in another storage class.
    #[must_use]
    pub fn class(mut self, class: &'static str) -> Stored {
        self.class = Some(class);
        self
    }

    fn is_archived(&self) -> bool {
        matches!(self.class, Some("GLACIER" | "DEEP_ARCHIVE")) && !self.restored
    }

    fn tag(&self) -> ETag {
        ETag::Strong(self.etag.clone())
    }

    fn listed(&self, key: &str) -> Object {
        let restored = RestoreStatus {
            is_restore_in_progress: Some(false),
            restore_expiry_date: Some(Timestamp::from(self.modified)),
        };
        Object {
            key: Some(key.to_owned()),
            size: Some(self.bytes.len() as i64),
            e_tag: Some(self.tag()),
            last_modified: Some(Timestamp::from(self.modified)),
            storage_class: self.class.map(|class| ObjectStorageClass::from(class.to_owned())),
            restore_status: self.restored.then_some(restored),
            ..Object::default()
        }
    }
}

impl Memory {
    /// Puts an object there, whatever was there before.
    pub fn put(&self, bucket: &str, key: &str, bytes: impl Into<Bytes>) {
        self.store(bucket, key, Stored::new(bytes));
    }

    /// The same with all that is told of it.
    pub fn store(&self, bucket: &str, key: &str, object: Stored) {
        self.buckets().entry(bucket.to_owned()).or_default().insert(key.to_owned(), object);
    }

    /// Makes a bucket without objects.
    pub fn create(&self, bucket: &str) {
        self.buckets().entry(bucket.to_owned()).or_default();
    }

    /// Takes an object away.
    pub fn remove(&self, bucket: &str, key: &str) {
        self.buckets().get_mut(bucket).map(|bucket| bucket.remove(key));
    }

    /// The object, if there is one.
    #[must_use]
    pub fn get(&self, bucket: &str, key: &str) -> Option<Stored> {
        self.buckets().get(bucket)?.get(key).cloned()
    }

    /// The keys of a bucket, sorted.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let keys = self.buckets().get(bucket).map(|bucket| bucket.keys().cloned().collect());
        keys.unwrap_or_default()
    }

    /// How many uploads in parts are neither complete nor aborted.
    #[must_use]
    pub fn uploads(&self) -> usize {
        self.parts().open()
    }

    fn parts(&self) -> MutexGuard<'_, Uploads> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, bucket: &str, key: &str) -> S3Result<Stored> {
        let buckets = self.buckets();
        let bucket = buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        bucket.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
    }

    /// The object, if it is the one that the conditions of a read ask for.
    fn find_if(
        &self,
        (bucket, key): (&str, &str),
        if_match: Option<&ETagCondition>,
        if_none_match: Option<&ETagCondition>,
    ) -> S3Result<Stored> {
        let object = self.find(bucket, key)?;
        if if_match.is_some_and(|condition| !meets(condition, Some(&object))) {
            return Err(s3_error!(PreconditionFailed));
        }
        if if_none_match.is_some_and(|condition| meets(condition, Some(&object))) {
            return Err(s3_error!(NotModified));
        }
        Ok(object)
    }
}

/// Whether what is there is what a condition names.
fn meets(condition: &ETagCondition, object: Option<&Stored>) -> bool {
    match condition {
        ETagCondition::Any => object.is_some(),
        ETagCondition::ETag(tag) => object.is_some_and(|object| object.etag == tag.value()),
    }
}

#[async_trait]
impl S3 for Memory {
    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let place = (&*input.bucket, &*input.key);
        let object = self.find_if(place, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        if object.is_archived() {
            return Err(s3_error!(InvalidObjectState));
        }
        let size = object.bytes.len() as u64;
        let range = match &input.range {
            None => 0..size,
            Some(range) => range.check(size)?,
        };
        let told = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
        let bytes = object.bytes.slice(range.start as usize..range.end as usize);
        let mut output = GetObjectOutput {
            content_length: Some(bytes.len() as i64),
            content_range: input.range.is_some().then_some(told),
            e_tag: Some(object.tag()),
            version_id: object.version.clone(),
            last_modified: Some(Timestamp::from(object.modified)),
            ..GetObjectOutput::default()
        };
        let pieces = pieces(bytes).into_iter().map(Ok::<_, std::io::Error>);
        output.body = Some(StreamingBlob::wrap(stream::iter(pieces)));
        Ok(S3Response::new(output))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let place = (&*input.bucket, &*input.key);
        let object = self.find_if(place, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(object.bytes.len() as i64),
            e_tag: Some(object.tag()),
            version_id: object.version.clone(),
            last_modified: Some(Timestamp::from(object.modified)),
            ..HeadObjectOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        let delimiter = input.delimiter.clone().filter(|delimiter| !delimiter.is_empty());
        let after = input.continuation_token.clone().or_else(|| input.start_after.clone());
        let limit = input.max_keys.map_or(PAGE, |keys| (keys.max(0) as usize).min(PAGE));

        let buckets = self.buckets();
        let bucket = buckets.get(&*input.bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let (mut contents, mut folders) = (Vec::new(), Vec::new());
        let mut last = None;
        let mut from = match after {
            Some(after) if after >= prefix => {
                Bound::Excluded(past(after, &prefix, delimiter.as_deref()))
            }
            _ => Bound::Included(prefix.clone()),
        };
        while let Some((key, object)) = bucket.range((from, Bound::Unbounded)).next() {
            if !key.starts_with(&prefix) || contents.len() + folders.len() == limit {
                break;
            }
            let folder = delimiter.as_deref().and_then(|delimiter| folder(key, &prefix, delimiter));
            match folder {
                Some(folder) => {
                    from = Bound::Excluded(past_all(folder));
                    last = Some(folder.to_owned());
                    folders.push(CommonPrefix { prefix: Some(folder.to_owned()) });
                }
                None => {
                    from = Bound::Excluded(key.clone());
                    last = Some(key.clone());
                    contents.push(object.listed(key));
                }
            }
        }
        // What comes next begins after the last key, or after all keys of the last folder.
        let next = last.clone().map(|last| past(last, &prefix, delimiter.as_deref()));
        let is_truncated = next.is_some_and(|next| {
            let mut rest = bucket.range::<str, _>((Bound::Excluded(&*next), Bound::Unbounded));
            rest.next().is_some_and(|(key, _)| key.starts_with(&prefix))
        });
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(prefix),
            max_keys: Some(limit as i32),
            key_count: Some((contents.len() + folders.len()) as i32),
            is_truncated: Some(is_truncated),
            next_continuation_token: last.filter(|_| is_truncated),
            contents: Some(contents),
            common_prefixes: Some(folders),
            delimiter,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        let bytes = received(input.body, input.checksum_crc32).await?;
        let object = Stored::new(bytes);
        let mut buckets = self.buckets();
        let bucket = buckets.get_mut(&*input.bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let before = bucket.get(&*input.key);
        if input.if_match.is_some() && before.is_none() {
            return Err(s3_error!(NoSuchKey));
        }
        if input.if_match.is_some_and(|condition| !meets(&condition, before))
            || input.if_none_match.is_some_and(|condition| meets(&condition, before))
        {
            return Err(s3_error!(PreconditionFailed));
        }
        let output = PutObjectOutput { e_tag: Some(object.tag()), ..PutObjectOutput::default() };
        bucket.insert(input.key, object);
        Ok(S3Response::new(output))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.remove(&request.input.bucket, &request.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(s3_error!(NotImplemented));
        };
        let object = self.find(bucket, key)?;
        let result = CopyObjectResult {
            e_tag: Some(object.tag()),
            last_modified: Some(Timestamp::from(object.modified)),
            ..CopyObjectResult::default()
        };
        self.store(&input.bucket, &input.key, object);
        let copy_object_result = Some(result);
        let output = CopyObjectOutput { copy_object_result, ..CopyObjectOutput::default() };
        Ok(S3Response::new(output))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let CreateMultipartUploadInput { bucket, key, .. } = request.input;
        if !self.buckets().contains_key(&*bucket) {
            return Err(s3_error!(NoSuchBucket));
        }
        let upload_id = Some(self.parts().begin());
        let (bucket, key) = (Some(bucket), Some(key));
        let output = CreateMultipartUploadOutput {
            bucket,
            key,
            upload_id,
            ..CreateMultipartUploadOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let checksum_crc32 = input.checksum_crc32.clone();
        let part = Stored::new(received(input.body, input.checksum_crc32).await?);
        let e_tag = Some(part.tag());
        self.parts().add(&input.upload_id, input.part_number, part)?;
        let output = UploadPartOutput { e_tag, checksum_crc32, ..UploadPartOutput::default() };
        Ok(S3Response::new(output))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let object = self.parts().complete(&input.upload_id, &parts)?;
        let e_tag = Some(object.tag());
        self.store(&input.bucket, &input.key, object);
        let output =
            CompleteMultipartUploadOutput { e_tag, ..CompleteMultipartUploadOutput::default() };
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.parts().abort(&request.input.upload_id)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

/// A body that was sent, if it fits its checksum. One without is refused, as by buckets with Object
/// Lock.
async fn received(body: Option<StreamingBlob>, crc32: Option<String>) -> S3Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.try_next().await.map_err(|_| s3_error!(IncompleteBody))? {
            bytes.extend_from_slice(&chunk);
        }
    }
    let told = crc32.ok_or_else(|| s3_error!(InvalidRequest, "a checksum is required"))?;
    let mut hasher = ChecksumHasher { crc32: Some(Default::default()), ..Default::default() };
    hasher.update(&bytes);
    match hasher.finalize().checksum_crc32 == Some(told) {
        true => Ok(bytes),
        false => Err(s3_error!(BadDigest)),
    }
}

/// What a key has up to the first delimiter after the prefix.
fn folder<'k>(key: &'k str, prefix: &str, delimiter: &str) -> Option<&'k str> {
    let at = key[prefix.len()..].find(delimiter)?;
    Some(&key[..prefix.len() + at + delimiter.len()])
}

/// The last place that a key or folder covers.
fn past(last: String, prefix: &str, delimiter: Option<&str>) -> String {
    let is_folder = delimiter.is_some_and(|delimiter| {
        last.starts_with(prefix) && folder(&last, prefix, delimiter) == Some(&*last)
    });
    if is_folder { past_all(&last) } else { last }
}

/// After every key that begins so.
fn past_all(folder: &str) -> String {
    format!("{folder}{}", char::MAX)
}

/// A body as it comes over a network, in pieces.
fn pieces(mut bytes: Bytes) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        pieces.push(bytes.split_to(bytes.len().min(16 << 10)));
    }
    pieces
}
