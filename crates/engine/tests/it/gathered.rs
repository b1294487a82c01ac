//! Many questions from one reading: each answer is the one that it would be alone.

use std::fs;

use flowproof_engine::{
    Answer, Gathered, Session, SessionOptions, SubjectQuestion, SubjectTraffic,
};
use flowproof_evidence::{InterfaceIdentity, RecordCounts, Subject, Window};
use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::moved::{book, with};
use crate::parquet::twin::{Writer, parquet};
use crate::support::*;

const FLAGS: &str = "version account-id interface-id instance-id srcaddr dstaddr srcport dstport protocol \
                     packets bytes start end action log-status tcp-flags";
const ADDRESSES: [&str; 6] =
    ["10.0.1.5", "10.0.1.6", "203.0.113.9", "203.0.113.10", "198.51.100.7", "2001:db8::9"];
const INTERFACES: [&str; 3] = [ENI, "eni-0a1b2c3d4e5f60002", "eni-0a1b2c3d4e5f60003"];
const INSTANCES: [&str; 2] = [INSTANCE, "i-0aaaabbbbcccc0002"];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The question, asked by itself.
fn alone(logs: &TempDir, asked: &(Window, SubjectQuestion)) -> Answer<SubjectTraffic> {
    alone_with(logs, options(), asked)
}

fn alone_with(
    logs: &TempDir,
    options: SessionOptions,
    (search, question): &(Window, SubjectQuestion),
) -> Answer<SubjectTraffic> {
    block_on(async {
        let session = open(logs, *search, options).await;
        session.subject(question, None).await.unwrap()
    })
}

async fn listed(
    logs: &TempDir,
    questions: &[(Window, SubjectQuestion)],
    options: &SessionOptions,
) -> Vec<(Session, SubjectQuestion)> {
    let mut listed: Vec<(Session, SubjectQuestion)> = Vec::new();
    for (search, question) in questions {
        let mut session = None;
        for (other, _) in &listed {
            session = session.or(other.alike(*search, options.book.clone()).await.unwrap());
        }
        let session = match session {
            Some(session) => session,
            None => open(logs, *search, options.clone()).await,
        };
        listed.push((session, question.clone()));
    }
    listed
}

/// The answers to all of the questions that were gathered for.
async fn all_of(
    gathered: &Gathered,
    asked: &[(Session, SubjectQuestion)],
) -> Vec<Answer<SubjectTraffic>> {
    let mut answers = Vec::new();
    while answers.len() < asked.len() {
        answers.extend(gathered.answer_first(&asked[answers.len()..], None).await.unwrap());
    }
    answers
}

/// All questions from as few readings as the memory lets be, and how many that were.
fn together(
    logs: &TempDir,
    questions: &[(Window, SubjectQuestion)],
    options: &SessionOptions,
) -> (Vec<Answer<SubjectTraffic>>, usize) {
    block_on(async {
        let mut rest = listed(logs, questions, options).await;
        let (mut answers, mut readings, mut at_most) = (Vec::new(), 0, usize::MAX);
        while !rest.is_empty() {
            let (gathered, count) = Gathered::for_first(&rest, at_most).await.unwrap();
            at_most = count;
            readings += 1;
            let asked: Vec<_> = rest.drain(..count).collect();
            match &gathered {
                Some(gathered) => answers.extend(all_of(gathered, &asked).await),
                None => {
                    for (session, question) in &asked {
                        answers.push(session.subject(question, None).await.unwrap());
                    }
                }
            }
        }
        (answers, readings)
    })
}

/// What an answer says but for what was in each object. What is looked at closely comes in any order.
fn told_of_all(answer: &Answer<SubjectTraffic>) -> String {
    let Answer { mut value, coverage, overlaps, .. } = answer.clone();
    let observations = &mut value.observations;
    observations.connections.iter_mut().for_each(|them| them.sort_by_key(|it| format!("{it:?}")));
    observations.minutes.iter_mut().for_each(|them| them.sort_by_key(|it| format!("{it:?}")));
    format!("{value:#?}\n{coverage:#?}\n{overlaps:#?}\n{:#?}", answer.evidence())
}

/// All that an answer says.
fn told(answer: &Answer<SubjectTraffic>) -> String {
    let objects = answer.objects.iter().map(|read| {
        let span = read.tally.span;
        (read.object.key.clone(), read.outcome, read.digest, read.rows, read.records, span)
    });
    format!("{}\n{:#?}", told_of_all(answer), objects.collect::<Vec<_>>())
}

