//! Totals are exact to 64 bits, and what would wrap is an error.

use flowproof_engine::Key;

use crate::support::*;

const BIG: u64 = 18_446_744_073_709_551_615;

#[test]
fn a_counter_of_64_bits_is_summed_exactly() {
    let lines = [
        v2(ENI, "10.0.1.5", "203.0.113.9", BIG - 1, T0),
        v2(ENI, "10.0.1.5", "203.0.113.9", 1, T0),
    ];
    let answer = volumes(&log(V2, &lines), &[Key::Interface]);
    assert_eq!(only_row(&answer.value, &["bytes_out"]), [BIG.to_string()]);
}

#[test]
fn a_total_that_would_wrap_is_an_error_in_volumes_and_in_sql() {
    let lines =
        [v2(ENI, "10.0.1.5", "203.0.113.9", BIG, T0), v2(ENI, "10.0.1.5", "203.0.113.9", 1, T0)];
    let logs = log(V2, &lines);
    for sql in [
        "select sum(bytes) from flow_logs",
        "select interface_id, sum(bytes) from flow_logs group by 1",
        "select sum(bytes) over (order by bytes) from flow_logs",
        "select sum(distinct bytes), count(distinct start) from flow_logs",
        "select interface_id, sum(distinct bytes), count(distinct dstaddr) from flow_logs group by 1",
    ] {
        let error = query(&logs, sql).unwrap_err().to_string();
        assert!(error.contains("does not fit in 64 bits"), "{sql}: {error}");
    }
    let error = block_on(async {
        let session = open(&logs, flowproof_evidence::Window::ALWAYS, options()).await;
        session.volumes(&[Key::Interface], &Default::default()).await.unwrap_err()
    });
    assert!(error.to_string().contains("does not fit in 64 bits"), "{error}");
}

#[test]
fn sums_of_groups_windows_and_nothing_are_right() {
    let lines: Vec<String> = (0..5)
        .map(|n| v2(&format!("eni-{}", n % 2), "10.0.1.5", "203.0.113.9", 1 << (10 * n), T0 + n))
        .collect();
    let logs = log(V2, &lines);
    let rows = |sql: &str| texts(&query(&logs, sql).unwrap().value);
    assert_eq!(
        rows("select interface_id, sum(bytes), sum(srcport) from flow_logs group by 1"),
        ["eni-0|1099512676353|147456", "eni-1|1073742848|98304"]
    );
    assert_eq!(rows("select sum(bytes) from flow_logs where bytes > 99999999999999"), [""]);
    assert_eq!(rows("select sum(distinct bytes) from flow_logs where bytes < 2000"), ["1025"]);
    assert_eq!(
        rows(
            "select interface_id, sum(distinct srcport), count(distinct bytes) from flow_logs group by 1"
        ),
        ["eni-0|49152|3", "eni-1|49152|2"]
    );
    assert_eq!(
        rows(
            "select sum(bytes) over (order by start rows 1 preceding) from flow_logs order by start limit 3"
        ),
        ["1", "1025", "1049600"]
    );
    assert_eq!(rows("select sum(bytes) filter (where bytes = 1) from flow_logs"), ["1"]);
}

#[test]
fn arithmetic_that_would_wrap_is_an_error_too() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 11, T0)]);
    for sql in [
        "select packets - bytes from flow_logs",
        "select sum(packets) - sum(bytes + bytes) from flow_logs",
        "select bytes * 18446744073709551615 from flow_logs where bytes + packets > 5",
    ] {
        let error = query(&logs, sql).unwrap_err().to_string();
        assert!(error.to_lowercase().contains("overflow"), "{sql}: {error}");
    }
    let fine =
        query(&logs, "select bytes - packets, 2 + 3 * 4, srcport + 1 as next from flow_logs");
    let fine = fine.unwrap().value;
    assert_eq!(texts(&fine), ["1|14|49153"]);
    assert_eq!(fine.schema.field(2).name(), "next");
}
