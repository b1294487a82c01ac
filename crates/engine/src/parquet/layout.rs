//! What the columns of a Parquet file are.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::Result;
use flowproof_record::{FieldId, Format, FormatSource, Kind};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::Encoding;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::ocsf::Ocsf;
use crate::held::SOURCE;
use crate::scan::Outcome;

/// Names of columns that a refusal tells.
const NAMES_TOLD: usize = 5;

/// What the columns of a Parquet file are.
#[derive(Debug)]
pub(super) struct Layout {
    /// The file's columns as they are read: texts as views.
    schema: SchemaRef,
    shape: Shape,
    transit: Transit,
}

#[derive(Debug)]
enum Shape {
    /// A column for each field.
    Plain(Vec<(FieldId, usize)>),
    /// Security Lake's nested columns.
    Ocsf(Ocsf),
}

/// Which records of a file are a transit gateway's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transit {
    None,
    All,
    /// Those with a transit gateway's id: flow logs of both kinds were put into one table.
    Some,
}

/// The columns that tell a transit gateway's record.
pub(super) const TRANSIT_FIELDS: [FieldId; 2] = [FieldId::TGW_ID, FieldId::TGW_ATTACHMENT_ID];

impl Layout {
    /// Reads the layout off a footer. Only the types of Parquet itself are looked at: what other
    /// programs noted beside them about types of their own does not matter here.
    pub(super) fn of(metadata: &ParquetMetaData) -> Result<Layout, Outcome> {
        let descriptor = metadata.file_metadata().schema_descr();
        let schema = parquet_to_arrow_schema(descriptor, None)
            .map_err(|error| Outcome::Unsupported(format!("its columns: {error}")))?;
        let fields = schema.fields().iter().map(as_read);
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        if let Some(ocsf) = Ocsf::of(&schema)? {
            return Ok(Layout { schema, shape: Shape::Ocsf(ocsf), transit: Transit::None });
        }
        let mut columns: Vec<(FieldId, usize)> = Vec::new();
        for (place, field) in schema.fields().iter().enumerate() {
            // A field named twice keeps its first column, as in text.
            if let Some(id) = FieldId::by_name(field.name().as_bytes())
                && columns.iter().all(|(other, _)| *other != id)
            {
                columns.push((id, place));
            }
        }
        if columns.is_empty() || columns.len() * 2 < schema.fields().len() {
            return Err(Outcome::NotAFlowLog(refusal(&schema)));
        }
        let has = |id| columns.iter().any(|(other, _)| *other == id);
        let transit = match (TRANSIT_FIELDS.into_iter().any(has), has(FieldId::INTERFACE_ID)) {
            (false, _) => Transit::None,
            (true, false) => Transit::All,
            (true, true) => Transit::Some,
        };
        Ok(Layout { schema, shape: Shape::Plain(columns), transit })
    }

    /// The same, with texts that the whole file stores once each read as numbers of texts.
    pub(super) fn with_coded_texts(mut self, metadata: &ParquetMetaData) -> Layout {
        if let Shape::Plain(columns) = &self.shape {
            let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
            for (id, place) in columns {
                let field = &fields[*place];
                let is_text = !matches!(id.field().kind, Kind::Int(_) | Kind::Counter | Kind::Time)
                    && field.data_type() == &DataType::Utf8View;
                if is_text && is_coded(metadata, field.name()) {
                    let coded = Field::new(field.name(), coded_type(), field.is_nullable());
                    fields[*place] = Arc::new(coded);
                }
            }
            self.schema = Arc::new(Schema::new(fields));
        }
        self
    }

    /// The same, with the transit gateway's records told as the caller knows.
    pub(super) fn with_transit(self, transit: Transit) -> Layout {
        Layout { transit, ..self }
    }

    /// The column that tells which source a row is of, in a file that `collect` wrote.
    pub(super) fn source_column(&self) -> Option<&FieldRef> {
        let column = self.schema.fields().iter().find(|field| field.name() == SOURCE);
        column.filter(|column| column.data_type() == &DataType::Int32)
    }

