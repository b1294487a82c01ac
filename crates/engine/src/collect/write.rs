//! A file of a set, from sorted rows to bytes.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampNanosecondType};
use datafusion::common::{DataFusionError, Result};
use flowproof_record::{FieldId, Kind};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use super::draft::Draft;
use crate::error::EngineError;
use crate::held::{MANIFEST, Manifest, ONE_SPELLING, SOURCE};

/// Rows of a row group: few enough that one of them is soon read, and enough that its footer entry
/// and bloom filters are small beside it.
const GROUP_ROWS: usize = 128 * 1024;
/// Rows of a page: what is read at least where one interface is asked about.
const PAGE_ROWS: usize = 8 * 1024;
/// Higher levels cost much more time to write and save little.
const ZSTD_LEVEL: i32 = 3;
/// How often a bloom filter may say that an address is there that is not.
const FALSE_POSITIVES: f64 = 0.01;

/// Columns whose values people look for.
const LOOKED_FOR: [FieldId; 5] = [
    FieldId::INTERFACE_ID,
    FieldId::SRCADDR,
    FieldId::DSTADDR,
    FieldId::PKT_SRCADDR,
    FieldId::PKT_DSTADDR,
];

/// The fields that rows are sorted by before all others.
pub(super) const SORTED_BY: [FieldId; 3] = [FieldId::INTERFACE_ID, FieldId::START, FieldId::END];

/// Writes a file without rows.
pub(super) fn write_empty(draft: Draft, manifest: &Manifest) -> Result<Draft, EngineError> {
    let fields = [FieldId::INTERFACE_ID, FieldId::START, FieldId::END];
    Ok(FileWriter::new(draft, &fields, None)?.finish(manifest)?)
}

/// Encodes sorted rows.
pub(super) struct FileWriter {
    writer: SerializedFileWriter<Draft>,
    groups: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    /// Rows of the group that is not full yet.
    batches: Vec<RecordBatch>,
    rows: usize,
    groups_written: usize,
    /// Where columns are encoded; nothing on it ever waits.
    pool: Option<Arc<rayon::ThreadPool>>,
}

impl FileWriter {
    /// A writer of rows with these fields.
    pub(super) fn new(
        draft: Draft,
        fields: &[FieldId],
        pool: Option<Arc<rayon::ThreadPool>>,
    ) -> Result<FileWriter> {
        let schema = file_schema(fields);
        let properties = Arc::new(properties(fields));
        let converted = ArrowSchemaConverter::new().convert(&schema)?;
        let writer = SerializedFileWriter::new(draft, converted.root_schema_ptr(), properties)?;
        let groups = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(&schema));
        let (batches, rows, groups_written) = (Vec::new(), 0, 0);
        Ok(FileWriter { writer, groups, schema, batches, rows, groups_written, pool })
    }

    /// Takes rows with the fields' columns, and the number of each row's source as the last one.
    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let mut rest = to_file(rows, &self.schema)?;
        while self.rows + rest.num_rows() >= GROUP_ROWS {
            let fits = GROUP_ROWS - self.rows;
            self.batches.push(rest.slice(0, fits));
            rest = rest.slice(fits, rest.num_rows() - fits);
            self.write_group()?;
        }
        self.rows += rest.num_rows();
        self.batches.push(rest);
        Ok(())
    }

    /// Encodes the columns of a row group beside each other.
    fn write_group(&mut self) -> Result<()> {
        let batches = std::mem::take(&mut self.batches);
        self.rows = 0;
        let writers = self.groups.create_column_writers(self.groups_written)?;
        self.groups_written += 1;
        let fields = self.schema.fields();
        let encode = |(place, writer): (usize, ArrowColumnWriter)| {
            encode_column(writer, &fields[place], batches.iter().map(|batch| batch.column(place)))
        };
        let encode_all = || -> Vec<Result<ArrowColumnChunk>> {
            writers.into_par_iter().enumerate().map(encode).collect()
        };
        let chunks = match &self.pool {
            Some(pool) => pool.install(encode_all),
            None => encode_all(),
        };
        let mut group = self.writer.next_row_group()?;
        for chunk in chunks {
            chunk?.append_to_row_group(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// Writes the footer.
    pub(super) fn finish(mut self, manifest: &Manifest) -> Result<Draft> {
        if self.rows > 0 {
            self.write_group()?;
        }
        let manifest =
            manifest.to_json().map_err(|error| DataFusionError::External(Box::new(error)))?;
        let notes = [(MANIFEST, manifest.as_str()), ONE_SPELLING];
        for (key, value) in notes {
            let note = KeyValue::new(key.to_owned(), value.to_owned());
            self.writer.append_key_value_metadata(note);
        }
        Ok(self.writer.into_inner()?)
    }
}

fn encode_column<'a>(
    mut writer: ArrowColumnWriter,
    field: &Field,
    arrays: impl Iterator<Item = &'a ArrayRef>,
) -> Result<ArrowColumnChunk> {
    for array in arrays {
        for leaf in compute_leaves(field, array)? {
            writer.write(&leaf)?;
        }
    }
    Ok(writer.close()?)
}

/// The columns of a file: as AWS names and types them, and each row's source.
fn file_schema(fields: &[FieldId]) -> SchemaRef {
    let columns = fields.iter().map(|id| {
        let field = id.field();
        let data_type = match field.kind {
            Kind::Time => DataType::Int64,
            kind => kind.data_type(),
        };
        Field::new(field.column, data_type, true)
    });
    let source = Field::new(SOURCE, DataType::Int32, false);
    Arc::new(Schema::new(columns.chain([source]).collect::<Vec<_>>()))
}

fn properties(fields: &[FieldId]) -> WriterProperties {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default();
    let place = |id: &FieldId| fields.iter().position(|other| other == id);
    let sorted = SORTED_BY.iter().filter_map(place).filter_map(|place| {
        let column_idx = i32::try_from(place).ok()?;
        Some(SortingColumn { column_idx, descending: false, nulls_first: true })
    });
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("flowproof {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_sorting_columns(Some(sorted.collect()));
    for id in LOOKED_FOR.iter().filter(|id| fields.contains(id)) {
        let path = ColumnPath::from(id.field().column);
        properties = properties
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path, FALSE_POSITIVES);
    }
    properties.build()
}

/// Rows as the file has them: times in seconds.
fn to_file(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema.fields().iter().map(|field| -> Result<ArrayRef> {
        let column = rows.column(rows.schema_ref().index_of(field.name())?);
        if let Some(times) = column.as_primitive_opt::<TimestampNanosecondType>() {
            let seconds: Int64Array = times.unary(|nanoseconds| nanoseconds / 1_000_000_000);
            return Ok(Arc::new(seconds));
        }
        Ok(Arc::clone(column))
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
