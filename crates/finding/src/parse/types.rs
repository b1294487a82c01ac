//! GuardDuty's type in the spellings of Security Hub.
//!
//! ASFF puts a type into its own taxonomy and replaces the slash, which is a separator there:
//! `TTPs/Command and Control/Backdoor:EC2-Spambot` is `Backdoor:EC2/Spambot`. OCSF has either spelling.

use crate::DataSource;
use crate::types::source;
use crate::value::{Notes, excerpt};

/// GuardDuty's words for what a type is about.
const RESOURCES: &[&str] = &[
    "EC2",
    "IAMUser",
    "IAM",
    "S3",
    "EKS",
    "ECS",
    "Kubernetes",
    "RDS",
    "Lambda",
    "Runtime",
    "Container",
];

/// What GuardDuty knows a type from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// Calls to an API, which go to AWS and not to a machine.
    Calls,
    /// Names that were asked for. Whether there was traffic with their addresses is not told.
    Names,
    /// Traffic, or what may be.
    Traffic,
}

impl Basis {
    /// The basis of a finding's type. It decides only where a finding reports no action of its own.
    pub(super) fn of(finding_type: &str) -> Basis {
        const CALLS: &[&str] = &[":IAMUser/", ":IAM/", ":S3/", ":Kubernetes/"];
        if CALLS.iter().any(|needle| finding_type.contains(needle)) {
            Basis::Calls
        } else if source(finding_type) == Some(DataSource::DnsLogs) {
            Basis::Names
        } else {
            Basis::Traffic
        }
    }
}

/// The type that a list of spellings means; the first if they mean several. `None` if the list is
/// empty.
pub(super) fn of(spellings: &[String], notes: &mut Notes) -> Option<String> {
    let mut types: Vec<String> = Vec::new();
    for finding_type in spellings.iter().filter_map(|spelling| read(spelling)) {
        if !types.contains(&finding_type) {
            types.push(finding_type);
        }
    }
    if types.len() > 1 {
        notes.add(format!(
            "the finding has several types, the first is taken: {}",
            super::listed(&types)
        ));
    }
    if types.is_empty() {
        let first = spellings.first()?;
        notes.add(format!("no type of GuardDuty is named, but `{}`", excerpt(first)));
        return Some(first.clone());
    }
    Some(types.swap_remove(0))
}

/// One spelling; `None` if it is only a class of the taxonomy.
fn read(spelling: &str) -> Option<String> {
    let (before, family) = spelling.trim().split_once(':')?;
    let mut path = before.rsplit('/');
    let purpose = path.next()?.trim();
    if purpose.is_empty() || family.is_empty() {
        return None;
    }
    if family.contains('/') {
        return Some(format!("{purpose}:{family}"));
    }
    if RESOURCES.contains(&purpose) {
        // Security Hub's documentation has `TTPs/DefenseEvasion/EC2:Unusual-DNS-Resolver`.
        let category: String = path.next()?.split_whitespace().collect();
        return Some(format!("{category}:{purpose}/{}", family.replace('-', "")));
    }
    Some(format!("{purpose}:{}", family.replacen('-', "/", 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_the_type_that_guardduty_uses() {
        for (spelling, expected) in [
            (
                "TTPs/Command and Control/UnauthorizedAccess:EC2-TorClient",
                "UnauthorizedAccess:EC2/TorClient",
            ),
            (
                "TTPs/UnauthorizedAccess:EC2-MetadataDNSRebind",
                "UnauthorizedAccess:EC2/MetadataDNSRebind",
            ),
            ("Backdoor:EC2-C&CActivity.B!DNS", "Backdoor:EC2/C&CActivity.B!DNS"),
            (
                "Unusual Behaviors/VM/Behavior:EC2-TrafficVolumeUnusual",
                "Behavior:EC2/TrafficVolumeUnusual",
            ),
            (
                "TTPs/Defense Evasion/DefenseEvasion:EC2-UnusualDNSResolver",
                "DefenseEvasion:EC2/UnusualDNSResolver",
            ),
            (
                "TTPs/DefenseEvasion/EC2:Unusual-DNS-Resolver",
                "DefenseEvasion:EC2/UnusualDNSResolver",
            ),
            (
                "TTPs/Defense Evasion/EC2:Unusual-DoH-Activity",
                "DefenseEvasion:EC2/UnusualDoHActivity",
            ),
            (
                "AttackSequence:EC2/CompromisedInstanceGroup",
                "AttackSequence:EC2/CompromisedInstanceGroup",
            ),
            ("Recon:EC2-Some-Thing", "Recon:EC2/Some-Thing"),
            ("TTPs/Impact/Trojan:EC2/DropPoint", "Trojan:EC2/DropPoint"),
        ] {
            assert_eq!(read(spelling).as_deref(), Some(expected), "{spelling}");
        }
        for class in ["Threats", "Effects/Data Exposure", "TTPs/:EC2-X", "A:", "EC2:Portscan"] {
            assert_eq!(read(class), None, "{class}");
        }
    }

    #[test]
    fn several_types_and_none_are_noted() {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let mut notes = Notes::default();
        let same =
            texts(&["Threats", "TTPs/X/Trojan:EC2-DropPoint", "Effects/Trojan:EC2-DropPoint"]);
        assert_eq!(of(&same, &mut notes).as_deref(), Some("Trojan:EC2/DropPoint"));
        assert_eq!(notes.0, Vec::<String>::new());

        let several = texts(&["Trojan:EC2-DropPoint", "Recon:EC2-Portscan"]);
        assert_eq!(of(&several, &mut notes).as_deref(), Some("Trojan:EC2/DropPoint"));
        assert_eq!(of(&texts(&["Threats"]), &mut notes).as_deref(), Some("Threats"));
        assert_eq!(of(&[], &mut notes), None);
        assert_eq!(
            notes.0,
            [
                "the finding has several types, the first is taken: Trojan:EC2/DropPoint, Recon:EC2/Portscan",
                "no type of GuardDuty is named, but `Threats`"
            ]
        );
    }
}
