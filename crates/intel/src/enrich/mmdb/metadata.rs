//! What a database says of itself.

use jiff::Timestamp;

use super::{Damage, data};
use crate::enrich::value::Value;

const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";

/// The metadata stands in this many bytes at the end.
const LONGEST: usize = 128 * 1024;

#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) node_count: usize,
    /// Bits of one number of a node: 24, 28 or 32.
    pub(super) record_size: u8,
    /// 4 or 6.
    pub(super) ip_version: u8,
    pub(super) database_type: String,
    pub(super) built: Option<Timestamp>,
}

impl Metadata {
    /// The metadata, and where the data before it ends.
    pub(super) fn of(bytes: &[u8]) -> Result<(Self, usize), Damage> {
        let tail = bytes.len().saturating_sub(LONGEST);
        let windows = bytes[tail..].windows(MARKER.len());
        let found = windows.rev().position(|window| window == MARKER).ok_or(Damage::NoMetadata)?;
        let start = bytes.len() - found;
        let Value::Map(entries) = data::value(&bytes[start..], 0)? else {
            return Err(Damage::NoMetadata);
        };
        Ok((Self::from_entries(&entries)?, start - MARKER.len()))
    }

    fn from_entries(entries: &[(std::borrow::Cow<'_, str>, Value<'_>)]) -> Result<Self, Damage> {
        let text = |name: &'static str| {
            let entry = entries.iter().find(|(key, _)| key == name);
            match entry {
                Some((_, Value::Text(text))) => Ok(&**text),
                _ => Err(Damage::Metadata(name)),
            }
        };
        if text("binary_format_major_version")? != "2" {
            return Err(Damage::Metadata("binary_format_major_version (it is not 2)"));
        }
        let number = |name, usable: &[u8]| {
            let number = text(name)?.parse().ok().filter(|number| usable.contains(number));
            number.ok_or(Damage::Metadata(name))
        };
        // Numbers of nodes are 32-bit numbers at most.
        let nodes = text("node_count")?.parse::<u32>().ok();
        let seconds = text("build_epoch").ok().and_then(|text| text.parse().ok());
        Ok(Self {
            node_count: nodes.ok_or(Damage::Metadata("node_count"))? as usize,
            record_size: number("record_size", &[24, 28, 32])?,
            ip_version: number("ip_version", &[4, 6])?,
            database_type: text("database_type")?.to_owned(),
            built: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        })
    }

    /// Bytes of the search tree.
    pub(super) fn tree_size(&self) -> Option<usize> {
        self.node_count.checked_mul(usize::from(self.record_size) / 4)
    }
}
