use crate::{Finding, Findings, read_findings};

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

/// A text as JSON has it inside a string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[test]
fn messages_carry_every_shape_and_each_other() {
    let expected = read(CAMEL).findings;
    let event = format!("{{\"detail-type\":\"GuardDuty Finding\",\"detail\":{PASCAL}}}");
    let sns = |text: &str| {
        format!("{{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":{}}}", quoted(text))
    };
    let sqs = |text: &str| format!("{{\"MessageId\":\"m\",\"Body\":{}}}", quoted(text));
    let list = format!("{{\"Findings\":[{CAMEL}]}}");
    for text in [
        sns(CAMEL),
        sns(&event),
        sns(&list),
        sqs(CAMEL),
        sqs(&sns(&event)),
        sns(&sqs(&sns(&list))),
        format!("{{\"Messages\":[{}]}}", sqs(&sns(&event))),
        format!("{{\"Records\":[{{\"EventSource\":\"aws:sns\",\"Sns\":{}}}]}}", sns(&event)),
        format!("{{\"Records\":[{{\"messageId\":\"m\",\"body\":{}}}]}}", quoted(&sns(&event))),
        format!("{{\"Type\":\"Notification\",\"Message\":{CAMEL}}}"),
        format!("{{\"detail-type\":\"GuardDuty Finding\",\"detail\":{}}}", quoted(CAMEL)),
    ] {
        let read = read(&text);
        assert_eq!((&read.findings, &read.refused), (&expected, &vec![]), "{text}");
    }
}

#[test]
fn a_message_without_a_finding_is_refused_with_its_place() {
    let queue = include_str!("../../testdata/sqs-sns.json");
    let read = read(queue);
    let probes = include_bytes!("../../../../testdata/findings/eventbridge-portprobe.json");
    let probes = read_findings(probes).unwrap().findings.remove(0);
    assert_eq!(read.findings, [probes.clone(), probes.clone()]);
    let refused: Vec<_> = read.refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused, ["line 1, Messages[2]: SQS message whose text is no JSON: `hello`"]);
    let notification = include_bytes!("../../testdata/sns-eventbridge.json");
    assert_eq!(read_findings(notification).unwrap().findings, [probes]);

    let inner = quoted("{\"Findings\":[{\"a\":1}]}");
    assert_eq!(
        reasons(&format!("{{\"Type\":\"Notification\",\"Message\":{inner}}}")),
        ["line 1, Message.Findings[0]: no GuardDuty finding: an object with `a`"]
    );
    assert_eq!(
        reasons(
            "{\"Type\":\"SubscriptionConfirmation\",\"TopicArn\":\"t\",\"Message\":\"You have chosen\"}"
        ),
        ["line 1: SNS message of type `SubscriptionConfirmation`: it carries no finding"]
    );
    assert_eq!(
        reasons(
            "{\"Records\":[{\"s3\":{}},{\"eventName\":\"x\"},{\"kinesis\":{}},{\"dynamodb\":{}},{\"a\":1},7]}"
        ),
        [
            "line 1, Records[0]: an S3 event, which only names an object: read that object",
            "line 1, Records[1]: a CloudTrail record: no finding",
            "line 1, Records[2]: a record of Kinesis or Firehose, whose data is encoded: not supported",
            "line 1, Records[3]: a record of DynamoDB: no finding",
            "line 1, Records[4]: a record without a message: no finding",
            "line 1, Records[5]: a record without a message: no finding"
        ]
    );
}

#[test]
fn envelopes_are_opened_to_the_stated_depth_and_no_further() {
    let nested = |levels: usize| {
        let mut text = CAMEL.to_owned();
        for _ in 0..levels {
            text = format!("[{text}]");
        }
        text
    };
    assert_eq!(read(&nested(super::MAX_NESTING)).findings.len(), 1);
    let place = "[0]".repeat(super::MAX_NESTING + 1);
    let reason = "more than 8 envelopes and lists inside one another";
    assert_eq!(reasons(&nested(super::MAX_NESTING + 1)), [format!("line 1, {place}: {reason}")]);
}

