//! What can be wrong with a part of a stream of notices.

/// A part of a stream that names no object and is no event that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}{at}: {fault}", if .at.is_empty() { "" } else { ", " })]
pub struct NoticeError {
    /// The line on which it begins, or the JSON value that holds it, counted from 1.
    pub line: u64,
    /// Where in that JSON value it is, for example `Records[2].body`; empty if it is the whole.
    pub at: String,
    /// What is wrong.
    pub fault: NoticeFault,
}

/// Why a part of a stream was refused. Texts out of the input are shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeFault {
    /// The value has more than [`NOTICE_DOCUMENT_BYTES`](crate::NOTICE_DOCUMENT_BYTES).
    #[error("a JSON value of more than 16 MiB")]
    TooLong,
    /// The value is deeper than [`NOTICE_DEPTH`](crate::NOTICE_DEPTH).
    #[error("a JSON value with more than 64 lists and objects inside one another")]
    TooDeep,
    /// The line has more than [`NOTICE_LINE_BYTES`](crate::NOTICE_LINE_BYTES).
    #[error("a line of more than 64 KiB that is no JSON")]
    LongLine,
    /// More than [`NOTICE_ENVELOPES`](crate::NOTICE_ENVELOPES) stand inside one another.
    #[error("more than 8 envelopes and lists inside one another")]
    TooNested,
    /// A line or value that is not UTF-8.
    #[error("not UTF-8: {excerpt}")]
    NotUtf8 {
        /// Its beginning, quoted.
        excerpt: String,
    },
    /// What begins as JSON and is not.
    #[error("broken JSON: {reason}, on line {line}")]
    Broken {
        /// What is wrong.
        reason: String,
        /// The line on which that is, counted from 1.
        line: u64,
    },
    /// A message of SQS or SNS that carries no JSON.
    #[error("the text of the message is no JSON: {excerpt}")]
    NoJsonWithin {
        /// Its beginning, quoted.
        excerpt: String,
    },
    /// A line that is neither JSON nor a place in S3.
    #[error("neither JSON nor `s3://bucket/key`: {excerpt}")]
    NoPlace {
        /// Its beginning, quoted.
        excerpt: String,
    },
    /// A JSON value of no known shape.
    #[error("no known notification: {what}")]
    Unknown {
        /// What it looks like.
        what: String,
    },
    /// An event of S3 whose name says nothing to this version.
    #[error("an event of an unknown name: {event}")]
    UnknownEvent {
        /// The name, quoted.
        event: String,
    },
    /// A member that an event needs is not there, or not of its type.
    #[error("the event has no `{member}`")]
    Lacks {
        /// The member's path, such as `s3.object.key`.
        member: &'static str,
    },
    /// A name that no bucket can have.
    #[error("no name of a bucket: {bucket}")]
    BadBucket {
        /// The name, quoted.
        bucket: String,
    },
    /// A key that no object can have, or that does not decode.
    #[error("the key {key} {reason}")]
    BadKey {
        /// The key as it stands in the input, quoted.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The beginning of `text`, quoted so that nothing in it reaches a terminal as it is.
pub(super) fn excerpt(text: &str) -> String {
    const MOST: usize = 120;
    let mut characters = text.chars();
    let beginning: String = characters.by_ref().take(MOST).collect();
    let more = if characters.next().is_some() { "..." } else { "" };
    format!("{beginning:?}{more}")
}
