//! Flow logs in a DataFusion context of another program.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use datafusion::execution::FunctionRegistry;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::prelude::{DataFrame, SessionContext, col};
use flowproof_engine::{Answer, EngineError, Rows, host};
use flowproof_intel::{List, ListRole, Matcher};
use object_store::ObjectStoreExt;

use super::over;
use crate::support::*;

fn context() -> SessionContext {
    let context = SessionContext::new();
    host::register(&context).unwrap();
    context
}

/// Two interfaces whose own addresses the records tell only to whoever looks at all of them.
fn logs() -> tempfile::TempDir {
    let other = "eni-0a1b2c3d4e5f60002";
    log(
        V2,
        &[
            v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0),
            v2(ENI, "203.0.113.9", "10.0.1.5", 20, T0 + 60),
            v2(ENI, "10.0.1.5", "10.0.2.9", 3, T0 + 120),
            v2(other, "10.0.2.9", "198.51.100.7", 40, T0),
            v2(other, "192.0.2.1", "10.0.2.9", 5, T0 + 60),
        ],
    )
}

fn matcher(text: &str) -> Arc<Matcher> {
    let list = List::from_bytes("list.txt", ListRole::Threat, text.as_bytes()).unwrap();
    Arc::new(Matcher::new(vec![list]))
}

async fn ask(
    logs: &tempfile::TempDir,
    frame: DataFrame,
    matcher: Option<Arc<Matcher>>,
) -> Result<Answer<Rows>, EngineError> {
    over(logs).open().await.unwrap().answer_frame(frame, matcher).await
}

#[test]
fn a_frame_of_another_program_is_answered_as_the_same_sql_is() {
    let logs = logs();
    let list = matcher("203.0.113.0/24\n");
    for sql in [
        "SELECT count(*), sum(bytes) FROM flow_logs",
        "SELECT srcaddr, bytes FROM flow_logs WHERE bytes > 4 ORDER BY bytes",
        "SELECT remote, sum(bytes) FROM traffic WHERE direction = 'egress' GROUP BY remote",
        "SELECT interface_id, sum(bytes) OVER (PARTITION BY interface_id ORDER BY bytes) FROM flow_logs",
        "SELECT sum(bytes) - sum(packets) FROM flow_logs WHERE in_list(dstaddr)",
        "SELECT count(*) FROM flow_logs a JOIN traffic b ON a.srcaddr = b.remote",
        "SELECT bytes FROM flow_logs WHERE bytes = (SELECT max(bytes) FROM traffic WHERE on_threat_list(remote))",
        "SELECT count(*) FROM traffic WHERE remote IN (SELECT dstaddr FROM flow_logs WHERE bytes > 50)",
        "SELECT * FROM traffic LIMIT 3",
        "WITH big AS (SELECT * FROM traffic WHERE bytes > 10) SELECT local, count(*) FROM big GROUP BY 1 UNION ALL \
         SELECT srcaddr, 1 FROM flow_logs",
    ] {
        block_on(async {
            let session = over(&logs).open().await.unwrap();
            let of_sql = session.query(sql, Some(Arc::clone(&list))).await.unwrap();
            let frame = context().sql(sql).await.unwrap();
            let of_frame = session.answer_frame(frame, Some(Arc::clone(&list))).await.unwrap();
            assert!(!texts(&of_sql.value).is_empty(), "{sql}");
            assert_eq!(texts(&of_frame.value), texts(&of_sql.value), "{sql}");
            assert_eq!(of_frame.coverage, of_sql.coverage, "{sql}");
        });
    }
}

#[test]
fn a_context_that_runs_such_a_plan_by_itself_is_told_how_it_is_run() {
    block_on(async {
        for table in ["flow_logs", "traffic"] {
            let frame = context().sql(&format!("SELECT count(*) FROM {table}")).await.unwrap();
            let error = frame.collect().await.unwrap_err().to_string();
            assert!(error.contains("Session::answer_frame"), "{error}");
        }
    });
}

