//! What is read of a file, in bytes and rows.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::execution::TaskContext;
use flowproof_record::{FieldId, Predicate, RawTest};
use flowproof_source::{Location, Object};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::ParquetObject;
use crate::scan::{ObjectReport, ScanContext, ScanPlan, Shaper};
use crate::table::{TableColumn, TableKind};

const T0: i64 = 1_748_736_000;
const ROWS: usize = 20_000;
const GROUP: usize = 1_000;

/// Flow logs of twenty interfaces, one for each row group, each with a column that does not compress.
fn write(path: &Path, properties: parquet::file::properties::WriterPropertiesBuilder) {
    let numbers = || 0..ROWS as i64;
    let texts = |text: &dyn Fn(i64) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(numbers().map(text)))
    };
    let longs = |long: &dyn Fn(i64) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(numbers().map(long)))
    };
    let remote = |n: i64| {
        let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15u64 as i64) as u64;
        format!("{}.{}.{}.{}", 11 + n % 80, (n >> 8) % 256, (n >> 16) % 256, (n >> 24) % 256)
    };
    let batch = RecordBatch::try_from_iter([
        ("interface_id", texts(&|n| format!("eni-{:02}", 2 * (n / GROUP as i64)))),
        ("srcaddr", texts(&remote)),
        ("dstaddr", texts(&|n| format!("10.0.1.{}", n / GROUP as i64))),
        ("bytes", longs(&|n| n * n)),
        ("start", longs(&|n| T0 + n / 10)),
        ("end", longs(&|n| T0 + n / 10 + 60)),
        ("log_status", texts(&|_| "OK".to_owned())),
    ]);
    let batch = batch.unwrap();
    let properties = properties
        .set_compression(Compression::GZIP(Default::default()))
        .set_max_row_group_row_count(Some(GROUP))
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(100)
        .set_statistics_enabled(EnabledStatistics::Page)
        .build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Reads all of the file that is asked for: the report and how many rows were handed out.
fn read(path: &Path, predicate: Option<Predicate>, to: Option<i64>) -> (ObjectReport, usize) {
    let object = Object {
        key: "a".into(),
        location: Location::Local(path.into()),
        size: path.metadata().unwrap().len(),
        etag: None,
        layout: None,
    };
    let context = ScanContext { to, ..ScanContext::of(object.clone()) };
    let columns = [FieldId::INTERFACE_ID, FieldId::SRCADDR, FieldId::DSTADDR, FieldId::BYTES];
    let columns: Vec<_> = columns.map(TableColumn::Field).into();
    let plan = Arc::new(ScanPlan {
        context: Arc::new(context),
        kind: TableKind::FlowLogs,
        schema: TableColumn::schema(&columns),
        columns,
        summed: None,
        predicate: predicate.map(Arc::new),
        asked: None,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let chunks = flowproof_source::open(&object).await.unwrap();
        let task = Arc::new(TaskContext::default());
        let shaper = Shaper::new(Arc::clone(&plan), 0, None);
        let mut reading = ParquetObject::open(shaper, 0, chunks, task).await.unwrap();
        let mut rows = 0;
        while let Some(batch) = reading.next().await.unwrap() {
            rows += batch.num_rows();
        }
        (plan.context.told_whole().objects.get(0).unwrap(), rows)
    })
}

fn counted(report: &ObjectReport) -> (u64, u64) {
    (report.tally.counts.ok, report.tally.counts.passed_over)
}

#[test]
fn row_groups_and_pages_that_cannot_pass_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write(&path, WriterProperties::builder());
    let (all, rows) = read(&path, None, None);
    assert_eq!((rows, counted(&all)), (ROWS, (ROWS as u64, 0)));
    let eni = |id: &str| Some(Predicate::text_in(FieldId::INTERFACE_ID, [id]));

    let (one, rows) = read(&path, eni("eni-06"), None);
    assert_eq!((rows, counted(&one)), (GROUP, (GROUP as u64, 19_000)));
    assert!(
        one.stored_bytes * 4 < all.stored_bytes,
        "{} of {}",
        one.stored_bytes,
        all.stored_bytes
    );

    // Rows 0 to 99 are in the window: the first page of the first group.
    let (early, rows) = read(&path, None, Some(T0 + 10));
    assert_eq!((rows, counted(&early)), (100, (100, 19_900)));
    assert!(
        early.stored_bytes * 3 < all.stored_bytes,
        "{} of {}",
        early.stored_bytes,
        all.stored_bytes
    );

    let (none, rows) = read(&path, eni("eni-99"), None);
    assert_eq!((rows, counted(&none)), (0, (0, ROWS as u64)));
}

#[test]
fn a_bloom_filter_rules_out_what_lies_within_the_range_of_a_row_group() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let of_sources = ColumnPath::from("srcaddr");
    let properties = || WriterProperties::builder();
    write(&path, properties().set_column_bloom_filter_enabled(of_sources.clone(), true));
    let source = || Some(Predicate::text_in(FieldId::SRCADDR, ["50.1.2.3"]));
    let (unsure, rows) = read(&path, source(), None);
    assert_eq!(rows, 0);

    // The same, and the file says that it has one spelling of each address.
    let note = KeyValue::new("flowproof.addresses".to_owned(), "one-spelling".to_owned());
    let noted = properties().set_key_value_metadata(Some(vec![note]));
    write(&path, noted.set_column_bloom_filter_enabled(of_sources, true));
    let (sure, rows) = read(&path, source(), None);
    assert_eq!((rows, counted(&sure).1), (0, ROWS as u64));
    let (sure, unsure) = (sure.stored_bytes, unsure.stored_bytes);
    assert!(sure + 100_000 < unsure, "{sure} and {unsure}: no page is read");
}

#[derive(Debug)]
struct Nines;

impl RawTest for Nines {
    fn passes(&self, text: &[u8]) -> bool {
        text.ends_with(b".9")
    }
}

#[test]
fn a_question_of_the_callers_own_is_asked_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write(&path, WriterProperties::builder());
    let nines = Predicate::Raw(FieldId::DSTADDR, Arc::new(Nines));
    let (report, rows) = read(&path, Some(nines), None);
    // The tenth interface has this address, and no other.
    assert_eq!((rows, counted(&report)), (GROUP, (GROUP as u64, 19_000)));
}
