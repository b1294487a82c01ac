//! Writing, copying and deleting objects.
//!
//! A write under a condition may be made twice: if the answer to the first attempt is lost, the
//! second finds what the first wrote, and the condition fails. Whoever writes under a condition
//! looks at what is there before calling that a conflict.

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use object_store::{PutMode, PutResult};

use super::error::{Right, S3Failure};
use super::store::S3Store;

/// What must be there for a write to happen: `If-None-Match` and `If-Match`.
#[derive(Debug, Clone, Default)]
pub(super) struct Condition {
    pub(super) if_none_match: Option<String>,
    pub(super) if_match: Option<String>,
}

impl Condition {
    /// Nothing may be there.
    pub(super) fn new_object() -> Condition {
        Condition { if_none_match: Some("*".to_owned()), if_match: None }
    }

    /// What has this mark is there.
    fn replacing(etag: &str) -> Condition {
        Condition { if_none_match: None, if_match: Some(etag.to_owned()) }
    }

    /// What S3 asks the writer to be allowed: it does not compare for those who may not read.
    fn right(&self) -> Right {
        if self.if_match.is_some() { Right::Replace } else { Right::Put }
    }

    /// None for an update that does not tell the content it replaces.
    pub(super) fn of(mode: &PutMode) -> Option<Condition> {
        match mode {
            PutMode::Overwrite => Some(Condition::default()),
            PutMode::Create => Some(Condition::new_object()),
            PutMode::Update(version) => version.e_tag.as_deref().map(Condition::replacing),
        }
    }
}

impl S3Store {
    /// Writes an object where none is. Tells the mark of its content, if S3 did.
    ///
    /// # Errors
    ///
    /// [`S3FailureKind::Changed`](super::S3FailureKind::Changed) if one is there, be it that an
    /// attempt whose answer was lost has written it, or if another write was under way; else the
    /// failure of the request.
    pub async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<String>, S3Failure> {
        Ok(self.put(key, bytes, None, Condition::new_object()).await?.e_tag)
    }

    /// Writes an object in the place of the one with this mark, which has the quotes that S3 puts
    /// around it. Tells the mark of the new content, if S3 did.
    ///
    /// # Errors
    ///
    /// [`S3FailureKind::Changed`](super::S3FailureKind::Changed) if another one is there, be it that
    /// an attempt whose answer was lost has written it, or if another write was under way;
    /// [`S3FailureKind::NotFound`](super::S3FailureKind::NotFound) if none is; else the failure of
    /// the request.
    pub async fn replace(
        &self,
        key: &str,
        bytes: Bytes,
        etag: &str,
    ) -> Result<Option<String>, S3Failure> {
        Ok(self.put(key, bytes, None, Condition::replacing(etag)).await?.e_tag)
    }

    /// Writes an object in one request.
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        content_type: Option<String>,
        condition: Condition,
    ) -> Result<PutResult, S3Failure> {
        let answer = self
            .ask_to(condition.right(), |client| {
                client
                    .put_object()
                    .bucket(self.bucket())
                    .key(key)
                    .set_content_type(content_type.clone())
                    .set_if_none_match(condition.if_none_match.clone())
                    .set_if_match(condition.if_match.clone())
                    .set_request_payer(self.payer())
                    .body(ByteStream::from(bytes.clone()))
                    .send()
            })
            .await?;
        Ok(PutResult { e_tag: answer.e_tag, version: answer.version_id })
    }

    /// Deletes an object. That none is there is no failure.
    ///
    /// # Errors
    ///
    /// The failure of the request.
    pub async fn remove(&self, key: &str) -> Result<(), S3Failure> {
        self.ask_to(Right::Delete, |client| {
            client
                .delete_object()
                .bucket(self.bucket())
                .key(key)
                .set_request_payer(self.payer())
                .send()
        })
        .await?;
        Ok(())
    }

    /// Copies an object of up to 5 GiB within the bucket.
    pub(super) async fn duplicate(
        &self,
        from: &str,
        to: &str,
        condition: Condition,
    ) -> Result<(), S3Failure> {
        let source = format!("{}/{}", self.bucket(), encoded(from));
        self.ask_to(Right::Put, |client| {
            client
                .copy_object()
                .bucket(self.bucket())
                .key(to)
                .copy_source(&source)
                .set_if_none_match(condition.if_none_match.clone())
                .set_request_payer(self.payer())
                .send()
        })
        .await?;
        Ok(())
    }
}

/// A key as it stands in a header: the SDK encodes keys in paths only.
fn encoded(key: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_headers_are_encoded_byte_by_byte() {
        assert_eq!(encoded("a/b=c d+%3D/é~"), "a/b%3Dc%20d%2B%253D/%C3%A9~");
    }
}
