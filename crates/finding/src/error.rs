//! Why an input could not be read at all.

/// An input that could not be read as findings. Parts of a readable input that are no findings are
/// not errors: they are listed in [`crate::Findings::refused`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindingError {
    /// There is nothing in it.
    #[error("the input is empty")]
    Empty,
    /// It begins like gzip and does not inflate.
    #[error("damaged gzip after {inflated} inflated bytes: {reason}")]
    Gzip {
        /// Bytes that came out before the damage.
        inflated: usize,
        /// What the decoder says.
        reason: String,
    },
    /// It is more than is held in memory, as it stands or inflated.
    #[error("more than {limit} bytes of text; split the file")]
    TooLarge {
        /// The most that is read, in bytes: [`crate::MAX_TEXT_BYTES`].
        limit: usize,
    },
    /// A JSON document in it holds more values than are held in memory.
    #[error("line {line}: a JSON document of more than {limit} values; split the file")]
    TooManyValues {
        /// The line on which the document begins, counted from 1.
        line: u64,
        /// The most of a document: [`crate::MAX_VALUES`].
        limit: usize,
    },
    /// It holds more findings than are judged in one run, or ten times as many parts that are none.
    #[error("more than {limit} findings, or ten times as many parts that are none; split the file")]
    TooMany {
        /// The most of an input: [`crate::MAX_FINDINGS`].
        limit: usize,
    },
    /// It is no text: neither UTF-8 nor UTF-16 with a byte order mark.
    #[error("not text ({looks_like}): line {line} is not valid {encoding}")]
    NotText {
        /// What it looks like instead.
        looks_like: &'static str,
        /// The encoding that was expected.
        encoding: &'static str,
        /// The line, counted from 1.
        line: u64,
    },
    /// It is text and does not begin like a JSON object or list.
    #[error("expected JSON findings, got {looks_like}")]
    Unrecognised {
        /// What it looks like.
        looks_like: &'static str,
    },
    /// It begins like JSON, and no part of it is.
    #[error("invalid JSON at line {line} column {column}: {reason}")]
    Json {
        /// The line, counted from 1.
        line: u64,
        /// The column in bytes, counted from 1.
        column: u64,
        /// What the parser says.
        reason: String,
    },
}
