//! Objects of the same bytes.

use std::collections::{BTreeMap, HashMap};

use flowproof_source::{Location, Object, OpenOptions, open_with};
use futures::StreamExt;

use crate::catalog::{Catalog, Where, Whole};
use crate::held::Holder;

/// Objects whose bytes are those of an object before them: their places in the listing, and the place
/// of the first. Only those as large as another one are hashed. One that cannot be read is
/// like no other; the reading tells why. Of an object that was collected, its holder has the digest.
pub(super) async fn same_objects(
    objects: &Catalog,
    whole: &Whole,
    at_once: usize,
) -> BTreeMap<usize, usize> {
    let is_held = |object_idx: &usize| matches!(objects.location(*object_idx), Where::Within(_));
    let (held, read): (Vec<usize>, Vec<usize>) = whole.as_large().partition(is_held);
    let digests = futures::stream::iter(read)
        .map(|object_idx| (object_idx, objects.object(object_idx)))
        .map(|(object_idx, object)| async move { (object_idx, digest(&object).await) })
        .buffer_unordered(at_once.max(1));
    let mut digests: BTreeMap<usize, Option<String>> = digests.collect().await;
    let holders: HashMap<&str, &Holder> =
        whole.holders.iter().map(|holder| (holder.object.key.as_str(), &**holder)).collect();
    digests.extend(held.into_iter().map(|idx| (idx, held_digest(&objects.object(idx), &holders))));
    let mut first_with: HashMap<(u64, &str), usize> = HashMap::new();
    let mut same = BTreeMap::new();
    for (object_idx, digest) in &digests {
        let Some(digest) = digest else { continue };
        let size = objects.size(*object_idx);
        let first = *first_with.entry((size, digest)).or_insert(*object_idx);
        if first != *object_idx {
            same.insert(*object_idx, first);
        }
    }
    same
}

/// The digest that was told when the object was collected.
fn held_digest(object: &Object, holders: &HashMap<&str, &Holder>) -> Option<String> {
    let Location::Within { holder, number, .. } = &object.location else { return None };
    let holder = holders.get(holder.key.as_str())?;
    holder.manifest.sources.get(*number as usize)?.digest.clone()
}

/// The digest of all stored bytes; none if they cannot be read to the end.
async fn digest(object: &Object) -> Option<String> {
    let options = OpenOptions { digest: true, ..OpenOptions::default() };
    let mut chunks = open_with(object, options).await.ok()?;
    while chunks.next().await.ok()?.is_some() {}
    chunks.digest().map(str::to_owned)
}
