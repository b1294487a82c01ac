use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::list::ListOptions;

fn list(name: &str, role: ListRole, text: &str) -> List {
    List::from_bytes(name, role, text.as_bytes()).expect("a list")
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// List, line and entry of each match.
fn told(matcher: &Matcher, address: &str) -> Vec<String> {
    let matches = matcher.matches(ip(address));
    let tell = |m: &Match<'_>| format!("{}:{} {}", m.list.name, m.entry.line, m.entry.text());
    matches.iter().map(tell).collect()
}

#[test]
fn all_entries_of_all_lists_match_narrowest_first_in_every_order() {
    let lines = ["203.0.113.0/24 hosting\n", "203.0.113.9/32 c2\n", "203.0.0.0/16 isp\n"];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let first = list("a", ListRole::Threat, &order.map(|line| lines[line]).concat());
        let second = list("b", ListRole::Threat, "203.0.113.9 seen\n203.0.113.9 again\n");
        let matcher = Matcher::new(vec![first, second]);
        let matches = matcher.matches(ip("203.0.113.9"));
        let labels: Vec<&str> = matches.iter().map(|hit| &*hit.entry.label).collect();
        assert_eq!(labels, ["c2", "seen", "again", "hosting", "isp"]);
        let prefixes: Vec<String> = matches.iter().map(|hit| hit.prefix.to_string()).collect();
        assert_eq!(prefixes[2..], ["203.0.113.9/32", "203.0.113.0/24", "203.0.0.0/16"]);
        assert_eq!(matcher.matches(ip("::ffff:203.0.113.9")).len(), 5);
    }
}

#[test]
fn a_prefix_wider_than_all_mapped_addresses_holds_no_ipv4_address() {
    let matcher = Matcher::new(vec![list("a", ListRole::Threat, "::fffc:0:0/94\n")]);
    assert_eq!(told(&matcher, "::fffe:203.0.113.9"), ["a:1 ::fffc:0:0/94"]);
    for address in ["203.0.113.9", "::ffff:203.0.113.9"] {
        assert_eq!(told(&matcher, address), [""; 0], "{address}");
        assert!(!matcher.contains(ip(address)) && !matcher.threat_contains(ip(address)));
    }
}

#[test]
fn lists_of_equal_width_are_told_in_the_order_they_were_given() {
    let [a, b] = ["a", "b"].map(|name| list(name, ListRole::Threat, "192.0.2.1\n192.0.2.1\n"));
    let matcher = Matcher::new(vec![b, a]);
    let expected = ["b:1 192.0.2.1", "b:2 192.0.2.1", "a:1 192.0.2.1", "a:2 192.0.2.1"];
    assert_eq!(told(&matcher, "192.0.2.1"), expected);
}

#[test]
fn a_range_is_one_match_at_every_address_of_it_and_as_wide_as_it_is() {
    let text = "203.0.113.5-203.0.113.10\n203.0.113.4/30\n";
    let matcher = Matcher::new(vec![list("a", ListRole::Threat, text)]);
    let (range, prefix) = ("a:1 203.0.113.5-203.0.113.10", "a:2 203.0.113.4/30");
    assert_eq!(told(&matcher, "203.0.113.4"), [prefix]);
    assert_eq!(told(&matcher, "203.0.113.5"), [prefix, range], "four addresses before six");
    assert_eq!(told(&matcher, "203.0.113.7"), [prefix, range]);
    assert_eq!(told(&matcher, "203.0.113.10"), [range]);
    assert_eq!(told(&matcher, "203.0.113.11"), [""; 0]);
    assert_eq!(matcher.matches(ip("203.0.113.7"))[1].prefix.to_string(), "203.0.113.6/31");
}

