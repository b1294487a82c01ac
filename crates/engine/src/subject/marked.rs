//! One plan over the marked records of many questions.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::buffer::BooleanBuffer;
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use flowproof_record::{FieldId, Predicate};

use super::closely::{
    claimed_of, columns_looked_at, connection, connections_sql, minute, minutes_sql, own_interfaces,
};
use super::marks::{MARK_COLUMNS, Marks};
use super::rows::{self, Row};
use super::sql::{COLUMNS, IS_CLAIMED, Tests, conversations_sql, filter_sql, told_rows};
use super::together::Asked;
use super::{SubjectQuestion, SubjectTraffic};
use crate::columns::Columns;
use crate::error::EngineError;
use crate::session::Session;
use crate::table::{TableColumn, TableKind, only_rows, text_column, to_predicate};

/// What marked records are called in SQL.
const MARKED: &str = "marked_records";

/// By what all that is made of marked records is told apart first.
const KEYS: &str = "question, ";

/// Columns that conversations are told by and do not show.
const TESTED: [&str; 5] = ["srcaddr", "dstaddr", "remote", "instance", "instance_id"];

/// Where marked records are looked at.
pub(super) struct MarkedTable {
    context: SessionContext,
    partitions: usize,
    /// The columns that records are given before they are marked.
    columns: Vec<TableColumn>,
    /// Those that filters are about.
    filtered: DFSchema,
}

impl MarkedTable {
    pub(super) fn of(session: &Session) -> Result<MarkedTable, EngineError> {
        let all = TableKind::Measured.columns();
        let looked_at = columns_looked_at();
        let is_asked = |column: &&TableColumn| {
            let name = column.name();
            let mut asked = looked_at.iter().chain(&TESTED).map(|column| column.trim_matches('"'));
            asked.any(|asked| asked == name)
        };
        Ok(MarkedTable {
            context: session.planning_context(&session.terms())?,
            partitions: session.threads(),
            columns: all.iter().filter(is_asked).copied().collect(),
            filtered: DFSchema::try_from(TableColumn::schema(&all))?,
        })
    }

    pub(super) fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// Which records are the question's, if that can be told of one that is kept.
    pub(super) fn predicate(
        &self,
        question: &SubjectQuestion,
    ) -> Result<Option<Predicate>, EngineError> {
        let filter = self.context.parse_sql_expr(&filter_sql(question), &self.filtered)?;
        Ok(to_predicate(&filter))
    }

    /// The rows of the subject's query, by question; none of questions that are not `wanted`.
    pub(super) async fn conversations(
        &self,
        asked: &[Asked<'_>],
        wanted: impl Fn(usize) -> bool,
    ) -> Result<Vec<Vec<Row>>, EngineError> {
        let mut marked = Vec::new();
        for (number, asked) in asked.iter().enumerate().filter(|(number, _)| wanted(*number)) {
            asked.mark(number, None, &mut marked)?;
        }
        let columns = [&COLUMNS[..], &MARK_COLUMNS].concat();
        let sql = conversations_sql(KEYS, &told_rows(&Tests::marked(), MARKED, &columns));
        self.ask(marked, asked.len(), &sql, Columns::subject_row).await
    }

    /// Takes the close looks that the questions ask for.
    pub(super) async fn look_closely(
        &self,
        asked: &[Asked<'_>],
        traffic: &mut [SubjectTraffic],
    ) -> Result<(), EngineError> {
        let columns = [&columns_looked_at()[..], &MARK_COLUMNS].concat();
        let rows = claimed_of(&told_rows(&Tests::marked(), MARKED, &columns), IS_CLAIMED);
        let (mut connections, mut minutes) = (Vec::new(), Vec::new());
        for (number, (asked, traffic)) in asked.iter().zip(traffic.iter()).enumerate() {
            let question = &asked.question;
            let interfaces = own_interfaces(question, traffic);
            if question.looks_at_connections() {
                asked.mark(number, interfaces.as_deref(), &mut connections)?;
            }
            if question.looks_at_minutes() {
                asked.mark(number, interfaces.as_deref(), &mut minutes)?;
            }
        }
        let sql = connections_sql(KEYS, &rows);
        let connections = self.ask(connections, asked.len(), &sql, connection).await?;
        let sql = minutes_sql(KEYS, &rows);
        let minutes = self.ask(minutes, asked.len(), &sql, minute).await?;
        let found = traffic.iter_mut().zip(connections).zip(minutes);
        for (asked, ((traffic, connections), minutes)) in asked.iter().zip(found) {
            if asked.question.looks_at_connections() {
                traffic.observations.connections = connections.into_iter().collect();
            }
            if asked.question.looks_at_minutes() {
                traffic.observations.minutes = minutes.into_iter().collect();
            }
        }
        Ok(())
    }

    /// What a query of these records tells, by question.
    async fn ask<T>(
        &self,
        marked: Vec<RecordBatch>,
        questions: usize,
        sql: &str,
        read: impl Fn(&Columns, usize) -> Result<T, EngineError>,
    ) -> Result<Vec<Vec<T>>, EngineError> {
        let mut by_question: Vec<Vec<T>> = (0..questions).map(|_| Vec::new()).collect();
        let Some(first) = marked.first() else { return Ok(by_question) };
        let schema = first.schema();
        let mut parts = vec![Vec::new(); self.partitions.min(marked.len())];
        let count = parts.len();
        marked.into_iter().enumerate().for_each(|(n, batch)| parts[n % count].push(batch));
        self.context.register_table(MARKED, Arc::new(MemTable::try_new(schema, parts)?))?;
        let found = self.context.sql(sql).await?.collect().await;
        self.context.deregister_table(MARKED)?;
        let numbered = |columns: &Columns, row: usize| {
            let number = columns.number("question", row)?.and_then(|it| usize::try_from(it).ok());
            Ok::<_, EngineError>((number, read(columns, row)?))
        };
        for (number, row) in rows::read(&found?, numbered)? {
            let of_question = number.and_then(|number| by_question.get_mut(number));
            let unknown = || DataFusionError::Internal("a row of no question".to_owned());
            of_question.ok_or_else(unknown)?.push(row);
        }
        Ok(by_question)
    }
}

impl Asked<'_> {
    /// Adds this question's records, marked with its number; only those of these interfaces, if any are told.
    fn mark(
        &self,
        number: usize,
        interfaces: Option<&[String]>,
        marked: &mut Vec<RecordBatch>,
    ) -> Result<(), EngineError> {
        let marks = Marks::of(number, &self.question, &self.terms.orientation.book)?;
        for records in &self.records {
            let records = match interfaces {
                Some(interfaces) => of_interfaces(records, interfaces)?,
                None => records.clone(),
            };
            marked.push(marks.mark(&records)?);
        }
        Ok(())
    }
}

fn of_interfaces(
    records: &RecordBatch,
    interfaces: &[String],
) -> Result<RecordBatch, DataFusionError> {
    let interfaces: HashSet<&str> = interfaces.iter().map(String::as_str).collect();
    let column = text_column(records, FieldId::INTERFACE_ID)?;
    let is_among = |row| column.is_valid(row) && interfaces.contains(column.value(row));
    only_rows(records, BooleanBuffer::collect_bool(records.num_rows(), is_among))
}
