//! The order of results, and which rows come first.

use std::sync::Arc;

use flowproof_engine::SessionOptions;
use flowproof_evidence::Window;
use flowproof_intel::{List, ListRole, Matcher};

use crate::support::*;

/// Remotes whose bytes go the other way than their addresses; one record tells its direction by the inventory of
/// nobody, so that sides have to be learned.
fn logs() -> tempfile::TempDir {
    let lines = (1..=6_u64).flat_map(|n| {
        let remote = format!("203.0.113.{n}");
        let record = |bytes, start| v2(ENI, "10.0.1.5", &remote, bytes, start);
        [record(100 * (7 - n), T0 + 60), record(1, T0 + 60 * n as i64)]
    });
    log(V2, &lines.collect::<Vec<_>>())
}

fn rows(sql: &str) -> Vec<String> {
    let logs = logs();
    texts(&query(&logs, sql).unwrap_or_else(|error| panic!("{sql}: {error}")).value)
}

#[test]
fn the_order_of_a_query_holds_also_by_what_it_does_not_hand_out() {
    let sums = "select remote, sum(bytes) as total from traffic group by remote";
    for (sql, expected) in [
        ("select remote from traffic group by remote order by sum(bytes) desc limit 2", "1 2"),
        ("select remote from traffic group by remote order by sum(bytes) limit 2", "6 5"),
        (
            "select remote, count(*) * 0 from traffic group by remote order by max(start) desc limit 2",
            "6|0 5|0",
        ),
        ("select remote from traffic where bytes > 1 order by bytes desc limit 3", "1 2 3"),
        ("select remote from traffic where bytes > 1 order by bytes desc limit 2 offset 1", "2 3"),
        ("select remote from traffic where bytes > 1 order by bytes", "6 5 4 3 2 1"),
        (&format!("select remote from ({sums}) as s order by total desc limit 2"), "1 2"),
        (&format!("select remote from ({sums} order by total desc limit 2) as s"), "1 2"),
        (&format!("with s as ({sums}) select remote from s order by total limit 1"), "6"),
        (&format!("select max(remote) from ({sums} order by total desc limit 2) as s"), "2"),
        (
            "select distinct on (remote) remote from traffic order by remote desc, bytes limit 2",
            "6 5",
        ),
        ("select distinct on (remote) remote, bytes from traffic limit 2", "1|1 2|1"),
        (
            "select concat(remote, '') from traffic where bytes = 1 order by remote desc limit 2",
            "6 5",
        ),
    ] {
        let rows = rows(sql).join(" ").replace("203.0.113.", "");
        assert_eq!(rows, expected, "{sql}");
    }
}

