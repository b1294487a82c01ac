//! An interface that moves from one instance to another is each one's in its time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use flowproof_engine::{
    AddressBook, Answer, Inventory, Key, Session, SessionOptions, SubjectQuestion, SubjectTraffic,
    VolumeFilter, read_inventory,
};
use flowproof_evidence::{InterfaceIdentity, Subject, Window};
use flowproof_intel::{List, ListRole, Matcher};
use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::*;

const NEXT: &str = "i-0aaaabbbbcccc0002";
const OTHER_ENI: &str = "eni-0a1b2c3d4e5f60002";
/// When the interface moves.
const MOVED: i64 = T0 + 3600;

/// An interface in AWS Config that was attached at a time.
fn item(eni: &str, instance: &str, address: &str, attached: i64) -> String {
    format!(
        r#"{{"resourceType": "AWS::EC2::NetworkInterface", "resourceId": "{eni}",
            "configurationItemCaptureTime": {}, "configurationItemStatus": "OK", "configuration":
            {{"networkInterfaceId": "{eni}", "privateIpAddress": "{address}",
            "attachment": {{"instanceId": "{instance}", "attachTime": {attached}}}}}}}"#,
        attached + 30
    )
}

fn book_of(items: &[String]) -> AddressBook {
    let text = format!(r#"{{"configurationItems": [{}]}}"#, items.join(", "));
    let mut book = AddressBook::default();
    book.add_inventory(&read_inventory(text.as_bytes()).unwrap());
    book
}

/// The first instance has two interfaces, and one of them moves to the next.
pub(crate) fn book() -> AddressBook {
    book_of(&[
        item(ENI, INSTANCE, "10.0.1.5", T0),
        item(ENI, NEXT, "10.0.1.5", MOVED),
        item(OTHER_ENI, INSTANCE, "10.0.1.6", T0),
    ])
}

/// By hand: the first instance sent 8400 + 1000 + 7 = 9407 bytes, the next 600 and got 40.
fn logs() -> TempDir {
    log(
        V2,
        &[
            v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0 + 600),
            // It ends when the interface is the next one's; what counts is the start.
            v2(ENI, "10.0.1.5", "203.0.113.9", 1000, MOVED - 1),
            v2(ENI, "10.0.1.5", "203.0.113.9", 600, MOVED),
            v2(ENI, "203.0.113.9", "10.0.1.5", 40, MOVED + 3600),
            v2(OTHER_ENI, "10.0.1.6", "203.0.113.9", 7, MOVED + 3600),
        ],
    )
}

pub(crate) fn with(book: AddressBook) -> SessionOptions {
    SessionOptions { book, ..options() }
}

fn volumes_of(
    logs: &TempDir,
    keys: &[Key],
    instances: &[&str],
    options: SessionOptions,
) -> Vec<String> {
    let instances = instances.iter().map(|id| (*id).to_owned()).collect();
    let filter = VolumeFilter { instances, ..VolumeFilter::default() };
    let rows = block_on(async {
        open(logs, Window::ALWAYS, options).await.volumes(keys, &filter).await.unwrap().value
    });
    texts(&rows)
}

/// The keys and `bytes_in|bytes_out` of each row.
fn bytes(rows: &[String], keys: usize) -> Vec<String> {
    let short = |row: &String| row.split('|').take(keys + 2).collect::<Vec<_>>().join("|");
    rows.iter().map(short).collect()
}

fn ask(logs: &TempDir, question: &SubjectQuestion, book: AddressBook) -> Answer<SubjectTraffic> {
    block_on(async {
        let session = open(logs, question.window, with(book)).await;
        session.subject(question, None).await.unwrap()
    })
}

