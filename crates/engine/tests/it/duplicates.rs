//! Records that several flow logs wrote, against a naive twin; and objects that are there twice.

use std::collections::{BTreeMap, HashMap};

use flowproof_engine::{
    AddressBook, Duplicates, Key, SessionOptions, SubjectQuestion, SubjectTraffic, VolumeFilter,
};
use flowproof_evidence::{Coverage, InterfaceIdentity, SampleKind, Subject, Window};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::*;

/// A version 5 format, one that lacks `log-status` and `account-id`, and the default one.
const FORMATS: [&str; 3] = [
    V5,
    "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action vpc-id",
    V2,
];

/// The name of a flow log's object; the unnamed flow log's tells no id.
fn object(flow_log: usize, number: usize) -> String {
    match FLOW_LOGS[flow_log] {
        "" => format!("part-{number}.log"),
        id => format!("123456789012_vpcflowlogs_us-east-1_{id}_20250601T000{number}Z_1a2b3c4d.log"),
    }
}

const FLOW_LOGS: [&str; 3] = ["fl-b", "", "fl-a"];

/// One record, in the fields of all formats.
#[derive(Debug, Clone)]
struct Record {
    flow_log: usize,
    /// The number of the object among its flow log's, and the object's format.
    object: usize,
    format: usize,
    values: BTreeMap<&'static str, String>,
}

impl Record {
    fn line(&self) -> String {
        let names = FORMATS[self.format].split_whitespace();
        let values = names.map(|name| self.values.get(name).map_or("-", String::as_str));
        values.collect::<Vec<_>>().join(" ")
    }

    fn get(&self, name: &str) -> Option<&str> {
        let has = FORMATS[self.format].split_whitespace().any(|column| column == name);
        self.values.get(name).map(String::as_str).filter(|value| has && *value != "-")
    }

    fn status(&self) -> &str {
        self.get("log-status").unwrap_or("OK")
    }

    /// What copies have in common; none for a record that cannot be one.
    fn identity(&self) -> Option<Vec<Option<String>>> {
        self.get("interface-id").and(self.get("start")).and(self.get("end"))?;
        let counted = self.status() == "OK";
        let common = [
            "interface-id",
            "srcaddr",
            "dstaddr",
            "srcport",
            "dstport",
            "protocol",
            "packets",
            "bytes",
            "start",
            "end",
            "action",
        ];
        let value = |name: &str| {
            let counter = ["packets", "bytes"].contains(&name);
            self.get(name).filter(|_| counted || !counter).map(str::to_owned)
        };
        Some(common.map(value).into_iter().chain([Some(self.status().to_owned())]).collect())
    }

    /// How many of the fields beside those are filled.
    fn filled(&self) -> usize {
        let more =
            ["account-id", "vpc-id", "instance-id", "pkt-srcaddr", "pkt-dstaddr", "flow-direction"];
        more.iter().filter(|name| self.get(name).is_some()).count()
    }
}

/// The twin: of copies as many as one flow log has at most, the preferred ones.
fn once(records: &[Record]) -> Vec<Record> {
    let mut copies: HashMap<Vec<Option<String>>, Vec<&Record>> = HashMap::new();
    let mut once: Vec<Record> = Vec::new();
    for record in records {
        match record.identity() {
            Some(identity) => copies.entry(identity).or_default().push(record),
            None => once.push(record.clone()),
        }
    }
    for mut copies in copies.into_values() {
        let of = |flow_log| copies.iter().filter(|copy| copy.flow_log == flow_log).count();
        let most = (0..FLOW_LOGS.len()).map(of).max().unwrap();
        copies.sort_by_key(|copy| {
            let name = object(copy.flow_log, copy.object);
            (std::cmp::Reverse(copy.filled()), FLOW_LOGS[copy.flow_log], name)
        });
        // The k-th of a flow log counts unless one before it had a k-th.
        let (mut met, mut counted) = (HashMap::new(), 0);
        for copy in copies {
            let own: &mut usize = met.entry(copy.flow_log).or_default();
            *own += 1;
            if *own > counted {
                counted = *own;
                once.push(copy.clone());
            }
        }
        assert_eq!(counted, most);
    }
    once
}

