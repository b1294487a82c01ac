//! Reading an object, or asking about it.

use std::ops::Range;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use bytes::Bytes;
use jiff::Timestamp;
use object_store::{GetOptions, GetRange};

use super::body::Body;
use super::error::{S3Failure, S3FailureKind};
use super::page::timestamp;
use super::store::S3Store;

/// What S3 tells of an object when it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Bytes of the whole object.
    pub size: u64,
    /// The mark of its content, with the quotes that S3 puts around it.
    pub etag: Option<String>,
    /// Its version, in a bucket that keeps them.
    pub version_id: Option<String>,
    /// When it was written.
    pub last_modified: Option<Timestamp>,
}

impl S3Store {
    /// Opens an object, or a part of it. Range, version and conditions are those of `options`; its
    /// `head` is not looked at.
    ///
    /// # Errors
    ///
    /// The failure of the request. [`S3FailureKind::BeyondEnd`] if no byte is in the range, also
    /// for any range of an object without bytes.
    pub async fn get(&self, key: &str, options: &GetOptions) -> Result<Body, S3Failure> {
        let (stat, range, stream) = self.open(key, options).await?;
        Ok(Body::new(self.clone(), key, options.version.clone(), stat, range, stream))
    }

    /// All of a small object, and what S3 tells of it: both are of one content.
    ///
    /// # Errors
    ///
    /// The failure of the request. [`S3FailureKind::Changed`] if the connection broke off and the
    /// object was replaced before the rest came.
    pub async fn get_whole(&self, key: &str) -> Result<(Bytes, Stat), S3Failure> {
        let body = self.get(key, &GetOptions::default()).await?;
        let stat = body.stat().clone();
        Ok((body.read_all().await?, stat))
    }

    /// What S3 tells of an object without its bytes. A refusal has no words of S3's.
    ///
    /// # Errors
    ///
    /// The failure of the request.
    pub async fn head(&self, key: &str, options: &GetOptions) -> Result<Stat, S3Failure> {
        let answer = self
            .ask(|client| {
                client
                    .head_object()
                    .bucket(self.bucket())
                    .key(key)
                    .set_version_id(options.version.clone())
                    .set_if_match(options.if_match.clone())
                    .set_if_none_match(options.if_none_match.clone())
                    .set_if_modified_since(options.if_modified_since.map(date_time))
                    .set_if_unmodified_since(options.if_unmodified_since.map(date_time))
                    .set_request_payer(self.payer())
                    .send()
            })
            .await?;
        Ok(Stat {
            size: told_size(answer.content_length)?,
            etag: answer.e_tag,
            version_id: answer.version_id,
            last_modified: answer.last_modified.as_ref().and_then(timestamp),
        })
    }

    /// One GET: what the answer tells, which bytes will come, and the bytes.
    pub(super) async fn open(
        &self,
        key: &str,
        options: &GetOptions,
    ) -> Result<(Stat, Range<u64>, ByteStream), S3Failure> {
        if let Some(range) = &options.range {
            check_range(range)?;
        }
        let answer = self
            .ask(|client| {
                client
                    .get_object()
                    .bucket(self.bucket())
                    .key(key)
                    .set_range(options.range.as_ref().map(ToString::to_string))
                    .set_version_id(options.version.clone())
                    .set_if_match(options.if_match.clone())
                    .set_if_none_match(options.if_none_match.clone())
                    .set_if_modified_since(options.if_modified_since.map(date_time))
                    .set_if_unmodified_since(options.if_unmodified_since.map(date_time))
                    .set_request_payer(self.payer())
                    .send()
            })
            .await?;
        let (size, range) = extent(&answer, options.range.as_ref())?;
        let stat = Stat {
            size,
            etag: answer.e_tag,
            version_id: answer.version_id,
            last_modified: answer.last_modified.as_ref().and_then(timestamp),
        };
        Ok((stat, range, answer.body))
    }
}

