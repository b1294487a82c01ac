//! Everything that one subject did, and what could be seen of it.

use std::collections::BTreeSet;

use flowproof_engine::{Answer, SubjectQuestion, SubjectTraffic};
use flowproof_evidence::{InterfaceIdentity, PortSide, ServicePort, Subject, Window};
use jiff::Timestamp;

use crate::support::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn ask(logs: &tempfile::TempDir, question: &SubjectQuestion) -> Answer<SubjectTraffic> {
    block_on(async {
        let session = open(logs, question.window, options()).await;
        session.subject(question, None).await.unwrap()
    })
}

fn of_interface(window: Window) -> SubjectQuestion {
    let subject = Subject { interfaces: vec![ENI.into()], ..Subject::default() };
    SubjectQuestion { subject, window, ..SubjectQuestion::default() }
}

fn of_instance() -> SubjectQuestion {
    let subject = Subject { instance: Some(INSTANCE.into()), ..Subject::default() };
    SubjectQuestion { subject, ..SubjectQuestion::default() }
}

fn of_address(address: &str) -> SubjectQuestion {
    let addresses = vec![address.parse().unwrap()];
    SubjectQuestion { subject: Subject { addresses, ..Subject::default() }, ..Default::default() }
}

fn idle(status: &str, start: i64, end: i64) -> String {
    format!("2 123456789012 {ENI} - - - - - - - {start} {end} - {status}")
}

/// A record every ten minutes from `from`, NODATA.
fn quiet(from: i64, intervals: i64) -> Vec<String> {
    (0..intervals).map(|n| idle("NODATA", from + 600 * n, from + 600 * n + 599)).collect()
}

#[test]
fn only_the_subjects_own_interfaces_count() {
    let lines = [
        v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0),
        v2("eni-0a1b2c3d4e5f60002", "10.0.1.6", "203.0.113.9", 77, T0),
    ];
    let answer = ask(&log(V2, &lines), &of_interface(Window::ALWAYS));
    assert_eq!((answer.value.totals.bytes_out, answer.value.totals.flows), (8400, 1));
    assert_eq!(answer.value.remotes[0].address, Some("203.0.113.9".parse().unwrap()));
    assert_eq!(answer.evidence()[0].records, 1);
    assert_eq!(answer.coverage.records.ok, 2, "all that was read");
}

#[test]
fn a_window_that_is_observed_throughout_has_no_gap() {
    let window = Window::new(at(T0), at(T0 + 7200));
    let answer = ask(&log(V2, &quiet(T0, 12)), &of_interface(window));
    assert_eq!(answer.coverage.gaps, []);
    assert_eq!(answer.coverage.observed.len(), 1);
    assert_eq!(answer.coverage.records.nodata, 12);
}

#[test]
fn short_records_vouch_for_the_interval_that_they_may_lie_in() {
    let lines = |starts: &[i64]| -> Vec<String> {
        let short = |start: &i64| v2(ENI, "10.0.1.5", "203.0.113.9", 1, T0 + start);
        starts.iter().map(short).chain(quiet(T0, 1)).collect()
    };
    let window = Window::new(at(T0), at(T0 + 3600));
    let gaps = |starts: &[i64]| ask(&log(V2, &lines(starts)), &of_interface(window)).coverage.gaps;
    // Records of neighbouring intervals: early in one, late in the next.
    assert_eq!(gaps(&[600, 1739, 1800, 2939, 3000]), []);
    assert_eq!(gaps(&[600, 1861, 2400, 3000]).len(), 1);
}

#[test]
fn a_short_window_that_no_record_vouches_for_is_a_gap() {
    let lines = quiet(T0, 6);
    for (from, to, expected) in [(3540, 3541, 0), (3590, 3640, 0), (3700, 3701, 1), (4300, 4360, 1)]
    {
        let mut question = of_interface(Window::new(at(T0 + from), at(T0 + to)));
        let search = Window::new(at(T0), at(T0 + 9000));
        let logs = log(V2, &lines);
        let answer = block_on(async {
            let session = open(&logs, search, options()).await;
            question.window = Window::new(at(T0 + from), at(T0 + to));
            session.subject(&question, None).await.unwrap()
        });
        assert_eq!(answer.coverage.gaps.len(), expected, "{from} {to}");
    }
}

