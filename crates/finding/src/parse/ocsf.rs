//! GuardDuty's findings as OCSF detection findings: Security Lake and the new Security Hub.
//!
//! Security Lake's come by way of ASFF: what OCSF has no place for is under `unmapped`, with ASFF's
//! flattened keys. The new Security Hub's have evidences alone.

use std::borrow::Cow;

use serde_json::Value;

use super::asff::{MAX_FIELDS, SERVICE, note_full_fields};
use super::draft::{Draft, Further, Times};
use super::ends::{End, Ends};
use super::flattened::unflatten;
use super::machines::Machines;
use super::{account, action, id_of_arn, product, resources, text_at, types};
use crate::ClaimDirection;
use crate::value::{self, Notes, excerpt, field, items, path};

/// Detection Finding, and the Security Finding of OCSF 1.0 that it took the place of.
const CLASSES: [u64; 2] = [2004, 2001];

/// Fields of `ProductFields` that can have a place in OCSF, and then are not under `unmapped`.
const MOVED_FIELDS: usize = 8;

/// The draft of a finding, or why it is refused.
pub(super) fn draft(json: &Value) -> Result<Draft<'static>, String> {
    check_class(json)?;
    let nothing = Value::Null;
    let info = field(json, "finding_info").or_else(|| field(json, "finding")).unwrap_or(&nothing);
    check_product(json, info)?;
    let mut notes = Notes::default();
    let arn = notes.read(info, "uid", value::text);
    let mut machines = Machines::default();
    let resource_type = resources::read(items(field(json, "resources")), &mut machines, &mut notes);
    let unmapped = Unmapped::read(field(json, "unmapped"), &mut notes);
    let mut service = unmapped.service(&mut notes);
    if unmapped.fields() + MOVED_FIELDS >= MAX_FIELDS {
        note_full_fields(&service, &mut machines, &mut notes);
    }
    let further = evidences(json, &mut service, &machines, &mut notes);
    let spellings: Vec<String> =
        items(field(info, "types")).iter().filter_map(value::text).collect();
    let finding_type = types::of(&spellings, &mut notes);
    if finding_type.as_deref().is_some_and(|name| name.starts_with("AttackSequence:")) {
        notes.add(
            "OCSF does not say which signal names which evidence: GuardDuty's own finding does",
        );
        machines.leave_open();
    }
    let mut time = |name| {
        let exact = notes.read(info, &format!("{name}_time_dt"), value::time);
        exact.or_else(|| notes.read(info, &format!("{name}_time"), value::time))
    };
    let seen = Times { first: time("first_seen"), last: time("last_seen") };
    let recorded = Times { first: time("created"), last: time("modified") };
    Ok(Draft {
        id: arn.as_deref().map(id_of_arn),
        finding_type,
        severity: unmapped.severity(json, &mut notes),
        title: notes.read(info, "title", value::text),
        account: account(path(json, &["cloud", "account", "uid"]), arn.as_deref(), &mut notes),
        region: text_at(json, &["cloud", "region"]),
        resource_type,
        machines,
        service: Cow::Owned(service),
        further,
        seen,
        recorded,
        sample: unmapped.is_true("Sample"),
        arn: arn.filter(|arn| arn.starts_with("arn:")),
        notes,
    })
}

fn check_class(json: &Value) -> Result<(), String> {
    let Some(class) = field(json, "class_uid") else { return Ok(()) };
    if value::integer(class).is_some_and(|class| CLASSES.contains(&class)) {
        return Ok(());
    }
    let name = text_at(json, &["class_name"])
        .map_or_else(String::new, |name| format!(" ({})", excerpt(&name)));
    Err(format!(
        "an OCSF event of class {}{name}: no detection finding",
        excerpt(&class.to_string())
    ))
}

fn check_product(json: &Value, info: &Value) -> Result<(), String> {
    let named = [
        text_at(json, &["metadata", "product", "name"]),
        text_at(json, &["metadata", "product", "uid"]),
        text_at(json, &["metadata", "product", "feature", "name"]),
        text_at(json, &["metadata", "product", "feature", "uid"]),
        text_at(info, &["product_uid"]),
        text_at(info, &["uid"]),
    ];
    let names: Vec<String> = named.into_iter().flatten().collect();
    if names.iter().any(|name| product::is_guardduty(name)) {
        return Ok(());
    }
    Err(product::refusal("an OCSF finding", &names))
}

/// What OCSF has no place for, by ASFF's names: an object, JSON text of one, or a list of pairs.
struct Unmapped(Vec<(String, Value)>);

impl Unmapped {
    fn read(unmapped: Option<&Value>, notes: &mut Notes) -> Unmapped {
        let Some(given) = unmapped else { return Unmapped(Vec::new()) };
        match value::embedded(given).as_deref() {
            Some(Value::Object(object)) => {
                Unmapped(object.iter().flat_map(|(key, value)| nested(key, value)).collect())
            }
            Some(Value::Array(pairs)) => Unmapped(pairs.iter().filter_map(pair).collect()),
            _ => {
                notes.add("`unmapped` is no object and was left out");
                Unmapped(Vec::new())
            }
        }
    }

    /// GuardDuty's `service`, put together again.
    fn service(&self, notes: &mut Notes) -> Value {
        let of_service = self.0.iter().filter_map(|(key, value)| {
            Some((key.strip_prefix("ProductFields.")?.strip_prefix(SERVICE)?, value))
        });
        unflatten(of_service, notes)
    }

