//! One Parquet file on its way: DataFusion's source reads it, and its rows become records.

use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::catalog::memory::DataSourceExec;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use flowproof_source::{Ranges, SourceError};
use futures::{FutureExt, StreamExt};
use parquet::arrow::RowNumber;
use parquet::errors::ParquetError;

use super::MAGIC;
use super::bytes::{Reader, ReaderFactory, footer_note};
use super::fields::RowFields;
use super::prune::may_leave_out;
use super::pushdown::{Pushdown, Test};
use super::rows::RowReader;
use super::sheet::Checked;
use super::whole::WholeGroups;
use crate::held::ONE_SPELLING;
use crate::scan::{CoverageScope, Outcome, ScanContext, Shaper, outcome_of};

/// The column that tells a row's number in the file, where rows are left out before it. No field
/// has this name.
pub(super) const ROW_NUMBER: &str = "row number";

/// How the Parquet reader begins to say that it lacks a codec.
const NOT_BUILT_IN: &str = "Disabled feature at compile time";

/// Where the stored rows of a file come from.
enum Stored {
    /// None are read.
    Nowhere,
    DataFusion(SendableRecordBatchStream),
    Whole(Box<WholeGroups>),
}

/// A file that is being read.
pub(super) struct Reading {
    stored: Stored,
    pub(super) reader: Reader,
    pub(super) rows: RowReader,
    /// Rows in the file, and those that came of it.
    pub(super) rows_stored: u64,
    pub(super) rows_read: u64,
    numbered: bool,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("rows_read", &self.rows_read).finish_non_exhaustive()
    }
}

/// Why reading ends before the end.
pub(super) enum Stop {
    /// The object is at fault, or the disk: other objects go on.
    Object(Outcome),
    /// The query as a whole fails.
    Query(DataFusionError),
}

impl Stop {
    /// What a failure to come to the bytes ends.
    pub(super) fn of(error: &SourceError) -> Stop {
        outcome_of(error).map_or_else(Stop::Query, Stop::Object)
    }

    /// The failure to come to the bytes that the Parquet reader passes on, if it is one.
    fn of_source(error: &ParquetError) -> Option<Stop> {
        match error {
            ParquetError::External(error) => error.downcast_ref::<SourceError>().map(Stop::of),
            _ => None,
        }
    }
}

/// Runs a part of reading. A reader that panics on damaged bytes must not end the process.
pub(super) async fn guarded<T>(work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        Err(Stop::Object(Outcome::Corrupt("the Parquet reader gave up on it".into())))
    })
}

/// Reads a footer; what is wrong with it is what the object comes to.
pub(super) async fn open_reader(ranges: Ranges) -> Result<Reader, Stop> {
    match Reader::open(ranges.clone()).await {
        Ok(reader) => Ok(reader),
        Err(error) => Err(footer_stop(error, &ranges).await),
    }
}

/// Asks the file for what is wanted of it. `scope` tells whose times are kept; `row_groups` which
/// part of the file is read, if not all of it is.
pub(super) async fn begin(
    context: &ScanContext,
    scope: &CoverageScope,
    reader: Reader,
    rows: RowReader,
    row_groups: Option<Range<usize>>,
    task: Arc<TaskContext>,
) -> Result<Reading, Stop> {
    let one_spelling = footer_note(reader.metadata(), ONE_SPELLING.0) == Some(ONE_SPELLING.1);
    let columns = rows.file_columns();
    let pushdown =
        Pushdown::new(rows.layout(), reader.metadata(), Arc::clone(&columns), one_spelling);
    let test = match context.push_filters && !rows.wanted().thorough {
        true => pushdown.ask(rows.wanted(), scope).map_err(Stop::Query)?,
        false => Test::Always,
    };
    let rows_stored = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mut reading = Reading {
        stored: Stored::Nowhere,
        reader,
        rows,
        rows_stored,
        rows_read: 0,
        numbered: false,
    };
    if rows_stored > 0 {
        reading.start(test, row_groups, task).await.map_err(stop_of)?;
    }
    Ok(reading)
}

impl Reading {
    /// Has the file read: by DataFusion, where something can be left out of it.
    async fn start(
        &mut self,
        test: Test,
        row_groups: Option<Range<usize>>,
        task: Arc<TaskContext>,
    ) -> Result<()> {
        let filter = match test {
            Test::Never => return Ok(()),
            Test::Always => None,
            Test::Filter(filter) => Some(filter),
        };
        self.numbered = filter.is_some() && !self.rows.is_held();
        let groups = row_groups.clone();
        let groups = groups.unwrap_or(0..self.reader.metadata().num_row_groups());
        self.stored = match self.is_read_whole(filter.as_ref(), groups.clone()).await? {
            true => {
                let batch_rows = task.session_config().batch_size();
                let (schema, columns) = (self.rows.layout().schema(), self.rows.file_columns());
                let reader = &self.reader;
                Stored::Whole(Box::new(WholeGroups::new(
                    reader, schema, &columns, filter, groups, batch_rows,
                )?))
            }
            false => Stored::DataFusion(self.source(filter, row_groups, task)?),
        };
        Ok(())
    }

