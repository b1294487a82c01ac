//! Parquet objects give the answers that text gives.

mod damage;
mod ocsf;
pub(crate) mod twin;

use std::fs;
use std::sync::Arc;

use flowproof_engine::{Answer, Key, Rows, Session, SessionOptions, SubjectQuestion, VolumeFilter};
use flowproof_evidence::{RecordCounts, Subject, Window};
use flowproof_intel::{List, ListRole, Matcher};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use crate::pushdown::{filter, lines};
use crate::support::*;
use twin::{Types, Writer, parquet};

/// A folder with the records as text, and one with them as Parquet.
fn both(header: &str, lines: &[String], writer: Writer) -> (TempDir, TempDir) {
    let twin = tempfile::tempdir().unwrap();
    fs::write(twin.path().join("a.log"), parquet(header, lines, writer)).unwrap();
    (log(header, lines), twin)
}

/// Records of a few interfaces over some hours, good and idle.
fn traffic() -> Vec<String> {
    let line = |n: i64| {
        let remote = format!("203.0.113.{}", (n * 7) % 250);
        let (eni, own) = (format!("eni-{}", n % 4), format!("10.0.1.{}", n % 4));
        let start = T0 + 30 * n;
        match n % 9 {
            0 => format!("2 123456789012 {eni} - - - - - - - {start} {} - NODATA", start + 60),
            1..4 => v2(&eni, &own, &remote, 40 + n as u64, start),
            4 => {
                v2(&eni, &remote, &own, 9_000_000_000 + n as u64, start).replace("ACCEPT", "REJECT")
            }
            _ => v2(&eni, &remote, &own, 7 * n as u64, start),
        }
    };
    (0..500).map(line).collect()
}

const CODECS: [fn() -> Compression; 4] = [
    || Compression::GZIP(GzipLevel::default()),
    || Compression::SNAPPY,
    || Compression::ZSTD(ZstdLevel::default()),
    || Compression::UNCOMPRESSED,
];

fn all_keys() -> Vec<Key> {
    vec![Key::Account, Key::Interface, Key::Local, Key::Remote, Key::Action, Key::Hour]
}

fn volumes_in(folder: &TempDir, window: Window) -> Answer<Rows> {
    block_on(async {
        let session = open(folder, window, options()).await;
        session.volumes(&all_keys(), &VolumeFilter::default()).await.unwrap()
    })
}

#[test]
fn volumes_of_every_codec_and_type_are_those_of_text() {
    let lines = traffic();
    let window = Window { from: Some("2025-06-01T00:30:00Z".parse().unwrap()), ..Window::ALWAYS };
    for (place, types) in
        [Types::Aws, Types::AwsDashes, Types::Texts, Types::Ours].iter().enumerate()
    {
        let writer = Writer { types: *types, codec: CODECS[place](), ..Writer::default() };
        let (text, twin) = both(V2, &lines, writer);
        for window in [Window::ALWAYS, window] {
            let (text, twin) = (volumes_in(&text, window), volumes_in(&twin, window));
            assert_eq!(texts(&text.value), texts(&twin.value), "{types:?}");
            assert!(texts(&text.value).len() > 100);
        }
        let (text, twin) = (volumes_in(&text, Window::ALWAYS), volumes_in(&twin, Window::ALWAYS));
        assert_eq!(text.coverage.records, twin.coverage.records, "{types:?}");
        assert_eq!(twin.objects.iter().next().unwrap().encoding, Some("parquet"));
        assert_eq!(twin.evidence()[0].records, text.evidence()[0].records);
    }
}

#[test]
fn text_and_parquet_are_mixed_in_one_run() {
    let lines = traffic();
    let (one, other) = lines.split_at(200);
    let mixed = log(V2, one);
    fs::write(mixed.path().join("b.gz"), parquet(V2, other, Writer::default())).unwrap();
    assert_eq!(
        texts(&volumes_in(&mixed, Window::ALWAYS).value),
        texts(&volumes_in(&log(V2, &lines), Window::ALWAYS).value),
    );
}

fn counts(folder: &TempDir) -> RecordCounts {
    block_on(async {
        let session = open(folder, Window::ALWAYS, options()).await;
        session.inspect().await.unwrap().coverage.records
    })
}

