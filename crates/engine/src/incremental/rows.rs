//! What a batch found, as the state keeps it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use flowproof_intel::{Entry, Matcher};
use flowproof_state::{FindingKey, FindingRow};
use ipnet::IpNet;
use sha2::{Digest, Sha256};

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
/// `203.0.113.4-203.0.113.9`; with holes in it, all its prefixes with commas between them, or of very many the
/// ends and a digest.
#[must_use]
pub fn entry_name(entry: &Entry) -> String {
    match &entry.prefixes[..] {
        [net] => prefix_name(net),
        [first, .., last] if is_whole(&entry.prefixes) => {
            format!("{}-{}", first.network(), last.broadcast())
        }
        nets => {
            let names: Vec<String> = nets.iter().map(prefix_name).collect();
            let all = names.join(",");
            match (names.first(), names.last()) {
                (Some(first), Some(last)) if names.len() > MOST_NAMES => {
                    let digest: [u8; 32] = Sha256::digest(&all).into();
                    let digest: String =
                        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                    format!("{first},{last}#{digest}")
                }
                _ => all,
            }
        }
    }
}

/// Prefixes that are named one by one.
const MOST_NAMES: usize = 8;

/// Whether prefixes follow one another without a hole.
fn is_whole(nets: &[IpNet]) -> bool {
    let follows = |pair: &[IpNet]| match (pair[0].broadcast(), pair[1].network()) {
        (IpAddr::V4(last), IpAddr::V4(next)) => {
            last.to_bits().checked_add(1) == Some(next.to_bits())
        }
        (IpAddr::V6(last), IpAddr::V6(next)) => {
            last.to_bits().checked_add(1) == Some(next.to_bits())
        }
        _ => false,
    };
    nets.windows(2).all(follows)
}

fn prefix_name(net: &IpNet) -> String {
    let (first, last): (IpAddr, IpAddr) = (net.network(), net.broadcast());
    if first == last { first.to_string() } else { net.trunc().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flowproof_intel::{List, ListRole};

    fn names(text: &str) -> Vec<String> {
        let list = List::from_bytes("a", ListRole::Threat, text.as_bytes()).unwrap();
        list.entries.iter().map(entry_name).collect()
    }

    #[test]
    fn spellings_of_one_entry_have_one_name_and_entries_with_other_holes_have_others() {
        let text =
            "203.0.113.9/32\n203.0.113.0-203.0.113.255\n203.0.113.4-203.0.113.9\n2001:DB8:0::9\n";
        let expected = ["203.0.113.9", "203.0.113.0/24", "203.0.113.4-203.0.113.9", "2001:db8::9"];
        assert_eq!(names(text), expected);
        let rule = |hole: u8| {
            format!(
                "alert ip [203.0.113.0/28,!203.0.113.{hole}] any -> any any (msg:\"A\"; sid:{hole};)\n"
            )
        };
        let all = names(&[rule(6), rule(9)].concat());
        assert_eq!(all[0], "203.0.113.0/30,203.0.113.4/31,203.0.113.7,203.0.113.8/29");
        assert_ne!(all[0], all[1]);
    }
}
