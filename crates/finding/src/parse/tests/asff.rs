use serde_json::{Value, json};

use super::{fixture, only, tor};
use crate::{ClaimDirection, Finding};

const TOR: &str = include_str!("../../../testdata/asff-tor-outbound.json");
const PROBES: &str = include_str!("../../../testdata/asff-imported-event.json");

/// The Tor finding in ASFF, changed.
fn changed(change: impl FnOnce(&mut Value)) -> Finding {
    let mut answer: Value = serde_json::from_str(TOR).unwrap();
    let mut finding = answer["Findings"][1].take();
    change(&mut finding);
    only(&finding.to_string()).0
}

fn without_own_fields(finding: &mut Value) {
    finding["ProductFields"] = json!({"aws/securityhub/ProductName": "GuardDuty"});
}

/// Notes that ASFF alone gives rise to.
const PUBLIC: &str = "198.51.100.5 is taken for a public address of the instance and was left out";

#[test]
fn a_finding_in_asff_is_the_one_that_guardduty_made() {
    let (asff, refused) = only(TOR);
    let expected = Finding { notes: vec![PUBLIC.to_owned()], ..tor() };
    assert_eq!(asff, expected);
    assert_eq!(
        refused,
        [
            "line 1, Findings[0]: a Security Hub finding (ASFF) of `Inspector`: only GuardDuty's findings \
          are read"
        ]
    );
}

#[test]
fn flattened_probes_in_an_event_of_security_hub_are_all_read() {
    let (asff, refused) = only(PROBES);
    assert_eq!(refused, [""; 0]);
    let original = fixture("eventbridge-portprobe").remove(0);
    assert_eq!(asff, Finding { notes: vec![PUBLIC.to_owned()], ..original });
}

#[test]
fn flattened_fields_of_years_ago_are_the_same_fields() {
    let text = PROBES.replace("aws/guardduty/service/", "");
    let text = ["0", "1", "2"].iter().fold(text, |text, index| {
        text.replace(&format!("portProbeDetails.{index}_"), &format!("portProbeDetails:{index}"))
    });
    assert_eq!(only(&text), only(PROBES));
}

#[test]
fn the_action_object_stands_in_for_flattened_fields() {
    let finding = changed(|finding| {
        without_own_fields(finding);
        finding["Action"] = json!({"ActionType": "NETWORK_CONNECTION", "NetworkConnectionAction": {
            "ConnectionDirection": "OUT", "Protocol": "TCP", "Blocked": false,
            "LocalPortDetails": {"Port": 49152}, "RemotePortDetails": {"Port": 443},
            "RemoteIpDetails": {"IpAddressV4": "203.0.113.9"}}});
    });
    let mut expected = tor().claims;
    (expected[0].bytes_in, expected[0].bytes_out) = (None, None);
    assert_eq!(finding.claims, expected);
    assert_eq!((finding.first_seen, finding.last_seen), (tor().first_seen, tor().last_seen));
}

#[test]
fn a_remote_that_only_the_action_object_names_is_claimed_too() {
    let with_remote = |remote: &str| {
        changed(|finding| {
            finding["Action"] = json!({"ActionType": "NETWORK_CONNECTION",
                "NetworkConnectionAction": {"RemoteIpDetails": {"IpAddressV4": remote}}});
        })
    };
    assert_eq!(with_remote("203.0.113.9").claims, tor().claims);
    let other = with_remote("203.0.113.10");
    assert_eq!(other.claims[1].remote, Some("203.0.113.10".parse().unwrap()));
    assert!(other.notes.contains(&"`Action` names 203.0.113.10, which the action does not".into()));
}

