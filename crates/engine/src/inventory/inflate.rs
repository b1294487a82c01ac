//! Files as AWS Config delivers them: compressed.

use std::borrow::Cow;

use flowproof_source::{Ending, Inflater};

use super::InventoryError;

/// The most bytes that a compressed file may come to: more is something else, or made to fill the memory.
const LARGEST: usize = 1 << 30;

/// The text of gzip data; anything else as it is.
pub(super) fn inflated(bytes: &[u8]) -> Result<Cow<'_, [u8]>, InventoryError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let broken = |reason: String| InventoryError::Gzip { reason };
    let (mut inflater, mut text) = (Inflater::new(), Vec::new());
    inflater.inflate(bytes, &mut text, LARGEST).map_err(|error| broken(error.to_string()))?;
    if text.len() == LARGEST {
        return Err(InventoryError::TooLarge { limit: LARGEST });
    }
    match inflater.finish() {
        Ending::Complete | Ending::Empty => Ok(Cow::Owned(text)),
        Ending::Truncated { reason } | Ending::Corrupt { reason } => Err(broken(reason)),
        _ => Err(broken("it holds other compressed data".to_owned())),
    }
}