fn of_instance(instance: &str) -> SubjectQuestion {
    let subject = Subject { instance: Some(instance.into()), ..Subject::default() };
    SubjectQuestion { subject, ..SubjectQuestion::default() }
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

#[test]
fn inventories_that_are_added_one_by_one_are_taken_as_one() {
    let one = item(ENI, INSTANCE, "10.0.1.5", T0);
    let other = item(ENI, NEXT, "10.0.1.5", MOVED);
    let inventory = |item: &str| {
        read_inventory(format!(r#"{{"configurationItems": [{item}]}}"#).as_bytes()).unwrap()
    };
    let untimed = r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-0a1b2c3d4e5f60001",
        "PrivateIpAddress": "10.0.1.5", "Attachment": {"InstanceId": "i-0aaaabbbbcccc0009"}}]}"#;
    let untimed = read_inventory(untimed.as_bytes()).unwrap();
    let (one, other) = (inventory(&one), inventory(&other));
    for parts in [
        vec![&one, &other],
        vec![&other, &one],
        vec![&one, &other, &one],
        vec![&one, &untimed],
        vec![&untimed, &one],
        vec![&one, &untimed, &other],
    ] {
        let builder = Session::builder();
        let merged = Inventory::merge_all(parts.iter().map(|part| (*part).clone()));
        let logs = logs();
        let asked = |book: Vec<&Inventory>| {
            let builder = builder.clone().logs(logs.path().display().to_string());
            let builder = book.into_iter().fold(builder, |it, next| it.inventory(next));
            block_on(async {
                let session = builder.open().await.unwrap();
                texts(
                    &session
                        .volumes(&[Key::Instance], &VolumeFilter::default())
                        .await
                        .unwrap()
                        .value,
                )
            })
        };
        assert_eq!(asked(parts.clone()), asked(vec![&merged]), "{parts:?}");
    }
}

#[test]
fn volumes_give_each_instance_what_its_interfaces_logged_in_its_time() {
    let expected = [format!("{INSTANCE}|0|9407"), format!("{NEXT}|40|600")];
    for logs in [logs(), collected(&logs(), options())] {
        for sum_while_reading in [true, false] {
            let options = SessionOptions { sum_while_reading, ..with(book()) };
            let of = |keys: &[Key], instances: &[&str]| {
                bytes(&volumes_of(&logs, keys, instances, options.clone()), keys.len())
            };
            assert_eq!(of(&[Key::Instance], &[]), expected);
            assert_eq!(of(&[Key::Instance], &[NEXT]), expected[1..]);
            assert_eq!(of(&[Key::Instance, Key::Remote], &[INSTANCE]).len(), 1);
            // By keys that the scan adds up by.
            assert_eq!(of(&[], &[NEXT]), ["40|600"]);
            let interfaces = [format!("{ENI}|0|9400"), format!("{OTHER_ENI}|0|7")];
            assert_eq!(of(&[Key::Interface], &[INSTANCE]), interfaces);
            assert_eq!(of(&[Key::Interface], &[INSTANCE, NEXT]).len(), 2);
        }
    }
}