#[test]
fn a_missing_interval_is_a_gap() {
    let window = Window::new(at(T0), at(T0 + 7200));
    let gaps = |missing: std::ops::Range<usize>| {
        let mut lines = quiet(T0, 12);
        lines.drain(missing);
        let answer = ask(&log(V2, &lines), &of_interface(window));
        answer.coverage.gaps.iter().map(|g| (g.from, g.to, g.why.clone())).collect::<Vec<_>>()
    };
    let no_record = |from, to| [(at(T0 + from), at(T0 + to), "no record".to_owned())];
    assert_eq!(gaps(4..5), no_record(2400, 2999), "full intervals vouch for themselves alone");
    assert_eq!(gaps(4..6), no_record(2400, 3599));
    assert_eq!(gaps(0..3), no_record(0, 1799));
    assert_eq!(gaps(10..12), no_record(6000, 7200));
}

#[test]
fn skipdata_is_a_gap_of_its_own_and_other_interfaces_are_not() {
    let window = Window::new(at(T0), at(T0 + 7200));
    let mut lines = quiet(T0, 12);
    lines.push(idle("SKIPDATA", T0 + 600, T0 + 1199));
    lines.push(idle("SKIPDATA", T0, T0 + 599).replace(ENI, "eni-0a1b2c3d4e5f60002"));
    let answer = ask(&log(V2, &lines), &of_interface(window));
    let gaps: Vec<_> = answer.coverage.gaps.iter().map(|gap| gap.why.as_str()).collect();
    assert_eq!(gaps, ["SKIPDATA"]);
    assert_eq!(answer.coverage.records.skipdata, 2, "all that was read");
    assert_eq!(answer.value.observations.coverage.records.skipdata, 1, "the subject's");
}

#[test]
fn an_interface_that_was_never_logged_is_not_observed() {
    let answer = ask(
        &log(V2, &[v2("eni-other", "10.0.1.6", "203.0.113.9", 1, T0)]),
        &of_interface(Window::new(at(T0), at(T0 + 60))),
    );
    assert_eq!(
        (answer.coverage.observed.len(), answer.value.observations.conversations.len()),
        (0, 0)
    );
}

#[test]
fn an_instance_is_found_by_its_id_and_then_its_interfaces_older_records_too() {
    let new = format!(
        "5 123456789012 {ENI} {INSTANCE} 10.0.1.5 203.0.113.9 49152 443 6 10 8400 {T0} {} ACCEPT OK - - egress",
        T0 + 60
    );
    let logs = folder(&[
        ("new.log", format!("{V5}\n{new}\n")),
        ("old.log", format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 600, T0 - 600))),
    ]);
    let answer = ask(&logs, &of_instance());
    assert_eq!(answer.value.totals.bytes_out, 9000);
    assert_eq!(answer.value.observations.subject.interfaces, [ENI]);
    assert_eq!(answer.coverage.observed.len(), 2, "nine minutes apart");
}

#[test]
fn a_records_own_instance_is_believed_over_the_interfaces_name() {
    let line = |instance: &str, bytes: u64| {
        format!(
            "5 123456789012 {ENI} {instance} 10.0.1.5 203.0.113.9 49152 443 6 10 {bytes} {T0} {} \
                 ACCEPT OK - - egress",
            T0 + 60
        )
    };
    let logs = log(V5, &[line(INSTANCE, 8400), line("i-0aaaabbbbcccc0002", 77), line("-", 600)]);
    let mut question = of_instance();
    question.subject.interfaces.push(ENI.into());
    assert_eq!(ask(&logs, &question).value.totals.bytes_out, 9000);
}

#[test]
fn an_instance_that_no_record_can_be_attributed_to_is_said() {
    let answer = ask(&log(V2, &[v2(ENI, "10.0.1.5", "203.0.113.9", 1, T0)]), &of_instance());
    assert!(answer.value.notes[0].contains("lack instance-id"), "{:?}", answer.value.notes);
}