#[test]
fn what_an_inner_limit_takes_does_not_depend_on_threads() {
    let text = |file: u64| {
        let line =
            |n: u64| v2(ENI, "10.0.1.5", &format!("203.0.113.{}", n % 50), n * 10 + file, T0);
        let lines = (0..300).map(line);
        format!("{V2}\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    };
    let files: Vec<(String, String)> = (0..6).map(|n| (format!("{n}.log"), text(n))).collect();
    let files: Vec<(&str, String)> = files.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
    let logs = folder(&files);
    for sql in [
        "select sum(bytes), count(remote) from (select * from traffic limit 100) as t",
        "with t as (select * from traffic limit 1) select t.bytes, f.bytes from t join flow_logs f using (dstaddr)",
        "select (select bytes from traffic limit 1) as one",
        "select count(*) from flow_logs where bytes in (select bytes from traffic limit 7)",
        "select distinct on (remote) remote, bytes from traffic",
        "select remote, bytes from traffic order by remote limit 3",
        "select make_array(dstaddr) as a, bytes from traffic limit 3",
        "select distinct make_array(dstaddr) as a from traffic limit 3",
        "select dstaddr, (select count(*) from flow_logs f where f.dstaddr = t.dstaddr) as n \
            from (select * from flow_logs limit 40) as t",
        "with t as (select dstaddr, sum(bytes) as s from traffic group by 1 order by s desc limit 20) \
            select t.*, (select max(bytes) from traffic x where x.dstaddr = t.dstaddr) as most from t limit 5",
    ] {
        let answers = [(1, 8192), (2, 64), (5, 100)].map(|(threads, batch_rows)| {
            let options = SessionOptions { threads, batch_rows, ..options() };
            texts(&query_with(&logs, sql, options).unwrap().value)
        });
        assert_eq!(answers[0], answers[1], "{sql}");
        assert_eq!(answers[0], answers[2], "{sql}");
        assert!(!answers[0].is_empty(), "{sql}");
    }
}

#[test]
fn lists_can_be_keys_and_columns() {
    let lists = || {
        let text = b"203.0.113.1\n203.0.113.0/30 # few\n";
        let list = List::from_bytes("bad.txt", ListRole::Threat, text).unwrap();
        Some(Arc::new(Matcher::new(vec![list])))
    };
    let logs = logs();
    for (sql, rows) in [
        ("select distinct on (list_matches(dstaddr)) bytes from flow_logs", 3),
        ("select distinct on (interface_id, list_matches(dstaddr)) bytes from flow_logs", 3),
        ("select list_matches(dstaddr) as m from flow_logs order by m", 12),
        ("select list_matches(dstaddr) as m, bytes from flow_logs limit 5", 5),
        ("select distinct list_matches(dstaddr) as m from flow_logs", 3),
    ] {
        let answers = [1, 2, 2, 5].map(|threads| {
            let options = SessionOptions { threads, batch_rows: 3, ..options() };
            block_on(async {
                let session = open(&logs, Window::ALWAYS, options).await;
                texts(
                    &session
                        .query(sql, lists())
                        .await
                        .unwrap_or_else(|e| panic!("{sql}: {e}"))
                        .value,
                )
            })
        });
        assert_eq!(answers[0].len(), rows, "{sql}");
        if !sql.contains("distinct on") {
            assert!(answers.iter().all(|answer| *answer == answers[0]), "{sql}");
        }
    }
}

#[test]
fn subqueries_with_limits_that_look_outside_are_answered() {
    let exists = "select count(*) from flow_logs f where exists \
        (select 1 from traffic t where t.remote = f.dstaddr limit 1)";
    assert_eq!(rows(exists), ["12"]);
    let inner = "select f.dstaddr from flow_logs f where f.bytes = 1 and f.bytes in \
        (select bytes from traffic order by bytes limit 1) limit 1";
    assert_eq!(rows(inner), ["203.0.113.1"]);
}

#[test]
fn an_explained_plan_is_the_one_that_is_run() {
    let plan = rows("explain select remote from traffic order by bytes limit 2").join("\n");
    assert!(plan.contains("bytes ASC NULLS LAST, traffic.remote ASC NULLS FIRST"), "{plan}");
}

#[test]
fn sides_are_learned_for_the_first_rows_too() {
    // No record tells a direction; the own address is the one that is in all of them.
    let lines: Vec<String> = (0..60_000)
        .map(|n| v2(ENI, "198.51.100.1", &format!("203.0.113.{}", n % 200), 1, T0 + n / 100))
        .collect();
    let logs = log(V2, &lines);
    for sql in [
        "select count(remote), count(*) from (select remote from traffic limit 1000) as t",
        "with s as (select * from traffic limit 1000) select count(remote), count(*) from s",
        "select count(x), 1000 * count(*) from (select (select remote from traffic limit 1) as x) as t",
    ] {
        let rows = texts(&query(&logs, sql).unwrap().value);
        let (known, all) = rows[0].split_once('|').unwrap();
        assert!(known != "0" && (known == all || all == "1000"), "{sql}: {rows:?}");
    }
}

#[test]
fn of_two_readings_in_a_query_either_tells_what_it_met() {
    let mut lines: Vec<String> = (0..300)
        .map(|n| v2(&format!("eni-{}", n % 2), "10.0.1.5", "203.0.113.9", 1, T0 + n))
        .collect();
    lines.push("broken".to_owned());
    let logs = log(V2, &lines);
    let whole = query(&logs, "select count(*) from flow_logs").unwrap().coverage;
    assert_eq!((whole.records.malformed, whole.records.ok), (1, 300));
    let (all, one) = (
        "select count(*) from flow_logs",
        "select count(*) from flow_logs where interface_id = 'eni-1'",
    );
    for sql in [
        format!("select ({all}) as a, ({one}) as b"),
        format!("select ({one}) as a, ({all}) as b"),
        format!("{all} union all {one}"),
        format!("{one} union all {all}"),
    ] {
        for threads in [1, 2, 2, 4] {
            let options = SessionOptions { threads, ..options() };
            let coverage = query_with(&logs, &sql, options).unwrap().coverage;
            assert_eq!(coverage, whole, "{sql}");
        }
    }
}

#[test]
fn a_reading_of_another_table_does_not_hide_that_sides_are_to_be_learned() {
    let lines = [
        v2(ENI, "198.51.100.5", "203.0.113.1", 1000, T0),
        v2(ENI, "198.51.100.5", "203.0.113.2", 50, T0 + 60),
        v2(ENI, "198.51.100.5", "-", 7, T0 + 120),
    ];
    let logs = log(V2, &lines);
    let sql = "select (select max(local) from traffic where dstaddr is null) as l, \
        (select count(*) from flow_logs) as n";
    for threads in [1, 2, 2, 2, 4] {
        let session = SessionOptions { threads, ..options() };
        let answer = query_with(&logs, sql, session).unwrap();
        assert_eq!(texts(&answer.value), ["198.51.100.5|3"]);
    }
    let bounded = Window { from: None, to: "2025-06-01T00:01:30Z".parse().ok() };
    let first = block_on(async { open(&logs, bounded, options()).await.query(sql, None).await });
    assert_eq!(texts(&first.unwrap().value), ["|2"]);
}
