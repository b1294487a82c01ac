//! Which side of a record is local, and how that is known.

use flowproof_engine::{AddressBook, Key, SessionOptions};
use flowproof_evidence::{InterfaceIdentity, Window};

use crate::support::*;

const SIDES: [&str; 3] = ["bytes_in", "bytes_out", "bytes_unoriented"];

#[test]
fn a_download_is_bytes_in_whoever_opened_the_connection() {
    let logs = log(V2, &[v2(ENI, "203.0.113.9", "10.0.1.5", 1_200_000, T0)]);
    let answer = volumes(&logs, &[Key::Interface]);
    assert_eq!(only_row(&answer.value, &SIDES), ["1200000", "0", "0"]);
    assert_eq!(answer.coverage.records.assumed_direction, 1, "and said to be assumed");
}

#[test]
fn the_flow_direction_field_is_believed_and_conflicts_are_counted() {
    let line = |direction: &str| {
        format!(
            "5 123456789012 {ENI} {INSTANCE} 10.0.1.5 203.0.113.9 49152 443 6 10 8400 {T0} {} \
                 ACCEPT OK 10.0.1.5 203.0.113.9 {direction}",
            T0 + 60
        )
    };
    let logs = log(V5, &[line("egress")]);
    let answer = volumes(&logs, &[Key::Instance]);
    assert_eq!(only_row(&answer.value, &["instance", "bytes_out"]), [INSTANCE, "8400"]);

    let mut book = AddressBook::default();
    let addresses = vec!["10.0.1.5".parse().unwrap()];
    book.add(&InterfaceIdentity { interface: ENI.into(), instance: None, addresses });
    let logs = log(V5, &[line("ingress")]);
    let answer = block_on(async {
        let options = SessionOptions { book, ..options() };
        let session = open(&logs, Window::ALWAYS, options).await;
        session.volumes(&[Key::Interface], &Default::default()).await.unwrap()
    });
    assert_eq!(only_row(&answer.value, &SIDES), ["8400", "0", "0"]);
    assert_eq!(answer.coverage.records.direction_conflicts, 1);
}

#[test]
fn the_address_in_all_of_an_interfaces_records_is_learned_to_be_its_own() {
    let lines = [
        v2(ENI, "10.0.1.5", "10.0.2.9", 100, T0),
        v2(ENI, "10.0.3.3", "10.0.1.5", 10, T0),
        v2(ENI, "10.0.1.5", "10.0.3.3", 1, T0),
    ];
    let answer = volumes(&log(V2, &lines), &[Key::Interface]);
    assert_eq!(only_row(&answer.value, &SIDES), ["10", "101", "0"]);
    assert_eq!(answer.coverage.records.assumed_direction, 0);
    assert_eq!(answer.coverage.records.ok, 3, "two readings count nothing twice");
}

#[test]
fn what_cannot_be_known_is_unoriented_and_counted() {
    let lines =
        [v2(ENI, "10.0.1.5", "10.0.2.9", 100, T0), v2("-", "10.0.1.5", "203.0.113.9", 7, T0)];
    let answer = volumes(&log(V2, &lines), &[]);
    assert_eq!(only_row(&answer.value, &SIDES), ["0", "0", "107"]);
    assert_eq!(answer.coverage.records.unoriented, 2);
}

#[test]
fn learning_does_not_depend_on_the_queries_own_filter() {
    let lines = [v2(ENI, "10.0.1.5", "10.0.2.9", 100, T0), v2(ENI, "10.0.3.3", "10.0.1.5", 10, T0)];
    let logs = log(V2, &lines);
    let rows = |sql: &str| texts(&query(&logs, sql).unwrap().value);
    assert_eq!(
        rows("select direction, remote from traffic where bytes = 100"),
        ["egress|10.0.2.9"]
    );
    assert_eq!(rows("select count(*) from traffic where local = '10.0.1.5'"), ["2"]);
    assert_eq!(rows("select remote_port from traffic where direction = 'ingress'"), ["49152"]);
}

#[test]
fn an_inventory_tells_the_instance_of_an_interface() {
    let mut book = AddressBook::default();
    book.add(&InterfaceIdentity {
        interface: ENI.into(),
        instance: Some(INSTANCE.into()),
        addresses: vec!["10.0.1.5".parse().unwrap()],
    });
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "10.0.2.9", 100, T0)]);
    let answer = block_on(async {
        let session = open(&logs, Window::ALWAYS, SessionOptions { book, ..options() }).await;
        session.volumes(&[Key::Instance], &Default::default()).await.unwrap()
    });
    assert_eq!(only_row(&answer.value, &["instance", "bytes_out"]), [INSTANCE, "100"]);
}

#[test]
fn the_packets_own_far_address_is_the_remote() {
    let line = format!(
        "5 123456789012 {ENI} {INSTANCE} 10.0.1.5 10.0.0.220 49152 443 6 10 8400 {T0} {} ACCEPT OK \
         10.0.1.5 203.0.113.9 egress",
        T0 + 60
    );
    let answer = volumes(&log(V5, &[line]), &[Key::Local, Key::Remote]);
    assert_eq!(only_row(&answer.value, &["local", "remote"]), ["10.0.1.5", "203.0.113.9"]);
}
