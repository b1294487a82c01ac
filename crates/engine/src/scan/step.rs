//! The CPU's part of reading an object: inflate, decode, orient. It runs on a rayon thread, in steps
//! that are bounded in time and memory, and owns all of its state, so that it can be moved there and
//! back.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringViewArray,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use datafusion::common::Result;
use flowproof_record::{Decoder, DecoderOptions, FieldId, Keep, Predicate};
use flowproof_source::{Ending, InflateError, Inflater, Object};

use super::times::{TIME_FIELDS, note_times};
use super::{CoverageScope, InterfaceTimes, ObjectReport, Outcome, ScanContext};
use crate::orient::{Learner, ORIENTATION_FIELDS, Oriented, effective};
use crate::table::{TableColumn, TableKind, text_column};

/// Inflated bytes of one call to the inflater: they stay in the second-level cache.
const ROOM: usize = 256 * 1024;
/// Inflated bytes of a step, so that a gzip bomb cannot fill the memory with batches.
const STEP_BYTES: usize = 4 * 1024 * 1024;

/// What a scan wants of every object.
#[derive(Debug)]
pub(super) struct ScanPlan {
    pub(super) context: Arc<ScanContext>,
    pub(super) kind: TableKind,
    pub(super) columns: Vec<TableColumn>,
    pub(super) schema: SchemaRef,
    pub(super) predicate: Option<Arc<Predicate>>,
}

impl ScanPlan {
    fn wants_times(&self) -> bool {
        self.context.coverage != CoverageScope::Nobody && self.kind == TableKind::Traffic
    }

    fn wants_orientation(&self) -> bool {
        self.columns.iter().any(|column| column.needs_orientation())
    }

    /// The fields to decode: those shown, and those that something is made from.
    fn fields(&self) -> Vec<FieldId> {
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
        if self.wants_orientation() {
            add(&ORIENTATION_FIELDS);
        }
        if self.wants_times() {
            add(&TIME_FIELDS);
        }
        fields
    }

    fn decoder(&self) -> Decoder {
        let keep = match (self.kind, self.wants_times()) {
            (TableKind::FlowLogs, _) => Keep::All,
            (TableKind::Traffic, false) => Keep::Traffic,
            (TableKind::Traffic, true) => Keep::TrafficAndIdle,
        };
        Decoder::new(DecoderOptions {
            columns: self.fields(),
            batch_rows: self.context.batch_rows,
            format: self.context.format.clone(),
            from: self.context.from,
            to: self.context.to,
            keep,
            predicate: self.predicate.clone(),
        })
    }
}

/// One object on its way through the CPU.
#[derive(Debug)]
pub(super) struct Work {
    plan: Arc<ScanPlan>,
    object_idx: usize,
    inflater: Inflater,
    decoder: Decoder,
    /// Stored bytes that were not taken yet.
    chunk: Bytes,
    /// Inflated bytes that were not decoded yet: from `text_at` on.
    text: Vec<u8>,
    text_at: usize,
    /// Whether the inflater may hold more output than it had room for.
    inflater_full: bool,
    /// Whether the last stored byte has come.
    input_ended: bool,
    report: ObjectReport,
    learner: Learner,
    times: BTreeMap<String, InterfaceTimes>,
}

/// What a step leaves to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// More stored bytes must come.
    Feed,
    /// There is more to do with what has come.
    Again,
    /// The object is done and reported.
    Done,
}

impl Work {
    pub(super) fn new(plan: Arc<ScanPlan>, object_idx: usize) -> Work {
        Work {
            inflater: Inflater::new(),
            decoder: plan.decoder(),
            plan,
            object_idx,
            chunk: Bytes::new(),
            text: Vec::new(),
            text_at: 0,
            inflater_full: false,
            input_ended: false,
            report: ObjectReport::default(),
            learner: Learner::default(),
            times: BTreeMap::new(),
        }
    }

    /// Hands over the next stored bytes; only after [`Next::Feed`].
    pub(super) fn feed(&mut self, chunk: Bytes) {
        self.report.stored_bytes += chunk.len() as u64;
        self.plan.context.progress.add_bytes(chunk.len() as u64);
        self.chunk = chunk;
    }

