//! What a key tells before its object is opened.
//!
//! | layout | folders (an own prefix may come first) |
//! | --- | --- |
//! | classic | `AWSLogs/{account}/vpcflowlogs/{region}/{yyyy}/{mm}/{dd}/` |
//! | classic, hourly | `.../{dd}/{hh}/` |
//! | Hive | `AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/year={yyyy}/month={mm}/day={dd}/` |
//! | Hive, hourly | `.../day={dd}/hour={hh}/` |
//!
//! The file name is the same in all of them:
//! `{account}_vpcflowlogs_{region}_{flow log id}_{YYYYMMDDTHHmmZ}_{hash}.log.gz`. The folder tells the
//! account, the Region and the day; the name tells the flow log and the stamp, and stands in for
//! the folders where files were copied into one. Keys are taken as they stand: percent escapes are
//! not decoded.

mod folders;
mod name;

#[cfg(test)]
mod tests;

use flowproof_evidence::Window;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use folders::Folders;
use name::Name;

/// How the folders above an object are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LayoutKind {
    /// `AWSLogs/{account}/vpcflowlogs/{region}/{yyyy}/{mm}/{dd}/`.
    Classic,
    /// The same with a folder for the hour.
    ClassicHourly,
    /// Hive-compatible `name=value` folders.
    Hive,
    /// The same with a folder for the hour.
    HiveHourly,
    /// No date folders: what is known comes from the file name, or from folders further up.
    Flat,
}

impl LayoutKind {
    /// The word for it in results: `classic`, `classic-hourly`, `hive`, `hive-hourly`, `flat`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            LayoutKind::Classic => "classic",
            LayoutKind::ClassicHourly => "classic-hourly",
            LayoutKind::Hive => "hive",
            LayoutKind::HiveHourly => "hive-hourly",
            LayoutKind::Flat => "flat",
        }
    }
}

/// What a key tells about the records in its object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// How the folders are built.
    pub kind: LayoutKind,
    /// The account that owns the flow log: twelve digits.
    pub account: Option<String>,
    /// The Region, such as `us-east-1`.
    pub region: Option<String>,
    /// The flow log, such as `fl-0123456789abcdef0`.
    pub flow_log_id: Option<String>,
    /// The beginning of the five minutes in which the records in the object *end*.
    pub stamp: Option<Timestamp>,
    /// The day or the hour of the folder; stamps, not record times, fall within it.
    pub folder: Option<Window>,
}

/// Stamps name buckets of this many seconds.
const BUCKET: i64 = 300;

impl Layout {
    /// Whether the file has the name that AWS gives to what a flow log delivers.
    #[must_use]
    pub fn is_of_a_flow_log(&self) -> bool {
        self.flow_log_id.is_some() && self.stamp.is_some()
    }

    /// The time in which the records in the object end, as far as the key tells: the five minutes of
    /// the stamp, else the folder's hour or day. A stamp off the grid is taken as it stands.
    #[must_use]
    pub fn span(&self) -> Option<Window> {
        let bucket = |stamp: Timestamp| {
            let to = Timestamp::from_second(stamp.as_second() + BUCKET).ok()?;
            Some(Window::new(stamp, to))
        };
        self.stamp.and_then(bucket).or(self.folder)
    }
}

/// What `key` tells, or `None` if it follows no known layout (or is another service's).
///
/// ```
/// use flowproof_source::{LayoutKind, key_layout};
///
/// let layout = key_layout(
///     "team a/AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01/\
///      123456789012_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20250601T0005Z_1a2b3c4d.log.gz",
/// )
/// .expect("a classic key");
/// assert_eq!(layout.kind, LayoutKind::Classic);
/// assert_eq!(layout.stamp.unwrap().to_string(), "2025-06-01T00:05:00Z");
/// ```
#[must_use]
pub fn key_layout(key: &str) -> Option<Layout> {
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    let folders = Folders::parse(folders);
    if folders.is_foreign() {
        return None;
    }
    let name = Name::parse(name);
    if name.is_none() && folders.account.is_none() {
        return None;
    }
    let name = name.unwrap_or_default();
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Some(Layout {
        kind: folders.kind(),
        account: owned(folders.account.or(name.account)),
        region: owned(folders.region.or(name.region)),
        flow_log_id: owned(name.flow_log_id),
        stamp: name.stamp,
        folder: folders.span(),
    })
}
