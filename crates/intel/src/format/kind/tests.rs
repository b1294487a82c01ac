use super::*;

#[test]
fn words_for_types_are_known_in_many_spellings() {
    for word in ["ip-dst", "ip-src|port", "IPv4", "ipv4-addr", "ip:port", "CIDR", "IP Address"] {
        assert_eq!(of_type(word), Some(Kind::Address), "{word}");
    }
    assert_eq!(of_type("domain|ip"), Some(Kind::DomainAndAddress));
    for (word, kind) in [
        ("Domain name", Indicator::Domain),
        ("hostname|port", Indicator::Domain),
        ("URL", Indicator::Url),
        ("md5_hash", Indicator::Hash),
        ("FileHash-SHA256", Indicator::Hash),
        ("filename|sha1", Indicator::Hash),
        ("imphash", Indicator::Hash),
        ("Filename", Indicator::File),
        ("email-src", Indicator::Email),
        ("whois-registrant-email", Indicator::Email),
        ("AS", Indicator::Asn),
        ("yara", Indicator::Other),
    ] {
        assert_eq!(of_type(word), Some(Kind::Other(kind)), "{word}");
    }
    for word in ["", "-", "scanner", "botnet_cc", "1"] {
        assert_eq!(of_type(word), None, "{word}");
    }
}

#[test]
fn only_what_is_beyond_doubt_is_of_a_kind_by_its_looks() {
    for (value, kind) in [
        ("c2.example.com", Indicator::Domain),
        ("c2.example[.]com", Indicator::Domain),
        ("*.example.org", Indicator::Domain),
        ("192-0-2-1.example.net", Indicator::Domain),
        ("xn--bcher-kva.xn--p1ai", Indicator::Domain),
        ("http://192.0.2.1/x", Indicator::Url),
        ("hxxps://c2.example[.]com/", Indicator::Url),
        ("hxxp[://]c2.example[.]com/x", Indicator::Url),
        ("h**ps://c2.example.com/x", Indicator::Url),
        ("user@example.com", Indicator::Email),
        ("user@example[.]com", Indicator::Email),
        ("AS64500", Indicator::Asn),
        ("as4294967295", Indicator::Asn),
        ("163.example", Indicator::Domain),
        ("1.2.0.192.in-addr.arpa", Indicator::Domain),
        ("cafe.be", Indicator::Domain),
        ("d41d8cd98f00b204e9800998ecf8427e", Indicator::Hash),
    ] {
        assert_eq!(of_value(value), Some(kind), "{value}");
    }
    for value in [
        "",
        "203.0.113.9",
        "203.404.113.9",
        "203.0.113",
        "203.0.113.9O",
        "203.0.113.l",
        ".40",
        "1e3",
        "2001:db8:::9",
        "203.0.113.9/x",
        "203.0.113.9@home",
        "203.0.113.9@example.com",
        "@example.com",
        "203.0.113.lO",
        "203.0.113.xn--p1ai",
        "example.xn--p1ai/0",
        "203.0.113.9.example",
        "203.0.113.300",
        "203.0.113.9/33",
        "203.0.113.9/0/login",
        "10.0.0.1.5",
        "0x7f.1",
        "1.2.3",
        "203.0.113.9://x",
        "://x",
        "AS",
        "AS4294967296",
        "AS+1",
        "AS64500-AS64511",
        "a\u{df}1",
        "example",
    ] {
        assert_eq!(of_value(value), None, "{value}");
    }
}
