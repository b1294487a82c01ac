//! The same input gives the same output.

use flowproof_engine::{Key, SessionOptions, VolumeFilter};
use flowproof_evidence::Window;

use crate::support::*;

fn many_files() -> tempfile::TempDir {
    let text = |file: i64| {
        let lines = (0..400).map(|n| {
            let remote = format!("203.0.113.{}", (n * 7 + file) % 250);
            v2(
                &format!("eni-{}", n % 5),
                &format!("10.0.1.{}", n % 5),
                &remote,
                7 * n as u64,
                T0 + 900 * file,
            )
        });
        format!("{V2}\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    };
    let files: Vec<(String, String)> = (0..9).map(|n| (format!("{n}.log"), text(n))).collect();
    let files: Vec<(&str, String)> = files.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
    folder(&files)
}

#[test]
fn answers_do_not_depend_on_threads_or_batches() {
    let logs = many_files();
    let answers = [(1, 8192), (2, 64), (7, 1000), (0, 0)].map(|(threads, batch_rows)| {
        block_on(async {
            let options = SessionOptions { threads, batch_rows, ..options() };
            let session = open(&logs, Window::ALWAYS, options).await;
            let keys = [Key::Interface, Key::Remote, Key::Hour];
            let volumes = session.volumes(&keys, &VolumeFilter::default()).await.unwrap();
            let sql = "select * from traffic limit 50";
            let query = session.query(sql, None).await.unwrap();
            let ties = session
                .query("select remote, bytes from traffic order by bytes desc limit 20", None);
            let ties = ties.await.unwrap();
            (
                texts(&volumes.value),
                texts(&query.value),
                texts(&ties.value),
                volumes.evidence(),
                volumes.coverage,
                query.coverage,
            )
        })
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[0], answers[3], "none is one");
    assert_eq!(answers[0].1.len(), 50);
}

#[test]
fn a_table_that_is_read_twice_is_counted_once() {
    let logs = many_files();
    let sql = "select count(*) from flow_logs a join flow_logs b on a.bytes = b.bytes and a.srcaddr = b.dstaddr";
    let answer = query(&logs, sql).unwrap();
    assert_eq!(answer.coverage.records.ok, 3600);
    let union =
        "select count(*) from (select bytes from flow_logs union all select bytes from traffic)";
    let answer = query(&logs, union).unwrap();
    assert_eq!(texts(&answer.value), ["7200"]);
    assert_eq!((answer.coverage.records.ok, answer.coverage.objects.read), (3600, 9));
}

#[test]
fn only_questions_are_answered() {
    let logs = many_files();
    for sql in [
        "drop table flow_logs",
        "create table t as select 1",
        "set datafusion.execution.batch_size = 1",
        "insert into flow_logs select * from flow_logs",
        "copy (select 1) to 'x.csv'",
    ] {
        assert!(query(&logs, sql).is_err(), "{sql}");
    }
    assert!(!std::path::Path::new("x.csv").exists());
}
