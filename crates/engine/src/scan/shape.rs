//! The last part of reading an object: records become rows of the table, and what is told beside
//! them is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringViewArray,
};
use arrow::compute::filter_record_batch;
use datafusion::common::Result;
use flowproof_record::FieldId;
use flowproof_source::Object;

use super::plan::{ScanPlan, SharedSums};
use super::times::note_times;
use super::{InterfaceTimes, KeptObject, LocalCodes, ObjectReport, Sums};
use crate::orient::{Desk, Oriented, effective};
use crate::table::{TableColumn, text_column};

/// Makes batches of the table from batches of records of one object, and keeps what is to be told
/// of the object. Every reader, whatever its objects are written in, ends here.
#[derive(Debug)]
pub(crate) struct Shaper {
    plan: Arc<ScanPlan>,
    object_idx: usize,
    pub(crate) report: ObjectReport,
    desk: Desk,
    interfaces: LocalCodes,
    times: BTreeMap<String, InterfaceTimes>,
    pub(super) sums: Option<SharedSums>,
}

impl Shaper {
    /// `sums` are those of the partition, if the plan asks for sums.
    pub(crate) fn new(plan: Arc<ScanPlan>, object_idx: usize, sums: Option<SharedSums>) -> Shaper {
        Shaper {
            sums,
            desk: Desk::new(&plan.context.orientation),
            plan,
            object_idx,
            report: ObjectReport::default(),
            interfaces: LocalCodes::default(),
            times: BTreeMap::new(),
        }
    }

    /// Takes records that an earlier reading kept, instead of reading the object; gives the rows.
    pub(crate) fn reshape(mut self, kept: &KeptObject) -> Result<Vec<RecordBatch>> {
        // What is counted while rows are shaped is counted anew.
        self.report = ObjectReport {
            rows: 0,
            unoriented: 0,
            direction_conflicts: 0,
            assumed_direction: 0,
            ..kept.report.clone()
        };
        let mut rows = Vec::with_capacity(kept.batches.len());
        for batch in &kept.batches {
            rows.extend(self.shape(batch.clone())?);
        }
        self.put_report();
        Ok(rows)
    }

    pub(crate) fn plan(&self) -> &Arc<ScanPlan> {
        &self.plan
    }

    /// Takes records with the columns of [`ScanPlan::fields`], and gives rows of the table; `None` if
    /// there are none to give.
    pub(crate) fn shape(&mut self, mut records: RecordBatch) -> Result<Option<RecordBatch>> {
        let keeping = self.plan.context.keeping.as_ref();
        if let Some(kept) = keeping.filter(|kept| kept.is_keeping()) {
            kept.keep(self.object_idx, &records);
        }
        if self.plan.wants_times() {
            let object = &self.plan.context.objects[self.object_idx];
            let flow_log = object.layout.as_ref().and_then(|layout| layout.flow_log_id.as_deref());
            note_times(&records, &self.plan.context.coverage, flow_log, &mut self.times)?;
            records = only_traffic(&records)?;
        }
        let batch = self.table_batch(&records)?;
        self.report.rows += batch.num_rows() as u64;
        if let Some(sums) = &self.sums {
            lock(sums).add_rows(&batch)?;
            return Ok(None);
        }
        Ok((batch.num_rows() > 0).then_some(batch))
    }

    /// Reports the object, which is done.
    pub(crate) fn put_report(&mut self) {
        if let Some(sums) = &self.sums {
            lock(sums).tell(&mut self.report);
        }
        if let Some(kept) = &self.plan.context.keeping {
            kept.keep_report(self.object_idx, &self.report);
        }
        let report = std::mem::take(&mut self.report);
        let learner = self.desk.take_learner();
        let times = std::mem::take(&mut self.times);
        let context = &self.plan.context;
        context.progress.add_object();
        context.report.put(self.object_idx, report, learner, times);
    }

    fn table_batch(&mut self, decoded: &RecordBatch) -> Result<RecordBatch> {
        let oriented = if self.plan.wants_orientation() {
            let orientation = &self.plan.context.orientation;
            let oriented = orientation.orient(decoded, &mut self.desk)?;
            self.report.unoriented += oriented.unoriented;
            self.report.direction_conflicts += oriented.conflicts;
            self.report.assumed_direction += oriented.assumed;
            self.report.left_open |= oriented.left_open;
            Some(oriented)
        } else {
            None
        };
        let plan = Arc::clone(&self.plan);
        let columns = plan.columns.iter();
        let columns = columns.map(|column| self.column(*column, decoded, oriented.as_ref()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(decoded.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.plan.schema), columns, &options)?)
    }