    /// Says that there are no more stored bytes, and what their digest is.
    pub(super) fn end_input(&mut self, digest: Option<&str>) {
        self.input_ended = true;
        self.report.digest = digest.map(str::to_owned);
    }

    /// Ends the object for a reason that its bytes do not know: it could not be read, or not on. The
    /// whole lines before that are counted, so they are handed out too.
    pub(super) fn end_early(mut self, outcome: Outcome) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        self.decoder.finish_cut();
        self.flush(&mut batches)?;
        self.report.encoding = self.inflater.encoding();
        self.report.outcome = outcome;
        self.put_report();
        Ok(batches)
    }

    /// Inflates, decodes and orients for a while; the batches are those of the table.
    pub(super) fn step(&mut self) -> Result<(Vec<RecordBatch>, Next)> {
        let mut batches = Vec::new();
        let mut done_bytes = 0;
        while done_bytes < STEP_BYTES {
            if self.text_at < self.text.len() {
                done_bytes += self.decode(&mut batches)?;
            } else if !self.chunk.is_empty() || self.inflater_full {
                if let Err(InflateError::Unsupported { encoding }) = self.inflate() {
                    self.finish_unsupported(encoding.name());
                    return Ok((batches, Next::Done));
                }
            } else if self.input_ended {
                self.finish(&mut batches)?;
                return Ok((batches, Next::Done));
            } else {
                return Ok((batches, Next::Feed));
            }
        }
        Ok((batches, Next::Again))
    }

    fn inflate(&mut self) -> Result<(), InflateError> {
        self.text.clear();
        self.text_at = 0;
        let taken = self.inflater.inflate(&self.chunk, &mut self.text, ROOM)?;
        self.chunk = self.chunk.slice(taken..);
        self.inflater_full = self.text.len() >= ROOM;
        self.report.text_bytes += self.text.len() as u64;
        Ok(())
    }

    fn decode(&mut self, batches: &mut Vec<RecordBatch>) -> Result<usize> {
        let used = self.decoder.decode(&self.text[self.text_at..]);
        self.text_at += used;
        if self.decoder.is_full() {
            self.flush(batches)?;
        }
        Ok(used)
    }

    fn finish_unsupported(&mut self, encoding: &str) {
        let reason = format!("{encoding} objects are not read by this version");
        self.report.outcome = Outcome::Unsupported(reason);
        self.report.encoding = self.inflater.encoding();
        self.put_report();
    }

    fn finish(&mut self, batches: &mut Vec<RecordBatch>) -> Result<()> {
        let ending = self.inflater.finish();
        match ending {
            Ending::Truncated { .. } | Ending::Corrupt { .. } => self.decoder.finish_cut(),
            _ => self.decoder.finish(),
        }
        self.flush(batches)?;
        self.report.encoding = self.inflater.encoding();
        self.report.outcome = self.outcome(ending);
        self.put_report();
        Ok(())
    }

    /// What became of the object, from how it ended and what was in it.
    fn outcome(&self, ending: Ending) -> Outcome {
        let counts = &self.decoder.tally().counts;
        let records = counts.ok + counts.nodata + counts.skipdata + counts.transit_gateway;
        let before = |reason: String| {
            format!("{reason}; {records} records before that are counted, unverified")
        };
        match ending {
            Ending::Truncated { reason } => Outcome::Truncated(before(reason)),
            Ending::Corrupt { reason } => Outcome::Corrupt(before(reason)),
            Ending::Unsupported { encoding } => {
                Outcome::Unsupported(format!("{} objects are not read", encoding.name()))
            }
            _ => match self.decoder.refusal() {
                Some(refusal) if refusal.looks_like.may_hold_records() => {
                    Outcome::Unsupported(refusal.to_string())
                }
                Some(refusal) => Outcome::NotAFlowLog(refusal.to_string()),
                None if self.decoder.tally().formats.is_empty() => Outcome::Empty,
                None => Outcome::Read,
            },
        }
    }

    fn put_report(&mut self) {
        self.report.tally = self.decoder.tally().clone();
        let report = std::mem::take(&mut self.report);
        let learner = std::mem::take(&mut self.learner);
        let times = std::mem::take(&mut self.times);
        let context = &self.plan.context;
        context.progress.add_object();
        context.report.put(self.object_idx, report, learner, times);
    }

    /// Makes the decoder's rows into a batch of the table.
    fn flush(&mut self, batches: &mut Vec<RecordBatch>) -> Result<()> {
        let Some(mut batch) = self.decoder.flush() else { return Ok(()) };
        if self.plan.wants_times() {
            let object = &self.plan.context.objects[self.object_idx];
            let flow_log = object.layout.as_ref().and_then(|layout| layout.flow_log_id.as_deref());
            note_times(&batch, &self.plan.context.coverage, flow_log, &mut self.times)?;
            batch = only_traffic(&batch)?;
        }
        let batch = self.table_batch(&batch)?;
        if batch.num_rows() > 0 {
            self.report.rows += batch.num_rows() as u64;
            batches.push(batch);
        }
        Ok(())
    }

    fn table_batch(&mut self, decoded: &RecordBatch) -> Result<RecordBatch> {
        let oriented = if self.plan.wants_orientation() {
            let orientation = &self.plan.context.orientation;
            let oriented = orientation.orient(decoded, &mut self.learner)?;
            self.report.unoriented += oriented.unoriented;
            self.report.direction_conflicts += oriented.conflicts;
            self.report.assumed_direction += oriented.assumed;
            Some(oriented)
        } else {
            None
        };
        let columns = self.plan.columns.iter();
        let columns = columns.map(|column| self.column(*column, decoded, oriented.as_ref()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(decoded.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.plan.schema), columns, &options)?)
    }

    fn column(
        &self,
        column: TableColumn,
        decoded: &RecordBatch,
        oriented: Option<&Oriented>,
    ) -> Result<ArrayRef> {
        let rows = decoded.num_rows();
        let field = |id: FieldId| -> Result<ArrayRef> {
            let place = decoded.schema_ref().index_of(id.field().column)?;
            Ok(Arc::clone(decoded.column(place)))
        };
        let object: &Object = &self.plan.context.objects[self.object_idx];
        let layout = object.layout.as_ref();
        let Some(oriented) = oriented.filter(|_| column.needs_orientation()) else {
            return match column {
                TableColumn::Field(id) => field(id),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orient::Orientation;
    use crate::scan::{Progress, ScanReport};
    use flowproof_source::Location;

    fn plan() -> Arc<ScanPlan> {
        let object = Object {
            key: "a.log".into(),
            location: Location::Local("a.log".into()),
            size: 1,
            etag: None,
            layout: None,
        };
        let context = ScanContext {
            objects: Arc::new(vec![object]),
            format: None,
            from: None,
            to: None,
            batch_rows: 8192,
            orientation: Orientation::default(),
            coverage: CoverageScope::Nobody,
            push_filters: true,
            pool: Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap()),
            report: ScanReport::default(),
            progress: Arc::new(Progress::default()),
        };
        let columns = vec![TableColumn::Field(FieldId::BYTES)];
        let schema = TableColumn::schema(&columns);
        let context = Arc::new(context);
        Arc::new(ScanPlan { context, kind: TableKind::Traffic, columns, schema, predicate: None })
    }

    #[test]
    fn what_is_counted_before_a_failed_read_is_handed_out() {
        let plan = plan();
        let mut work = Work::new(Arc::clone(&plan), 0);
        work.feed(Bytes::from_static(b"bytes log-status\n8400 OK\n52 OK\n17 O"));
        let (batches, next) = work.step().unwrap();
        assert_eq!((batches.len(), next), (0, Next::Feed));
        let batches = work.end_early(Outcome::Corrupt("the disk failed".into())).unwrap();
        let told = plan.context.report.take();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 2);
        assert_eq!((told.objects[&0].rows, told.objects[&0].tally.counts.ok), (2, 2));
    }
}