/// Where two answers differ first, and the lines before it.
fn difference(one: &Answer<SubjectTraffic>, other: &Answer<SubjectTraffic>) -> Option<String> {
    let (one, other) = (told(one), told(other));
    let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let lines = 0..one.len().max(other.len());
    let first = lines.into_iter().find(|line| one.get(*line) != other.get(*line))?;
    let before = one[first.saturating_sub(9)..first.min(one.len())].join("\n");
    Some(format!("{before}\n{:?} and not {:?}", one.get(first), other.get(first)))
}

fn of(subject: Subject) -> SubjectQuestion {
    SubjectQuestion { subject, ..SubjectQuestion::default() }
}

fn of_interface(interface: &str) -> SubjectQuestion {
    of(Subject { interfaces: vec![interface.into()], ..Subject::default() })
}

/// A line of the header `FLAGS`.
fn line() -> impl Strategy<Value = String> {
    let interface = prop::sample::select(&[INTERFACES[0], INTERFACES[1], INTERFACES[2], "-"][..]);
    let whose = (interface, prop::option::of(0..2_usize));
    let ends = prop::array::uniform2(prop::sample::select(&ADDRESSES[..]));
    let ports = prop::array::uniform2(prop::sample::select(&[22_u16, 443, 40000, 0][..]));
    let time = (0_i64..7200, 0_i64..90);
    let kind = prop::sample::select(
        &["ACCEPT OK 2", "REJECT OK 2", "- NODATA -", "- SKIPDATA -", "ACCEPT OK 18"][..],
    );
    (whose, ends, ports, 0..9_u64, time, kind).prop_map(
        |((interface, instance), [from, to], [from_port, to_port], bytes, (start, length), kind)| {
            let instance = instance.map_or("-", |instance| INSTANCES[instance]);
            let (start, end) = (T0 + start, T0 + start + length);
            if kind.starts_with('-') {
                return format!(
                    "5 123456789012 {interface} {instance} - - - - - - - {start} {end} {kind}"
                );
            }
            format!(
                "5 123456789012 {interface} {instance} {from} {to} {from_port} {to_port} 6 3 {bytes} {start} \
                 {end} {kind}"
            )
        },
    )
}

fn bound() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::weighted(0.8, (0_i64..7200).prop_map(|second| at(T0 + second)))
}

fn question() -> impl Strategy<Value = (Window, SubjectQuestion)> {
    let subject = (0..6_usize, 0..3_usize, 0..2_usize).prop_map(|(kind, interface, instance)| {
        let interfaces = vec![INTERFACES[interface].to_owned()];
        let instance = Some(INSTANCES[instance].to_owned());
        match kind {
            0 | 1 => Subject { interfaces, ..Subject::default() },
            2 => Subject { instance, ..Subject::default() },
            3 => Subject { instance, interfaces, ..Subject::default() },
            4 => Subject { addresses: vec!["10.0.1.5".parse().unwrap()], ..Subject::default() },
            _ => Subject {
                addresses: vec!["10.0.1.6".parse().unwrap()],
                account: Some("123456789012".to_owned()),
                instance,
                ..Subject::default()
            },
        }
    });
    let claimed = prop::collection::btree_set(
        prop::sample::select(&ADDRESSES[2..]).prop_map(|address| address.parse().unwrap()),
        0..3,
    );
    (subject, claimed, prop::array::uniform4(any::<bool>()), (bound(), bound())).prop_map(
        |(subject, claimed, [connections, minutes, local, remote], (from, to))| {
            let named = |named: bool, port: u16| named.then_some(port).into_iter().collect();
            let window = Window { from, to };
            let identities = vec![InterfaceIdentity {
                interface: ENI.into(),
                instance: None,
                addresses: vec!["10.0.1.5".parse().unwrap()],
            }];
            let identities = if connections { identities } else { Vec::new() };
            let asked = SubjectQuestion {
                claimed,
                claimed_local_ports: named(local, 22),
                claimed_remote_ports: named(remote, 40000),
                connections,
                minutes,
                window,
                identities,
                ..of(subject)
            };
            (window, asked)
        },
    )
}

