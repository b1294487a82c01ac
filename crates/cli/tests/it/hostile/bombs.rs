//! Little that becomes much.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::{HEADER, MEMORY, RECORD, file, gzip_of, within};
use crate::program::{arg, testdata};

fn logs() -> String {
    arg(testdata().join("worked/logs"))
}

#[test]
fn zeros_in_a_log_are_passed_over_and_not_held() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a.log.gz");
    gzip_of(&place, &format!("{HEADER}{RECORD}"), &[0; 1 << 20], 128, &format!("\n{RECORD}"));
    let run =
        within(MEMORY, &["volumes", "--by", "interface", "--format=csv", "--logs", &arg(&place)]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.out.contains(",200,") || run.out.contains("200,"), "both records count: {run:?}");
    assert!(run.err.contains(&format!("a line of more than {} bytes", 64 << 10)), "{run:?}");
}

#[test]
fn a_zstd_frame_with_a_huge_window_is_refused() {
    let (_folder, place) = file("a.log.zst", [0x28, 0xb5, 0x2f, 0xfd, 0, (31 << 3) | 7, 1, 0, 0]);
    let run = within(MEMORY, &["inspect", "--logs", &place]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.err.contains("the limit is 128 MiB"), "{run:?}");
}

#[test]
fn a_finding_of_millions_of_values_is_refused_before_it_is_held() {
    for (unit, begin) in [(",[]", "[[]"), (",{\"\":0}", "[0")] {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("finding.json.gz");
        gzip_of(&place, begin, unit.repeat(100_000).as_bytes(), 60, "]");
        let run = within(MEMORY, &["investigate", "--logs", &logs(), "--finding", &arg(&place)]);
        assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
        let limit =
            format!("a JSON document of more than {} values", flowproof_finding::MAX_VALUES);
        assert!(run.err.contains(&limit), "{run:?}");
    }
}

#[test]
fn a_finding_that_inflates_without_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("finding.json.gz");
    gzip_of(&place, "[", &[b' '; 1 << 20], 300, "]");
    let run = within(2 * MEMORY, &["investigate", "--logs", &logs(), "--finding", &arg(&place)]);
    assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
    let limit = format!("more than {} bytes of text", flowproof_finding::MAX_TEXT_BYTES);
    assert!(run.err.contains(&limit), "{run:?}");
}

#[test]
fn an_inventory_of_millions_of_values_is_refused_before_it_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("inventory.json.gz");
    let unit = ",{}".repeat(100_000);
    gzip_of(&place, "{\"NetworkInterfaces\":[{}", unit.as_bytes(), 45, "]}");
    let args = ["volumes", "--by", "interface", "--logs", &logs(), "--inventory", &arg(&place)];
    let run = within(MEMORY, &args);
    assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
    assert!(run.err.contains("a JSON document of more than 8000000 values"), "{run:?}");
}

#[test]
fn a_text_of_megabytes_in_every_row_of_a_parquet_file_is_no_value() {
    // The writer looks at each row's text, so that there are no more than the writer is patient with.
    let rows = 400;
    let text = StringArray::from(vec!["x".repeat(1 << 20)]);
    let keys = Int32Array::from(vec![0; rows]);
    let huge = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(text)).unwrap();
    let same = |text: &str| Arc::new(StringArray::from(vec![text; rows])) as ArrayRef;
    let number = |number: i64| Arc::new(Int64Array::from(vec![number; rows])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("interface_id", Arc::new(huge) as ArrayRef),
        ("srcaddr", same("203.0.113.9")),
        ("dstaddr", same("10.0.1.5")),
        ("packets", number(1)),
        ("bytes", number(100)),
        ("start", number(1_748_768_400)),
        ("end", number(1_748_768_460)),
        ("action", same("ACCEPT")),
        ("log_status", same("OK")),
    ])
    .unwrap();
    for compression in
        [Compression::ZSTD(ZstdLevel::default()), Compression::GZIP(Default::default())]
    {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.parquet");
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_page_size_limit(1 << 30)
            .build();
        let out = File::create(&place).unwrap();
        let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        assert!(place.metadata().unwrap().len() < 100_000);
        let run = within(MEMORY, &["volumes", "--by", "interface", "--logs", &arg(&place)]);
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.err.contains("400 malformed lines"), "{run:?}");
        assert!(run.err.contains("a text of more than 65536 bytes"), "{run:?}");
    }
}
