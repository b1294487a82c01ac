use serde_json::{Value, json};

use super::{only, tor};
use crate::{Action, Finding, read_findings};

const LAKE: &str = include_str!("../../../testdata/ocsf-security-lake.json");
const HUB: &str = include_str!("../../../testdata/ocsf-security-hub-event.json");

fn lake(change: impl FnOnce(&mut Value)) -> Finding {
    let mut finding: Value = serde_json::from_str(LAKE).unwrap();
    change(&mut finding);
    only(&finding.to_string()).0
}

fn hub(change: impl FnOnce(&mut Value)) -> Finding {
    let mut event: Value = serde_json::from_str(HUB).unwrap();
    change(&mut event["detail"]["findings"][0]);
    only(&event.to_string()).0
}

#[test]
fn a_finding_of_security_lake_is_the_one_that_guardduty_made() {
    let public = "198.51.100.5 is taken for a public address of the instance and was left out";
    assert_eq!(lake(|_| {}), Finding { notes: vec![public.to_owned()], ..tor() });
}

#[test]
fn what_has_no_place_in_ocsf_is_found_in_every_form_of_unmapped() {
    let expected = lake(|_| {});
    let as_text = lake(|finding| finding["unmapped"] = finding["unmapped"].to_string().into());
    assert_eq!(as_text, expected);
    let pairs = |finding: &Value| -> Vec<(String, Value)> {
        finding["unmapped"].as_object().unwrap().clone().into_iter().collect()
    };
    let as_objects = lake(|finding| {
        let object = |(key, value)| json!({"key": key, "value": value});
        finding["unmapped"] = pairs(finding).into_iter().map(object).collect();
    });
    assert_eq!(as_objects, expected);
    let as_lists = lake(|finding| {
        finding["unmapped"] =
            pairs(finding).into_iter().map(|(key, value)| json!([key, value])).collect();
    });
    assert_eq!(as_lists, expected);
    let nested = lake(|finding| {
        let mut unmapped = json!({"ProductFields": {}, "Severity": {}});
        for (key, value) in pairs(finding) {
            match key.split_once('.') {
                Some((outer, inner)) => unmapped[outer][inner] = value,
                None => unmapped[key] = value,
            }
        }
        finding["unmapped"] = unmapped;
    });
    assert_eq!(nested, expected);
}

#[test]
fn a_finding_of_the_new_security_hub_is_read_from_its_evidences() {
    let finding = hub(|_| {});
    let tor = tor();
    assert_eq!(
        (&finding.id, &finding.arn, &finding.finding_type),
        (&tor.id, &tor.arn, &tor.finding_type)
    );
    assert_eq!((finding.first_seen, finding.last_seen), (tor.first_seen, tor.last_seen));
    assert_eq!(finding.subject.instance, tor.subject.instance);
    assert_eq!(finding.subject.interfaces, tor.subject.interfaces);
    let mut claim = tor.claims[0].clone();
    (claim.blocked, claim.bytes_in, claim.bytes_out) = (None, None, None);
    assert_eq!(finding.claims, [claim]);
    assert_eq!(finding.severity, None);
    assert_eq!(
        finding.notes,
        [
            "the severity is told in a word only: High",
            "the interfaces of i-0aaaabbbbcccc0001 are not listed with it: there may be others"
        ]
    );
    assert_eq!(finding.interfaces, []);
}

#[test]
fn an_evidence_with_one_address_names_the_remote_in_either_place() {
    for end in ["src_endpoint", "dst_endpoint"] {
        let finding = hub(|finding| {
            let evidence = json!({end: {"ip": "203.0.113.9", "port": 443}});
            finding["evidences"] = json!([evidence]);
        });
        let claim = &finding.claims[0];
        assert_eq!(claim.remote, Some("203.0.113.9".parse().unwrap()), "{end}");
        assert_eq!((claim.remote_port, claim.local_port), (Some(443), None), "{end}");
    }
    let domain = hub(|finding| {
        finding["evidences"] = json!([{"src_endpoint": {"uid": "drop.example.com"}}]);
    });
    assert_eq!(domain.claims, []);
    assert!(domain.notes.contains(&"evidences name drop.example.com without an address".into()));
}

#[test]
fn calls_and_queries_in_evidences_are_no_traffic() {
    let api = hub(|finding| {
        finding["evidences"] =
            json!([{"api": {"operation": "DeleteTrail"}, "src_endpoint": {"ip": "203.0.113.9"}}]);
    });
    assert_eq!((api.claims, api.action), (vec![], Action::Other { name: "AWS_API_CALL".into() }));
    let query = hub(|finding| {
        finding["evidences"] = json!([{"query": {"hostname": "drop.example.com"}, "src_endpoint": {"ip": "10.0.1.5"}}]);
    });
    let domain = Some("drop.example.com".to_owned());
    assert_eq!((query.claims, query.action), (vec![], Action::DnsRequest { domain }));
    // An action under `unmapped` that is no traffic is not turned into traffic by an evidence.
    let call = lake(|finding| {
        finding["unmapped"]["ProductFields.aws/guardduty/service/action/actionType"] =
            json!("AWS_API_CALL");
        finding["evidences"] = json!([{"src_endpoint": {"ip": "203.0.113.9"}}]);
    });
    assert_eq!(call.claims, []);
    assert!(call.notes.contains(
        &"`evidences` names 203.0.113.9: what the finding is about is no traffic".into()
    ));
}

