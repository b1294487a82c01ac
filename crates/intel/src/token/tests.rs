use ipnet::IpNet;
use proptest::prelude::*;

use super::{canonical_text, parse};
use crate::list::ListOptions;
use crate::note::RejectReason as Reason;
use crate::note::WarningKind::{self, Defanged, HostBits, MappedIpv4, PortIgnored};

fn read(text: &str) -> Result<(Vec<String>, Vec<WarningKind>), Reason> {
    let token = parse(text, &ListOptions::default())?;
    Ok((token.prefixes.iter().map(IpNet::to_string).collect(), token.warnings))
}

#[test]
fn whole_tokens_are_read_with_a_warning_where_they_do_not_stand_as_read() {
    let cases: [(&str, &[&str], &[WarningKind]); 30] = [
        ("203.0.113.9", &["203.0.113.9/32"], &[]),
        ("203.0.113.0/24", &["203.0.113.0/24"], &[]),
        ("203.0.113.9/32", &["203.0.113.9/32"], &[]),
        ("203.0.113.9/24", &["203.0.113.0/24"], &[HostBits]),
        ("198.51.100.254/31", &["198.51.100.254/31"], &[]),
        ("198.0.0.0/8", &["198.0.0.0/8"], &[]),
        ("2001:db8::9", &["2001:db8::9/128"], &[]),
        ("2001:DB8::/32", &["2001:db8::/32"], &[]),
        ("2001:0db8:0000:0000:0000:0000:0000:0009", &["2001:db8::9/128"], &[]),
        ("2001:0DB8:0001:0908:0000:0000:0000:9001", &["2001:db8:1:908::9001/128"], &[]),
        ("2001:db8::9/32", &["2001:db8::/32"], &[HostBits]),
        ("2001:db8::9:443", &["2001:db8::9:443/128"], &[]),
        ("::ffff:203.0.113.9", &["203.0.113.9/32"], &[MappedIpv4]),
        ("::ffff:203.0.113.0/120", &["203.0.113.0/24"], &[MappedIpv4]),
        ("::ffff:203.0.113.9/120", &["203.0.113.0/24"], &[HostBits, MappedIpv4]),
        ("203.0.113.9:8080", &["203.0.113.9/32"], &[PortIgnored]),
        ("[2001:db8::9]:443", &["2001:db8::9/128"], &[PortIgnored]),
        ("[2001:db8::9]", &["2001:db8::9/128"], &[]),
        ("[::]:443", &["::/128"], &[PortIgnored]),
        ("203.0.113[.]9", &["203.0.113.9/32"], &[Defanged]),
        ("203[.]0[.]113[.]0/24", &["203.0.113.0/24"], &[Defanged]),
        ("203.0.113.0[/]24", &["203.0.113.0/24"], &[Defanged]),
        ("203.0.113(.)9", &["203.0.113.9/32"], &[Defanged]),
        ("203[dot]0[dot]113[dot]9:80", &["203.0.113.9/32"], &[PortIgnored, Defanged]),
        ("2001[:]db8::9", &["2001:db8::9/128"], &[Defanged]),
        ("2001:db8[::]9", &["2001:db8::9/128"], &[Defanged]),
        ("198.51.100.0-198.51.100.255", &["198.51.100.0/24"], &[]),
        (
            "203.0.113.5 - 203.0.113.10",
            &["203.0.113.5/32", "203.0.113.6/31", "203.0.113.8/31", "203.0.113.10/32"],
            &[],
        ),
        ("2001:db8::1-2001:db8::2", &["2001:db8::1/128", "2001:db8::2/128"], &[]),
        ("::ffff:192.0.2.0-192.0.2[.]1", &["192.0.2.0/31"], &[MappedIpv4, Defanged]),
    ];
    for (text, prefixes, warnings) in cases {
        let read = read(text).unwrap_or_else(|reason| panic!("{text:?}: {reason}"));
        assert_eq!(read, (prefixes.iter().map(ToString::to_string).collect(), warnings.to_vec()));
    }
}

#[test]
fn damaged_tokens_are_refused_and_not_read_as_something_near() {
    for text in [
        "",
        "-",
        "/",
        "203.404.113.9",
        ".40",
        "203.0.113",
        "203.0.113.",
        "203.0.113.9.1",
        "1e3",
        "3405803785",
        "0xcb007109",
        "203.0.113.*",
        "*.example.org",
        "c2.example.net",
        "bad-host.example.net",
        "d41d8cd98f00b204e9800998ecf8427e",
        "http://203.0.113.9/x",
        "hxxp://203.0.113[.]9",
        "https://[2001:db8::9]/",
        "203.0.113.9:",
        "203.0.113.9:x",
        "203.0.113.9:99999",
        "203.0.113.9:+80",
        "203.0.113.9:80:80",
        "203.0.113.9|8443",
        "[203.0.113.9]:80",
        "[2001:db8::9]443",
        "[2001:db8::9",
        "[2001:db8::9]/64",
        "2001:db8::9]",
        "[2001:db8::9]:65536",
        "2001:db8::00009",
        "2001:db8:::9",
        "fe80::1%eth0",
        "203.0.113[.9",
        "203.0.113.9\u{fffd}",
        "２０３.0.113.9",
        "AS64496",
    ] {
        assert_eq!(read(text), Err(Reason::NotAnAddress), "{text:?}");
    }
}

