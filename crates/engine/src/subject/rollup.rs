//! From the query's rows to conversations, remotes, hours and totals.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use flowproof_evidence::{
    Conversation, ListMatch, ListedRemote, Observations, Remote, TimelineHour, Traffic,
};
use flowproof_intel::{ListRole, Matcher};
use jiff::Timestamp;

use super::moved::moved;
use super::rows::Row;
use super::{SubjectQuestion, SubjectTraffic, reused};
use crate::error::EngineError;
use crate::orient::AddressBook;

/// Service ports kept of a remote: a scanned or scanning one may have used all 65,536.
const PORTS_PER_REMOTE: usize = 100;

/// Adds the rows up.
pub(super) fn roll_up(
    question: &SubjectQuestion,
    book: &AddressBook,
    rows: Vec<Row>,
    matcher: Option<&Matcher>,
) -> Result<SubjectTraffic, EngineError> {
    let mut traffic = SubjectTraffic::default();
    let (others, rows): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|r| r.other_instance);
    traffic.moved = moved(question, book, &others, &mut traffic.notes);
    let rows = reused::in_their_time(question, book, rows, &mut traffic.notes);
    let rows = own_rows(question, rows, &mut traffic.notes);
    let several = logged_twice(question, &rows);
    if let Some((first, others)) =
        several.iter().map(String::as_str).collect::<Vec<_>>().split_first()
    {
        traffic.doubled = true;
        traffic.notes.push(format!(
            "figures may be counted more than once: {first} and {} logged the subject's addresses with the \
             same remotes in the same hours, so that some of them forward it; name its own with --interface",
            others.join(", ")
        ));
    }
    let mut subject = question.subject.clone();
    subject.interfaces.extend(rows.iter().filter_map(|row| row.interface.clone()));
    subject.interfaces.sort();
    subject.interfaces.dedup();

    let mut conversations = BTreeMap::new();
    let mut remotes = BTreeMap::new();
    let mut hours = BTreeMap::new();
    for row in &rows {
        traffic.lacking.action += row.without_action;
        traffic.lacking.bytes += row.without_bytes;
        traffic.totals.merge(&row.traffic)?;
        add(&mut conversations, conversation_key(row), &row.traffic)?;
        if let Some(hour) = row.hour {
            add(&mut hours, hour, &row.traffic)?;
        }
        let address = remote_address(row, question, matcher);
        let remote = remotes.entry(address).or_insert_with(RemoteParts::default);
        remote.traffic.merge(&row.traffic)?;
        remote.ports.extend(row.port.map(|port| port.port));
        remote.protocols.extend(row.protocol);
    }
    let conversations = conversations.into_iter().map(|(key, traffic)| Conversation {
        interface: key.0,
        local: key.1,
        remote: key.2,
        protocol: key.3,
        port: key.4,
        hour: key.5,
        traffic,
    });
    traffic.observations =
        Observations { subject, conversations: conversations.collect(), ..Default::default() };
    traffic.remotes = remotes
        .into_iter()
        .map(|(address, parts)| parts.into_remote(address, question, matcher))
        .collect();
    traffic.observations.listed = matcher.map(|lists| listed(question, &traffic.remotes, lists));
    traffic.timeline =
        hours.into_iter().map(|(start, traffic)| TimelineHour { start, traffic }).collect();
    Ok(traffic)
}

type ConversationKey = (
    Option<String>,
    Option<IpAddr>,
    Option<IpAddr>,
    Option<u8>,
    Option<flowproof_evidence::ServicePort>,
    Option<Timestamp>,
);

fn conversation_key(row: &Row) -> ConversationKey {
    (row.interface.clone(), row.local, row.remote, row.protocol, row.port, row.hour)
}

fn add<K: Ord>(
    totals: &mut BTreeMap<K, Traffic>,
    key: K,
    traffic: &Traffic,
) -> Result<(), EngineError> {
    Ok(totals.entry(key).or_default().merge(traffic)?)
}

