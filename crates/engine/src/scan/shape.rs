//! The last part of reading an object: records become rows of the table, and what is told beside
//! them is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringViewArray,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{concat_batches, filter_record_batch};
use datafusion::common::Result;
use flowproof_record::{FieldId, Keep};
use flowproof_source::Object;

use super::plan::ScanPlan;
use super::times::note_times;
use super::{InterfaceTimes, KeptObject, LocalCodes, ObjectReport};
use crate::copies::{Marker, flow_log_of};
use crate::inspect::LoggedInterfaces;
use crate::orient::{Codes, Learner, Oriented, effective};
use crate::parquet::passing;
use crate::table::{TableColumn, text_column};

/// Makes batches of the table from batches of records of one object, and keeps what is to be told
/// of the object. Every reader, whatever its objects are written in, ends here.
#[derive(Debug)]
pub(crate) struct Shaper {
    plan: Arc<ScanPlan>,
    object_idx: usize,
    pub(crate) report: ObjectReport,
    learner: Learner,
    codes: Codes,
    interfaces: LocalCodes,
    times: BTreeMap<String, InterfaceTimes>,
    logged: LoggedInterfaces,
    marker: Option<Marker>,
}

impl Shaper {
    pub(crate) fn new(plan: Arc<ScanPlan>, object_idx: usize) -> Shaper {
        let shared = plan.context.copies.shared.as_ref();
        let object = &plan.context.objects[object_idx];
        let marker = shared.map(|shared| Marker::new(shared, object_idx, object));
        Shaper {
            plan,
            object_idx,
            report: ObjectReport::default(),
            learner: Learner::default(),
            codes: Codes::default(),
            interfaces: LocalCodes::default(),
            times: BTreeMap::new(),
            logged: LoggedInterfaces::default(),
            marker,
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
        if let Some(marker) = &mut self.marker {
            records = marker.number(&records)?;
        }
        let others = self.take_others(&mut records)?;
        if self.plan.wants_times() {
            let object = &self.plan.context.objects[self.object_idx];
            let flow_log = object.layout.as_ref().and_then(|layout| layout.flow_log_id.as_deref());
            note_times(&records, &self.plan.context.coverage, flow_log, &mut self.times)?;
            records = only_traffic(&records)?;
        }
        if self.plan.context.several_flow_logs {
            let flow_log = flow_log_of(&self.plan.context.objects[self.object_idx]);
            self.logged.note(&records, flow_log);
        }
        let mut batch = self.table_batch(&records, true)?;
        self.report.rows += batch.num_rows() as u64;
        if let Some(others) = others {
            let others = self.table_batch(&others, false)?;
            batch = concat_batches(&self.plan.schema, [&batch, &others])?;
        }
        Ok((batch.num_rows() > 0).then_some(batch))
    }

    /// Parts the records that are asked about from those that are only looked at since they may be
    /// copies of these.
    fn take_others(&self, records: &mut RecordBatch) -> Result<Option<RecordBatch>> {
        let Some(asked) = &self.plan.asked else { return Ok(None) };
        let mut asked = passing(asked, records)?;
        if self.plan.keep() == Keep::TrafficAndIdle {
            // Idle records are handed out without asking the predicate.
            let status = text_column(records, FieldId::LOG_STATUS)?;
            asked = &asked
                | &BooleanBuffer::collect_bool(records.num_rows(), |row| {
                    status.is_valid(row) && is_idle(status.value(row))
                });
        }
        if asked.count_set_bits() == records.num_rows() {
            return Ok(None);
        }
        let others = filter_record_batch(records, &BooleanArray::from(!&asked))?;
        *records = filter_record_batch(records, &BooleanArray::from(asked))?;
        Ok(Some(others))
    }

    /// Reports the object, which is done.
    pub(crate) fn put_report(&mut self) {
        if let Some(kept) = &self.plan.context.keeping {
            kept.keep_report(self.object_idx, &self.report);
        }
        let report = std::mem::take(&mut self.report);
        let learner = std::mem::take(&mut self.learner);
        let times = std::mem::take(&mut self.times);
        let logged = std::mem::take(&mut self.logged);
        let context = &self.plan.context;
        if !logged.is_empty() {
            context.report.put_logged(logged);
        }
        context.progress.add_object();
        context.report.put(self.object_idx, report, learner, times);
    }

    /// Rows of the table. Those that are not asked about are in no count, and teach nothing.
    fn table_batch(&mut self, decoded: &RecordBatch, asked: bool) -> Result<RecordBatch> {
        let oriented = if self.plan.wants_orientation() && !asked {
            Some(Oriented::nothing(decoded.num_rows()))
        } else if self.plan.wants_orientation() {
            let orientation = &self.plan.context.orientation;
            let oriented = orientation.orient(decoded, &mut self.learner, &mut self.codes)?;
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
        let columns = columns.map(|column| match (column, &self.marker) {
            (TableColumn::CopyKey, Some(marker)) => {
                marker.keys(decoded, oriented.as_ref().filter(|_| asked))
            }
            _ => self.column(*column, decoded, oriented.as_ref()),
        });
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

/// The rows that are not NODATA or SKIPDATA.
fn only_traffic(batch: &RecordBatch) -> Result<RecordBatch> {
    let status = text_column(batch, FieldId::LOG_STATUS)?;
    let idle = |status: Option<&str>| status.is_some_and(is_idle);
    let traffic: BooleanArray = status.iter().map(|status| Some(!idle(status))).collect();
    if traffic.true_count() == batch.num_rows() {
        return Ok(batch.clone());
    }
    Ok(filter_record_batch(batch, &traffic)?)
}

fn is_idle(status: &str) -> bool {
    matches!(status, "NODATA" | "SKIPDATA")
}

fn constant(value: Option<&str>, rows: usize) -> ArrayRef {
    Arc::new(std::iter::repeat_n(value, rows).collect::<StringViewArray>())
}
