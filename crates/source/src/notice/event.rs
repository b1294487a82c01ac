//! What S3 and EventBridge tell of one object.
//!
//! | S3's name | EventBridge's type | what it means here |
//! | --- | --- | --- |
//! | `ObjectCreated:*` | `Object Created` | new |
//! | `ObjectRestore:Completed` | `Object Restore Completed` | new: an archived object can be read |
//! | `ObjectRemoved:*`, `LifecycleExpiration:*` | `Object Deleted` | removed |
//! | `ObjectRestore:Delete` | `Object Restore Expired` | removed: the copy out of the archive is |
//! | `ReducedRedundancyLostObject` | | removed: S3 has lost it |
//! | `ObjectRestore:Post` | `Object Restore Initiated` | no news |
//! | `LifecycleTransition`, `IntelligentTiering` | `Object Storage Class Changed`, `Object Access Tier Changed` | no news |
//! | `ObjectTagging:*`, `ObjectAcl:*`, `ObjectAnnotation:*` | `Object Tags Added`, `Object Tags Deleted`, `Object ACL Updated` | no news |
//! | `Replication:*` | | no news of this bucket: the replica is an `ObjectCreated` of its own |
//!
//! S3 encodes keys, EventBridge does not.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::text;
use super::error::{NoticeFault, excerpt};
use super::{Notice, Noticed, key};

/// What an event means for a reader of objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    New,
    Removed,
    NoNews,
}

/// `s3` of a record, and `detail` of an event: both tell a bucket and an object.
#[derive(Deserialize)]
struct Told<'t> {
    #[serde(borrow)]
    bucket: Option<&'t RawValue>,
    #[serde(borrow)]
    object: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Bucket<'t> {
    #[serde(borrow)]
    name: Option<&'t RawValue>,
}

/// The same members, spelt in two ways.
#[derive(Deserialize)]
struct Object<'t> {
    #[serde(borrow)]
    key: Option<&'t RawValue>,
    #[serde(borrow)]
    size: Option<&'t RawValue>,
    #[serde(borrow, rename = "eTag", alias = "etag")]
    etag: Option<&'t RawValue>,
    #[serde(borrow, rename = "versionId", alias = "version-id")]
    version_id: Option<&'t RawValue>,
}

/// A record of an event notification.
pub(super) fn of_s3(name: Option<&str>, s3: &RawValue) -> Result<Noticed, NoticeFault> {
    let name = name.ok_or(NoticeFault::Lacks { member: "eventName" })?;
    let meaning = of_s3_name(name).ok_or_else(|| unknown(name))?;
    told(name, meaning, s3, key::decoded)
}

/// An event of EventBridge.
pub(super) fn of_bridge(
    kind: Option<&str>,
    source: Option<&str>,
    detail: Option<&RawValue>,
) -> Result<Noticed, NoticeFault> {
    let kind = kind.ok_or(NoticeFault::Lacks { member: "detail-type" })?;
    if source.is_some_and(|source| source != "aws.s3") {
        let (kind, source) = (excerpt(kind), excerpt(source.unwrap_or_default()));
        return Err(NoticeFault::Unknown { what: format!("an event {kind} from {source}") });
    }
    let meaning = of_bridge_type(kind).ok_or_else(|| unknown(kind))?;
    let detail = detail.ok_or(NoticeFault::Lacks { member: "detail" })?;
    told(kind, meaning, detail, |key| key::checked_key(key, key))
}

fn unknown(event: &str) -> NoticeFault {
    NoticeFault::UnknownEvent { event: excerpt(event) }
}

/// Stores other than AWS's put `s3:` before the name.
fn of_s3_name(name: &str) -> Option<Meaning> {
    let name = name.strip_prefix("s3:").unwrap_or(name);
    let (family, kind) = name.split_once(':').unwrap_or((name, ""));
    Some(match (family, kind) {
        ("ObjectCreated", _) | ("ObjectRestore", "Completed") => Meaning::New,
        ("ObjectRemoved" | "LifecycleExpiration" | "ReducedRedundancyLostObject", _)
        | ("ObjectRestore", "Delete") => Meaning::Removed,
        ("LifecycleTransition" | "IntelligentTiering" | "Replication", _)
        | ("ObjectTagging" | "ObjectAcl" | "ObjectAnnotation", _)
        | ("ObjectRestore", "Post") => Meaning::NoNews,
        _ => return None,
    })
}

fn of_bridge_type(kind: &str) -> Option<Meaning> {
    Some(match kind {
        "Object Created" | "Object Restore Completed" => Meaning::New,
        "Object Deleted" | "Object Restore Expired" => Meaning::Removed,
        "Object Restore Initiated"
        | "Object Storage Class Changed"
        | "Object Access Tier Changed"
        | "Object Tags Added"
        | "Object Tags Deleted"
        | "Object ACL Updated" => Meaning::NoNews,
        _ => return None,
    })
}

fn told(
    event: &str,
    meaning: Meaning,
    told: &RawValue,
    key_of: impl Fn(&str) -> Result<String, NoticeFault>,
) -> Result<Noticed, NoticeFault> {
    if meaning == Meaning::NoNews {
        return Ok(Noticed::NoNews { event: event.to_owned() });
    }
    let told: Told<'_> = parsed(Some(told), "bucket.name")?;
    let bucket: Bucket<'_> = parsed(told.bucket, "bucket.name")?;
    let bucket = key::checked_bucket(&needed(bucket.name, "bucket.name")?)?;
    let object: Object<'_> = parsed(told.object, "object.key")?;
    let key = key_of(&needed(object.key, "object.key")?)?;
    Ok(match meaning {
        Meaning::New => Noticed::New(Notice {
            bucket,
            key,
            etag: told_text(object.etag),
            size: object.size.and_then(|size| size.get().parse().ok()),
            version_id: told_text(object.version_id),
        }),
        _ => Noticed::Removed { bucket, key, event: event.to_owned() },
    })
}

fn parsed<'t, T: Deserialize<'t>>(
    value: Option<&'t RawValue>,
    member: &'static str,
) -> Result<T, NoticeFault> {
    let value = value.ok_or(NoticeFault::Lacks { member })?;
    serde_json::from_str(value.get()).map_err(|_| NoticeFault::Lacks { member })
}

fn needed<'t>(
    value: Option<&'t RawValue>,
    member: &'static str,
) -> Result<Cow<'t, str>, NoticeFault> {
    text(value).ok_or(NoticeFault::Lacks { member })
}

/// A member that may be there: an empty text tells nothing.
fn told_text(member: Option<&RawValue>) -> Option<String> {
    text(member).map(Cow::into_owned).filter(|text| !text.is_empty())
}