#[test]
fn a_finding_that_another_system_wrapped_is_read_and_says_so() {
    let expected = read(CAMEL).findings.remove(0);
    let event = format!("{{\"detail-type\":\"GuardDuty Finding\",\"detail\":{CAMEL}}}");
    for (key, inner) in [
        ("details", CAMEL.to_owned()),
        ("event", event.clone()),
        ("message", quoted(&event)),
        ("body", quoted(&event)),
        ("detail", CAMEL.to_owned()),
        ("results", format!("[{CAMEL}]")),
        ("answer", format!("{{\"Findings\":[{CAMEL}]}}")),
    ] {
        let text = format!("{{\"severity\":\"INFO\",\"{key}\":{inner}}}");
        let read = read(&text);
        assert_eq!(read.refused, [], "{text}");
        let note = format!("taken from `{key}` of an object that another system made");
        assert_eq!(read.findings[0].notes[0], note);
        let notes = expected.notes.clone();
        assert_eq!(read.findings[0].notes[1..], notes);
        assert_eq!(Finding { notes, ..read.findings[0].clone() }, expected);
    }
    let renamed = CAMEL.replace("\"service\"", "\"finding\"");
    let read = read(&format!("{{\"details\":{renamed}}}"));
    assert_eq!(read.findings[0].claims, expected.claims);
    assert!(read.findings[0].notes.contains(&"`service` is missing: taken from `finding`".into()));
}

#[test]
fn a_table_of_sentinel_is_read_as_csv_and_as_json() {
    let table = include_str!("../../testdata/sentinel.csv");
    let read = read(table);
    let tor = include_bytes!("../../../../testdata/findings/getfindings-tor-outbound.json");
    let tor = read_findings(tor).unwrap().findings.remove(0);
    assert_eq!(read.findings, std::slice::from_ref(&tor));
    let refused: Vec<_> = read.refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused, ["line 3: a row without `ActivityType` or `ServiceDetails`"]);

    let json = serde_json::json!({"ActivityType": tor.finding_type, "Id": tor.id, "TimeCreated": 0,
        "ServiceDetails": {"count": 3}, "ResourceDetails": "{\"instanceDetails\":{\"instanceId\":\"i-1\"}}"});
    let finding = self::read(&json.to_string()).findings.remove(0);
    assert_eq!((finding.finding_type, finding.count), (tor.finding_type, Some(3)));
    assert_eq!(finding.subject.instance.as_deref(), Some("i-1"));
}

#[test]
fn a_broken_table_is_refused_by_line() {
    let table = "ActivityType,ServiceDetails,Id\nA:EC2/B,{},f1\nA:EC2/B,{}\nA:EC2/B,nonsense,f3\n";
    let read = read(table);
    let ids: Vec<_> = read.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(ids, ["f1", "f3"]);
    assert!(
        read.findings[1].notes.contains(&"`serviceDetails` is no JSON and was left out".into())
    );
    let refused: Vec<_> = read.refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused, ["line 3: a row of 2 cells under a header of 3"]);
}

#[test]
fn other_shapes_are_refused_by_name() {
    for (text, reason) in [
        (
            "{\"FindingIds\":[\"f1\"]}",
            "ListFindings output, which holds only ids: ask GetFindings for the findings",
        ),
        (
            "{\"type\":\"Policy:IAMUser/S3BucketPublic\",\"resourcesAffected\":{}}",
            "a finding of Macie: only GuardDuty's findings are read",
        ),
        ("{\"eventName\":\"x\",\"eventSource\":\"y\"}", "a CloudTrail record: no finding"),
        ("{\"AlarmName\":\"x\"}", "an alarm of CloudWatch: no finding"),
        (
            "{\"awslogs\":{\"data\":\"\"}}",
            "a Lambda event of CloudWatch Logs, whose data is encoded: not supported",
        ),
        ("{\"Reservations\":[]}", "describe-instances output: it is an inventory (--inventory)"),
        ("{\"type\":\"bundle\",\"objects\":[]}", "a STIX bundle: it is a list (--list)"),
        (
            "{\"detail-type\":\"EC2 Instance State-change Notification\",\"detail\":{}}",
            "EventBridge event of type `EC2 Instance State-change Notification`: no GuardDuty finding",
        ),
        (
            "{\"detail-type\":\"GuardDuty Finding\"}",
            "EventBridge event of type `GuardDuty Finding` without `detail`",
        ),
    ] {
        assert_eq!(reasons(text), [format!("line 1: {reason}")]);
    }
    assert_eq!(
        reasons("\n{\"detail-type\":\"Security Hub Findings - Imported\",\"detail\":{}}"),
        ["line 2, detail: EventBridge event of Security Hub without `findings`"]
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
