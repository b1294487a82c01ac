//! Traffic with listed addresses, against a reader that looks at every record and every entry.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use flowproof_engine::{Listed, ListedRow};
use flowproof_evidence::{Traffic, Window};
use flowproof_intel::{List, ListOptions, ListRole, Matcher};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::support::*;

const FORMAT: &str = "account-id interface-id instance-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr \
                      packets bytes start end action log-status flow-direction";

/// Few addresses, so that they meet: of both families, one of them written in two ways.
const ADDRESSES: [&str; 9] = [
    "10.0.1.5",
    "203.0.113.9",
    "203.0.113.10",
    "203.0.114.1",
    "198.51.100.7",
    "2001:db8::9",
    "2001:DB8:0:0::9",
    "2001:db8:1::1",
    "-",
];

const ENTRIES: [&str; 8] = [
    "203.0.113.0/24",
    "203.0.113.9",
    "203.0.112.0/22",
    "198.51.100.5-198.51.100.9",
    "2001:db8::/48",
    "2001:db8::9",
    "10.0.0.0/16",
    "192.0.2.1",
];

#[derive(Debug, Clone)]
struct Record {
    interface: u8,
    addresses: [usize; 4],
    bytes: u64,
    start: i64,
    rejected: bool,
    status: &'static str,
    /// What the record says of its direction. Which it is without that is not the question here.
    egress: bool,
}

impl Record {
    fn line(&self) -> String {
        let [src, dst, pkt_src, pkt_dst] = self.addresses.map(|at| ADDRESSES[at]);
        let action = if self.rejected { "REJECT" } else { "ACCEPT" };
        let direction = if self.egress { "egress" } else { "ingress" };
        let (start, end) = (self.start, self.start + 60);
        format!(
            "123456789012 eni-{} i-{} {src} {dst} {pkt_src} {pkt_dst} 2 {} {start} {end} {action} {} {direction}",
            self.interface, self.interface, self.bytes, self.status
        )
    }

    fn traffic(&self) -> Traffic {
        let at = |second| Timestamp::from_second(second).ok();
        let mut traffic = Traffic {
            first_seen: at(self.start),
            last_seen: at(self.start + 60),
            ..Traffic::default()
        };
        if self.rejected {
            traffic.rejected_bytes = self.bytes;
            traffic.rejected_packets = 2;
            traffic.rejected_flows = 1;
            return traffic;
        }
        traffic.flows = 1;
        let (bytes, packets) = match self.egress {
            true => (&mut traffic.bytes_out, &mut traffic.packets_out),
            false => (&mut traffic.bytes_in, &mut traffic.packets_in),
        };
        (*bytes, *packets) = (self.bytes, 2);
        traffic
    }
}

/// Every record, every address, every entry.
fn naive(records: &[Record], lists: &[List], with_internal: bool) -> Listed {
    let mut rows: BTreeMap<(u8, usize, usize), (Traffic, BTreeSet<IpAddr>)> = BTreeMap::new();
    let mut listed = Listed::default();
    let holds = |list: &List, entry: usize, address: IpAddr| {
        list.entries[entry].prefixes.iter().any(|prefix| prefix.contains(&address))
    };
    for record in records.iter().filter(|record| record.status == "OK") {
        let addresses: Vec<IpAddr> =
            record.addresses.iter().filter_map(|at| ADDRESSES[*at].parse().ok()).collect();
        let (mut found, mut suppressed, mut internal) = (BTreeMap::new(), false, false);
        for address in addresses {
            let trusted = lists.iter().filter(|list| list.role == ListRole::Trusted);
            let is_trusted = trusted
                .flat_map(|list| (0..list.entries.len()).map(move |entry| (list, entry)))
                .any(|(list, entry)| holds(list, entry, address));
            for (at, list) in lists.iter().enumerate().filter(|(_, l)| l.role == ListRole::Threat) {
                for entry in (0..list.entries.len()).filter(|entry| holds(list, *entry, address)) {
                    if is_trusted {
                        suppressed = true;
                    } else if !with_internal && address.to_string().starts_with("10.") {
                        internal = true;
                    } else {
                        found.entry((at, entry)).or_insert_with(BTreeSet::new).insert(address);
                    }
                }
            }
        }
        let traffic = record.traffic();
        if !found.is_empty() {
            listed.total.merge(&traffic).unwrap();
        } else if suppressed {
            listed.suppressed.merge(&traffic).unwrap();
        } else if internal {
            listed.internal.merge(&traffic).unwrap();
        }
        for ((list, entry), addresses) in found {
            let row = rows.entry((record.interface, list, entry)).or_default();
            row.0.merge(&traffic).unwrap();
            row.1.extend(addresses);
        }
    }
    listed.rows = rows
        .into_iter()
        .map(|((interface, list, entry), (traffic, remotes))| ListedRow {
            account: Some("123456789012".into()),
            instance: Some(format!("i-{interface}")),
            interface: Some(format!("eni-{interface}")),
            list,
            entry,
            traffic,
            addresses: remotes.into_iter().collect(),
        })
        .collect();
    listed
}

