//! Row groups of gzip pages read as a whole. Where nothing is asked of a file there is nothing for
//! DataFusion's source to leave out; the Parquet reader that it uses is then fed with pages that are
//! inflated faster.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use ::bytes::Bytes;
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Compression;
use parquet::column::page::PageIterator;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::bytes::Reader;
use super::pages::{Chunk, pages_of};

/// Reads all rows of row groups, in batches.
pub(super) struct WholeGroups {
    reader: Reader,
    /// The columns that are read.
    columns: Vec<usize>,
    levels: FieldLevels,
    batch_rows: usize,
    row_groups: VecDeque<usize>,
    current: Option<ParquetRecordBatchReader>,
}

impl WholeGroups {
    /// For these columns, by name, of a file without nested ones; `None` if that would gain nothing.
    pub(super) fn of(
        reader: &Reader,
        schema: &Schema,
        columns: &Schema,
        row_groups: Option<Range<usize>>,
        batch_rows: usize,
    ) -> Result<Option<WholeGroups>> {
        let metadata = reader.metadata();
        let descriptor = metadata.file_metadata().schema_descr();
        let is_flat = descriptor.num_columns() == schema.fields().len();
        let places = columns.fields().iter().map(|field| schema.index_of(field.name()));
        let places: Vec<usize> = places.collect::<Result<_, ArrowError>>()?;
        let row_groups = row_groups.unwrap_or(0..metadata.num_row_groups());
        let first = metadata.row_groups().first();
        let is_gzip = |place: &usize| {
            let column = first.map(|group| group.column(*place));
            column.is_some_and(|column| matches!(column.compression(), Compression::GZIP(_)))
        };
        if !is_flat || !places.iter().any(is_gzip) {
            return Ok(None);
        }
        let mask = ProjectionMask::leaves(descriptor, places.iter().copied());
        Ok(Some(WholeGroups {
            levels: parquet_to_arrow_field_levels(descriptor, mask, Some(schema.fields()))?,
            reader: reader.clone(),
            columns: places,
            batch_rows,
            row_groups: row_groups.collect(),
            current: None,
        }))
    }

    /// The next rows.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(Iterator::next) {
                return batch.map(Some).map_err(error_of);
            }
            let Some(group) = self.row_groups.pop_front() else { return Ok(None) };
            let group = self.fetch(group).await?;
            self.current = Some(ParquetRecordBatchReader::try_new_with_row_groups(
                &self.levels,
                &group,
                self.batch_rows,
                None,
            )?);
        }
    }

    async fn fetch(&mut self, place: usize) -> Result<OneGroup> {
        let metadata = Arc::clone(self.reader.metadata());
        let group = metadata.row_group(place);
        let mut chunks = vec![None; group.num_columns()];
        let ranges = self.columns.iter().map(|column| {
            let (start, length) = group.column(*column).byte_range();
            start..start.saturating_add(length)
        });
        let ranges: Vec<Range<u64>> = ranges.collect();
        let offsets: Vec<u64> = ranges.iter().map(|range| range.start).collect();
        let read: Vec<Bytes> = self.reader.get_byte_ranges(ranges).await?;
        for ((column, offset), bytes) in self.columns.iter().zip(offsets).zip(read) {
            chunks[*column] = Some(Chunk { offset, bytes });
        }
        Ok(OneGroup { metadata, place, chunks })
    }
}

/// A row group, and the bytes of those of its columns that are read.
struct OneGroup {
    metadata: Arc<ParquetMetaData>,
    place: usize,
    chunks: Vec<Option<Chunk>>,
}

impl OneGroup {
    fn group(&self) -> &RowGroupMetaData {
        self.metadata.row_group(self.place)
    }
}

impl RowGroups for OneGroup {
    fn num_rows(&self) -> usize {
        usize::try_from(self.group().num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        match self.chunks.get(column).and_then(Option::as_ref) {
            Some(chunk) => pages_of(chunk.clone(), self.group().column(column), self.num_rows()),
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
