//! Totals that the scan adds up are those that DataFusion adds up over all records.

use std::fs;

use flowproof_engine::{AddressBook, Answer, Key, SessionOptions, VolumeFilter};
use flowproof_evidence::{InterfaceIdentity, Window};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::parquet::twin::{Types, Writer, parquet};
use crate::support::*;

const INTERFACES: [&str; 5] = [ENI, "eni-0a1b2c3d4e5f60002", "eni-0a1b2c3d4e5f60003", "eni-1", "-"];
const ADDRESSES: [&str; 10] = [
    "10.0.1.5",
    "10.0.1.6",
    "10.200.100.200",
    "203.0.113.9",
    "203.0.113.111",
    "198.51.100.7",
    "2001:db8::5",
    "2001:db8:1::6",
    "2001:DB8:0::9",
    "-",
];

/// Everything that a record is added up by: interface, ends, bytes, start, length, action, direction.
type Fields = (usize, (usize, usize), u64, i64, i64, usize, usize);

fn fields() -> impl Strategy<Value = Fields> {
    let interface = prop_oneof![9 => 0usize..4, 1 => Just(4usize)];
    let end = || prop_oneof![8 => 0usize..6, 2 => 6usize..10];
    let bytes = prop_oneof![40 => 0u64..1_000_000, 1 => Just(u64::MAX / 3)];
    let times = (0i64..200_000, 0i64..90);
    (interface, (end(), end()), bytes, times, 0usize..6, 0usize..9).prop_map(
        |(interface, ends, bytes, (start, length), action, direction)| {
            (interface, ends, bytes, start, length, action, direction)
        },
    )
}

/// Records in runs of one interface, as AWS writes them.
fn records() -> impl Strategy<Value = Vec<Fields>> {
    let run = (fields(), prop::collection::vec(fields(), 1..12), any::<bool>()).prop_map(
        |(first, mut run, pair)| {
            for record in &mut run {
                record.0 = first.0;
                // Mostly traffic of one address.
                record.1 = if pair { (first.1.0, record.1.1) } else { (record.1.0, first.1.0) };
            }
            run
        },
    );
    prop::collection::vec(run, 0..40).prop_map(|runs| runs.concat())
}

fn line(v5: bool, (interface, ends, bytes, start, length, action, direction): Fields) -> String {
    let (eni, source, destination) = (INTERFACES[interface], ADDRESSES[ends.0], ADDRESSES[ends.1]);
    let start = T0 + start;
    let end = start + length;
    let (action, status) = match action {
        0 => ("-", "NODATA"),
        1 => ("REJECT", "OK"),
        _ => ("ACCEPT", "OK"),
    };
    let flow =
        format!("{source} {destination} 49152 443 6 10 {bytes} {start} {end} {action} {status}");
    match v5 {
        false => format!("2 123456789012 {eni} {flow}"),
        true => {
            let direction = match direction {
                0 => "egress",
                1 => "ingress",
                _ => "-",
            };
            format!("5 123456789012 {eni} {INSTANCE} {flow} - - {direction}")
        }
    }
}

fn book() -> AddressBook {
    let mut book = AddressBook::default();
    for (interface, addresses) in
        [(ENI, ["10.0.1.5", "2001:db8::5"]), (INTERFACES[1], ["10.0.1.6", "10.200.100.200"])]
    {
        book.add(&InterfaceIdentity {
            interface: interface.into(),
            addresses: addresses.map(|address| address.parse().unwrap()).into(),
            ..InterfaceIdentity::default()
        });
    }
    book
}

#[test]
fn totals_added_up_by_the_scan_are_those_of_all_records() {
    let keys = prop::sample::subsequence(vec![Key::Interface, Key::Hour, Key::Day], 0..=3);
    let types = prop::sample::select(vec![None, Some(Types::Aws), Some(Types::AwsDashes)]);
    let asked = (keys.prop_shuffle(), any::<[bool; 5]>(), types);
    let config = ProptestConfig { cases: 100, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&(records(), asked), |(records, asked)| {
        let (keys, asked, types) = asked;
        let [v5, known, some, bounded, several] = asked;
        let lines: Vec<String> = records.into_iter().map(|record| line(v5, record)).collect();
        let (first, rest) = lines.split_at(lines.len() / 3);
        let header = if v5 { V5 } else { V2 };
        let text = |lines: &[String]| format!("{header}\n{}\n", lines.join("\n"));
        // Of two flow logs, or of one unnamed.
        let name = |flow_log: char| match several {
            true => format!(
                "123456789012_vpcflowlogs_us-east-1_fl-{flow_log}_20250601T0000Z_1a2b3c4d.log"
            ),
            false => format!("{flow_log}.log"),
        };
        let logs = folder(&[(&name('a'), text(first)), (&name('b'), text(rest))]);
        if let Some(types) = types {
            for (flow_log, lines) in [('a', first), ('b', rest)] {
                let writer = Writer { types, group_rows: 40, page_rows: 7, ..Writer::default() };
                let object = logs.path().join(name(flow_log));
                fs::write(object, parquet(header, lines, writer)).unwrap();
            }
        }
        let time = |seconds| Timestamp::from_second(T0 + seconds).unwrap();
        let window = match bounded {
            true => Window { from: Some(time(3_000)), to: Some(time(100_000)) },
            false => Window::ALWAYS,
        };
        let interfaces = if some { vec![INTERFACES[0].into(), "eni-1".into()] } else { vec![] };
        let filter = VolumeFilter { interfaces, ..VolumeFilter::default() };
        let [summed, all] = [true, false].map(|sum_while_reading| {
            let book = if known { book() } else { AddressBook::default() };
            let options = SessionOptions { sum_while_reading, book, batch_rows: 50, ..options() };
            block_on(async {
                let answer = open(&logs, window, options).await.volumes(&keys, &filter).await;
                answer.map(|answer| {
                    let evidence = answer.evidence();
                    let Answer { coverage, overlaps, .. } = answer;
                    (texts(&answer.value), coverage, evidence, overlaps)
                })
            })
        });
        match (summed, all) {
            (Ok(summed), Ok(all)) => {
                prop_assert_eq!(&summed.0, &all.0);
                prop_assert_eq!(summed.1, all.1);
                prop_assert_eq!(summed.2, all.2);
                // By other keys, the columns that tell of overlaps are not read.
                if keys.contains(&Key::Interface) {
                    prop_assert_eq!(summed.3, all.3);
                }
            }
            (Err(summed), Err(all)) => {
                for error in [summed.to_string(), all.to_string()] {
                    prop_assert!(error.contains("does not fit in 64 bits"), "{}", error);
                }
            }
            (summed, all) => prop_assert!(false, "{:?} or {:?}", summed, all),
        }
        Ok(())
    });
    result.unwrap();
}
