use super::*;
use crate::list::ListOptions;

fn read(text: &str) -> List {
    List::from_bytes("a.txt", ListRole::Threat, text.as_bytes()).expect("a list")
}

/// Severity, kind and words of each finding.
fn told(list: &List) -> Vec<(Severity, LintKind, String)> {
    let findings = lint(list).findings.into_iter();
    findings.map(|lint| (lint.severity, lint.kind, lint.to_string())).collect()
}

#[test]
fn each_kind_of_trouble_is_told_with_its_line() {
    let list = read(
        "8.8.8.8\n0.0.0.0/0\n10.1.0.0/16\n203.0.113.9/24\n8.8.8.8\n8.8.0.0/16\n1.2.3.4:80\n\
         1.2.3[.]5\n::ffff:1.2.3.6\n1.2.3.400\n9.9.9.1-9.9.9.2\n2606:4700::1\n",
    );
    use {LintKind as Kind, Severity as How};
    let expected = [
        (
            How::Error,
            Kind::TooWide,
            "line 2: \"0.0.0.0/0\": not in use: wider than a /8, refused unless wide entries are allowed",
        ),
        (
            How::Warning,
            Kind::Internal,
            "line 3: \"10.1.0.0/16\": in or around 10.0.0.0/8, private use: matches flows within a VPC",
        ),
        (
            How::Warning,
            Kind::HostBits,
            "line 4: \"203.0.113.9/24\": has host bits set, read as 203.0.113.0/24",
        ),
        (
            How::Warning,
            Kind::PortIgnored,
            "line 7: \"1.2.3.4:80\": has a port, which is ignored, read as 1.2.3.4",
        ),
        (How::Warning, Kind::Defanged, "line 8: \"1.2.3[.]5\": is defanged, read as 1.2.3.5"),
        (
            How::Warning,
            Kind::MappedIpv4,
            "line 9: \"::ffff:1.2.3.6\": is an IPv4-mapped IPv6 address, read as 1.2.3.6",
        ),
        (How::Warning, Kind::Refused, "line 10: \"1.2.3.400\": not in use: not an address"),
        (How::Info, Kind::GuardDuty, "GuardDuty takes IPv4 only; IPv6 entries: 1"),
        (How::Info, Kind::GuardDuty, "GuardDuty takes addresses and prefixes only; ranges: 1"),
        (How::Info, Kind::Nested, "line 1: \"8.8.8.8\": within 8.8.0.0/16 of line 6"),
        (
            How::Info,
            Kind::SpecialUse,
            "line 4: \"203.0.113.9/24\": in or around 203.0.113.0/24, documentation",
        ),
        (How::Info, Kind::Duplicate, "line 5: \"8.8.8.8\": the same as line 1"),
    ];
    assert_eq!(told(&list), expected.map(|(how, kind, text)| (how, kind, text.to_owned())));
    let lints = lint(&list);
    assert_eq!([How::Error, How::Warning, How::Info].map(|how| lints.total(how)), [1, 6, 5]);
}

#[test]
fn an_entry_around_internal_addresses_is_told_as_well_as_one_within() {
    let options = ListOptions { allow_wide: true, ..ListOptions::default() };
    let text = b"0.0.0.0/0\n::/0\n192.168.1.101\n224.0.0.0/3\n";
    let list = List::from_bytes_with("a.txt", ListRole::Threat, text, &options).expect("a list");
    let lines = lint(&list).findings.into_iter();
    let lines = lines.filter(|lint| lint.kind == LintKind::Internal).map(|lint| lint.line);
    assert_eq!(lines.collect::<Vec<_>>(), [Some(1), Some(2), Some(3), Some(4)]);
}

#[test]
fn a_range_is_nested_or_repeated_as_a_whole() {
    let list = read("9.9.9.5-9.9.9.10\n9.9.9.5-9.9.9.10\n9.9.9.5\n9.9.9.0/28\n9.9.9.4-9.9.9.18\n");
    let kinds = lint(&list).findings.into_iter();
    let kinds = kinds.filter(|lint| lint.line.is_some()).map(|lint| (lint.line, lint.kind));
    let expected = [
        (Some(1), LintKind::Nested),
        (Some(2), LintKind::Duplicate),
        // The range of line 1 begins with this very address, and does not end with it.
        (Some(3), LintKind::Nested),
    ];
    assert_eq!(kinds.collect::<Vec<_>>(), expected);
}

#[test]
fn the_sum_of_two_entries_is_neither_of_them() {
    let kinds = |text: &str| -> Vec<(Option<u64>, LintKind)> {
        let findings = lint(&read(text)).findings.into_iter();
        findings.filter(|l| l.line.is_some()).map(|l| (l.line, l.kind)).collect()
    };
    let nested = |line| (Some(line), LintKind::Nested);
    assert_eq!(kinds("9.9.9.0/31\n9.9.9.2\n9.9.9.0-9.9.9.2\n"), [nested(1), nested(2)]);
    assert_eq!(kinds("9.9.9.5\n9.9.9.5-9.9.9.10\n"), [nested(1)]);
    assert_eq!(kinds("9.9.9.4/31\n9.9.9.6\n9.9.9.5-9.9.9.6\n"), [nested(2)]);
}

#[test]
fn an_internal_block_is_told_before_any_other_that_an_entry_touches() {
    let list = read("192.0.0.0/8\n192.0.2.0-192.168.0.10\n64:ff9b::/32\n192.0.2.0/24\n");
    let lines = lint(&list).findings.into_iter();
    let lines = lines.filter(|lint| lint.kind == LintKind::Internal).map(|lint| lint.line);
    assert_eq!(lines.collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
}

#[test]
fn findings_of_a_kind_are_all_counted_and_the_first_hundred_are_kept() {
    let list = read(&"8.8.8.8\n".repeat(1000));
    let lints = lint(&list);
    assert_eq!(lints.counts[&(Severity::Info, LintKind::Duplicate)], 999);
    assert_eq!(lints.findings.len(), 100);
    let list = read(&format!("{}8.8.8.8\n", "x\n".repeat(1000)));
    assert_eq!(lint(&list).total(Severity::Warning), 1000);
    // A poisonous line is an error wherever it stands.
    let list = read(&format!("{}8.8.8.8\n0.0.0.0/0\n", "x\n".repeat(1000)));
    let lints = lint(&list);
    assert_eq!((lints.total(Severity::Error), lints.total(Severity::Warning)), (1, 1000));
    let list = read(&format!("{}1.2.3.4:5\n", "8.8.8.8/16\n".repeat(1000)));
    let counts = lint(&list).counts;
    assert_eq!(counts[&(Severity::Warning, LintKind::HostBits)], 1000);
    assert_eq!(counts[&(Severity::Warning, LintKind::PortIgnored)], 1);
}

#[test]
fn addresses_are_counted_once_and_lists_are_compared_by_what_they_share() {
    let one = read("203.0.113.0/25\n203.0.113.128/25\n203.0.113.7\n2001:db8::/126\n");
    assert_eq!(covered_addresses(&one), 256 + 4);
    let other = read("203.0.0.0/16\n198.51.100.7\n2001:db8::3\n2001:db8::4\n");
    assert_eq!(overlapping_entries(&one, &other), 4);
    assert_eq!(overlapping_entries(&other, &one), 2);
}
