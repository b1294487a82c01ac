//! One bucket, by raw keys: listing. Reading is in `read.rs`, writing in `write.rs` and
//! `upload.rs`.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{OptionalObjectAttributes, RequestPayer};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::client::S3;
use super::error::{Right, S3Failure, S3FailureKind};
use super::page::{Course, ListRequest, Page, S3Object};

/// One bucket. Keys go to S3 and come back exactly as they are: with spaces, `+`, `%3D`, `//` and
/// all. Clones share the connection.
#[derive(Debug, Clone)]
pub struct S3Store {
    s3: S3,
    bucket: Arc<str>,
}

impl fmt::Display for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)
    }
}

impl S3Store {
    pub(super) fn new(s3: S3, bucket: Arc<str>) -> S3Store {
        S3Store { s3, bucket }
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The connection that it is reached through.
    #[must_use]
    pub fn s3(&self) -> &S3 {
        &self.s3
    }

    /// One page of a listing: one request, and its retries.
    ///
    /// # Errors
    ///
    /// The failure of the request; [`S3FailureKind::Other`] if the answer cannot be part of a whole
    /// listing.
    pub async fn list_page(&self, request: &ListRequest) -> Result<Page, S3Failure> {
        let answer = self
            .ask(|client| {
                client
                    .list_objects_v2()
                    .bucket(&*self.bucket)
                    .set_prefix(Some(request.prefix.clone()).filter(|prefix| !prefix.is_empty()))
                    .set_delimiter(request.delimiter.clone())
                    .set_start_after(request.start_after.clone())
                    .set_continuation_token(request.token.clone())
                    .set_max_keys(request.max_keys)
                    .set_request_payer(self.payer())
                    .optional_object_attributes(OptionalObjectAttributes::RestoreStatus)
                    .send()
            })
            .await?;
        Page::of(answer, request)
    }

    /// The pages from a request on, one after the other, each when it is wanted.
    #[must_use]
    pub fn pages(&self, request: ListRequest) -> BoxStream<'static, Result<Page, S3Failure>> {
        let (store, course) = (self.clone(), Course::default());
        let pages = stream::try_unfold((Some(request), course), move |(request, mut course)| {
            let store = store.clone();
            async move {
                let Some(request) = request else { return Ok(None) };
                let page = store.list_page(&request).await?;
                course.goes_on(&page)?;
                let next =
                    page.next.clone().map(|token| ListRequest { token: Some(token), ..request });
                Ok(Some((page, (next, course))))
            }
        });
        pages.boxed()
    }

    /// All objects whose keys begin with `prefix`, sorted by key; a page is held at a time.
    #[must_use]
    pub fn objects(&self, prefix: &str) -> BoxStream<'static, Result<S3Object, S3Failure>> {
        let request = ListRequest { prefix: prefix.to_owned(), ..ListRequest::default() };
        let objects = |page: Page| stream::iter(page.objects.into_iter().map(Ok));
        self.pages(request).map_ok(objects).try_flatten().boxed()
    }

    /// Makes a request that reads.
    pub(super) async fn ask<T, E, F>(&self, request: impl Fn(Client) -> F) -> Result<T, S3Failure>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.ask_to(Right::Read, request).await
    }

    /// Makes a request, and makes it again where the bucket is if S3 says that it is elsewhere. A
    /// refusal names the right.
    pub(super) async fn ask_to<T, E, F>(
        &self,
        right: Right,
        request: impl Fn(Client) -> F,
    ) -> Result<T, S3Failure>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut followed = false;
        loop {
            let error = match request(self.s3.client(&self.bucket)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let answered = self.s3.counter().has_answers();
            let failure = S3Failure::of(&error, self.s3.options(), right, answered);
            match &failure.kind {
                // Once: a bucket that is always elsewhere is nowhere.
                S3FailureKind::WrongRegion { region: Some(region) } if !followed => {
                    if !self.s3.learn(&self.bucket, region) {
                        return Err(failure);
                    }
                    followed = true;
                }
                _ => return Err(failure),
            }
        }
    }

    pub(super) fn payer(&self) -> Option<RequestPayer> {
        self.s3.options().requester_pays.then_some(RequestPayer::Requester)
    }
}
