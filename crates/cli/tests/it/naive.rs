//! The naive twin of `flowproof volumes`: split, parse, add up in a map. Plain above all, since it is
//! the definition of right; it uses nothing but the standard library and a gzip reader.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

/// The columns after the keys.
const TOTALS: &str = "bytes_in,bytes_out,bytes_unoriented,packets_in,packets_out,\
                      packets_unoriented,flows,rejected_bytes,rejected_packets,rejected_flows,\
                      first_seen,last_seen";

/// What is known of interfaces before the records are read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    pub(crate) instances: HashMap<Rc<str>, Rc<str>>,
    pub(crate) addresses: HashMap<Rc<str>, Vec<IpAddr>>,
}

/// One record with traffic; `None` for `-` and for what the format lacks.
#[derive(Debug)]
struct Record {
    account: Option<Rc<str>>,
    region: Option<Rc<str>>,
    vpc: Option<Rc<str>>,
    subnet: Option<Rc<str>>,
    instance: Option<Rc<str>>,
    interface: Option<Rc<str>>,
    source: Option<IpAddr>,
    destination: Option<IpAddr>,
    packet_source: Option<IpAddr>,
    packet_destination: Option<IpAddr>,
    source_port: Option<u64>,
    destination_port: Option<u64>,
    source_service: Option<Rc<str>>,
    destination_service: Option<Rc<str>>,
    protocol: Option<u64>,
    packets: Option<u64>,
    bytes: Option<u64>,
    start: Option<u64>,
    end: Option<u64>,
    action: Option<Rc<str>>,
    flow_direction: Option<Direction>,
}

/// Which way a record's bytes went, seen from the interface that logged it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    In,
    Out,
}

/// A value of a key. NULL sorts first, numbers by value, texts by their bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    Null,
    Number(u64),
    Time(u64),
    Text(Rc<str>),
}

impl Value {
    fn print(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Number(number) => number.to_string(),
            Value::Time(seconds) => print_time(*seconds),
            Value::Text(text) => text.to_string(),
        }
    }
}

#[derive(Debug, Default)]
struct Totals {
    bytes: [u64; 3],
    packets: [u64; 3],
    flows: u64,
    rejected_bytes: u64,
    rejected_packets: u64,
    rejected_flows: u64,
    first_seen: Option<u64>,
    last_seen: Option<u64>,
}

/// All records of some logs, ready to be added up.
#[derive(Debug)]
pub(crate) struct Naive {
    records: Vec<Record>,
    book: Book,
    /// The interfaces' own addresses: those of the book, and those that the records teach.
    own: HashMap<Rc<str>, HashSet<IpAddr>>,
}

impl Naive {
    /// Reads every file below a folder.
    pub(crate) fn read(folder: &Path, book: Book) -> Naive {
        let (mut texts, mut records) = (Texts::default(), Vec::new());
        for file in files_below(folder) {
            read_file(&file, &mut texts, &mut records);
        }
        let own = own_addresses(&records, &book);
        Naive { records, book, own }
    }

    pub(crate) fn records(&self) -> usize {
        self.records.len()
    }

    /// The CSV of `flowproof volumes --by {keys}`.
    pub(crate) fn volumes(&self, keys: &str) -> String {
        let keys: Vec<&str> = keys.split(',').collect();
        let mut groups: BTreeMap<Vec<Value>, Totals> = BTreeMap::new();
        for record in &self.records {
            let direction = self.direction(record);
            let group = keys.iter().map(|key| self.key(record, direction, key)).collect();
            add(groups.entry(group).or_default(), record, direction);
        }
        let mut csv = format!("{},{TOTALS}\n", keys.join(","));
        for (group, totals) in &groups {
            let mut cells: Vec<String> = group.iter().map(Value::print).collect();
            cells.extend(totals.bytes.map(|number| number.to_string()));
            cells.extend(totals.packets.map(|number| number.to_string()));
            cells.push(totals.flows.to_string());
            cells.push(totals.rejected_bytes.to_string());
            cells.push(totals.rejected_packets.to_string());
            cells.push(totals.rejected_flows.to_string());
            cells.push(totals.first_seen.map_or_else(String::new, print_time));
            cells.push(totals.last_seen.map_or_else(String::new, print_time));
            csv += &cells.join(",");
            csv.push('\n');
        }
        csv
    }

    /// `flow-direction`, else the side that is the interface's own address, if just one is.
    fn direction(&self, record: &Record) -> Option<Direction> {
        if record.flow_direction.is_some() {
            return record.flow_direction;
        }
        let own = self.own.get(record.interface.as_ref()?)?;
        let owns = |address: Option<IpAddr>| address.is_some_and(|address| own.contains(&address));
        match (owns(record.source), owns(record.destination)) {
            (true, false) => Some(Direction::Out),
            (false, true) => Some(Direction::In),
            _ => None,
        }
    }

