//! Writes result rows as a table, CSV, JSON, JSON lines or Parquet.

use std::fs::File;
use std::io::{BufWriter, Write};

use anyhow::{Context, Result};
use arrow::array::{Array, RecordBatch};
use arrow::csv::WriterBuilder as CsvWriter;
use arrow::datatypes::DataType;
use arrow::json::WriterBuilder as JsonWriter;
use arrow::json::writer::{JsonArray, LineDelimited};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use comfy_table::presets::{NOTHING, UTF8_FULL_CONDENSED};
use comfy_table::{Cell, CellAlignment, Table};
use flowproof_engine::Rows;
use flowproof_report::printable;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::args::{RowFormat, RowOutput};
use crate::streams::Streams;

/// Writes the rows where they are wanted.
pub(crate) fn write(rows: &Rows, output: &RowOutput, streams: &mut Streams) -> Result<()> {
    let Some(path) = &output.output else {
        let lines = streams.out_is_terminal;
        return write_to(rows, output.format, lines, streams.out());
    };
    let place = || path.display().to_string();
    let mut file = BufWriter::new(File::create(path).with_context(place)?);
    write_to(rows, output.format, false, &mut file)?;
    file.flush().with_context(place)
}

fn write_to(rows: &Rows, format: RowFormat, lines: bool, out: &mut dyn Write) -> Result<()> {
    match format {
        RowFormat::Table => table(rows, lines, out),
        RowFormat::Csv => csv(rows, out),
        RowFormat::Json => json(rows, out),
        RowFormat::Jsonl => jsonl(rows, out),
        RowFormat::Parquet => parquet(rows, out),
    }
}

/// Columns for people; lines are drawn on a terminal only.
fn table(rows: &Rows, lines: bool, out: &mut dyn Write) -> Result<()> {
    let mut table = Table::new();
    table.load_style(if lines { UTF8_FULL_CONDENSED } else { NOTHING });
    table.set_header(rows.schema.fields().iter().map(|field| printable(field.name()).into_owned()));
    let options = FormatOptions::default();
    for batch in &rows.batches {
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
    }
    for line in table.to_string().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn alignment(data_type: &DataType) -> CellAlignment {
    if data_type.is_numeric() { CellAlignment::Right } else { CellAlignment::Left }
}

fn csv(rows: &Rows, out: &mut dyn Write) -> Result<()> {
    let mut writer = CsvWriter::new().with_header(true).build(out);
    // The header is written with the first batch, even one without rows.
    writer.write(&RecordBatch::new_empty(rows.schema.clone()))?;
    for batch in &rows.batches {
        writer.write(batch)?;
    }
    Ok(())
}

fn json(rows: &Rows, out: &mut dyn Write) -> Result<()> {
    let mut writer = JsonWriter::new().with_explicit_nulls(true).build::<_, JsonArray>(&mut *out);
    for batch in &rows.batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    drop(writer);
    writeln!(out)?;
    Ok(())
}

fn jsonl(rows: &Rows, out: &mut dyn Write) -> Result<()> {
    let mut writer = JsonWriter::new().with_explicit_nulls(true).build::<_, LineDelimited>(out);
    for batch in &rows.batches {
        writer.write(batch)?;
    }
    Ok(writer.finish()?)
}

fn parquet(rows: &Rows, out: &mut dyn Write) -> Result<()> {
    let compression = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(compression).build();
    // The writer wants to be sent between threads, which a stream behind a reference cannot be.
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema.clone(), Some(properties))?;
    for batch in &rows.batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(out.write_all(&bytes)?)
}
