mod asff;
mod ocsf;
mod sequence;

use flowproof_evidence::{InterfaceIdentity, Subject};
use serde_json::{Value, json};

use crate::{Action, Claim, ClaimDirection, ClaimKind, Finding, OwnBytes, read_findings};

fn fixture(name: &str) -> Vec<Finding> {
    let bytes: &[u8] = match name {
        "getfindings-tor-outbound" => {
            include_bytes!("../../../../testdata/findings/getfindings-tor-outbound.json")
        }
        "eventbridge-portprobe" => {
            include_bytes!("../../../../testdata/findings/eventbridge-portprobe.json")
        }
        "export" => include_bytes!("../../../../testdata/findings/export.jsonl"),
        "export-gz" => include_bytes!("../../../../testdata/findings/export.jsonl.gz"),
        "sample-finding" => include_bytes!("../../../../testdata/findings/sample-finding.json"),
        "dns-request" => include_bytes!("../../../../testdata/findings/dns-request.json"),
        "api-call" => include_bytes!("../../../../testdata/findings/api-call.json"),
        _ => panic!("no fixture {name}"),
    };
    let read = read_findings(bytes).unwrap();
    assert_eq!(read.refused, [], "{name}");
    read.findings
}

fn parse(json: &Value) -> Finding {
    super::guardduty(json)
}

/// The Tor finding that every format tells in its own way.
fn tor() -> Finding {
    fixture("getfindings-tor-outbound").remove(0)
}

/// The only finding of a text, and what was refused beside it.
fn only(text: &str) -> (Finding, Vec<String>) {
    let mut read = read_findings(text.as_bytes()).unwrap();
    assert_eq!(read.findings.len(), 1, "{:?}", read.refused);
    (read.findings.remove(0), read.refused.iter().map(ToString::to_string).collect())
}

/// A finding with one network connection.
fn connection(action: Value) -> Finding {
    parse(&json!({
        "id": "f1", "type": "A:EC2/B", "resource": {"instanceDetails": {"instanceId": "i-1"}},
        "service": {"eventFirstSeen": 0, "eventLastSeen": 1, "action": {
            "actionType": "NETWORK_CONNECTION", "networkConnectionAction": action}}
    }))
}

#[test]
fn a_get_findings_answer_is_read_field_by_field() {
    let finding = fixture("getfindings-tor-outbound").remove(0);
    assert_eq!(finding.finding_type, "UnauthorizedAccess:EC2/TorClient");
    assert_eq!((finding.severity, finding.count, finding.sample), (Some(8.0), Some(3), false));
    assert_eq!(finding.resource_type.as_deref(), Some("Instance"));
    assert_eq!(finding.resource_role.as_deref(), Some("TARGET"));
    assert_eq!(finding.first_seen, Some("2025-06-01T00:00:00Z".parse().unwrap()));
    assert_eq!(finding.last_seen, Some("2025-06-01T00:10:00Z".parse().unwrap()));
    let own = OwnBytes { in_bytes: Some(1200), out_bytes: Some(8400) };
    assert_eq!((finding.own_bytes, finding.action), (Some(own), Action::NetworkConnection));
    // The public address 198.51.100.5 is not among them.
    let addresses = vec!["10.0.1.5".parse().unwrap(), "2001:db8:1::5".parse().unwrap()];
    let interface = "eni-0a1b2c3d4e5f60001".to_owned();
    let instance = Some("i-0aaaabbbbcccc0001".to_owned());
    let subject = Subject {
        instance: instance.clone(),
        interfaces: vec![interface.clone()],
        addresses: addresses.clone(),
        account: Some("123456789012".into()),
        region: Some("us-east-1".into()),
    };
    assert_eq!(finding.subject, subject);
    assert_eq!(finding.interfaces, [InterfaceIdentity { interface, instance, addresses }]);
    assert_eq!(finding.notes, Vec::<String>::new());
}

