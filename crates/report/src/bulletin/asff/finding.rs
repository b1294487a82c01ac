//! One finding.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::AsffOwner;
use super::fits::text;
use super::resources::resources;
use crate::bulletin::ocsf::put;
use crate::bulletin::{Bulletin, Generator, ListedFinding, words};

/// Characters of a text at most.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1024;
const GENERATOR: usize = 512;
const PRODUCT: usize = 128;
const SOURCE: usize = 64;

/// Characters told of a value in the product's own fields, of 2048 that there may be: so many that
/// nothing real is cut, and so few that no finding comes near the 240 kB that it may have.
const FIELD: usize = 1024;

/// Addresses told as indicators at most.
const INDICATORS: usize = 5;

pub(super) fn finding(
    bulletin: &Bulletin,
    finding: &ListedFinding,
    generator: &Generator<'_>,
    owner: &AsffOwner,
) -> Value {
    let AsffOwner { region, account, .. } = owner;
    let partition = owner.partition();
    let generator_id = format!("{}/listed-traffic/{}", generator.name, finding.list);
    let name = finding.severity.name();
    let severity = json!({ "Label": name.to_uppercase(), "Original": name });
    let types = json!(["Unusual Behaviors/Network Flow"]);
    let mut value = json!({
        "SchemaVersion": "2018-10-08",
        "Id": finding.id,
        "ProductArn": format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        "GeneratorId": text(&generator_id, GENERATOR),
        "AwsAccountId": account,
        "Types": types,
        "CreatedAt": created(bulletin, finding),
        "UpdatedAt": bulletin.at,
        "Severity": severity,
        "Title": text(&words::title(finding), TITLE),
        "Description": text(&words::description(finding), DESCRIPTION),
        "Resources": resources(finding, owner),
        // Once imported, `Severity` and `Types` belong to those who work on the finding, and an update
        // of the finder's view goes here.
        "FindingProviderFields": { "Severity": severity, "Types": types },
        "ProductFields": fields(bulletin, finding, generator),
        "RecordState": "ACTIVE",
    });
    let product = text(generator.name, PRODUCT).map(|name| json!(name));
    put(&mut value, "ProductName", product);
    for (key, time) in [
        ("FirstObservedAt", finding.traffic.first_seen),
        ("LastObservedAt", finding.traffic.last_seen),
    ] {
        put(&mut value, key, time.filter(is_told).map(|time| json!(time)));
    }
    let indicators = indicators(finding);
    put(&mut value, "ThreatIntelIndicators", (!indicators.is_empty()).then(|| json!(indicators)));
    value
}

/// When the traffic began.
///
/// It has to be the same in every telling, and a bulletin does not know when the finding was told
/// first. When the traffic began, each telling knows: only a record that comes late makes it earlier.
/// It cannot be later than the bulletin, however wrong a clock was.
fn created(bulletin: &Bulletin, finding: &ListedFinding) -> Timestamp {
    let first = finding.traffic.first_seen.filter(is_told);
    first.map_or(bulletin.at, |first| first.min(bulletin.at))
}

/// Whether a time is one that the format can write: from 1970 on.
fn is_told(time: &Timestamp) -> bool {
    *time >= Timestamp::UNIX_EPOCH
}

fn indicators(finding: &ListedFinding) -> Vec<Value> {
    let source = text(&finding.list, SOURCE);
    let indicator = |address: &IpAddr| {
        let kind = if address.is_ipv4() { "IPV4_ADDRESS" } else { "IPV6_ADDRESS" };
        let mut indicator = json!({ "Type": kind, "Value": address });
        put(&mut indicator, "Source", source.as_ref().map(|source| json!(source)));
        indicator
    };
    finding.addresses.iter().take(INDICATORS).map(indicator).collect()
}

/// What the format has no place for, all as text. What is blank is left out.
fn fields(
    bulletin: &Bulletin,
    finding: &ListedFinding,
    generator: &Generator<'_>,
) -> Map<String, Value> {
    let addresses: Vec<String> = finding.addresses.iter().map(ToString::to_string).collect();
    let told = [
        ("bulletin", bulletin.number.to_string()),
        ("event_id", finding.event_id.clone()),
        ("status", finding.status().to_owned()),
        ("list", finding.list.clone()),
        ("entry", finding.entry.clone()),
        ("label", finding.label.clone()),
        ("remotes", finding.remotes.map_or("more than are kept".to_owned(), |it| it.to_string())),
        ("addresses", addresses.join(", ")),
        ("instances", finding.instances.len().to_string()),
        ("recounted", finding.recounted.to_string()),
        ("version", generator.version.to_owned()),
    ];
    let told = told.into_iter().map(|(key, value)| (key.to_owned(), value));
    let cells = told.chain(counters(finding)).filter_map(|(key, value)| {
        let value = text(&value, FIELD)?;
        Some((format!("flowproof/{key}"), Value::String(value)))
    });
    cells.collect()
}

/// The figures under the names that they have everywhere.
fn counters(finding: &ListedFinding) -> Vec<(String, String)> {
    let Ok(Value::Object(figures)) = serde_json::to_value(finding.traffic) else {
        return Vec::new();
    };
    let figure = |(key, value)| match value {
        Value::Null => None,
        Value::String(text) => Some((key, text)),
        other => Some((key, other.to_string())),
    };
    figures.into_iter().filter_map(figure).collect()
}