    /// Whether nothing can be left out of the file, and reading it whole is faster.
    async fn is_read_whole(
        &mut self,
        filter: Option<&Arc<dyn PhysicalExpr>>,
        row_groups: Range<usize>,
    ) -> Result<bool> {
        let schema = self.rows.layout().schema();
        if !WholeGroups::suits(&self.reader, schema, &self.rows.file_columns()) {
            return Ok(false);
        }
        match filter {
            None => Ok(true),
            Some(filter) => Ok(!may_leave_out(&mut self.reader, filter, schema, row_groups).await?),
        }
    }

    /// DataFusion's source of the rows that pass.
    fn source(
        &self,
        filter: Option<Arc<dyn PhysicalExpr>>,
        row_groups: Option<Range<usize>>,
        task: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let mut table = TableSchema::builder(self.rows.file_columns());
        if self.numbered {
            let number = Field::new(ROW_NUMBER, DataType::Int64, false);
            table =
                table.with_virtual_columns(vec![Arc::new(number.with_extension_type(RowNumber))]);
        }
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
        let mut file = PartitionedFile::new("object", size)
            .with_arrow_schema(Arc::clone(self.rows.layout().schema()));
        if let Some(row_groups) = row_groups {
            let mut access = ParquetAccessPlan::new_none(self.reader.metadata().num_row_groups());
            row_groups.for_each(|group| access.scan(group));
            file = file.with_extension(access);
        }
        let config =
            FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
                .with_file(file)
                .build();
        DataSourceExec::from_data_source(config).execute(0, task)
    }

    /// The next records that are wanted; they may be none.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>, Stop> {
        match self.next_checked().await? {
            Some(checked) => self.rows.records(checked).map(Some).map_err(stop_of),
            None => Ok(None),
        }
    }

    /// The next records that cannot be added up where they stand.
    pub(super) async fn next_to(&mut self, shaper: &Shaper) -> Result<Option<RecordBatch>, Stop> {
        while let Some(checked) = self.next_checked().await? {
            let fields = || RowFields::of(&self.rows, &checked.sheet);
            let Some(fields) = shaper.adds_up().then(fields).flatten() else {
                return self.rows.records(checked).map(Some).map_err(stop_of);
            };
            let records: Vec<usize> = checked.keep.set_indices().collect();
            shaper.add_up(&fields, &records);
        }
        Ok(None)
    }

    /// The next rows, checked and counted.
    async fn next_checked(&mut self) -> Result<Option<Checked>, Stop> {
        let stored = match &mut self.stored {
            Stored::Nowhere => Ok(None),
            Stored::DataFusion(stream) => stream.next().await.transpose(),
            Stored::Whole(groups) => groups.next().await,
        };
        let Some(stored) = stored.map_err(stop_of)? else { return Ok(None) };
        let first = self.rows_read;
        self.rows_read += stored.num_rows() as u64;
        let numbers = stored.column_by_name(ROW_NUMBER).filter(|_| self.numbered);
        let numbers = numbers.and_then(|numbers| numbers.as_primitive_opt::<Int64Type>());
        let number = |row: usize| match numbers {
            // Row numbers are counted from 0, and are not negative.
            Some(numbers) => numbers.value(row).unsigned_abs() + 1,
            None => first + row as u64 + 1,
        };
        self.rows.check(&stored, number).map(Some).map_err(stop_of)
    }
}

/// What a footer ends that cannot be read.
async fn footer_stop(error: ParquetError, ranges: &Ranges) -> Stop {
    if let Some(stop) = Stop::of_source(&error) {
        return stop;
    }
    let size = ranges.size();
    let end = match size.checked_sub(MAGIC.len() as u64) {
        Some(start) => {
            let range = std::iter::once(start..size).collect();
            ranges.read(range).await.ok().and_then(|mut read| read.pop())
        }
        None => None,
    };
    Stop::Object(match (&error, end) {
        (ParquetError::NYI(reason), _) => Outcome::Unsupported(reason.clone()),
        (_, Some(end)) if end == MAGIC && size > 2 * MAGIC.len() as u64 => {
            Outcome::Corrupt(format!("its footer cannot be read: {}", reason_of(&error)))
        }
        _ => Outcome::Truncated("it begins as Parquet and does not end so".into()),
    })
}

/// What a file comes to in which something stands that cannot be there.
pub(super) fn damaged(what: &str) -> DataFusionError {
    DataFusionError::ParquetError(Box::new(ParquetError::General(what.to_owned())))
}

/// Whose fault an error is: the object's, the disk's or the query's.
fn stop_of(error: DataFusionError) -> Stop {
    match error.find_root() {
        DataFusionError::ParquetError(error) => {
            Stop::of_source(error).unwrap_or_else(|| Stop::Object(outcome_of_error(error)))
        }
        DataFusionError::ArrowError(error, _) => Stop::Object(Outcome::Corrupt(error.to_string())),
        DataFusionError::External(error) => match error.downcast_ref::<SourceError>() {
            Some(error) => Stop::of(error),
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

fn reason_of(error: &ParquetError) -> String {
    match error {
        ParquetError::General(reason) | ParquetError::EOF(reason) => reason.clone(),
        other => other.to_string(),
    }
}