#[test]
fn the_network_object_is_a_claim_of_its_own() {
    let network = json!({"Direction": "OUT", "Protocol": "TCP", "SourceIpV4": "10.0.1.5", "SourcePort": 49152,
        "DestinationIpV4": "203.0.113.9", "DestinationPort": 443});
    let finding = changed(|finding| {
        without_own_fields(finding);
        finding["Network"] = network.clone();
    });
    let mut expected = tor().claims;
    (expected[0].bytes_in, expected[0].bytes_out, expected[0].blocked) = (None, None, None);
    assert_eq!(finding.claims, expected);

    // Beside an action that names the remote it says nothing new; another remote is added.
    let same = changed(|finding| finding["Network"] = network.clone());
    assert_eq!(same.claims, tor().claims);
    let other = changed(|finding| {
        finding["Network"] = network.clone();
        finding["Network"]["DestinationIpV4"] = json!("203.0.113.10");
    });
    assert_eq!(other.remotes().len(), 2);
    assert!(
        other.notes.contains(&"`Network` names 203.0.113.10, which the action does not".into())
    );
    let nobody = changed(|finding| {
        finding["Network"] = json!({"SourceIpV4": "192.0.2.1", "DestinationIpV4": "192.0.2.2"});
    });
    assert_eq!(nobody.claims, tor().claims);
    assert!(
        nobody.notes.contains(&"which of 192.0.2.1 and 192.0.2.2 is the remote is not told".into())
    );
    // Whose the counted bytes are is then not known.
    assert!(other.claims.iter().all(|claim| claim.bytes_in.is_none()));
}

#[test]
fn which_end_is_the_remote_is_told_by_the_subjects_address_then_by_the_direction() {
    let claim = |network: Value| {
        let finding = changed(|finding| {
            without_own_fields(finding);
            finding["Network"] = network;
        });
        (
            finding.claims[0].remote.map(|remote| remote.to_string()),
            finding.claims[0].direction,
            finding.notes,
        )
    };
    let ends = |direction: &str, source: &str, target: &str| {
        claim(json!({"Direction": direction, "SourceIpV4": source, "DestinationIpV4": target}))
    };
    let (remote, direction, _) = ends("IN", "203.0.113.9", "10.0.1.5");
    assert_eq!((remote.as_deref(), direction), (Some("203.0.113.9"), ClaimDirection::Inbound));
    // A public address that Resources names is the subject's as well.
    let (remote, direction, _) = ends("", "198.51.100.5", "203.0.113.9");
    assert_eq!((remote.as_deref(), direction), (Some("203.0.113.9"), ClaimDirection::Unknown));
    let (remote, direction, notes) = ends("IN", "10.0.1.5", "203.0.113.9");
    assert_eq!((remote.as_deref(), direction), (Some("203.0.113.9"), ClaimDirection::Unknown));
    assert!(
        notes.contains(
            &"the direction of a connection contradicts its ends: it is left open".into()
        )
    );
    // No end is known to be the subject's.
    let (remote, ..) = ends("OUT", "192.0.2.1", "203.0.113.9");
    assert_eq!(remote.as_deref(), Some("203.0.113.9"));
    let (remote, _, notes) = ends("", "10.9.9.9", "203.0.113.9");
    assert_eq!(remote.as_deref(), Some("203.0.113.9"));
    assert!(notes.contains(
        &"of 10.9.9.9 and 203.0.113.9 the private one is taken for the subject's".into()
    ));
    let (remote, _, notes) = ends("", "192.0.2.1", "203.0.113.9");
    assert_eq!(remote, None);
    assert!(notes.contains(&"which of 192.0.2.1 and 203.0.113.9 is the remote is not told".into()));
}

#[test]
fn a_sample_is_flagged_wherever_asff_marks_it() {
    for change in [
        (|finding: &mut Value| finding["Sample"] = json!(true)) as fn(&mut Value),
        |finding| finding["Sample"] = json!("true"),
        |finding| finding["Title"] = json!("[SAMPLE] An instance"),
        |finding| {
            finding["ProductFields"]["aws/guardduty/service/additionalInfo/sample"] = json!("true")
        },
        |finding| {
            finding["ProductFields"]["aws/guardduty/service/additionalInfo/value"] =
                json!("{\"sample\":true}");
        },
        |finding| {
            finding["Resources"][0]["Id"] =
                json!("arn:aws:ec2:us-east-1:123456789012:instance/i-99999999");
        },
    ] {
        assert!(changed(change).sample);
    }
    assert!(!changed(|finding| finding["Sample"] = json!(false)).sample);
}

