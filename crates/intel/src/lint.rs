//! What is to be said of a list before it is trusted.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use flowproof_prefix::{PrefixMap, PrefixSet};
use ipnet::IpNet;
use serde::Serialize;

use crate::entry::{Entry, addresses};
use crate::format::ListFormat;
use crate::list::{List, ListRole};
use crate::note::{RejectReason, WarningKind};
use crate::special::SpecialUses;

#[cfg(test)]
mod tests;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The list should not be used like this.
    Error,
    /// Somebody should look at it.
    Warning,
    /// Good to know.
    Info,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LintKind {
    /// A line that is no entry.
    Refused,
    /// An entry that would match a large part of the Internet, and is not in use.
    TooWide,
    /// An entry in, or around, addresses that flows within a VPC have.
    Internal,
    /// An entry in, or around, other addresses that are not of the public Internet.
    SpecialUse,
    /// An entry that is read as its prefix, without the host's bits.
    HostBits,
    /// An IPv4 address written as IPv6.
    MappedIpv4,
    /// An address in brackets.
    Defanged,
    /// A port, which does not count.
    PortIgnored,
    /// The same addresses as an earlier entry.
    Duplicate,
    /// Addresses that a wider entry holds as well.
    Nested,
    /// What GuardDuty would not take, if the same file were uploaded there.
    GuardDuty,
}

/// One thing that is to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Lint {
    /// The line of the list, counted from 1; none if it is about the whole list.
    pub line: Option<u64>,
    /// What is wrong.
    pub kind: LintKind,
    /// How bad it is.
    pub severity: Severity,
    /// What stands there.
    pub text: String,
    /// What it means, in a sentence.
    pub message: String,
}

impl fmt::Display for Lint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line}: {:?}: ", self.text)?;
        }
        formatter.write_str(&self.message)
    }
}

/// All that is to be said of one list.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Lints {
    /// By severity, then by line; of each kind at most [`Lints::MOST`].
    pub findings: Vec<Lint>,
    /// How many there are of each kind, also of those that are not among the findings.
    pub counts: BTreeMap<(Severity, LintKind), u64>,
}

impl Lints {
    /// How many findings of a kind are kept.
    pub const MOST: u64 = 100;

    /// How many there are of a severity.
    #[must_use]
    pub fn total(&self, severity: Severity) -> u64 {
        self.counts.iter().filter(|((of, _), _)| *of == severity).map(|(_, count)| count).sum()
    }

    /// Counts one more of a kind, and tells whether there is room to keep it.
    fn count(&mut self, severity: Severity, kind: LintKind) -> bool {
        let count = self.counts.entry((severity, kind)).or_default();
        *count += 1;
        *count <= Self::MOST
    }

    fn add(
        &mut self,
        severity: Severity,
        kind: LintKind,
        of: &Entry,
        message: impl Fn() -> String,
    ) {
        if self.count(severity, kind) {
            let (line, text) = (Some(of.line), of.text.to_string());
            self.findings.push(Lint { line, kind, severity, text, message: message() });
        }
    }
}

/// Looks at every entry of a list.
#[must_use]
pub fn lint(list: &List) -> Lints {
    let mut lints = Lints::default();
    refused(list, &mut lints);
    read_otherwise(list, &mut lints);
    special_use(list, &mut lints);
    repeated(list, &mut lints);
    guard_duty(list, &mut lints);
    lints.findings.sort_by_key(|lint| (lint.severity, lint.line));
    lints
}

fn refused(list: &List, lints: &mut Lints) {
    let wide = (Severity::Error, LintKind::TooWide);
    let other = (Severity::Warning, LintKind::Refused);
    for reject in &list.rejects.samples {
        let is_wide = matches!(reject.reason, RejectReason::TooWide { .. });
        let (severity, kind) = if is_wide { wide } else { other };
        let (line, text) = (Some(reject.line), reject.text.clone());
        let message = format!("not in use: {}", reject.reason);
        lints.findings.push(Lint { line, kind, severity, text, message });
    }
    // Samples are the first of all, whatever their reason.
    for (of, count) in [(wide, list.too_wide), (other, list.rejects.total - list.too_wide)] {
        if count > 0 {
            lints.counts.insert(of, count);
        }
    }
}

fn read_otherwise(list: &List, lints: &mut Lints) {
    let severity = Severity::Warning;
    for warning in &list.warnings.samples {
        let (line, text) = (Some(warning.line), warning.text.clone());
        let message = format!("{}, read as {}", warning.kind, warning.read_as);
        lints.findings.push(Lint { line, kind: kind_of(warning.kind), severity, text, message });
    }
    for (kind, count) in &list.warning_kinds {
        lints.counts.insert((severity, kind_of(*kind)), *count);
    }
}

