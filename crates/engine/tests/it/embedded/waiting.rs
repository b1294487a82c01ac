//! Programs that wait for answers.

use flowproof_engine::{Key, VolumeFilter};

use super::over;
use crate::support::*;

fn ask(logs: &tempfile::TempDir) -> Vec<String> {
    let session = over(logs).open_blocking().unwrap();
    let answer = session.volumes(&[Key::Interface], &VolumeFilter::default()).unwrap();
    assert_eq!(session.as_async().found().objects(), 1);
    only_row(&answer.value, &["interface", "bytes_out"])
}

#[test]
fn answers_can_be_waited_for_without_a_runtime_and_within_any() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0)]);
    let expected = [ENI, "100"];
    assert_eq!(ask(&logs), expected);
    block_on(async { assert_eq!(ask(&logs), expected, "within a runtime of many threads") });
    let single = tokio::runtime::Builder::new_current_thread().build().unwrap();
    single.block_on(async { assert_eq!(ask(&logs), expected, "within a runtime of one thread") });
}

#[test]
fn a_session_that_waits_can_be_dropped_within_a_runtime() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0)]);
    let session = over(&logs).open_blocking().unwrap();
    block_on(async move { drop(session) });
}

#[test]
fn what_waits_answers_as_what_does_not() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0)]);
    let session = over(&logs).open_blocking().unwrap();
    let sql = "SELECT remote, sum(bytes) FROM traffic GROUP BY 1";
    assert_eq!(texts(&session.query(sql, None).unwrap().value), ["203.0.113.9|100"]);
    let peers = session.peers(&["203.0.113.9".parse().unwrap()].into()).unwrap();
    assert_eq!((peers.len(), peers[0].traffic.bytes_out), (1, 100));
    let error = session.query("SELECT nothing FROM flow_logs", None).unwrap_err();
    assert!(error.to_string().contains("nothing"), "{error}");
}

#[test]
fn a_query_of_hundreds_of_ors_is_no_stack_overflow() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0)]);
    let any: Vec<String> = (0..600).map(|n| format!("bytes + srcport = {n}")).collect();
    let sql = format!("SELECT count(*) FROM flow_logs WHERE {}", any.join(" OR "));
    let session = over(&logs).open_blocking().unwrap();
    assert_eq!(texts(&session.query(&sql, None).unwrap().value), ["0"]);
}