    fn column(
        &mut self,
        column: TableColumn,
        decoded: &RecordBatch,
        oriented: Option<&Oriented>,
    ) -> Result<ArrayRef> {
        let rows = decoded.num_rows();
        let field = |id: FieldId| -> Result<ArrayRef> {
            let place = decoded.schema_ref().index_of(id.field().column)?;
            Ok(Arc::clone(decoded.column(place)))
        };
        let context = Arc::clone(&self.plan.context);
        let object: &Object = &context.objects[self.object_idx];
        let layout = object.layout.as_ref();
        let Some(oriented) = oriented.filter(|_| column.needs_orientation()) else {
            return match column {
                TableColumn::Field(id) => field(id),
                TableColumn::InterfaceCode => {
                    let interfaces = text_column(decoded, FieldId::INTERFACE_ID)?;
                    self.interfaces.codes(&context.interner, interfaces)
                }
                TableColumn::Object => Ok(constant(Some(&object.key), rows)),
                TableColumn::FlowLogId => {
                    Ok(constant(layout.and_then(|l| l.flow_log_id.as_deref()), rows))
                }
                TableColumn::ObjectAccount => {
                    Ok(constant(layout.and_then(|l| l.account.as_deref()), rows))
                }
                TableColumn::ObjectRegion => {
                    Ok(constant(layout.and_then(|l| l.region.as_deref()), rows))
                }
                _ => self.instance(decoded),
            };
        };
        let source = field(FieldId::SRCADDR)?;
        let destination = field(FieldId::DSTADDR)?;
        match column {
            TableColumn::Local => oriented.local(&source, &destination),
            TableColumn::Remote => oriented.remote(
                &effective(&field(FieldId::PKT_SRCADDR)?, &source)?,
                &effective(&field(FieldId::PKT_DSTADDR)?, &destination)?,
            ),
            TableColumn::LocalPort => {
                oriented.local(&field(FieldId::SRCPORT)?, &field(FieldId::DSTPORT)?)
            }
            TableColumn::RemotePort => {
                oriented.remote(&field(FieldId::SRCPORT)?, &field(FieldId::DSTPORT)?)
            }
            TableColumn::OwnInterface => Ok(oriented.own()),
            TableColumn::Pending => Ok(oriented.pending()),
            TableColumn::FlowKind => oriented.kinds(text_column(decoded, FieldId::ACTION)?),
            _ => Ok(oriented.direction()),
        }
    }

    /// The record's own instance, or the one that the address book has for its interface.
    fn instance(&self, decoded: &RecordBatch) -> Result<ArrayRef> {
        let logged = text_column(decoded, FieldId::INSTANCE_ID)?;
        let interface = text_column(decoded, FieldId::INTERFACE_ID)?;
        let book = &self.plan.context.orientation.book;
        let instances = (0..decoded.num_rows()).map(|row| {
            if logged.is_valid(row) {
                return Some(logged.value(row));
            }
            let entry = book.get(interface.is_valid(row).then(|| interface.value(row))?)?;
            entry.instance.as_deref()
        });
        Ok(Arc::new(instances.collect::<StringViewArray>()))
    }
}

/// The sums, which nobody else uses at the same time.
pub(super) fn lock(sums: &SharedSums) -> MutexGuard<'_, Sums> {
    // A thread that panicked in here ended its query too.
    sums.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The rows that are not NODATA or SKIPDATA.
fn only_traffic(batch: &RecordBatch) -> Result<RecordBatch> {
    let status = text_column(batch, FieldId::LOG_STATUS)?;
    let idle = |status: Option<&str>| matches!(status, Some("NODATA" | "SKIPDATA"));
    let traffic: BooleanArray = status.iter().map(|status| Some(!idle(status))).collect();
    if traffic.true_count() == batch.num_rows() {
        return Ok(batch.clone());
    }
    Ok(filter_record_batch(batch, &traffic)?)
}

fn constant(value: Option<&str>, rows: usize) -> ArrayRef {
    Arc::new(std::iter::repeat_n(value, rows).collect::<StringViewArray>())
}