#[test]
fn every_probe_is_a_claim() {
    let finding = fixture("eventbridge-portprobe").remove(0);
    let probe = |remote: &str, alternative: Option<&str>, local_port| Claim {
        kind: ClaimKind::PortProbe,
        remote: Some(remote.parse().unwrap()),
        remote_alternative: alternative.map(|six| six.parse().unwrap()),
        remote_port: None,
        local_port: Some(local_port),
        protocol: None,
        direction: ClaimDirection::Inbound,
        blocked: Some(false),
        bytes_in: None,
        bytes_out: None,
    };
    let expected = [
        probe("198.51.100.23", None, 22),
        probe("203.0.113.77", Some("2001:db8:77::1"), 3306),
        probe("192.0.2.200", None, 8088),
    ];
    assert_eq!(finding.claims, expected);
    assert_eq!(finding.remotes().len(), 4);
}

#[test]
fn an_export_is_the_same_with_and_without_gzip() {
    let plain = fixture("export");
    assert_eq!(plain, fixture("export-gz"));
    let directions: Vec<_> = plain.iter().map(|f| f.claims[0].direction).collect();
    use ClaimDirection::{Inbound, Outbound};
    assert_eq!(directions, [Outbound, Inbound, Outbound]);
    let last = &plain[2].claims[0];
    assert_eq!((last.protocol, last.bytes_in, last.bytes_out), (Some(17), Some(318), Some(88)));
}

#[test]
fn a_sample_is_known_by_its_mark_wherever_it_stands() {
    let sample = fixture("sample-finding").remove(0);
    assert!(sample.sample);
    assert_eq!(sample.subject.interfaces, ["eni-abcdef00", "eni-abcdef01"]);
    for info in [
        json!({"sample": true}),
        json!({"Sample": true}),
        json!({"sample": "true"}),
        json!({"value": "{\"sample\":true}"}),
        json!({"Value": "{\"Sample\":\"True\"}"}),
        json!({"value": {"sample": true}}),
    ] {
        let service = json!({"additionalInfo": info});
        assert!(parse(&json!({"type": "A:EC2/B", "service": service})).sample, "{info}");
    }
    assert!(parse(&json!({"title": "[SAMPLE] An instance ..."})).sample);
    for info in [json!({"sample": false}), json!({"value": ""}), json!({}), json!(null)] {
        assert!(!parse(&json!({"service": {"additionalInfo": info}})).sample, "{info}");
    }
}

#[test]
fn actions_other_than_traffic_make_no_claim() {
    let dns = fixture("dns-request").remove(0);
    assert_eq!(dns.action, Action::DnsRequest { domain: Some("drop.example.com".into()) });
    assert_eq!(dns.claims, []);
    let api = fixture("api-call").remove(0);
    assert_eq!(api.action, Action::Other { name: "AWS_API_CALL".into() });
    assert_eq!(api.claims, []);
    assert_eq!(
        api.notes,
        [
            "the finding is about a resource of type AccessKey; the instance it also names is taken as \
          the subject"
        ]
    );
    assert_eq!(parse(&json!({"service": {"action": {}}})).action, Action::Missing);
}

#[test]
fn numbers_and_text_may_be_exchanged() {
    let finding = parse(&json!({
        "id": 7, "type": "A:EC2/B", "accountId": 12345678901_u64, "severity": "5.0",
        "createdAt": 1.639010703E9, "updatedAt": "2021-12-09 00:45:04",
        "resource": {"resourceType": "Instance"}, "service": {"count": "1"}
    }));
    assert_eq!((finding.id.as_str(), finding.severity, finding.count), ("7", Some(5.0), Some(1)));
    assert_eq!(finding.subject.account.as_deref(), Some("012345678901"));
    assert_eq!(finding.first_seen, Some("2021-12-09T00:45:03Z".parse().unwrap()));
    assert_eq!(finding.last_seen, Some("2021-12-09T00:45:04Z".parse().unwrap()));
    assert_eq!(
        finding.notes,
        [
            "the account id was a number: its leading zeros were put back",
            "the finding names no instance",
            "`eventFirstSeen` is missing: `createdAt` is taken instead",
            "`eventLastSeen` is missing: `updatedAt` is taken instead"
        ]
    );
}

