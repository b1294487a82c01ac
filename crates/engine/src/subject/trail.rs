//! The way back from a subject's figures to the records that they stand on.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::prelude::SessionContext;

use super::sql::subject_rows;
use super::{SubjectQuestion, SubjectTraffic, looks_for_addresses};
use crate::error::EngineError;
use crate::orient::AddressBook;
use crate::query::read_only;
use crate::scan::ScanTold;
use crate::session::{Session, Terms};
use crate::table::{TableColumn, TableKind};
use crate::volumes::quoted;

/// How the records of a subject's figures are found again.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    /// Those under which the figures were read, with what the records taught.
    terms: Terms,
    sql: String,
}

impl Trail {
    pub(super) fn of(
        question: &SubjectQuestion,
        terms: &Terms,
        told: &ScanTold,
        traffic: &SubjectTraffic,
    ) -> Trail {
        let only = Some(Arc::new(told.with_rows()));
        let terms = Terms { only, digests: false, ..terms.clone() };
        let sql = records_sql(question, &terms.orientation.book, traffic);
        Trail { terms, sql }
    }
}

/// The columns of `traffic`; `remote` is the address under which the answer counts the record.
fn records_sql(question: &SubjectQuestion, book: &AddressBook, traffic: &SubjectTraffic) -> String {
    let schema = TableColumn::schema(&TableKind::Traffic.columns());
    let columns: Vec<String> =
        schema.fields().iter().map(|field| format!("\"{}\"", field.name())).collect();
    let mut filter = "NOT other_instance".to_owned();
    if looks_for_addresses(&question.subject) {
        filter = format!("{filter} AND ({})", logged_by(traffic));
    }
    let (columns, rows) = (columns.join(", "), subject_rows(question, book));
    format!("SELECT {columns} FROM ({rows}) WHERE {filter} ORDER BY \"start\", \"end\"")
}

/// The interfaces whose records the figures are made of: those of others were left out.
fn logged_by(traffic: &SubjectTraffic) -> String {
    let conversations = traffic.observations.conversations.iter();
    let all: BTreeSet<Option<&String>> =
        conversations.map(|conversation| conversation.interface.as_ref()).collect();
    let named: Vec<&String> = all.iter().copied().flatten().collect();
    let mut any = Vec::new();
    if !named.is_empty() {
        any.push(format!("interface_id IN ({})", quoted(&named)));
    }
    if all.contains(&None) {
        any.push("interface_id IS NULL".to_owned());
    }
    if any.is_empty() { "false".to_owned() } else { any.join(" OR ") }
}

impl Session {
    /// The records that a subject's totals are the sum of, with the columns of `traffic`, the earliest
    /// first. `traffic` is what this session answered. It is another reading of the objects that hold
    /// any.
    ///
    /// Each batch is handed to `on_batch` as it comes. The first call has no batch: it tells the schema.
    ///
    /// # Errors
    ///
    /// As for [`Session::query`], and what `on_batch` fails with.
    pub async fn subject_records<E: From<EngineError>>(
        &self,
        traffic: &SubjectTraffic,
        mut on_batch: impl FnMut(&SchemaRef, Option<&RecordBatch>) -> Result<(), E>,
    ) -> Result<(), E> {
        // Traffic that no session told has no records.
        let Some(Trail { terms, sql }) = traffic.trail.as_deref() else { return Ok(()) };
        let plan = |context: SessionContext| async move { read_only(&context, sql).await };
        let mut pass = self.begin_pass(terms, plan).await?;
        on_batch(pass.schema(), None)?;
        while let Some(batch) = pass.next().await? {
            on_batch(pass.schema(), Some(&batch))?;
        }
        pass.end().await?;
        Ok(())
    }
}
