//! Objects of the same bytes.

use std::collections::{BTreeMap, HashMap};

use flowproof_source::{Object, OpenOptions, open_with};
use futures::StreamExt;

use crate::scan::as_large_as_another;

/// Objects whose bytes are those of an object before them: their places in the listing, and the place
/// of the first. Only objects that are as large as another one are hashed. One that cannot be read is
/// like no other; the reading tells why.
pub(super) async fn same_objects(objects: &[Object], at_once: usize) -> BTreeMap<usize, usize> {
    let as_large = as_large_as_another(objects);
    let digests = futures::stream::iter(as_large)
        .map(|object_idx| async move { (object_idx, digest(&objects[object_idx]).await) })
        .buffer_unordered(at_once.max(1));
    let digests: BTreeMap<usize, Option<String>> = digests.collect().await;
    let mut first_with: HashMap<(u64, &str), usize> = HashMap::new();
    let mut same = BTreeMap::new();
    for (object_idx, digest) in &digests {
        let Some(digest) = digest else { continue };
        let size = objects[*object_idx].size;
        let first = *first_with.entry((size, digest)).or_insert(*object_idx);
        if first != *object_idx {
            same.insert(*object_idx, first);
        }
    }
    same
}

/// The digest of all stored bytes; none if they cannot be read to the end.
async fn digest(object: &Object) -> Option<String> {
    let options = OpenOptions { digest: true, ..OpenOptions::default() };
    let mut chunks = open_with(object, options).await.ok()?;
    while chunks.next().await.ok()?.is_some() {}
    chunks.digest().map(str::to_owned)
}