#[test]
fn a_trusted_list_wins_whichever_entry_is_narrower() {
    for (threat, trusted) in [
        ("203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.0/24", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"),
    ] {
        for trusted_first in [false, true] {
            let mut lists = vec![
                list("threat", ListRole::Threat, threat),
                list("trusted", ListRole::Trusted, trusted),
            ];
            if trusted_first {
                lists.reverse();
            }
            let matcher = Matcher::new(lists);
            assert!(matcher.contains(ip("203.0.113.9")));
            assert!(matcher.is_trusted(ip("203.0.113.9")));
            assert!(!matcher.threat_contains(ip("203.0.113.9")));
            assert_eq!(matcher.matches(ip("203.0.113.9")).len(), 2, "both are told");
            assert!(matcher.threat_set().contains_v4(0xcb00_7109), "a suppressed match");
            assert!(matcher.trusted_set().contains_v4(0xcb00_7109));
        }
    }
    let lists =
        [("threat", ListRole::Threat, "2001:db8::/32"), ("t", ListRole::Trusted, "192.0.2.1")];
    let matcher = Matcher::new(lists.map(|(name, role, text)| list(name, role, text)).to_vec());
    assert!(matcher.threat_contains(ip("2001:db8::9")) && !matcher.is_trusted(ip("2001:db8::9")));
    assert!(!matcher.threat_contains(ip("192.0.2.1")) && matcher.contains(ip("192.0.2.1")));
}

#[test]
fn a_matcher_can_be_shared_and_may_be_empty() {
    fn shared<T: Send + Sync>() {}
    shared::<Matcher>();
    let matcher = Matcher::new(Vec::new());
    assert!(!matcher.contains(ip("192.0.2.1")) && matcher.matches(ip("::")).is_empty());
    assert!(matcher.lists().is_empty() && matcher.threat_set().is_empty());
}

/// One line of a list, and the first and last address that it holds.
#[derive(Debug, Clone)]
struct Line {
    first: u32,
    last: u32,
    text: String,
}

fn line() -> impl Strategy<Value = Line> {
    let base = proptest::sample::select(vec![0_u32, 0xcb00_7100, u32::MAX - 511]);
    let prefix = (base.clone(), 0_u32..512, 23_u32..=32).prop_map(|(base, low, length)| {
        let hosts = u32::MAX.checked_shr(length).unwrap_or(0);
        let first = (base + low) & !hosts;
        let text = format!("{}/{length}", Ipv4Addr::from_bits(base + low));
        Line { first, last: first | hosts, text }
    });
    let range = (base, 0_u32..512, 0_u32..512).prop_map(|(base, one, other)| {
        let (first, last) = (base + one.min(other), base + one.max(other));
        let ends = [first, last].map(Ipv4Addr::from_bits);
        Line { first, last, text: format!("{} - {}", ends[0], ends[1]) }
    });
    prop_oneof![prefix, range]
}

proptest! {
    #[test]
    fn matches_are_those_of_a_scan_over_all_lines(
        lists in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(line(), 0..12)), 0..4),
        extra in proptest::collection::vec(any::<u32>(), 0..4),
    ) {
        let options = ListOptions { allow_empty: true, ..ListOptions::default() };
        let compiled = lists.iter().enumerate().map(|(index, (trusted, lines))| {
            let text: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
            let role = if *trusted { ListRole::Trusted } else { ListRole::Threat };
            List::from_bytes_with(&index.to_string(), role, text.as_bytes(), &options)
        });
        let matcher = Matcher::new(compiled.collect::<Result<_, _>>().expect("lists"));
        let lines = || lists.iter().flat_map(|(_, lines)| lines);
        let edges = lines().flat_map(|line| {
            [line.first.wrapping_sub(1), line.first, line.last, line.last.wrapping_add(1)]
        });
        for bits in edges.chain(extra) {
            // Width, list, line: a naive scan that knows integers only.
            let mut expected: Vec<(u64, String, u64, bool)> = Vec::new();
            for (index, (trusted, lines)) in lists.iter().enumerate() {
                for (number, line) in (1..).zip(lines) {
                    if (line.first..=line.last).contains(&bits) {
                        let width = u64::from(line.last - line.first) + 1;
                        expected.push((width, index.to_string(), number, *trusted));
                    }
                }
            }
            expected.sort();
            let address = IpAddr::V4(Ipv4Addr::from_bits(bits));
            let found: Vec<_> = matcher.matches(address).iter().map(|found| {
                let trusted = found.list.role == ListRole::Trusted;
                assert!(found.prefix.contains(&address), "{address}");
                let width = found.entry.addresses() as u64;
                (width, found.list.name.clone(), found.entry.line, trusted)
            }).collect();
            prop_assert_eq!(&found, &expected);
            let is_trusted = expected.iter().any(|(_, _, _, trusted)| *trusted);
            let is_threat = expected.iter().any(|(_, _, _, trusted)| !*trusted);
            prop_assert_eq!(matcher.contains(address), !expected.is_empty());
            prop_assert_eq!(matcher.is_trusted(address), is_trusted);
            prop_assert_eq!(matcher.threat_contains(address), is_threat && !is_trusted);
            prop_assert_eq!(matcher.threat_set().contains_v4(bits), is_threat);
            prop_assert_eq!(matcher.trusted_set().contains_v4(bits), is_trusted);
        }
    }
}