/// Files of these lines, dated as AWS names them or not dated at all; one of them has bad lines too.
fn files(parts: &[Vec<String>], dated: bool) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, lines) in parts.iter().enumerate() {
        let path = match dated {
            false => format!("{number}.log"),
            true => format!(
                "AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/06/01/123456789012_vpcflowlogs_us-east-1_\
                 fl-000000000000000{number}_20250601T0{number}00Z_0000000{number}.log"
            ),
        };
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let bad = if number == 0 { "5 no record\n" } else { "" };
        fs::write(path, format!("{FLAGS}\n{bad}{}\n", lines.join("\n"))).unwrap();
    }
    fs::write(folder.path().join("readme.md"), "# no flow log").unwrap();
    folder
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn answers_from_one_reading_are_those_of_each_question_alone(
        parts in prop::collection::vec(prop::collection::vec(line(), 0..40), 1..4),
        dated in any::<bool>(),
        moves in any::<bool>(),
        questions in prop::collection::vec(question(), 2..6),
    ) {
        let logs = files(&parts, dated);
        let options = if moves { with(book()) } else { options() };
        let (answers, readings) = together(&logs, &questions, &options);
        prop_assert_eq!(readings, 1);
        for (asked, answer) in questions.iter().zip(&answers) {
            let alone = alone_with(&logs, options.clone(), asked);
            prop_assert_eq!(difference(answer, &alone), None, "{:?}", asked);
        }
    }
}

