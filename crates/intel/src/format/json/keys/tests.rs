use super::*;

#[test]
fn a_format_is_told_by_its_keys_in_any_order() {
    use ListFormat::*;
    for (text, expected) in [
        (r#"{"type":"bundle","id":"bundle--1","objects":[]}"#, Stix2),
        (r#"{"objects":[{"id":"identity--1","name":"x","type":"identity"}],"type":"bun"#, Stix2),
        (r#"{"id":"bundle--1","type":"bundle"}"#, Stix2),
        (r#"[{"pattern":"[x]","type":"indicator"}]"#, Stix2),
        (r#"[{"type":"bundle","objects":[]}]"#, Stix2),
        ("{\"type\":\"malware\",\"id\":\"malware--1\"}\n{\"type\":\"indicator\"", Stix2),
        (r#"{"more":false,"objects":[{"type":"indicator","id":"indicator--1"}]}"#, Stix2),
        (r#"{"Event":{"id":"1","info":"x""#, MispJson),
        (r#"[{"Event":{"uuid":"x""#, MispJson),
        (r#"{"response":[{"Event":{"Attribute":[]}}]}"#, MispJson),
        (r#"{"response":{"Attribute":["#, MispJson),
        (r#"[{"value":"192.0.2.1","type":"ip-dst","to_ids":true}]"#, MispJson),
        (r#"{"cidr":"192.0.2.0/24","sblid":"SBL1","rir":"x"}"#, SpamhausJson),
        (
            "{\"type\":\"metadata\"}\n{\"rir\":\"x\",\"sblid\":\"SBL1\",\"cidr\":\"192.0.2.0/24\"}",
            SpamhausJson,
        ),
        (r#"{"syncToken":"1","prefixes":[{"region":"x","ip_prefix":"192.0.2.0/24"}"#, AwsIpRanges),
        (r#"{"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/32""#, AwsIpRanges),
        (r#"{"prefixes":[{"ipv4Prefix":"192.0.2.0/24"}]}"#, Json),
        (r#"[{"asn":64496,"asname":"X","ip":"192.0.2.1"}]"#, Json),
        (r#"[{"type":"url","id":"17"},{"type":"ip","id":"18"}]"#, Json),
        (r#"["192.0.2.1"]"#, Json),
        ("{", Json),
        ("{no json", Json),
    ] {
        assert_eq!(recognise(text), Ok(expected), "{text}");
    }
}

#[test]
fn a_list_of_as_numbers_is_refused_by_name() {
    let text = "{\"asn\":64496,\"rir\":\"x\",\"domain\":\"example.com\",\"cc\":\"ZZ\",\"asname\":\"EXAMPLE\"}\n";
    assert_eq!(recognise(text), Err(Foreign::Format(ASN_DROP)));
    assert_eq!(recognise(&format!("[{text}]")), Err(Foreign::Format(ASN_DROP)));
}

#[test]
fn nothing_at_the_beginning_makes_the_look_costly() {
    for part in ["[", "{\"a\":", "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":[", "{}", "{\"id\":\"x\"}"] {
        let head = part.repeat((1 << 16) / part.len());
        assert_eq!(recognise(&head), Ok(ListFormat::Json));
        let seen = Seen::in_head(&head);
        let longest = seen.keys.iter().chain(&seen.texts).map(String::len).max();
        assert!(longest.is_none_or(|longest| longest <= 2 * LONGEST_PATH + 1));
    }
}
