//! Parquet that is damaged, and Parquet that is something else.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use flowproof_engine::{Answer, Rows};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::twin::{Writer, parquet, write};
use super::{both, traffic};
use crate::support::*;

/// What becomes of an object with these bytes, beside a good one.
fn answer(bytes: &[u8]) -> Answer<Rows> {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0)]);
    fs::write(logs.path().join("b.parquet"), bytes).unwrap();
    query(&logs, "select interface_id, count(*), sum(bytes) from flow_logs group by 1 order by 1")
        .unwrap()
}

fn outcome(bytes: &[u8]) -> (&'static str, String) {
    let answer = answer(bytes);
    assert_eq!(texts(&answer.value).len(), 1, "only the good object has records");
    let reason = answer.coverage.samples.iter().find(|sample| sample.object.ends_with("b.parquet"));
    (
        answer.objects.iter().nth(1).unwrap().outcome,
        reason.map(|sample| sample.reason.clone()).unwrap_or_default(),
    )
}

#[test]
fn a_file_that_was_cut_off_is_truncated() {
    let whole = parquet(V2, &traffic(), Writer::default());
    for length in [4, 8, 11, 12, whole.len() / 2, whole.len() - 1] {
        let (outcome, reason) = outcome(&whole[..length]);
        assert_eq!(outcome, "truncated", "{length}");
        assert_eq!(reason, "it begins as Parquet and does not end so");
    }
}

#[test]
fn a_footer_that_cannot_be_read_is_corrupt() {
    let whole = parquet(V2, &traffic(), Writer::default());
    let mut longer = whole.clone();
    let at = longer.len() - 8;
    longer[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut other = whole.clone();
    let end = other.len();
    other[end - 300..end - 8].fill(0xff);
    for bytes in [longer, other] {
        let (outcome, reason) = outcome(&bytes);
        assert_eq!(outcome, "corrupt");
        assert!(reason.starts_with("its footer cannot be read: "), "{reason}");
    }
}

#[test]
fn records_before_a_damaged_page_are_counted() {
    let mut bytes = parquet(V2, &traffic(), Writer { group_rows: 100, ..Writer::default() });
    let middle = bytes.len() / 2;
    bytes[middle - 400..middle + 400].fill(0x55);
    let answer = answer(&bytes);
    assert_eq!(answer.objects.iter().nth(1).unwrap().outcome, "corrupt");
    let reason = &answer.coverage.samples[0].reason;
    assert!(reason.contains("records before that are counted"), "{reason}");
    assert_eq!(answer.coverage.objects.read, 1, "the other object is read");
}

#[test]
fn damage_anywhere_ends_no_more_than_the_object() {
    let whole =
        parquet(V2, &traffic()[..60], Writer { group_rows: 20, page_rows: 5, ..Writer::default() });
    let config = ProptestConfig { cases: 60, ..ProptestConfig::default() };
    let damage = prop::collection::vec((0..whole.len(), any::<u8>()), 1..6);
    let result = TestRunner::new(config).run(&damage, |damage| {
        let mut bytes = whole.clone();
        damage.iter().for_each(|(at, byte)| bytes[*at] = *byte);
        let answer = answer(&bytes);
        prop_assert_eq!(answer.coverage.objects.listed, 2);
        let good = format!("{ENI}|1|7");
        prop_assert!(texts(&answer.value).contains(&good));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn parquet_of_something_else_is_refused_by_name() {
    let prices: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let batch = RecordBatch::try_from_iter([
        ("price", Arc::clone(&prices)),
        ("name", names),
        ("bytes", prices),
    ]);
    let (outcome, reason) = outcome(&write(&batch.unwrap(), &Writer::default()));
    assert_eq!(outcome, "not_a_flow_log");
    assert_eq!(
        reason,
        "Parquet whose columns are not those of a flow log: `price`, `name`, `bytes`"
    );
}

#[test]
fn a_file_without_rows_is_empty() {
    assert_eq!(outcome(&parquet(V2, &[], Writer::default())).0, "empty");
}

#[test]
fn columns_that_are_not_known_are_told_and_skipped() {
    let header = format!("{V2} shoe-size");
    let lines: Vec<String> = traffic().iter().map(|line| format!("{line} 43")).collect();
    let (text, twin) = both(&header, &lines, Writer::default());
    let answers =
        [&text, &twin].map(|folder| query(folder, "select sum(bytes) from flow_logs").unwrap());
    assert_eq!(texts(&answers[0].value), texts(&answers[1].value));
    let told = |answer: &Answer<Rows>| answer.coverage.samples[0].reason.clone();
    assert_eq!(told(&answers[1]), "field `shoe_size` is not known to this version and was skipped");
}
