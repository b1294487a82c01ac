//! A close look at what the subject had with the claimed remotes: single connections, and minutes
//! with their rates. It costs a second reading of the objects in which the subject's records are.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use flowproof_evidence::{ConnectionTotals, MinuteTotals};

use super::rows::{self, service_port};
use super::sql::{COLUMNS, SERVICE_PORT, address_list, subject_rows};
use super::{SubjectQuestion, SubjectTraffic, looks_for_addresses};
use crate::columns::Columns;
use crate::error::EngineError;
use crate::orient::AddressBook;
use crate::scan::ScanTold;
use crate::session::{Session, Terms};
use crate::volumes::quoted;

/// What a conversation's rows are grouped by, but for the hour.
const CONVERSATION: &str = "interface_id, remote, protocol, port_side, port";

/// The columns of records that conversations and connections are told from.
pub(super) fn columns_looked_at() -> Vec<&'static str> {
    [&COLUMNS[..], &["tcp_flags"]].concat()
}

/// The claimed remotes' records that are the subject's, with their direction.
fn claimed_rows(
    question: &SubjectQuestion,
    book: &AddressBook,
    interfaces: Option<&[String]>,
) -> String {
    let remotes = address_list(question.claimed.iter());
    let own = interfaces
        .map(|interfaces| format!(" AND interface_id IN ({})", quoted(interfaces)))
        .unwrap_or_default();
    let rows = subject_rows(question, book, &columns_looked_at());
    claimed_of(&rows, &format!("remote IN ({remotes}){own}"))
}

/// Those of these rows that are the subject's and have a direction, if they are claimed.
pub(super) fn claimed_of(rows: &str, is_claimed: &str) -> String {
    format!(
        "SELECT *, {SERVICE_PORT} AS port FROM ({rows}) WHERE direction IS NOT NULL AND NOT other_instance \
         AND {is_claimed}"
    )
}

/// The connections in these rows by conversation and hour, and by these keys before.
pub(super) fn connections_sql(keys: &str, rows: &str) -> String {
    format!(
        "SELECT {keys}{CONVERSATION}, hour, \
         count(CASE WHEN accepted > 0 THEN 1 END) AS connections, \
         count(CASE WHEN accepted = 0 THEN 1 END) AS rejected_connections, \
         count(CASE WHEN flagged > 0 THEN 1 END) AS with_flags, \
         count(CASE WHEN by_remote > 0 THEN 1 END) AS opened_by_remote, \
         count(CASE WHEN by_subject > 0 THEN 1 END) AS opened_by_subject, \
         count(CASE WHEN answers > 0 THEN 1 END) AS answered, \
         max(seconds) AS longest_seconds, max(bytes_in) AS most_bytes_in, \
         max(bytes_out) AS most_bytes_out, min(first) AS first_seen, max(last) AS last_seen, \
         count(CASE WHEN protocol IN (6, 17) AND (local_port IS NULL OR remote_port IS NULL) THEN 1 END) \
         AS without_ports \
         FROM (SELECT {keys}{CONVERSATION}, local, local_port, remote_port, min(hour) AS hour, \
         count(CASE WHEN accepted THEN 1 END) AS accepted, \
         count(CASE WHEN accepted THEN flags END) AS flagged, \
         count(CASE WHEN accepted AND direction = 'ingress' AND flags & 18 = 2 THEN 1 END) AS by_remote, \
         count(CASE WHEN accepted AND direction = 'egress' AND flags & 18 = 2 THEN 1 END) AS by_subject, \
         count(CASE WHEN accepted AND flags & 18 = 18 THEN 1 END) AS answers, \
         coalesce(sum(CASE WHEN accepted AND direction = 'ingress' THEN bytes END), CAST(0 AS BIGINT UNSIGNED)) AS bytes_in, \
         coalesce(sum(CASE WHEN accepted AND direction = 'egress' THEN bytes END), CAST(0 AS BIGINT UNSIGNED)) AS bytes_out, \
         min(\"start\") AS first, max(\"end\") AS last, \
         (CAST(max(\"end\") AS BIGINT) - CAST(min(\"start\") AS BIGINT)) / 1000000000 AS seconds \
         FROM (SELECT *, (action IS DISTINCT FROM 'REJECT') AS accepted, \
         CAST(tcp_flags AS BIGINT) AS flags FROM ({rows})) \
         GROUP BY {keys}{CONVERSATION}, local, local_port, remote_port) \
         GROUP BY {keys}{CONVERSATION}, hour"
    )
}