#[test]
fn a_flow_that_two_interfaces_logged_counts_once_for_an_address() {
    // The interface's own records, a peer's view of the same flow, and a NAT gateway's.
    let lines = [
        v2(ENI, "10.0.1.5", "10.0.1.6", 8400, T0),
        v2(ENI, "10.0.1.5", "10.0.1.7", 600, T0),
        v2("eni-peer", "10.0.1.5", "10.0.1.6", 8400, T0),
        v2("eni-peer", "10.0.9.9", "10.0.1.6", 5, T0),
    ];
    let answer = ask(&log(V2, &lines), &of_address("10.0.1.5"));
    assert_eq!(answer.value.totals.bytes_out, 9000);
    assert!(answer.value.notes[0].contains("left out"), "{:?}", answer.value.notes);
}

#[test]
fn an_address_that_an_interface_forwards_for_is_said_to_be_counted_twice() {
    // All that either interface logged is about 10.0.1.5: nothing tells which of them has the address.
    let both = [
        v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0),
        v2("eni-firewall", "10.0.1.5", "203.0.113.9", 8400, T0 + 60),
    ];
    let answer = ask(&log(V2, &both), &of_address("10.0.1.5"));
    assert_eq!(answer.value.totals.bytes_out, 16800);
    let note = format!("{:?}", answer.value.notes);
    assert!(note.contains(&format!("{ENI} and eni-firewall logged")), "{note}");
    assert!(answer.value.observations.counted_twice, "sums decide nothing");

    // With the interface named there is nothing to doubt, and nothing where the remotes differ.
    let mut named = of_address("10.0.1.5");
    named.subject.interfaces.push(ENI.into());
    let answer = ask(&log(V2, &both), &named);
    assert_eq!((answer.value.totals.bytes_out, answer.value.notes.len()), (8400, 0));
    assert!(!answer.value.observations.counted_twice);
    let moved = [both[0].clone(), v2("eni-next", "10.0.1.5", "203.0.113.9", 600, T0 + 7200)];
    let answer = ask(&log(V2, &moved), &of_address("10.0.1.5"));
    assert_eq!(answer.value.totals.bytes_out, 9000);
    assert!(!answer.value.observations.counted_twice, "an address may move");
}

#[test]
fn an_address_that_only_a_nat_gateway_logged_is_told_from_its_own_side() {
    let header = "version interface-id instance-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes \
                  packets start end action log-status";
    let line = |text: &str| format!("5 eni-nat - {text} 8400 10 {T0} {} ACCEPT OK", T0 + 60);
    let lines = [
        line("10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.9"),
        line("10.0.0.220 203.0.113.9 10.0.0.220 203.0.113.9"),
    ];
    let answer = ask(&log(header, &lines), &of_address("10.0.1.5"));
    assert_eq!(answer.value.totals.bytes_out, 8400, "not 16800: the second leg is the gateway's");
    assert_eq!(answer.value.remotes[0].address, Some("203.0.113.9".parse().unwrap()));
}

#[test]
fn a_claimed_remote_is_known_not_to_be_ours() {
    // Two global IPv6 addresses: nothing else tells them apart.
    let logs = log(V2, &[v2(ENI, "2001:db8:0:1::5", "2001:db8:ffff::9", 8400, T0)]);
    let mut question = of_interface(Window::ALWAYS);
    assert_eq!(ask(&logs, &question).value.totals.bytes_unoriented, 8400);
    question.claimed = BTreeSet::from(["2001:db8:ffff::9".parse().unwrap()]);
    let traffic = ask(&logs, &question).value;
    assert_eq!((traffic.totals.bytes_out, traffic.totals.bytes_unoriented), (8400, 0));
    assert!(traffic.remotes[0].claimed);
}

#[test]
fn the_port_that_a_finding_names_is_kept_else_the_lower_one() {
    let logs = log(
        V2,
        &[v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0).replace(" 49152 443 ", " 49152 50050 ")],
    );
    let port =
        |question: &SubjectQuestion| ask(&logs, question).value.observations.conversations[0].port;
    let mut question = of_interface(Window::ALWAYS);
    assert_eq!(port(&question), Some(ServicePort { side: PortSide::Local, port: 49152 }));
    question.claimed = BTreeSet::from(["203.0.113.9".parse().unwrap()]);
    question.claimed_remote_ports = BTreeSet::from([50050]);
    assert_eq!(port(&question), Some(ServicePort { side: PortSide::Remote, port: 50050 }));
}

