//! A finding for programs: `flowproof.listed_finding/1`.

use std::net::IpAddr;

use flowproof_evidence::Traffic;
use jiff::Timestamp;
use serde::Serialize;

use super::{Bulletin, Generator, ListedFinding, Severity};
use crate::json::escaped;

/// The name of the JSON form, its first value.
pub const SCHEMA: &str = "flowproof.listed_finding/1";

/// The findings in their order, a JSON object and a line feed for each; no text of no findings.
///
/// Characters that act on a terminal or break a line in some reader are written as `\u` escapes.
///
/// # Errors
///
/// That of the serializer, which none of these values gives.
pub fn jsonl(bulletin: &Bulletin, generator: &Generator<'_>) -> Result<String, serde_json::Error> {
    lines(bulletin.findings.iter().map(|finding| Line::of(bulletin, finding, *generator)))
}

/// Each value as a line of JSON.
pub(super) fn lines(
    values: impl Iterator<Item = impl Serialize>,
) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for value in values {
        text.push_str(&escaped(&serde_json::to_string(&value)?));
        text.push('\n');
    }
    Ok(text)
}

/// The fields in the order of the published form.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    bulletin: u64,
    reported_at: Timestamp,
    id: &'a str,
    event_id: &'a str,
    status: &'static str,
    severity: Severity,
    account: Option<&'a str>,
    region: Option<&'a str>,
    interface: Option<&'a str>,
    instances: &'a [String],
    list: &'a str,
    entry: &'a str,
    label: &'a str,
    #[serde(flatten)]
    traffic: &'a Traffic,
    remotes: Option<u64>,
    addresses: &'a [IpAddr],
    recounted: bool,
    generated_by: Generator<'a>,
}

impl<'a> Line<'a> {
    fn of(bulletin: &Bulletin, finding: &'a ListedFinding, generator: Generator<'a>) -> Line<'a> {
        // Taken apart by name, so that a field added later cannot be left out here.
        let ListedFinding {
            id,
            event_id,
            is_update: _,
            severity,
            account,
            region,
            interface,
            instances,
            list,
            entry,
            label,
            traffic,
            remotes,
            addresses,
            recounted,
        } = finding;
        Line {
            schema: SCHEMA,
            bulletin: bulletin.number,
            reported_at: bulletin.at,
            id,
            event_id,
            status: finding.status(),
            severity: *severity,
            account: account.as_deref(),
            region: region.as_deref(),
            interface: interface.as_deref(),
            instances,
            list,
            entry,
            label,
            traffic,
            remotes: *remotes,
            addresses,
            recounted: *recounted,
            generated_by: generator,
        }
    }
}