    fn key(&self, record: &Record, direction: Option<Direction>, key: &str) -> Value {
        match key {
            "account" => text(&record.account),
            "region" => text(&record.region),
            "vpc" => text(&record.vpc),
            "subnet" => text(&record.subnet),
            "interface" => text(&record.interface),
            "instance" => {
                let booked = record.interface.as_ref().and_then(|id| self.book.instances.get(id));
                text(&record.instance.clone().or(booked.cloned()))
            }
            "action" => text(&record.action),
            "protocol" => number(record.protocol),
            "hour" => record.start.map_or(Value::Null, |at| Value::Time(at - at % 3600)),
            "day" => record.start.map_or(Value::Null, |at| Value::Time(at - at % 86_400)),
            "local" => address(match direction {
                Some(Direction::Out) => record.source,
                Some(Direction::In) => record.destination,
                None => None,
            }),
            // Where the packet's own address is told, it is the remote's.
            "remote" => address(match direction {
                Some(Direction::Out) => record.packet_destination.or(record.destination),
                Some(Direction::In) => record.packet_source.or(record.source),
                None => None,
            }),
            "local_port" => number(match direction {
                Some(Direction::Out) => record.source_port,
                Some(Direction::In) => record.destination_port,
                None => None,
            }),
            "remote_port" => number(match direction {
                Some(Direction::Out) => record.destination_port,
                Some(Direction::In) => record.source_port,
                None => None,
            }),
            "service" => match direction {
                Some(Direction::Out) => text(&record.destination_service),
                Some(Direction::In) => text(&record.source_service),
                None => Value::Null,
            },
            other => panic!("no key: {other}"),
        }
    }
}

fn text(text: &Option<Rc<str>>) -> Value {
    text.as_ref().map_or(Value::Null, |text| Value::Text(Rc::clone(text)))
}

fn address(address: Option<IpAddr>) -> Value {
    address.map_or(Value::Null, |address| Value::Text(address.to_string().into()))
}

fn number(number: Option<u64>) -> Value {
    number.map_or(Value::Null, Value::Number)
}

fn add(totals: &mut Totals, record: &Record, direction: Option<Direction>) {
    let bytes = record.bytes.unwrap_or(0);
    let packets = record.packets.unwrap_or(0);
    if record.action.as_deref() == Some("REJECT") {
        totals.rejected_bytes += bytes;
        totals.rejected_packets += packets;
        totals.rejected_flows += 1;
    } else {
        let place = match direction {
            Some(Direction::In) => 0,
            Some(Direction::Out) => 1,
            None => 2,
        };
        totals.bytes[place] += bytes;
        totals.packets[place] += packets;
        totals.flows += 1;
    }
    if let (Some(start), Some(end)) = (record.start, record.end) {
        totals.first_seen = Some(totals.first_seen.map_or(start, |first| first.min(start)));
        totals.last_seen = Some(totals.last_seen.map_or(end, |last| last.max(end)));
    }
}

/// Every file below a folder. Their order does not matter.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Texts that come again and again are kept once.
#[derive(Debug, Default)]
struct Texts(HashSet<Rc<str>>);

impl Texts {
    fn keep(&mut self, text: &str) -> Rc<str> {
        if let Some(kept) = self.0.get(text) {
            return Rc::clone(kept);
        }
        let kept: Rc<str> = text.into();
        self.0.insert(Rc::clone(&kept));
        kept
    }
}

fn read_file(path: &Path, texts: &mut Texts, records: &mut Vec<Record>) {
    let stored = fs::read(path).unwrap();
    let mut text = String::new();
    if stored.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(&stored[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(stored).unwrap();
    }
    let owner = owner_of(path);
    let mut lines = text.lines();
    let names: Vec<String> =
        lines.next().unwrap().split_whitespace().map(|name| name.replace('_', "-")).collect();
    for line in lines {
        let tokens: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(tokens.len(), names.len(), "{}: {line}", path.display());
        let pairs = names.iter().map(String::as_str).zip(tokens);
        let values: HashMap<&str, &str> = pairs.filter(|(_, token)| *token != "-").collect();
        let has_traffic = values.get("log-status").is_none_or(|status| *status == "OK");
        if has_traffic && !values.contains_key("tgw-id") {
            records.push(record(&values, owner.as_ref(), texts));
        }
    }
}

/// A record from its values; account and Region from the object's owner if it has none.
fn record(
    values: &HashMap<&str, &str>,
    owner: Option<&(String, String)>,
    texts: &mut Texts,
) -> Record {
    let mut text = |name| values.get(name).map(|text| texts.keep(text));
    let number = |name| values.get(name).map(|text| text.parse::<u64>().unwrap());
    let address = |name| values.get(name).map(|text| text.parse::<IpAddr>().unwrap());
    let (start, end) = (number("start"), number("end"));
    Record {
        account: text("account-id").or(owner.map(|(account, _)| account.as_str().into())),
        region: text("region").or(owner.map(|(_, region)| region.as_str().into())),
        vpc: text("vpc-id"),
        subnet: text("subnet-id"),
        instance: text("instance-id"),
        interface: text("interface-id"),
        source: address("srcaddr"),
        destination: address("dstaddr"),
        packet_source: address("pkt-srcaddr"),
        packet_destination: address("pkt-dstaddr"),
        source_port: number("srcport"),
        destination_port: number("dstport"),
        source_service: text("pkt-src-aws-service"),
        destination_service: text("pkt-dst-aws-service"),
        protocol: number("protocol"),
        packets: number("packets"),
        bytes: number("bytes"),
        // One of the two alone stands for both.
        start: start.or(end),
        end: end.or(start),
        action: text("action"),
        flow_direction: match values.get("flow-direction") {
            Some(&"ingress") => Some(Direction::In),
            Some(&"egress") => Some(Direction::Out),
            _ => None,
        },
    }
}

/// The account and the Region in a file's name: `{account}_vpcflowlogs_{region}_...`.
fn owner_of(path: &Path) -> Option<(String, String)> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let (before, after) = name.split_once("_vpcflowlogs_")?;
    let (_, account) = before.split_at(before.len() - 12);
    Some((account.to_owned(), after.split('_').next()?.to_owned()))
}

