//! From rows of the state to findings that are told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use anyhow::Result;
use flowproof_engine::entry_name;
use flowproof_evidence::Traffic;
use flowproof_intel::Matcher;
use flowproof_report::{Bulletin, ListedFinding};
use flowproof_state::{FindingKey, FindingRow, Remotes, State};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::policy::{Policy, Told};

/// Addresses that are named of an entry.
const ADDRESSES: usize = 20;

/// What people are told as one finding: the rows of one interface and entry, whatever instances they
/// name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Group {
    pub(crate) account: Option<String>,
    pub(crate) interface: Option<String>,
    pub(crate) instances: Vec<String>,
    pub(crate) list: String,
    pub(crate) entry: String,
    pub(crate) traffic: Traffic,
    pub(super) remotes: Remotes,
    pub(super) recounted: bool,
    /// Whether something of it was not told yet.
    pub(super) is_news: bool,
    /// The bulletins in which it was told first and last.
    pub(super) told: Option<(u64, u64)>,
    pub(super) keys: Vec<FindingKey>,
    /// The instance, if all of them together are too much for one sum.
    pub(super) part: Option<String>,
}

/// Findings of a state, and which of them are to be told.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Rows of findings that are told now.
    pub(crate) keys: Vec<FindingKey>,
    /// How many findings these are.
    pub(crate) told: u64,
    /// News that are below a threshold.
    pub(crate) below: u64,
    /// News that are suppressed.
    pub(crate) suppressed: u64,
    /// All findings of the state.
    pub(crate) findings: u64,
}

/// All findings of a state.
pub(crate) async fn groups(state: &mut State) -> Result<Vec<Group>> {
    let mut groups: BTreeMap<[Option<String>; 5], Group> = BTreeMap::new();
    for row in state.findings().await? {
        let FindingKey { account, interface, instance, list, entry } = &row.key;
        let key = |part: Option<String>| {
            let entry = (Some(list.clone()), Some(entry.clone()));
            [account.clone(), interface.clone(), entry.0, entry.1, part]
        };
        let group = groups.entry(key(None)).or_default();
        let mut all = group.clone();
        if all.add(row).is_ok() {
            *group = all;
        } else {
            // All instances together exceed 64 bits: this one is told by itself.
            let part = Some(instance.clone().unwrap_or_default());
            let group = groups.entry(key(part.clone())).or_default();
            group.add(row)?;
            group.part = part;
        }
    }
    Ok(groups.into_values().collect())
}

impl Group {
    fn add(&mut self, row: &FindingRow) -> Result<()> {
        let FindingRow { key, traffic, recounted, remotes, revision: _, told } = row;
        self.account.clone_from(&key.account);
        self.interface.clone_from(&key.interface);
        self.list.clone_from(&key.list);
        self.entry.clone_from(&key.entry);
        self.instances.extend(key.instance.clone());
        self.traffic.merge(traffic)?;
        self.remotes.merge(remotes);
        self.recounted |= recounted;
        self.is_news |= row.is_news();
        if let Some(told) = told {
            let (first, last) = self.told.unwrap_or((told.first, told.bulletin));
            self.told = Some((first.min(told.first), last.max(told.bulletin)));
        }
        self.keys.push(key.clone());
        Ok(())
    }

    /// The same for every telling of the same finding, in any state.
    fn id(&self) -> String {
        let parts = [
            Some("flowproof.listed_finding"),
            self.account.as_deref(),
            self.interface.as_deref(),
            Some(&self.list),
            Some(&self.entry),
        ];
        let part = self.part.as_deref().map(Some);
        digest(&parts.into_iter().chain(part).collect::<Vec<_>>())
    }

    /// The same for the same finding with the same figures.
    fn event_id(&self, id: &str) -> Result<String> {
        let figures = serde_json::to_string(&(&self.traffic, self.recounted))?;
        Ok(digest(&[Some("flowproof.listed_finding.event"), Some(id), Some(&figures)]))
    }
}

/// What of a state is to be told now.
pub(crate) fn news(groups: &[Group], policy: &Policy, at: Timestamp) -> News {
    let mut news = News { findings: groups.len() as u64, ..News::default() };
    for group in groups.iter().filter(|group| group.is_news) {
        match policy.tells(group, at) {
            Told::Yes => {
                news.told += 1;
                news.keys.extend(group.keys.iter().cloned());
            }
            Told::BelowThreshold => news.below += 1,
            Told::Suppressed => news.suppressed += 1,
        }
    }
    news
}

/// What somebody is told who was told all bulletins up to `after`. Where a finding has changed and was not
/// told since, it waits for the bulletin that tells it.
pub(crate) fn bulletin(
    groups: &[Group],
    (number, at): (u64, Timestamp),
    after: u64,
    policy: &Policy,
    labels: &Labels,
) -> Result<Bulletin> {
    let mut findings = Vec::new();
    for group in groups.iter().filter(|group| !group.is_news) {
        let Some((first, last)) = group.told else { continue };
        // Who hears for the first time hears nothing of what is suppressed.
        let is_meant = after > 0 || policy.tells(group, at) == Told::Yes;
        if last > after && last <= number && is_meant {
            findings.push(finding(group, first <= after, policy, labels)?);
        }
    }
    Ok(Bulletin { number, at, findings })
}

fn finding(
    group: &Group,
    is_update: bool,
    policy: &Policy,
    labels: &Labels,
) -> Result<ListedFinding> {
    let id = group.id();
    let (remotes, addresses) = match &group.remotes {
        Remotes::All(all) => {
            (Some(all.len() as u64), all.iter().take(ADDRESSES).copied().collect())
        }
        Remotes::TooMany => (None, Vec::<IpAddr>::new()),
    };
    Ok(ListedFinding {
        event_id: group.event_id(&id)?,
        id,
        is_update,
        severity: policy.severity(&group.list, &group.traffic),
        account: group.account.clone(),
        region: None,
        interface: group.interface.clone(),
        instances: group.instances.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect(),
        list: group.list.clone(),
        entry: group.entry.clone(),
        label: labels.of(&group.list, &group.entry),
        traffic: group.traffic,
        remotes,
        addresses,
        recounted: group.recounted,
    })
}

/// What the lists say of their entries, as far as they say anything.
#[derive(Debug, Default)]
pub(crate) struct Labels(BTreeMap<(String, String), String>);

impl Labels {
    /// Of these findings alone: lists may have millions of entries.
    pub(crate) fn of_groups(groups: &[Group], matcher: &Matcher) -> Labels {
        let wanted: BTreeSet<(&str, &str)> =
            groups.iter().map(|group| (group.list.as_str(), group.entry.as_str())).collect();
        let mut labels = BTreeMap::new();
        for list in matcher.lists() {
            for entry in list.entries.iter().filter(|entry| !entry.label.is_empty()) {
                let name = entry_name(entry);
                if wanted.contains(&(list.name.as_str(), name.as_str())) {
                    let key = (list.name.clone(), name);
                    labels.entry(key).or_insert_with(|| entry.label.to_string());
                }
            }
        }
        Labels(labels)
    }

    fn of(&self, list: &str, entry: &str) -> String {
        self.0.get(&(list.to_owned(), entry.to_owned())).cloned().unwrap_or_default()
    }
}

/// The SHA-256 of parts that cannot run into each other, in hex.
fn digest(parts: &[Option<&str>]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // No text has this length.
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        hasher.update(length.to_be_bytes());
        hasher.update(part.unwrap_or_default());
    }
    let digest: [u8; 32] = hasher.finalize().into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
