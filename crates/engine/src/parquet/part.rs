//! A part of a holder on its way through the engine: rows of many sources, as `collect` wrote them.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, Int32Array, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int32Type;
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use flowproof_record::Keep;
use flowproof_source::{Ranges, open};

use super::bytes::Reader;
use super::layout::Layout;
use super::reading::{Reading, Stop, begin, guarded, open_reader};
use super::rows::{RowReader, Wanted};
use crate::held::Holder;
use crate::scan::{CoverageScope, Outcome, Part, PartShaper, ScanPlan, SharedSums};

/// Reads one part of a holder and hands out its batches.
#[derive(Debug)]
pub(crate) struct HeldPart {
    part: Part,
    shaper: PartShaper,
    /// By a source's number: whether it is wanted; `None` if all are.
    wanted: Option<Vec<bool>>,
    reading: Option<Reading>,
}

impl HeldPart {
    /// Opens a part. What is wrong with it is in its report.
    pub(crate) async fn open(
        plan: Arc<ScanPlan>,
        part: Part,
        sums: Option<SharedSums>,
        task: Arc<TaskContext>,
    ) -> Result<HeldPart> {
        let wanted = wanted_sources(&plan, &part);
        let shaper = PartShaper::new(Arc::clone(&plan), part.clone(), sums);
        let mut held = HeldPart { part, shaper, wanted, reading: None };
        match guarded(held.begin(&plan, task)).await {
            Ok(reading) => held.reading = Some(reading),
            Err(stop) => held.stop(stop)?,
        }
        Ok(held)
    }

    async fn begin(&mut self, plan: &ScanPlan, task: Arc<TaskContext>) -> Result<Reading, Stop> {
        let context = &plan.context;
        let holder = &self.part.holder;
        let ranges = Ranges::open(&holder.object).await;
        let ranges = ranges.map_err(|error| Stop::of(&error))?;
        let reader = open_reader(ranges).await?;
        let rows = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
        if rows != holder.manifest.rows() {
            return Err(Stop::Object(Outcome::Corrupt("it changed while it was read".into())));
        }
        // Once for all parts; an answer that names its evidence must not rest on changed bytes.
        if context.counts_exactly() && self.part.part == 0 {
            check_bytes(holder).await?;
        }
        if context.counts_exactly() && context.is_bounded() {
            self.count_in_range(plan, reader.clone(), Arc::clone(&task)).await?;
        }
        Self::read(&self.part, plan, &context.coverage, reader, Wanted::of(plan, false), task).await
    }

    async fn read(
        part: &Part,
        plan: &ScanPlan,
        scope: &CoverageScope,
        reader: Reader,
        wanted: Wanted,
        task: Arc<TaskContext>,
    ) -> Result<Reading, Stop> {
        let holder = &part.holder;
        let row_groups = part.row_groups(reader.metadata().num_row_groups());
        let layout = Layout::of(reader.metadata()).map_err(Stop::Object)?;
        let rows = RowReader::of_holder(layout, wanted, &holder.manifest);
        begin(&plan.context, scope, reader, rows, Some(row_groups), task).await
    }

    /// Counts each source's records with traffic inside the window, also those that the question is
    /// not about.
    async fn count_in_range(
        &mut self,
        plan: &ScanPlan,
        reader: Reader,
        task: Arc<TaskContext>,
    ) -> Result<(), Stop> {
        let wanted = Wanted {
            fields: Vec::new(),
            keep: Keep::Traffic,
            predicate: None,
            ..Wanted::of(plan, false)
        };
        let mut reading =
            Self::read(&self.part, plan, &CoverageScope::Nobody, reader, wanted, task).await?;
        while reading.next().await?.is_some() {}
        self.shaper.report.in_range = reading.rows.take_in_range();
        Ok(())
    }

