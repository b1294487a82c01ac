//! One Parquet object on its way through the engine.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::catalog::memory::DataSourceExec;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use flowproof_source::{Chunks, Encoding, Ranges, SourceError};
use futures::{FutureExt, StreamExt};
use parquet::arrow::RowNumber;
use parquet::errors::ParquetError;

use super::MAGIC;
use super::bytes::{Reader, ReaderFactory};
use super::layout::Layout;
use super::pushdown::{Pushdown, Test};
use super::rows::{RowReader, Wanted};
use crate::scan::{Outcome, ScanPlan, Shaper, outcome_of};

/// The column that tells a row's number in the file, where rows are left out before it. No field
/// has this name.
const ROW_NUMBER: &str = "row number";

/// What our own writer notes in a file whose addresses are in their one spelling.
const ONE_SPELLING: &str = "flowproof.addresses";

/// How the Parquet reader begins to say that it lacks a codec.
const NOT_BUILT_IN: &str = "Disabled feature at compile time";

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

/// A file that is being read.
struct Reading {
    stream: Option<SendableRecordBatchStream>,
    reader: Reader,
    rows: RowReader,
    /// Rows in the file, and those that came of it.
    rows_stored: u64,
    rows_read: u64,
    numbered: bool,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("rows_read", &self.rows_read).finish_non_exhaustive()
    }
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
        let ranges = match Ranges::open(&plan.context.objects[object_idx]).await {
            Ok(ranges) => ranges,
            Err(error) => {
                object.outcome = outcome_of(&error);
                return Ok(object);
            }
        };
        object.shaper.report.encoding = Some(Encoding::Parquet);
        match guarded(begin(&plan, ranges, task)).await {
            Ok(reading) => object.reading = Some(reading),
            Err(Stop::Object(outcome)) => object.outcome = outcome,
            Err(Stop::Query(error)) => return Err(error),
        }
        Ok(object)
    }

    /// The next batch; `None` when the object is done and reported.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while let Some(reading) = &mut self.reading {
            match guarded(reading.next()).await {
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
        self.shaper.put_report();
        Ok(())
    }
}

/// The digest of all stored bytes; none if they cannot be read to the end.
async fn digest(mut chunks: Chunks) -> Option<String> {
    while chunks.next().await.ok()?.is_some() {}
    chunks.digest().map(str::to_owned)
}

/// Why reading ends before the end.
enum Stop {
    /// The object is at fault, or the disk: other objects go on.
    Object(Outcome),
    /// The query as a whole fails.
    Query(DataFusionError),
}

/// Runs a part of reading. A reader that panics on damaged bytes must not end the process.
async fn guarded<T>(work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        Err(Stop::Object(Outcome::Corrupt("the Parquet reader gave up on it".into())))
    })
}

/// Reads the footer and plans the rest.
async fn begin(
    plan: &Arc<ScanPlan>,
    ranges: Ranges,
    task: Arc<TaskContext>,
) -> Result<Reading, Stop> {
    let reader = match Reader::open(ranges.clone()).await {
        Ok(reader) => reader,
        Err(error) => return Err(Stop::Object(footer_outcome(error, &ranges).await)),
    };
    let layout = Layout::of(reader.metadata()).map_err(Stop::Object)?;
    let context = &plan.context;
    let wanted = Wanted {
        fields: plan.fields(),
        keep: plan.keep(),
        from: context.from,
        to: context.to,
        predicate: plan.predicate.clone(),
        thorough: plan.context.thorough,
    };
    let rows = RowReader::new(layout, wanted);
    let one_spelling = is_noted(&reader, ONE_SPELLING, "one-spelling");
    let columns = rows.file_columns();
    let pushdown = Pushdown::new(rows.layout(), Arc::clone(&columns), one_spelling);
    let test = match context.push_filters && !context.thorough {
        true => pushdown.ask(rows.wanted(), &context.coverage).map_err(Stop::Query)?,
        false => Test::Always,
    };
    let rows_stored = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut reading =
        Reading { stream: None, reader, rows, rows_stored, rows_read: 0, numbered: false };
    if rows_stored > 0 {
        reading.start(test, task).map_err(stop_of)?;
    }
    Ok(reading)
}

/// Whether a file says this of itself.
fn is_noted(reader: &Reader, key: &str, value: &str) -> bool {
    let notes = reader.metadata().file_metadata().key_value_metadata();
    let mut notes = notes.into_iter().flatten();
    notes.any(|note| note.key == key && note.value.as_deref() == Some(value))
}

