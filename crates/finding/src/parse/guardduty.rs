//! A finding as GuardDuty writes it, in camelCase or PascalCase.

use std::borrow::Cow;

use serde_json::Value;

use super::draft::{Draft, Times};
use super::machines::Machines;
use super::{account, text_at};
use crate::value::{self, Notes, field, items};

pub(super) fn draft(json: &Value) -> Draft<'_> {
    let mut notes = Notes::default();
    let nothing = Value::Null;
    let resource = field(json, "resource").unwrap_or(&nothing);
    let arn = notes.read(json, "arn", value::text);
    Draft {
        id: notes.read(json, "id", value::text),
        finding_type: notes.read(json, "type", value::text),
        severity: notes.read(json, "severity", value::number),
        title: notes.read(json, "title", value::text),
        account: account(field(json, "accountId"), arn.as_deref(), &mut notes),
        region: text_at(json, &["region"]),
        resource_type: notes.read(resource, "resourceType", value::text),
        machines: machines(resource, &mut notes),
        service: Cow::Borrowed(service(json, &mut notes)),
        recorded: Times {
            first: notes.read(json, "createdAt", value::time),
            last: notes.read(json, "updatedAt", value::time),
        },
        arn,
        notes,
        ..Draft::default()
    }
}

/// What GuardDuty's service says. MozDef renames it.
fn service<'v>(json: &'v Value, notes: &mut Notes) -> &'v Value {
    const NOTHING: &Value = &Value::Null;
    if let Some(service) = field(json, "service") {
        return service;
    }
    let renamed = field(json, "finding").filter(|renamed| {
        ["action", "detectorId", "eventFirstSeen"].iter().any(|name| field(renamed, name).is_some())
    });
    if renamed.is_some() {
        notes.add("`service` is missing: taken from `finding`");
    }
    renamed.unwrap_or(NOTHING)
}

fn machines(resource: &Value, notes: &mut Notes) -> Machines {
    let mut machines = Machines::default();
    let Some(details) = field(resource, "instanceDetails") else { return machines };
    let instance = notes.read(details, "instanceId", value::name);
    if let Some(instance) = &instance {
        machines.add_instance(instance, true);
    }
    for interface in items(field(details, "networkInterfaces")) {
        let id = notes.read(interface, "networkInterfaceId", value::name);
        machines.add_described_interface(interface, instance.as_deref(), id.as_deref(), notes);
    }
    machines
}
