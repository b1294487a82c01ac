//! Objects that hold the records of others: what stands in them is listed in their place.
//!
//! What a holder tells is judged as if it had been found itself, so that a listing of holders is
//! that of what they were made from.

use super::{Skipped, SkippedKind};
use crate::object::Object;
use crate::plan::FolderVerdict;
use crate::plan::Plan;

/// Knows objects that hold the records of others.
pub trait Holders: Sync {
    /// What an object holds; `None` if it is one as any other.
    fn held(&self, object: &Object) -> impl Future<Output = Option<Vec<Held>>> + Send;
}

/// Knows none.
impl Holders for () {
    async fn held(&self, _: &Object) -> Option<Vec<Held>> {
        None
    }
}

/// Something that an object holds, as it was listed when the holder was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// An object whose records the holder has, or that could not be read.
    Object(HeldObject),
    /// What was passed over beside it.
    Skipped(Skipped),
}

/// An object whose records another one holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldObject {
    /// Its number within the holder.
    pub number: u32,
    /// Its own key.
    pub key: String,
    /// Where the key led to when it was collected, if the key alone does not tell.
    pub place: Option<String>,
    /// Bytes as it was stored.
    pub size: u64,
    /// The store's mark of this version of its content.
    pub etag: Option<String>,
    /// The digest of its stored bytes; none if it could not be read to the end.
    pub digest: Option<String>,
    /// Whether anything of it was read. One that was not gives way to one that was.
    pub is_read: bool,
}

/// Whether what was passed over would be met again: its folder is entered.
pub(super) fn is_met(skipped: &Skipped, plan: &Plan) -> bool {
    let key = skipped.key.strip_suffix('/').unwrap_or(&skipped.key);
    let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
    !matches!(plan.folder(folder), FolderVerdict::Pruned(_))
}

/// Whether it is a folder.
pub(super) fn is_folder(skipped: &Skipped) -> bool {
    skipped.kind == SkippedKind::NotAFlowLog && skipped.key.ends_with('/')
}
