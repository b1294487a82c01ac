//! The subject's query.

use std::collections::BTreeSet;
use std::net::IpAddr;

use flowproof_evidence::Subject;

use super::{SubjectQuestion, looks_for_addresses};
use crate::orient::AddressBook;
use crate::totals::TOTALS;
use crate::volumes::quoted;

/// The port that tells what a conversation is about.
pub(super) const SERVICE_PORT: &str =
    "CASE port_side WHEN 'remote' THEN remote_port WHEN 'local' THEN local_port END";

/// All traffic of the subject, by conversation and hour.
///
/// `port` is the one that tells what a conversation is about: a port that the finding names, if the
/// remote is one that it names; else the lower of the two. Records of unknown direction keep their
/// two addresses as they stand.
pub(super) fn subject_sql(question: &SubjectQuestion, book: &AddressBook) -> String {
    format!(
        "SELECT interface_id, own_interface, of_instance, other_instance, local, remote, protocol, \
         port_side, \
         {SERVICE_PORT} AS port, \
         hour, source, destination, {TOTALS}, \
         count(CASE WHEN action IS NULL THEN 1 END) AS without_action, \
         count(CASE WHEN bytes IS NULL THEN 1 END) AS without_bytes \
         FROM ({}) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
        subject_rows(question, book, &COLUMNS)
    )
}

/// The columns of records that conversations and their totals are made from.
pub(super) const COLUMNS: [&str; 13] = [
    "interface_id",
    "own_interface",
    "direction",
    "local",
    "local_port",
    "remote_port",
    "protocol",
    "action",
    "flow_kind",
    "bytes",
    "packets",
    "\"start\"",
    "\"end\"",
];

/// The subject's records, with those of its interfaces that name another instance, and with what
/// conversations are told by. Of a record's own columns there are these, and `remote`: planning takes
/// the longer the more there are.
pub(super) fn subject_rows(
    question: &SubjectQuestion,
    book: &AddressBook,
    columns: &[&str],
) -> String {
    let columns = columns.join(", ");
    let instance = match &question.subject.instance {
        Some(instance) => format!("coalesce(instance_id = {}, false)", quoted(&[instance])),
        None => "false".to_owned(),
    };
    let other = other_instance_sql(question, book);
    let remote = remote_sql(question);
    format!(
        "SELECT *, {} AS port_side FROM (SELECT {columns}, {remote} AS remote, \
         {instance} AS of_instance, {other} AS other_instance, \
         hour_of(\"start\", \"end\") AS hour, \
         CASE WHEN direction IS NULL THEN srcaddr END AS source, \
         CASE WHEN direction IS NULL THEN dstaddr END AS destination \
         FROM measured_traffic WHERE {})",
        port_side_sql(question),
        filter_sql(question),
    )
}

/// Whether a record of the subject's interface is of another instance. If it names one, the interface
/// may have moved, or the field, which AWS fills as well as it can, may be wrong; if it names none, the
/// book may know that the interface was not the subject's at that time.
fn other_instance_sql(question: &SubjectQuestion, book: &AddressBook) -> String {
    let Some(instance) = &question.subject.instance else { return "false".to_owned() };
    let instance = quoted(&[instance]);
    let named = format!("coalesce(instance_id <> {instance}, false)");
    let moved: Vec<&String> = moved_interfaces(&question.subject, book).collect();
    if moved.is_empty() {
        return named;
    }
    let moved = quoted(&moved);
    format!(
        "({named} OR coalesce(interface_id IN ({moved}), false) \
         AND coalesce(instance <> {instance}, true))"
    )
}

/// The subject's interfaces that belonged to several instances, and when is known.
pub(super) fn moved_interfaces<'a>(
    subject: &'a Subject,
    book: &AddressBook,
) -> impl Iterator<Item = &'a String> {
    subject.interfaces.iter().filter(|interface| book.timeline(interface).is_some())
}

/// The other side: the packet's own far end where that is told, but the record's where the finding
/// names that.
fn remote_sql(question: &SubjectQuestion) -> String {
    if question.claimed.is_empty() {
        return "remote".to_owned();
    }
    let claimed = address_list(question.claimed.iter());
    format!(
        "CASE WHEN direction = 'egress' AND dstaddr IN ({claimed}) THEN dstaddr \
         WHEN direction = 'ingress' AND srcaddr IN ({claimed}) THEN srcaddr ELSE remote END"
    )
}

/// Whose port says what a conversation is about; NULL where there are no ports (ICMP has 0 and 0).
fn port_side_sql(question: &SubjectQuestion) -> String {
    let mut cases = vec![
        "WHEN direction IS NULL THEN NULL".to_owned(),
        "WHEN coalesce(remote_port, 0) = 0 AND coalesce(local_port, 0) = 0 THEN NULL".to_owned(),
    ];
    let claimed = address_list(question.claimed.iter());
    let mut named = |ports: &BTreeSet<u16>, side: &str| {
        if !ports.is_empty() && !question.claimed.is_empty() {
            let ports = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
            let of_claimed = match question.ports_of_any_remote {
                true => String::new(),
                false => format!("remote IN ({claimed}) AND "),
            };
            cases.push(format!("WHEN {of_claimed}{side}_port IN ({ports}) THEN '{side}'"));
        }
    };
    named(&question.claimed_remote_ports, "remote");
    named(&question.claimed_local_ports, "local");
    cases.push("WHEN remote_port IS NULL THEN 'local'".to_owned());
    cases.push("WHEN local_port IS NULL OR remote_port <= local_port THEN 'remote'".to_owned());
    format!("CASE {} ELSE 'local' END", cases.join(" "))
}

/// The subject's records, with those of its interfaces that name another instance.
///
/// Addresses are looked for in the subject's own account alone: networks of several accounts may use
/// the same ones.
fn filter_sql(question: &SubjectQuestion) -> String {
    let subject = &question.subject;
    let mut any = Vec::new();
    let instance = subject.instance.as_ref().map(|instance| quoted(&[instance]));
    if let Some(instance) = &instance {
        any.push(format!("instance_id = {instance}"));
    }
    let only_unnamed = |filter: String| match &instance {
        Some(_) => format!("({filter} AND instance_id IS NULL)"),
        None => filter,
    };
    if !subject.interfaces.is_empty() {
        let interfaces = quoted(&subject.interfaces);
        any.push(format!("interface_id IN ({interfaces})"));
    }
    if looks_for_addresses(subject) {
        let list = address_list(subject.addresses.iter());
        let columns = ["srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"];
        let each = columns.map(|column| format!("{column} IN ({list})"));
        let found = format!("({})", each.join(" OR "));
        let account = subject.account.as_ref().map(|account| {
            let logged = "coalesce(account_id, object_account, 'unknown')";
            format!(" AND {logged} IN ({}, 'unknown')", quoted(&[account]))
        });
        any.push(only_unnamed(format!("({found}{})", account.unwrap_or_default())));
    }
    if any.is_empty() { "false".to_owned() } else { any.join(" OR ") }
}

pub(super) fn address_list<'a>(addresses: impl Iterator<Item = &'a IpAddr>) -> String {
    let texts: Vec<String> = addresses.map(|a| a.to_canonical().to_string()).collect();
    quoted(&texts)
}
