//! Answers that are read whole, bounded: pages of listings and errors.
//!
//! The SDK reads them to their end before it looks at them, and a hostile endpoint has no end.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents, SharedInterceptor};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use http_body_util::Limited;

/// The most bytes of such an answer. A page has 1000 keys of up to 1024 bytes, each of which may be written as `%41`.
const MOST: usize = 16 << 20;

/// What a client calls for each answer.
pub(super) fn interceptor() -> SharedInterceptor {
    SharedInterceptor::new(LimitAnswers)
}

#[derive(Debug)]
struct LimitAnswers;

impl Intercept for LimitAnswers {
    fn name(&self) -> &'static str {
        "LimitAnswers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let is_object =
            settings.load::<Metadata>().is_some_and(|asked| asked.name() == "GetObject");
        let answer = context.response_mut();
        // An object comes piece by piece, as many bytes as it was said to have.
        if is_object && answer.status().is_success() {
            return Ok(());
        }
        let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
        *answer.body_mut() = SdkBody::from_body_1_x(Limited::new(body, MOST));
        Ok(())
    }
}