#[test]
fn rows_that_are_no_records_are_counted_with_their_number_and_reason() {
    let line = |port: &str, action: &str, status: &str, start: i64| {
        let end = start + 60;
        format!(
            "2 123456789012 eni-1 10.0.1.5 203.0.113.9 {port} 443 6 10 8400 {start} {end} {action} {status}"
        )
    };
    let lines = [
        line("1", "ACCEPT", "OK", T0),
        line("65536", "ACCEPT", "OK", T0),
        line("1", "MAYBE", "OK", T0),
        line("1", "MAYBE", "NODATA", T0),
        line("1", "ACCEPT", "-", T0),
        line("1", "ACCEPT", "OK", 17),
        line("1", "ACCEPT", "OK", T0 * 1000),
        line("-", "-", "OK", T0),
        line("1", "ACCEPT", "OK", T0).replace("10.0.1.5", "10.0.1"),
    ];
    for types in [Types::Aws, Types::AwsDashes, Types::Texts, Types::Ours] {
        let (text, twin) = both(V2, &lines, Writer { types, ..Writer::default() });
        let mut expected = counts(&text);
        if types == Types::Ours {
            expected.milliseconds = 0; // A timestamp has no unit that must be told by its size.
        }
        assert_eq!(counts(&twin), expected, "{types:?}");
        let inspected = block_on(async {
            let session = open(&twin, Window::ALWAYS, options()).await;
            session.inspect().await.unwrap()
        });
        let told: Vec<String> = inspected
            .coverage
            .samples
            .iter()
            .map(|sample| format!("{:?} {}", sample.line, sample.reason))
            .collect();
        assert_eq!(
            told,
            [
                "Some(2) srcport: expected a whole number from 0 to 65535, got `65536`",
                "Some(3) action: expected ACCEPT or REJECT, got `MAYBE`",
                "Some(5) log-status: expected OK, NODATA or SKIPDATA, got `-`",
                "Some(9) srcaddr: expected an IP address, got `10.0.1`",
                "Some(6) a time lies outside 2000 to 2106: 17 to 77",
            ],
            "{types:?}"
        );
    }
}

/// The columns of an answer that depend on nothing but the records.
const SHOWN: &str =
    "interface_id, account_id, srcaddr, srcport, bytes, action, start, \"end\", log_status";

fn run(session: &Session, sql: &str) -> Result<Vec<String>, String> {
    let answer = block_on(session.query(sql, None));
    answer.map(|answer| texts(&answer.value)).map_err(|error| error.to_string())
}