#[test]
fn an_unreadable_value_is_noted_and_never_guessed() {
    let finding = connection(json!({
        "connectionDirection": "SIDEWAYS", "protocol": "0",
        "remotePortDetails": {"port": 70000}, "localPortDetails": {"port": 0},
        "remoteIpDetails": {"ipAddressV4": "203.0.113.999", "ipAddressV6": "2001:db8::9"}
    }));
    let claim = &finding.claims[0];
    assert_eq!(claim.remote, Some("2001:db8::9".parse().unwrap()));
    assert_eq!((claim.remote_port, claim.local_port, claim.protocol), (None, None, None));
    assert_eq!(claim.direction, ClaimDirection::Unknown);
    assert_eq!(
        finding.notes,
        [
            "`ipAddressV4` cannot be read: \"203.0.113.999\"",
            "a remote has only an IPv6 address",
            "unknown connection direction `SIDEWAYS`",
            "`port` cannot be read: 70000",
            "unknown protocol `0`"
        ]
    );
}

#[test]
fn protocols_come_by_name_or_number() {
    for (spelling, number) in [
        (json!("TCP"), Some(6)),
        (json!("udp"), Some(17)),
        (json!("ICMP"), Some(1)),
        (json!("ICMPv6"), Some(58)),
        (json!("6"), Some(6)),
        (json!(17), Some(17)),
        (json!("QUIC"), None),
        (json!(""), None),
    ] {
        let claim = connection(json!({"protocol": spelling})).claims.remove(0);
        assert_eq!(claim.protocol, number, "{spelling}");
    }
}

#[test]
fn a_local_side_adds_its_interface_and_private_address_only() {
    let finding = connection(json!({
        "localNetworkInterface": "eni-2",
        "localIpDetails": {"ipAddressV4": "10.0.0.23", "ipAddressV6": "2001:db8::23"}
    }));
    assert_eq!(finding.subject.interfaces, ["eni-2"]);
    assert_eq!(finding.interfaces[0].addresses, finding.subject.addresses);
    let expected: [std::net::IpAddr; 2] =
        ["10.0.0.23".parse().unwrap(), "2001:db8::23".parse().unwrap()];
    assert_eq!(finding.subject.addresses, expected);

    let finding = connection(json!({"localIpDetails": {"ipAddressV4": "203.0.113.80"}}));
    assert!(finding.subject.addresses.is_empty());
    assert!(
        finding
            .notes
            .contains(&"the local address 203.0.113.80 is not private and was left out".to_owned())
    );
}

#[test]
fn a_private_address_that_is_also_public_stays_private() {
    let finding = parse(&json!({"resource": {"instanceDetails": {"networkInterfaces": [
        {"privateIpAddress": "175.16.199.1", "publicIp": "175.16.199.1"}]}}}));
    let expected: [std::net::IpAddr; 1] = ["175.16.199.1".parse().unwrap()];
    assert_eq!(finding.subject.addresses, expected);
    assert!(finding.notes.contains(&"an interface of the instance is named without its id".into()));
}

#[test]
fn own_bytes_belong_to_a_claim_only_where_there_is_one() {
    let probes = parse(&json!({"service": {
        "additionalInfo": {"inBytes": "10", "outBytes": 20},
        "action": {"actionType": "PORT_PROBE", "portProbeAction": {"portProbeDetails": [
            {"remoteIpDetails": {"ipAddressV4": "203.0.113.1"}},
            {"remoteIpDetails": {"ipAddressV4": "203.0.113.2"}}]}}}}));
    assert_eq!(probes.own_bytes, Some(OwnBytes { in_bytes: Some(10), out_bytes: Some(20) }));
    assert!(
        probes.claims.iter().all(|claim| claim.bytes_in.is_none() && claim.bytes_out.is_none())
    );
}

#[test]
fn times_the_wrong_way_round_are_turned_and_noted() {
    let finding = parse(&json!({"service": {"eventFirstSeen": 20, "eventLastSeen": 10}}));
    let seconds = |time: Option<jiff::Timestamp>| time.unwrap().as_second();
    assert_eq!((seconds(finding.first_seen), seconds(finding.last_seen)), (10, 20));
    assert!(finding.notes.iter().any(|note| note.contains("the other way round")));
}
