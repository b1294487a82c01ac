//! What a run asks of S3, counted where requests leave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents, SharedInterceptor};
use aws_sdk_s3::error::BoxError;

/// Requests that went out, each attempt by itself, since that is how they are billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestCounts {
    /// Pages of listings.
    pub list: u64,
    /// Objects or parts of them.
    pub get: u64,
    /// Objects asked about but not read.
    pub head: u64,
    /// Everything that writes.
    pub write: u64,
    /// Those of the above that S3 answered with "slow down" or an error of its own.
    pub throttled: u64,
    /// Bodies that broke off and were taken up again.
    pub resumed: u64,
}

/// The running counts.
#[derive(Debug, Default)]
pub(super) struct Counter {
    list: AtomicU64,
    get: AtomicU64,
    head: AtomicU64,
    write: AtomicU64,
    throttled: AtomicU64,
    resumed: AtomicU64,
    answered: AtomicU64,
}

impl Counter {
    pub(super) fn counts(&self) -> RequestCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        RequestCounts {
            list: read(&self.list),
            get: read(&self.get),
            head: read(&self.head),
            write: read(&self.write),
            throttled: read(&self.throttled),
            resumed: read(&self.resumed),
        }
    }

    /// Whether any request was answered so far, well or not.
    pub(super) fn has_answers(&self) -> bool {
        self.answered.load(Ordering::Relaxed) > 0
    }

    pub(super) fn resumed(&self) {
        add(&self.resumed);
    }

    /// What a client calls for each request.
    pub(super) fn interceptor(self: Arc<Counter>) -> SharedInterceptor {
        SharedInterceptor::new(CountRequests(self))
    }

    fn count(&self, method: &str, uri: &str) {
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        let is_list = query.split('&').any(|pair| pair == "list-type=2");
        add(match method {
            "GET" if is_list => &self.list,
            "GET" => &self.get,
            "HEAD" => &self.head,
            _ => &self.write,
        });
    }
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

#[derive(Debug)]
struct CountRequests(Arc<Counter>);

impl Intercept for CountRequests {
    fn name(&self) -> &'static str {
        "CountRequests"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        self.0.count(request.method(), request.uri());
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        add(&self.0.answered);
        let status = context.response().status().as_u16();
        if status == 429 || status >= 500 {
            add(&self.0.throttled);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_method_and_query() {
        let counter = Counter::default();
        counter.count("GET", "https://b.s3.amazonaws.com/?list-type=2&prefix=a%2F");
        counter.count("GET", "https://b.s3.amazonaws.com/list-type%3D2?x-id=GetObject");
        counter.count("HEAD", "https://b.s3.amazonaws.com/a");
        counter.count("PUT", "https://b.s3.amazonaws.com/a?x-id=PutObject");
        counter.resumed();
        let one_each =
            RequestCounts { list: 1, get: 1, head: 1, write: 1, throttled: 0, resumed: 1 };
        assert_eq!(counter.counts(), one_each);
    }
}
