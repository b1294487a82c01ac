//! Lines of text written as Parquet.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, TimestampNanosecondArray,
    UInt64Array,
};
use flowproof_record::{FieldId, Kind};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

/// How fields are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Types {
    /// As AWS does: INT32, INT64 and STRING, what is missing is NULL.
    Aws,
    /// The same, but in texts what is missing is `-`.
    AwsDashes,
    /// The same, with times in milliseconds.
    Millis,
    /// All texts, with dashes.
    Texts,
    /// The types that records have here: unsigned counters and timestamps.
    Ours,
}

/// How a file is written.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) types: Types,
    pub(crate) codec: Compression,
    pub(crate) group_rows: usize,
    pub(crate) page_rows: usize,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer {
            types: Types::Aws,
            codec: Compression::GZIP(Default::default()),
            group_rows: 100_000,
            page_rows: 10_000,
        }
    }
}

/// The lines under a header as a Parquet file. What a column cannot hold becomes the nearest thing
/// that is as bad.
pub(crate) fn parquet(header: &str, lines: &[String], writer: Writer) -> Vec<u8> {
    let rows: Vec<Vec<&str>> = lines.iter().map(|line| line.split(' ').collect()).collect();
    let columns = header.split_whitespace().enumerate().map(|(place, name)| {
        let values: Vec<&str> = rows.iter().map(|row| row[place]).collect();
        let array = column(FieldId::by_name(name.as_bytes()), &values, writer.types);
        (name.replace('-', "_"), array, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    write(&batch, &writer)
}

/// A batch as a Parquet file with a page index.
pub(crate) fn write(batch: &RecordBatch, writer: &Writer) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(writer.codec)
        .set_max_row_group_row_count(Some(writer.group_rows))
        .set_data_page_row_count_limit(writer.page_rows)
        .set_write_batch_size(writer.page_rows)
        .set_statistics_enabled(EnabledStatistics::Page)
        .build();
    let mut file = Vec::new();
    let mut arrow = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
    arrow.write(batch).unwrap();
    arrow.close().unwrap();
    file
}

fn column(id: Option<FieldId>, values: &[&str], types: Types) -> ArrayRef {
    let kind = id.map_or(Kind::Text, |id| id.field().kind);
    let number = |text: &&str| (*text != "-").then(|| text.parse::<i128>().unwrap());
    let numbers = || values.iter().map(number);
    let texts = |dash: bool| -> ArrayRef {
        let value = |text: &&str| (dash || *text != "-").then(|| text.to_string());
        Arc::new(values.iter().map(value).collect::<StringArray>())
    };
    match (types, kind) {
        (Types::Texts, _) => texts(true),
        (types, Kind::Text | Kind::Address | Kind::Action | Kind::LogStatus) => {
            texts(types == Types::AwsDashes)
        }
        (_, Kind::Int(_)) => {
            Arc::new(numbers().map(|n| n.map(|n| n as i32)).collect::<Int32Array>())
        }
        (Types::Ours, Kind::Counter) => {
            Arc::new(numbers().map(|n| n.map(|n| n as u64)).collect::<UInt64Array>())
        }
        // Whole nanoseconds cannot hold milliseconds of seconds; such a line has seconds here.
        (Types::Ours, Kind::Time) => {
            let seconds = |n: i128| if n >= 100_000_000_000 { n / 1000 } else { n };
            let times = numbers().map(|n| n.map(|n| (seconds(n) * 1_000_000_000) as i64));
            Arc::new(times.collect::<TimestampNanosecondArray>().with_timezone("UTC"))
        }
        (Types::Millis, Kind::Time) => {
            let millis = |n: i128| if n >= 100_000_000_000 { n } else { n * 1000 + 7 };
            Arc::new(numbers().map(|n| n.map(|n| millis(n) as i64)).collect::<Int64Array>())
        }
        (_, Kind::Counter | Kind::Time) => {
            Arc::new(numbers().map(|n| n.map(|n| n as i64)).collect::<Int64Array>())
        }
    }
}
