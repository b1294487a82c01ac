//! Which objects are said to be new: keys, one a line, and the events that S3 sends, in any of the
//! envelopes in which they travel.
//!
//! | file | job |
//! | --- | --- |
//! | `feed` | bytes of a stream that can be looked at twice |
//! | `scan` | where a JSON value ends, or stops being one |
//! | `stream` | a stream as lines and JSON values, and how it goes on after a broken one |
//! | `document` | envelopes: lists, SQS, SNS, Lambda's batches |
//! | `event` | what S3 and EventBridge tell of one object |
//! | `key` | keys as events write them |

mod document;
mod error;
mod event;
mod feed;
mod key;
mod place;
mod scan;
mod sink;
mod stream;

use std::io::{self, BufRead};
use std::ops::ControlFlow;

pub use error::{NoticeError, NoticeFault};

/// How many bytes one JSON value may have, white space within it included.
pub const NOTICE_DOCUMENT_BYTES: usize = 16 << 20;
/// How many lists and objects of a JSON value may stand inside one another.
pub const NOTICE_DEPTH: u32 = 64;
/// How many bytes a line may have that is no JSON.
pub const NOTICE_LINE_BYTES: usize = 64 << 10;
/// How many envelopes and lists may stand inside one another. An S3 event in an SNS notification in
/// a batch of SQS messages takes four. Each may hold the next as text, so this bounds memory too.
pub const NOTICE_ENVELOPES: usize = 8;

/// An object that is said to be new, or to be readable now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notice {
    /// The bucket's name.
    pub bucket: String,
    /// The key, exactly: decoded where the event encodes it, 1 to 1,024 bytes.
    pub key: String,
    /// The ETag as it was told, without quotes in the events of AWS.
    pub etag: Option<String>,
    /// Bytes of the object.
    pub size: Option<u64>,
    /// The version of the key, in a bucket that has versions.
    pub version_id: Option<String>,
}

/// What one part of a stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Noticed {
    /// An object to be read: created, copied or restored from an archive, or a plain line.
    New(Notice),
    /// An object that is gone or cannot be read any more: deleted, expired, lost, its restored copy
    /// ended.
    Removed {
        /// The bucket's name.
        bucket: String,
        /// The key, exactly.
        key: String,
        /// The event's own name, such as `ObjectRemoved:Delete` or `Object Deleted`.
        event: String,
    },
    /// A known event that neither brings bytes nor takes them away: tags, ACLs, a change of the
    /// storage class, a restore that was only begun, replication.
    NoNews {
        /// The event's own name, such as `ObjectTagging:Put`.
        event: String,
    },
    /// What S3 sends when a bucket's notifications are set up.
    TestEvent,
    /// An envelope with nothing in it, such as `{"Records": []}`.
    Nothing,
}

/// Reads a stream of plain lines (`s3://bucket/key`, the key as it stands) and JSON: S3's event
/// notifications, EventBridge's events, and both within SNS notifications, SQS messages, Lambda's
/// batches of these, and lists; printed over several lines, one a line, or one after another.
///
/// `each` gets what is read as it is read, in the order of the stream, and what is refused with its
/// line; it ends the reading with [`ControlFlow::Break`]. Blank lines and byte order marks are passed
/// over. Events are sent at least once: what is told twice is given twice.
///
/// Memory is bounded by a few times [`NOTICE_DOCUMENT_BYTES`], however long the stream. A refused
/// line or list item costs only itself. A broken JSON value is one refusal together with what follows
/// it up to the next line that begins with `{`, `[` or `s3://`; one that is too long is passed over
/// to its end.
///
/// ```
/// use std::ops::ControlFlow;
/// use flowproof_source::{Noticed, read_notices};
///
/// let stream = "s3://example-logs/a b+c.log.gz\n\
///     {\"Records\": [{\"eventName\": \"ObjectCreated:Put\", \"s3\": {\n\
///         \"bucket\": {\"name\": \"example-logs\"}, \"object\": {\"key\": \"a+b%2Bc.log.gz\"}}}]}\n";
/// let mut keys = Vec::new();
/// read_notices(stream.as_bytes(), |noticed| {
///     if let Ok(Noticed::New(notice)) = noticed {
///         keys.push(notice.key);
///     }
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(keys, ["a b+c.log.gz"; 2]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Only the reader's own. What is wrong with the text is given to `each`.
pub fn read_notices(
    reader: impl BufRead,
    each: impl FnMut(Result<Noticed, NoticeError>) -> ControlFlow<()>,
) -> io::Result<()> {
    stream::read(reader, each)
}

#[cfg(test)]
mod tests;
