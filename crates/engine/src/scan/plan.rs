//! What a scan wants of every object, whatever the object is written in.

use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use flowproof_record::{Decoder, DecoderOptions, FieldId, Keep, Predicate, TimeMarks};

use super::times::TIME_FIELDS;
use super::{CoverageScope, ScanContext, Sums};
use crate::orient::ORIENTATION_FIELDS;
use crate::parquet::{fields_of, passing_records};
use crate::table::{TableColumn, TableKind, idle_rows};

/// What a scan wants of every object.
#[derive(Debug)]
pub(crate) struct ScanPlan {
    pub(crate) context: Arc<ScanContext>,
    pub(crate) kind: TableKind,
    /// The columns of rows, and the columns of sums of them, if those are asked for instead.
    pub(crate) columns: Vec<TableColumn>,
    pub(crate) schema: SchemaRef,
    pub(crate) summed: Option<Vec<TableColumn>>,
    pub(crate) predicate: Option<Arc<Predicate>>,
    /// What is asked about, where the predicate lets more pass: records that may be copies of those
    /// asked about. They are rows like all others, which a filter above the scan takes out again,
    /// but they are not counted, and nothing is learned from them.
    pub(crate) asked: Option<Arc<Predicate>>,
}

/// The sums of a partition, which all of its objects add to, one after the other.
pub(crate) type SharedSums = Arc<Mutex<Sums>>;

impl ScanPlan {
    /// What wants these columns of a table of records that pass.
    pub(crate) fn of_rows(
        context: Arc<ScanContext>,
        kind: TableKind,
        columns: Vec<TableColumn>,
        predicate: Option<Arc<Predicate>>,
    ) -> ScanPlan {
        let schema = TableColumn::schema(&columns);
        ScanPlan { context, kind, columns, schema, summed: None, predicate, asked: None }
    }

    /// What sums up records, if sums are asked for.
    pub(super) fn sums(&self) -> Option<SharedSums> {
        let columns = self.summed.clone()?;
        Some(Arc::new(Mutex::new(Sums::new(self, columns))))
    }

    pub(crate) fn wants_times(&self) -> bool {
        self.context.coverage != CoverageScope::Nobody && self.kind != TableKind::FlowLogs
    }

    /// Whether a record's instance may depend on when it starts.
    fn wants_times_of_instances(&self) -> bool {
        let has_timelines = self.context.orientation.book.has_timelines();
        has_timelines && self.columns.contains(&TableColumn::Instance)
    }

    pub(crate) fn wants_orientation(&self) -> bool {
        self.columns.iter().any(|column| column.needs_orientation())
    }

    /// Whether the digest of an object's stored bytes is asked for.
    pub(crate) fn wants_digest(&self, object_idx: usize) -> bool {
        self.context.wants_digest(object_idx)
    }

    /// The fields to decode: those shown, and those that something is made from.
    pub(crate) fn fields(&self) -> Vec<FieldId> {
        let mut fields = Vec::new();
        let mut add = |ids: &[FieldId]| {
            ids.iter().for_each(|id| {
                if !fields.contains(id) {
                    fields.push(*id);
                }
            });
        };
        for column in &self.columns {
            match column {
                TableColumn::Field(id) => add(&[*id]),
                other => add(other.fields()),
            }
        }
        if self.wants_times_of_instances() {
            add(&[FieldId::START]);
        }
        if let Some(asked) = &self.asked {
            let mut of_asked = Vec::new();
            fields_of(asked, &mut of_asked);
            add(&of_asked);
        }
        if self.wants_orientation() {
            add(&ORIENTATION_FIELDS);
        }
        if self.wants_times() {
            add(&TIME_FIELDS);
        }
        fields
    }

    /// Which records the scan wants.
    pub(crate) fn keep(&self) -> Keep {
        match (self.kind, self.wants_times()) {
            (TableKind::FlowLogs | TableKind::Collected, _) => Keep::All,
            (_, false) => Keep::Traffic,
            (_, true) => Keep::TrafficAndIdle,
        }
    }

    /// Of records in the window, those that the scan wants: what a reader leaves out of an object, for
    /// records that were kept for many.
    pub(super) fn wanted(&self, records: &RecordBatch) -> Result<BooleanBuffer> {
        let passing = match &self.predicate {
            Some(predicate) => passing_records(predicate, records)?,
            None => BooleanBuffer::new_set(records.num_rows()),
        };
        Ok(match self.keep() {
            Keep::All => passing,
            Keep::Traffic => &passing & &!&idle_rows(records)?,
            Keep::TrafficAndIdle => &passing | &idle_rows(records)?,
        })
    }

    /// The bounds of the windows for which records are counted.
    pub(crate) fn marks(&self) -> Option<Arc<TimeMarks>> {
        self.context.gathering.as_ref().map(|gathering| Arc::clone(&gathering.marks))
    }

    pub(super) fn decoder(&self) -> Decoder {
        Decoder::new(DecoderOptions {
            columns: self.fields(),
            batch_rows: self.context.batch_rows,
            format: self.context.format.clone(),
            from: self.context.from,
            to: self.context.to,
            keep: self.keep(),
            predicate: self.predicate.clone(),
            pass_over: !self.context.learns_from_all,
            alone_unasked: self.context.learns_from_all,
            marks: self.marks(),
            ..DecoderOptions::default()
        })
    }
}
