//! What a page of a listing holds.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::Object;
use jiff::Timestamp;

use super::error::{S3Failure, S3FailureKind};

/// The most bytes of a key.
const LONGEST_KEY: usize = 1024;

/// Pages on end without a key. S3 has some where many versions were deleted.
const MOST_EMPTY: usize = 1000;

/// Which keys are asked for, and from where on. The default asks for all of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRequest {
    /// What the keys begin with, exactly; not a folder unless it ends in `/`.
    pub prefix: String,
    /// Keys that have this after the prefix are told only by what they have up to it.
    pub delimiter: Option<String>,
    /// Only keys after this one, in the order of their bytes.
    pub start_after: Option<String>,
    /// Where an earlier page said to go on: [`Page::next`].
    pub token: Option<String>,
    /// At most so many objects and prefixes; 1000 is S3's own limit.
    pub max_keys: Option<i32>,
}

/// A part of a listing, sorted by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<S3Object>,
    /// What lies below, up to and with the delimiter.
    pub prefixes: Vec<String>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
}

/// An object as a listing tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Object {
    /// The key, exactly.
    pub key: String,
    /// Bytes as stored.
    pub size: u64,
    /// The mark of its content, with the quotes that S3 puts around it.
    pub etag: Option<String>,
    /// When it was written.
    pub last_modified: Option<Timestamp>,
    /// Its storage class, as S3 spells it; none means `STANDARD`.
    pub storage_class: Option<String>,
    /// Whether a copy can be read though the class is an archive.
    pub restored: bool,
}

impl S3Object {
    /// The storage class, if the object cannot be read before it is restored.
    ///
    /// `GLACIER_IR` can be read. An object of `INTELLIGENT_TIERING` may be archived without a
    /// listing telling it.
    #[must_use]
    pub fn archived(&self) -> Option<&str> {
        let class = self.storage_class.as_deref()?;
        (matches!(class, "GLACIER" | "DEEP_ARCHIVE") && !self.restored).then_some(class)
    }

    fn of(object: Object) -> Result<S3Object, S3Failure> {
        let lacking =
            |what| S3Failure::new(S3FailureKind::Other, format!("a listing lacks {what}"));
        let size = object.size.and_then(|size| u64::try_from(size).ok());
        let restored = object.restore_status.as_ref().is_some_and(|status| {
            status.restore_expiry_date.is_some() && status.is_restore_in_progress != Some(true)
        });
        Ok(S3Object {
            key: object.key.ok_or_else(|| lacking("the key of an object"))?,
            size: size.ok_or_else(|| lacking("the size of an object"))?,
            etag: object.e_tag,
            last_modified: object.last_modified.and_then(|time| timestamp(&time)),
            storage_class: object.storage_class.map(|class| class.as_str().to_owned()),
            restored,
        })
    }
}

impl Page {
    /// Takes an answer apart. What would end a listing early or lead it in a circle is an error:
    /// nothing that was asked for may be missing without a word.
    pub(super) fn of(answer: ListObjectsV2Output, asked: &ListRequest) -> Result<Page, S3Failure> {
        let wrong = |text: &str| S3Failure::new(S3FailureKind::Other, text);
        let next = match (answer.is_truncated, answer.next_continuation_token) {
            (Some(true), None) => return Err(wrong("a listing breaks off: no token to go on")),
            (Some(true), next) if next == asked.token => {
                return Err(wrong("a listing goes in a circle: the same token twice"));
            }
            (Some(true), next) => next,
            (Some(false), _) => None,
            // It stands in every answer that has come whole.
            (None, _) => {
                return Err(wrong("a listing breaks off: it does not say whether it goes on"));
            }
        };
        let objects = answer.contents.unwrap_or_default().into_iter().map(S3Object::of);
        let objects = objects.collect::<Result<Vec<_>, _>>()?;
        let prefixes = answer.common_prefixes.unwrap_or_default().into_iter();
        let prefixes: Vec<String> = prefixes.filter_map(|prefix| prefix.prefix).collect();
        let keys = objects.iter().map(|object| &object.key).chain(&prefixes);
        for key in keys {
            if !key.starts_with(&asked.prefix) {
                return Err(wrong("a listing has keys that were not asked for"));
            }
            if key.len() > LONGEST_KEY {
                return Err(wrong("a listing has a key longer than any can be"));
            }
        }
        Ok(Page { objects, prefixes, next })
    }
}

/// How a listing goes on from page to page: not in a circle, and not for ever without a key.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// What stands for the tokens so far.
    tokens: HashSet<u64, RandomState>,
    hasher: RandomState,
    /// Pages without a key since the last one with some.
    n_empty: usize,
}

