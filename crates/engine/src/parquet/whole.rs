//! Row groups of gzip pages read as a whole. Where statistics leave nothing out of a file, there is
//! little for DataFusion's source to do; the Parquet reader that it uses is then fed with pages that
//! are inflated faster. As there, the columns of a filter are read first, and of the others only the
//! rows that pass, without the pages that have none.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use ::bytes::Bytes;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchReader,
};
use arrow::compute::{concat_batches, filter_record_batch, prep_null_mask_filter};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::{collect_columns, reassign_expr_columns};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups, RowSelection};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Compression;
use parquet::column::page::PageIterator;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::bytes::Reader;
use super::pages::{Chunk, Room, pages_of};
use super::reading::ROW_NUMBER;

/// Reads the rows of row groups that pass a filter, in batches.
pub(super) struct WholeGroups {
    reader: Reader,
    filter: Option<Filter>,
    /// The columns that the filter does not look at.
    rest: Part,
    batch_rows: usize,
    row_groups: VecDeque<usize>,
    room: Room,
    current: Option<Current>,
}

/// Some columns of a file.
struct Part {
    columns: Vec<usize>,
    levels: FieldLevels,
}

/// A filter and the columns that it looks at.
struct Filter {
    question: Arc<dyn PhysicalExpr>,
    part: Part,
}

/// A row group that is being read.
struct Current {
    /// Of the rows that pass, if there is a filter: its columns and the rows' numbers.
    passing: Option<RecordBatch>,
    rest: ParquetRecordBatchReader,
    given: usize,
}

impl WholeGroups {
    /// Whether a file is read so: it has no nested columns, and some of these are gzip.
    pub(super) fn suits(reader: &Reader, schema: &Schema, columns: &Schema) -> bool {
        let metadata = reader.metadata();
        let is_gzip = |field: &FieldRef| {
            let place = schema.index_of(field.name()).ok();
            let column = place.zip(metadata.row_groups().first());
            let codec = column.map(|(place, group)| group.column(place).compression());
            matches!(codec, Some(Compression::GZIP(_)))
        };
        metadata.file_metadata().schema_descr().num_columns() == schema.fields().len()
            && columns.fields().iter().any(is_gzip)
    }

    /// For these columns, by name, of a file whose columns are those of the schema.
    pub(super) fn new(
        reader: &Reader,
        schema: &Schema,
        columns: &Schema,
        filter: Option<Arc<dyn PhysicalExpr>>,
        row_groups: Range<usize>,
        batch_rows: usize,
    ) -> DataFusionResult<WholeGroups> {
        let asked = filter.as_ref().map(collect_columns).unwrap_or_default();
        let is_asked = |field: &FieldRef| asked.iter().any(|asked| asked.name() == field.name());
        let (asked, rest): (Vec<FieldRef>, Vec<FieldRef>) =
            columns.fields().iter().cloned().partition(is_asked);
        let filter = match filter {
            None => None,
            Some(filter) => Some(Filter {
                question: reassign_expr_columns(filter, &Schema::new(asked.clone()))?,
                part: Part::new(reader, schema, &asked)?,
            }),
        };
        let rest = Part::new(reader, schema, &rest)?;
        Ok(WholeGroups {
            reader: reader.clone(),
            filter,
            rest,
            batch_rows,
            row_groups: row_groups.collect(),
            room: Room::default(),
            current: None,
        })
    }

    /// The next rows.
    pub(super) async fn next(&mut self) -> DataFusionResult<Option<RecordBatch>> {
        loop {
            if let Some(current) = &mut self.current
                && let Some(batch) = current.next()?
            {
                return Ok(Some(batch));
            }
            let Some(group) = self.row_groups.pop_front() else { return Ok(None) };
            self.current = self.begin(group).await?;
        }
    }

    /// `None` if no row of the group passes.
    async fn begin(&mut self, group: usize) -> DataFusionResult<Option<Current>> {
        let (mut passing, mut selection) = (None, None);
        if let Some(filter) = &self.filter {
            let chunks = fetch(&self.reader, group, &filter.part, &self.room).await?;
            let (rows, selected) = filter.ask(&chunks, self.batch_rows)?;
            if rows.num_rows() == 0 {
                return Ok(None);
            }
            (passing, selection) = (Some(rows), Some(selected));
        }
        let chunks = fetch(&self.reader, group, &self.rest, &self.room).await?;
        let rest = self.rest.read(&chunks, self.batch_rows, selection)?;
        Ok(Some(Current { passing, rest, given: 0 }))
    }
}

impl Part {
    fn new(reader: &Reader, schema: &Schema, columns: &[FieldRef]) -> Result<Part> {
        let descriptor = reader.metadata().file_metadata().schema_descr();
        let columns = columns.iter().map(|field| schema.index_of(field.name()));
        let columns: Vec<usize> = columns.collect::<Result<_, ArrowError>>()?;
        let mask = ProjectionMask::leaves(descriptor, columns.iter().copied());
        let levels = parquet_to_arrow_field_levels(descriptor, mask, Some(schema.fields()))?;
        Ok(Part { columns, levels })
    }

