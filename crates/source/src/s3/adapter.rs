//! A bucket as an [`ObjectStore`], for libraries that want one.
//!
//! A [`Path`] is the raw key here: it is neither encoded nor decoded on the way. But not every key
//! is a path: one with `//`, a leading or trailing `/`, or a part `.` or `..` is none. A listing
//! that meets such a key fails, but for empty objects whose keys end in `/`: they stand for folders
//! and are left out.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload,
    ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, Result, TagSet,
};

use super::error::{S3Failure, S3FailureKind};
use super::multipart::Upload;
use super::page::{ListRequest, Page, S3Object};
use super::read::Stat;
use super::store::S3Store;
use super::write::Condition;

/// Requests that delete at a time.
const DELETIONS: usize = 10;

#[async_trait]
impl ObjectStore for S3Store {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let key = location.as_ref();
        let content_type = content_type(&options.attributes, &options.tags)?;
        let condition = Condition::of(&options.mode).ok_or_else(|| {
            generic(S3Failure::new(S3FailureKind::Other, "an update without the ETag it replaces"))
        })?;
        let put = self.put(key, joined(payload), content_type, condition).await;
        put.map_err(|failure| match (&options.mode, &failure.kind) {
            (PutMode::Create, S3FailureKind::Changed) => already_exists(key, failure),
            // What was to be replaced is gone, which is another content too.
            (PutMode::Update(_), S3FailureKind::NotFound) => precondition(key, failure),
            _ => store_error(key, failure),
        })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let key = location.as_ref();
        let content_type = content_type(&options.attributes, &options.tags)?;
        let upload = Upload::begin(self, key, content_type).await;
        Ok(Box::new(upload.map_err(|failure| store_error(key, failure))?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let key = location.as_ref();
        if options.head {
            let stat =
                self.head(key, &options).await.map_err(|failure| store_error(key, failure))?;
            let range = 0..stat.size;
            let payload = GetResultPayload::Stream(stream::empty().boxed());
            let meta = meta_of(location.clone(), &stat);
            return Ok(GetResult { payload, meta, range, attributes: Attributes::new() });
        }
        let body = self.get(key, &options).await.map_err(|failure| store_error(key, failure))?;
        let (meta, range) = (meta_of(location.clone(), body.stat()), body.range());
        let key = key.to_owned();
        let bytes = body.into_stream().map_err(move |failure| store_error(&key, failure));
        let payload = GetResultPayload::Stream(bytes.boxed());
        Ok(GetResult { payload, meta, range, attributes: Attributes::new() })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let deletions = locations.map(move |location| {
            let store = store.clone();
            async move {
                let location = location?;
                let removed = store.remove(location.as_ref()).await;
                removed.map_err(|failure| store_error(location.as_ref(), failure))?;
                Ok(location)
            }
        });
        deletions.buffered(DELETIONS).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        metas(self, ListRequest { prefix: folder(prefix), ..ListRequest::default() })
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let start_after = Some(offset.as_ref().to_owned());
        metas(self, ListRequest { prefix: folder(prefix), start_after, ..ListRequest::default() })
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let prefix = folder(prefix);
        let delimiter = Some("/".to_owned());
        let mut pages =
            self.pages(ListRequest { prefix: prefix.clone(), delimiter, ..ListRequest::default() });
        let mut result = ListResult { common_prefixes: Vec::new(), objects: Vec::new() };
        while let Some(page) = pages.next().await {
            let Page { objects, prefixes, .. } =
                page.map_err(|failure| store_error(&prefix, failure))?;
            for object in objects {
                result.objects.extend(meta(object)?);
            }
            for folder in prefixes {
                result.common_prefixes.push(path(folder.strip_suffix('/').unwrap_or(&folder))?);
            }
        }
        Ok(result)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let condition = match options.mode {
            CopyMode::Overwrite => Condition::default(),
            CopyMode::Create => Condition::new_object(),
        };
        let copied = self.duplicate(from.as_ref(), to.as_ref(), condition).await;
        copied.map_err(|failure| match failure.kind {
            S3FailureKind::Changed => already_exists(to.as_ref(), failure),
            _ => store_error(from.as_ref(), failure),
        })
    }
}

/// What a prefix given as path means: the keys below it, not those that merely begin like it.
fn folder(prefix: Option<&Path>) -> String {
    match prefix {
        Some(prefix) if !prefix.as_ref().is_empty() => format!("{prefix}/"),
        _ => String::new(),
    }
}

fn metas(store: &S3Store, request: ListRequest) -> BoxStream<'static, Result<ObjectMeta>> {
    let prefix = request.prefix.clone();
    let pages = store.pages(request).map_err(move |failure| store_error(&prefix, failure));
    let metas = |page: Page| stream::iter(page.objects).map(meta);
    pages.map_ok(metas).try_flatten().try_filter_map(async |meta| Ok(meta)).boxed()
}

