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

/// What conversations and hours are told by, but for the port.
const CONVERSATION: &str = "interface_id, own_interface, of_instance, other_instance, local, remote, protocol, \
     port_side, hour, source, destination";

/// All traffic of the subject, by conversation and hour.
///
/// `port` is the one that tells what a conversation is about: a port that the finding names, if the
/// remote is one that it names; else the lower of the two. Records of unknown direction keep their
/// two addresses as they stand.
pub(super) fn subject_sql(question: &SubjectQuestion, book: &AddressBook) -> String {
    conversations_sql("", &subject_rows(question, book, &COLUMNS))
}

/// The traffic in these rows by conversation and hour, and by these keys before.
pub(super) fn conversations_sql(keys: &str, rows: &str) -> String {
    format!(
        "SELECT {keys}{CONVERSATION}, {SERVICE_PORT} AS port, {TOTALS}, \
         count(CASE WHEN action IS NULL THEN 1 END) AS without_action, \
         count(CASE WHEN bytes IS NULL THEN 1 END) AS without_bytes \
         FROM ({rows}) GROUP BY {keys}{CONVERSATION}, {SERVICE_PORT}"
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
    let records = format!("measured_traffic WHERE {}", filter_sql(question));
    told_rows(&Tests::of(question, book), &records, columns)
}

/// These records, with what conversations are told by.
pub(super) fn told_rows(tests: &Tests, records: &str, columns: &[&str]) -> String {
    let columns = columns.join(", ");
    let Tests { of_instance, other_instance, .. } = tests;
    format!(
        "SELECT *, {} AS port_side FROM (SELECT {columns}, {} AS remote, \
         {of_instance} AS of_instance, {other_instance} AS other_instance, \
         hour_of(\"start\", \"end\") AS hour, \
         CASE WHEN direction IS NULL THEN srcaddr END AS source, \
         CASE WHEN direction IS NULL THEN dstaddr END AS destination \
         FROM {records})",
        tests.port_side_sql(),
        tests.remote_sql(),
    )
}

/// How SQL tests a record for what a question names.
pub(super) struct Tests {
    of_instance: String,
    /// Whether a record of the subject's interface is of another instance. If it names one, the interface
    /// may have moved, or the field, which AWS fills as well as it can, may be wrong; if it names none,
    /// the book may know that the interface was not the subject's at that time.
    other_instance: String,
    /// Whether the record's source and its destination are claimed, if any address is.
    claimed_ends: Option<[String; 2]>,
    /// Whether the port of the remote, and of the subject, is one that the question names, if it names any.
    named_ports: [Option<String>; 2],
}

impl Tests {
    /// By the question's own words.
    fn of(question: &SubjectQuestion, book: &AddressBook) -> Tests {
        let of_instance = match &question.subject.instance {
            Some(instance) => format!("coalesce(instance_id = {}, false)", quoted(&[instance])),
            None => "false".to_owned(),
        };
        let claimed = address_list(question.claimed.iter());
        let any_claimed = !question.claimed.is_empty();
        let claimed_ends =
            any_claimed.then(|| ["srcaddr", "dstaddr"].map(|end| format!("{end} IN ({claimed})")));
        let named = |ports: &BTreeSet<u16>, side: &str| {
            let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
            let of_claimed = match question.ports_of_any_remote {
                true => String::new(),
                false => format!("remote IN ({claimed}) AND "),
            };
            (any_claimed && !ports.is_empty())
                .then(|| format!("{of_claimed}{side}_port IN ({})", ports.join(", ")))
        };
        Tests {
            of_instance,
            other_instance: other_instance_sql(question, book),
            claimed_ends,
            named_ports: [
                named(&question.claimed_remote_ports, "remote"),
                named(&question.claimed_local_ports, "local"),
            ],
        }
    }

    /// By the marks that records have of questions, see [`Marks`](super::marks::Marks).
    pub(super) fn marked() -> Tests {
        let other = "(coalesce(instance_id <> asked_instance, false) OR has_moved \
                     AND coalesce(instance <> asked_instance, true))";
        Tests {
            of_instance: "coalesce(instance_id = asked_instance, false)".to_owned(),
            other_instance: other.to_owned(),
            claimed_ends: Some(["source_claimed", "destination_claimed"].map(str::to_owned)),
            named_ports: ["remote", "local"]
                .map(|side| Some(format!("{IS_CLAIMED} AND {side}_port_named"))),
        }
    }

    /// The other side: the packet's own far end where that is told, but the record's where the finding
    /// names that.
    fn remote_sql(&self) -> String {
        let Some([source, destination]) = &self.claimed_ends else { return "remote".to_owned() };
        format!(
            "CASE WHEN direction = 'egress' AND {destination} THEN dstaddr \
             WHEN direction = 'ingress' AND {source} THEN srcaddr ELSE remote END"
        )
    }

    /// Whose port says what a conversation is about; NULL where there are no ports (ICMP has 0 and 0).
    fn port_side_sql(&self) -> String {
        let mut cases = vec![
            "WHEN direction IS NULL THEN NULL".to_owned(),
            "WHEN coalesce(remote_port, 0) = 0 AND coalesce(local_port, 0) = 0 THEN NULL"
                .to_owned(),
        ];
        for (named, side) in self.named_ports.iter().zip(["remote", "local"]) {
            cases.extend(named.iter().map(|named| format!("WHEN {named} THEN '{side}'")));
        }
        cases.push("WHEN remote_port IS NULL THEN 'local'".to_owned());
        cases.push("WHEN local_port IS NULL OR remote_port <= local_port THEN 'remote'".to_owned());
        format!("CASE {} ELSE 'local' END", cases.join(" "))
    }
}

/// Of marked records: whether the remote, as conversations have it, is claimed.
pub(super) const IS_CLAIMED: &str = "(direction = 'egress' AND destination_claimed \
     OR direction = 'ingress' AND source_claimed OR remote_claimed)";

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

/// The subject's records, with those of its interfaces that name another instance.
///
/// Addresses are looked for in the subject's own account alone: networks of several accounts may use
/// the same ones.
pub(super) fn filter_sql(question: &SubjectQuestion) -> String {
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
