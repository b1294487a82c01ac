//! Writes result rows as a table, CSV, JSON, JSON lines or Parquet, batch by batch as they come.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::csv::{Writer as CsvWriter, WriterBuilder as CsvBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::json::writer::{JsonArray, JsonFormat, LineDelimited};
use arrow::json::{Writer as JsonWriter, WriterBuilder as JsonBuilder};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use comfy_table::{Cell, CellAlignment, Table};
use flowproof_engine::Rows;
use flowproof_report::{SafeJson, cell, printable};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::args::{RowFormat, RowOutput};
use crate::output::OutputFile;
use crate::streams::Streams;

/// Where rows go.
enum Output<'a> {
    Stream(&'a mut (dyn Write + Send)),
    File(OutputFile),
}

impl Output<'_> {
    /// Ends it well: a file takes its place.
    fn finish(mut self) -> Result<()> {
        self.flush()?;
        match self {
            Output::Stream(_) => Ok(()),
            Output::File(file) => file.finish(),
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Stream(stream) => stream.write(bytes),
            Output::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Stream(stream) => stream.flush(),
            Output::File(file) => file.flush(),
        }
    }
}

/// Takes rows and writes them in one format.
pub(crate) struct RowWriter<'a> {
    output: Option<Output<'a>>,
    format: RowFormat,
    /// Whether people look at it, so that lines may be drawn.
    lines: bool,
    state: Option<State<'a>>,
}

enum State<'a> {
    /// Column widths are known at the end only.
    Table(Table, Output<'a>),
    Csv(CsvWriter<Output<'a>>),
    Json(JsonWriter<SafeJson<Output<'a>>, JsonArray>),
    Jsonl(JsonWriter<SafeJson<Output<'a>>, LineDelimited>),
    Parquet(ArrowWriter<Output<'a>>),
}

/// Writes rows that are all there.
pub(crate) fn write(rows: &Rows, output: &RowOutput, streams: &mut Streams) -> Result<()> {
    let mut writer = RowWriter::open(output, streams)?;
    writer.begin(&rows.schema)?;
    for batch in &rows.batches {
        writer.write(batch)?;
    }
    writer.finish()
}

impl<'a> RowWriter<'a> {
    /// Opens the file that was named, or standard output.
    pub(crate) fn open(output: &RowOutput, streams: &'a mut Streams) -> Result<RowWriter<'a>> {
        let lines = streams.out_is_terminal && output.output.is_none();
        let out = match &output.output {
            Some(path) => Output::File(OutputFile::create(path)?),
            None => Output::Stream(streams.out()),
        };
        Ok(RowWriter { output: Some(out), format: output.format, lines, state: None })
    }

    /// Opens a file.
    pub(crate) fn to_file(path: &Path, format: RowFormat) -> Result<RowWriter<'static>> {
        let output = Some(Output::File(OutputFile::create(path)?));
        Ok(RowWriter { output, format, lines: false, state: None })
    }

    /// Tells the columns; a second call changes nothing.
    pub(crate) fn begin(&mut self, schema: &SchemaRef) -> Result<()> {
        if let Some(output) = self.output.take() {
            self.state = Some(State::new(self.format, schema, self.lines, output)?);
        }
        Ok(())
    }

    /// Writes some rows.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match &mut self.state {
            Some(State::Table(table, _)) => add_rows(table, batch)?,
            Some(State::Csv(writer)) => writer.write(&cells(batch)?)?,
            Some(State::Json(writer)) => writer.write(batch)?,
            Some(State::Jsonl(writer)) => writer.write(batch)?,
            Some(State::Parquet(writer)) => writer.write(batch)?,
            None => anyhow::bail!("rows came before their columns"),
        }
        Ok(())
    }

    /// Writes what is still to be written.
    pub(crate) fn finish(self) -> Result<()> {
        match self.state {
            Some(State::Table(table, mut output)) => {
                for line in table.to_string().lines() {
                    writeln!(output, "{}", line.trim_end())?;
                }
                output.finish()
            }
            Some(State::Csv(writer)) => writer.into_inner().finish(),
            Some(State::Json(mut writer)) => {
                writer.finish()?;
                let mut output = writer.into_inner().into_inner();
                writeln!(output)?;
                output.finish()
            }
            Some(State::Jsonl(mut writer)) => {
                writer.finish()?;
                writer.into_inner().into_inner().finish()
            }
            Some(State::Parquet(writer)) => writer.into_inner()?.finish(),
            None => Ok(()),
        }
    }
}

impl<'a> State<'a> {
    fn new(
        format: RowFormat,
        schema: &SchemaRef,
        lines: bool,
        output: Output<'a>,
    ) -> Result<State<'a>> {
        Ok(match format {
            RowFormat::Table => State::Table(table(schema, lines), output),
            RowFormat::Csv => {
                let mut writer = CsvBuilder::new().with_header(true).build(output);
                // The header is written with the first batch, even one without rows.
                writer.write(&cells(&RecordBatch::new_empty(schema.clone()))?)?;
                State::Csv(writer)
            }
            RowFormat::Json => State::Json(json(output)),
            RowFormat::Jsonl => State::Jsonl(json(output)),
            RowFormat::Parquet => {
                let compression = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(compression).build();
                State::Parquet(ArrowWriter::try_new(output, schema.clone(), Some(properties))?)
            }
        })
    }
}

fn json<W: Write, F: JsonFormat>(output: W) -> JsonWriter<SafeJson<W>, F> {
    JsonBuilder::new().with_explicit_nulls(true).build(SafeJson::new(output))
}

/// The batch with what is text in CSV as [`cell`]s: texts, and nested columns (list_matches gives one),
/// since CSV has no lists.
fn cells(batch: &RecordBatch) -> Result<RecordBatch> {
    let options = FormatOptions::default();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if !is_text(column.data_type()) {
            fields.push(field.as_ref().clone());
            columns.push(Arc::clone(column));
            continue;
        }
        let formatter = ArrayFormatter::try_new(column, &options)?;
        let text = |row| {
            column.is_valid(row).then(|| cell(&formatter.value(row).to_string()).into_owned())
        };
        let texts: StringArray = (0..column.len()).map(text).collect();
        fields.push(Field::new(field.name(), DataType::Utf8, true));
        columns.push(Arc::new(texts) as ArrayRef);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
}

/// Whether what is in a column is text in CSV, and can hold what others wrote.
fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        other => other.is_nested(),
    }
}

/// Columns for people; lines are drawn on a terminal only.
fn table(schema: &SchemaRef, lines: bool) -> Table {
    let mut table = Table::new();
    table.load_style(if lines { UTF8_FULL_CONDENSED } else { NOTHING });
    table.set_header(schema.fields().iter().map(|field| printable(field.name()).into_owned()));
    table
}

fn add_rows(table: &mut Table, batch: &RecordBatch) -> Result<()> {
    let options = FormatOptions::default();
    let columns = batch.columns().iter();
    let columns = columns.map(|column| ArrayFormatter::try_new(column, &options));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    for row in 0..batch.num_rows() {
        let cells = columns.iter().zip(batch.columns()).map(|(formatter, column)| {
            let text = formatter.value(row).to_string();
            Cell::new(printable(&text)).set_alignment(alignment(column.data_type()))
        });
        table.add_row(cells);
    }
    Ok(())
}

fn alignment(data_type: &DataType) -> CellAlignment {
    if data_type.is_numeric() { CellAlignment::Right } else { CellAlignment::Left }
}