    /// The file's columns as they are read.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(super) fn transit(&self) -> Transit {
        self.transit
    }

    /// Whether the file has the field.
    pub(super) fn has(&self, id: FieldId) -> bool {
        match &self.shape {
            Shape::Plain(columns) => columns.iter().any(|(other, _)| *other == id),
            Shape::Ocsf(ocsf) => ocsf.has(id),
        }
    }

    /// A number by which fields stand in the order of the file.
    pub(super) fn place(&self, id: FieldId) -> usize {
        match &self.shape {
            Shape::Plain(columns) => {
                let place = columns.iter().position(|(other, _)| *other == id);
                place.unwrap_or(columns.len() + id.index())
            }
            Shape::Ocsf(_) => id.index(),
        }
    }

    /// The column that shows the field as it stands, if there is one.
    pub(super) fn plain_column(&self, id: FieldId) -> Option<&Field> {
        match &self.shape {
            Shape::Plain(columns) => {
                let (_, place) = columns.iter().find(|(other, _)| *other == id)?;
                Some(self.schema.field(*place))
            }
            Shape::Ocsf(_) => None,
        }
    }

    /// The columns to read for these fields: of nested ones, only the parts that are needed.
    pub(super) fn columns(&self, fields: &[FieldId]) -> SchemaRef {
        match &self.shape {
            Shape::Plain(columns) => {
                let wanted = columns.iter().filter(|(id, _)| fields.contains(id));
                let wanted = wanted.map(|(_, place)| Arc::clone(&self.schema.fields()[*place]));
                Arc::new(Schema::new(wanted.collect::<Vec<_>>()))
            }
            Shape::Ocsf(ocsf) => ocsf.columns(&self.schema, fields),
        }
    }

    /// The field's values as they are stored; `None` if the file lacks it. `read` has at least the
    /// columns that [`Layout::columns`] gave for it.
    pub(super) fn stored(&self, read: &RecordBatch, id: FieldId) -> Result<Option<ArrayRef>> {
        match &self.shape {
            Shape::Plain(_) => {
                let column = self.plain_column(id);
                Ok(column.and_then(|column| read.column_by_name(column.name())).map(Arc::clone))
            }
            Shape::Ocsf(ocsf) => ocsf.stored(read, id),
        }
    }

    /// The format as the header of a text would tell it.
    pub(super) fn format(&self) -> Option<(FormatSource, Format)> {
        let names: Vec<String> = match &self.shape {
            Shape::Plain(_) => self.schema.fields().iter().map(|f| f.name().clone()).collect(),
            Shape::Ocsf(ocsf) => ocsf.fields().map(|id| id.field().name.to_owned()).collect(),
        };
        // A name that could not stand in a header cannot be a field either.
        let names = names.iter().filter(|name| !name.contains(['$', '{', '}']));
        let names = names.map(|name| format!("${{{name}}}")).collect::<Vec<_>>().join(" ");
        Format::parse_format_string(&names).ok().map(|format| (FormatSource::Header, format))
    }
}

/// The type of columns of texts that are read as numbers of texts.
pub(super) fn coded_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// Whether all pages of a column have nothing but numbers of texts.
fn is_coded(metadata: &ParquetMetaData, name: &str) -> bool {
    let is_coded = |column: &ColumnChunkMetaData| {
        column.dictionary_page_offset().is_some()
            && column.page_encoding_stats_mask().is_some_and(|encodings| {
                encodings.is_only(Encoding::RLE_DICTIONARY)
                    || encodings.is_only(Encoding::PLAIN_DICTIONARY)
            })
    };
    let is_it = |column: &&ColumnChunkMetaData| column.column_path().parts() == [name];
    metadata
        .row_groups()
        .iter()
        .all(|group| group.columns().iter().find(is_it).is_some_and(is_coded))
}

/// A column as it is read: texts and bytes as views, whole and within other columns.
fn as_read(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        other => other.clone(),
    };
    // What was noted beside a field, for example its number, is of no use here.
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

fn refusal(schema: &Schema) -> String {
    let names = schema.fields().iter().take(NAMES_TOLD).map(|field| {
        let name: String = field.name().chars().take(40).collect();
        format!("`{}`", name.escape_debug())
    });
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if schema.fields().len() > NAMES_TOLD { " and others" } else { "" };
    format!("Parquet whose columns are not those of a flow log: {names}{more}")
}
