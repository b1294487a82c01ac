//! One Parquet object on its way through the engine.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use flowproof_source::{Chunks, Encoding, Ranges};

use super::bytes::footer_note;
use super::layout::Layout;
use super::reading::{Reading, Stop, begin, guarded, open_reader};
use super::rows::{RowReader, Wanted};
use crate::held::MANIFEST;
use crate::scan::{Outcome, ScanPlan, Shaper, outcome_of};

/// Why a file of a collected set is not read as any other Parquet file: what it says of its sources
/// would be lost.
const NO_MANIFEST: &str = "a file of a collected set that was renamed, or is damaged, or is of \
                           another version of this program; its name must be as it was written";

/// Reads one Parquet object and hands out its batches.
#[derive(Debug)]
pub(crate) struct ParquetObject {
    object_idx: usize,
    shaper: Shaper,
    /// The object's bytes from the beginning, for its digest.
    chunks: Option<Chunks>,
    reading: Option<Reading>,
    outcome: Outcome,
}

impl ParquetObject {
    /// Opens an object that begins as Parquet does. What is wrong with it is in its report.
    pub(crate) async fn open(
        shaper: Shaper,
        object_idx: usize,
        chunks: Chunks,
        task: Arc<TaskContext>,
    ) -> Result<ParquetObject> {
        let plan = Arc::clone(shaper.plan());
        let mut object = ParquetObject {
            object_idx,
            shaper,
            chunks: Some(chunks),
            reading: None,
            outcome: Outcome::Read,
        };
        let ranges = match Ranges::open(&plan.context.catalog.object(object_idx)).await {
            Ok(ranges) => ranges,
            Err(error) => {
                object.outcome = outcome_of(&error)?;
                return Ok(object);
            }
        };
        object.shaper.report.encoding = Some(Encoding::Parquet);
        match guarded(plan_reading(&plan, ranges, task)).await {
            Ok(reading) => object.reading = Some(reading),
            Err(Stop::Object(outcome)) => object.outcome = outcome,
            Err(Stop::Query(error)) => return Err(error),
        }
        Ok(object)
    }

    /// The next batch; `None` when the object is done and reported.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while let Some(reading) = &mut self.reading {
            match guarded(reading.next_to(&self.shaper)).await {
                Ok(Some(records)) => {
                    if let Some(batch) = self.shaper.shape(records)? {
                        return Ok(Some(batch));
                    }
                }
                Ok(None) => break,
                Err(Stop::Query(error)) => return Err(error),
                Err(Stop::Object(outcome)) => {
                    self.outcome = told_with_records(outcome, reading.rows_read);
                    break;
                }
            }
        }
        self.finish().await?;
        Ok(None)
    }

    async fn finish(&mut self) -> Result<()> {
        let context = Arc::clone(&self.shaper.plan().context);
        let mut marked = None;
        let report = &mut self.shaper.report;
        if let Some(reading) = self.reading.take() {
            let whole = self.outcome == Outcome::Read;
            let (mut rows, metadata) = (reading.rows, reading.reader.metadata());
            if whole {
                let passed_over = reading.rows_stored.saturating_sub(reading.rows_read);
                rows.tally_mut().counts.passed_over += passed_over;
            }
            if whole && reading.rows_stored == 0 {
                self.outcome = Outcome::Empty;
            }
            report.tally = rows.tally().clone();
            marked = rows.marked().cloned();
            let sizes = metadata.row_groups().iter().map(|group| group.total_byte_size());
            report.text_bytes = sizes.map(|size| u64::try_from(size).unwrap_or(0)).sum();
            report.stored_bytes = reading.reader.bytes_read();
            // All of it is done with, read or not.
            context.progress.add_bytes(reading.reader.size());
        }
        let chunks = self.chunks.take();
        let wanted = self.shaper.plan().wants_digest(self.object_idx);
        if let Some(chunks) = chunks.filter(|_| wanted) {
            self.shaper.report.digest = digest(chunks).await;
        }
        self.shaper.report.outcome = std::mem::take(&mut self.outcome);
        self.shaper.put_marked(marked);
        self.shaper.put_report();
        Ok(())
    }
}

/// The digest of all stored bytes; none if they cannot be read to the end.
async fn digest(mut chunks: Chunks) -> Option<String> {
    while chunks.next().await.ok()?.is_some() {}
    chunks.digest().map(str::to_owned)
}

/// Reads the footer and plans the rest.
async fn plan_reading(
    plan: &Arc<ScanPlan>,
    ranges: Ranges,
    task: Arc<TaskContext>,
) -> Result<Reading, Stop> {
    let reader = open_reader(ranges).await?;
    if footer_note(reader.metadata(), MANIFEST).is_some() {
        return Err(Stop::Object(Outcome::Unsupported(NO_MANIFEST.to_owned())));
    }
    let layout = Layout::of(reader.metadata()).map_err(Stop::Object)?;
    let layout = layout.with_coded_texts(reader.metadata());
    let context = &plan.context;
    let rows = RowReader::new(layout, Wanted::of(plan, context.thorough));
    begin(context, &context.coverage, reader, rows, None, task).await
}

fn told_with_records(outcome: Outcome, rows: u64) -> Outcome {
    match outcome {
        Outcome::Corrupt(reason) => {
            Outcome::Corrupt(format!("{reason}; {rows} records before that are counted"))
        }
        other => other,
    }
}