    /// The next batch; `None` when the part is done and reported.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while let Some(reading) = &mut self.reading {
            let records = match guarded(reading.next()).await {
                Ok(Some(records)) => records,
                Ok(None) => break,
                Err(stop) => {
                    self.stop(stop)?;
                    break;
                }
            };
            if let Some(batch) = self.shape(records)? {
                return Ok(Some(batch));
            }
        }
        self.finish();
        Ok(None)
    }

    fn shape(&mut self, records: RecordBatch) -> Result<Option<RecordBatch>> {
        let last = records.num_columns() - 1; // There is at least the column of sources.
        let records = self.only_wanted(records, last)?;
        let sources = records.column(last).as_primitive::<Int32Type>();
        // They are not negative: the reader looked at them.
        let numbers: Vec<usize> = sources.values().iter().map(|number| *number as usize).collect();
        let fields: Vec<usize> = (0..last).collect();
        self.shaper.shape(records.project(&fields)?, numbers)
    }

    /// The rows of sources that are wanted. Nothing else may learn of the others.
    fn only_wanted(&self, records: RecordBatch, last: usize) -> Result<RecordBatch> {
        let Some(wanted) = &self.wanted else { return Ok(records) };
        let sources: &Int32Array = records.column(last).as_primitive();
        let is_wanted = |row: usize| wanted[sources.value(row) as usize];
        let rows = BooleanBuffer::collect_bool(sources.len(), is_wanted);
        Ok(filter_record_batch(&records, &BooleanArray::new(rows, None))?)
    }

    fn stop(&mut self, stop: Stop) -> Result<()> {
        match stop {
            Stop::Query(error) => Err(error),
            Stop::Object(outcome) => {
                let key = &self.holder().object.key;
                let told = |reason: &str| format!("{key}, which holds its records: {reason}");
                let reason = told(outcome.reason());
                self.shaper.report.failure = Some(match &outcome {
                    Outcome::Vanished(_) => Outcome::Vanished(reason),
                    Outcome::Denied(_) => Outcome::Denied(reason),
                    Outcome::KmsDenied(_) => Outcome::KmsDenied(reason),
                    Outcome::Archived(_) => Outcome::Archived(reason),
                    Outcome::Unreachable(_) => Outcome::Unreachable(reason),
                    _ => Outcome::Corrupt(reason),
                });
                Ok(())
            }
        }
    }

    fn holder(&self) -> &Holder {
        &self.part.holder
    }

    fn finish(&mut self) {
        let context = Arc::clone(&self.shaper.plan().context);
        if let Some(mut reading) = self.reading.take()
            && !(context.counts_exactly() && context.is_bounded())
        {
            self.shaper.report.in_range = reading.rows.take_in_range();
        }
        let holder = &self.part.holder;
        let sizes = holder.places.iter().flatten().map(|place| context.catalog.size(*place));
        // All of them are done with, read or not: progress is shown in their bytes.
        context.progress.add_bytes(sizes.sum::<u64>() / self.part.of as u64);
        self.shaper.put_report();
    }
}

/// Fails if the bytes of a holder are not those that it is named for.
async fn check_bytes(holder: &Holder) -> Result<(), Stop> {
    let unreadable = |error| Stop::of(&error);
    let mut chunks = open(&holder.object).await.map_err(unreadable)?;
    while chunks.next().await.map_err(unreadable)?.is_some() {}
    match chunks.digest() {
        Some(digest) if holder.is_named_for(digest) => Ok(()),
        _ => Err(Stop::Object(Outcome::Corrupt("its bytes are not those it is named for".into()))),
    }
}

/// By a source's number: whether it is wanted; `None` if all are.
fn wanted_sources(plan: &ScanPlan, part: &Part) -> Option<Vec<bool>> {
    let places = part.holder.places.iter();
    let wanted: Vec<bool> =
        places.map(|place| place.is_some_and(|place| plan.context.wants_object(place))).collect();
    (!wanted.iter().all(|wanted| *wanted)).then_some(wanted)
}