/// Pairs of addresses that records are between, the smaller one first.
type Pairs = HashSet<(IpAddr, IpAddr)>;

/// The addresses that are interfaces' own. Those that the book lacks, for IPv4 or for IPv6, are
/// learned from all records that do not tell their direction.
fn own_addresses(records: &[Record], book: &Book) -> HashMap<Rc<str>, HashSet<IpAddr>> {
    let mut pairs: HashMap<(Rc<str>, bool), Pairs> = HashMap::new();
    for record in records {
        if record.flow_direction.is_some() {
            continue;
        }
        let ends = record.source.zip(record.destination);
        let Some((interface, (source, destination))) = record.interface.as_ref().zip(ends) else {
            continue;
        };
        if source.is_ipv6() == destination.is_ipv6() && source != destination {
            let pair = (source.min(destination), source.max(destination));
            pairs.entry((Rc::clone(interface), source.is_ipv6())).or_default().insert(pair);
        }
    }
    let mut own: HashMap<Rc<str>, HashSet<IpAddr>> = book
        .addresses
        .iter()
        .map(|(interface, addresses)| (Rc::clone(interface), addresses.iter().copied().collect()))
        .collect();
    for ((interface, is_ipv6), pairs) in pairs {
        let booked = book.addresses.get(&interface);
        if booked.is_some_and(|booked| booked.iter().any(|a| a.is_ipv6() == is_ipv6)) {
            continue;
        }
        own.entry(interface).or_default().extend(common_address(&pairs));
    }
    own
}

/// The address that is in all pairs. Of one pair alone it is the private one, if just one is private.
/// An interface may have many IPv6 addresses, so that the one in all pairs may be a remote's: it is
/// believed only if the others are in more than one /64.
fn common_address(pairs: &Pairs) -> Option<IpAddr> {
    let mut common: BTreeSet<IpAddr> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    common.retain(|address| pairs.iter().all(|(a, b)| a == address || b == address));
    let common: Vec<IpAddr> = common.into_iter().collect();
    match common[..] {
        [one] if one.is_ipv4() => Some(one),
        [one] => {
            let others = pairs.iter().map(|(a, b)| if *a == one { b } else { a });
            let networks: HashSet<u128> = others.map(network).collect();
            (networks.len() > 1).then_some(one)
        }
        [a, b] if a.is_ipv4() => match (is_private(a), is_private(b)) {
            (true, false) => Some(a),
            (false, true) => Some(b),
            _ => None,
        },
        _ => None,
    }
}

fn network(address: &IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits() >> 64,
    }
}

fn is_private(address: IpAddr) -> bool {
    let IpAddr::V4(address) = address else { return false };
    match address.octets() {
        [10, ..] | [192, 168, ..] => true,
        [172, second, ..] => (16..32).contains(&second),
        [100, second, ..] => (64..128).contains(&second),
        _ => false,
    }
}

/// `2025-06-01T00:00:00Z`, counting days from 1970 year by year and month by month.
fn print_time(seconds: u64) -> String {
    let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", days + 1)
}

#[test]
fn times_are_printed_as_the_calendar_has_them() {
    assert_eq!(print_time(0), "1970-01-01T00:00:00Z");
    assert_eq!(print_time(1_709_251_199), "2024-02-29T23:59:59Z");
    assert_eq!(print_time(1_748_822_400), "2025-06-02T00:00:00Z");
    assert_eq!(print_time(1_735_689_599), "2024-12-31T23:59:59Z");
}