/// The records without those of objects whose bytes are an earlier object's.
fn of_first_objects(records: &[Record]) -> Vec<Record> {
    let objects = objects(records);
    let is_first = |record: &&Record| {
        let name = object(record.flow_log, record.object);
        !objects.iter().any(|(other, text)| *other < name && *text == objects[&name])
    };
    records.iter().filter(is_first).cloned().collect()
}

/// The records as objects. Those of one flow log and number have one format: the first's.
fn objects(records: &[Record]) -> BTreeMap<String, String> {
    let mut objects: BTreeMap<(usize, usize), (usize, Vec<String>)> = BTreeMap::new();
    for record in records {
        let object = objects.entry((record.flow_log, record.object)).or_default();
        object.0 = record.format;
        object.1.push(record.line());
    }
    let objects = objects.into_iter().map(|((flow_log, number), (format, lines))| {
        (object(flow_log, number), format!("{}\n{}\n", FORMATS[format], lines.join("\n")))
    });
    objects.collect()
}

fn written(records: &[Record]) -> TempDir {
    let objects: Vec<(String, String)> = objects(records).into_iter().collect();
    let objects: Vec<(&str, String)> =
        objects.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
    folder(&objects)
}

/// Who has which address, so that nothing need be learned.
fn book() -> AddressBook {
    let mut book = AddressBook::default();
    for n in 0..2 {
        book.add(&InterfaceIdentity {
            interface: format!("eni-{n}"),
            addresses: vec![format!("10.0.0.{n}").parse().unwrap()],
            instance: None,
        });
    }
    book
}

const QUERIES: [&str; 4] = [
    "select flow_log_id, interface_id, instance_id, vpc_id, srcaddr, dstaddr, bytes, \"start\", \
     log_status, action, regexp_replace(object, '^.*/', '') from flow_logs",
    "select count(*), sum(bytes) from flow_logs where bytes > 150 and instance_id is null",
    "select direction, remote, sum(bytes) from traffic where flow_log_id = 'fl-a' or action = 'ACCEPT' \
     group by 1, 2",
    "select log_status, count(*) from flow_logs where interface_id = 'eni-1' group by 1",
];

/// All that is told of some logs.
#[derive(Debug, PartialEq)]
struct Told {
    volumes: Vec<Vec<String>>,
    queries: Vec<Vec<String>>,
    subject: String,
}

fn figures(traffic: &SubjectTraffic) -> String {
    let SubjectTraffic { observations, totals, remotes, timeline, .. } = traffic;
    format!("{totals:?} {remotes:?} {timeline:?} {:?}", observations.conversations)
}

fn tell(logs: &TempDir, options: SessionOptions) -> (Told, Coverage, Coverage) {
    block_on(async {
        let session = open(logs, Window::ALWAYS, options).await;
        let (mut volumes, mut queries) = (Vec::new(), Vec::new());
        let mut coverage = Coverage::default();
        for keys in [
            vec![Key::Interface, Key::Action],
            vec![Key::Instance, Key::Vpc, Key::Hour],
            vec![Key::Remote, Key::RemotePort],
        ] {
            let answer = session.volumes(&keys, &VolumeFilter::default()).await.unwrap();
            volumes.push(texts(&answer.value));
            coverage = answer.coverage;
        }
        for sql in QUERIES {
            queries.push(texts(&session.query(sql, None).await.unwrap().value));
        }
        let subject = Subject {
            interfaces: vec!["eni-0".into()],
            instance: Some("i-0".into()),
            ..Subject::default()
        };
        let question = SubjectQuestion { subject, ..SubjectQuestion::default() };
        let answer = session.subject(&question, None).await.unwrap();
        let told = Told { volumes, queries, subject: figures(&answer.value) };
        (told, coverage, answer.coverage)
    })
}

fn dropping() -> SessionOptions {
    SessionOptions { duplicates: Duplicates::Drop, book: book(), ..options() }
}

