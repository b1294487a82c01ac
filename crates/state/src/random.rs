//! Random bytes from the system.

use crate::place::PlaceError;

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], PlaceError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| PlaceError::new("the system's random numbers", error.to_string()))?;
    Ok(bytes)
}
