//! Filters mean the same on raw bytes and in SQL.

use std::sync::Arc;

use flowproof_engine::{Session, SessionOptions};
use flowproof_evidence::Window;
use flowproof_intel::{List, ListRole, Matcher};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::support::*;

/// Lines with values that filters can trip over: missing, other spellings, large, idle.
pub(crate) fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for (n, (source, bytes, action)) in [
        ("10.0.1.5", "8400", "ACCEPT"),
        ("2001:DB8:0::9", "18446744073709551615", "REJECT"),
        ("2001:db8::9", "-", "ACCEPT"),
        ("10.0.1.6", "0", "-"),
        ("-", "007", "ACCEPT"),
        ("::ffff:10.0.1.5", "8400", "ACCEPT"),
    ]
    .into_iter()
    .enumerate()
    {
        let (eni, start) = (format!("eni-{}", n % 2), T0 + 60 * n as i64);
        lines.push(format!(
            "2 123456789012 {eni} {source} 203.0.113.9 0443 443 6 10 {bytes} {start} {} {action} OK",
            start + 60
        ));
    }
    lines.push(format!("2 unknown - - - - - - - - {T0} {} - NODATA", T0 + 60));
    lines.push(format!(
        "2 unknown eni-0 10.0.1.5 203.0.113.9 1 2 6 1 8400 {T0} {} ACCEPT SKIPDATA",
        T0 + 60
    ));
    lines
}

/// A comparison that SQL can type, of the columns and values in the lines.
fn comparison() -> impl Strategy<Value = String> {
    let op = || prop_oneof![Just("="), Just("<>"), Just("<"), Just("<="), Just(">"), Just(">=")];
    let text = prop_oneof![
        Just("'eni-0'"),
        Just("'10.0.1.5'"),
        Just("'2001:db8::9'"),
        Just("'2001:DB8:0::9'"),
        Just("'-'"),
        Just("''"),
        Just("'ACCEPT'"),
        Just("'OK'"),
        Just("'NODATA'"),
        Just("NULL"),
        Just("'unknown'"),
    ];
    let text_column = || {
        prop_oneof![
            Just("interface_id"),
            Just("srcaddr"),
            Just("dstaddr"),
            Just("action"),
            Just("log_status"),
            Just("account_id"),
            Just("vpc_id"),
        ]
    };
    let number = prop_oneof![
        Just("443"),
        Just("8400"),
        Just("0"),
        Just("7"),
        Just("18446744073709551615"),
        Just("-1"),
        Just("8400.5"),
        Just("NULL"),
    ];
    let number_column =
        || prop_oneof![Just("bytes"), Just("packets"), Just("srcport"), Just("protocol")];
    let time = prop_oneof![
        Just("'2025-06-01T00:01:00Z'"),
        Just("'2025-06-01T00:01:00.5Z'"),
        Just("'2025-06-01'"),
        Just("'2030-01-01'"),
        Just("to_timestamp(1748736060)"),
    ];
    let time_column = prop_oneof![Just("start"), Just("\"end\"")];
    prop_oneof![
        (text_column(), op(), text.clone()).prop_map(|(c, op, v)| format!("{c} {op} {v}")),
        (text_column(), any::<bool>(), prop::collection::vec(text, 1..4)).prop_map(
            |(c, not, v)| { format!("{c} {}IN ({})", if not { "NOT " } else { "" }, v.join(", ")) }
        ),
        (number_column(), op(), number.clone()).prop_map(|(c, op, v)| format!("{c} {op} {v}")),
        (number.clone(), op(), number_column()).prop_map(|(v, op, c)| format!("{v} {op} {c}")),
        (number_column(), any::<bool>(), prop::collection::vec(number, 1..4)).prop_map(
            |(c, not, v)| format!("{c} {}IN ({})", if not { "NOT " } else { "" }, v.join(", "))
        ),
        (time_column, op(), time).prop_map(|(c, op, v)| format!("{c} {op} {v}")),
        text_column().prop_map(|c| format!("{c} IS NULL")),
        number_column().prop_map(|c| format!("{c} IS NOT NULL")),
        Just("bytes BETWEEN 1 AND 8400".to_owned()),
        Just("start NOT BETWEEN '2025-06-01' AND '2025-06-01T00:01:00Z'".to_owned()),
    ]
}