/// The rows that the subject's own interfaces logged, if any did. A flow between two logged
/// interfaces is logged by both, and by NAT gateways between them: it must not be added up twice.
fn own_rows(question: &SubjectQuestion, rows: Vec<Row>, notes: &mut Vec<String>) -> Vec<Row> {
    if !super::looks_for_addresses(&question.subject) {
        return rows;
    }
    let own: BTreeSet<Option<String>> = rows
        .iter()
        .filter(|row| row.of_instance || row.own == Some(true))
        .map(|row| row.interface.clone())
        .collect();
    let all: BTreeSet<&Option<String>> = rows.iter().map(|row| &row.interface).collect();
    if own.is_empty() {
        if all.len() > 1 {
            notes.push(format!(
                "{} interfaces logged the subject's addresses and none of them is known to be its \
                 own: the same traffic may be in the totals more than once",
                all.len()
            ));
        } else if all.len() == 1 {
            notes.push(
                "the interface that logged the subject's addresses is not known to be its own"
                    .to_owned(),
            );
        }
        return rows;
    }
    let others = all.len() - own.len();
    if others > 0 {
        notes.push(format!(
            "what {others} other interface{} logged about the subject's addresses is left out: its \
             own logged the same traffic",
            if others == 1 { "" } else { "s" }
        ));
    }
    rows.into_iter().filter(|row| own.contains(&row.interface)).collect()
}

/// Interfaces that logged the same address with the same remote, about the same port in the same hour.
/// An address has one interface: the others forward its traffic, and logged it again.
fn logged_twice(question: &SubjectQuestion, rows: &[Row]) -> BTreeSet<String> {
    if !super::looks_for_addresses(&question.subject) {
        return BTreeSet::new();
    }
    let mut logged: BTreeMap<_, BTreeSet<&String>> = BTreeMap::new();
    for row in rows {
        let mut ends = row.ends;
        ends.sort();
        let conversation = (row.local, row.remote, ends, row.protocol, row.port, row.hour);
        logged.entry(conversation).or_default().extend(&row.interface);
    }
    let several = logged.into_values().filter(|interfaces| interfaces.len() > 1);
    several.flatten().cloned().collect()
}

/// The remote of a row. Where the direction is unknown, an end that the finding or a list names is
/// the one that matters.
fn remote_address(
    row: &Row,
    question: &SubjectQuestion,
    matcher: Option<&Matcher>,
) -> Option<IpAddr> {
    let named = |address: &IpAddr| {
        question.claimed.contains(address) || matcher.is_some_and(|lists| lists.contains(*address))
    };
    row.remote.or_else(|| {
        let mut ends = row.ends.iter().flatten().filter(|end| named(end));
        ends.next().copied()
    })
}

#[derive(Debug, Default)]
struct RemoteParts {
    traffic: Traffic,
    ports: BTreeSet<u16>,
    protocols: BTreeSet<u8>,
}

impl RemoteParts {
    fn into_remote(
        self,
        address: Option<IpAddr>,
        question: &SubjectQuestion,
        matcher: Option<&Matcher>,
    ) -> Remote {
        Remote {
            address,
            ports: self.ports.into_iter().take(PORTS_PER_REMOTE).collect(),
            protocols: self.protocols.into_iter().collect(),
            traffic: self.traffic,
            matches: address.zip(matcher).map_or_else(Vec::new, |(a, lists)| matches(a, lists)),
            claimed: address.is_some_and(|address| question.claimed.contains(&address)),
        }
    }
}

/// The remotes that are on lists, those among them that the finding names whether they are in the
/// records or not.
fn listed(question: &SubjectQuestion, remotes: &[Remote], lists: &Matcher) -> Vec<ListedRemote> {
    let seen = remotes.iter().filter_map(|remote| remote.address);
    let all: BTreeSet<IpAddr> = seen.chain(question.claimed.iter().copied()).collect();
    let listed =
        all.into_iter().map(|remote| ListedRemote { remote, matches: matches(remote, lists) });
    listed.filter(|listed| !listed.matches.is_empty()).collect()
}

/// Every list entry that holds the address.
fn matches(address: IpAddr, lists: &Matcher) -> Vec<ListMatch> {
    let matches = lists.matches(address).into_iter().map(|found| ListMatch {
        list: found.list.name.clone(),
        line: found.entry.line,
        entry: found.entry.text().to_string(),
        label: found.entry.label.to_string(),
        trusted: found.list.role == ListRole::Trusted,
    });
    matches.collect()
}
