//! `volumes` against its naive twin: every row, byte for byte.

use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flowproof::sample::{SampleOptions, write_sample};
use serde_json::Value;
use tempfile::TempDir;

use crate::naive::{Book, Naive, files_below};
use crate::program::{arg, run};

const THREADS: [&str; 3] = ["1", "2", "7"];

const KEYS: [&str; 6] = [
    "interface,hour",
    "instance",
    "remote,remote_port,protocol",
    "account,region,day",
    "action",
    "interface,remote",
];

/// With these, every key is asked for.
const MORE_KEYS: [&str; 2] = ["service,local,local_port", "subnet,vpc,action,day"];

/// A sample in four formats, and a file of oddities.
struct Logs {
    dir: TempDir,
}

impl Logs {
    /// Large ones are best stored without compression, since tests inflate slowly.
    fn new(records: u64, compression: u32) -> Logs {
        let dir = tempfile::tempdir().unwrap();
        let options = SampleOptions {
            records,
            files: Some(48),
            compression,
            seed: 20_250_601,
            ..SampleOptions::default()
        };
        write_sample(dir.path(), &options).unwrap();
        fs::write(dir.path().join("logs/odd.log"), oddities()).unwrap();
        Logs { dir }
    }

    fn logs(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    fn inventory(&self) -> PathBuf {
        self.dir.path().join("inventory.json")
    }
}

/// Records of a format of its own that leave out one thing or another, of interfaces whose own
/// address can only just, or just not, be known.
fn oddities() -> String {
    let interfaces: [(&str, &[(&str, &str)]); 8] = [
        ("eni-passes-on", &[("10.7.0.1", "203.0.113.5"), ("10.7.0.2", "10.7.0.3")]),
        ("eni-one-pair", &[("198.51.100.9", "10.7.1.1")]),
        ("eni-two-private", &[("10.7.2.1", "192.168.3.4")]),
        ("eni-shared-space", &[("100.64.0.9", "203.0.113.6")]),
        (
            "eni-v6-one-network",
            &[("2001:db8:a::1", "2001:db8:b::1"), ("2001:db8:a::2", "2001:db8:b::1")],
        ),
        ("eni-v6", &[("2001:DB8:A:0::3", "2001:db8:c::1"), ("2001:db8:d::1", "2001:db8:a::3")]),
        ("eni-both", &[("10.7.3.1", "203.0.113.7"), ("2001:db8:a::4", "2001:db8:e::1")]),
        ("-", &[("10.7.4.1", "203.0.113.8")]),
    ];
    let mut text = String::from(
        "end start pkt-srcaddr pkt-dstaddr interface_id srcaddr dstaddr srcport dstport protocol \
         future-field bytes packets action log-status\n",
    );
    for number in 0..4000_u64 {
        let (interface, pairs) = interfaces[number as usize % interfaces.len()];
        let (a, b) = pairs[number as usize / 8 % pairs.len()];
        let (source, destination) = if number % 3 == 0 { (b, a) } else { (a, b) };
        let start = 1_748_736_000 + number * 41;
        // Each part is missing now and then, at times of its own.
        let or_dash = |period: u64, value: &dyn ToString| {
            if number % period == period - 1 { "-".to_owned() } else { value.to_string() }
        };
        let packet_address = |address: &str| match number % 7 {
            0 => "192.0.2.77".to_owned(),
            1 => "-".to_owned(),
            _ => address.to_owned(),
        };
        let cells = [
            or_dash(31, &(start + number % 600)),
            or_dash(37, &start),
            packet_address(source),
            packet_address(destination),
            interface.to_owned(),
            or_dash(41, &source),
            or_dash(43, &destination),
            or_dash(47, &(number % 65_536)),
            or_dash(53, &443),
            or_dash(59, &if number % 5 == 0 { 17 } else { 6 }),
            "blue".to_owned(),
            or_dash(61, &(number * 4_000_000_007)),
            or_dash(67, &(1 + number % 9)),
            or_dash(71, &if number % 13 == 0 { "REJECT" } else { "ACCEPT" }),
            "OK".to_owned(),
        ];
        writeln!(text, "{}", cells.join(" ")).unwrap();
    }
    text
}

/// The book that an inventory makes.
fn book(inventory: &Path) -> Book {
    let text = fs::read_to_string(inventory).unwrap();
    let inventory: Value = serde_json::from_str(&text).unwrap();
    let mut book = Book::default();
    for interface in inventory["NetworkInterfaces"].as_array().unwrap() {
        let id: Rc<str> = interface["NetworkInterfaceId"].as_str().unwrap().into();
        let ipv6 = interface["Ipv6Addresses"].as_array().unwrap().iter();
        let ipv6 = ipv6.map(|address| &address["Ipv6Address"]);
        let addresses = [&interface["PrivateIpAddress"]].into_iter().chain(ipv6);
        let addresses = addresses.map(|address| address.as_str().unwrap().parse().unwrap());
        book.addresses.insert(Rc::clone(&id), addresses.collect::<Vec<IpAddr>>());
        if let Some(instance) = interface["Attachment"]["InstanceId"].as_str() {
            book.instances.insert(id, instance.into());
        }
    }
    book
}

/// Runs `volumes` and compares.
fn compare(expected: &str, keys: &str, logs: &[String], more: &[&str]) {
    let mut args = vec!["volumes", "--quiet", "--format=csv", "--by", keys, "--logs"];
    args.extend(logs.iter().map(String::as_str));
    args.extend(more);
    let run = run(&args);
    assert_eq!(run.code, Some(0), "{keys} {more:?}: {}", run.err);
    if run.out == expected {
        return;
    }
    // The first row that differs says more than two files of thousands.
    let (mut ours, mut theirs) = (run.out.lines(), expected.lines());
    for row in 0.. {
        let (our, their) = (ours.next(), theirs.next());
        assert_eq!(our, their, "{keys} {more:?}: row {row}");
        assert!(our.is_some(), "{keys} {more:?}: the line ends differ");
    }
}

#[test]
fn every_row_is_the_naive_twins_at_any_number_of_threads() {
    let logs = Logs::new(220_000, 0);
    let naive = Naive::read(&logs.logs(), Book::default());
    assert!(naive.records() > 200_000);
    for keys in KEYS {
        let expected = naive.volumes(keys);
        for threads in THREADS {
            compare(&expected, keys, &[arg(logs.logs())], &["--threads", threads]);
        }
    }
    // The comparison is worth something: all three directions are there, and thousands of rows.
    assert!(naive.volumes("interface,remote").lines().count() > 5000);
    let all = naive.volumes("protocol");
    let tcp: Vec<&str> =
        all.lines().find(|row| row.starts_with("6,")).unwrap().split(',').collect();
    assert!(tcp[1..11].iter().all(|total| *total != "0"), "{tcp:?}");
}

#[test]
fn the_order_of_objects_and_where_they_lie_change_nothing() {
    let logs = Logs::new(10_000, 6);
    let naive = Naive::read(&logs.logs(), Book::default());
    let shuffled = logs.dir.path().join("shuffled");
    let mut files = files_below(&logs.logs());
    files.sort();
    // The names keep account and Region, and go into other folders in another order.
    for (number, file) in files.iter().enumerate() {
        let place = number * 29 % files.len();
        let folder = shuffled.join(format!("part {}", place % 5));
        fs::create_dir_all(&folder).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        fs::copy(file, folder.join(format!("{place:03}-{name}"))).unwrap();
    }
    let mut backwards: Vec<String> = files.iter().map(arg).collect();
    backwards.reverse();
    for (keys, threads) in KEYS.iter().zip(THREADS.iter().cycle()) {
        let expected = naive.volumes(keys);
        compare(&expected, keys, &[arg(&shuffled)], &["--threads", threads]);
        compare(&expected, keys, &backwards, &["--threads", threads]);
    }
}

#[test]
fn an_inventory_tells_instances_and_addresses() {
    let logs = Logs::new(10_000, 6);
    let naive = Naive::read(&logs.logs(), book(&logs.inventory()));
    let without = Naive::read(&logs.logs(), Book::default());
    let inventory = arg(logs.inventory());
    for keys in KEYS.iter().chain(&MORE_KEYS) {
        compare(&naive.volumes(keys), keys, &[arg(logs.logs())], &["--inventory", &inventory]);
        compare(&without.volumes(keys), keys, &[arg(logs.logs())], &[]);
    }
    let named = |naive: &Naive| naive.volumes("instance").lines().count();
    assert!(named(&naive) > named(&without), "instances that version 2 does not tell");
}
