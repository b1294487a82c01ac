//! Which side of a record is local, and how that is known.

use flowproof_engine::{AddressBook, Key, Session, SessionOptions, VolumeFilter};
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
    let two = VolumeFilter { instances: vec!["i-9".into()], interfaces: vec![ENI.into()] };
    let logs_of_v2 = log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0)]);
    let named = block_on(async {
        let session = open(&logs_of_v2, Window::ALWAYS, options()).await;
        session.volumes(&[Key::Interface], &two).await.unwrap()
    });
    assert_eq!(texts(&named.value).len(), 1, "the interface is named, whatever the instance is");
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

/// How many times each byte was read for an answer.
fn readings(logs: &tempfile::TempDir, book: AddressBook, ask: impl AsyncFn(&Session)) -> u64 {
    let stored: u64 =
        logs.path().read_dir().unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    block_on(async {
        let session = open(logs, Window::ALWAYS, SessionOptions { book, ..options() }).await;
        ask(&session).await;
        session.progress().bytes() / stored
    })
}

#[test]
fn objects_are_read_once_wherever_the_answer_can_be_known_by_then() {
    let lines = [
        v2(ENI, "10.0.1.5", "10.0.2.9", 100, T0),
        v2(ENI, "10.0.3.3", "10.0.1.5", 10, T0),
        v2(ENI, "10.0.1.5", "203.0.113.9", 1, T0),
    ];
    let logs = log(V2, &lines);
    let known = || {
        let mut book = AddressBook::default();
        let addresses = vec!["10.0.1.5".parse().unwrap()];
        book.add(&InterfaceIdentity { interface: ENI.into(), instance: None, addresses });
        book
    };
    let volumes = async |session: &Session, key: Key, expected: [&str; 2]| {
        let answer = session.volumes(&[key], &Default::default()).await.unwrap();
        let rows = texts(&answer.value).join("\n");
        assert!(expected.iter().all(|row| rows.contains(row)), "{rows}");
    };
    let query = async |session: &Session| {
        let sql = "select direction, sum(bytes) from traffic group by 1";
        let answer = session.query(sql, None).await.unwrap();
        assert_eq!(texts(&answer.value), ["egress|101", "ingress|10"]);
    };
    for book in [AddressBook::default(), known()] {
        // By interface the direction is given to the totals, by remote to the records that were kept.
        let by =
            async |session: &Session| volumes(session, Key::Interface, ["|10|101|0|", ENI]).await;
        assert_eq!(readings(&logs, book.clone(), by), 1);
        let by = async |session: &Session| {
            volumes(session, Key::Remote, ["10.0.2.9", "203.0.113.9"]).await
        };
        assert_eq!(readings(&logs, book, by), 1);
    }
    assert_eq!(readings(&logs, known(), query), 1);
    assert_eq!(readings(&logs, AddressBook::default(), query), 3, "tried, learned, answered");

    // A record without its source can only be given a direction by a second reading.
    let dash = v2(ENI, "10.0.1.5", "203.0.113.9", 1000, T0).replace("10.0.1.5", "-");
    let logs = log(V2, &[lines.to_vec(), vec![dash]].concat());
    let by =
        async |session: &Session| volumes(session, Key::Interface, ["|10|101|1000|", ENI]).await;
    assert_eq!(readings(&logs, AddressBook::default(), by), 2);
}

#[test]
fn sides_are_learned_for_a_table_that_only_a_subquery_reads() {
    let lines = [
        v2(ENI, "10.0.1.5", "203.0.113.9", 100, T0),
        v2(ENI, "203.0.113.9", "10.0.1.5", 20, T0),
        v2(ENI, "10.0.1.5", "10.0.2.9", 3, T0),
    ];
    let logs = log(V2, &lines);
    for sql in [
        "SELECT bytes FROM flow_logs WHERE bytes = (SELECT max(bytes) FROM traffic WHERE remote = '203.0.113.9')",
        "SELECT bytes FROM flow_logs f WHERE EXISTS (SELECT 1 FROM traffic t WHERE t.remote = f.dstaddr AND f.bytes = 100)",
        "SELECT (SELECT sum(bytes) FROM traffic WHERE direction = 'egress') - 3 FROM flow_logs WHERE bytes = 3",
    ] {
        assert_eq!(texts(&query(&logs, sql).unwrap().value), ["100"], "{sql}");
    }
}

/// Records of one interface that was one instance's and then another's, without a direction. The own address is the
/// one that is in all of them.
const TWO_INSTANCES: &str = "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                             start end action log-status instance-id";

fn of_two_instances(own: &str, first_remote: &str) -> tempfile::TempDir {
    let record = |remote: &str, bytes: u64, instance: &str| {
        format!(
            "3 {ENI} {own} {remote} 40000 443 6 10 {bytes} {T0} {} ACCEPT OK {instance}",
            T0 + 60
        )
    };
    let lines = [record(first_remote, 1000, INSTANCE), record("203.0.113.77", 50, "i-0bbbb")];
    log(TWO_INSTANCES, &lines)
}

#[test]
fn a_filter_by_instance_does_not_change_what_is_learned() {
    // The other record's remote would be taken for the own address if it were the only one.
    for (own, remote) in [("198.51.100.10", "10.0.0.9"), ("10.0.0.5", "10.0.0.9")] {
        let logs = of_two_instances(own, remote);
        for keys in [vec![Key::Instance], vec![Key::Instance, Key::Remote]] {
            let all = volumes(&logs, &keys);
            let instances = vec![INSTANCE.to_owned()];
            let filter = VolumeFilter { instances, ..VolumeFilter::default() };
            let one = block_on(async {
                open(&logs, Window::ALWAYS, options()).await.volumes(&keys, &filter).await.unwrap()
            });
            assert_eq!(texts(&one.value), texts(&all.value)[..1], "{own} {keys:?}");
            let (out, sideless) = ("bytes_out", "bytes_unoriented");
            assert_eq!(only_row(&one.value, &[out, sideless]), ["1000", "0"], "{own}");
        }
    }
}

#[test]
fn objects_that_do_not_tell_instances_are_counted_when_an_instance_is_asked_for() {
    let v5 = format!(
        "5 123456789012 {ENI} {INSTANCE} 10.0.1.5 203.0.113.9 1 443 6 1 100 {T0} {} ACCEPT OK - - egress",
        T0 + 60
    );
    let logs = folder(&[
        ("a.log", format!("{V5}\n{v5}\n")),
        ("b.log", format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0))),
        ("c.log", format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0 + 86_400))),
    ]);
    let untold = |instance: &str, book: AddressBook| {
        let instances = vec![instance.to_owned()];
        let filter = VolumeFilter { instances, ..VolumeFilter::default() };
        block_on(async {
            let session = open(&logs, Window::ALWAYS, SessionOptions { book, ..options() }).await;
            let answer = session.volumes(&[Key::Instance], &filter).await.unwrap();
            (session.untold_instances(&filter, &answer), texts(&answer.value).len())
        })
    };
    assert_eq!(untold(INSTANCE, AddressBook::default()), (2, 1));
    let mut book = AddressBook::default();
    book.add(&InterfaceIdentity {
        interface: ENI.into(),
        instance: Some(INSTANCE.into()),
        addresses: Vec::new(),
    });
    assert_eq!(untold(INSTANCE, book), (0, 1), "the book tells whose they are");
}
