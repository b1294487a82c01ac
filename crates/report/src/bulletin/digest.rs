//! What people are told of a bulletin, in which order, and where it ends.

use std::cmp::Reverse;

use super::{Bulletin, ListedFinding};
use crate::format::{counted, thousands, utc};

/// Findings told in full.
const FINDINGS: usize = 200;

/// Characters shown of the name of a list, an entry and a label.
pub(super) const LABEL: usize = 100;

/// Addresses shown of a finding.
pub(super) const ADDRESSES: usize = 5;

/// Digits shown of a finding's id: enough to find it by.
const DIGITS: usize = 16;

/// The findings arranged for people.
pub(super) struct Digest<'a> {
    /// The number of the bulletin and how many findings it has.
    pub(super) title: String,
    /// How many are new and updated, how grave they are, and when they were told.
    pub(super) summary: String,
    /// First what is new, then what is updated; none that is empty.
    pub(super) parts: Vec<Part<'a>>,
    /// What is not told in full, in a sentence.
    pub(super) more: Option<String>,
}

/// Findings that are all new, or all updated.
pub(super) struct Part<'a> {
    pub(super) title: String,
    pub(super) groups: Vec<Group<'a>>,
}

/// Findings of one interface: the gravest first, and of equals the one with the most bytes.
pub(super) struct Group<'a> {
    pub(super) findings: Vec<&'a ListedFinding>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(bulletin: &'a Bulletin) -> Digest<'a> {
        let mut findings: Vec<&ListedFinding> = bulletin.findings.iter().collect();
        findings.sort_by_key(|it| (it.is_update, Reverse((it.severity, it.moved())), &it.id));
        let (told, rest) = findings.split_at(findings.len().min(FINDINGS));
        let new = told.iter().filter(|it| !it.is_update).count();
        let (first, second) = told.split_at(new);
        let parts = [("New", first), ("Updated, with greater figures", second)];
        let parts = parts.into_iter().filter(|(_, findings)| !findings.is_empty());
        Digest {
            title: title(bulletin),
            summary: summary(bulletin),
            parts: parts.map(|(title, findings)| Part::of(title, findings)).collect(),
            more: (!rest.is_empty()).then(|| {
                let count = counted(rest.len() as u64, "more finding", "more findings");
                format!("And {count}: {}.", tally(rest.iter().copied()))
            }),
        }
    }
}

impl<'a> Part<'a> {
    fn of(title: &str, findings: &[&'a ListedFinding]) -> Part<'a> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for &finding in findings {
            match groups.iter_mut().find(|group| group.place() == Some(place(finding))) {
                Some(group) => group.findings.push(finding),
                None => groups.push(Group { findings: vec![finding] }),
            }
        }
        let count = counted(findings.len() as u64, "finding", "findings");
        Part { title: format!("{title}: {count}"), groups }
    }
}

type Place<'a> = (&'a [String], &'a Option<String>, &'a Option<String>, &'a Option<String>);

fn place(finding: &ListedFinding) -> Place<'_> {
    (&finding.instances, &finding.interface, &finding.account, &finding.region)
}

impl Group<'_> {
    fn place(&self) -> Option<Place<'_>> {
        self.findings.first().map(|finding| place(finding))
    }
}

fn title(bulletin: &Bulletin) -> String {
    let count = match bulletin.findings.len() {
        0 => "no findings".to_owned(),
        all => counted(all as u64, "finding", "findings"),
    };
    format!("Bulletin {}: {count}", thousands(bulletin.number))
}

fn summary(bulletin: &Bulletin) -> String {
    let made = format!("Made at {}.", utc(bulletin.at));
    let Some(gravest) = bulletin.findings.iter().map(|finding| finding.severity).max() else {
        return format!("No traffic with listed addresses to tell of. {made}");
    };
    format!("{}; the gravest: {gravest}. {made}", tally(bulletin.findings.iter()))
}

/// `2 new, 1 updated`, without what there is none of.
fn tally<'a>(findings: impl Iterator<Item = &'a ListedFinding>) -> String {
    let (updated, new): (Vec<_>, Vec<_>) = findings.partition(|finding| finding.is_update);
    let counts = [(new.len(), "new"), (updated.len(), "updated")];
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    let told = told.map(|(count, word)| format!("{} {word}", thousands(count as u64)));
    told.collect::<Vec<_>>().join(", ")
}

/// The beginning of a finding's id.
pub(super) fn short_id(finding: &ListedFinding) -> String {
    finding.id.chars().take(DIGITS).collect()
}