fn list(name: &str, role: ListRole, entries: &[usize]) -> List {
    let text: Vec<&str> = entries.iter().map(|at| ENTRIES[*at]).collect();
    let options = ListOptions { allow_empty: true, ..ListOptions::default() };
    List::from_bytes_with(name, role, text.join("\n").as_bytes(), &options).unwrap()
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = (
        0_u8..3,
        prop::array::uniform4(0..ADDRESSES.len()),
        0_u64..10_000,
        0_i64..7200,
        prop::bool::weighted(0.2),
        prop_oneof![8 => Just("OK"), 1 => Just("NODATA"), 1 => Just("SKIPDATA")],
        any::<bool>(),
    );
    let record =
        record.prop_map(|(interface, addresses, bytes, start, rejected, status, egress)| {
            let start = 1_748_736_000 + start;
            Record { interface, addresses, bytes, start, rejected, status, egress }
        });
    prop::collection::vec(record, 1..60)
}

fn ask(records: &[Record], lists: &[List], internal: bool, threads: usize) -> Listed {
    let lines: Vec<String> = records.iter().map(Record::line).collect();
    let logs = log(FORMAT, &lines);
    let matcher = Arc::new(Matcher::new(lists.to_vec()));
    block_on(async {
        let options = flowproof_engine::SessionOptions { threads, ..options() };
        let session = open(&logs, Window::ALWAYS, options).await;
        session.listed(matcher, internal).await.unwrap().value
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn rows_totals_and_what_is_suppressed_are_those_of_a_naive_reader(
        records in records(),
        one in prop::collection::vec(0..ENTRIES.len(), 0..6),
        other in prop::collection::vec(0..ENTRIES.len(), 0..4),
        trusted in prop::collection::vec(0..ENTRIES.len(), 0..3),
        internal: bool,
    ) {
        let lists = [
            list("one.txt", ListRole::Threat, &one),
            list("other.txt", ListRole::Threat, &other),
            list("ours.txt", ListRole::Trusted, &trusted),
        ];
        let expected = naive(&records, &lists, internal);
        prop_assert_eq!(&ask(&records, &lists, internal, 1), &expected);
        prop_assert_eq!(&ask(&records, &lists, internal, 2), &expected);
    }
}

/// What `query` says of all records with a listed address, which learns sides by a reading of its own:
/// for each interface bytes in, out and of unknown direction, and flows.
fn queried(logs: &tempfile::TempDir, matcher: &Arc<Matcher>) -> BTreeMap<String, [u64; 4]> {
    let held = ["srcaddr", "dstaddr", "pkt_srcaddr", "pkt_dstaddr"];
    let held = held.map(|address| format!("in_list({address})")).join(" OR ");
    let sum = |what: &str| {
        format!("coalesce(sum(CASE WHEN {what} AND action = 'ACCEPT' THEN bytes END), 0)")
    };
    let sql = format!(
        "SELECT interface_id, {}, {}, {}, count(CASE WHEN action = 'ACCEPT' THEN 1 END) \
         FROM traffic WHERE {held} GROUP BY interface_id",
        sum("direction = 'ingress'"),
        sum("direction = 'egress'"),
        sum("direction IS NULL"),
    );
    let answer = block_on(async {
        let session = open(logs, Window::ALWAYS, options()).await;
        session.query(&sql, Some(Arc::clone(matcher))).await.unwrap()
    });
    let row = |text: String| {
        let cells: Vec<&str> = text.split('|').collect();
        let number = |at: usize| cells[at].parse::<u64>().unwrap();
        (cells[0].to_owned(), [number(1), number(2), number(3), number(4)])
    };
    texts(&answer.value).into_iter().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Sides are learned from all records in the one reading that leaves most of them out.
    #[test]
    fn sides_that_are_learned_while_scanning_are_those_that_a_reading_of_its_own_learns(
        records in records(), threads in 1_usize..3, own in prop::bool::weighted(0.7),
        parquet in prop::bool::weighted(0.2),
    ) {
        // One entry that holds all, so that a row's traffic is that of all records of its interface.
        let text = "203.0.113.9\n";
        let list = List::from_bytes("one.txt", ListRole::Threat, text.as_bytes()).unwrap();
        let matcher = Arc::new(Matcher::new(vec![list]));
        let format = FORMAT.strip_suffix(" flow-direction").unwrap();
        let line = |record: &Record| {
            // Most records of an interface have its address at one end, as real ones do.
            let mut record = record.clone();
            if own {
                // IPv4 alone: of anything else the one reading makes two.
                record.addresses.iter_mut().for_each(|address| *address %= 5);
                record.addresses[usize::from(record.egress)] = usize::from(record.interface % 2) * 2;
                record.status = "OK";
            }
            let line = record.line();
            line.rsplit_once(' ').unwrap().0.to_owned()
        };
        let lines: Vec<String> = records.iter().map(line).collect();
        let mut logs = log(format, &lines);
        if parquet {
            logs = collected(&logs, options());
        }
        let expected = queried(&logs, &matcher);
        let options = flowproof_engine::SessionOptions { threads, ..options() };
        let answer = block_on(async {
            let session = open(&logs, Window::ALWAYS, options).await;
            session.listed(Arc::clone(&matcher), true).await.unwrap()
        });
        let mut found = BTreeMap::new();
        for row in &answer.value.rows {
            let t = &row.traffic;
            let sums = [t.bytes_in, t.bytes_out, t.bytes_unoriented, t.flows];
            found.insert(row.interface.clone().unwrap(), sums);
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_record_is_in_the_row_of_each_entry_and_in_the_total_once() {
    let record = Record {
        interface: 1,
        addresses: [0, 1, 0, 4],
        bytes: 100,
        start: 1_748_736_000,
        rejected: false,
        status: "OK",
        egress: true,
    };
    let lists = [list("one.txt", ListRole::Threat, &[0, 1, 2, 3])];
    let listed = ask(&[record], &lists, false, 1);
    let rows: Vec<(usize, u64)> =
        listed.rows.iter().map(|row| (row.entry, row.traffic.bytes_out)).collect();
    assert_eq!(rows, [(0, 100), (1, 100), (2, 100), (3, 100)]);
    assert_eq!((listed.total.bytes_out, listed.total.flows), (100, 1));
    assert!(listed.suppressed.is_empty());
}

#[test]
fn a_list_of_private_networks_does_not_report_every_internal_flow() {
    let flow = |addresses| Record {
        interface: 1,
        addresses,
        bytes: 7,
        start: 1_748_736_000,
        rejected: false,
        status: "OK",
        egress: true,
    };
    let records = [flow([0, 0, 0, 0]), flow([0, 7, 0, 7]), flow([0, 1, 0, 1])];
    let lists = [list("level1.netset", ListRole::Threat, &[6, 1])];
    let listed = ask(&records, &lists, false, 1);
    assert_eq!(listed.rows.len(), 1, "{:?}", listed.rows);
    assert_eq!((listed.rows[0].entry, listed.total.flows, listed.internal.flows), (1, 1, 2));
    let listed = ask(&records, &lists, true, 1);
    assert_eq!((listed.rows.len(), listed.total.flows, listed.internal.flows), (2, 3, 0));
}
