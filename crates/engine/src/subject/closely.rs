//! A close look at what the subject had with the claimed remotes: single connections, and minutes
//! with their rates. It costs a second reading of the objects in which the subject's records are.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;
use flowproof_evidence::{ConnectionTotals, MinuteTotals};

use super::rows::service_port;
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
    format!(
        "SELECT *, {SERVICE_PORT} AS port FROM ({}) WHERE direction IS NOT NULL AND NOT other_instance \
         AND remote IN ({remotes}){own}",
        subject_rows(question, book, &[&COLUMNS[..], &["tcp_flags"]].concat())
    )
}

fn connections_sql(rows: &str) -> String {
    format!(
        "SELECT {CONVERSATION}, hour, \
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
         FROM (SELECT {CONVERSATION}, local, local_port, remote_port, min(hour) AS hour, \
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
         GROUP BY {CONVERSATION}, local, local_port, remote_port) \
         GROUP BY {CONVERSATION}, hour"
    )
}

fn minutes_sql(rows: &str) -> String {
    format!(
        "SELECT {CONVERSATION}, date_trunc('minute', \"start\") AS minute, \
         coalesce(sum(packets), CAST(0 AS BIGINT UNSIGNED)) AS packets_out, \
         (CAST(max(\"end\") AS BIGINT) - CAST(min(\"start\") AS BIGINT)) / 1000000000 AS seconds \
         FROM ({rows}) WHERE direction = 'egress' AND (action IS DISTINCT FROM 'REJECT') \
         AND \"start\" IS NOT NULL GROUP BY {CONVERSATION}, minute"
    )
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
        if question.claimed.is_empty() || !(question.connections || question.minutes) {
            return Ok(());
        }
        let only = Some(Arc::new(told.with_rows()));
        let terms = &Terms { only, ..terms.clone() };
        // What interfaces of others logged about the addresses was left out.
        let conversations = traffic.observations.conversations.iter();
        let interfaces: BTreeSet<String> =
            conversations.filter_map(|conversation| conversation.interface.clone()).collect();
        let interfaces: Vec<String> = interfaces.into_iter().collect();
        let by_address = looks_for_addresses(&question.subject) && !interfaces.is_empty();
        let book = &terms.orientation.book;
        let rows = claimed_rows(question, book, by_address.then_some(&interfaces));
        if question.connections {
            let found = self.look(terms, connections_sql(&rows), connection).await?;
            // Where records lack a port, connections cannot be told apart.
            traffic.observations.connections = found.into_iter().collect();
        }
        if question.minutes {
            let found = self.look(terms, minutes_sql(&rows), minute).await?;
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
        let rows = |batch: &RecordBatch| -> Result<Vec<T>, EngineError> {
            let columns = Columns::of(batch)?;
            (0..batch.num_rows()).map(|row| read(&columns, row)).collect()
        };
        let found: Vec<Vec<T>> = run.batches.iter().map(rows).collect::<Result<_, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }
}

fn connection(columns: &Columns, row: usize) -> Result<Option<ConnectionTotals>, EngineError> {
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
fn minute(columns: &Columns, row: usize) -> Result<Option<MinuteTotals>, EngineError> {
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
