//! A finding as the Open Cybersecurity Schema Framework has it: Detection Finding, class 2004.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::jsonl::lines;
use super::{Bulletin, Generator, ListedFinding, Severity, words};

/// The version of the schema that the objects are made for.
pub const OCSF_VERSION: &str = "1.9.0";

/// The findings in their order, a JSON object and a line feed for each; no text of no findings.
///
/// A finding that is told first is a Create, one whose figures have grown an Update, with the same
/// `finding_info.uid`; `metadata.uid` is of one telling alone. Times are milliseconds since 1970.
/// What the schema has no place for, the figures above all, stands in full in `unmapped`. Flow logs do
/// not tell who began to talk, so no address is called a source or a destination: they are observables.
///
/// # Errors
///
/// That of the serializer, which none of these values gives.
pub fn ocsf(bulletin: &Bulletin, generator: &Generator<'_>) -> Result<String, serde_json::Error> {
    lines(bulletin.findings.iter().map(|finding| event(bulletin, finding, generator)))
}

fn event(bulletin: &Bulletin, finding: &ListedFinding, generator: &Generator<'_>) -> Value {
    let (activity_id, activity) = if finding.is_update { (2, "Update") } else { (1, "Create") };
    // Whoever received it may have dealt with it since; that is known only of what is told first.
    let (status_id, status) = if finding.is_update { (0, "Unknown") } else { (1, "New") };
    let (severity_id, severity) = severity(finding.severity);
    let mut event = json!({
        "activity_id": activity_id,
        "activity_name": activity,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200_400 + activity_id,
        "type_name": format!("Detection Finding: {activity}"),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "is_alert": true,
        "time": bulletin.at.as_millisecond(),
        "message": words::description(finding),
        "metadata": {
            "version": OCSF_VERSION,
            "uid": finding.event_id,
            "profiles": ["cloud"],
            "product": {
                "name": generator.name,
                "vendor_name": generator.name,
                "version": generator.version,
            },
        },
        "cloud": cloud(finding),
        "finding_info": finding_info(bulletin, finding),
        "unmapped": unmapped(bulletin, finding),
    });
    for (key, values) in [("resources", resources(finding)), ("observables", observables(finding))]
    {
        put(&mut event, key, (!values.is_empty()).then_some(Value::Array(values)));
    }
    put_time(&mut event, "start_time", finding.traffic.first_seen);
    put_time(&mut event, "end_time", finding.traffic.last_seen);
    event
}

fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

fn finding_info(bulletin: &Bulletin, finding: &ListedFinding) -> Value {
    let mut info = json!({
        "uid": finding.id,
        "title": words::title(finding),
        "desc": words::description(finding),
        "types": ["Traffic with a listed address"],
        "data_sources": ["AWS VPC Flow Logs"],
        "analytic": { "name": finding.list, "type_id": 1, "type": "Rule" },
    });
    put_time(&mut info, "first_seen_time", finding.traffic.first_seen);
    put_time(&mut info, "last_seen_time", finding.traffic.last_seen);
    let made = if finding.is_update { "modified_time" } else { "created_time" };
    put_time(&mut info, made, Some(bulletin.at));
    info
}

fn cloud(finding: &ListedFinding) -> Value {
    let mut cloud = json!({ "provider": "AWS" });
    put(&mut cloud, "region", finding.region.as_ref().map(|region| json!(region)));
    put(&mut cloud, "account", account(finding));
    cloud
}

fn account(finding: &ListedFinding) -> Option<Value> {
    let account = finding.account.as_ref()?;
    Some(json!({ "uid": account, "type_id": 10, "type": "AWS Account" }))
}

/// The interface and its instances, by their ids and the names that CloudFormation has for their kinds.
fn resources(finding: &ListedFinding) -> Vec<Value> {
    let interface = finding.interface.iter().map(|id| (id, "AWS::EC2::NetworkInterface"));
    let instances = finding.instances.iter().map(|id| (id, "AWS::EC2::Instance"));
    let resource = |(id, kind): (&String, &str)| {
        let mut resource = json!({ "uid": id, "type": kind, "role_id": 3, "role": "Affected" });
        put(&mut resource, "region", finding.region.as_ref().map(|region| json!(region)));
        let owner = account(finding).map(|account| json!({ "account": account }));
        put(&mut resource, "owner", owner);
        resource
    };
    interface.chain(instances).map(resource).collect()
}

fn observables(finding: &ListedFinding) -> Vec<Value> {
    let observable = |address| {
        json!({
            "name": "unmapped.addresses",
            "type_id": 2,
            "type": "IP Address",
            "value": address,
        })
    };
    finding.addresses.iter().map(observable).collect()
}

fn unmapped(bulletin: &Bulletin, finding: &ListedFinding) -> Value {
    json!({
        "bulletin": bulletin.number,
        "list": finding.list,
        "entry": finding.entry,
        "label": finding.label,
        "traffic": finding.traffic,
        "remotes": finding.remotes,
        "addresses": finding.addresses,
        "recounted": finding.recounted,
    })
}

fn put_time(object: &mut Value, key: &str, time: Option<Timestamp>) {
    put(object, key, time.map(|time| json!(time.as_millisecond())));
}

/// Puts in what there is: an attribute without a value is left out, since none may be null.
pub(super) fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Value::Object(object), Some(value)) = (object, value) {
        let object: &mut Map<String, Value> = object;
        object.insert(key.to_owned(), value);
    }
}