pub(crate) fn filter() -> impl Strategy<Value = String> {
    comparison().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("NOT ({a})")),
        ]
    })
}

#[test]
fn a_filter_on_raw_bytes_lets_the_same_records_pass() {
    let logs = log(V2, &lines());
    let session = |push_filters| {
        let options = SessionOptions { push_filters, ..options() };
        block_on(open(&logs, Window::ALWAYS, options))
    };
    let (pushing, not_pushing) = (session(true), session(false));
    let run = |session: &Session, sql: &str| {
        let answer = block_on(session.query(sql, None));
        answer.map(|answer| texts(&answer.value)).map_err(|error| error.to_string())
    };
    let config = ProptestConfig { cases: 100, ..ProptestConfig::default() };
    let table = prop_oneof![Just("flow_logs"), Just("traffic")];
    let result = TestRunner::new(config).run(&(table, filter()), |(table, filter)| {
        let sql = format!(
            "select interface_id, srcaddr, bytes, action, start, log_status from {table} \
             where {filter}"
        );
        match (run(&pushing, &sql), run(&not_pushing, &sql)) {
            (Ok(pushed), Ok(not_pushed)) => prop_assert_eq!(pushed, not_pushed, "{}", sql),
            (Err(_), Err(_)) => {}
            (one, other) => prop_assert!(false, "{}: {:?} or {:?}", sql, one, other),
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_filter_by_interface_is_done_by_the_scan() {
    let logs = log(V2, &lines());
    let answer = query(&logs, "explain select bytes from flow_logs where interface_id = 'eni-0'");
    let plan = texts(&answer.unwrap().value).join("\n");
    assert!(plan.contains("on raw bytes"), "{plan}");
    assert!(!plan.contains("FilterExec"), "{plan}");
}

fn two_lists() -> Arc<Matcher> {
    let list = |name, role, text: &str| List::from_bytes(name, role, text.as_bytes()).unwrap();
    Arc::new(Matcher::new(vec![
        list("a.txt", ListRole::Threat, "10.0.1.5\n2001:db8::/64\n"),
        list("good.txt", ListRole::Trusted, "2001:db8::9\n"),
    ]))
}

#[test]
fn questions_about_lists_and_ranges_are_asked_on_raw_bytes_with_the_same_answers() {
    let logs = log(V2, &lines());
    let run = |sql: &str, push_filters| {
        let options = SessionOptions { push_filters, ..options() };
        let session = block_on(open(&logs, Window::ALWAYS, options));
        block_on(session.query(sql, Some(two_lists()))).map(|answer| texts(&answer.value))
    };
    for filter in [
        "ip_in(srcaddr, '10.0.0.0/8')",
        "ip_in(dstaddr, '203.0.113.9') and ip_in(srcaddr, '2001:db8::/32')",
        "ip_in(dstaddr, '::ffff:203.0.113.9/120')",
        "ip_in(srcaddr, 'nonsense')",
        "in_list(srcaddr) or in_list(dstaddr)",
        "in_list(srcaddr, 'a.txt')",
        "in_list(srcaddr, 'no such list')",
        "list_matches(srcaddr) is not null",
        "on_threat_list(srcaddr)",
        "not on_threat_list(dstaddr)",
        "not in_list(srcaddr)",
        "in_list(interface_id)",
    ] {
        let sql = format!("select srcaddr, bytes from flow_logs where {filter}");
        match (run(&sql, true), run(&sql, false)) {
            (Ok(pushed), Ok(not_pushed)) => assert_eq!(pushed, not_pushed, "{filter}"),
            (Err(pushed), Err(not_pushed)) => {
                assert_eq!(pushed.to_string(), not_pushed.to_string(), "{filter}");
            }
            (one, other) => panic!("{filter}: {one:?} or {other:?}"),
        }
    }
    let sql = "explain select bytes from flow_logs where in_list(srcaddr) or in_list(dstaddr)";
    let plan = run(sql, true).unwrap().join("\n");
    assert!(plan.contains("Raw(") && !plan.contains("FilterExec"), "{plan}");
}
