//! Buckets and keys, as lines have them and as events write them.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::Notice;
use super::error::{NoticeFault, excerpt};

/// The longest key of S3, in bytes of UTF-8.
const LONGEST: usize = 1024;

/// The notice of a plain line: the key is what stands after the bucket, exactly.
pub(super) fn of_line(line: &str) -> Result<Notice, NoticeFault> {
    let place = line.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let Some((bucket, key)) = place else {
        return Err(NoticeFault::NoPlace { excerpt: excerpt(line) });
    };
    Ok(Notice {
        bucket: checked_bucket(bucket)?,
        key: checked_key(key, key)?,
        etag: None,
        size: None,
        version_id: None,
    })
}

/// The key that an S3 event tells: `+` is a blank, and `%` begins the two digits of a byte.
pub(super) fn decoded(written: &str) -> Result<String, NoticeFault> {
    let bad = |reason| NoticeFault::BadKey { key: excerpt(written), reason };
    if !escapes_are_whole(written.as_bytes()) {
        return Err(bad("has a `%` without two digits of a byte after it"));
    }
    // What was a plus is `%2B` here, so that this comes before the rest.
    let spaced = written.replace('+', " ");
    let key = percent_decode_str(&spaced).decode_utf8();
    let key = key.map(Cow::into_owned).map_err(|_| bad("does not decode to UTF-8"))?;
    checked_key(&key, written)
}

fn escapes_are_whole(written: &[u8]) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    memchr::memchr_iter(b'%', written)
        .all(|at| digit(written.get(at + 1)) && digit(written.get(at + 2)))
}

/// `key`, if an object can have it; `written` is how the input has it.
pub(super) fn checked_key(key: &str, written: &str) -> Result<String, NoticeFault> {
    let reason = match key.len() {
        0 => "is empty",
        1..=LONGEST => return Ok(key.to_owned()),
        _ => "has more than 1,024 bytes",
    };
    Err(NoticeFault::BadKey { key: excerpt(written), reason })
}

/// `bucket`, if it can stand in a place. What S3 allows beyond that has changed with the years.
pub(super) fn checked_bucket(bucket: &str) -> Result<String, NoticeFault> {
    let foreign = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    if bucket.is_empty() || bucket.contains(foreign) {
        return Err(NoticeFault::BadBucket { bucket: excerpt(bucket) });
    }
    Ok(bucket.to_owned())
}
