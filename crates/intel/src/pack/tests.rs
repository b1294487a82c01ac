use std::net::IpAddr;
use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::list::ListOptions;

/// What look-ups tell of lists: without what there is to say about single lines.
fn told(list: &List) -> List {
    List {
        not_addresses: Default::default(),
        expired: 0,
        revoked: 0,
        rejects: Tally::default(),
        too_wide: 0,
        warning_kinds: Default::default(),
        warnings: Tally::default(),
        ..list.clone()
    }
}

fn again(matcher: &Matcher) -> Matcher {
    Matcher::unpack(&matcher.pack()).expect("what was packed")
}

/// Some addresses in and around the prefixes of the lists.
fn edges(matcher: &Matcher) -> Vec<IpAddr> {
    let entries = matcher.lists().iter().flat_map(|list| &list.entries).take(200);
    let prefixes = entries.flat_map(|entry| &entry.prefixes);
    let edges = prefixes.flat_map(|net| [net.network(), net.broadcast()]);
    edges.chain(["192.0.2.77", "::1"].map(|text| text.parse().expect("an address"))).collect()
}

fn check_alike(one: &Matcher, other: &Matcher) {
    let lists = one.lists().iter().map(told).collect::<Vec<_>>();
    assert_eq!(other.lists(), lists);
    let sets = |matcher: &Matcher| {
        (matcher.threat_set().iter().collect(), matcher.trusted_set().iter().collect())
    };
    let (threat, trusted): (Vec<IpNet>, Vec<IpNet>) = sets(one);
    assert_eq!(sets(other), (threat, trusted));
    for address in edges(one) {
        let matches = |matcher: &Matcher| {
            let matches = matcher.matches(address);
            let tell = |m: &crate::Match<'_>| {
                (m.place, m.prefix, m.list.name.clone(), m.list.role, m.entry.clone())
            };
            matches.iter().map(tell).collect::<Vec<_>>()
        };
        assert_eq!(matches(other), matches(one), "{address}");
        assert_eq!(other.threat_contains(address), one.threat_contains(address));
        assert_eq!(other.is_trusted(address), one.is_trusted(address));
        assert_eq!(other.is_internal(address), one.is_internal(address));
    }
}

/// An entry as lists write them.
fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        "203\\.0\\.113\\.[1-9][0-9]?",
        "203\\.0\\.113\\.[1-9]/(2[4-9]|3[0-2])",
        "192\\.0\\.2\\.[1-9]-192\\.0\\.2\\.[1-9][0-9]",
        "2001:db8:[0-9a-f]{1,4}::/(48|64|128)",
        "2001:DB8::[1-9]",
        "203\\.0\\.113\\[\\.\\]9",
        "no address",
    ]
}

/// A list in one of several formats, as text.
fn text() -> impl Strategy<Value = String> {
    let entries = || prop::collection::vec((address(), "[a-z]{0,4}"), 1..12);
    let plain = entries().prop_map(|entries| {
        let line = |(address, label): &(String, String)| format!("{address} # {label}\n\n");
        entries.iter().map(line).collect()
    });
    let csv = entries().prop_map(|entries| {
        let line = |(address, label): &(String, String)| format!("{address},\"{label}, told\"\n");
        format!("ip_address,label\n{}", entries.iter().map(line).collect::<String>())
    });
    let stix = (entries(), any::<bool>(), 0_u32..101).prop_map(|(entries, ends, confidence)| {
        let object = |(n, (address, label)): (usize, &(String, String))| {
            let until = if ends { ",\"valid_until\":\"2099-01-01T00:00:00.5Z\"" } else { "" };
            format!(
                "{{\"type\":\"indicator\",\"id\":\"indicator--{n}\",\"name\":\"{label}\",\
                 \"confidence\":{confidence},\"pattern_type\":\"stix\",\
                 \"pattern\":\"[ipv4-addr:value = '{address}']\",\
                 \"valid_from\":\"2024-01-01T00:00:00Z\"{until}}}"
            )
        };
        let objects: Vec<String> = entries.iter().enumerate().map(object).collect();
        format!("{{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{}]}}", objects.join(","))
    });
    prop_oneof![plain, csv, stix]
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let lists = prop::collection::vec((text(), any::<bool>(), "[a-z]{0,3}"), 0..4);
    lists.prop_map(|lists| {
        let options = ListOptions { allow_empty: true, ..ListOptions::default() };
        let list = |(text, is_trusted, name): &(String, bool, String)| {
            let role = if *is_trusted { ListRole::Trusted } else { ListRole::Threat };
            List::from_bytes_with(name, role, text.as_bytes(), &options).ok()
        };
        Matcher::new(lists.iter().filter_map(list).collect())
    })
}

