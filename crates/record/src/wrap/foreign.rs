//! Other logs that lie where flow logs lie, by what their JSON has in it.

use serde_json::{Map, Value};

use super::ocsf;
use crate::refusal::LooksLike;

/// Members that together tell a kind of log.
const KINDS: [(&[&str], &str); 9] = [
    (&["query_name", "query_type"], "Route 53 Resolver query logs"),
    (&["eventVersion", "eventSource", "eventName"], "CloudTrail events"),
    (&["schemaVersion", "service", "resource"], "GuardDuty findings"),
    (&["SchemaVersion", "Service", "Resource"], "GuardDuty findings"),
    (&["SchemaVersion", "ProductArn", "Resources"], "Security Hub findings"),
    (&["detail-type", "detail", "source"], "EventBridge events"),
    (&["webaclId", "httpRequest"], "WAF logs"),
    (&["firewall_name", "event"], "Network Firewall logs"),
    (&["configurationItems"], "Config snapshots"),
];

/// Members, one in the other, that tell what a Lambda function or a transform is handed.
const LAMBDA: [(&str, &str); 2] = [("awslogs", "data"), ("kinesis", "data")];

/// Whether members of this name are looked at here.
pub(super) fn is_telling(name: &str) -> bool {
    name == "recordId"
        || LAMBDA.iter().any(|(outer, _)| *outer == name)
        || KINDS.iter().any(|(names, _)| names.contains(&name))
}

/// What the object is, if it is something known that is no flow log record.
pub(super) fn name(members: &Map<String, Value>) -> Option<LooksLike> {
    let nested = |outer: &str, inner: &str| {
        members.get(outer).is_some_and(|inside| inside.get(inner).is_some())
    };
    let has = |name: &&str| members.contains_key(*name);
    let of_firehose = members.contains_key("recordId") && members.contains_key("data");
    if of_firehose || LAMBDA.iter().any(|(outer, inner)| nested(outer, inner)) {
        return Some(LooksLike::LambdaEvent);
    }
    if let Some((_, name)) = KINDS.iter().find(|(names, _)| names.iter().all(has)) {
        return Some(LooksLike::OtherLog(name));
    }
    let class = members.get("class_uid").and_then(Value::as_u64)?;
    let name = match class {
        2001 | 2004 => "OCSF findings",
        4003 => "OCSF DNS activity",
        6003 => "OCSF API activity",
        _ if ocsf::is_flow_log(members) => return None,
        ocsf::CLASS_UID => "OCSF network activity of another product",
        _ => "OCSF events of another class",
    };
    Some(LooksLike::OtherLog(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn other_logs_are_known_by_their_members() {
        let name = |value: Value| name(value.as_object().unwrap()).map(|looks| looks.to_string());
        for (value, expected) in [
            (
                json!({"query_name": "example.com.", "query_type": "A", "srcaddr": "10.0.1.5"}),
                Some("Route 53 Resolver query logs, not flow logs"),
            ),
            (json!({"class_uid": 4003}), Some("OCSF DNS activity, not flow logs")),
            (
                json!({"class_uid": 4001, "metadata": {"product": {"name": "A Firewall"}}}),
                Some("OCSF network activity of another product, not flow logs"),
            ),
            (json!({"class_uid": 4001, "metadata": {"product": {"name": "Amazon VPC"}}}), None),
            (json!({"srcaddr": "10.0.1.5"}), None),
        ] {
            assert_eq!(name(value).as_deref(), expected);
        }
        let lambda = name(json!({"awslogs": {"data": "H4sI"}})).unwrap();
        assert!(lambda.contains("awslogs.data"), "{lambda}");
    }
}