#[test]
fn totals_do_not_wrap_whichever_sum_the_program_takes() {
    let lines = [u64::MAX, 2].map(|bytes| v2(ENI, "10.0.1.5", "203.0.113.9", bytes, T0));
    let logs = log(V2, &lines);
    block_on(async {
        let context = context();
        let table = context.table("flow_logs").await.unwrap();
        let by_frame = table.aggregate(vec![], vec![sum(col("bytes"))]).unwrap();
        let by_sql = context.sql("SELECT sum(bytes) FROM flow_logs").await.unwrap();
        let windowed = context.sql("SELECT sum(bytes) OVER () FROM flow_logs").await.unwrap();
        let added = context.sql("SELECT max(bytes) + min(bytes) FROM flow_logs").await.unwrap();
        for frame in [by_frame, by_sql, windowed, added] {
            let plan = frame.logical_plan().to_string();
            assert!(ask(&logs, frame, None).await.is_err(), "{plan}");
        }
    });
}

#[test]
fn tables_of_the_program_are_read_beside_flow_logs_wherever_they_lie() {
    let logs = logs();
    block_on(async {
        let context = context();
        let (eni, team): (StringArray, StringArray) = (vec![ENI].into(), vec!["billing"].into());
        let columns = [("eni", Arc::new(eni) as _), ("team", Arc::new(team) as _)];
        context.register_batch("assets", RecordBatch::try_from_iter(columns).unwrap()).unwrap();
        let store = Arc::new(object_store::memory::InMemory::new());
        store.put(&"names.csv".into(), "address,name\n203.0.113.9,relay\n".into()).await.unwrap();
        context.register_object_store(&"mem://names".parse().unwrap(), store);
        context.register_csv("names", "mem://names/names.csv", Default::default()).await.unwrap();
        let sql = "SELECT team, name, sum(bytes) FROM traffic JOIN assets ON interface_id = eni \
                   JOIN names ON remote = address WHERE direction = 'ingress' GROUP BY 1, 2";
        let answer = ask(&logs, context.sql(sql).await.unwrap(), None).await.unwrap();
        assert_eq!(texts(&answer.value), ["billing|relay|20"]);
        assert_eq!((answer.coverage.objects.read, answer.coverage.records.ok), (1, 5));
    });
}

#[test]
fn each_session_answers_with_its_own_logs_and_lists() {
    let few = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0)]);
    let many = logs();
    block_on(async {
        let frame = context().sql("SELECT sum(bytes) FROM flow_logs WHERE in_list(dstaddr)").await;
        let frame = frame.unwrap();
        let mut answers = Vec::new();
        for (logs, list) in
            [(&few, "203.0.113.9\n"), (&many, "203.0.113.9\n"), (&many, "198.51.100.7\n")]
        {
            let answer = ask(logs, frame.clone(), Some(matcher(list))).await.unwrap();
            answers.extend(texts(&answer.value));
        }
        assert_eq!(answers, ["7", "100", "40"]);
        let error = ask(&few, frame, None).await.unwrap_err();
        assert!(error.to_string().contains("list"), "without lists no address is on one: {error}");
    });
}

#[test]
fn names_that_are_taken_are_refused_and_nothing_is_registered() {
    let context = SessionContext::new();
    let batch = RecordBatch::try_from_iter([("a", Arc::new(StringArray::from(vec!["x"])) as _)]);
    context.register_batch("traffic", batch.unwrap()).unwrap();
    let error = host::register(&context).unwrap_err().to_string();
    assert!(error.contains("traffic"), "{error}");
    assert!(!context.table_exist("flow_logs").unwrap());
    assert!(context.udf("in_list").is_err());
}

#[test]
fn frames_that_read_no_flow_logs_or_do_more_than_read_are_refused() {
    let logs = logs();
    block_on(async {
        let context = context();
        let without = context.sql("SELECT 1").await.unwrap();
        let error = ask(&logs, without, None).await.unwrap_err().to_string();
        assert!(error.contains("neither flow_logs nor traffic"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.csv");
        let copy =
            format!("COPY (SELECT bytes FROM flow_logs) TO '{}' STORED AS CSV", file.display());
        let plan = context.state().create_logical_plan(&copy).await.unwrap();
        let frame = DataFrame::new(context.state(), plan);
        assert!(ask(&logs, frame, None).await.is_err());
        assert!(!file.exists());
    });
}