proptest! {
    #[test]
    fn lists_answer_the_same_when_they_were_packed(matcher in matcher()) {
        check_alike(&matcher, &again(&matcher));
    }

    #[test]
    fn damaged_bytes_are_refused_or_are_other_lists(
        matcher in matcher(),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
    ) {
        let mut bytes = matcher.pack();
        let cut = at.index(bytes.len());
        prop_assert!(Matcher::unpack(&bytes[..cut]).is_err());
        bytes[cut] ^= flip;
        let _ = Matcher::unpack(&bytes);
        // What is within is damaged too, not only what compresses it.
        let mut raw = inflated(&matcher.pack()).expect("what was packed");
        let at = at.index(raw.len());
        raw[at] ^= flip;
        let _ = Matcher::unpack(&[&[0], &raw[..]].concat());
        raw[at] ^= flip;
        let cut = Matcher::unpack(&[&[0], &raw[..at]].concat());
        prop_assert!(cut.is_err());
    }

    #[test]
    fn any_bytes_are_refused_or_are_lists(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Matcher::unpack(&bytes);
    }
}

#[test]
fn the_formats_of_the_tests_are_read_as_what_they_are() {
    let read =
        |text: &str| List::from_bytes("a", ListRole::Threat, text.as_bytes()).map(|l| l.format);
    let csv = "ip_address,label\n203.0.113.9,\"a, told\"\n";
    assert_eq!(read(csv).expect("a list"), crate::ListFormat::Csv);
    let stix = "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[{\"type\":\"indicator\",\
                \"id\":\"indicator--1\",\"confidence\":7,\"pattern_type\":\"stix\",\
                \"pattern\":\"[ipv4-addr:value = '203.0.113.9']\",\
                \"valid_from\":\"2024-01-01T00:00:00Z\"}]}";
    let list = List::from_bytes("a", ListRole::Threat, stix.as_bytes()).expect("a list");
    assert!(list.entries[0].details.is_some());
    check_alike(&Matcher::new(vec![list.clone()]), &again(&Matcher::new(vec![list])));
}

#[test]
fn entries_made_by_hand_come_back_too() {
    let mut list = List::from_bytes("a", ListRole::Threat, b"203.0.113.9\n").expect("a list");
    let net = |text: &str| text.parse::<IpNet>().expect("a prefix");
    let entry = |line, text: &str, prefixes: Vec<IpNet>| Entry {
        line,
        text: text.into(),
        prefixes: prefixes.into(),
        label: "".into(),
        details: Some(Box::default()),
    };
    list.entries.push(entry(u64::MAX, "203.0.113.9", vec![net("203.0.113.9/24")]));
    list.entries.push(entry(0, "203.0.113.9/24", vec![net("203.0.113.9/24")]));
    list.entries.push(entry(u64::MAX, "", vec![]));
    let matcher = Matcher::new(vec![list]);
    assert_eq!(again(&matcher).lists(), matcher.lists());
}

#[test]
fn bytes_that_would_inflate_to_very_much_are_refused() {
    let zeros = vec![0; 64 << 20];
    let small = zstd::bulk::compress(&zeros, 1).expect("compressed");
    let mut bomb = Writer(vec![1]);
    bomb.number(zeros.len() as u64);
    bomb.0.extend(&small);
    let error = inflated(&bomb.0).expect_err("a bomb").to_string();
    assert_eq!(error, "damaged lists: they inflate to too much");
    // What is packed here is never taken for one.
    assert_eq!(inflated(&deflated(&zeros)).expect("what was packed"), zeros);
    let zeros = &zeros[..1 << 20];
    assert!(deflated(zeros).len() < 1000);
    assert_eq!(inflated(&deflated(zeros)).expect("what was packed"), zeros);
}

/// Addresses without a pattern, in no order or in their order.
fn many(entries: u64, sorted: bool, label: &str) -> Matcher {
    let mixed = |n: u64| {
        let n = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 32) as u32
    };
    let mut numbers: Vec<u32> = (0..entries).map(mixed).collect();
    if sorted {
        numbers.sort_unstable();
    }
    let line = |n: u32| format!("{}{label}\n", Ipv4Addr::from(n));
    let text: String = numbers.into_iter().map(line).collect();
    let list = List::from_bytes("many", ListRole::Threat, text.as_bytes()).expect("a list");
    Matcher::new(vec![list])
}

#[test]
fn a_million_addresses_take_few_bytes_each() {
    for (entries, sorted, label, most) in
        [(1_000_000, false, "", 4.01), (100_000, true, "", 3.1), (100_000, false, " # seen", 4.01)]
    {
        let matcher = many(entries, sorted, label);
        let begun = Instant::now();
        let bytes = matcher.pack();
        let packed = begun.elapsed();
        let begun = Instant::now();
        let other = Matcher::unpack(&bytes).expect("what was packed");
        let each = bytes.len() as f64 / entries as f64;
        println!("{each:.2} bytes each, packed in {packed:?}, unpacked in {:?}", begun.elapsed());
        assert!(each < most, "{each}");
        assert_eq!(other.lists()[0].entries, matcher.lists()[0].entries);
    }
}
