//! Values as bytes, and back.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes that another process of this version did not write, or not for this.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damaged {
    /// They are no such value.
    #[error("the bytes of {what} are damaged")]
    Value {
        /// What they should be.
        what: &'static str,
        /// Why they are not.
        source: postcard::Error,
    },
    /// There are more of them than the value has.
    #[error("{bytes} bytes too many for {what}")]
    TooMany {
        /// What they should be.
        what: &'static str,
        /// How many are left.
        bytes: usize,
    },
}

/// The bytes of a value.
///
/// # Errors
///
/// If something in it cannot be written: a path that is no text, say.
pub(super) fn encode(what: &'static str, value: &impl Serialize) -> Result<Vec<u8>, Damaged> {
    postcard::to_allocvec(value).map_err(|source| Damaged::Value { what, source })
}

/// The value of which these are the bytes.
///
/// # Errors
///
/// [`Damaged`].
pub(super) fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, Damaged> {
    let (value, rest) =
        postcard::take_from_bytes(bytes).map_err(|source| Damaged::Value { what, source })?;
    match rest.len() {
        0 => Ok(value),
        bytes => Err(Damaged::TooMany { what, bytes }),
    }
}