impl Course {
    /// Takes the next page, unless the listing does not come to an end with it.
    pub(super) fn goes_on(&mut self, page: &Page) -> Result<(), S3Failure> {
        let wrong = |text: &str| Err(S3Failure::new(S3FailureKind::Other, text));
        let Some(token) = &page.next else { return Ok(()) };
        if !self.tokens.insert(self.hasher.hash_one(token)) {
            return wrong("a listing goes in a circle: a token that was there before");
        }
        let is_empty = page.objects.is_empty() && page.prefixes.is_empty();
        self.n_empty = if is_empty { self.n_empty + 1 } else { 0 };
        match self.n_empty > MOST_EMPTY {
            true => wrong("a listing does not end: page after page without a key"),
            false => Ok(()),
        }
    }
}

/// A time of S3's; none if it is beyond any calendar.
pub(super) fn timestamp(time: &aws_sdk_s3::primitives::DateTime) -> Option<Timestamp> {
    let nanoseconds = i32::try_from(time.subsec_nanos()).ok()?;
    Timestamp::new(time.secs(), nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::DateTime;
    use aws_sdk_s3::types::{ObjectStorageClass, RestoreStatus};

    use super::*;

    fn object(key: &str) -> aws_sdk_s3::types::builders::ObjectBuilder {
        Object::builder().key(key).size(3)
    }

    fn archived(class: &str, status: Option<RestoreStatus>) -> bool {
        let object = object("a")
            .storage_class(ObjectStorageClass::from(class))
            .set_restore_status(status)
            .build();
        S3Object::of(object).unwrap().archived().is_some()
    }

    #[test]
    fn archives_are_those_that_cannot_be_read_at_once() {
        let restoring = RestoreStatus::builder().is_restore_in_progress(true).build();
        let restored = RestoreStatus::builder()
            .is_restore_in_progress(false)
            .restore_expiry_date(DateTime::from_secs(4_000_000_000))
            .build();
        for class in ["GLACIER", "DEEP_ARCHIVE"] {
            assert!(archived(class, None));
            assert!(archived(class, Some(restoring.clone())));
            assert!(!archived(class, Some(restored.clone())));
        }
        for class in ["STANDARD", "GLACIER_IR", "STANDARD_IA", "INTELLIGENT_TIERING", "NEW"] {
            assert!(!archived(class, None), "{class}");
        }
    }

    #[test]
    fn a_listing_that_cannot_be_whole_is_an_error() {
        let asked =
            ListRequest { prefix: "a/".into(), token: Some("t".into()), ..Default::default() };
        let page = |truncated, token: Option<&str>, key: &str| {
            let answer = ListObjectsV2Output::builder()
                .is_truncated(truncated)
                .set_next_continuation_token(token.map(str::to_owned))
                .contents(object(key).build())
                .build();
            Page::of(answer, &asked)
        };
        assert!(page(true, None, "a/b").is_err(), "no token");
        let cut = ListObjectsV2Output::builder().contents(object("a/b").build()).build();
        assert!(Page::of(cut, &asked).is_err(), "cut off within its XML");
        assert!(page(true, Some("t"), "a/b").is_err(), "the same token");
        assert!(page(false, None, "b").is_err(), "a key beside the prefix");
        assert_eq!(page(true, Some("u"), "a/b").unwrap().next.as_deref(), Some("u"));
        assert_eq!(page(false, Some("u"), "a/b").unwrap().next, None);
        let sizeless = Object::builder().key("a").build();
        assert!(S3Object::of(sizeless).is_err());
    }

    #[test]
    fn a_listing_that_does_not_end_is_an_error() {
        let page = |token: usize, prefix: Option<&str>| Page {
            prefixes: prefix.map(str::to_owned).into_iter().collect(),
            next: Some(token.to_string()),
            ..Page::default()
        };
        let mut course = Course::default();
        for token in 0..MOST_EMPTY {
            course.goes_on(&page(token, None)).unwrap();
        }
        course.goes_on(&page(MOST_EMPTY, Some("a/"))).unwrap();
        assert!(course.goes_on(&page(7, Some("b/"))).is_err(), "a token of long ago");
        for token in MOST_EMPTY + 1..=2 * MOST_EMPTY {
            course.goes_on(&page(token, None)).unwrap();
        }
        assert!(course.goes_on(&page(0xffff, None)).is_err(), "no key for ever");
        course.goes_on(&Page::default()).unwrap();
    }
}
