//! What a batch found, as the state keeps it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowproof_intel::{Entry, Matcher};
use flowproof_state::{FindingKey, FindingRow};
use ipnet::IpNet;

use crate::listed::ListedRow;

/// The rows by key. Entries that stand twice on a list have the same records each, so one of them
/// counts.
pub(super) fn finding_rows(
    rows: &[ListedRow],
    matcher: &Matcher,
    recounted: bool,
) -> Vec<FindingRow> {
    let mut by_key: BTreeMap<FindingKey, FindingRow> = BTreeMap::new();
    for row in rows {
        let list = &matcher.lists()[row.list];
        let key = FindingKey {
            account: row.account.clone(),
            interface: row.interface.clone(),
            instance: row.instance.clone(),
            list: list.name.clone(),
            entry: entry_name(&list.entries[row.entry]),
        };
        by_key.entry(key.clone()).or_insert_with(|| FindingRow {
            key,
            traffic: row.traffic,
            recounted,
            remotes: row.addresses.iter().copied().collect(),
            ..FindingRow::default()
        });
    }
    by_key.into_values().collect()
}

/// An entry in its canonical spelling, however the list spells it: `203.0.113.9`, `203.0.113.0/24`,
/// `203.0.113.4-203.0.113.9`.
#[must_use]
pub fn entry_name(entry: &Entry) -> String {
    match &entry.prefixes[..] {
        [net] => prefix_name(net),
        [first, .., last] => format!("{}-{}", first.network(), last.broadcast()),
        [] => entry.text().to_owned(),
    }
}

fn prefix_name(net: &IpNet) -> String {
    let (first, last): (IpAddr, IpAddr) = (net.network(), net.broadcast());
    if first == last { first.to_string() } else { net.trunc().to_string() }
}