/// How large the object is, and which of its bytes an answer brings.
///
/// What it brings must be what was asked for: a store that does not know ranges sends everything,
/// and bytes would count twice.
fn extent(
    answer: &GetObjectOutput,
    asked: Option<&GetRange>,
) -> Result<(u64, Range<u64>), S3Failure> {
    let wrong = |text| S3Failure::new(S3FailureKind::Other, text);
    let length = told_size(answer.content_length)?;
    let (range, size) = match &answer.content_range {
        None => (0..length, length),
        Some(text) => content_range(text)
            .ok_or_else(|| wrong(format!("an answer's range cannot be read: {text:?}")))?,
    };
    if range.end - range.start != length {
        return Err(wrong(format!("an answer of {length} bytes says that it is {range:?}")));
    }
    let expected = match asked {
        None => 0..size,
        Some(asked) => asked.as_range(size).map_err(|error| wrong(error.to_string()))?,
    };
    if range != expected {
        return Err(wrong(format!("bytes {expected:?} were asked for, {range:?} came")));
    }
    Ok((size, range))
}

/// Reads `bytes 0-9/100`.
fn content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (places, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = places.split_once('-')?;
    let (first, last, size): (u64, u64, u64) =
        (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then(|| (first..last + 1, size))
}

fn told_size(size: Option<i64>) -> Result<u64, S3Failure> {
    let size = size.and_then(|size| u64::try_from(size).ok());
    // Without it, an end that comes too early could not be told from the end.
    size.ok_or_else(|| S3Failure::new(S3FailureKind::Other, "the answer does not tell its length"))
}

fn check_range(range: &GetRange) -> Result<(), S3Failure> {
    let is_empty = match range {
        GetRange::Bounded(range) => range.is_empty(),
        GetRange::Suffix(length) => *length == 0,
        GetRange::Offset(_) => false,
    };
    if is_empty {
        return Err(S3Failure::new(S3FailureKind::BeyondEnd, "the range has no bytes"));
    }
    Ok(())
}

/// The same time in the SDK's type.
fn date_time(time: chrono::DateTime<chrono::Utc>) -> DateTime {
    DateTime::from_secs_and_nanos(time.timestamp(), time.timestamp_subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(length: Option<i64>, range: Option<&str>) -> GetObjectOutput {
        GetObjectOutput::builder()
            .set_content_length(length)
            .set_content_range(range.map(str::to_owned))
            .build()
    }

    #[test]
    fn an_answer_brings_what_was_asked_for_or_is_refused() {
        let asked = GetRange::Bounded(10..20);
        let right = answer(Some(10), Some("bytes 10-19/100"));
        assert_eq!(extent(&right, Some(&asked)).unwrap(), (100, 10..20));
        let shorter = answer(Some(5), Some("bytes 10-14/15"));
        assert_eq!(extent(&shorter, Some(&asked)).unwrap(), (15, 10..15), "the object ends there");
        let suffix = answer(Some(3), Some("bytes 97-99/100"));
        assert_eq!(extent(&suffix, Some(&GetRange::Suffix(3))).unwrap(), (100, 97..100));
        assert_eq!(extent(&answer(Some(7), None), None).unwrap(), (7, 0..7));
        for (wrong, asked) in [
            (answer(Some(100), None), Some(&asked)),
            (answer(Some(10), Some("bytes 0-9/100")), Some(&asked)),
            (answer(Some(9), Some("bytes 10-19/100")), Some(&asked)),
            (answer(Some(10), Some("bytes 10-19/*")), Some(&asked)),
            (answer(Some(10), Some("bytes 10-19/100")), None),
            (answer(None, None), None),
            (answer(Some(-1), None), None),
        ] {
            assert!(extent(&wrong, asked).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn content_ranges_that_cannot_be_are_not_read() {
        assert_eq!(content_range("bytes 0-0/1"), Some((0..1, 1)));
        for text in ["bytes 5-4/9", "bytes 0-9/9", "0-1/9", "bytes */9", "bytes 0-/9", ""] {
            assert_eq!(content_range(text), None, "{text}");
        }
    }
}