/// What an answer says but for the counts of records that were looked at: in Parquet they depend on what is
/// passed over unread.
fn without_counts(mut answer: Answer<SubjectTraffic>) -> String {
    answer.coverage.records = RecordCounts::default();
    answer.value.observations.coverage.records = RecordCounts::default();
    told_of_all(&answer)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn so_they_are_from_parquet_but_for_what_is_counted_unread(
        lines in prop::collection::vec(line(), 1..60),
        questions in prop::collection::vec(question(), 2..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer { group_rows: 7, page_rows: 3, ..Writer::default() };
        fs::write(folder.path().join("a.parquet"), parquet(FLAGS, &lines, writer)).unwrap();
        let (answers, readings) = together(&folder, &questions, &options());
        prop_assert_eq!(readings, 1);
        for (asked, answer) in questions.iter().zip(answers) {
            let alone = alone(&folder, asked);
            prop_assert_eq!(without_counts(answer), without_counts(alone), "{:?}", asked);
        }
    }
}

/// One record of each interface in each of these minutes.
fn minutes(minutes: i64) -> Vec<String> {
    let lines = (0..minutes).flat_map(|minute| {
        let line = move |eni: &&str| v2(eni, "10.0.1.5", "203.0.113.9", 7, T0 + 60 * minute);
        INTERFACES.iter().map(line)
    });
    lines.collect()
}

fn first_hour() -> Window {
    Window::new(at(T0), at(T0 + 3600))
}

#[test]
fn once_gathered_the_logs_are_not_read_again() {
    let logs = log(V2, &minutes(120));
    let questions = INTERFACES.map(|interface| (first_hour(), of_interface(interface)));
    let answers = block_on(async {
        let asked = listed(&logs, &questions, &options()).await;
        let (gathered, count) = Gathered::for_first(&asked, usize::MAX).await.unwrap();
        let gathered = gathered.unwrap();
        assert_eq!(count, 3);
        fs::remove_file(logs.path().join("a.log")).unwrap();
        all_of(&gathered, &asked).await
    });
    for answer in answers {
        assert_eq!((answer.value.totals.flows, answer.value.totals.bytes_out), (60, 420));
        let records = answer.coverage.records;
        assert_eq!((records.ok, records.in_window), (360, 180));
        assert_eq!(answer.evidence()[0].records, 60);
    }
}

#[test]
fn interfaces_that_records_name_for_an_instance_are_gathered_too() {
    let of_instance = |minute: i64| {
        let (start, end) = (T0 + 60 * minute, T0 + 60 * minute + 60);
        format!(
            "5 123456789012 {ENI} {INSTANCE} 10.0.1.5 203.0.113.9 49152 443 6 10 100 {start} {end} ACCEPT OK - - \
             egress"
        )
    };
    let lines: Vec<String> = (0..90).map(of_instance).collect();
    let logs = folder(&[
        ("a.log", format!("{V5}\n{}\n", lines.join("\n"))),
        // Only the interface tells whose these are.
        ("b.log", format!("{V2}\n{}\n", minutes(90).join("\n"))),
    ]);
    let asked = || of(Subject { instance: Some(INSTANCE.into()), ..Subject::default() });
    let questions = [(Window::ALWAYS, asked()), (first_hour(), asked())];
    let alone: Vec<_> = questions.iter().map(|question| alone(&logs, question)).collect();
    assert_eq!(alone[1].value.totals.bytes_out, 60 * 107);
    let together = block_on(async {
        let asked = listed(&logs, &questions, &options()).await;
        let gathered = Gathered::for_first(&asked, usize::MAX).await.unwrap().0.unwrap();
        ["a.log", "b.log"].iter().for_each(|name| fs::remove_file(logs.path().join(name)).unwrap());
        all_of(&gathered, &asked).await
    });
    for (alone, together) in alone.iter().zip(&together) {
        assert_eq!(difference(together, alone), None);
    }
}

#[test]
fn what_does_not_fit_is_gathered_in_several_readings() {
    let logs = log(V2, &minutes(2400));
    let questions = INTERFACES.map(|interface| (Window::ALWAYS, of_interface(interface)));
    let readings = |memory| {
        let options = SessionOptions { memory, ..options() };
        let (answers, readings) = together(&logs, &questions, &options);
        for (asked, answer) in questions.iter().zip(&answers) {
            assert_eq!(difference(answer, &alone(&logs, asked)), None);
        }
        readings
    };
    assert_eq!(readings(512 << 20), 1);
    // Less and less memory, until it is too little for three and enough for two.
    let several = (0..12).map(|step| readings(1_500_000 - 100_000 * step)).find(|it| *it > 1);
    assert_eq!(several, Some(2), "two and one");
    assert_eq!(readings(320_000), 3, "each by itself");
}

#[test]
fn in_memory_that_is_enough_for_each_question_alone_all_are_answered() {
    let remote = |n: i64| format!("198.51.{}.{}", n / 250, n % 250);
    let lines: Vec<String> =
        (0..3000).map(|n| v2(ENI, "10.0.1.5", &remote(n), 7, T0 + n % 3600)).collect();
    let logs = log(V2, &lines);
    let claimed = |n: i64| SubjectQuestion {
        claimed: [remote(n).parse().unwrap()].into(),
        connections: true,
        ..of_interface(ENI)
    };
    let questions: Vec<_> = (0..10).map(|n| (Window::ALWAYS, claimed(n))).collect();
    // Of several threads each may hold a share.
    let with = |memory: usize| SessionOptions { memory, threads: 8, ..options() };
    let is_enough = |memory: &usize| {
        let answer = |(search, question): &(Window, SubjectQuestion)| {
            let (search, question) = (*search, question.clone());
            block_on(async {
                open(&logs, search, with(*memory)).await.subject(&question, None).await.is_ok()
            })
        };
        questions.iter().all(answer)
    };
    let memories = std::iter::successors(Some(500_000), |memory| Some(memory * 5 / 4));
    let enough = memories.take(25).find(is_enough).unwrap();
    for memory in [enough, enough * 3 / 2, enough * 4] {
        let (answers, _) = together(&logs, &questions, &with(memory));
        for (asked, answer) in questions.iter().zip(&answers) {
            assert_eq!(difference(answer, &alone_with(&logs, with(memory), asked)), None);
        }
    }
}

#[test]
fn questions_that_cannot_be_gathered_for_are_answered_all_the_same() {
    let logs = log(V2, &minutes(60));
    let backwards = Window { from: Some(at(T0 + 1800)), to: Some(at(T0 + 600)) };
    let questions = [
        (backwards, of_interface(INTERFACES[0])),
        (first_hour(), of_interface(INTERFACES[1])),
        (first_hour(), of(Subject::default())),
        // Since the account may be told by the object alone, the records of everybody are looked at.
        (
            first_hour(),
            of(Subject {
                addresses: vec!["10.9.9.9".parse().unwrap()],
                account: Some("123456789012".to_owned()),
                ..Subject::default()
            }),
        ),
    ];
    let (answers, _) = together(&logs, &questions, &options());
    for (asked, answer) in questions.iter().zip(&answers) {
        assert_eq!(difference(answer, &alone(&logs, asked)), None);
    }
}

#[test]
fn records_of_an_interface_that_is_not_told_are_everybodys_whatever_instance_they_name() {
    let lost = |start: i64| {
        format!("5 123456789012 - {INSTANCE} - - - - - - - {start} {} - SKIPDATA -", start + 60)
    };
    let logs = log(FLAGS, &[lost(T0), lost(T0 + 7200)]);
    let second_hour = Window::new(at(T0 + 3600), at(T0 + 9000));
    let instance = |instance: &str, interface: &str| {
        let (instance, interfaces) = (Some(instance.into()), vec![interface.into()]);
        of(Subject { instance, interfaces, ..Subject::default() })
    };
    let questions = [
        (first_hour(), instance(INSTANCES[1], INTERFACES[1])),
        (second_hour, instance(INSTANCE, ENI)),
    ];
    let (answers, _) = together(&logs, &questions, &options());
    for (asked, answer) in questions.iter().zip(&answers) {
        assert_eq!(answer.value.observations.coverage.records.skipdata, 1);
        assert_eq!(difference(answer, &alone(&logs, asked)), None);
    }
}
