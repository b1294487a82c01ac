//! Why an input is no inventory.

/// What is read, in the words of error messages.
const EXPECTED: &str =
    "the JSON of `aws ec2 describe-network-interfaces` or `describe-instances`, or of AWS Config";

/// An input that is not read as an inventory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// There is nothing in it but white space.
    #[error("expected {EXPECTED}, got nothing")]
    Empty,
    /// It does not begin like JSON.
    #[error("expected {EXPECTED}, got {looks_like}")]
    NotJson {
        /// What it looks like.
        looks_like: String,
    },
    /// It is gzip data that is damaged or cut off.
    #[error("damaged gzip data: {reason}; get the file again")]
    Gzip {
        /// What is wrong with it.
        reason: String,
    },
    /// It is gzip data that comes to more than is read.
    #[error("gzip data of more than {limit} bytes; split it by account or Region")]
    TooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// A JSON document in it holds more values than are held in memory.
    #[error(
        "line {line}: a JSON document of more than {limit} values; split it by account or Region"
    )]
    TooManyValues {
        /// The line on which the document begins, counted from 1.
        line: u64,
        /// The most values of a document.
        limit: usize,
    },
    /// It begins like JSON and is damaged, or it ends too early.
    #[error("expected {EXPECTED}, got invalid JSON at line {line} column {column}: {reason}")]
    InvalidJson {
        /// The line, counted from 1.
        line: u64,
        /// The column in bytes, counted from 1.
        column: u64,
        /// What the parser says.
        reason: String,
    },
    /// It is JSON of another shape.
    #[error("line {line}: expected {EXPECTED}, got {looks_like}")]
    OtherShape {
        /// The line on which the JSON document begins, counted from 1.
        line: u64,
        /// What it looks like.
        looks_like: String,
    },
}