/// The minutes in these rows by conversation, and by these keys before.
pub(super) fn minutes_sql(keys: &str, rows: &str) -> String {
    format!(
        "SELECT {keys}{CONVERSATION}, date_trunc('minute', \"start\") AS minute, \
         coalesce(sum(packets), CAST(0 AS BIGINT UNSIGNED)) AS packets_out, \
         (CAST(max(\"end\") AS BIGINT) - CAST(min(\"start\") AS BIGINT)) / 1000000000 AS seconds \
         FROM ({rows}) WHERE direction = 'egress' AND (action IS DISTINCT FROM 'REJECT') \
         AND \"start\" IS NOT NULL GROUP BY {keys}{CONVERSATION}, minute"
    )
}

/// The only interfaces whose records count for a question that looks for addresses: what others logged
/// about them was left out.
pub(super) fn own_interfaces(
    question: &SubjectQuestion,
    traffic: &SubjectTraffic,
) -> Option<Vec<String>> {
    let conversations = traffic.observations.conversations.iter();
    let interfaces: BTreeSet<&String> =
        conversations.filter_map(|conversation| conversation.interface.as_ref()).collect();
    let is_any = looks_for_addresses(&question.subject) && !interfaces.is_empty();
    is_any.then(|| interfaces.into_iter().cloned().collect())
}

impl Session {
    /// Takes the close looks that the question asks for. `terms` are those under which `traffic` was
    /// read, with all that was learned.
    pub(super) async fn look_closely(
        &self,
        question: &SubjectQuestion,
        terms: &Terms,
        told: &ScanTold,
        traffic: &mut SubjectTraffic,
    ) -> Result<(), EngineError> {
        if !(question.looks_at_connections() || question.looks_at_minutes()) {
            return Ok(());
        }
        let only = Some(Arc::new(told.with_rows()));
        let terms = &Terms { only, ..terms.clone() };
        let interfaces = own_interfaces(question, traffic);
        let rows = claimed_rows(question, &terms.orientation.book, interfaces.as_deref());
        if question.looks_at_connections() {
            let found = self.look(terms, connections_sql("", &rows), connection).await?;
            // Where records lack a port, connections cannot be told apart.
            traffic.observations.connections = found.into_iter().collect();
        }
        if question.looks_at_minutes() {
            let found = self.look(terms, minutes_sql("", &rows), minute).await?;
            // A minute whose records do not tell how long they lasted has no rate.
            traffic.observations.minutes = found.into_iter().collect();
        }
        Ok(())
    }

    async fn look<T>(
        &self,
        terms: &Terms,
        sql: String,
        read: impl Fn(&Columns, usize) -> Result<T, EngineError>,
    ) -> Result<Vec<T>, EngineError> {
        let plan = |context: SessionContext| async move { Ok(context.sql(&sql).await?) };
        let run = self.pass(terms, plan).await?;
        rows::read(&run.batches, read)
    }
}

pub(super) fn connection(
    columns: &Columns,
    row: usize,
) -> Result<Option<ConnectionTotals>, EngineError> {
    if columns.counter("without_ports", row)? > 0 {
        return Ok(None);
    }
    Ok(Some(ConnectionTotals {
        interface: columns.text("interface_id", row)?,
        remote: columns.address("remote", row)?,
        protocol: columns.protocol(row)?,
        port: service_port(columns, row)?,
        hour: columns.time("hour", row)?,
        connections: columns.counter("connections", row)?,
        rejected_connections: columns.counter("rejected_connections", row)?,
        with_flags: columns.counter("with_flags", row)?,
        opened_by_remote: columns.counter("opened_by_remote", row)?,
        opened_by_subject: columns.counter("opened_by_subject", row)?,
        answered: columns.counter("answered", row)?,
        longest_seconds: columns.seconds("longest_seconds", row)?,
        most_bytes_in: columns.counter("most_bytes_in", row)?,
        most_bytes_out: columns.counter("most_bytes_out", row)?,
        first_seen: columns.time("first_seen", row)?,
        last_seen: columns.time("last_seen", row)?,
    }))
}

/// A minute's packets; none where it cannot be told which minute it is, or how long its records lasted.
pub(super) fn minute(columns: &Columns, row: usize) -> Result<Option<MinuteTotals>, EngineError> {
    let times = columns.time("minute", row)?.zip(columns.seconds("seconds", row)?);
    let Some((start, seconds)) = times else { return Ok(None) };
    Ok(Some(MinuteTotals {
        interface: columns.text("interface_id", row)?,
        remote: columns.address("remote", row)?,
        protocol: columns.protocol(row)?,
        port: service_port(columns, row)?,
        start,
        packets_out: columns.counter("packets_out", row)?,
        seconds,
    }))
}
