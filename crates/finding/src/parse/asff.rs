//! GuardDuty's findings in the format of Security Hub (ASFF).
//!
//! What GuardDuty writes under `service` is flattened into `ProductFields`, the instance is one of
//! `Resources`, and the type stands in `Types` in a spelling of its own.

use std::borrow::Cow;

use serde_json::Value;

use super::draft::{Draft, Further, Times};
use super::ends::{End, Ends};
use super::flattened::unflatten;
use super::machines::Machines;
use super::{account, action, id_of_arn, product, resources, text_at, types};
use crate::value::{self, Notes, field, items, path};

/// Where GuardDuty's `service` stands in the keys of `ProductFields`.
pub(super) const SERVICE: &str = "aws/guardduty/service/";

/// As many fields as Security Hub keeps of `ProductFields`.
pub(super) const MAX_FIELDS: usize = 50;

/// The draft of a finding, or why it is refused.
pub(super) fn draft(json: &Value) -> Result<Draft<'static>, String> {
    check_product(json)?;
    let mut notes = Notes::default();
    let arn = notes.read(json, "id", value::text);
    let mut machines = Machines::default();
    let resource_type = resources::read(items(field(json, "resources")), &mut machines, &mut notes);
    let service = service(json, &mut notes);
    let fields = field(json, "productFields").and_then(Value::as_object);
    if fields.is_some_and(|fields| fields.len() >= MAX_FIELDS) {
        note_full_fields(&service, &mut machines, &mut notes);
    }
    let further = further(json, &service, &machines, &mut notes);
    let spellings: Vec<String> =
        items(field(json, "types")).iter().filter_map(value::text).collect();
    Ok(Draft {
        id: arn.as_deref().map(id_of_arn),
        finding_type: types::of(&spellings, &mut notes),
        severity: severity(json, &mut notes),
        title: notes.read(json, "title", value::text),
        account: account(field(json, "awsAccountId"), arn.as_deref(), &mut notes),
        region: region(json, arn.as_deref()),
        resource_type,
        machines,
        service: Cow::Owned(service),
        further,
        seen: Times {
            first: notes.read(json, "firstObservedAt", value::time),
            last: notes.read(json, "lastObservedAt", value::time),
        },
        recorded: Times {
            first: notes.read(json, "createdAt", value::time),
            last: notes.read(json, "updatedAt", value::time),
        },
        sample: notes.read(json, "sample", value::truth) == Some(true),
        arn: arn.filter(|arn| arn.starts_with("arn:")),
        notes,
    })
}

fn check_product(json: &Value) -> Result<(), String> {
    let fields = field(json, "productFields");
    let named = [
        text_at(json, &["productName"]),
        fields.and_then(|fields| fields.get("aws/securityhub/ProductName")).and_then(value::text),
        text_at(json, &["productArn"]),
        text_at(json, &["generatorId"]),
        text_at(json, &["id"]),
    ];
    let names: Vec<String> = named.into_iter().flatten().collect();
    let of_service = fields
        .and_then(Value::as_object)
        .is_some_and(|fields| fields.keys().any(|key| key.starts_with(SERVICE)));
    if of_service || names.iter().any(|name| product::is_guardduty(name)) {
        return Ok(());
    }
    Err(product::refusal("a Security Hub finding (ASFF)", &names))
}

fn region(json: &Value, arn: Option<&str>) -> Option<String> {
    let of_resource = || {
        let first = items(field(json, "resources")).first()?;
        text_at(first, &["region"])
    };
    text_at(json, &["region"]).or_else(|| super::arn_part(arn, 3)).or_else(of_resource)
}

/// GuardDuty's severity, which Security Hub keeps beside its own.
fn severity(json: &Value, notes: &mut Notes) -> Option<f64> {
    let severity = field(json, "severity")?;
    if let Some(product) = notes.read(severity, "product", value::number) {
        return Some(product);
    }
    let normalized = notes.read(severity, "normalized", value::number)?;
    notes.add("the severity is a tenth of Security Hub's normalized one");
    Some(normalized / 10.0)
}

/// GuardDuty's `service`, put together again. The action and the attack sequence have places of their
/// own as well.
fn service(json: &Value, notes: &mut Notes) -> Value {
    let fields = field(json, "productFields").and_then(Value::as_object);
    if fields.is_none() {
        notes.add("`ProductFields` is missing, where GuardDuty's details are");
    }
    // Years ago the keys began with what is now under `service`.
    let pairs = || fields.into_iter().flatten();
    let prefix = if pairs().any(|(key, _)| key.starts_with(SERVICE)) { SERVICE } else { "" };
    let of_service = pairs()
        .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, value)))
        .filter(|(key, _)| !key.starts_with("aws/"));
    let mut service = unflatten(of_service, notes);
    for (name, member) in
        [("action", field(json, "action")), ("detection", field(json, "detection"))]
    {
        if let (Some(member), None) = (member, field(&service, name)) {
            service[name] = member.clone();
        }
    }
    service
}

/// What is said where details may have been cut off. A probe that is not named may be the one that took
/// place, so nothing is contradicted by the absence of those that are.
pub(super) fn note_full_fields(service: &Value, machines: &mut Machines, notes: &mut Notes) {
    notes.add("`ProductFields` is full: some of GuardDuty's details may be missing");
    if path(service, &["action", "portProbeAction"]).is_some() {
        machines.leave_open();
    }
}

/// Connections that stand in `Action` beside the one in `ProductFields`, or in `Network`.
fn further(json: &Value, service: &Value, machines: &Machines, notes: &mut Notes) -> Vec<Further> {
    let mut further = Vec::new();
    let action = field(json, "action");
    if action.is_some() && action != field(service, "action") {
        let claims = action::claims(&action::read(json, notes), notes);
        further.extend(claims.into_iter().map(|claim| Further { claim, place: "Action" }));
    }
    if let Some(network) = field(json, "network") {
        let claim = ends(network, notes).claim(machines, notes);
        further.extend(claim.map(|claim| Further { claim, place: "Network" }));
    }
    further
}

fn ends(network: &Value, notes: &mut Notes) -> Ends {
    let mut end = |four, six, port| End {
        four: notes.read(network, four, value::address),
        six: notes.read(network, six, value::address),
        port: action::port_number(network, port, notes),
        ids: Vec::new(),
    };
    Ends {
        source: end("sourceIpV4", "sourceIpV6", "sourcePort"),
        target: end("destinationIpV4", "destinationIpV6", "destinationPort"),
        direction: action::direction(network, "direction", notes),
        protocol: action::protocol(network, "protocol", notes),
    }
}
