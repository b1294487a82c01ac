use crate::{Findings, read_findings};

/// BR-77's finding, spelled in camelCase.
const CAMEL: &str = r#"{"schemaVersion":"2.0","accountId":"123456789012","id":"f1",
"type":"Backdoor:EC2/C&CActivity.B","resource":{"instanceDetails":{"instanceId":"i-0aaaabbbbcccc0001"}},
"service":{"action":{"actionType":"NETWORK_CONNECTION","networkConnectionAction":{
"remoteIpDetails":{"ipAddressV4":"203.0.113.9"}}},
"eventFirstSeen":"2025-06-01T00:00:00Z","eventLastSeen":"2025-06-01T00:10:00Z","count":3}}"#;

/// The same in PascalCase.
const PASCAL: &str = r#"{"SchemaVersion":"2.0","AccountId":"123456789012","Id":"f1",
"Type":"Backdoor:EC2/C&CActivity.B","Resource":{"InstanceDetails":{"InstanceId":"i-0aaaabbbbcccc0001"}},
"Service":{"Action":{"ActionType":"NETWORK_CONNECTION","NetworkConnectionAction":{
"RemoteIpDetails":{"IpAddressV4":"203.0.113.9"}}},
"EventFirstSeen":"2025-06-01T00:00:00Z","EventLastSeen":"2025-06-01T00:10:00Z","Count":3}}"#;

fn read(text: &str) -> Findings {
    read_findings(text.as_bytes()).unwrap()
}

fn reasons(text: &str) -> Vec<String> {
    let read = read(text);
    assert_eq!(read.findings, [], "{text}");
    read.refused.iter().map(ToString::to_string).collect()
}

#[test]
fn every_envelope_and_spelling_gives_the_same_finding() {
    let expected = read(CAMEL).findings;
    assert_eq!(expected[0].claims[0].remote, Some("203.0.113.9".parse().unwrap()));
    for finding in [CAMEL, PASCAL] {
        for text in [
            finding.to_owned(),
            format!("[{finding}]"),
            format!("{{\"Findings\":[{finding}]}}"),
            format!("{{\"findings\":[{finding}]}}"),
            format!("{{\"Findings\":{finding}}}"),
            format!("{{\"detail-type\":\"GuardDuty Finding\",\"detail\":{finding}}}"),
            format!("[{{\"detail-type\":\"GuardDuty Finding\",\"detail\":{finding}}}]"),
        ] {
            let read = read(&text);
            assert_eq!((&read.findings, read.refused.len()), (&expected, 0), "{text}");
        }
    }
}

#[test]
fn a_stream_may_mix_envelopes() {
    let text = format!(
        "{CAMEL}\n{{\"Findings\":[{PASCAL},{CAMEL}]}}\n{{\"findings\":[]}}\n\
         {{\"detail-type\":\"GuardDuty Finding\",\"detail\":{PASCAL}}}"
    );
    let read = read(&text);
    assert_eq!((read.findings.len(), read.refused.len()), (4, 0));
}

#[test]
fn other_shapes_are_refused_by_name() {
    let asff = r#"{"SchemaVersion":"2018-10-08","Id":"a","ProductFields":{"aws/guardduty/x":"1"}}"#;
    assert_eq!(
        reasons(&format!("{{\"Findings\":[{asff},{asff}]}}")),
        [
            "line 1, Findings[0]: Security Hub ASFF finding: not supported yet",
            "line 1, Findings[1]: Security Hub ASFF finding: not supported yet"
        ]
    );
    assert_eq!(
        reasons("\n{\"class_uid\":2004,\"finding_info\":{}}"),
        ["line 2: OCSF finding: not supported yet"]
    );
    assert_eq!(
        reasons("{\"Type\":\"Notification\",\"Message\":\"{}\"}"),
        ["line 1: SNS notification: not supported yet"]
    );
    assert_eq!(
        reasons("{\"FindingIds\":[\"f1\"]}"),
        ["line 1: ListFindings output, which holds only ids: ask GetFindings for the findings"]
    );
    assert_eq!(
        reasons(&format!("{{\"source\":\"guardduty\",\"details\":{CAMEL}}}")),
        ["line 1: a finding that another system wrapped under `details`: take that part out"]
    );
    assert_eq!(
        reasons("{\"detail-type\":\"EC2 Instance State-change Notification\",\"detail\":{}}"),
        ["line 1: EventBridge event of type `EC2 Instance State-change Notification`: \
          no GuardDuty finding"]
    );
    assert_eq!(
        reasons("{\"detail-type\":\"Security Hub Findings - Imported\",\"detail\":{}}"),
        ["line 1: Security Hub event with ASFF findings: not supported yet"]
    );
    assert_eq!(
        reasons("[{\"a\":1}, 7, null, \"x\", {}]"),
        [
            "line 1, [0]: no GuardDuty finding: an object with `a`",
            "line 1, [1]: a JSON number, word or list: no finding",
            "line 1, [2]: a JSON number, word or list: no finding",
            "line 1, [3]: a JSON string: no finding",
            "line 1, [4]: an empty object: no finding"
        ]
    );
}
