use flowproof_evidence::{Conversation, Coverage, Observations, Observed, Traffic, Window};
use serde_json::{Value, json};

use super::only;
use crate::{Claim, ClaimDirection, ClaimKind, Finding, Status, corroborate};

const SEQUENCE: &str = include_str!("../../../testdata/attack-sequence-event.json");

fn changed(change: impl FnOnce(&mut Value)) -> Finding {
    let mut event: Value = serde_json::from_str(SEQUENCE).unwrap();
    change(&mut event["detail"]["service"]["detection"]["sequence"]);
    only(&event.to_string()).0
}

fn claim(remote: &str, remote_port: Option<u16>, direction: ClaimDirection) -> Claim {
    Claim {
        kind: ClaimKind::NetworkConnection,
        remote: Some(remote.parse().unwrap()),
        remote_alternative: None,
        remote_port,
        local_port: None,
        protocol: None,
        direction,
        blocked: None,
        bytes_in: None,
        bytes_out: None,
    }
}

#[test]
fn an_attack_sequence_is_about_all_its_instances_and_endpoints() {
    let finding = changed(|_| {});
    assert_eq!(finding.finding_type, "AttackSequence:EC2/CompromisedInstanceGroup");
    let interfaces = ["eni-0a1b2c3d4e5f60001", "eni-0a1b2c3d4e5f60002", "eni-0a1b2c3d4e5f60003"];
    assert_eq!(finding.subject.instance, None);
    assert_eq!(finding.subject.interfaces, interfaces);
    let owners: Vec<_> =
        finding.interfaces.iter().map(|one| one.instance.as_deref().unwrap()).collect();
    assert_eq!(owners, ["i-0aaaabbbbcccc0001", "i-0aaaabbbbcccc0002", "i-0aaaabbbbcccc0002"]);
    assert_eq!(finding.interfaces[1].addresses, ["10.0.2.6".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!(
        finding.claims,
        [
            claim("203.0.113.9", Some(443), ClaimDirection::Outbound),
            claim("198.51.100.23", Some(51000), ClaimDirection::Inbound),
            claim("2001:db8:9::1", None, ClaimDirection::Unknown)
        ]
    );
    assert_eq!(
        finding.notes,
        [
            "endpoints without an address cannot be looked for: pool.example.com",
            "endpoints that API calls came from are not claimed as traffic: 192.0.2.66",
            "no signal says what these endpoints are: they are taken for traffic: 2001:db8:9::1",
            "an attack sequence names endpoints, not single connections: protocol, own port and time of \
             each are not told",
            "the finding is about 2 instances (i-0aaaabbbbcccc0001, i-0aaaabbbbcccc0002): they are looked \
             at together, and which of them had which contact is not told"
        ]
    );
}

#[test]
fn the_window_of_a_sequence_spans_its_signals() {
    let finding = changed(|_| {});
    assert_eq!(finding.first_seen, Some("2025-05-31T22:30:00Z".parse().unwrap()));
    assert_eq!(finding.last_seen, Some("2025-06-01T00:31:00Z".parse().unwrap()));
    // Neither the first nor the last signal of the list is the last in time here.
    let later = changed(|sequence| {
        sequence["signals"][1]["lastSeenAt"] = json!("2025-06-01T02:00:00Z");
    });
    assert_eq!(later.last_seen, Some("2025-06-01T02:00:00Z".parse().unwrap()));
    let without_event_times = {
        let mut event: Value = serde_json::from_str(SEQUENCE).unwrap();
        event["detail"]["service"]["eventFirstSeen"] = json!(null);
        event["detail"]["service"]["eventLastSeen"] = json!(null);
        only(&event.to_string()).0
    };
    assert_eq!(without_event_times.first_seen, finding.first_seen);
    assert_eq!(without_event_times.last_seen, finding.last_seen);
    assert_eq!(without_event_times.notes, finding.notes);
}

#[test]
fn a_sequence_about_one_instance_has_it_as_its_subject() {
    let finding = changed(|sequence| {
        sequence["resources"]
            .as_array_mut()
            .unwrap()
            .retain(|resource| !resource.to_string().contains("0002"));
    });
    assert_eq!(finding.subject.instance.as_deref(), Some("i-0aaaabbbbcccc0001"));
    let missing = "signals are about resources that the sequence does not list: \
                   arn:aws:ec2:us-east-1:123456789012:instance/i-0aaaabbbbcccc0002";
    assert!(finding.notes.contains(&missing.to_owned()), "{:?}", finding.notes);
}

/// Why a finding is left open by records of all three interfaces, without a gap and without any of the
/// endpoints.
fn verdict_without_contact(finding: &Finding) -> String {
    let window = Window::new(at("2025-05-31T22:30:00Z"), at("2025-06-01T00:31:00Z"));
    let observed = |interface: &String| Observed {
        interface: interface.clone(),
        from: at("2025-05-31T22:30:00Z"),
        to: at("2025-06-01T00:31:00Z"),
    };
    let coverage = Coverage {
        observed: finding.subject.interfaces.iter().map(observed).collect(),
        ..Coverage::default()
    };
    let subject = finding.subject.clone();
    let conversations = finding.subject.addresses.iter().map(|&local| Conversation {
        interface: None,
        protocol: Some(6),
        port: None,
        hour: None,
        local: Some(local),
        remote: Some("192.0.2.77".parse().unwrap()),
        traffic: Traffic { bytes_in: 1000, packets_in: 1, flows: 1, ..Traffic::default() },
    });
    let conversations = conversations.collect();
    let observations =
        Observations { subject, window, conversations, coverage, ..Observations::default() };
    let verdict = corroborate(finding, &observations).unwrap();
    assert_eq!(verdict.status, Status::Inconclusive, "other sources may be right without a record");
    verdict.reasons.join("\n")
}

fn at(time: &str) -> jiff::Timestamp {
    time.parse().unwrap()
}

#[test]
fn a_sequence_that_lists_not_all_interfaces_may_have_others() {
    let may_be = "the finding does not name the subject's interfaces: there may be others";
    let whole = verdict_without_contact(&changed(|_| {}));
    assert!(!whole.contains(may_be), "{whole}");
    let finding = changed(|sequence| {
        sequence["resources"][0]["data"] = json!({});
    });
    assert_eq!(finding.subject.interfaces.len(), 3);
    assert_eq!(finding.interfaces, []);
    let note = "the interfaces of i-0aaaabbbbcccc0001 are not listed with it: there may be others";
    assert!(finding.notes.contains(&note.to_owned()), "{:?}", finding.notes);
    assert!(verdict_without_contact(&finding).contains("there may be others"));
}

#[test]
fn a_sequence_whose_signals_do_not_say_what_they_are_is_never_contradicted() {
    let finding = changed(|sequence| {
        for signal in sequence["signals"].as_array_mut().unwrap() {
            signal["type"] = json!("SOMETHING_NEW");
        }
    });
    assert_eq!(finding.remotes().len(), 4);
    let note = "no signal says what these endpoints are: they are taken for traffic: 203.0.113.9, \
                198.51.100.23, 192.0.2.66, 2001:db8:9::1";
    assert!(finding.notes.contains(&note.to_owned()), "{:?}", finding.notes);
    assert!(verdict_without_contact(&finding).contains("there may be others"));
}

#[test]
fn an_endpoint_that_is_the_subjects_own_is_no_remote() {
    let finding = changed(|sequence| sequence["endpoints"][0]["ip"] = json!("198.51.100.5"));
    assert_eq!(finding.remotes().len(), 2);
    assert!(
        finding.notes.contains(
            &"endpoints with an address of the subject are no remotes: 198.51.100.5".into()
        )
    );
}

#[test]
fn a_sequence_without_a_machine_claims_nothing() {
    let finding = changed(|sequence| sequence["resources"] = json!([]));
    assert_eq!(finding.claims, []);
    assert!(finding.subject.is_empty());
    let note = "no instance or interface is named: endpoints are not looked for: 203.0.113.9, \
                198.51.100.23, 192.0.2.66, 2001:db8:9::1";
    assert!(finding.notes.contains(&note.to_owned()), "{:?}", finding.notes);
}

#[test]
fn security_hub_has_the_sequence_beside_the_resources() {
    let event: Value = serde_json::from_str(SEQUENCE).unwrap();
    let mut sequence = event["detail"]["service"]["detection"]["sequence"].clone();
    sequence["resources"] = json!(null);
    let instance = |id: &str, interface: &str| {
        json!({"Type": "AwsEc2Instance", "Id": format!("arn:aws:ec2:us-east-1:123456789012:instance/{id}"),
            "Details": {"AwsEc2Instance": {"NetworkInterfaces": [{"NetworkInterfaceId": interface}]}}})
    };
    let asff = json!({
        "SchemaVersion": "2018-10-08", "Id": event["detail"]["arn"], "AwsAccountId": "123456789012",
        "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/guardduty",
        "Types": ["TTPs/Impact/AttackSequence:EC2-CompromisedInstanceGroup"],
        "ProductFields": {"aws/guardduty/service/count": "1"}, "Detection": {"Sequence": sequence},
        "Resources": [instance("i-0aaaabbbbcccc0001", "eni-0a1b2c3d4e5f60001"),
            instance("i-0aaaabbbbcccc0002", "eni-0a1b2c3d4e5f60002")]
    });
    let (finding, _) = only(&asff.to_string());
    let expected = changed(|_| {});
    assert_eq!(finding.finding_type, expected.finding_type);
    assert_eq!(finding.claims, expected.claims);
    assert_eq!(finding.first_seen, expected.first_seen);
    assert_eq!(finding.subject.interfaces, ["eni-0a1b2c3d4e5f60001", "eni-0a1b2c3d4e5f60002"]);
}

#[test]
fn an_endpoint_is_claimed_unless_only_calls_or_names_lead_to_it() {
    let claimed = |kind: &str, name: &str| {
        let finding = changed(|sequence| {
            sequence["signals"][0]["type"] = json!(kind);
            sequence["signals"][0]["name"] = json!(name);
        });
        let claimed = finding.remotes().contains(&"203.0.113.9".parse().unwrap());
        let told = finding
            .notes
            .iter()
            .any(|note| note.contains("not claimed as traffic") && note.contains("203.0.113.9"));
        assert_ne!(claimed, told, "{kind} {name}: {:?}", finding.notes);
        claimed
    };
    for (kind, name) in [
        ("S3_DATA_EVENTS", "s3:GetObject"),
        ("EKS_AUDIT_LOGS", "list"),
        ("FINDING", "UnauthorizedAccess:IAMUser/TorIPCaller"),
        ("DNS_LOGS", "Request for a mining pool"),
        ("FINDING", "Backdoor:EC2/C&CActivity.B!DNS"),
        ("FINDING", "Impact:EC2/MaliciousDomainRequest.Reputation"),
    ] {
        assert!(!claimed(kind, name), "{kind} {name}");
    }
    for (kind, name) in [
        ("FINDING", "UnauthorizedAccess:EC2/TorClient"),
        ("FINDING", "Backdoor:Runtime/C&CActivity.B"),
        ("RUNTIME_MONITORING", "x"),
        ("SOMETHING_NEW", "x"),
    ] {
        assert!(claimed(kind, name), "{kind} {name}");
    }
    let unfounded = |kind: &str| {
        let finding = changed(|sequence| sequence["signals"][0]["type"] = json!(kind));
        let note =
            "no signal says what these endpoints are: they are taken for traffic: 203.0.113.9";
        finding.notes.iter().any(|one| one.starts_with(note))
    };
    assert!(unfounded("SOMETHING_NEW") && unfounded("FINDING"));
    assert!(!unfounded("RUNTIME_MONITORING") && !unfounded("FLOW_LOGS"));
    // A signal that does not say what it is may be traffic, whatever the others are.
    let doubtful = changed(|sequence| {
        sequence["signals"][0]["type"] = json!("SOMETHING_NEW");
        sequence["signals"][3]["endpointIds"] = json!(["e1"]);
    });
    assert!(doubtful.remotes().contains(&"203.0.113.9".parse().unwrap()));
    // One signal of traffic is enough.
    let both = changed(|sequence| {
        sequence["signals"][3]["endpointIds"] = json!(["e1"]);
    });
    assert!(both.remotes().contains(&"203.0.113.9".parse().unwrap()));
}