#[test]
fn the_instance_is_known_by_the_resource_or_its_id_and_never_made_up() {
    let interface = json!({"Type": "AwsEc2NetworkInterface",
        "Id": "arn:aws:ec2:us-east-1:123456789012:network-interface/eni-0a1b2c3d4e5f60009",
        "Details": {"AwsEc2NetworkInterface": {"Attachment": {"InstanceId": "i-0aaaabbbbcccc0001"},
            "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.9.9"}], "PublicIp": "198.51.100.9"}}});
    let finding =
        changed(|finding| finding["Resources"].as_array_mut().unwrap().push(interface.clone()));
    assert_eq!(finding.subject.interfaces, ["eni-0a1b2c3d4e5f60001", "eni-0a1b2c3d4e5f60009"]);
    assert_eq!(finding.interfaces[1].instance.as_deref(), Some("i-0aaaabbbbcccc0001"));
    assert_eq!(finding.interfaces[1].addresses, ["10.0.9.9".parse::<std::net::IpAddr>().unwrap()]);

    let others = changed(|finding| {
        let mut interface = interface.clone();
        interface["Details"]["AwsEc2NetworkInterface"]["Attachment"]["InstanceId"] =
            json!("i-0aaaabbbbcccc0002");
        finding["Resources"].as_array_mut().unwrap().push(interface);
    });
    assert_eq!(others.subject.instance, None);
    let note = "the finding is about 2 instances (i-0aaaabbbbcccc0001, i-0aaaabbbbcccc0002): they are \
                looked at together, and which of them had which contact is not told";
    assert!(others.notes.contains(&note.to_owned()), "{:?}", others.notes);

    let untyped = changed(|finding| finding["Resources"][0]["Type"] = json!(null));
    assert_eq!(untyped.subject.instance.as_deref(), Some("i-0aaaabbbbcccc0001"));
    assert!(
        untyped.notes.contains(&"a resource of type unknown is taken for what its id says".into())
    );
    let nameless = changed(|finding| finding["Resources"][0]["Id"] = json!("unknown"));
    assert_eq!(nameless.subject.instance, None);
    assert!(nameless.notes.contains(&"an instance is named without its id".into()));
    assert!(nameless.notes.contains(&"the finding names no instance".into()));
}

#[test]
fn addresses_are_given_to_an_interface_only_if_it_is_the_only_one() {
    let finding = changed(|finding| {
        finding["Resources"][0]["Details"]["AwsEc2Instance"]["NetworkInterfaces"] = json!([{"NetworkInterfaceId": "eni-0a1b2c3d4e5f60001"}, {"NetworkInterfaceId": "eni-0a1b2c3d4e5f60002"}]);
        // The local address of the connection is a named one too.
        finding["ProductFields"]["aws/guardduty/service/action/networkConnectionAction/localIpDetails/ipAddressV4"] =
            json!(null);
    });
    assert_eq!(finding.subject.addresses.len(), 2);
    assert!(finding.interfaces.iter().all(|interface| interface.addresses.is_empty()));
}

/// Fills `ProductFields` up to so many fields.
pub(super) fn fill(fields: &mut Value, prefix: &str, to: usize) {
    let fields = fields.as_object_mut().unwrap();
    for field in fields.len()..to {
        fields.insert(format!("{prefix}aws/guardduty/service/filler{field}"), json!(""));
    }
}

#[test]
fn fields_that_may_have_been_cut_off_are_noted_and_probes_are_left_open() {
    let note = "`ProductFields` is full: some of GuardDuty's details may be missing".to_owned();
    let with_fields = |to| changed(|finding| fill(&mut finding["ProductFields"], "", to));
    assert!(!with_fields(49).notes.contains(&note));
    assert!(with_fields(50).notes.contains(&note));
    assert_eq!(with_fields(50).interfaces, tor().interfaces);

    let probes = |to| {
        let mut event: Value = serde_json::from_str(PROBES).unwrap();
        fill(&mut event["detail"]["findings"][0]["ProductFields"], "", to);
        only(&event.to_string()).0
    };
    assert_eq!(probes(49).interfaces.len(), 1);
    assert_eq!((probes(50).interfaces, probes(50).claims.len()), (vec![], 3));
}

#[test]
fn the_severity_is_guarddutys_own() {
    assert_eq!(changed(|_| {}).severity, Some(8.0));
    let normalized =
        changed(|finding| finding["Severity"] = json!({"Label": "LOW", "Normalized": 20}));
    assert_eq!(normalized.severity, Some(2.0));
    assert!(
        normalized
            .notes
            .contains(&"the severity is a tenth of Security Hub's normalized one".into())
    );
    assert_eq!(changed(|finding| finding["Severity"] = json!({"Label": "LOW"})).severity, None);
}