impl Reading {
    /// Has DataFusion read the file.
    fn start(&mut self, test: Test, task: Arc<TaskContext>) -> Result<()> {
        let columns = self.rows.file_columns();
        let mut table = TableSchema::builder(columns);
        let filter = match test {
            Test::Never => return Ok(()),
            Test::Always => None,
            Test::Filter(filter) => {
                let number = Field::new(ROW_NUMBER, DataType::Int64, false);
                table = table
                    .with_virtual_columns(vec![Arc::new(number.with_extension_type(RowNumber))]);
                self.numbered = true;
                Some(filter)
            }
        };
        let mut source = ParquetSource::new(table.build())
            .with_parquet_file_reader_factory(Arc::new(ReaderFactory(self.reader.clone())))
            .with_enable_page_index(true)
            .with_bloom_filter_on_read(true)
            .with_pushdown_filters(true);
        if let Some(filter) = filter {
            source = source.with_predicate(filter);
        }
        // The path is only a name: our own reader knows where the bytes are.
        let size = self.reader.size();
        let file = PartitionedFile::new("object", size)
            .with_arrow_schema(Arc::clone(self.rows.layout().schema()));
        let config =
            FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
                .with_file(file)
                .build();
        self.stream = Some(DataSourceExec::from_data_source(config).execute(0, task)?);
        Ok(())
    }

    /// The next records that are wanted; they may be none.
    async fn next(&mut self) -> Result<Option<RecordBatch>, Stop> {
        let Some(stream) = &mut self.stream else { return Ok(None) };
        let Some(stored) = stream.next().await else { return Ok(None) };
        let stored = stored.map_err(stop_of)?;
        let first = self.rows_read;
        self.rows_read += stored.num_rows() as u64;
        let numbers = stored.column_by_name(ROW_NUMBER).filter(|_| self.numbered);
        let numbers = numbers.and_then(|numbers| numbers.as_primitive_opt::<Int64Type>());
        let number = |row: usize| match numbers {
            // Row numbers are counted from 0, and are not negative.
            Some(numbers) => numbers.value(row).unsigned_abs() + 1,
            None => first + row as u64 + 1,
        };
        self.rows.read(&stored, number).map(Some).map_err(Stop::Query)
    }
}

/// What an object comes to whose footer cannot be read.
async fn footer_outcome(error: ParquetError, ranges: &Ranges) -> Outcome {
    if let Some(outcome) = outcome_of_source(&error) {
        return outcome;
    }
    let size = ranges.size();
    let end = match size.checked_sub(MAGIC.len() as u64) {
        Some(start) => {
            let range = std::iter::once(start..size).collect();
            ranges.read(range).await.ok().and_then(|mut read| read.pop())
        }
        None => None,
    };
    match (&error, end) {
        (ParquetError::NYI(reason), _) => Outcome::Unsupported(reason.clone()),
        (_, Some(end)) if end == MAGIC && size > 2 * MAGIC.len() as u64 => {
            Outcome::Corrupt(format!("its footer cannot be read: {}", reason_of(&error)))
        }
        _ => Outcome::Truncated("it begins as Parquet and does not end so".into()),
    }
}

/// Whose fault an error is: the object's, the disk's or the query's.
fn stop_of(error: DataFusionError) -> Stop {
    match error.find_root() {
        DataFusionError::ParquetError(error) => Stop::Object(match outcome_of_source(error) {
            Some(outcome) => outcome,
            None => outcome_of_error(error),
        }),
        DataFusionError::ArrowError(error, _) => Stop::Object(Outcome::Corrupt(error.to_string())),
        DataFusionError::External(error) => match error.downcast_ref::<SourceError>() {
            Some(error) => Stop::Object(outcome_of(error)),
            None => Stop::Object(Outcome::Corrupt(error.to_string())),
        },
        _ => Stop::Query(error),
    }
}

fn outcome_of_error(error: &ParquetError) -> Outcome {
    match error {
        ParquetError::NYI(reason) => Outcome::Unsupported(reason.clone()),
        ParquetError::General(reason) if reason.starts_with(NOT_BUILT_IN) => {
            Outcome::Unsupported(format!("a codec that this program is built without: {reason}"))
        }
        _ => Outcome::Corrupt(reason_of(error)),
    }
}

/// What the disk said, if it was not the object's bytes.
fn outcome_of_source(error: &ParquetError) -> Option<Outcome> {
    match error {
        ParquetError::External(error) => error.downcast_ref::<SourceError>().map(outcome_of),
        _ => None,
    }
}

fn reason_of(error: &ParquetError) -> String {
    match error {
        ParquetError::General(reason) | ParquetError::EOF(reason) => reason.clone(),
        other => other.to_string(),
    }
}

fn told_with_records(outcome: Outcome, rows: u64) -> Outcome {
    match outcome {
        Outcome::Corrupt(reason) => {
            Outcome::Corrupt(format!("{reason}; {rows} records before that are counted"))
        }
        other => other,
    }
}
