use super::{created, outline, quoted, record};

const NEW: [&str; 1] = ["new example-logs a b"];

fn sns(message: &str) -> String {
    format!(r#"{{"Type": "Notification", "MessageId": "m", "Message": {}}}"#, quoted(message))
}

/// What `aws sqs receive-message` prints.
fn received(body: &str) -> String {
    let body = quoted(body);
    format!(r#"{{"Messages": [{{"MessageId": "m", "ReceiptHandle": "h", "Body": {body}}}]}}"#)
}

fn lambda_sqs(body: &str) -> String {
    let body = quoted(body);
    format!(r#"{{"Records": [{{"messageId": "m", "body": {body}, "eventSource": "aws:sqs"}}]}}"#)
}

fn lambda_sns(message: &str) -> String {
    let sns = sns(message);
    format!(r#"{{"Records": [{{"EventVersion": "1.0", "EventSource": "aws:sns", "Sns": {sns}}}]}}"#)
}

#[test]
fn each_envelope_is_opened() {
    let event = created("a+b");
    let message = format!(r#"{{"MessageId": "m", "Body": {}}}"#, quoted(&event));
    for envelope in [
        sns(&event),
        received(&event),
        message,
        lambda_sqs(&event),
        lambda_sns(&event),
        format!("[{event}]"),
        record("ObjectCreated:Put", "a+b"),
    ] {
        assert_eq!(outline(&envelope), NEW, "{envelope}");
    }
}

#[test]
fn envelopes_nest_and_say_where_a_refused_part_is() {
    let nested = |event: &str| lambda_sqs(&sns(event));
    assert_eq!(outline(&nested(&created("a+b"))), NEW);
    assert_eq!(outline(&received(&sns(&created("a+b")))), NEW);
    let place = "line 1, Records[0].Body.Message.Records[0]: ";
    let expected = format!("{place}the key \"\" is empty");
    assert_eq!(outline(&nested(&created(""))), [expected]);
}

#[test]
fn an_eventbridge_event_and_a_test_event_travel_as_well() {
    let event = r#"{"detail-type": "Object Created", "source": "aws.s3",
        "detail": {"bucket": {"name": "example-logs"}, "object": {"key": "a b"}}}"#;
    assert_eq!(outline(&lambda_sqs(event)), NEW);
    assert_eq!(
        outline(&sns(r#"{"Service": "Amazon S3", "Event": "s3:TestEvent"}"#)),
        ["test event"]
    );
}

#[test]
fn a_message_may_carry_its_json_as_it_is() {
    let carried = format!(r#"{{"Messages": [{{"Body": {}}}]}}"#, created("a+b"));
    assert_eq!(outline(&carried), NEW);
}

#[test]
fn an_envelope_without_content_holds_nothing() {
    for empty in [r#"{"Records": []}"#, r#"{"Messages": []}"#, "[]", "[ ]"] {
        assert_eq!(outline(empty), ["nothing"]);
    }
}

#[test]
fn a_refused_item_costs_only_itself() {
    let records = [record("ObjectCreated:Put", "a"), "7".into(), record("ObjectCreated:Put", "b")];
    let stream = format!(r#"{{"Records": [{}]}}"#, records.join(", "));
    let refused = r#"line 1, Records[1]: no known notification: the value "7""#;
    assert_eq!(outline(&stream), ["new example-logs a", refused, "new example-logs b"]);
}

#[test]
fn what_is_of_no_known_shape_is_refused_by_its_looks() {
    let other = |what: &str| [format!("line 1: no known notification: {what}")];
    assert_eq!(outline("{}"), other("an object without members"));
    let finding =
        r#"{"schemaVersion": "2.0", "accountId": "123456789012", "a": 1, "b": 2, "c": 3}"#;
    let names = r#"an object with "schemaVersion", "accountId", "a", "b""#;
    assert_eq!(outline(finding), other(names));
    assert_eq!(outline(r#"{"Records": {}}"#), other("an envelope without a list"));
    let twice = r#"{"Body": "{}", "body": "{}"}"#;
    assert_eq!(outline(twice), other("duplicate field `Body`"));
    let asked = r#"{"Type": "SubscriptionConfirmation", "Message": "You have chosen ..."}"#;
    assert_eq!(outline(asked), other(r#"an SNS message of the type "SubscriptionConfirmation""#));
    let trail = r#"{"Records": [{"eventName": "PutObject", "eventSource": "s3.amazonaws.com"}]}"#;
    let refused = r#"no known notification: an object with "eventName", "eventSource""#;
    assert_eq!(outline(trail), [format!("line 1, Records[0]: {refused}")]);
}

#[test]
fn a_message_without_json_is_refused_with_its_text() {
    for text in ["hello", "", "{\"cut\": ", "{} {}"] {
        let refused = format!("the text of the message is no JSON: {text:?}");
        assert_eq!(outline(&received(text)), [format!("line 1, Messages[0].Body: {refused}")]);
    }
}

#[test]
fn nesting_is_bounded() {
    // The notification itself is an envelope too.
    let nested = |times| (0..times).fold(created("a+b"), |event, _| sns(&event));
    assert_eq!(outline(&nested(7)), NEW);
    let refused = &outline(&nested(8))[0];
    assert!(refused.ends_with(": more than 8 envelopes and lists inside one another"), "{refused}");
    let lists = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(outline(&lists(8)), ["nothing"]);
    assert!(outline(&lists(10))[0].ends_with("inside one another"));
}