#[test]
fn a_filter_lets_the_same_records_pass_as_on_text() {
    let more = [
        v2("eni-0", "10.0.1.5", "203.0.113.9", 7, T0 * 1000)
            .replace(&format!("{}", T0 * 1000 + 60), &format!("{}", T0 * 1000 + 999)),
        v2("eni-1", "0:0:0:0:0:FFFF:10.0.1.5", "203.0.113.9", 7, T0),
        v2("eni-1", "10.0.1.5", "203.0.113.9", 443, 17),
        v2("eni-1", "10.0.1.5", "203.0.113.9", 443, T0).replace("10.0.1.5", "nowhere"),
    ];
    // Read of a file of 64-bit signed integers, the largest counter cannot be there.
    let lines: Vec<String> = lines().into_iter().chain(more).collect();
    let small =
        lines.iter().map(|line| line.replace("18446744073709551615", "9223372036854775807"));
    let small: Vec<String> = small.collect();
    let window = |from: &str, to: &str| Window {
        from: Some(from.parse().unwrap()),
        to: Some(to.parse().unwrap()),
    };
    let windows = [
        Window::ALWAYS,
        window("2025-06-01T00:01:30Z", "2025-06-01T00:03:00Z"),
        window("2025-06-01T00:00:00.2Z", "2025-06-01T00:00:00.5Z"),
        window("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
    ];
    let session = |folder: &TempDir, window| {
        block_on(open(folder, window, SessionOptions { batch_rows: 3, ..options() }))
    };
    // The folders must live as long as the sessions.
    let mut folders = Vec::new();
    let mut pairs = Vec::new();
    for (types, lines) in [
        (Types::Aws, &small),
        (Types::AwsDashes, &small),
        (Types::Texts, &lines),
        (Types::Ours, &lines),
        (Types::Millis, &small),
    ] {
        let writer = Writer { types, group_rows: 4, page_rows: 2, ..Writer::default() };
        let (text, twin) = both(V2, lines, writer);
        for window in windows {
            pairs.push((format!("{types:?}"), session(&text, window), session(&twin, window)));
        }
        pairs.last_mut().unwrap().0.push_str(" elsewhere");
        folders.push((text, twin));
    }
    let places = 0..pairs.len();
    let config = ProptestConfig { cases: 120, ..ProptestConfig::default() };
    let table = prop_oneof![Just("flow_logs"), Just("traffic")];
    let result =
        TestRunner::new(config).run(&(places, table, filter()), |(place, table, filter)| {
            let sql = format!("select {SHOWN} from {table} where {filter} order by {SHOWN}");
            let (name, text, twin) = &pairs[place];
            match (run(text, &sql), run(twin, &sql)) {
                (Ok(text), Ok(twin)) => prop_assert_eq!(text, twin, "{} {}", name, sql),
                (Err(_), Err(_)) => {}
                (one, other) => prop_assert!(false, "{}: {:?} or {:?}", sql, one, other),
            }
            Ok(())
        });
    result.unwrap();
}

fn passed_over(answer: &Answer<Rows>) -> u64 {
    answer.objects.iter().next().unwrap().tally.counts.passed_over
}

#[test]
fn rows_that_a_filter_rules_out_are_not_read_and_said_to_be_passed_over() {
    let mut lines = traffic();
    lines.sort_by_key(|line| line.split(' ').nth(2).map(str::to_owned));
    let writer = Writer { group_rows: 50, page_rows: 10, ..Writer::default() };
    let (text, twin) = both(V2, &lines, writer);
    let sql = "select sum(bytes), count(*) from flow_logs where interface_id = 'eni-2'";
    let answers = [query(&text, sql).unwrap(), query(&twin, sql).unwrap()];
    assert_eq!(texts(&answers[0].value), texts(&answers[1].value));
    assert_eq!(passed_over(&answers[1]), 375, "all rows of the other three interfaces");
    let counted = answers[1].coverage.records;
    assert_eq!(counted.ok + counted.nodata, 125);
    let nobody =
        query(&twin, "select count(*) from flow_logs where interface_id = 'eni-9'").unwrap();
    assert_eq!((texts(&nobody.value), passed_over(&nobody)), (vec!["0".to_owned()], 500));
    let lacking = query(&twin, "select count(*) from flow_logs where vpc_id = 'vpc-1'").unwrap();
    assert_eq!((texts(&lacking.value), passed_over(&lacking)), (vec!["0".to_owned()], 500));
}

#[test]
fn transit_gateway_records_are_kept_apart() {
    let header = "version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr bytes start end log-status";
    let end = T0 + 60;
    let lines = [
        format!(
            "6 TransitGateway 123456789012 tgw-1 tgw-attach-1 10.0.1.5 10.1.1.5 100 {T0} {end} OK"
        ),
        format!("6 TransitGateway 123456789012 tgw-1 tgw-attach-1 - - - {T0} {end} NODATA"),
    ];
    let (text, twin) = both(header, &lines, Writer::default());
    assert_eq!(counts(&text), counts(&twin));
    for folder in [&text, &twin] {
        let answer = query(folder, "select count(*) from traffic").unwrap();
        assert_eq!(texts(&answer.value), ["0"]);
        assert_eq!(answer.coverage.records.transit_gateway, 1);
        let answer = query(folder, "select sum(bytes), max(tgw_id) from flow_logs").unwrap();
        assert_eq!(texts(&answer.value), ["100|tgw-1"]);
    }
}

#[test]
fn flow_logs_and_transit_gateway_records_in_one_table_are_told_row_by_row() {
    let header = format!("{V2} tgw-id");
    let lines: Vec<String> = traffic().iter().map(|line| format!("{line} -")).collect();
    let mut with_one = lines.clone();
    with_one[1] = with_one[1].replace("OK -", "OK tgw-1");
    let twin = tempfile::tempdir().unwrap();
    fs::write(twin.path().join("a"), parquet(&header, &with_one, Writer::default())).unwrap();
    let counted = counts(&twin);
    assert_eq!((counted.transit_gateway, counted.ok, counted.nodata), (1, 443, 56));
}

#[test]
fn the_subjects_traffic_and_coverage_are_those_of_text() {
    let mut lines = traffic();
    // A hole that AWS tells of, and one that it does not.
    lines[99] =
        format!("2 123456789012 eni-1 - - - - - - - {} {} - SKIPDATA", T0 + 3000, T0 + 3060);
    lines.drain(150..230);
    let (text, twin) =
        both(V2, &lines, Writer { group_rows: 64, page_rows: 16, ..Writer::default() });
    let subjects = [
        Subject { interfaces: vec!["eni-1".into()], ..Subject::default() },
        Subject { addresses: vec!["10.0.1.2".parse().unwrap()], ..Subject::default() },
    ];
    let from = "2025-06-01T00:20:00Z".parse().unwrap();
    for (subject, from) in subjects.into_iter().flat_map(|s| [(s.clone(), None), (s, Some(from))]) {
        let window = Window { from, to: Some("2025-06-01T04:00:00Z".parse().unwrap()) };
        let question = SubjectQuestion { subject, window, ..SubjectQuestion::default() };
        let answers = [&text, &twin].map(|folder| {
            block_on(async {
                open(folder, window, options()).await.subject(&question, None).await.unwrap()
            })
        });
        let [mut text, mut twin] = answers;
        assert!(text.value.totals.flows > 0);
        // What was ruled out in the file is not counted, and nothing else differs.
        assert!(twin.coverage.records.ok < text.coverage.records.ok);
        for answer in [&mut text, &mut twin] {
            answer.value.observations.coverage.records = RecordCounts::default();
        }
        assert_eq!(format!("{:?}", text.value), format!("{:?}", twin.value));
        assert_eq!(text.coverage.gaps, twin.coverage.gaps);
        assert_eq!(text.coverage.observed, twin.coverage.observed);
    }
}

#[test]
fn a_name_does_not_make_parquet() {
    let text = folder(&[(
        "a.log.parquet",
        format!("{V2}\n{}\n", v2(ENI, "10.0.1.5", "203.0.113.9", 7, T0)),
    )]);
    assert_eq!(counts(&text).ok, 1);
}

#[test]
fn a_file_whose_columns_are_not_asked_for_is_counted_all_the_same() {
    let header = "srcaddr dstaddr bytes";
    let lines: Vec<String> = (0..9).map(|n| format!("10.0.1.5 203.0.113.{n} {n}")).collect();
    let (text, twin) = both(header, &lines, Writer::default());
    for sql in ["select count(*) from flow_logs", "select sum(bytes), count(*) from traffic"] {
        let answers = [&text, &twin].map(|folder| query(folder, sql).unwrap());
        assert_eq!(texts(&answers[0].value), texts(&answers[1].value), "{sql}");
        assert_eq!(answers[1].coverage.records.ok, 9);
        assert_eq!(answers[1].coverage.records.time_missing, 9);
    }
}

#[test]
fn questions_about_lists_and_ranges_have_the_answers_of_text() {
    let list = |name, role, text: &str| List::from_bytes(name, role, text.as_bytes()).unwrap();
    let matcher = Arc::new(Matcher::new(vec![
        list("a.txt", ListRole::Threat, "10.0.1.5\n203.0.113.64/26\n2001:db8::/64\n"),
        list("good.txt", ListRole::Trusted, "203.0.113.77\n"),
    ]));
    let lines: Vec<String> = traffic().into_iter().chain(lines()).collect();
    for types in [Types::AwsDashes, Types::Texts, Types::Ours] {
        let lines = lines.iter().map(|line| match types {
            Types::AwsDashes => line.replace("18446744073709551615", "1"),
            _ => line.clone(),
        });
        let lines: Vec<String> = lines.collect();
        let writer = Writer { types, group_rows: 100, page_rows: 20, ..Writer::default() };
        let (text, twin) = both(V2, &lines, writer);
        for filter in [
            "ip_in(srcaddr, '10.0.0.0/8') and bytes > 100",
            "ip_in(dstaddr, '203.0.113.9') or ip_in(srcaddr, '2001:db8::/32')",
            "in_list(srcaddr) or in_list(dstaddr)",
            "in_list(srcaddr, 'a.txt') and interface_id <> 'eni-1'",
            "list_matches(dstaddr) is not null",
            "on_threat_list(dstaddr)",
            "not in_list(srcaddr)",
        ] {
            let sql = format!("select {SHOWN} from flow_logs where {filter} order by {SHOWN}");
            let answers = [&text, &twin].map(|folder| {
                let session = block_on(open(folder, Window::ALWAYS, options()));
                texts(&block_on(session.query(&sql, Some(Arc::clone(&matcher)))).unwrap().value)
            });
            assert!(!answers[0].is_empty(), "{filter}");
            assert_eq!(answers[0], answers[1], "{types:?} {filter}");
        }
    }
}