#[test]
fn rejected_bytes_are_in_no_sum_of_traffic() {
    let lines = [
        v2(ENI, "198.51.100.7", "10.0.1.5", 40, T0).replace("ACCEPT", "REJECT"),
        v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0 + 3600),
    ];
    let traffic = ask(&log(V2, &lines), &of_interface(Window::ALWAYS)).value;
    let totals = traffic.totals;
    assert_eq!((totals.bytes_in, totals.bytes_out, totals.flows), (0, 8400, 1));
    assert_eq!((totals.rejected_bytes, totals.rejected_flows), (40, 1));
    assert_eq!(traffic.timeline.len(), 2);
    assert_eq!(traffic.timeline[0].start, at(T0));
}

#[test]
fn identities_from_the_finding_orient_without_learning() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "10.0.2.9", 8400, T0)]);
    let mut question = of_interface(Window::ALWAYS);
    question.identities = vec![InterfaceIdentity {
        interface: ENI.into(),
        instance: Some(INSTANCE.into()),
        addresses: vec!["10.0.1.5".parse().unwrap()],
    }];
    assert_eq!(ask(&logs, &question).value.totals.bytes_out, 8400);
}

#[test]
fn records_of_another_instance_are_left_out_and_are_a_gap() {
    let line = |instance: &str, bytes: u64| {
        format!(
            "5 123456789012 {ENI} {instance} 10.0.1.5 203.0.113.9 49152 443 6 10 {bytes} {T0} {} \
             ACCEPT OK - - egress",
            T0 + 60
        )
    };
    let mut question = of_instance();
    question.subject.interfaces.push(ENI.into());
    let answer = ask(&log(V5, &[line("i-0aaaabbbbcccc0002", 77), line("-", 600)]), &question);
    assert_eq!(answer.value.totals.bytes_out, 600);
    assert_eq!(answer.coverage.gaps[0].why, "records of another instance");
    assert!(answer.value.notes[0].contains("name another instance"), "{:?}", answer.value.notes);
}

#[test]
fn an_address_is_looked_for_in_its_own_account() {
    let theirs =
        v2("eni-theirs", "10.0.1.5", "203.0.113.9", 77, T0).replace("123456789012", "999999999999");
    let mut question = of_address("10.0.1.5");
    question.subject.account = Some("123456789012".into());
    let logs = log(V2, &[theirs, v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0)]);
    assert_eq!(ask(&logs, &question).value.totals.bytes_out, 8400);
}

#[test]
fn a_claimed_remote_is_found_in_the_record_as_well_as_in_the_packet() {
    let line = format!(
        "5 123456789012 {ENI} {INSTANCE} 10.0.1.5 10.0.0.220 49152 443 6 10 8400 {T0} {} ACCEPT OK \
         10.0.1.5 203.0.113.9 egress",
        T0 + 60
    );
    let logs = log(V5, &[line]);
    for remote in ["203.0.113.9", "10.0.0.220"] {
        let mut question = of_interface(Window::ALWAYS);
        question.claimed = BTreeSet::from([remote.parse().unwrap()]);
        let remotes = ask(&logs, &question).value.remotes;
        assert_eq!((remotes.len(), remotes[0].claimed), (1, true), "{remote}");
    }
}

#[test]
fn a_mapped_address_is_the_ipv4_one() {
    let logs = log(V2, &[v2(ENI, "10.0.1.5", "::ffff:203.0.113.9", 8400, T0)]);
    let mut question = of_interface(Window::ALWAYS);
    question.claimed = BTreeSet::from(["203.0.113.9".parse().unwrap()]);
    let remotes = ask(&logs, &question).value.remotes;
    assert_eq!((remotes[0].traffic.bytes_out, remotes[0].claimed), (8400, true));
}

#[test]
fn several_flow_logs_that_covered_an_interface_at_one_time_are_said() {
    let name = |flow_log: &str| {
        format!("123456789012_vpcflowlogs_us-east-1_{flow_log}_20250601T0000Z_1a2b3c4d.log")
    };
    let text = |start| format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 8400, start));
    let ask_both = |second| {
        let logs = folder(&[(&name("fl-a"), text(T0)), (&name("fl-b"), text(second))]);
        ask(&logs, &of_interface(Window::ALWAYS)).value.notes
    };
    let notes = ask_both(T0 + 30);
    assert!(notes[0].contains("fl-a and fl-b logged"), "{notes:?}");
    assert_eq!(ask_both(T0 + 3600), Vec::<String>::new());
}
