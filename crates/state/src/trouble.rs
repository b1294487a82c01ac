//! Objects that could not be read, or not as a whole.

use serde::Serialize;

/// An object that there was trouble with.
///
/// In a [`Delta`](crate::Delta) it is what happened now: `tried` is added to what the state has of the object,
/// and kind and reason take the place of the earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The object, as people find it.
    pub object: String,
    /// Which kind of trouble, in the words of the program's coverage: `denied`, `archived`, `truncated`.
    pub kind: String,
    /// What the store or the decoder said.
    pub reason: String,
    /// How often it was tried.
    pub tried: u64,
}