#[test]
fn queries_and_scans_tell_the_instance_of_the_time() {
    let sql = "SELECT instance, sum(bytes) FROM traffic GROUP BY instance ORDER BY instance";
    let logs = logs();
    let rows = query_with(&logs, sql, with(book())).unwrap().value;
    assert_eq!(texts(&rows), [format!("{INSTANCE}|9407"), format!("{NEXT}|640")]);

    let list = List::from_bytes("one.txt", ListRole::Threat, b"203.0.113.9\n").unwrap();
    let matcher = Arc::new(Matcher::new(vec![list]));
    let listed = block_on(async {
        let session = open(&logs, Window::ALWAYS, with(book())).await;
        session.listed(matcher, false).await.unwrap().value
    });
    let told = listed.rows.iter().map(|row| {
        let (instance, interface) = (row.instance.as_deref(), row.interface.as_deref());
        (instance.unwrap(), interface.unwrap(), row.traffic.bytes_in, row.traffic.bytes_out)
    });
    let expected = [(INSTANCE, ENI, 0, 9400), (INSTANCE, OTHER_ENI, 0, 7), (NEXT, ENI, 40, 600)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn an_investigation_is_about_the_instance_in_its_time_and_the_other_time_is_a_gap() {
    let window = Window { from: Some(time(T0)), to: Some(time(T0 + 9000)) };
    let question = SubjectQuestion { window, ..of_instance(INSTANCE) };
    let answer = ask(&logs(), &question, book());
    let totals = answer.value.totals;
    assert_eq!((totals.bytes_in, totals.bytes_out, totals.flows), (0, 9407, 3));
    let moved = |answer: &Answer<SubjectTraffic>| -> Vec<_> {
        let gaps = answer.coverage.gaps.iter().filter(|gap| gap.why.contains("another instance"));
        gaps.map(|gap| (gap.interface.clone(), gap.from.as_second(), gap.to.as_second())).collect()
    };
    assert_eq!(moved(&answer), [(ENI.to_owned(), MOVED, T0 + 9000)]);
    let note =
        "2 records of the subject's interfaces are left out: they name another instance than";
    assert!(answer.value.notes[0].starts_with(note), "{:?}", answer.value.notes);

    let question = SubjectQuestion { window, ..of_instance(NEXT) };
    let answer = ask(&logs(), &question, book());
    let totals = answer.value.totals;
    assert_eq!((totals.bytes_in, totals.bytes_out, totals.flows), (40, 600, 2));
    assert_eq!(moved(&answer), [(ENI.to_owned(), T0, MOVED)]);
    assert_eq!(answer.value.observations.subject.interfaces, [ENI]);
}

#[test]
fn an_interface_that_was_idle_in_the_others_time_was_not_observed_for_the_instance() {
    let idle = |n: i64| {
        let start = T0 + 600 * n;
        format!("2 123456789012 {ENI} - - - - - - - {start} {} - NODATA", start + 599)
    };
    let logs = log(V2, &(0..12).map(idle).collect::<Vec<_>>());
    let window = Window { from: Some(time(T0)), to: Some(time(T0 + 7200)) };
    let book = book_of(&[item(ENI, INSTANCE, "10.0.1.5", T0), item(ENI, NEXT, "10.0.1.5", MOVED)]);
    let answer = ask(&logs, &SubjectQuestion { window, ..of_instance(INSTANCE) }, book);
    let gaps: Vec<_> = answer.coverage.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
    assert_eq!(gaps, [(time(MOVED), time(T0 + 7200))]);
    assert_eq!(answer.value.notes, [""; 0], "nothing was left out");
}

#[test]
fn a_finding_with_an_instance_of_the_interface_leaves_the_times_and_a_stranger_overrules_them() {
    let named = |instance: &str| {
        let mut question = of_instance(instance);
        question.subject.interfaces.push(ENI.into());
        question.identities = vec![InterfaceIdentity {
            interface: ENI.into(),
            instance: Some(instance.into()),
            addresses: vec!["10.0.1.5".parse().unwrap()],
        }];
        question
    };
    assert_eq!(ask(&logs(), &named(INSTANCE), book()).value.totals.bytes_out, 9407);
    assert_eq!(ask(&logs(), &named(NEXT), book()).value.totals.bytes_out, 600);
    let mut stranger = named("i-0aaaabbbbcccc0003");
    assert_eq!(ask(&logs(), &stranger, book()).value.totals.bytes_out, 10_000);
    // The same where the interface and the instance are typed.
    stranger.identities.clear();
    let answer = ask(&logs(), &stranger, book());
    assert_eq!((answer.value.totals.bytes_out, answer.value.notes.len()), (10_000, 0));
}

#[test]
fn a_records_own_instance_wins_over_the_times() {
    let line = |instance: &str, bytes: u64, start: i64| {
        format!(
            "5 123456789012 {ENI} {instance} 10.0.1.5 203.0.113.9 49152 443 6 10 {bytes} {start} {} \
             ACCEPT OK - - egress",
            start + 60
        )
    };
    let lines = [
        line(INSTANCE, 1, MOVED + 60),
        line(NEXT, 20, T0 + 60),
        line("-", 300, T0 + 60),
        line("-", 4000, MOVED + 60),
    ];
    let logs = log(V5, &lines);
    let rows = volumes_of(&logs, &[Key::Instance], &[], with(book()));
    assert_eq!(bytes(&rows, 1), [format!("{INSTANCE}|0|301"), format!("{NEXT}|0|4020")]);
    for (instance, bytes) in [(INSTANCE, 301), (NEXT, 4020)] {
        let answer = ask(&logs, &of_instance(instance), book());
        assert_eq!(answer.value.totals.bytes_out, bytes, "{instance}");
        assert_eq!(answer.value.totals.flows, 2);
        let rows = volumes_of(&logs, &[], &[instance], with(book()));
        assert_eq!(rows.len(), 1);
        assert!(rows[0].starts_with(&format!("0|{bytes}|")), "{rows:?}");
    }
}

#[test]
fn a_record_without_a_start_is_of_no_instance_of_an_interface_that_moved() {
    let header = "interface-id srcaddr dstaddr bytes end log-status";
    let line = |eni, address| format!("{eni} {address} 203.0.113.9 5 {} OK", T0 + 60);
    let logs = log(header, &[line(ENI, "10.0.1.5"), line(OTHER_ENI, "10.0.1.6")]);
    let rows = volumes_of(&logs, &[Key::Instance], &[], with(book()));
    assert_eq!(bytes(&rows, 1), ["|0|5".to_owned(), format!("{INSTANCE}|0|5")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// However often interfaces move, each record is the instance's that was attached last before it.
    #[test]
    fn each_record_is_of_the_instance_that_was_attached_last(
        attached in prop::collection::btree_map((0_u8..3, 0_i64..20), 0_u8..4, 0..20),
        records in prop::collection::vec((0_u8..3, 0_i64..200, 1_u64..1000), 1..40),
    ) {
        let eni = |n: u8| format!("eni-{n}");
        let items: Vec<String> = attached
            .iter()
            .map(|((of, at), to)| item(&eni(*of), &format!("i-{to}"), "10.0.1.5", T0 + 10 * at))
            .collect();
        let lines: Vec<String> = records
            .iter()
            .map(|(of, start, bytes)| v2(&eni(*of), "10.0.1.5", "203.0.113.9", *bytes, T0 + start))
            .collect();
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for (of, start, bytes) in &records {
            let of_interface = attached.iter().filter(|((interface, _), _)| interface == of);
            let instances: BTreeSet<u8> = of_interface.clone().map(|(_, to)| *to).collect();
            let mut before = of_interface.filter(|((_, at), _)| instances.len() < 2 || 10 * at <= *start);
            let mut name = String::new();
            if let Some((_, last)) = before.next_back() {
                write!(name, "i-{last}").unwrap();
            }
            *expected.entry(name).or_default() += bytes;
        }
        let logs = log(V2, &lines);
        let rows = volumes_of(&logs, &[Key::Instance], &[], with(book_of(&items)));
        let told: BTreeMap<String, u64> = rows
            .iter()
            .map(|row| {
                let cells: Vec<&str> = row.split('|').collect();
                let number = |at: usize| cells[at].parse::<u64>().unwrap();
                (cells[0].to_owned(), number(1) + number(2) + number(3))
            })
            .collect();
        prop_assert_eq!(told, expected);
    }
}

#[test]
fn an_address_that_another_interface_got_later_is_not_mixed_up() {
    const LATER_ENI: &str = "eni-0a1b2c3d4e5f60009";
    let gone = T0 + 3000;
    let deleted = format!(
        r#"{{"resourceType": "AWS::EC2::NetworkInterface", "resourceId": "{ENI}",
            "configurationItemCaptureTime": {gone}, "configurationItemStatus": "ResourceDeleted"}}"#
    );
    let items = [
        item(ENI, INSTANCE, "10.0.1.5", T0 - 86_400),
        deleted,
        item(LATER_ENI, NEXT, "10.0.1.5", MOVED),
    ];
    let logs = log(
        V2,
        &[
            v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0 + 2900),
            v2(LATER_ENI, "10.0.1.5", "203.0.113.9", 600, MOVED),
        ],
    );
    let ask = |items: &[String], from: i64, to: i64| {
        let addresses = vec!["10.0.1.5".parse().unwrap()];
        let subject = Subject { addresses, ..Subject::default() };
        let window = Window { from: Some(time(from)), to: Some(time(to)) };
        let question = SubjectQuestion { subject, window, ..SubjectQuestion::default() };
        // The records that are looked at are those of the window widened by the slack.
        let answer = block_on(async {
            let session = open(&logs, Window::ALWAYS, with(book_of(items))).await;
            session.subject(&question, None).await.unwrap()
        });
        let notes: Vec<String> =
            answer.value.notes.iter().map(|n| n.split(':').next().unwrap().to_owned()).collect();
        (answer.value.totals.bytes_out, notes)
    };
    let left_out = |eni: &str| vec![format!("what {eni} logged is left out")];
    assert_eq!(ask(&items, MOVED, MOVED + 3600), (600, left_out(ENI)));
    assert_eq!(ask(&items, T0, T0 + 3000), (8400, left_out(LATER_ENI)));
    // Both had it in the window, or nobody knows when: they are told apart by name alone.
    let doubtful = vec!["figures may be of several machines".to_owned()];
    assert_eq!(ask(&items, T0, MOVED + 3600), (9000, doubtful.clone()));
    let untimed = [&items[0], &items[2]].map(|item| item.replace("attachTime", "none"));
    assert_eq!(ask(&untimed, MOVED, MOVED + 3600), (9000, doubtful));
}