/// What an object is to a library; none if it only stands for a folder.
fn meta(object: S3Object) -> Result<Option<ObjectMeta>> {
    if object.size == 0 && object.key.ends_with('/') {
        return Ok(None);
    }
    let stat = Stat {
        size: object.size,
        etag: object.etag,
        version_id: None,
        last_modified: object.last_modified,
    };
    Ok(Some(meta_of(path(&object.key)?, &stat)))
}

fn meta_of(location: Path, stat: &Stat) -> ObjectMeta {
    let modified = stat.last_modified.unwrap_or_default();
    let subsecond = u32::try_from(modified.subsec_nanosecond()).unwrap_or(0);
    let modified = DateTime::<Utc>::from_timestamp(modified.as_second(), subsecond);
    ObjectMeta {
        location,
        last_modified: modified.unwrap_or_default(),
        size: stat.size,
        e_tag: stat.etag.clone(),
        version: stat.version_id.clone(),
    }
}

/// The key as a path, if it is one to the last byte.
fn path(key: &str) -> Result<Path> {
    let path = Path::parse(key)?;
    if path.as_ref() == key {
        return Ok(path);
    }
    let text = format!("the key {key:?} cannot be named as a path");
    Err(generic(S3Failure::new(S3FailureKind::Other, text)))
}

/// The one attribute that is passed on. What cannot be must not get lost.
fn content_type(attributes: &Attributes, tags: &TagSet) -> Result<Option<String>> {
    let unsupported = |what: String| Error::NotSupported {
        source: Box::new(S3Failure::new(S3FailureKind::Other, what)),
    };
    if !tags.encoded().is_empty() {
        return Err(unsupported("tags are not written".into()));
    }
    let mut content_type = None;
    for (attribute, value) in attributes {
        match attribute {
            Attribute::ContentType => content_type = Some(value.to_string()),
            other => return Err(unsupported(format!("the attribute {other:?} is not written"))),
        }
    }
    Ok(content_type)
}

/// A payload in one piece.
pub(super) fn joined(payload: PutPayload) -> Bytes {
    if let [one] = payload.as_ref() {
        return one.clone();
    }
    let mut all = BytesMut::with_capacity(payload.content_length());
    for piece in &payload {
        all.extend_from_slice(piece);
    }
    all.freeze()
}

/// A failure in the library's words. The [`S3Failure`] is its source.
pub(super) fn store_error(key: &str, failure: S3Failure) -> Error {
    use S3FailureKind as Kind;
    let path = key.to_owned();
    match failure.kind {
        Kind::NotFound => Error::NotFound { path, source: Box::new(failure) },
        Kind::Denied | Kind::KmsDenied => {
            Error::PermissionDenied { path, source: Box::new(failure) }
        }
        Kind::NoCredentials | Kind::ExpiredToken => {
            Error::Unauthenticated { path, source: Box::new(failure) }
        }
        Kind::Changed => precondition(key, failure),
        Kind::NotModified => Error::NotModified { path, source: Box::new(failure) },
        _ => generic(failure),
    }
}

fn precondition(key: &str, failure: S3Failure) -> Error {
    Error::Precondition { path: key.to_owned(), source: Box::new(failure) }
}

fn already_exists(key: &str, failure: S3Failure) -> Error {
    Error::AlreadyExists { path: key.to_owned(), source: Box::new(failure) }
}

fn generic(failure: S3Failure) -> Error {
    Error::Generic { store: "S3", source: Box::new(failure) }
}
