use super::super::ListFormat::AwsIpRanges;
use super::super::json::tests::{check_cuts, check_told, parse, rejects, rows};

const RANGES: &str = r#"{
  "syncToken": "1748736000",
  "createDate": "2025-06-01-00-00-00",
  "prefixes": [
    {
      "ip_prefix": "203.0.113.0/24",
      "region": "GLOBAL",
      "service": "AMAZON",
      "network_border_group": "GLOBAL"
    },
    {"service": "EC2", "region": "eu-west-1", "ip_prefix": "203.0.113.0/24"},
    {"ip_prefix": "198.51.100.0/25"}
  ],
  "ipv6_prefixes": [
    {"ipv6_prefix": "2001:db8::/32", "region": "eu-west-1", "service": "S3"}
  ]
}
"#;

#[test]
fn each_prefix_is_an_entry_for_each_of_its_services() {
    let content = parse(AwsIpRanges, RANGES).expect("whole");
    assert_eq!(
        rows(&content),
        [
            (5, "203.0.113.0/24", "AMAZON GLOBAL", "prefixes[0].ip_prefix"),
            (11, "203.0.113.0/24", "EC2 eu-west-1", "prefixes[1].ip_prefix"),
            (12, "198.51.100.0/25", "", "prefixes[2].ip_prefix"),
            (15, "2001:db8::/32", "S3 eu-west-1", "ipv6_prefixes[0].ipv6_prefix"),
        ]
    );
    assert_eq!((content.lines, content.rejects.total), (4, 0));
}

#[test]
fn damaged_items_are_refused_one_by_one() {
    let text = r#"{"prefixes":[{"ip_prefix":"203.0.113.0/33"},{"region":"x"},"203.0.113.0/24",
        {"ip_prefix":5},{"ip_prefix":null},{"ip_prefix":"203.0.113.9"}]}"#;
    let content = parse(AwsIpRanges, text).expect("whole");
    check_told(&content);
    assert_eq!(rows(&content), [(2, "203.0.113.9", "", "prefixes[5].ip_prefix")]);
    assert_eq!(
        rejects(&content),
        [
            "line 1: \"203.0.113.0/33\": prefix length is not a number from 0 to 32",
            "line 1: \"prefixes[1]\": nothing in it is known to be an address",
            "line 1: \"203.0.113.0/24\": nothing in it is known to be an address",
            "line 2: \"5\": not an address",
            "line 2: \"null\": not an address",
        ]
    );
}

#[test]
fn a_cut_anywhere_is_refused() {
    check_cuts(AwsIpRanges, RANGES);
}
