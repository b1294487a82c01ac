//! Folders of logs, and sessions on them.

use std::fs;

use arrow::array::{Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use flowproof_engine::{Answer, EngineError, Key, Rows, Session, SessionOptions, VolumeFilter};
use flowproof_evidence::Window;
use flowproof_source::Selection;
use tempfile::TempDir;

pub(crate) const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol \
                      packets bytes start end action log-status";
pub(crate) const V5: &str = "version account-id interface-id instance-id srcaddr dstaddr srcport dstport \
                      protocol packets bytes start end action log-status pkt-srcaddr pkt-dstaddr \
                      flow-direction";
pub(crate) const ENI: &str = "eni-0a1b2c3d4e5f60001";
pub(crate) const INSTANCE: &str = "i-0aaaabbbbcccc0001";
/// 2025-06-01T00:00:00Z
pub(crate) const T0: i64 = 1_748_736_000;

/// A version 2 record of an interface, one minute long.
pub(crate) fn v2(eni: &str, source: &str, destination: &str, bytes: u64, start: i64) -> String {
    let end = start + 60;
    format!(
        "2 123456789012 {eni} {source} {destination} 49152 443 6 10 {bytes} {start} {end} ACCEPT OK"
    )
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A folder with one log of these lines under a header.
pub(crate) fn log(header: &str, lines: &[String]) -> TempDir {
    folder(&[("a.log", format!("{header}\n{}\n", lines.join("\n")))])
}

pub(crate) fn options() -> SessionOptions {
    SessionOptions { threads: 2, ..SessionOptions::default() }
}

/// Runs a future on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().unwrap().block_on(future)
}

pub(crate) async fn open(folder: &TempDir, window: Window, options: SessionOptions) -> Session {
    let wheres = vec![folder.path().display().to_string()];
    let selection = Selection { wheres, window, ..Selection::default() };
    Session::open(&selection, options).await.unwrap()
}

/// The set that is collected from logs: all copies, also by a session that drops them.
pub(crate) fn collected(logs: &TempDir, options: SessionOptions) -> TempDir {
    let set = tempfile::tempdir().unwrap();
    block_on(async {
        let session = open(logs, Window::ALWAYS, options).await;
        session.collect(set.path()).await.unwrap();
    });
    set
}

pub(crate) fn volumes(folder: &TempDir, keys: &[Key]) -> Answer<Rows> {
    block_on(async {
        let session = open(folder, Window::ALWAYS, options()).await;
        session.volumes(keys, &VolumeFilter::default()).await.unwrap()
    })
}

pub(crate) fn query(folder: &TempDir, sql: &str) -> Result<Answer<Rows>, EngineError> {
    query_with(folder, sql, options())
}

pub(crate) fn query_with(
    folder: &TempDir,
    sql: &str,
    options: SessionOptions,
) -> Result<Answer<Rows>, EngineError> {
    block_on(async { open(folder, Window::ALWAYS, options).await.query(sql, None).await })
}

/// Rows as text, cells parted by `|`.
pub(crate) fn texts(rows: &Rows) -> Vec<String> {
    rows.batches.iter().flat_map(batch_texts).collect()
}

fn batch_texts(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default();
    let columns = batch.columns().iter();
    let columns: Vec<_> =
        columns.map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    let row = |row: usize| {
        let cells = columns.iter().map(|column| column.value(row).to_string());
        cells.collect::<Vec<_>>().join("|")
    };
    (0..batch.num_rows()).map(row).collect()
}

/// The named columns of the only row.
pub(crate) fn only_row(rows: &Rows, names: &[&str]) -> Vec<String> {
    let all: Vec<&RecordBatch> = rows.batches.iter().filter(|b| b.num_rows() > 0).collect();
    assert_eq!(all.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1, "one row");
    let options = FormatOptions::default();
    let text = |name: &&str| {
        let column = all[0].column_by_name(name).unwrap();
        assert!(column.len() == 1);
        ArrayFormatter::try_new(column.as_ref(), &options).unwrap().value(0).to_string()
    };
    names.iter().map(text).collect()
}