    fn read(
        &self,
        group: &OneGroup,
        batch_rows: usize,
        rows: Option<RowSelection>,
    ) -> Result<ParquetRecordBatchReader> {
        ParquetRecordBatchReader::try_new_with_row_groups(&self.levels, group, batch_rows, rows)
    }
}

impl Filter {
    /// The rows that pass: the filter's columns of them with their numbers, and which they are.
    fn ask(
        &self,
        group: &OneGroup,
        batch_rows: usize,
    ) -> DataFusionResult<(RecordBatch, RowSelection)> {
        let reader = self.part.read(group, batch_rows, None)?;
        let fields = reader.schema();
        let number = Field::new(ROW_NUMBER, DataType::Int64, false);
        let schema = Arc::new(Schema::new(
            fields.fields().iter().cloned().chain([number.into()]).collect::<Vec<_>>(),
        ));
        let (mut passing, mut masks) = (Vec::new(), Vec::new());
        let mut first = group.first_row();
        for batch in reader {
            let batch = batch.map_err(error_of)?;
            let mask = self.mask(&batch)?;
            if mask.true_count() > 0 {
                let numbers = first..first + batch.num_rows() as i64;
                let mut columns = batch.columns().to_vec();
                columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
                let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
                passing.push(filter_record_batch(&batch, &mask)?);
            }
            first += batch.num_rows() as i64;
            masks.push(mask);
        }
        Ok((concat_batches(&schema, &passing)?, RowSelection::from_filters(&masks)))
    }

    fn mask(&self, batch: &RecordBatch) -> DataFusionResult<BooleanArray> {
        let answers = self.question.evaluate(batch)?.into_array(batch.num_rows())?;
        let answers = answers.as_boolean_opt().ok_or_else(|| {
            DataFusionError::Internal(format!("{} is no answer", answers.data_type()))
        })?;
        Ok(match answers.null_count() {
            0 => answers.clone(),
            _ => prep_null_mask_filter(answers),
        })
    }
}

impl Current {
    fn next(&mut self) -> DataFusionResult<Option<RecordBatch>> {
        let Some(rest) = self.rest.next() else { return Ok(None) };
        let rest = rest.map_err(error_of)?;
        let Some(passing) = &self.passing else { return Ok(Some(rest)) };
        let rows = rest.num_rows().min(passing.num_rows() - self.given);
        let passing = passing.slice(self.given, rows);
        self.given += rows;
        let fields = rest.schema_ref().fields().iter().chain(passing.schema_ref().fields());
        let schema = Schema::new(fields.cloned().collect::<Vec<_>>());
        let columns: Vec<ArrayRef> =
            rest.columns().iter().chain(passing.columns()).cloned().collect();
        Ok(Some(RecordBatch::try_new(Arc::new(schema), columns)?))
    }
}

/// Reads the bytes of these columns of a row group.
async fn fetch(reader: &Reader, place: usize, part: &Part, room: &Room) -> Result<OneGroup> {
    let metadata = Arc::clone(reader.metadata());
    let group = metadata.row_group(place);
    let mut chunks = vec![None; group.num_columns()];
    let ranges = part.columns.iter().map(|column| {
        let (start, length) = group.column(*column).byte_range();
        start..start.saturating_add(length)
    });
    let ranges: Vec<Range<u64>> = ranges.collect();
    let offsets: Vec<u64> = ranges.iter().map(|range| range.start).collect();
    let read: Vec<Bytes> = reader.clone().get_byte_ranges(ranges).await?;
    for ((column, offset), bytes) in part.columns.iter().zip(offsets).zip(read) {
        chunks[*column] = Some(Chunk { offset, bytes });
    }
    Ok(OneGroup { metadata, place, chunks, room: room.clone() })
}

/// A row group, and the bytes of those of its columns that are read.
struct OneGroup {
    metadata: Arc<ParquetMetaData>,
    place: usize,
    chunks: Vec<Option<Chunk>>,
    room: Room,
}

impl OneGroup {
    fn group(&self) -> &RowGroupMetaData {
        self.metadata.row_group(self.place)
    }

    /// The number of its first row in the file.
    fn first_row(&self) -> i64 {
        self.metadata.row_groups()[..self.place].iter().map(RowGroupMetaData::num_rows).sum()
    }
}

impl RowGroups for OneGroup {
    fn num_rows(&self) -> usize {
        usize::try_from(self.group().num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        match self.chunks.get(column).and_then(Option::as_ref) {
            Some(chunk) => {
                let column = self.group().column(column);
                pages_of(chunk.clone(), column, self.num_rows(), &self.room)
            }
            None => Err(ParquetError::General("a column that was not read".into())),
        }
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.group()))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The reader tells errors as text; what it puts before them is taken off again.
fn error_of(error: ArrowError) -> ParquetError {
    let ArrowError::ParquetError(text) = &error else {
        return ParquetError::General(error.to_string());
    };
    match (text.strip_prefix("Parquet error: "), text.strip_prefix("NYI: ")) {
        (_, Some(reason)) => ParquetError::NYI(reason.to_owned()),
        (Some(reason), _) => ParquetError::General(reason.to_owned()),
        _ => ParquetError::General(text.strip_prefix("EOF: ").unwrap_or(text).to_owned()),
    }
}