fn record() -> impl Strategy<Value = Record> {
    let place = (0..FLOW_LOGS.len(), 0..2usize);
    let flow = (0..2usize, any::<bool>(), 1..3u64, 0..2i64, 0..10u8, any::<bool>());
    (place, flow).prop_map(|((flow_log, object), (own, out, hundreds, minute, odd, named))| {
        let (ours, theirs) = (format!("10.0.0.{own}"), "203.0.113.9".to_owned());
        let (source, destination) = if out { (ours, theirs) } else { (theirs, ours) };
        let start = T0 + 60 * minute;
        let mut values = BTreeMap::from([
            ("version", "2".to_owned()),
            ("account-id", "123456789012".to_owned()),
            ("interface-id", format!("eni-{own}")),
            ("srcaddr", source),
            ("dstaddr", destination),
            ("srcport", "49152".to_owned()),
            ("dstport", "443".to_owned()),
            ("protocol", "6".to_owned()),
            ("packets", "10".to_owned()),
            ("bytes", (100 * hundreds).to_string()),
            ("start", start.to_string()),
            ("end", (start + 59).to_string()),
            ("action", if odd == 0 { "REJECT" } else { "ACCEPT" }.to_owned()),
            ("log-status", "OK".to_owned()),
            ("vpc-id", "vpc-1".to_owned()),
            ("flow-direction", if out { "egress" } else { "ingress" }.to_owned()),
        ]);
        if named {
            values.insert("instance-id", format!("i-{own}"));
        }
        match odd {
            1 => drop(values.insert("start", "-".to_owned())),
            2 => drop(values.insert("interface-id", "-".to_owned())),
            3 => {
                for name in ["srcaddr", "dstaddr", "srcport", "dstport", "protocol", "action"] {
                    values.remove(name);
                }
                values.insert("log-status", "NODATA".to_owned());
            }
            _ => {}
        }
        // A flow log's objects are of two formats.
        Record { flow_log, object, format: (flow_log + object) % FORMATS.len(), values }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever is asked, by however many threads, of the objects or of the set that was collected from
    /// them, dropping copies gives what keeping gives of logs from which the twin took them out.
    #[test]
    fn dropping_gives_what_the_naive_twin_leaves(records in prop::collection::vec(record(), 1..60)) {
        let read = of_first_objects(&records);
        let left = once(&read);
        let (whole, all, left_logs) = (written(&records), written(&read), written(&left));
        let kept = SessionOptions { duplicates: Duplicates::Keep, ..dropping() };
        let (expected, of_left, _) = tell(&left_logs, kept.clone());
        let (_, of_all, subject_of_all) = tell(&all, kept);
        let set = collected(&whole, dropping());
        for (logs, threads) in [(&whole, 1), (&whole, 2), (&whole, 7), (&set, 1), (&set, 2)] {
            let options = SessionOptions { threads, ..dropping() };
            let (told, coverage, subject) = tell(logs, options);
            prop_assert_eq!(&told, &expected, "{} threads", threads);
            prop_assert_eq!(coverage.records.ok, of_all.records.ok);
            prop_assert_eq!(coverage.records.unoriented, of_left.records.unoriented);
            let flows = |coverage: &Coverage| coverage.records.ok;
            prop_assert_eq!(coverage.records.duplicates, Some(flows(&of_all) - flows(&of_left)));
            prop_assert_eq!(&subject.observed, &subject_of_all.observed);
            prop_assert_eq!(&subject.gaps, &subject_of_all.gaps);
        }
        // Where sides are learned, and settled at the end, what is left is counted all the same.
        let learning = SessionOptions { book: AddressBook::default(), ..dropping() };
        let sql = "select count(*) from traffic where direction is null";
        let open = texts(&query_with(&whole, sql, learning.clone()).unwrap().value);
        let volumes = block_on(async {
            let session = super::support::open(&whole, Window::ALWAYS, learning).await;
            session.volumes(&[Key::Interface], &VolumeFilter::default()).await.unwrap()
        });
        prop_assert_eq!(open, [volumes.coverage.records.unoriented.to_string()]);
    }
}

/// Two flow logs that wrote the same records of many flows.
fn twice(flows: u64) -> TempDir {
    let lines = |skip: u64| {
        let flows = (0..flows).map(|n| n * 7919 % flows).filter(|n| n % 10 != skip);
        let lines = flows.map(|n| {
            let remote = format!("203.0.113.{}", n % 200);
            v2(
                &format!("eni-{}", n % 3),
                &format!("10.0.0.{}", n % 3),
                &remote,
                n,
                T0 + n as i64 % 600,
            )
        });
        format!("{V2}\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    };
    folder(&[(&object(0, 0), lines(1)), (&object(2, 0), lines(2))])
}

#[test]
fn with_little_memory_the_sort_spills_and_the_answer_is_the_same() {
    let logs = twice(40_000);
    let ask = |memory: usize, sql: &str| {
        let options = SessionOptions { memory, ..dropping() };
        query_with(&logs, sql, options).unwrap()
    };
    let sql = "select interface_id, count(*), sum(bytes) from flow_logs group by 1";
    let roomy = ask(511 << 20, sql);
    let tight = ask(1 << 20, sql);
    assert_eq!(texts(&tight.value), texts(&roomy.value));
    assert_eq!(tight.coverage, roomy.coverage);
    // Each flow of the 40,000 is in one flow log at least, and eight of ten are in both.
    assert_eq!(roomy.coverage.records.duplicates, Some(32_000));
    let counts: i64 = texts(&roomy.value)
        .iter()
        .map(|row| row.split('|').nth(1).unwrap().parse::<i64>().unwrap())
        .sum();
    assert_eq!(counts, 40_000);

    let spills = |memory| {
        let plan = texts(&ask(memory, &format!("explain analyze {sql}")).value).join("\n");
        let spills = plan.split("copies_spills=").nth(1).unwrap_or_else(|| panic!("{plan}"));
        spills.split([',', ']']).next().unwrap().trim().parse::<u64>().unwrap()
    };
    assert_eq!(spills(511 << 20), 0);
    assert!(spills(1 << 20) > 2);
}

#[test]
fn an_object_that_is_there_twice_is_read_once() {
    let text = format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 8400, T0));
    let other = format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 8401, T0));
    let logs = folder(&[("a.log", text.clone()), ("b.log", text), ("c.log", other)]);
    let ask = |duplicates| {
        let options = SessionOptions { duplicates, ..options() };
        query_with(&logs, "select sum(bytes) from flow_logs", options).unwrap()
    };
    let dropped = ask(Duplicates::Drop);
    assert_eq!(texts(&dropped.value), ["16801"]);
    let objects = &dropped.coverage.objects;
    assert_eq!((objects.listed, objects.read, objects.duplicate), (3, 2, 1));
    assert_eq!(dropped.coverage.records.duplicates, Some(0));
    assert_eq!(dropped.evidence().len(), 2, "what was left out is no evidence");
    let sample = &dropped.coverage.samples;
    let sample = sample.iter().find(|sample| sample.kind == SampleKind::Duplicate).unwrap();
    assert!(sample.object.ends_with("b.log") && sample.reason.ends_with("a.log: it was left out"));

    let set = collected(&logs, dropping());
    let options = SessionOptions { duplicates: Duplicates::Drop, ..options() };
    let of_set = query_with(&set, "select sum(bytes) from flow_logs", options).unwrap();
    assert_eq!(texts(&of_set.value), ["16801"]);
    assert_eq!(of_set.coverage, dropped.coverage, "a set tells the same");

    let kept = ask(Duplicates::Keep);
    assert_eq!(texts(&kept.value), ["25201"]);
    assert_eq!((kept.coverage.objects.duplicate, kept.coverage.records.duplicates), (0, None));
    assert!(kept.coverage.samples.iter().any(|sample| sample.kind == SampleKind::Duplicate));
}

#[test]
fn inspecting_tells_overlaps_and_drops_nothing_of_them() {
    let logs = twice(1000);
    block_on(async {
        let answer = open(&logs, Window::ALWAYS, dropping()).await.inspect().await.unwrap();
        assert_eq!(answer.coverage.records.duplicates, Some(800));
        assert_eq!(answer.value.overlaps().len(), 3);
        let keep = SessionOptions { duplicates: Duplicates::Keep, ..dropping() };
        let kept = open(&logs, Window::ALWAYS, keep).await.inspect().await.unwrap();
        assert_eq!(kept.value, answer.value);
        assert_eq!(kept.coverage.records.duplicates, None);
        assert_eq!(kept.overlaps.len(), 3);
    });
}

#[test]
fn a_table_that_is_read_twice_drops_its_copies_once() {
    let sql =
        "select count(*) from (select bytes from flow_logs union all select bytes from flow_logs)";
    let answer = query_with(&twice(1000), sql, dropping()).unwrap();
    assert_eq!(texts(&answer.value), ["2000"]);
    assert_eq!(answer.coverage.records.duplicates, Some(800));
}