fn kind_of(warning: WarningKind) -> LintKind {
    match warning {
        WarningKind::HostBits => LintKind::HostBits,
        WarningKind::MappedIpv4 => LintKind::MappedIpv4,
        WarningKind::Defanged => LintKind::Defanged,
        WarningKind::PortIgnored => LintKind::PortIgnored,
    }
}

fn special_use(list: &List, lints: &mut Lints) {
    let uses = SpecialUses::new();
    for entry in &list.entries {
        let Some((block, of)) = uses.of_any(&entry.prefixes) else { continue };
        let (severity, kind, so) = match of.is_internal {
            true => (Severity::Warning, LintKind::Internal, ": matches flows within a VPC"),
            false => (Severity::Info, LintKind::SpecialUse, ""),
        };
        lints.add(severity, kind, entry, || format!("in or around {block}, {}{so}", of.name));
    }
}

/// Entries that add nothing to the addresses of the list.
fn repeated(list: &List, lints: &mut Lints) {
    // Of each prefix the entry that holds the most, and of those the first.
    let widest = PrefixMap::build(prefixes_of(list), |known: &mut &Entry, next| {
        if next.addresses() > known.addresses() {
            *known = next;
        }
    });
    let mut first_lines: HashMap<&[IpNet], u64> = HashMap::new();
    for entry in &list.entries {
        let line = *first_lines.entry(&entry.prefixes).or_insert(entry.line);
        if line != entry.line {
            lints.add(Severity::Info, LintKind::Duplicate, entry, || {
                format!("the same as line {line}")
            });
            continue;
        }
        let mut around = widest.covering(&entry.prefixes[0]).map(|(_, other)| *other);
        if let Some(other) = around.find(|other| lies_within(entry, other)) {
            lints.add(Severity::Info, LintKind::Nested, entry, || {
                format!("within {} of line {}", other.text, other.line)
            });
        }
    }
}

/// Whether the other entry has all addresses of the one, and more.
fn lies_within(one: &Entry, other: &Entry) -> bool {
    let holds = |prefix: &IpNet| other.prefixes.iter().any(|around| around.contains(prefix));
    other.addresses() > one.addresses() && one.prefixes.iter().all(holds)
}

fn prefixes_of(list: &List) -> impl Iterator<Item = (IpNet, &Entry)> {
    list.entries.iter().flat_map(|entry| entry.prefixes.iter().map(move |prefix| (*prefix, entry)))
}

/// Limits of GuardDuty's own lists: 35 MB, 250,000 threat or 2,000 trusted entries, IPv4 only.
fn guard_duty(list: &List, lints: &mut Lints) {
    const BYTES: u64 = 35_000_000;
    let most = match list.role {
        ListRole::Threat => 250_000,
        ListRole::Trusted => 2_000,
    };
    let (kind, severity) = (LintKind::GuardDuty, Severity::Info);
    let mut say = |message: String| {
        lints.count(severity, kind);
        let text = String::new();
        lints.findings.push(Lint { line: None, kind, severity, text, message });
    };
    let entries = list.entries.len();
    let six = list.entries.iter().filter(|entry| entry.prefixes[0].addr().is_ipv6()).count();
    let ranges = list.entries.iter().filter(|entry| entry.text().contains('-')).count();
    if list.size > BYTES {
        say(format!("GuardDuty takes at most 35 MB; bytes: {}", list.size));
    }
    if entries > most {
        say(format!("GuardDuty takes at most {most} entries; entries: {entries}"));
    }
    if six > 0 {
        say(format!("GuardDuty takes IPv4 only; IPv6 entries: {six}"));
    }
    if ranges > 0 && list.format == ListFormat::PlainText {
        say(format!("GuardDuty takes addresses and prefixes only; ranges: {ranges}"));
    }
}

/// The entries in, or around, addresses that flows within a VPC have. On a threat list they match
/// traffic that is nobody else's business.
pub fn internal_entries(list: &List) -> impl Iterator<Item = &Entry> {
    let uses = SpecialUses::new();
    list.entries
        .iter()
        .filter(move |entry| uses.of_any(&entry.prefixes).is_some_and(|(_, of)| of.is_internal))
}

/// How many distinct addresses a list covers, at most `u128::MAX`.
#[must_use]
pub fn covered_addresses(list: &List) -> u128 {
    let set: PrefixSet = prefixes_of(list).map(|(prefix, _)| prefix).collect();
    addresses(&set.aggregate().iter().collect::<Vec<_>>())
}

/// How many entries of one list share an address with another.
#[must_use]
pub fn overlapping_entries(one: &List, other: &List) -> u64 {
    let set: PrefixSet = prefixes_of(other).map(|(prefix, _)| prefix).collect();
    let shares = |prefix: &IpNet| {
        set.covering(prefix).next().is_some() || set.covered(prefix).next().is_some()
    };
    one.entries.iter().filter(|entry| entry.prefixes.iter().any(shares)).count() as u64
}