#[test]
fn bad_prefix_lengths_are_refused_with_the_longest_that_there_is() {
    for text in
        ["/33", "/-1", "/", "/24/login", "/024", "/255.255.255.0", "/2 4", "/50000000", "/+8"]
    {
        let text = format!("203.0.113.9{text}");
        assert_eq!(read(&text), Err(Reason::PrefixLength { longest: 32 }), "{text:?}");
    }
    for text in ["2001:db8::/129", "2001:db8::/-1", "2001:db8::/x"] {
        assert_eq!(read(text), Err(Reason::PrefixLength { longest: 128 }), "{text:?}");
    }
}

#[test]
fn leading_zeros_in_octets_are_refused_wherever_the_address_stands() {
    for text in [
        "203.0.113.010",
        "203.000.113.9",
        "203.0.113.00/24",
        "203.0.113.09:80",
        "203.0.113.05-203.0.113.10",
        "203.0.113.5-203.0.113.010",
    ] {
        assert_eq!(read(text), Err(Reason::LeadingZero), "{text:?}");
    }
    assert_eq!(read("203.0.0.0").map(|read| read.0), Ok(vec!["203.0.0.0/32".to_owned()]));
}

#[test]
fn ranges_that_are_shortened_damaged_reversed_or_mixed_are_refused_by_name() {
    assert_eq!(read("203.0.113.5-10"), Err(Reason::ShortRange));
    assert_eq!(read("203.0.113.5-203.0.113"), Err(Reason::RangeEnd));
    assert_eq!(read("203.0.113.5-203.404.113.10"), Err(Reason::RangeEnd));
    assert_eq!(read("203.0.113.5-203.0.113.10/32"), Err(Reason::RangeEnd));
    assert_eq!(read("203.0.113.5-"), Err(Reason::RangeEnd));
    assert_eq!(read("203.0.113.5-203.0.113.7-203.0.113.9"), Err(Reason::RangeEnd));
    let reversed = read("203.0.113.10-203.0.113.5").expect_err("reversed").to_string();
    assert_eq!(reversed, "reversed range: 203.0.113.5 comes before 203.0.113.10");
    let mixed = read("203.0.113.5-2001:db8::1").expect_err("mixed").to_string();
    assert_eq!(mixed, "range from 203.0.113.5 to 2001:db8::1 mixes IPv4 and IPv6");
}

#[test]
fn wide_entries_are_refused_unless_allowed() {
    let allowed = ListOptions { allow_wide: true, ..ListOptions::default() };
    for (text, widest) in [
        ("0.0.0.0/0", 8),
        ("198.0.0.0/7", 8),
        ("::ffff:0:0/96", 8),
        ("0.0.0.0-255.255.255.255", 8),
        ("198.0.0.0-199.0.0.0", 8),
        ("::/0", 16),
        ("2000::/15", 16),
        ("2001::-2002::", 16),
    ] {
        assert_eq!(read(text), Err(Reason::TooWide { widest }), "{text:?}");
        assert!(parse(text, &allowed).is_ok(), "{text:?}");
    }
    for text in
        ["198.0.0.0/8", "198.0.0.0-198.255.255.255", "198.128.0.0-199.127.255.255", "2001::/16"]
    {
        assert!(read(text).is_ok(), "{text:?}");
    }
}

#[test]
fn a_warning_can_name_what_was_read() {
    for (text, canonical) in [
        ("203.0.113.9/24", "203.0.113.0/24"),
        ("203.0.113[.]9", "203.0.113.9"),
        ("::ffff:203.0.113.5-203.0.113.10", "203.0.113.5-203.0.113.10"),
    ] {
        let token = parse(text, &ListOptions::default()).expect("an entry");
        assert_eq!(canonical_text(&token.prefixes), canonical);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "[0-9a-f.:/\\[\\]()\\- ]{0,40}|\\PC{0,40}") {
        let _ = parse(&text, &ListOptions::default());
    }

    #[test]
    fn what_is_read_unwarned_is_what_std_and_ipnet_read(text in "[0-9a-f.:/]{0,20}") {
        if let Ok((prefixes, warnings)) = read(&text) {
            let independent = text
                .parse::<IpNet>()
                .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
            if warnings.is_empty() {
                prop_assert_eq!(prefixes, [independent.expect("an address").to_string()]);
            }
        }
    }
}
