//! The records of an answer, as CSV and as Parquet.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, bail};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use flowproof_engine::{Session, SubjectTraffic};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::sums::{Record, Sums};
use crate::args::RowFormat;
use crate::rows::RowWriter;

/// Writes the records that an answer's totals are made of; returns how many there are. Fails if they
/// do not come to those totals.
pub(super) async fn write(
    session: &Session,
    traffic: &SubjectTraffic,
    csv: &Path,
    parquet: &Path,
) -> Result<u64> {
    let mut writers = [
        RowWriter::to_file(csv, RowFormat::Csv)?,
        RowWriter::to_file(parquet, RowFormat::Parquet)?,
    ];
    let mut sums = Sums::default();
    let write = |schema: &SchemaRef, batch: Option<&RecordBatch>| -> Result<()> {
        writers.iter_mut().try_for_each(|writer| writer.begin(schema))?;
        let Some(batch) = batch else { return Ok(()) };
        writers.iter_mut().try_for_each(|writer| writer.write(batch))?;
        sums.add_batch(batch)
    };
    session.subject_records(traffic, write).await?;
    writers.into_iter().try_for_each(RowWriter::finish)?;
    if let Some(difference) = sums.difference(&traffic.totals) {
        bail!(
            "there is no case: its records do not add up to the answer: {difference}. The logs may \
             have changed while they were read: run it again"
        );
    }
    Ok(sums.records)
}

/// What the records of a CSV file come to.
pub(super) fn sums_of_csv(path: &Path) -> Result<Sums> {
    let mut reader = csv::Reader::from_path(path)?;
    let header = reader.headers()?.clone();
    let place = |name: &str| {
        let place = header.iter().position(|column| column == name);
        place.with_context(|| format!("the records have no column `{name}`"))
    };
    let [direction, action] = [place("direction")?, place("action")?];
    let [bytes, packets] = [place("bytes")?, place("packets")?];
    let [start, end] = [place("start")?, place("end")?];
    let mut sums = Sums::default();
    for row in reader.records() {
        let row = row?;
        let cell = |place: usize| row.get(place).filter(|text| !text.is_empty());
        sums.add(&Record {
            direction: cell(direction),
            action: cell(action),
            bytes: cell(bytes).map(str::parse).transpose()?,
            packets: cell(packets).map(str::parse).transpose()?,
            start: cell(start).map(str::parse).transpose()?,
            end: cell(end).map(str::parse).transpose()?,
        })?;
    }
    Ok(sums)
}

/// What the records of a Parquet file come to.
pub(super) fn sums_of_parquet(path: &Path) -> Result<Sums> {
    let mut sums = Sums::default();
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        sums.add_batch(&batch?)?;
    }
    Ok(sums)
}
