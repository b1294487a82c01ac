//! SQL functions for addresses and lists.

use std::sync::Arc;

use flowproof_evidence::Window;
use flowproof_intel::{List, ListRole, Matcher};

use crate::support::*;

fn rows(sql: &str, with_lists: bool) -> Result<Vec<String>, String> {
    let lines = [
        v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0),
        v2(ENI, "10.0.1.5", "198.51.100.7", 10, T0),
        v2(ENI, "2001:db8::5", "2001:DB8:FFFF:0::9", 1, T0),
    ];
    let logs = log(V2, &lines);
    let list = |name, role, text: &str| List::from_bytes(name, role, text.as_bytes()).unwrap();
    let matcher = Matcher::new(vec![
        list(
            "bad.txt",
            ListRole::Threat,
            "203.0.113.0/24 # net\n203.0.113.9 # host\n2001:db8:ffff::/48\n",
        ),
        list("good.txt", ListRole::Trusted, "203.0.113.9\n"),
    ]);
    block_on(async {
        let session = open(&logs, Window::ALWAYS, options()).await;
        let matcher = with_lists.then(|| Arc::new(matcher));
        let answer = session.query(sql, matcher).await.map_err(|error| error.to_string())?;
        Ok(texts(&answer.value))
    })
}

#[test]
fn ip_in_and_ip_family_know_both_families() {
    let sql = "select dstaddr from flow_logs where ip_in(dstaddr, '203.0.113.0/24')";
    assert_eq!(rows(sql, false).unwrap(), ["203.0.113.9"]);
    let sql = "select dstaddr from flow_logs where ip_in(dstaddr, '2001:db8:ffff::/48')";
    assert_eq!(rows(sql, false).unwrap(), ["2001:db8:ffff::9"]);
    let sql = "select dstaddr from flow_logs where ip_in(dstaddr, '::ffff:203.0.113.0/120')";
    assert_eq!(rows(sql, false).unwrap(), ["203.0.113.9"], "the IPv4 prefix in other words");
    let sql = "select cidr from (values ('::ffff:203.0.113.77/120'), ('203.0.113.77/24'), \
        ('203.0.113.9'), ('203.0.113.8')) as given (cidr) where ip_in('203.0.113.9', cidr)";
    assert_eq!(
        rows(sql, false).unwrap(),
        ["203.0.113.77/24", "203.0.113.9", "::ffff:203.0.113.77/120"]
    );
    let sql = "select ip_family(dstaddr), count(*) from flow_logs group by 1";
    assert_eq!(rows(sql, false).unwrap(), ["4|2", "6|1"]);
    for text in ["203.0.113.0/240", "203.000.113.0/24", "host"] {
        let sql = format!("select ip_in(dstaddr, '{text}') from flow_logs");
        let error = rows(&sql, false).unwrap_err();
        assert!(error.contains("is no CIDR"), "{error}");
    }
}

#[test]
fn in_list_asks_all_lists_or_one() {
    let sql = "select sum(bytes) from flow_logs where in_list(dstaddr)";
    assert_eq!(rows(sql, true).unwrap(), ["1"], "a trusted list wins");
    let sql = "select sum(bytes) from flow_logs where on_threat_list(dstaddr)";
    assert_eq!(rows(sql, true).unwrap(), ["101"]);
    let sql = "select on_threat_list('192.0.2.1'), on_threat_list('x') from flow_logs limit 1";
    assert_eq!(rows(sql, true).unwrap(), ["false|"]);
    let sql = "select sum(bytes) from flow_logs where in_list(dstaddr, 'bad.txt')";
    assert_eq!(rows(sql, true).unwrap(), ["101"]);
    let sql = "select sum(bytes) from flow_logs where in_list(dstaddr, 'good.txt')";
    assert_eq!(rows(sql, true).unwrap(), ["100"]);
    assert!(rows(sql, false).unwrap_err().contains("--list"));
    let sql = "select in_list(dstaddr, 'other.txt') from flow_logs";
    assert!(rows(sql, true).unwrap_err().contains("no list is called `other.txt`"));
}

#[test]
fn list_matches_tells_every_entry_the_most_specific_first() {
    let sql = "select list_matches(dstaddr) from flow_logs where dstaddr = '203.0.113.9'";
    let row = rows(sql, true).unwrap().remove(0);
    let places = ["203.0.113.9, label: host", "good.txt", "203.0.113.0/24, label: net"];
    let places = places.map(|text| row.find(text).unwrap_or_else(|| panic!("{text} in {row}")));
    assert!(places.is_sorted(), "{row}");
    let sql = "select count(*) from flow_logs where list_matches(dstaddr) is not null";
    assert_eq!(rows(sql, true).unwrap(), ["2"]);
}
