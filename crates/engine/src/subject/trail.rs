//! The way back from a subject's figures to the records that they stand on.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::prelude::SessionContext;
use flowproof_record::FieldId;

use super::sql::subject_rows;
use super::{SubjectQuestion, SubjectTraffic, looks_for_addresses};
use crate::error::EngineError;
use crate::orient::AddressBook;
use crate::scan::ScanTold;
use crate::session::{Session, Terms};
use crate::table::{TableColumn, TableKind};
use crate::volumes::quoted;

/// Fields that are told whether any record has them or not: what totals are made of, and whose they are.
const ALWAYS: [FieldId; 8] = [
    FieldId::INTERFACE_ID,
    FieldId::SRCADDR,
    FieldId::DSTADDR,
    FieldId::PACKETS,
    FieldId::BYTES,
    FieldId::START,
    FieldId::END,
    FieldId::ACTION,
];

/// How the records of a subject's figures are found again.
#[derive(Clone)]
pub(super) struct Trail {
    /// Those under which the figures were read, with what the records taught.
    terms: Terms,
    fields: BTreeSet<FieldId>,
    sql: String,
}

impl fmt::Debug for Trail {
    /// A way is no part of what an answer says, and maps in it are written in any order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail").finish_non_exhaustive()
    }
}

impl Trail {
    pub(super) fn of(
        question: &SubjectQuestion,
        terms: &Terms,
        told: &ScanTold,
        traffic: &SubjectTraffic,
    ) -> Trail {
        let only = Some(Arc::new(told.with_rows()));
        let terms = Terms { only, digests: false, wide: true, kept: None, ..terms.clone() };
        let fields: BTreeSet<FieldId> = fields_met(told).chain(ALWAYS).collect();
        let sql = records_sql(question, &fields, &terms.orientation.book, traffic);
        Trail { terms, fields, sql }
    }
}

fn fields_met(told: &ScanTold) -> impl Iterator<Item = FieldId> {
    told.objects.formats().flat_map(|format| format.fields().iter().flatten().copied())
}

/// The columns of `traffic`, but for fields that no flow log has; `remote` is the address under which the
/// answer counts the record.
fn records_sql(
    question: &SubjectQuestion,
    fields: &BTreeSet<FieldId>,
    book: &AddressBook,
    traffic: &SubjectTraffic,
) -> String {
    let is_told = |column: &TableColumn| match column {
        TableColumn::Field(id) => fields.contains(id),
        _ => true,
    };
    let columns: Vec<TableColumn> =
        TableKind::Traffic.columns().into_iter().filter(is_told).collect();
    let schema = TableColumn::schema(&columns);
    let quoted_name = |field: &FieldRef| format!("\"{}\"", field.name());
    let names: Vec<String> = schema.fields().iter().map(quoted_name).collect();
    // All else that is told follows from the record and from where it lies.
    let is_own =
        |column: &TableColumn| matches!(column, TableColumn::Field(_) | TableColumn::Object);
    let own = columns.iter().zip(&names).filter(|(column, _)| is_own(column)).map(|(_, name)| name);
    let first = ["\"start\"".to_owned(), "\"end\"".to_owned()];
    let rest = own.filter(|name| !first.contains(name));
    let order: Vec<String> =
        first.iter().chain(rest).map(|name| format!("{name} ASC NULLS FIRST")).collect();
    let mut filter = "NOT other_instance".to_owned();
    if looks_for_addresses(&question.subject) {
        filter = format!("{filter} AND ({})", logged_by(traffic));
    }
    // Views of texts share what they look into, which a sort would count for each of its batches.
    let told = |(field, name): (&FieldRef, &String)| match field.data_type() {
        DataType::Utf8View => format!("arrow_cast({name}, 'LargeUtf8') AS {name}"),
        _ => name.clone(),
    };
    let told: Vec<String> = schema.fields().iter().zip(&names).map(told).collect();
    // The remote is told as the answer counts it.
    let columns: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| *name != "\"remote\"").collect();
    format!(
        "SELECT {} FROM ({}) WHERE {filter} ORDER BY {}",
        told.join(", "),
        subject_rows(question, book, &columns),
        order.join(", ")
    )
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
    /// The records that a subject's totals are the sum of, the earliest first, with the columns of the
    /// table `traffic` but for fields that no flow log has. `traffic` is what this session answered. It is another reading of the objects that hold
    /// any.
    ///
    /// Each batch is handed to `on_batch` as it comes. The first call has no batch: it tells the schema.
    ///
    /// # Errors
    ///
    /// As for [`Session::query`], if objects have other fields than before, and what `on_batch` fails
    /// with.
    pub async fn subject_records<E: From<EngineError>>(
        &self,
        traffic: &SubjectTraffic,
        mut on_batch: impl FnMut(&SchemaRef, Option<&RecordBatch>) -> Result<(), E>,
    ) -> Result<(), E> {
        // Traffic that no session told has no records.
        let Some(Trail { terms, fields, sql }) = traffic.trail.as_deref() else { return Ok(()) };
        let plan = |context: SessionContext| async move { Ok(context.sql(sql).await?) };
        let mut pass = self.begin_pass(terms, plan).await?;
        on_batch(pass.schema(), None)?;
        while let Some(batch) = pass.next().await? {
            on_batch(pass.schema(), Some(&batch))?;
        }
        let told = pass.end().await?;
        if fields_met(&told).any(|field| !fields.contains(&field)) {
            let text = "objects have other fields than when they were read before: run it again";
            return Err(EngineError::from(DataFusionError::Execution(text.to_owned())).into());
        }
        Ok(())
    }
}