    /// How many of ASFF's `ProductFields` there are.
    fn fields(&self) -> usize {
        self.0.iter().filter(|(key, _)| key.starts_with("ProductFields.")).count()
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name).and_then(value::truth) == Some(true)
    }

    fn severity(&self, json: &Value, notes: &mut Notes) -> Option<f64> {
        if let Some(severity) = self.get("Severity.Product").and_then(value::number) {
            return Some(severity);
        }
        if let Some(word) = text_at(json, &["severity"]) {
            notes.add(format!("the severity is told in a word only: {}", excerpt(&word)));
        }
        None
    }
}

/// `{"ProductFields": {"a": 1}}` is `{"ProductFields.a": 1}`.
fn nested(key: &str, value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Object(members) => {
            members.iter().map(|(inner, value)| (format!("{key}.{inner}"), value.clone())).collect()
        }
        _ => vec![(key.to_owned(), value.clone())],
    }
}

/// `["a", 1]` or `{"key": "a", "value": 1}`.
fn pair(pair: &Value) -> Option<(String, Value)> {
    match pair {
        Value::Array(two) => match two.as_slice() {
            [key, value] => Some((value::text(key)?, value.clone())),
            _ => None,
        },
        _ => Some((text_at(pair, &["key"])?, field(pair, "value")?.clone())),
    }
}

/// The connections that the evidences tell. What else is in them goes where GuardDuty has it.
fn evidences(
    json: &Value,
    service: &mut Value,
    machines: &Machines,
    notes: &mut Notes,
) -> Vec<Further> {
    let mut further = Vec::new();
    for evidence in items(field(json, "evidences")) {
        add_data(evidence, service);
        if field(evidence, "api").is_some() {
            add_action(service, serde_json::json!({"actionType": "AWS_API_CALL"}));
        } else if let Some(query) = field(evidence, "query") {
            let domain = text_at(query, &["hostname"]);
            let request = serde_json::json!({"domain": domain});
            add_action(
                service,
                serde_json::json!({"actionType": "DNS_REQUEST", "dnsRequestAction": request}),
            );
        } else {
            let ends = ends(evidence, service, notes);
            note_names(&ends, notes);
            let claim = ends.claim(machines, notes);
            further.extend(claim.map(|claim| Further { claim, place: "evidences" }));
        }
    }
    further
}

fn add_action(service: &mut Value, action: Value) {
    if field(service, "action").is_none() {
        service["action"] = action;
    }
}

/// `data` is the text that GuardDuty has under `additionalInfo.value`.
fn add_data(evidence: &Value, service: &mut Value) {
    let Some(data) =
        field(evidence, "data").and_then(value::embedded).filter(|data| data.is_object())
    else {
        return;
    };
    let missing = path(service, &["additionalInfo", "value"]).is_none();
    let place = service.get("additionalInfo").is_none_or(Value::is_object);
    if missing && place {
        service["additionalInfo"]["value"] = data.into_owned();
    }
}

fn ends(evidence: &Value, service: &Value, notes: &mut Notes) -> Ends {
    let nothing = Value::Null;
    let connection = field(evidence, "connection_info").unwrap_or(&nothing);
    let mut end = |name| end(field(evidence, name).unwrap_or(&nothing), notes);
    let (source, target) = (end("src_endpoint"), end("dst_endpoint"));
    let protocol = action::protocol(connection, "protocol_num", notes);
    let protocol = protocol.or_else(|| action::protocol(connection, "protocol_name", notes));
    Ends { source, target, direction: direction(connection, service, notes), protocol }
}

fn end(endpoint: &Value, notes: &mut Notes) -> End {
    let address = notes.read(endpoint, "ip", value::address);
    let names = ["instance_uid", "interface_uid", "uid", "hostname", "domain"];
    End {
        four: address.filter(|address| address.is_ipv4()),
        six: address.filter(|address| address.is_ipv6()),
        port: action::port_number(endpoint, "port", notes),
        ids: names.iter().filter_map(|name| text_at(endpoint, &[name])).collect(),
    }
}

/// Who connected: by OCSF's number or word, else by GuardDuty's word under `unmapped`.
fn direction(connection: &Value, service: &Value, notes: &mut Notes) -> ClaimDirection {
    match notes.read(connection, "direction_id", value::integer) {
        Some(1) => return ClaimDirection::Inbound,
        Some(2) => return ClaimDirection::Outbound,
        Some(_) => return ClaimDirection::Unknown,
        None => {}
    }
    if field(connection, "direction").is_some() {
        return action::direction(connection, "direction", notes);
    }
    let detail = path(service, &["action", "networkConnectionAction"]);
    detail.map_or(ClaimDirection::Unknown, |detail| {
        action::direction(detail, "connectionDirection", notes)
    })
}

/// An endpoint can be a domain alone, which flow logs never show.
fn note_names(ends: &Ends, notes: &mut Notes) {
    for end in [&ends.source, &ends.target] {
        let nameless = end.four.or(end.six).is_none();
        if let Some(name) = end.ids.first().filter(|_| nameless) {
            notes.add(format!("evidences name {} without an address", excerpt(name)));
        }
    }
}