#[test]
fn evidences_of_a_finding_without_an_action_are_traffic_only_if_its_type_is() {
    for finding_type in ["Trojan:EC2/DropPoint!DNS", "UnauthorizedAccess:IAMUser/TorIPCaller"] {
        let finding = hub(|finding| {
            finding["finding_info"]["types"] = json!(["Threats", finding_type]);
        });
        assert_eq!(finding.claims, [], "{finding_type}");
        let note = "`evidences` names 203.0.113.9: what the finding is about is no traffic";
        assert!(finding.notes.contains(&note.to_owned()), "{:?}", finding.notes);
    }
}

#[test]
fn the_evidences_of_an_attack_sequence_are_claimed_and_left_open() {
    let sequence = hub(|finding| {
        finding["finding_info"]["types"] = json!(["AttackSequence:EC2/CompromisedInstanceGroup"]);
        finding["resources"][0]["data"] = json!({"AwsEc2Instance": {"NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-0a1b2c3d4e5f60001"}]}});
    });
    assert_eq!(sequence.remotes(), tor().remotes());
    assert_eq!(sequence.subject.interfaces, ["eni-0a1b2c3d4e5f60001"]);
    assert_eq!(sequence.interfaces, []);
    let note = "OCSF does not say which signal names which evidence: GuardDuty's own finding does";
    assert!(sequence.notes.contains(&note.to_owned()), "{:?}", sequence.notes);
}

#[test]
fn fields_that_may_have_been_cut_off_before_are_noted() {
    let note = "`ProductFields` is full: some of GuardDuty's details may be missing".to_owned();
    let others = 5; // of `unmapped`, which are not of `ProductFields`
    let with_fields = |to: usize| {
        lake(|finding| super::asff::fill(&mut finding["unmapped"], "ProductFields.", to + others))
    };
    assert!(!with_fields(41).notes.contains(&note));
    assert!(with_fields(42).notes.contains(&note));
}

#[test]
fn a_remote_that_moved_from_unmapped_to_the_evidences_is_found() {
    let finding = lake(|finding| {
        let fields = finding["unmapped"].as_object_mut().unwrap();
        fields.retain(|key, _| !key.contains("/remoteIpDetails/") && !key.contains("Port"));
        finding["evidences"] = json!([{"dst_endpoint": {"ip": "203.0.113.9", "port": 443}}]);
    });
    assert_eq!(finding.remotes(), tor().remotes());
}

#[test]
fn a_sample_is_flagged_wherever_ocsf_marks_it() {
    assert!(lake(|finding| finding["unmapped"]["Sample"] = json!("true")).sample);
    assert!(lake(|finding| finding["evidences"][0]["data"] = json!("{\"sample\":true}")).sample);
    assert!(hub(|finding| finding["finding_info"]["title"] = json!("[SAMPLE] An instance")).sample);
    assert!(hub(|finding| finding["resources"][0]["uid"] = json!("i-99999999")).sample);
    assert!(!lake(|_| {}).sample && !hub(|_| {}).sample);
}

#[test]
fn the_older_class_of_security_lake_is_read() {
    let finding = lake(|finding| {
        finding["class_uid"] = json!(2001);
        let mut info = finding["finding_info"].take();
        info["first_seen_time"] = json!(1_748_736_000_000_u64);
        info["first_seen_time_dt"] = json!(null);
        finding["finding"] = info;
    });
    assert_eq!((finding.claims, finding.first_seen), (tor().claims, tor().first_seen));
}

#[test]
fn other_classes_and_products_are_refused_by_name() {
    let reason = |change: fn(&mut Value)| {
        let mut finding: Value = serde_json::from_str(LAKE).unwrap();
        change(&mut finding);
        let read = read_findings(finding.to_string().as_bytes()).unwrap();
        assert_eq!(read.findings, []);
        read.refused[0].to_string()
    };
    assert_eq!(
        reason(|finding| {
            finding["class_uid"] = json!(2003);
            finding["class_name"] = json!("Compliance Finding");
        }),
        "line 1: an OCSF event of class 2003 (Compliance Finding): no detection finding"
    );
    assert_eq!(
        reason(|finding| {
            finding["metadata"]["product"] = json!({"name": "Macie", "uid": "productv2/aws/macie"});
            finding["finding_info"]["uid"] =
                json!("arn:aws:macie2:us-east-1:123456789012:finding/1");
        }),
        "line 1: an OCSF finding of `Macie`: only GuardDuty's findings are read"
    );
    assert_eq!(
        reason(|finding| {
            finding["metadata"] = json!(null);
            finding["finding_info"]["uid"] = json!(null);
        }),
        "line 1: an OCSF finding that does not name its product: it is not known to be GuardDuty's"
    );
}

#[test]
fn evidences_that_differ_in_a_port_alone_are_claims_of_their_own() {
    let ports = [22_u16, 3389, 22];
    let finding = hub(|finding| {
        let evidence = |port: &u16| {
            json!({"src_endpoint": {"ip": "203.0.113.9", "port": 40_000}, "dst_endpoint": {"ip": "10.0.1.5", "port": port},
                "connection_info": {"direction": "Inbound", "protocol_name": "TCP"}})
        };
        finding["evidences"] = ports.iter().map(evidence).collect();
    });
    let mut claimed: Vec<_> =
        finding.claims.iter().map(|claim| (claim.remote, claim.local_port)).collect();
    claimed.sort();
    let remote: Option<std::net::IpAddr> = Some("203.0.113.9".parse().unwrap());
    assert_eq!(claimed, [(remote, Some(22)), (remote, Some(3389))], "{:?}", finding.notes);
}
